"""An event whose text is another one each time

An event recorder joins equal events of an object into one that counts; a duration or a time in the text makes each of them
another one. Recorded in every pass, each object sends 25 of them in a row, the first ten as objects of their own that etcd
keeps for an hour, and one every five minutes for ever: with a thousand objects three requests a second that tell nobody
anything. Say what happened, and put the numbers into a metric or the log.

```diff
--- a/controllers/agent.go
+++ b/controllers/agent.go
@@ -1,26 +1,26 @@
 package controllers

 import (
        "context"
        "time"

        corev1 "k8s.io/api/core/v1"
        "k8s.io/client-go/tools/record"
        ctrl "sigs.k8s.io/controller-runtime"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 type Reconciler struct {
        client.Client
        recorder record.EventRecorder
 }

 func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
        start := time.Now()
        var pod corev1.Pod
        if err := r.Get(ctx, req.NamespacedName, &pod); err != nil {
                return ctrl.Result{}, client.IgnoreNotFound(err)
        }
-	r.recorder.Eventf(&pod, corev1.EventTypeNormal, "Reconciled", "Finished in %s", time.Since(start))
+	r.recorder.Eventf(&pod, corev1.EventTypeNormal, "Reconciled", "Finished, see the log: %t", !start.IsZero())
        return ctrl.Result{}, nil
 }
```

Not reported: events that are recorded only when something has failed or changed, or once in an object's life; errors' texts, as
most are the same again; what was there before; command lines, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Burden
from analyzers.golang import destinations
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import churn, times
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.requests import library
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import call_paths

_RECORDS = frozenset({"Event", "Eventf", "PastEventf", "AnnotatedEventf"})
_TEXT = 2
"""The argument of Event and Eventf behind object and type, with which reason and text begin."""
_DEEPEST = 4


def changing_event_text(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new event in the normal course whose text is never the same."""
    for each in added(change, _events):
        if not concerned(each.file):
            continue
        sent = library.sent(change.head_index, each.function.file, each.function, each.what)
        place = Place(change.head_index, each.function.file, each.function)
        if sent is None or sent.kind != library.EVENT or _counts_all(place, each.what):
            continue
        changing = next((found for text in each.what.arguments[_TEXT:] if (found := _changing(place, text))), None)
        if changing is None or not _in_each_pass(change, each, place):
            continue
        yield Diagnostic(
            analyzer="changing-event-text",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"The text of this event holds {code(syntax.text(changing), 40)}, so that no two are equal: each pass over "
            "an object sends another one, until the recorder's limit of one in five minutes.",
            remedy="Leave it out of the text: a metric or the log can hold it.",
            unless="Leave it if the event is recorded a few times in an object's life.",
            concern="changing event text",
            function=each.function.key,
            level=Level.NOTICE,
            subject=Burden("object", critical_paths.RECONCILER),
        )


def _events(function: Function) -> Iterator[Candidate[Call]]:
    region = function.region
    if function.file.source.find(b"Event", region.start, region.end) < 0:
        return  # which spares most functions their parse
    for call in function.calls:
        if call.name in _RECORDS and call.operand is not None and len(call.arguments) > _TEXT:
            shown = tuple(syntax.text(argument) for argument in call.arguments[_TEXT:])
            yield Candidate(("event", shown), call.line, call.end_line, call)


def _counts_all(place: Place, call: Call) -> bool:
    """Say whether the recorder is that of k8s.io/client-go/tools/events, which joins events whatever their text."""
    recorder = dereferenced(place.type_of(call.operand))
    return isinstance(recorder, Named) and recorder.path.endswith("/events")


def _changing(place: Place, node: Node, depth: int = 0) -> Node | None:
    """The part of a text that is another one each time: the time, or how long something took."""
    if times.is_now(place, node):
        return node
    if depth > _DEEPEST or place.function is None:
        return None
    if node.type == "identifier":
        binding = place.binding(syntax.text(node), node.start_byte)
        if binding is None or binding.kind != "var" or binding.value is None or binding.parts != 1:
            return None
        return node if _changing(place, binding.value, depth + 1) is not None else None
    if node.type == "call_expression":
        given = node.child_by_field_name("arguments")
        function = node.child_by_field_name("function")
        named = times.named(place, function) if function is not None else None
        inner = syntax.children(given) if given is not None and named is not None and named[0] == "fmt" else []
        operand = function.child_by_field_name("operand") if function is not None and named is None else None
        inner += [operand] if operand is not None and operand.type in {"identifier", "call_expression"} else []
        return next((found for each in inner if (found := _changing(place, each, depth + 1))), None)
    return None


def _in_each_pass(change: Change, each: Added[Call], place: Place) -> bool:
    """Say whether an event is recorded in each pass over an object, as far as the conditions on the way tell."""
    around = destinations.conditions_at(each.function, each.what.node)
    if not all(churn.stays(place, condition) for condition in around):
        return False
    path = call_paths(change).worst(each.function, each.what)
    if path.root not in {"event", "periodic"} or path.rare:
        return False
    return all(churn.stays(condition.place, condition.condition) for condition in path.conditions)
