"""A log argument is built although nobody reads it

Arguments are evaluated before anybody asks for the verbosity: a `Sprintf`, `Dump` or `Marshal` in a V(5) line on a path of
150,000 pods or 5,000 nodes allocates its text each time, and throws it away. Pass the values and let the logger format them,
or ask `if klog.V(5).Enabled()` first.

```diff
--- a/pkg/kubelet/volumemanager/reconciler/reconciler.go
+++ b/pkg/kubelet/volumemanager/reconciler/reconciler.go
@@ -1,18 +1,16 @@
 package reconciler

 import (
-	"fmt"
-
        "github.com/golang/glog"
 )

 type reconciler struct {
        volumes []string
 }

 func (rc *reconciler) reconcile() {
        for _, each := range rc.volumes {
-		glog.V(5).Infof("volume %s", fmt.Sprintf("%v", each))
+		glog.V(5).Infof("volume %v", each)
        }
 }
```

Formerly: hot-alloc.

Not reported: lines that production writes; lines behind a question for the verbosity; what is written when something failed;
arguments that cost nothing; what was there before; code that is on no such path; command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator
from functools import partial

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Allocation
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes import logs
from analyzers.kubernetes.execution import critical_paths
from analyzers.news.added import Added, Removed
from analyzers.news.log_lines import new_log_lines
from analyzers.news.paths import path_of


def log_argument(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new debugging line on a hot path that evaluates a costly argument in vain."""
    for each, found, _ in new_log_lines(change, partial(_costs_as_much, change)):
        call, function = each.what, each.function
        if (found.verbosity or 0) <= logs.PRODUCTION or logs.asked(call):
            continue
        path = path_of(change, function, call.closures)
        if path is None or not path.hot:
            continue
        evaluated = found.eager or _builder(change.head_index, function, call)
        if evaluated is None:
            continue
        called = evaluated.child_by_field_name("function")
        argument = code(syntax.text(called) if called is not None else "an argument")
        yield Diagnostic(
            analyzer="log-argument",
            path=each.file.path,
            line=call.line,
            end_line=call.end_line,
            construct=f"{argument} is evaluated even if {code(f'V({found.verbosity})')} is off.",
            remedy=f"Pass the values and let the logger format them, or ask {code(f'V({found.verbosity}).Enabled()')} first.",
            concern=f"log argument {call.name}",
            function=function.key,
            # Beside what else a request does to a server of the project's own, of which nobody sees how many come.
            level=Level.NOTICE if path == critical_paths.ANY_REQUEST else Level.WARNING,
            subject=Allocation("log argument", path.per, path),
        )


def _costs_as_much(change: Change, old: Removed[Call], new: Added[Call]) -> bool:
    """Say whether a removed log line evaluated as much as the new one, whose arguments may have become costly."""
    found = logs.log(Place(change.head_index, new.function.file, new.function), new.what)
    if found is None or not found.verbosity or found.verbosity <= logs.PRODUCTION or found.eager is not None:
        return True
    if _builder(change.head_index, new.function, new.what) is None:
        return True
    return _builder(change.base_index, old.function, old.what) is not None


def _builder(index: PackageIndex, function: Function, call: Call) -> Node | None:
    """Give the first call among the arguments to a function of the package that puts a text together."""
    for argument in call.arguments:
        for node in syntax.walk(argument, lambda node: node.type != "func_literal"):
            callee = node.child_by_field_name("function") if node.type == "call_expression" else None
            if callee is None or callee.type != "identifier":
                continue
            declared = index.referenced(callee, function.file, function)[1]
            if declared is not None and logs.builds_text(declared):
                return node
    return None
