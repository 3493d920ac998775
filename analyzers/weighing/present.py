"""What a deep review adds: what was there before in the functions a change touches, and what is asked before and after."""

from collections.abc import Iterator
from functools import partial

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import code
from analyzers.analysis.report import Present
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import scale
from analyzers.kubernetes.execution.callpaths import CallPath
from analyzers.kubernetes.requests import scans
from analyzers.kubernetes.requests.asked import Asked, Row, difference
from analyzers.kubernetes.requests.inventory import Inventory
from analyzers.kubernetes.requests.requests import Request, requests
from analyzers.news.paths import call_paths
from analyzers.news.requests import (
    NewRequest,
    component_of,
    counts,
    new_requests,
    reached,
    sending_functions,
    touched,
)
from analyzers.weighing.load import load
from analyzers.weighing.witness import witness

MOST = 200
"""Things that are told of one change; a change of the whole repository is no question about what was there."""


def asked(change: Change) -> tuple[Asked, ...]:
    """Give what differs in what the change's hand-written Go files ask of the API server."""
    before: list[Row] = []
    after: list[Row] = []
    old, new = Inventory(change.base_index), Inventory(change.head_index)
    for file in change.go_files:
        where = partial(component_of, change, file)
        before += old.of(file.base, where) if file.base else ()
        rows = new.of(file.head, where) if file.head else ()
        # Of equal ones those on old lines are paired first: what is left stands where the change is.
        after += sorted(rows, key=lambda row: file.added(row["line"], row["line"]))
    return difference(before, after)


def present(change: Change) -> tuple[Present, ...]:
    """Give the requests and the walks through caches that were there before in the functions that the change touches.

    Those that a rule may speak of, because they are new or cost more now, are not among them; what was only written
    differently is. At most MOST: the file at which these end is said to be skipped.
    """
    found: list[Present] = []
    for file in change.go_files:
        for each in (*_requests(change, file), *_scans(change, file)):
            if len(found) >= MOST:
                change.skip(file.path, f"more than {MOST} requests and walks were there before: the rest is not listed")
                return tuple(found)
            found.append(each)
    return tuple(sorted(found, key=lambda each: (each.path, each.line)))


def _requests(change: Change, file: ChangedFile) -> Iterator[Present]:
    news = {(each.request.path, each.request.line, each.request.key) for each in new_requests(change)}
    before = {
        request.key
        for function in file.old_functions()
        for request in _sent(change.base_index, function.file, function)
    }
    for function in sending_functions(file):
        for request in _sent(change.head_index, function.file, function):
            if (request.path, request.line, request.key) in news:
                continue
            if touched(request, file) and request.key not in before:
                continue
            there = reached(change, call_paths(change), request, file, "there", None)
            if there.path.root != "informer":
                yield Present(
                    path=request.path,
                    line=request.line,
                    function=function.key,
                    what=_what(request),
                    often=_often(there, change),
                    witness=witness(there.path),
                )


def _sent(index: PackageIndex, file: SourceFile, function: Function) -> list[Request]:
    return [each for each in requests(index, file, function) if counts(each)]


def _what(request: Request) -> str:
    through = f", through {code(request.via.key, 60)}" if request.via is not None else ""
    return f"{code(request.what)}{through}"


def _often(there: NewRequest, change: Change) -> str:
    """How often it is sent, and how many that are a second or how much they carry, where that is known."""
    words = rhythm(there.path)
    if there.component.every_node:
        words = f"{words}, on every node" if words else "on every node"
    if there.request.background or there.path.rare or there.path.after_a_miss:
        return words
    estimate, _ = load(there, change).told()
    told = " = " in estimate.formula or estimate.bytes is not None  # else it says once more how often
    return "; ".join(filter(None, (words, code(estimate.formula, 200) if told else "")))


def _scans(change: Change, file: ChangedFile) -> Iterator[Present]:
    for function in file.functions():
        for call in function.calls:
            if call.name not in scans.METHODS or file.added(call.statement_line, call.statement_end_line):
                continue
            found = scans.scan(change.head_index, function, call)
            if found is not None:
                path = call_paths(change).worst(function, call)
                yield Present(file.path, call.line, function.key, _walk(found), rhythm(path), witness(path))


def _walk(found: scans.Scan) -> str:
    what = found.resource or "objects"
    which = "under one value of an index" if found.constant else "of one namespace"
    walked = f"all {what} in a cache" if found.everywhere and not found.indexed else f"{what} in a cache, {which}"
    if found.indexed:
        walked = f"{what} in a cache, by an index"
    return f"walk through {walked}{', copying each' if found.copies else ''}"


_PER = {
    "pod and node": "for each node that is tried for a pod",
    "pod": "for each pod",
    "cycle": "for each scheduling cycle",
    "request": "for each request",
    "event": "for each event",
    "object": "for each object that is reconciled",
}
_ROOT = {
    "event": "for each event",
    "poll": "again and again while something is waited for",
    "start-up": "once, at the start",
}


def rhythm(path: CallPath) -> str:
    """Say how often a place is reached by its path, "" where that is not seen."""
    words = _ROOT.get(path.root, "")
    if path.critical is not None:
        words = _PER.get(path.critical.per, words) if not path.critical.hinted else ""
    if path.root == "periodic" and path.repetition is not None:
        repeated = path.repetition
        words = f"every {scale.human_count(repeated.seconds)} s" if repeated.seconds else "on a timer"
    collections = (item.loop.collection for item in path.loops)
    looped = [f"for each of {code(syntax.text(each), 40)}" for each in collections if each is not None]
    rare = "only after a failure, or at an object's end" if path.rare else ""
    missed = "where a cache had nothing" if path.after_a_miss else ""
    return ", ".join(filter(None, (words, *looped, rare, missed)))
