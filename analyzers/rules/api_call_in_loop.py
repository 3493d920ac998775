"""An API request is sent for each item of a loop

A loop that sends a request for each of 5,000 nodes keeps a controller, which may send 20 requests a second, busy for
more than four minutes; for each of 150,000 pods, for two hours, in which it does nothing else. One LIST before the
loop, or better the lister of a shared informer, answers all of them from memory.

```diff
--- a/pkg/controller/health/controller.go
+++ b/pkg/controller/health/controller.go
@@ -1,32 +1,29 @@
 package health

 import (
-	"context"
-
        v1 "k8s.io/api/core/v1"
-	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
-	"k8s.io/client-go/kubernetes"
+	corelisters "k8s.io/client-go/listers/core/v1"
 )

 // Controller looks after nodes.
 type Controller struct {
-	client kubernetes.Interface
+	nodes corelisters.NodeLister
 }

-func (c *Controller) ready(ctx context.Context, pods []*v1.Pod) (int, error) {
+func (c *Controller) ready(pods []*v1.Pod) (int, error) {
        ready := 0
        for _, pod := range pods {
-		node, err := c.client.CoreV1().Nodes().Get(ctx, pod.Spec.NodeName, metav1.GetOptions{})
+		node, err := c.nodes.Get(pod.Spec.NodeName)
                if err != nil {
                        return 0, err
                }
                if len(node.Status.Conditions) > 0 {
                        ready++
                }
        }
        return ready, nil
 }
```

Not reported: loops that retry (a counted loop around an update and its conflict), loops whose variable does not reach
the request, loops over parts of one object (containers, volumes, ports, owner references), lists written out in the
code, command lines, and requests that were in the loop before. Creating or deleting each item is what a loop is for,
unless a timer or a critical path runs it.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.execution.flows import made_of
from analyzers.kubernetes.requests import clients
from analyzers.news.requests import NewRequest, new_requests
from analyzers.news.sent import Sent
from analyzers.weighing.load import unbounded


def api_call_in_loop(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new request into which the variable of a loop over items flows."""
    for new in new_requests(change):
        request = new.request
        if new.component.kind is Kind.CLI or request.verb == "WATCH" or request.background:
            continue
        if request.verb in {"CREATE", "DELETE"} and new.path.root not in {"critical", "periodic"}:
            continue  # it is what such a loop is for
        if _of_its_own(change.head_index, new):
            continue
        loops = unbounded(change, new.path)
        if not loops:
            continue
        item = loops[-1]
        collection = syntax.text(item.loop.collection or item.loop.condition or item.loop.node)
        where = "" if item.function is request.function else f" in {code(item.function.key)}"
        yield Diagnostic(
            analyzer="api-call-in-loop",
            path=request.path,
            line=new.first_line,
            end_line=new.end_line,
            construct=f"{code(request.method)} sends {request.a_what} for each of {code(collection, 60)}{where}.",
            remedy=_remedy(new),
            unless="Leave it if there are never more than a few."
            if request.verb in {"GET", "LIST"}
            else "Leave it if that is the loop's purpose and each item is written once.",
            concern=f"{request.verb.lower()} {request.resource} {request.scope} loop",
            function=request.function.key,
            subject=Sent(new, "item"),
        )


def _of_its_own(index: PackageIndex, new: NewRequest) -> bool:
    """Say whether each item has a client of its own, for another cluster: they share neither limit nor server."""
    functions = new.path.functions
    for item in new.path.loops:
        function = item.function
        below = functions[functions.index(function) + 1 :] if function in functions else ()
        name = below[0].name if below else new.request.call.name
        for call in function.calls:
            if call.name != name or item.loop not in call.loops or call.operand is None:
                continue
            root = next(node for node in syntax.walk(call.operand) if not syntax.children(node))
            made = made_of(function, item.loop, call.closures) - set(item.loop.variables)
            if syntax.text(root) in made and _is_looked_up(Place(index, function.file, function), root):
                return True
    return False


def _is_looked_up(place: Place, node: Node) -> bool:
    """Say whether a variable was given one of several clients, or a client made for it; a resource's is a part of one."""
    binding = place.binding(syntax.text(node), node.start_byte)
    if binding is None or binding.value is None or binding.value.type not in {"index_expression", "call_expression"}:
        return False
    type_ = place.type_of(node)
    known = clients.client(type_)
    return clients.is_client(type_) and (known is None or known.kind != "typed")


def _remedy(new: NewRequest) -> str:
    if new.request.resource in resources.UNWATCHED:
        return "LIST once in front of the loop: metrics cannot be watched."
    if new.request.unlisted:
        return "Ask for no more than is shown, and for a few at a time."
    if new.request.verb == "GET":
        return "Read it from a shared informer's lister, or LIST once in front of the loop."
    if new.request.verb == "LIST":
        return "List once in front of the loop and group the result in a map, or read from a lister with an index."
    if new.request.verb in {"UPDATE", "PATCH"}:
        return "Skip items that have not changed, so that a run without changes sends nothing."
    return "Check that one run cannot send thousands."
