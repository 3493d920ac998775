"""Destinations: where a value goes, the other way round than origins: through variables, literals, `append`, results of
functions to their callers, and parameters of functions of the program, until it is put into a field or compared.

A part of a value is followed as that part: of `desired`, in whose Spec the value was put, `desired.Spec` is followed and
`desired.Status` is not. Every step costs, and a search that a budget cuts short gives what it found. What a function outside of
the program is given is not followed, but where `fills` says that it fills another argument with it: nobody can see what it keeps.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from analyzers.golang.callgraph import CallSite
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding, Call, Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import ELEMENT
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, Pointer, Type, dereferenced

__all__ = ["Destination", "Passing", "conditions_at", "destinations", "destinations_of", "steps"]

_MOST_STEPS = 80
_MOST_CALLERS = 8
_DEEPEST = 14
_COPIES = frozenset({"DeepCopy", "DeepCopyObject"})
_THROUGH = frozenset({"parenthesized_expression", "unary_expression", "literal_value", "expression_list"})

Callers = Callable[[Function], list[CallSite]]
Passes = Callable[[Place, Node], bool]
"""Says whether a call of something outside of the program gives back what it is given (`ptr.To(x)`)."""
Leaves = Callable[[Function, Node], bool]
"""Says whether an expression is not worth following, as it is only reached where something has failed."""


Fills = Callable[[Place, Call], tuple[int, int] | None]
"""Gives the argument of a call of something outside of the program that is made into another one, and that one."""


class Passing(NamedTuple):
    """An expression that is the value, or holds it, and the function it stands in."""

    function: Function
    node: Node


class Destination(NamedTuple):
    """A field that a value is put into, a comparison it is part of, or a call of something outside of the program that a part of a
    variable is given.

    `owner` is the struct whose `field` it is (None and "" for a call); `node` the left side of an assignment, the literal,
    or the call. kept: the struct is somebody else's, not only a variable of the function. `way` are the
    expressions on the way, the value itself first.
    """

    kind: Literal["field", "compared", "given"]
    function: Function
    node: Node
    owner: Named | None
    field: str
    kept: bool
    way: tuple[Passing, ...]


class _Step(NamedTuple):
    """An expression that is the value, or whose part `inside` is: the fields and elements on the way to it. `entered` are the calls
    through which the value came into the function, the innermost last: it leaves it through them, and not to all who call it."""

    function: Function
    node: Node
    way: tuple[Passing, ...]
    inside: tuple[str, ...] = ()
    entered: tuple[CallSite, ...] = ()


def destinations(
    index: PackageIndex, callers: Callers, function: Function, node: Node, passes: Passes, leaves: Leaves
) -> list[Destination]:
    """Give where the value of the expression `node` in `function` goes."""
    search = _Search(index, callers, passes, leaves)
    search.go(_Step(function, node, ()), node)
    return search.run()


def destinations_of(
    index: PackageIndex,
    callers: Callers,
    function: Function,
    variable: Binding,
    inside: tuple[str, ...],
    after: int,
    passes: Passes,
    leaves: Leaves,
    fills: Fills,
) -> list[Destination]:
    """Give where the part `inside` of a variable goes behind a byte of its function, as a whole: what becomes of a list's
    elements, one by one, is not followed. What a parameter points to is followed to those who call the function."""
    search = _Search(index, callers, passes, leaves, fills, whole=True)
    search.kept(_Step(function, variable.node, (), inside), variable, after)
    return search.run()


def conditions_at(function: Function, node: Node) -> list[Condition]:
    """Give the conditions that must hold for a node of a function to be reached, in the order of the source."""
    found = []
    for each in function.facts.conditions:
        if each.kind == "guard":
            block = each.node.parent
            while (
                block is not None and block.type == "if_statement"
            ):  # of an `else if`, which stands in the first one's block
                block = block.parent
            if block is not None and each.node.end_byte <= node.start_byte and node.end_byte <= block.end_byte:
                found.append(each)
        elif each.kind == "if":
            then, otherwise = (
                each.node.child_by_field_name("consequence"),
                each.node.child_by_field_name("alternative"),
            )
            if then is not None and syntax.contains(then, node):
                found.append(each)
            elif otherwise is not None and syntax.contains(otherwise, node):
                found.append(each._replace(kind="else"))
        elif syntax.contains(each.node, node):
            found.append(each)
    return found


class _Search:
    def __init__(
        self,
        index: PackageIndex,
        callers: Callers,
        passes: Passes,
        leaves: Leaves,
        fills: Fills = lambda place, call: None,
        whole: bool = False,
    ) -> None:
        self.index = index
        self.callers = callers
        self.passes = passes
        self.leaves = leaves
        self.fills = fills
        self.whole = whole
        self.waiting: list[_Step] = []
        self.found: list[Destination] = []
        self.seen: set[tuple[object, ...]] = set()

    def run(self) -> list[Destination]:
        for _ in range(_MOST_STEPS):
            if not self.waiting:
                break
            step = self.waiting.pop(0)
            key = (step.function.file.path, step.node.start_byte, step.node.end_byte, step.inside, step.entered[-1:])
            if key in self.seen or len(step.way) > _DEEPEST:
                continue
            self.seen.add(key)
            if self.leaves(step.function, step.node):
                continue
            self.follow(step._replace(way=(*step.way, Passing(step.function, step.node))))
        return self.found

    def follow(self, step: _Step) -> None:
        """Go from an expression to what it is part of."""
        node = step.node
        above = node.parent
        if above is None:
            return
        kind = above.type
        if kind in {"literal_element", "keyed_element", "literal_value"}:
            self.element(step, above)
        elif kind in _THROUGH and not (kind == "unary_expression" and not _refers(above)):
            self.listed(step, above) if kind == "expression_list" else self.go(step, above)
        elif kind == "argument_list" or kind == "variadic_argument":
            self.argument(step, above if kind == "argument_list" else above.parent, node)
        elif kind == "return_statement":
            self.returned(step, 0)
        elif kind == "range_clause":
            self.ranged(step, above)
        elif kind in {"type_conversion_expression", "type_assertion_expression"}:
            self.go(step, above)
        elif kind == "selector_expression":
            self.selected(step, above)
        elif kind == "index_expression" and step.inside[:1] == (ELEMENT,):
            self.go(step._replace(inside=step.inside[1:]), above)

    def go(self, step: _Step, node: Node) -> None:
        self.waiting.append(step._replace(node=node))

    def selected(self, step: _Step, selector: Node) -> None:
        """A field of what the value is a part of, if it is in there, or a copy."""
        field, call = selector.child_by_field_name("field"), selector.parent
        name = syntax.text(field) if field is not None else ""
        if call is not None and call.type == "call_expression":
            if name in _COPIES:
                self.go(step, call)
        elif step.inside[:1] == (name,):
            self.go(step._replace(inside=step.inside[1:]), selector)

    def element(self, step: _Step, above: Node) -> None:
        """An element of a composite literal: put into the literal's field, and part of the literal."""
        key = ""
        inside = step.inside
        literal: Node | None = above
        while literal is not None and literal.type != "composite_literal":
            if literal.type == "keyed_element":
                named = literal.child_by_field_name("key") or syntax.children(literal)[0]
                if syntax.contains(named, step.node):
                    return  # a map's key
                key = key or syntax.text(named)
                inside = (syntax.text(named), *inside)
            elif literal.type == "literal_element" and literal.parent is not None:
                inside = (ELEMENT, *inside) if literal.parent.type == "literal_value" else inside
            if literal.type == "literal_value" and literal.parent is not None:
                outer = literal.parent
                if outer.type == "literal_element":
                    # {...} inside of a slice's literal: its type is left out
                    owner = self.type_of(step.function, literal)
                    if owner is not None and key:
                        self.put(step, literal, owner, key, kept=False)
                    key = ""
            literal = literal.parent
        if literal is None:
            return
        owner = self.type_of(step.function, literal)
        if owner is not None and key:
            self.put(step, literal, owner, key, kept=False)
        self.go(step._replace(inside=inside), literal)

    def type_of(self, function: Function, node: Node) -> Named | None:
        found = dereferenced(self.index.type_of(node, function.file, function))
        return found if isinstance(found, Named) else None

    def put(self, step: _Step, node: Node, owner: Named, field: str, kept: bool) -> None:
        self.found.append(Destination("field", step.function, node, owner, field, kept, step.way))

    def listed(self, step: _Step, group: Node) -> None:
        """One of several values: of a return, or of an assignment."""
        above = group.parent
        siblings = syntax.children(group)
        number = next((n for n, each in enumerate(siblings) if syntax.contains(each, step.node)), 0)
        if above is None:
            return
        if above.type == "return_statement":
            self.returned(step, number)
            return
        if above.type in {"short_var_declaration", "assignment_statement", "var_spec"}:
            left = above.child_by_field_name("left")
            if left is not None and not syntax.contains(left, step.node):
                names = syntax.children(left)
                if number < len(names) and len(names) == len(siblings):
                    self.assigned(step, above, names[number])
            elif left is None:
                names = syntax.fields(above, "name")
                if number < len(names):
                    self.assigned(step, above, names[number])
        elif above.type == "range_clause":
            self.ranged(step, above)

    def assigned(self, step: _Step, statement: Node, left: Node) -> None:
        function = step.function
        if left.type == "identifier":
            binding = function.binding(syntax.text(left), max(left.start_byte, statement.end_byte))
            if binding is not None:
                self.used(step, binding, statement.end_byte)
            return
        operand, root = left.child_by_field_name("operand"), _root(left)
        if root is None or operand is None:
            return
        binding = function.binding(syntax.text(root), root.start_byte)
        field = left.child_by_field_name("field")
        if left.type == "selector_expression" and field is not None:
            owner = self.type_of(function, operand)
            if owner is not None:
                outside = binding is None or (
                    binding.kind in {"param", "receiver"} and not self.is_copy(step, binding, operand)
                )
                self.put(step, left, owner, syntax.text(field), kept=outside)
        if binding is not None:
            self.kept(step._replace(inside=(*steps(left), *step.inside)), binding, statement.end_byte)

    def kept(self, step: _Step, binding: Binding, after: int) -> None:
        """Follow what a variable holds, or points to, from where it was put there."""
        function = step.function
        key = (function.file.path, binding.node.start_byte, after, step.inside, step.entered[-1:])
        if key in self.seen or len(step.way) > _DEEPEST:
            return
        self.seen.add(key)
        self.used(step, binding, after)
        number = next((n for n, each in enumerate(function.params) if each.name == binding.name), None)
        if (
            not self.whole
            or binding.kind != "param"
            or number is None
            or not isinstance(self.pointer(step, binding), Pointer)
        ):
            return
        for site in self.left_to(step):
            given = site.call.arguments if site.call is not None and site.kind != "value" else []
            root = _root(given[number]) if number < len(given) else None
            if root is None or site.call is None:
                continue
            other = site.caller.binding(syntax.text(root), root.start_byte)
            if other is not None:
                way = (*step.way, Passing(site.caller, site.call.node))
                inside = (*steps(given[number]), *step.inside)
                self.kept(
                    _Step(site.caller, site.call.node, way, inside, step.entered[:-1]), other, site.call.node.end_byte
                )

    def is_copy(self, step: _Step, binding: Binding, operand: Node) -> bool:
        """Say whether a field of a parameter is the function's own: the struct is given by value."""
        given = self.pointer(step, binding)
        return (
            operand.type == "identifier"
            and isinstance(given, Named)
            and not isinstance(self.index.underlying(given), Pointer)
        )

    def pointer(self, step: _Step, binding: Binding) -> Type | None:
        return self.index.resolve(binding.type, step.function.file, step.function) if binding.type is not None else None

    def used(self, step: _Step, binding: Binding, after: int) -> None:
        """Follow the places where a variable is used behind a byte."""
        function = step.function
        if function.body is None:
            return
        for node in syntax.walk(function.body):
            if node.type != "identifier" or node.start_byte < after or syntax.text(node) != binding.name:
                continue
            if function.binding(binding.name, node.start_byte) is binding:
                self.go(step, node)
        if binding.kind == "result":
            number = next((n for n, each in enumerate(function.results) if each.name == binding.name), None)
            if number is not None and any(not syntax.children(each) for each, _ in function.facts.returns):
                self.returned(step, number)

    def ranged(self, step: _Step, clause: Node) -> None:
        right, left = clause.child_by_field_name("right"), clause.child_by_field_name("left")
        if right is None or left is None or not syntax.contains(right, step.node) or (self.whole and not step.inside):
            return
        step = step._replace(inside=step.inside[1:])
        names = syntax.children(left) if left.type == "expression_list" else [left]
        if len(names) > 1 and names[1].type == "identifier" and clause.parent is not None:
            name = syntax.text(names[1])
            body = clause.parent.child_by_field_name("body")
            binding = step.function.binding(name, body.start_byte + 1) if body is not None else None
            if binding is not None:
                self.used(step, binding, clause.end_byte)

    def argument(self, step: _Step, arguments: Node | None, node: Node) -> None:
        call_node = arguments.parent if arguments is not None else None
        if arguments is None or call_node is None or call_node.type != "call_expression":
            return
        function = step.function
        call = function.facts.call_at(call_node)
        if call is None:
            return
        number = next((n for n, each in enumerate(call.arguments) if syntax.contains(each, node)), 0)
        place = Place(self.index, function.file, function)
        if call.operand is None and call.name == "append":
            added = number > 0 and call.arguments[number].type != "variadic_argument"
            self.go(step._replace(inside=(ELEMENT, *step.inside)) if added else step, call_node)
            return
        filled = self.fills(place, call)
        if filled is not None and number == filled[0] and filled[1] < len(call.arguments):
            root = _root(call.arguments[filled[1]])
            other = function.binding(syntax.text(root), root.start_byte) if root is not None else None
            if other is not None:
                self.used(step, other, call_node.end_byte)
            return
        if call.name in {"DeepEqual", "DeepDerivative", "Equal"} and len(call.arguments) > 1:
            self.found.append(Destination("compared", function, call_node, None, "", True, step.way))
            return
        if place.conversion_target(call.function) is not None:
            self.go(step, call_node)
            return
        if self.passes(place, call_node):
            self.go(step._replace(inside=()), call_node)
            return
        callee = self.index.callee(call, function.file, function)
        if callee is None and self.whole:
            self.found.append(Destination("given", function, call_node, None, "", True, step.way))
        if callee is None or callee.body is None or callee.file.generated or number >= len(callee.params):
            return
        if _compares(callee):
            self.found.append(Destination("compared", function, call_node, None, "", True, step.way))
        parameter = callee.params[number]
        binding = callee.binding(parameter.name, callee.body.start_byte + 1) if parameter.name else None
        if binding is not None:
            site = CallSite(function, callee, "call", call_node, call)
            self.used(step._replace(function=callee, entered=(*step.entered, site)), binding, callee.body.start_byte)

    def returned(self, step: _Step, number: int) -> None:
        function = step.function
        if any(syntax.contains(closure.node, step.node) for closure in function.closures):
            return  # a function literal's result
        for site in self.left_to(step):
            if site.kind == "value" or site.call is None:
                continue
            if len(function.results) == 1:
                self.waiting.append(_Step(site.caller, site.call.node, step.way, step.inside, step.entered[:-1]))
                continue
            for assignment in site.caller.assignments:
                if number < len(assignment.left) and any(
                    syntax.same(right, site.call.node) for right in assignment.right
                ):
                    way = (*step.way, Passing(site.caller, site.call.node))
                    given = _Step(site.caller, site.call.node, way, step.inside, step.entered[:-1])
                    self.assigned(given, assignment.node, assignment.left[number])

    def left_to(self, step: _Step) -> list[CallSite]:
        """The calls to which a value leaves a function: the one through which it came, or else all."""
        if step.entered:
            return [step.entered[-1]]
        sites = (site for site in self.callers(step.function) if site.call is not None and not site.caller.file.test)
        return list(itertools.islice(sites, _MOST_CALLERS))


def _compares(function: Function) -> bool:
    """Say whether a function of the program may compare two things: of one type, with a bool as its answer."""
    kinds = [syntax.text(each.type) for each in function.params]
    return [syntax.text(each.type) for each in function.results] == ["bool"] and len(kinds) > len(set(kinds))


def steps(node: Node) -> tuple[str, ...]:
    """The fields and elements on the way from a variable to what `a.b[i].c` names: ("b", "[]", "c")."""
    found: list[str] = []
    for part in _inwards(node):
        field = part.child_by_field_name("field") if part.type == "selector_expression" else None
        if field is not None:
            found.append(syntax.text(field))
        elif part.type == "index_expression":
            found.append(ELEMENT)
    return tuple(reversed(found))


def _refers(node: Node) -> bool:
    return syntax.has_token(node, "&") or syntax.has_token(node, "*")


def _root(node: Node) -> Node | None:
    """The variable whose part `a.b[i].c` or `(*a).b` is."""
    for part in _inwards(node):
        if part.type == "identifier":
            return part
    return None


def _inwards(node: Node) -> Iterator[Node]:
    current: Node | None = node
    while current is not None:
        yield current
        current = syntax.unparenthesized(current)
        current = current.child_by_field_name("operand")
