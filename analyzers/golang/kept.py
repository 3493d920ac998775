"""Whether code needs a copy of its own: it changes it, or keeps it whole, so that it is copied in any case."""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Loop
from analyzers.golang.facts.syntax import Node

_BRANCHES = frozenset({"if_statement", "expression_switch_statement", "type_switch_statement", "select_statement"})


def changes(function: Function, name: str, loop: Loop | None = None) -> bool:
    """Say whether a function (within `loop`) writes to a field of its variable `name`."""
    return any(
        left.type == "selector_expression" and syntax.text(left).startswith(f"{name}.")
        for assignment in function.assignments
        if loop is None or loop in assignment.loops
        for left in assignment.left
    )


def keeps(body: Node | None, name: str, always: bool) -> bool:
    """Say whether code stores the whole value of the variable `name`, gives it back or sends it (`always`: under no
    condition, as for an error that it meets)."""
    if body is None:
        return False
    return any(
        node.type == "identifier" and syntax.text(node) == name and _is_kept(node)
        for node in syntax.walk(body, lambda node: not (always and node.type in _BRANCHES))
    )


def keeps_many(body: Node | None, name: str) -> bool:
    """Say whether a loop's body stores the whole value of its variable `name`, or sends it: one that is given back under a
    condition, where a search ends, is one of many that were copied for it."""
    if body is None:
        return False
    return any(
        node.type == "identifier" and syntax.text(node) == name and _is_kept(node) and not _ends_a_search(node, body)
        for node in syntax.walk(body)
    )


def _ends_a_search(node: Node, body: Node) -> bool:
    around, returned = node.parent, False
    while around is not None and not syntax.same(around, body):
        returned = returned or around.type == "return_statement"
        if returned and around.type in _BRANCHES:
            return True
        around = around.parent
    return False


def _is_kept(node: Node) -> bool:
    parent = node.parent
    if parent is not None and parent.type in {"expression_list", "literal_element"}:
        parent = parent.parent
    if parent is None:
        return False
    if parent.type == "argument_list":
        called = parent.parent.child_by_field_name("function") if parent.parent is not None else None
        return called is not None and syntax.text(called) == "append"
    if parent.type in {"assignment_statement", "short_var_declaration", "var_spec", "send_statement"}:
        right = parent.child_by_field_name("right") or parent.child_by_field_name("value")
        return right is not None and right.start_byte <= node.start_byte
    if parent.type == "keyed_element":
        return not syntax.same(syntax.children(parent)[0], node.parent)
    return parent.type in {"return_statement", "literal_value"}


def points_to(body: Node | None, name: str) -> bool:
    """Say whether code takes the address of the variable `name`, through which it may be changed or kept."""
    return body is not None and any(
        node.type == "unary_expression" and syntax.has_token(node, "&") and syntax.text(node) == f"&{name}"
        for node in syntax.walk(body)
    )
