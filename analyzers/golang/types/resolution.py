"""What a type expression stands for, its names resolved in the file and function around it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, TypeDeclaration, parameters
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.types import (
    UNIVERSE,
    Array,
    Chan,
    Field,
    Interface,
    Map,
    Named,
    Pointer,
    Signature,
    Slice,
    Struct,
    Type,
    TypeParam,
)

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["constraint", "resolve", "signature", "with_elements"]

_DEEPEST = 60
_NONE: frozenset[str] = frozenset()


def resolve(
    index: "PackageIndex",
    node: Node | None,
    file: SourceFile,
    function: Function | None,
    params: frozenset[str] = _NONE,
    depth: int = 0,
) -> Type | None:
    """Give the type that `node` stands for, aliases not followed. `params` are the type parameters of a type
    declaration around it.
    """
    if node is None or depth > _DEEPEST:
        return None
    kind = node.type

    def inner(child: Node | None) -> Type | None:
        return resolve(index, child, file, function, params, depth + 1)

    if kind in {"type_identifier", "identifier"}:
        return _named(index, node, file, function, params)
    if kind == "qualified_type":
        return _qualified(index, node.child_by_field_name("package"), node.child_by_field_name("name"), file)
    if kind == "pointer_type":
        return Pointer(inner(syntax.children(node)[0])) if syntax.children(node) else None
    if kind == "slice_type":
        return Slice(inner(node.child_by_field_name("element")))
    if kind == "map_type":
        return Map(inner(node.child_by_field_name("key")), inner(node.child_by_field_name("value")))
    if kind == "struct_type":
        return _struct(node, inner)
    if kind == "interface_type":
        return _interface(index, node, file, function, params, inner)
    if kind == "function_type":
        return signature(index, node, file, function, params, depth + 1)
    if kind == "array_type":
        length = node.child_by_field_name("length")
        return Array(
            inner(node.child_by_field_name("element")),
            index.constant(length, file, function) if length is not None else None,
        )
    if kind == "implicit_length_array_type":
        return Array(inner(node.child_by_field_name("element")), None)
    if kind == "channel_type":
        tokens = [child.type for child in node.children[:2]]
        direction = "receive" if tokens[:1] == ["<-"] else "send" if tokens == ["chan", "<-"] else "both"
        return Chan(inner(node.child_by_field_name("value")), direction)
    if kind == "generic_type":
        return _generic(node, inner)
    if kind in {"parenthesized_type", "parenthesized_expression", "type_elem", "type_constraint"}:
        parts = syntax.children(node)
        return inner(parts[0]) if len(parts) == 1 else None
    if kind == "selector_expression":
        operand = node.child_by_field_name("operand")
        if operand is None or operand.type != "identifier":
            return None
        return _qualified(index, operand, node.child_by_field_name("field"), file)
    if kind == "unary_expression" and syntax.has_token(node, "*"):
        return Pointer(inner(node.child_by_field_name("operand")))
    if kind == "index_expression":
        base, argument = inner(node.child_by_field_name("operand")), inner(node.child_by_field_name("index"))
        return Named(base.path, base.name, (argument,)) if isinstance(base, Named) else None
    return None


def _named(
    index: "PackageIndex", node: Node, file: SourceFile, function: Function | None, params: frozenset[str]
) -> Type | None:
    name = syntax.text(node)
    if name in params:
        return TypeParam(name)
    path = index.import_path(file)
    if function is not None:
        if any(name == declared for declared, _ in function.type_params):
            return TypeParam(name)
        receiver = function.receiver
        if receiver is not None and name in receiver.type_params:
            return TypeParam(name)
        # Types declared in functions are rare: a function without one is not walked to learn that a name is none.
        if function.declares_types:
            binding = function.binding(name, node.start_byte)
            if binding is not None and binding.kind == "type" and binding.type is not None:
                local = Named(path, f"{function.key}.{name}")
                index.local_types.setdefault(local, (file, function, binding.type))
                return local
    known = UNIVERSE.get(name)
    if known is not None:
        return known
    if file.dot_imports and not isinstance(index.lookup(path, name, file), TypeDeclaration):
        for other in file.dot_imports:
            if isinstance(index.lookup(other, name), TypeDeclaration):
                return Named(other, name)
    return Named(path, name)


def _qualified(index: "PackageIndex", package: Node | None, name: Node | None, file: SourceFile) -> Type | None:
    path = index.imported(file, syntax.text(package)) if package is not None else None
    return Named(path, syntax.text(name)) if path is not None and name is not None else None


def _generic(node: Node, inner: Callable[[Node | None], Type | None]) -> Type | None:
    base = inner(node.child_by_field_name("type"))
    arguments = node.child_by_field_name("type_arguments")
    if not isinstance(base, Named) or arguments is None:
        return None
    return Named(base.path, base.name, tuple(inner(argument) for argument in syntax.children(arguments)))


def _struct(node: Node, inner: Callable[[Node | None], Type | None]) -> Struct:
    found: list[Field] = []
    for group in syntax.children(node):
        for declared in syntax.children(group):
            if declared.type != "field_declaration":
                continue
            type_node = declared.child_by_field_name("type")
            type_ = inner(type_node)
            names = syntax.fields(declared, "name")
            if names:
                found.extend(Field(syntax.text(name), type_) for name in names)
            elif type_node is not None:
                embedded = Pointer(type_) if syntax.has_token(declared, "*") else type_
                found.append(Field(_embedded_name(type_node), embedded, embedded=True))
    return Struct(tuple(found))


def _embedded_name(node: Node) -> str:
    if node.type == "generic_type":
        node = node.child_by_field_name("type") or node
    if node.type == "qualified_type":
        node = node.child_by_field_name("name") or node
    return syntax.text(node)


def _interface(
    index: "PackageIndex",
    node: Node,
    file: SourceFile,
    function: Function | None,
    params: frozenset[str],
    inner: Callable[[Node | None], Type | None],
) -> Interface:
    methods: list[tuple[str, Signature]] = []
    embeds: list[Type | None] = []
    for element in syntax.children(node):
        if element.type == "method_elem":
            name = element.child_by_field_name("name")
            if name is not None:
                methods.append((syntax.text(name), signature(index, element, file, function, params)))
        elif element.type == "type_elem":
            parts = syntax.children(element)
            # A union or ~T says which types may stand for a parameter; it has no methods.
            if len(parts) == 1 and parts[0].type in {"type_identifier", "qualified_type", "generic_type"}:
                embeds.append(inner(parts[0]))
    return Interface(tuple(methods), tuple(embeds))


def signature(
    index: "PackageIndex",
    node: Node,
    file: SourceFile,
    function: Function | None,
    params: frozenset[str] = _NONE,
    depth: int = 0,
) -> Signature:
    """Give the signature of a function's declaration, literal or type, or of an interface's method."""
    given, variadic = [], False
    for parameter in parameters(node, "parameters"):
        type_ = resolve(index, parameter.type, file, function, params, depth + 1)
        variadic = parameter.variadic
        given.append(Slice(type_) if variadic else type_)
    results = tuple(
        resolve(index, result.type, file, function, params, depth + 1) for result in parameters(node, "result")
    )
    if function is None or node != function.node:
        return Signature(tuple(given), results, variadic)
    names = tuple(name for name, _ in function.type_params)
    constraints = tuple(constraint(index, bound, file, function) for _, bound in function.type_params)
    return Signature(tuple(given), results, variadic, names, constraints)


def constraint(
    index: "PackageIndex",
    node: Node | None,
    file: SourceFile,
    function: Function | None,
    params: frozenset[str] = _NONE,
) -> Type | None:
    """Give what a type parameter's constraint says of it: an interface, or the type behind a single `~`; None for a
    union.
    """
    if node is not None and node.type in {"type_constraint", "type_elem"}:
        parts = syntax.children(node)
        node = parts[0] if len(parts) == 1 else None
    if node is not None and node.type == "negated_type":
        parts = syntax.children(node)
        node = parts[0] if parts else None
    return resolve(index, node, file, function, params)


def with_elements(type_: Type | None, change: Callable[[Type | None], Type | None]) -> Type | None:
    """Give `type_` with `change` applied to what a pointer, slice, array, map, channel or tuple holds."""
    if isinstance(type_, Pointer):
        return Pointer(change(type_.elem))
    if isinstance(type_, Slice):
        return Slice(change(type_.elem))
    if isinstance(type_, Array):
        return Array(change(type_.elem), type_.length)
    if isinstance(type_, Map):
        return Map(change(type_.key), change(type_.elem))
    if isinstance(type_, Chan):
        return Chan(change(type_.elem), type_.direction)
    return type_
