"""Place: where an expression stands, and so what its names mean."""

from typing import TYPE_CHECKING

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, TypeDeclaration, Value
from analyzers.golang.facts.facts import Binding
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types import resolution
from analyzers.golang.types.types import UNIVERSE, Named, Pointer, Type, TypeParam

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["Place"]

_TYPE_NODES = frozenset(
    [
        "array_type",
        "channel_type",
        "function_type",
        "generic_type",
        "interface_type",
        "map_type",
        "parenthesized_type",
        "pointer_type",
        "qualified_type",
        "slice_type",
        "struct_type",
        "type_identifier",
    ]
)


class Place:
    """Where an expression stands: what its names mean."""

    __slots__ = ("file", "function", "index")

    def __init__(self, index: "PackageIndex", file: SourceFile, function: Function | None) -> None:
        self.index = index
        self.file = file
        self.function = function

    def type_of(self, node: Node | None) -> Type | None:
        """The type of an expression here."""
        return None if node is None else self.index.type_of(node, self.file, self.function)

    def resolve(self, node: Node | None) -> Type | None:
        """The type that a type expression stands for here."""
        return resolution.resolve(self.index, node, self.file, self.function)

    def under(self, type_: Type | None) -> Type | None:
        """What a type is made of; for a type parameter, what its constraint says."""
        type_ = self.index.unaliased(type_)
        if isinstance(type_, TypeParam):
            type_ = self.index.unaliased(self.bound(type_))
        return self.index.underlying(type_)

    def bound(self, param: TypeParam) -> Type | None:
        """The constraint of a type parameter of the function around, or of its receiver's type."""
        if self.function is None:
            return None
        for name, node in self.function.type_params:
            if name == param.name:
                return resolution.constraint(self.index, node, self.file, self.function)
        receiver = self.function.receiver
        if receiver is None or param.name not in receiver.type_params:
            return None
        declared = self.index.lookup(self.index.import_path(self.file), receiver.type_name, self.file)
        if not isinstance(declared, TypeDeclaration):
            return None
        position = receiver.type_params.index(param.name)
        if position >= len(declared.type_params):
            return None
        params = frozenset(name for name, _ in declared.type_params)
        return resolution.constraint(self.index, declared.type_params[position][1], declared.file, None, params)

    def binding(self, name: str, at: int) -> Binding | None:
        """What the function around declares as `name`."""
        return self.function.binding(name, at) if self.function is not None else None

    def imported(self, operand: Node) -> str | None:
        """The import path that an operand names, None if it is no package's name."""
        if operand.type not in {"identifier", "package_identifier"}:
            return None
        name = syntax.text(operand)
        if self.binding(name, operand.start_byte) is not None:
            return None
        return self.index.imported(self.file, name)

    def of_package(self, path: str, name: str) -> Type | None:
        """The type of the function or variable `name` of the package at `path`."""
        declared = self.index.lookup(path, name)
        if isinstance(declared, Function):
            return self.index.signature(declared)
        if isinstance(declared, Value):
            return self.index.value_type(declared)
        if declared is None and self.index.external is not None:
            return self.index.external.lookup(path, name)
        return None

    def conversion_target(self, function: Node) -> Type | None:
        """The type that the function part of a call names, None if it is no type."""
        function = syntax.unparenthesized(function)
        if function.type in _TYPE_NODES and function.type not in {"type_identifier", "qualified_type", "generic_type"}:
            return self.resolve(function)
        if function.type == "unary_expression" and syntax.has_token(function, "*"):
            target = function.child_by_field_name("operand")
            inner = self.conversion_target(target) if target is not None else None
            return Pointer(inner) if inner is not None else None
        if function.type == "generic_type":
            base = function.child_by_field_name("type")
            return self.resolve(function) if base is not None and self.conversion_target(base) is not None else None
        if function.type == "index_expression":
            base = function.child_by_field_name("operand")
            return self.resolve(function) if base is not None and self.conversion_target(base) is not None else None
        if function.type in {"selector_expression", "qualified_type"}:
            operand = function.child_by_field_name("operand") or function.child_by_field_name("package")
            name = function.child_by_field_name("field") or function.child_by_field_name("name")
            path = self.imported(operand) if operand is not None else None
            if path is None or name is None:
                return None
            declared = self.index.lookup(path, syntax.text(name))
            return Named(path, syntax.text(name)) if isinstance(declared, TypeDeclaration) else None
        if function.type not in {"identifier", "type_identifier"}:
            return None
        return self._named_type(function)

    def _named_type(self, node: Node) -> Type | None:
        name = syntax.text(node)
        binding = self.binding(name, node.start_byte)
        if binding is not None:
            return self.resolve(node) if binding.kind == "type" else None
        if name in UNIVERSE:
            return UNIVERSE[name]
        index = self.index
        path = index.import_path(self.file)
        declared = index.lookup(path, name, self.file)
        if isinstance(declared, TypeDeclaration):
            return Named(path, name)
        if declared is None:
            found = self.resolve(node)
            if isinstance(found, TypeParam) or (isinstance(found, Named) and found.path != path):
                return found
        return None
