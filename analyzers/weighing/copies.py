"""Weighing of copies: worth a comment only where one is made again and again."""

from collections.abc import Sequence

from analyzers.analysis.diagnostic import code
from analyzers.analysis.subject import Copy

_OFTEN = frozenset({"pod and node", "pod", "cycle", "request"})
_MANY = frozenset(
    {"Pod", "PodSpec", "PodTemplateSpec", "Container", "Node", "NodeInfo", "NodeClaim", "PersistentVolume"}
)
"""Types of which a cluster holds up to 150,000, and their parts: what is asked or reconciled for each of them runs as often."""


def loud(copy: Copy) -> bool:
    """Say whether a copy is a comment: on a path that runs for each pod, node or request, also where what is copied is what a
    reconcile or a webhook is called for. Elsewhere it is a notice: what else is done there costs more.

    Of 22 comments on range copies that were judged, one was wanted; those that were not stood on no such path.
    """
    if copy.locks:
        return True
    if copy.path is None:
        return False
    if copy.per == "call" and copy.type_name.rpartition(".")[2] in _MANY:
        return copy.path.per in _OFTEN or copy.path.per in {"object", "event"}
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
