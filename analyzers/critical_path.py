"""Slow work where everybody waits for it

Scheduling, admission, authorization, the API server's handlers, the kubelet's sync loop and informers' handlers are
paths that every pod, request or event takes: users of a feature pay for it there, and so does everybody else. A request
to the API server on such a path adds its whole latency and spends the process's own 20 to 50 requests a second; a
process started for each of a thousand items takes minutes. Do it before (PreFilter, a cache, an index), once for all
items, or in the background; and return early for objects that do not use the feature.

```diff
--- a/pkg/controller/labels/labels.go
+++ b/pkg/controller/labels/labels.go
@@ -1,26 +1,29 @@
 package labels

 import (
        v1 "k8s.io/api/core/v1"
        coreinformers "k8s.io/client-go/informers/core/v1"
        "k8s.io/client-go/tools/cache"
 )

 type Controller struct {
        changed chan string
 }

 func (c *Controller) watch(nodeInformer coreinformers.NodeInformer) {
        nodeInformer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
                AddFunc: func(obj interface{}) { c.enqueue(obj.(*v1.Node).Name) },
        })
 }

 func (c *Controller) add(obj interface{}) {
-	c.changed <- obj.(*v1.Node).Name
+	select {
+	case c.changed <- obj.(*v1.Node).Name:
+	default: // one is waiting already, and reads everything
+	}
 }

 func (c *Controller) enqueue(name string) {
        go func() { c.changed <- name }()
 }
```

Not reported: requests of the kubelet (node-api-call says it) and walks through caches (lister-scan-in-loop); what was
there before; sends in a `select` with a default or in a goroutine; start-up code, command lines, tests and generated
code. What the work costs is not measured: a cheap request behind a rare condition is reported like any other.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from analyzers.analysis.change import Change
from analyzers.analysis.copying import concerned
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.new import new_requests
from analyzers.analysis.paths import path_of
from analyzers.analysis.places import Added, Candidate, Find, added
from analyzers.analysis.subject import Burden
from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Call, Closure, Loop
from analyzers.golang.syntax import Node
from analyzers.golang.types import Map
from analyzers.kubernetes import collections, critical_paths, handlers, map_order, processes
from analyzers.kubernetes.components import Kind
from analyzers.kubernetes.loops import bounded

T = TypeVar("T")
_RANDOM = frozenset({"Int", "Intn", "Int31n", "Int63n", "Float64", "Perm", "Shuffle", "IntN", "N"})
_JSON = frozenset({"Marshal", "MarshalIndent", "Unmarshal", "NewEncoder", "NewDecoder"})


class Found(NamedTuple):
    """What is wrong: in words, what to do, for each of what, on which path, how sure."""

    construct: str
    remedy: str
    burden: Burden
    concern: str
    level: Level = Level.WARNING


def critical_path(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new request, encoding, process, send or needless update on a critical path."""
    yield from _requests(change)
    yield from _each(change, _calls, _call)
    yield from _each(change, _sends, _send)
    yield from _each(change, _literals, _handler)
    yield from _each(change, _loops, _under_lock)
    yield from _lost_comparisons(change)


def _requests(change: Change) -> Iterator[Diagnostic]:
    for new in new_requests(change):
        where = new.path.critical
        handler = new.path.root == "event" and where is not None and where.name == critical_paths.HANDLER.name
        if where is None or new.component.every_node or not (handler or (new.path.root == "critical" and where.hot)):
            continue
        request = new.request
        yield Diagnostic(
            analyzer="critical-path",
            path=request.path,
            line=request.first_line,
            end_line=request.call.statement_end_line,
            construct=f"{code(request.method)} sends a {request.what} to the API server on {where.name}."
            + (" All further events wait for the answer." if handler else ""),
            remedy="Queue the object's key, and let a worker send the request."
            if handler
            else "Read from an informer's cache, or do it before or after, off this path.",
            unless=""
            if handler
            else "Leave it if only users of the feature come here, behind an early return for all others.",
            concern=f"request {request.verb} {request.resource} {where.name}",
            function=request.function.key,
            subject=new,
        )


def _each(change: Change, find: Find[T], judge: Callable[[Change, Added[T]], Found | None]) -> Iterator[Diagnostic]:
    for each in added(change, find):
        if not concerned(each.file) or (critical_paths.starts_up(each.function) and judge is not _handler):
            continue
        found = judge(change, each)
        if found is not None:
            yield Diagnostic(
                analyzer="critical-path",
                path=each.file.path,
                line=each.first,
                end_line=each.last,
                construct=found.construct,
                remedy=found.remedy,
                concern=found.concern,
                function=each.function.key,
                level=found.level,
                subject=found.burden,
            )


def _calls(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name and (
            call.loops or call.name in _JSON or call.name in _RANDOM or call.name in {"DeepEqual", "Equal"}
        ):
            looped = any(loop.kind == "range" for loop in call.loops)
            yield Candidate(("call", call.name, looped), call.line, call.end_line, call)


def _call(change: Change, each: Added[Call]) -> Found | None:
    call, function = each.what, each.function
    operand = syntax.text(call.operand) if call.operand is not None else ""
    if operand == "json" and call.name in _JSON:
        path = path_of(change, function, call.closures)
        if path is None or path.per not in {"pod", "pod and node"} or "scheduling" not in path.name:
            return None
        return Found(
            f"{code(f'json.{call.name}')} runs on {path.name}.",
            "Send or keep only what is needed (names instead of objects), or encode once and keep it.",
            Burden(path.per, path.name),
            f"json {path.name}",
        )
    if operand == "rand" and call.name in _RANDOM:
        path = path_of(change, function, call.closures)
        if path is None or path.per != "pod and node":
            return None
        return Found(
            f"{code(f'rand.{call.name}')} draws from a source that all goroutines share behind a lock.",
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
    if not loops or not processes.starts_process(change.head_index, function, call):
        return None
    path = path_of(change, function, call.closures)
    collection = loops[-1].collection
    return Found(
        f"{code(call.name)} starts a process for each item of {code(syntax.text(collection) if collection is not None else '')}.",
        "Hand all items to one process (`iptables-restore`, `ipset restore`), or use a library.",
        Burden("item", path.name if path else ""),
        "process for each item",
    )


class Send(NamedTuple):
    """A send on a channel, and the function literals around it."""

    node: Node
    closures: tuple[Closure, ...]


def _sends(function: Function) -> Iterator[Candidate[Send]]:
    if function.body is None or b"<-" not in function.file.source[function.region.start : function.region.end]:
        return
    for node in syntax.walk(function.body, lambda node: node.type != "select_statement"):
        if node.type == "send_statement":
            around = tuple(
                each for each in function.closures if each.node.start_byte <= node.start_byte < each.node.end_byte
            )
            channel = node.child_by_field_name("channel")
            yield Candidate(
                ("send", syntax.text(channel).rpartition(".")[2] if channel is not None else ""),
                syntax.line(node),
                syntax.end_line(node),
                Send(node, around),
            )


def _send(change: Change, each: Added[Send]) -> Found | None:
    if any(closure.goes for closure in each.what.closures):
        return None
    where = critical_paths.within(each.function, each.what.closures)
    if (
        where is None
        or where.per not in {"event", "pod and node", "pod", "request"}
        or (where.per != "event" and not each.function.name.startswith(("On", "on")))
    ):
        return None
    channel = each.what.node.child_by_field_name("channel")
    return Found(
        f"The send on {code(syntax.text(channel) if channel is not None else '')} waits for its reader.",
        "Handlers run one after the other: put a key into a work queue, or send in a `select` with a default.",
        Burden(where.per, where.name),
        "blocking send",
    )


def _literals(function: Function) -> Iterator[Candidate[Closure]]:
    for closure in function.closures:
        if handlers.updates(closure):
            yield Candidate(("update", handlers.about(function, closure)), closure.line, closure.end_line, closure)


def _handler(change: Change, each: Added[Closure]) -> Found | None:
    closure = each.what
    if handlers.compares(closure.body, handlers.old_parameter(closure.node)) or handlers.about(
        each.function, closure
    ) not in {"node", "lease"}:
        return None
    pointer = any(
        _queues_pointer(change, each.function, call, 0) for call in each.function.calls if closure in call.closures
    )
    return Found(
        f"{code('UpdateFunc')} does its work for every update of a node, whatever has changed"
        + (", and queues a pointer each time, which no queue can tell from another." if pointer else "."),
        "Compare old and new, and go on only for what matters." + (" Queue the key." if pointer else ""),
        Burden("event", critical_paths.HANDLER.name, "nodes"),
        "every node update",
        Level.WARNING if pointer else Level.NOTICE,
    )


def _queues_pointer(change: Change, function: Function, call: Call, depth: int) -> bool:
    """Whether a call, or the function it calls, adds a pointer to a work queue."""
    if (
        call.name in {"Add", "AddRateLimited", "AddAfter"}
        and call.operand is not None
        and "queue" in syntax.text(call.operand).lower()
    ):
        item = syntax.text(call.arguments[0]) if call.arguments else ""
        made = (
            re.search(rf"\b{re.escape(item)}\s*:?=\s*&\w+", syntax.text(function.body))
            if item.isidentifier() and function.body is not None
            else None
        )
        return item.startswith("&") or made is not None
    if depth:
        return False
    callee = change.head_index.callee(call, function.file, function)
    return callee is not None and any(_queues_pointer(change, callee, inner, 1) for inner in callee.calls)


def _loops(function: Function) -> Iterator[Candidate[Loop]]:
    if b"ock" not in function.file.source[function.region.start : function.region.end]:
        return
    for loop in function.loops:
        if loop.kind == "range" and loop.collection is not None:
            yield Candidate(("locked", collections.alike(loop.collection)), loop.line, loop.line, loop)


def _under_lock(change: Change, each: Added[Loop]) -> Found | None:
    loop, function = each.what, each.function
    if (
        loop.outer
        or loop.collection is None
        or bounded(change.head_index, function, loop)
        or not _locked(function, loop)
    ):
        return None
    growing = collections.growing(change.head_index, function.file, function, loop.collection)
    whole = _everything(change, function, loop)
    path = path_of(change, function, loop.closures) if growing is not None or whole else None
    if path is None or path.per in {"object", "tick"} or each.file.component.every_node:
        return None
    return Found(
        f"The loop over {code(syntax.text(loop.collection))} holds a lock on {path.name}: all others wait for its end.",
        "Keep an index of what is looked for, or copy what is needed under the lock and work on the copy.",
        Burden(path.per, path.name),
        "scan under a lock",
        Level.WARNING if whole or (growing is not None and growing.typed and path.hot) else Level.NOTICE,
    )


def _locked(function: Function, loop: Loop) -> bool:
    """Whether a lock was taken in front of a loop and is kept, or the function's name says that its callers hold it."""
    if "locked" in function.name.lower():
        return True
    before = [call for call in function.calls if call.node.end_byte <= loop.node.start_byte and not call.loops]
    taken = [call for call in before if call.name in {"Lock", "RLock"} and not call.arguments]
    freed = [call for call in before if call.name in {"Unlock", "RUnlock"} and not call.defer]
    return len(taken) > len(freed)


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


def _lost_comparisons(change: Change) -> Iterator[Diagnostic]:
    """What a deletion causes: an update handler that compared old and new, and compares no more."""
    for file in change.go_files:
        before = {function.key: function for function in file.old_functions() if handlers.is_update_handler(function)}
        for function in file.functions() if before else ():
            old = before.get(function.key)
            if old is None or not handlers.is_update_handler(function) or old.node is None or function.node is None:
                continue
            if not handlers.compares(old.body, handlers.old_parameter(old.node)) or handlers.compares(
                function.body, handlers.old_parameter(function.node)
            ):
                continue
            yield Diagnostic(
                analyzer="critical-path",
                path=file.path,
                line=function.line,
                end_line=function.end_line,
                construct=f"{code(function.name)} no longer compares the old object with the new one.",
                remedy="Return early where nothing that matters has changed: every resync and every status update comes here.",
                concern="lost comparison",
                function=function.key,
                subject=Burden("event", critical_paths.HANDLER.name),
            )
