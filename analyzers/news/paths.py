"""Whether code is on a critical path, by its own name and place or through those who call it."""

from collections.abc import Iterable, Iterator

from analyzers.analysis.change import Change
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Closure
from analyzers.kubernetes.execution import callbacks, critical_paths
from analyzers.kubernetes.execution.critical_paths import CriticalPath

# Callers are asked for so many levels, and so many of each function.
_LEVELS = 4
_MOST_CALLERS = 12


def path_of(change: Change, function: Function, closures: Iterable[Closure] = ()) -> CriticalPath | None:
    """Give the critical path that code in `function` (inside `closures` of it) is on, None if nothing says so.

    Where the function itself does not tell, its callers do: what Filter or syncPod calls runs as often as they do.
    """
    own = critical_paths.within(function, closures)
    if own is not None and own.hot:
        # What looks like once a pod may be called for each node.
        above = _reached(change, function) if own is critical_paths.SCHEDULING_A_POD else None
        return above if above is critical_paths.SCHEDULING else own
    if critical_paths.starts_up(function):
        return own
    return _reached(change, function) or own


def _reached(change: Change, function: Function) -> CriticalPath | None:
    seen = {(function.file.path, function.key)}
    level, best = [function], None
    for _ in range(_LEVELS):
        following: list[Function] = []
        for callee in level:
            for caller, closures in _callers(change, callee):
                identity = (caller.file.path, caller.key)
                if identity in seen or caller.file.test:
                    continue
                seen.add(identity)
                found = critical_paths.within(caller, closures)
                if found is not None and found.hot:
                    return found
                best = best or found
                if not critical_paths.starts_up(caller):
                    following.append(caller)
        level = following
    return best


def _callers(change: Change, callee: Function) -> Iterator[tuple[Function, Iterable[Closure]]]:
    """The functions that call another one, with the literals around the call; where it is handed on, those that call what
    it was put in."""
    index = change.head_index
    for site in change.graph(callee.file.path).callers(callee)[:_MOST_CALLERS]:
        invocations: Iterable[callbacks.Invocation] | None = None
        if site.kind == "value" and site.call is not None:
            invocations = callbacks.given(index, site.caller, site.call, site.argument)
        elif site.kind == "value" and site.key and site.key not in critical_paths.HANDLER_KEYS:
            field = site.key.rpartition(".")[2]
            invocations = list(callbacks.field_calls(index, index.package_of(site.caller.file.path), field)) or None
        if invocations is None:
            yield site.caller, site.closures
        else:
            yield from ((each.function, each.call.closures) for each in invocations)
