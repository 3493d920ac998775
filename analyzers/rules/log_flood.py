"""A log line is written for each node or item

Clusters run with V(2). A line that a predicate writes for each of up to 5,000 nodes that are tried for each of 150,000 pods
costs more than what it tells of, fills disks, and hides all other lines. Write one line for the pod or for the whole loop, or
raise the verbosity to V(5).

```diff
--- a/pkg/zones/filter.go
+++ b/pkg/zones/filter.go
@@ -1,18 +1,18 @@
 package zones

 import (
        "context"

        v1 "k8s.io/api/core/v1"
        "k8s.io/klog/v2"
        "k8s.io/kubernetes/pkg/scheduler/framework"
 )

 type Zones struct{}

 func (z *Zones) Filter(ctx context.Context, state *framework.CycleState, pod *v1.Pod, info *framework.NodeInfo) *framework.Status {
-	klog.V(2).InfoS("checking", "pod", klog.KObj(pod))
+	klog.V(5).InfoS("checking", "pod", klog.KObj(pod))
        return nil
 }
```

Formerly: hot-alloc.

Not reported: errors and what is written when something failed; what is written where something is odd; in loops, lines that
had no verbosity for debugging before; what was there before; command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Allocation
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.place import Place
from analyzers.kubernetes import logs, scale
from analyzers.kubernetes.execution import collections, critical_paths
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.news.added import Added
from analyzers.news.log_lines import new_log_lines
from analyzers.news.loops import in_growing_loop
from analyzers.news.paths import path_of


def log_flood(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new log line that production writes for each node, or for each item where it did not before."""
    for each, _, verbosity in new_log_lines(change):
        call, function = each.what, each.function
        if verbosity > logs.PRODUCTION:
            continue
        path = path_of(change, function, call.closures)
        if path is not None and path.per == "pod and node" and _as_a_rule(function, call, path):
            per, written, one = "pod and node", "a line for each node that is tried for a pod.", "the pod"
        elif (before := _before(change, each)) is not None and in_growing_loop(change.head_index, function, call):
            per, written, one = "item", f"a line for each item, which only {code(f'V({before})')} did before.", "all"
        else:
            continue
        yield Diagnostic(
            analyzer="log-flood",
            path=each.file.path,
            line=call.line,
            end_line=call.end_line,
            construct=f"{code(syntax.text(call.function))} writes {written}",
            remedy=f"Raise its verbosity to {code('V(5)')}, or write one line for {one}.",
            concern=f"log {call.name}",
            function=function.key,
            level=Level.NOTICE if per == "item" and not _of_many(change, function, call) else Level.WARNING,
            subject=Allocation("log", per, path),
        )


def _of_many(change: Change, function: Function, call: Call) -> bool:
    """Say whether a loop around a call goes through objects of which a cluster has many: of custom kinds there may be a few."""
    return any(
        loop.collection is not None
        and (growing := collections.growing(change.head_index, function.file, function, loop.collection)) is not None
        and growing.resource in scale.COUNTS
        for loop in call.loops
    )


def _as_a_rule(function: Function, call: Call, path: CriticalPath) -> bool:
    """Say whether a log line is written in the normal course: what is only called on a path, and gives no verdict on a node,
    may write it where something is odd, which is seldom."""
    if critical_paths.within(function, call.closures) == path or "Status" in critical_paths.signature(function):
        return True
    return not any(each.kind in {"if", "else", "case"} for each in call.conditions)


def _before(change: Change, each: Added[Call]) -> int | None:
    """Give the verbosity, one for debugging, that a log call had before the change: the same text in the same function."""
    said = _message(each.what)
    if not said or each.file.base is None:
        return None
    old = each.file.base.function(each.function.key)
    for call in old.calls if old is not None else ():
        if _message(call) != said or not each.file.diff.removes(call.line, call.end_line):
            continue
        found = logs.log(Place(change.base_index, each.file.base, old), call)
        if found is not None and found.verbosity is not None and found.verbosity >= logs.DEBUGGING:
            return found.verbosity
    return None


def _message(call: Call) -> str:
    texts = [each for each in call.arguments if each.type in {"interpreted_string_literal", "raw_string_literal"}]
    return syntax.text(texts[0]) if texts else ""
