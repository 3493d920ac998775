"""CallPath: from a root (a ticker, a handler, a reconcile, a main) down to a line, with the factors along it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from analyzers.golang.callgraph import CallGraph, CallSite
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Call, Closure, Loop
from analyzers.golang.packages import PackageIndex
from analyzers.kubernetes import critical_paths
from analyzers.kubernetes.critical_paths import CriticalPath
from analyzers.kubernetes.flows import reaches
from analyzers.kubernetes.periods import Repetition, repeated_by_loop, repetition, takes_from_queue

Root = Literal["critical", "periodic", "event", "poll", "start-up", "unknown"]
_RANK: dict[str, int] = {"critical": 5, "periodic": 4, "event": 3, "poll": 2, "unknown": 1, "start-up": 0}
_LONGEST = 4
_MOST_FUNCTIONS = 40


@dataclass(frozen=True, slots=True, eq=False)
class ItemLoop:
    """A loop that goes through things, one of which reaches the call in it; `function` holds it."""

    function: Function
    loop: Loop


@dataclass(frozen=True, slots=True, eq=False)
class CallPath:
    """How a line is reached.

    root: "critical" (each pod, each request: `critical` says which), "periodic" (`repetition`), "event" (an informer's handler, a queue's
    worker, a reconcile), "poll" (repeated until something is so), "start-up" (once), "unknown" (who calls it was not seen).
    functions are those on the way, the root first; loops are the loops over items that hold the call or one of its callers.
    """

    root: Root
    functions: tuple[Function, ...]
    loops: tuple[ItemLoop, ...] = ()
    repetition: Repetition | None = None
    critical: CriticalPath | None = None
    worker: bool = field(default=False)

    @property
    def rank(self) -> tuple[int, int]:
        """How bad: the root, then whether there is a loop."""
        return _RANK[self.root], len(self.loops)


class CallPaths:
    """The call paths in one tree, within a package at a time, or within `packages` where they are given."""

    def __init__(self, index: PackageIndex, packages: list[str] | None = None) -> None:
        self._index = index
        self._packages = packages
        self._graphs: dict[str, CallGraph] = {}

    def worst(self, function: Function, call: Call) -> CallPath:
        """Give the worst path to a call in a function."""
        best = None
        for path in self._to(function, call.closures, call.loops, call):
            if best is None or path.rank > best.rank:
                best = path
            if best.root == "critical":
                break
        return best or CallPath("unknown", (function,))

    def _to(self, function: Function, closures: tuple[Closure, ...], loops: tuple[Loop, ...], call: Call | None) -> Iterator[CallPath]:
        waiting: list[tuple[Function, tuple[Closure, ...], tuple[Loop, ...], Call | None, tuple[Function, ...], tuple[ItemLoop, ...]]]
        waiting = [(function, closures, loops, call, (function,), ())]
        seen = {(function.file.path, function.key)}
        while waiting:
            current, around, held, at, way, items = waiting.pop(0)
            items = (*self._items(current, held, at), *items)
            root = self._root(current, around, held)
            if root is not None:
                kind, repeated, critical, worker = root
                yield CallPath(kind, way, items, repeated, critical, worker)
                if kind in {"critical", "periodic", "event", "poll"}:
                    continue
            sites = self._graph(current).callers(current) if len(way) <= _LONGEST and len(seen) < _MOST_FUNCTIONS else []
            ended = True
            for site in sites:
                key = (site.caller.file.path, site.caller.key)
                if key in seen or site.caller.file.test:
                    continue
                ended = False
                repeated = self._repeated(site)
                if repeated is not None and repeated.kind != "retry":
                    if repeated.kind == "periodic" and takes_from_queue(current):
                        yield CallPath("event", (site.caller, *way), items, None, None, True)
                    else:
                        yield CallPath("periodic" if repeated.kind == "periodic" else "poll", (site.caller, *way), items, repeated)
                    continue
                if site.kind == "value" and site.key in critical_paths.HANDLER_KEYS:
                    yield CallPath("event", (site.caller, *way), items, None, critical_paths.HANDLER)
                    continue
                seen.add(key)
                waiting.append((site.caller, site.closures, site.loops, site.call, (site.caller, *way), items))
            if ended and root is None:
                yield CallPath("unknown", way, items)

    def _items(self, function: Function, loops: tuple[Loop, ...], call: Call | None) -> tuple[ItemLoop, ...]:
        if call is None:
            return ()
        return tuple(ItemLoop(function, loop) for loop in loops if loop.kind in {"range", "counted"} and reaches(function, loop, call))

    def _repeated(self, site: CallSite) -> Repetition | None:
        if site.kind == "value" and site.call is not None:
            return repetition(self._index, site.caller.file, site.caller, site.call, site.argument)
        return None

    def _root(
        self, function: Function, closures: tuple[Closure, ...], loops: tuple[Loop, ...]
    ) -> tuple[Root, Repetition | None, CriticalPath | None, bool] | None:
        index, file = self._index, function.file
        for closure in reversed(closures):
            if closure.role == "value" and closure.name in critical_paths.HANDLER_KEYS:
                return "event", None, critical_paths.HANDLER, False
            if closure.role == "argument" and closure.call is not None:
                repeated = repetition(index, file, function, closure.call, closure.argument)
                if repeated is not None and repeated.kind != "retry":
                    return ("periodic" if repeated.kind == "periodic" else "poll"), repeated, None, False
        critical = critical_paths.within(function, closures)
        if critical is not None and critical.per in {"pod and node", "pod", "request"}:
            return "critical", None, critical, False
        for loop in reversed(loops):
            repeated = repeated_by_loop(index, file, function, loop)
            if repeated is not None:
                return "periodic", repeated, None, False
        if critical is not None:
            return ("periodic" if critical.per == "tick" else "event"), None, critical, False
        if loops and any(loop.kind in {"infinite", "for"} for loop in loops) and takes_from_queue(function):
            return "event", None, None, True
        if critical_paths.starts_up(function) and not closures:
            return "start-up", None, None, False
        return None

    def _graph(self, function: Function) -> CallGraph:
        folder = function.file.folder
        if folder not in self._graphs:
            package = self._index.package_of(function.file.path)
            others = [path for path in self._packages or () if path != package.path]
            self._graphs[folder] = CallGraph(self._index, [package, *others])
        return self._graphs[folder]
