"""Flips: what a status says that one pass sets to one value, writes, and sets to another one, and writes again.

Source: kubernetes/community contributors/devel/sig-architecture/api-conventions.md ("Typical status properties": a condition says
how the object is now, and its lastTransitionTime when that changed); k8s.io/apimachinery pkg/api/meta/conditions.go
(SetStatusCondition takes the new status and reason as they are, and gives a condition whose status differs the time). Seen in
openshift/hive @f28fddba (a condition with three reasons).
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.golang.destinations import Passing, conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import churn, status
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.requests.requests import sent_at

__all__ = ["Flip", "Setting", "flip", "settings"]

_WRITES = frozenset({"UPDATE", "PATCH", "APPLY"})
_CONDITION = "condition "
_TEXTS = frozenset({"interpreted_string_literal", "raw_string_literal"})
_CONSTANTS = frozenset({"interpreted_string_literal", "raw_string_literal", "int_literal", "true", "false"})


class Setting(NamedTuple):
    """A place that sets `what` ("object.Status.Phase", or a condition by its type) to a value, as it is written. `root` is the
    object's variable. `call`: a function of the program is given the value as texts, all else being `what`."""

    node: Node
    root: str
    what: str
    values: tuple[Node, ...]
    call: Call | None = None

    @property
    def value(self) -> str:
        """The value as it is written."""
        return ", ".join(syntax.text(each) for each in self.values)


class Flip(NamedTuple):
    """Two settings of one pass, each of which is written; not `sure` where a function writes them that may compare. `renewed`: only
    the second one is, but with a new time, as the condition's status was another one in between."""

    first: Setting
    second: Setting
    sure: bool
    renewed: bool = False


def settings(function: Function) -> Iterator[Setting]:
    """Yield what a function sets to constants in a status, by the text alone."""
    for assignment in function.assignments:
        for left, right in zip(assignment.left, assignment.right, strict=False):
            way = syntax.path(left) if left.type == "selector_expression" else None
            if assignment.operator == "=" and way is not None and "Status" in way[1:-1] and _may_be_constant(right):
                yield Setting(left, way[0], syntax.text(left), (right,))
    for call in function.calls:
        if call.name == "SetStatusCondition" and len(call.arguments) == 2:
            found = _condition(call)
            if found is not None:
                yield found
        elif (texts := tuple(each for each in call.arguments if each.type in _TEXTS)) and len(call.arguments) > len(
            texts
        ) + 1:
            others = ", ".join(syntax.text(each) for each in call.arguments if each not in texts)
            yield Setting(call.node, "", f"{call.name}({others})", texts, call)


def _condition(call: Call) -> Setting | None:
    """What meta.SetStatusCondition sets: the condition of a type, to a status and a reason."""
    operand = call.arguments[0].child_by_field_name("operand")
    way = syntax.path(operand) if operand is not None else None
    body = call.arguments[1].child_by_field_name("body") if call.arguments[1].type == "composite_literal" else None
    given: dict[str, Node] = {}
    for element in syntax.children(body) if body is not None else ():
        key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
        inner = syntax.children(value)[:1] if value is not None else []
        if key is not None and inner:
            given[syntax.text(key)] = inner[0]
    if way is None or operand is None or "Type" not in given or "Status" not in given:
        return None
    said = [given[name] for name in ("Status", "Reason") if name in given]
    if not all(_may_be_constant(each) for each in said):
        return None
    return Setting(
        call.node, way[0], f"{_CONDITION}{syntax.text(given['Type'])} of {syntax.text(operand)}", tuple(said)
    )


def _may_be_constant(node: Node) -> bool:
    if node.type in _CONSTANTS or node.type == "identifier":
        return True
    if node.type in {"call_expression", "type_conversion_expression"}:  # string(v1.Ready)
        return len(inner := _converted(node)) == 1 and _may_be_constant(inner[0])
    return node.type == "selector_expression" and len(syntax.path(node) or ()) == 2


def _converted(node: Node) -> list[Node]:
    given = node.child_by_field_name("arguments")
    operand = node.child_by_field_name("operand")
    return syntax.children(given) if given is not None else [operand] if operand is not None else []


def flip(index: PackageIndex, function: Function, new: Setting) -> Flip | None:
    """Give the flip that a setting is a part of; None if there is none."""
    known: dict[object, Flip | None] = index.found.setdefault(flip, {})
    key = (function.file.path, function.region.start, new.node.start_byte)
    if key not in known:
        known[key] = _flip(index, function, new)
    return known[key]


def _flip(index: PackageIndex, function: Function, new: Setting) -> Flip | None:
    place = Place(index, function.file, function)
    same = [each for each in settings(function) if each.what == new.what and _is_settled(place, each)]
    if new.call is not None:
        return _by_calls(index, function, same, new)
    writes = list(_status_writes(index, function, new.root))
    for first, second in itertools.pairwise(same):
        if new.node not in (first.node, second.node) or first.value == second.value:
            continue
        between = any(first.node.end_byte <= each.start_byte < second.node.start_byte for each in writes)
        behind = any(each.start_byte >= second.node.end_byte for each in writes)
        if not behind or not _branches(function, first.node) <= _branches(function, second.node):
            continue
        if between:
            return Flip(first, second, True)
        statuses = [syntax.text(each.values[0]) for each in (first, second)]
        if first.what.startswith(_CONDITION) and statuses[0] != statuses[1]:
            return Flip(first, second, True, renewed=True)
    return None


def _by_calls(index: PackageIndex, function: Function, same: list[Setting], new: Setting) -> Flip | None:
    """The flip of two calls of a function of the program that puts the texts it is given into a status, and writes it."""
    for first, second in itertools.pairwise(same):
        if new.node not in (first.node, second.node) or first.value == second.value or first.call is None:
            continue
        callee = index.callee(first.call, function.file, function)
        source = callee.file.source[callee.region.start : callee.region.end] if callee is not None else b""
        if callee is None or b".Status.Conditions" not in source:
            continue
        written = any(
            _writes_status(index, callee, each)
            and not conditions.failed(conditions.requirements(Place(index, callee.file, callee), each.conditions))
            for each in callee.calls
        )
        if (
            written
            and _is_of_one_type(callee, first, second)
            and _branches(function, first.node) <= _branches(function, second.node)
        ):
            return Flip(first, second, False)
    return None


def _is_of_one_type(callee: Function, first: Setting, second: Setting) -> bool:
    """Say whether two calls name one type of condition: what is given as a ConditionType, as APIs call it, is the same."""
    typed = [n for n, each in enumerate(callee.params) if syntax.text(each.type).endswith("ConditionType")]
    calls = [each.call for each in (first, second) if each.call is not None]
    named = [[syntax.text(call.arguments[n]) for n in typed if n < len(call.arguments)] for call in calls]
    return bool(typed) and len(named) == 2 and named[0] == named[1]


def _is_settled(place: Place, setting: Setting) -> bool:
    """Say whether a setting is of an object's status, to a constant, and made in each pass."""
    function = place.function
    if function is None or any(
        closure.node.start_byte <= setting.node.start_byte < closure.node.end_byte for closure in function.closures
    ):
        return False
    held = setting.node if setting.node.type == "selector_expression" else None
    return (
        (held is None or _is_of_a_status(place, held))
        and all(_is_constant(place, each) for each in setting.values)
        and churn.each_time(place.index, Passing(function, setting.node), [])
    )


def _is_constant(place: Place, node: Node) -> bool:
    """Say whether an expression is a literal, or a constant of a package."""
    if node.type in _CONSTANTS:
        return True
    if node.type in {"call_expression", "type_conversion_expression"}:
        inner = _converted(node)
        return len(inner) == 1 and _is_constant(place, inner[0])
    if node.type == "identifier":
        binding = place.binding(syntax.text(node), node.start_byte)
        declared = place.index.lookup(place.index.import_path(place.file), syntax.text(node), place.file)
        return binding.kind == "const" if binding is not None else isinstance(declared, Value)
    operand = node.child_by_field_name("operand")
    return operand is not None and place.imported(operand) is not None


def _is_of_a_status(place: Place, selector: Node) -> bool:
    node: Node | None = selector
    while node is not None and node.type == "selector_expression":
        operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
        if operand is not None and field is not None and syntax.text(field) == "Status":
            owner = dereferenced(place.type_of(operand))
            return isinstance(owner, Named) and status.is_object(place.index, owner)
        node = operand
    return False


def _status_writes(index: PackageIndex, function: Function, root: str) -> Iterator[Node]:
    """The calls that write the status of a variable's object in each pass, themselves or in a function that is given it."""
    for call in function.calls:
        number = next((n for n, each in enumerate(call.arguments) if syntax.text(each).lstrip("&") == root), None)
        if number is None or not churn.each_time(index, Passing(function, call.node), []):
            continue
        callee = index.callee(call, function.file, function)
        if callee is None:
            writes = _writes_status(index, function, call)
        else:
            name = callee.params[number].name if number < len(callee.params) else ""
            writes = any(
                name in {syntax.text(argument) for argument in each.arguments}
                and _writes_status(index, callee, each)
                and churn.each_time(index, Passing(callee, each.node), [])
                for each in callee.calls
            )
        if writes:
            yield call.node


def _writes_status(index: PackageIndex, function: Function, call: Call) -> bool:
    called = syntax.text(call.function)
    if "Status()." not in called and not called.endswith("UpdateStatus"):
        return False
    sent = sent_at(index, function, call)
    return sent is not None and sent.verb in _WRITES


def _branches(function: Function, node: Node) -> set[tuple[int, str]]:
    return {(each.node.start_byte, each.kind) for each in conditions_at(function, node) if each.kind != "guard"}
