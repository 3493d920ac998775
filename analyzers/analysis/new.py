"""What is new among the requests of a change: what was only moved, renamed or written differently is no news.

A request is known by verb, resource and scope, counted over the whole change: one that was removed anywhere pays for
an equal one added anywhere else, however its receiver is spelled. But a request moved to where it costs more (into a loop
over items, a repeated function, code of every node) is news, and so is one whose guard was removed.
"""

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal
from weakref import WeakKeyDictionary

from analyzers.analysis.change import Change, ChangedFile
from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.packages import PackageIndex
from analyzers.kubernetes import critical_paths, node_programs, volumes
from analyzers.kubernetes.callpaths import CallPath, CallPaths, ItemLoop
from analyzers.kubernetes.clients import client, implements_client
from analyzers.kubernetes.components import Component, Kind, component
from analyzers.kubernetes.flows import reaches
from analyzers.kubernetes.periods import Repetition, repeated_by_loop, repetition
from analyzers.kubernetes.requests import COLLECTIONS, Request, may_send, requests

Because = Literal["added", "moved", "unguarded", "uncached", "widened"]
_CACHE = re.compile(r"lister|informer|store|indexer|cache|manager", re.IGNORECASE)
_NO_READ = re.compile(r"(Options?|Opts|Selector|Keys?|Names?|Func|Index(er)?)$")
_GUARD = re.compile(r"^\s*(\} else )?if\b|^\s*case\b")
_MOST_FUNCTIONS = 200
"""In a change of more functions wrappers are not looked for: it would take seconds."""
_WRITES = frozenset({"UPDATE", "PATCH"})
_SCOPES = {"resource": 0, "namespace": 1, "cluster": 2}


@dataclass(frozen=True, slots=True, eq=False)
class NewRequest:
    """A request that the change brings: added, moved to where it costs more, or freed of a guard; with where it runs
    and how it is reached. `gap` is the line in front of which the guard stood that was removed."""

    request: Request
    file: ChangedFile
    because: Because
    component: Component
    path: CallPath
    gap: int | None = None

    @property
    def first_line(self) -> int:
        """The line on which a comment begins: of the request, or where the guard was."""
        return self.request.first_line if self.gap is None else self.gap

    @property
    def end_line(self) -> int:
        """The line on which a comment ends."""
        return self.request.call.statement_end_line if self.gap is None else self.gap


_known: WeakKeyDictionary[PackageIndex, list[NewRequest]] = WeakKeyDictionary()


def new_requests(change: Change) -> list[NewRequest]:
    """Give the new live requests of a change in order; those of a ListWatch are an informer's and not among them."""
    index = change.head_index
    if index not in _known:
        news = list(_news(change))
        paths = CallPaths(index, change.graph)
        made = [_made(change, paths, *each) for each in news]
        _known[index] = [each for each in made if each.path.root != "informer"]
    return _known[index]


def _made(
    change: Change, paths: CallPaths, request: Request, file: ChangedFile, because: Because, gap: int | None
) -> NewRequest:
    where = component_of(change, file, request.function)
    path = paths.worst(request.function, request.call)
    if request.every is not None:
        path = replace(path, root="periodic", repetition=Repetition("periodic", request.every, ""))
    if request.within:
        path = replace(path, loops=(*path.loops, *(ItemLoop(function, loop) for function, loop in request.within)))
    return NewRequest(request, file, because, where, path, gap)


def component_of(change: Change, file: ChangedFile, function: Function) -> Component:
    """Give the component that a function runs in, which in a volume plugin is not its whole file's."""
    where = file.component
    if where.every_node and volumes.in_controller(change.head_index, function):
        return volumes.IN_CONTROLLER
    if where.kind in {Kind.OTHER, Kind.LIBRARY} and node_programs.on_every_node(change.head_index, file.path):
        return Component("node agent", Kind.NODE)
    return where


@dataclass(slots=True, eq=False)
class _Found:
    request: Request
    file: ChangedFile
    because: Because = "added"
    gap: int | None = None


def _news(change: Change) -> Iterator[tuple[Request, ChangedFile, Because, int | None]]:
    added: list[_Found] = []
    unguarded: list[_Found] = []
    files = [file for file in change.go_files if not _is_client(change, file)]
    many = sum(len(list(_functions(file))) for file in files) > _MOST_FUNCTIONS
    for file in files:
        guards, lines = _removed_guards(file), sorted(file.diff.added)
        for function in _functions(file):
            unguards = guards and bisect(guards, function.end_line) > bisect(guards, function.line)
            if not unguards and not may_send(function, lines):
                continue  # which spares most functions their parse
            found = [
                each
                for each in requests(change.head_index, function.file, function, () if many else lines)
                if _counts(each)
            ]
            added += [_Found(each, file) for each in found if _touched(each, file)]
            kept = [each for each in found if not _touched(each, file)]
            if kept and unguards:
                unguarded += _unguarded(change, file, function, kept)
    if not added and not unguarded:
        return
    removed: list[Request] = []
    for file in files:
        lines = sorted(file.diff.removed)
        for function in _old_functions(file):
            if not may_send(function, lines):
                continue
            removed += [
                each
                for each in requests(change.base_index, function.file, function, () if many else lines)
                if not each.list_watch and _was_touched(each, file)
            ]
    reads = [each for each in removed if not each.live]
    # A wrapper that is gone sent nothing but what its callers asked of it: their calls pay, it does not pay once more.
    asked = {
        (each.via.file.path, each.via.key, each.key)
        for each in removed
        if each.via is not None and not _still_there(change, each.via.file.path, each.via.key)
    }
    removed = [
        each for each in removed if each.via is not None or (each.path, each.function.key, each.key) not in asked
    ]
    removed = [each for each in removed if each.live]
    uncached = [each for each in added if _replaces_cache(change, each) or _was_cached(reads, each.request)]
    news = list(_unpaid(change, [each for each in added if each not in uncached], removed))
    own = {(request.path, request.function.key) for request, _, _ in news if request.via is None}
    for request, file, because in news:
        # What a wrapper sends is judged there, if it is new itself.
        if (
            request.via is None
            or because == "moved"
            or ((request.via.file.path, request.via.key) not in own and _was_there(change, request.via))
            # A library that a program of every node calls: what it costs is to be seen here.
            or (file.component.every_node and not component(request.via.file.path).every_node)
        ):
            yield request, file, because, None
    for each in uncached:
        yield each.request, each.file, "uncached", None
    for each in unguarded:
        yield each.request, each.file, "unguarded", each.gap


def _replaces_cache(change: Change, new: _Found) -> bool:
    """Say whether a live read stands where the same function read the same resource from a cache: a lister, a store,
    a caching manager."""
    request = new.request
    old = new.file.base.function(request.function.key) if new.file.base and request.verb in {"GET", "LIST"} else None
    if old is None or not request.resource or request.via is not None:
        return False
    hunk = new.file.diff.hunk_at(request.line)
    removed = {line.old for line in hunk.lines if line.kind == "-"} if hunk is not None else set()
    kind = request.resource.removesuffix("s").removesuffix("ie")
    for call in old.calls:
        if call.line not in removed or call.operand is None:
            continue
        if _NO_READ.search(call.name):
            continue
        named = syntax.text(call.function).lower()
        known = client(change.base_index.type_of(call.operand, old.file, old))
        if (
            known is not None
            and known.kind in {"lister", "store"}
            and (not known.resource or known.resource == request.resource)
        ):
            return True
        # A manager's GetConfigMap, or such a function kept in a field.
        if (
            kind in call.name.lower()
            and re.match("get|list", call.name.lower())
            and (_CACHE.search(named) or call.name[:1].islower())
        ):
            return known is None
    return False


def _was_cached(reads: list[Request], new: Request) -> bool:
    """Say whether a cached read of the same was removed from the same function: controller-runtime's client changed its kind."""
    return any(old.key == new.key and old.function.key == new.function.key and old.path == new.path for old in reads)


def _removed_guards(file: ChangedFile) -> list[int]:
    """The lines after the change in front of which a condition stood that the change removed."""
    if not any(_GUARD.search(text) for text in file.diff.removed.values()):
        return []
    found = []
    for hunk in file.diff.hunks:
        following = hunk.start
        for line in hunk.lines:
            if line.new is not None:
                following = line.new + 1
            elif line.kind == "-" and _GUARD.search(line.text):
                found.append(following)
    return found


def _is_client(change: Change, file: ChangedFile) -> bool:
    source = file.head or file.base
    return source is not None and implements_client(change.head_index.import_path(source))


def _still_there(change: Change, path: str, key: str) -> bool:
    file = next((each for each in change.go_files if each.old_path == path), None)
    return file is None or (file.head is not None and file.head.function(key) is not None)


def _was_there(change: Change, function: Function) -> bool:
    file = next((each for each in change.go_files if each.path == function.file.path), None)
    return file is None or (file.base is not None and file.base.function(function.key) is not None)


def _counts(request: Request) -> bool:
    return request.live and not request.list_watch


def _functions(file: ChangedFile) -> Iterator[Function]:
    yield from file.functions()
    if file.head:
        yield from (each for each in file.head.initializers if file.diff.touches(each.line, each.end_line))


def _old_functions(file: ChangedFile) -> Iterator[Function]:
    yield from file.old_functions()
    if file.base:
        yield from (
            each
            for each in file.base.initializers
            if any(each.line <= line <= each.end_line for line in file.diff.removed)
        )


def _lines(request: Request) -> range:
    # A literal among the arguments (a poll's condition) is no part of the request's own statement.
    return range(request.first_line, min(request.end_line, request.line + 3) + 1)


def _touched(request: Request, file: ChangedFile) -> bool:
    return any(line in file.diff.added for line in _lines(request))


def _was_touched(request: Request, file: ChangedFile) -> bool:
    return any(line in file.diff.removed for line in _lines(request))


def _unpaid(
    change: Change, added: list[_Found], removed: list[Request]
) -> Iterator[tuple[Request, ChangedFile, Because]]:
    """Yield the added requests for which no removed one pays, and those that moved to a worse place."""
    pool: dict[str, list[Request]] = defaultdict(list)
    for request in removed:
        pool[_kind_of(request)].append(request)
    moved: list[tuple[_Found, Request]] = []
    # What a function sends itself before what its wrappers send; equals first, so that a loose match takes nothing
    # that another one needs.
    rest = sorted(added, key=lambda each: each.request.via is not None)
    for likeness in (_identical, _equal, _alike, _covered):
        unmatched = []
        for each in rest:
            candidates = [
                old
                for old in pool[_kind_of(each.request)]
                if likeness(old, each.request) and _exchangeable(change, old, each.request)
            ]
            if not candidates:
                unmatched.append(each)
                continue
            old = min(candidates, key=lambda old: _distance(old, each))
            pool[_kind_of(each.request)].remove(old)
            moved.append((each, old))
        rest = unmatched
    news: list[tuple[_Found, Because]] = [(each, "added") for each in rest]
    for each, old in moved:
        if _worse(change, each, old):
            news.append((each, "moved"))
        elif _widened(old, each.request):
            news.append((each, "widened"))
        elif _lost_comparison(change.base_index, old, each.request):
            news.append((each, "unguarded"))
    for each, because in sorted(news, key=lambda pair: (pair[0].request.path, pair[0].request.line)):
        yield each.request, each.file, because


def _exchangeable(change: Change, old: Request, new: Request) -> bool:
    """Say whether one may pay for the other: a wrapper's call for a request in the same function, or where the wrapper is gone."""
    if new.via is not None or old.via is None or old.function.key == new.function.key:
        return True
    return not _still_there(change, old.via.file.path, old.via.key)


def _kind_of(request: Request) -> str:
    if request.verb in _WRITES:
        return "write"
    # A GET in the place of a LIST or the other way round is told apart by likeness.
    return "read" if request.verb in {"GET", "LIST"} else request.verb


def _identical(old: Request, new: Request) -> bool:
    return (
        _equal(old, new)
        and old.method == new.method
        and (old.via is None or new.via is None or old.via.key == new.via.key)
    )


def _equal(old: Request, new: Request) -> bool:
    return old.key == new.key and old.function.key == new.function.key and (old.via is None) == (new.via is None)


def _alike(old: Request, new: Request) -> bool:
    same = old.resource == new.resource or not old.resource or not new.resource
    if new.verb == "GET" and old.verb == "LIST":
        return False
    return same and _pays(old, new) and _SCOPES[old.scope] >= _SCOPES[new.scope]


def _covered(old: Request, new: Request) -> bool:
    """A LIST that became a GET of the same resource in the same function costs less than before."""
    return (
        old.verb == "LIST"
        and new.verb == "GET"
        and old.resource == new.resource
        and old.function.key == new.function.key
    )


def _pays(old: Request, new: Request) -> bool:
    return old.verb == new.verb or {old.verb, new.verb} <= _WRITES


def _distance(old: Request, new: _Found) -> tuple[bool, bool, bool]:
    return (
        old.function.key != new.request.function.key,
        old.path != (new.file.old_path or ""),
        len(old.loops) != len(new.request.loops),
    )


def _worse(change: Change, new: _Found, old: Request) -> bool:
    """Say whether a request stands where it costs more than the one that it replaces."""
    if new.file.component.every_node and old.component.kind in {
        Kind.CONTROLLER,
        Kind.SCHEDULER,
        Kind.API_SERVER,
        Kind.CLI,
    }:
        return True
    if _handles(new.request) and not _handles(old):
        return True  # what a worker did, all events wait for now
    if _in_item_loop(new.request) > _in_item_loop(old):
        # Without the loop around its caller one cannot tell: a body that became a function keeps its loop there.
        return new.request.function.key == old.function.key or (
            new.request.loops[-1].line in new.file.diff.added and not _was_called_in_loop(change, old)
        )
    return (
        _repeated(change.head_index, new.request)
        and not _repeated(change.base_index, old)
        and new.request.function.key == old.function.key
    )


def _handles(request: Request) -> bool:
    """Say whether a request stands in an informer's event handler."""
    return critical_paths.within(request.function, request.closures) is critical_paths.HANDLER


def _widened(old: Request, new: Request) -> bool:
    """Say whether a LIST lost what restrained it (its pages, its selector of fields, the API server's watch cache), or a
    node's GET the watch cache."""
    if old.function.key != new.function.key or new.via is not None or old.via is not None or new.options.unknown:
        return False
    had, has = old.options, new.options
    if new.verb == "GET":
        return new.component.every_node and had.cached and not has.cached
    if new.verb != "LIST":
        return False
    return (
        (had.limited and not has.limited)
        or (had.cached and not has.cached)
        or ((had.fields or had.one_node or had.one_object) and not (has.fields or has.one_node or has.one_object))
    )


_COMPARES = re.compile(r"\b(Deep)?(Equal|Derivative)\(|[cC]hanged\b|[nN]eeds?(Update|Patch|Sync)")


def _lost_comparison(index: PackageIndex, old: Request, new: Request) -> bool:
    """Say whether a write that was sent only if a comparison found a difference is sent without any condition now."""
    if new.verb not in _WRITES or new.via is not None:
        return False
    before = [old]
    if old.via is not None:
        before += [each for each in requests(index, old.via.file, old.via, ()) if each.key == old.key]
    if new.function.name not in {each.function.name for each in before}:
        return False
    compared = any(
        condition.test is not None and _COMPARES.search(syntax.text(condition.test))
        for each in before
        for condition in each.call.conditions
    )
    return compared and not any(
        each.kind != "select" and (each.test is None or _cheap(syntax.text(each.test))) for each in new.call.conditions
    )


def _in_item_loop(request: Request) -> int:
    return sum(loop.kind == "range" and reaches(request.function, loop, request.call) for loop in request.loops)


def _was_called_in_loop(change: Change, old: Request) -> bool:
    path = CallPaths(change.base_index).worst(old.function, old.call)
    return bool(path.loops)


def _repeated(index: PackageIndex, request: Request) -> bool:
    function = request.function
    for closure in request.closures:
        if closure.role == "argument" and closure.call is not None:
            found = repetition(index, function.file, function, closure.call, closure.argument)
            if found is not None and found.kind == "periodic":
                return True
    return any(repeated_by_loop(index, function.file, function, loop) is not None for loop in request.loops)


def _unguarded(change: Change, file: ChangedFile, function: Function, kept: list[Request]) -> Iterator[_Found]:
    """Yield the requests that stood behind a condition which the change removed without putting another in its place."""
    old = file.base.function(function.key) if file.base else None
    if old is None:
        return
    before = [each for each in requests(change.base_index, old.file, old, ()) if _counts(each)]
    for request in kept:
        number = [each for each in kept if each.key == request.key].index(request)
        equals = [each for each in before if each.key == request.key and not _was_touched(each, file)]
        if number >= len(equals):
            continue
        was = equals[number]
        gone = [
            each
            for each in was.call.conditions
            if each.kind in {"guard", "if"} and each.node.start_point[0] + 1 in file.diff.removed
        ]
        came = [each for each in request.call.conditions if each.node.start_point[0] + 1 in file.diff.added]
        if any(
            each.kind != "select" and each.test is not None and _cheap(syntax.text(each.test))
            for each in request.call.conditions
        ):
            continue  # something still spares it
        if (
            gone
            and not came
            and len(request.call.conditions) < len(was.call.conditions)
            and any(each.test is not None and _cheap(syntax.text(each.test)) for each in gone)
        ):
            yield _Found(request, file, "unguarded", file.diff.successors.get(gone[-1].node.start_point[0] + 1))


def _cheap(test: str) -> bool:
    """Say whether a condition spared work in the normal course: an error that ends the function spares none."""
    return bool(test) and not test.startswith(("err", "!ok")) and "err != nil" not in test


__all__ = ["COLLECTIONS", "Because", "NewRequest", "component_of", "new_requests"]
