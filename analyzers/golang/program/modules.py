"""Which folder holds an import path, and the other way round: modules, vendoring, staging, and the GOPATH of before
2018.
"""

import posixpath
import re
from collections import Counter

from analyzers.golang.facts.source import SourceFile
from analyzers.golang.program import gomod, standard
from analyzers.golang.program.gomod import GoMod
from analyzers.golang.program.tree import Entry, Tree, Unreadable

__all__ = ["Modules"]

_SOURCE_ROOTS = ("staging/src", "vendor", "Godeps/_workspace/src", "third_party/src", "src")
"""Folders below which a folder's name is an import path: Kubernetes' staging (its vendor/k8s.io/* are links into it),
`go mod vendor`, godep.
"""

# Stands for the root where nothing tells its import path, so that its packages can name each other.
_UNKNOWN_ROOT = "."
_IN_SOURCE_ROOT = re.compile(r"^(?:|.*/)(?:vendor|src)/([^/.]*\.[^/]*(?:/.*)?)$")
_GODEPS_IMPORT_PATH = re.compile(rb'"ImportPath"\s*:\s*"([^"\n]+)"')
_SAMPLED_FOLDERS, _SAMPLED_FILES = 40, 60


class Modules:
    """The import paths of one tree. Listings are read once; a file that cannot be read counts as absent."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._listings: dict[str, dict[str, Entry]] = {}
        self._folders: dict[str, str | None] = {}
        self._paths: dict[str, str] = {}
        self._gomods: dict[str, GoMod | None] = {}
        self._module_folders: dict[str, str] = {}
        root = self.go_mod("")
        if root is not None:
            for replaced in root.replaces:
                if replaced.local:
                    self._module_folders[replaced.path] = _normalised(replaced.target)
        for used in self._work_uses():
            nested = self.go_mod(_normalised(used))
            if nested is not None and nested.module:
                self._module_folders.setdefault(nested.module, _normalised(used))
        self.module_path = (root.module if root is not None else None) or self._deduced()
        """The import path of the root folder, "" where neither go.mod, Godeps, import comments nor imports tell it."""

    def listing(self, folder: str) -> dict[str, Entry]:
        """Give the entries of `folder` by name; empty if there is no such folder."""
        # Up to the nearest folder that is known, and down again: a path may be hundreds of folders deep.
        unknown = []
        while folder not in self._listings and folder:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        if folder not in self._listings:
            self._listings[folder] = self._list(folder)
        known = self._listings[folder]
        for each in reversed(unknown):
            entry = known.get(each.rpartition("/")[2])
            known = self._list(each) if entry is not None and entry.kind == "tree" else {}
            self._listings[each] = known
        return known

    def _list(self, folder: str) -> dict[str, Entry]:
        try:
            return {entry.name: entry for entry in self._tree.list(folder)}
        except Unreadable:
            return {}

    def entry(self, path: str) -> Entry | None:
        """Give the entry of the file at `path`."""
        folder, _, name = path.rpartition("/")
        return self.listing(folder).get(name)

    def go_mod(self, folder: str) -> GoMod | None:
        """Give the go.mod in `folder` itself."""
        if folder not in self._gomods:
            source = self._read(f"{folder}/go.mod" if folder else "go.mod")
            found = None if source is None else gomod.parse(source)
            self._gomods[folder] = found
            if found is not None and found.module:
                self._module_folders.setdefault(found.module, folder)
        return self._gomods[folder]

    def _read(self, path: str) -> bytes | None:
        entry = self.entry(path)
        if entry is None or entry.kind != "blob":
            return None
        try:
            return self._tree.read(path)
        except Unreadable:
            return None

    def _work_uses(self) -> list[str]:
        source = self._read("go.work")
        return gomod.parse(source).uses if source is not None else []

    def import_path(self, folder: str) -> str:
        """Give the import path of the package in `folder`. Where the root's is unknown, it is the folder behind a dot."""
        if folder not in self._paths:
            self._paths[folder] = self._import_path(folder)
        return self._paths[folder]

    def _import_path(self, folder: str) -> str:
        if folder.startswith(standard.FOLDER):
            return folder.removeprefix(f"{standard.FOLDER}/")
        inside = _IN_SOURCE_ROOT.match(folder)
        if inside:
            return inside[1]
        above, rest = folder, ""
        while above:
            nested = self.go_mod(above)
            if nested is not None and nested.module:
                return posixpath.join(nested.module, rest) if rest else nested.module
            above, _, name = above.rpartition("/")
            rest = f"{name}/{rest}" if rest else name
        root = self.module_path or _UNKNOWN_ROOT
        return posixpath.join(root, folder) if folder else root

    def folder(self, import_path: str) -> str | None:
        """Give the folder that holds the package `import_path`, None if the tree has none (the standard library, a
        dependency that is not vendored).
        """
        if import_path not in self._folders:
            self._folders[import_path] = self._folder(import_path)
        return self._folders[import_path]

    def _folder(self, import_path: str) -> str | None:
        candidates: list[tuple[int, str]] = []
        for module, folder in self._module_folders.items():
            if import_path == module or import_path.startswith(module + "/"):
                candidates.append((len(module), posixpath.join(folder, import_path[len(module) + 1 :]).rstrip("/")))
        root = self.module_path or _UNKNOWN_ROOT
        if import_path == root or import_path.startswith(root + "/"):
            candidates.append((len(root), import_path[len(root) + 1 :]))
        for _, folder in sorted(candidates, reverse=True):
            if self._holds_go(folder):
                return folder
        if "." in import_path.partition("/")[0]:
            for root in _SOURCE_ROOTS:
                if self._holds_go(f"{root}/{import_path}"):
                    return f"{root}/{import_path}"
        return None

    def _holds_go(self, folder: str) -> bool:
        return any(name.endswith(".go") for name in self.listing(folder))

    def _deduced(self) -> str:
        # Its first ImportPath is the repository's own, those below are the dependencies'.
        godeps = _GODEPS_IMPORT_PATH.search(self._read("Godeps/Godeps.json") or b"")
        if godeps is not None:
            return godeps[1].decode("utf-8", "replace")
        votes: Counter[str] = Counter()
        for folder, file in self._sample():
            comment = file.import_comment
            if comment is not None and (comment == folder or comment.endswith("/" + folder) or not folder):
                return comment[: len(comment) - len(folder)].rstrip("/")
            for path in {path for _, path in file.imported}:
                elements = path.split("/")
                for count in range(1, len(elements)):
                    if "." in elements[0] and self._holds_go("/".join(elements[count:])):
                        votes["/".join(elements[:count])] += 1
                        break
        return votes.most_common(1)[0][0] if votes else ""

    def _sample(self) -> list[tuple[str, SourceFile]]:
        """Some of the tree's own Go files, breadth first, one or two for each folder."""
        found: list[tuple[str, SourceFile]] = []
        waiting, visited = [""], 0
        while waiting and visited < _SAMPLED_FOLDERS and len(found) < _SAMPLED_FILES:
            folder = waiting.pop(0)
            visited += 1
            names = [
                name for name, entry in self.listing(folder).items() if entry.kind == "blob" and name.endswith(".go")
            ]
            for name in sorted(names, key=lambda name: (name != "doc.go", name.endswith("_test.go"), name))[:2]:
                path = f"{folder}/{name}" if folder else name
                source = self._read(path)
                if source is not None:
                    found.append((folder, SourceFile(path, source)))
            for name, entry in self.listing(folder).items():
                if (
                    entry.kind == "tree"
                    and name not in {"vendor", "Godeps", "third_party", "staging", "testdata", "docs"}
                    and name[0] not in "._"
                ):
                    waiting.append(f"{folder}/{name}" if folder else name)
        return found


def _normalised(folder: str) -> str:
    folder = posixpath.normpath(folder)
    return "" if folder == "." else folder
