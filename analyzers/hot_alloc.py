"""Needless work for the garbage collector on a hot path

"Using heap is very expensive": what a predicate, a request filter or the kubelet's sync loop allocates is allocated for
each of 5,000 nodes and 150,000 pods, and collected again. Compile regular expressions once, in a package variable. Log
arguments are evaluated even if the verbosity is off: ask `if klog.V(5).Enabled()` first, or pass the values and let the
logger format them. Copy (`DeepCopy`, JSON there and back) only what is changed, and only where it is changed.

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

Not reported: code that is on no critical path and in no loop (a regular expression that is compiled in a function there
is a notice); errors and what is only done when one is returned; copies of immutable values; what was there before;
command lines, tests and generated code.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.copying import concerned, copy_of
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.paths import path_of
from analyzers.analysis.places import Added, Candidate, added
from analyzers.analysis.subject import Allocation, Copy
from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Call
from analyzers.golang.syntax import Node
from analyzers.golang.types import Map, Named, Struct, dereferenced
from analyzers.kubernetes import collections, critical_paths, immutables, logs
from analyzers.kubernetes.loops import bounded

_REGEXP = frozenset({"MustCompile", "Compile", "MatchString", "Match", "MustCompilePOSIX"})
_COPIES = frozenset({"DeepCopy", "DeepCopyInto", "DeepCopyObject", "Clone"})
_COMPRESSORS = frozenset({"NewWriter", "NewWriterLevel"})
_LARGE = 256
_RETURNS_ERROR = re.compile(r"\breturn\b[^\n]*\b(err|Errorf|errors\.New)\b")
_SUCCEEDED = re.compile(r"\b(err|Err\w*|\w+Err)(\(\))? == nil\b")
_FAILED = re.compile(r"\berr\b|\bErr\b|[eE]rror")


def hot_alloc(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new needless allocation on a critical path."""
    for each in added(change, _allocations):
        if not concerned(each.file, each.function.receiver_name):
            continue
        found = _judged(change, each)
        if found is None:
            continue
        subject, construct, remedy, level = found
        yield Diagnostic(
            analyzer="hot-alloc",
            path=each.file.path,
            line=each.what.line,
            end_line=each.what.end_line,
            construct=construct,
            remedy=remedy,
            concern=f"{subject.what if isinstance(subject, Allocation) else 'copy'} {each.what.name}",
            function=each.function.key,
            level=level,
            subject=subject,
        )


_Found = tuple[Allocation | Copy, str, str, Level]


def _judged(change: Change, each: Added[Call]) -> _Found | None:
    call = each.what
    package = syntax.text(call.operand) if call.operand is not None else ""
    if package in {"gzip", "zlib", "flate"} and call.name in _COMPRESSORS:
        return _compressor(each)
    if critical_paths.starts_up(each.function):
        return None
    if package == "regexp" and call.name in _REGEXP:
        return _regexp(change, each)
    if call.name == "append":
        return _appended(change, each)
    if call.name in _COPIES:
        return _copy(change, each)
    return _log(change, each)


def _allocations(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        package = syntax.text(call.operand) if call.operand is not None and call.operand.type == "identifier" else ""
        guarded = any(condition.kind in {"if", "case"} for condition in call.conditions)
        if (package == "regexp" and call.name in _REGEXP) or (
            package in {"gzip", "zlib", "flate"} and call.name in _COMPRESSORS
        ):
            yield Candidate((package,), call.line, call.end_line, call)
        elif call.name in _COPIES and call.operand is not None and not package.istitle():
            # A copy that lost the condition in front of it is news, and so is one that moved into a loop.
            yield Candidate(("copy", guarded, bool(call.loops)), call.line, call.end_line, call)
        elif (
            call.name == "append"
            and call.operand is None
            and any(_dereferences(argument) for argument in call.arguments[1:])
        ):
            yield Candidate(("append",), call.line, call.end_line, call)
        elif (found := logs.log(call)) is not None:
            yield Candidate(("log", found.verbosity, found.eager is not None), call.line, call.end_line, call)


def _compressor(each: Added[Call]) -> _Found | None:
    where = critical_paths.of_file(each.function.file.path)
    if where is None or where.per != "request":
        return None
    return (
        Allocation("compressor", "request", where.name),
        f"{code(syntax.text(each.what.function))} allocates a compressor, hundreds of kilobytes, for each request.",
        "Take it from a `sync.Pool` and `Reset` it, and leave small answers uncompressed.",
        Level.WARNING,
    )


def _regexp(change: Change, each: Added[Call]) -> _Found | None:
    path = path_of(change, each.function, each.what.closures)
    looped = _item_loop(change, each)
    hot = looped or (path is not None and path.hot)
    return (
        Allocation("regexp", "item" if looped else path.per if path else "call", path.name if path else ""),
        f"{code(syntax.text(each.what.function))} compiles its regular expression every time.",
        "Compile it once, into a package variable.",
        Level.WARNING if hot else Level.NOTICE,
    )


def _copy(change: Change, each: Added[Call]) -> _Found | None:
    call = each.what
    path = path_of(change, each.function, call.closures)
    if path is None or not path.hot or call.operand is None or _fails(call):
        return None
    type_ = dereferenced(change.head_index.type_of(call.operand, each.function.file, each.function))
    if (
        not isinstance(type_, Named)
        or immutables.by_value(type_)
        or not isinstance(change.head_index.underlying(type_), Struct | Map | None)
    ):
        return None
    for_each_node = path.per == "pod and node"
    # Elsewhere many loops go through a few things of one object, or of the configuration.
    looped = _growing_loop(change, each) or (path.per in {"pod and node", "pod"} and _item_loop(change, each))
    if not looped and not for_each_node and not _lost_its_guard(change, each):
        return None
    if collections.kind(type_) is None and change.head_index.underlying(type_) is None:
        return None
    return (
        Allocation("copy", "item" if looped else path.per, path.name),
        f"{code(syntax.text(call.function))} copies a whole {code(type_.name)}.",
        "Copy only what is changed, and where it is changed.",
        Level.WARNING,
    )


def _appended(change: Change, each: Added[Call]) -> _Found | None:
    for argument in each.what.arguments[1:]:
        type_ = (
            change.head_index.type_of(argument, each.function.file, each.function) if _dereferences(argument) else None
        )
        copy = copy_of(change, each.function, type_, "item", _LARGE, each.what.closures)
        if copy is not None and copy.hot and each.what.loops:
            return (
                copy,
                f"{code(syntax.text(argument))} is copied into the slice.",
                "Collect pointers.",
                Level.WARNING,
            )
    return None


def _dereferences(argument: Node) -> bool:
    return argument.type == "unary_expression" and syntax.has_token(argument, "*")


def _lost_its_guard(change: Change, each: Added[Call]) -> bool:
    """Whether the function made the same copy before, under a condition that the change took away."""
    if any(condition.kind in {"if", "case"} for condition in each.what.conditions):
        return False
    return any(
        call.name == each.what.name and each.file.diff.removes(call.line, call.end_line) and call.conditions
        for function in each.file.old_functions()
        if function.key == each.function.key
        for call in function.calls
    )


def _log(change: Change, each: Added[Call]) -> _Found | None:
    found = logs.log(each.what)
    if found is None or found.verbosity is None or _fails(each.what) or each.what.defer:
        return None
    asked = _asked(each.what)
    flood = max(found.verbosity, asked) <= logs.PRODUCTION
    if not flood and (found.eager is None or asked):
        return None
    path = path_of(change, each.function, each.what.closures)
    if path is None or not path.hot or (flood and path.per != "pod and node"):
        return None
    if flood:
        return (
            Allocation("log", path.per, path.name),
            f"{code(syntax.text(each.what.function))} writes a line for each node that is tried for a pod.",
            f"Raise its verbosity to {code('V(5)')}, or write one line for the pod.",
            Level.WARNING,
        )
    assert found.eager is not None
    function = found.eager.child_by_field_name("function")
    evaluated = syntax.text(function) if function is not None else "an argument"
    return (
        Allocation("log argument", path.per, path.name),
        f"{code(evaluated)} is evaluated even if {code(f'V({found.verbosity})')} is off.",
        f"Pass the values and let the logger format them, or ask {code(f'V({found.verbosity}).Enabled()')} first.",
        Level.WARNING,
    )


def _asked(call: Call) -> int:
    """Give the verbosity that the conditions around a call ask for, 0 if none does."""
    tests = [syntax.text(condition.test) for condition in call.conditions if condition.test is not None]
    asked = [logs.verbosity(test) for test in tests if re.search(r"\bV\(|Enabled\(\)", test)]
    return max((logs.DEBUGGING if each is None else each for each in asked), default=0)


def _fails(call: Call) -> bool:
    """Whether it only happens when something has failed: a test says so, or the innermost branch returns an error."""
    tests = [each for each in call.conditions if each.kind in {"if", "case"} and each.test is not None]
    if any(each.test is not None and _FAILED.search(syntax.text(each.test)) for each in tests):
        return True
    if any(
        each.kind in {"else", "guard"} and each.test is not None and _SUCCEEDED.search(syntax.text(each.test))
        for each in call.conditions
    ):
        return True
    then = tests[-1].node.child_by_field_name("consequence") if tests else None
    return then is not None and bool(_RETURNS_ERROR.search(syntax.text(then)))


def _item_loop(change: Change, each: Added[Call]) -> bool:
    return any(loop.kind == "range" and not bounded(change.head_index, each.function, loop) for loop in each.what.loops)


def _growing_loop(change: Change, each: Added[Call]) -> bool:
    function = each.function
    return any(
        loop.kind == "range"
        and loop.collection is not None
        and collections.growing(change.head_index, function.file, function, loop.collection) is not None
        for loop in each.what.loops
    )
