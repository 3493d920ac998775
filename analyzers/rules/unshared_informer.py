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

What is made where objects are reconciled, for one of them, is an informer for each object: a watch each.

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
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.execution.components import Component, Kind
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.kubernetes.requests.informers import Informer, informers
from analyzers.kubernetes.requests.requests import requests
from analyzers.news import added as places
from analyzers.news.added import Added, Candidate
from analyzers.news.paths import call_paths
from analyzers.news.requests import component_of

_INSIDE = frozenset({Kind.CONTROLLER, Kind.SCHEDULER, Kind.API_SERVER})


def unshared_informer(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new informer or reflector outside a factory, and each that is run beside its factory."""
    for run in places.added(change, _runs):
        yield from _run_again(change, run)
    added = [(each, file) for file in change.go_files for each in _added(change, file)]
    if not added:
        return
    before = [each for file in change.go_files for each in _removed(change, file)]
    removed = Counter((each.factory, each.resource) for each in before)
    factories = {each.function.key for each in before if each.factory}
    for each, file in added:
        if (not each.factory and each.function.key in factories) or _is_in_own_factory(each):
            continue  # a factory of its own stood here before, or this is one
        where = component_of(change, file, each.function)
        paying = next((key for key in ((each.factory, each.resource), (each.factory, "")) if removed[key] > 0), None)
        was_shared = _was_shared(each, file)
        if paying is not None and not was_shared:
            removed[paying] -= 1
            continue
        if where.kind is Kind.CLI or (where.every_node and (each.selected or _is_watched_by_nodes(each))):
            continue
        if (per := _per_object(change, each)) is not None:
            yield _for_each(each, per, where)
            continue
        if each.one_object:
            continue  # which is little
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


def _is_in_own_factory(each: Informer) -> bool:
    """Say whether an informer is made by a literal that a method hands to another of its type, which keeps what it makes:
    `return f.getInformer("pods", func() cache.SharedIndexInformer { ... })`."""
    receiver = each.function.receiver
    return receiver is not None and any(
        closure.role == "argument"
        and closure.call is not None
        and closure.call.operand is not None
        and syntax.text(closure.call.operand) == receiver.name
        for closure in each.call.closures
    )


def _is_watched_by_nodes(each: Informer) -> bool:
    """Say whether it is not that it is not shared that costs: every node keeps all there is (large-watch says so)."""
    return each.all_namespaces and not each.selected and not each.factory and each.resource in resources.LARGE


def _per_object(change: Change, each: Informer) -> str | None:
    """Say for what an informer is made again and again ("object that is reconciled", "event"), None if nothing says that it is.

    It is made where objects are reconciled or events handled: each time, with no condition that spares it, or once for each
    name, namespace, key or object that the function is given, by a client that the receiver has. One for a kind of objects,
    of which there are few, or of a cluster whose client is made there, is none.
    """
    function = each.function
    types = [" ".join(syntax.text(parameter.type).split()) for parameter in function.params]
    if any("GroupVersion" in type_ for type_ in types):
        return None
    path = call_paths(change).worst(function, each.call)
    requested = path.root == "critical" and path.critical is not None and path.critical.per == "request"
    if path.root != "event" and not requested:
        return None
    always = not path.rare and not any(conditions.spares(test) for test in path.conditions)
    if not always and not (_is_of_one(each, types) and _is_of_receiver(change, each)):
        return None
    if requested:
        return "request"
    return "event" if path.critical is not None and path.critical.per == "event" else "object that is reconciled"


def _is_of_one(each: Informer, types: list[str]) -> bool:
    """Say whether an informer is made for one name, namespace, key or object that its function is given."""
    function, call = each.function, each.call
    given = {parameter.name for parameter, type_ in zip(function.params, types, strict=True) if _OF_ONE.search(type_)}
    made_of = {syntax.text(node) for node in syntax.walk(call.node) if node.type == "identifier"}
    for name in tuple(made_of):  # a ListWatch, or options, that stand in a variable
        binding = function.binding(name, call.node.start_byte)
        if binding is not None and binding.kind == "var" and binding.value is not None:
            made_of |= {syntax.text(node) for node in syntax.walk(binding.value) if node.type == "identifier"}
    return bool(given & made_of)


_OF_ONE = re.compile(r"^(string|(\w+\.)?(NamespacedName|ObjectKey|Request)|\*\w+\.[A-Z]\w*)$")


def _is_of_receiver(change: Change, each: Informer) -> bool:
    """Say whether the client that an informer lists with is a field of the receiver, and not made or given for the occasion."""
    function = each.function
    receiver = function.receiver.name if function.receiver is not None else ""
    sent = [
        request.call.operand
        for request in requests(change.head_index, function.file, function, ())
        if request.list_watch and each.call.node.start_byte <= request.call.node.start_byte < each.call.node.end_byte
    ]
    clients = sent or each.call.arguments[:1]
    return bool(receiver) and all(
        node is not None and re.match(rf"{re.escape(receiver)}\.", syntax.text(node)) is not None for node in clients
    )


def _for_each(each: Informer, per: str, where: Component) -> Diagnostic:
    what = "a whole factory of informers" if each.factory else f"an informer on {each.resource or 'objects'}"
    return Diagnostic(
        analyzer="unshared-informer",
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


def _added(change: Change, file: ChangedFile) -> Iterator[Informer]:
    if (
        file.head is None
        or implements_client(change.head_index, change.head_index.import_path(file.head))
        or "/informers/" in f"/{file.path}"
        or any(path.endswith("/fake") for path in file.head.imports.values())
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
