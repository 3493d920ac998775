"""Burdens: what slows a critical path down. A finder sees the text only, its judge knows types and callers."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Level, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.types.types import Map
from analyzers.kubernetes import logs, map_order, processes
from analyzers.kubernetes.execution import collections, critical_paths
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.execution.loops import bounded
from analyzers.news.added import Added, Candidate
from analyzers.news.guards import LostGuard, lost_guards, spares
from analyzers.news.paths import path_of

_RANDOM = frozenset({"Int", "Intn", "Int31n", "Int63n", "Float64", "Perm", "Shuffle"})
_JSON = frozenset({"Marshal", "MarshalIndent", "Unmarshal", "NewEncoder", "NewDecoder"})


class Found(NamedTuple):
    """What is wrong: in words, what to do, for each of what, on which path, how sure."""

    construct: str
    remedy: str
    burden: Burden
    concern: str
    level: Level = Level.WARNING


def calls(function: Function) -> Iterator[Candidate[Call]]:
    """Find the calls that may be too slow: encodings, draws, comparisons, and all that stands in a loop."""
    for call in function.calls:
        if call.name and (
            call.loops or call.name in _JSON or call.name in _RANDOM or call.name in {"DeepEqual", "Equal"}
        ):
            looped = any(loop.kind == "range" for loop in call.loops)
            yield Candidate(("call", call.name, looped), call.line, call.end_line, call)


def call(change: Change, each: Added[Call]) -> Found | None:
    """Judge a call: JSON on the scheduling path, shared randomness, a comparison in map order, a process for each item."""
    call, function = each.what, each.function
    operand = syntax.text(call.operand) if call.operand is not None else ""
    if any(each.test is not None and logs.verbose(syntax.text(each.test)) for each in call.conditions):
        return None  # only where somebody debugs
    if operand == "json" and call.name in _JSON:
        path = path_of(change, function, call.closures)
        if path is None or path.per not in {"pod", "pod and node", "cycle"} or "scheduling" not in path.name:
            return None
        return Found(
            f"{code(f'json.{call.name}')} runs on {path.name}.",
            "Decode once for the pod, before the nodes are tried, and keep the result."
            if call.name in {"Unmarshal", "NewDecoder"}
            else "Send or keep only what is needed (names instead of objects), or encode once and keep it.",
            Burden(path.per, path.name),
            f"json {path.name}",
        )
    # math/rand/v2 has no lock, crypto/rand another cost.
    if call.name in _RANDOM and operand and change.head_index.imported(function.file, operand) == "math/rand":
        path = path_of(change, function, call.closures)
        if path is None or path.per != "pod and node":
            return None
        return Found(
            f"{code(syntax.text(call.function))} draws from a source that all goroutines share behind a lock.",
            "Draw once for the pod, or give each goroutine a source of its own.",
            Burden(path.per, path.name),
            "shared randomness",
            Level.NOTICE,
        )
    name = map_order.compared(change.head_index, function, call)
    if name is not None:
        path = path_of(change, function, call.closures)
        if path is None:
            return None
        return Found(
            f"{code(name)} is in the order of a map, which differs every time, and compared with what is stored.",
            f"Sort {code(name)} first: otherwise there is a write for each {path.per}, and each write begins the next.",
            Burden(path.per, path.name),
            "map order",
        )
    return _process(change, each)


def _process(change: Change, each: Added[Call]) -> Found | None:
    call, function = each.what, each.function
    if not each.file.component.every_node and each.file.component.kind is not Kind.OTHER:
        return None
    loops = [loop for loop in call.loops if loop.kind == "range" and not bounded(change.head_index, function, loop)]
    if not loops or critical_paths.starts_up(function):
        return None
    program = processes.started(change.head_index, function, call)
    # Elsewhere than on nodes only the network's and storage's tools are started for things that grow with a cluster.
    if program is None or (not program and not each.file.component.every_node):
        return None
    path = path_of(change, function, call.closures)
    collection = loops[-1].collection
    return Found(
        f"{code(call.name)} starts a process for each item of {code(syntax.text(collection) if collection is not None else '')}.",
        f"Hand all items to one process ({code(processes.BATCH[program])}), or use a library."
        if program
        else "Start one process for all items, or use a library.",
        Burden("item", path.name if path else ""),
        "process for each item",
    )


def unguarded(change: Change, file: ChangedFile) -> Iterator[tuple[LostGuard, Found]]:
    """Yield the loops and allocations of a hot path that a cheap condition spared most pods or requests, and spares no more."""
    told: set[str] = set()
    for lost in lost_guards(file):
        function, call = lost.function, lost.call
        # What is gone from the function altogether was a case that there is no more.
        if function.key in told or lost.chosen or not lost.kept or not cheap(lost.test):
            continue
        if any(spares(each) for each in call.conditions) or _is_empty_anyway(lost):
            continue
        work = _work(change, lost)
        path = path_of(change, function, call.closures) if work else None
        if path is None or path.per not in {"pod", "pod and node", "request"}:
            continue
        told.add(function.key)
        yield (
            lost,
            Found(
                f"{code(call.name)}, which {work}, {lost.told}, and runs every time now, on {path.name}.",
                "Keep a cheap test in front of it, so that only those pay who use it.",
                Burden(path.per, path.name),
                f"lost guard {function.key}",
            ),
        )


def _is_empty_anyway(lost: LostGuard) -> bool:
    """Whether the test asked if the very collection has elements that is gone through: without any the loop does nothing."""
    asked = re.match(r"^(?:len\(([\w.]+)\)|([\w.]+)) ?(?:[!=]=|>) ?(?:0|nil)$", lost.test)
    return asked is not None and any(
        loop.collection is not None and syntax.text(loop.collection) == (asked[1] or asked[2])
        for loop in lost.call.loops
    )


_CHEAP = re.compile(
    r"^(?:!?\(?[\w.\[\]]{1,160}( ?[!=]= ?(nil|\"\"|0|true|false))?\)?$|len\([\w.\[\]]{1,160}\) ?([!=]=|>) ?0$"
    r"|!?[\w.]{1,160}\.(Empty|IsZero|IsEmpty)\(\)$)"
)


def cheap(test: str) -> bool:
    """Say whether part of a test costs nothing: a length, nil, an empty string, a flag."""
    return any(_CHEAP.match(part.strip()) for part in re.split(r"&&|\|\|", test))


def _work(change: Change, lost: LostGuard) -> str:
    """What a call costs that lost its guard: it stands in a loop, or its function loops or allocates; "" if little."""
    index, function, call = change.head_index, lost.function, lost.call
    if any(
        loop.kind == "range" and syntax.line(loop.node) >= lost.gap and not bounded(index, function, loop)
        for loop in call.loops
    ):
        return "runs in a loop"
    callee = index.callee(call, function.file, function)
    if callee is None or callee.file.folder != function.file.folder:
        return ""
    if any(loop.kind == "range" and not bounded(index, callee, loop) for loop in callee.loops):
        return "loops"
    makes = any(
        isinstance(index.underlying(index.resolve(each.type, callee.file, callee)), Map)
        for each in callee.composites
        if each.type is not None
    )
    return "makes a map" if makes else ""


def loops(function: Function) -> Iterator[Candidate[Loop]]:
    """Find the loops of a function that speaks of locks."""
    if b"ock" not in function.file.source[function.region.start : function.region.end]:
        return
    for loop in function.loops:
        if loop.kind == "range" and loop.collection is not None:
            yield Candidate(("locked", collections.alike(loop.collection)), loop.line, loop.line, loop)


def under_lock(change: Change, each: Added[Loop]) -> Found | None:
    """Judge a loop: whether it goes through something large, on a critical path, while a lock is held."""
    loop, function = each.what, each.function
    if loop.outer or loop.collection is None or bounded(change.head_index, function, loop):
        return None
    lock = _lock(function, loop)
    if lock is None:
        return None
    growing = collections.growing(change.head_index, function.file, function, loop.collection)
    whole = _everything(change, function, loop)
    path = path_of(change, function, loop.closures) if growing is not None or whole else None
    if path is None or path.per in {"object", "tick"} or each.file.component.every_node:
        return None
    return Found(
        f"The loop over {code(syntax.text(loop.collection))} holds a {'read ' if lock == 'RLock' else ''}lock on {path.name}: "
        f"{'writers wait, readers go on.' if lock == 'RLock' else 'all others wait for its end.'}",
        "Keep an index of what is looked for, or copy what is needed under the lock and work on the copy.",
        Burden(path.per, path.name),
        "scan under a lock",
        Level.WARNING
        if lock == "Lock" and (whole or (growing is not None and growing.typed and path.hot))
        else Level.NOTICE,
    )


def _lock(function: Function, loop: Loop) -> Literal["Lock", "RLock"] | None:
    """The lock that was taken in front of a loop and is kept; a name may say that the function's callers hold it.

    The lock of an object that only a local variable holds says nothing of who waits for it.
    """
    if "locked" in function.name.lower():
        return "Lock"
    held: list[Literal["Lock", "RLock"]] = []
    for call in function.calls:
        if call.node.end_byte > loop.node.start_byte or call.loops or call.arguments or _is_local(function, call):
            continue
        if call.name == "Lock":
            held.append("Lock")
        elif call.name == "RLock":
            held.append("RLock")
        elif call.name in {"Unlock", "RUnlock"} and not call.defer and held:
            held.pop()
    return held[-1] if held else None


def _is_local(function: Function, call: Call) -> bool:
    path = syntax.path(call.operand) if call.operand is not None else None
    binding = function.binding(path[0], call.node.start_byte) if path else None
    return binding is not None and binding.kind in {"var", "range"}


def _everything(change: Change, function: Function, loop: Loop) -> bool:
    """Whether a loop goes through a map of maps to the end, as a loop in it does with each of them."""
    index = change.head_index
    type_ = index.type_of(loop.collection, function.file, function) if loop.collection is not None else None
    if not isinstance(index.underlying(type_), Map):
        return False
    return any(
        inner.outer
        and inner.outer[-1] is loop
        and inner.collection is not None
        and syntax.text(inner.collection) == loop.value
        for inner in function.loops
    )
