"""Slices whose order is a map's, and so another one each time.

Source: the Go specification, "For statements with range clause": the order of a map is not specified, and the runtime
makes it random. `sets.UnsortedList`, `maps.Keys` and `lo.Keys` hand it on.
"""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Map

COMPARISONS = frozenset({"DeepEqual", "Equal", "DeepDerivative"})
_SORTS = re.compile(r"^(Sort\w*|Strings|Slice|SliceStable|Ints|Stable)$")


def compared(index: PackageIndex, function: Function, call: Call) -> str | None:
    """Give the slice, filled in the order of a map and not sorted since, that a comparison is about; None if there is none."""
    if call.name not in COMPARISONS or len(call.arguments) < 2:
        return None
    for argument in call.arguments:
        name = syntax.text(argument)
        if argument.type == "identifier" and is_from_map(index, function, name) and not is_sorted(function, name):
            return name
    return None


def is_from_map(index: PackageIndex, function: Function, name: str) -> bool:
    """Say whether a variable of a function is a list that is filled in loops over maps, and nowhere else."""
    found = False
    for assignment in function.assignments:
        if not any(syntax.text(left) == name for left in assignment.left) or not assignment.right:
            continue
        if not syntax.text(assignment.right[0]).startswith(f"append({name},"):
            continue
        loop = assignment.loops[-1] if assignment.loops else None
        if loop is None or loop.collection is None:
            return False
        if not isinstance(index.underlying(index.type_of(loop.collection, function.file, function)), Map):
            return False
        found = True
    return found


def is_sorted(function: Function, name: str) -> bool:
    """Say whether a function sorts something by that name."""
    return any(
        sorts(call) and any(name in re.findall(r"\w+", syntax.text(argument)) for argument in call.arguments)
        for call in function.calls
    )


def sorts(call: Call) -> bool:
    """Say whether a call sorts something, by the name of the function."""
    return _SORTS.match(call.name) is not None
