"""The type of an expression, from declared types and one step of inference at a time; None where a step is unknown."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.facts import Binding
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types import resolution
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import (
    BOOL,
    BUILTINS,
    INT,
    UNIVERSE,
    UNTYPED_NIL,
    Array,
    Basic,
    Chan,
    Map,
    Named,
    Pointer,
    Signature,
    Slice,
    Tuple,
    Type,
    TypeParam,
    default,
    substituted,
    unified,
)

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["type_of", "type_of_binding", "type_of_value"]

_DEEPEST = 60
_LITERALS: dict[str, Type] = {
    "int_literal": Basic("untyped int"),
    "float_literal": Basic("untyped float"),
    "imaginary_literal": Basic("untyped complex"),
    "rune_literal": Basic("untyped rune"),
    "interpreted_string_literal": Basic("untyped string"),
    "raw_string_literal": Basic("untyped string"),
    "true": Basic("untyped bool"),
    "false": Basic("untyped bool"),
    "iota": Basic("untyped int"),
    "nil": UNTYPED_NIL,
}
_COMPARISONS = frozenset(["==", "!=", "<", "<=", ">", ">=", "&&", "||"])


def type_of(index: "PackageIndex", node: Node, file: SourceFile, function: Function | None) -> Type | None:
    """Give the type of the expression `node`; see PackageIndex.type_of."""
    literal = _LITERALS.get(node.type)
    if literal is not None:
        return literal
    key = (file.key, node.start_byte, node.end_byte, node.kind_id)
    if key in index.inferred:
        return index.inferred[key]
    if index.depth > _DEEPEST:
        return None
    index.inferred[key] = None  # what depends on itself is unknown
    index.depth += 1
    try:
        handler = _HANDLERS.get(node.type)
        found = index.unaliased(handler(Place(index, file, function), node)) if handler is not None else None
    finally:
        index.depth -= 1
    index.inferred[key] = found
    return found


def type_of_value(index: "PackageIndex", value: Value) -> Type | None:
    """Give the type of a package's variable or constant."""
    if value.type is not None:
        return resolution.resolve(index, value.type, value.file, None)
    if value.value is None:
        return None
    found = _part(index, type_of(index, value.value, value.file, None), value.part, value.parts, value.value)
    return found if value.kind == "const" else default(found)


def _part(index: "PackageIndex", whole: Type | None, part: int, parts: int, value: Node) -> Type | None:
    if parts == 1:
        return whole
    if isinstance(whole, Tuple):
        return whole.types[part] if part < len(whole.types) else None
    # v, ok := m[k], x.(T), <-c
    if syntax.unparenthesized(value).type in {"index_expression", "type_assertion_expression", "unary_expression"}:
        return whole if part == 0 else BOOL
    return None


def type_of_binding(index: "PackageIndex", binding: Binding, file: SourceFile, function: Function) -> Type | None:
    """Give the type of a name that a function declares; None for a type's name too."""
    if binding.kind == "type":
        return None
    if binding.type is not None:
        found = resolution.resolve(index, binding.type, file, function)
        return Slice(found) if binding.variadic else found
    if binding.kind == "switch" and len(binding.cases) == 1:
        if syntax.text(binding.cases[0]) != "nil":
            return resolution.resolve(index, binding.cases[0], file, function)
        return type_of(index, binding.value, file, function) if binding.value is not None else None
    if binding.value is None:
        return None
    whole = type_of(index, binding.value, file, function)
    if binding.kind == "range":
        return _ranged(Place(index, file, function), whole, binding.part)
    if binding.kind == "receive":
        return BOOL if binding.part else whole
    found = _part(index, whole, binding.part, binding.parts, binding.value)
    return found if binding.kind == "const" else default(found)


def _ranged(place: Place, collection: Type | None, part: int) -> Type | None:
    """What a range over `collection` gives as its first (0) or second (1) variable."""
    under = place.under(collection)
    if isinstance(under, Pointer):
        under = place.under(under.elem)
    if isinstance(under, Slice | Array):
        return under.elem if part else INT
    if isinstance(under, Map):
        return under.elem if part else under.key
    if isinstance(under, Chan):
        return None if part else under.elem
    if isinstance(under, Basic):
        if under.name in {"string", "untyped string"}:
            return Basic("int32") if part else INT
        return None if part else default(collection)
    if isinstance(under, Signature) and under.params:  # a range over a function: its yield's parameters
        yielded = place.under(under.params[0])
        if isinstance(yielded, Signature) and part < len(yielded.params):
            return yielded.params[part]
    return None


def _identifier(place: Place, node: Node) -> Type | None:
    name = syntax.text(node)
    binding = place.binding(name, node.start_byte)
    if binding is not None and place.function is not None:
        return type_of_binding(place.index, binding, place.file, place.function)
    index = place.index
    for path in (index.import_path(place.file), *place.file.dot_imports):
        declared = index.lookup(path, name, place.file if path == index.import_path(place.file) else None)
        if isinstance(declared, Function):
            return index.signature(declared)
        if isinstance(declared, Value):
            return index.value_type(declared)
        if declared is not None:
            return None
    return None


def _selector(place: Place, node: Node) -> Type | None:
    operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
    if operand is None or field is None:
        return None
    path = place.imported(operand)
    if path is not None:
        return place.of_package(path, syntax.text(field))
    of_type = place.type_of(operand)
    if of_type is None:
        return _method_expression(place, operand, syntax.text(field))
    if isinstance(of_type, TypeParam):
        of_type = place.bound(of_type)
    member = place.index.member(of_type, syntax.text(field))
    return member.type if member is not None else None


def _method_expression(place: Place, operand: Node, name: str) -> Type | None:
    """T.method and (*T).method are functions whose first parameter is the receiver."""
    receiver = place.conversion_target(operand)
    member = place.index.member(place.index.unaliased(receiver), name) if receiver is not None else None
    if member is None or member.kind != "method" or not isinstance(member.type, Signature):
        return None
    return Signature((receiver, *member.type.params), member.type.results, member.type.variadic)


def _call(place: Place, node: Node) -> Type | None:
    function = node.child_by_field_name("function")
    if function is None:
        return None
    arguments = _arguments(node)
    function = syntax.unparenthesized(function)
    if (
        function.type == "identifier"
        and (name := syntax.text(function)) in BUILTINS
        and _is_builtin(place, function, name)
    ):
        return _builtin(place, name, arguments)
    target = place.conversion_target(function)
    if target is not None:
        return target
    given = node.child_by_field_name("type_arguments")
    if function.type == "index_expression":
        explicit = [place.resolve(function.child_by_field_name("index"))]
        function = function.child_by_field_name("operand") or function
    else:
        explicit = [place.resolve(argument) for argument in syntax.children(given)] if given is not None else []
    return _result(place, function, explicit, arguments)


def _conversion(place: Place, node: Node) -> Type | None:
    type_ = node.child_by_field_name("type")
    if type_ is None:
        return None
    if type_.type == "generic_type":  # the grammar reads f[T](x) as a conversion too
        base, given = type_.child_by_field_name("type"), type_.child_by_field_name("type_arguments")
        if base is not None and given is not None and place.conversion_target(base) is None:
            operand = node.child_by_field_name("operand")
            explicit = [place.resolve(argument) for argument in syntax.children(given)]
            return _result(place, base, explicit, [operand] if operand is not None else [])
    return place.resolve(type_)


def _arguments(node: Node) -> list[Node]:
    given = node.child_by_field_name("arguments")
    return syntax.children(given) if given is not None else []


def _is_builtin(place: Place, node: Node, name: str) -> bool:
    if place.binding(name, node.start_byte) is not None:
        return False
    # Only min, max and clear came late (Go 1.21), so that older code has functions of its own by these names.
    if name not in {"min", "max", "clear"}:
        return True
    return place.index.lookup(place.index.import_path(place.file), name, place.file) is None


def _builtin(place: Place, name: str, arguments: list[Node]) -> Type | None:
    if name in {"len", "cap", "copy"}:
        return INT
    if name == "recover":
        return UNIVERSE["any"]
    if not arguments:
        return None
    if name == "new":
        return Pointer(place.resolve(arguments[0]))
    if name == "make":
        return place.resolve(arguments[0])
    if name in {"append", "min", "max"}:
        return place.type_of(arguments[0])
    if name in {"real", "imag"}:
        return Basic("float64")
    return Basic("complex128") if name == "complex" else None


def _result(place: Place, function: Node, explicit: list[Type | None], arguments: list[Node]) -> Type | None:
    named = function.type in {"qualified_type", "type_identifier"}
    callee = place.under(_by_name(place, function) if named else place.type_of(function))
    if not isinstance(callee, Signature) or not callee.results:
        return None
    results = callee.results
    if callee.type_params:
        found = dict(zip(callee.type_params, explicit, strict=False))
        if len(found) < len(callee.type_params):
            for number, argument in enumerate(arguments):
                if number < len(callee.params):
                    pattern = callee.params[number]
                elif callee.variadic and callee.params:
                    pattern = callee.params[-1]
                else:
                    break
                if (
                    callee.variadic
                    and number >= len(callee.params) - 1
                    and isinstance(pattern, Slice)
                    and argument.type != "variadic_argument"
                ):
                    pattern = pattern.elem
                _unify(place, pattern, argument, found)
        for name, bound in zip(callee.type_params, callee.constraints, strict=False):
            if bound is not None and name in found:  # of S ~[]E, E is known once S is
                unified(bound, place.under(found[name]), found)
        results = tuple(
            substituted(result, {name: found.get(name) for name in callee.type_params}) for result in results
        )
    return results[0] if len(results) == 1 else Tuple(results)


def _unify(place: Place, pattern: Type | None, argument: Node, found: dict[str, Type | None]) -> None:
    actual = place.type_of(argument)
    if isinstance(actual, Named) and not isinstance(pattern, Named | TypeParam):
        actual = place.index.underlying(actual)
    unified(pattern, actual, found)


def _by_name(place: Place, node: Node) -> Type | None:
    if node.type == "type_identifier":
        return _identifier(place, node)
    package, name = node.child_by_field_name("package"), node.child_by_field_name("name")
    path = place.imported(package) if package is not None else None
    if path is not None and name is not None:
        return place.of_package(path, syntax.text(name))
    # x.f[T](y) where x is a variable
    if package is None or name is None:
        return None
    binding = place.binding(syntax.text(package), package.start_byte)
    if binding is None or place.function is None:
        return None
    of_type = type_of_binding(place.index, binding, place.file, place.function)
    member = place.index.member(place.index.unaliased(of_type), syntax.text(name))
    return member.type if member is not None else None


def _composite(place: Place, node: Node) -> Type | None:
    type_ = node.child_by_field_name("type")
    found = place.resolve(type_)
    if isinstance(found, Array) and type_ is not None and type_.type == "implicit_length_array_type":
        body = node.child_by_field_name("body")
        elements = syntax.children(body) if body is not None else []
        # A keyed element may stand anywhere, so that only plain ones can be counted.
        if all(element.type == "literal_element" for element in elements):
            return Array(found.elem, len(elements))
    return found


def _unary(place: Place, node: Node) -> Type | None:
    operand, operator = node.child_by_field_name("operand"), node.child_by_field_name("operator")
    sign = operator.type if operator is not None else ""
    found = place.type_of(operand)
    if sign == "&":
        return Pointer(found) if found is not None else None
    if sign == "*":
        under = place.under(found)
        return under.elem if isinstance(under, Pointer) else None
    if sign == "<-":
        under = place.under(found)
        return under.elem if isinstance(under, Chan) else None
    return found


def _index(place: Place, node: Node) -> Type | None:
    found = place.type_of(node.child_by_field_name("operand"))
    under = place.under(found)
    if isinstance(under, Pointer):
        under = place.under(under.elem)
    if isinstance(under, Slice | Array | Map):
        return under.elem
    if isinstance(under, Basic) and under.name in {"string", "untyped string"}:
        return Basic("uint8")
    if isinstance(under, Signature) and under.type_params:  # a generic function with its type arguments, as a value
        argument = place.resolve(node.child_by_field_name("index"))
        return substituted(
            Signature(under.params, under.results, under.variadic, under.type_params[1:]),
            {under.type_params[0]: argument},
        )
    return None


def _slice(place: Place, node: Node) -> Type | None:
    found = place.type_of(node.child_by_field_name("operand"))
    under = place.under(found)
    if isinstance(under, Pointer):
        under = place.under(under.elem)
    if isinstance(under, Array):
        return Slice(under.elem)
    return default(found)


def _assertion(place: Place, node: Node) -> Type | None:
    return place.resolve(node.child_by_field_name("type"))


def _inside(place: Place, node: Node) -> Type | None:
    parts = syntax.children(node)
    return place.type_of(parts[0]) if len(parts) == 1 else None


def _function_literal(place: Place, node: Node) -> Type | None:
    return resolution.signature(place.index, node, place.file, place.function)


def _binary(place: Place, node: Node) -> Type | None:
    # A long sum nests to the left; going down it in a loop needs no stack.
    current: Node | None = node
    candidates: list[Type | None] = []
    while current is not None and current.type == "binary_expression":
        operator = current.child_by_field_name("operator")
        if operator is not None and operator.type in _COMPARISONS:
            candidates.append(Basic("untyped bool"))
            break
        left, right = current.child_by_field_name("left"), current.child_by_field_name("right")
        if operator is None or operator.type not in {"<<", ">>"}:
            found = place.type_of(right)
            if found is not None and not _untyped(found):
                return found
            candidates.append(found)
        current = left
    else:
        found = place.type_of(current)
        if found is not None and not _untyped(found):
            return found
        candidates.append(found)
    return None if None in candidates else max(candidates, key=_rank)


def _untyped(type_: Type) -> bool:
    return isinstance(type_, Basic) and type_.name.startswith("untyped ")


def _rank(type_: Type | None) -> int:
    order = ("untyped bool", "untyped string", "untyped int", "untyped rune", "untyped float", "untyped complex")
    return order.index(type_.name) if isinstance(type_, Basic) and type_.name in order else -1


_HANDLERS: dict[str, Callable[[Place, Node], Type | None]] = {
    "identifier": _identifier,
    "selector_expression": _selector,
    "call_expression": _call,
    "type_conversion_expression": _conversion,
    "composite_literal": _composite,
    "unary_expression": _unary,
    "binary_expression": _binary,
    "index_expression": _index,
    "slice_expression": _slice,
    "type_assertion_expression": _assertion,
    "parenthesized_expression": _inside,
    "variadic_argument": _inside,
    "literal_element": _inside,
    "expression_list": _inside,
    "func_literal": _function_literal,
}
