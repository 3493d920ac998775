"""Slices whose order is a map's, and so another one each time.

Source: the Go specification, "For statements with range clause": the order of a map is not specified, and the runtime
makes it random. `sets.UnsortedList`, `maps.Keys` and `lo.Keys` hand it on. So do caches: client-go tools/cache keeps objects in
a map (thread_safe_store.go, List and ByIndex range over it), and neither listers nor controller-runtime's CacheReader sort what
they give; what the API server lists is in the order of its keys.
"""

import re
from typing import Literal

from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Map
from analyzers.kubernetes.requests.clients import client
from analyzers.kubernetes.requests.requests import requests

COMPARISONS = frozenset({"DeepEqual", "Equal", "DeepDerivative"})
_SORTS = re.compile(r"^(Sort\w*|Strings|Slice|SliceStable|Ints|Stable)$")


def compared(index: PackageIndex, function: Function, call: Call) -> str | None:
    """Give the slice, filled in the order of a map and not sorted since, that a comparison is about; None if there is none."""
    if call.name not in COMPARISONS or len(call.arguments) < 2:
        return None
    for argument in call.arguments:
        name = syntax.text(argument)
        if argument.type == "identifier" and order_of(index, function, name) == "map" and not is_sorted(function, name):
            return name
    return None


def order_of(index: PackageIndex, function: Function, name: str) -> Literal["map", "cache"] | None:
    """Say in whose order a variable of a function is: a list that is filled in loops over maps, or over what a cache lists, and
    nowhere else."""
    found: Literal["map", "cache"] | None = None
    for assignment in function.assignments:
        pairs = zip(assignment.left, assignment.right, strict=False)
        filled = [left for left, right in pairs if is_filled(left, right, name)]
        if not filled:
            continue
        held = filled[0].child_by_field_name("operand") if filled[0].type == "index_expression" else None
        if held is not None and isinstance(index.underlying(index.type_of(held, function.file, function)), Map):
            return None  # which has no order of its own
        loop = assignment.loops[-1] if assignment.loops else None
        found = order(index, function, loop.collection) if loop is not None and loop.collection is not None else None
        if found is None:
            return None
    return found


def is_filled(left: Node, right: Node, name: str) -> bool:
    """Say whether an assignment puts something into a list: `name = append(name, ...)`, `name[i] = ...`."""
    if left.type == "index_expression":
        operand = left.child_by_field_name("operand")
        return operand is not None and syntax.text(operand) == name
    return syntax.text(left) == name and syntax.text(right).startswith(f"append({name},")


def order(index: PackageIndex, function: Function, collection: Node) -> Literal["map", "cache"] | None:
    """Say whether a loop goes through a map, or through what a cache lists, `pods.Items`, `lister.List(...)`, and nobody sorts."""
    if isinstance(index.underlying(index.type_of(collection, function.file, function)), Map):
        return "map"
    text = syntax.text(collection)
    if any(sorts(call) and any(text in syntax.text(each) for each in call.arguments) for call in function.calls):
        return None
    return "cache" if _is_of_a_cache(index, function, collection) else None


def _is_of_a_cache(index: PackageIndex, function: Function, collection: Node) -> bool:
    field = collection.child_by_field_name("field") if collection.type == "selector_expression" else None
    held = collection.child_by_field_name("operand") if field is not None and syntax.text(field) == "Items" else None
    if held is not None:
        return any(
            not each.live
            and each.verb == "LIST"
            and syntax.text(each.call.arguments[1]).lstrip("&") == syntax.text(held)
            for each in requests(index, function.file, function, ())
            if each.kind == "controller-runtime" and len(each.call.arguments) > 1
        )
    binding = (
        function.binding(syntax.text(collection), collection.start_byte) if collection.type == "identifier" else None
    )
    call = function.facts.call_at(binding.value) if binding is not None and binding.value is not None else None
    if call is None or call.name not in {"List", "ByIndex"} or call.operand is None:
        return False
    known = client(index.type_of(call.operand, function.file, function))
    return known is not None and known.kind in {"lister", "store"}


def is_sorted(function: Function, name: str) -> bool:
    """Say whether a function sorts something by that name."""
    return any(
        sorts(call) and any(name in re.findall(r"\w+", syntax.text(argument)) for argument in call.arguments)
        for call in function.calls
    )


def ignores_order(index: PackageIndex, function: Function, node: Node, names: set[str]) -> bool:
    """Say whether what decides about a write at a node compares lists whatever their order: go-cmp's cmpopts.SortSlices, or a
    function that is given what has one of these names and goes through it."""
    tests = [each.test for each in conditions_at(function, node) if each.test is not None]
    for call in function.calls:
        compares = index.callee(call, function.file, function)
        if compares is None:
            continue
        calls = {each.name for each in compares.calls}
        asked = any(each.start_byte <= call.node.start_byte < each.end_byte for each in tests) and any(
            names & set(re.findall(r"\w+", syntax.text(each))) for each in call.arguments
        )
        if "SortSlices" in calls or (asked and compares.loops and not calls & COMPARISONS):
            return True
    return any(each.name == "SortSlices" for each in function.calls)


def sorts(call: Call) -> bool:
    """Say whether a call sorts something, by the name of the function."""
    return _SORTS.match(call.name) is not None
