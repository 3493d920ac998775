"""Outcomes: what is reached because a part of a test has one value, in its own function and in those who ask for its result."""

from typing import NamedTuple

from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.facts import Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.place import Place
from analyzers.kubernetes import churn, resources
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.program import calls
from analyzers.kubernetes.requests.requests import Request, requests

__all__ = ["Outcome", "follows", "leads", "result", "write"]

_WRITES = frozenset({"UPDATE", "PATCH"})


class Outcome(NamedTuple):
    """A part of a test, `node` in `place`, and the value that it has."""

    place: Place
    node: Node
    value: bool


def follows(outcome: Outcome, node: Node) -> bool:
    """Say whether a node behind it in the same function is reached because of an outcome, whatever else changes or does not."""
    return _reaches(outcome, node, None)


def leads(outcome: Outcome, node: Node) -> bool:
    """Say whether a node behind it in the same function may be reached because of an outcome, and without it is not."""
    function = outcome.place.function
    if function is None or node.start_byte < outcome.node.end_byte:
        return False
    return any(_decides(outcome, each) for each in conditions_at(function, node))


def write(outcome: Outcome, kind: str = "") -> Request | None:
    """Give the write (of objects of a kind, if one is named) that follows from an outcome: in its own function, or in one that asks
    for its result."""
    found = _following(outcome, kind)
    if found is not None:
        return found
    value, function, index = result(outcome), outcome.place.function, outcome.place.index
    for site in calls(index).callers(function) if value is not None and function is not None else ():
        if site.call is not None and site.kind != "value" and not site.caller.file.test:
            place = Place(index, site.caller.file, site.caller)
            found = _following(Outcome(place, site.call.node, bool(value)), kind)
            if found is not None:
                return found
    return None


def _following(outcome: Outcome, kind: str) -> Request | None:
    function, resource = outcome.place.function, resources.plural(kind)
    for each in requests(outcome.place.index, function.file, function) if function is not None else ():
        of_kind = not resource or each.resource in {"", resource}
        if each.verb in _WRITES and of_kind and follows(outcome, each.call.node):
            return each
    return None


def _reaches(outcome: Outcome, node: Node, returned: bool | None) -> bool:
    """Say whether an outcome leads to a node, or else to an early return of the same value."""
    if outcome.place.function is None or node.start_byte < outcome.node.end_byte:
        return False
    around = conditions_at(outcome.place.function, node)
    decided = [_decides(outcome, each) for each in around]
    return any(decided) and all(
        known or churn.stays(outcome.place, each) or (returned is not None and _gives(each, returned))
        for each, known in zip(around, decided, strict=True)
    )


def result(outcome: Outcome) -> bool | None:
    """Give what the function in which a test stands returns because of an outcome, None if it is not known."""
    function = outcome.place.function
    for statement, closures in function.facts.returns if function is not None else ():
        values = _returned(statement)
        if closures or not values or function is None:
            continue
        if values[0].type in {"true", "false"}:
            value = values[0].type == "true"
            if _reaches(outcome, statement, value):
                return value
            continue
        for value in (True, False):
            # What returned early, and gave the same, makes no difference.
            if _implies(outcome, values[0], value) and all(
                _gives(each, value) or churn.stays(outcome.place, each) for each in conditions_at(function, statement)
            ):
                return value
    return None


def _returned(statement: Node) -> list[Node]:
    listed = syntax.children(statement)[:1]
    return syntax.children(listed[0]) if listed and listed[0].type == "expression_list" else listed


def _gives(condition: Condition, value: bool) -> bool:
    then = condition.node.child_by_field_name("consequence") if condition.kind == "guard" else None
    returns = [each for each in syntax.walk(then) if each.type == "return_statement"] if then is not None else []
    same = "true" if value else "false"
    return bool(returns) and all([syntax.text(given) for given in _returned(each)[:1]] == [same] for each in returns)


def _decides(outcome: Outcome, condition: Condition) -> bool:
    """Say whether an outcome makes a condition hold."""
    truth = Requirement(outcome.place, condition).truth
    return condition.test is not None and _implies(outcome, condition.test, truth)


def _implies(outcome: Outcome, test: Node, value: bool) -> bool:
    """Say whether a test has a value because of an outcome: with another one, the outcome would be another."""

    def is_another(place: Place, node: Node, truth: bool) -> bool:
        return (_is_it(outcome, node) and truth != outcome.value) or _is_flag(outcome, node, not truth)

    return conditions.implies(outcome.place, test, not value, is_another)


def _is_it(outcome: Outcome, node: Node) -> bool:
    """Say whether a part of a test is the outcome's, or the first of what its call gave: `equal, err := ...`."""
    if node.type != "identifier":
        return syntax.same(node, outcome.node)
    binding = outcome.place.binding(syntax.text(node), node.start_byte)
    return binding is not None and binding.part == 0 and syntax.same(binding.value, outcome.node)


def _is_flag(outcome: Outcome, node: Node, value: bool) -> bool:
    """Say whether a variable has a value because of an outcome: `if !equal { changed = true }`; no later one takes it back."""
    function = outcome.place.function
    if function is None or node.type != "identifier":
        return False
    given = [
        (assignment.node, right.type)
        for assignment in function.facts.assigned(syntax.text(node))
        for left, right in zip(assignment.left, assignment.right, strict=False)
        if syntax.text(left) == syntax.text(node)
        and outcome.node.end_byte <= assignment.node.start_byte < node.start_byte
    ]
    return all(type_ == ("true" if value else "false") for _, type_ in given) and any(
        follows(outcome, each) for each, _ in given
    )
