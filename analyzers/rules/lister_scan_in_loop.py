"""A whole cache is walked for each item, event or object

A lister reads from memory, but `List` walks every object of the cache (of the namespace, where the cache has that
index) and matches selectors one by one: 150,000 pods for each of some thousand objects, or for each event. Reads of
controller-runtime's cached client deep-copy every object they give as well. List once before the loop, or add an index
(`AddIndexers`, `IndexField`) and ask for the few that matter. One walk per period is fine.

```diff
--- a/pkg/controller/quota/quota.go
+++ b/pkg/controller/quota/quota.go
@@ -1,25 +1,28 @@
 package quota

 import (
        v1 "k8s.io/api/core/v1"
        "k8s.io/apimachinery/pkg/labels"
        corelisters "k8s.io/client-go/listers/core/v1"
 )

 type Controller struct {
        pods corelisters.PodLister
 }

 func (c *Controller) usage(namespaces []*v1.Namespace) (map[string]int, error) {
        used := map[string]int{}
-	for _, namespace := range namespaces {
-		pods, err := c.pods.List(labels.Everything())
-		if err != nil {
-			return nil, err
-		}
-		for _, pod := range pods {
-			if pod.Namespace == namespace.Name {
-				used[namespace.Name]++
-			}
-		}
+	pods, err := c.pods.List(labels.Everything())
+	if err != nil {
+		return nil, err
+	}
+	for _, pod := range pods {
+		used[pod.Namespace]++
        }
        return used, nil
 }
```

Not reported: walks that were there before, or replace a request to the API server; walks once per period, at start-up
or behind a conflict; a storage's own `List`, which is asked for all; reads from an index; resources of which there are
few, pods on a node among them (of definitions of kinds, whose size is what is much, those that a selector leaves); loops
over a few things, or over caches; command lines, tests and generated code. A walk of one
namespace for each reconciled object is a notice, and so is a read that begins to copy what it gives. A read that loses
its index is reported wherever it stands.
"""

import dataclasses
import functools
import re
from collections.abc import Hashable, Iterator

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Place, code
from analyzers.analysis.subject import Lost, Walk
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution import collections, critical_paths
from analyzers.kubernetes.execution.callpaths import CallPath
from analyzers.kubernetes.execution.loops import bounded
from analyzers.kubernetes.execution.reconciled import may_be_many, reconciled
from analyzers.kubernetes.requests import scans
from analyzers.kubernetes.requests.managers import manager
from analyzers.kubernetes.requests.restraints import BY_NAMESPACE
from analyzers.kubernetes.requests.scans import Cost, Scan
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import call_paths, path_of
from analyzers.news.requests import keeps_its_own


def lister_scan_in_loop(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new walk through a cache for each item, event or object, and for each that grew dearer."""
    for each, lost in (*_walks(change), *_of_helpers(change)):
        if not concerned(each.file) or critical_paths.starts_up(each.function):
            continue
        found = scans.scan(change.head_index, each.function, each.what) or scans.wrapped(
            change.head_index, each.function, each.what
        )
        if found is None or found.resource in resources.LITTLE or _is_cheap(each.what, found):
            continue
        walk = _lost(change, each, found, lost) if lost else _walk(change, each, found)
        if walk is None or keeps_its_own(change, each.file, each.function, found.resource):
            continue
        if found.copies and _keeps_some(change, each.file, found.resource):
            continue
        namespaced = found.resource not in resources.CLUSTER_SCOPED
        if found.copies and found.everywhere and namespaced and _keeps_few(change, each.file):
            found, walk = dataclasses.replace(found, everywhere=False), dataclasses.replace(walk, everywhere=False)
        yield Diagnostic(
            analyzer="lister-scan-in-loop",
            path=each.file.path,
            line=each.what.line,
            end_line=each.what.end_line,
            construct=f"{code(_shown(each.what))} {_does(found, walk)}.",
            remedy=_remedy(walk),
            unless=_unless(found),
            concern=f"scan {found.resource or _shown(each.what)} per {walk.per}",
            function=each.function.key,
            related=_around(change, each, walk),
            subject=walk,
        )


def _is_cheap(call: Call, found: Scan) -> bool:
    """Say whether few objects are gone through, and those that match alone are copied: what is much of the few is their size."""
    return found.resource in resources.FEW and (bool(found.path) or not found.copies or len(call.arguments) > 2)


def _is_of_any_kind(found: Scan) -> bool:
    """Say whether a client's cache is asked for objects that only run time knows the kind of: a loop may ask for another each."""
    return found.copies and not found.resource


def _keeps_some(change: Change, file: ChangedFile, resource: str) -> bool:
    """Say whether the manager of a file's program keeps those objects of a resource alone that it selects (`ByObject`)."""
    told = manager(change.head_index, file.path)
    return any(each.family == "selection" and each.kind and each.resource == resource for each in told.restraints)


def _keeps_few(change: Change, file: ChangedFile) -> bool:
    """Say whether the manager of a file's program keeps the objects of some namespaces alone."""
    told = manager(change.head_index, file.path)
    return any(each.family == "selection" and not each.kind and each.name in BY_NAMESPACE for each in told.restraints)


def _does(found: Scan, walk: Walk) -> str:
    what = f"all {found.resource}" if found.resource else "a whole cache" if found.everywhere else "a cache"
    what += "" if found.everywhere else " under one value of an index" if found.constant else " of a namespace"
    if walk.lost == "index":
        return f"walks {what}: this read used an index"
    if walk.lost == "copies":
        return "copies every object that it gives: this read gave the cache's own"
    return f"walks {what} for each {walk.per}" + (", whichever it is" if walk.keyless else "")


def _remedy(walk: Walk) -> str:
    if walk.lost == "copies":
        return "Keep `client.UnsafeDisableDeepCopy` where nothing is changed."
    if walk.resource in resources.FEW and walk.per != "item":
        return "Get those that it needs by their names; whether one is there, its metadata tell."
    if walk.per == "item":
        return "List once before the loop."
    if walk.keyless:
        return "Do only what the object asks for, or queue one key for all, so that many events are one pass."
    if walk.per in {"pod", "pod and node"} and walk.resource == "nodes":
        return "Go on only for pods that need it, behind an early return, or keep the answer as nodes and pods come and go."
    return "Read from an index (`AddIndexers`, `IndexField`) what belongs to it."


def _unless(found: Scan) -> str:
    if found.resource in resources.FEW:
        return "Leave it if it needs them all."
    return "Leave it if the cache holds few objects." if found.resource not in collections.RESOURCES else ""


def _walks(change: Change) -> Iterator[tuple[Added[Call], Lost]]:
    """The walks that a change adds, and those of which it takes what made them cheap; a dearer one pays for a cheaper."""
    new = list(added(change, _lists, functools.partial(_pays, change)))
    indexed = _indexed(change) if new else frozenset()
    for each in new:
        yield each, "index" if _store(each.file.old_path or "", each.function, each.what) in indexed else ""
    known = {(each.file.path, each.what.node.start_byte) for each in new}
    before = _removed(change)
    for each in _kept(change) if before else ():
        if (each.file.path, each.what.node.start_byte) in known:
            continue
        now = scans.cost(each.function, each.what)
        read = _read(change.head_index, each.file.old_path or "", each.function, each.what)
        then = max(before.get(read, [now]))
        if then >= now:
            continue
        cheap = [(was, is_) == (scans.CHEAP, scans.DEAR) for was, is_ in zip(then, now, strict=True)]
        if any(cheap):
            yield each, _LOST[cheap.index(True)]


_LOST: tuple[Lost, ...] = ("index", "", "copies")  # a lost namespace makes it a new walk


def _lost(change: Change, each: Added[Call], found: Scan, lost: Lost) -> Walk:
    path = path_of(change, each.function, each.what.closures)
    return Walk(found.resource, found.everywhere, path.per if path is not None else "call", "", found.copies, lost)


def _of_helpers(change: Change) -> Iterator[tuple[Added[Call], Lost]]:
    """The calls that a change adds of functions of the program that walk through a cache, and were there before."""
    new = {(each.path, line) for each in change.go_files for line in each.diff.added}
    for each in added(change, _calls, functools.partial(_walks_the_same, change)):
        found = scans.wrapped(change.head_index, each.function, each.what)
        # What a helper does that is new itself is told there.
        if found is not None and not any((found.path, line) in new for line in found.lines):
            yield each, ""


def _calls(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name and call.name not in scans.METHODS:
            looped = any(loop.kind == "range" for loop in call.loops)
            other = (("call in", function.name, looped), ("call in", looped))
            yield Candidate(("call", call.name, looped), call.statement_line, call.statement_end_line, call, other)


def _walks_the_same(change: Change, old: Removed[Call], new: Added[Call]) -> bool:
    """Whether a removed call of a helper walked through the same cache, whatever it was called and wherever it stood."""
    if old.what.name == new.what.name:
        return True
    now = scans.wrapped(change.head_index, new.function, new.what)
    was = scans.wrapped(change.base_index, old.function, old.what) if now is not None else None
    return was is not None and now is not None and was.resource == now.resource


def _kept(change: Change) -> Iterator[Added[Call]]:
    """All LISTs on added lines, those that were there before too."""
    for file in change.go_files:
        for function in file.functions():
            for each in _lists(function):
                if file.added(each.first, each.last):
                    yield Added(file, function, each.first, each.last, each.what)


def _removed(change: Change) -> dict[Hashable, list[Cost]]:
    """What the LISTs cost that the change removes."""
    found: dict[Hashable, list[Cost]] = {}
    for file in change.go_files:
        for function in file.old_functions():
            for candidate in _lists(function):
                if file.diff.removes(candidate.first, candidate.last):
                    read = _read(change.base_index, function.file.path, function, candidate.what)
                    found.setdefault(read, []).append(scans.cost(function, candidate.what))
    return found


_OF_AN_INDEX = frozenset({"ByIndex", "GetByIndex", "Index"})
"""What a store with indexes is asked by (client-go tools/cache, Indexer), and stores of projects that are made like it."""


def _indexed(change: Change) -> frozenset[Hashable]:
    """The stores of which the change removes a read by an index, with the functions that read so."""
    return frozenset(
        _store(function.file.path, function, call)
        for file in change.go_files
        for function in file.old_functions()
        for call in function.calls
        if call.name in _OF_AN_INDEX and call.operand is not None and file.diff.removes(call.line, call.end_line)
    )


def _store(path: str, function: Function, call: Call) -> Hashable:
    return path, function.key, collections.alike(call.operand, function) if call.operand is not None else ""


def _read(index: PackageIndex, path: str, function: Function, call: Call) -> Hashable:
    """What makes two LISTs of one function the same read; path is its file's before the change."""
    found = scans.scan(index, function, call)
    return path, function.name, _key(function, call), found.resource if found is not None else None


def _lists(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name in scans.METHODS and call.operand is not None:
            looped = any(loop.kind == "range" for loop in call.loops)
            same = (("scan in", function.name, looped),)
            yield Candidate(_key(function, call), call.statement_line, call.end_line, call, same)


def _pays(change: Change, old: Removed[Call], new: Added[Call]) -> bool:
    """Whether a removed walk was the same: of as much of the same resource, by whatever accessor of the same function."""
    if _key(old.function, old.what) == _key(new.function, new.what):
        return True
    was = scans.scan(change.base_index, old.function, old.what)
    now = scans.scan(change.head_index, new.function, new.what)
    if was is None or now is None:
        return False
    same = (was.resource, was.everywhere, was.indexed) == (now.resource, now.everywhere, now.indexed)
    return same and (was.copies or not now.copies)


def _key(function: Function, call: Call) -> Hashable:
    # What moves into a loop is news.
    operand = collections.alike(call.operand, function) if call.operand is not None else ""
    return "scan", operand, any(loop.kind == "range" for loop in call.loops)


def _walk(change: Change, each: Added[Call], found: Scan) -> Walk | None:
    """What the walk is made for, None where it is made once, or seldom."""
    index, function, call = change.head_index, each.function, each.what
    way = call_paths(change).worst(function, call)
    if way.rare:
        return None
    once = found.indexed or _is_of_any_kind(found)
    for loop in () if once else reversed(call.loops):
        if loop.kind == "range" and not bounded(index, function, loop) and not _is_of(loop, call) and loop.collection:
            growing = collections.growing(index, function.file, function, loop.collection)
            times = growing.resource if growing is not None and growing.typed else ""
            return Walk(found.resource, found.everywhere, "item", times, found.copies)
    for item in () if once else reversed(way.loops):
        if item.loop.kind == "range" and item.loop.collection is not None:
            growing = collections.growing(index, item.function.file, item.function, item.loop.collection)
            if growing is not None:
                times = growing.resource if growing.typed else ""
                return Walk(found.resource, found.everywhere, "item", times, found.copies)
    path = path_of(change, function, call.closures)
    repeated = path is not None and path.per in {"tick", "round"}  # once a period is the remedy
    if path is not None and not repeated and not scans.serves_all(function) and not found.indexed:
        seldom = (
            (path.per == "event" and not _of_many(index, way))
            or (path.per == "request" and path.of_one_kind)
            or (path.per == "object" and _is_of_few(index, way))
        )
        keyless = path.per == "object" and found.everywhere and _ignores_its_key(way.functions[0])
        return Walk(found.resource, found.everywhere, path.per, "", found.copies, seldom=seldom, keyless=keyless)
    # A function that is given one object and looks through a cache for those that belong to it is called for each object.
    one = _given(change, function, found.resource) if found.everywhere and not found.indexed else None
    return Walk(found.resource, True, one.removesuffix("s"), one, found.copies) if one is not None else None


def _is_of_few(index: PackageIndex, way: CallPath) -> bool:
    """Say whether a reconcile is of a kind of which a cluster has few."""
    kind = reconciled(index, way.functions)
    return kind is not None and may_be_many(index, kind) is False


def _is_of(loop: Loop, call: Call) -> bool:
    """Say whether a loop gives the cache that is walked: each is another one."""
    root = (syntax.path(call.operand) or [""])[0] if call.operand is not None else ""
    return root in {loop.key, loop.value} - {None}


_QUEUED = re.compile(rb"\bEnqueueRequestForObject\b|\.For\(")


def _ignores_its_key(function: Function) -> bool:
    """Say whether a reconcile does the same whatever object it is called for, of which its file queues each."""
    request = next((each for each in function.params if syntax.text(each.type).endswith("Request")), None)
    if request is None or function.body is None or not _QUEUED.search(function.file.source):
        return False
    return request.name in {"", "_"} or not any(
        node.type == "identifier" and syntax.text(node) == request.name for node in syntax.walk(function.body)
    )


def _of_many(index: PackageIndex, way: CallPath) -> bool:
    """Say whether events that come this way are of a kind of which a cluster has many: what the handler, or what it calls,
    is given or takes the event for."""
    for function in way.functions:
        inside = [each.node for each in way.closures[-1:]] if function is way.functions[0] else []
        inside = inside or ([function.node] if function.node is not None else [])
        types = [
            asserted
            for node in inside
            for each in syntax.walk(node)
            if each.type in {"type_assertion_expression", "type_case"}
            for asserted in each.children_by_field_name("type")
        ]
        types += [parameter.type for parameter in function.params]
        if any(collections.kind(index.resolve(each, function.file, function)) is not None for each in types):
            return True
    return False


def _around(change: Change, each: Added[Call], walk: Walk) -> tuple[Place, ...]:
    """The loop in a caller that makes the walk one for each item."""
    if walk.per != "item" or any(loop.kind == "range" for loop in each.what.loops):
        return ()
    loops = [item for item in call_paths(change).worst(each.function, each.what).loops if item.loop.kind == "range"]
    return tuple(
        Place(item.function.file.path, item.loop.line, item.loop.line, f"{code(item.function.key)} loops here")
        for item in loops[-1:]
    )


def _given(change: Change, function: Function, resource: str) -> str | None:
    """The resource of which a function is given one object, if it is another than the walk's."""
    for parameter in function.params:
        kind = collections.kind(change.head_index.resolve(parameter.type, function.file, function))
        if kind is not None and kind != resource:
            return kind
    return None


def _shown(call: Call) -> str:
    return syntax.text(call.function)
