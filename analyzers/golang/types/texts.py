"""String constants, and the elements of slices that are written out: what an expression spells, through constants,
variables, `append` and conversions.
"""

from typing import TYPE_CHECKING, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["QUOTED", "Expression", "elements", "text"]

_LONGEST_CHAIN = 8
QUOTED = frozenset({"interpreted_string_literal", "raw_string_literal"})


class Expression(NamedTuple):
    """An expression, and the file and function (None outside of functions) in which its names mean something."""

    node: Node
    file: SourceFile
    function: Function | None


def text(index: "PackageIndex", at: Expression) -> str | None:
    """Give what a constant string expression spells, None if it is none or unknown."""
    for _ in range(_LONGEST_CHAIN):
        node = syntax.unparenthesized(at.node)
        if node.type in QUOTED:
            return syntax.text(node)[1:-1]
        if node.type == "call_expression":  # string(Label), and conversions to types that are strings
            given = node.child_by_field_name("arguments")
            inner = syntax.children(given) if given is not None else []
            called = node.child_by_field_name("function")
            if len(inner) != 1 or called is None or syntax.text(called) != "string":
                return None
            at = at._replace(node=inner[0])
            continue
        meant = _meant(index, at, constants=True)
        if meant is None:
            return None
        at = meant
    return None


def elements(index: "PackageIndex", at: Expression, depth: int = 0) -> list[Expression] | None:
    """Give the elements of a slice in order: of a literal, or of a variable that holds one, with what is appended to it;
    None if they are not all written out.
    """
    if depth > _LONGEST_CHAIN:
        return None
    node = syntax.unparenthesized(at.node)
    given = node.child_by_field_name("arguments")
    if node.type == "nil":
        return []
    if node.type == "variadic_argument":
        return elements(index, at._replace(node=syntax.children(node)[0]), depth + 1)
    if node.type == "composite_literal":
        body = node.child_by_field_name("body")
        parts = syntax.children(body) if body is not None else []
        if any(part.type == "keyed_element" for part in parts):
            return None
        return [at._replace(node=_inner(part)) for part in parts]
    if node.type == "call_expression" and given is not None and syntax.text(node).startswith("append("):
        found: list[Expression] = []
        for number, part in enumerate(syntax.children(given)):
            within = at._replace(node=part)
            if number and part.type != "variadic_argument":
                found.append(within)
                continue
            more = elements(index, within, depth + 1)
            if more is None:
                return None
            found += more
        return found
    meant = _meant(index, at)
    return elements(index, meant, depth + 1) if meant is not None else None


def _inner(element: Node) -> Node:
    return next(iter(syntax.children(element)), element) if element.type == "literal_element" else element


def _meant(index: "PackageIndex", at: Expression, constants: bool = False) -> Expression | None:
    """What a name was given: the value of a constant, or of a variable to which nothing else is assigned."""
    node = at.node
    if node.type == "identifier":
        name = syntax.text(node)
        binding = at.function.binding(name, node.start_byte) if at.function is not None else None
        if binding is not None:
            kinds = {"const", "var"}
            if binding.kind not in kinds or binding.value is None or binding.parts != 1 or at.function is None:
                return None
            return at._replace(node=binding.value) if _assigned_once(at.function, name) else None
        declared = index.lookup(index.import_path(at.file), name, at.file)
    elif node.type == "selector_expression":
        operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
        if operand is None or field is None or operand.type != "identifier":
            return None
        path = index.imported(at.file, syntax.text(operand))
        declared = index.lookup(path, syntax.text(field)) if path is not None else None
    else:
        return None
    if not isinstance(declared, Value) or declared.value is None or declared.parts != 1:
        return None
    if constants and declared.kind != "const":
        return None
    return Expression(declared.value, declared.file, None)


def _assigned_once(function: Function, name: str) -> bool:
    return (
        sum(
            any(left.type == "identifier" and syntax.text(left) == name for left in assignment.left)
            for assignment in function.assignments
        )
        <= 1
    )
