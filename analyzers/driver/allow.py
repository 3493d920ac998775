"""`//scalability:allow RULE reason` on a line, or on the line above it, silences a rule there."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, code

MARK = "scalability:allow"
_ALLOW = re.compile(r"//\s?scalability:allow\b[ \t]*(?P<rule>[a-z-]*)[ \t]*(?P<reason>.*)$")


class Allowed(NamedTuple):
    """One allow comment: the line it stands on, the rule it names ("" if none), and the reason ("" if none)."""

    line: int
    rule: str
    reason: str


def allowed(text: str) -> list[Allowed]:
    """Give the allow comments of a file's text."""
    if MARK not in text:
        return []
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if match := _ALLOW.search(line):
            found.append(Allowed(number, match["rule"], match["reason"].strip()))
    return found


def silences(comments: list[Allowed], diagnostic: Diagnostic) -> bool:
    """Say whether one of a file's allow comments is about this diagnostic (one without a reason silences too)."""
    return any(
        comment.rule == diagnostic.analyzer and diagnostic.line - 1 <= comment.line <= diagnostic.end_line
        for comment in comments
    )


def unreasoned(file: ChangedFile, comments: list[Allowed], rules: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Yield a notice for each added allow comment that gives no reason or names no rule."""
    for comment in comments:
        if comment.line not in file.diff.added or (comment.rule in rules and comment.reason):
            continue
        lacks = (
            "gives no reason"
            if comment.rule in rules
            else f"names no rule ({code(comment.rule)})"
            if comment.rule
            else "names no rule"
        )
        yield Diagnostic(
            analyzer="allow",
            path=file.path,
            line=comment.line,
            end_line=comment.line,
            construct=f"This {code('//scalability:allow')} comment {lacks}.",
            remedy=f"Write {code('//scalability:allow RULE reason')}, so that the next reader knows why.",
            concern=f"allow {comment.rule}",
            level=Level.NOTICE,
        )
