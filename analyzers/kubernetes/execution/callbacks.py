"""Who calls a function literal that is handed on: given to a function, kept in a variable or in a field."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure
from analyzers.golang.types.checker import Package, PackageIndex
from analyzers.golang.types.types import Named, dereferenced

_DEEPEST = 3


class Invocation(NamedTuple):
    """A call of what was handed on, in `function`."""

    function: Function
    call: Call


def invocations(index: PackageIndex, function: Function, closure: Closure) -> list[Invocation] | None:
    """Give the calls of a function literal of `function`; None where the function itself runs it, or may (it is not
    known what does)."""
    if closure.role == "called" or closure.role == "returned" or closure.role == "other":
        return None
    if closure.role == "argument" and closure.call is not None:
        return given(index, function, closure.call, closure.argument)
    if closure.role == "value":
        owner = index.resolve(closure.composite, function.file, function) if closure.composite is not None else None
        return list(_kept(index, function, closure.name, owner if isinstance(owner, Named) else None)) or None
    found: list[Invocation] = []
    binding = function.binding(closure.name, closure.node.end_byte + 1)
    if binding is None:
        return list(field_calls(index, index.package_of(function.file.path), closure.name)) or None
    for call in function.calls:
        if call.operand is None and call.name == closure.name:
            found.append(Invocation(function, call))
        for number, argument in enumerate(call.arguments):
            if syntax.text(argument) == closure.name:
                found += given(index, function, call, number) or [Invocation(function, call)]
    return found or None


def given(index: PackageIndex, function: Function, call: Call, number: int, depth: int = 0) -> list[Invocation] | None:
    """The calls of what is given to `call` as its argument: of the parameter, and of the field it is put in; None if
    the callee is not in the tree."""
    callee = index.callee(call, function.file, function)
    if callee is None or number >= len(callee.params) or depth > _DEEPEST:
        return None
    name = callee.params[number].name
    found: list[Invocation] = []
    for inner in callee.calls:
        if inner.operand is None and inner.name == name:
            found.append(Invocation(callee, inner))
        for position, argument in enumerate(inner.arguments):
            if syntax.text(argument) == name:
                found += given(index, callee, inner, position, depth + 1) or ()
    for composite in callee.composites:
        body = composite.node.child_by_field_name("body")
        for element in syntax.children(body) if body is not None else []:
            key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
            if key is not None and value is not None and syntax.text(value) == name:
                owner = index.resolve(composite.type, callee.file, callee) if composite.type is not None else None
                found += _kept(index, callee, syntax.text(key), owner if isinstance(owner, Named) else None)
    for assignment in callee.assignments:
        for left, right in zip(assignment.left, assignment.right, strict=False):
            if left.type == "selector_expression" and syntax.text(right) == name:
                found += field_calls(index, index.package_of(callee.file.path), syntax.text(left).rpartition(".")[2])
    return found or None


def _kept(index: PackageIndex, function: Function, field: str, owner: Named | None) -> Iterator[Invocation]:
    package = index.package(owner.path) if owner is not None and owner.path else None
    yield from field_calls(index, package or index.package_of(function.file.path), field, owner)


def field_calls(index: PackageIndex, package: Package, field: str, owner: Named | None = None) -> Iterator[Invocation]:
    """Yield the calls of a field in a package: `c.syncHandler(key)`; with `owner`, of fields of that struct alone."""
    if not field.isidentifier():
        return
    pattern = re.compile(rb"\.%s\(" % field.encode())
    for file in package.files():
        if not pattern.search(file.source):
            continue
        for function in (*file.functions, *file.initializers):
            if not pattern.search(file.source, function.region.start, function.region.end):
                continue
            for call in function.calls:
                if call.name != field or call.operand is None or index.callee(call, file, function) is not None:
                    continue
                of_type = dereferenced(index.type_of(call.operand, file, function))
                if (
                    owner is None
                    or of_type is None
                    or (isinstance(of_type, Named) and (of_type.path, of_type.name) == (owner.path, owner.name))
                ):
                    yield Invocation(function, call)
