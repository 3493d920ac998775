"""All goroutines draw from one source of random numbers

math/rand's package functions share one source behind a lock. The scheduler's parallel workers try up to 5,000 nodes for a
pod, and a draw for each of them makes them wait for each other. Draw once for the pod, give each goroutine a source of its
own, or use math/rand/v2, whose functions take no lock.

```diff
--- a/pkg/scheduler/framework/plugins/spread/spread.go
+++ b/pkg/scheduler/framework/plugins/spread/spread.go
@@ -1,16 +1,16 @@
 package spread

 import (
-	"math/rand"
+	"math/rand/v2"

        v1 "k8s.io/api/core/v1"
        "k8s.io/kubernetes/pkg/scheduler/framework"
 )

 type Spread struct{}

 func (s *Spread) Score(state *framework.CycleState, pod *v1.Pod, nodeInfo *framework.NodeInfo) int64 {
-	return int64(rand.Intn(100))
+	return int64(rand.IntN(100))
 }
```

Formerly: critical-path.

Not reported: draws that are not made for each node; sources of one's own (`rand.New`); crypto/rand; what was there before;
command lines, fakes, tests and generated code. It is a notice: how long the workers wait is not measured.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes import logs
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of

_DRAWS = frozenset({"Int", "Intn", "Int31n", "Int63n", "Float64", "Perm", "Shuffle"})


def shared_randomness(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new draw from math/rand's shared source that is made for each node."""
    for each in added(change, _draws):
        call, operand = each.what, each.what.operand
        if operand is None or not concerned(each.file) or logs.debugs(call):
            continue
        # math/rand/v2 has no lock, crypto/rand another cost.
        if change.head_index.imported(each.function.file, syntax.text(operand)) != "math/rand":
            continue
        path = path_of(change, each.function, call.closures)
        if path is None or path.per != "pod and node":
            continue
        yield Diagnostic(
            analyzer="shared-randomness",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code(syntax.text(call.function))} draws from a source that all goroutines share behind a lock.",
            remedy="Draw once for the pod, or give each goroutine a source of its own.",
            concern="shared randomness",
            function=each.function.key,
            level=Level.NOTICE,
            subject=Burden(path.per, path),
        )


def _draws(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name in _DRAWS and call.operand is not None:
            yield Candidate(("draw", call.name), call.line, call.end_line, call)
