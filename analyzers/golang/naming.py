"""Naming: the functions of the program that name something, found by whole words, within a budget of work."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.program.words import words_of
from analyzers.golang.types.checker import Package, PackageIndex

__all__ = ["ENOUGH", "Found", "Naming", "Work", "for_tests", "word"]

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
        self._ours = ours
        self._work = work
        self._left = work.total

    def naming(self, declared: Function) -> Found:
        """Give the functions and initial values that name a function or method, those of its own package first.

        A method may be called wherever its receiver gets to, a function only where its package is imported, and what is
        not exported only in its package. That is searched to its end whatever the budget says: it is small, and most of
        what calls a function stands there.
        """
        home, name = declared.file, declared.name
        found: list[Function] = []
        spent, most = 0, min(self._work.question, self._left)
        complete = True
        for file in self._files(declared):
            near = file.folder == home.folder
            spent += not near
            if not near and spent > most:
                complete = False
                break
            # Its own name, behind a dot where it can only be selected.
            dotted = bool(declared.receiver_name) or not (near or file.dot_imports)
            here = list(_naming(file, word(name, dotted=dotted)))
            if here and not for_tests(file):
                found += here
                spent += 0 if near else len(here)
        self._left = max(0, self._left - spent)
        if self._given is None and name[:1].isupper() and any(map(self._ours, self._index.words.left_out)):
            complete = False
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
            files = self._read(path for path in paths if all(_folder(path) in folder for folder in folders))
        found: list[Function] = []
        spent, most = 0, min(self._work.question, self._left)
        for file in files:
            spent += 1
            if spent > most:
                return Found(found, False)
            here = [function for function in file.functions if function.name == method and function.receiver_name]
            if here and not for_tests(file):
                found += here
        self._left -= spent
        return Found(found, True)

    def _files(self, declared: Function) -> Iterator[SourceFile]:
        """Its package's files, then those that import the package, then, for a method, all others that hold its name."""
        home, name = declared.file, declared.name
        yield from self._near(home, name)
        own = self._index.package_of(home.path)
        method = bool(declared.receiver_name)
        if self._given is not None or not name[:1].isupper() or (own.name == "main" and not method):
            return
        path = [each.decode("utf-8", "replace") for each in words_of(self._index.import_path(home).encode())]
        importing = self._index.words.files(name, *path)
        yield from self._read(path for path in importing if _folder(path) != home.folder)
        if method:
            known = {*importing}
            others = self._index.words.files(name)
            yield from self._read(path for path in others if path not in known and _folder(path) != home.folder)

    def _near(self, home: SourceFile, name: str) -> Iterator[SourceFile]:
        """The files of its own package that hold the name; of the packages that were given, if there are any."""
        if self._packages is None and self._given is not None:
            given = (self._index.package(each) if isinstance(each, str) else each for each in self._given)
            self._packages = [package for package in given if package is not None]
        encoded = name.encode()
        for package in [self._index.package_of(home.path)] if self._packages is None else self._packages:
            yield from (file for file in package.files() if encoded in file.source)

    def _read(self, paths: Iterable[str]) -> Iterator[SourceFile]:
        for path in paths:
            file = self._index.file(path) if self._ours(path) else None
            if file is not None:
                yield file


@lru_cache(1000)
def word(name: str, *, dotted: bool = False) -> re.Pattern[bytes]:
    """Give the pattern of a name as a whole word; `dotted`: behind a dot."""
    before = rb"\.[ \t\r\n]{0,200}" if dotted else rb"(?<![\w\x80-\xff])"
    return re.compile(before + re.escape(name.encode()) + rb"(?![\w\x80-\xff])")


def for_tests(file: SourceFile) -> bool:
    """Say whether a file is code for tests, whatever it is called: it imports what nothing else needs."""
    return file.test or any(
        path.rpartition("/")[2] == "testing" or path.startswith(_FOR_TESTS) for _, path in file.imported
    )


def _naming(file: SourceFile, pattern: re.Pattern[bytes]) -> Iterator[Function]:
    """The functions and initial values in which the pattern is found, behind their first line; no function is parsed."""
    source = file.source
    if pattern.search(source) is None:
        return
    for function in file.functions:
        body = source.find(b"{", function.region.start, function.region.end)
        if body >= 0 and pattern.search(source, body, function.region.end):
            yield function
    if any(region.kind == "var" and pattern.search(source, region.start, region.end) for region in file.regions):
        for initial in file.initializers:
            if initial.body is not None and pattern.search(source, initial.body.start_byte, initial.body.end_byte):
                yield initial


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
