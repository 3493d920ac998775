"""Churn: what makes an object's status another one in each pass over it, though nothing has changed; and whether it gets there
in each pass.

Sources: kubeflow/notebooks#1343, openshift/cluster-logging-operator#420 and knative/serving#1181 (the time of the pass in a
condition), temporalio/temporal-worker-controller#415 and operator-framework/operator-lifecycle-manager#1816 (lists in the
order of a map): each a write for every object and pass, which is an event, which begins the next pass.
"""

from collections.abc import Iterable
from typing import NamedTuple

from analyzers.golang import destinations
from analyzers.golang.destinations import Destination, Passing
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import map_order, status, times
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.program import calls

_HAND_BACK = frozenset(
    {
        ("k8s.io/utils/ptr", "To"),
        ("k8s.io/utils/pointer", "String"),
        ("github.com/samber/lo", "ToPtr"),
        (times.META, "NewTime"),
        ("slices", "Collect"),
        ("strings", "Join"),
        ("fmt", "Sprint"),
        ("fmt", "Sprintf"),
    }
)
"""Functions whose result is another one as often as what they are given."""
_UNMADE = (".CreationTimestamp.IsZero()", ".GetCreationTimestamp().IsZero()")
"""What asks whether an object is not made yet: the API server sets its creationTimestamp (metav1.ObjectMeta)."""


class Sink(NamedTuple):
    """Where a value gets into an object's status: the field, the function and the left side or literal there."""

    field: str
    function: Function
    node: Node
    way: tuple[Passing, ...]


def sink(index: PackageIndex, function: Function, node: Node) -> Sink | None:
    """Give where the value of an expression gets into an object's status whether or not anything has changed; None if it does
    not, or only behind a condition that may spare it."""
    field = ""

    def failed(function: Function, node: Node) -> bool:
        place = Place(index, function.file, function)
        return conditions.failed(conditions.requirements(place, destinations.conditions_at(function, node)))

    found = destinations.destinations(index, calls(index).callers, function, node, hands_back, failed)
    # A comparison of the value itself spares nothing: it is another one. One that leaves it out spares what it finds equal.
    fields = {each.field for each in found if each.kind == "field"}
    compared = [
        passing
        for each in found
        if each.kind == "compared" and not _leaves_out(index, each, fields)
        for passing in each.way
    ]
    for each in found:
        if each.kind != "field" or each.owner is None:
            continue
        whole = each.field == "Status" and status.is_object(index, each.owner)
        part = status.is_status(index, each.owner)
        if part and not field:
            field = each.field
        if not (whole or (part and (each.kept or _of_an_object(index, each)))):
            continue
        way = (*each.way, Passing(each.function, each.node))
        if any(_put_back(passing, each.field) or _put_back(passing, field) for passing in way):
            continue
        if all(each_time(index, passing, compared) for passing in way):
            return Sink(field or each.field, each.function, each.node, way)
    return None


def _leaves_out(index: PackageIndex, comparison: Destination, fields: set[str]) -> bool:
    """Say whether a comparison is made by a function of the program that asks for none of these fields."""
    node: Node | None = comparison.node
    while node is not None and node.type != "call_expression":
        node = node.parent if node.type != "block" else None
    call = comparison.function.facts.call_at(node) if node is not None else None
    callee = index.callee(call, comparison.function.file, comparison.function) if call is not None else None
    if callee is None or callee.body is None:
        return False
    asked = {syntax.text(each) for each in syntax.walk(callee.body) if each.type == "field_identifier"}
    return bool(asked) and not asked & fields


def _put_back(passing: Passing, field: str) -> bool:
    """Say whether a function may give the field the value that another object has there: `new.Since = old.Since`."""
    return any(
        left.type == right.type == "selector_expression"
        and (syntax.path(left) or [""])[-1] == (syntax.path(right) or [""])[-1] == field
        for assignment in passing.function.assignments
        if assignment.operator == "=" and assignment.node.start_byte > passing.node.start_byte
        for left, right in zip(assignment.left, assignment.right, strict=False)
    )


def _of_an_object(index: PackageIndex, found: Destination) -> bool:
    """Say whether a left side goes through the status of an API object: `obj.Status.Versions`."""
    place = Place(index, found.function.file, found.function)
    node: Node | None = found.node
    while node is not None:
        node = syntax.unparenthesized(node)
        operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
        if field is not None and operand is not None and syntax.text(field) == "Status":
            return status.is_object(index, place.type_of(operand))
        node = operand
    return False


def hands_back(place: Place, call: Node) -> bool:
    """Say whether what a call gives is another one as often as what it is given."""
    function = call.child_by_field_name("function")
    return function is not None and times.named(place, function) in _HAND_BACK


def each_time(index: PackageIndex, passing: Passing, compared: list[Passing]) -> bool:
    """Say whether a place is reached in each pass, as far as its function tells; what was compared decides nothing."""
    place = Place(index, passing.function.file, passing.function)
    if after_a_search(passing) or _looked_through(passing):
        return False
    return all(
        stays(place, each) or any(_is_in(each, other) for other in compared if other.function is passing.function)
        for each in destinations.conditions_at(passing.function, passing.node)
    )


def after_a_search(passing: Passing) -> bool:
    """Say whether a place is only reached where a loop before it found nothing, as it returns from the function where it
    does: what adds a condition that is not there yet."""
    function, node = passing
    return any(
        loop.kind == "range"
        and loop.node.end_byte <= node.start_byte
        and any(loop.node.start_byte <= each.start_byte < loop.node.end_byte for each, _ in function.facts.returns)
        for loop in function.loops
    )


def _looked_through(passing: Passing) -> bool:
    """Say whether what is added to was gone through first, and a flag of that decides: a condition that is not there yet."""
    function, node = passing
    searched = any(
        loop.collection is not None
        and loop.node.end_byte <= node.start_byte
        and syntax.text(loop.collection) == syntax.text(node)
        for loop in function.loops
    )
    return searched and any(
        each.test is not None and each.test.type == "unary_expression"
        for each in destinations.conditions_at(function, node)
    )


def _is_in(condition: Condition, passing: Passing) -> bool:
    test = condition.test
    return test is not None and test.start_byte <= passing.node.start_byte and passing.node.end_byte <= test.end_byte


def stays(place: Place, condition: Condition) -> bool:
    """Say whether a condition holds in each pass once it holds, as far as the test tells: what is not nil, what is not empty,
    an element's kind; that nothing has failed; that there was no other reason to end early. What the status itself says, what
    was compared, and what only its name tells, do not."""
    test = condition.test
    requirement = conditions.requirements(place, [condition])
    if conditions.failed(requirement):
        return False
    if test is None:
        return condition.kind == "default"
    if not conditions.spares(requirement[0]):
        return True  # that nothing has failed
    if condition.kind == "guard":
        return (
            not _is_computed(place, test)
            and not _is_set_flag(place, test)
            and (_is_with_constant(place, test) or not conditions.compared(requirement))
            and not any(asks_status(place, each) or _was_found(place, each) for each in syntax.walk(test))
        )
    kind, waiting = condition.kind, [test]
    if kind == "case":
        switch = condition.node.parent
        value = switch.child_by_field_name("value") if switch is not None else None
        if value is None:
            kind, waiting = "if", syntax.children(test)  # a switch over nothing is a chain of tests
        elif any(_mentions_status(place, each) for each in syntax.walk(value) if each.type == "selector_expression"):
            return False
    while waiting:
        node = syntax.unparenthesized(waiting.pop())
        if node.type == "binary_expression" and (syntax.has_token(node, "&&") or syntax.has_token(node, "||")):
            waiting.extend(syntax.children(node))
        elif not _is_state(place, node, kind):
            return False
    return True


def _was_found(place: Place, node: Node) -> bool:
    """Say whether an identifier tells that something was found, `old, ok := known[key]`: what comes behind is for the first
    time."""
    binding = place.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None
    if binding is None or binding.kind != "var" or binding.parts != 2 or binding.part != 1:
        return False
    return not conditions.is_error(place, node)


def asks_status(place: Place, node: Node) -> bool:
    """Say whether a part of a test reads an object's status, itself or in a function of the program that it calls."""
    if node.type == "selector_expression":
        return _mentions_status(place, node)
    call = place.function.facts.call_at(node) if node.type == "call_expression" and place.function is not None else None
    callee = place.index.callee(call, place.file, place.function) if call is not None else None
    if callee is None:
        return False
    return callee.file.source.find(b".Status", callee.region.start, callee.region.end) >= 0


def _is_state(place: Place, node: Node, kind: str) -> bool:
    if any(_mentions_status(place, each) for each in syntax.walk(node) if each.type == "selector_expression"):
        return False
    operand = node.child_by_field_name("operand")
    negated = node.type == "unary_expression" and syntax.has_token(node, "!")
    if negated and operand is not None:
        node = syntax.unparenthesized(operand)
    if node.type == "identifier":
        return _is_flag(place, node)
    if syntax.text(node).endswith(_UNMADE):
        return (kind == "else") != negated  # what is stored has one: only its first pass finds none
    if _asks_spec(place, node):
        return True
    if node.type != "binary_expression":
        return kind == "case" and node.type in {"selector_expression", "expression_list", "interpreted_string_literal"}
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return False
    # What is there stays; what is not there yet is made once.
    there = not syntax.has_token(node, "==") if kind == "if" else syntax.has_token(node, "==")
    if right.type == "nil":
        return there
    if left.type == "call_expression" and syntax.text(left).startswith("len("):
        return there and right.type == "int_literal"
    # an element of a collection, by its kind: if condition.Type == v1.PodScheduled
    return _is_with_constant(place, node) and _is_element(place, _root(left))


def _asks_spec(place: Place, node: Node) -> bool:
    """Say whether a test asks only for what a user wants, which a pass does not change: fields of a spec, compared with each other
    or with constants, that the function does not set."""
    sides = (
        [node.child_by_field_name(side) for side in ("left", "right")] if node.type == "binary_expression" else [node]
    )
    asked = [side for side in sides if side is not None and _is_of_spec(side)]
    others = [side for side in sides if side is not None and not _is_of_spec(side)]
    if not asked or not (all(side.type == "nil" for side in others) or _is_with_constant(place, node)):
        return False
    texts = {syntax.text(each) for side in asked for each in syntax.walk(side) if each.type == "selector_expression"}
    assignments = place.function.assignments if place.function is not None else ()
    return not any(syntax.text(left) in texts for each in assignments for left in each.left)


def _is_of_spec(node: Node) -> bool:
    """Say whether an expression is a field of a spec, or what a conversion or a function makes of one alone."""
    node = syntax.unparenthesized(node)
    given = node.child_by_field_name("arguments") if node.type == "call_expression" else None
    if given is not None:
        arguments, called = syntax.children(given), node.child_by_field_name("function")
        return called is not None and called.type == "identifier" and len(arguments) == 1 and _is_of_spec(arguments[0])
    operand = node.child_by_field_name("operand")
    if node.type in {"unary_expression", "type_conversion_expression"} and operand is not None:
        return _is_of_spec(operand)
    return node.type == "selector_expression" and ".Spec." in syntax.text(node)


def _is_with_constant(place: Place, test: Node) -> bool:
    """Say whether a test compares something with a literal, or with an exported name of a package."""
    right = test.child_by_field_name("right") if test.type == "binary_expression" else None
    if right is None:
        return False
    if right.type in {"interpreted_string_literal", "int_literal"}:
        return True
    path = syntax.path(right)
    operand = right.child_by_field_name("operand")
    of_package = operand is None or place.imported(operand) is not None
    return path is not None and len(path) < 3 and path[-1][:1].isupper() and of_package


def _is_computed(place: Place, test: Node) -> bool:
    """Say whether a test compares with a constant what was computed, and not what is kept: `string(patch) == "{}"`."""
    left = test.child_by_field_name("left")
    computed = left is not None and left.type in {"call_expression", "type_conversion_expression"}
    return computed and _is_with_constant(place, test) and left is not None and not syntax.text(left).startswith("len(")


def _root(node: Node) -> Node:
    while node.type == "selector_expression" and (operand := node.child_by_field_name("operand")) is not None:
        node = operand
    return node


def _is_element(place: Place, node: Node) -> bool:
    binding = place.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None
    return binding is not None and binding.kind == "range"


def _is_flag(place: Place, node: Node) -> bool:
    """Say whether a variable is only ever set to true or false, behind conditions that stay."""
    function, name = place.function, syntax.text(node)
    binding = place.binding(name, node.start_byte)
    if function is None or binding is None or binding.kind != "var":
        return False
    given = [
        (assignment, right)
        for assignment in function.assignments
        for left, right in zip(assignment.left, assignment.right, strict=False)
        if syntax.text(left) == name and binding.start <= assignment.node.end_byte
    ]
    if not given or any(right.type not in {"true", "false"} for _, right in given):
        return False
    around = [each for assignment, _ in given for each in destinations.conditions_at(function, assignment.node)]
    tests = [each.test for each in around if each.test is not None]
    # one flag behind another is not followed
    return not any(test.type in {"identifier", "unary_expression"} for test in tests) and all(
        stays(place, each) for each in around
    )


def _is_set_flag(place: Place, test: Node) -> bool:
    """Say whether a test asks for a variable that the function sets to true or false: what it found, such as a change."""
    node = test.child_by_field_name("operand") if test.type == "unary_expression" else test
    binding = (
        place.binding(syntax.text(node), node.start_byte) if node is not None and node.type == "identifier" else None
    )
    if binding is None or binding.kind != "var" or place.function is None:
        return False
    given = [
        right.type
        for assignment in place.function.facts.assigned(binding.name)
        for left, right in zip(assignment.left, assignment.right, strict=False)
        if syntax.text(left) == binding.name and assignment.operator == "="
    ]
    return bool(given) and all(type_ in {"true", "false"} for type_ in given)


def _mentions_status(place: Place, node: Node) -> bool:
    """Say whether a selector reads a status of the program's own kinds: what a pod or a node says is another's state."""
    operand = node.child_by_field_name("operand")
    owner = dereferenced(place.type_of(operand)) if operand is not None else None
    if not isinstance(owner, Named):
        return syntax.text(node).endswith(".Status") and not _is_element(place, _root(node))
    if place.index.package(owner.path) is None or owner.path.startswith("k8s.io/api/"):
        return False
    field = node.child_by_field_name("field")
    return status.is_status(place.index, owner) or (
        field is not None and syntax.text(field) == "Status" and status.is_object(place.index, owner)
    )


def sorted_on(way: Iterable[Passing], names: Iterable[str]) -> bool:
    """Say whether one of the functions on a way sorts something by one of these names."""
    return any(map_order.is_sorted(passing.function, name) for passing in way for name in names)
