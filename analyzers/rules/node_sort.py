"""All nodes are sorted to take one

Sorting the scores of 5,000 nodes takes 60,000 comparisons for each of 150,000 pods that are scheduled, where one pass finds
the best, and a heap the best few.

```diff
--- a/pkg/scheduler/core/generic_scheduler.go
+++ b/pkg/scheduler/core/generic_scheduler.go
@@ -1,16 +1,18 @@
 package core

 import (
-	"sort"
-
        v1 "k8s.io/api/core/v1"
 )

 type generic struct{}

 func (g *generic) selectHost(pod *v1.Pod, nodes []*v1.Node) *v1.Node {
-	sort.Slice(nodes, func(i, j int) bool { return nodes[i].Name < nodes[j].Name })
-	return nodes[0]
+	best := nodes[0]
+	for _, node := range nodes {
+		if node.Name < best.Name {
+			best = node
+		}
+	}
+	return best
 }
```

Formerly: hot-alloc.

Not reported: sorting of what is no list of nodes or of their scores; other paths than the scheduler's; start-up code; what was
there before; command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Allocation
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes import costly_calls
from analyzers.kubernetes.execution import critical_paths
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of


def node_sort(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new call that sorts all nodes for a pod."""
    for each in added(change, _sorts):
        call, function = each.what, each.function
        if not concerned(each.file, function.receiver_name) or critical_paths.starts_up(function):
            continue
        nodes = costly_calls.sorted_nodes(change.head_index, function, call)
        path = path_of(change, function, call.closures) if nodes is not None else None
        if nodes is None or path is None or path.per not in {"pod and node", "pod"}:
            continue
        written, sorted_ = code(syntax.text(call.function)), code(syntax.text(nodes))
        yield Diagnostic(
            analyzer="node-sort",
            path=each.file.path,
            line=call.line,
            end_line=call.end_line,
            construct=f"{written} sorts all of {sorted_}, of which there is one for each node.",
            remedy="Go through them once for the best, or keep them in a heap.",
            concern=f"sort {call.name}",
            function=function.key,
            subject=Allocation("sort", "pod", path),
        )


def _sorts(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if costly_calls.sorts(call):
            yield Candidate(("sort", call.name, bool(call.loops)), call.line, call.end_line, call)
