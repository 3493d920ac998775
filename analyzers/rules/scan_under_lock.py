"""A loop over something large holds a lock

Whoever holds a lock on a path that every pod, request or event takes makes all others wait for the end of its loop. A
handler that goes through a graph of 150,000 pods under its lock, for each event of a node, stops authorization for as long.
Keep an index of what is looked for, or copy what is needed under the lock and work on the copy.

```diff
--- a/plugin/pkg/auth/authorizer/node/graph.go
+++ b/plugin/pkg/auth/authorizer/node/graph.go
@@ -1,28 +1,24 @@
 package node

 import "sync"

 type vertex struct{ name string }

 type Graph struct {
        lock     sync.Mutex
        vertices map[string]map[string]*vertex
        byName   map[string]map[string]*vertex
 }

 func (g *Graph) updateNode(old, cur interface{}) {
        if old == cur {
                return
        }
        g.lock.Lock()
        defer g.lock.Unlock()
-	for _, vertices := range g.vertices {
-		for name, found := range vertices {
-			if found.name == cur.(string) {
-				delete(vertices, name)
-			}
-		}
-	}
+	delete(g.byName, cur.(string))
 }
```

Formerly: critical-path.

Not reported: loops over a few things; locks that are given back before the loop, and locks of an object that only a local
variable holds; code of nodes; what was there before; command lines, fakes, tests and generated code. A lock that readers
share, and a loop of which the types do not tell how long it is, is a notice. How long the lock is held is not measured.
"""

from collections.abc import Iterator
from typing import Literal

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.types.types import Map
from analyzers.kubernetes.execution import collections
from analyzers.kubernetes.execution.loops import bounded
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of


def scan_under_lock(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new loop through something large that holds a lock on a critical path."""
    for each in added(change, _loops):
        loop, function, index = each.what, each.function, change.head_index
        if not concerned(each.file) or loop.outer or loop.collection is None or bounded(index, function, loop):
            continue
        lock = _lock(function, loop)
        if lock is None or each.file.component.every_node:
            continue
        growing = collections.growing(index, function.file, function, loop.collection)
        whole = _everything(change, function, loop)
        path = path_of(change, function, loop.closures) if growing is not None or whole else None
        if path is None or path.per in {"object", "tick"}:
            continue
        read = lock == "RLock"
        sure = not read and not path.of_one_kind and (whole or (growing is not None and growing.typed and path.hot))
        yield Diagnostic(
            analyzer="scan-under-lock",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"The loop over {code(syntax.text(loop.collection))} holds a {'read ' if read else ''}lock {path.where}: "
            f"{'writers wait, readers go on.' if read else 'all others wait for its end.'}",
            remedy="Keep an index of what is looked for, or copy what is needed under the lock and work on the copy.",
            concern="scan under a lock",
            function=function.key,
            level=Level.WARNING if sure else Level.NOTICE,
            subject=Burden("call", path),  # how many there are under it, nobody can see
        )


def _loops(function: Function) -> Iterator[Candidate[Loop]]:
    """The loops of a function that speaks of locks."""
    if b"ock" not in function.file.source[function.region.start : function.region.end]:
        return
    for loop in function.loops:
        if loop.kind == "range" and loop.collection is not None:
            yield Candidate(("locked", collections.alike(loop.collection)), loop.line, loop.line, loop)


def _lock(function: Function, loop: Loop) -> Literal["Lock", "RLock"] | None:
    """The lock that was taken in front of a loop and is kept; a name may say that the function's callers hold it.

    The lock of an object that only a local variable holds says nothing of who waits for it.
    """
    if "locked" in function.name.lower():
        return "Lock"
    held: list[Literal["Lock", "RLock"]] = []
    for call in function.calls:
        if call.node.end_byte > loop.node.start_byte or call.loops or call.arguments or _is_local(function, call):
            continue
        if call.name == "Lock":
            held.append("Lock")
        elif call.name == "RLock":
            held.append("RLock")
        elif call.name in {"Unlock", "RUnlock"} and not call.defer and held:
            held.pop()
    return held[-1] if held else None


def _is_local(function: Function, call: Call) -> bool:
    path = syntax.path(call.operand) if call.operand is not None else None
    binding = function.binding(path[0], call.node.start_byte) if path else None
    return binding is not None and binding.kind in {"var", "range"}


def _everything(change: Change, function: Function, loop: Loop) -> bool:
    """Whether a loop goes through a map of maps to the end, as a loop in it does with each of them."""
    index = change.head_index
    type_ = index.type_of(loop.collection, function.file, function) if loop.collection is not None else None
    if not isinstance(index.underlying(type_), Map):
        return False
    return any(
        inner.outer
        and inner.outer[-1] is loop
        and inner.collection is not None
        and syntax.text(inner.collection) == loop.value
        for inner in function.loops
    )
