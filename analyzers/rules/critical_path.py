"""A request is sent where everybody waits for it

Scheduling, admission, authorization, the API server's handlers and informers' handlers are paths that every pod, request or
event takes: users of a feature pay for it there, and so does everybody else. A request to the API server on such a path adds
its whole latency and spends the process's own 20 to 50 requests a second. Do it before (PreFilter, a cache, an index) or in
the background; and return early for objects that do not use the feature.

```diff
--- a/pkg/zones/filter.go
+++ b/pkg/zones/filter.go
@@ -1,24 +1,24 @@
 package zones

 import (
        "context"

        v1 "k8s.io/api/core/v1"
-	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
-	"k8s.io/client-go/kubernetes"
+	corelisters "k8s.io/client-go/listers/core/v1"
        "k8s.io/kubernetes/pkg/scheduler/framework"
 )

 type Zones struct {
-	client kubernetes.Interface
+	namespaces corelisters.NamespaceLister
 }

 func (z *Zones) Filter(ctx context.Context, state *framework.CycleState, pod *v1.Pod, info *framework.NodeInfo) *framework.Status {
-	_, err := z.client.CoreV1().Namespaces().Get(ctx, pod.Namespace, metav1.GetOptions{})
+	_, err := z.namespaces.Get(pod.Namespace)
        if err != nil {
                return framework.AsStatus(err)
        }
        return nil
 }
```

Not reported: requests of the kubelet (node-api-call says it) and walks through caches (lister-scan-in-loop); what was there
before; start-up code, command lines, tests and generated code. A request that is sent after a failure, or that a feature
gate keeps from all but the feature's users, is a notice.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.kubernetes.execution import critical_paths, periods
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.kubernetes.requests.request import READS, Request
from analyzers.news.requests import new_requests
from analyzers.news.sent import Sent


def critical_path(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new request on a critical path."""
    for new in new_requests(change):
        where = new.path.critical
        handler = new.path.root == "event" and where is not None and where.name == critical_paths.HANDLER.name
        if where is None or new.component.every_node or not (handler or (new.path.root == "critical" and where.hot)):
            continue
        request = new.request
        if request.method == "Stream":
            continue  # it passes on what it reads
        if request.background or (handler and (request.call.go or new.path.detached or _handed_on(request))):
            continue  # nobody waits for the answer
        yield Diagnostic(
            analyzer="critical-path",
            path=request.path,
            line=new.first_line,
            end_line=new.end_line,
            construct=f"{code(request.method)} sends {request.a_what} to the API server {where.where}."
            + (" All further events wait for the answer." if handler else ""),
            remedy=_remedy(request, where, handler),
            unless=""
            if handler
            else "Leave it if only users of the feature come here, behind an early return for all others.",
            concern=f"request {request.verb} {request.resource} {where.name}",
            function=request.function.key,
            subject=Sent(new, "path"),
        )


def _handed_on(request: Request) -> bool:
    """Say whether a request is sent by a function literal that the handler starts, or gives to somebody who may."""
    return any(
        each.goes
        or (each.role == "argument" and each.call is not None and not periods.repeats(each.call, each.argument))
        for each in request.closures
    )


def _remedy(request: Request, where: CriticalPath, handler: bool) -> str:
    if handler:
        return "Queue the object's key, and let a worker send the request."
    if request.resource.endswith("reviews"):
        return "Keep the answers for a short time: the same question is asked again and again."
    if (
        request.method == "CreateToken"
    ):  # nothing is stored: kubernetes pkg/registry/core/serviceaccount/storage, TokenREST
        return "Keep the token until shortly before it ends."
    if request.verb in READS:
        return "Read from an informer's cache, or do it before or after, off this path."
    if where is critical_paths.WEBHOOK:
        return "Write only when something has changed, or let a controller write it."
    return "Send it after the decision, off this path, and only when something has changed."
