"""Whether code is on a critical path, by its own signature, through those who call it, or as its folder hints."""

from collections.abc import Iterable

from analyzers.analysis.change import Change, once
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Closure
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.execution.callpaths import CallPath, CallPaths, hint_of
from analyzers.kubernetes.execution.critical_paths import CriticalPath


@once
def call_paths(change: Change) -> CallPaths:
    """Give the call paths of the program after the change."""
    return CallPaths(change.head_index)


def path_of(change: Change, function: Function, closures: Iterable[Closure] = ()) -> CriticalPath | None:
    """Give the critical path that code in `function` (inside `closures` of it) is on, None if nothing says so.

    What Filter or a reconcile calls runs as often as they do, through whatever it is called. Where a timer is all that is
    seen above, or an object's reconcile, the functions on the way tell more if Kubernetes' own names or folders do.
    """
    closures = tuple(closures)
    found = call_paths(change).worst_to(function, closures)
    if found.root == "start-up" and not closures and (below := _handed_on(found)):
        handed = (hint_of(change.head_index, each) for each in reversed(below))
        return next((hint for hint in handed if hint is not None and hint.hot), None)
    if found.root in {"start-up", "informer", "poll"} or found.rare:
        return None
    # A loop's rounds are few: what counts of it is what its own package does in one, not all that it ever calls.
    elsewhere = found.functions[0].file.folder != function.file.folder
    if found.critical is not None and found.critical.per == "tick" and elsewhere:
        own = hint_of(change.head_index, function)
        return own if own is not None and own.hot else None
    if found.critical is not None and found.critical.hot:
        return found.critical
    hints = [
        hint
        for each in reversed(found.functions)
        if (hint := hint_of(change.head_index, each)) is not None and hint.hot
    ]
    named = next((hint for hint in hints if not hint.hinted), None)
    if found.critical is critical_paths.RECONCILER and hints:
        return (
            named or hints[0]
        )  # what a queue gives is no object that is reconciled: the scheduler takes its pods from one
    if named is not None or found.critical is not None:
        return named or found.critical
    if critical_paths.in_parallel(closures):
        return CriticalPath("a parallel loop", "tick")
    return next(iter(hints), None) if found.root == "periodic" else None


def each_time(change: Change, function: Function, closures: Iterable[Closure] = ()) -> bool:
    """Say whether nothing on the way to code spares it: it runs as often as its path does."""
    found = call_paths(change).worst_to(function, tuple(closures))
    return not any(conditions.spares(each) for each in found.conditions)


def _handed_on(path: CallPath) -> tuple[Function, ...]:
    """Give the functions on a path from the last one on that is handed on there as a value, and called by somebody else: a
    predicate that its constructor gives; none if each is called."""
    for number in range(len(path.functions) - 1, 0, -1):
        above, below = path.functions[number - 1], path.functions[number]
        if not any(call.name == below.name for call in above.calls):
            return path.functions[number:]
    return ()
