"""Loops over few things: what an object has several of, command-line arguments, lists written out in the code, retries."""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import collections


def bounded(index: PackageIndex, function: Function, loop: Loop) -> bool:
    """Say whether a loop is known to go through few things: parts of one object, a literal, a command's arguments; or
    counts retries."""
    if loop.kind == "counted":
        return "len(" not in (syntax.text(loop.condition) if loop.condition is not None else "")
    return loop.collection is not None and collections.few(index, function, loop.collection)


def in_item_loop(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a call stands in a loop over things that are not known to be few, and is made for more than one of them."""
    return not ends_its_loop(call) and any(
        loop.kind == "range" and not bounded(index, function, loop) for loop in call.loops
    )


def ends_its_loop(call: Call) -> bool:
    """Say whether a call is made where a loop is left, for what a search found: once, however long the loop is."""
    return bool(call.loops) and call.statement.type == "return_statement" and not call.closures
