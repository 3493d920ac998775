"""A status is written in each pass, whether or not it differs

A controller passes over an object when the object changes, when something that it owns does, at each resync, and as often as it
asks to be called again. A status that is written at the end of all of these is a request each time: 1,000 objects that are
looked at every 30 s are 33 requests a second that say nothing new. The API server drops a write that changes nothing, but only
after it was sent, authorized, admitted and compared with what is stored. Compare before.

```diff
--- a/controllers/worker.go
+++ b/controllers/worker.go
@@ -1,40 +1,44 @@
 package controllers

 import (
        "context"
        "time"

+	"k8s.io/apimachinery/pkg/api/equality"
        metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
        ctrl "sigs.k8s.io/controller-runtime"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 type WorkerStatus struct {
        Ready bool `json:"ready,omitempty"`
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
+	before := worker.Status
        worker.Status.Ready = true
+	if equality.Semantic.DeepEqual(before, worker.Status) {
+		return ctrl.Result{RequeueAfter: 30 * time.Second}, nil
+	}
        if err := r.Status().Update(ctx, &worker); err != nil {
                return ctrl.Result{}, err
        }
        return ctrl.Result{RequeueAfter: 30 * time.Second}, nil
 }
```

A patch without a difference is a request as well: `client.MergeFrom` sends `{}`.

Not reported: what stands behind any condition but one on errors, on what is not there, on the spec or on an object's end; what
compares further down; what was there before; command lines, fakes, tests and generated code. Where a reconcile asks to be
called again within a minute of the write, the same pass is made again and again while the object waits, whatever led to it; all
else is a notice: how often a pass finds nothing new, and how many objects there are, the program does not tell.
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, Place, code
from analyzers.analysis.subject import Burden
from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place as Here
from analyzers.golang.types.types import ERROR
from analyzers.kubernetes import churn
from analyzers.kubernetes.execution import conditions, critical_paths, durations
from analyzers.kubernetes.execution.callpaths import CallPath, CallPaths
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.requests.requests import sent_at
from analyzers.kubernetes.resyncs import resyncs
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.guards import lost_guards
from analyzers.news.paths import call_paths

_PASSES = Burden("object", critical_paths.RECONCILER)
_OF_STATUS = frozenset({"UpdateStatus", "PatchStatus", "ApplyStatus"})


def uncompared_status(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new write of a status that each pass over an object sends."""

    before = CallPaths(change.base_index)

    def always_before(old: Removed[Call], new: Added[Call]) -> bool:
        was, now = (
            sent_at(change.base_index, old.function, old.what),
            sent_at(change.head_index, new.function, new.what),
        )
        if was is None or now is None or was.resource != now.resource:
            return False
        return _path(change.base_index, before, old.function, old.what) is not None

    for each in added(change, _writes, always_before):
        if concerned(each.file) and _of_status(each.what):
            yield from _said(change, each.file, each.function, each.what, each.first, each.last)
    for file in change.go_files:
        for lost in lost_guards(file) if concerned(file) else ():
            if _of_status(lost.call) and conditions.compared([lost.asked]):
                yield from _said(change, file, lost.function, lost.call, lost.gap, lost.gap)


def _said(
    change: Change, file: ChangedFile, function: Function, call: Call, first: int, last: int
) -> Iterator[Diagnostic]:
    pass_ = _path(change.head_index, call_paths(change), function, call)
    sent = sent_at(change.head_index, function, call) if pass_ is not None else None
    if pass_ is None or sent is None:
        return
    path, seconds = pass_
    root = path.functions[0]
    often = (
        f"each object is passed over again after {seconds:g} s, and each pass sends"
        if seconds is not None
        else "each pass over each object sends"
    )
    yield Diagnostic(
        analyzer="uncompared-status",
        path=file.path,
        line=first,
        end_line=last,
        construct=f"{code(root.key)} writes the status whether or not it differs: {often} "
        f"{sent.a_what}, which the API server admits and compares before it drops what changes nothing.",
        remedy=f"Keep what was read, and write only where {code('equality.Semantic.DeepEqual')} finds a difference.",
        unless="Leave it if there are few such objects, or few passes find nothing new.",
        concern=f"status in each pass of {root.key}",
        function=function.key,
        level=Level.WARNING if seconds is not None else Level.NOTICE,
        witness=tuple(Place(one.file.path, one.line, one.line, one.key) for one in path.functions),
        subject=_PASSES,
    )


def _writes(function: Function) -> Iterator[Candidate[Call]]:
    """The calls that may write an object or its status."""
    region = function.region
    if all(
        function.file.source.find(text, region.start, region.end) < 0 for text in (b".Update", b".Patch", b".Apply")
    ):
        return
    for call in function.calls:
        if call.operand is not None and (call.name in _OF_STATUS or call.name in {"Update", "Patch"}):
            yield Candidate("write", call.line, call.end_line, call)


def _of_status(call: Call) -> bool:
    operand = call.operand
    function = (
        operand.child_by_field_name("function") if operand is not None and operand.type == "call_expression" else None
    )
    name = function.child_by_field_name("field") if function is not None else None
    return call.name in _OF_STATUS or (name is not None and syntax.text(name) == "Status")


class _Pass(NamedTuple):
    """The path on which passes over an object come to a write; seconds: after so many the same pass begins again, None where
    only events and resyncs begin it."""

    path: CallPath
    seconds: float | None


def _path(index: PackageIndex, paths: CallPaths, function: Function, call: Call) -> _Pass | None:
    """The pass over each object that comes to a call, None if something may spare it."""
    if sent_at(index, function, call) is None:
        return None
    path = paths.worst(function, call)
    if path.critical is not critical_paths.RECONCILER or path.rare or path.detached or path.loops:
        return None
    root, below = path.functions[0], path.functions[1:]
    first = call if not below else next((each for each in root.calls if each.name == below[0].name), None)
    seconds = _again(index, root, first) if first is not None else None
    if seconds is None and not all(_each_pass(each) for each in path.conditions):
        return None
    if below and not _unspared(index, function, call):
        return None
    for number, (above, inner) in enumerate(itertools.pairwise(path.functions)):
        # What is around the function literals that hold a call is no part of its conditions.
        if (number or seconds is None) and not any(
            each.name == inner.name and _unspared(index, above, each) for each in above.calls
        ):
            return None
    return _Pass(path, seconds) if below or seconds is not None or _unspared(index, function, call) else None


_SOON = 60.0
"""Seconds: who is passed over as often waits for something."""


def _again(index: PackageIndex, root: Function, call: Call) -> float | None:
    """After how many seconds a reconcile asks to be called again where it came to a call, None if it does not, or not so soon:
    nothing but failures and what compares stands between the two."""
    place = Here(index, root.file, root)
    around = conditions_at(root, call.node)
    leaving = [one for one in root.facts.conditions if one.node.end_byte <= call.node.start_byte and _leaves(one.node)]
    if (
        conditions.compared(conditions.requirements(place, [*around, *leaving]))
        or any(map(_asks_status, [*around, *leaving]))
        or _of_now(root)
    ):
        return None
    before = {(each.kind, each.node.start_byte) for each in around}
    for each in resyncs(root):
        if each.kind != "requeue" or each.period.start_byte < call.node.end_byte:
            continue
        then = {(one.kind, one.node.start_byte): one for one in conditions_at(root, each.period)}
        between = [one for key, one in then.items() if key not in before]
        if before <= then.keys() and all(map(_each_pass, conditions.requirements(place, between))):
            seconds = durations.seconds(index, each.period, root.file, root)
            return seconds if seconds is not None and seconds <= _SOON else None
    return None


def _unspared(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether nothing in a function spares a call in the normal course, nor any comparison before it may."""
    place = Here(index, function.file, function)
    around = conditions.requirements(place, conditions_at(function, call.node))
    before = [each for each in function.facts.conditions if each.node.start_byte < call.node.start_byte]
    leaving = [each for each in before if _leaves(each.node)]
    if conditions.compared(conditions.requirements(place, leaving)) or any(_asks_status(each) for each in leaving):
        return False
    return all(map(_each_pass, around)) and not _of_now(function)


def _asks_status(condition: Condition) -> bool:
    """Say whether a branch that may end the function is taken by what a status says: objects that are done."""
    switch = condition.node.parent if condition.kind in {"case", "default"} else None
    asked = (condition.test, switch.child_by_field_name("value") if switch is not None else None)
    return any(".Status" in syntax.text(each) for each in asked if each is not None)


def _of_now(function: Function) -> bool:
    """Say whether a function sets a time in a status, which differs in each pass: another rule's to say."""
    return any(
        "Status" in syntax.text(left) and "Now()" in syntax.text(right)
        for assignment in function.assignments
        for left, right in zip(assignment.left, assignment.right, strict=False)
    )


def _leaves(node: Node) -> bool:
    """Say whether a branch may end the function."""
    return any(each.type == "return_statement" for each in syntax.walk(node))


def _each_pass(requirement: Requirement) -> bool:
    """Say whether a condition holds in each pass over an object that is there and does not fail."""
    place, condition = requirement
    if condition.test is None or not churn.stays(place, condition):
        return False
    if condition.kind == "guard" and conditions.refuses(place, condition.node):
        return True
    return all(_is_plain(place, each) for each in conditions.atoms(condition.test))


def _is_plain(place: Here, node: Node) -> bool:
    """Say whether part of a test asks for errors, for what is not there, for the spec or for an object's end."""
    if any(each.type == "nil" for each in syntax.children(node)):
        return True
    text = syntax.text(node)
    if ".Spec." in text or "DeletionTimestamp" in text:
        return True
    arguments = node.child_by_field_name("arguments") if node.type == "call_expression" else None
    return arguments is not None and any(place.type_of(each) == ERROR for each in syntax.children(arguments))
