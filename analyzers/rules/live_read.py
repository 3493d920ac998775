"""Each reconcile reads live what a cache would answer

A reconcile runs for each object of its kind, at each of its events and at each resync, and for all of them when the controller
starts. A GET that each pass sends is one request for each object each time: of 10,000 objects 10,000 at a restart, out of the 20
requests a second that a client sends by default, and each pass waits for it. The manager's client answers from memory what an
informer keeps; a lister does so for a controller of client-go.

```diff
--- a/controllers/service.go
+++ b/controllers/service.go
@@ -1,33 +1,30 @@
 package controllers

 import (
        "context"

        corev1 "k8s.io/api/core/v1"
-	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
-	"k8s.io/client-go/kubernetes"
        ctrl "sigs.k8s.io/controller-runtime"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 // Reconciler counts what stands behind services.
 type Reconciler struct {
        client.Client
-	clientset kubernetes.Interface
        endpoints map[string]int
 }

 func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
        service := &corev1.Service{}
        if err := r.Get(ctx, req.NamespacedName, service); err != nil {
                return ctrl.Result{}, client.IgnoreNotFound(err)
        }
-	found, err := r.clientset.CoreV1().Endpoints(service.Namespace).Get(ctx, service.Name, metav1.GetOptions{})
-	if err != nil {
+	found := &corev1.Endpoints{}
+	if err := r.Get(ctx, req.NamespacedName, found); err != nil {
                return ctrl.Result{}, err
        }
        r.endpoints[service.Name] = len(found.Subsets)
        return ctrl.Result{}, nil
 }
```

Always a notice: how many objects there are, and whether only the newest will do, the program does not tell.

Not reported: reconciles of a kind of which a cluster has few; a read that only some passes come to (after a failure, a miss, a
comparison, at an object's end); what is written then, which takes the newest; what answers every reconcile the same
(invariant-read says it); what a node's program reads (node-api-call); what was there before.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.kubernetes.execution.reconciled import reconciled
from analyzers.kubernetes.passes import come_to
from analyzers.kubernetes.requests.invariant import is_invariant
from analyzers.kubernetes.requests.requests import READS, requests
from analyzers.news.paths import call_paths
from analyzers.news.requests import NewRequest, each_of, new_requests
from analyzers.news.sent import Sent


def live_read(change: Change) -> Iterator[Diagnostic]:
    """Yield a notice for each new live GET that each pass over an object sends."""
    for new in new_requests(change):
        request = new.request
        if request.verb != "GET" or request.unlisted or new.component.every_node:
            continue
        kind = each_of(change, new)
        if (kind is None and not _is_of_its_object(change, new)) or _is_written(change, new):
            continue
        each = code(kind.name) if kind is not None else "object"
        yield Diagnostic(
            analyzer="live-read",
            path=request.path,
            line=new.first_line,
            end_line=new.end_line,
            construct=f"{code(request.method)} sends {request.a_what} to the API server in each reconcile of each"
            f" {each}{' that asks for it' if come_to(new.path) == 'asked' else ''}.",
            remedy="Read it through a cache that keeps it, or hand on what was read before.",
            unless="Leave it if only the newest will do, or if a cache of all such objects would cost more.",
            concern=f"read {request.resource} live",
            function=request.function.key,
            level=Level.NOTICE,
            subject=Sent(new, "call"),
        )


def _is_of_its_object(change: Change, new: NewRequest) -> bool:
    """Say whether each pass over an object of a kind that is not seen reads something of that object's own."""
    index, functions = change.head_index, new.path.functions
    if come_to(new.path) == "some" or reconciled(index, functions) is not None:
        return False
    return not is_invariant(index, call_paths(change), new.request)


def _is_written(change: Change, new: NewRequest) -> bool:
    """Say whether the function that reads an object, or one that it asks to, writes it, of which it wants the newest."""
    request = new.request
    return any(
        each.resource == request.resource and each.verb not in READS
        for function in {request.function, *request.through}
        for each in requests(change.head_index, function.file, function)
    )
