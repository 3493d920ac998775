"""The kinds of objects that a change brings into a manager's cache.

Each process has a cache of its own. What one of a repository's programs keeps already is new to another: to which of them a place
belongs, the calls up from it tell, and whether that one kept the kind before, all that it might come to.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import scale
from analyzers.kubernetes.execution import entries, node_programs
from analyzers.kubernetes.execution.components import component
from analyzers.kubernetes.execution.entries import Entry
from analyzers.kubernetes.program import calls
from analyzers.kubernetes.requests import cached_kinds, managers, restraints
from analyzers.kubernetes.requests.cached_kinds import CachedKind
from analyzers.kubernetes.requests.requests import requests
from analyzers.news.processes import Process, processes


class Kept(NamedTuple):
    """A kind that the change brings into a manager's cache, and the function whose call does."""

    file: ChangedFile
    function: Function
    found: CachedKind
    within: frozenset[str] | None
    """The code of the programs of nodes that alone hold it: each has a cache of its own. None where other programs do."""
    process: Process | None = None
    """The process to which it is new, where another one of the repository keeps the kind already."""

    @property
    def size(self) -> int:
        """The bytes of all objects of the kind in the largest supported cluster."""
        return scale.size(self.found.resource)


@once
def first_kept(change: Change) -> list[Kept]:
    """Give the kinds that the change brings into a manager's cache, each where it is watched on purpose, or else first read; but
    those of which the manager's options have it keep fewer."""
    found_kinds: list[Kept] = []
    news: dict[tuple[Named, frozenset[str] | None], list[Kept]] = {}
    for file in change.go_files:
        if file.head is None or not (MANAGED.search(file.head.source) or _READS.search(file.head.source)):
            continue
        for function in file.functions():
            reads = [
                each
                for each in requests(change.head_index, function.file, function, ())
                if not _is_given_by_nobody(change.head_index, function, each.call)
            ]
            for found in cached_kinds.cached_kinds(change.head_index, function, reads):
                if found.resource in scale.COUNTS and file.added(found.call.line, found.call.end_line):
                    within = node_programs.agents_code(change.head_index, file.path)
                    news.setdefault((found.type, within), []).append(Kept(file, function, found, within))
    others: dict[Named, list[Kept]] = {}
    for (kind, within), places in news.items():
        path = places[0].file.path
        if cached_kinds.kept_elsewhere(change.base_index, kind, path, within) or kind in _kept_there(change):
            others.setdefault(kind, []).extend(places)
            continue
        if managers.manager(change.head_index, path, within).restricts(kind.name):
            continue
        first = min(places, key=_cause)
        if not entries.is_linked(change.head_index, first.function.file.folder):
            continue  # a library's, which somebody else's program uses or none
        # A client reads live where no manager gives it; who writes a builder has one.
        if (within is not None or first.found.cause == "read") and not cached_kinds.makes_manager(
            change.head_index, path, within
        ):
            continue
        found_kinds.append(first)
    for place in _set_up(change):
        others.setdefault(place.found.type, []).append(place)
    told = {each.found.type for each in found_kinds}
    return [
        *found_kinds,
        *(
            each
            for kind, places in others.items()
            if kind not in told
            for each in _new_to_processes(change, kind, places)
        ),
    ]


def _is_given_by_nobody(index: PackageIndex, function: Function, read: Call) -> bool:
    """Say whether a function reads with a client that it is given, and nothing of the program calls it: tests may, with another
    client than the manager's."""
    root = (syntax.path(read.operand) or [""])[0] if read.operand is not None else ""
    if function.receiver_name or not root or root not in {each.name for each in function.params}:
        return False
    callers = calls(index).callers(function)
    return callers.complete and not any(component(each.caller.file.path).reviewed for each in callers)


def _cause(place: Kept) -> int:
    return ("watch", "index", "read").index(place.found.cause)


def _unawares(place: Kept) -> bool:
    return place.found.cause == "read"


def _set_up(change: Change) -> Iterator[Kept]:
    """The kinds that are watched by a function that was there, where the change adds a call of it that gives it a manager."""
    for file in change.go_files:
        if file.head is None or not _HAS_MANAGER.search(file.head.source):
            continue
        initial = [each for each in file.head.initializers if file.added(each.line, each.end_line)]
        for function in (*file.functions(), *initial):
            for call in function.calls:
                if call.line in file.diff.added and _gives_a_manager(change.head_index, function, call):
                    callee = change.head_index.callee(call, function.file, function)
                    for found in _watched(change, callee) if callee is not None else ():
                        yield Kept(file, function, found._replace(call=call, handler=None), None)


_HAS_MANAGER = re.compile(rb'sigs\.k8s\.io/controller-runtime(?:/pkg/manager|/pkg/cluster)?"')


def _gives_a_manager(index: PackageIndex, function: Function, call: Call) -> bool:
    given = [each for each in call.arguments if each.type in {"identifier", "selector_expression"}]
    types = (dereferenced(index.type_of(each, function.file, function)) for each in given)
    return any(
        isinstance(each, Named) and each.name == "Manager" and each.path.startswith(restraints.CONTROLLER_RUNTIME)
        for each in types
    )


def _watched(change: Change, function: Function) -> Iterator[CachedKind]:
    """The kinds that a function watches, if the change does not touch it."""
    old = change.base_index.file(function.file.path)
    before = old.function(function.key) if old is not None else None
    if before is not None and _text(before) == _text(function):
        yield from (
            each for each in cached_kinds.cached_kinds(change.head_index, function, ()) if each.resource in scale.COUNTS
        )


def _text(function: Function) -> bytes:
    return function.file.source[function.region.start : function.region.end]


def _new_to_processes(change: Change, kind: Named, places: list[Kept]) -> Iterator[Kept]:
    """The processes that keep a kind for the first time because of one of these places."""

    def keeps(index: PackageIndex, entry: Entry, packages: frozenset[str]) -> bool:
        def counts(file: SourceFile, at: int) -> bool:
            return entries.may_reach(index, entry, file, at) and not _is_asked_live(index, file, at)

        def informs(file: SourceFile, at: int) -> bool:
            return file.folder in packages and entries.may_reach(index, entry, file, at)

        informer = Named("", f"{kind.name}Informer")  # of client-go's: what it keeps, it keeps otherwise now
        return cached_kinds.kept_elsewhere(index, kind, "", packages, counts) or cached_kinds.informed_elsewhere(
            index, informer, informs
        )

    asked = [(place.function, place.found.call, place) for place in sorted(places, key=_cause)]
    for process, place in processes(change, asked, _unawares, keeps):
        if (
            # What a new process watches is what it is for; what it reads, it keeps unawares.
            (process.every_node or (kind not in _given_up(change) and not (process.new and not _unawares(place))))
            and _makes_manager(change.head_index, process)
            and not _restricts(change.head_index, process, kind)
        ):
            yield place._replace(within=process.packages, process=process)


def _makes_manager(index: PackageIndex, process: Process) -> bool:
    files = managers.files(index, "", ("NewManager",), ("NewCache",), ("runtime", "New"), within=process.packages)
    return any(
        entries.may_reach(index, process.entry, file, match.start())
        for file in files
        for match in cached_kinds.MAKES_MANAGER.finditer(file.source)
    )


def _restricts(index: PackageIndex, process: Process, kind: Named) -> bool:
    """Say whether a process has its manager keep fewer objects of a kind: another one's options say nothing of it."""
    told = managers.manager(index, "", process.packages)
    own = tuple(each for each in told.restraints if process.may_reach(index, each.function))
    return told._replace(restraints=own).restricts(kind.name)


def _is_asked_live(index: PackageIndex, file: SourceFile, at: int) -> bool:
    """Say whether the variable that is declared at a byte of a file is given to requests, and all of them go to the API server."""
    function = file.function_at(file.source.count(b"\n", 0, at) + 1)
    for bindings in function.facts.bindings.values() if function is not None else ():
        for binding in bindings:
            if any(
                part is not None and part.start_byte <= at < part.end_byte for part in (binding.type, binding.value)
            ):
                return function is not None and _goes_live(index, function, binding.name) is True
    return False


def _goes_live(index: PackageIndex, function: Function, name: str, depth: int = 0) -> bool | None:
    """Say whether all requests that a variable is given to go to the API server, in what its function calls too; None if there
    is none, False where that is not seen."""
    sent = {each.call.node.start_byte: each for each in requests(index, function.file, function, ())}
    answers: set[bool | None] = set()
    for call, number in function.facts.given(name):
        request = sent.get(call.node.start_byte)
        if request is not None:
            answers.add(request.live)
            continue
        callee = index.callee(call, function.file, function)
        if callee is None or depth >= _DEEPEST or number >= len(callee.params) or not callee.params[number].name:
            return False
        answers.add(_goes_live(index, callee, callee.params[number].name, depth + 1))
    return False if False in answers else True if True in answers else None


_DEEPEST = 2


@once
def _kept_there(change: Change) -> frozenset[Named]:
    """The kinds that what the change rewrote had a manager's cache keep before."""
    return frozenset(found.type for _, found in _kept_before(change))


@once
def _given_up(change: Change) -> frozenset[Named]:
    """The kinds of which the change takes a place away that had a manager's cache keep them: it may be the same somewhere else."""
    return frozenset(
        found.type for file, found in _kept_before(change) if file.diff.removes(found.call.line, found.call.end_line)
    )


@once
def _kept_before(change: Change) -> list[tuple[ChangedFile, CachedKind]]:
    index = change.base_index
    return [
        (file, found)
        for file in change.go_files
        for function in file.old_functions()
        for found in cached_kinds.cached_kinds(index, function, requests(index, function.file, function, ()))
    ]


MANAGED = re.compile(rb"sigs\.k8s\.io/controller-runtime")
_READS = re.compile(rb"\.(?:Get|List)\(")
"""What reads with a client that another package's struct keeps, whose package it need not import."""
