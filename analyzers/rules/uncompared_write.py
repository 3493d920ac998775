"""An object is written in each pass, whether or not it differs

A controller passes over an object when the object changes, when something that it owns does, at each resync, and as often as it
asks to be called again. A status, or another object, that is written in all of these is a request each time: 1,000 objects that
are looked at every 30 s are 33 requests a second that say nothing new. The API server drops a write that changes nothing, but
only after it was sent, authorized, admitted and compared with what is stored. Compare before; look whether it is there before it
is deleted or created.

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

Formerly: uncompared-status.

Not reported: what stands behind any condition but one on errors, on what is not there, on the spec or on an object's end; what
compares further down; what makes its own condition false; a DELETE or CREATE behind a read of its kind; controllers of a kind
of which a cluster has few; what was there before; command lines, fakes, tests and generated code. Where a reconcile asks to be
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
from analyzers.golang.types.types import ERROR, Named
from analyzers.kubernetes import churn, resources
from analyzers.kubernetes.execution import conditions, critical_paths, durations
from analyzers.kubernetes.execution.callpaths import CallPath, CallPaths
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.execution.reconciled import may_be_many, reconciled
from analyzers.kubernetes.requests.requests import READS, Request, requests, sent_at
from analyzers.kubernetes.resyncs import resyncs
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.guards import lost_guards
from analyzers.news.paths import call_paths

_PASSES = Burden("object", critical_paths.RECONCILER)
_OF_STATUS = frozenset({"UpdateStatus", "PatchStatus", "ApplyStatus"})
_CHANGES = _OF_STATUS | {"Update", "Patch", "Apply", "Create", "Delete"}
_ASKED = ("reviews", "events", "/token", "/eviction")
"""What is created to be answered, or is another one each time (authorization.k8s.io, authentication.k8s.io, core/v1)."""


def uncompared_write(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new write of a status, or of another object, that each pass over an object sends."""

    before = CallPaths(change.base_index)

    def always_before(old: Removed[Call], new: Added[Call]) -> bool:
        was, now = (
            sent_at(change.base_index, old.function, old.what),
            sent_at(change.head_index, new.function, new.what),
        )
        if was is None or now is None or (was.verb, was.resource) != (now.verb, now.resource):
            return False
        return _path(change.base_index, before, old.function, old.what) is not None

    for each in added(change, _writes, always_before):
        if concerned(each.file):
            yield from _said(change, each.file, each.function, each.what, each.first, each.last)
    for file in change.go_files:
        for lost in lost_guards(file) if concerned(file) else ():
            if lost.call.name in _CHANGES and conditions.compared([lost.asked]):
                yield from _said(change, file, lost.function, lost.call, lost.gap, lost.gap)


def _said(
    change: Change, file: ChangedFile, function: Function, call: Call, first: int, last: int
) -> Iterator[Diagnostic]:
    pass_ = _path(change.head_index, call_paths(change), function, call)
    sent = sent_at(change.head_index, function, call) if pass_ is not None else None
    if pass_ is None or sent is None:
        return
    path, seconds = pass_
    status = _of_status(call)
    if not status and not _is_for_nothing(change.head_index, path, sent):
        return
    root = path.functions[0]
    often = (
        f"each object is passed over again after {seconds:g} s, and each pass sends"
        if seconds is not None
        else "each pass over each object sends"
    )
    does, answer, remedy = _WORDS[sent.verb]
    what, it = ("the status", "it differs") if status else (sent.resource or "objects", "they differ")
    yield Diagnostic(
        analyzer="uncompared-write",
        path=file.path,
        line=first,
        end_line=last,
        construct=f"{code(root.key)} {does.format(what=what, it=it)}: {often} {sent.a_what}, {answer}",
        remedy=remedy,
        unless="Leave it if there are few such objects, or few passes find nothing new.",
        concern=f"{sent.verb.lower()} {'status' if status else sent.resource} in each pass of {root.key}",
        function=function.key,
        level=Level.WARNING if seconds is not None else Level.NOTICE,
        witness=tuple(Place(one.file.path, one.line, one.line, one.key) for one in path.functions),
        subject=_PASSES,
    )


_COMPARED = (
    "writes {what} whether or not {it}",
    "which the API server admits and compares before it drops what changes nothing.",
    f"Keep what was read, and write only where {code('equality.Semantic.DeepEqual')} finds a difference.",
)
_WORDS = {
    "UPDATE": _COMPARED,
    "PATCH": _COMPARED,
    "APPLY": _COMPARED,
    "CREATE": (
        "creates {what} whether or not they are there",
        "which the API server refuses once they are.",
        "Look whether it is there first, and create what is not.",
    ),
    "DELETE": (
        "deletes {what} whether or not they are there",
        "which finds nothing once they are gone.",
        "Look whether it is there first, and delete what is.",
    ),
}
"""Of each verb: what is done, what the API server does with it, and what to do instead."""


def _is_for_nothing(index: PackageIndex, path: CallPath, sent: Request) -> bool:
    """Say whether a write that is of no status changes nothing in most passes: of the objects of a kind of which there may be many
    none was looked for before it is deleted or created, and nothing that was asked is made true or false by the pass itself."""
    kind = reconciled(index, path.functions)
    if (kind is not None and may_be_many(index, kind) is False) or not all(map(_each_pass, path.conditions)):
        return False
    functions = path.functions
    if any(_takes_away(index, each, kind) for each in functions):
        return False  # who deletes the object in the end passes over it once
    ways = [*itertools.pairwise(functions), (functions[-1], None)]
    if not all(_is_met_again(index, above, sent.call if below is None else below.name) for above, below in ways):
        return False
    if sent.verb not in {"CREATE", "DELETE"}:
        return True
    read = any(
        each.verb in READS and each.resource in {sent.resource, ""}
        for function in functions
        for each in requests(index, function.file, function)
    )
    if (
        read
        or not sent.resource
        or sent.resource.endswith(_ASKED)
        or (kind is not None and sent.resource == resources.plural(kind.name))
    ):
        return False
    source = sent.function.file.source[sent.function.region.start : sent.function.region.end]
    return sent.verb == "DELETE" or b"AlreadyExists" in source


def _takes_away(index: PackageIndex, function: Function, kind: Named | None) -> bool:
    """Say whether a function deletes an object of the kind that it is called for."""
    return kind is not None and any(
        each.verb == "DELETE" and each.resource == resources.plural(kind.name)
        for each in requests(index, function.file, function)
    )


def _is_met_again(index: PackageIndex, function: Function, to: Call | str) -> bool:
    """Say whether nothing that the next pass may find otherwise stands before a call in a function: what it leaves for in between,
    but for failures, and what is asked and then set."""
    calls = [to] if isinstance(to, Call) else [each for each in function.calls if each.name == to]
    returns = [each for each in syntax.walk(function.body) if each.type == "return_statement"] if function.body else []
    for call in calls:
        if conditions.settled(function, conditions_at(function, call.node)):
            continue
        if not any(_is_left(index, function, call, each) for each in returns):
            return True
    return False


def _is_left(index: PackageIndex, function: Function, call: Call, statement: Node) -> bool:
    """Say whether a return before a call spares it in the normal course; what guards ask is around the call."""
    if statement.end_byte > call.node.start_byte:
        return False
    around = {each.node.start_byte for each in conditions_at(function, call.node)}
    branches = [each for each in conditions_at(function, statement) if each.kind != "guard"]
    if not branches or any(each.node.start_byte in around for each in branches):
        return False
    return all(map(conditions.spares, conditions.requirements(Here(index, function.file, function), branches)))


def _leaving(function: Function, call: Call) -> list[Condition]:
    """The branches before a call that may end the function, around it or not."""
    return [one for one in function.facts.conditions if one.node.end_byte <= call.node.start_byte and _leaves(one.node)]


def _writes(function: Function) -> Iterator[Candidate[Call]]:
    """The calls that may write an object or its status."""
    region = function.region
    if all(
        function.file.source.find(text, region.start, region.end) < 0
        for text in (b".Update", b".Patch", b".Apply", b".Create", b".Delete")
    ):
        return
    for call in function.calls:
        if call.operand is not None and call.name in _CHANGES:
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
    leaving = _leaving(root, call)
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
