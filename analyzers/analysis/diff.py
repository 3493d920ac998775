"""Diff: what changed, file by file and line by line, as unidiff reads it."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

Status = Literal["added", "modified", "removed", "renamed"]


class MalformedDiff(ValueError):
    """A text that is no unified diff; says where."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk: "+", "-" or " ", its numbers before and after (None: it does not stand there), its text."""

    kind: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of lines. `start`..`end` are the lines after the change that it covers (end < start where nothing is left)."""

    start: int
    end: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class FileDiff:
    """What happens to one file: its path after the change (before, for a removed one), and before (None if added)."""

    path: str
    old_path: str | None
    status: Status
    binary: bool = False
    hunks: tuple[Hunk, ...] = ()

    @cached_property
    def added(self) -> dict[int, str]:
        """The added lines: number after the change -> text."""
        return {line.new: line.text for hunk in self.hunks for line in hunk.lines if line.kind == "+" and line.new}

    @cached_property
    def removed(self) -> dict[int, str]:
        """The removed lines: number before the change -> text."""
        return {line.old: line.text for hunk in self.hunks for line in hunk.lines if line.kind == "-" and line.old}

    @cached_property
    def shown(self) -> dict[int, str]:
        """All lines that the hunks show, as they are after the change: number -> text."""
        return {line.new: line.text for hunk in self.hunks for line in hunk.lines if line.new}

    def hunk_at(self, line: int) -> Hunk | None:
        """Give the hunk that covers a line of the file after the change."""
        return self.first_hunk(line, line)

    def first_hunk(self, first: int, last: int) -> Hunk | None:
        """Give the first hunk that covers one of the lines first..last of the file after the change."""
        at = bisect_left(self.hunks, first, key=lambda hunk: hunk.end)
        return next((hunk for hunk in self.hunks[at : at + 1] if hunk.start <= last), None)

    def first_added(self, first: int, last: int) -> int | None:
        """Give the first of the lines first..last after the change that was added, None if none was."""
        at = bisect_left(self._added_lines, first)
        return next((line for line in self._added_lines[at : at + 1] if line <= last), None)

    def deletes(self, first: int, last: int) -> bool:
        """Say whether a line was removed in front of one of the lines first..last after the change."""
        return _within(self.deletions, first, last)

    def touches(self, first: int, last: int) -> bool:
        """Say whether a line was added within first..last, or removed between two of them."""
        return self.adds(first, last) or _within(self.deletions, first + 1, last)

    def adds(self, first: int, last: int) -> bool:
        """Say whether one of the lines first..last after the change was added."""
        return _within(self._added_lines, first, last)

    def removes(self, first: int, last: int) -> bool:
        """Say whether one of the lines first..last before the change was removed."""
        return _within(self._removed_lines, first, last)

    @cached_property
    def _added_lines(self) -> list[int]:
        return sorted(self.added)

    @cached_property
    def _removed_lines(self) -> list[int]:
        return sorted(self.removed)

    @cached_property
    def deletions(self) -> tuple[int, ...]:
        """For each removed line, the number of the line after the change in front of which it stood."""
        return tuple(self.successors.values())

    @cached_property
    def successors(self) -> dict[int, int]:
        """The removed lines: number before the change -> number of the line after it in front of which it stood."""
        found = {}
        for hunk in self.hunks:
            following = hunk.start
            for line in hunk.lines:
                if line.new is not None:
                    following = line.new + 1
                elif line.old is not None:
                    found[line.old] = following
        return found


def _within(lines: Sequence[int], first: int, last: int) -> bool:
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= last


@dataclass(frozen=True)
class Diff:
    """All files of a change."""

    files: tuple[FileDiff, ...] = field(default=())

    def __iter__(self) -> Iterator[FileDiff]:
        return iter(self.files)

    @cached_property
    def by_path(self) -> dict[str, FileDiff]:
        """The files by their path after the change."""
        return {file.path: file for file in self.files}

    @classmethod
    def parse(cls, text: str) -> "Diff":
        """Read a unified diff as git writes it; MalformedDiff if it is none."""
        try:
            patch = PatchSet.from_string(_without_form_feeds(text))
        except (UnidiffParseError, ValueError) as error:
            raise MalformedDiff(f"this is no unified diff: {error}") from error
        if text.strip() and not len(patch):
            raise MalformedDiff("this is no unified diff: no file header (---, +++ or diff --git) was found")
        return cls(tuple(_file(file) for file in patch))


def _without_form_feeds(text: str) -> str:
    # str.splitlines, by which unidiff counts, ends lines at characters that git takes for content.
    return re.sub("[\v\f\x1c-\x1e\x85\u2028\u2029]", " ", text).replace("\r\n", "\n").replace("\r", " ")


def _name(path: str | None) -> str | None:
    if path is None or path == "/dev/null":
        return None
    if path.startswith('"') and path.endswith('"'):
        raw = re.sub(rb"\\([0-7]{3}|.)", lambda match: _unquoted(match[1]), path[1:-1].encode())
        path = raw.decode("utf-8", "replace")
    return path[2:] if path[:2] in {"a/", "b/"} else path


def _unquoted(escape: bytes) -> bytes:
    if len(escape) == 3:
        return bytes([int(escape, 8) & 0xFF])
    return {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}.get(
        escape, escape
    )


def _file(file: PatchedFile) -> FileDiff:
    old, new = _name(file.source_file), _name(file.target_file)
    status: Status = (
        "added"
        if old is None or file.is_added_file
        else "removed"
        if new is None or file.is_removed_file
        else "modified"
    )
    if status == "modified" and old != new:
        status = "renamed"
    path = (old if status == "removed" else new) or old or ""
    hunks = tuple(
        Hunk(
            start=hunk.target_start,
            end=hunk.target_start + hunk.target_length - 1,
            lines=tuple(
                Line(line.line_type, line.source_line_no, line.target_line_no, line.value.rstrip("\n"))
                for line in hunk
                if line.line_type in {"+", "-", " "}
            ),
        )
        for hunk in file
    )
    return FileDiff(path, None if status == "added" else old, status, bool(file.is_binary_file), hunks)
