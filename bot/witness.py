"""Witness: the lines on which a comment rests, as short prints in its text, so that a later push can be held against them.

"Fixed" is said only where the push changed the function that a comment speaks of, or its lines: a finding that is gone
though all its witnesses still stand was not fixed, it was judged otherwise.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from analyzers.analysis.allowances import Allowances, Allowed

_FUNCTION = re.compile(r"func (?:\((?:\w+ )?(?P<receiver>[^()]{1,200})\) )?(?P<name>\w{1,200})")
# A path that is longer, in a marker, is not worth its room.
_LONGEST_PATH = 300
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Witness:
    """A place: its file, the print of the function around it ("" where there is none), and of its own lines."""

    path: str
    name: str
    function: str
    length: int
    lines: str

    @classmethod
    def of(cls, path: str, line: int, end_line: int, text: str) -> Self | None:
        """Take the prints of lines line..end_line (1-based) of a file's text; None where they cannot be taken."""
        if len(path.encode()) > _LONGEST_PATH:
            return None
        rows = text.split("\n")
        wanted = rows[line - 1 : end_line]
        if len(wanted) != end_line - line + 1:
            return None
        name = function = ""
        for start, end, its_name, its_text in _functions(text) if path.endswith(".go") else ():
            if start <= line <= end:
                name, function = _print([its_name]), _print([its_text])
        return cls(path, name, function, len(wanted), _print(wanted))

    def stands(self, text: str | None) -> bool:
        """Say whether function and lines are still as they were in the file's text (None: the file is gone)."""
        if text is None:
            return False
        if self.function and not any(
            _print([name]) == self.name and _print([its_text]) == self.function
            for _, _, name, its_text in _functions(text)
        ):
            return False
        rows = text.split("\n")
        return any(_print(rows[at : at + self.length]) == self.lines for at in range(len(rows) - self.length + 1))

    def allowed(self, text: str, rules: Collection[str]) -> Allowed | None:
        """Give the allow comment that silences one of these rules on the lines, which stand in the file's text but for that;
        None if there is none."""
        comments = Allowances.read(text).by_line if self.path.endswith(".go") else {}
        rows = [Allowances.without(row) for row in text.split("\n")] if comments else []
        for at in range(len(rows) - self.length + 1):
            near = (comments.get(line) for line in range(at, at + self.length + 1))
            found = next((each for each in near if each and each.rule in rules), None)
            if found and _print(rows[at : at + self.length]) == self.lines:
                return found
        return None

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the marker that keeps it (bot.markers)."""
        path = base64.urlsafe_b64encode(self.path.encode()).decode().rstrip("=")
        return ("witness", path, self.name or _NONE, self.function or _NONE, str(self.length), self.lines)

    @classmethod
    def read(cls, words: tuple[str, ...]) -> Self | None:
        """Read the words of a marker; None if it is another's."""
        if len(words) != 6 or words[0] != "witness" or not words[4].isdecimal():
            return None
        try:
            path = base64.urlsafe_b64decode(words[1] + "=" * (-len(words[1]) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        name, function = ("" if word == _NONE else word for word in words[2:4])
        return cls(path, name, function, int(words[4]), words[5])


def _functions(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield first line, last line, name with receiver, and text of each function of a Go file.

    As gofmt writes them: a function begins at the start of a line, and ends there or at the next closing brace at one.
    """
    rows = text.split("\n")
    begun: tuple[int, str] | None = None
    for at, row in enumerate(rows):
        if row.startswith("func "):
            found = _FUNCTION.match(row)
            begun = (at, f"{found['receiver'] or ''}.{found['name']}") if found else None
            if begun and row.rstrip().endswith("}"):
                yield at + 1, at + 1, begun[1], row
                begun = None
        elif begun and row.startswith("}"):
            yield begun[0] + 1, at + 1, begun[1], "\n".join(rows[begun[0] : at + 1])
            begun = None


def _print(lines: Iterable[str]) -> str:
    """Identify text, however it is indented."""
    return hashlib.sha256("\n".join("".join(line.split()) for line in lines).encode()).hexdigest()[:12]
