"""A whole collection is watched and kept in memory

A watch from each of 5,000 nodes on all pods sends every change of every pod 5,000 times: at 20 changes a second of 4
kB each, that is 400 MB a second out of the API server, and each node keeps 150,000 pods, 600 MB, in memory. A field
selector (`spec.nodeName`) restricts the watch to what the node has; Secrets and ConfigMaps are best read one by one,
as pods need them. In a controller, the first read of a kind through controller-runtime's cached client lists, watches
and keeps all objects of that kind, as `Watches` and `IndexField` do: leave the kind out of the cache (`DisableFor`),
restrict it (`ByObject`), or keep its metadata alone (`builder.OnlyMetadata`). Predicates drop events and restrict no
cache; `DisableFor` leaves a kind out for reads, not for what is watched. A program that a DaemonSet runs has a manager, and
such a cache, on each node. CustomResourceDefinitions are few, but each holds its schemas: 500 of about 50 kB are 25 MB.

Each process has caches of its own: what one program of a repository, or one command of a binary, keeps already is new to
another. The way from where that begins to the line is told with it; what its own manager, or factory, restricts counts.
So has each `cluster.New`, and each further manager of a process: what is read through its client, its own options must restrict.

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
(which a network agent needs whole), informers that the program takes from a factory already, or whose factory is not seen
to be whole, what a new program watches on purpose, what moved from one program to another, and watches that were
only moved or written differently; kinds that a manager's options restrict, wherever in the program they stand, or whose
objects its cache may hold already, as code that uses controller-runtime had values of them before; reads with a client
that nobody but tests gives. What a controller
watches on purpose is a notice, unless there are as many of it as pods, or more, and only those matter that other objects own
or name, its map function needs metadata alone, or its predicates choose among all objects.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Place, code
from analyzers.analysis.subject import Watch
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import kinds, resources, scale
from analyzers.kubernetes.execution import node_programs
from analyzers.kubernetes.execution.components import Component, Kind, component
from analyzers.kubernetes.requests import cached_kinds, managers, predicates, reconcilers, restraints
from analyzers.kubernetes.requests.cached_kinds import CachedKind
from analyzers.kubernetes.requests.informers import informers, restraint
from analyzers.kubernetes.requests.requests import requests
from analyzers.news.first_informed import first_informed
from analyzers.news.further_caches import FurtherCache, further_caches
from analyzers.news.kept_kinds import MANAGED, Kept, first_kept
from analyzers.news.processes import Process
from analyzers.news.requests import component_of
from analyzers.news.restraints import loosened


def large_watch(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new unrestricted watch of a large collection: from code of every node, or by a manager
    that did not keep that kind before; and for each cache that lost what kept it small or quick."""
    yield from _on_nodes(change)
    yield from _by_managers(change)
    yield from _for_one(change)
    yield from _by_further_caches(change)
    yield from _by_factories(change)


def _by_factories(change: Change) -> Iterator[Diagnostic]:
    """The informers that a process shares, and did not have before; what nodes' own code takes, _on_nodes says."""
    for file, function, informer, process in first_informed(change):
        where = _ON_NODES if process.every_node else component_of(change, file, function)
        if (where.every_node and not process.every_node) or file.component.every_node or _is_of_nodes(change, file):
            continue
        resource = informer.resource
        name = code(process.entry.name) if process.entry.name else "the process"
        asked = syntax.text(informer.call.function) if syntax.path(informer.call.function) else informer.call.name
        few = "the package's `filtered` informer" if informer.imported else code("WithTweakListOptions")
        yield Diagnostic(
            analyzer="large-watch",
            path=file.path,
            line=informer.call.line,
            end_line=informer.call.line,
            construct=f"{code(asked)} has {name} list, watch and keep all {resource}, as it did not before.",
            remedy=f"Restrict it to this node's by a field ({code('spec.nodeName')}, {few})."
            if process.every_node and resource == "pods" and not informer.imported
            else f"Restrict it by a label ({few}), or read the few that are needed.",
            unless="Leave it if all are needed.",
            concern=f"watch {resource} shared",
            function=function.key,
            witness=_way(process, function, informer.call),
            subject=Watch(resource, True, False, where, first=True, wanted=True),
        )


def _for_one(change: Change) -> Iterator[Diagnostic]:
    """The watches from each node of objects of which its program works for one, by its name."""
    index = change.head_index
    for file in change.go_files:
        if file.head is None or not MANAGED.search(file.head.source):
            continue
        for function in file.functions():
            for call in function.calls:
                if call.name != "For" or not call.arguments or not file.added(call.line, call.end_line):
                    continue
                kind = dereferenced(index.type_of(call.arguments[0], function.file, function))
                where = component_of(change, file, function)
                if not where.every_node or not isinstance(kind, Named) or resources.plural(kind.name) in scale.COUNTS:
                    continue
                body = reconcilers.reconciler(index, function)
                within = node_programs.agents_code(index, file.path)
                if (
                    body is None
                    or not reconcilers.of_its_name(index, body)
                    or cached_kinds.kept_elsewhere(change.base_index, kind, file.path, within)
                    or managers.manager(index, file.path, within).restricts(kind.name)
                ):
                    continue
                known = restraints.advice(index, file.path)
                restrict = (
                    f"Restrict the cache ({code(known.fewer)})" if known.fewer else "Restrict the manager's cache"
                )
                yield Diagnostic(
                    analyzer="large-watch",
                    path=file.path,
                    line=call.line,
                    end_line=call.line,
                    construct=f"{code(call.name)} makes every node list, watch and keep all objects of {code(kind.name)}, and "
                    f"{code('Reconcile')} works for the one of its own name.",
                    remedy=f"{restrict} to it by a field ({code('metadata.name')}).",
                    concern=f"watch {kind.name} node",
                    function=function.key,
                    subject=Watch("", True, False, where, first=True, for_one=True),
                )


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
        if file.component.every_node or _is_of_nodes(change, file)
        for each in _watches(change.head_index, file.functions(), file.diff.added, own=True)
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
                runs = _runs(change, file.path, where)
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
                found.resource,
                True,
                False,
                where,
                first=found.informer is not None or _is_of_a_project(found.resource),
                unrestricted=unrestricted,
            ),
        )


_WATCHING = re.compile(r"nformer|Reflector|ListWatch|\.Watch\(")


def _is_of_nodes(change: Change, file: ChangedFile) -> bool:
    """Say whether a file that begins to watch something is of a DaemonSet's program, for which manifests must be read."""
    watching = any(_WATCHING.search(text) for text in file.diff.added.values())
    return watching and node_programs.on_every_node(change.head_index, file.path)


def _runs(change: Change, path: str, where: Component) -> Callable[[SourceFile, int], bool]:
    """What tells whether a file before the change is of the program that the one at `path` belongs to."""
    within = node_programs.agents_code(change.head_index, path)
    if within is not None:
        return lambda other, _: other.folder in within
    return lambda other, _: component(other.path).name == where.name


def _removed(change: Change, restricted: bool) -> Iterator[_Found]:
    for file in change.go_files:
        yield from _watches(change.base_index, file.old_functions(), file.diff.removed, restricted)


def _by_managers(change: Change) -> Iterator[Diagnostic]:
    places: dict[tuple[str, str], list[Kept]] = {}
    lost = {(each.file.path, each.line) for each in loosened(change)}
    for each in first_kept(change):
        if any((each.file.path, line) in lost for line in range(each.found.call.line, each.found.call.end_line + 1)):
            continue  # whose metadata were kept: lost-restraint says so
        if trap := _trap(change, each):
            yield _kept(change, each, [], trap)
        else:
            places.setdefault((each.function.file.path, each.function.key), []).append(each)
    for together in places.values():
        # One place is one comment, and the largest kind of which few are needed speaks for what is kept because of it.
        first = max(together, key=lambda each: (_of_a_few(each.found), each.size))
        yield _kept(change, first, sorted({each.found.resource for each in together} - {first.found.resource}))


def _by_further_caches(change: Change) -> Iterator[Diagnostic]:
    """The caches that a process has beside its manager's, and what they keep because something reads it from them."""
    places: dict[tuple[str, int], list[FurtherCache]] = {}
    for each in further_caches(change):
        places.setdefault((each.file.path, each.made.line), []).append(each)
    for first, *others in places.values():
        found, file, function, made = first.read, first.file, first.function, first.made
        known = restraints.advice(change.head_index, file.path)
        also = sorted({each.read.resource for each in others} - {found.resource})
        yield Diagnostic(
            analyzer="large-watch",
            path=file.path,
            line=made.line,
            end_line=made.line,
            construct=f"{code(syntax.text(made.function))} makes a cache of its own, and {code(first.reader.key)} reads "
            f"{found.resource} from it: the first read makes it list, watch and keep all of them."
            + (f" So it is with {_listed(also)}." if also else ""),
            remedy=_restricting(found, False, True, known, component_of(change, file, function)),
            concern=f"watch {found.resource} further",
            function=function.key,
            witness=(
                Place(first.reader.file.path, found.call.line, found.call.end_line, f"it reads {found.resource}"),
            ),
            subject=Watch(found.resource, True, False, component_of(change, file, function), first=True),
        )


def _trap(change: Change, each: Kept) -> str:
    """What the code around a watch takes for a restriction of the cache, though it is none."""
    file, function, found, within = each.file, each.function, each.found, each.within
    if found.cause == "read":
        if cached_kinds.watched_slim(change.head_index, found.type.name, file.path):
            return " Their metadata, which a watch keeps already, are another cache."
        return ""
    if found.type.name in managers.left_out(change.head_index, file.path, within):
        return " That the client's reads of them are live changes nothing for watches."
    if predicates.chosen(change.head_index, function, found.call):
        return " The predicates drop events; the cache keeps all objects."
    return ""


def _kept(change: Change, each: Kept, others: list[str], trap: str = "") -> Diagnostic:
    file, function, found, within = each.file, each.function, each.found, each.within
    index = change.head_index
    on_nodes = each.process is not None and each.process.every_node
    where = _ON_NODES if on_nodes else component_of(change, file, function)
    slim = cached_kinds.only_metadata(index, function, found.handler)
    # Where objects may be read too, metadata alone would be another cache.
    whole = found.cause == "watch" and cached_kinds.valued(index, found.type.name, file.path, within)
    return Diagnostic(
        analyzer="large-watch",
        path=function.file.path,
        line=found.call.line,
        end_line=found.call.line,
        construct=_first(each) + trap + (f" So it is with {_listed(others)}." if others else ""),
        remedy=_restricting(found, slim, whole, restraints.advice(index, file.path), where),
        unless="Leave it if it needs them all." if _of_a_few(found) else "",
        concern=f"watch {found.resource} manager",
        function=function.key,
        witness=_way(each.process, function, found.call),
        subject=Watch(
            found.resource,
            True,
            False,
            where,
            wanted=found.cause == "watch" and not slim and not trap and not _of_a_few(found),
            first=True,
            # Who needs all nodes lists them.
            for_one=where.every_node and found.call.name == "Get" and found.resource == "nodes",
        ),
    )


def _way(process: Process | None, function: Function, call: Call) -> tuple[Place, ...]:
    """The way from where a process begins to what is new to it."""
    if process is None:
        return ()
    steps = [*process.entry.way, (function, call.line)]
    return tuple(Place(each.file.path, line, line, each.key) for each, line in steps)


def _of_a_few(found: CachedKind) -> bool:
    """Say whether a kind of which there are very many is watched for the few of them that concern another kind's objects: those
    that they own, or name."""
    if found.cause != "watch" or found.resource not in resources.MANY:
        return False
    return found.call.name == "Owns" or found.handler is not None or cached_kinds.for_owners(found.call)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _first(each: Kept) -> str:
    found, process = each.found, each.process
    new = process is not None and process.new
    name = code(process.entry.name) if process is not None and process.entry.name else ""
    manager = f"the manager of {'the new ' if new else ''}{name}" if name else "the manager"
    before = "" if new else ", as it did not before"
    if found.cause == "read":
        cache = f"the cache of {manager}" if name else "the manager's cache"
        return (
            f"{code(found.call.name)} reads {found.resource} through {cache}{before}: the first read makes it list, watch and "
            "keep all of them."
        )
    return f"{code(found.call.name)} makes {manager} list, watch and keep all {found.resource}{before}."


_ON_NODES = Component("node agent", Kind.NODE)


def _restricting(found: CachedKind, slim: bool, whole: bool, known: restraints.Advice, where: Component) -> str:
    if slim and known.metadata and not whole:
        return f"The map function needs nothing but metadata: pass {code(known.metadata)}."
    fewer = f"restrict the cache ({code(known.fewer)})" if known.fewer else "restrict the manager's cache"
    if where.every_node and found.resource == "pods":
        fewer += f" to this node's pods, by a field ({code('spec.nodeName')})"
    elif where.every_node:
        fewer += " to what this node needs, by a field or a label"
    elif found.call.name == "Owns":
        fewer += " by a label of what is owned"
    if found.cause == "read":
        live = f"Leave the kind out of the cache ({code(known.live)})" if known.live else f"Use {code('GetAPIReader')}"
        return f"{live} and read the few live, or {fewer}."
    suffices = found.cause == "watch" and bool(known.metadata) and not whole
    slimmer = f", or watch metadata alone ({code(known.metadata)})" if suffices else ""
    return f"{fewer[:1].upper()}{fewer[1:]}{slimmer}."


def _watches(
    index: PackageIndex,
    functions: Iterable[Function],
    lines: Collection[int],
    restricted: bool = False,
    own: bool = False,
) -> Iterator[_Found]:
    """The watches of large collections on these lines: those that nothing restricts, or those that a selector does. own: those
    of kinds that Kubernetes does not know, too."""
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
            wanted = made.resource in resources.LARGE or (own and _is_of_a_project(made.resource))
            if whole and made.call.line in lines and wanted and made.resource not in named:
                yield _Found(made.resource, made.call, function)
        for call in function.calls:
            if call.name != "Informer" or call.line not in lines or call.operand is None:
                continue
            type_ = dereferenced(index.type_of(call.operand, function.file, function))
            if isinstance(type_, Named) and "/informers/" in type_.path and not _narrowed(index, function):
                resource = resources.plural(type_.name.removesuffix("Informer"))
                if resource in resources.LARGE or (own and _is_of_a_project(resource)):
                    yield _Found(resource, call, function, type_)


def _is_of_a_project(resource: str) -> bool:
    """Say whether a resource is none of Kubernetes' own, of which some are few, or concern one node."""
    return bool(resource) and resource not in kinds.RESOURCES | scale.COUNTS.keys() | resources.FEW


def _makes(function: Function) -> bool:
    source = function.file.source
    return any(
        source.find(name, function.region.start, function.region.end) >= 0 for name in (b"Informer(", b"Reflector")
    )


_NARROWING = re.compile(rb"WithTweakListOptions|NewFilteredSharedInformerFactory|WithNamespace\(")


def _narrowed(index: PackageIndex, function: Function) -> bool:
    """Say whether a factory of the package, or of the programs of nodes that hold it, restricts what it watches."""
    if any(_NARROWING.search(file.source) for file in index.package_of(function.file.path).files()):
        return True
    within = node_programs.agents_code(index, function.file.path)
    words = (("WithTweakListOptions",), ("NewFilteredSharedInformerFactory",), ("WithNamespace",))
    held = managers.files(index, "", *words, within=within) if within is not None else ()
    return any(_NARROWING.search(file.source) for file in held)
