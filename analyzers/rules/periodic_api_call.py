"""An expensive API request is repeated on a timer

What a ticker or `wait.Until` repeats goes on for the life of the cluster. A LIST of 150,000 pods of 4 kB every 30
seconds is 20 MB a second from one controller alone, whether or not anything has changed. An informer's watch sends
only changes, and its resync, which costs the API server nothing, takes the place of the timer.

```diff
--- a/pkg/controller/nodehealth/controller.go
+++ b/pkg/controller/nodehealth/controller.go
@@ -1,35 +1,33 @@
 package nodehealth

 import (
-	"context"
        "time"

        metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
+	"k8s.io/apimachinery/pkg/labels"
        "k8s.io/apimachinery/pkg/util/wait"
-	"k8s.io/client-go/kubernetes"
+	corelisters "k8s.io/client-go/listers/core/v1"
 )

 // Controller watches over nodes.
 type Controller struct {
-	client kubernetes.Interface
+	nodes corelisters.NodeLister
 }

 // Run checks the nodes until stop is closed.
 func (c *Controller) Run(stop <-chan struct{}) {
        wait.Until(c.check, 30*time.Second, stop)
 }

 func (c *Controller) check() {
-	nodes, err := c.client.CoreV1().Nodes().List(context.TODO(), metav1.ListOptions{})
+	nodes, err := c.nodes.List(labels.Everything())
        if err != nil {
                return
        }
-	report(len(nodes.Items), metav1.Now())
+	report(len(nodes), metav1.Now())
 }

 func report(nodes int, at metav1.Time) {}
```

Not reported: a timer that only starts workers of a queue; a wait that ends when something has happened; one GET or
write a minute from a single controller; loops that retry. Timers are followed within one package: through calls,
fields and function literals that are handed on.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.requests.requests import Request, requests
from analyzers.news.requests import NewRequest, new_requests
from analyzers.news.sent import Sent

_WRITES = frozenset({"UPDATE", "PATCH"})
_COSTLY = frozenset({"LIST", "DELETECOLLECTION"})
_OFTEN = 5.0
"""Seconds: a request repeated more often than that is worth a look whatever it is."""


def periodic_api_call(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new request that a timer repeats, and for each that a sync sends where it was spared before."""
    for new in new_requests(change):
        request, path = new.request, new.path
        if new.component.kind is Kind.CLI or request.options.one_object or request.background or request.every:
            continue
        spared = new.because in {"unguarded", "uncached"}
        if path.root == "periodic":
            period = path.repetition.seconds if path.repetition is not None else None
            if (
                request.verb not in _COSTLY
                and request.kind != "discovery"
                and not spared
                and (period is None or period > _OFTEN)
            ):
                continue
        elif not (spared or _again(change, new)) or not _in_the_normal_course(new):
            continue
        yield Diagnostic(
            analyzer="periodic-api-call",
            path=request.path,
            line=new.first_line,
            end_line=new.end_line,
            construct=_construct(new),
            remedy=_remedy(new),
            unless="Leave it if the period is minutes and the answer small." if path.root == "periodic" else "",
            concern=f"{request.verb.lower()} {request.resource} {request.scope} {new.because if spared else 'periodic'}",
            function=request.function.key,
            subject=Sent(new, "round"),
        )


def _in_the_normal_course(new: NewRequest) -> bool:
    """Say whether events lead to a request; of a read that was cached it may be unknown what does."""
    return new.path.root == "event" or (new.path.root == "unknown" and new.because == "uncached")


def _again(change: Change, new: NewRequest) -> bool:
    """Say whether a sync writes the same object a second time, and both times whether or not anything has changed."""
    request = new.request
    if request.verb not in _WRITES or request.via is not None or not _unconditional(request) or new.path.loops:
        return False
    found = requests(change.head_index, request.file, request.function, ())
    return any(
        each.verb in _WRITES
        and each.resource == request.resource
        and each.line != request.line
        and _unconditional(each)
        for each in found
    )


def _unconditional(request: Request) -> bool:
    return not any(each.kind in {"if", "else", "case", "default"} for each in request.call.conditions)


def _construct(new: NewRequest) -> str:
    request, path = new.request, new.path
    if new.because == "unguarded":
        return f"The condition that spared this {request.what} was removed."
    if new.because == "uncached":
        return f"This read came from a cache; now {code(request.method)} sends {request.a_what} each time."
    if path.root == "event":
        return f"This {request.what} is the second write of the same object in one sync, whether or not anything has changed."
    root = path.functions[0].key
    through = f" through {code(root)}" if path.functions[0] is not request.function else ""
    return f"{code(request.method)} sends {request.a_what}, and a timer repeats it{through}."


def _remedy(new: NewRequest) -> str:
    if new.because == "uncached":
        return "Keep reading from the cache, and read live only where a stale answer would do harm."
    if new.request.verb in {"UPDATE", "PATCH", "CREATE", "DELETE"}:
        return "Compare with what is stored, and send only when something has changed."
    if new.request.resource in resources.UNWATCHED:
        return "Metrics cannot be watched: ask less often, and only where somebody reads the answer."
    return "Read from a shared informer's lister; its resync can take the timer's place."
