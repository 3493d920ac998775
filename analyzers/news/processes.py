"""The processes of a repository to which a change brings something that others of its processes may have had before."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from analyzers.analysis.change import Change, once
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import entries, node_programs
from analyzers.kubernetes.execution.entries import Entry

T = TypeVar("T")


class Process(NamedTuple):
    """A process after the change: where it begins, the folders of the packages that it may be made of, whether it runs on every
    node, and whether it is new itself."""

    entry: Entry
    packages: frozenset[str]
    every_node: bool
    new: bool

    def may_reach(self, index: PackageIndex, function: Function) -> bool:
        """Say whether it may come to a function; errs towards yes."""
        return entries.may_reach(index, self.entry, function.file, function.region.start)


Had = Callable[[PackageIndex, Entry, frozenset[str]], bool]
"""Says of a process before the change, and of the packages it may be made of, whether it had something."""


def processes(
    change: Change, places: Iterable[tuple[Function, Call, T]], unawares: Callable[[T], bool], had: Had
) -> Iterator[tuple[Process, T]]:
    """Yield the processes that surely come to one of these places and did not have before what is there, each with the place that
    says it best: on purpose, then in the package that it begins in, then the first."""
    found: dict[tuple[str, str], list[tuple[Entry, Function, T]]] = {}
    for function, call, place in places:
        for entry in entries.entries(change.head_index, function, call.closures):
            found.setdefault((entry.path, entry.function.key), []).append((entry, function, place))
    for together in found.values():
        entry, _, place = min(
            together, key=lambda each: (unawares(each[2]), each[1].file.folder != each[0].function.file.folder)
        )
        packages = entries.packages(change.head_index, entry)
        if packages is None:
            continue
        old = entries.before(change.base_index, entry, _old_path(change, entry.path))
        before = entries.packages(change.base_index, old) if old is not None else None
        if old is not None and (before is None or had(change.base_index, old, before)):
            continue
        if old is None and _has_gone(change):
            continue
        every_node = node_programs.on_every_node(change.head_index, entry.path)
        yield Process(entry, packages, every_node, old is None), place


def _old_path(change: Change, path: str) -> str:
    return next((file.old_path or path for file in change.go_files if file.path == path), path)


@once
def _has_gone(change: Change) -> bool:
    """Say whether the change takes a main function or a command away: a new one may be the same process."""
    return any(
        len(_BEGINS.findall(file.base.source))
        > len(_BEGINS.findall(file.head.source if file.head is not None else b""))
        for file in change.go_files
        if file.base is not None
    )


_BEGINS = re.compile(rb"^func main\(\)|\bCommand\{", re.MULTILINE)
