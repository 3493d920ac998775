"""An event handler waits for the reader of a channel

The handlers of one informer run one after the other: while one of them waits for a channel, no event of the kind comes
through, and the informer's buffer grows. With 150,000 pods the events of a second fill a channel of usual length. Put a key
into a work queue, or send in a `select` with a default: one that is waiting already will read everything.

```diff
--- a/pkg/controller/labels/labels.go
+++ b/pkg/controller/labels/labels.go
@@ -1,26 +1,29 @@
 package labels

 import (
        v1 "k8s.io/api/core/v1"
        coreinformers "k8s.io/client-go/informers/core/v1"
        "k8s.io/client-go/tools/cache"
 )

 type Controller struct {
        changed chan string
 }

 func (c *Controller) watch(nodeInformer coreinformers.NodeInformer) {
        nodeInformer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
                AddFunc: func(obj interface{}) { c.enqueue(obj.(*v1.Node).Name) },
        })
 }

 func (c *Controller) add(obj interface{}) {
-	c.changed <- obj.(*v1.Node).Name
+	select {
+	case c.changed <- obj.(*v1.Node).Name:
+	default: // one is waiting already, and reads everything
+	}
 }

 func (c *Controller) enqueue(name string) {
        go func() { c.changed <- name }()
 }
```

Formerly: critical-path.

Not reported: sends in a `select` with a default or in a goroutine; sends that no handler makes; client-go's own dispatcher;
what was there before; command lines, fakes, tests and generated code. How long the reader takes is not seen: in a handler of
events it is a notice.
"""

from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Closure
from analyzers.golang.facts.syntax import Node
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned


class _Send(NamedTuple):
    """A send on a channel, and the function literals around it."""

    node: Node
    closures: tuple[Closure, ...]


def blocking_send(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new send that a handler waits for."""
    for each in added(change, _sends):
        if not concerned(each.file) or any(closure.goes for closure in each.what.closures):
            continue
        if implements_client(change.head_index, change.head_index.import_path(each.function.file)):
            continue  # client-go's own dispatcher is no handler
        where = critical_paths.within(each.function, each.what.closures)
        if (
            where is None
            or where.per not in {"event", "pod and node", "pod", "request"}
            or (where.per != "event" and not each.function.name.startswith(("On", "on")))
        ):
            continue
        channel = each.what.node.child_by_field_name("channel")
        yield Diagnostic(
            analyzer="blocking-send",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"The send on {code(syntax.text(channel) if channel is not None else '')} waits for its reader.",
            remedy="Handlers run one after the other: put a key into a work queue, or send in a `select` with a default.",
            concern="blocking send",
            function=each.function.key,
            level=Level.NOTICE if where.per == "event" else Level.WARNING,
            subject=Burden(where.per, where),
        )


def _sends(function: Function) -> Iterator[Candidate[_Send]]:
    """The sends that wait: all but the cases of a select with a default."""
    if function.body is None or b"<-" not in function.file.source[function.region.start : function.region.end]:
        return
    for node in syntax.walk(function.body):
        if node.type == "send_statement" and not _has_default(node):
            around = tuple(
                each for each in function.closures if each.node.start_byte <= node.start_byte < each.node.end_byte
            )
            channel = node.child_by_field_name("channel")
            yield Candidate(
                ("send", syntax.text(channel).rpartition(".")[2] if channel is not None else ""),
                syntax.line(node),
                syntax.end_line(node),
                _Send(node, around),
            )


def _has_default(send: Node) -> bool:
    """Say whether a send is itself a case of a select that has a default."""
    case = send.parent
    communication = case.child_by_field_name("communication") if case is not None else None
    if case is None or case.parent is None or communication is None or not syntax.same(communication, send):
        return False
    return any(other.type == "default_case" for other in syntax.children(case.parent))
