"""A pointer is queued where a value was

A work queue joins items that are equal: of a hundred events of one object one piece of work is left. Two pointers are never
equal, so that each event becomes work of its own, and one object is worked on by several workers at a time. With 20 pods
created or deleted a second and several updates of each, the queue only grows.

```diff
--- a/pkg/controller/tagging/tagging.go
+++ b/pkg/controller/tagging/tagging.go
@@ -1,14 +1,14 @@
 package tagging

 import "k8s.io/client-go/util/workqueue"

 type item struct{ name string }

 type Controller struct {
        queue workqueue.RateLimitingInterface
 }

 func (c *Controller) enqueue(name string) {
-	c.queue.Add(&item{name: name})
+	c.queue.Add(item{name: name})
 }
```

Formerly: critical-path.

Not reported: queues that had pointers before; queues that are no work queues; command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes import work_queues
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned


def pointer_work_item(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each pointer that is queued where the same function queued a value."""
    for each in added(change, _pointers):
        if not concerned(each.file) or not work_queues.is_queue(change.head_index, each.function, each.what):
            continue
        if not _was_a_value(each):
            continue
        yield Diagnostic(
            analyzer="pointer-work-item",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct="A pointer is queued where a value was: no two pointers are equal, so that the queue joins nothing any more.",
            remedy="Queue the value, or the object's key.",
            concern="pointer item",
            function=each.function.key,
            subject=Burden("event"),
        )


def _pointers(function: Function) -> Iterator[Candidate[Call]]:
    """The calls that add a pointer to a struct made here to a queue; they stand where the struct is made."""
    for call in function.calls:
        made = work_queues.item(function, call)
        if made is not None and call.operand is not None and syntax.text(made).startswith("&"):
            key = ("pointer item", syntax.text(call.operand).rpartition(".")[2])
            yield Candidate(key, syntax.line(made), syntax.line(made), call)


def _was_a_value(each: Added[Call]) -> bool:
    """Say whether the same function added a struct to the same queue before, which the queue can compare."""
    old = each.file.base.function(each.function.key) if each.file.base is not None else None
    if old is None or each.what.operand is None:
        return False
    queue = syntax.text(each.what.operand)
    calls = (call for call in old.calls if call.operand is not None and syntax.text(call.operand) == queue)
    before = [work_queues.item(old, call) for call in calls]
    return any(made is not None and made.type == "composite_literal" for made in before)
