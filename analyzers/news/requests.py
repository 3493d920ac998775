"""What is new among the requests of a change: what was only moved, renamed or written differently is no news.

A request is known by verb, resource and scope, counted over the whole change: one that was removed anywhere pays for
an equal one added anywhere else, however its receiver is spelled. But a request moved to where it costs more (into a loop
over items, a repeated function, code of every node) is news, and so is one whose guard was removed.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.types import Named
from analyzers.kubernetes import kinds
from analyzers.kubernetes.execution import critical_paths, node_programs, volumes
from analyzers.kubernetes.execution.callpaths import CallPath, CallPaths, ItemLoop
from analyzers.kubernetes.execution.components import Component, Kind, component
from analyzers.kubernetes.execution.periods import Repetition
from analyzers.kubernetes.execution.reconciled import may_be_many, reconciled
from analyzers.kubernetes.passes import come_to
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.kubernetes.requests.request import WEBHOOK
from analyzers.kubernetes.requests.requests import Request, requests
from analyzers.news.concerned import taken_in
from analyzers.news.paths import call_paths
from analyzers.news.replaced import AddedRequest, Because, lost_guard, still_there, unpaid
from analyzers.news.uncached import replaces_cache, was_cached

_GUARD = re.compile(r"^\s*(\} else )?if\b|^\s*case\b")
_CSI_CONTROLLER = re.compile(
    r"\bcsi\.((Create|Delete)(Volume|Snapshot)|Controller\w{1,40}|List(Volumes|Snapshots)|ValidateVolumeCapabilities|GetCapacity)"
    r"Request\b"
)
"""What a CSI driver's controller is asked (container-storage-interface/spec, service Controller)."""
_MOST_FUNCTIONS = 200
"""In a change of more functions wrappers are not looked for: it would take seconds."""


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


@once
def new_requests(change: Change) -> list[NewRequest]:
    """Give the new live requests of a change in order; those of a ListWatch are an informer's and not among them."""
    news = list(_news(change))
    paths = call_paths(change)
    made = [reached(change, paths, *each) for each in news]
    return [each for each in made if each.path.root != "informer" and not _is_small_loss(each)]


def _is_small_loss(new: NewRequest) -> bool:
    """Say whether a GET left the watch cache where it does not matter: it does on 5,000 nodes."""
    return new.because == "widened" and new.request.verb == "GET" and not new.component.every_node


def reached(
    change: Change, paths: CallPaths, request: Request, file: ChangedFile, because: Because, gap: int | None
) -> NewRequest:
    """Give a request after the change with where it runs and how it is reached, whatever the change did to it."""
    path = paths.worst(request.function, request.call)
    where = component_of(change, file, request.function)
    if path.critical is critical_paths.NODE_SERVICE and not where.every_node:
        where = Component("node service", Kind.NODE)
    if not where.every_node and path.root not in {"unknown", "start-up"}:
        first = path.functions[0]
        began = node_programs.component_of(change.head_index, first.file.path, component(first.file.path), first)
        # Shared code, to which a program of the nodes leads, or a person's.
        where = began if began.every_node else where
    if path.root != "unknown" and component(path.functions[0].file.path).kind is Kind.CLI:
        where = component(path.functions[0].file.path)
    if where.every_node and any(_CSI_CONTROLLER.search(critical_paths.signature(each)) for each in path.functions):
        where = volumes.IN_CONTROLLER  # one program is both, and each side calls its own
    if request.every is not None:
        path = replace(path, root="periodic", repetition=Repetition("periodic", request.every, ""))
    if request.inner:
        path = replace(path, conditions=(*path.conditions, *request.inner))
    if request.within:
        path = replace(path, loops=(*path.loops, *(ItemLoop(function, loop) for function, loop in request.within)))
    return NewRequest(request, file, because, where, path, gap)


def each_of(change: Change, new: NewRequest) -> Named | None:
    """Give the kind of which there may be many, each pass over each of whose objects sends a request, or over each that asks for
    it; None for all else."""
    kind = reconciled(change.head_index, new.path.functions) if come_to(new.path) != "some" else None
    return kind if kind is not None and may_be_many(change.head_index, kind) is not False else None


def component_of(change: Change, file: ChangedFile, function: Function | None = None) -> Component:
    """Give the component that a file runs in after the change; of a volume plugin the function tells."""
    return node_programs.component_of(change.head_index, file.path, file.component, function)


def keeps_its_own(change: Change, file: ChangedFile, function: Function, resource: str) -> bool:
    """Say whether code runs on every node and keeps, of a resource that grows with the cluster, what is on its node: few."""
    if resource not in kinds.RESOURCES - kinds.WHOLE_ON_NODES:
        return False
    return file.component.every_node or component_of(change, file, function).every_node


def _news(change: Change) -> Iterator[tuple[Request, ChangedFile, Because, int | None]]:
    added: list[AddedRequest] = []
    unguarded: list[AddedRequest] = []
    files = [file for file in change.go_files if not _is_client(change, file) and not taken_in(file)]
    many = sum(len(list(sending_functions(file))) for file in files) > _MOST_FUNCTIONS
    for file in files:
        guards, lines = _removed_guards(file), sorted(file.diff.added)
        for function in sending_functions(file):
            unguards = guards and bisect(guards, function.end_line) > bisect(guards, function.line)
            found = [
                each
                for each in requests(change.head_index, function.file, function, () if many else lines)
                if counts(each)
            ]
            added += [AddedRequest(each, file) for each in found if touched(each, file)]
            kept = [each for each in found if not touched(each, file)]
            if kept and unguards:
                unguarded += _unguarded(change, file, function, kept)
    if not added and not unguarded:
        return
    removed: list[Request] = []
    for file in files:
        lines = sorted(file.diff.removed)
        for function in _old_functions(file):
            removed += [
                each
                for each in requests(change.base_index, function.file, function, () if many else lines)
                if not each.list_watch and _was_touched(each, file)
            ]
    reads = [each for each in removed if not each.live]
    # A wrapper that is gone sent nothing but what its callers asked of it: their calls pay, it does not pay once more.
    asked = {(each.method, each.key) for each in removed if each.via is not None}
    # A method may have become a function of the same name.
    moved = {(each.request.function.name, each.request.key) for each in added if each.request.via is None}
    removed = [
        each
        for each in removed
        if (each.function.name, each.key) not in asked
        or (each.function.name, each.key) in moved
        or still_there(change, each.path, each.function.key)
    ]
    removed = [each for each in removed if each.live and each.kind != WEBHOOK]
    uncached = [
        each
        for each in added
        if (replaces_cache(change, each) or was_cached(reads, each.request)) and not _was_sent(removed, each.request)
    ]
    moved_calls = _moved_calls([each for each in added if each not in uncached], reads)
    news = list(unpaid(change, [each for each in added if each not in uncached and each not in moved_calls], removed))
    own = {(request.path, request.function.key, request.key) for request, _, _ in news}
    for request, file, because in news:
        if request.via is not None and _sent_as_often(change, request, file):
            continue  # by itself: what did so is a function of its own now
        # What a wrapper sends is judged there, if it is new itself.
        if (
            request.via is None
            or because == "moved"
            or all((each.file.path, each.key, request.key) not in own for each in request.through)
            # A library that a program of every node calls: what it costs is to be seen here.
            or (file.component.every_node and not component(request.via.file.path).every_node)
        ):
            yield request, file, because, None
    for each in uncached:
        yield each.request, each.file, "uncached", None
    for each in unguarded:
        yield each.request, each.file, "unguarded", each.gap


def _moved_calls(added: list[AddedRequest], reads: list[Request]) -> list[AddedRequest]:
    """The calls of a wrapper that moved from another function, where nobody saw which client it was given."""
    waiting, found = list(reads), []
    for each in added:
        new = each.request
        old = next(
            (
                old
                for old in waiting
                if new.via is not None
                and old.via is not None
                and (old.method, old.key, old.via.key) == (new.method, new.key, new.via.key)
                and old.function.key != new.function.key
            ),
            None,
        )
        if old is not None:
            waiting.remove(old)
            found.append(each)
    return found


def _sent_as_often(change: Change, request: Request, file: ChangedFile) -> bool:
    """Say whether the function that calls a wrapper sent what that sends no less often before."""
    function = request.function
    old = file.base.function(function.key) if file.base is not None else None
    if old is None:
        return False
    before = [each for each in requests(change.base_index, old.file, old) if each.live and each.key == request.key]
    after = [
        each for each in requests(change.head_index, function.file, function) if each.live and each.key == request.key
    ]
    return len(after) <= len(before)


def _was_sent(removed: list[Request], new: Request) -> bool:
    """Say whether the same wrapper was called for the same live request before, in the same function."""
    return new.via is not None and any(
        old.via is not None and (old.via.key, old.key, old.function.key) == (new.via.key, new.key, new.function.key)
        for old in removed
    )


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
    return source is not None and implements_client(change.head_index, change.head_index.import_path(source))


def counts(request: Request) -> bool:
    """Say whether a request burdens the API server each time its line is run."""
    return request.live and not request.list_watch and request.kind != WEBHOOK


def sending_functions(file: ChangedFile) -> Iterator[Function]:
    """Yield what the change touches in a file and what may send requests: functions, and variables' initial values."""
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


def touched(request: Request, file: ChangedFile) -> bool:
    """Say whether the change added a line of a request's own statement."""
    return any(line in file.diff.added for line in _lines(request))


def _was_touched(request: Request, file: ChangedFile) -> bool:
    return any(line in file.diff.removed for line in _lines(request))


def _unguarded(change: Change, file: ChangedFile, function: Function, kept: list[Request]) -> Iterator[AddedRequest]:
    """Yield the requests that stood behind a condition which the change removed without putting another in its place."""
    old = file.base.function(function.key) if file.base else None
    if old is None:
        return
    before = [each for each in requests(change.base_index, old.file, old, ()) if counts(each)]
    for request in kept:
        number = [each for each in kept if each.key == request.key].index(request)
        equals = [each for each in before if each.key == request.key and not _was_touched(each, file)]
        gone = lost_guard(change, equals[number], request) if number < len(equals) else None
        if gone is not None:
            gap = file.diff.successors.get(gone.node.start_point[0] + 1)
            if gap is not None:
                yield AddedRequest(request, file, "unguarded", gap)
