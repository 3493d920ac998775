"""A cheap condition in front of costly work is gone

"Protect the rest of the system from that complexity": a test that costs nothing (no pod has such a term, the list is empty,
the feature is unused) keeps work from nearly all of 150,000 pods, or of all requests. Without it each of them pays, for each
of up to 5,000 nodes that are tried for it. Keep the test, or put another cheap one in its place.

```diff
--- a/pkg/scheduler/framework/plugins/terms/terms.go
+++ b/pkg/scheduler/framework/plugins/terms/terms.go
@@ -1,32 +1,34 @@
 package terms

 import (
        "context"

        v1 "k8s.io/api/core/v1"
        "k8s.io/kubernetes/pkg/scheduler/framework"
 )

 type Terms struct{ placed []*v1.Pod }

 func (t *Terms) Filter(ctx context.Context, state *framework.CycleState, pod *v1.Pod, info *framework.NodeInfo) *framework.Status {
        affinity := pod.Spec.Affinity
-	t.check(pod, info)
+	if affinity != nil {
+		t.check(pod, info)
+	}
        if affinity == nil || affinity.PodAntiAffinity == nil {
                return nil
        }
        return framework.NewStatus(framework.Unschedulable)
 }

 func (t *Terms) check(pod *v1.Pod, info *framework.NodeInfo) int {
        count := 0
        for _, other := range t.placed {
                if other.Namespace == pod.Namespace {
                        count++
                }
        }
        return count
 }
```

Formerly: critical-path.

Not reported: conditions that checked an error or a feature's gate, of which a part decides something elsewhere now, or behind
which another cheap one still stands; work that neither loops nor makes a map; other paths than those of pods and requests;
requests (critical-path and its like say it); command lines, fakes, tests and generated code.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Map
from analyzers.kubernetes.execution.loops import bounded
from analyzers.news.concerned import concerned
from analyzers.news.guards import LostGuard, lost_guards, spares
from analyzers.news.paths import path_of


def lost_guard(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each loop or allocation of a hot path that a cheap condition spared most, and spares no more."""
    for file in change.go_files:
        told: set[str] = set()
        for lost in lost_guards(file) if concerned(file) else ():
            function, call = lost.function, lost.call
            # What is gone from the function altogether was a case that there is no more.
            if function.key in told or lost.chosen or not lost.kept or not _cheap(lost.test):
                continue
            place = Place(change.head_index, function.file, function)
            if any(spares(place, each) for each in call.conditions) or _is_empty_anyway(lost):
                continue
            work = _work(change, lost)
            path = path_of(change, function, call.closures) if work else None
            if path is None or path.per not in {"pod", "pod and node", "request"}:
                continue
            told.add(function.key)
            yield Diagnostic(
                analyzer="lost-guard",
                path=file.path,
                line=lost.gap,
                end_line=lost.gap,
                construct=f"{code(call.name)}, which {work}, {lost.told}, and runs every time now, {path.where}.",
                remedy="Keep a cheap test in front of it, so that only those pay who use it.",
                concern=f"lost guard {function.key}",
                function=function.key,
                subject=Burden(path.per, path),
            )


def _is_empty_anyway(lost: LostGuard) -> bool:
    """Whether the test asked if the very collection has elements that is gone through: without any the loop does nothing."""
    asked = re.match(r"^(?:len\(([\w.]+)\)|([\w.]+)) ?(?:[!=]=|>) ?(?:0|nil)$", lost.test)
    return asked is not None and any(
        loop.collection is not None and syntax.text(loop.collection) == (asked[1] or asked[2])
        for loop in lost.call.loops
    )


_CHEAP = re.compile(
    r"^(?:!?\(?[\w.\[\]]{1,160}( ?[!=]= ?(nil|\"\"|0|true|false))?\)?$|len\([\w.\[\]]{1,160}\) ?([!=]=|>) ?0$"
    r"|!?[\w.]{1,160}\.(Empty|IsZero|IsEmpty)\(\)$)"
)


def _cheap(test: str) -> bool:
    """Say whether part of a test costs nothing: a length, nil, an empty string, a flag."""
    return any(_CHEAP.match(part.strip()) for part in re.split(r"&&|\|\|", test))


def _work(change: Change, lost: LostGuard) -> str:
    """What a call costs that lost its guard: it stands in a loop, or its function loops or allocates; "" if little."""
    index, function, call = change.head_index, lost.function, lost.call
    if any(
        loop.kind == "range" and syntax.line(loop.node) >= lost.gap and not bounded(index, function, loop)
        for loop in call.loops
    ):
        return "runs in a loop"
    callee = index.callee(call, function.file, function)
    if callee is None or callee.file.folder != function.file.folder:
        return ""
    if any(loop.kind == "range" and not bounded(index, callee, loop) for loop in callee.loops):
        return "loops"
    makes = any(
        isinstance(index.underlying(index.resolve(each.type, callee.file, callee)), Map)
        for each in callee.composites
        if each.type is not None
    )
    return "makes a map" if makes else ""
