"""A list in the order of a map is compared with what is stored

Go goes through a map in another order each time. A list that is collected so and compared with the one that is stored
differs nearly every time: each pass over the object writes it, the write is an event, and the event begins the next pass.
With 10,000 objects that is a stream of writes without end. Sort the list before it is compared, or compare as a set.

```diff
--- a/pkg/controller/remotes/remotes.go
+++ b/pkg/controller/remotes/remotes.go
@@ -1,28 +1,30 @@
 package remotes

 import (
        "context"
+	"sort"

        "k8s.io/apimachinery/pkg/api/equality"
        ctrl "sigs.k8s.io/controller-runtime"
 )

 type Reconciler struct {
        remotes map[string]bool
        stored  []string
 }

 func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
        var names []string
        for name := range r.remotes {
                names = append(names, name)
        }
-	if !equality.Semantic.DeepEqual(r.stored, names) {
+	if sort.Strings(names); !equality.Semantic.DeepEqual(r.stored, names) {
                r.stored = names
        }
        return ctrl.Result{}, nil
 }
```

Formerly: critical-path.

A list that is handed on, to whoever builds an object of it that is compared, given to `CreateOrUpdate`, or sent in each pass, is
followed there; what a cache lists is in the order of a map too.

Not reported: lists that are sorted, in any function on the way; comparisons of sets and maps, or whatever the order; what is only
written behind a condition that may spare it; what goes into a status, which is status-churn's; code that is not run again and
again; what was there before; command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, Place, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.place import Place as Here
from analyzers.kubernetes import churn, disorder, logs, outcomes
from analyzers.kubernetes import map_order as order
from analyzers.kubernetes.disorder import Fill, Write
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.outcomes import Outcome
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import call_paths, path_of


def map_order(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new comparison of a list in map order on a path that is taken again and again."""
    for each in added(change, _comparisons, partial(_was_unsorted, change)):
        if not concerned(each.file) or logs.debugs(each.what):
            continue
        name = order.compared(change.head_index, each.function, each.what)
        path = path_of(change, each.function, each.what.closures) if name is not None else None
        if name is None or path is None:
            continue
        yield Diagnostic(
            analyzer="map-order",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code(name)} is in the order of a map, which differs every time, and compared with what is stored.",
            remedy=f"Sort {code(name)} first: otherwise there is a write for each {path.per}, and each write begins the next.",
            concern="map order",
            function=each.function.key,
            subject=Burden(path.per, path),
        )
    told: set[tuple[str, int]] = set()
    for filled in added(change, _fills, partial(_was_in_disorder, change)):
        if concerned(filled.file) and (found := _written(change, filled)) is not None:
            told.add((filled.file.path, filled.first))
            yield found
    for handed in added(change, _handed):
        if concerned(handed.file) and (found := _given(change, handed, told)) is not None:
            yield found


_AGAIN = frozenset({"event", "periodic", "critical"})
_ORDERS = {"map": "a map, which differs every time", "cache": "what a cache lists, which differs every time"}
_LOST = frozenset({"start-up", "informer", "poll"})


def _fills(function: Function) -> Iterator[Candidate[Fill]]:
    for fill in disorder.fills(function):
        key = ("fill", fill.text, fill.call.name if fill.call is not None else "")
        # One that another removed line filled so: there was a write again and again before.
        yield Candidate(key, syntax.line(fill.node), syntax.end_line(fill.node), fill, (("fill",),))


def _was_in_disorder(change: Change, old: Removed[Fill], new: Added[Fill]) -> bool:
    """Whether what a removed line filled was in the order of a map too: one of a list does not pay for it."""
    if disorder.order(change.head_index, new.function, new.what) is None:
        return False  # which is told by nobody
    return disorder.order(change.base_index, old.function, old.what) is not None


def _written(change: Change, each: Added[Fill]) -> Diagnostic | None:
    index, function, fill = change.head_index, each.function, each.what
    found = disorder.order(index, function, fill)
    if found is None or _is_compared_here(change, function, fill) or _is_of_a_status(change, function, fill):
        return None
    write = disorder.write(index, function, fill)
    if write is not None and write.how == "sent" and ".Status." in fill.text:
        return None  # which often has a time in it: another rule's to say
    path = call_paths(change).worst(write.function, write.call) if write is not None else None
    if write is None or path is None or path.rare or path.root in _LOST:
        return None
    unknown = [
        each
        for each in path.conditions
        if each.place.function is not write.function and not churn.stays(each.place, each.condition)
    ]
    if any(conditions.compared([each]) or _asks_status(each) for each in unknown):
        return None
    name = code(syntax.text(fill.root) if fill.call is not None else fill.text)
    filled = f"{code(fill.call.name)} adds to {name}" if fill.call is not None else f"{name} is filled"
    sure = path.root in _AGAIN and write.elsewhere is None and not unknown
    at = syntax.line(write.call.node)
    return Diagnostic(
        analyzer="map-order",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=f"{filled} in the order of {_ORDERS[found]}: {_sent(write)}",
        remedy=f"Sort {'what is gone through' if fill.call is not None else name} first.",
        unless="" if sure else "Leave it if that is seldom.",
        concern="map order",
        function=function.key,
        level=Level.WARNING if sure else Level.NOTICE,
        related=(Place(write.function.file.path, at, at, "is written here"),),
        subject=Burden("object", critical_paths.RECONCILER),
    )


def _asks_status(requirement: Requirement) -> bool:
    test = requirement.condition.test
    return test is not None and any(churn.asks_status(requirement.place, each) for each in syntax.walk(test))


# A new comparison of a list that another function fills


class _Compared(NamedTuple):
    """A comparison: the lists that it may be of, and the value that says that they differ."""

    node: Node
    lists: tuple[Node, ...]
    differ: bool


def _handed(function: Function) -> Iterator[Candidate[_Compared]]:
    for call in function.calls:
        if call.name in order.COMPARISONS and len(call.arguments) > 1:
            lists = tuple(each for each in call.arguments[:2] if each.type == "identifier")
            yield Candidate(("handed", call.name), call.line, call.end_line, _Compared(call.node, lists, False))
    region = function.region
    if function.body is None or function.file.source.find(b"strings.Join(", region.start, region.end) < 0:
        return
    for node in syntax.walk(function.body):
        unequal = syntax.has_token(node, "!=")
        if node.type == "binary_expression" and (unequal or syntax.has_token(node, "==")):
            lists = tuple(each for each in disorder.joined(node) if each.type == "identifier")
            if lists:
                what = _Compared(node, lists, unequal)
                yield Candidate(("joined", unequal), syntax.line(node), syntax.end_line(node), what)


def _given(change: Change, each: Added[_Compared], told: set[tuple[str, int]]) -> Diagnostic | None:
    index, function = change.head_index, each.function
    for node in each.what.lists:
        found = disorder.given(index, function, node)
        if found is None or (found.function.file.path, syntax.line(found.fill.node)) in told:
            continue
        write = outcomes.write(Outcome(Here(index, function.file, function), each.what.node, each.what.differ))
        path = call_paths(change).worst_to(function) if write is not None else None
        if write is None or path is None or path.rare or path.root in _LOST:
            continue
        at = syntax.line(found.fill.node)
        return Diagnostic(
            analyzer="map-order",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code(syntax.text(node))} is compared, and {code(found.function.key)} fills it in the order of "
            f"{_ORDERS[found.order]}: {write.a_what} is sent again and again, though nothing has changed.",
            remedy=f"Sort {code(syntax.text(node))} first.",
            concern="map order",
            function=function.key,
            level=Level.WARNING if path.root in _AGAIN else Level.NOTICE,
            related=(Place(found.function.file.path, at, at, "is filled here"),),
            subject=Burden("object", critical_paths.RECONCILER),
        )
    return None


def _sent(write: Write) -> str:
    """What becomes of it, in words."""
    called, again = code(write.call.name), "again and again, though nothing has changed"
    if write.how == "put":
        return f"{called}, which compares before and after, sends an UPDATE {again}."
    if write.request is None:
        further = code(write.elsewhere.name) if write.elsewhere is not None else "what follows"
        return f"{called} finds a difference and {further} is called {again}."
    if write.how == "compared":
        return f"{called} finds a difference, and {write.request.a_what} is sent {again}."
    return (
        f"{write.request.a_what} is sent in each pass, and changes what is stored even where nothing else has changed."
    )


def _is_compared_here(change: Change, function: Function, fill: Fill) -> bool:
    """Say whether the function itself compares the list, which is told at the comparison."""
    return any(order.compared(change.head_index, function, call) == fill.text for call in function.calls)


def _is_of_a_status(change: Change, function: Function, fill: Fill) -> bool:
    """Say whether what is filled goes into a status, which another rule tells."""
    if fill.call is not None or function.body is None:
        return False
    return any(
        node.type == "identifier"
        and syntax.text(node) == fill.text
        and node.start_byte >= fill.loops[0].node.end_byte
        and churn.sink(change.head_index, function, node) is not None
        for node in syntax.walk(function.body)
    )


def _comparisons(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name in order.COMPARISONS:
            looped = any(loop.kind == "range" for loop in call.loops)
            yield Candidate(("compared", call.name, looped), call.line, call.end_line, call)


def _was_unsorted(change: Change, old: Removed[Call], new: Added[Call]) -> bool:
    """Whether a removed comparison was one in map order, as the new one is: one of a sorted list does not pay for it."""
    return (
        order.compared(change.head_index, new.function, new.what) is not None
        and order.compared(change.base_index, old.function, old.what) is not None
    )
