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

Not reported: lists that are sorted before they are compared; comparisons of sets and maps; code that is not run again and
again; what was there before; command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator
from functools import partial

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes import logs
from analyzers.kubernetes import map_order as order
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of


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
