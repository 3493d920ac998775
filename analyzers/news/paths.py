"""Whether code is on a critical path, by its own signature, through those who call it, or as its folder hints."""

from collections.abc import Iterable

from analyzers.analysis.change import Change, once
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Closure
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.execution.callpaths import CallPaths
from analyzers.kubernetes.execution.critical_paths import CriticalPath


@once
def call_paths(change: Change) -> CallPaths:
    """Give the call paths of the program after the change."""
    return CallPaths(change.head_index)


def path_of(change: Change, function: Function, closures: Iterable[Closure] = ()) -> CriticalPath | None:
    """Give the critical path that code in `function` (inside `closures` of it) is on, None if nothing says so.

    What Filter or a reconcile calls runs as often as they do, through whatever it is called.
    """
    closures = tuple(closures)
    found = call_paths(change).worst_to(function, closures)
    if found.root in {"start-up", "informer", "poll"} or found.rare:
        return None
    if found.critical is None and critical_paths.in_parallel(closures):
        return CriticalPath("a parallel loop", "tick")
    return found.critical
