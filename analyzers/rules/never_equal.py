"""A comparison that is never equal, in front of a write

A controller compares what it read with what it wants, to write only what differs. An object that it builds itself has no `uid`,
no `resourceVersion` and no `creationTimestamp`; a spec that it builds lacks what the API server sets where it is left out, as
`revisionHistoryLimit`. `DeepEqual` finds that difference in each pass, so each pass over each object sends a write that changes
nothing: with 1,000 objects a resync alone is 1,000 of them, as many as a client with 20 requests a second sends in 50 s.

```diff
--- a/controllers/worker.go
+++ b/controllers/worker.go
@@ -1,40 +1,40 @@
 package controllers

 import (
        "context"

        corev1 "k8s.io/api/core/v1"
        "k8s.io/apimachinery/pkg/api/equality"
        metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
        ctrl "sigs.k8s.io/controller-runtime"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 type Reconciler struct{ client.Client }

 func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
        wanted := &corev1.ConfigMap{
                ObjectMeta: metav1.ObjectMeta{Name: req.Name, Namespace: req.Namespace},
                Data:       map[string]string{"mode": "fast"},
        }
        found := &corev1.ConfigMap{}
        if err := r.Get(ctx, req.NamespacedName, found); err != nil {
                return ctrl.Result{}, client.IgnoreNotFound(err)
        }
-	if !equality.Semantic.DeepEqual(wanted, found) {
+	if !equality.Semantic.DeepEqual(wanted.Data, found.Data) {
                found.Data = wanted.Data
                return ctrl.Result{}, r.Update(ctx, found)
        }
        return ctrl.Result{}, nil
 }
```

A comparison of a pointer with a value, or with a pointer to a pointer, is never equal either. `CreateOrUpdate` compares what its
function made of an object with what was stored: what it puts in whole, and built here, lacks the same.

Formerly: status-churn.

Not reported: what began as a copy of what was read, or is given to a function that may set its fields; specs of which a field
that the API server sets is named anywhere in the files that they come through; comparisons that only derive
(`DeepDerivative`) or that no write follows; kinds of which no defaults are known; what was there before; command lines, tests
and generated code.
"""

from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, Place, code
from analyzers.analysis.subject import Burden
from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import ELEMENT
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place as Here
from analyzers.golang.types.types import Named, Pointer, Struct
from analyzers.kubernetes import comparisons, outcomes, resources, status, times
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.outcomes import Outcome
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import call_paths

_PASSES = Burden("object", critical_paths.RECONCILER)
_CONDITIONS = "k8s.io/apimachinery/pkg/api/meta"
_COMPARES = frozenset({"DeepEqual", "Equal", "DeepDerivative"})
_AGAIN = frozenset({"event", "periodic", "critical"})
_MOST_STEPS = 1_000_000
"""Assignments of a function times its conditions, for each CreateOrUpdate in it."""


def never_equal(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new comparison that can never be equal."""

    def lacked_before(old: Removed[Call], new: Added[Call]) -> bool:
        same = _shown(old.what) == _shown(new.what)
        return same or comparisons.lack(change.base_index, old.function, old.what) is not None

    for each in added(change, _compared, lacked_before):
        if concerned(each.file):
            found = _unlike(change, each) or _lacking(change, each)
            if found is not None:
                yield found
    for put in added(change, _put):
        if concerned(put.file) and (found := _lacking_change(change, put)) is not None:
            yield found


def _compared(function: Function) -> Iterator[Candidate[Call]]:
    region = function.region
    if not any(
        function.file.source.find(text, region.start, region.end) >= 0 for text in (b"Equal(", b"DeepDerivative(")
    ):
        return
    for call in function.calls:
        if call.name in _COMPARES and call.operand is not None and len(call.arguments) == 2:
            parts = tuple(syntax.text(each).partition(".")[2] for each in call.arguments)
            yield Candidate(("compare", _shown(call)), call.line, call.end_line, call, (("compared", parts),))


def _shown(call: Call) -> tuple[str, ...]:
    return tuple(syntax.text(argument) for argument in call.arguments)


# Values of two types


def _unlike(change: Change, each: Added[Call]) -> Diagnostic | None:
    call, function = each.what, each.function
    place = Here(change.head_index, function.file, function)
    path = place.imported(call.operand) if call.operand is not None else None
    shown = syntax.text(call.operand) if call.operand is not None else ""
    if not (path == "reflect" or shown.endswith("Semantic")):
        return None
    kinds = [_type(place, argument) for argument in call.arguments]
    (one, first), (other, second) = (_pointed(kind) for kind in kinds)
    if not (isinstance(one, Named) and one.path and isinstance(other, Named) and other.path):
        return None
    if one != other:
        return _of_two_types(change, each, one, other)
    if first == second:
        return None
    pointer, value = (
        (call.arguments[0], call.arguments[1]) if first > second else (call.arguments[1], call.arguments[0])
    )
    sure = _is_asked_again(change, function, call)
    if min(first, second) > 0:
        return _diagnostic(
            each,
            "pointer compared with a pointer to one",
            f"{code(syntax.text(pointer))} is a pointer to a pointer and {code(syntax.text(value))} is one to a value: they are "
            "never equal, so that this comparison spares nothing.",
            f"Compare {_pointed_to(pointer)} instead.",
            sure,
        )
    return _diagnostic(
        each,
        "pointer compared with a value",
        f"{code(syntax.text(pointer))} is a pointer and {code(syntax.text(value))} is not: they are never equal, so that this "
        "comparison spares nothing.",
        f"Compare what the pointer points to: {_pointed_to(pointer)}, if it is not nil.",
        sure,
    )


def _of_two_types(change: Change, each: Added[Call], one: Named, other: Named) -> Diagnostic | None:
    """What is wrong with a comparison of two structs that Kubernetes' API declares: no name there stands for another."""
    index = change.head_index
    if not all(
        isinstance(index.underlying(type_), Struct) or type_.path.startswith("k8s.io/api/") for type_ in (one, other)
    ):
        return None
    if index.unaliased(one) != one or index.unaliased(other) != other or one.path != other.path:
        return None
    left, right = (syntax.text(argument) for argument in each.what.arguments)
    return _diagnostic(
        each,
        "values of two types compared",
        f"{code(left)} is of type {code(one.name)} and {code(right)} of {code(other.name)}: they are never equal, so that this "
        "comparison spares nothing.",
        "Compare the same part of both.",
        _is_asked_again(change, each.function, each.what),
    )


def _is_asked_again(change: Change, function: Function, call: Call) -> bool:
    """Say whether a comparison is made in each pass, or in front of a write by whoever calls it: not at start-up."""
    root = call_paths(change).worst_to(function, call.closures).root
    if root == "unknown":
        return outcomes.write(_unequal(change.head_index, function, call)) is not None
    return root in _AGAIN


def _diagnostic(
    each: Added[Call],
    concern: str,
    construct: str,
    remedy: str,
    sure: bool = True,
    related: tuple[Place, ...] = (),
) -> Diagnostic:
    return Diagnostic(
        analyzer="never-equal",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=construct,
        remedy=remedy,
        unless="" if sure else "Leave it if nothing is written then, or seldom.",
        concern=concern,
        function=each.function.key,
        level=Level.WARNING if sure else Level.NOTICE,
        related=related,
        subject=_PASSES,
    )


def _pointed_to(node: Node) -> str:
    text = syntax.text(node)
    return code(text[1:] if text.startswith("&") else f"*{text}")


def _pointed(kind: object) -> tuple[object, int]:
    """What a type points to in the end, and through how many pointers."""
    depth = 0
    while isinstance(kind, Pointer):
        kind, depth = kind.elem, depth + 1
    return kind, depth


def _type(place: Here, node: Node) -> object:
    found = place.type_of(node)
    if found is not None:
        return found
    # What is not in the program: meta.FindStatusCondition gives a pointer to a condition.
    binding = place.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None
    value = binding.value if binding is not None and binding.parts == 1 else None
    function = value.child_by_field_name("function") if value is not None and value.type == "call_expression" else None
    if function is not None and times.named(place, function) == (_CONDITIONS, "FindStatusCondition"):
        return Pointer(Named(status.META, "Condition"))
    return None


# What was read and what was built


def _lacking(change: Change, each: Added[Call]) -> Diagnostic | None:
    call, function = each.what, each.function
    lack = comparisons.lack(change.head_index, function, call)
    write = outcomes.write(_unequal(change.head_index, function, call), lack.kind) if lack is not None else None
    if lack is None or write is None:
        return None
    path = call_paths(change).worst_to(function, call.closures)
    if path.rare or path.root in {"start-up", "informer", "poll"}:
        return None
    built, read = syntax.text(lack.built), syntax.text(lack.read)
    if lack.whole:
        apart = (
            f"{code(read)} is from the API server, and {code(built)}, which is built here, has no `uid`, `resourceVersion` and "
            "`creationTimestamp`"
        )
    else:
        field = ".".join(name[:1].lower() + name[1:] for name in lack.field if name != ELEMENT)
        apart = f"the API server has set {code(field)} in {code(read)}, and {code(built)}, which is built here, leaves it out"
    at, file = syntax.line(lack.literal.node), lack.literal.place.file.path
    return _diagnostic(
        each,
        f"never equal {lack.field[-1]}",
        f"{apart[:1].upper()}{apart[1:]}: they are never equal, so that each pass over each object sends {write.a_what}, though "
        "nothing has changed.",
        f"Compare only what is set here, or use {code(f'equality.Semantic.DeepDerivative({built}, {read})')}.",
        path.root in _AGAIN,
        (Place(file, at, at, "built here"),) if (file, at) != (each.file.path, each.first) else (),
    )


class _Put(NamedTuple):
    """What a function that is given to CreateOrUpdate puts into the object: always, and not only where it is made."""

    call: Call
    left: Node
    right: Node


def _put(function: Function) -> Iterator[Candidate[_Put]]:
    region = function.region
    if function.file.source.find(b"CreateOr", region.start, region.end) < 0:
        return
    puts = [call for call in function.calls if call.name in comparisons.CREATES_OR_UPDATES and len(call.arguments) == 4]
    if len(puts) * len(function.assignments) * max(1, len(function.facts.conditions)) > _MOST_STEPS:
        return  # which no person wrote
    for call in puts:
        mutate = call.arguments[3]
        body = mutate.child_by_field_name("body") if mutate.type == "func_literal" else None
        if body is None:
            continue
        for assignment in function.assignments:
            if not syntax.contains(body, assignment.node) or len(assignment.left) != 1 or len(assignment.right) != 1:
                continue
            if any(syntax.contains(body, each.node) for each in conditions_at(function, assignment.node)):
                continue
            left, right = assignment.left[0], assignment.right[0]
            key = ("put", syntax.text(left), syntax.text(right))
            if left.type == "selector_expression" and assignment.operator == "=":
                yield Candidate(key, syntax.line(left), syntax.end_line(right), _Put(call, left, right))


def _lacking_change(change: Change, each: Added[_Put]) -> Diagnostic | None:
    call, left, right = each.what
    lack = comparisons.lack_of_change(change.head_index, each.function, call, left, right)
    path = call_paths(change).worst(each.function, call) if lack is not None else None
    if lack is None or path is None or path.rare or path.root in {"start-up", "informer", "poll"}:
        return None
    field = ".".join(name[:1].lower() + name[1:] for name in lack.field if name != ELEMENT)
    at, file = syntax.line(lack.literal.node), lack.literal.place.file.path
    return Diagnostic(
        analyzer="never-equal",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=f"The API server has set {code(field)} in what is stored, and {code(syntax.text(right))} leaves it out: "
        f"{code(call.name)}, which compares before and after, finds a difference each time, so that each pass over each object "
        f"sends an UPDATE of {resources.plural(lack.kind)}, though nothing has changed.",
        remedy="Set only the fields that matter here, or the defaults too.",
        concern=f"never equal {lack.field[-1]}",
        function=each.function.key,
        level=Level.WARNING if path.root in _AGAIN else Level.NOTICE,
        related=(Place(file, at, at, "built here"),) if (file, at) != (each.file.path, each.first) else (),
        subject=_PASSES,
    )


def _unequal(index: PackageIndex, function: Function, call: Call) -> Outcome:
    return Outcome(Here(index, function.file, function), call.node, False)
