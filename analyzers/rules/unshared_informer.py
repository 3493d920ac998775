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

A cache of controller-runtime that is made beside a manager's, of the same cluster, is a second one too where the manager keeps
the kind.

Not reported: informers that were only moved or written differently; factories and caches themselves; the kubelet's
own, which a field selector restricts to its node; command lines and tests. A ListWatch that comes from elsewhere, or
whose options an unknown function changes, may be restricted there: a notice.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Watch
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.requests import second_caches
from analyzers.kubernetes.requests.informers import Informer
from analyzers.news import added as places
from analyzers.news.added import Added, Candidate
from analyzers.news.informers import new_informers, repeated
from analyzers.news.kept_kinds import MANAGED
from analyzers.news.requests import component_of

_INSIDE = frozenset({Kind.CONTROLLER, Kind.SCHEDULER, Kind.API_SERVER})


def unshared_informer(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new informer or reflector outside a factory, and each that is run beside its factory."""
    for run in places.added(change, _runs):
        yield from _run_again(change, run)
    yield from _beside_the_manager(change)
    for new in new_informers(change):
        each, where = new.informer, new.component
        if where.kind is Kind.CLI or (where.every_node and (each.selected or _is_watched_by_nodes(each))):
            continue
        if repeated(change, each) is not None:
            continue  # repeated-watch says so
        if each.one_object:
            continue  # which is little
        given = each.factory and _is_given_one(change, each)
        if each.factory and not given and (where.kind not in _INSIDE or each.file.path.startswith("cmd/")):
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
                each.all_namespaces or new.was_shared,
                each.selected,
                where,
                _is_own(each.resource, each.file.path) and not new.was_shared,
            ),
        )


def _beside_the_manager(change: Change) -> Iterator[Diagnostic]:
    """Caches that are made beside a manager's, of the same cluster, for a kind that the manager keeps."""
    for file in change.go_files:
        if file.head is None or not MANAGED.search(file.head.source):
            continue
        for function in file.functions():
            for found in second_caches.second_caches(change.head_index, function):
                if not (file.added(found.use.line, found.use.line) and file.added(found.made.line, found.made.line)):
                    continue
                if not second_caches.kept_by_the_manager(change.base_index, found, file.path):
                    continue
                yield Diagnostic(
                    analyzer="unshared-informer",
                    path=file.path,
                    line=found.use.line,
                    end_line=found.use.line,
                    construct=f"{code(found.use.name)} has a second cache list, watch and keep all {found.resource}, which the "
                    "manager's cache of the same cluster keeps already.",
                    remedy=f"Ask the manager's ({code(f'{found.manager}.GetCache()', 40)}).",
                    concern=f"second cache of {found.resource} {function.key}",
                    function=function.key,
                    subject=Watch(found.resource, True, False, component_of(change, file, function), again=True),
                )


def _is_watched_by_nodes(each: Informer) -> bool:
    """Say whether it is not that it is not shared that costs: every node keeps all there is (large-watch says so)."""
    return each.all_namespaces and not each.selected and not each.factory and each.resource in resources.LARGE


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
    if _makes_factory(change, each.function) and not _starts_factory(change, each.function):
        return  # what is taken from factories here is run one by one
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


def _makes_factory(change: Change, function: Function) -> bool:
    package = change.head_index.package_of(function.file.path)
    return any(b"SharedInformerFactory" in file.source and _MADE.search(file.source) for file in package.files())


_MADE = re.compile(rb"\.New\w{0,40}SharedInformerFactory\w{0,40}\(")


def _starts_factory(change: Change, function: Function) -> bool:
    """Say whether a function of the package starts a factory, which starts what was taken from it."""
    index = change.head_index
    for file in index.package_of(function.file.path).files():
        if b".Start(" not in file.source or b"nformer" not in file.source:
            continue
        for other in file.functions:
            if file.source.find(b".Start(", other.region.start, other.region.end) < 0:
                continue
            for call in other.calls:
                named = (
                    dereferenced(index.type_of(call.operand, other.file, other))
                    if call.name == "Start" and call.operand is not None
                    else None
                )
                if isinstance(named, Named) and named.name.endswith("InformerFactory"):
                    return True
    return False


def _is_own(resource: str, path: str) -> bool:
    """Say whether a controller's folder is named for the resource: pkg/controller/job and jobs."""
    folder = path.split("/")[-2:-1]
    return bool(resource and folder) and len(folder[0]) > 2 and resource.startswith(folder[0].lower())
