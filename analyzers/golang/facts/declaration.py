"""Declarations of one Go file: functions, types, variables and constants, parsed when they are first asked for more
than their names.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.facts import Assignment, Binding, Call, Closure, Composite, Facts, Loop
from analyzers.golang.facts.syntax import Node
from analyzers.golang.facts.walk import walked

if TYPE_CHECKING:
    from analyzers.golang.facts.regions import Region
    from analyzers.golang.facts.source import SourceFile

__all__ = ["Declaration", "Function", "Parameter", "Receiver", "TypeDeclaration", "Value", "type_parameters"]


class Receiver(NamedTuple):
    """A method's receiver: its name ("" if it has none), its type's name without `*` and type arguments, whether it is
    a pointer, its type expression.
    """

    name: str
    type_name: str
    pointer: bool
    type: Node
    type_params: tuple[str, ...] = ()


class Parameter(NamedTuple):
    """A parameter or result: name ("" if it has none), type expression, line; a variadic one is a slice of that type."""

    name: str
    type: Node
    line: int
    variadic: bool = False


class Function:
    """A function, a method, or (`body` is then an expression) a variable's initial value that holds function literals.

    Its name and receiver's type name are known without a parse; all else parses it once.
    """

    def __init__(
        self, file: "SourceFile", region: "Region", name: str, receiver_name: str, node: Node | None = None
    ) -> None:
        self.file = file
        self.region = region
        self.name = name
        self.receiver_name = receiver_name
        self.initializer = node if node is not None and node.type == "var_spec" else None
        self._node = node

    def __repr__(self) -> str:
        return f"<Function {self.key} {self.file.path}>"

    @property
    def key(self) -> str:
        """Its name in its package: "Recv.Name" or "Name"."""
        return f"{self.receiver_name}.{self.name}" if self.receiver_name else self.name

    @property
    def exported(self) -> bool:
        """Whether other packages can name it (and its receiver's type)."""
        return self.name[:1].isupper() and (not self.receiver_name or self.receiver_name[:1].isupper())

    @cached_property
    def node(self) -> Node | None:
        """Its function_declaration, method_declaration or var_spec; None where the file cannot be parsed."""
        if self._node is not None:
            return self._node
        for node in self.file.nodes(self.region):
            if node.type in {"function_declaration", "method_declaration"}:
                return node
        return None

    @property
    def line(self) -> int:
        """The line of its `func`."""
        return syntax.line(self.node) if self.node is not None else self.region.row + 1

    @property
    def end_line(self) -> int:
        """The line of its closing brace."""
        return syntax.end_line(self.node) if self.node is not None else self.region.row + 1

    @cached_property
    def doc(self) -> str:
        """The comment lines right above it."""
        return self.file.doc(self.line)

    @cached_property
    def body(self) -> Node | None:
        """Its block; the initial value for a variable; None for a function without body."""
        if self.node is None:
            return None
        return self.node.child_by_field_name("value" if self.initializer is not None else "body")

    @cached_property
    def receiver(self) -> Receiver | None:
        """Its receiver, None for a function."""
        group = self.node.child_by_field_name("receiver") if self.node is not None else None
        declared = syntax.children(group)[:1] if group is not None else []
        type_ = declared[0].child_by_field_name("type") if declared else None
        if type_ is None:
            return None
        name = declared[0].child_by_field_name("name")
        base = syntax.unparenthesized(type_)
        pointer = base.type == "pointer_type"
        if pointer:
            base = syntax.unparenthesized(syntax.children(base)[0])
        params: tuple[str, ...] = ()
        if base.type == "generic_type":
            arguments = base.child_by_field_name("type_arguments")
            params = (
                tuple(syntax.text(argument) for argument in syntax.children(arguments)) if arguments is not None else ()
            )
        return Receiver(syntax.text(name) if name is not None else "", self.receiver_name, pointer, type_, params)

    @cached_property
    def type_params(self) -> tuple[tuple[str, Node | None], ...]:
        """Its own type parameters with their constraints."""
        return type_parameters(self.node)

    @cached_property
    def params(self) -> tuple[Parameter, ...]:
        """Its parameters in order, one for each name."""
        return self._group("parameters")

    @cached_property
    def results(self) -> tuple[Parameter, ...]:
        """Its results in order, one for each name."""
        return self._group("result")

    def _group(self, field: str) -> tuple[Parameter, ...]:
        return () if self.node is None or self.initializer is not None else parameters(self.node, field)

    @cached_property
    def facts(self) -> Facts:
        """All that one walk over its body yields."""
        if self.body is None:
            return Facts()
        return walked(self.body, None if self.initializer is not None else self.node)

    @property
    def calls(self) -> list[Call]:
        """All calls in it, those in its function literals included, in source order."""
        return self.facts.calls

    @property
    def loops(self) -> list[Loop]:
        """All its loops."""
        return self.facts.loops

    @property
    def closures(self) -> list[Closure]:
        """All function literals in it."""
        return self.facts.closures

    @property
    def assignments(self) -> list[Assignment]:
        """All assignments, `:=`, `var`, `++` and `--` in it."""
        return self.facts.assignments

    @property
    def composites(self) -> list[Composite]:
        """All composite literals in it."""
        return self.facts.composites

    @cached_property
    def declares_types(self) -> bool:
        """Whether it may declare types of its own: known without a walk, and false for nearly all."""
        return self.file.source.find(b"type ", self.region.start, self.region.end) >= 0

    def binding(self, name: str, at: int) -> Binding | None:
        """Give what `name` is at byte `at`, if this function declares it."""
        return self.facts.binding(name, at)

    def loops_around(self, node: Node) -> tuple[Loop, ...]:
        """Give the loops whose body holds `node`, outermost first."""
        return tuple(
            loop
            for loop in self.loops
            if loop.body is not None and loop.body.start_byte <= node.start_byte and node.end_byte <= loop.body.end_byte
        )


class TypeDeclaration:
    """A declared type: `type Name[...] type`, or with `alias` `type Name = type`."""

    def __init__(self, file: "SourceFile", node: Node) -> None:
        name, type_ = node.child_by_field_name("name"), node.child_by_field_name("type")
        self.file = file
        self.node = node
        self.name = syntax.text(name) if name is not None else ""
        self.type: Node = type_ if type_ is not None else node
        self.alias = node.type == "type_alias"

    def __repr__(self) -> str:
        return f"<TypeDeclaration {self.name} {self.file.path}>"

    @cached_property
    def type_params(self) -> tuple[tuple[str, Node | None], ...]:
        """Its type parameters with their constraints."""
        return type_parameters(self.node)

    @property
    def line(self) -> int:
        """The line of its name."""
        return syntax.line(self.node)

    @property
    def end_line(self) -> int:
        """The line on which it ends."""
        return syntax.end_line(self.node)

    @cached_property
    def doc(self) -> str:
        """The comment lines right above it."""
        return self.file.doc(self.line)

    @property
    def exported(self) -> bool:
        """Whether other packages can name it."""
        return self.name[:1].isupper()


class Value:
    """A package's variable or constant. Takes part `part` of `parts` of the expression `value`; `iota` is its place in
    its group.
    """

    def __init__(
        self,
        file: "SourceFile",
        kind: Literal["var", "const"],
        name: Node,
        type_: Node | None,
        value: Node | None,
        part: int = 0,
        parts: int = 1,
        iota: int = 0,
    ) -> None:
        self.file = file
        self.kind = kind
        self.name = syntax.text(name)
        self.node = name
        self.type = type_
        self.value = value
        self.part = part
        self.parts = parts
        self.iota = iota

    def __repr__(self) -> str:
        return f"<Value {self.kind} {self.name} {self.file.path}>"

    @property
    def line(self) -> int:
        """The line of its name."""
        return syntax.line(self.node)

    @property
    def exported(self) -> bool:
        """Whether other packages can name it."""
        return self.name[:1].isupper()


Declaration = Function | TypeDeclaration | Value


def parameters(node: Node, field: str) -> tuple[Parameter, ...]:
    """Give the parameters ("parameters") or results ("result") of a function's declaration, literal or type, one for
    each name.
    """
    group = node.child_by_field_name(field)
    if group is None:
        return ()
    if group.type != "parameter_list":
        return (Parameter("", group, syntax.line(group)),)
    found: list[Parameter] = []
    for declared in syntax.children(group):
        type_ = declared.child_by_field_name("type")
        if type_ is None:
            continue
        variadic = declared.type == "variadic_parameter_declaration"
        names = syntax.fields(declared, "name")
        if names:
            found.extend(Parameter(syntax.text(name), type_, syntax.line(name), variadic) for name in names)
        else:
            found.append(Parameter("", type_, syntax.line(declared), variadic))
    return tuple(found)


def type_parameters(node: Node | None) -> tuple[tuple[str, Node | None], ...]:
    """Give the type parameters of a declaration with their constraints."""
    group = node.child_by_field_name("type_parameters") if node is not None else None
    if group is None:
        return ()
    return tuple(
        (syntax.text(name), declared.child_by_field_name("type"))
        for declared in syntax.children(group)
        for name in syntax.fields(declared, "name")
    )
