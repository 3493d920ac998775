"""Reads that ask for the same whatever they are done for: of one client, by a name and a namespace that are constants, or the
environment's.

As a loop's invariant is what each of its rounds would find again, such a read gives each reconcile the same answer. A client that
is made for the object itself, of another cluster, gives another one.
"""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import ELEMENT, Origin
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.execution.callpaths import CallPaths
from analyzers.kubernetes.program import origins, package_called
from analyzers.kubernetes.requests.direct import direct_requests
from analyzers.kubernetes.requests.request import Request

_ENVIRONMENT = frozenset({("os", "Getenv"), ("os", "LookupEnv")})
_FLAGS = frozenset({"flag", "github.com/spf13/pflag"})
_DEEPEST = 4
_ONCE = frozenset({"start-up", "unknown"})


def is_invariant(index: PackageIndex, paths: CallPaths, request: Request) -> bool:
    """Say whether all that a GET, or a LIST of one namespace, names is the same each time, as far as the program shows."""
    found = [request]
    if request.via is not None:  # what a call of a wrapper stands for
        found = [each for each in direct_requests(index, request.via.file, request.via) if each.key == request.key]
    return bool(found) and all(_names_the_same(index, each) and _of_one_client(index, paths, each) for each in found)


def _of_one_client(index: PackageIndex, paths: CallPaths, request: Request) -> bool:
    """Say whether the client that sends a request is made once: nothing that makes it is reached from events or timers."""
    node = request.call.operand
    while node is not None and (node := syntax.unparenthesized(node)).type == "call_expression":
        called = node.child_by_field_name("function")
        node = called.child_by_field_name("operand") if called is not None else None
    if node is None:
        return False
    place = Place(index, request.function.file, request.function)
    member = index.member(place.type_of(node), request.call.name) if request.kind == "controller-runtime" else None
    found = origins(index).of(place, node, member.through if member is not None else ())
    return found.complete and bool(found.origins) and all(_made_once(paths, each) for each in found.origins)


def _made_once(paths: CallPaths, origin: Origin) -> bool:
    function = origin.place.function
    if ELEMENT in origin.access or origin.kind == "unknown":  # one of many
        return False
    if origin.kind in {"field", "variable"} or function is None:
        return True
    if origin.kind == "parameter" and not critical_paths.starts_up(function) and function.receiver_name is None:
        return False
    return paths.worst_to(function).root in _ONCE


def _names_the_same(index: PackageIndex, request: Request) -> bool:
    place = Place(index, request.function.file, request.function)
    given = request.call.arguments
    if request.kind == "controller-runtime":
        if request.verb != "GET" or len(given) < 3:
            return False
        return is_fixed(place, given[1], ("Name",)) and is_fixed(place, given[1], ("Namespace",))
    getter = _getter(request.function, request.call.operand)
    if getter is None or request.kind not in {"typed", "dynamic"} or not request.resource:
        return False  # or of a resource that may be another one each time
    namespaces = () if request.kind == "dynamic" and getter.name == "Resource" else getter.arguments
    if not all(is_fixed(place, namespace) for namespace in namespaces):
        return False
    if request.verb == "LIST":
        read = request.options
        return bool(namespaces) and not (read.labels or read.fields or read.unknown or read.limited)
    named = [each for each in given if not _is_context(place, each)]
    return bool(named) and is_fixed(place, named[0])


def _is_context(place: Place, node: Node) -> bool:
    type_ = dereferenced(place.type_of(node))
    return (isinstance(type_, Named) and type_.name == "Context") or syntax.text(node).startswith("context.")


def _getter(function: Function, operand: Node | None) -> Call | None:
    """The call that a resource's client was taken by, with its namespace: `c.CoreV1().ConfigMaps(ns)`; None where it comes from
    elsewhere, with a namespace that is not seen."""
    node = syntax.unparenthesized(operand) if operand is not None else None
    if node is not None and node.type == "identifier":
        binding = function.binding(syntax.text(node), node.start_byte)
        node = syntax.unparenthesized(binding.value) if binding is not None and binding.value is not None else None
    return function.facts.call_at(node) if node is not None and node.type == "call_expression" else None


def is_fixed(place: Place, node: Node, access: tuple[str, ...] = (), depth: int = 0) -> bool:
    """Say whether an expression has the same value in each run of its function."""
    found = origins(place.index).of(place, node, access)
    return found.complete and bool(found.origins) and all(_stays(each, depth) for each in found.origins)


def _stays(origin: Origin, depth: int) -> bool:
    node = origin.node
    if node.type == "binary_expression":
        sides = [node.child_by_field_name(side) for side in ("left", "right")]
        place = Place(origin.place.index, origin.place.file, origin.place.function)
        return depth < _DEEPEST and all(side is not None and is_fixed(place, side, (), depth + 1) for side in sides)
    if origin.kind == "constant":
        return True
    if origin.kind == "unknown" and node.type == "selector_expression":
        operand = node.child_by_field_name("operand")  # a constant, or a variable, of a package that is not in the tree
        return operand is not None and not origin.access and origin.place.imported(operand) is not None
    if origin.kind == "made":  # a field that a literal leaves out, or a variable before it is given a value
        return node.type in {"composite_literal", "literal_value", "identifier"}
    if origin.call is None or origin.kind not in {"call", "filled"}:
        return False
    called = package_called(origin.place, origin.call)
    return (called, origin.call.name) in _ENVIRONMENT if origin.kind == "call" else called in _FLAGS
