"""A list in an API object that only grows

An entry for each failed try, or for each change of state, stays in the object: each write of it, each event for all who watch
it and each copy in a cache carries all that ever happened. Failing objects are tried again for as long as they fail, and past
etcd's limit of 1.5 MiB for a request the object cannot be written any more. Keep the last few, keep one entry for each kind as
`meta.SetStatusCondition` does, or send an Event, of which the API server forgets those of an hour ago.

```diff
--- a/controllers/worker.go
+++ b/controllers/worker.go
@@ -1,60 +1,60 @@
 package controllers

 import (
        "context"

        metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
        ctrl "sigs.k8s.io/controller-runtime"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 type Try struct {
        Message string      `json:"message"`
        At      metav1.Time `json:"at"`
 }

 type WorkerStatus struct {
        Tries []Try `json:"tries,omitempty"`
 }

 type Worker struct {
        metav1.TypeMeta   `json:",inline"`
        metav1.ObjectMeta `json:"metadata,omitempty"`
        Status            WorkerStatus `json:"status,omitempty"`
 }

 type Reconciler struct{ client.Client }

 func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
        var worker Worker
        if err := r.Get(ctx, req.NamespacedName, &worker); err != nil {
                return ctrl.Result{}, client.IgnoreNotFound(err)
        }
        if err := r.begin(ctx, &worker); err != nil {
-		worker.Status.Tries = append(worker.Status.Tries, Try{Message: err.Error(), At: metav1.Now()})
+		worker.Status.Tries = lastTen(append(worker.Status.Tries, Try{Message: err.Error(), At: metav1.Now()}))
                if err := r.Status().Update(ctx, &worker); err != nil {
                        return ctrl.Result{}, err
                }
                return ctrl.Result{}, err
        }
        return ctrl.Result{}, nil
 }
```

Told are entries that hold the time at which they are made, which are others each time, or an error's text. What failed and is
tried again is a comment; how often a state changes in an object's life, the program does not tell: a notice.

Not reported: lists that the program makes shorter, resets, or sets entries of in their place, anywhere; what is appended after
a look through the list; an object that is done once and for all, as a guard asks of its status; lists of what is made anew;
types of Kubernetes' own; what was there before; command lines, fakes, tests and generated code. What grows in each pass,
`status-churn` says.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, Place, code
from analyzers.analysis.subject import Burden
from analyzers.golang import destinations
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Closure, Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place as Here
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import churn, records, status
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.requests.requests import requests
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import call_paths

_WRITES = frozenset({"UPDATE", "PATCH", "APPLY"})
_PASSES = Burden("object", critical_paths.RECONCILER)


class Growing(NamedTuple):
    """A field that is appended to, and the entries."""

    field: Node
    entries: list[Node]


def growing_list(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new entry in a list of an API object that nothing makes shorter."""
    for each in added(change, _appended):
        if concerned(each.file):
            yield from _said(change, each)


def _appended(function: Function) -> Iterator[Candidate[Growing]]:
    region = function.region
    if function.file.source.find(b"append(", region.start, region.end) < 0:
        return
    for assignment in function.assignments:
        found = records.grows(assignment)
        if found is not None:
            first, last = syntax.line(assignment.node), syntax.end_line(assignment.node)
            name = syntax.text(found[0])
            renamed = (("grows", name.rpartition(".")[2]),)
            yield Candidate(("grows", name), first, last, Growing(*found), renamed)


def _said(change: Change, each: Added[Growing]) -> Iterator[Diagnostic]:
    index, function, field = change.head_index, each.function, each.what.field
    place = Here(index, function.file, function)
    operand, name = field.child_by_field_name("operand"), field.child_by_field_name("field")
    owner = dereferenced(place.type_of(operand)) if operand is not None else None
    if operand is None or name is None or not isinstance(owner, Named) or not _is_own_status(index, owner):
        return
    stamped = any(records.is_stamped(index, function, entry) for entry in each.what.entries)
    if not stamped and not any(records.tells_error(function, entry) for entry in each.what.entries):
        return
    listed = syntax.text(name)
    if (
        records.is_looked_for(function, field)
        or _is_new(function, field)
        or records.is_kept_short(index, owner, listed)
    ):
        return
    around = destinations.conditions_at(function, field)
    if any(_once(function, one) for one in around):
        return
    path = call_paths(change).worst_to(function, _closures(function, field))
    if path.root not in {"event", "periodic"} or any(_ends(one.place, one.condition) for one in path.conditions):
        return
    if any(_ends(place, one) for one in around) or not _writes(index, (function, path.functions[0])):
        return
    # Who fails is tried again, for as long as it fails; how often a state changes, the program does not tell.
    failed = conditions.failed(conditions.requirements(place, around)) and not any(
        churn.asks_status(place, inner) for one in around if one.test is not None for inner in syntax.walk(one.test)
    )
    if not failed and (not stamped or all(churn.stays(place, one) for one in around)):
        return  # what grows in each pass `status-churn` says
    when = "each failed try adds one" if failed else "each change of state adds one"
    yield Diagnostic(
        analyzer="growing-list",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=f"{code(listed)} of {code(owner.name)} only grows: {when}, and nothing takes one away. Every write of the "
        "object, and every event for those who watch it, carries them all, until etcd refuses it (1.5 MiB).",
        remedy="Keep the last few, or one for each kind; an Event or a metric tells how often.",
        unless="" if failed else "Leave it if an object sees few changes in its life.",
        concern=f"{listed} of {owner.name} grows",
        function=function.key,
        level=Level.WARNING if failed else Level.NOTICE,
        witness=tuple(Place(one.file.path, one.line, one.line, one.key) for one in path.functions),
        subject=_PASSES,
    )


def _is_own_status(index: PackageIndex, owner: Named) -> bool:
    """Say whether a type is part of a status that the program declares: what others own, they keep short."""
    return (
        not owner.path.startswith("k8s.io/")
        and index.package(owner.path) is not None
        and status.is_status(index, owner)
    )


def _is_new(function: Function, field: Node) -> bool:
    """Say whether the list is of something that the function makes, and not of what is stored."""
    root = field
    while (operand := root.child_by_field_name("operand")) is not None:
        root = operand
    binding = function.binding(syntax.text(root), root.start_byte)
    if binding is None or binding.kind != "var":
        return False
    value = binding.value
    if value is None:  # an object that is declared is filled by whoever reads it
        return root.parent is not None and root.parent.id == field.id
    made = next(iter(syntax.children(value)), value) if value.type == "unary_expression" else value
    return made.type == "composite_literal"


def _ends(place: Here, condition: Condition) -> bool:
    """Say whether a guard asks a status, in a function of its own, whether the object is done."""
    test = condition.test
    return test is not None and any(
        each.type == "call_expression" and churn.asks_status(place, each) for each in syntax.walk(test)
    )


def _once(function: Function, condition: Condition) -> bool:
    """Say whether a test asks for a flag that the function sets itself: `if !status.Initialized`."""
    test = condition.test
    if test is None or test.type != "unary_expression" or not syntax.has_token(test, "!"):
        return False
    asked = syntax.text(test).removeprefix("!")
    return any(
        syntax.text(left) == asked and right.type == "true"
        for assignment in function.assignments
        for left, right in zip(assignment.left, assignment.right, strict=False)
    )


def _closures(function: Function, node: Node) -> list[Closure]:
    return [each for each in function.closures if each.node.start_byte <= node.start_byte < each.node.end_byte]


def _writes(index: PackageIndex, functions: Iterable[Function]) -> bool:
    """Say whether a package of one of these functions writes objects."""
    return any(
        request.verb in _WRITES
        for function in functions
        for file in index.package_of(function.file.path).files()
        if not file.test
        for each in file.functions
        for request in requests(index, file, each, ())
    )
