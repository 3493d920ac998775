"""Slow work where everybody waits for it

Scheduling, admission, authorization, the API server's handlers, the kubelet's sync loop and informers' handlers are
paths that every pod, request or event takes: users of a feature pay for it there, and so does everybody else. A request
to the API server on such a path adds its whole latency and spends the process's own 20 to 50 requests a second; a
process started for each of a thousand items takes minutes. Do it before (PreFilter, a cache, an index), once for all
items, or in the background; and return early for objects that do not use the feature, or in which nothing has changed.

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

A condition that is removed in front of such work counts as new work: the place where it stood is reported.

Not reported: requests of the kubelet (node-api-call says it) and walks through caches (lister-scan-in-loop); what was
there before; sends in a `select` with a default or in a goroutine; start-up code, command lines, tests and generated
code; a removed condition that checked an error or a feature's gate, of which a part decides something elsewhere now, or
behind which another cheap one still stands. A request that is sent after a failure, or that a feature gate keeps from
all but the feature's users, is a notice. What the work costs is not measured.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from analyzers.analysis import burdens, events, queues
from analyzers.analysis.burdens import Found
from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.copying import concerned
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.golang.facts.declaration import Function
from analyzers.kubernetes.execution import critical_paths, periods
from analyzers.kubernetes.requests.request import READS, Request
from analyzers.news.added import Added, Find, added
from analyzers.news.requests import new_requests

T = TypeVar("T")


def critical_path(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new request, encoding, process, send or needless update on a critical path."""
    yield from _requests(change)
    yield from _each(change, burdens.calls, burdens.call)
    yield from _each(change, burdens.loops, burdens.under_lock)
    yield from _each(change, events.sends, events.send)
    yield from _each(change, events.update_handlers, events.update_handler)
    yield from _each(change, queues.retries, queues.retry)
    yield from _each(change, queues.pointers, queues.pointer)
    for file in change.go_files:
        for lost in events.lost_comparisons(change, file) if concerned(file) else ():
            yield _diagnostic(file, lost.function, lost.first, lost.last, lost.found)
        for guard, found in burdens.unguarded(change, file) if concerned(file) else ():
            yield _diagnostic(file, guard.function, guard.gap, guard.gap, found)


def _requests(change: Change) -> Iterator[Diagnostic]:
    for new in new_requests(change):
        where = new.path.critical
        handler = new.path.root == "event" and where is not None and where.name == critical_paths.HANDLER.name
        if where is None or new.component.every_node or not (handler or (new.path.root == "critical" and where.hot)):
            continue
        request = new.request
        if request.background or (handler and _handed_on(request)):
            continue
        yield Diagnostic(
            analyzer="critical-path",
            path=request.path,
            line=new.first_line,
            end_line=new.end_line,
            construct=f"{code(request.method)} sends {request.a_what} to the API server on {where.name}."
            + (" All further events wait for the answer." if handler else ""),
            remedy=_remedy(request, handler),
            unless=""
            if handler
            else "Leave it if only users of the feature come here, behind an early return for all others.",
            concern=f"request {request.verb} {request.resource} {where.name}",
            function=request.function.key,
            subject=new,
        )


def _handed_on(request: Request) -> bool:
    """Say whether a request is sent by a function literal that the handler starts, or gives to somebody who may."""
    return any(
        each.goes
        or (each.role == "argument" and each.call is not None and not periods.repeats(each.call, each.argument))
        for each in request.closures
    )


def _remedy(request: Request, handler: bool) -> str:
    if handler:
        return "Queue the object's key, and let a worker send the request."
    if request.resource.endswith("reviews"):
        return "Keep the answers for a short time: the same question is asked again and again."
    if request.verb in READS:
        return "Read from an informer's cache, or do it before or after, off this path."
    return "Send it after the decision, off this path, and only when something has changed."


def _each(change: Change, find: Find[T], judge: Callable[[Change, Added[T]], Found | None]) -> Iterator[Diagnostic]:
    for each in added(change, find):
        found = judge(change, each) if concerned(each.file) else None
        if found is not None:
            yield _diagnostic(each.file, each.function, each.first, each.last, found)


def _diagnostic(file: ChangedFile, function: Function, first: int, last: int, found: Found) -> Diagnostic:
    return Diagnostic(
        analyzer="critical-path",
        path=file.path,
        line=first,
        end_line=last,
        construct=found.construct,
        remedy=found.remedy,
        concern=found.concern,
        function=function.key,
        level=found.level,
        subject=found.burden,
    )
