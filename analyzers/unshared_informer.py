"""An informer is made outside the shared factory

Every informer is a LIST at its start, a WATCH for ever, and a copy of each object in memory: for 150,000 pods of
about 4 kB that is 600 MB in the process, and each change is sent and decoded once more. The informers of one process
are shared through a factory; a second one on the same resource pays all of it again.

```diff
--- a/pkg/controller/quota/controller.go
+++ b/pkg/controller/quota/controller.go
@@ -1,35 +1,20 @@
 package quota

 import (
-	"context"
-
-	v1 "k8s.io/api/core/v1"
-	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
-	"k8s.io/apimachinery/pkg/runtime"
-	"k8s.io/apimachinery/pkg/watch"
-	"k8s.io/client-go/kubernetes"
+	"k8s.io/client-go/informers"
        "k8s.io/client-go/tools/cache"
 )

 // Controller follows pods.
 type Controller struct {
-	pods cache.Controller
+	pods cache.SharedIndexInformer
 }

-func newController(client kubernetes.Interface) *Controller {
+func newController(factory informers.SharedInformerFactory) *Controller {
        c := &Controller{}
-	_, c.pods = cache.NewInformer(
-		&cache.ListWatch{
-			ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
-				return client.CoreV1().Pods(metav1.NamespaceAll).List(context.TODO(), options)
-			},
-			WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
-				return client.CoreV1().Pods(metav1.NamespaceAll).Watch(context.TODO(), options)
-			},
-		},
-		&v1.Pod{}, 0, cache.ResourceEventHandlerFuncs{},
-	)
+	c.pods = factory.Core().V1().Pods().Informer()
        return c
 }
```

Not reported: informers that were only moved or written differently; factories and caches themselves; the kubelet's
own, which a field selector restricts to its node; command lines and tests. A ListWatch that comes from elsewhere, or
whose options an unknown function changes, may be restricted there: a notice.
"""

from collections import Counter
from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.new import component_of
from analyzers.analysis.subject import Watch
from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.kubernetes.clients import implements_client
from analyzers.kubernetes.components import Kind
from analyzers.kubernetes.informers import Informer, informers
from analyzers.kubernetes.requests import requests

_INSIDE = frozenset({Kind.CONTROLLER, Kind.SCHEDULER, Kind.API_SERVER})


def unshared_informer(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new informer or reflector outside a factory."""
    added = [(each, file) for file in change.go_files for each in _added(change, file)]
    if not added:
        return
    removed = Counter((each.factory, each.resource) for file in change.go_files for each in _removed(change, file))
    for each, file in added:
        where = component_of(change, file, each.function)
        paying = next((key for key in ((each.factory, each.resource), (each.factory, "")) if removed[key] > 0), None)
        was_shared = _was_shared(each, file)
        if paying is not None and not was_shared:
            removed[paying] -= 1
            continue
        if where.kind is Kind.CLI or (where.every_node and each.selected):
            continue
        if each.factory and (where.kind not in _INSIDE or file.path.startswith("cmd/")):
            continue  # a program makes its factory somewhere
        what = "a whole factory of informers" if each.factory else f"an informer on {each.resource or 'objects'}"
        yield Diagnostic(
            analyzer="unshared-informer",
            path=each.file.path,
            line=each.call.line,
            end_line=each.call.end_line,
            construct=f"{code(each.call.name)} starts {what} of its own.",
            remedy="Take it from the shared informer factory, so that one watch and one copy serve the whole process.",
            unless="Leave it if nothing else in the process needs this resource, or it is restricted to a few objects.",
            concern=f"informer {each.function.key}",
            function=each.function.key,
            subject=Watch(
                each.resource,
                each.all_namespaces or was_shared,
                each.selected,
                where,
                _is_own(each.resource, file.path) and not was_shared,
            ),
        )


def _is_own(resource: str, path: str) -> bool:
    """Say whether a controller's folder is named for the resource: pkg/controller/job and jobs."""
    folder = path.split("/")[-2:-1]
    return bool(resource and folder) and len(folder[0]) > 2 and resource.startswith(folder[0].lower())


def _added(change: Change, file: ChangedFile) -> Iterator[Informer]:
    if (
        file.head is None
        or implements_client(change.head_index.import_path(file.head))
        or "/informers/" in f"/{file.path}"
    ):
        return
    for function in file.functions():
        if any(
            name in file.head.source[function.region.start : function.region.end]
            for name in (b"Informer", b"Reflector")
        ):
            found = requests(change.head_index, function.file, function, ())
            # On the line of its name: what changed among its arguments made no new informer.
            yield from (
                each
                for each in informers(change.head_index, function.file, function, found)
                if each.call.line in file.diff.added
            )


def _was_shared(each: Informer, file: ChangedFile) -> bool:
    """Say whether the function was given a shared informer before, and no more."""
    old = file.base.function(each.function.key) if file.base else None
    return old is not None and _takes_shared(old) and not _takes_shared(each.function)


def _takes_shared(function: Function) -> bool:
    return any(
        "SharedIndexInformer" in syntax.text(each.type) or "SharedInformer" in syntax.text(each.type)
        for each in function.params
    )


def _removed(change: Change, file: ChangedFile) -> Iterator[Informer]:
    for function in file.old_functions():
        source = function.file.source[function.region.start : function.region.end]
        if b"Informer" in source or b"Reflector" in source:
            found = requests(change.base_index, function.file, function, ())
            yield from (
                each
                for each in informers(change.base_index, function.file, function, found)
                if each.call.line in file.diff.removed
            )
