"""The programs of a repository: the folders of their main packages, and the names that manifests have for them.

A folder below `cmd` is named for its program, in the repository or in a project within it; of a main package elsewhere a
Dockerfile says what `go build -o` makes of it.
"""

import posixpath
import re
from collections.abc import Iterator

from analyzers.golang.program.tree import Entry, Unreadable
from analyzers.golang.types.checker import PackageIndex

__all__ = ["ASIDE", "programs", "project"]

_PARTS_OF_ONE = frozenset({"cmd", "pkg", "internal", "api", "apis", "controllers"})
ASIDE = frozenset(
    {
        *_PARTS_OF_ONE,
        *("vendor", "third_party", "Godeps", "node_modules", "hack", "tools", "contrib"),
        *("test", "tests", "e2e", "testdata", "doc", "docs", "design"),
    }
)
"""Folders at the top of a tree that hold no project of their own, and no manifest that is installed."""
_DOCKERFILE = re.compile(r"^(?:[\w.-]{1,40}\.)?Dockerfile(?:\.[\w.-]{1,40})?$")
_LONGEST = 200_000
"""Bytes of a Dockerfile that are read."""
_ENDS = re.compile(rb"&&|;|\|")
_QUOTED = re.compile(rb"[\s\"']+")
_NAME = re.compile(rb"(?:[\w.-]{0,100}/){0,20}([a-z][a-z0-9-]{2,60})(?:\.exe)?")
_FOLDER = re.compile(rb"(?:\./)?([\w-][\w./-]{1,100}?)(?:/\*\.go|/main\.go|/)?")


def project(index: PackageIndex, path: str) -> str:
    """The folder at the top of the tree that holds a program of its own and the file at `path`; "" if there is none."""
    first = path.partition("/")[0]
    if "/" not in path or first in _PARTS_OF_ONE:
        return ""
    return first if index.modules.listing(first).keys() & {"cmd", "main.go", "go.mod"} else ""


def programs(index: PackageIndex) -> dict[str, str]:
    """Give the programs of a tree: the folder of each one's main package, and its name."""
    found = {f"cmd/{name}": name for name in _folders(index, "cmd")}
    for folder in _folders(index, ""):
        if folder in ASIDE or folder.startswith("."):
            continue
        if "cmd" in index.modules.listing(folder):
            found |= {f"{folder}/cmd/{name}": name for name in _folders(index, f"{folder}/cmd")}
        found |= {
            built: name for built, name in _built(index, folder) if index.modules.listing(built) and built not in found
        }
    return found


def _folders(index: PackageIndex, folder: str) -> list[str]:
    return [entry.name for entry in index.modules.listing(folder).values() if entry.kind == "tree"]


def _built(index: PackageIndex, folder: str) -> Iterator[tuple[str, str]]:
    """What the Dockerfiles of a folder build: the folders of main packages, by their paths from the top, and their names."""
    listing: dict[str, Entry] = index.modules.listing(folder)
    for entry in listing.values():
        if entry.kind != "blob" or not _DOCKERFILE.match(entry.name):
            continue
        try:
            content = index.tree.read(f"{folder}/{entry.name}") or b""
        except Unreadable:
            continue
        for line in content[:_LONGEST].split(b"\n"):
            _, said, command = line.partition(b"go build")
            found = _output(_QUOTED.split(_ENDS.split(command[:2_000], maxsplit=1)[0])) if said else None
            if found is not None:
                yield found


def _output(words: list[bytes]) -> tuple[str, str] | None:
    """The folder and the name that the words behind `go build` say: `-o /go/bin/agent ... net/service/*.go`."""
    name = folder = None
    for number, word in enumerate(words):
        if word.startswith(b"-o=") or (number and words[number - 1] == b"-o"):
            name = _NAME.fullmatch(word.removeprefix(b"-o="))
        elif word and not word.startswith(b"-") and b"=" not in word and word != b"\\":
            folder = _FOLDER.fullmatch(word)
    if name is None or folder is None:
        return None
    return posixpath.normpath(folder[1].decode()), name[1].decode()
