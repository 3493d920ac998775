"""Needless work for the garbage collector on a hot path

"Using heap is very expensive": what a predicate, a request filter or the kubelet's sync loop allocates is allocated for
each of 5,000 nodes and 150,000 pods, and collected again. Compile regular expressions once, in a package variable. Log
arguments are evaluated even if the verbosity is off: ask `if klog.V(5).Enabled()` first, or pass the values and let the
logger format them. Parse selectors, hash objects and make clients once, and keep them. Copy (`DeepCopy`) only what is
changed, and only where it is changed.

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
clients made because none was kept; command lines, fakes, tests and generated code.
"""

import re
from collections.abc import Iterator
from functools import partial

from analyzers.analysis import log_lines
from analyzers.analysis.change import Change
from analyzers.analysis.copying import concerned, copy_of
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.log_lines import Found, costs_as_much, fails, in_growing_loop, log_line
from analyzers.analysis.subject import Allocation
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.types import Map, Named, Struct, dereferenced
from analyzers.kubernetes import costly_calls, immutables
from analyzers.kubernetes.costly_calls import Costly
from analyzers.kubernetes.execution import collections, critical_paths
from analyzers.kubernetes.execution.loops import bounded
from analyzers.news.added import Added, Candidate, added
from analyzers.news.paths import path_of

_REGEXP = frozenset({"MustCompile", "Compile", "MatchString", "Match", "MustCompilePOSIX"})
_COPIES = frozenset({"DeepCopy", "DeepCopyInto", "DeepCopyObject", "Clone"})
_COMPRESSORS = frozenset({"NewWriter", "NewWriterLevel"})
_LARGE = 256
_FOR_AN_OBJECT = re.compile(r"\bcontext\.Context\b.{0,300}\b(ObjectKey|NamespacedName)\b")
# Conditions under which something was kept from before, and under which nothing was.
_KEPT = re.compile(r"^(?!err\b)\w+ != nil$|\b(ok|found|exists|cached)$")
_MISSED = re.compile(r"(?<!err )== nil|!(ok|found|exists|cached)$")


def hot_alloc(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new needless allocation on a critical path."""
    for each in added(change, _allocations, partial(costs_as_much, change)):
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


def _judged(change: Change, each: Added[Call]) -> Found | None:
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
    if costly_calls.sorts(call):
        return _sort(change, each)
    row = costly_calls.costly(change.head_index, each.function, call)
    return _costly(change, each, row) if row is not None else log_line(change, each)


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
        elif costly_calls.may_cost(call) or costly_calls.sorts(call):
            yield Candidate(("costly", package, call.name, bool(call.loops)), call.line, call.end_line, call)
        elif (found := log_lines.candidate(call)) is not None:
            yield found


def _compressor(each: Added[Call]) -> Found | None:
    where = critical_paths.of_file(each.function.file.path)
    if where is None or where.per != "request":
        return None
    return Found(
        Allocation("compressor", "request", where.name),
        f"{code(syntax.text(each.what.function))} allocates a compressor, hundreds of kilobytes, for each request.",
        "Take it from a `sync.Pool` and `Reset` it, and leave small answers uncompressed.",
        Level.WARNING,
    )


def _regexp(change: Change, each: Added[Call]) -> Found | None:
    path = path_of(change, each.function, each.what.closures)
    looped = _item_loop(change, each)
    hot = looped or (path is not None and path.hot)
    varies = _varies(each)
    # A pattern that is put together here is another one each time: only for a pod can it be kept.
    if varies and (path is None or path.per != "pod and node"):
        return None
    return Found(
        Allocation("regexp", "item" if looped else path.per if path else "call", path.name if path else ""),
        f"{code(syntax.text(each.what.function))} compiles its regular expression every time.",
        "Compile it once for the pod, before the nodes are tried."
        if varies
        else "Compile it once, into a package variable.",
        Level.WARNING if hot else Level.NOTICE,
    )


def _varies(each: Added[Call]) -> bool:
    """Whether the pattern is put together from what the function was given."""
    return bool(each.what.arguments) and any(
        node.type == "identifier" and each.function.binding(syntax.text(node), node.start_byte) is not None
        for node in syntax.walk(each.what.arguments[0])
    )


def _copy(change: Change, each: Added[Call]) -> Found | None:
    call = each.what
    path = path_of(change, each.function, call.closures)
    if path is None or not path.hot or call.operand is None or fails(call):
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
    looped = in_growing_loop(change, each) or (path.per in {"pod and node", "pod"} and _item_loop(change, each))
    if not looped and not for_each_node and not _lost_its_guard(change, each):
        return None
    if collections.kind(type_) is None and change.head_index.underlying(type_) is None:
        return None
    return Found(
        Allocation("copy", "item" if looped else path.per, path.name),
        f"{code(syntax.text(call.function))} copies a whole {code(type_.name)}.",
        "Copy only what is changed, and where it is changed.",
        Level.WARNING,
    )


def _appended(change: Change, each: Added[Call]) -> Found | None:
    for argument in each.what.arguments[1:]:
        type_ = (
            change.head_index.type_of(argument, each.function.file, each.function) if _dereferences(argument) else None
        )
        copy = copy_of(change, each.function, type_, "item", _LARGE, each.what.closures)
        if copy is not None and copy.hot and each.what.loops:
            return Found(
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


def _costly(change: Change, each: Added[Call], row: Costly) -> Found | None:
    call = each.what
    if fails(call) or _spared(call):
        return None
    path = path_of(change, each.function, call.closures)
    construct = f"{code(syntax.text(call.function))} {row.cost} every time."
    if path is not None and path.per in row.per:
        return Found(Allocation("costly call", path.per, path.name), construct, row.remedy)
    # What is given an object's name may well run for each object.
    if path is None and "object" in row.per and _FOR_AN_OBJECT.search(critical_paths.signature(each.function)):
        return Found(Allocation("costly call", "call"), construct, row.remedy, Level.NOTICE)
    return None


def _spared(call: Call) -> bool:
    """Whether it is only called where nothing was kept from before."""
    return any(
        condition.test is not None
        and (_KEPT if condition.kind in {"guard", "else"} else _MISSED).search(syntax.text(condition.test))
        for condition in call.conditions
    )


def _sort(change: Change, each: Added[Call]) -> Found | None:
    nodes = costly_calls.sorted_nodes(change.head_index, each.function, each.what)
    path = path_of(change, each.function, each.what.closures) if nodes is not None else None
    if nodes is None or path is None or path.per not in {"pod and node", "pod"}:
        return None
    return Found(
        Allocation("sort", "pod", path.name),
        f"{code(syntax.text(each.what.function))} sorts all of {code(syntax.text(nodes))}, of which there is one for each node.",
        "Go through them once for the best, or keep them in a heap.",
    )


def _item_loop(change: Change, each: Added[Call]) -> bool:
    return any(loop.kind == "range" and not bounded(change.head_index, each.function, loop) for loop in each.what.loops)
