"""Work that grows with one cluster-sized collection times another

A loop over pods inside a loop over nodes takes 150,000 x 5,000 = 7.5e8 steps at the supported limits, whether the
inner loop stands there, in a function that is called, or is a linear search. The first version of pod anti-affinity
compared every pod with every node, for pods without the feature too, and made the scheduler unusable. Build a map or
an index once, before the loop, and look things up in it.

```diff
--- a/pkg/controller/spread/spread.go
+++ b/pkg/controller/spread/spread.go
@@ -1,17 +1,19 @@
 package spread

 import "k8s.io/api/core/v1"

 func podsPerNode(nodes []*v1.Node, pods []*v1.Pod) map[string]int {
        counts := map[string]int{}
+	for _, pod := range pods {
+		counts[pod.Spec.NodeName]++
+	}
        for _, node := range nodes {
-		for _, pod := range pods {
-			if pod.Spec.NodeName == node.Name {
-				counts[node.Name]++
-			}
+		if _, known := counts[node.Name]; !known {
+			counts[node.Name] = 0
                }
        }
        return counts
 }
```

Not reported: inner collections that belong to the outer element (the pods of a node, the containers of a pod), as all
of them together are linear, and what a call gives for one object, or pods that are given together with their node;
collections that do not grow with the cluster; a control plane's nodes; pods on one node (at most 110) in code that runs
on nodes; nested loops that were there before; command lines, tests and generated code.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Nested
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Assignment, Call, Loop
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Map, Named, Type
from analyzers.kubernetes.execution import collections, critical_paths
from analyzers.kubernetes.execution.collections import Growing
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.execution.loops import bounded
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of

_SEARCHES = frozenset({"Contains", "ContainsFunc", "Index", "IndexFunc", "Find", "IndexOf", "Filter"})
_SEARCH_PACKAGES = frozenset({"slices", "lo", "sliceutil", "sliceutils"})


class Pair(NamedTuple):
    """A loop (None: the one that calls the function), and what stands in it: an inner loop, or a call that may hold one."""

    outer: Loop | None
    inner: Loop | Call


def quadratic_loop(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new pair of nested collections that grow with the cluster."""
    seen: set[tuple[str, int]] = set()
    before: Counter[tuple[str, str]] | None = None
    for each in added(change, _pairs):
        outer, inner = each.what
        if not concerned(each.file) or critical_paths.starts_up(each.function) or (each.file.path, inner.line) in seen:
            continue
        found = (
            _nested(change.head_index, each.file, each.function, outer, inner)
            if outer is not None
            else _for_each_node(change, each, inner)
        )
        if found is not None and before is None:
            before = _products_before(change)
        if found is not None and before is not None and before[found.first, found.second] > 0:
            before[found.first, found.second] -= 1
            seen.add((each.file.path, inner.line))
            continue  # the same work, moved into a function, or out of one
        if found is not None:
            seen.add((each.file.path, inner.line))
            yield _diagnostic(change, each.file, each.function, inner.line, found)
    for union in added(change, _unions):
        found = _copied_again(change, union) if concerned(union.file) else None
        if found is not None:
            yield _diagnostic(change, union.file, union.function, union.first, found)


def _products_before(change: Change) -> Counter[tuple[str, str]]:
    """The products of collections that were gone through on lines which the change removes, each time that one was."""
    found: Counter[tuple[str, str]] = Counter()
    for file in change.go_files:
        for function in file.old_functions():
            seen: set[int] = set()
            for candidate in _pairs(function):
                outer, inner = candidate.what
                if outer is None or inner.line in seen or not file.diff.removes(candidate.first, candidate.last):
                    continue
                pair = _nested(change.base_index, file, function, outer, inner)
                if pair is not None:
                    seen.add(inner.line)
                    found[pair.first, pair.second] += 1
    return found


def _diagnostic(change: Change, file: ChangedFile, function: Function, line: int, found: "_Found") -> Diagnostic:
    path = path_of(change, function)
    return Diagnostic(
        analyzer="quadratic-loop",
        path=file.path,
        line=line,
        end_line=line,
        construct=found.construct,
        remedy=found.remedy
        or f"Build a map of {f'the {found.second}' if found.second else 'them'} once, before the loop, and look them up in it.",
        unless="Leave it if one of the two is always short, and say so in a comment.",
        concern=f"{found.first} x {found.second}",
        function=function.key,
        level=Level.WARNING if found.sure else Level.NOTICE,
        subject=Nested((found.first, found.second), path),
    )


class _Found(NamedTuple):
    first: str
    second: str
    construct: str
    sure: bool
    remedy: str = ""


def _nested(
    index: PackageIndex, file: ChangedFile, function: Function, outer: Loop, inner: Loop | Call
) -> _Found | None:
    """What is wrong with a loop or a call inside a loop, None if nothing is known to be."""
    if isinstance(inner, Call) and (field := _walks_the_same(index, function, outer, inner)):
        again = f"{code(inner.name)} goes through all {code(field)} again"
        construct = f"For each of the {code(field)}, {again}: how many can there be?"
        return _Found(field, field, construct, False)
    first = _growing(index, file, function, outer.collection)
    if first is None:
        return None
    derived, remedy = _derived(function, outer), ""
    if isinstance(inner, Loop):
        if _grows_with(function, outer, inner):
            return _Found(first.resource, first.resource, _added_to(outer, inner), first.typed, _LOOK_UP)
        second = None if _mentions(inner.collection, derived) else _growing(index, file, function, inner.collection)
        construct = (
            f"The loop over {code(_text(inner.collection))} runs for each element of {code(_text(outer.collection))}."
        )
        if second is not None and isinstance(_type(index, function, inner.collection), Map):
            remedy = f"Compute once, before the loop, what it needs of the {second.resource}."
    else:
        second = _searched(index, file, function, inner, derived)
        all_of = f"all {second.resource if second else ''}"
        construct = f"For each element of {code(_text(outer.collection))}, {code(inner.name)} goes through {all_of}."
    return (
        _Found(
            first.resource,
            second.resource,
            construct,
            first.typed
            and second.typed
            and not any(
                _is_chosen(index, function, each.collection) for each in (outer, inner) if isinstance(each, Loop)
            ),
            remedy,
        )
        if second is not None
        else None
    )


def _is_chosen(index: PackageIndex, function: Function, collection: Node | None) -> bool:
    """Say whether a collection is known to be a part of all: what labels, fields or a namespace choose."""
    place = Place(index, function.file, function)
    return collection is not None and collections.extent(place, collection).size in {"some", "few"}


_LOOK_UP = "Keep them in a map, and look up what is searched for."


def _added_to(outer: Loop, inner: Loop) -> str:
    searched = code(_text(inner.collection))
    return (
        f"For each element of {code(_text(outer.collection))}, {searched} is gone through, to which the same loop adds."
    )


def _grows_with(function: Function, outer: Loop, inner: Loop) -> bool:
    """Say whether an inner loop goes through a slice to which the outer one only ever adds."""
    collection = inner.collection
    if collection is None or collection.type != "identifier":
        return False
    name = syntax.text(collection)
    given = [
        syntax.text(each.right[0]) if len(each.left) == len(each.right) == 1 else ""
        for each in function.assignments
        if outer in each.loops and any(syntax.text(left) == name for left in each.left)
    ]
    return bool(given) and all(text.startswith(f"append({name},") for text in given)


def _for_each_node(change: Change, each: Added[Pair], inner: Loop | Call) -> _Found | None:
    """What is wrong with a loop in a function that is called for each node that is tried for a pod."""
    path = critical_paths.critical_path(each.function)
    if path is None or path.per != "pod and node" or not isinstance(inner, Loop):
        return None
    if not critical_paths.given_one_node(each.function):
        return None
    second = _growing(change.head_index, each.file, each.function, inner.collection)
    if second is None or second.resource not in {"pods", "nodes"} or not _is_of_all(change, each.function, inner):
        return None
    runs = f"{code(each.function.name)} runs for each node that is tried for a pod"
    construct = f"{runs}, and goes through all {code(_text(inner.collection))}."
    return _Found("nodes", second.resource, construct, second.typed)


def _is_of_all(change: Change, function: Function, inner: Loop) -> bool:
    """Say whether a loop goes through what is kept for all nodes: a LIST, or a field of the receiver; what was made of the node
    that the function is given is that node's."""
    assert inner.collection is not None
    found = collections.extent(Place(change.head_index, function.file, function), inner.collection)
    if found.size == "all" and found.witness is not None:
        return True
    receiver = function.receiver
    return receiver is not None and inner.collection.type != "identifier" and _root(inner.collection) == receiver.name


def _pairs(function: Function) -> Iterator[Candidate[Pair]]:
    for inner in function.loops:
        if not _over(inner):
            continue
        name = collections.alike(inner.collection, function) if inner.collection else None
        for outer in inner.outer:
            if _over(outer) and outer.collection is not None:
                key = (collections.alike(outer.collection, function), name)
                yield Candidate(key, inner.line, inner.line, Pair(outer, inner))
                yield Candidate(key, outer.line, outer.line, Pair(outer, inner))
        yield Candidate((None, name), inner.line, inner.line, Pair(None, inner))
    for call in function.calls:
        for outer in call.loops:
            if _over(outer) and outer.collection is not None:
                key = (collections.alike(outer.collection, function), call.name)
                yield Candidate(key, call.statement_line, call.statement_end_line, Pair(outer, call))
                yield Candidate(key, outer.line, outer.line, Pair(outer, call))


def _unions(function: Function) -> Iterator[Candidate[Assignment]]:
    """Sets that grow by being copied: `all = all.Union(some)` in a loop."""
    for assignment in function.assignments:
        if assignment.operator == "=" and assignment.loops and len(assignment.left) == 1 and len(assignment.right) == 1:
            name = syntax.text(assignment.left[0])
            if syntax.text(assignment.right[0]).startswith(f"{name}.Union("):
                line = syntax.line(assignment.node)
                yield Candidate(("union", name), line, syntax.end_line(assignment.node), assignment)


def _copied_again(change: Change, each: Added[Assignment]) -> _Found | None:
    """What is wrong with a set that is copied for each element of a loop."""
    loop = each.what.loops[-1]
    if not _over(loop) or bounded(change.head_index, each.function, loop):
        return None
    name = syntax.text(each.what.left[0])
    construct = (
        f"{code(f'{name}.Union')} copies the whole set again for each element of {code(_text(loop.collection))}."
    )
    path = path_of(change, each.function, each.what.closures)
    nested = len([outer for outer in each.what.loops if _over(outer)]) > 1
    # How much is in such sets cannot be seen here, so no number is given.
    sure = (nested and path is not None and path.hot) or _of_pods_or_nodes(change, each)
    return _Found(name, name, construct, sure, f"Insert into {code(name)} instead.")


def _of_pods_or_nodes(change: Change, each: Added[Assignment]) -> bool:
    """Say whether a set is by its type or name one of pods or nodes, all of them as far as one can see."""
    index, function, node = change.head_index, each.function, each.what.left[0]
    type_ = index.type_of(node, function.file, function)
    held = index.underlying(type_)
    kind = collections.kind(held.key) if isinstance(held, Map) else None
    arguments = type_.args if isinstance(type_, Named) else ()
    found = kind or next((collections.kind(argument) for argument in arguments if argument is not None), None)
    return (found or collections.alike(node)) in {"pods", "nodes"}


def _over(loop: Loop) -> bool:
    return loop.kind == "range" and loop.collection is not None


def _growing(index: PackageIndex, file: ChangedFile, function: Function, collection: Node | None) -> Growing | None:
    found = collections.growing(index, function.file, function, collection) if collection is not None else None
    # A node's own pods are few: at most 110.
    few = file.component.kind is Kind.NODE and found is not None and found.resource not in collections.WHOLE_ON_NODES
    return None if few else found


def _type(index: PackageIndex, function: Function, collection: Node | None) -> Type | None:
    return index.underlying(index.type_of(collection, function.file, function)) if collection is not None else None


def _searched(
    index: PackageIndex, file: ChangedFile, function: Function, call: Call, derived: set[str]
) -> Growing | None:
    """What a call goes through from end to end: an argument that grows, if the callee (or a search of a library) ranges over it."""
    for number, argument in enumerate(call.arguments):
        if argument.type not in {"identifier", "selector_expression", "call_expression"} or _mentions(
            argument, derived
        ):
            continue
        operand = syntax.text(call.operand) if call.operand is not None else ""
        if call.name in _SEARCHES and operand in _SEARCH_PACKAGES:
            if number == 0:
                return _growing(index, file, function, argument)
            continue
        found = _growing(index, file, function, argument)
        if found is None:
            continue
        callee = index.callee(call, function.file, function)
        if callee is not None and number < len(callee.params) and _ranges_over(callee, callee.params[number].name):
            return found
    return None


def _walks_the_same(index: PackageIndex, function: Function, outer: Loop, call: Call) -> str | None:
    """The field that a method called for each element of `x.Field` goes through again, itself or of its receiver."""
    field = _field(outer.collection)
    if field is None or call.operand is None or outer.collection is None:
        return None
    callee = index.callee(call, function.file, function)
    if callee is None or callee.receiver is None or callee.file.folder != function.file.folder:
        return None
    owner = _owner(index, function, outer.collection)
    same = any(
        _field(loop.collection) == field
        and _root(loop.collection) == callee.receiver.name
        and _owner(index, callee, loop.collection) == owner
        for loop in callee.loops
        if loop.collection
    )
    # `member.Walk()` goes through the member's own; `member.Group.Walk()` and `c.Walk()` go through what is gone through already.
    return field if same and not _is_element(call.operand, outer) else None


def _owner(index: PackageIndex, function: Function, field: Node) -> Type | None:
    """The type that declares the field."""
    operand, name = field.child_by_field_name("operand"), field.child_by_field_name("field")
    if operand is None or name is None:
        return None
    member = index.member(index.type_of(operand, function.file, function), syntax.text(name))
    return member.owner if member is not None else None


def _is_element(operand: Node, loop: Loop) -> bool:
    return operand.type == "identifier" and syntax.text(operand) in loop.variables


def _field(node: Node | None) -> str | None:
    field = node.child_by_field_name("field") if node is not None and node.type == "selector_expression" else None
    return syntax.text(field) if field is not None else None


def _ranges_over(function: Function, name: str) -> bool:
    return any(
        loop.kind == "range" and loop.collection is not None and _root(loop.collection) == name
        for loop in function.loops
    )


def _derived(function: Function, loop: Loop) -> set[str]:
    """The loop's variables, and what is computed from them in its body: a collection named so is a part of the outer one."""
    names = set(loop.variables)
    for assignment in function.assignments:
        if loop in assignment.loops and any(_mentions(value, names) for value in assignment.right):
            names.update(syntax.text(target) for target in assignment.left if target.type == "identifier")
    for inner in function.loops:
        if loop in inner.outer and _mentions(inner.collection, names):
            names.update(inner.variables)
    return names - {"_", "err", "ok"}


def _mentions(node: Node | None, names: set[str]) -> bool:
    return node is not None and any(
        found.type == "identifier" and syntax.text(found) in names for found in syntax.walk(node)
    )


def _root(node: Node) -> str:
    path = syntax.path(syntax.unparenthesized(node))
    return path[0] if path else ""


def _text(node: Node | None) -> str:
    return syntax.text(node) if node is not None else ""
