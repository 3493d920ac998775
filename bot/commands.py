"""Command: a slash command found in a comment, as GitHub renders the comment.

Grammar: `/scalability-check`, and after it `deep`, `prr`, `help`, `explain RULE`, `dismiss [RULE|all] [reason]`,
`restore [RULE|all]` or `results RUN [BASE]` (each a job's name or an address), each at the start of a line of its own,
within a comment's first READ characters. Text in code, quotes, tables, links or HTML is none, nor is an escaped slash.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal, Self

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.token import Token

NAME = "/scalability-check"
# Markdown is parsed in the web process, and what is made to be slow takes time by the square of its length: at GitHub's
# limit of 65,536 characters seconds, here some 50 ms. What is below this line of a comment is not looked at.
READ = 4_000
MOST_WORDS = 40  # of a reason

# Each candidate is numbered in the source between two private-use characters, so that a piece of parsed text leads back
# to the line it came from: parsed text alone does not say whether it began a line of the source.
_OPEN, _CLOSE = "\ue000", "\ue001"
_CANDIDATE = re.compile(rf"^{NAME}(?=[ \t]|$)", re.MULTILINE | re.IGNORECASE)
_NUMBERED = re.compile(rf"{NAME}{_OPEN}(\d+){_CLOSE}(.*)", re.IGNORECASE)


def _skip_table(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """Pass over a table, as a rule of markdown-it: its own fills every row up with cells, 65,000 in 4,000 characters."""
    if not table(state, first, end, True):
        return False
    if silent:
        return True
    ends = state.md.block.ruler.getRules("blockquote")
    line = first + 2
    while (
        line < end
        and state.sCount[line] >= state.blkIndent
        and not state.isEmpty(line)
        and not state.is_code_block(line)
        and not any(rule(state, line, end, True) for rule in ends)
    ):
        line += 1
    state.line = line
    return True


_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_MARKDOWN.block.ruler.at("table", _skip_table, {"alt": ["paragraph", "reference"]})
# Elements that need no end tag: an open one says nothing about what follows.
_NEVER_AROUND = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
    | {"dd", "dt", "li", "p", "td", "th", "tr"}
)


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked for: "unknown" if the words after the name mean nothing. Equal commands mean the same.

    words are what follows the verb, text the line as it was written.
    """

    verb: Literal["check", "deep", "prr", "help", "explain", "dismiss", "restore", "results", "unknown"]
    words: tuple[str, ...] = ()
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, comment: str) -> list[Self]:
        """Give the commands of a comment in their order; most comments have none, and cost no parsing."""
        source = _beginning(comment)
        if not _CANDIDATE.search(source):
            return []
        lines = [match[0] for match in re.finditer(rf"^{NAME}(?=[ \t]|$).*$", source, re.MULTILINE | re.IGNORECASE)]
        count = iter(range(len(lines)))
        numbered = _CANDIDATE.sub(lambda match: f"{match[0]}{_OPEN}{next(count)}{_CLOSE}", source)
        return [cls._of(words, lines[number].rstrip()) for number, words in _spoken(_MARKDOWN.parse(numbered))]

    @classmethod
    def new_in(cls, comment: str, before: str) -> list[Self]:
        """Give the commands of an edited comment that were not there before."""
        old = Counter(cls.parse(before))
        new = []
        for command in cls.parse(comment):
            if old[command]:
                old[command] -= 1
            else:
                new.append(command)
        return new

    @classmethod
    def _of(cls, words: str | None, text: str) -> Self:
        # A reason may hold code or emphasis, which are no plain text; all other words must be.
        given = (text.split()[1:] if words is None else words.split())[:MOST_WORDS]
        verb, rest = (given[0].lower() if given else "check"), given[1:]
        if verb == "dismiss":
            return cls("dismiss", (*(word.lower() for word in rest[:1]), *rest[1:]), text)
        if words is None or (verb == "check" and given):
            return cls("unknown", text=text)
        if verb == "results" and len(rest) in {1, 2}:
            return cls("results", tuple(rest), text)  # addresses keep their capitals
        plain = [verb, *(word.lower() for word in rest)]
        match plain:
            case ["check" | "deep" | "prr" | "help" | "explain" | "restore" as known]:
                return cls(known, text=text)
            case ["explain" | "restore" as known, rule]:
                return cls(known, (rule,), text)
            case _:
                return cls("unknown", text=text)


def _beginning(comment: str) -> str:
    """Give the lines that are read, with one kind of line end and without the signs that number candidates."""
    read = comment[: READ + 1].replace("\r\n", "\n").replace("\r", "\n")
    if len(comment) > READ:
        read = read[: read.rfind("\n") + 1]  # the last line is not whole
    return read.replace(_OPEN, "").replace(_CLOSE, "")


def _spoken(tokens: list[Token]) -> list[tuple[int, str | None]]:
    """Give (number of the candidate, words after the name; None if they are not plain text) outside quotes and HTML."""
    found: list[tuple[int, str | None]] = []
    quotes, html, parent = 0, _OpenElements(), Token("", "", 0)
    for token in tokens:
        if token.type in {"blockquote_open", "list_item_open"}:
            html.enter()
            quotes += token.type == "blockquote_open"
        elif token.type in {"blockquote_close", "list_item_close"}:
            html.leave()
            quotes -= token.type == "blockquote_close"
        elif token.type == "html_block":
            html.feed(token.content)
        elif token.type == "inline":
            # A line of dashes below a command makes it a heading: still a line of its own.
            if not quotes and (parent.type == "paragraph_open" or parent.markup in {"-", "="}):
                found.extend(_in_text(token.children or [], html))
        else:
            parent = token
    return found


def _in_text(children: list[Token], html: "_OpenElements") -> list[tuple[int, str | None]]:
    found: list[tuple[int, str | None]] = []
    end = Token("softbreak", "br", 0)
    line = [end] if html.is_open else []  # whatever comes first in a line and is not text keeps the line from counting
    links = 0
    for child in [*children, end]:
        if child.type in {"softbreak", "hardbreak"}:
            match = _NUMBERED.fullmatch(line[0].content) if line and line[0].type == "text" else None
            if match:
                found.append((int(match[1]), match[2] if len(line) == 1 else None))
            line = [child] if links or html.is_open else []
            continue
        if child.type == "html_inline":
            html.feed(child.content)
        links += {"link_open": 1, "link_close": -1}.get(child.type, 0)
        line.append(child)
    return found


class _OpenElements(HTMLParser):
    """Follows which HTML elements are open while a comment is read from top to bottom."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self._outside: list[int] = []

    @property
    def is_open(self) -> bool:
        return bool(self._names)

    def enter(self) -> None:
        """Note the start of a quote or list item: what opens inside also ends there."""
        self._outside.append(len(self._names))

    def leave(self) -> None:
        """Note its end."""
        del self._names[self._outside.pop() :]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _NEVER_AROUND:
            self._names.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # HTML knows no self-closing elements: <details/> is open

    def handle_endtag(self, tag: str) -> None:
        if tag in self._names:
            while self._names.pop() != tag:
                pass
