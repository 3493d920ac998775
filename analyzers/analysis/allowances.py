"""`//scalability:allow RULE reason` on a line, or on the line above it, silences a rule there."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analyzers.analysis.diagnostic import Diagnostic

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

    @staticmethod
    def without(line: str) -> str:
        """Give a line as it would be without an allow comment."""
        return _ALLOW.sub("", line)

    def silences(self, diagnostic: Diagnostic, names: Collection[str]) -> bool:
        """Say whether one of them is about this diagnostic, whose rule has, or had, these names (one without a reason silences
        too)."""
        return any(
            line in self.by_line and self.by_line[line].rule in names
            for line in range(diagnostic.line - 1, diagnostic.end_line + 1)
        )
