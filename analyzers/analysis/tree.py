"""Trees that need no disk: files in memory, and a tree with some files replaced."""

import hashlib
from collections.abc import Mapping

from analyzers.golang.program.tree import Entry, Tree, Unreadable

__all__ = ["Entry", "MemoryTree", "OverlayTree", "Tree", "Unreadable"]


def blob_id(content: bytes) -> str:
    """Give git's id of a file with this content, so that a file in memory and the same file in git share caches."""
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


class OverlayTree:
    """A tree in which some files are replaced, added, or removed (None); the rest is read from the tree below, if there is one."""

    def __init__(self, files: Mapping[str, bytes | None], below: Tree | None = None) -> None:
        self._files = dict(files)
        self._below = below
        self._folders: dict[str, dict[str, str | None]] = {}
        for path in self._files:
            folder, _, name = path.rpartition("/")
            self._folders.setdefault(folder, {})[name] = path
            while folder:
                folder, _, name = folder.rpartition("/")
                self._folders.setdefault(folder, {}).setdefault(name, None)

    def read(self, path: str) -> bytes | None:
        """Give the bytes of the file at `path`, None if there is none."""
        if path in self._files:
            return self._files[path]
        return self._below.read(path) if self._below else None

    def id(self, path: str) -> str | None:
        """Give the blob id at `path`, or an id for a folder, None if there is nothing."""
        if path in self._files:
            content = self._files[path]
            return None if content is None else blob_id(content)
        if path in self._folders:
            listing = "".join(f"{entry.name}\0{entry.id}\0" for entry in self.list(path))
            return hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()
        return self._below.id(path) if self._below else None

    def list(self, folder: str) -> list[Entry]:
        """Give the entries of `folder`, sorted by name."""
        entries = {entry.name: entry for entry in self._below.list(folder)} if self._below else {}
        for name, path in self._folders.get(folder, {}).items():
            if path is None:
                inner = f"{folder}/{name}" if folder else name
                if name in entries or self._holds_files(inner):
                    # Never the id of the folder below: what stands in it is another.
                    entries[name] = Entry(name, self.id(inner) or "", "tree")
                continue
            content = self._files[path]
            if content is None:
                entries.pop(name, None)
            else:
                entries[name] = Entry(name, blob_id(content), "blob")
        return sorted(entries.values())

    def _holds_files(self, folder: str) -> bool:
        return any(path.startswith(folder + "/") and content is not None for path, content in self._files.items())


class MemoryTree(OverlayTree):
    """Files in memory and nothing else."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        super().__init__({path: text.encode() if isinstance(text, str) else text for path, text in files.items()})
