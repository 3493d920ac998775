"""CallGraph: who calls a function, and what it calls, within a set of packages; found on demand, by declared types."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Loop
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import Member, Package, PackageIndex
from analyzers.golang.types.types import Interface, Named, Signature

__all__ = ["CallGraph", "CallSite"]

_MOST_IMPLEMENTATIONS = 50


class CallSite(NamedTuple):
    """A place in `caller` that calls `callee`, or hands it on as a value.

    `kind`: "call" (certain), "may" (through an interface that the callee's receiver can stand behind), "value"
    (handed on: to `call` as its argument number `argument`, or under `key` of a composite literal, or assigned to
    `key`; `call` is None where no call takes it).
    """

    caller: Function
    callee: Function
    kind: Literal["call", "may", "value"]
    node: Node
    call: Call | None
    argument: int = -1
    key: str = ""

    @property
    def line(self) -> int:
        """The line where it stands."""
        return self.call.line if self.call is not None and self.kind != "value" else syntax.line(self.node)

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops around it in the caller, outermost first."""
        if self.call is not None and self.kind != "value":
            return self.call.loops
        return self.caller.loops_around(self.node)

    @property
    def closures(self) -> tuple[Closure, ...]:
        """The function literals around it in the caller, outermost first."""
        if self.call is not None:
            return self.call.closures
        inside = (self.node.start_byte, self.node.end_byte)
        return tuple(
            found
            for found in self.caller.closures
            if found.node.start_byte <= inside[0] and inside[1] <= found.node.end_byte
        )

    @property
    def go(self) -> bool:
        """Whether the call starts a goroutine."""
        return self.call is not None and self.call.go


class CallGraph:
    """The calls among `packages` of `index`. Only functions that name what is asked for are parsed, so that a large set
    costs little.
    """

    def __init__(self, index: PackageIndex, packages: Iterable[Package | str]) -> None:
        self._index = index
        self._given = packages
        self._packages: list[Package] | None = None
        self._callers: dict[tuple[str, str], list[CallSite]] = {}
        self._callees: dict[tuple[str, int], list[CallSite]] = {}

    @property
    def packages(self) -> list[Package]:
        """The packages whose calls are looked at."""
        if self._packages is None:
            found = (self._index.package(given) if isinstance(given, str) else given for given in self._given)
            self._packages = [package for package in found if package is not None]
        return self._packages

    def key(self, function: Function) -> str:
        """Give a function's name in the whole program: import path, a dot, and its key."""
        return f"{self._index.import_path(function.file)}.{function.key}"

    def callers(self, function: Function) -> list[CallSite]:
        """Give the places that call `function` or hand it on, in the order of packages, files and lines."""
        key = (function.file.path, function.key)
        if key not in self._callers:
            self._callers[key] = [
                site for candidate in self._naming(function.name) for site in self._sites(candidate, function)
            ]
        return self._callers[key]

    def _naming(self, name: str) -> Iterator[Function]:
        encoded = name.encode()
        for package in self.packages:
            for file in package.files():
                if encoded in file.source:
                    yield from self._naming_in(file, encoded)

    def _naming_in(self, file: SourceFile, encoded: bytes) -> Iterator[Function]:
        for function in (*file.functions, *file.initializers):
            # Behind the first line, which may only hold its own name.
            start = file.source.find(b"{", function.region.start, function.region.end)
            if start >= 0 and file.source.find(encoded, start, function.region.end) >= 0:
                yield function

    def _sites(self, caller: Function, callee: Function) -> Iterator[CallSite]:
        for call in caller.calls:
            if call.name != callee.name:
                continue
            member, target = self._target(call, caller)
            if target is not None:
                if _same(target, callee):
                    yield CallSite(caller, callee, "call", call.node, call)
            elif member is not None and self._stands_behind(callee, member):
                yield CallSite(caller, callee, "may", call.node, call)
        yield from self._handed_on(caller, callee)

    def _target(self, call: Call, caller: Function) -> tuple[Member | None, Function | None]:
        """What a call calls: the function where it is declared, or the member of an interface."""
        return self._index.referenced(call.function, caller.file, caller)

    def _stands_behind(self, callee: Function, member: Member) -> bool:
        """Whether a value of the callee's receiver type can be in the interface whose method is called."""
        if (
            not callee.receiver_name
            or member.kind != "method"
            or not isinstance(member.type, Signature)
            or member.owner is None
        ):
            return False
        if not isinstance(self._index.underlying(member.owner), Interface) or len(callee.params) != len(
            member.type.params
        ):
            return False
        receiver = Named(self._index.import_path(callee.file), callee.receiver_name)
        return self._index.methods(member.owner) <= self._index.methods(receiver)

    def _handed_on(self, caller: Function, callee: Function) -> Iterator[CallSite]:
        if caller.body is None:
            return
        body, encoded = caller.body, callee.name.encode()
        named = sum(call.name == callee.name for call in caller.calls)
        if caller.file.source.count(encoded, body.start_byte, body.end_byte) == named:
            return  # it stands nowhere but in calls
        called = {(call.function.start_byte, call.function.end_byte) for call in caller.calls}
        for node in syntax.walk(body):
            if node.type == "selector_expression":
                field = node.child_by_field_name("field")
                meant = field is not None and syntax.text(field) == callee.name
            else:
                meant = not callee.receiver_name and node.type == "identifier" and syntax.text(node) == callee.name
            if not meant or (node.start_byte, node.end_byte) in called:
                continue
            _, target = self._index.referenced(node, caller.file, caller)
            if target is None or not _same(target, callee):
                continue
            yield self._value(caller, callee, node)

    def _value(self, caller: Function, callee: Function, node: Node) -> CallSite:
        for call in caller.calls:
            for number, argument in enumerate(call.arguments):
                if syntax.same(syntax.unparenthesized(argument), node):
                    return CallSite(caller, callee, "value", node, call, number)
        for literal in caller.composites:
            body = literal.node.child_by_field_name("body") or literal.node
            if not body.start_byte <= node.start_byte < body.end_byte:
                continue
            for element in syntax.children(body):
                key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
                inner = syntax.children(value) if value is not None else []
                if key is not None and inner and syntax.same(inner[0], node):
                    return CallSite(caller, callee, "value", node, None, key=syntax.text(key))
        for assignment in caller.assignments:
            for left, right in zip(assignment.left, assignment.right, strict=False):
                if syntax.same(right, node):
                    return CallSite(caller, callee, "value", node, None, key=syntax.text(left))
        return CallSite(caller, callee, "value", node, None)

    def callees(self, function: Function) -> list[CallSite]:
        """Give what `function` calls, function literals in it included: declared functions, and by "may" what stands
        behind interfaces.
        """
        key = (function.file.path, function.region.start)
        if key not in self._callees:
            self._callees[key] = list(self._called(function))
        return self._callees[key]

    def _called(self, function: Function) -> Iterator[CallSite]:
        for call in function.calls:
            if not call.name:
                continue
            member, target = self._target(call, function)
            if target is not None:
                yield CallSite(function, target, "call", call.node, call)
            elif member is not None and member.kind == "method":
                for candidate in self._implementations(member):
                    yield CallSite(function, candidate, "may", call.node, call)

    def _implementations(self, member: Member) -> Iterator[Function]:
        found = 0
        encoded = member.name.encode()
        for package in self.packages:
            for file in package.files():
                if encoded not in file.source:
                    continue
                for function in file.functions:
                    if (
                        function.name == member.name
                        and function.receiver_name
                        and self._stands_behind(function, member)
                    ):
                        yield function
                        found += 1
                        if found >= _MOST_IMPLEMENTATIONS:
                            return


def _same(one: Function, other: Function) -> bool:
    return one.file.path == other.file.path and one.key == other.key
