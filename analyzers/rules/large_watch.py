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
from analyzers.kubernetes.requests.informers import informers, restraint
from analyzers.kubernetes.requests.requests import requests
from analyzers.kubernetes.requests.restraints import Restraint
from analyzers.news.requests import component_of
from analyzers.news.restraints import loosened


def large_watch(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new unrestricted watch of a large collection: from code of every node, or by a manager
    that did not keep that kind before; and for each cache that lost what kept it small or quick."""
    yield from _on_nodes(change)
    lost = list(_loosened(change))
    said = {(each.path, each.line) for each in lost}
    yield from lost
    yield from (each for each in _by_managers(change) if (each.path, each.line) not in said)
    yield from _unfiltered(change)
    yield from _untyped(change)


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


_MUCH = 200_000_000
"""Bytes of one kind in a manager's cache from which on it is worth a word that each object is kept with its managedFields."""


def _untransformed(change: Change, kept: "list[_Kept]") -> Iterator[Diagnostic]:
    """A manager that is new, keeps much, and keeps each object with its managedFields."""
    if not any(_bytes(each.found.resource) >= _MUCH for each in kept):
        return
    for file in change.go_files:
        known = restraints.advice(change.head_index, file.path)
        for function in file.functions() if file.head is not None and known.transform else ():
            for call in function.calls:
                if call.name != "NewManager" or call.line not in file.diff.added:
                    continue
                had = cached_kinds.makes_manager(change.base_index, file.path)
                if had or cached_kinds.manager(change.head_index, file.path).transforms:
                    continue
                yield Diagnostic(
                    analyzer="large-watch",
                    path=file.path,
                    line=call.line,
                    end_line=call.line,
                    construct=f"The cache of {code(call.name)} keeps the {code('managedFields')} of every object, which few "
                    "controllers read: often a third of an object.",
                    remedy=f"Drop them: {code(f'DefaultTransform: {known.transform}()')}.",
                    concern="managedFields",
                    function=function.key,
                    subject=Watch("", False, False, component_of(change, file, function)),
                )


def _by_managers(change: Change) -> Iterator[Diagnostic]:
    places: dict[tuple[str, str], list[_Kept]] = {}
    kept = list(_first_kept(change))
    yield from _untransformed(change, kept)
    for each in kept:
        if _trap(change, each):
            yield _kept(change, each, [])
        else:
            places.setdefault((each.function.file.path, each.function.key), []).append(each)
    for together in places.values():
        # One place is one comment, and the largest kind speaks for what is kept because of it.
        first = max(together, key=lambda each: _bytes(each.found.resource))
        yield _kept(change, first, sorted({each.found.resource for each in together} - {first.found.resource}))


def _trap(change: Change, each: "_Kept") -> str:
    """What the code around a watch takes for a restriction of the cache, though it is none."""
    file, function, found = each
    if found.cause == "read":
        return ""
    if found.type.name in cached_kinds.manager(change.head_index, file.path).left_out:
        return " That the client's reads of them are live changes nothing for watches."
    if cached_kinds.chosen(change.head_index, function, found.call):
        return " The predicates drop events; the cache keeps all objects."
    return ""


def _bytes(resource: str) -> int:
    return scale.COUNTS.get(resource, 0) * scale.BYTES.get(resource, scale.OBJECT_BYTES)


def _kept(change: Change, each: "_Kept", others: list[str]) -> Diagnostic:
    file, function, found = each
    index = change.head_index
    where = component_of(change, file, function)
    slim = cached_kinds.only_metadata(index, function, found.handler)
    trap = _trap(change, each)
    return Diagnostic(
        analyzer="large-watch",
        path=function.file.path,
        line=found.call.line,
        end_line=found.call.line,
        construct=_first(found) + trap + (f" So it is with {_listed(others)}." if others else ""),
        remedy=_restricting(found, slim, restraints.advice(index, file.path)),
        concern=f"watch {found.resource} manager",
        function=function.key,
        subject=Watch(
            found.resource,
            True,
            False,
            where,
            wanted=found.cause == "watch" and not slim and not trap,
            first=True,
        ),
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


class _Kept(NamedTuple):
    file: ChangedFile
    function: Function
    found: CachedKind


def _first_kept(change: Change) -> Iterator[_Kept]:
    """The kinds that the change brings into a manager's cache, each where it is watched on purpose, or else first read; but
    those of which the manager's options have it keep fewer."""
    news: dict[Named, list[_Kept]] = {}
    for file in change.go_files:
        if file.head is None or not _MANAGED.search(file.head.source):
            continue
        for function in file.functions():
            reads = requests(change.head_index, function.file, function, ())
            for found in cached_kinds.cached_kinds(change.head_index, function, reads):
                if found.resource in scale.COUNTS and file.added(found.call.line, found.call.end_line):
                    news.setdefault(found.type, []).append(_Kept(file, function, found))
    for kind, places in news.items():
        path = places[0].file.path
        if cached_kinds.kept_elsewhere(change.base_index, kind, path) or cached_kinds.manager(
            change.head_index, path
        ).restricts(kind.name):
            continue
        yield min(places, key=lambda place: ("watch", "index", "read").index(place.found.cause))


def _untyped(change: Change) -> Iterator[Diagnostic]:
    """Reads of unstructured objects of a kind that the manager's cache keeps typed: those are another cache, or none."""
    for file in change.go_files:
        if file.head is None or b"nstructured" not in file.head.source or not _MANAGED.search(file.head.source):
            continue
        for function in file.functions():
            sent = requests(change.head_index, function.file, function, ())
            for kind, request in cached_kinds.untyped(function, sent):
                resource = resources.plural(kind)
                if not file.added(request.line, request.line) or resource not in scale.COUNTS:
                    continue
                if not cached_kinds.watched(change.head_index, kind, file.path):
                    continue
                yield Diagnostic(
                    analyzer="large-watch",
                    path=file.path,
                    line=request.line,
                    end_line=request.line,
                    construct=f"{code(request.method)} reads {resource} as unstructured objects; the manager keeps all of them as "
                    + (
                        "typed ones, which do not answer it: it is a request each time."
                        if request.live
                        else "typed ones, and begins a second cache for these."
                    ),
                    remedy=f"Read the typed object, {code(kind)}.",
                    concern=f"untyped {resource}",
                    function=function.key,
                    subject=Watch(resource, not request.live, False, component_of(change, file, function)),
                )


def _unfiltered(change: Change) -> Iterator[Diagnostic]:
    """Entries of ByObject that are added and restrict nothing."""
    for file in change.go_files:
        if file.head is None or not any("ByObject" in text or "{}" in text for text in file.diff.added.values()):
            continue
        for function in file.functions():
            for found in restraints.unfiltered(change.head_index, function):
                resource = resources.plural(found.kind)
                line = syntax.line(found.node)
                if line not in file.diff.added or resource not in scale.COUNTS:
                    continue
                if any(
                    each.family == "selection" and not each.kind
                    for each in restraints.restraints(change.head_index, function)
                ):
                    continue  # what the defaults restrict, the entry leaves restricted
                yield Diagnostic(
                    analyzer="large-watch",
                    path=file.path,
                    line=line,
                    end_line=line,
                    construct=f"The entry of {resource} in {code('ByObject')} has no selector and no namespace: it restricts "
                    "nothing, and the cache keeps all of them.",
                    remedy=f"Give it a {code('Label')}, a {code('Field')} or {code('Namespaces')}.",
                    unless=f"Leave it if nothing reads or watches {resource}.",
                    concern=f"unfiltered {function.key}",
                    function=function.key,
                    subject=Watch(resource, True, False, component_of(change, file, function), first=True),
                )


def _loosened(change: Change) -> Iterator[Diagnostic]:
    for found in loosened(change):
        each, resource = found.restraint, found.resource
        if each.name == "NamespaceIndex" and _is_cluster_scoped(each):
            continue
        if each.family == "uncached" and resource not in scale.COUNTS:
            continue
        known = resource if resource in scale.COUNTS and each.family != "transform" else ""
        yield Diagnostic(
            analyzer="large-watch",
            path=found.file.path,
            line=found.line,
            end_line=found.line,
            construct=(
                f"{code(each.name)} no longer names {code(found.word)}: "
                if found.word
                else f"{code(each.name)}{f' of {resource}' if resource else ''} is gone: "
            )
            + _effect(each, resource)
            + ".",
            remedy="Keep it, unless nothing needs it any more.",
            concern=f"restraint {each.name} {found.function.key}",
            function=found.function.key,
            subject=Watch(
                known,
                bool(known),
                False,
                component_of(change, found.file, found.function),
                first=bool(known),
                unrestricted=not resource or bool(known) or each.family == "transform",
            ),
        )


def _effect(each: Restraint, resource: str) -> str:
    """What is so now that a restraint is gone."""
    what = resource or "objects"
    if each.family == "transform":
        return f"the cache keeps {what} whole, with all that nobody reads"
    if each.family == "metadata":
        return f"{what} of which metadata sufficed are kept whole"
    if each.family == "index":
        return "each read of one namespace walks the objects of all"
    if each.family == "uncached":
        return f"the next read of {resource} makes the manager list, watch and keep all of them"
    if each.name in _NAMESPACES:
        return "the cache lists, watches and keeps the objects of all namespaces"
    if resource:
        return f"the cache lists, watches and keeps all {resource}"
    return "the informers list, watch and keep everything"


_NAMESPACES = frozenset(
    {"DefaultNamespaces", "Namespaces", "Namespace", "MultiNamespacedCacheBuilder", "WithNamespace"}
)


def _is_cluster_scoped(each: Restraint) -> bool:
    """Say whether an informer's index by namespace is of a resource that has none."""
    kind = re.match(r"New(?:Filtered)?(\w+?)Informer", each.owner)
    return kind is not None and resources.plural(kind[1]) in resources.CLUSTER_SCOPED


_MANAGED = re.compile(rb"sigs\.k8s\.io/controller-runtime")


def _first(found: CachedKind) -> str:
    resource = found.resource
    if found.cause == "read":
        return (
            f"{code(found.call.name)} reads {resource} through the manager's cache, as it did not before: the first "
            "read makes it list, watch and keep all of them."
        )
    return f"{code(found.call.name)} makes the manager list, watch and keep all {resource}, as it did not before."


def _restricting(found: CachedKind, slim: bool, known: restraints.Advice) -> str:
    if slim and known.metadata:
        return f"The map function needs nothing but metadata: pass {code(known.metadata)}."
    fewer = f"restrict the cache ({code(known.fewer)})" if known.fewer else "restrict the manager's cache"
    if found.cause == "read":
        live = f"Leave the kind out of the cache ({code(known.live)})" if known.live else f"Use {code('GetAPIReader')}"
        return f"{live} and read the few live, or {fewer}."
    slimmer = f", or watch metadata alone ({code(known.metadata)})" if known.metadata else ""
    return f"{fewer[:1].upper()}{fewer[1:]}{slimmer}."


def _watches(
    index: PackageIndex, functions: Iterable[Function], lines: Collection[int], restricted: bool = False
) -> Iterator[_Found]:
    """The watches of large collections on these lines: those that nothing restricts, or those that a selector does."""
    for function in functions:
        sent = requests(index, function.file, function, ())
        watched = [each for each in sent if each.verb == "WATCH" and each.resource in resources.LARGE]
        for request in watched:
            if (
                request.scope == "cluster"
                and request.line in lines
                and restraint(index, request) == ("restricted" if restricted else "none")
            ):
                yield _Found(request.resource, request.call, function)
        if restricted:
            continue
        # Whose ListWatch is made elsewhere, or by a REST client.
        named = {each.resource for each in watched}
        for made in informers(index, function.file, function, sent) if _makes(function) else ():
            whole = made.all_namespaces and not made.selected and not made.factory
            if whole and made.call.line in lines and made.resource in resources.LARGE - named:
                yield _Found(made.resource, made.call, function)
        for call in function.calls:
            if call.name != "Informer" or call.line not in lines or call.operand is None:
                continue
            type_ = dereferenced(index.type_of(call.operand, function.file, function))
            if isinstance(type_, Named) and "/informers/" in type_.path and not _narrowed(index, function):
                resource = resources.plural(type_.name.removesuffix("Informer"))
                if resource in resources.LARGE:
                    yield _Found(resource, call, function, type_)


def _makes(function: Function) -> bool:
    source = function.file.source
    return any(
        source.find(name, function.region.start, function.region.end) >= 0 for name in (b"Informer(", b"Reflector")
    )


_NARROWING = re.compile(rb"WithTweakListOptions|NewFilteredSharedInformerFactory|WithNamespace\(")


def _narrowed(index: PackageIndex, function: Function) -> bool:
    """Say whether a factory of the package restricts what it watches."""
    return any(_NARROWING.search(file.source) for file in index.package_of(function.file.path).files())
