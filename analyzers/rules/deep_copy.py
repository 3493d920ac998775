"""A whole object is copied for each node, item or request

`DeepCopy` of a pod makes some hundred allocations; of a node, with its images and conditions, more. In a predicate it is done
for each of up to 5,000 nodes that are tried for a pod, in a loop for each of 150,000 pods. Read what a cache gave, and copy
only what is changed, where it is changed.

```diff
--- a/pkg/zones/filter.go
+++ b/pkg/zones/filter.go
@@ -1,20 +1,20 @@
 package zones

 import (
        "context"

        v1 "k8s.io/api/core/v1"
        "k8s.io/kubernetes/pkg/scheduler/framework"
 )

 type Zones struct{}

 func (z *Zones) Filter(ctx context.Context, state *framework.CycleState, pod *v1.Pod, info *framework.NodeInfo) *framework.Status {
-	wanted := pod.DeepCopy()
+	wanted := pod
        if wanted.Spec.NodeName != info.Node().Name {
                return framework.NewStatus(framework.Unschedulable)
        }
        return nil
 }
```

Formerly: hot-alloc.

Not reported: copies that are made once for an object and are in no long loop; copies after a failure; immutable values such as
`resource.Quantity`; what was there before, but for a copy whose condition was removed; start-up code, command lines, fakes,
tests and generated code. Whether the copy is needed, because it is changed, is not seen.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Allocation
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Map, Named, Struct, dereferenced
from analyzers.kubernetes import immutables
from analyzers.kubernetes.execution import collections, conditions, critical_paths
from analyzers.kubernetes.execution.loops import in_item_loop
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.loops import in_growing_loop
from analyzers.news.paths import path_of

_COPIES = frozenset({"DeepCopy", "DeepCopyInto", "DeepCopyObject", "Clone"})


def deep_copy(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new copy of a whole object on a hot path."""
    for each in added(change, _copies):
        call, function = each.what, each.function
        if not concerned(each.file, function.receiver_name) or critical_paths.starts_up(function):
            continue
        path = path_of(change, function, call.closures)
        if path is None or not path.hot or call.operand is None or _after_failure(change, function, call):
            continue
        type_ = dereferenced(change.head_index.type_of(call.operand, function.file, function))
        if not isinstance(type_, Named) or immutables.by_value(type_):
            continue
        # What a copy is made of is copied, unless it is an object, which is only read.
        if (path.of_one_kind or function.name in _COPIES) and collections.kind(type_) is None:
            continue
        under = change.head_index.underlying(type_)
        if not isinstance(under, Struct | Map | None):
            continue
        # Elsewhere many loops go through a few things of one object, or of the configuration.
        looped = in_growing_loop(change.head_index, function, call) or (
            path.per in {"pod and node", "pod"} and in_item_loop(change.head_index, function, call)
        )
        if not looped and path.per != "pod and node" and not _lost_its_guard(each):
            continue
        if collections.kind(type_) is None and under is None:
            continue
        yield Diagnostic(
            analyzer="deep-copy",
            path=each.file.path,
            line=call.line,
            end_line=call.end_line,
            construct=f"{code(syntax.text(call.function))} copies a whole {code(type_.name)}.",
            remedy="Copy only what is changed, and where it is changed.",
            concern=f"copy {call.name}",
            function=function.key,
            subject=Allocation("copy", "item" if looped else path.per, path),
        )


def _copies(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name in _COPIES and call.operand is not None and not _is_package(call):
            # A copy that lost the condition in front of it is news, and so is one that moved into a loop.
            guarded = any(condition.kind in {"if", "case"} for condition in call.conditions)
            yield Candidate(("copy", guarded, bool(call.loops)), call.line, call.end_line, call)


def _is_package(call: Call) -> bool:
    return call.operand is not None and call.operand.type == "identifier" and syntax.text(call.operand).istitle()


def _lost_its_guard(each: Added[Call]) -> bool:
    """Whether the function made the same copy before, under a condition that the change took away."""
    if any(condition.kind in {"if", "case"} for condition in each.what.conditions):
        return False
    return any(
        call.name == each.what.name and each.file.diff.removes(call.line, call.end_line) and call.conditions
        for function in each.file.old_functions()
        if function.key == each.function.key
        for call in function.calls
    )


def _after_failure(change: Change, function: Function, call: Call) -> bool:
    place = Place(change.head_index, function.file, function)
    return conditions.failed(conditions.requirements(place, call.conditions))
