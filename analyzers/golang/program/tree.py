"""What the Go model needs of the files at one commit."""

from typing import Literal, NamedTuple, Protocol


class Entry(NamedTuple):
    """One entry of a folder: its name (no slash), its git blob or tree id, and what it is."""

    name: str
    id: str
    kind: Literal["blob", "tree", "other"]


class Unreadable(Exception):
    """A file that stands in the tree but whose bytes cannot be had (a partial clone, a time-out); its text says why."""


class Tree(Protocol):
    """The files at one commit. Ids are git's: equal ids mean equal content, so whatever is derived can be cached by id."""

    def read(self, path: str) -> bytes | None:
        """Give the bytes of the file at `path` (slashes, no leading one), None if there is none; Unreadable if it
        cannot be had.
        """

    def list(self, folder: str) -> list[Entry]:
        """Give the entries of `folder` ("" is the root), sorted by name; empty if there is no such folder."""

    def id(self, path: str) -> str | None:
        """Give the blob or tree id at `path`, None if there is nothing."""
