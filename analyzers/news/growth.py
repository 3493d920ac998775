"""Structs that a change makes large, and the functions on critical paths that have copied them since they were small."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import code
from analyzers.analysis.subject import Copy
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.types import Named
from analyzers.kubernetes import immutables
from analyzers.kubernetes.execution import critical_paths
from analyzers.news.concerned import concerned
from analyzers.news.copies import API, copy_of

_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Growth:
    """A struct to which the change adds fields on `line` of `file`: its size in bytes before, the functions on critical
    paths that copy it, and what one such copy costs now."""

    file: ChangedFile
    line: int
    named: Named
    before: int
    functions: tuple[Function, ...]
    copy: Copy

    @property
    def sizes(self) -> str:
        """The size before and after."""
        return f"{self.before} to {self.copy.bytes} bytes"

    @property
    def names(self) -> str:
        """The functions as a sentence names them, the first few."""
        shown = ", ".join(code(function.name) for function in self.functions[:_MOST_NAMES])
        more = len(self.functions) - _MOST_NAMES
        return f"{shown} and {more} more" if more > 0 else shown


def growths(change: Change, limit: int, copies: Callable[[Function, str], bool]) -> Iterator[Growth]:
    """Yield the structs that the change brings to `limit` bytes or more and that functions of their package copy.

    `copies` says of a function whether it copies the type of that name. Types of an API are left out: they grow with
    every release, and everybody passes pointers to them.
    """
    for file, named, line in _changed_structs(change):
        after = change.sizes.size(named)
        before = change.base_sizes.size(named)
        if not (before.exact and after.exact and before.bytes < limit <= after.bytes):
            continue
        found = [
            (function, copy)
            for function in change.head_index.package_of(file.path).functions
            if copies(function, named.name) and not critical_paths.starts_up(function)
            if (copy := copy_of(change, function, named, "call", limit)) is not None and copy.hot
        ]
        if found:
            yield Growth(file, line, named, before.bytes, tuple(function for function, _ in found), found[0][1])


def _changed_structs(change: Change) -> Iterator[tuple[ChangedFile, Named, int]]:
    """The struct types that were there before and have an added line, with the first such line."""
    for file in change.go_files:
        if file.head is None or file.base is None or b"struct" not in file.head.source:
            continue
        path = change.head_index.import_path(file.head)
        if API.search(path) or path != change.base_index.import_path(file.base):
            continue
        for region in file.head.regions:
            last = region.row + 1 + file.head.source.count(b"\n", region.start, region.end)
            if region.kind != "type" or not region.name or not file.added(region.row + 1, last):
                continue
            if not concerned(file, region.name):
                continue
            declared, named = file.head.type(region.name), Named(path, region.name)
            if declared is None or file.base.type(region.name) is None or immutables.options(named):
                continue
            line = next((line for line in range(declared.line, declared.end_line + 1) if line in file.diff.added), None)
            if line is not None:
                yield file, named, line
