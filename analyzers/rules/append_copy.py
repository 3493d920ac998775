"""Objects are collected by value

`append(pods, *pod)` copies 848 bytes (1,240 in today's API) for each pod, and copies them again each time the slice grows.
With 150,000 pods that is 250 MB for the garbage collector where a slice of pointers takes one.

```diff
--- a/pkg/scheduler/framework/plugins/victims/victims.go
+++ b/pkg/scheduler/framework/plugins/victims/victims.go
@@ -1,13 +1,13 @@
 package victims

 import v1 "k8s.io/api/core/v1"

-func collect(victims map[string]*v1.Pod) int {
-	var found []v1.Pod
+func collect(victims map[string]*v1.Pod) int {
+	var found []*v1.Pod
        for _, victim := range victims {
-		found = append(found, *victim)
+		found = append(found, victim)
        }
        return len(found)
 }
```

Formerly: hot-alloc.

Not reported: structs below 256 bytes; code that is in no loop or on no path of pods, nodes or requests; immutable values; what
was there before; start-up code, command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.kubernetes.execution import critical_paths
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.copies import copy_of

_LARGE = 256


def append_copy(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new call that collects large structs by value in a loop on a hot path."""
    for each in added(change, _appends):
        call, function = each.what, each.function
        if not call.loops or not concerned(each.file, function.receiver_name) or critical_paths.starts_up(function):
            continue
        for argument in filter(_dereferences, call.arguments[1:]):
            type_ = change.head_index.type_of(argument, function.file, function)
            copy = copy_of(change, function, type_, "item", _LARGE, call.closures)
            if copy is None or not copy.hot:
                continue
            yield Diagnostic(
                analyzer="append-copy",
                path=each.file.path,
                line=call.line,
                end_line=call.end_line,
                construct=f"{code(syntax.text(argument))} is copied into the slice.",
                remedy="Collect pointers.",
                concern="copy append",
                function=function.key,
                subject=copy,
            )
            break


def _appends(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name == "append" and call.operand is None and any(map(_dereferences, call.arguments[1:])):
            yield Candidate(("append",), call.line, call.end_line, call)


def _dereferences(argument: Node) -> bool:
    return argument.type == "unary_expression" and syntax.has_token(argument, "*")
