"""A failed item goes back into its work queue at once

What fails for long, because a webhook is down or a quota is used up, is tried again without a pause: one worker can send
thousands of requests a second for one object. `AddRateLimited` waits longer after each failure, from 5 ms up to 1,000 s;
`Forget` ends that once the item succeeds.

```diff
--- a/pkg/controller/quota/quota.go
+++ b/pkg/controller/quota/quota.go
@@ -1,24 +1,25 @@
 package quota

 import "k8s.io/client-go/util/workqueue"

 type Controller struct {
        queue workqueue.RateLimitingInterface
        sync  func(string) error
 }

 func (c *Controller) work() bool {
        key, quit := c.queue.Get()
        if quit {
                return false
        }
        defer c.queue.Done(key)
        if err := c.sync(key.(string)); err != nil {
-		c.queue.Add(key)
+		c.queue.AddRateLimited(key)
+		return true
        }
+	c.queue.Forget(key)
        return true
 }
```

Formerly: critical-path.

Not reported: items that did not fail, or that wait in a goroutine first; queues that are no work queues; what was there
before; command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.place import Place
from analyzers.kubernetes import work_queues
from analyzers.kubernetes.execution import conditions
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned


def hot_retry(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new call that puts a failed item back into its work queue without a pause."""
    for each in added(change, _retries):
        if not concerned(each.file) or not work_queues.is_queue(change.head_index, each.function, each.what):
            continue
        place = Place(change.head_index, each.function.file, each.function)
        if not conditions.failed(conditions.requirements(place, each.what.conditions)):
            continue
        yield Diagnostic(
            analyzer="hot-retry",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code('Add')} puts an item that failed back at once: what fails for long is tried again without a pause.",
            remedy=f"Use {code('AddRateLimited')}, and {code('Forget')} once it succeeds.",
            concern="hot retry",
            function=each.function.key,
            subject=Burden("event"),
        )


def _retries(function: Function) -> Iterator[Candidate[Call]]:
    """The calls that put an item which was taken from a queue back into it."""
    for call in function.calls:
        if call.name != "Add" or call.operand is None or len(call.arguments) != 1:
            continue
        if any(closure.goes for closure in call.closures):
            continue
        queue, given = syntax.text(call.operand), call.arguments[0]
        binding = function.binding(syntax.text(given), given.start_byte)
        if binding is not None and binding.value is not None and syntax.text(binding.value) == f"{queue}.Get()":
            yield Candidate(("retry", queue.rpartition(".")[2], bool(call.conditions)), call.line, call.end_line, call)
