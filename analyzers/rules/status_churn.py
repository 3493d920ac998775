"""A status that differs in each pass though nothing has changed

A controller writes the status of an object when it differs from what is stored. With the time of the pass in it, a counter,
or a list in the order of a map, it differs always: each pass over each object is a write, the write is an event for all
who watch, and unless a predicate stops it the event begins the next pass. A thousand objects keep one controller and the
API server busy for ever so (kubeflow/notebooks#1343, temporalio/temporal-worker-controller#415). Set a time only when the
state it belongs to changes, as `meta.SetStatusCondition` does; sort lists; leave counters to metrics.

```diff
--- a/controllers/worker.go
+++ b/controllers/worker.go
@@ -1,40 +1,42 @@
 package controllers

 import (
        "context"
+	"sort"

        metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
        ctrl "sigs.k8s.io/controller-runtime"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 type WorkerStatus struct {
        Versions []string `json:"versions,omitempty"`
 }

 type Worker struct {
        metav1.TypeMeta   `json:",inline"`
        metav1.ObjectMeta `json:"metadata,omitempty"`
        Status            WorkerStatus `json:"status,omitempty"`
 }

 type Reconciler struct {
        client.Client
        versions map[string]bool
 }

 func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
        var worker Worker
        if err := r.Get(ctx, req.NamespacedName, &worker); err != nil {
                return ctrl.Result{}, client.IgnoreNotFound(err)
        }
        var versions []string
        for version := range r.versions {
                versions = append(versions, version)
        }
+	sort.Strings(versions)
        worker.Status.Versions = versions
        return ctrl.Result{}, r.Status().Update(ctx, &worker)
 }
```

Reported too: a condition that is removed and set again in one pass, what gives one a new `lastHeartbeatTime` each time, and what
one pass sets to two values, if both are written.

Not reported: what is handed to `meta.SetStatusCondition` or another function that decides whether it keeps the old time; what
stands behind a condition that compares, or that asks the status itself; what is only set after a failure; lists that are
sorted, or compared as sets; what was there before; command lines, tests and generated code.
"""

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, Place, code
from analyzers.analysis.subject import Burden
from analyzers.golang import destinations
from analyzers.golang.destinations import Passing
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place as Here
from analyzers.golang.types.types import Named, Pointer
from analyzers.kubernetes import churn, flips, map_order, status, times
from analyzers.kubernetes.churn import Sink
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.flips import Setting
from analyzers.kubernetes.program import calls, origins
from analyzers.kubernetes.requests import cached, predicates
from analyzers.kubernetes.requests.requests import requests
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import call_paths

_PASSES = Burden("object", critical_paths.RECONCILER)
_ENDS = frozenset({"Now", "NowMicro", "Since"})
_GROUP_CONDITIONS = "k8s.io/apimachinery/pkg/api/meta"
_WRITES = frozenset({"UPDATE", "PATCH", "APPLY"})


class Unsteady(NamedTuple):
    """Something that may be another one each time: `node`, of which `name` is the variable ("" for none)."""

    node: Node
    name: str = ""


def status_churn(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new value in a status that differs in each pass."""
    for each in added(change, _times, partial(_was_written, change)):
        yield from _of_time(change, each)
    for each in added(change, _collected):
        yield from _of_map(change, each, each.first, each.last)
    for file in change.go_files:
        yield from _unsorted(change, file)
    for counted in added(change, _counted):
        yield from _of_count(change, counted)
    for again in added(change, _removals):
        yield from _set_again(change, again)
    flipped: set[str] = set()
    for setting in added(change, _settings, partial(_flipped_before, change)):
        flip = _flipped(change, setting) if setting.function.key not in flipped else None
        if flip is not None:
            flipped.add(setting.function.key)
            yield flip
    functions: set[str] = set()
    for restamp in added(change, _restamps):
        found = _restamped(change, restamp) if restamp.function.key not in functions else None
        if found is not None:
            functions.add(restamp.function.key)
            yield found


def _diagnostic(
    file: ChangedFile,
    function: Function,
    lines: tuple[int, int],
    concern: str,
    construct: str,
    remedy: str,
    sure: bool = True,
    found: Sink | None = None,
) -> Diagnostic:
    related: tuple[Place, ...] = ()
    if found is not None and (
        found.function is not function or syntax.line(found.node) not in range(lines[0], lines[1] + 1)
    ):
        at = syntax.line(found.node)
        related = (Place(found.function.file.path, at, at, "goes into the status here"),)
    return Diagnostic(
        analyzer="status-churn",
        path=file.path,
        line=lines[0],
        end_line=lines[1],
        construct=construct,
        remedy=remedy,
        unless="" if sure else "Leave it if the status is not written in each pass.",
        concern=concern,
        function=function.key,
        level=Level.WARNING if sure else Level.NOTICE,
        related=related,
        subject=_PASSES,
    )


_COST = "each pass over each object writes it, and each write is an event, which may begin the next pass."


# The time of the pass


def _times(function: Function) -> Iterator[Candidate[Unsteady]]:
    if not _may_reach(function) or not _holds(function, b"Now()", b"NowMicro()", b"Since("):
        return
    for call in function.calls:
        if call.name in _ENDS and call.operand is not None and len(call.arguments) <= 1:
            above = call.node.parent
            into = syntax.text(above.parent).partition(":")[0] if above is not None and above.parent is not None else ""
            renamed = (("time in", function.name, call.name),)  # another field of the same status
            yield Candidate(("time", call.name, into[:40]), call.line, call.end_line, Unsteady(call.node), renamed)


def _was_written(change: Change, old: Removed[Unsteady], new: Added[Unsteady]) -> bool:
    """Say whether the time that a removed line asked for got into a status in each pass too; what a new one that gets into none
    takes the place of is nobody's."""

    def gets_there(index: PackageIndex, function: Function, node: Node) -> bool:
        return churn.sink(index, function, times.whole(Here(index, function.file, function), node)) is not None

    return gets_there(change.base_index, old.function, old.what.node) and gets_there(
        change.head_index, new.function, new.what.node
    )


def _of_time(change: Change, each: Added[Unsteady]) -> Iterator[Diagnostic]:
    if not concerned(each.file):
        return
    place = Here(change.head_index, each.function.file, each.function)
    if not times.is_now(place, each.what.node):
        return
    found = churn.sink(change.head_index, each.function, times.whole(place, each.what.node))
    written = _is_written(change, found) if found is not None else None
    if found is None or written is None:
        return
    yield _diagnostic(
        each.file,
        each.function,
        (each.first, each.last),
        f"time in status, {each.function.key}",
        f"{code(found.field)} of the status is another time in each pass, so that no comparison spares the write: {_COST}",
        "Set it only when the state that it belongs to changes, as `meta.SetStatusCondition` does, or leave it out.",
        written,
        found,
    )


# Lists in the order of a map


def _collected(function: Function) -> Iterator[Candidate[Unsteady]]:
    if not _may_reach(function) or not _holds(function, b"range "):
        return
    for assignment in function.assignments:
        if not assignment.loops or len(assignment.left) != 1 or len(assignment.right) != 1:
            continue
        left, right = assignment.left[0], assignment.right[0]
        operand = left.child_by_field_name("operand") if left.type == "index_expression" else left
        name = syntax.text(operand) if operand is not None and operand.type == "identifier" else ""
        if name and map_order.is_filled(left, right, name):
            first, last = syntax.line(assignment.node), syntax.end_line(assignment.node)
            yield Candidate(("collect", name), first, last, Unsteady(assignment.node, name))


def _of_map(change: Change, each: Added[Unsteady], first: int, last: int) -> Iterator[Diagnostic]:
    function, name = each.function, each.what.name
    if not concerned(each.file) or map_order.is_sorted(function, name):
        return
    order = map_order.order_of(change.head_index, function, name)
    if order is None or _said_elsewhere(change, function, name):
        return
    loop = next((loop for loop in function.loops_around(each.what.node)), None)
    binding = function.binding(name, each.what.node.start_byte)
    if loop is None or binding is None or binding.kind not in {"var", "result"} or function.body is None:
        return
    for node in syntax.walk(function.body):
        if node.type != "identifier" or syntax.text(node) != name or node.start_byte < loop.node.end_byte:
            continue
        if function.binding(name, node.start_byte) is not binding:
            continue
        found = churn.sink(change.head_index, function, node)
        names = {name, found.field} if found is not None else set()
        if found is None or churn.sorted_on(found.way, names):
            continue
        if map_order.ignores_order(change.head_index, found.function, found.node, names):
            continue
        written = _is_written(change, found)
        if written is None:
            continue
        yield _diagnostic(
            each.file,
            function,
            (first, last),
            f"map order in {found.field} of status",
            f"{code(name)} is in the order of a {order}, which differs every time, and goes into {code(found.field)} of the "
            f"status: {_COST}",
            f"Sort {code(name)} first.",
            written,
            found,
        )
        return


def _said_elsewhere(change: Change, function: Function, name: str) -> bool:
    """Say whether the function itself compares the list, which is another rule's to say."""
    return any(map_order.compared(change.head_index, function, call) == name for call in function.calls)


def _unsorted(change: Change, file: ChangedFile) -> Iterator[Diagnostic]:
    """The lists that were sorted and are no more: what was removed is the cause."""
    if file.base is None or file.head is None:
        return
    if not any("sort" in text.lower() for text in file.diff.removed.values()):
        return
    for old in file.old_functions():
        function = file.head.function(old.key)
        if function is None:
            continue
        for call in old.calls if _may_reach(old) else ():
            if not map_order.sorts(call) or not file.diff.removes(call.line, call.end_line):
                continue
            for candidate in _collected(function):
                name = candidate.what.name
                if not map_order.is_sorted(old, name) or map_order.is_sorted(function, name):
                    continue
                if file.added(candidate.first, candidate.last):
                    continue  # said there
                at = file.diff.successors.get(call.line, candidate.first)
                each = Added(file, function, candidate.first, candidate.last, candidate.what)
                yield from _of_map(change, each, at, at)


# Counters, and lists that grow


def _counted(function: Function) -> Iterator[Candidate[Unsteady]]:
    if not _may_reach(function) or not _holds(function, b"++", b"+=", b"append("):
        return
    for assignment in function.assignments:
        if len(assignment.left) != 1 or assignment.left[0].type != "selector_expression":
            continue
        left = syntax.text(assignment.left[0])
        right = syntax.text(assignment.right[0]) if assignment.right else ""
        grows = right.startswith(f"append({left},") and not assignment.loops
        if assignment.operator in {"++", "+="} or grows:
            first, last = syntax.line(assignment.node), syntax.end_line(assignment.node)
            yield Candidate(("count", left), first, last, Unsteady(assignment.left[0], right))


def _of_count(change: Change, each: Added[Unsteady]) -> Iterator[Diagnostic]:
    if not concerned(each.file):
        return
    index, function, left = change.head_index, each.function, each.what.node
    place = Here(index, function.file, function)
    owner = place.type_of(operand) if (operand := left.child_by_field_name("operand")) is not None else None
    field = left.child_by_field_name("field")
    named = owner.elem if isinstance(owner, Pointer) else owner
    if field is None or not isinstance(named, Named) or not status.is_status(index, named):
        return
    around = destinations.conditions_at(function, left)
    if (
        function.loops_around(left)
        or churn.after_a_search(Passing(function, left))
        or not all(churn.stays(place, each) for each in around)
    ):
        return
    if _begins_anew(function, left) or _is_given_anew(place, left):
        return
    found = Sink(syntax.text(field), function, left, ())
    written = _is_written(change, found)
    if written is None:
        return
    what = "grows" if each.what.name else "counts on"
    yield _diagnostic(
        each.file,
        function,
        (each.first, each.last),
        f"count in {found.field} of status",
        f"{code(found.field)} of the status {what} in each pass, so that no comparison spares the write: {_COST}",
        "Count in a metric, or keep the last few and add to them only when something has happened.",
        written,
    )


def _begins_anew(function: Function, left: Node) -> bool:
    """Say whether the function sets what it counts, or the status around it, to a value of its own first."""
    text = syntax.text(left)
    for assignment in function.assignments:
        if assignment.node.start_byte >= left.start_byte or assignment.operator not in {"=", ":=", "var"}:
            continue
        for each in assignment.left:
            name = syntax.text(each)
            if text == name or (text.startswith(f"{name}.") and assignment.right):
                made = syntax.text(assignment.right[0]) if assignment.right else ""
                if text == name or made.startswith(("&", "v", "new(")) or "{" in made or assignment.operator == "var":
                    return True
    return False


def _is_given_anew(place: Here, left: Node) -> bool:
    """Say whether what is counted in is a part of a parameter that somebody who calls makes anew."""
    root = cached.root(left)
    binding = place.binding(syntax.text(root), root.start_byte) if root is not None else None
    if root is None or binding is None or binding.kind not in {"param", "receiver"}:
        return False
    made = {"literal", "made"}
    return any(each.kind in made and not each.access for each in origins(place.index).of(place, root).origins)


# A condition that is removed and set again


def _removals(function: Function) -> Iterator[Candidate[Call]]:
    if not _holds(function, b"RemoveStatusCondition("):
        return
    for call in function.calls:
        if call.name == "RemoveStatusCondition" and len(call.arguments) == 2:
            yield Candidate(("remove", syntax.text(call.arguments[1])), call.line, call.end_line, call)


def _set_again(change: Change, each: Added[Call]) -> Iterator[Diagnostic]:
    call, function = each.what, each.function
    place = Here(change.head_index, function.file, function)
    if not concerned(each.file) or times.named(place, call.function) != (_GROUP_CONDITIONS, "RemoveStatusCondition"):
        return
    conditions, kind = (syntax.text(argument) for argument in call.arguments)
    for other in function.calls:
        if other.name != "SetStatusCondition" or len(other.arguments) != 2 or other.line <= call.line:
            continue
        of_kind = f"Type: {kind}," in f"{' '.join(syntax.text(other.arguments[1]).split())},".replace("}", ",")
        if syntax.text(other.arguments[0]) != conditions or not of_kind:
            continue
        if not _around(call) <= _around(other):
            continue
        written = _is_written(change, Sink(kind, function, other.node, ()))
        if written is None:
            return
        yield _diagnostic(
            each.file,
            function,
            (each.first, each.last),
            "condition set again",
            f"The condition {code(kind)} is removed and set again, so that it gets a new time in each pass: {_COST}",
            "Leave out the removal: `meta.SetStatusCondition` changes what is there, and keeps its time.",
            written,
        )
        return


def _around(call: Call) -> set[tuple[int, str]]:
    """The branches a call stands in."""
    return {(each.node.start_byte, each.kind) for each in call.conditions if each.kind != "guard"}


# What one pass sets to two values


def _settings(function: Function) -> Iterator[Candidate[Setting]]:
    if not _may_reach(function):
        return
    for each in flips.settings(function):
        first, last = syntax.line(each.node), syntax.end_line(each.node)
        yield Candidate(("set", each.what, each.value), first, last, each, (("set", each.what),))


def _flipped_before(change: Change, old: Removed[Setting], new: Added[Setting]) -> bool:
    """Say whether what a removed line set was one of two values too."""
    # What is no flip now is told by nobody, and takes no other one's place.
    return (
        flips.flip(change.head_index, new.function, new.what) is not None
        and flips.flip(change.base_index, old.function, old.what) is not None
    )


def _flipped(change: Change, each: Added[Setting]) -> Diagnostic | None:
    if not concerned(each.file):
        return None
    found = flips.flip(change.head_index, each.function, each.what)
    if found is None:
        return None
    first, second, sure, renewed = found
    path = call_paths(change).worst_to(each.function)
    if path.rare or path.root not in {"event", "periodic"}:
        return None
    # Whatever decides whether the pass comes here, the one who does so writes both.
    written = _is_written(change, Sink(first.what, each.function, second.node, ())) is True
    other = second if each.what.node == first.node else first
    if sure:
        flips_so = (
            f"{code(first.what)} is {code(first.value)} and then {code(second.value)} in one pass, and both are written"
        )
    else:
        flips_so = f"{code(first.what)} is given {code(first.value)} and then {code(second.value)} in one pass, and writes both"
    at = syntax.line(other.node)
    costs = (
        f"{flips_so}: each pass over each object sends two writes that change it, and each is an event, which may begin "
        "another pass."
    )
    if renewed:
        values = f"{code(syntax.text(first.values[0]))} and then {code(syntax.text(second.values[0]))}"
        costs = f"{code(first.what)} is {values} in one pass, and so gets a new {code('lastTransitionTime')} each time: {_COST}"
    return dataclasses.replace(
        _diagnostic(
            each.file,
            each.function,
            (each.first, each.last),
            f"flip of {first.what}",
            costs,
            "Set it once, to what the pass found." if renewed else "Write the status once, when the pass ends.",
            written and sure,
        ),
        related=(Place(each.file.path, at, at, "the other value"),),
    )


# A condition that a library gives a new time in each call


def _restamps(function: Function) -> Iterator[Candidate[Call]]:
    if status.RESTAMPS[0] not in function.file.imports.values() or not _holds(function, b"SetStatusCondition("):
        return
    for call in function.calls:
        above = call.node.parent
        unused = above is not None and above.type == "expression_statement"  # its result says whether more has changed
        if call.name == status.RESTAMPS[1] and len(call.arguments) == 2 and unused:
            yield Candidate(("restamp", syntax.text(call.arguments[0])), call.line, call.end_line, call)


def _restamped(change: Change, each: Added[Call]) -> Diagnostic | None:
    call, function, index = each.what, each.function, change.head_index
    place = Here(index, function.file, function)
    if not concerned(each.file) or times.named(place, call.function) != status.RESTAMPS:
        return None
    if _restamped_before(change, each.file):
        return None
    for passing in _conditions_of(index, function, call):
        way = (Passing(function, call.node), passing)
        if not all(churn.each_time(index, step, []) for step in way):
            continue
        found = Sink("lastHeartbeatTime", passing.function, passing.node, way)
        written = _is_written(change, found)
        if written is None:
            continue
        return _diagnostic(
            each.file,
            function,
            (each.first, each.last),
            "heartbeat of conditions",
            f"{code(syntax.text(call.function))} gives the condition a new {code(found.field)} in each call, so that no comparison "
            f"spares the write: {_COST}",
            f"Use {code('SetStatusConditionNoHeartbeat')}, which changes it only where the condition changes.",
            written,
            found,
        )
    return None


def _conditions_of(index: PackageIndex, function: Function, call: Call) -> Iterator[Passing]:
    """The places that name the conditions of an object's status, which a call sets one of: itself, or those who call its
    function with a pointer to them."""
    pointer = call.arguments[0]
    if _is_of_a_status(index, function, pointer):
        yield Passing(function, call.node)
    number = next((n for n, each in enumerate(function.params) if each.name == syntax.text(pointer)), None)
    for site in calls(index).callers(function) if number is not None else ():
        arguments = site.call.arguments if site.call is not None and site.kind != "value" else []
        given = arguments[number] if number is not None and number < len(arguments) else None
        if given is not None and not site.caller.file.test and _is_of_a_status(index, site.caller, given):
            yield Passing(site.caller, site.node)


def _is_of_a_status(index: PackageIndex, function: Function, pointer: Node) -> bool:
    """Say whether an expression points into the status of an API object: `&object.Status.Conditions`."""
    selector = pointer.child_by_field_name("operand") if pointer.type == "unary_expression" else None
    held = selector.child_by_field_name("operand") if selector is not None else None
    owner = held.child_by_field_name("operand") if held is not None and held.type == "selector_expression" else None
    if owner is None or held is None or not syntax.text(held).endswith(".Status"):
        return False
    return status.is_object(index, Here(index, function.file, function).type_of(owner))


def _restamped_before(change: Change, file: ChangedFile) -> bool:
    """Say whether a package used the same function before: its statuses had a new time in each pass already."""
    return any(
        status.RESTAMPS[0] in each.imports.values() and b".SetStatusCondition(" in each.source
        for each in change.base_index.package_of(file.path).files()
    )


# Whether it is written


def _may_reach(function: Function) -> bool:
    """Say whether a function may have to do with a status, by its file's text: most have not, and are spared their parse."""
    source = function.file.source
    return b"Status" in source or b"Condition" in source


def _holds(function: Function, *texts: bytes) -> bool:
    region = function.region
    return any(function.file.source.find(text, region.start, region.end) >= 0 for text in texts)


def _closures(function: Function, node: Node) -> list[Closure]:
    """The function literals around a node, but those that are only tried again after a conflict."""
    found = [each for each in function.closures if each.node.start_byte <= node.start_byte < each.node.end_byte]
    return [each for each in found if each.call is None or not _retries(function, each.call)]


def _retries(function: Function, call: Call) -> bool:
    name = syntax.text(call.operand) if call.operand is not None else ""
    return function.file.imports.get(name, "").endswith("k8s.io/client-go/util/retry")


def _holds_back(index: PackageIndex, function: Function) -> bool:
    """Say whether a builder in a function watches what it reconciles behind predicates that may hold its updates back."""
    return _holds(function, b"For(", b"Watch(") and any(
        call.name in {"For", "Watch"} and not predicates.passes_all(index, function, call) for call in function.calls
    )


def _is_written(change: Change, found: Sink) -> bool | None:
    """Say whether the program shows that a controller writes the status in each pass; False where it does not show it, or a
    predicate keeps the write from beginning another pass; None where something decides whether it is written at all."""
    index, last = change.head_index, found.function
    path = call_paths(change).worst_to(last, _closures(last, found.node))
    above = [each for each in path.conditions if each.place.function is not last]
    if path.rare or not all(churn.stays(each.place, each.condition) for each in above):
        return None
    if path.root not in {"event", "periodic"}:
        return False
    root = path.functions[0]
    if root.name == "Reconcile" and "Request" not in critical_paths.signature(root):
        return False  # a part of a reconcile, whose events somebody else chooses
    files = [file for file in index.package_of(last.file.path).files() if not file.test]
    reconciler = [file for file in index.package_of(root.file.path).files() if not file.test]
    builders = [each for file in (*files, *reconciler) for each in file.functions if _holds(each, b"For(", b"Watch(")]
    own = [each for each in builders if each.receiver_name and each.receiver_name == root.receiver_name]
    if any(_holds_back(index, each) for each in own or builders):
        return False
    return any(
        request.verb in _WRITES
        for file in files
        for each in file.functions
        for request in requests(index, file, each, ())
    )
