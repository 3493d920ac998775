"""CallPath: from a root (a ticker, a handler, a reconcile, a main) down to a line, with the factors along it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from analyzers.golang.callgraph import CallGraph, CallSite
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Condition, Loop
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.execution.callbacks import Invocation, field_calls, given, invocations
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.kubernetes.execution.flows import reaches
from analyzers.kubernetes.execution.periods import (
    Repetition,
    repeated_by_loop,
    repetition,
    serves_a_channel,
    takes_from_queue,
)
from analyzers.kubernetes.requests import list_watch

Root = Literal["critical", "periodic", "event", "poll", "start-up", "informer", "unknown"]
_RANK: dict[str, int] = {
    "critical": 5,
    "periodic": 4,
    "event": 3,
    "poll": 2,
    "unknown": 1,
    "start-up": 0,
    "informer": 0,
}
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
    handler, a queue's worker, a reconcile), "poll" (repeated until something is so), "start-up" (once), "informer" (it is
    what a ListWatch lists with), "unknown" (who calls it was not seen). functions are those on the way, the root first;
    loops are the loops over items that hold the call or one of its callers; conditions are those around the call and its
    callers.
    """

    root: Root
    functions: tuple[Function, ...]
    loops: tuple[ItemLoop, ...] = ()
    repetition: Repetition | None = None
    critical: CriticalPath | None = None
    conditions: tuple[Requirement, ...] = ()

    @property
    def rare(self) -> bool:
        """Whether it is only taken after a failure, or once in an object's life, when it ends."""
        return conditions.failed(self.conditions) or conditions.ending(self.conditions)

    @property
    def after_a_miss(self) -> bool:
        """Whether it is only taken after something was looked up in a cache and was not there."""
        return conditions.missed(self.conditions)

    @property
    def rank(self) -> tuple[bool, int, int]:
        """How bad: whether it is taken in the normal course, the root, then how many loops."""
        return not self.rare, _RANK[self.root], len(self.loops)


class _Place(NamedTuple):
    """A call in a function, and the way down from it to the line that is asked about."""

    function: Function
    closures: tuple[Closure, ...]
    loops: tuple[Loop, ...]
    call: Call | None
    way: tuple[Function, ...]
    items: tuple[ItemLoop, ...]
    conditions: tuple[Requirement, ...]


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
            if best.root == "critical" and not best.rare:
                break
        return best or CallPath("unknown", (function,))

    def _to(self, function: Function, call: Call) -> Iterator[CallPath]:
        waiting = [
            _Place(
                function,
                call.closures,
                call.loops,
                call,
                (function,),
                (),
                self._requirements(function, call.conditions),
            )
        ]
        seen = {(function.file.path, function.key)}
        while waiting:
            place = waiting.pop(0)
            place = place._replace(items=(*self._items(place), *place.items))
            root = self._root(place)
            if root is not None:
                yield replace(root, conditions=place.conditions)
                if root.root in {"critical", "periodic", "event", "poll", "informer"}:
                    continue
            above = list(self._above(place)) if len(place.way) <= _LONGEST and len(seen) < _MOST_FUNCTIONS else []
            ended = True
            for found in above:
                if isinstance(found, CallPath):
                    ended = False
                    yield replace(found, conditions=place.conditions)
                elif (key := (found.function.file.path, found.function.key)) not in seen:
                    ended = False
                    seen.add(key)
                    waiting.append(found)
            if ended and root is None:
                yield CallPath("unknown", place.way, place.items, conditions=place.conditions)

    def _above(self, place: _Place) -> Iterator[CallPath | _Place]:
        """What calls a place: paths that end there, and places further up."""
        function, way, items = place.function, place.way, place.items
        if place.closures:
            handed = invocations(self._index, function, place.closures[-1])
            if handed is not None:
                yield from (self._at(found, place) for found in handed)
                return
        for site in self._graph(function).callers(function):
            if site.caller.file.test:
                continue
            around = self._requirements(site.caller, site.call.conditions) if site.call is not None else ()
            above = (*around, *place.conditions)
            if site.kind != "value":
                yield _Place(site.caller, site.closures, site.loops, site.call, (site.caller, *way), items, above)
                continue
            repeated = self._repeated(site)
            if repeated is not None and repeated.kind != "retry":
                if repeated.kind == "periodic" and takes_from_queue(function):
                    yield CallPath("event", (site.caller, *way), items)
                else:
                    yield CallPath(
                        "periodic" if repeated.kind == "periodic" else "poll", (site.caller, *way), items, repeated
                    )
            elif site.key.rpartition(".")[2].lower() in list_watch.KEYS:
                yield CallPath("informer", (site.caller, *way), items)
            elif site.key in critical_paths.HANDLER_KEYS:
                yield CallPath("event", (site.caller, *way), items, None, critical_paths.HANDLER)
            elif site.call is None and not site.key:
                # An element of a list of functions, which goes through them itself.
                yield _Place(site.caller, site.closures, site.loops, None, (site.caller, *way), items, above)
            elif site.call is None:
                # Kept in a field: who calls the field calls it.
                package = self._index.package_of(site.caller.file.path)
                kept = field_calls(self._index, package, site.key.rpartition(".")[2])
                yield from (self._at(found, place) for found in kept)
            else:
                # Handed to a function: who calls the parameter there calls it.
                passed = given(self._index, site.caller, site.call, site.argument) or ()
                yield from (self._at(found, place) for found in passed)

    def _at(self, found: Invocation, place: _Place) -> _Place:
        function, call = found
        above = (*self._requirements(function, call.conditions), *place.conditions)
        return _Place(function, call.closures, call.loops, call, (function, *place.way), place.items, above)

    def _requirements(self, function: Function, found: Iterable[Condition]) -> tuple[Requirement, ...]:
        return conditions.requirements(Place(self._index, function.file, function), found)

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
        if list_watch.serves(function, place.closures):
            return CallPath("informer", place.way, place.items)
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
        if critical is not None and critical.per in {"pod and node", "pod", "cycle", "request"}:
            return CallPath("critical", place.way, place.items, None, critical)
        for loop in reversed(place.loops):
            repeated = repeated_by_loop(index, function.file, function, loop)
            if repeated is not None:
                return CallPath("periodic" if repeated.kind == "periodic" else "poll", place.way, place.items, repeated)
        if critical is not None:
            return CallPath(
                "periodic" if critical.per in {"tick", "round"} else "event", place.way, place.items, None, critical
            )
        if takes_from_queue(function) or any(serves_a_channel(loop) for loop in place.loops):
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
