"""Naming: the functions of the program that name something, found by whole words, within a budget of work."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.program.words import words_of
from analyzers.golang.types.checker import Package, PackageIndex

__all__ = ["ENOUGH", "Found", "Naming", "Work", "for_tests", "saying", "word"]

# What only code for tests imports, beside packages called testing (Go's own; client-go's, which fakes are made with).
_FOR_TESTS = (
    "github.com/golang/mock",
    "github.com/onsi/ginkgo",
    "github.com/onsi/gomega",
    "github.com/stretchr/testify",
    "go.uber.org/mock",
)


class Work(NamedTuple):
    """How much may be looked at, in files searched and functions parsed: for one question, and for all of them."""

    question: int
    total: int


ENOUGH = Work(question=150, total=1500)
"""A function costs 0.7 ms to parse and walk, a file less to search: a tenth of a second for one question, one for all."""


class Found(NamedTuple):
    """What a search found, and whether it came to its end and could see everything."""

    functions: list[Function]
    complete: bool


class Naming:
    """Searches of the whole program of `index`, or of `packages` alone; code for tests is not part of it.

    `ours` says of a path whether its file is part of the program.
    """

    def __init__(
        self,
        index: PackageIndex,
        packages: Iterable[Package | str] | None = None,
        *,
        ours: Callable[[str], bool] = lambda path: True,
        work: Work = ENOUGH,
    ) -> None:
        self._index = index
        self._given = packages
        self._packages: list[Package] | None = None
        self._ours = cache(ours)
        self._work = work
        self._left = work.total

    def naming(self, declared: Function) -> Found:
        """Give the functions and initial values that name a function or method, those of its own package first.

        A method may be called wherever its receiver gets to, a function only where its package is imported, and what is
        not exported only in its package. A method whose name stands in too many files is looked for as a function is. Its
        own package is searched to its end whatever the budget says: it is small, and most of what calls a function stands
        there.
        """
        home, name = declared.file, declared.name
        method = bool(declared.receiver_name)
        found: list[Function] = []
        for file in self._near(home, name):
            dotted = method or not (file.folder == home.folder or file.dot_imports)
            found += saying(file, word(name, dotted=dotted))
        spent, most = 0, min(self._work.question, self._left)
        paths, mentioned, complete = self._elsewhere(declared, most)
        for file in self._read(paths):
            holds = mentioned in file.source
            here = saying(file, word(name, dotted=method or not file.dot_imports)) if holds else []
            spent += 1 + len(here)
            if spent > most:
                complete = False
                break
            found += here
        self._left = max(0, self._left - spent)
        return Found(found, complete)

    def declaring(self, method: str, beside: Iterable[str], home: SourceFile) -> Found:
        """Give the methods of this name, of types in whose folder the methods `beside` are named too; where it is not
        exported, of the package of `home`.
        """
        if self._given is not None or not method[:1].isupper():
            files = self._near(home, method)
        else:
            folders = [{_folder(path) for path in self._index.words.files(other)} for other in beside]
            paths = self._index.words.files(method)
            files = self._read(
                path for path in paths if self._ours(path) and all(_folder(path) in folder for folder in folders)
            )
        found: list[Function] = []
        spent, most = 0, min(self._work.question, self._left)
        for file in files:
            spent += 1
            if spent > most:
                return Found(found, False)
            found += [function for function in file.functions if function.name == method and function.receiver_name]
        self._left -= spent
        return Found(found, True)

    def _elsewhere(self, declared: Function, most: int) -> tuple[list[str], bytes, bool]:
        """The files outside of its package that may name a function, what they must say to do so, and whether there are no
        others."""
        home, name = declared.file, declared.name
        method = bool(declared.receiver_name)
        own = self._index.package_of(home.path)
        if self._given is not None or not name[:1].isupper() or (own.name == "main" and not method):
            return [], b"", True
        everywhere = self._outside(home, name)
        complete = not any(map(self._ours, self._index.words.left_out))
        if method:
            if len(everywhere) <= most:
                return everywhere, b"", complete
            # A name that stands everywhere says little, and what would be found first is arbitrary.
            complete = False
        path = self._index.import_path(home).encode()
        words = [word.decode("utf-8", "replace") for word in words_of(path)]
        return self._outside(home, name, *words), path.removeprefix(b"./"), complete

    def _outside(self, home: SourceFile, *words: str) -> list[str]:
        paths = self._index.words.files(*words)
        return [path for path in paths if _folder(path) != home.folder and self._ours(path)]

    def _near(self, home: SourceFile, name: str) -> Iterator[SourceFile]:
        """The files of its own package that hold the name; of the packages that were given, if there are any."""
        if self._packages is None and self._given is not None:
            given = (self._index.package(each) if isinstance(each, str) else each for each in self._given)
            self._packages = [package for package in given if package is not None]
        encoded = name.encode()
        for package in [self._index.package_of(home.path)] if self._packages is None else self._packages:
            for file in package.files():
                # What stands in the same file is as much of the program as the function that is asked about.
                if encoded in file.source and (file.path == home.path or not for_tests(file)):
                    yield file

    def _read(self, paths: Iterable[str]) -> Iterator[SourceFile]:
        for path in paths:
            file = self._index.file(path)
            if file is not None and not for_tests(file):
                yield file


@lru_cache(1000)
def word(name: str, *, dotted: bool = False, then: bytes = b"") -> re.Pattern[bytes]:
    """Give the pattern of a name as a whole word, and of what stands behind it; `dotted`: behind a dot, or first in its line,
    where the dot ends the line above."""
    encoded = re.escape(name.encode())
    # The name comes first: what begins with letters is searched ten times as fast as what begins with a condition.
    before = rb"(?<=[.\t\n]" + encoded + rb")" if dotted else rb"(?<![\w\x80-\xff]" + encoded + rb")"
    return re.compile(encoded + before + rb"(?![\w\x80-\xff])" + then)


def for_tests(file: SourceFile) -> bool:
    """Say whether a file is code for tests, whatever it is called: it imports what nothing else needs, or is given what runs
    tests (that it asks whether it is tested, by testing.Testing, makes it none)."""
    if file.test:
        return True
    for _, path in file.imported:
        if path == "testing":
            if _mostly_tests(file):
                return True
        elif path.rpartition("/")[2] == "testing" or path.startswith(_FOR_TESTS):
            return True
    return False


def _mostly_tests(file: SourceFile) -> bool:
    """Say whether half of a file's functions, or more, are given what runs tests: one that is, beside others, is a hook."""
    given = [_RUNS_TESTS.search(file.source, each.region.start, each.region.end) for each in file.functions]
    return any(given) and 2 * sum(each is not None for each in given) >= len(given)


_RUNS_TESTS = re.compile(rb"\btesting\.(T|TB|B|M|F)\b")


def saying(file: SourceFile, *patterns: re.Pattern[bytes]) -> list[Function]:
    """Give the functions and initial values in which one of the patterns is found, behind a function's first line; no function
    is parsed."""
    source, regions = file.source, file.regions
    places = [match.start() for pattern in patterns for match in pattern.finditer(source)]
    if not places:
        return []
    starts = [region.start for region in regions]
    found = set()
    for place in places:
        at = bisect_right(starts, place) - 1
        if at >= 0 and regions[at].start not in found:
            region = regions[at]
            # The first line of a function holds its own name.
            if region.kind != "func" or 0 <= source.find(b"{", region.start, region.end) < place:
                found.add(region.start)
    functions = [function for function in file.functions if function.region.start in found]
    if any(region.kind == "var" and region.start in found for region in regions):
        for each in file.initializers:
            node = each.body if each.region.start in found else None
            if node and any(pattern.search(source, node.start_byte, node.end_byte) for pattern in patterns):
                functions.append(each)
    return functions


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
