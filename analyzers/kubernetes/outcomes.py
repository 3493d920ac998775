"""Outcomes: what is reached because a part of a test has one value, in its own function and in those who ask for its result."""

from typing import NamedTuple

from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Assignment, Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.place import Place
from analyzers.kubernetes import churn
from analyzers.kubernetes.execution.conditions import Requirement

__all__ = ["Outcome", "follows", "result"]

_DEEPEST = 8


class Outcome(NamedTuple):
    """A part of a test, `node` in `place`, and the value that it has."""

    place: Place
    node: Node
    value: bool


def follows(outcome: Outcome, node: Node) -> bool:
    """Say whether a node behind it in the same function is reached because of an outcome, whatever else changes or does not."""
    return node.start_byte >= outcome.node.end_byte and _reached(outcome, node, 0) is True


def result(outcome: Outcome) -> bool | None:
    """Give what the function in which a test stands returns first because of an outcome, None if it is not known."""
    function = outcome.place.function
    for statement, closures in function.facts.returns if function is not None else ():
        values = _returned(statement)
        if closures or not values or statement.end_byte < outcome.node.end_byte:
            continue
        value = _decided(outcome, values[0], 0)
        if value is None or not _reached_or_alike(outcome, statement, value):
            continue
        return value
    return None


def _returned(statement: Node) -> list[Node]:
    listed = syntax.children(statement)[:1]
    return syntax.children(listed[0]) if listed and listed[0].type == "expression_list" else listed


def _reached_or_alike(outcome: Outcome, statement: Node, value: bool) -> bool:
    """Say whether a return is reached because of an outcome, or is left for others that give the same."""
    function = outcome.place.function
    assert function is not None
    deciding = _contains(statement, outcome.node)
    for condition in conditions_at(function, statement):
        found = _agrees(outcome, condition, 0)
        if found is None and not (condition.kind == "guard" and _gives(condition, value)):
            return False
        deciding = deciding or found is True
    return deciding


def _gives(condition: Condition, value: bool) -> bool:
    """Say whether what an early `if` returns is the same, or a failure."""
    then = condition.node.child_by_field_name("consequence")
    returns = [each for each in syntax.walk(then) if each.type == "return_statement"] if then is not None else []
    given = [_returned(each) for each in returns]
    same = "true" if value else "false"
    return bool(given) and all(values and syntax.text(values[0]) == same for values in given)


def _reached(outcome: Outcome, node: Node, depth: int) -> bool | None:
    """True where a node is reached because of an outcome, False where that makes no difference, None where something else may
    spare it."""
    function = outcome.place.function
    assert function is not None
    deciding = False
    for condition in conditions_at(function, node):
        found = _agrees(outcome, condition, depth)
        if found is None:
            return None
        deciding = deciding or found
    return deciding


def _agrees(outcome: Outcome, condition: Condition, depth: int) -> bool | None:
    """True where an outcome makes a condition hold, False where it holds in each pass anyway, None for all else."""
    test = condition.test
    value = _decided(outcome, test, depth) if test is not None else None
    if value is not None:
        return True if value == Requirement(outcome.place, condition).truth else None
    return False if churn.stays(outcome.place, condition) else None


def _decided(outcome: Outcome, node: Node, depth: int) -> bool | None:
    """What an expression is given the outcome of a part of it, None if that does not tell."""
    node = syntax.unparenthesized(node)
    if syntax.same(node, outcome.node):
        return outcome.value
    if depth > _DEEPEST:
        return None
    if node.type in {"true", "false"}:
        return node.type == "true"
    operand = node.child_by_field_name("operand")
    if node.type == "unary_expression" and operand is not None and syntax.has_token(node, "!"):
        value = _decided(outcome, operand, depth + 1)
        return None if value is None else not value
    if node.type == "binary_expression":
        strong = syntax.has_token(node, "||")
        if not strong and not syntax.has_token(node, "&&"):
            return None
        parts = [_decided(outcome, part, depth + 1) for part in syntax.children(node)]
        if strong in parts:
            return strong
        return None if None in parts else not strong
    return _variable(outcome, node, depth) if node.type == "identifier" else None


def _variable(outcome: Outcome, node: Node, depth: int) -> bool | None:
    """What a variable is: `same := reflect.DeepEqual(a, b)`, or a flag that was set because of the outcome."""
    function, name = outcome.place.function, syntax.text(node)
    binding = function.binding(name, node.start_byte) if function is not None else None
    if function is None or binding is None or binding.kind not in {"var", "result"}:
        return None
    value: bool | None = None
    for assignment in function.facts.assigned(name):
        if not binding.start - 1 <= assignment.node.end_byte or assignment.node.end_byte > node.start_byte:
            continue
        given = _given(outcome, assignment, name, depth + 1)
        if _contains(assignment.node, outcome.node) or value is None:
            reached = _contains(assignment.node, outcome.node) or _reached(outcome, assignment.node, depth + 1) is True
            value = given if reached else None
        elif given != value:
            value = None
    if value is None and binding.value is not None and not _given_later(function, name, binding.value):
        if binding.parts == 1:
            return _decided(outcome, binding.value, depth + 1)
        if binding.part == 0 and syntax.same(binding.value, outcome.node):
            return outcome.value
    return value


def _given_later(function: Function, name: str, value: Node) -> bool:
    return any(each.node.start_byte > value.end_byte for each in function.facts.assigned(name))


def _given(outcome: Outcome, assignment: Assignment, name: str, depth: int) -> bool | None:
    for number, left in enumerate(assignment.left):
        if syntax.text(left) != name or not assignment.right:
            continue
        if len(assignment.right) == len(assignment.left):
            return _decided(outcome, assignment.right[number], depth)
        if number == 0 and syntax.same(assignment.right[0], outcome.node):
            return outcome.value
    return None


def _contains(outer: Node, node: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte
