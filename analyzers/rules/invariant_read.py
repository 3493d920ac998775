"""Each reconcile reads the same object from the API server again

A reconcile runs for each object of its kind, at each of its events and at each resync. What it reads for its own object differs;
a ConfigMap of settings, or a Secret with the operator's credentials, is the same for all of them. Read live, it is asked for ten
thousand times for ten thousand objects, at each restart and at each resync, out of the 20 requests a second that a client sends by
default, and each reconcile waits for it. An informer of that one object, or of its namespace, has the answer in memory and hears of
every change.

```diff
--- a/controllers/service.go
+++ b/controllers/service.go
@@ -1,41 +1,42 @@
 package controllers

 import (
        "context"

        corev1 "k8s.io/api/core/v1"
-	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
-	"k8s.io/client-go/kubernetes"
+	corelisters "k8s.io/client-go/listers/core/v1"
        ctrl "sigs.k8s.io/controller-runtime"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 // Reconciler gives services the addresses of their domain.
 type Reconciler struct {
        client.Client
-	clientset kubernetes.Interface
+	configMaps corelisters.ConfigMapNamespaceLister
 }

 func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
        service := &corev1.Service{}
        if err := r.Get(ctx, req.NamespacedName, service); err != nil {
                return ctrl.Result{}, client.IgnoreNotFound(err)
        }
-	domains, err := r.clientset.CoreV1().ConfigMaps("dns").Get(ctx, "domains", metav1.GetOptions{})
+	domains, err := r.configMaps.Get("domains")
        if err != nil {
                return ctrl.Result{}, err
        }
        return ctrl.Result{}, r.name(ctx, service, domains.Data)
 }

 func (r *Reconciler) name(ctx context.Context, service *corev1.Service, domains map[string]string) error {
        return nil
 }
```

Not reported: reconciles of a kind of which a cluster has few (it belongs to no namespace), or that is not seen, or of which
predicates choose some; a read that only
some passes come to (after a failure, a miss, a comparison, at an object's end); a name that depends on the object; what is kept;
what the same function writes, or another on the way creates.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution.reconciled import may_be_many, reconciled
from analyzers.kubernetes.passes import come_to
from analyzers.kubernetes.requests import predicates
from analyzers.kubernetes.requests.invariant import is_invariant
from analyzers.kubernetes.requests.requests import READS, requests
from analyzers.news.paths import call_paths
from analyzers.news.requests import NewRequest, new_requests
from analyzers.news.sent import Sent

_WHEN = {"all": "each reconcile", "asked": "each reconcile that comes here"}


def invariant_read(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new live read that gives every reconcile the same answer."""
    index = change.head_index
    for new in new_requests(change):
        request = new.request
        if request.verb not in {"GET", "LIST"} or request.scope == "cluster":
            continue
        which = come_to(new.path)
        if which == "some":
            continue
        kind = reconciled(index, new.path.functions)
        if kind is None or not may_be_many(index, kind) or not is_invariant(index, call_paths(change), request):
            continue
        if _is_for_some(index, new.path.functions[0]):
            continue
        if new.because != "uncached" and _is_written(change, new):
            continue
        name = code(kind.name)
        yield Diagnostic(
            analyzer="invariant-read",
            path=request.path,
            line=new.first_line,
            end_line=new.end_line,
            construct=("This read came from a cache; now " if new.because == "uncached" else "")
            + f"{code(request.method)} sends {request.a_what} in {_WHEN[which]}, the same whichever {name} it is for.",
            multiplier=f"Each event and resync of each {name} asks again.",
            remedy="Keep the answer in an informer restricted to that object or its namespace, or read it once and hand it on.",
            unless=f"Leave it if there are few {name} objects, or a stale answer would do harm.",
            concern=f"read {request.resource} again",
            function=request.function.key,
            subject=Sent(new, "object"),
        )


def _is_for_some(index: PackageIndex, reconcile: Function) -> bool:
    """Say whether predicates choose the objects that the controllers of a reconcile's file are called for."""
    return any(
        call.name == "For" and predicates.chosen(index, function, call)
        for function in reconcile.file.functions
        if reconcile.file.source.find(b"For(", function.region.start, function.region.end) >= 0
        for call in function.calls
    )


def _is_written(change: Change, new: NewRequest) -> bool:
    """Say whether the function that reads an object, or the wrapper that does so for it, writes what it has read, of which it wants
    the newest; or whether one on the way creates it: it sees to it that it is there."""
    request = new.request
    reading = [request.function, *([request.via] if request.via is not None else [])]
    return any(
        each.resource == request.resource
        and (each.verb == "CREATE" or (function in reading and each.verb not in READS))
        for function in (*new.path.functions, *reading)
        for each in requests(change.head_index, function.file, function)
    )
