"""Words: which Go files of a tree hold a word, so that callers, implementers and writers are found without reading it all.

A word is what could be an identifier, whole: `Get` is not in a file that says `GetPods`. Comments and strings count too, so
a file that is named here need not use the word, and one that is not named does not. What a file holds is kept by blob and
path in a store that is given; that all files below a folder are in it is kept by tree and folder. So a tree that differs
from one seen before costs its changed folders and files, and one never seen, of 5,000 files, some seconds.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple, Protocol

from analyzers.golang.facts.source import MAX_BYTES
from analyzers.golang.program.modules import Modules
from analyzers.golang.program.tree import Entry, Tree, Unreadable

__all__ = ["MemoryWords", "Object", "WordStore", "Words", "is_program", "words_of"]

MOST_FILES = 50_000
"""Files of one tree that are read: five times what Kubernetes has, without its tests and vendored code."""

MOST_WORDS = 4_000_000
"""Words, file by file, that are read of one tree: three times what Kubernetes has, some 300 MB of memory."""

_NOT_OURS = frozenset({"vendor", "testdata", "Godeps", "node_modules"})

# The keywords (the Go specification, "Keywords") name nothing, and nearly every file holds them.
_KEYWORDS = frozenset(
    b"break case chan const continue default defer else fallthrough for func go goto if import interface map package range"
    b" return select struct switch type var".split()
)
# Bytes from 128 on are letters of other alphabets, in UTF-8.
_BLANKED = bytes(code if chr(code).isalnum() or code == ord("_") or code >= 128 else 32 for code in range(256))


class Object(NamedTuple):
    """A file or folder as it stands in some tree: its path, and git's id of its content."""

    path: str
    id: str


class WordStore(Protocol):
    """The words of files of one repository, kept beyond one tree. What it does not know is looked up anew.

    losses: how often it lost what it knew. Whoever saw it change adds all anew.
    """

    losses: int

    def complete(self, folders: Collection[Object]) -> Collection[Object]:
        """Give those of the folders below which all files are known."""

    def known(self, files: Collection[Object]) -> Collection[Object]:
        """Give those of the files whose words are known."""

    def add(self, file: Object, words: Collection[bytes]) -> None:
        """Keep the words of a file."""

    def finish(self, folders: Iterable[Object]) -> None:
        """Keep that all files below these folders were added."""

    def holding(self, words: Collection[bytes], here: Callable[[Object], bool]) -> list[Object]:
        """Give the files that hold all of the words and are in the tree that is asked about, as `here` says of each."""


class MemoryWords:
    """Words in memory, for as long as somebody holds them."""

    def __init__(self) -> None:
        self.files: list[Object] = []
        self.folders: set[Object] = set()
        self.places: dict[bytes, list[int]] = {}
        """The files that hold a word, by their place in `files`, ascending."""
        self.losses = 0
        self._numbers: dict[Object, int] = {}

    def complete(self, folders: Collection[Object]) -> Collection[Object]:
        """Give those of the folders below which all files are known."""
        return self.folders.intersection(folders)

    def known(self, files: Collection[Object]) -> Collection[Object]:
        """Give those of the files whose words are known."""
        return [file for file in files if file in self._numbers]

    def add(self, file: Object, words: Collection[bytes]) -> None:
        """Keep the words of a file."""
        if file in self._numbers:
            return
        number = self._numbers[file] = len(self.files)
        self.files.append(file)
        places = self.places
        for word in words:
            try:
                places[word].append(number)
            except KeyError:
                places[word] = [number]

    def finish(self, folders: Iterable[Object]) -> None:
        """Keep that all files below these folders were added."""
        self.folders.update(folders)

    def holding(self, words: Collection[bytes], here: Callable[[Object], bool]) -> list[Object]:
        """Give the files that hold all of the words and are in the tree that is asked about, as `here` says of each."""
        lists = sorted((self.places.get(word, []) for word in words), key=len)
        found = set(lists[0]).intersection(*lists[1:]) if lists else set()
        return [file for number in sorted(found) if here(file := self.files[number])]


class Words:
    """The words of one tree's own Go files: no tests, no vendored code, no test data. Read when first asked for."""

    def __init__(self, tree: Tree, modules: Modules, store: WordStore) -> None:
        self._tree = tree
        self._modules = modules
        self._store = store
        self._losses = -1
        self._found: dict[tuple[bytes, ...], list[str]] = {}
        self._are_here: dict[Object, bool] = {}
        self.left_out: dict[str, str] = {}
        """The files whose words are not known, with the reason; complete once something was asked for."""

    def files(self, *words: str) -> list[str]:
        """Give the paths, sorted, of the tree's Go files that hold all of these words; none for no words."""
        key = tuple(sorted({word.encode() for word in words}))
        if key not in self._found:
            self._found[key] = sorted(file.path for file in self._holding(key))
        return self._found[key]

    def _holding(self, words: Collection[bytes]) -> list[Object]:
        while True:
            if self._losses != self._store.losses:
                self._losses = self._store.losses
                self._index()
            found = self._store.holding(words, self._here)
            if self._losses == self._store.losses:
                return found

    def _here(self, file: Object) -> bool:
        if file not in self._are_here:
            entry = self._modules.entry(file.path)
            self._are_here[file] = entry is not None and entry.id == file.id
        return self._are_here[file]

    def _index(self) -> None:
        """Bring what the store lacks of this tree into it, from the root down to folders that it knows."""
        visited: list[Object] = []
        files: list[Object] = []
        root = self._tree.id("")
        waiting = [Object("", root)] if root is not None else []
        while waiting:
            known = self._store.complete(waiting)
            level, waiting = [folder for folder in waiting if folder not in known], []
            for folder in level:
                for name, entry in self._modules.listing(folder.path).items():
                    path = f"{folder.path}/{name}" if folder.path else name
                    if is_program(entry):
                        (waiting if entry.kind == "tree" else files).append(Object(path, entry.id))
            visited += level
        known = set(self._store.known(files))
        unknown = [file for file in files if file not in known]
        left = MOST_WORDS
        for read, file in enumerate(unknown):
            words = self._read(file) if read < MOST_FILES and left > 0 else None
            if words is not None:
                self._store.add(file, words)
                left -= len(words)
            elif read >= MOST_FILES or left <= 0:
                rest = len(unknown) - read
                self.left_out[""] = (
                    f"the repository is large: who calls what in {rest:,} of its Go files was not looked at"
                )
                break
        # A folder of which something is missing is looked at again, so that it is said again.
        missing = {folder for path in self.left_out for folder in _above(path)}
        if "" not in self.left_out:
            self._store.finish(folder for folder in visited if folder.path not in missing)

    def _read(self, file: Object) -> Collection[bytes] | None:
        try:
            source = self._tree.read(file.path)
        except Unreadable as error:
            self.left_out[file.path] = str(error)
            return None
        if source is None or len(source) > MAX_BYTES:
            size = "no content" if source is None else f"{len(source):,} bytes, more than {MAX_BYTES:,}"
            self.left_out[file.path] = f"it has {size}"
            return None
        return words_of(source)


def words_of(source: bytes) -> set[bytes]:
    """Give the words of a Go file: what identifiers can be made of, comments and strings not left out."""
    # Four times as fast as a pattern. A number that begins a word is no identifier, and does no harm.
    return set(source.translate(_BLANKED).split()) - _KEYWORDS


def is_program(entry: Entry) -> bool:
    """Say whether a file is part of the program or a folder may hold such files: Go, no test, not vendored, no test data."""
    if entry.name[:1] in {".", "_"}:  # go build leaves them out
        return False
    if entry.kind == "tree":
        return entry.name not in _NOT_OURS
    return entry.kind == "blob" and entry.name.endswith(".go") and not entry.name.endswith("_test.go")


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path
    yield ""
