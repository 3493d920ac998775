"""Passes: whether each pass of a reconcile comes to a place, or each pass of the objects that ask for it.

What an object asks for (its spec) and what the program was told decide alike in all passes of that object. How far it has come (a
status, a comparison, what is not there yet) lets some passes through alone, most often the first.
"""

from typing import Literal

from analyzers.golang.facts import syntax
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.place import Place
from analyzers.kubernetes import churn
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.execution.callpaths import CallPath
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.execution.periods import takes_from_queue
from analyzers.kubernetes.requests.invariant import is_fixed
from analyzers.kubernetes.requests.requests import requests

_DEEPEST = 3
Which = Literal["all", "asked", "some"]
"""Which passes come to a place: all, all of the objects that ask for it, or some of an object's."""


def come_to(path: CallPath) -> Which:
    """Say which passes of a reconcile come to the end of a path; "some" where it is no reconcile's."""
    if path.root != "event" or path.critical is not critical_paths.RECONCILER or path.rare:
        return "some"
    if any(
        each.place.function is not None and conditions.settled(each.place.function, [each.condition])
        for each in path.conditions
    ):
        return "some"  # which sees to it that the next pass finds it done
    # What is taken from a queue decides whether there is a pass at all.
    found = {passes(each) for each in path.conditions if not takes_from_queue(each.place)}
    return "some" if "some" in found else "asked" if "asked" in found else "all"


def passes(test: Requirement) -> Which:
    """Say which passes a condition lets through."""
    asked = test.condition.test
    if (
        conditions.ending([test])
        or conditions.failed([test])
        or (asked is not None and _asks_how_far(test.place, asked))
    ):
        return "some"
    if asked is not None and all(_is_of_spec(each) or _was_looked_up(test, each) for each in conditions.atoms(asked)):
        return "asked"
    if churn.stays(test.place, test.condition) or conditions.living(test) or _goes_on(test):
        return "all"
    if asked is None or test.condition.kind in {"guard", "default", "select"}:
        return "some"
    if conditions.missed([test]) or conditions.absent([test]) or conditions.found_nothing([test]):
        return "some"
    return "asked" if all(_is_asked_for(test.place, each, 0) for each in conditions.atoms(asked)) else "some"


def _goes_on(test: Requirement) -> bool:
    """Say whether a guard leaves only where an object is not there, or is of another type: all other passes go on."""
    if test.condition.kind != "guard" or test.condition.test is None:
        return False
    return all(
        conditions.asks_an_error(test.place, each) or _is_of_another_type(test.place, each)
        for each in conditions.atoms(test.condition.test)
    )


def _is_of_another_type(place: Place, node: Node) -> bool:
    """Say whether a part of a test is the second value of a type assertion."""
    binding = place.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None
    value = binding.value if binding is not None and binding.parts == 2 else None
    return value is not None and value.type == "type_assertion_expression"


def _was_looked_up(test: Requirement, node: Node) -> bool:
    """Say whether a part of a test that does not hold is that a map has no such key: `else` of `if !ok`."""
    asked = node.child_by_field_name("operand") if node.type == "unary_expression" else None
    if asked is None or test.condition.kind not in {"else", "guard"}:
        return False
    binding = test.place.binding(syntax.text(asked), node.start_byte)
    return (
        binding is not None
        and binding.parts == 2
        and binding.value is not None
        and binding.value.type == "index_expression"
    )


def _is_of_spec(node: Node) -> bool:
    """Say whether a part of a test asks a field of a spec alone, be it whether it is set."""
    sides = syntax.children(node) if node.type == "binary_expression" else [node]
    path = next((path for each in sides if (path := syntax.path(each)) is not None and len(path) > 1), None)
    return path is not None and "Spec" in path and all(each.type != "call_expression" for each in syntax.walk(node))


def _asks_how_far(place: Place, node: Node) -> bool:
    return any(
        churn.asks_status(place, each) or (each.type == "field_identifier" and syntax.text(each) == "Status")
        for each in syntax.walk(node)
    )


def _is_asked_for(place: Place, node: Node, depth: int) -> bool:
    """Say whether a part of a test asks what was asked for: whether a field, or a variable with it, is true or a constant."""
    node = syntax.unparenthesized(node)
    if depth > _DEEPEST or conditions.is_error(place, node):
        return False
    if node.type == "binary_expression":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        return left is not None and right is not None and is_fixed(place, right) and _is_asked_for(place, left, depth)
    if node.type == "call_expression":
        return _answers_by_settings(place, node)
    if node.type == "selector_expression":
        return not _asks_how_far(place, node)
    binding = place.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None
    value = binding.value if binding is not None and binding.parts == 1 else None
    return value is not None and _is_asked_for(place, value, depth + 1)


def _answers_by_settings(place: Place, node: Node) -> bool:
    """Say whether a function of the program answers a test that asks for no status, compares nothing and sends nothing; what it is
    given decides less than what it does."""
    call = place.function.facts.call_at(node) if place.function is not None else None
    callee = place.index.callee(call, place.file, place.function) if call is not None else None
    return (
        callee is not None
        and callee.body is not None
        and not churn.asks_status(place, node)
        and not conditions.compares(place, node)
        and not requests(place.index, callee.file, callee)
    )
