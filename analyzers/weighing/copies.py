"""Weighing of copies: worth a comment only where one is made again and again."""

from collections.abc import Sequence

from analyzers.analysis.diagnostic import code
from analyzers.analysis.subject import Copy

_EACH_CALL = frozenset({"pod and node", "pod", "cycle", "request", "tick", "object", "event"})
_EACH_ITEM = _EACH_CALL - {"event"}


def loud(copy: Copy) -> bool:
    """Say whether a copy is a comment: on a path that runs for each pod, node, request or object. Elsewhere it is a notice,
    as is a loop in an event's handler: what goes through one namespace for an event has other costs.

    Of 22 comments on range copies that were judged, one was wanted; those that were not stood on no such path.
    """
    return copy.locks or (copy.path is not None and copy.path.per in (_EACH_CALL if copy.per == "call" else _EACH_ITEM))


def told(copies: Sequence[Copy]) -> str:
    """Say what copies that are made at one place cost, the largest first."""
    sizes = {each.type_name: each for each in sorted(copies, key=lambda each: -each.bytes)}
    first = next(iter(sizes.values()))
    listed = " and ".join(f"{size(each)} ({code(each.type_name)})" for each in sizes.values())
    where = f", {first.path.where}" if first.path is not None else ""
    return f"Every {'call' if first.per == 'call' else 'iteration'} copies {listed}{where}."


def size(copy: Copy) -> str:
    """Give a copy's size in words."""
    return f"{'' if copy.exact else 'at least '}{copy.bytes:,} bytes"
