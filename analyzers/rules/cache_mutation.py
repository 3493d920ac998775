"""An object from a shared cache is changed

What a lister, an indexer or an informer's event gives is the cache's own object, which every other reader sees at the
same time: "all Informers caches are expected to be immutable". A change to it is a data race, is never sent to the API
server, and hides real changes from every comparison until the next resync. Change a `DeepCopy`, and only where something
is changed.

```diff
--- a/pkg/controller/label/label.go
+++ b/pkg/controller/label/label.go
@@ -1,25 +1,26 @@
 package label

 import (
        v1 "k8s.io/api/core/v1"
        corelisters "k8s.io/client-go/listers/core/v1"
 )

 type Controller struct {
        pods corelisters.PodLister
 }

 func (c *Controller) label(namespace, name string) (*v1.Pod, error) {
        pod, err := c.pods.Pods(namespace).Get(name)
        if err != nil {
                return nil, err
        }
+	pod = pod.DeepCopy()
        pod.Labels["seen"] = "true"
        return pod, nil
 }
```

Not reported: objects from the API server or from controller-runtime's client, which are the caller's own; copies; changes
two calls away; what was there before; command lines, tests and generated code.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.kubernetes.requests import cached
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned


class Mutation(NamedTuple):
    """A place that changes what `name` points to, itself or (`call`) in the function it hands it to as argument `argument`."""

    function: Function
    name: str
    node: Node
    call: Call | None = None
    argument: int = 0


def cache_mutation(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each change of an object that a cache shares."""
    for each in added(change, _mutations):
        if concerned(each.file) and (source := _shared(change, each)) is not None:
            yield _diagnostic(each, source, each.first, each.last)
    for file in change.go_files:
        for name, at in _lost_copies(file):
            function = next((found for found in file.functions() if found.line <= at <= found.end_line), None)
            for mutation in _mutations(function) if function is not None and concerned(file) else ():
                each = Added(file, mutation.what.function, mutation.first, mutation.last, mutation.what)
                if (
                    mutation.what.name == name
                    and mutation.first >= at
                    and (source := _shared(change, each)) is not None
                ):
                    yield _diagnostic(each, source, at, at)
                    break


def _diagnostic(each: Added[Mutation], source: str, first: int, last: int) -> Diagnostic:
    found = each.what
    what = (
        f"{code(found.call.name)} changes {code(found.name)}"
        if found.call is not None
        else f"{code(_short(found.node))} is changed"
    )
    ordered = found.call is not None and _ORDERS.match(found.call.name)
    copy = f"slices.Clone({found.name})" if ordered else f"{found.name}.DeepCopy()"
    return Diagnostic(
        analyzer="cache-mutation",
        path=each.file.path,
        line=first,
        end_line=last,
        construct=f"{what}, which comes from {source} and is shared with all its readers.",
        remedy=f"Change a copy: {code(f'{found.name} = {copy}')}.",
        concern=f"change {found.name} of {source}",
        function=each.function.key,
        priority=35,
    )


def _shared(change: Change, each: Added[Mutation]) -> str | None:
    """Where the object that is changed comes from, None if it is not known to be shared, or was copied."""
    found, function = each.what, each.function
    binding = function.binding(found.name, found.node.start_byte)
    if binding is None or binding.kind not in {"var", "range", "switch"}:
        return None
    if cached.copied_between(function, found.name, binding.start, found.node.start_byte):
        return None
    if found.call is not None and not (_sorts(change, each) and cached.is_part(binding)) and not _changes(change, each):
        return None
    return cached.source(change.head_index, function, binding)


_COPY = re.compile(r"\b(\w+)(?:, \w+)? :?= .*\b(DeepCopy|DeepCopyObject|Copy|Clone)\(")


def _lost_copies(file: ChangedFile) -> Iterator[tuple[str, int]]:
    """The variables of which a copy was removed, and the lines in front of which it stood."""
    for text, at in zip(file.diff.removed.values(), file.diff.deletions, strict=True):
        match = _COPY.search(text)
        if match is not None:
            yield match[1], at


def _mutations(function: Function) -> Iterator[Candidate[Mutation]]:
    for assignment in function.assignments:
        if assignment.operator in {":=", "var"}:
            continue
        for left in assignment.left:
            name = _root(left)
            if name is not None:
                yield Candidate(
                    ("change", _short(left)), syntax.line(left), syntax.line(left), Mutation(function, name, left)
                )
    for call in function.calls:
        for number, argument in enumerate(call.arguments):
            if argument.type == "identifier":
                yield Candidate(
                    ("hand", call.name, syntax.text(argument)),
                    call.line,
                    call.end_line,
                    Mutation(function, syntax.text(argument), call.node, call, number),
                )


def _root(left: Node) -> str | None:
    """The variable whose pointed-to object an assignment to `a.b.c`, `a.b[i]` or `*a` changes."""
    if left.type == "identifier":
        return None
    node: Node | None = left
    while node is not None and node.type in {
        "selector_expression",
        "index_expression",
        "parenthesized_expression",
        "unary_expression",
    }:
        if node.type == "unary_expression" and not syntax.has_token(node, "*"):
            return None
        node = (
            syntax.children(node)[0] if node.type == "parenthesized_expression" else node.child_by_field_name("operand")
        )
    return syntax.text(node) if node is not None and node.type == "identifier" else None


def _sorts(change: Change, each: Added[Mutation]) -> bool:
    """Whether the call is the standard library's that puts a slice into another order."""
    call, function = each.what.call, each.function
    if call is None or call.operand is None or each.what.argument or not _ORDERS.match(call.name):
        return False
    return change.head_index.imported(function.file, syntax.text(call.operand)) in {"sort", "slices"}


_ORDERS = re.compile(r"Strings$|Ints$|Float64s$|Slice$|SliceStable$|Sort\w{0,80}$|Reverse$")


def _changes(change: Change, each: Added[Mutation]) -> bool:
    """Whether the function that is called changes what the parameter points to, in its own body."""
    call = each.what.call
    callee = change.head_index.callee(call, each.function.file, each.function) if call is not None else None
    if callee is None or each.what.argument >= len(callee.params):
        return False
    parameter = callee.params[each.what.argument]
    if parameter.type.type != "pointer_type":
        return False
    return any(
        _root(left) == parameter.name and not cached.copied_between(callee, parameter.name, 0, left.start_byte)
        for assignment in callee.assignments
        if assignment.operator not in {":=", "var"}
        for left in assignment.left
    )


def _short(node: Node) -> str:
    return " ".join(syntax.text(node).split())
