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
stops to copy. controller-runtime hands to predicates, event handlers and mappings what the informer has; its client gives
copies. A function changes what it is given if it, or one that it hands it on to, writes into it: a method of the object, a
scheme's defaults, a helper of the libraries, a client that decodes the API server's answer into it.

Not reported: objects from the API server or from controller-runtime's client, which are the caller's own; copies; the
slice that a lister's List gives, which is the caller's own, to be sorted or filled with copies; changes more than four
calls away; what comes from a cache through many files, or through a field that holds copies too; more changes in a function
that changed the same object before; command lines, tests and generated code.
"""

import re
from collections.abc import Hashable, Iterator
from functools import partial
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Place, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding, Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Map, Pointer, Slice
from analyzers.kubernetes import scheme_defaults
from analyzers.kubernetes.program import calls
from analyzers.kubernetes.requests import cached, clients, informed
from analyzers.kubernetes.requests.cached import GIVEN, Given, Holds, Shared
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
    """Say whether a removed change pays for a new one: it changed what is shared too, or something of which nobody sees whether
    it was. One of an object of the caller's own, which came from the API server, does not, unless the change drops the copy of
    it, which is told there."""
    was, now = _binding(old.what), _binding(new.what)
    if (
        was is not None
        and now is not None
        and was.value is not None
        and now.value is not None
        and (was.kind, syntax.text(was.value)) == (now.kind, syntax.text(now.value))
    ):
        return True  # it is what it was
    if _shared(change.head_index, new.what) is None or _may_be_shared(change.base_index, old.what):
        return True
    origin = cached.root(new.what.node)
    return origin is not None and any(name == syntax.text(origin) for name, _ in _lost_copies(new.file))


def _was_changed(change: Change, each: Added[Mutation]) -> bool:
    """Say whether the same function, or one that hands the object to it, changed the same variable's object before, so that a
    copy of it was missing already; or what may have been shared, in the same part."""
    origin, place = cached.root(each.what.node), _short(each.what.node)
    if origin is None:
        return False
    for old, before in _changed_before(change, each.file, each.function, syntax.text(origin)):
        if _shared(change.base_index, before) is not None:
            return True
        if old.key == each.function.key and _short(before.node) == place and _may_be_shared(change.base_index, before):
            return True
    number = next((at for at, given in enumerate(each.function.params) if given.name == syntax.text(origin)), None)
    files = {file.path: file for file in change.go_files}
    for site in calls(change.head_index).callers(each.function) if number is not None else ():
        file = files.get(site.caller.file.path)
        if site.kind != "call" or site.call is None or file is None or number is None:
            continue
        handed = cached.root(site.call.arguments[number]) if number < len(site.call.arguments) else None
        name = syntax.text(handed) if handed is not None else ""
        if any(
            _may_be_shared(change.base_index, before) for _, before in _changed_before(change, file, site.caller, name)
        ):
            return True
    return False


def _changed_before(
    change: Change, file: ChangedFile, function: Function, name: str
) -> Iterator[tuple[Function, Mutation]]:
    """What a function, as it was before the change, in the same file or in another one of the package, did to what the variable
    `name` holds."""
    old = file.base.function(function.key) if file.base is not None else None
    if old is None:
        package, receiver = change.base_index.package_of(file.path), function.receiver_name
        declared = package.method(receiver, function.name) if receiver else package.lookup(function.name)
        old = declared if isinstance(declared, Function) else None
    for candidate in _mutations(old) if old is not None else ():
        before = cached.root(candidate.what.node)
        if old is not None and before is not None and syntax.text(before) == name:
            yield old, candidate.what


def _may_be_shared(index: PackageIndex, found: Mutation) -> bool:
    """Say whether a place that is changed is shared, or nobody sees whether it is."""
    if _shared(index, found) is not None:
        return True
    origin = cached.root(found.node)
    if origin is None or _binding(found) is None or cached.is_own(index, found.function, origin):
        return False
    return found.call is None or found.elements or _is_changed(index, found, "object")


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
    name = shared.kept or (syntax.text(origin) if origin is not None else place)
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
        related=_changed_at(change.head_index, found, shared),
    )


def _changed_at(index: PackageIndex, found: Mutation, shared: Shared) -> tuple[Place, ...]:
    """Where the function that is called changes what it is given."""
    if found.call is None or found.elements:
        return ()
    given = None if found.node.type == "identifier" else _given(index, found, None)
    inner = _changes(index, found, given.holds if given is not None else shared.holds)
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
    if shared.holds == "event":
        return f"{'.'.join(_short(found.node).split('.')[:2])}.DeepCopyObject()"
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
    if cached.is_unstored(index, function, found.node):
        return None
    shared = cached.shared(index, function, binding)
    if found.call is not None and not found.elements:
        return _shared_with_callee(index, found, binding, shared)
    shared = shared or cached.shared_by_others(index, function, origin)
    if shared is None:
        return cached.shared_in_a_part(index, function, found.node, found.elements)
    return shared if cached.reaches_shared(index, function, found.node, shared, found.elements) else None


def _shared_with_callee(index: PackageIndex, found: Mutation, binding: Binding, shared: Shared | None) -> Shared | None:
    """What is shared of that which a function is given that changes it."""
    if shared is not None:
        # What a setting copies `_shared` has judged, of a whole variable.
        given = shared if found.node.type == "identifier" and found.argument >= 0 else _given(index, found, None)
        return shared if given is not None and _is_changed(index, found, given.holds) else None
    origin = cached.root(found.node)
    if origin is None or not cached.is_object(index, index.type_of(origin, found.function.file, found.function)):
        return None
    given = _given(index, found, Given(found.function, binding, "object"))
    if given is None or given.source != GIVEN or not _is_changed(index, found, given.holds):
        return None  # before it is asked where that comes from, which costs more
    return cached.shared_by_others(index, found.function, origin)


def _is_changed(index: PackageIndex, found: Mutation, holds: Holds) -> bool:
    return _decodes(index, found) or _changes(index, found, holds) is not None


_DECODED_INTO = {"Get": 2, "Create": 1, "Update": 1, "Patch": 1}
"""The methods of controller-runtime's client that decode the API server's answer into an argument (pkg/client/typed_client.go,
`Do(ctx).Into(obj)`; Get's is filled from the cache), and its number."""


def _decodes(index: PackageIndex, found: Mutation) -> bool:
    """Say whether a call writes what the API server answers into what it is given."""
    call, function = found.call, found.function
    if call is None or call.operand is None or _DECODED_INTO.get(call.name) != found.argument:
        return False
    known = clients.client(index.type_of(call.operand, function.file, function))
    return known is not None and known.kind == "controller-runtime"


def _given(index: PackageIndex, found: Mutation, given: Given | None) -> Shared | None:
    """What is shared of what a call gives a function: as an argument, or as the operand of a method."""
    if found.argument >= 0:
        return cached.value(index, found.function, found.node, given)
    return cached.pointed_to(index, found.function, found.node, given)


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
                renamed: tuple[Hashable, ...] = (("change", "*", _part(left)),)
                yield Candidate(("change", _short(left)), line, line, Mutation(function, left), renamed)
    for call in function.calls:
        for found in _handed(function, call):
            renamed = (("hand", "*", call.name, found.argument, _part(found.node)),)
            key = ("hand", call.name, _short(found.node))
            yield Candidate(key, call.line, call.end_line, found, renamed)


def _handed(function: Function, call: Call) -> Iterator[Mutation]:
    """The places that a call may change: of what its operand or its arguments point to."""
    if call.operand is not None and cached.root(call.operand) is not None:
        yield Mutation(function, call.operand, call, -1, call.name in _SETTERS)
    shifted = _shifted(call)
    if shifted is not None and cached.root(shifted) is not None:
        yield Mutation(function, shifted, call, 0, True)
    if (number := _changed_argument(function, call)) is not None:
        place = call.arguments[number] if number < len(call.arguments) else None
        if place is not None and cached.root(place) is not None:
            yield Mutation(function, place, call, number, True)
        return
    for number, argument in enumerate(call.arguments):
        if cached.root(argument) is not None:
            yield Mutation(function, argument, call, number)


def _shifted(call: Call) -> Node | None:
    """The slice whose elements an append overwrites, as `append(s[:i], s[i+1:]...)` does to drop one."""
    if call.name != "append" or call.operand is not None or len(call.arguments) < 2:
        return None
    into = syntax.unparenthesized(call.arguments[0])
    ends = into.type == "slice_expression" and into.child_by_field_name("end") is not None
    if not ends or into.child_by_field_name("capacity") is not None:
        return None
    return into.child_by_field_name("operand")


_SETTERS_WORDS = """
SetNamespace SetName SetGenerateName SetUID SetResourceVersion SetGeneration SetSelfLink SetCreationTimestamp
SetDeletionTimestamp SetDeletionGracePeriodSeconds SetLabels SetAnnotations SetFinalizers SetOwnerReferences
SetManagedFields SetGroupVersionKind
"""
_SETTERS = frozenset(_SETTERS_WORDS.split())
"""The methods of metav1.Object that change it (apimachinery pkg/apis/meta/v1/meta.go), and the one of schema.ObjectKind."""
_ORDERS = re.compile(r"(Strings|Ints|Float64s|Slice|SliceStable|Sort\w{0,80}|Stable|Reverse)$")
_SHIFTS = frozenset({"Delete", "DeleteFunc", "Compact", "CompactFunc"})
_FILLS_MAPS = frozenset({"Copy", "DeleteFunc", "Clear"})
_CHANGERS: dict[tuple[str, str], int] = {
    ("controllerutil", "AddFinalizer"): 0,
    ("controllerutil", "RemoveFinalizer"): 0,
    ("controllerutil", "SetControllerReference"): 1,
    ("controllerutil", "SetOwnerReference"): 1,
    ("controllerutil", "RemoveControllerReference"): 1,
    ("controllerutil", "RemoveOwnerReference"): 1,
    ("controllerutil", "CreateOrUpdate"): 2,
    ("controllerutil", "CreateOrPatch"): 2,
    ("meta", "SetStatusCondition"): 0,
    ("meta", "RemoveStatusCondition"): 0,
    ("v1", "SetMetaDataAnnotation"): 0,
    ("v1", "SetMetaDataLabel"): 0,
    ("unstructured", "SetNestedField"): 0,
    ("unstructured", "SetNestedMap"): 0,
    ("unstructured", "SetNestedSlice"): 0,
    ("unstructured", "SetNestedStringMap"): 0,
    ("unstructured", "SetNestedStringSlice"): 0,
    ("unstructured", "RemoveNestedField"): 0,
}
"""Functions of controller-runtime and apimachinery, by package and name, and the argument that they change (apimachinery
pkg/apis/meta/v1/unstructured/helpers.go; controller-runtime pkg/controller/controllerutil: CreateOrUpdate reads into it)."""


def _changed_argument(function: Function, call: Call) -> int | None:
    """The number of the argument that a library's function changes, None if it is not known to change one."""
    if call.operand is None:
        return 0 if call.name in {"delete", "copy", "clear"} else None
    name = syntax.text(call.operand)
    path = function.file.imports.get(name)
    if path is None or function.binding(name, call.node.start_byte) is not None:
        return None
    if path in {"sort", "slices", "golang.org/x/exp/slices"}:
        return 0 if _ORDERS.match(call.name) or (call.name in _SHIFTS and path != "sort") else None
    if path in {"maps", "golang.org/x/exp/maps"}:
        return 0 if call.name in _FILLS_MAPS else None
    if path == "encoding/json":
        return 1 if call.name == "Unmarshal" else None
    if path.startswith(("k8s.io/apimachinery/", "sigs.k8s.io/controller-runtime/")):
        return _CHANGERS.get((path.rpartition("/")[2], call.name))
    return None


_DEEPEST = 3
"""Functions that hand on, one to the other, what they are given."""


def _changes(index: PackageIndex, found: Mutation, holds: Holds, depth: int = 0) -> Mutation | None:
    """The change that the function that is called makes to what it is given, itself or in one that it hands it on to."""
    callee, number = _called(index, found)
    if callee is None:
        return None
    known: dict[object, Mutation | None] = index.found.setdefault(_changes, {})
    key = (callee.file.key, callee.region.start, number, holds, depth)
    if key not in known:
        known[key] = None  # for whom it calls that calls it
        known[key] = _changes_given(index, callee, number, holds, depth)
    return known[key]


def _called(index: PackageIndex, found: Mutation) -> tuple[Function | None, int]:
    """The function that is called, and the number of its parameter that is meant."""
    call, function = found.call, found.function
    if call is None:
        return None, 0
    if (defaults := scheme_defaults.defaulter(index, function, call)) is not None:
        return defaults, 0
    return index.callee(call, function.file, function), found.argument


def _changes_given(index: PackageIndex, callee: Function, number: int, holds: Holds, depth: int) -> Mutation | None:
    binding = _parameter(index, callee, number, holds)
    if binding is None:
        return None
    given = Given(callee, binding, holds)
    for candidate in _mutations(callee):
        inner = candidate.what
        at = _binding(inner)
        if at is None or cached.copied_between(index, callee, inner.node, at.start):
            continue
        has = cached.of_binding(index, callee, at, given)
        if has is None or has.source != GIVEN:
            continue
        if inner.call is not None and not inner.elements:
            handed = _given(index, inner, given)
            if handed is None or handed.source != GIVEN or depth >= _DEEPEST:
                continue
            if _decodes(index, inner):
                return inner
            if (further := _changes(index, inner, handed.holds, depth + 1)) is not None:
                return further
        elif cached.reaches_shared(index, callee, inner.node, has, inner.elements):
            return inner
    return None


def _parameter(index: PackageIndex, callee: Function, number: int, holds: Holds) -> Binding | None:
    """The parameter of a function, -1 for its receiver, through which it can change what it is given."""
    if callee.body is None or number >= len(callee.params):
        return None
    if number < 0:
        name = callee.receiver.name if callee.receiver is not None else ""
    else:
        name = "" if callee.params[number].variadic else callee.params[number].name
    binding = callee.binding(name, callee.body.start_byte + 1)
    type_ = index.resolve(binding.type, callee.file, callee) if binding is not None else None
    under = index.underlying(type_)
    fits = {
        "object": isinstance(type_, Pointer) or informed.is_object(index, type_),
        "copy": isinstance(type_, Pointer),
        "part": isinstance(under, Slice | Map),
        "list": isinstance(under, Slice),
        "event": False,
    }
    return binding if fits[holds] else None


def _part(node: Node) -> str:
    """A place as it is written, without the variable at its beginning: what stays where that is renamed."""
    origin = cached.root(node)
    text = _short(node)
    return text.replace(syntax.text(origin), "", 1) if origin is not None else text


def _short(node: Node) -> str:
    return " ".join(syntax.text(node).split())
