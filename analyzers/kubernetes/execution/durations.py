"""How long a time.Duration expression is, where its parts are constants."""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex

_UNITS = {
    "time.Nanosecond": 1e-9,
    "time.Microsecond": 1e-6,
    "time.Millisecond": 1e-3,
    "time.Second": 1.0,
    "time.Minute": 60.0,
    "time.Hour": 3600.0,
}
_DEEPEST = 8


def seconds(index: PackageIndex, node: Node, file: SourceFile, function: Function | None) -> float | None:
    """Give a duration in seconds: `10 * time.Second`, a constant's or variable's name, `time.Duration(n) *
    time.Minute`; None if unknown."""
    found = _factor(index, node, file, function, 0)
    return found[0] if found is not None and found[1] and 0 < found[0] < 1e7 else None


def is_none(index: PackageIndex, node: Node, file: SourceFile, function: Function | None) -> bool:
    """Say whether a duration is known to be nought: `0`, `time.Duration(0)`, a constant that is."""
    found = _factor(index, node, file, function, 0)
    return found is not None and found[0] == 0


def _factor(
    index: PackageIndex, node: Node | None, file: SourceFile, function: Function | None, depth: int
) -> tuple[float, bool] | None:
    """The value of an expression, in seconds if the second part is true, else a plain number."""
    if node is None or depth > _DEEPEST:
        return None
    node = syntax.unparenthesized(node)
    text = syntax.text(node)
    if text in _UNITS:
        return _UNITS[text], True
    if node.type == "int_literal":
        number = index.constant(node, file, function)
        return None if number is None else (float(number), False)
    if node.type == "float_literal":
        return _decimal(text)
    if node.type == "binary_expression":
        return _binary(index, node, file, function, depth)
    if node.type == "call_expression":  # time.Duration(n)
        called, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if (
            called is not None
            and arguments is not None
            and syntax.text(called) in {"time.Duration", "float64", "int64"}
        ):
            given = syntax.children(arguments)
            return _factor(index, given[0], file, function, depth + 1) if len(given) == 1 else None
        return None
    if node.type == "composite_literal":  # metav1.Duration{Duration: 10 * time.Second}
        for child in syntax.walk(node):
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is not None and value is not None and syntax.text(key) == "Duration":
                inner = syntax.children(value)
                return _factor(index, inner[0] if inner else value, file, function, depth + 1)
        return None
    return _named(index, node, file, function, depth)


def _decimal(text: str) -> tuple[float, bool] | None:
    try:
        return float(text.replace("_", "")), False
    except ValueError:  # a hexadecimal one
        return None


def _binary(
    index: PackageIndex, node: Node, file: SourceFile, function: Function | None, depth: int
) -> tuple[float, bool] | None:
    left = _factor(index, node.child_by_field_name("left"), file, function, depth + 1)
    right = _factor(index, node.child_by_field_name("right"), file, function, depth + 1)
    operator = node.child_by_field_name("operator")
    if left is None or right is None or operator is None:
        return None
    timed = left[1] or right[1]
    match operator.type:
        case "*":
            return left[0] * right[0], timed
        case "/":
            return (left[0] / right[0], left[1] and not right[1]) if right[0] else None
        case "+":
            return left[0] + right[0], timed
        case "-":
            return left[0] - right[0], timed
    return None


def _named(
    index: PackageIndex, node: Node, file: SourceFile, function: Function | None, depth: int
) -> tuple[float, bool] | None:
    text = syntax.text(node)
    if node.type == "identifier":
        binding = function.binding(text, node.start_byte) if function is not None else None
        if binding is not None:
            # What another line sets is another one, sometimes.
            once = function is not None and all(each.operator != "=" for each in function.facts.assigned(text))
            return (
                _factor(index, binding.value, file, function, depth + 1)
                if binding.kind in {"var", "const"} and binding.parts == 1 and once
                else None
            )
        declared = index.lookup(index.import_path(file), text, file)
    else:
        path = syntax.path(node)
        if (
            path is not None
            and len(path) == 2
            and function is not None
            and function.binding(path[0], node.start_byte) is not None
        ):
            return _field(index, path[1], file, depth)
        imported = index.imported(file, path[0]) if path is not None and len(path) == 2 else None
        declared = index.lookup(imported, path[1]) if imported is not None and path is not None else None
    if isinstance(declared, Value) and declared.value is not None and declared.parts == 1:
        return _factor(index, declared.value, declared.file, None, depth + 1)
    return None


def _field(index: PackageIndex, name: str, file: SourceFile, depth: int) -> tuple[float, bool] | None:
    """The value that a field of this name is given in literals of the package, if they all agree."""
    found: set[tuple[float, bool]] = set()
    pattern = re.compile(rb"\b%s:" % name.encode())
    for other in index.package_of(file.path).files():
        if not pattern.search(other.source):
            continue
        for function in other.functions:
            if not pattern.search(other.source, function.region.start, function.region.end):
                continue
            for composite in function.composites:
                body = composite.node.child_by_field_name("body")
                for element in syntax.children(body) if body is not None else []:
                    key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
                    if key is None or value is None or syntax.text(key) != name:
                        continue
                    inner = syntax.children(value)
                    given = _factor(index, inner[0] if inner else value, other, function, depth + 1)
                    if given is None:
                        return None
                    found.add(given)
    return found.pop() if len(found) == 1 else None
