"""Comments as GitHub would render them, and, more visibly than there, what in them would mention, link or notify."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|</?(?:details|summary|sub|sup|kbd)(?:\s+open)?\s*>|<br\s*/?>", re.DOTALL | re.IGNORECASE
)

# What GitHub makes of plain text: a mention notifies people, the others link ("Autolinked references and URLs", docs.github.com).
AUTOLINK = re.compile(
    r"""
    (?P<mention>(?<![\w/`@.-])@[A-Za-z\d](?:[A-Za-z\d]|-(?=[A-Za-z\d])){0,38}(?:/[A-Za-z\d._-]*[A-Za-z\d_])?)
    | (?P<url>https?://[^\s<>"']*[^\s<>"'.,:;!?)\]])
    | (?P<issue>(?<![\w&/#])(?:[\w.-]+/[\w.-]+)?\#\d+\b)
    | (?P<commit>(?<![\w/#.-])[0-9a-f]{7,40}(?![\w.-]))
    """,
    re.VERBOSE,
)


def render(text: str) -> Markup:
    """Give a comment as HTML: CommonMark, tables, strikethrough, <details>; other HTML is shown as text, comments are left out."""
    environment: dict[str, Any] = {"open": []}
    html = str(_MARKDOWN.render(text, environment))
    return Markup(html + "".join(f"</{tag}>" for tag in reversed(environment["open"])))  # noqa: S704 - escaped below


def mentions(text: str) -> list[str]:
    """Give whom a comment notifies, without the "@"."""
    found = []
    for token in _MARKDOWN.parse(text, {"open": []}):
        found += [
            child.content[1:] for child in token.children or () if child.type == "autolink" and child.info == "mention"
        ]
    return found


def _autolinks(state: StateCore) -> None:
    """Find what GitHub turns into mentions and links in the text outside of code and of links."""
    for token in state.tokens:
        if token.type != "inline" or not token.children:
            continue
        children: list[Token] = []
        links = 0
        for child in token.children:
            links += child.type == "link_open"
            links -= child.type == "link_close"
            if child.type == "text" and not links:
                children += _split(child)
            else:
                children.append(child)
        token.children = children


def _split(token: Token) -> Iterator[Token]:
    end = 0
    for found in AUTOLINK.finditer(token.content):
        if found.lastgroup == "commit" and (found.group().isdigit() or found.group().isalpha()):
            continue
        if found.start() > end:
            yield Token("text", "", 0, content=token.content[end : found.start()])
        yield Token("autolink", "", 0, content=found.group(), info=found.lastgroup or "")
        end = found.end()
    if end < len(token.content):
        yield Token("text", "", 0, content=token.content[end:])


def _autolink(renderer: object, tokens: Sequence[Token], index: int, options: object, environment: object) -> str:
    token = tokens[index]
    text = escape(token.content)
    if token.info == "mention":
        return f'<strong class="mention" title="notifies {escape(token.content[1:])}">{text}</strong>'
    if token.info == "url":
        return f'<a href="{text}" rel="nofollow noreferrer">{text}</a>'
    return f'<span class="reference" title="becomes a link">{text}</span>'


def _html(renderer: object, tokens: Sequence[Token], index: int, options: object, environment: dict[str, Any]) -> str:
    """Let the few tags of TAG through, balanced; drop comments; show the rest as text."""
    content, parts, end = tokens[index].content, [], 0
    for found in TAG.finditer(content):
        parts.append(escape(content[end : found.start()]))
        parts.append(_allowed(found.group(), environment["open"]))
        end = found.end()
    parts.append(escape(content[end:]))
    return "".join(parts)


def _allowed(tag: str, opened: list[str]) -> str:
    if tag.startswith("<!--"):
        return ""
    name = tag.strip("</>").split()[0].rstrip("/").lower()
    if name == "br":
        return "<br>"
    if not tag.startswith("</"):
        opened.append(name)
        return f"<{name}{' open' if 'open' in tag.lower().split('>')[0].split()[1:] else ''}>"
    if name not in opened:
        return ""
    closed = []
    while (last := opened.pop()) != name:
        closed.append(f"</{last}>")
    return "".join([*closed, f"</{name}>"])


def _fence(renderer: object, tokens: Sequence[Token], index: int, options: object, environment: object) -> str:
    """Show a code block; the lines of a diff are marked as added or removed."""
    token = tokens[index]
    language = token.info.split()[0] if token.info.strip() else ""
    lines = []
    for line in token.content.rstrip("\n").split("\n"):
        kind = {"+": "added", "-": "removed", "@": "header"}.get(line[:1], "") if language == "diff" else ""
        lines.append(f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line))
    return f'<pre class="code" data-language="{escape(language)}"><code>' + "\n".join(lines) + "</code></pre>\n"


def _image(renderer: object, tokens: Sequence[Token], index: int, options: object, environment: object) -> str:
    """Name an image instead of loading it from somewhere."""
    token = tokens[index]
    return f'<span class="reference">image: {escape(token.content)} ({escape(str(token.attrGet("src")))})</span>'


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    markdown.core.ruler.push("autolinks", _autolinks)
    rules = {
        "autolink": _autolink,
        "html_block": _html,
        "html_inline": _html,
        "fence": _fence,
        "code_block": _fence,
        "image": _image,
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_MARKDOWN = _markdown()
