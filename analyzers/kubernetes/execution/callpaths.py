"""CallPath: from a root (a ticker, a handler, a reconcile, a main) down to a line, with the factors along it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from analyzers.golang.callgraph import CallSite
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Condition, Loop
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.execution.callbacks import Invocation, field_calls, given, invocations
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.kubernetes.execution.flows import reaches
from analyzers.kubernetes.execution.loops import reached_once
from analyzers.kubernetes.execution.periods import (
    Repetition,
    is_channel_of_items,
    repeated_by_loop,
    repetition,
    serves_a_channel,
    serves_other,
    takes_from_queue,
    takes_items,
)
from analyzers.kubernetes.program import calls
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
_LONGEST = 8
_MOST_FUNCTIONS = 80


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
    callers. detached: a goroutine is started on the way, so that nobody above waits for it. closures are the function
    literals of the root that hold the way down. ends: the root is an informer's handler of deletions.
    """

    root: Root
    functions: tuple[Function, ...]
    loops: tuple[ItemLoop, ...] = ()
    repetition: Repetition | None = None
    critical: CriticalPath | None = None
    conditions: tuple[Requirement, ...] = ()
    detached: bool = False
    closures: tuple[Closure, ...] = ()
    ends: bool = False

    @property
    def rare(self) -> bool:
        """Whether it is only taken after a failure, or once in an object's life, when it ends."""
        return self.ends or conditions.failed(self.conditions) or conditions.ending(self.conditions)

    @property
    def after_a_miss(self) -> bool:
        """Whether it is only taken after something was looked up in a cache and was not there."""
        return conditions.missed(self.conditions)

    @property
    def rank(self) -> tuple[bool, int, int]:
        """How bad: whether it is taken in the normal course, the root, then how many loops."""
        return not self.rare, _RANK[self.root], len(self.loops)


_RUN_BY_COBRA = frozenset(
    {"Run", "RunE", "PreRun", "PreRunE", "PostRun", "PostRunE", "PersistentPreRun", "PersistentPreRunE", "Action"}
)
"""The fields of a command that is run once (spf13/cobra Command, urfave/cli Command)."""


def _is_command(place: Place, key: str, composite: Node | None) -> bool:
    """Say whether what stands under this key of a composite literal of this type is what a command line's command runs."""
    if key not in _RUN_BY_COBRA or composite is None:
        return False
    named = place.resolve(composite)
    return isinstance(named, Named) and named.name == "Command"


def _is_once(place: Place, call: Call) -> bool:
    """Say whether a call runs what it is given the first time only: sync.Once."""
    named = dereferenced(place.type_of(call.operand)) if call.operand is not None else None
    return call.name == "Do" and isinstance(named, Named) and (named.path, named.name) == ("sync", "Once")


class _Place(NamedTuple):
    """A call in a function, and the way down from it to the line that is asked about."""

    function: Function
    closures: tuple[Closure, ...]
    loops: tuple[Loop, ...]
    call: Call | None
    way: tuple[Function, ...]
    items: tuple[ItemLoop, ...]
    conditions: tuple[Requirement, ...]
    detached: bool = False
    certain: bool = True

    @property
    def key(self) -> tuple[object, ...]:
        """What is the same of places that are reached alike: a call in front of a loop and one in it are two."""
        loops = tuple(each.node.start_byte for each in self.loops)
        return self.function.file.path, self.function.key, loops, tuple(each.node.start_byte for each in self.closures)


def _starts(place: _Place) -> bool:
    """Say whether a place is in a function literal that is started as a goroutine."""
    return any(closure.goes for closure in place.closures)


def _reached(path: CallPath, place: _Place, detached: bool = False) -> CallPath:
    """Give a path with the conditions on it. What a goroutine does, neither events nor requests wait for; and that a handler
    calls it through an interface, of which there are other implementations, is no claim."""
    detached = detached or place.detached
    critical = path.critical
    if critical is not None and (
        (detached and critical.per in {"event", "request"})
        or (critical is critical_paths.HANDLER and not place.certain)
    ):
        path = replace(path, root="event", critical=None)
    closures = place.closures if path.functions[0] is place.function else ()
    return replace(path, conditions=place.conditions, detached=detached, closures=closures)


_OF_KUBERNETES = re.compile(
    r"^(k8s\.io/(kubernetes|apiserver|apimachinery|kube-aggregator|kube-scheduler|kubelet|endpointslice|client-go)"
    r"|github\.com/GoogleCloudPlatform/kubernetes)(/|$)"
)


def hint_of(index: PackageIndex, function: Function) -> CriticalPath | None:
    """Give what the look and the folder of a function hint at: folders as Kubernetes' own repository has them, so that they say
    nothing of other projects."""
    found = critical_paths.hint(function)
    if found is None or not found.hinted or not index.module_path:
        return found
    return found if _OF_KUBERNETES.search(index.import_path(function.file)) else None


class CallPaths:
    """The call paths in one program."""

    def __init__(self, index: PackageIndex) -> None:
        self._index = index
        self._known: dict[tuple[str, str, tuple[int, ...]], CallPath] = {}

    def worst(self, function: Function, call: Call) -> CallPath:
        """Give the worst path to a call in a function."""
        around = self._requirements(function, call.conditions)
        return self._worst(_Place(function, call.closures, call.loops, call, (function,), (), around))

    def worst_to(self, function: Function, closures: Iterable[Closure] = ()) -> CallPath:
        """Give the worst path to code in a function, inside these function literals of it."""
        key = (function.file.path, function.key, tuple(closure.node.start_byte for closure in closures))
        if key not in self._known:
            self._known[key] = self._worst(_Place(function, tuple(closures), (), None, (function,), (), ()))
        return self._known[key]

    def _worst(self, place: _Place) -> CallPath:
        best = None
        for path in self._to(place):
            if best is None or path.rank > best.rank:
                best = path
            if best.root == "critical" and not best.rare:
                break
        best = best or CallPath("unknown", (place.function,))
        return best if best.root in {"critical", "event", "periodic", "informer"} else self._hinted(best, place)

    def _hinted(self, path: CallPath, place: _Place) -> CallPath:
        """Where no path explains a place, the folder it lies in is a hint."""
        if place.closures and place.closures[-1].goes:
            return path
        for function in path.functions[::-1]:
            hint = hint_of(self._index, function)
            if hint is not None and path.root != "start-up":
                root: Root = "critical" if hint.per in {"pod and node", "pod", "cycle", "request"} else "event"
                if hint.per in {"tick", "round"}:
                    root = "periodic"
                return replace(path, root=root, critical=hint)
        return path

    def _to(self, first: _Place) -> Iterator[CallPath]:
        waiting = [first]
        seen = {first.key}
        while waiting:
            place = waiting.pop(0)
            place = place._replace(items=(*self._items(place), *place.items))
            root = self._root(place)
            if root is not None:
                yield _reached(root, place, _starts(place))
                # What a command's literal does, the library calls: who builds the command tells no more.
                if root.root != "start-up" or place.closures:
                    continue
            above = list(self._above(place)) if len(place.way) <= _LONGEST and len(seen) < _MOST_FUNCTIONS else []
            ended = True
            for found in above:
                if isinstance(found, CallPath):
                    ended = False
                    yield _reached(found, place, _starts(place))
                    continue
                ended = False  # also where another way has led there already
                if (key := found.key) not in seen:
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
        for site in calls(self._index).callers(function):
            if site.caller.file.test:
                continue
            around = self._requirements(site.caller, site.call.conditions) if site.call is not None else ()
            above = (*around, *place.conditions)
            if site.kind != "value":
                detached = place.detached or site.go or _starts(place)
                certain = place.certain and site.kind != "may"
                yield _Place(
                    site.caller,
                    site.closures,
                    site.loops,
                    site.call,
                    (site.caller, *way),
                    items,
                    above,
                    detached,
                    certain,
                )
                continue
            repeated = self._repeated(site)
            if repeated is not None and repeated.kind != "retry":
                if takes_from_queue(Place(self._index, function.file, function)):
                    yield CallPath("event", (site.caller, *way), items, None, critical_paths.RECONCILER)
                else:
                    yield CallPath(
                        "periodic" if repeated.kind == "periodic" else "poll", (site.caller, *way), items, repeated
                    )
            elif site.key.rpartition(".")[2].lower() in list_watch.KEYS:
                yield CallPath("informer", (site.caller, *way), items)
            elif critical_paths.handles(site.key, site.composite):
                ends = site.key == critical_paths.DELETIONS
                yield CallPath("event", (site.caller, *way), items, None, critical_paths.HANDLER, ends=ends)
            elif _is_command(Place(self._index, site.caller.file, site.caller), site.key, site.composite):
                yield CallPath("start-up", (site.caller, *way), items)
            elif site.call is None and not site.key:
                # An element of a list of functions, which goes through them itself.
                yield place._replace(
                    function=site.caller,
                    closures=site.closures,
                    loops=site.loops,
                    call=None,
                    way=(site.caller, *way),
                    conditions=above,
                )
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
        detached = place.detached or call.go or _starts(place)
        return _Place(
            function,
            call.closures,
            call.loops,
            call,
            (function, *place.way),
            place.items,
            above,
            detached,
            place.certain,
        )

    def _requirements(self, function: Function, found: Iterable[Condition]) -> tuple[Requirement, ...]:
        return conditions.requirements(Place(self._index, function.file, function), found)

    def _items(self, place: _Place) -> tuple[ItemLoop, ...]:
        call = place.call
        if call is None:
            return ()
        own = Place(self._index, place.function.file, place.function)
        return tuple(
            ItemLoop(place.function, loop)
            for loop in place.loops
            if loop.kind != "infinite"
            and reaches(place.function, loop, call)
            and not reached_once(loop, call.node)
            # What comes on a channel is work that arrives, and no collection.
            and not (is_channel_of_items(own, loop.collection) or takes_items(loop))
        )

    def _is_a_part(self, function: Function) -> bool:
        """Say whether a function of a webhook is called by another one, which hands on what it is asked."""
        sites = [each for each in calls(self._index).callers(function) if not each.caller.file.test]
        return any(
            each.kind == "call"
            and each.caller.key != function.key
            and critical_paths.by_signature(each.caller) is critical_paths.WEBHOOK
            for each in sites
        )

    def _repeated(self, site: CallSite) -> Repetition | None:
        if site.kind == "value" and site.call is not None:
            return repetition(self._index, site.caller.file, site.caller, site.call, site.argument)
        return None

    def _root(self, place: _Place) -> CallPath | None:
        index, function = self._index, place.function
        own = Place(index, function.file, function)
        if list_watch.serves(function, place.closures):
            return CallPath("informer", place.way, place.items)
        for closure in reversed(place.closures):
            if critical_paths.handles(closure.name, closure.composite):
                ends = closure.name == critical_paths.DELETIONS
                return CallPath("event", place.way, place.items, None, critical_paths.HANDLER, ends=ends)
            if _is_command(own, closure.name, closure.composite):
                return CallPath("start-up", place.way, place.items)
            if closure.role == "argument" and closure.call is not None:
                if _is_once(own, closure.call):
                    return CallPath("start-up", place.way, place.items)
                repeated = repetition(index, function.file, function, closure.call, closure.argument)
                if repeated is not None and repeated.kind != "retry":
                    return CallPath(
                        "periodic" if repeated.kind == "periodic" else "poll", place.way, place.items, repeated
                    )
        critical = critical_paths.of_literals(place.closures) or critical_paths.by_signature(function)
        if critical is critical_paths.WEBHOOK and self._is_a_part(function):
            return None
        if critical is not None and critical.per in {"pod and node", "pod", "cycle", "request"}:
            return CallPath("critical", place.way, place.items, None, critical)
        for loop in reversed(place.loops):
            if takes_items(loop):
                return CallPath("event", place.way, place.items)
            repeated = repeated_by_loop(index, function.file, function, loop)
            if repeated is not None and not (place.call is not None and serves_other(own, loop, place.call)):
                return CallPath("periodic" if repeated.kind == "periodic" else "poll", place.way, place.items, repeated)
        if critical is not None:
            root: Root = "periodic" if critical.per in {"tick", "round"} else "event"
            ends = critical is critical_paths.HANDLER and function.name in {"OnDelete", "Delete"}
            return CallPath(root, place.way, place.items, None, critical, ends=ends)
        if takes_from_queue(own, place.loops):
            return CallPath("event", place.way, place.items, None, critical_paths.RECONCILER)
        if any(serves_a_channel(own, loop) for loop in place.loops):
            return CallPath("event", place.way, place.items)
        if critical_paths.starts_up(function) and not place.closures:
            return CallPath("start-up", place.way, place.items)
        return None
