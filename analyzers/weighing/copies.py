"""Weighing of copies: worth a comment only where one is made again and again."""

from collections.abc import Sequence

from analyzers.analysis.diagnostic import code
from analyzers.analysis.subject import Copy
from analyzers.kubernetes.execution import critical_paths

_OFTEN = frozenset({"pod and node", "pod", "cycle", "request"})
_WORTH_A_WRITE = 500
"""Bytes below which a copy is nothing on the admission path, in front of which an object of some kilobytes was decoded."""


def loud(copy: Copy) -> bool:
    """Say whether a copy is a comment: on a path that runs for each pod, node or request. Elsewhere it is a notice: a reconcile
    sends requests for its object, beside which a copy is nothing.

    Of 22 comments on range copies that were judged, one was wanted, none of 5 on copies for a reconcile, and none of 10 on
    copies for a webhook, which decodes what it is asked about.
    """
    if copy.locks:
        return True
    if copy.path is None:
        return False
    if copy.path == critical_paths.ADMISSION and copy.bytes < _WORTH_A_WRITE:
        return False
    return copy.path.per in _OFTEN and not copy.path.of_one_kind


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
