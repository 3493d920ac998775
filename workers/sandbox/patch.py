"""Which lines of a file's diff a review comment may stand on, and where they stand after a push."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Side = Literal["LEFT", "RIGHT"]

HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class PatchLine:
    """A line of a patch: "+", "-" or " ", its numbers before and after, and its position: lines below the file's first "@@"."""

    kind: str
    old: int | None
    new: int | None
    position: int
    text: str


@dataclass(frozen=True)
class PatchHunk:
    """A hunk: its "@@" line and the lines below it."""

    header: str
    lines: list[PatchLine] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """A line of a patch that was found: the index of its hunk, and the line."""

    hunk: int
    line: PatchLine


@dataclass(frozen=True)
class Patch:
    """A file's part of a diff, from the first "@@" on."""

    text: str

    @cached_property
    def hunks(self) -> list[PatchHunk]:
        """The hunks in order."""
        hunks: list[PatchHunk] = []
        old = new = position = 0
        for text in self.text.split("\n"):
            header = HEADER.match(text)
            if header:
                old, new = int(header[1]), int(header[3])
                position += bool(hunks)  # the first header is position 0, later ones count as lines
                hunks.append(PatchHunk(text))
                continue
            if not hunks or not text:
                continue
            position += 1
            kind = text[0]
            if kind == "\\":
                continue
            hunks[-1].lines.append(
                PatchLine(kind, old if kind in " -" else None, new if kind in " +" else None, position, text)
            )
            old += kind in " -"
            new += kind in " +"
        return hunks

    @cached_property
    def _places(self) -> dict[tuple[Side, int], Place]:
        places: dict[tuple[Side, int], Place] = {}
        for index, hunk in enumerate(self.hunks):
            for line in hunk.lines:
                if line.new is not None:
                    places["RIGHT", line.new] = Place(index, line)
                if line.old is not None:
                    places["LEFT", line.old] = Place(index, line)
        return places

    def find(self, side: Side, line: int) -> Place | None:
        """Give the place of a line; None if it is not in the diff. RIGHT counts lines after the change, LEFT before."""
        return self._places.get((side, line))

    def at(self, position: int) -> tuple[Side, int] | None:
        """Give side and line of a position, the older way to name a line; None if there is none."""
        for hunk in self.hunks:
            for line in hunk.lines:
                if line.position == position:
                    return ("LEFT", line.old or 0) if line.kind == "-" else ("RIGHT", line.new or 0)
        return None

    def excerpt(self, place: Place) -> str:
        """Give the `diff_hunk` of a comment: the hunk's header and its lines down to the one commented on."""
        hunk = self.hunks[place.hunk]
        return "\n".join([hunk.header, *(line.text for line in hunk.lines if line.position <= place.line.position)])


def moved(patch: Patch, line: int) -> int | None:
    """Give where an unchanged line of a file stands after a change; None if the change touches it.

    `patch` is the diff, without context lines, from the file that `line` counts in to the other.
    """
    offset = 0
    for hunk in patch.hunks:
        header = HEADER.match(hunk.header)
        if header is None:
            continue
        start, count = int(header[1]), int(header[2] or 1)
        if count == 0:
            start += 1  # "-5,0" inserts below line 5
        if line < start:
            break
        if line < start + count:
            return None
        offset += int(header[4] or 1) - count
    return line + offset
