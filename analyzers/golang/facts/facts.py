"""Facts: what one pass over one function yields, with its names unresolved: calls, loops, closures, conditions,
assignments, bindings. The pass itself is in walk.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.syntax import Node

if TYPE_CHECKING:
    from analyzers.golang.facts.walk import Context

__all__ = ["Assignment", "Binding", "Call", "Closure", "Composite", "Condition", "Facts", "Loop", "Role"]


class Loop:
    """A `for`.

    `kind`: "range" (`i := 0; i < len(c); i++` too, with its `collection` c and no `value`), "counted" (up to anything
    else, or a range over a literal number), "infinite" (no condition) or "for".
    """

    __slots__ = ("body", "closures", "collection", "condition", "key", "kind", "node", "outer", "value")

    def __init__(self, node: Node, outer: tuple["Loop", ...], closures: tuple["Closure", ...]) -> None:
        self.node = node
        self.outer = outer
        self.closures = closures
        self.body = node.child_by_field_name("body")
        self.kind: Literal["range", "counted", "infinite", "for"] = "for"
        self.key: str | None = None
        self.value: str | None = None
        self.collection: Node | None = None
        self.condition: Node | None = None

    @property
    def line(self) -> int:
        """The line of its `for`."""
        return syntax.line(self.node)

    @property
    def end_line(self) -> int:
        """The line of its closing brace."""
        return syntax.end_line(self.node)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names it gives to each round, without "_"."""
        return tuple(name for name in (self.key, self.value) if name and name != "_")


class Condition(NamedTuple):
    """What must hold for a place to be reached. `test` is the expression (an if's condition, a case's values, a
    select's communication).

    `kind`: "if", "else" (the test is false), "case", "default", "select" (a communication happened), or "guard" (the
    test was true in an earlier `if` of a block around the place, and that `if` returns, continues, breaks or panics:
    so it is false here).
    """

    kind: Literal["if", "else", "case", "default", "select", "guard"]
    node: Node
    test: Node | None


class Closure:
    """A function literal and what becomes of it.

    `role`: "argument" (number `argument` of `call`), "called" (`func() {...}()`, by `call`), "assigned" (to the
    variable or field `name`), "value" (of the key `name` in a composite literal whose type is `composite`),
    "returned", or "other".
    """

    __slots__ = (
        "argument",
        "call",
        "composite",
        "conditions",
        "defers",
        "goes",
        "loops",
        "name",
        "node",
        "outer",
        "role",
    )

    def __init__(self, node: Node, role: "Role", context: "Context") -> None:
        self.node = node
        self.role = role.role
        self.call = role.call
        self.argument = role.argument
        self.name = role.name
        self.composite = role.composite
        self.goes = bool(role.call and role.role == "called" and role.call.go)
        self.defers = bool(role.call and role.role == "called" and role.call.defer)
        self.loops = context.loops
        self.outer = context.closures
        self.conditions = context.conditions

    @property
    def body(self) -> Node | None:
        """Its block."""
        return self.node.child_by_field_name("body")

    @property
    def line(self) -> int:
        """The line of its `func`."""
        return syntax.line(self.node)

    @property
    def end_line(self) -> int:
        """The line of its closing brace."""
        return syntax.end_line(self.node)


class Role(NamedTuple):
    """What becomes of a function literal; see Closure."""

    role: Literal["argument", "called", "assigned", "value", "returned", "other"] = "other"
    call: "Call | None" = None
    argument: int = -1
    name: str = ""
    composite: Node | None = None


class Call:
    """A call `operand.name(arguments)`, or `name(arguments)` with no operand; a call of another expression has the name
    "".

    `loops` and `closures` are those around it within the function, outermost first; a range's own collection is
    evaluated outside its loop. `conditions` are in source order; `go` and `defer` say that the call itself is the
    statement's.
    """

    __slots__ = (
        "_arguments",
        "_last",
        "closures",
        "conditions",
        "defer",
        "function",
        "go",
        "loops",
        "name",
        "node",
        "operand",
        "statement",
    )

    def __init__(self, node: Node, context: "Context") -> None:
        self.node = node
        self.loops = context.loops
        self.closures = context.closures
        self.conditions = context.conditions
        self.statement = context.statement
        self._last = context.last
        self._arguments: list[Node] | None = None
        self.go = self.defer = False
        self.operand: Node | None = None
        self.name = ""
        function = node.child_by_field_name("function")
        if function is None:  # f[T](x), which the grammar takes for a conversion
            generic = node.child_by_field_name("type")
            function = (generic and generic.child_by_field_name("type")) or generic or node
        if function.type == "parenthesized_expression":
            function = syntax.unparenthesized(function)
        if function.type == "index_expression":  # f[T](x) with a type that reads like a value
            function = function.child_by_field_name("operand") or function
        self.function = function
        kind = function.type
        if kind == "selector_expression":
            name = function.child_by_field_name("field")
            self.operand = function.child_by_field_name("operand")
            self.name = syntax.text(name) if name else ""
        elif kind == "qualified_type":
            name = function.child_by_field_name("name")
            self.operand = function.child_by_field_name("package")
            self.name = syntax.text(name) if name else ""
        elif kind in {"identifier", "type_identifier"}:
            self.name = syntax.text(function)

    def __repr__(self) -> str:
        return f"<Call {self.name} line {self.line}>"

    @property
    def arguments(self) -> list[Node]:
        """Its arguments; `x...` is the node `variadic_argument`. For new and make the first one is a type."""
        if self._arguments is None:
            given = self.node.child_by_field_name("arguments") or self.node.child_by_field_name("operand")
            self._arguments = (
                [] if given is None else syntax.children(given) if given.type == "argument_list" else [given]
            )
        return self._arguments

    @property
    def line(self) -> int:
        """The line of the method's name, which is where a reader looks when a chain is split over lines."""
        if self.operand is not None:
            name = self.function.child_by_field_name("field") or self.function.child_by_field_name("name")
            if name is not None:
                return syntax.line(name)
        return syntax.line(self.function)

    @property
    def end_line(self) -> int:
        """The line of its closing parenthesis."""
        return syntax.end_line(self.node)

    @property
    def statement_line(self) -> int:
        """The line on which the smallest statement around it begins."""
        return syntax.line(self.statement)

    @property
    def statement_end_line(self) -> int:
        """The line on which that statement ends; of an `if`, `for`, `switch` or `case` only the head counts."""
        node, at_end = self._last
        return syntax.end_line(node) if at_end else syntax.line(node)


class Assignment(NamedTuple):
    """`left operator right`: operator is "=", ":=", "+=" ..., "++", "--", or "var". `loops` and `closures` as for a
    Call.
    """

    node: Node
    left: Sequence[Node]
    right: Sequence[Node]
    operator: str
    loops: tuple[Loop, ...]
    closures: tuple[Closure, ...]


class Composite(NamedTuple):
    """A composite literal `type{...}`; `type` is None for an inner one whose type is left out."""

    node: Node
    type: Node | None
    loops: tuple[Loop, ...]
    closures: tuple[Closure, ...]


class Binding(NamedTuple):
    """A name that a function declares, visible from byte `start` to byte `end`, and what tells its type.

    With `type` (a type expression) that is it (`variadic`: a slice of it); else `value` is the expression, of which
    it takes part `part` of `parts`. `kind`: "receiver", "param", "result", "var", "const", "type", "range",
    "receive", "switch" (`cases` are the types of its case; with other than one, it has the type of `value`).
    """

    name: str
    kind: Literal["receiver", "param", "result", "var", "const", "type", "range", "receive", "switch"]
    node: Node
    start: int
    end: int
    type: Node | None = None
    value: Node | None = None
    part: int = 0
    parts: int = 1
    variadic: bool = False
    cases: tuple[Node, ...] = ()


@dataclass(eq=False, slots=True)
class Facts:
    """What one walk over a function or an initial value yields, each list in source order."""

    calls: list[Call] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    closures: list[Closure] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    composites: list[Composite] = field(default_factory=list)
    returns: list[tuple[Node, tuple[Closure, ...]]] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    _calls_at: dict[tuple[int, int], Call] | None = None
    _assigned: dict[str, list[Assignment]] | None = None
    _given: dict[str, list[tuple[Call, int]]] | None = None

    def bind(self, binding: Binding) -> None:
        """Add a name, unless it is blank or, declared again by `:=`, the variable that its block already has."""
        if binding.name == "_":
            return
        known = self.bindings.setdefault(binding.name, [])
        # One `:=` may name variables of its own block: they stay the same, and so does their type.
        if (
            binding.kind == "var"
            and binding.type is None
            and any(other.end == binding.end and other.start < binding.start for other in known)
        ):
            return
        known.append(binding)

    def binding(self, name: str, at: int) -> Binding | None:
        """Give the innermost binding of `name` that is visible at byte `at`."""
        found = None
        for binding in self.bindings.get(name, ()):
            if binding.start <= at < binding.end and (found is None or binding.start >= found.start):
                found = binding
        return found

    def call_at(self, node: Node) -> Call | None:
        """Give the Call whose node stands at the place of `node`."""
        if self._calls_at is None:
            self._calls_at = {(call.node.start_byte, call.node.end_byte): call for call in reversed(self.calls)}
        call = self._calls_at.get((node.start_byte, node.end_byte))
        return call if call is not None and syntax.same(call.node, node) else None

    def assigned(self, name: str) -> list[Assignment]:
        """Give the assignments, in order, to a variable of this name or to a part of it: `a`, `a.b`, `a[i]`, `*a`."""
        if self._assigned is None:
            self._assigned = {}
            for each in self.assignments:
                for root in {syntax.root(left) for left in each.left}:
                    self._assigned.setdefault(root, []).append(each)
        return self._assigned.get(name, [])

    def given(self, name: str) -> list[tuple[Call, int]]:
        """Give the calls, in order, of which an argument is this variable or its address, with the argument's number."""
        if self._given is None:
            self._given = {}
            for call in self.calls:
                for number, argument in enumerate(call.arguments):
                    operand = (
                        argument.child_by_field_name("operand") if argument.type == "unary_expression" else argument
                    )
                    if operand is not None and operand.type == "identifier":
                        self._given.setdefault(syntax.text(operand), []).append((call, number))
        return self._given.get(name, [])
