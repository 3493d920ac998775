"""Loops that grow with a cluster, around a call that a change brings."""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import collections
from analyzers.kubernetes.requests import scans


def in_growing_loop(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a call stands in a loop over something that grows with the cluster, or over a whole cache."""
    for loop in call.loops:
        if loop.kind != "range" or loop.collection is None:
            continue
        if collections.growing(index, function.file, function, loop.collection) is not None:
            return True
        read = function.facts.call_at(syntax.unparenthesized(loop.collection))
        if read is not None and scans.scan(index, function, read) is not None:
            return True
    return False
