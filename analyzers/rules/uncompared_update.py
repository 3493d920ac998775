"""An update handler works although nothing has changed

Every kubelet writes the status of its node again and again, and every resync calls the handler with equal objects: 5,000
nodes send such updates without end. A handler that compares old with new and goes on only for what matters leaves nearly
all of them out; one that does not pays for each, and so does whatever it queues work for.

```diff
--- a/pkg/controller/service/controller.go
+++ b/pkg/controller/service/controller.go
@@ -1,22 +1,25 @@
 package service

 import (
        "reflect"

        v1 "k8s.io/api/core/v1"
 )

 type Controller struct {
        queue chan string
 }

 func (c *Controller) updateService(old, cur interface{}) {
-	curService := cur.(*v1.Service)
+	oldService, curService := old.(*v1.Service), cur.(*v1.Service)
+	if reflect.DeepEqual(oldService.Spec, curService.Spec) {
+		return
+	}
        c.enqueue(curService.Name)
 }

 func (c *Controller) enqueue(name string) {
        go func() { c.queue <- name }()
 }
```

A condition that is removed in front of such work counts as new work: the place where it stood is reported.

Formerly: critical-path.

Not reported: handlers that never compared, but for those of nodes and leases; handlers that hand both objects on; a test
that moved elsewhere; command lines, fakes, tests and generated code. A comparison of resource versions only tells a resync
from a change: where it is lost, that is a notice.
"""

from collections.abc import Iterator
from functools import partial

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.diagnostic import Place as Lines
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Condition
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes import handlers, work_queues
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.handlers import Registration
from analyzers.kubernetes.requests import reconcilers
from analyzers.kubernetes.requests.reconcilers import Body
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.guards import lost_guards, spares
from analyzers.news.requests import component_of

_NO_WORK = frozenset({"len", "append", "make", "delete", "string", "copy", "Error", "Sprintf", "Errorf", "HandleError"})


def uncompared_update(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new update handler of nodes that compares nothing, and for each comparison that was lost."""
    for each in added(change, _update_handlers, partial(_of_the_same, change)):
        if concerned(each.file) and (found := _of_nodes(change, each)) is not None:
            yield found
    for file in change.go_files:
        if concerned(file):
            yield from _lost_comparisons(change, file)


def _update_handlers(function: Function) -> Iterator[Candidate[Closure]]:
    """The function literals that are an informer's UpdateFunc."""
    for closure in function.closures:
        if handlers.updates(closure):
            yield Candidate("update", closure.line, closure.end_line, closure)


def _of_the_same(change: Change, old: Removed[Closure], new: Added[Closure]) -> bool:
    """Whether a removed handler was about objects of the same kind."""
    was = handlers.about(change.base_index, old.function, old.what)
    return was == handlers.about(change.head_index, new.function, new.what)


def _of_nodes(change: Change, each: Added[Closure]) -> Diagnostic | None:
    """What is wrong with an UpdateFunc that does its work for every update of a node, whatever has changed."""
    closure = each.what
    if handlers.uses(closure.body, handlers.old_parameter(closure.node)):
        return None
    if handlers.about(change.head_index, each.function, closure) not in {"nodes", "leases"}:
        return None
    pointer = any(
        work_queues.adds_pointer(change.head_index, each.function, call)
        for call in each.function.calls
        if closure in call.closures
    )
    # A program of each node may have asked for its own node alone.
    on_nodes = component_of(change, each.file, each.function).every_node
    work = None if on_nodes else reconcilers.always(change.head_index, Body(each.function, closure))
    does = work.what if work is not None else "does its work"
    return Diagnostic(
        analyzer="uncompared-update",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=f"{code('UpdateFunc')} {does} for every update of a node, whatever has changed"
        + (", and queues a pointer each time, which no queue can tell from another." if pointer else "."),
        remedy="Compare old and new, and go on only for what matters." + (" Queue the key." if pointer else ""),
        concern="every node update",
        function=each.function.key,
        level=Level.WARNING if pointer or work is not None else Level.NOTICE,
        witness=(Lines(work.function.file.path, work.call.line, work.call.end_line, f"it {work.what}"),)
        if work
        else (),
        subject=Burden("event", critical_paths.HANDLER, "nodes"),
    )


def _lost_comparisons(change: Change, file: ChangedFile) -> Iterator[Diagnostic]:
    """The update handlers that compared old and new and compare no more, registered otherwise or changed themselves; and the
    work behind handlers and in kube-proxy that was left out where nothing had changed, and is no more."""
    told: set[str] = set()
    for found in _changed_handlers(change, file):
        told.add(found.function)
        yield found
    lost_here = lost_guards(file)
    for lost in sorted(lost_here, key=lambda lost: not _queues(change.head_index, lost.function, lost.call)):
        function, call = lost.function, lost.call
        where = critical_paths.within(function, call.closures)
        if (
            function.key in told
            or where is None
            or where.name not in {critical_paths.HANDLER.name, critical_paths.PROXY.name}
            or not conditions.compared([lost.asked])
            or not _works(change, function, call)
            or _still_compares(Place(change.head_index, function.file, function), call)
        ):
            continue
        told.add(function.key)
        yield Diagnostic(
            analyzer="uncompared-update",
            path=file.path,
            line=lost.gap,
            end_line=lost.gap,
            construct=f"{code(call.name)} {lost.told}, and runs every time now.",
            remedy="Keep the comparison, or compare further down before anything is written.",
            concern=f"lost comparison {function.key}",
            function=function.key,
            level=Level.NOTICE if "ResourceVersion" in lost.test else Level.WARNING,
            subject=Burden(where.per, where),
        )


def _works(change: Change, function: Function, call: Call) -> bool:
    """Whether a call is more than a log line or a look: it adds to a queue, or runs a function of the package."""
    if call.name in _NO_WORK or handlers.logs(call):
        return False
    if _queues(change.head_index, function, call):
        return True
    callee = change.head_index.callee(call, function.file, function)
    return callee is not None and callee.file.folder == function.file.folder and len(callee.calls) > 1


def _queues(index: PackageIndex, function: Function, call: Call) -> bool:
    """Whether a call adds to a work queue, itself or in the function that it calls."""
    if call.name in work_queues.ADDS:
        return work_queues.is_queue(index, function, call)
    callee = index.callee(call, function.file, function)
    inner = callee.calls if callee is not None else ()
    return callee is not None and any(
        each.name in work_queues.ADDS and work_queues.is_queue(index, callee, each) for each in inner
    )


def _still_compares(place: Place, call: Call) -> bool:
    # Equal resource versions are a resync, which is rare; all other updates come through.
    return any(
        conditions.compared([each]) and "ResourceVersion" not in _text(each.condition) and spares(place, each.condition)
        for each in conditions.requirements(place, call.conditions)
    )


def _text(condition: Condition) -> str:
    return syntax.text(condition.test) if condition.test is not None else ""


def _changed_handlers(change: Change, file: ChangedFile) -> Iterator[Diagnostic]:
    if file.base is None:
        return
    for function in file.functions():
        old = file.base.function(function.key)
        if old is None:
            continue
        if handlers.is_update_handler(function) and handlers.is_update_handler(old):
            if _compares_no_more(change, was := _itself(old), now := _itself(function)):
                gap = _gap(change, file, old)
                yield _lost(change, file, was, now, gap or function.line, gap or function.end_line)
        elif all(b"UpdateFunc" in each.file.source[each.region.start : each.region.end] for each in (old, function)):
            yield from _registered_otherwise(change, file, old, function)


def _itself(function: Function) -> Registration:
    node = function.node
    assert node is not None
    return Registration("", node, function, function.body, handlers.old_parameter(node))


def _registered_otherwise(change: Change, file: ChangedFile, old: Function, function: Function) -> Iterator[Diagnostic]:
    was_there, are_there = (
        {(each.informer, syntax.text(each.node)): each for each in handlers.registrations(index, registering)}
        for index, registering in ((change.base_index, old), (change.head_index, function))
    )
    before: dict[str, list[Registration]] = {}
    for was in (each for key, each in was_there.items() if key not in are_there):
        before.setdefault(was.informer, []).append(was)
    for now in (each for key, each in are_there.items() if key not in was_there):
        first, last = syntax.line(now.node), syntax.end_line(now.node)
        paired = before.get(now.informer, [])
        if paired and file.diff.touches(first, last) and _compares_no_more(change, paired[0], now):
            yield _lost(change, file, paired[0], now, first, last, registered_in=function)
        del paired[:1]


def _compares_no_more(change: Change, was: Registration, now: Registration) -> bool:
    """Say whether a handler compared, and neither compares any more nor hands the old object on."""
    return (
        handlers.compares(change.base_index, was.function, was.body, was.old, constants=False)
        and not handlers.compares(change.head_index, now.function, now.body, now.old)
        and not handlers.hands_on(now.body, now.old)
    )


def _lost(
    change: Change,
    file: ChangedFile,
    was: Registration,
    now: Registration,
    first: int,
    last: int,
    registered_in: Function | None = None,
) -> Diagnostic:
    only_versions = not handlers.compares(change.base_index, was.function, was.body, was.old, versions=False)
    name = "UpdateFunc" if registered_in is not None else now.function.name
    return Diagnostic(
        analyzer="uncompared-update",
        path=file.path,
        line=first,
        end_line=last,
        construct=f"{code(name)} no longer compares the old object with the new one.",
        remedy="Return early where nothing has changed: every resync comes here."
        if only_versions
        else "Return early where nothing that matters has changed: every resync and every status update comes here.",
        concern="lost comparison",
        function=(registered_in or now.function).key,
        level=Level.NOTICE if only_versions else Level.WARNING,
        subject=Burden("event", critical_paths.HANDLER),
    )


def _gap(change: Change, file: ChangedFile, old: Function) -> int | None:
    """The line in front of which the comparison stood."""
    place = Place(change.base_index, old.file, old)
    for each in conditions.requirements(place, old.facts.conditions):
        line = syntax.line(each.condition.node)
        if line in file.diff.removed and conditions.compared([each]):
            return file.diff.successors[line]
    return None
