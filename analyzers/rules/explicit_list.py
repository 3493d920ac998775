"""A LIST is sent to the API server where an informer's cache would answer

A LIST makes the API server read, convert and send every object: 150,000 pods of about 4 kB are 600 MB a call, against
a latency objective that all requests of the cluster share. A label or field selector shrinks the answer, not the
work: the server still goes through everything. "As a rule, use Informer. If using Informer, use shared Informers",
says the contributors' guide: the lister of a shared informer gives the same objects from memory, and the watch behind
it carries only what changes.

```diff
--- a/pkg/controller/quota/controller.go
+++ b/pkg/controller/quota/controller.go
@@ -1,28 +1,26 @@
 package quota

 import (
-	"context"
-
        corev1 "k8s.io/api/core/v1"
-	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
+	"k8s.io/apimachinery/pkg/labels"
-	"k8s.io/client-go/kubernetes"
+	corelisters "k8s.io/client-go/listers/core/v1"
 )

 // Controller counts pods.
 type Controller struct {
-	client kubernetes.Interface
+	pods corelisters.PodLister
 }

 // Used counts the pods of all namespaces.
-func (c *Controller) Used(ctx context.Context) (int, error) {
+func (c *Controller) Used() (int, error) {
-	pods, err := c.client.CoreV1().Pods(corev1.NamespaceAll).List(ctx, metav1.ListOptions{})
+	pods, err := c.pods.List(labels.Everything())
        if err != nil {
                return 0, err
        }
-	return len(pods.Items), nil
+	return len(pods), nil
 }
```

Not reported: the functions of a ListWatch (an informer calls them), listers, stores and sets, the API server's own
registries, tests and generated code; LISTs that were only moved or written differently; a LIST of one object by its
name. What runs once at start-up, after a failure or when an object ends, in pages, on a command line, or on kinds of
which a cluster has few, is a notice.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.passes import come_to
from analyzers.news.requests import NewRequest, each_of, new_requests
from analyzers.news.sent import Sent


def explicit_list(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new LIST."""
    for new in new_requests(change):
        request = new.request
        if request.verb != "LIST" or request.options.one_object:
            continue
        yield Diagnostic(
            analyzer="explicit-list",
            path=request.path,
            line=new.first_line,
            end_line=new.end_line,
            construct=f"This {request.what} lost what restrained it (a field selector, pages, or the watch cache)."
            if new.because == "widened"
            else f"{code(request.method)} sends {request.a_what} to the API server{_for_each(change, new)}.",
            remedy=_remedy(new),
            unless="Leave it if it runs once, at start-up or to repair something rare."
            if new.component.kind is not Kind.CLI
            else "",
            concern=f"list {request.resource} {request.scope}",
            function=request.function.key,
            subject=Sent(new, "call"),
        )


def _for_each(change: Change, new: NewRequest) -> str:
    """Say for each of what it is sent, where that may be many."""
    kind = each_of(change, new)
    asked = " that asks for it" if come_to(new.path) == "asked" else ""
    return f" in each reconcile of each {code(kind.name)}{asked}" if kind is not None else ""


def _remedy(new: NewRequest) -> str:
    if new.component.kind is Kind.CLI:
        return f"Set {code('Limit')} and read in pages, so that a large cluster answers in time."
    if new.request.options.labels or new.request.options.fields:
        return (
            "The selector shrinks the answer, not the work on the server: read from a shared informer's lister,"
            " with an index where the selector is used often."
        )
    if new.request.resource in resources.UNWATCHED:
        return "Metrics cannot be watched: ask only where somebody reads the answer, and keep it for a while."
    return "Read from a shared informer's lister instead."
