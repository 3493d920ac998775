"""Watches of nodes or pods whose every update is work

A kubelet writes its node's status whenever anything in it changes and every 5 minutes at the latest: 5,000 nodes are 17 updates
a second at rest, and pods have several in a life. Where a map function goes through all objects of a kind for each of them,
and gives a request for each, a few objects become thousands of reconciles that find nothing to do; and a controller of nodes
whose reconcile always sends a request, or lists all of something, does so for each of them. A predicate that lets only through
what is read (labels, taints, a condition that turned) costs nothing.

```diff
--- a/controllers/placement.go
+++ b/controllers/placement.go
@@ -1,40 +1,44 @@
 package controllers

 import (
        "context"

        appsv1 "k8s.io/api/apps/v1"
        corev1 "k8s.io/api/core/v1"
        "k8s.io/apimachinery/pkg/types"
        ctrl "sigs.k8s.io/controller-runtime"
+	"sigs.k8s.io/controller-runtime/pkg/builder"
        "sigs.k8s.io/controller-runtime/pkg/client"
        "sigs.k8s.io/controller-runtime/pkg/handler"
+	"sigs.k8s.io/controller-runtime/pkg/predicate"
        "sigs.k8s.io/controller-runtime/pkg/reconcile"
 )

 type Reconciler struct {
        client.Client
 }

 func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
        return ctrl.NewControllerManagedBy(mgr).
                For(&appsv1.DaemonSet{}).
-		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(r.all)).
+		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(r.all),
+			builder.WithPredicates(predicate.LabelChangedPredicate{})).
                Complete(r)
 }

 func (r *Reconciler) all(ctx context.Context, _ client.Object) []reconcile.Request {
        var sets appsv1.DaemonSetList
        if err := r.List(ctx, &sets); err != nil {
                return nil
        }
        var found []reconcile.Request
        for _, set := range sets.Items {
                name := types.NamespacedName{Namespace: set.Namespace, Name: set.Name}
                found = append(found, reconcile.Request{NamespacedName: name})
        }
        return found
 }
```

Not reported: watches behind a predicate or an event filter, but for those that let every update of nodes through; map
functions that look only at the object that they are given, or read by an index; reconciles of nodes in which a condition may
spare the work; handlers of other kinds; what was watched so before; command lines, tests and generated code.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Place, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import critical_paths, node_programs
from analyzers.kubernetes.requests import cached_kinds, managers, predicates, reconcilers, scans
from analyzers.kubernetes.requests.cached_kinds import CachedKind
from analyzers.kubernetes.requests.reconcilers import Work
from analyzers.news.concerned import concerned
from analyzers.news.kept_kinds import MANAGED
from analyzers.news.requests import component_of, keeps_its_own

_WITHOUT_END = {"nodes": "node", "pods": "pod"}
"""The resources whose statuses are written again and again while nothing is changed by people."""


def unfiltered_watch(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new watch of nodes or pods without a predicate whose map function goes through all of a kind,
    and for each of nodes whose reconcile always sends a request or goes through all of a kind."""
    for file in change.go_files:
        if file.head is None or not MANAGED.search(file.head.source) or not concerned(file):
            continue
        for function in file.functions():
            for found in _unfiltered(change.head_index, function):
                if not file.added(found.call.line, found.call.end_line):
                    continue
                walked = _walks(change.head_index, function, found)
                work = _always(change, file, function, found) if walked is None else None
                if walked is not None:
                    spared = keeps_its_own(change, file, function, walked) or _was_there(change, file, function, found)
                else:
                    spared = work is None or _was_there(change, file, function, None)
                if not spared and not _is_restricted(change, file, found):
                    yield _diagnostic(function, found, walked, work)


def _diagnostic(function: Function, found: CachedKind, walked: str | None, work: Work | None) -> Diagnostic:
    one, mapped = _WITHOUT_END[found.resource], found.handler is not None
    if work is None:
        through, path = "every update", critical_paths.MAPPING
        does = f"{'the map function' if mapped else 'its handler'} goes through all {walked} for each"
    else:
        through, path = "every status update", critical_paths.RECONCILER
        does = f"the reconcile {work.what} {'again and again' if mapped else 'for each'}"
    return Diagnostic(
        analyzer="unfiltered-watch",
        path=function.file.path,
        line=found.call.line,
        end_line=found.call.line,
        construct=f"{code(found.call.name)} lets {through} of each {one} through, and {does}.",
        remedy=f"Let through only what it needs: a predicate ({code('builder.WithPredicates')}) that compares the old "
        f"{one} with the new one.",
        unless=f"Leave it if every update of a {one} matters to {'all of them' if work is None else 'it'}."
        if mapped or work is None
        else "",
        concern=f"every update of {found.resource}" + (f" {function.key}" if work is not None else ""),
        function=function.key,
        witness=(Place(work.function.file.path, work.call.line, work.call.end_line, f"it {work.what}"),)
        if work
        else (),
        subject=Burden("event", path, found.resource),
    )


def _unfiltered(index: PackageIndex, function: Function) -> Iterator[CachedKind]:
    """The watches of nodes and pods in a function whose every update comes through."""
    for found in cached_kinds.cached_kinds(index, function, ()):
        if found.cause != "watch" or found.resource not in _WITHOUT_END:
            continue
        # Of pods an object's state may be what a predicate asks for; of nodes all that is left out must be known.
        if found.resource == "nodes":
            through = predicates.passes_all(index, function, found.call)
        else:
            through = found.handler is not None and not predicates.given(function, found.call)
        if through:
            yield found


def _always(change: Change, file: ChangedFile, function: Function, found: CachedKind) -> Work | None:
    """What is always done for each node that a controller is for; a program of every node may have asked for its own alone."""
    index = change.head_index
    if found.resource != "nodes" or not (_for_itself(found) or _maps_always(index, function, found.handler)):
        return None
    if component_of(change, file, function).every_node:
        return None
    body = reconcilers.reconciler(index, function)
    return reconcilers.always(index, body) if body is not None else None


def _maps_always(index: PackageIndex, function: Function, handler: Node | None) -> bool:
    """Say whether a map function gives requests whatever it is given: `return []reconcile.Request{{NamespacedName: theOne}}`."""
    if handler is None:
        return False
    whole, body = function, handler.child_by_field_name("body")
    if handler.type != "func_literal":
        _, target = index.referenced(handler, function.file, function)
        if target is None:
            return False
        whole, body = target, target.body
    branching = [*(each.node for each in whole.facts.conditions), *(each.node for each in whole.loops)]
    if body is None or any(syntax.contains(body, each) for each in branching):
        return False
    returned = [statement for statement, _ in whole.facts.returns if syntax.contains(body, statement)]
    given = [value for each in returned for group in syntax.children(each) for value in syntax.children(group)]
    return len(returned) == 1 and any(
        value.type == "composite_literal"
        and (elements := value.child_by_field_name("body")) is not None
        and bool(syntax.children(elements))
        for value in given
    )


def _is_restricted(change: Change, file: ChangedFile, found: CachedKind) -> bool:
    """Say whether the manager keeps some of the objects alone, as those of its own node: no others have updates."""
    within = node_programs.agents_code(change.head_index, file.path)
    return managers.manager(change.head_index, file.path, within).restricts(found.type.name)


def _for_itself(found: CachedKind) -> bool:
    """Say whether what is watched is what is reconciled."""
    told = "".join(syntax.text(argument) for argument in found.call.arguments[1:])
    return found.call.name == "For" or "EnqueueRequestForObject" in told


def _was_there(change: Change, file: ChangedFile, function: Function, found: CachedKind | None) -> bool:
    """Say whether a watch like `found` (None: any controller of nodes) let every update through before, in the same function, or
    in one of another file that lost lines."""
    old = file.base.function(function.key) if file.base is not None else None
    before = [each for other in change.go_files if other is not file for each in other.old_functions()]
    return any(
        each.resource == "nodes"
        if found is None
        else each.resource == found.resource and _walks(change.base_index, one, each) is not None
        for one in ([old] if old is not None else []) + before
        for each in _unfiltered(change.base_index, one)
    )


def _walks(index: PackageIndex, function: Function, found: CachedKind) -> str | None:
    """The resource of which what maps an update to requests goes through all there are, None if it goes through none."""
    for inner, call in _calls(index, function, found):
        walk = scans.scan(index, inner, call) if call.name in scans.METHODS else scans.wrapped(index, inner, call)
        if walk is not None and walk.everywhere and not walk.indexed and not walk.constant:
            return walk.resource or "objects of a cache"
    return None


def _calls(index: PackageIndex, function: Function, found: CachedKind) -> Iterator[tuple[Function, Call]]:
    """The calls in what maps an update to requests, each with the function that holds it."""
    handler = found.handler
    if handler is None:
        target = _update(index, function, found.call)
    elif handler.type == "func_literal":
        for call in function.calls:
            if handler.start_byte <= call.node.start_byte < handler.end_byte:
                yield function, call
        return
    else:
        _, target = index.referenced(handler, function.file, function)
    if target is not None:
        yield from ((target, call) for call in target.calls)


def _update(index: PackageIndex, function: Function, watch: Call) -> Function | None:
    """The Update method of a handler of the program that a watch is given, unless it looks at the old object."""
    for argument in watch.arguments[1:]:
        member = index.member(index.type_of(argument, function.file, function), "Update")
        method = member.declaration if member is not None else None
        if method is not None and _EVENT.search(critical_paths.signature(method)):
            region = method.region
            return None if method.file.source.find(b"ObjectOld", region.start, region.end) >= 0 else method
    return None


_EVENT = re.compile(r"\b(Typed)?UpdateEvent\b")
