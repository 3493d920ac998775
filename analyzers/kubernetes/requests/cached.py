"""Objects that are shared with everybody who reads the same cache: what listers, indexers, stores and handlers give.

Source: client-go tools/cache ("must not be modified": the store hands out its own objects); client-go/listers, whose
generated Get and List return them as they are. controller-runtime's cached client copies every object it gives.
"""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Map, Pointer, Slice
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.requests import clients

_READS = frozenset({"Get", "List", "GetByKey", "ByIndex", "Index"})
_LISTER = re.compile(r"([lL]ister|[iI]ndexer|[iI]nformer)s?$")
_ONE_OF_TWO = frozenset({"oldobj", "newobj", "old", "new", "cur", "obj", "object", "curobj"})


def source(index: PackageIndex, function: Function, binding: Binding) -> str | None:
    """Say where a local variable's object is shared from ("a lister", "an informer's event"), None if nothing says that it is."""
    found = _source(index, function, binding, 0)
    type_ = index.type_of(binding.node, function.file, function) if found is not None else None
    # A copy of the struct, or a value that points to nothing shared; a slice that is a part of an object is shared.
    if type_ is None or isinstance(type_, Pointer) or (isinstance(type_, Slice | Map) and is_part(binding)):
        return found
    return None


def is_part(binding: Binding) -> bool:
    """Say whether a variable is given a field of an object, or what a function takes from one."""
    value = binding.value
    if value is None or binding.kind != "var":
        return False
    callee = value.child_by_field_name("function") if value.type == "call_expression" else None
    name = callee.child_by_field_name("field") if callee is not None else None
    return value.type in {"selector_expression", "call_expression"} and (
        name is None or syntax.text(name) not in _READS
    )


def _source(index: PackageIndex, function: Function, binding: Binding, depth: int) -> str | None:
    return _of(index, function, binding.value, depth) if binding.value is not None and depth <= 3 else None


def _of(index: PackageIndex, function: Function, value: Node, depth: int) -> str | None:
    value = syntax.unparenthesized(value)
    if value.type == "type_assertion_expression":
        operand = value.child_by_field_name("operand")
        if operand is None:
            return None
        if operand.type == "identifier" and syntax.text(operand).lower() in _ONE_OF_TWO and _is_handler(function):
            return "an informer's event"
        return _of(index, function, operand, depth)
    if value.type == "call_expression":
        return _given(index, function, value) or _field_of_argument(index, function, value, depth)
    if value.type == "selector_expression":
        root: Node | None = value
        while root is not None and root.type == "selector_expression":
            root = root.child_by_field_name("operand")
        return _of(index, function, root, depth) if root is not None and root.type == "identifier" else None
    if value.type in {"identifier", "index_expression"}:
        if value.type == "index_expression":
            value = value.child_by_field_name("operand") or value
        binding = function.binding(syntax.text(value), value.start_byte) if value.type == "identifier" else None
        return (
            _source(index, function, binding, depth + 1)
            if binding is not None and binding.kind in {"var", "range"}
            else None
        )
    return None


def _given(index: PackageIndex, function: Function, value: Node) -> str | None:
    callee = value.child_by_field_name("function")
    operand = (
        callee.child_by_field_name("operand") if callee is not None and callee.type == "selector_expression" else None
    )
    name = callee.child_by_field_name("field") if callee is not None else None
    if operand is None or name is None or syntax.text(name) not in _READS:
        return None
    type_ = index.type_of(operand, function.file, function)
    known = clients.client(type_)
    if known is not None:
        return {"lister": "a lister", "store": "an informer's cache"}.get(known.kind)
    if type_ is None:
        path = syntax.path(operand)
        return "a lister" if path is not None and _LISTER.search(path[-1]) else None
    return None


def _field_of_argument(index: PackageIndex, function: Function, value: Node, depth: int) -> str | None:
    """Where an object comes from of which a function of the package returns a field: `return object.Spec.Keys`."""
    call = function.facts.call_at(value)
    callee = index.callee(call, function.file, function) if call is not None and depth < 3 else None
    if call is None or callee is None or callee.file.folder != function.file.folder or len(callee.results) != 1:
        return None
    for node, closures in callee.facts.returns:
        for returned in syntax.children(node)[:1] if not closures else ():
            inner = syntax.children(returned)[0] if returned.type == "expression_list" else returned
            root = _parameter_of(callee, inner)
            if root is None:
                continue
            for parameter, argument in zip(callee.params, call.arguments, strict=False):
                if parameter.name == root and argument.type == "identifier":
                    return _of(index, function, argument, depth + 1)
    return None


def _parameter_of(callee: Function, node: Node) -> str | None:
    """The parameter that `a.b.c` is a field of, through the variables of loops over its fields."""
    for _ in range(3):
        if node.type != "selector_expression":
            return None
        path = syntax.path(node)
        if path is None:
            return None
        if any(parameter.name == path[0] for parameter in callee.params):
            return path[0]
        binding = callee.binding(path[0], node.start_byte)
        if binding is None or binding.kind != "range" or binding.value is None:
            return None
        node = binding.value
    return None


def _is_handler(function: Function) -> bool:
    found = critical_paths.critical_path(function)
    return found is critical_paths.HANDLER or (found is not None and found.per == "event")


def copied_between(function: Function, name: str, start: int, end: int) -> bool:
    """Say whether a variable is given something else, a copy most likely, between two bytes of a function."""
    return any(
        start < assignment.node.start_byte < end and any(syntax.text(left) == name for left in assignment.left)
        for assignment in function.assignments
    )
