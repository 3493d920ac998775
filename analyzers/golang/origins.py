"""Origins: where a value comes from, in the whole program.

One demand-driven engine. A value is followed through assignments, `:=`, range, returns, fields (all that write them),
embedding, parameters (all that call), closures, interfaces with few implementations, channels, maps and slices, `&`, `*`,
conversions and assertions, down to where it is made. Every step costs; an answer that a budget cuts short says so.

In the way of golang.org/x/tools/go/callgraph/vta (which types reach a variable), but for one expression at a time and over
a part of a program.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from analyzers.golang.callgraph import CallSite
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.facts import Binding, Call, Closure
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.naming import for_tests, saying, word
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.inference import type_of_binding
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import BUILTINS, Interface, Named, Pointer, Struct, Type, dereferenced

__all__ = ["ELEMENT", "KEY", "Origin", "Origins", "Sources"]

Kind = Literal[
    "call", "literal", "made", "constant", "function", "parameter", "field", "variable", "filled", "appended", "unknown"
]

ELEMENT = "[]"
"""The step of an access path from a collection to one of its elements; that to a field is its name."""
KEY = "[key]"
"""The step from a map to one of its keys (of a slice: an index)."""

_MOST_STEPS = 600
"""Expressions that are looked at for one answer."""
_DEEPEST = 40
_MOST_CALLERS = 24
_MOST_IMPLEMENTATIONS = 4
_MOST_WRITERS = 60
_MOST_LOOKED_AT = 150
"""Functions that are parsed to learn what writes one field."""
_MOST_IN_ALL = 20_000
"""Expressions that are looked at for all answers about one program: some seconds."""
_LITERALS = frozenset(
    [
        "int_literal",
        "float_literal",
        "imaginary_literal",
        "rune_literal",
        "interpreted_string_literal",
        "raw_string_literal",
        "true",
        "false",
        "nil",
        "iota",
        "binary_expression",
    ]
)


class Origin(NamedTuple):
    """One place where a value comes from.

    kind: "call" (of what is not in the program, or what `known` says is known), "literal" (a composite literal), "made"
    (make, new, or a variable that is declared without a value), "constant" (a literal or what operators make),
    "function" (a function or a function literal), "parameter" (of a function that nobody calls), "field", "variable" (that
    nobody writes), "filled" (a variable whose address, or that as a pointer, is given to the call), "unknown". `node` is
    the expression, in `place`; `access` are the steps from it to the value ("Items", ELEMENT); `call` the call of a "call"
    or "filled", whose argument number or result number is `number`. `way` are the lines (path, line) on the way, the
    value's own first. copied: somewhere on the way it was `*x`, which copies a struct. kept: somewhere on the way it was in a
    field, so that it is one of all values that are put there.
    """

    kind: Kind
    node: Node
    place: Place
    access: tuple[str, ...] = ()
    call: Call | None = None
    number: int = 0
    way: tuple[tuple[str, int], ...] = ()
    copied: bool = False
    kept: bool = False

    @property
    def line(self) -> int:
        """The line on which it stands."""
        return syntax.line(self.node)


class Sources(NamedTuple):
    """The origins of a value; `complete` is False where a budget cut the search short, so that there may be others."""

    origins: tuple[Origin, ...]
    complete: bool


class _Frame(NamedTuple):
    """A call that was entered to look at what it returns: its parameters are the call's arguments, in `place`."""

    callee: Function
    call: Call
    place: Place
    outer: "_Frame | None"


class _Step(NamedTuple):
    node: Node
    place: Place
    access: tuple[str, ...]
    frame: _Frame | None
    way: tuple[tuple[str, int], ...]
    copied: bool = False
    kept: bool = False


class Writer(NamedTuple):
    """A place that gives a field its value: `node`, in `place`."""

    node: Node
    place: Place


class Origins:
    """The origins of values in one program.

    callers gives who calls a function or hands it on. known says that a call is an origin by itself, though its body may
    be in the program (what client libraries give).
    """

    def __init__(
        self,
        index: PackageIndex,
        callers: Callable[[Function], list[CallSite]],
        known: Callable[[Place, Call], bool] = lambda place, call: False,
    ) -> None:
        self.index = index
        self._callers = callers
        self._known = known
        self.left = _MOST_IN_ALL
        self._answers: dict[tuple[str, int, int, tuple[str, ...]], Sources] = {}
        self._writers: dict[tuple[str, str, str], list[Writer]] = {}
        self._cut: set[tuple[str, str, str]] = set()
        self._field_calls: dict[tuple[str, str, str], list[tuple[Call, Place]]] = {}
        self._implementations: dict[tuple[str, str, str], list[Function]] = {}

    def of(self, place: Place, node: Node, access: tuple[str, ...] = ()) -> Sources:
        """Give where the value of the expression `node` in `place` comes from; with `access`, where that part of it does."""
        key = (place.file.key, node.start_byte, node.end_byte, access)
        if key not in self._answers:
            if self.left <= 0:
                return Sources((), False)
            self._answers[key] = _Search(self).run(_Step(node, place, access, None, ()))
        return self._answers[key]

    # What writes a field

    def writers(self, owner: Named, field: str) -> list[Writer]:
        """Give all that writes the field of a struct that the program declares: literals of it, keyed or not, and assignments."""
        key = (owner.path, owner.name, field)
        if key not in self._writers:
            self._writers[key] = list(self._find_writers(owner, field))
        return self._writers[key]

    def saw_all(self, owner: Named, field: str) -> bool:
        """Say whether there are no other writers of a field than `writers` gave."""
        return (owner.path, owner.name, field) not in self._cut

    def _find_writers(self, owner: Named, field: str) -> Iterator[Writer]:
        struct = self.index.underlying(owner)
        names = [each.name for each in struct.fields] if isinstance(struct, Struct) else []
        position = names.index(field) if field in names else -1
        found = looked_at = 0
        # Only what can write it is parsed: a key of a literal, a literal without keys, what stands left of an equals sign.
        keyed = word(field, then=rb"[ \t]{0,200}:(?!=)")
        made = word(owner.name, then=rb"(?:\[[^\]\n]{0,200}\])?[ \t]{0,200}\{")
        assigned = word(field, dotted=True, then=rb"[ \t]{0,200}(?:,|=(?!=))")
        for file in self.files(owner, field):
            literals = {id(each) for each in saying(file, keyed, *([made] if position >= 0 else []))}
            selectors = {id(each) for each in saying(file, assigned)}
            for function in (*file.functions, *(file.initializers if literals else ())):
                if id(function) not in literals and id(function) not in selectors:
                    continue
                looked_at += 1
                if looked_at > _MOST_LOOKED_AT:
                    self._cut.add((owner.path, owner.name, field))
                    return
                place = Place(self.index, file, function)
                for node in (
                    *(self._in_literals(place, function, owner, field, position) if id(function) in literals else ()),
                    *(self._assigned(place, function, owner, field) if id(function) in selectors else ()),
                ):
                    yield Writer(node, place)
                    found += 1
                    if found >= _MOST_WRITERS:
                        self._cut.add((owner.path, owner.name, field))
                        return

    def files(self, owner: Named, member: str) -> list[SourceFile]:
        """Give the files that may name a member of a type: those of its package for an unexported one, else all that hold
        the word."""
        index = self.index
        package = index.package(owner.path)
        own = [file for file in package.files() if not file.test] if package is not None else []
        if not (member[:1].isupper() and owner.name[:1].isupper()):
            return own
        seen = {file.path for file in own}
        paths = [path for path in index.words.files(member, owner.name) if path not in seen]
        others = (index.file(path) for path in paths)
        return [*own, *(file for file in others if file is not None)]

    def _in_literals(self, place: Place, function: Function, owner: Named, field: str, position: int) -> Iterator[Node]:
        for composite in function.composites:
            if composite.type is None:
                continue
            body = composite.node.child_by_field_name("body")
            elements = syntax.children(body) if body is not None else []
            if not elements or not _is_type(place.resolve(composite.type), owner):
                continue
            keyed = False
            for element in elements:
                key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
                if key is None or value is None:
                    continue
                keyed = True
                if syntax.text(key) == field:
                    yield _inner(value)
            if not keyed and 0 <= position < len(elements):
                yield _inner(elements[position])

    def _assigned(self, place: Place, function: Function, owner: Named, field: str) -> Iterator[Node]:
        for assignment in function.assignments:
            if assignment.operator not in {"=", ":="}:
                continue
            for number, left in enumerate(assignment.left):
                if left.type != "selector_expression":
                    continue
                name, operand = left.child_by_field_name("field"), left.child_by_field_name("operand")
                if name is None or operand is None or syntax.text(name) != field:
                    continue
                member = self.index.member(place.type_of(operand), field)
                if member is not None and member.owner is not None and _is_type(member.owner, owner):
                    right = assignment.right
                    yield right[number] if len(right) == len(assignment.left) else right[0]

    def field_calls(self, owner: Named, field: str) -> list[tuple[Call, Place]]:
        """Give the calls of the functions that a field of a struct keeps."""
        key = (owner.path, owner.name, field)
        if key not in self._field_calls:
            self._field_calls[key] = list(self._find_field_calls(owner, field))
        return self._field_calls[key]

    def _find_field_calls(self, owner: Named, field: str) -> Iterator[tuple[Call, Place]]:
        called = word(field, dotted=True, then=rb"[ \t]{0,200}\(")
        looked_at = 0
        for file in self.files(owner, field):
            for function in () if for_tests(file) else saying(file, called):
                looked_at += 1
                if looked_at > _MOST_LOOKED_AT:
                    return
                place = Place(self.index, file, function)
                for call in function.calls:
                    if call.name == field and call.operand is not None:
                        member = self.index.member(place.type_of(call.operand), field)
                        if member is not None and member.owner is not None and _is_type(member.owner, owner):
                            yield call, place

    # What implements an interface's method

    def implementations(self, interface: Named, method: str) -> list[Function]:
        """Give the methods that may stand behind an interface's: of the types of the program that have all its methods, mocks
        and test helpers left out. Empty where there are more than a few."""
        key = (interface.path, interface.name, method)
        if key not in self._implementations:
            self._implementations[key] = []
            self._implementations[key] = self._find_implementations(interface, method)
        return self._implementations[key]

    def _find_implementations(self, interface: Named, method: str) -> list[Function]:
        wanted = self.index.methods(interface)
        if not wanted:
            return []
        found: list[Function] = []
        for file in self._naming(interface, wanted):
            for function in file.functions:
                if function.name != method or not function.receiver_name:
                    continue
                if wanted <= self.index.methods(Named(self.index.import_path(file), function.receiver_name)):
                    found.append(function)
            if len(found) > _MOST_IMPLEMENTATIONS:
                return []
        return found

    def _naming(self, interface: Named, methods: frozenset[str]) -> Iterator[SourceFile]:
        index = self.index
        if any(not name[:1].isupper() for name in methods):
            package = index.package(interface.path)
            paths = [file.path for file in package.files()] if package is not None else []
        else:
            paths = index.words.files(*sorted(methods, key=len, reverse=True)[:3])
        for path in paths[:200]:
            file = index.file(path)
            if file is not None and not for_tests(file):
                yield file


def _is_type(found: Type | None, owner: Named) -> bool:
    named = dereferenced(found)
    return isinstance(named, Named) and (named.path, named.name) == (owner.path, owner.name)


def _inner(node: Node) -> Node:
    """The expression in a literal's element."""
    if node.type in {"literal_element", "keyed_element"}:
        inner = syntax.children(node)
        return inner[0] if len(inner) == 1 else node
    return node


class _Search:
    """One question's search: breadth first, each expression once."""

    def __init__(self, engine: Origins) -> None:
        self.engine = engine
        self.index = engine.index
        self.found: list[Origin] = []
        self.complete = True
        self.waiting: list[_Step] = []
        self.seen: set[tuple[str, int, int, tuple[str, ...], int]] = set()

    def run(self, first: _Step) -> Sources:
        self.waiting.append(first)
        steps = 0
        while self.waiting:
            steps += 1
            self.engine.left -= 1
            if steps > _MOST_STEPS or self.engine.left <= 0:
                self.complete = False
                break
            step = self.waiting.pop(0)
            node = syntax.unparenthesized(step.node)
            depth = _depth(step.frame)
            key = (step.place.file.key, node.start_byte, node.end_byte, step.access, id(step.frame))
            if key in self.seen:
                continue
            self.seen.add(key)
            if len(step.way) > _DEEPEST or depth > 8:
                self.complete = False
                continue
            self.follow(step._replace(node=node, way=(*step.way, (step.place.file.path, syntax.line(node)))))
        unique: dict[tuple[str, str, int, int, tuple[str, ...]], Origin] = {}
        for each in self.found:
            unique.setdefault(
                (each.kind, each.place.file.path, each.node.start_byte, each.node.end_byte, each.access), each
            )
        return Sources(tuple(unique.values()), self.complete)

    def go(self, step: _Step, node: Node, place: Place | None = None, access: tuple[str, ...] | None = None) -> None:
        """Follow `node` next: what it is, `step`'s value is."""
        self.waiting.append(
            step._replace(
                node=node,
                place=step.place if place is None else place,
                access=step.access if access is None else access,
            )
        )

    def end(self, step: _Step, kind: Kind, call: Call | None = None, number: int = 0) -> None:
        self.found.append(
            Origin(kind, step.node, step.place, step.access, call, number, step.way, step.copied, step.kept)
        )

    def follow(self, step: _Step) -> None:
        node, kind = step.node, step.node.type
        if kind in _LITERALS:
            self.end(step, "constant")
        elif kind in {"identifier", "blank_identifier"}:
            self.identifier(step)
        elif kind == "selector_expression":
            self.selector(step)
        elif kind == "call_expression":
            self.call(step)
        elif kind == "unary_expression":
            self.unary(step)
        elif kind == "composite_literal":
            self.composite(step, node.child_by_field_name("body"))
        elif kind == "literal_value":
            self.composite(step, node)
        elif kind in {"type_assertion_expression", "slice_expression"}:
            self.operand(step)
        elif kind == "type_conversion_expression":
            operand = node.child_by_field_name("operand")
            self.go(step, operand) if operand is not None else self.end(step, "unknown")
        elif kind == "index_expression":
            operand = node.child_by_field_name("operand")
            if operand is not None:
                self.go(step, operand, access=(ELEMENT, *step.access))
        elif kind == "func_literal":
            self.end(step, "function")
        elif kind == "variadic_argument" or (kind == "expression_list" and len(syntax.children(node)) == 1):
            self.go(step, syntax.children(node)[0])
        else:
            self.end(step, "unknown")

    def operand(self, step: _Step) -> None:
        operand = step.node.child_by_field_name("operand")
        if operand is None:
            self.end(step, "unknown")
        else:
            self.go(step, operand)

    def unary(self, step: _Step) -> None:
        operand = step.node.child_by_field_name("operand")
        if operand is None or any(syntax.has_token(step.node, token) for token in ("!", "-", "+", "^")):
            self.end(step, "constant")
        elif syntax.has_token(step.node, "<-"):
            self.received(step, operand)
        else:  # &x and *x: what it points to counts
            self.go(step._replace(copied=step.copied or syntax.has_token(step.node, "*")), operand)

    def received(self, step: _Step, channel: Node) -> None:
        """What is sent on a channel of that name in the package: the element of what the channel is."""
        self.go(step, channel, access=(ELEMENT, *step.access))

    # Names

    def identifier(self, step: _Step) -> None:
        place, node = step.place, step.node
        name = syntax.text(node)
        binding = place.binding(name, node.start_byte)
        if binding is not None:
            self.binding(step, binding)
            return
        index = self.index
        declared = index.lookup(index.import_path(place.file), name, place.file)
        self.declared(step, declared)

    def declared(self, step: _Step, declared: object) -> None:
        if isinstance(declared, Function) and declared.initializer is None:
            self.found.append(Origin("function", step.node, step.place, step.access, None, 0, step.way, kept=step.kept))
        elif isinstance(declared, Value):
            self.variable(step, declared)
        else:
            self.end(step, "unknown")

    def variable(self, step: _Step, value: Value) -> None:
        """A package's variable: its initial value, and what its package assigns to it."""
        if value.value is not None and value.parts == 1:
            self.go(step, value.value, Place(self.index, value.file, None))
        elif value.value is None and value.kind == "var":
            self.found.append(
                Origin(
                    "made", value.node, Place(self.index, value.file, None), step.access, way=step.way, kept=step.kept
                )
            )
        else:
            self.end(step, "variable")
        if value.kind != "var":
            return
        package = self.index.package_of(value.file.path)
        for file in package.files():
            if value.name.encode() not in file.source or file.test:
                continue
            for function in file.functions:
                region = function.region
                if file.source.find(value.name.encode(), region.start, region.end) < 0:
                    continue
                for assignment in function.facts.assigned(value.name):
                    self.assignment(step, Place(self.index, file, function), assignment, value.name, None)

    def assignment(self, step: _Step, place: Place, assignment: object, name: str, binding: Binding | None) -> None:
        """Follow what an assignment puts into a variable, or into a part of it."""
        left, right, operator = assignment.left, assignment.right, assignment.operator  # type: ignore[attr-defined]
        if operator == "var":
            return
        for number, each in enumerate(left):
            path, root = _path(each)
            if root is None or syntax.text(root) != name:
                continue
            if place.binding(name, root.start_byte) is not binding and not (
                binding is None and place.binding(name, root.start_byte) is None
            ):
                continue
            rest = _under(path, step.access)
            if rest is None or not right:
                continue
            if len(right) == len(left):
                self.go(step, right[number], place, rest)
            else:
                self.result(step, right[0], place, number, rest)

    def binding(self, step: _Step, binding: Binding) -> None:
        place = step.place
        function = place.function
        assert function is not None
        if binding.kind in {"var", "const"}:
            self.local(step, binding, function)
        elif binding.kind == "range":
            if binding.value is not None:
                self.go(step, binding.value, access=(KEY if binding.part == 0 else ELEMENT, *step.access))
            self.reassigned(step, binding, function)
        elif binding.kind == "receive" or binding.kind == "switch":
            if binding.value is not None:
                self.go(step, binding.value)
        elif binding.kind == "param":
            since = _given_anew(function, binding, step.node)
            if since is None:
                self.parameter(step, binding, function)
            self.reassigned(step, binding, function, since)
        elif binding.kind == "receiver":
            self.receiver(step, function)
        elif binding.kind == "result":
            self.reassigned(step, binding, function)
        else:
            self.end(step, "unknown")

    def local(self, step: _Step, binding: Binding, function: Function) -> None:
        since = _given_anew(function, binding, step.node)
        if since is not None:
            pass
        elif binding.value is None:
            self.found.append(Origin("made", binding.node, step.place, step.access, way=step.way, kept=step.kept))
        elif binding.parts == 1:
            self.go(step, binding.value)
        else:
            self.result(step, binding.value, step.place, binding.part, step.access)
        self.reassigned(step, binding, function, since)
        self.filled(step, binding, function)

    def reassigned(self, step: _Step, binding: Binding, function: Function, since: int | None = None) -> None:
        """Follow what assignments give a variable, or a part of it; only those from byte `since` on, where one there
        replaces all before."""
        first = binding.start if since is None else since
        around = _around(function, step.node)
        for assignment in function.facts.assigned(binding.name):
            if around is not None and around.is_behind(assignment.node):
                continue
            if first <= assignment.node.end_byte and assignment.node.start_byte < binding.end:
                self.assignment(step, step.place, assignment, binding.name, binding)

    def filled(self, step: _Step, binding: Binding, function: Function) -> None:
        """Calls that are given the variable's address, or the variable that holds a pointer, to fill it."""
        place = step.place
        pointer = isinstance(type_of_binding(self.index, binding, place.file, function), Pointer)
        for call, number in function.facts.given(binding.name):
            if not binding.start <= call.node.start_byte < binding.end:
                continue
            argument = call.arguments[number]
            if argument.type == "identifier" and not pointer:
                continue
            if argument.type == "unary_expression" and not syntax.has_token(argument, "&"):
                continue
            if function.binding(binding.name, argument.end_byte - 1) is binding:
                self.found.append(
                    Origin("filled", argument, step.place, step.access, call, number, step.way, kept=step.kept)
                )

    def receiver(self, step: _Step, function: Function) -> None:
        frame = step.frame
        if frame is not None and frame.callee is function and frame.call.operand is not None:
            self.waiting.append(step._replace(node=frame.call.operand, place=frame.place, frame=frame.outer))
            return
        owner = Named(self.index.import_path(function.file), function.receiver_name or "")
        if not (step.access and self.written(step, owner, step.access[0], step.access[1:])):
            self.end(step, "parameter")

    def written(self, step: _Step, owner: Named, field: str, access: tuple[str, ...]) -> bool:
        """Follow all that writes a field of a struct of the program's own; say whether anything does."""
        writers = self.engine.writers(owner, field) if field not in {KEY, ELEMENT} and self.own(owner) else []
        if writers and not self.engine.saw_all(owner, field):
            self.complete = False
        for writer in writers:
            self.waiting.append(
                step._replace(node=writer.node, place=writer.place, access=access, frame=None, kept=True)
            )
        return bool(writers)

    def parameter(self, step: _Step, binding: Binding, function: Function) -> None:
        place = step.place
        closure = _closure_of(function, binding)
        if closure is not None:
            self.of_closure(step, closure, binding)
            return
        number = next((n for n, each in enumerate(function.params) if each.name == binding.name), None)
        if number is None:
            self.end(step, "parameter")
            return
        frame = step.frame
        if frame is not None and frame.callee is function:
            self.argument(step, frame.call, number, binding.variadic, frame.place, frame.outer)
            return
        callers = [site for site in self.engine._callers(function) if not for_tests(site.caller.file)]
        if not callers:
            self.end(step, "parameter")
            return
        if len(callers) > _MOST_CALLERS:
            self.complete = False
            callers = callers[:_MOST_CALLERS]
        for site in callers:
            if site.call is None or site.kind == "value":
                self.end(step, "parameter")  # who calls it then is not followed here
                continue
            self.argument(
                step, site.call, number, binding.variadic, Place(self.index, site.caller.file, site.caller), None
            )
        del place

    def argument(
        self, step: _Step, call: Call, number: int, variadic: bool, place: Place, frame: _Frame | None
    ) -> None:
        """Follow what a call gives as a parameter."""
        given = call.arguments
        step = step._replace(frame=frame)
        if not variadic:
            if number < len(given):
                self.go(step, given[number], place)
            return
        rest = given[number:]
        if len(rest) == 1 and rest[0].type == "variadic_argument":
            self.go(step, rest[0], place)
            return
        inner = step.access[1:] if step.access[:1] == (ELEMENT,) else None
        for each in rest:
            if inner is not None:
                self.go(step, each, place, inner)
            else:
                self.found.append(Origin("literal", each, place, step.access, way=step.way, kept=step.kept))

    def of_closure(self, step: _Step, closure: Closure, binding: Binding) -> None:
        """A parameter of a function literal: what it is called with, where that is seen."""
        names = [syntax.text(name) for name in _parameter_names(closure.node)]
        number = names.index(binding.name) if binding.name in names else None
        called = list(self.calls_of(step, closure)) if number is not None else []
        for call, place, frame in called:
            assert number is not None
            self.argument(step, call, number, binding.variadic, place, frame)
        if not called:
            self.end(step, "parameter")

    def calls_of(self, step: _Step, closure: Closure) -> Iterator[tuple[Call, Place, _Frame | None]]:
        """The calls of a function literal: where it stands, of the field that keeps it, of the parameter that it is given as."""
        place = step.place
        if closure.role == "called" and closure.call is not None:
            yield closure.call, place, step.frame
        elif closure.role == "value" and closure.composite is not None:
            owner = dereferenced(place.resolve(closure.composite))
            if isinstance(owner, Named) and self.own(owner):
                yield from ((call, at, None) for call, at in self.engine.field_calls(owner, closure.name))
        elif closure.role == "argument" and closure.call is not None and place.function is not None:
            callee = self.index.callee(closure.call, place.file, place.function)
            if callee is not None and closure.argument < len(callee.params):
                kept = callee.params[closure.argument].name
                at = Place(self.index, callee.file, callee)
                for call in callee.calls:
                    if call.operand is None and call.name == kept:
                        yield call, at, None

    # Selectors

    def selector(self, step: _Step) -> None:
        place, node = step.place, step.node
        operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
        if operand is None or field is None:
            self.end(step, "unknown")
            return
        name = syntax.text(field)
        path = place.imported(operand)
        if path is not None:
            self.declared(step, self.index.lookup(path, name))
            return
        member = self.index.member(place.type_of(operand), name)
        if member is not None and member.kind == "method":
            self.end(step, "function")
            return
        if member is not None and member.owner is not None and self.own(member.owner):
            if not self.written(step, member.owner, name, step.access):
                self.end(step, "field")
            return
        self.go(step, operand, access=(name, *step.access))

    def own(self, owner: Named) -> bool:
        """Say whether a struct is the program's own, so that all that writes its fields can be seen: what API types are,
        machines fill (they are decoded from the API server's answers)."""
        if not owner.path or owner in self.index.local_types:
            return False
        folder = self.index.modules.folder(owner.path)
        if folder is None or folder.startswith("vendor/") or "/vendor/" in folder:
            return False
        struct = self.index.underlying(owner)
        return isinstance(struct, Struct) and not serialized(self.index, owner)

    # Calls

    def call(self, step: _Step) -> None:
        place = step.place
        call = self.call_at(step)
        if call is None:
            self.package_level(step)
            return
        self.called(step, call, 0)
        del place

    def package_level(self, step: _Step) -> None:
        """A call in a package variable's initial value: no function is around it."""
        for initializer in step.place.file.initializers if step.place.function is None else ():
            call = initializer.facts.call_at(step.node)
            if call is not None:
                self.called(step._replace(place=Place(self.index, step.place.file, initializer)), call, 0)
                return
        self.end(step, "unknown")

    def call_at(self, step: _Step) -> Call | None:
        function = step.place.function
        return function.facts.call_at(step.node) if function is not None else None

    def result(self, step: _Step, node: Node, place: Place, number: int, access: tuple[str, ...]) -> None:
        """Follow one of several results: of a call, or the first of `v, ok := m[k]`."""
        node = syntax.unparenthesized(node)
        step = step._replace(
            node=node, place=place, access=access, way=(*step.way, (place.file.path, syntax.line(node)))
        )
        if node.type == "call_expression":
            call = self.call_at(step)
            if call is not None:
                self.called(step, call, number)
            else:
                self.end(step, "unknown")
        elif number == 0:
            self.go(step, node)
        else:
            self.end(step, "constant")

    def called(self, step: _Step, call: Call, number: int) -> None:
        place = step.place
        if call.operand is None and call.name in BUILTINS and place.binding(call.name, call.node.start_byte) is None:
            self.builtin(step, call)
            return
        if self.engine._known(place, call):
            self.end(step, "call", call, number)
            return
        if len(call.arguments) == 1 and place.conversion_target(call.function) is not None:
            self.go(step, call.arguments[0])
            return
        member, callee = self.index.referenced(call.function, place.file, place.function)
        targets = [callee] if callee is not None else []
        owner = member.owner if member is not None and member.kind == "method" and callee is None else None
        if owner is not None and member is not None and isinstance(self.index.underlying(owner), Interface):
            targets = list(self.engine.implementations(owner, member.name))
        if not targets:
            self.end(step, "call", call, number)
            return
        for target in targets:
            self.returned(step, call, target, number)

    def returned(self, step: _Step, call: Call, callee: Function, number: int) -> None:
        """Follow what a function of the program returns."""
        if callee.body is None or callee.file.generated or _entered(step.frame, callee):
            self.end(step, "call", call, number)
            return
        frame = _Frame(callee, call, step.place, step.frame)
        place = Place(self.index, callee.file, callee)
        some = False
        for statement, closures in callee.facts.returns:
            if closures:
                continue
            values = [inner for child in syntax.children(statement) for inner in _listed(child)]
            if not values and number < len(callee.results) and callee.results[number].name:
                some = True
                self.named_result(step._replace(frame=frame), place, callee, number)
            elif len(values) == 1 and len(callee.results) > 1:
                some = True
                self.result(step._replace(frame=frame), values[0], place, number, step.access)
            elif number < len(values):
                some = True
                if syntax.text(values[number]) != "nil":
                    self.waiting.append(step._replace(node=values[number], place=place, frame=frame))
        if not some:
            self.end(step, "call", call, number)

    def named_result(self, step: _Step, place: Place, callee: Function, number: int) -> None:
        name = callee.results[number].name
        binding = callee.binding(name, callee.body.end_byte - 1) if callee.body is not None else None
        if binding is not None:
            self.binding(step._replace(place=place), binding)

    def builtin(self, step: _Step, call: Call) -> None:
        if call.name == "append" and call.arguments:
            self.go(step, call.arguments[0])
            for each in call.arguments[1:]:
                if each.type == "variadic_argument":
                    self.go(step, each)
                elif step.access[:1] == (ELEMENT,):
                    self.go(step, each, access=step.access[1:])
                else:
                    self.end(step._replace(node=each), "appended", call)
        elif call.name in {"make", "new"}:
            self.end(step, "made", call)
        else:
            self.end(step, "constant")

    # Literals

    def composite(self, step: _Step, body: Node | None) -> None:
        """A composite literal, or the part of it that is asked for."""
        if not step.access or body is None:
            self.end(step, "literal")
            return
        wanted, rest = step.access[0], step.access[1:]
        found = False
        for element in syntax.children(body):
            key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
            if wanted == KEY and key is not None:
                found = True
                self.go(step, _inner(key), access=rest)
            elif wanted == ELEMENT:
                found = True
                self.go(step, _inner(value if value is not None else element), access=rest)
            elif key is not None and value is not None and syntax.text(key) == wanted:
                found = True
                self.go(step, _inner(value), access=rest)
        if not found:
            self.end(step, "made")


def _depth(frame: _Frame | None) -> int:
    depth = 0
    while frame is not None:
        depth += 1
        frame = frame.outer
    return depth


def _entered(frame: _Frame | None, callee: Function) -> bool:
    while frame is not None:
        if frame.callee is callee:
            return True
        frame = frame.outer
    return False


def _listed(node: Node) -> list[Node]:
    return syntax.children(node) if node.type == "expression_list" else [node]


def _path(node: Node) -> tuple[tuple[str, ...], Node | None]:
    """The steps from a variable to what `a.b[i].c` names, and the variable: (("b", "[]", "c"), a)."""
    steps: list[str] = []
    while True:
        node = syntax.unparenthesized(node)
        operand = node.child_by_field_name("operand")
        if node.type == "selector_expression" and operand is not None:
            field = node.child_by_field_name("field")
            steps.append(syntax.text(field) if field is not None else "")
            node = operand
        elif node.type == "index_expression" and operand is not None:
            steps.append(ELEMENT)
            node = operand
        elif node.type == "unary_expression" and operand is not None and syntax.has_token(node, "*"):
            node = operand
        elif node.type == "identifier":
            return tuple(reversed(steps)), node
        else:
            return (), None


def _under(written: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...] | None:
    """What of the part that is asked for a write to the part `written` gives; None where they have nothing in common."""
    if asked[: len(written)] == written:
        return asked[len(written) :]
    return None


class _Around(NamedTuple):
    """A use of a variable, and the loops and function literals around it."""

    use: Node
    loops: list[Node]
    literals: list[Node]

    def is_behind(self, assignment: Node) -> bool:
        """Say whether an assignment stands behind the use in the same run of code: no loop and no function literal leads back."""
        return (
            assignment.end_byte > self.use.start_byte
            and not any(_holds(each, assignment) for each in self.loops)
            and all(_holds(each, assignment) for each in self.literals)
        )


def _around(function: Function, use: Node) -> _Around | None:
    """What is around a use, None where that stands in no code of the function itself."""
    if not function.region.start <= use.start_byte < function.region.end:
        return None
    loops = [each.node for each in function.loops if _holds(each.node, use)]
    return _Around(use, loops, [each.node for each in function.closures if _holds(each.node, use)])


def _holds(outer: Node, node: Node) -> bool:
    return outer.start_byte <= node.start_byte < outer.end_byte


def _given_anew(function: Function, binding: Binding, use: Node) -> int | None:
    """The end of the last assignment on every way to a use of a variable that gives it another value, None if there is none:
    it stands before the use, in a block around it, and in the same function literal."""
    found: int | None = None
    literals = [each.node for each in function.closures if _holds(each.node, use)]
    for assignment in function.facts.assigned(binding.name):
        node, block = assignment.node, assignment.node.parent
        if assignment.operator != "=" or not binding.start <= node.start_byte < node.end_byte <= use.start_byte:
            continue
        whole = any(left.type == "identifier" and syntax.text(left) == binding.name for left in assignment.left)
        if whole and block is not None and block.type in _BLOCKS and _holds(block, use):
            found = node.end_byte if all(_holds(each, node) for each in literals) else found
    return found


_BLOCKS = frozenset({"block", "statement_list", "expression_case", "default_case"})


def _closure_of(function: Function, binding: Binding) -> Closure | None:
    """The function literal whose parameter a name is, None for the function's own."""
    for closure in function.closures:
        body = closure.body
        if body is not None and (body.start_byte, body.end_byte) == (binding.start, binding.end):
            return closure
    return None


def _parameter_names(node: Node) -> list[Node]:
    group = node.child_by_field_name("parameters")
    return [name for declared in syntax.children(group) for name in syntax.fields(declared, "name")] if group else []


def serialized(index: PackageIndex, named: Named) -> bool:
    """Say whether a type's values are decoded, not built: an API object (metav1.TypeMeta or ObjectMeta in it), or the part of
    one, which is declared beside some."""
    package = index.package(named.path)
    if package is None:
        return False
    struct = index.underlying(named)
    if isinstance(struct, Struct) and any(
        field.embedded and field.name in {"TypeMeta", "ObjectMeta", "ListMeta"} for field in struct.fields
    ):
        return True
    return package.serialized
