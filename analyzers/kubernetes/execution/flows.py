"""Whether what a loop goes through reaches a call: the loop's variables, and what was made of them."""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, parameters
from analyzers.golang.facts.facts import Call, Closure, Loop
from analyzers.golang.facts.syntax import Node


def reaches(function: Function, loop: Loop, call: Call) -> bool:
    """Say whether a loop's variable, or a variable made of it in the loop, stands in a call's arguments or in what it
    is called on."""
    tainted = made_of(function, loop, call.closures)
    if not tainted:
        return False
    nodes = [*call.arguments, *([call.operand] if call.operand is not None else [])]
    return any(name in tainted for node in nodes for name in names(node))


_ITERATOR = re.compile(r"(\w{1,80})\.(Next|HasNext|Scan)\(\)$")


def made_of(function: Function, loop: Loop, closures: tuple[Closure, ...] = ()) -> frozenset[str]:
    """Give the loop's variables and all variables that are assigned something made of them in its body.

    `closures` are those around the place in question: parameters of a literal called in the loop carry its arguments' names on.
    """
    tainted = set(loop.variables)
    if loop.kind == "for" and loop.condition is not None and (iterator := _ITERATOR.match(syntax.text(loop.condition))):
        tainted.add(iterator[1])
    if not tainted or loop.body is None:
        return frozenset(tainted)
    start, end = loop.body.start_byte, loop.body.end_byte
    inside = [each for each in function.assignments if start <= each.node.start_byte < end]
    ranges = [each for each in function.loops if start <= each.node.start_byte < end and each.collection is not None]
    for _ in range(3):
        size = len(tainted)
        for assignment in inside:
            if any(name in tainted for right in assignment.right for name in names(right)):
                tainted.update(
                    text
                    for left in assignment.left
                    if left.type == "identifier" and (text := syntax.text(left)) not in {"_", "err"}
                )
        for inner in ranges:
            if inner.collection is not None and any(name in tainted for name in names(inner.collection)):
                tainted.update(inner.variables)
        for closure in closures:
            if closure.role == "called" and closure.call is not None and start <= closure.node.start_byte < end:
                given = closure.call.arguments
                for parameter, argument in zip(parameters(closure.node, "parameters"), given, strict=False):
                    if any(name in tainted for name in names(argument)):
                        tainted.add(parameter.name)
        if len(tainted) == size:
            break
    return frozenset(tainted)


_NAME = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`|(?<![\w.])[A-Za-z_]\w*")


def names(node: Node) -> list[str]:
    """Give the names at the roots of an expression: `a` of `a.b(c.d)` and `c`, not fields, not what stands in strings."""
    return [name for name in _NAME.findall(syntax.text(node)) if name[0] not in '"`']
