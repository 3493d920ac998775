"""Loops over few things: what an object has several of, command-line arguments, lists written out in the code, retries."""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import collections


def bounded(index: PackageIndex, function: Function, loop: Loop) -> bool:
    """Say whether a loop is known to go through few things: parts of one object, a literal, a command's arguments; or
    counts retries."""
    if loop.kind == "counted":
        return "len(" not in (syntax.text(loop.condition) if loop.condition is not None else "")
    return loop.collection is not None and collections.few(index, function, loop.collection)


def in_item_loop(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a call stands in a loop over things that are not known to be few."""
    return any(
        loop.kind == "range"
        and not bounded(index, function, loop)
        and not reached_once(loop, call.node)
        and not _is_picked(loop, call)
        for loop in call.loops
    )


def _is_picked(loop: Loop, call: Call) -> bool:
    """Say whether a call in a loop is made for what equals a text that is written out: one line of a file, one key."""
    for each in call.conditions:
        inside = loop.node.start_byte <= each.node.start_byte < loop.node.end_byte
        if not inside or each.test is None:
            continue
        if each.kind == "case" and all(value.type in _TEXTS for value in syntax.children(each.test) or [each.test]):
            return True
        if each.kind == "if" and each.test.type == "binary_expression" and syntax.has_token(each.test, "=="):
            sides = (each.test.child_by_field_name("left"), each.test.child_by_field_name("right"))
            if any(side is not None and side.type in _TEXTS for side in sides):
                return True
    return False


_TEXTS = frozenset(["interpreted_string_literal", "raw_string_literal"])


def reached_once(loop: Loop, node: Node) -> bool:
    """Say whether a place in a loop is reached once at most: what is done there ends with leaving the loop."""
    current, switched = loop.body, False
    while current is not None and current.type != "func_literal":
        inner = next((each for each in current.named_children if syntax.contains(each, node)), None)
        if current.type == "statement_list" and inner is not None:
            last = syntax.children(current)[-1]
            if last.type == "return_statement" or (
                last.type == "break_statement" and not switched and not syntax.children(last)
            ):
                return True
        switched = switched or current.type in _LEFT_BY_BREAK
        current = inner
    return False


_LEFT_BY_BREAK = frozenset(
    ["expression_switch_statement", "type_switch_statement", "select_statement", "for_statement"]
)
