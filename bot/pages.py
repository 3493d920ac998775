"""The pages /rules and /rules/NAME: the catalogue's own documentation, for people who followed a comment's link."""

import difflib
import re
from collections.abc import MutableMapping, Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, NotFound

from analyzers import catalogue

blueprint = Blueprint("pages", __name__)
_DIFF_LINES = {"+": "added", "-": "removed", "@": "hunk"}


@blueprint.get("/")
def start() -> ResponseReturnValue:
    """Send whoever opens the bare address to the rules."""
    return redirect(url_for("pages.rules"))


@blueprint.get("/rules")
def rules() -> ResponseReturnValue:
    """List the catalogue."""
    return render_template("rules.html", rules=[catalogue.documentation(name) for name in catalogue.names()])


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


def sorry(error: HTTPException) -> ResponseReturnValue:
    """Show an error to whoever follows a link that leads nowhere."""
    return render_template("sorry.html", error=error), error.code or 500


def _fence(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    show = _diff_line if tokens[index].info.split()[:1] == ["diff"] else escapeHtml
    return f"<pre><code>{''.join(map(show, tokens[index].content.splitlines(keepends=True)))}</code></pre>\n"


def _diff_line(line: str) -> str:
    kind = "file" if re.match(r"(---|\+\+\+) ", line) else _DIFF_LINES.get(line[:1])
    return f'<span class="{kind}">{escapeHtml(line)}</span>' if kind else escapeHtml(line)


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARKDOWN.add_render_rule("fence", _fence)


@blueprint.app_template_filter("markdown")
def _html(markdown: str) -> Markup:
    return Markup(_MARKDOWN.render(markdown))  # noqa: S704 -- HTML in the source is escaped: {"html": False}


@blueprint.app_template_filter("inline")
def _inline(markdown: str) -> Markup:
    return Markup(_MARKDOWN.renderInline(markdown))  # noqa: S704 -- likewise
