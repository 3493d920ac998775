"""The pages for people who followed a comment's link: /rules and /rules/NAME, the catalogue's documentation; /results."""

import difflib
import textwrap
from collections.abc import MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup
from redis import RedisError
from werkzeug.exceptions import HTTPException, NotFound, ServiceUnavailable

from analyzers import catalogue
from analyzers.analysis.documentation import Documentation
from bot import highlighting, kept_results
from bot.kept_results import Kept

blueprint = Blueprint("pages", __name__)
LONGEST_SEARCH = 100
# An SVG as an image has a document of its own: its styles are inside it, and nothing else may be.
_PICTURE = "default-src 'none'; style-src 'unsafe-inline'"


@blueprint.get("/")
def start() -> ResponseReturnValue:
    """Send whoever opens the bare address to the rules."""
    return redirect(url_for("pages.rules"))


@blueprint.get("/rules")
def rules() -> ResponseReturnValue:
    """List the catalogue, or what a search (?q=) finds in it."""
    asked = request.args.get("q", "")[:LONGEST_SEARCH]
    everything = [catalogue.documentation(name) for name in catalogue.names()]
    return render_template("rules.html", rules=found(asked, everything), asked=asked.strip(), total=len(everything))


def found(asked: str, rules: Sequence[Documentation]) -> list[Documentation]:
    """Give the rules in whose text every word stands, those with it in their name or title first."""
    words = asked.lower().replace("-", " ").split()

    def has(rule: Documentation, *texts: str) -> bool:
        text = " ".join(texts).lower().replace("-", " ")
        return all(word in text for word in words)

    first = [rule for rule in rules if has(rule, rule.name, rule.title)]
    rest = [rule for rule in rules if has(rule, rule.name, rule.title, rule.why, rule.not_reported, rule.example)]
    return first + [rule for rule in rest if rule not in first]


@blueprint.get("/rules/<name>")
def rule(name: str) -> ResponseReturnValue:
    """Show one rule's documentation."""
    if name in catalogue.known() and name not in catalogue.names():
        # A comment that stands links to what is several rules now.
        return render_template("rules.html", rules=[catalogue.documentation(each) for each in catalogue.meant(name)])
    if name not in catalogue.names():
        near = difflib.get_close_matches(name.lower(), catalogue.names(), n=3)
        raise NotFound(f"There is no rule {name!r}." + (f" Did you mean {' or '.join(near)}?" if near else ""))
    return render_template("rule.html", rule=catalogue.documentation(name))


@blueprint.get("/highlight.css")
def highlight() -> ResponseReturnValue:
    """Give the colours of code."""
    return Response(highlighting.stylesheet(), mimetype="text/css", headers={"Cache-Control": "max-age=3600"})


@blueprint.get("/results/<name>")
def results(name: str) -> ResponseReturnValue:
    """Show what performance jobs measured; who was not given the address does not find it."""
    return render_template("results.html", kept=_kept(name), name=name)


@blueprint.get("/results/<name>.svg")
def picture(name: str) -> ResponseReturnValue:
    """Give the plot of the same."""
    kept = _kept(name)
    if not kept.svg:
        raise NotFound("There is no picture of it.")
    # app.after_request leaves a policy that is there as it is.
    return Response(kept.svg, mimetype="image/svg+xml", headers={"Content-Security-Policy": _PICTURE})


def _kept(name: str) -> Kept:
    try:
        kept = kept_results.read(current_app.extensions["queues"].connection, name) if len(name) < 100 else None
    except RedisError:
        raise ServiceUnavailable("What is kept cannot be read now: try again in a moment.") from None
    if kept is None:
        raise NotFound("There are no results under this address. They are kept for 90 days.")
    return kept


def sorry(error: HTTPException) -> ResponseReturnValue:
    """Show an error to whoever follows a link that leads nowhere."""
    return render_template("sorry.html", error=error), error.code or 500


def _fence(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    language = "".join(tokens[index].info.split()[:1])
    text = tokens[index].content
    shown = highlighting.diff(text) if language == "diff" else highlighting.code(text, language)
    # It can be scrolled sideways, and so must be reached by keys.
    return f'<pre tabindex="0"><code>{shown}</code></pre>\n'


def _cell(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    # The policy forbids styles in the page itself.
    style = str(tokens[index].attrs.pop("style", ""))
    if style.startswith("text-align:"):
        tokens[index].attrs["class"] = style.removeprefix("text-align:")
    return renderer.renderToken(tokens, index, options, env)


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARKDOWN.add_render_rule("fence", _fence)
_MARKDOWN.add_render_rule("th_open", _cell)
_MARKDOWN.add_render_rule("td_open", _cell)
_MARKDOWN.add_render_rule("table_open", lambda *_: '<table tabindex="0">\n')  # scrolled sideways, as code is


@blueprint.app_template_filter("markdown")
def _html(markdown: str) -> Markup:
    return Markup(_MARKDOWN.render(markdown))  # noqa: S704 -- HTML in the source is escaped: {"html": False}


@blueprint.app_template_filter("inline")
def _inline(markdown: str) -> Markup:
    return Markup(_MARKDOWN.renderInline(markdown))  # noqa: S704 -- likewise


@blueprint.app_template_filter("excerpt")
def _excerpt(lines: Sequence[str], path: str) -> Markup:
    language = path.rpartition(".")[2] if "." in path else ""
    return Markup(highlighting.code(textwrap.dedent("\n".join(lines)), language))  # noqa: S704 -- every piece of it is escaped


@blueprint.app_template_filter("day")
def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
