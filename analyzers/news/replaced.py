"""Which removed request an added one takes the place of: it pays for it, unless the new one costs more there.

A request is known by verb, resource and scope, counted over the whole change, however its receiver is spelled.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analyzers.analysis.change import Change, ChangedFile
from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Condition
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes import scale
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.execution.callpaths import CallPaths
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.execution.conditions import Requirement, compared, requirements, spares
from analyzers.kubernetes.execution.flows import reaches
from analyzers.kubernetes.execution.periods import repeated_by_loop, repetition
from analyzers.kubernetes.requests.requests import Request, requests

Because = Literal["added", "moved", "unguarded", "uncached", "widened", "there"]
_WRITES = frozenset({"UPDATE", "PATCH"})
_SCOPES = {"resource": 0, "namespace": 1, "cluster": 2}


@dataclass(slots=True, eq=False)
class AddedRequest:
    """A request on added lines of `file`, and what makes it news, if anything does: see new.NewRequest."""

    request: Request
    file: ChangedFile
    because: Because = "added"
    gap: int | None = None


def unpaid(
    change: Change, added: list[AddedRequest], removed: list[Request]
) -> Iterator[tuple[Request, ChangedFile, Because]]:
    """Yield the added requests for which no removed one pays, and those that moved to a worse place."""
    pool: dict[str, list[Request]] = defaultdict(list)
    for request in removed:
        pool[_kind_of(request)].append(request)
    moved: list[tuple[AddedRequest, Request]] = []
    # What a function sends itself before what its wrappers send; equals first, so that a loose match takes nothing
    # that another one needs.
    rest = sorted(added, key=lambda each: each.request.via is not None)
    for likeness in (_identical, _equal, _of_the_kind, _alike, _covered, _renamed, _instead):
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
    news: list[tuple[AddedRequest, Because]] = [(each, "added") for each in rest]
    for each, old in moved:
        if _worse(change, each, old):
            news.append((each, "moved"))
        elif _widened(old, each.request):
            news.append((each, "widened"))
        elif _lost_comparison(change.base_index, change.head_index, old, each.request) or (
            old.function.key == each.request.function.key and lost_guard(change, old, each.request) is not None
        ):
            news.append((each, "unguarded"))
    for each, because in sorted(news, key=lambda pair: (pair[0].request.path, pair[0].request.line)):
        yield each.request, each.file, because


def _exchangeable(change: Change, old: Request, new: Request) -> bool:
    """Say whether one may pay for the other: a wrapper's call for a request in the same function, or where the wrapper is gone."""
    if new.via is not None or old.via is None or old.function.key == new.function.key:
        return True
    return not still_there(change, old.via.file.path, old.via.key)


def _kind_of(request: Request) -> str:
    if request.verb in _WRITES or request.verb == "CREATE":
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


def _of_the_kind(old: Request, new: Request) -> bool:
    return old.resource == new.resource and _alike(old, new)


def _alike(old: Request, new: Request) -> bool:
    named = old.function.name == new.function.name
    same = old.resource == new.resource or (named and not (old.resource and new.resource))
    if new.verb == "GET" and old.verb == "LIST":
        return False
    as_wide = _SCOPES[old.scope] >= _SCOPES[new.scope] or old.options.unknown
    return same and _pays(old, new) and as_wide


def _covered(old: Request, new: Request) -> bool:
    """A LIST that became a GET of the same resource in the same function costs less than before."""
    return (
        old.verb == "LIST"
        and new.verb == "GET"
        and old.resource == new.resource
        and old.function.key == new.function.key
    )


def _renamed(old: Request, new: Request) -> bool:
    """A LIST of another kind of the program's own in the same function, in as many loops: its type has another name."""
    same = old.verb == new.verb == "LIST" and old.function.key == new.function.key and len(old.loops) == len(new.loops)
    own = not {old.resource, new.resource} & scale.COUNTS.keys()
    return same and own and bool(old.resource and new.resource) and _SCOPES[old.scope] >= _SCOPES[new.scope]


def _instead(old: Request, new: Request) -> bool:
    """A write, or a GET, of one thing that became one of another in the same function, in as many loops."""
    writes = {"CREATE", *_WRITES}
    same = old.function.key == new.function.key and len(old.loops) == len(new.loops)
    return same and ({old.verb, new.verb} <= writes or old.verb == new.verb == "GET")


def _pays(old: Request, new: Request) -> bool:
    return old.verb == new.verb or {old.verb, new.verb} <= _WRITES


def _distance(old: Request, new: AddedRequest) -> tuple[bool, bool, bool]:
    return (
        old.function.key != new.request.function.key,
        old.path != (new.file.old_path or ""),
        len(old.loops) != len(new.request.loops),
    )


def _worse(change: Change, new: AddedRequest, old: Request) -> bool:
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
        return had.cached and not has.cached
    if new.verb != "LIST" or _SCOPES[new.scope] < _SCOPES[old.scope]:
        return False  # of one namespace now, which restrains it as well
    return (
        (had.limited and not has.limited)
        or (had.cached and not has.cached)
        or ((had.fields or had.one_node or had.one_object) and not (has.fields or has.one_node or has.one_object))
    )


def _lost_comparison(index: PackageIndex, head: PackageIndex, old: Request, new: Request) -> bool:
    """Say whether a write that was sent only if a comparison found a difference is sent without any condition now."""
    if new.verb not in _WRITES or new.via is not None:
        return False
    before = [old]
    if old.via is not None:
        before += [each for each in requests(index, old.via.file, old.via, ()) if each.key == old.key]
    if new.function.name not in {each.function.name for each in before}:
        return False
    was_compared = any(
        compared(requirements(Place(index, each.function.file, each.function), each.call.conditions)) for each in before
    )
    around = requirements(Place(head, new.function.file, new.function), new.call.conditions)
    return (
        was_compared
        and not compared(around)
        and not any(
            each.condition.kind != "select" and (each.condition.test is None or spares(each)) for each in around
        )
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


def still_there(change: Change, path: str, key: str) -> bool:
    """Say whether a function of a file, as both were called before the change, is there after it."""
    file = next((each for each in change.go_files if each.old_path == path), None)
    return file is None or (file.head is not None and file.head.function(key) is not None)


def lost_guard(change: Change, old: Request, new: Request) -> Condition | None:
    """Give the condition that spared a request in the normal course before the change, where none does so after it: the test
    is gone, or is asked behind the request. None where it moved into another function."""
    before = _sparing(change.base_index, old)
    if not before or _sparing(change.head_index, new) or _ends_before(change, new):
        return None
    gone = before[-1].condition
    return None if gone.test is None or _asked_elsewhere(change, gone, new.function) else gone


def _sparing(index: PackageIndex, request: Request) -> list[Requirement]:
    place = Place(index, request.function.file, request.function)
    around = (*requirements(place, request.call.conditions), *request.inner)
    return [each for each in around if each.condition.kind in {"if", "guard", "else", "case"} and spares(each)]


def _ends_before(change: Change, request: Request) -> bool:
    """Say whether a return that the change added ends the function in front of a request in the normal course."""
    function = request.function
    file = next((each for each in change.go_files if each.path == function.file.path), None)
    return file is not None and any(
        syntax.line(statement) in file.diff.added
        and statement.end_byte <= request.call.node.start_byte
        and any(map(spares, requirements(Place(change.head_index, function.file, function), around)))
        for statement, closures in function.facts.returns
        if not closures and (around := conditions_at(function, statement))
    )


def _asked_elsewhere(change: Change, gone: Condition, function: Function) -> bool:
    """Say whether what a condition asked for, one of its names at least, decides something on an added line of another function:
    it moved there."""
    assert gone.test is not None
    names = {
        syntax.text(node)
        for node in syntax.walk(gone.test)
        if node.type in {"identifier", "field_identifier"} and syntax.text(node) not in _TRIVIAL
    }
    words = {name.lower() for name in names}
    for file in change.go_files:
        for line, added in file.diff.added.items():
            if file.path == function.file.path and function.line <= line <= function.end_line:
                continue
            if _DECIDES.search(added) and words & {word.lower() for word in re.findall(r"\w+", added)}:
                return True
    return False


_DECIDES = re.compile(r"\bif\b|\bcase\b|&&|\|\||\breturn\b")
_TRIVIAL = frozenset({"len", "err", "ok", "_", "string", "int", "append", "cap"})
