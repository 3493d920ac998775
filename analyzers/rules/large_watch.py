"""A whole collection is watched and kept in memory

A watch from each of 5,000 nodes on all pods sends every change of every pod 5,000 times: at 20 changes a second of 4
kB each, that is 400 MB a second out of the API server, and each node keeps 150,000 pods, 600 MB, in memory. A field
selector (`spec.nodeName`) restricts the watch to what the node has; Secrets and ConfigMaps are best read one by one,
as pods need them. In a controller, the first read of a kind through controller-runtime's cached client lists, watches
and keeps all objects of that kind, as `Watches` and `IndexField` do: leave the kind out of the cache (`DisableFor`),
restrict it (`ByObject`), or keep its metadata alone (`builder.OnlyMetadata`). Transforms, selectors and indexes that
caches had and lose are reported too.

```diff
--- a/pkg/agent/pods/watcher.go
+++ b/pkg/agent/pods/watcher.go
@@ -1,26 +1,27 @@
 package pods

 import (
        "context"

        metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
+	"k8s.io/apimachinery/pkg/fields"
        "k8s.io/apimachinery/pkg/runtime"
        "k8s.io/apimachinery/pkg/watch"
        "k8s.io/client-go/kubernetes"
        "k8s.io/client-go/tools/cache"
 )

 func listWatch(client kubernetes.Interface, node string) *cache.ListWatch {
        return &cache.ListWatch{
                ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
+			options.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", node).String()
                        return client.CoreV1().Pods(metav1.NamespaceAll).List(context.TODO(), options)
                },
                WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
-			return client.CoreV1().Pods(metav1.NamespaceAll).Watch(context.TODO(), options)
+			options.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", node).String()
+			return client.CoreV1().Pods(metav1.NamespaceAll).Watch(context.TODO(), options)
                },
        }
 }
```

Not reported: watches that a field selector restricts, watches of one namespace, of Services, endpoints and namespaces
(which a network agent needs whole), informers that the program takes from a factory already, and watches that were
only moved or written differently; kinds of which the
repository's own code had values before, whose objects its cache may hold already. What a controller watches on purpose
is a notice, unless its map function needs metadata alone.
"""

import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Watch
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import resources, scale
from analyzers.kubernetes.execution.components import component
from analyzers.kubernetes.requests import cached_kinds, restraints
from analyzers.kubernetes.requests.cached_kinds import CachedKind
from analyzers.kubernetes.requests.informers import restraint
from analyzers.kubernetes.requests.requests import requests
from analyzers.kubernetes.requests.restraints import Restraint
from analyzers.news.requests import component_of

_LARGE_WORDS = """
pods secrets configmaps events nodes replicasets deployments jobs persistentvolumes persistentvolumeclaims
endpointslices
"""
_LARGE = frozenset(_LARGE_WORDS.split())


def large_watch(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new unrestricted watch of a large collection: from code of every node, or by a manager
    that did not keep that kind before; and for each cache that lost what kept it small or quick."""
    yield from _on_nodes(change)
    yield from _by_managers(change)
    yield from _loosened(change)


class _Found(NamedTuple):
    """A watch: of what, by which call of which function; `informer` is its type where a factory shares it."""

    resource: str
    call: Call
    function: Function
    informer: Named | None = None


def _on_nodes(change: Change) -> Iterator[Diagnostic]:
    added = [
        (each, file)
        for file in change.go_files
        if file.component.every_node
        for each in _watches(change.head_index, file.functions(), file.diff.added)
    ]
    if not added:
        return
    removed = Counter(each.resource for each in _removed(change, restricted=False))
    lost = {(each.resource, each.function.key) for each in _removed(change, restricted=True)}
    seen: set[Named] = set()
    informed: dict[tuple[str, Named], bool] = {}
    for found, file in added:
        where = component_of(change, file, found.function)
        if not where.every_node:
            continue
        if removed[found.resource] > 0:
            removed[found.resource] -= 1
            continue
        if found.informer is not None:
            key = (where.name, found.informer)
            if key not in informed:  # which reads the program
                runs = functools.partial(_runs_in, where.name)
                informed[key] = cached_kinds.informed_elsewhere(change.base_index, found.informer, runs)
            if found.informer in seen or informed[key]:
                continue
            seen.add(found.informer)
        unrestricted = (found.resource, found.function.key) in lost
        yield Diagnostic(
            analyzer="large-watch",
            path=found.function.file.path,
            line=found.call.line,
            end_line=found.call.end_line,
            construct=f"{code(found.call.name)} makes every node watch all {found.resource}"
            + (", and no field selector restricts it any more." if unrestricted else "."),
            remedy=f"Restrict the watch to this node's objects with a field selector ({code('spec.nodeName')})."
            if found.resource == "pods"
            else "Restrict the watch with a field selector, or GET the few objects that the node needs.",
            unless="Leave it if the node needs them all.",
            concern=f"watch {found.resource} node",
            function=found.function.key,
            subject=Watch(
                found.resource, True, False, where, first=found.informer is not None, unrestricted=unrestricted
            ),
        )


def _runs_in(name: str, path: str) -> bool:
    return component(path).name == name


def _removed(change: Change, restricted: bool) -> Iterator[_Found]:
    for file in change.go_files:
        yield from _watches(change.base_index, file.old_functions(), file.diff.removed, restricted)


def _by_managers(change: Change) -> Iterator[Diagnostic]:
    for file, function, found in _first_kept(change):
        where = component_of(change, file, function)
        slim = cached_kinds.only_metadata(change.head_index, function, found.handler)
        yield Diagnostic(
            analyzer="large-watch",
            path=function.file.path,
            line=found.call.line,
            end_line=found.call.line,
            construct=_first(found),
            remedy=_restricting(found, slim),
            unless="Leave it if the manager's cache is restricted already." if found.cause == "read" else "",
            concern=f"watch {found.resource} manager",
            function=function.key,
            subject=Watch(found.resource, True, False, where, wanted=found.cause != "read" and not slim, first=True),
        )


def _first_kept(change: Change) -> Iterator[tuple[ChangedFile, Function, CachedKind]]:
    """The kinds that the change brings into a manager's cache, each where it is watched on purpose, or else first read."""
    news: dict[Named, list[tuple[ChangedFile, Function, CachedKind]]] = {}
    for file in change.go_files:
        if file.head is None or not _MANAGED.search(file.head.source):
            continue
        for function in file.functions():
            reads = requests(change.head_index, function.file, function, ())
            for found in cached_kinds.cached_kinds(change.head_index, function, reads):
                if found.resource in scale.COUNTS and file.added(found.call.line, found.call.end_line):
                    news.setdefault(found.type, []).append((file, function, found))
    for kind, places in news.items():
        if not cached_kinds.kept_elsewhere(change.base_index, kind, places[0][0].path):
            yield min(places, key=lambda place: ("watch", "index", "read").index(place[2].cause))


def _loosened(change: Change) -> Iterator[Diagnostic]:
    for file in change.go_files:
        if file.base is None or not any(restraints.LOOK.search(text.encode()) for text in file.diff.removed.values()):
            continue
        for function in file.functions():
            old = file.base.function(function.key)
            for each, word, now in restraints.lost(old, function) if old is not None else ():
                line = syntax.line(each.node)
                gone = [at for at in range(line, syntax.end_line(each.node) + 1) if at in file.diff.removed]
                if not gone or _added_again(change, word or each.name) or _is_cluster_scoped(each):
                    continue
                at = syntax.line(now) if now is not None else file.diff.successors[gone[0]]
                yield Diagnostic(
                    analyzer="large-watch",
                    path=function.file.path,
                    line=at,
                    end_line=at,
                    construct=f"{code(each.name)} no longer names {code(word)}: {_LOOSENED[each.name]}."
                    if word
                    else f"{code(each.name)} is gone: {_LOOSENED[each.name]}.",
                    remedy="Keep it, unless nothing needs it any more.",
                    concern=f"restraint {each.name} {function.key}",
                    function=function.key,
                    subject=Watch("", False, False, component_of(change, file, function), unrestricted=True),
                )


_WHOLE = "the cache keeps objects whole, with all that nobody reads"
_LOOSENED = {
    "WithTransform": _WHOLE,
    "SetTransform": _WHOLE,
    "DefaultTransform": _WHOLE,
    "WithTweakListOptions": "the informers list, watch and keep everything",
    "ByObject": "the cache lists, watches and keeps all objects of the kind",
    "DefaultNamespaces": "the cache lists, watches and keeps the objects of all namespaces",
    "NamespaceIndex": "each read of one namespace walks the objects of all",
}


def _added_again(change: Change, name: str) -> bool:
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    return any(pattern.search(text) for file in change.go_files for text in file.diff.added.values())


def _is_cluster_scoped(each: Restraint) -> bool:
    """Say whether an informer's index by namespace is of a resource that has none."""
    kind = re.match(r"New(?:Filtered)?(\w+?)Informer", each.owner)
    return each.name == "NamespaceIndex" and kind is not None and resources.plural(kind[1]) in resources.CLUSTER_SCOPED


_MANAGED = re.compile(rb"sigs\.k8s\.io/controller-runtime")


def _first(found: CachedKind) -> str:
    resource = found.resource
    if found.cause == "read":
        return (
            f"{code(found.call.name)} reads {resource} through the manager's cache, as nothing here did before: the first "
            "read makes it list, watch and keep all of them."
        )
    return f"{code(found.call.name)} makes the manager list, watch and keep all {resource}, as nothing here did before."


def _restricting(found: CachedKind, slim: bool) -> str:
    if slim:
        return f"The map function needs nothing but metadata: pass {code('builder.OnlyMetadata')}."
    if found.cause == "read":
        return f"Leave the kind out of the cache ({code('DisableFor')}) and read the few live, or restrict it ({code('ByObject')})."
    return f"Restrict the cache ({code('ByObject')}), or watch metadata alone ({code('builder.OnlyMetadata')})."


def _watches(
    index: PackageIndex, functions: Iterable[Function], lines: Collection[int], restricted: bool = False
) -> Iterator[_Found]:
    """The watches of large collections on these lines: those that nothing restricts, or those that a selector does."""
    for function in functions:
        for request in requests(index, function.file, function, ()):
            if (
                request.verb == "WATCH"
                and request.scope == "cluster"
                and request.resource in _LARGE
                and request.line in lines
                and restraint(index, request) == ("restricted" if restricted else "none")
            ):
                yield _Found(request.resource, request.call, function)
        for call in function.calls:
            if restricted or call.name != "Informer" or call.line not in lines or call.operand is None:
                continue
            named = dereferenced(index.type_of(call.operand, function.file, function))
            if isinstance(named, Named) and "/informers/" in named.path and not _narrowed(index, function):
                resource = resources.plural(named.name.removesuffix("Informer"))
                if resource in _LARGE:
                    yield _Found(resource, call, function, named)


_NARROWING = re.compile(rb"WithTweakListOptions|NewFilteredSharedInformerFactory|WithNamespace\(")


def _narrowed(index: PackageIndex, function: Function) -> bool:
    """Say whether a factory of the package restricts what it watches."""
    return any(_NARROWING.search(file.source) for file in index.package_of(function.file.path).files())
