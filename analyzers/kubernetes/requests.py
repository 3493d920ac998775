"""Every API request that a function sends, itself or through a wrapper."""

from collections.abc import Collection
from weakref import WeakKeyDictionary

from analyzers.golang.declaration import Function
from analyzers.golang.packages import PackageIndex
from analyzers.golang.source import SourceFile
from analyzers.kubernetes.direct import direct_requests, looks_like_request
from analyzers.kubernetes.request import COLLECTIONS, READS, Request, Scope
from analyzers.kubernetes.wrappers import wrapped_requests

__all__ = ["COLLECTIONS", "READS", "Request", "Scope", "may_send", "requests"]

_Key = tuple[str, str, int]
_found: WeakKeyDictionary[PackageIndex, dict[_Key, list[Request]]] = WeakKeyDictionary()


_NEAR = 4
"""Lines around a changed one on which the method of a chain of calls may stand."""


def may_send(file: SourceFile, function: Function, lines: Collection[int]) -> bool:
    """Say whether a request may stand on or near one of the lines of a function, by the look of the text alone."""
    first = function.region.row + 1
    last = first + file.source.count(b"\n", function.region.start, function.region.end)
    near = {
        around
        for line in lines
        if first <= line <= last
        for around in range(max(first, line - _NEAR), min(last, line + _NEAR) + 1)
    }
    return any(looks_like_request(file.line_text(line)) for line in near)


def requests(
    index: PackageIndex, file: SourceFile, function: Function, lines: Collection[int] | None = None
) -> list[Request]:
    """Give the requests of `function` of `file`, function literals included, in source order.

    With `lines`, wrappers are looked for on these lines only, which costs less; what the function sends itself is always given.
    A Request with `live` False is a read that a cache in the process answers; one with `list_watch` belongs to an informer.
    """
    known = _found.setdefault(index, {})
    key = (file.path, file.id, function.region.start)
    if key not in known:
        known[key] = direct_requests(index, file, function)
    direct = known[key]
    wrapped = wrapped_requests(index, file, function, direct, lines)
    return sorted([*direct, *wrapped], key=lambda each: (each.line, each.call.node.start_byte)) if wrapped else direct
