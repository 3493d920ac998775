"""Something costly that could be kept is made again

A label selector is parsed and validated with regular expressions, a hash of an object is printed with reflection, a client
comes with a rate limit of its own. Made for each of 5,000 nodes and 150,000 pods, or for each
object that is reconciled, that is most of the time of its path. Make it once (for the pod, in PreFilter; for the process) and
keep it.

```diff
--- a/pkg/zones/filter.go
+++ b/pkg/zones/filter.go
@@ -1,26 +1,22 @@
 package zones

 import (
        "context"

        v1 "k8s.io/api/core/v1"
-	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
+	"k8s.io/apimachinery/pkg/labels"
        "k8s.io/kubernetes/pkg/scheduler/framework"
 )

 type Zones struct {
-	selector *metav1.LabelSelector
+	selector labels.Selector
 }

 func (z *Zones) Filter(ctx context.Context, state *framework.CycleState, pod *v1.Pod, info *framework.NodeInfo) *framework.Status {
-	selector, err := metav1.LabelSelectorAsSelector(z.selector)
-	if err != nil {
-		return framework.AsStatus(err)
-	}
-	return z.check(selector, info)
+	return z.check(z.selector, info)
 }
```

Formerly: hot-alloc.

Not reported: what is made only where nothing was kept, or after a failure; start-up code; what was there before; command lines,
fakes, tests and generated code. A client for an object whose name a function is given is a notice, and so is one that is only
made behind a condition.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Allocation
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.place import Place
from analyzers.kubernetes import costly_calls
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import each_time, path_of

_FOR_AN_OBJECT = re.compile(r"\bcontext\.Context\b.{0,300}\b(ObjectKey|NamespacedName)\b")


def costly_call(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new costly call on a path that is taken again and again."""
    for each in added(change, _calls):
        call, function = each.what, each.function
        if not concerned(each.file, function.receiver_name) or critical_paths.starts_up(function):
            continue
        row = costly_calls.costly(change.head_index, function, call)
        if row is None or _after_failure(change, function, call) or _spared(change, function, call):
            continue
        path = path_of(change, function, call.closures)
        on_path = path is not None and path.per in row.per
        # What is given an object's name may well run for each object.
        for_an_object = (
            path is None and "object" in row.per and _FOR_AN_OBJECT.search(critical_paths.signature(function))
        )
        if not on_path and not for_an_object:
            continue
        if implements_client(change.head_index, change.head_index.import_path(function.file)):
            continue  # a clientset is made of its parts' clients
        # How often people ask a server of the project's own, and pods of one kind start on a node, nobody can see.
        seldom = path is not None and path.of_one_kind
        often = path is None or path.hot or each_time(change, function, call.closures)
        sure = on_path and often and not seldom
        yield Diagnostic(
            analyzer="costly-call",
            path=each.file.path,
            line=call.line,
            end_line=call.end_line,
            construct=f"{code(syntax.text(call.function))} {row.cost} every time.",
            remedy=row.remedy,
            concern=f"costly call {call.name}",
            function=function.key,
            level=Level.WARNING if sure else Level.NOTICE,
            subject=Allocation("costly call", path.per if path else "call", path),
        )


def _calls(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.operand is not None and costly_calls.may_cost(call):
            key = ("costly", syntax.text(call.operand), call.name, bool(call.loops))
            yield Candidate(key, call.line, call.end_line, call)


def _spared(change: Change, function: Function, call: Call) -> bool:
    """Whether it is only called where nothing was kept from before."""
    place = Place(change.head_index, function.file, function)
    return conditions.absent(conditions.requirements(place, call.conditions))


def _after_failure(change: Change, function: Function, call: Call) -> bool:
    place = Place(change.head_index, function.file, function)
    return conditions.failed(conditions.requirements(place, call.conditions))
