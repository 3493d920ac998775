"""A regular expression is compiled every time

Compiling one takes some 10 microseconds and a hundred allocations, a hundred times what matching takes. In a predicate it is
done for each of 5,000 nodes and 150,000 pods. Compile it once, in a package variable; one that is put together from what a
pod asks for, once for the pod.

```diff
--- a/pkg/controller/names/names.go
+++ b/pkg/controller/names/names.go
@@ -1,17 +1,19 @@
 package names

 import (
        "regexp"

        v1 "k8s.io/api/core/v1"
 )

+var valid = regexp.MustCompile("^[a-z-]+$")
+
 func invalid(pods []*v1.Pod) int {
        count := 0
        for _, pod := range pods {
-		if !regexp.MustCompile("^[a-z-]+$").MatchString(pod.Name) {
+		if !valid.MatchString(pod.Name) {
                        count++
                }
        }
        return count
 }
```

Formerly: hot-alloc.

Not reported: what is compiled once where a search ends; patterns that are put together from what a function is given, but for
each node; start-up code; what was there before; command lines, fakes, tests and generated code. In a function that is on no
such path and in no loop it is a notice.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Allocation
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.execution.loops import in_item_loop, reached_once
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of

_COMPILES = frozenset({"MustCompile", "Compile", "MatchString", "Match", "MustCompilePOSIX"})


def regexp_compile(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new regular expression that is compiled in a function."""
    for each in added(change, _compilations):
        if not concerned(each.file, each.function.receiver_name) or critical_paths.starts_up(each.function):
            continue
        path = path_of(change, each.function, each.what.closures)
        if path is None and any(reached_once(loop, each.what.node) for loop in each.what.loops):
            continue  # for the one that a search found
        looped = in_item_loop(change.head_index, each.function, each.what)
        varies = _varies(each)
        # A pattern that is put together here is another one each time: only for a pod can it be kept.
        if varies and (path is None or path.per != "pod and node"):
            continue
        yield Diagnostic(
            analyzer="regexp-compile",
            path=each.file.path,
            line=each.what.line,
            end_line=each.what.end_line,
            construct=f"{code(syntax.text(each.what.function))} compiles its regular expression every time.",
            remedy="Compile it once for the pod, before the nodes are tried."
            if varies
            else "Compile it once, into a package variable.",
            concern=f"regexp {each.what.name}",
            function=each.function.key,
            level=Level.WARNING if looped or (path is not None and path.hot and not path.of_one_kind) else Level.NOTICE,
            subject=Allocation("regexp", "item" if looped else path.per if path else "call", path),
        )


def _compilations(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name in _COMPILES and call.operand is not None and syntax.text(call.operand) == "regexp":
            yield Candidate(("regexp",), call.line, call.end_line, call)


def _varies(each: Added[Call]) -> bool:
    """Whether the pattern is put together from what the function was given."""
    return bool(each.what.arguments) and any(
        node.type == "identifier" and each.function.binding(syntax.text(node), node.start_byte) is not None
        for node in syntax.walk(each.what.arguments[0])
    )
