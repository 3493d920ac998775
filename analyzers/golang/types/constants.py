"""Integer constants: the value of an expression such as `1 << iota` or `pkg.MaxPods * 2` (for array lengths)."""

from typing import TYPE_CHECKING

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.types import Basic

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["evaluate"]

_DEEPEST = 40
_MOST_BITS = 512
"""The Go specification asks compilers for at least 256 bits."""


def evaluate(
    index: "PackageIndex",
    node: Node,
    file: SourceFile,
    function: Function | None = None,
    iota: int | None = None,
    depth: int = 0,
) -> int | None:
    """Give the value of the constant integer expression `node`, None if it is none or unknown. `iota` is its place in
    its group.
    """
    if depth > _DEEPEST:
        return None
    node = syntax.unparenthesized(node)
    kind = node.type
    if kind == "int_literal":
        return _literal(syntax.text(node))
    if kind == "iota":
        return iota
    if kind == "rune_literal":
        inner = syntax.text(node)[1:-1]
        return ord(inner) if len(inner) == 1 else None
    if kind == "binary_expression":
        return _binary(index, node, file, function, iota, depth)
    if kind == "unary_expression":
        operand, operator = node.child_by_field_name("operand"), node.child_by_field_name("operator")
        value = evaluate(index, operand, file, function, iota, depth + 1) if operand is not None else None
        if value is None or operator is None:
            return None
        return {"-": -value, "+": value, "^": ~value}.get(operator.type)
    if kind == "call_expression":
        return _call(index, node, file, function, iota, depth)
    declared = _declared(index, node, file, function)
    if isinstance(declared, Value):
        if declared.kind != "const" or declared.value is None or declared.parts != 1:
            return None
        return evaluate(index, declared.value, declared.file, None, declared.iota, depth + 1)
    if isinstance(declared, Node):
        return evaluate(index, declared, file, function, None, depth + 1)
    return None


def _declared(index: "PackageIndex", node: Node, file: SourceFile, function: Function | None) -> Value | Node | None:
    if node.type == "identifier":
        name = syntax.text(node)
        binding = function.binding(name, node.start_byte) if function is not None else None
        if binding is not None:
            return binding.value if binding.kind == "const" and binding.parts == 1 else None
        found = index.lookup(index.import_path(file), name, file)
        return found if isinstance(found, Value) else None
    if node.type == "selector_expression":
        operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
        if operand is None or field is None or operand.type != "identifier":
            return None
        path = index.imported(file, syntax.text(operand))
        found = index.lookup(path, syntax.text(field)) if path is not None else None
        return found if isinstance(found, Value) else None
    return None


def _literal(text: str) -> int | None:
    text = text.replace("_", "")
    if len(text) > _MOST_BITS:
        return None
    if len(text) > 1 and text[0] == "0" and text[1].isdigit():
        text = "0o" + text[1:]
    try:
        return int(text, 0)
    except ValueError:
        return None


def _binary(
    index: "PackageIndex", node: Node, file: SourceFile, function: Function | None, iota: int | None, depth: int
) -> int | None:
    operator = node.child_by_field_name("operator")
    sides = [node.child_by_field_name("left"), node.child_by_field_name("right")]
    values = [evaluate(index, side, file, function, iota, depth + 1) if side is not None else None for side in sides]
    left, right = values
    if left is None or right is None or operator is None:
        return None
    sign = operator.type
    if (sign in {"<<", ">>"} and not 0 <= right <= _MOST_BITS) or (sign in {"/", "%"} and right == 0):
        return None
    results = {
        "+": left + right,
        "-": left - right,
        "*": left * right,
        "&": left & right,
        "|": left | right,
        "^": left ^ right,
        "&^": left & ~right,
    }
    if sign in results:
        value = results[sign]
    elif sign == "<<":
        value = left << right
    elif sign == ">>":
        value = left >> right
    elif sign == "/":
        value = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    elif sign == "%":
        value = abs(left) % abs(right) * (1 if left >= 0 else -1)
    else:
        return None
    return value if value.bit_length() <= _MOST_BITS else None


def _call(
    index: "PackageIndex", node: Node, file: SourceFile, function: Function | None, iota: int | None, depth: int
) -> int | None:
    """A conversion such as uint32(4), or len("text")."""
    called, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    arguments = syntax.children(given) if given is not None else []
    if called is None or len(arguments) != 1:
        return None
    if syntax.text(called) == "len":
        argument = arguments[0]
        if argument.type == "interpreted_string_literal" and "\\" not in syntax.text(argument):
            return len(argument.text or b"") - 2
        return None
    target = index.underlying(index.type_of(node, file, function))
    return evaluate(index, arguments[0], file, function, iota, depth + 1) if isinstance(target, Basic) else None
