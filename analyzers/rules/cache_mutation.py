"""An object from a shared cache is changed

What a lister, an indexer or an informer's event gives is the cache's own object, which every other reader sees at the
same time: "all Informers caches are expected to be immutable". A change to it is a data race, is never sent to the API
server, and hides real changes from every comparison until the next resync. Change a `DeepCopy`, and only where something
is changed.

```diff
--- a/pkg/controller/label/label.go
+++ b/pkg/controller/label/label.go
@@ -1,25 +1,26 @@
 package label

 import (
        v1 "k8s.io/api/core/v1"
        corelisters "k8s.io/client-go/listers/core/v1"
 )

 type Controller struct {
        pods corelisters.PodLister
 }

 func (c *Controller) label(namespace, name string) (*v1.Pod, error) {
        pod, err := c.pods.Pods(namespace).Get(name)
        if err != nil {
                return nil, err
        }
+	pod = pod.DeepCopy()
        pod.Labels["seen"] = "true"
        return pod, nil
 }
```

A copied struct shares what its maps, slices and pointers hold, and `&*pod` is `pod`. What a getter gives is shared if it
stops to copy.

Not reported: objects from the API server or from controller-runtime's client, which are the caller's own; copies; the
slice that a lister's List gives, which is the caller's own, to be sorted or filled with copies; changes two calls away;
what was there before; command lines, tests and generated code.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Place, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding, Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.program import calls
from analyzers.kubernetes.requests import cached
from analyzers.kubernetes.requests.cached import Shared
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.concerned import concerned


class Mutation(NamedTuple):
    """What changes a place, `node`: an assignment to it, or (`call`) a function that is given it as argument `argument`, or
    whose operand it is (-1).

    elements: what the place holds is changed, and not the place itself.
    """

    function: Function
    node: Node
    call: Call | None = None
    argument: int = 0
    elements: bool = False


def cache_mutation(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each change of an object that a cache shares."""
    news = [
        (each, shared)
        for each in added(change, _mutations, partial(_was_shared, change))
        if concerned(each.file)
        and (shared := _shared(change.head_index, each.what)) is not None
        and not _was_changed(change, each)
    ]
    # Where a call is new that hands it on, the call is told, and not once more what the function does.
    told = {each.what.call.name for each, _ in news if each.what.call is not None}
    for each, shared in news:
        if not shared.by or each.function.name not in told:
            yield _diagnostic(change, each.file, each.what, shared, each.first, each.last)
    for file in change.go_files:
        yield from _uncopied(change, file)
        yield from _uncopied_getters(change, file)


def _was_shared(change: Change, old: Removed[Mutation], new: Added[Mutation]) -> bool:
    """Say whether a removed change pays for a new one: it changed what is shared too. One of an object of the caller's own, which
    came from the API server, does not, unless the change drops the copy of it, which is told there."""
    was, now = _binding(old.what), _binding(new.what)
    if (
        was is not None
        and now is not None
        and was.value is not None
        and now.value is not None
        and (was.kind, syntax.text(was.value)) == (now.kind, syntax.text(now.value))
    ):
        return True  # it is what it was
    if _shared(change.head_index, new.what) is None or _shared(change.base_index, old.what) is not None:
        return True
    origin = cached.root(new.what.node)
    return origin is not None and any(name == syntax.text(origin) for name, _ in _lost_copies(new.file))


def _was_changed(change: Change, each: Added[Mutation]) -> bool:
    """Say whether the same function changed the same part of what is shared before: in another branch, or fewer times."""
    old = each.file.base.function(each.function.key) if each.file.base is not None else None
    place = _short(each.what.node)
    return old is not None and any(
        _short(before.what.node) == place and _shared(change.base_index, before.what) is not None
        for before in _mutations(old)
    )


def _uncopied(change: Change, file: ChangedFile) -> Iterator[Diagnostic]:
    """What was changed after it was copied, and is not copied any more."""
    for name, at in _lost_copies(file) if concerned(file) else ():
        function = next((found for found in file.functions() if found.line <= at <= found.end_line), None)
        for candidate in _mutations(function) if function is not None else ():
            origin = cached.root(candidate.what.node)
            if origin is None or syntax.text(origin) != name or candidate.first < at:
                continue
            if (found := _shared(change.head_index, candidate.what)) is not None:
                yield _diagnostic(change, file, candidate.what, found, at, at)
                break


def _uncopied_getters(change: Change, file: ChangedFile) -> Iterator[Diagnostic]:
    """Functions that returned copies and return the cache's own objects, which those who call them change."""
    if not any(_COPIES.search(text) for text in file.diff.removed.values()) or not concerned(file):
        return
    for function in file.functions():
        old = file.base.function(function.key) if file.base is not None else None
        if old is None or not _copies(old) or _copies(function):
            continue
        gap = next((at for at in file.diff.deletions if function.line <= at <= function.end_line), None)
        for site in calls(change.head_index).callers(function):
            if site.call is None or site.kind == "value" or site.caller.file.test:
                continue
            changed = next(
                (
                    (candidate.what, found)
                    for candidate in _mutations(site.caller)
                    if (binding := _binding(candidate.what)) is not None
                    and syntax.same(binding.value, site.call.node)
                    and (found := _shared(change.head_index, candidate.what)) is not None
                ),
                None,
            )
            if changed is not None:
                at = _returning(file, function) or gap or function.line
                yield _returned(file, function, changed, at)
                break


def _copies(function: Function) -> bool:
    return any(call.name in _COPYING for call in function.calls)


def _returning(file: ChangedFile, function: Function) -> int | None:
    """The line on which a function returns, if the change wrote it."""
    lines = [syntax.line(node) for node, _ in function.facts.returns]
    return next((line for line in reversed(lines) if line in file.diff.added), None)


def _returned(file: ChangedFile, function: Function, changed: tuple[Mutation, Shared], line: int) -> Diagnostic:
    found, shared = changed
    where = f"`{found.function.key}` changes it (`{_short(found.node)}`, line {syntax.line(found.node)})"
    return Diagnostic(
        analyzer="cache-mutation",
        path=file.path,
        line=line,
        end_line=line,
        construct=f"{code(function.key)} gives no copy any more, but what {shared.source} shares with all its readers, "
        f"and {where}.",
        remedy=f"Return a {code('DeepCopy()')}, or let those copy that change it.",
        concern=f"copy of {function.key}",
        function=function.key,
        priority=35,
    )


def _diagnostic(
    change: Change, file: ChangedFile, found: Mutation, shared: Shared, first: int, last: int
) -> Diagnostic:
    place = _short(found.node)
    what = f"{code(found.call.name)} changes {code(place)}" if found.call is not None else f"{code(place)} is changed"
    origin = cached.root(found.node)
    name = syntax.text(origin) if origin is not None else place
    handed = f" ({code(shared.by)} hands it on)" if shared.by else ""
    also = " A copied struct shares what its maps, slices and pointers hold." if shared.holds == "copy" else ""
    return Diagnostic(
        analyzer="cache-mutation",
        path=file.path,
        line=first,
        end_line=last,
        construct=f"{what}, which comes from {shared.source}{handed} and is shared with all its readers.{also}",
        remedy=f"Change a copy: {code(_remedy(found, shared, name))}.",
        concern=f"change {name} of {shared.source}",
        function=found.function.key,
        priority=35,
        related=_changed_at(change.head_index, found),
    )


def _changed_at(index: PackageIndex, found: Mutation) -> tuple[Place, ...]:
    """Where the function that is called changes what it is given."""
    inner = _changes(index, found) if found.call is not None and not found.elements else None
    if inner is None:
        return ()
    at = syntax.line(inner.node)
    return (Place(inner.function.file.path, at, at, "is changed here"),)


def _remedy(found: Mutation, shared: Shared, name: str) -> str:
    """The copy that should be changed, as Go that compiles."""
    binding = _binding(found)
    if shared.holds == "copy" and binding is not None and binding.value is not None:
        value = syntax.unparenthesized(binding.value)
        operand = value.child_by_field_name("operand")
        if value.type == "unary_expression" and operand is not None and syntax.has_token(value, "*"):
            return f"{name} := *{syntax.text(operand)}.DeepCopy()"
        return "DeepCopy()"
    if shared.holds == "list":
        element = next((each for each in syntax.walk(found.node) if _is_element(each, name)), None)
        place = syntax.text(element) if element is not None else f"{name}[i]"
        return f"{place} = {place}.DeepCopy()"
    if shared.holds == "part":
        ordered = found.call is not None and found.call.name != "delete"
        return f"{name} = slices.Clone({name})" if ordered else f"{name} = maps.Clone({name})"
    return f"{name} = {name}.DeepCopy()"


def _is_element(node: Node, name: str) -> bool:
    operand = node.child_by_field_name("operand") if node.type == "index_expression" else None
    return operand is not None and syntax.text(operand) == name


def _binding(found: Mutation) -> Binding | None:
    origin = cached.root(found.node)
    return found.function.binding(syntax.text(origin), found.node.start_byte) if origin is not None else None


def _shared(index: PackageIndex, found: Mutation) -> Shared | None:
    """What is shared of the place that is changed; None if it is not known to be, or was copied."""
    known: dict[object, Shared | None] = index.found.setdefault(_shared, {})
    key = (found.function.file.path, found.function.region.start, found.node.start_byte, found.argument)
    if key not in known:
        known[key] = _find_shared(index, found)
    return known[key]


def _find_shared(index: PackageIndex, found: Mutation) -> Shared | None:
    function, binding, origin = found.function, _binding(found), cached.root(found.node)
    if binding is None or origin is None:
        return None
    copied = cached.copied_between(index, function, found.node, binding.start)
    if copied and not cached.copied_by_setting(function, found.node, binding.start):
        return None
    shared = cached.shared(index, function, binding) or cached.shared_by_others(index, function, origin)
    if shared is None:
        return None
    if found.call is not None and not found.elements:
        return shared if shared.holds == "object" and _changes(index, found) is not None else None
    return shared if cached.reaches_shared(index, function, found.node, shared, found.elements) else None


_COPYING = frozenset({"DeepCopy", "DeepCopyObject", "Copy", "Clone"})
_COPIES = re.compile(r"\b(?:DeepCopy|DeepCopyObject|Copy|Clone)\(")
_COPY = re.compile(r"\b(\w+)(?:, \w+)? :?= .*\b(DeepCopy|DeepCopyObject|Copy|Clone)\(")


def _lost_copies(file: ChangedFile) -> Iterator[tuple[str, int]]:
    """The variables of which a copy was removed, and the lines in front of which it stood."""
    for text, at in zip(file.diff.removed.values(), file.diff.deletions, strict=True):
        match = _COPY.search(text)
        if match is not None:
            yield match[1], at


def _mutations(function: Function) -> Iterator[Candidate[Mutation]]:
    for assignment in function.assignments:
        if assignment.operator in {":=", "var"}:
            continue
        for left in assignment.left:
            if left.type != "identifier" and cached.root(left) is not None:
                line = syntax.line(left)
                yield Candidate(("change", _short(left)), line, line, Mutation(function, left))
    for call in function.calls:
        for found in _handed(function, call):
            yield Candidate(("hand", call.name, _short(found.node)), call.line, call.end_line, found)


def _handed(function: Function, call: Call) -> Iterator[Mutation]:
    """The places that a call may change: of what its operand or its arguments point to."""
    if call.name in _SETTERS and call.operand is not None and cached.root(call.operand) is not None:
        yield Mutation(function, call.operand, call, -1, True)
    if call.name == "delete" and call.operand is None and call.arguments and cached.root(call.arguments[0]) is not None:
        yield Mutation(function, call.arguments[0], call, 0, True)
    elif call.operand is not None and (number := _changed_argument(function, call)) is not None:
        if number < len(call.arguments) and cached.root(call.arguments[number]) is not None:
            yield Mutation(function, call.arguments[number], call, number, True)
    else:
        for number, argument in enumerate(call.arguments):
            if argument.type == "identifier":
                yield Mutation(function, argument, call, number)


_SETTERS_WORDS = """
SetNamespace SetName SetGenerateName SetUID SetResourceVersion SetGeneration SetSelfLink SetCreationTimestamp
SetDeletionTimestamp SetDeletionGracePeriodSeconds SetLabels SetAnnotations SetFinalizers SetOwnerReferences
SetManagedFields SetGroupVersionKind
"""
_SETTERS = frozenset(_SETTERS_WORDS.split())
"""The methods of metav1.Object that change it (apimachinery pkg/apis/meta/v1/meta.go), and the one of schema.ObjectKind."""
_ORDERS = re.compile(r"(Strings|Ints|Float64s|Slice|SliceStable|Sort\w{0,80}|Stable|Reverse)$")
_CHANGERS: dict[tuple[str, str], int] = {
    ("controllerutil", "AddFinalizer"): 0,
    ("controllerutil", "RemoveFinalizer"): 0,
    ("controllerutil", "SetControllerReference"): 1,
    ("controllerutil", "SetOwnerReference"): 1,
    ("meta", "SetStatusCondition"): 0,
    ("meta", "RemoveStatusCondition"): 0,
    ("v1", "SetMetaDataAnnotation"): 0,
    ("v1", "SetMetaDataLabel"): 0,
}
"""Functions of controller-runtime and apimachinery, by package and name, and the argument that they change."""


def _changed_argument(function: Function, call: Call) -> int | None:
    """The number of the argument that a library's function changes, None if it is not known to change one."""
    name = syntax.text(call.operand) if call.operand is not None else ""
    path = function.file.imports.get(name)
    if path is None or function.binding(name, call.node.start_byte) is not None:
        return None
    if path in {"sort", "slices", "golang.org/x/exp/slices"}:
        return 0 if _ORDERS.match(call.name) else None
    if path.startswith(("k8s.io/apimachinery/", "sigs.k8s.io/controller-runtime/")):
        return _CHANGERS.get((path.rpartition("/")[2], call.name))
    return None


_DEEPEST = 2
"""Functions that hand on, one to the other, what they are given."""


def _changes(index: PackageIndex, found: Mutation, depth: int = 0) -> Mutation | None:
    """The change that the function that is called makes to what the parameter points to, itself or in one that it hands it on
    to."""
    call = found.call
    callee = index.callee(call, found.function.file, found.function) if call is not None else None
    if callee is None or found.argument >= len(callee.params):
        return None
    known: dict[object, Mutation | None] = index.found.setdefault(_changes, {})
    key = (callee.file.key, callee.region.start, found.argument, depth)
    if key not in known:
        known[key] = None  # for whom it calls that calls it
        known[key] = _changes_parameter(index, callee, found.argument, depth)
    return known[key]


def _changes_parameter(index: PackageIndex, callee: Function, number: int, depth: int) -> Mutation | None:
    parameter = callee.params[number]
    if parameter.type.type != "pointer_type":
        return None
    given = Shared("", "object")
    for candidate in _mutations(callee):
        inner = candidate.what
        origin = cached.root(inner.node)
        if origin is None or syntax.text(origin) != parameter.name:
            continue
        if (binding := callee.binding(parameter.name, inner.node.start_byte)) is None or binding.kind != "param":
            continue
        if cached.copied_between(index, callee, inner.node, 0):
            continue
        if inner.call is not None and not inner.elements:
            if depth < _DEEPEST and (further := _changes(index, inner, depth + 1)) is not None:
                return further
        elif cached.reaches_shared(index, callee, inner.node, given, inner.elements):
            return inner
    return None


def _short(node: Node) -> str:
    return " ".join(syntax.text(node).split())
