"""JSON is encoded or decoded while a pod is scheduled

Encoding an object with encoding/json costs tens of microseconds and an allocation for each field. A scheduler does it for
each of 150,000 pods, in Filter and Score for each of up to 5,000 nodes too, and every pod that waits pays for it. Decode
once for the pod (in PreFilter, or when the event comes in) and keep the result; send names instead of whole objects.

```diff
--- a/pkg/scheduler/framework/plugins/zones/zones.go
+++ b/pkg/scheduler/framework/plugins/zones/zones.go
@@ -1,25 +1,23 @@
 package zones

 import (
        "context"
-	"encoding/json"

        v1 "k8s.io/api/core/v1"
        "k8s.io/kubernetes/pkg/scheduler/framework"
 )

 type Zones struct {
        wanted map[string]string
 }

 func (z *Zones) Filter(ctx context.Context, state *framework.CycleState, pod *v1.Pod, info *framework.NodeInfo) *framework.Status {
-	var wanted string
-	json.Unmarshal([]byte(pod.Annotations["zones"]), &wanted)
+	wanted := z.wanted[pod.Name]
        if info.Node().Labels["zone"] != wanted {
                return framework.NewStatus(framework.Unschedulable)
        }
        return nil
 }
```

Formerly: critical-path.

Not reported: what was there before; code that only runs where a verbosity asks for it; start-up code, command lines, fakes,
tests and generated code; other paths than the scheduler's.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes import logs
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of

_DECODES = frozenset({"Unmarshal", "NewDecoder"})
_JSON = _DECODES | {"Marshal", "MarshalIndent", "NewEncoder"}


def json_encoding(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new JSON call on the scheduling path."""
    for each in added(change, _calls):
        call = each.what
        if not concerned(each.file) or logs.debugs(call):
            continue
        path = path_of(change, each.function, call.closures)
        if path is None or path.per not in {"pod", "pod and node"} or "scheduling" not in path.name:
            continue
        yield Diagnostic(
            analyzer="json-encoding",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code(f'json.{call.name}')} runs {path.where}.",
            remedy="Decode once for the pod, before the nodes are tried, and keep the result."
            if call.name in _DECODES
            else "Send or keep only what is needed (names instead of objects), or encode once and keep it.",
            concern=f"json {path.name}",
            function=each.function.key,
            subject=Burden(path.per, path),
        )


def _calls(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name in _JSON and call.operand is not None and syntax.text(call.operand) == "json":
            looped = any(loop.kind == "range" for loop in call.loops)
            yield Candidate(("json", call.name, looped), call.line, call.end_line, call)
