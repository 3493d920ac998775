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

A copy of what a pointer points to (`node := *item`) is one too.

Not reported: elements below 128 bytes; short collections (containers, volumes, conditions) that are in no longer loop;
slices and maps of pointers; loops that change their copies or keep them (one that is given back where a search ends is one of
many); loops that were there before and copied as much; start-up
code, command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Loop
from analyzers.golang.facts.syntax import Node
from analyzers.golang.kept import changes, keeps, keeps_many, points_to
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Array, Map, Slice, Type
from analyzers.kubernetes.execution import collections, critical_paths
from analyzers.kubernetes.requests import scans
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.copies import copy_of, struct, was_large

_LEAST = 128  # go-critic's threshold (rangeValCopy)
_LONGEST = 60
_MANY = collections.RESOURCES - {"secrets", "configmaps", "persistentvolumeclaims", "volumeattachments", "leases"}


class _Copied(NamedTuple):
    """What a loop copies in each round into its variable `name`: an element, or what `source` points to."""

    loop: Loop
    name: str
    source: Node | None = None


def range_value_copy(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new loop that copies large elements."""
    for each in added(change, _copied, partial(_pays, change)):
        function, loop = each.function, each.what.loop
        if not concerned(each.file, function.receiver_name) or critical_paths.starts_up(function):
            continue
        type_ = _type(change.head_index, function, each.what)
        named = struct(change, type_)
        copy = copy_of(change, function, named, "item", _LEAST, loop.closures)
        if named is None or copy is None or loop.collection is None or _needs_copies(function, each.what):
            continue
        # Containers and volumes are few: their copies count only where they are made for each node or pod.
        if not any(_many(change, function, around) for around in (loop, *loop.outer)):
            continue
        collection = syntax.text(loop.collection)
        if each.what.source is not None:
            source = code(syntax.text(each.what.source))
            construct = f"The loop over {code(collection)} copies {source} into {code(each.what.name)}."
            remedy = "Use the pointer."
        else:
            construct = f"The loop copies each {code(collection)} element into {code(each.what.name)}."
            under = change.head_index.underlying(change.head_index.type_of(loop.collection, function.file, function))
            indexed = code(f"&{collection}[i]" if len(collection) < _LONGEST else "&items[i]")
            keyed = isinstance(under, Map)
            remedy = "Keep pointers in the map." if keyed else f"Range over the index and use {indexed}."
            if not keyed and syntax.unparenthesized(loop.collection).type == "call_expression":  # called once, as now
                remedy = f"Keep it in a variable, range over the index and use {code('&items[i]')}."
        yield Diagnostic(
            analyzer="range-value-copy",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=construct,
            remedy=remedy,
            unless="Leave it if the loop changes its copy on purpose.",
            concern=f"copy {named.name} range",
            function=function.key,
            subject=copy,
        )


def _type(index: PackageIndex, function: Function, copied: _Copied) -> Type | None:
    """Give the type of what is copied, None for what is no element of a slice or map."""
    if copied.source is not None:
        return index.type_of(copied.source, function.file, function)
    if copied.loop.collection is None:
        return None
    under = index.underlying(index.type_of(copied.loop.collection, function.file, function))
    return under.elem if isinstance(under, Slice | Array | Map) else None


def _needs_copies(function: Function, copied: _Copied) -> bool:
    """Whether the loop changes its copies, or keeps what it takes: elements are copied then in any case, and what stands
    behind a pointer is to stay."""
    if changes(function, copied.name, copied.loop):
        return True
    body = copied.loop.body
    if copied.source is None:
        return keeps_many(body, copied.name)
    return keeps(body, copied.name, always=True) or points_to(body, copied.name)


def _pays(change: Change, old: Removed[_Copied], new: Added[_Copied]) -> bool:
    """Whether a removed loop copied its elements too: one over `[]*Node` does not pay for one over `[]Node`.

    Over a collection of another name it must have copied the same type.
    """
    type_ = _type(change.base_index, old.function, old.what)
    was, now = old.what.loop.collection, new.what.loop.collection
    renamed = was is not None and now is not None and collections.alike(was) != collections.alike(now)
    if renamed and type_ != _type(change.head_index, new.function, new.what):
        return False
    return type_ is None or was_large(change, type_, _LEAST)


def _many(change: Change, function: Function, loop: Loop) -> bool:
    if loop.kind != "range" or loop.collection is None:
        return False
    held = collections.holds(change.head_index, function.file, function, loop.collection)
    if held is not None:
        return held in _MANY
    read = function.facts.call_at(syntax.unparenthesized(loop.collection))
    found = scans.scan(change.head_index, function, read) if read is not None else None
    return found is not None and (not found.resource or found.resource in _MANY)


def _copied(function: Function) -> Iterator[Candidate[_Copied]]:
    for loop in function.loops:
        if loop.kind == "range" and loop.collection is not None and loop.value and loop.value != "_":
            key = ("range", collections.alike(loop.collection, function))
            last, renamed = syntax.end_line(loop.collection), (("range in", function.name),)
            yield Candidate(key, loop.line, last, _Copied(loop, loop.value), renamed)
    for assignment in function.assignments:
        if not assignment.loops or len(assignment.right) != 1 or len(assignment.left) != 1:
            continue
        loop, left, right = assignment.loops[-1], assignment.left[0], assignment.right[0]
        if left.type == "identifier" and right.type == "unary_expression" and syntax.has_token(right, "*"):
            line = syntax.line(assignment.node)
            yield Candidate(("copied", syntax.text(left)), line, line, _Copied(loop, syntax.text(left), right))
