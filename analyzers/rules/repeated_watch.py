"""A watch, or an informer, is begun for each object

A watch is a connection that the API server keeps, and through which it sends every change; an informer is a LIST before
that, and a copy of what it lists. One for each of 10,000 objects is 10,000 of both, restarted together when the API server
is. One informer for all of them, with an index, gives the same.

```diff
--- a/controllers/job_controller.go
+++ b/controllers/job_controller.go
@@ -1,26 +1,23 @@
 package controllers

 import (
        "context"

        metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
        "k8s.io/client-go/kubernetes"
        ctrl "sigs.k8s.io/controller-runtime"
 )

 type JobReconciler struct {
        kube kubernetes.Interface
 }

 func (r *JobReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
-	pods, err := r.kube.CoreV1().Pods(req.Namespace).Watch(ctx, metav1.ListOptions{LabelSelector: "job=" + req.Name})
-	if err != nil {
-		return ctrl.Result{}, err
-	}
-	go r.follow(pods)
        return ctrl.Result{}, nil
 }
```

Formerly: unshared-informer.

Not reported: what is made once, for a kind of objects, or for a cluster whose client is made there; watches of one Secret or
ConfigMap each, of which a cluster holds too many to watch them all; command lines and tests.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Watch
from analyzers.kubernetes.execution.components import Component, Kind
from analyzers.kubernetes.requests.informers import Informer, in_list_watch
from analyzers.news.informers import new_informers, repeated
from analyzers.news.requests import new_requests


def repeated_watch(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new informer or WATCH that begins again for each object or event."""
    for new in new_informers(change):
        per = repeated(change, new.informer) if new.component.kind is not Kind.CLI else None
        if per is not None:
            yield _for_each(new.informer, per, new.component)
    yield from _watches(change)


def _watches(change: Change) -> Iterator[Diagnostic]:
    """A WATCH without an informer, for each object that is reconciled, or each event."""
    for new in new_requests(change):
        request, path = new.request, new.path
        per_event = path.root == "event" and not path.rare
        if request.verb != "WATCH" or not per_event or new.component.kind is Kind.CLI or new.because == "unguarded":
            continue
        if path.critical is None:
            continue  # what waits for a channel may begin again after its last watch ended
        if in_list_watch(request.function, request.call):
            continue  # which an informer calls
        what = "event" if path.critical.per == "event" else "object that is reconciled"
        yield Diagnostic(
            analyzer="repeated-watch",
            path=request.path,
            line=request.line,
            end_line=request.end_line,
            construct=f"{code(request.method)} opens {request.a_what} for each {what}; each is a connection that the API server "
            "keeps and serves.",
            remedy="Let one informer watch them all, and have the controller called for what changes.",
            unless="Leave it if it waits for one thing, and ends soon.",
            concern=f"watch for each {request.function.key}",
            function=request.function.key,
            subject=Watch(request.resource, False, False, new.component, repeated=True, alone=True),
        )


def _for_each(each: Informer, per: str, where: Component) -> Diagnostic:
    what = "a whole factory of informers" if each.factory else f"an informer on {each.resource or 'objects'}"
    return Diagnostic(
        analyzer="repeated-watch",
        path=each.file.path,
        line=each.call.line,
        end_line=each.call.end_line,
        construct=f"{code(each.call.name)} starts {what} for each {per}: a LIST and a WATCH of its own, which go on until "
        "something stops them.",
        remedy="Keep one informer for all of them, with a selector or an index that finds what belongs to one.",
        unless="Leave it if there are never more than a few.",
        concern=f"informer for each {each.function.key}",
        function=each.function.key,
        subject=Watch(each.resource, False, False, where, repeated=True),
    )
