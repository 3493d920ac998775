"""Memos: values that a function keeps, and looks up before it computes them again.

Three forms: a map that outlives the function (a field's or the package's) is read with `v, ok :=` or tested and written; a
cache's methods are asked and given (`Get` and `Set` of one operand); a field is tested for nil and assigned. In each the lookup
must be able to end the function early, or to skip the computation.
"""

from collections.abc import Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.syntax import Node

_ASKS = frozenset({"Get", "Load", "Peek", "Lookup"})
_GIVES = frozenset({"Set", "Put", "Add", "Store", "Swap", "LoadOrStore", "Insert", "SetWithTTL", "SetDefault"})


class Memo(NamedTuple):
    """What is kept: `where` it is ("c.cache"), the lookup, what is put there (None if unknown), and the lines of both."""

    where: str
    lookup: Node
    value: Node | None
    store: Node


def memos(function: Function) -> Iterator[Memo]:
    """Yield what a function keeps and looks up first."""
    for where, lookup in _lookups(function):
        for given, value, store in _stores(function):
            if given == where and lookup.start_byte < store.start_byte and _spares(function, lookup, store):
                yield Memo(where, lookup, value, store)
                break


def keeps(function: Function, where: str) -> bool:
    """Say whether a function puts anything there: into a map, a cache or a field of that name."""
    return any(given == where for given, _, _ in _stores(function))


def _lookups(function: Function) -> Iterator[tuple[str, Node]]:
    for assignment in function.assignments:
        right = assignment.right[0] if len(assignment.right) == 1 else None
        if right is not None and right.type == "index_expression" and len(assignment.left) == 2:
            operand = right.child_by_field_name("operand")
            if operand is not None and _outlives(function, operand):
                yield syntax.text(operand), assignment.node
    for call in function.calls:
        asks = call.name in _ASKS and call.operand is not None and len(call.arguments) == 1
        if asks and call.operand is not None and _outlives(function, call.operand):
            yield syntax.text(call.operand), call.node
    for condition in function.facts.conditions:
        test = condition.test
        if condition.kind not in {"if", "guard"} or (test is not None and not _is_nil_test(test, condition.kind)):
            continue
        left = test.child_by_field_name("left") if test is not None and test.type == "binary_expression" else None
        right = test.child_by_field_name("right") if test is not None and left is not None else None
        if left is None or right is None or test is None or syntax.text(right) != "nil":
            continue
        if left.type == "selector_expression" and _outlives(function, left):
            yield syntax.text(left), test


def _is_nil_test(test: Node, kind: str) -> bool:
    """Say whether a test is `x == nil` in front of what gives x a value, or `x != nil` in front of an early end."""
    return test.type == "binary_expression" and syntax.has_token(test, "==" if kind == "if" else "!=")


def _stores(function: Function) -> Iterator[tuple[str, Node | None, Node]]:
    for assignment in function.assignments:
        if assignment.operator != "=":
            continue
        for number, left in enumerate(assignment.left):
            value = assignment.right[number] if number < len(assignment.right) else None
            operand = left.child_by_field_name("operand")
            if value is not None and value.type == "nil":
                continue  # which forgets what was kept
            if left.type == "index_expression" and operand is not None:
                yield syntax.text(operand), value, assignment.node
            elif left.type == "selector_expression" and value is not None:
                yield syntax.text(left), value, assignment.node
    for call in function.calls:
        if call.name in _GIVES and call.operand is not None and len(call.arguments) >= 2:
            yield syntax.text(call.operand), call.arguments[1], call.node


def _outlives(function: Function, node: Node) -> bool:
    """Say whether something is not the function's own: a field of the receiver, the package's, or given to it."""
    root: Node | None = syntax.unparenthesized(node)
    while root is not None and root.type == "selector_expression":
        root = root.child_by_field_name("operand")
    if root is None or root.type != "identifier":
        return False
    name = syntax.text(root)
    binding = function.binding(name, root.start_byte)
    if binding is None:
        return name not in function.file.imports or node.type == "selector_expression"
    return binding.kind == "receiver" or (binding.kind == "param" and node.type == "identifier")


def _spares(function: Function, lookup: Node, store: Node) -> bool:
    """Say whether the lookup decides whether the store is reached: behind a condition on it, or a return after it."""
    for condition in function.facts.conditions:
        node = condition.node
        if node.type != "if_statement" or node.end_byte < lookup.start_byte or node.start_byte > store.start_byte:
            continue
        then = node.child_by_field_name("consequence")
        if then is not None and then.start_byte <= store.start_byte < then.end_byte:
            if node.start_byte <= lookup.start_byte < then.start_byte or _tests(function, condition.test, lookup):
                return True
            continue
        if condition.kind == "guard" and _tests(function, condition.test, lookup):
            return True
    return False


def _tests(function: Function, test: Node | None, lookup: Node) -> bool:
    """Say whether a test is of what a lookup gave."""
    if test is None:
        return False
    if test.start_byte <= lookup.start_byte < test.end_byte or syntax.same(test, lookup):
        return True
    for name in (syntax.text(each) for each in syntax.walk(test) if each.type == "identifier"):
        binding = function.binding(name, test.start_byte)
        value = binding.value if binding is not None else None
        if value is not None and lookup.start_byte <= value.start_byte <= value.end_byte <= lookup.end_byte + 1:
            return True
        if value is not None and syntax.same(value, lookup):
            return True
    return False
