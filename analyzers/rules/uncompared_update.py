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

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Condition
from analyzers.kubernetes import handlers, work_queues
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.handlers import Registration
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.guards import lost_guards, spares

_UNCHANGED = re.compile(
    r"(Deep)?(Equal|Equiv|Derivative)\w{0,40}\(|[cC]hanged\b|[uU]pdated\b|[sS]ame\b"
    r"|[oO]ld[\w.()]{0,80} {0,4}[!=]=|[!=]= {0,4}\w{0,80}[oO]ld"
)
_QUEUES = re.compile(r"Add|[eE]nqueue|[qQ]ueue|[sS]ync|Update")
_NO_WORK = frozenset({"len", "append", "make", "delete", "string", "copy", "Error", "Sprintf", "Errorf", "HandleError"})


def uncompared_update(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new update handler of nodes that compares nothing, and for each comparison that was lost."""
    for each in added(change, _update_handlers):
        if concerned(each.file) and (found := _of_nodes(change, each)) is not None:
            yield found
    for file in change.go_files:
        if concerned(file):
            yield from _lost_comparisons(change, file)


def _update_handlers(function: Function) -> Iterator[Candidate[Closure]]:
    """The function literals that are an informer's UpdateFunc."""
    for closure in function.closures:
        if handlers.updates(closure):
            yield Candidate(("update", handlers.about(function, closure)), closure.line, closure.end_line, closure)


def _of_nodes(change: Change, each: Added[Closure]) -> Diagnostic | None:
    """What is wrong with an UpdateFunc that does its work for every update of a node, whatever has changed."""
    closure = each.what
    if handlers.uses(closure.body, handlers.old_parameter(closure.node)):
        return None
    if handlers.about(each.function, closure) not in {"node", "lease"}:
        return None
    pointer = any(
        work_queues.adds_pointer(change.head_index, each.function, call)
        for call in each.function.calls
        if closure in call.closures
    )
    return Diagnostic(
        analyzer="uncompared-update",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=f"{code('UpdateFunc')} does its work for every update of a node, whatever has changed"
        + (", and queues a pointer each time, which no queue can tell from another." if pointer else "."),
        remedy="Compare old and new, and go on only for what matters." + (" Queue the key." if pointer else ""),
        concern="every node update",
        function=each.function.key,
        level=Level.WARNING if pointer else Level.NOTICE,
        subject=Burden("event", critical_paths.HANDLER, "nodes"),
    )


def _lost_comparisons(change: Change, file: ChangedFile) -> Iterator[Diagnostic]:
    """The update handlers that compared old and new and compare no more, registered otherwise or changed themselves; and the
    work behind handlers and in kube-proxy that was left out where nothing had changed, and is no more."""
    told: set[str] = set()
    for found in _changed_handlers(change, file):
        told.add(found.function)
        yield found
    for lost in sorted(lost_guards(file), key=lambda lost: not _QUEUES.match(lost.call.name)):
        function, call = lost.function, lost.call
        where = critical_paths.within(function, call.closures)
        if (
            function.key in told
            or where is None
            or where.name not in {critical_paths.HANDLER.name, critical_paths.PROXY.name}
            or not _UNCHANGED.search(lost.test)
            or not _works(change, function, call)
            or any(spares(each) and _still_compares(each) for each in call.conditions)
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
    if _QUEUES.match(call.name):
        return True
    callee = change.head_index.callee(call, function.file, function)
    return callee is not None and callee.file.folder == function.file.folder and len(callee.calls) > 1


def _still_compares(condition: Condition) -> bool:
    # Equal resource versions are a resync, which is rare; all other updates come through.
    text = syntax.text(condition.test) if condition.test is not None else ""
    return _UNCHANGED.search(text) is not None and "ResourceVersion" not in text


def _changed_handlers(change: Change, file: ChangedFile) -> Iterator[Diagnostic]:
    if file.base is None:
        return
    for function in file.functions():
        old = file.base.function(function.key)
        if old is None:
            continue
        if handlers.is_update_handler(function) and handlers.is_update_handler(old):
            if _compares_no_more(change, was := _itself(old), now := _itself(function)):
                gap = _gap(file, old)
                yield _lost(change, file, was, now, gap or function.line, gap or function.end_line)
        elif all(b"UpdateFunc" in each.file.source[each.region.start : each.region.end] for each in (old, function)):
            yield from _registered_otherwise(change, file, old, function)


def _itself(function: Function) -> Registration:
    node = function.node
    assert node is not None
    return Registration("", node, function, function.body, handlers.old_parameter(node))


def _registered_otherwise(change: Change, file: ChangedFile, old: Function, function: Function) -> Iterator[Diagnostic]:
    before: dict[str, list[Registration]] = {}
    for was in handlers.registrations(change.base_index, old):
        before.setdefault(was.informer, []).append(was)
    for now in handlers.registrations(change.head_index, function):
        first, last = syntax.line(now.node), syntax.end_line(now.node)
        paired = before.get(now.informer, [])
        if paired and file.diff.touches(first, last) and _compares_no_more(change, paired[0], now):
            yield _lost(change, file, paired[0], now, first, last, registered_in=function)
        del paired[:1]


def _compares_no_more(change: Change, was: Registration, now: Registration) -> bool:
    """Say whether a handler compared, and neither compares any more nor hands the old object on."""
    return (
        handlers.compares(change.base_index, was.function, was.body, was.old)
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


_COMPARES = re.compile(r"\bif\b.{0,200}([!=]= (?!nil)|Equal|[cC]hanged|[uU]pdated|[sS]ame)")


def _gap(file: ChangedFile, old: Function) -> int | None:
    """The line in front of which the comparison stood."""
    for line, text in file.diff.removed.items():
        if old.line <= line <= old.end_line and _COMPARES.search(text):
            return file.diff.successors[line]
    return None
