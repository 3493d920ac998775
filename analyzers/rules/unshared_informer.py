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

import re
from collections import Counter
from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Watch
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.kubernetes.requests.informers import Informer, informers
from analyzers.kubernetes.requests.requests import requests
from analyzers.news import added as places
from analyzers.news.added import Added, Candidate
from analyzers.news.requests import component_of

_INSIDE = frozenset({Kind.CONTROLLER, Kind.SCHEDULER, Kind.API_SERVER})


def unshared_informer(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new informer or reflector outside a factory, and each that is run beside its factory."""
    for run in places.added(change, _runs):
        yield from _run_again(change, run)
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
        given = each.factory and _is_given_one(change, each)
        if each.factory and not given and (where.kind not in _INSIDE or file.path.startswith("cmd/")):
            continue  # a program makes its factory somewhere
        what = "a whole factory of informers" if each.factory else f"an informer on {each.resource or 'objects'}"
        yield Diagnostic(
            analyzer="unshared-informer",
            path=each.file.path,
            line=each.call.line,
            end_line=each.call.end_line,
            construct=f"{code(each.call.name)} starts {what} of its own"
            + (", beside the one that this code is given." if given else "."),
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


_GIVEN = re.compile(r"\b(framework\.(Framework)?Handle|SharedInformerFactory|manager\.Manager|ctrl\.Manager)\b")


def _is_given_one(change: Change, each: Informer) -> bool:
    """Say whether a function that makes a factory of the built-in kinds is given one, or a handle or manager that has one."""
    operand = syntax.text(each.call.operand) if each.call.operand is not None else ""
    path = change.head_index.imported(each.file, operand) or ""
    if path != "k8s.io/client-go/informers" and not path.startswith("k8s.io/kubernetes/"):
        return False
    if any(_GIVEN.search(syntax.text(param.type)) for param in each.function.params):
        return True
    receiver = each.function.receiver
    declared = each.file.type(receiver.type_name) if receiver is not None else None
    return declared is not None and _GIVEN.search(syntax.text(declared.type)) is not None


def _runs(function: Function) -> Iterator[Candidate[Call]]:
    """Find the calls `x.Informer().Run(...)`."""
    for call in function.calls:
        if call.name == "Run" and call.operand is not None and call.operand.type == "call_expression":
            text = syntax.text(call.operand)
            if text.endswith(".Informer()"):
                yield Candidate(("run", text.rpartition(".")[0]), call.line, call.end_line, call)


def _run_again(change: Change, each: Added[Call]) -> Iterator[Diagnostic]:
    """An informer that comes from a factory, and is not only started by it."""
    made = each.function.facts.call_at(each.what.operand) if each.what.operand is not None else None
    operand = made.operand if made is not None else None
    named = dereferenced(change.head_index.type_of(operand, each.function.file, each.function)) if operand else None
    if operand is None or not isinstance(named, Named) or "/informers/" not in named.path:
        return
    resource = resources.plural(named.name.removesuffix("Informer"))
    yield Diagnostic(
        analyzer="unshared-informer",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=f"{code('Run')} starts an informer on {resource} that a factory may have made: if its {code('Start')} starts it "
        "too, that is a second LIST and WATCH in older client-go.",
        remedy="Let the factory start it.",
        unless="Leave it if nothing starts the factory.",
        concern=f"run informer {each.function.key}",
        function=each.function.key,
        subject=Watch(resource, False, False, component_of(change, each.file, each.function)),
    )


def _is_own(resource: str, path: str) -> bool:
    """Say whether a controller's folder is named for the resource: pkg/controller/job and jobs."""
    folder = path.split("/")[-2:-1]
    return bool(resource and folder) and len(folder[0]) > 2 and resource.startswith(folder[0].lower())


def _added(change: Change, file: ChangedFile) -> Iterator[Informer]:
    if (
        file.head is None
        or implements_client(change.head_index, change.head_index.import_path(file.head))
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
