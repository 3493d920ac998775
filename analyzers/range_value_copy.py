"""A range over values copies a large struct for each element

`for _, node := range nodes` over a `[]v1.Node` copies 680 bytes (776 in today's API) for each of 5,000 nodes, most of
them only to read a name. An index, or a pointer to the element, copies nothing. (`&node` points to the loop's copy.)

```diff
--- a/pkg/controller/nodecounter/nodecounter.go
+++ b/pkg/controller/nodecounter/nodecounter.go
@@ -1,13 +1,13 @@
 package nodecounter

 import "k8s.io/api/core/v1"

 func schedulable(nodes []v1.Node) int {
        count := 0
-	for _, node := range nodes {
-		if !node.Spec.Unschedulable {
+	for i := range nodes {
+		if !nodes[i].Spec.Unschedulable {
                        count++
                }
        }
        return count
 }
```

Not reported: elements below 128 bytes; short collections (containers, volumes, conditions) that are in no longer loop;
slices and maps of pointers; loops that change their copies; loops that were there before and copied as much; start-up
code, command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator
from functools import partial

from analyzers.analysis.change import Change
from analyzers.analysis.copying import concerned, copy_of, struct, was_large
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.places import Added, Candidate, Removed, added
from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Loop
from analyzers.golang.types import Array, Map, Slice
from analyzers.kubernetes import collections, critical_paths

_LEAST = 128  # go-critic's threshold (rangeValCopy)
_LONGEST = 60
_MANY = collections.RESOURCES - {"secrets", "configmaps", "persistentvolumeclaims", "volumeattachments", "leases"}


def range_value_copy(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new loop that copies large elements."""
    for each in added(change, _ranges, partial(_pays, change)):
        function, loop = each.function, each.what
        if (
            not concerned(each.file, function.receiver_name)
            or critical_paths.starts_up(function)
            or loop.collection is None
        ):
            continue
        type_ = change.head_index.type_of(loop.collection, function.file, function)
        under = change.head_index.underlying(type_)
        if not isinstance(under, Slice | Array | Map):
            continue
        named = struct(change, under.elem)
        if named is None:
            continue
        copy = copy_of(change, function, named, "item", _LEAST, loop.closures)
        if copy is None:
            continue
        if _changes(function, loop):
            continue
        # Containers and volumes are few: their copies count only where they are made for each node or pod.
        if not any(_many(change, function, around) for around in (loop, *loop.outer)):
            continue
        collection = syntax.text(loop.collection)
        if isinstance(under, Map):
            remedy = "Keep pointers in the map."
        else:
            remedy = f"Range over the index and use {code(f'&{collection}[i]' if len(collection) < _LONGEST else '&items[i]')}."
        yield Diagnostic(
            analyzer="range-value-copy",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"The loop copies each {code(collection)} element into {code(loop.value or '')}.",
            remedy=remedy,
            unless="Leave it if the loop changes its copy on purpose.",
            concern=f"copy {named.name} range",
            function=function.key,
            subject=copy,
        )


def _changes(function: Function, loop: Loop) -> bool:
    """Whether the loop changes its copies: the elements are to stay as they are."""
    return any(
        left.type == "selector_expression" and syntax.text(left).startswith(f"{loop.value}.")
        for assignment in function.assignments
        if loop in assignment.loops
        for left in assignment.left
    )


def _pays(change: Change, old: Removed[Loop], new: Added[Loop]) -> bool:
    """Whether a removed loop copied its elements too: one over `[]*Node` does not pay for one over `[]Node`."""
    collection, function = old.what.collection, old.function
    if collection is None:
        return False
    under = change.base_index.underlying(change.base_index.type_of(collection, function.file, function))
    return not isinstance(under, Slice | Array | Map) or was_large(change, under.elem, _LEAST)


def _many(change: Change, function: Function, loop: Loop) -> bool:
    if loop.kind != "range" or loop.collection is None:
        return False
    growing = collections.growing(change.head_index, function.file, function, loop.collection)
    return growing is not None and growing.resource in _MANY


def _ranges(function: Function) -> Iterator[Candidate[Loop]]:
    for loop in function.loops:
        if loop.kind == "range" and loop.collection is not None and loop.value not in {None, "_"}:
            yield Candidate(
                ("range", collections.alike(loop.collection)), loop.line, syntax.end_line(loop.collection), loop
            )
