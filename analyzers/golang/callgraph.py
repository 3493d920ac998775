"""CallGraph: who calls a function, and what it calls, in the whole program; found on demand, by declared types."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Loop
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.naming import ENOUGH, Naming, Work, word
from analyzers.golang.types.checker import Member, Package, PackageIndex
from analyzers.golang.types.types import (
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    Named,
    Pointer,
    Signature,
    Slice,
    Type,
    TypeParam,
)

__all__ = ["CallGraph", "CallSite", "Callers"]

_MOST_IMPLEMENTATIONS = 50


class CallSite(NamedTuple):
    """A place in `caller` that calls `callee`, or hands it on as a value.

    `kind`: "call" (certain), "may" (through an interface that the callee's receiver can stand behind), "value"
    (handed on: to `call` as its argument number `argument`, or under `key` of a composite literal whose type is
    `composite`, or assigned to `key`; `call` is None where no call takes it).
    """

    caller: Function
    callee: Function
    kind: Literal["call", "may", "value"]
    node: Node
    call: Call | None
    argument: int = -1
    key: str = ""
    composite: Node | None = None

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


class Callers(list[CallSite]):
    """The places that call a function, in the order of files and lines.

    complete: whether there are no others in the program; False where the budget was spent before all was looked at, or a
    file could not be read.
    """

    def __init__(self, sites: Iterable[CallSite] = (), *, complete: bool = True) -> None:
        super().__init__(sites)
        self.complete = complete


class CallGraph:
    """The calls in the whole program of `index`, or among `packages` of it alone. Only functions that name what is asked
    for are parsed.

    `ours` says of a path whether its file is part of the program; code for tests is not. `work` bounds what is looked at.
    """

    def __init__(
        self,
        index: PackageIndex,
        packages: Iterable[Package | str] | None = None,
        *,
        ours: Callable[[str], bool] = lambda path: True,
        work: Work = ENOUGH,
    ) -> None:
        self._index = index
        self._naming = Naming(index, packages, ours=ours, work=work)
        self._callers: dict[tuple[str, str], Callers] = {}
        self._callees: dict[tuple[str, int], list[CallSite]] = {}

    def key(self, function: Function) -> str:
        """Give a function's name in the whole program: import path, a dot, and its key."""
        return f"{self._index.import_path(function.file)}.{function.key}"

    def callers(self, function: Function) -> Callers:
        """Give the places that call `function` or hand it on: those in its own package, then the others, each in the order
        of files and lines.
        """
        key = (function.file.path, function.key)
        if key not in self._callers:
            found = self._naming.naming(function)
            sites = (site for candidate in found.functions for site in self._sites(candidate, function))
            self._callers[key] = Callers(sites, complete=found.complete)
        return self._callers[key]

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
        if not isinstance(self._index.underlying(member.owner), Interface):
            return False
        if not self._agree(self._index.signature(callee), member.type):
            return False
        receiver = Named(self._index.import_path(callee.file), callee.receiver_name)
        return self._index.methods(member.owner) <= self._index.methods(receiver)

    def _agree(self, one: Signature | None, other: Signature) -> bool:
        """Say whether two signatures can be the same: as many parameters and results, none of which differ."""
        if one is None or len(one.params) != len(other.params) or len(one.results) != len(other.results):
            return False
        pairs = zip((*one.params, *one.results), (*other.params, *other.results), strict=True)
        return not any(_differ(self._index.unaliased(left), self._index.unaliased(right)) for left, right in pairs)

    def _handed_on(self, caller: Function, callee: Function) -> Iterator[CallSite]:
        if caller.body is None:
            return
        body = caller.body
        named = sum(call.name == callee.name for call in caller.calls)
        places = word(callee.name).finditer(caller.file.source, body.start_byte, body.end_byte)
        if sum(1 for _ in places) == named:
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
                    return CallSite(caller, callee, "value", node, None, key=syntax.text(key), composite=literal.type)
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
                for candidate in self._implementations(member, function.file):
                    yield CallSite(function, candidate, "may", call.node, call)

    def _implementations(self, member: Member, home: SourceFile) -> Iterator[Function]:
        beside = self._index.methods(member.owner) - {member.name}
        candidates = self._naming.declaring(member.name, sorted(beside), home).functions
        behind = (function for function in candidates if self._stands_behind(function, member))
        yield from itertools.islice(behind, _MOST_IMPLEMENTATIONS)


def _differ(one: Type | None, other: Type | None) -> bool:
    """Say whether two types are not the same, as far as they are known."""
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if left is None or right is None or isinstance(left, TypeParam) or isinstance(right, TypeParam):
            continue
        if isinstance(left, Basic | Named) and isinstance(right, Basic | Named):
            if (left.name, getattr(left, "path", "")) != (right.name, getattr(right, "path", "")):
                return True
        elif isinstance(left, Interface) or isinstance(right, Interface):
            # interface{} is any
            if not (_is_any(left) and _is_any(right)) and type(left) is not type(right):
                return True
        elif type(left) is not type(right):
            return True
        elif isinstance(left, Map) and isinstance(right, Map):
            waiting += [(left.key, right.key), (left.elem, right.elem)]
        elif isinstance(left, Pointer | Slice | Array | Chan) and isinstance(right, Pointer | Slice | Array | Chan):
            waiting.append((left.elem, right.elem))
    return False


def _is_any(type_: Type) -> bool:
    return type_ == Interface() or type_ == Named("", "any")


def _same(one: Function, other: Function) -> bool:
    return one.file.path == other.file.path and one.key == other.key
