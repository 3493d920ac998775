"""Every API request that a function sends, itself or through a wrapper."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.requests.direct import direct_requests
from analyzers.kubernetes.requests.request import COLLECTIONS, READS, Request, Scope
from analyzers.kubernetes.requests.wrapped import wrapped_requests

__all__ = ["COLLECTIONS", "READS", "Request", "Scope", "requests", "sent_at"]

_Key = tuple[str, str, int]
_found: WeakKeyDictionary[PackageIndex, dict[_Key, list[Request]]] = WeakKeyDictionary()


def _extent(function: Function) -> tuple[int, int]:
    """The first line of a function's region and its last, without a parse; comments behind it are counted in."""
    first = function.region.row + 1
    return first, first + function.file.source.count(b"\n", function.region.start, function.region.end)


def _within(lines: Sequence[int], first: int, last: int) -> Sequence[int]:
    return lines[bisect_left(lines, first) : bisect_right(lines, last)]


def requests(
    index: PackageIndex, file: SourceFile, function: Function, lines: Sequence[int] | None = None
) -> list[Request]:
    """Give the requests of `function` of `file`, function literals included, in source order.

    With `lines`, which are sorted, wrappers are looked for on these only, which costs less; what the function sends itself
    is always given.
    A Request with `live` False is a read that a cache in the process answers; one with `list_watch` belongs to an informer.
    """
    known = _found.setdefault(index, {})
    key = (file.path, file.id, function.region.start)
    if key not in known:
        known[key] = direct_requests(index, file, function)
    direct = known[key]
    touched = None if lines is None else frozenset(_within(lines, *_extent(function)) if lines else ())
    wrapped = wrapped_requests(index, file, function, direct, touched)
    return sorted([*direct, *wrapped], key=lambda each: (each.line, each.call.node.start_byte)) if wrapped else direct


def sent_at(index: PackageIndex, function: Function, call: Call) -> Request | None:
    """Give the request that a call of a function sends itself, None for all else."""
    return next((each for each in requests(index, function.file, function, ()) if each.call is call), None)
