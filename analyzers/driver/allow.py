"""`//scalability:allow RULE reason` on a line, or on the line above it, silences a rule there."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analyzers.analysis.change import ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, Place, code

MARK = "scalability:allow"
_ALLOW = re.compile(r"//\s?scalability:allow\b[ \t]*(?P<rule>[a-z-]*)[ \t]*(?P<reason>.*)$")


class Allowed(NamedTuple):
    """One allow comment: the rule it names ("" if none), and the reason ("" if none)."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Allowances:
    """The allow comments of a file, by the line they stand on."""

    by_line: Mapping[int, Allowed]

    @classmethod
    def read(cls, text: str) -> "Allowances":
        """Read the allow comments of a file's text."""
        lines = enumerate(text.split("\n"), 1) if MARK in text else ()
        found = ((number, _ALLOW.search(line)) for number, line in lines if MARK in line)
        return cls({number: Allowed(match["rule"], match["reason"].strip()) for number, match in found if match})

    def silences(self, diagnostic: Diagnostic, names: Collection[str]) -> bool:
        """Say whether one of them is about this diagnostic, whose rule has, or had, these names (one without a reason silences
        too)."""
        return any(
            line in self.by_line and self.by_line[line].rule in names
            for line in range(diagnostic.line - 1, diagnostic.end_line + 1)
        )


def unreasoned(file: ChangedFile, comments: Allowances, rules: Collection[str]) -> Iterator[Diagnostic]:
    """Yield a notice for the added allow comments that give no reason or name no rule: one for all of one kind."""
    lacking: dict[str, list[int]] = defaultdict(list)
    for line, comment in comments.by_line.items():
        if line in file.diff.added and not (comment.rule in rules and comment.reason):
            lacking[comment.rule].append(line)
    for rule, lines in lacking.items():
        named = f"names no rule ({code(rule)})" if rule else "names no rule"
        yield Diagnostic(
            analyzer="allow",
            path=file.path,
            line=lines[0],
            end_line=lines[0],
            construct=f"This {code('//scalability:allow')} comment {'gives no reason' if rule in rules else named}.",
            remedy=f"Write {code('//scalability:allow RULE reason')}, so that the next reader knows why.",
            concern=f"allow {rule}",
            level=Level.NOTICE,
            related=tuple(Place(file.path, line, line) for line in lines[1:]),
        )
