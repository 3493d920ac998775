"""Code with colours, by Pygments: the lines of a diff in the language of the file they belong to."""

import functools
import re
from collections.abc import Iterator

from markdown_it.common.utils import escapeHtml
from pygments import lex
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import GoLexer, get_lexer_for_filename
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

_LINES = {"+": "added", "-": "removed", "@": "hunk"}
_FILE = re.compile(r"(?:---|\+\+\+) (?:[ab]/)?(?P<path>\S+)")
_LIGHT, _DARK = "xcode", "github-dark"


@functools.cache
def stylesheet() -> str:
    """Give the colours, for light and for dark."""
    light, dark = (_colours(name) for name in (_LIGHT, _DARK))
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def diff(text: str) -> str:
    """Give a diff as HTML: each line by its kind, and what is code in the colours of its language."""
    lines = text.splitlines()
    return "".join(line for part in _files(lines) for line in _coloured(*part))


def code(text: str, language: str) -> str:
    """Give code as HTML in its language's colours; plain where the language is not known."""
    try:
        lexer = GoLexer() if language == "go" else get_lexer_for_filename(f"a.{language}")
    except ClassNotFound:
        return escapeHtml(text)
    return "\n".join(_lexed(text.splitlines(), lexer)) + "\n"


def _files(lines: list[str]) -> Iterator[tuple[list[str], Lexer]]:
    """Yield the lines of each file of a diff with its lexer; without a file's name it is Go."""
    part: list[str] = []
    lexer: Lexer = GoLexer(stripnl=False, ensurenl=False)
    for line in lines:
        named = _FILE.match(line)
        if named and line.startswith("---") and part:
            yield part, lexer
            part = []
        if named and named["path"] != "/dev/null":
            lexer = _lexer(named["path"])
        part.append(line)
    yield part, lexer


def _lexer(path: str) -> Lexer:
    try:
        return get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return get_lexer_for_filename("a.txt", stripnl=False, ensurenl=False)


def _coloured(lines: list[str], lexer: Lexer) -> Iterator[str]:
    # Both sides are lexed as one text: what is taken away and what is put in its place are as a rule whole lines.
    kinds = ["file" if _FILE.match(line) else _LINES.get(line[:1], "") for line in lines]
    is_code = [kind in {"added", "removed", ""} for kind in kinds]
    bodies = [line[1:] if code_line else "" for line, code_line in zip(lines, is_code, strict=True)]
    for line, kind, code_line, body in zip(lines, kinds, is_code, _lexed(bodies, lexer), strict=True):
        shown = escapeHtml(line[:1]) + body if code_line else escapeHtml(line)
        yield f'<span class="{kind}">{shown}\n</span>' if kind else f"{shown}\n"


def _lexed(lines: list[str], lexer: Lexer) -> list[str]:
    """Give each line as HTML. A token that goes over several lines is cut at their ends."""
    shown = [""]
    for token, value in lex("\n".join(lines), lexer):
        for number, piece in enumerate(value.split("\n")):
            if number:
                shown.append("")
            name = _class(token)
            if piece:
                shown[-1] += f'<span class="{name}">{escapeHtml(piece)}</span>' if name else escapeHtml(piece)
    return (shown + [""] * len(lines))[: len(lines)]


def _class(token: _TokenType) -> str:
    while token not in STANDARD_TYPES and token.parent is not None:
        token = token.parent
    name = STANDARD_TYPES.get(token, "")
    return f"hl-{name}" if name and name not in {"w", "err"} else ""


def _colours(style: str) -> str:
    given = HtmlFormatter(style=style, classprefix="hl-").get_style_defs("pre")  # type: ignore[no-untyped-call]
    # Of a style only the colours of words are wanted: the page has its own background, and errors are none in half a file.
    rules = [line for line in given.splitlines() if line.startswith("pre .hl-") and ".hl-err" not in line]
    return "\n".join(re.sub(r"background-color: [^;}]+;?\s*", "", line) for line in rules)
