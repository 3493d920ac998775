"""CallPath: from a root (a ticker, a handler, a reconcile, a main) down to a line, with the factors along it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from analyzers.golang.callgraph import CallGraph, CallSite
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Call, Closure, Loop
from analyzers.golang.packages import PackageIndex
from analyzers.kubernetes import critical_paths
from analyzers.kubernetes.callbacks import Invocation, field_calls, invocations
from analyzers.kubernetes.critical_paths import CriticalPath
from analyzers.kubernetes.flows import reaches
from analyzers.kubernetes.periods import Repetition, repeated_by_loop, repetition, takes_from_queue

Root = Literal["critical", "periodic", "event", "poll", "start-up", "unknown"]
_RANK: dict[str, int] = {"critical": 5, "periodic": 4, "event": 3, "poll": 2, "unknown": 1, "start-up": 0}
_LONGEST = 5
_MOST_FUNCTIONS = 40


@dataclass(frozen=True, slots=True, eq=False)
class ItemLoop:
    """A loop that goes through things, one of which reaches the call in it; `function` holds it."""

    function: Function
    loop: Loop


@dataclass(frozen=True, slots=True, eq=False)
class CallPath:
    """How a line is reached.

    root: "critical" (each pod, each request: `critical` says which), "periodic" (`repetition`), "event" (an informer's
    handler, a queue's worker, a reconcile), "poll" (repeated until something is so), "start-up" (once), "unknown" (who
    calls it was not seen). functions are those on the way, the root first; loops are the loops over items that hold
    the call or one of its callers.
    """

    root: Root
    functions: tuple[Function, ...]
    loops: tuple[ItemLoop, ...] = ()
    repetition: Repetition | None = None
    critical: CriticalPath | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """How bad: the root, then how many loops."""
        return _RANK[self.root], len(self.loops)


class _Place(NamedTuple):
    """A call in a function, and the way down from it to the line that is asked about."""

    function: Function
    closures: tuple[Closure, ...]
    loops: tuple[Loop, ...]
    call: Call | None
    way: tuple[Function, ...]
    items: tuple[ItemLoop, ...]


class CallPaths:
    """The call paths in one tree: within a function's package, or within what `graph` gives for its file's path."""

    def __init__(self, index: PackageIndex, graph: Callable[[str], CallGraph] | None = None) -> None:
        self._index = index
        self._given = graph
        self._graphs: dict[str, CallGraph] = {}

    def worst(self, function: Function, call: Call) -> CallPath:
        """Give the worst path to a call in a function."""
        best = None
        for path in self._to(function, call):
            if best is None or path.rank > best.rank:
                best = path
            if best.root == "critical":
                break
        return best or CallPath("unknown", (function,))

    def _to(self, function: Function, call: Call) -> Iterator[CallPath]:
        waiting = [_Place(function, call.closures, call.loops, call, (function,), ())]
        seen = {(function.file.path, function.key)}
        while waiting:
            place = waiting.pop(0)
            place = place._replace(items=(*self._items(place), *place.items))
            root = self._root(place)
            if root is not None:
                yield root
                if root.root in {"critical", "periodic", "event", "poll"}:
                    continue
            above = list(self._above(place)) if len(place.way) <= _LONGEST and len(seen) < _MOST_FUNCTIONS else []
            ended = True
            for found in above:
                if isinstance(found, CallPath):
                    ended = False
                    yield found
                elif (key := (found.function.file.path, found.function.key)) not in seen:
                    ended = False
                    seen.add(key)
                    waiting.append(found)
            if ended and root is None:
                yield CallPath("unknown", place.way, place.items)

    def _above(self, place: _Place) -> Iterator[CallPath | _Place]:
        """What calls a place: paths that end there, and places further up."""
        function, way, items = place.function, place.way, place.items
        if place.closures:
            handed = invocations(self._index, function, place.closures[-1])
            if handed is not None:
                yield from (self._at(found, way, items) for found in handed)
                return
        for site in self._graph(function).callers(function):
            if site.caller.file.test:
                continue
            if site.kind != "value":
                yield _Place(site.caller, site.closures, site.loops, site.call, (site.caller, *way), items)
                continue
            repeated = self._repeated(site)
            if repeated is not None and repeated.kind != "retry":
                if repeated.kind == "periodic" and takes_from_queue(function):
                    yield CallPath("event", (site.caller, *way), items)
                else:
                    yield CallPath(
                        "periodic" if repeated.kind == "periodic" else "poll", (site.caller, *way), items, repeated
                    )
            elif site.key in critical_paths.HANDLER_KEYS:
                yield CallPath("event", (site.caller, *way), items, None, critical_paths.HANDLER)
            elif site.call is None and not site.key:
                # An element of a list of functions, which goes through them itself.
                yield _Place(site.caller, site.closures, site.loops, None, (site.caller, *way), items)
            elif site.call is None:
                # Kept in a field: who calls the field calls it.
                package = self._index.package_of(site.caller.file.path)
                yield from (
                    self._at(found, way, items)
                    for found in field_calls(self._index, package, site.key.rpartition(".")[2])
                )

    def _at(self, found: Invocation, way: tuple[Function, ...], items: tuple[ItemLoop, ...]) -> _Place:
        return _Place(found.function, found.call.closures, found.call.loops, found.call, (found.function, *way), items)

    def _items(self, place: _Place) -> tuple[ItemLoop, ...]:
        call = place.call
        if call is None:
            return ()
        return tuple(
            ItemLoop(place.function, loop)
            for loop in place.loops
            if loop.kind != "infinite" and reaches(place.function, loop, call)
        )

    def _repeated(self, site: CallSite) -> Repetition | None:
        if site.kind == "value" and site.call is not None:
            return repetition(self._index, site.caller.file, site.caller, site.call, site.argument)
        return None

    def _root(self, place: _Place) -> CallPath | None:
        index, function = self._index, place.function
        for closure in reversed(place.closures):
            if closure.role == "value" and closure.name in critical_paths.HANDLER_KEYS:
                return CallPath("event", place.way, place.items, None, critical_paths.HANDLER)
            if closure.role == "argument" and closure.call is not None:
                repeated = repetition(index, function.file, function, closure.call, closure.argument)
                if repeated is not None and repeated.kind != "retry":
                    return CallPath(
                        "periodic" if repeated.kind == "periodic" else "poll", place.way, place.items, repeated
                    )
        critical = critical_paths.within(function, place.closures)
        if critical is not None and critical.per == "tick" and critical_paths.critical_path(function) is None:
            critical = None  # a parallel loop: how often it runs, its callers say
        if critical is not None and critical.per in {"pod and node", "pod", "request"}:
            return CallPath("critical", place.way, place.items, None, critical)
        for loop in reversed(place.loops):
            repeated = repeated_by_loop(index, function.file, function, loop)
            if repeated is not None:
                return CallPath("periodic" if repeated.kind == "periodic" else "poll", place.way, place.items, repeated)
        if critical is not None:
            return CallPath("periodic" if critical.per == "tick" else "event", place.way, place.items, None, critical)
        if takes_from_queue(function):
            return CallPath("event", place.way, place.items)
        if critical_paths.starts_up(function) and not place.closures:
            return CallPath("start-up", place.way, place.items)
        return None

    def _graph(self, function: Function) -> CallGraph:
        path = function.file.path
        if self._given is not None:
            return self._given(path)
        folder = function.file.folder
        if folder not in self._graphs:
            self._graphs[folder] = CallGraph(self._index, [self._index.package_of(path)])
        return self._graphs[folder]
