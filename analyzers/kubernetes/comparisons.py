"""Comparisons of what the API server gave with what the program builds, which never are equal: what the server alone sets, and
what it sets where it is left out, is in the one and not in the other.

Sources: kubernetes.defaulting; k8s.io/apimachinery third_party/forked/golang/reflect/deep_equal.go (DeepEqual goes through all
fields; DeepDerivative leaves out what its first argument does not set).
"""

import re
from typing import NamedTuple

from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import ELEMENT, Origin, Sources
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, Pointer, Slice, Struct, Type, dereferenced
from analyzers.kubernetes import defaulting, handlers
from analyzers.kubernetes.program import origins, package_called
from analyzers.kubernetes.requests import clients
from analyzers.kubernetes.requests.requests import requests

__all__ = ["Lack", "compared", "lack"]

_PACKAGES = {
    "reflect": "DeepEqual",
    "github.com/google/go-cmp/cmp": "Equal",
}
_SEMANTIC = "k8s.io/apimachinery/pkg/api/equality"
_HARMLESS_WORDS = """
SetControllerReference SetOwnerReference IsControlledBy HasOwnerReference HasControllerReference GetControllerOf
ObjectKeyFromObject Event Eventf AnnotatedEventf ContainsFinalizer GetNamespacedName MetaNamespaceKeyFunc NewControllerRef
DeepEqual DeepDerivative Equal Diff SafeDiff
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())
"""What libraries call functions that are given an object and change no part of it that is asked for here."""
_LOOK_ONLY = frozenset({"fmt", "reflect", "github.com/google/go-cmp/cmp"})
_READS = frozenset({"GET", "LIST"})
_ANSWERS = frozenset({"GET", "LIST", "CREATE", "UPDATE", "PATCH"})
_SETS_METADATA = re.compile(rb"\.(UID|ObjectMeta)\s*=[^=]|\bSetUID\(")
_DEFAULTS = re.compile(r"(?i)^(set|apply|with|add|fill)?_?(object)?_?defaults?(_|$|ing|[A-Z])")
_DEEPEST = 3
Way = defaulting.Way


class Lack(NamedTuple):
    """What the built one of two compared values always lacks: `field` is the way to it from what is compared; `read` and `built`
    are the arguments. whole: whole objects are compared, of which the metadata differ."""

    built: Node
    read: Node
    kind: str
    field: Way
    literal: Origin

    @property
    def whole(self) -> bool:
        """Whether whole objects are compared."""
        return self.field == defaulting.METADATA


class _Read(NamedTuple):
    """A part of an object that the API server gave: of which kind ("" if that has no defaults), and the way to it."""

    kind: str
    part: Way


def compared(place: Place, call: Call) -> tuple[Node, Node] | None:
    """Give what a call compares field by field, None for other calls."""
    if call.operand is None or len(call.arguments) != 2:
        return None
    path = place.imported(call.operand)
    semantic = False
    if call.operand.type == "selector_expression":
        package, name = (call.operand.child_by_field_name(part) for part in ("operand", "field"))
        of = place.imported(package) if package is not None else None
        semantic = of == _SEMANTIC and name is not None and syntax.text(name) == "Semantic"
    if _PACKAGES.get(path or "") == call.name or (semantic and call.name == "DeepEqual"):
        return call.arguments[0], call.arguments[1]
    return None


def lack(index: PackageIndex, function: Function, call: Call) -> Lack | None:
    """Say what one of the two values that a call compares always lacks, None if that is not known."""
    place = Place(index, function.file, function)
    pair = compared(place, call)
    types = [dereferenced(place.type_of(node)) for node in pair or ()]
    if pair is None or (None not in types and types[0] != types[1]):
        return None
    for built, read in (pair, pair[::-1]):
        found = _read(place, read)
        if found is None:
            continue
        asked = list(defaulting.fields(found.kind, found.part)) if found.part else [defaulting.METADATA]
        for field in asked if found.kind or not found.part else ():
            literal = _unset(place, call, built, field, (*found.part, *field))
            if literal is not None and _stays(place, call, read, field):
                return Lack(built, read, found.kind, field, literal)
    return None


# What was read


def _read(place: Place, node: Node) -> _Read | None:
    """Say which part of an object from the API server, or its cache, an expression is; None if it may be anything else."""
    found = origins(place.index).of(place, node)
    reads = {known for each in found.origins if (known := _of_server(each)) is not None}
    others = {each.kind for each in found.origins if _of_server(each) is None}
    if not found.complete or len(reads) != 1 or others - {"made", "literal", "filled"}:
        return None
    return next(iter(reads))


def _stays(place: Place, call: Call, node: Node, field: Way) -> bool:
    """Say whether nothing changes a field of what was read before it is compared."""
    found = origins(place.index).of(place, node, field)
    if field == defaulting.METADATA and _SETS_METADATA.search(_source(place.function)):
        return False
    return (
        found.complete
        and all(
            each.kind == "made" or _of_server(each) is not None or _leaves_alone(each, place, call)
            for each in found.origins
        )
        and _untouched(place, call, node, field)
    )


def _of_server(origin: Origin) -> _Read | None:
    """Give the part of an object that is read, if an origin is an answer of the API server or of a cache of its objects."""
    place, call = origin.place, origin.call
    if call is None or call.operand is None or place.function is None:
        return None
    if origin.kind == "call" and call.name in {"Get", "List"}:
        known = clients.client(place.type_of(call.operand))
        if known is not None and known.kind == "lister":
            return _part(place.type_of(origin.node), origin.access, known.resource)
    sent = next((each for each in requests(place.index, place.file, place.function, ()) if each.call is call), None)
    if sent is None or sent.unstructured or sent.via is not None:
        return None
    if origin.kind == "filled" and sent.verb in _READS and origin.number == (2 if sent.verb == "GET" else 1):
        return _part(place.type_of(origin.node), origin.access, sent.resource)
    if origin.kind == "call" and sent.verb in _ANSWERS and origin.number == 0:
        return _part(place.type_of(origin.node), origin.access, sent.resource)
    return None


def _part(type_: Type | None, access: Way, resource: str) -> _Read:
    if access[:2] == ("Items", ELEMENT):
        access = access[2:]
    elif access[:1] == (ELEMENT,):
        access = access[1:]
    named = dereferenced(type_)
    while isinstance(named, Slice | Pointer):
        named = named.elem
    if isinstance(named, Named):
        return _Read(defaulting.kind_of(named.path, named.name), access)
    return _Read(defaulting.of_resource(resource), access)


# What was built


def _unset(place: Place, call: Call, node: Node, field: Way, of_object: Way) -> Origin | None:
    """Give the literal that a value is made from, if nothing ever sets a field of it."""
    index = place.index
    found = _copied(index, origins(index).of(place, node, field))
    if not found.complete or not found.origins:
        return None
    unset = [each for each in found.origins if each.kind == "made" and each.access]
    if not unset or not all(each in unset or _leaves_alone(each, place, call) for each in found.origins):
        return None
    if not _untouched(place, call, node, field):
        return None
    functions = {id(each.place.function): each.place.function for each in found.origins}
    functions[id(place.function)] = place.function
    if any(_sets_defaults(each) or _hands_on(each, of_object) for each in functions.values() if each is not None):
        return None
    if field == defaulting.METADATA:
        if any(_SETS_METADATA.search(_source(each)) for each in functions.values()):
            return None
    elif any(field[-1].encode() in file.source for file in _near(index, found, place)):
        return None
    whole = _copied(index, origins(index).of(place, node))
    made = [each for each in whole.origins if each.kind in {"literal", "made"}]
    literal = next((each for each in made if each.node.type in {"composite_literal", "literal_value"}), None)
    # An empty one only asks whether anything is set at all.
    if literal is None or not _elements(literal) or (field == defaulting.METADATA and not _is_object(index, literal)):
        return None
    return literal


def _copied(index: PackageIndex, found: Sources) -> Sources:
    """Follow copies to what they are copies of."""
    complete, known = found.complete, []
    waiting = list(found.origins)
    for _ in range(20):
        if not waiting:
            break
        each = waiting.pop()
        call = each.call
        if each.kind == "call" and call is not None and call.name == "DeepCopy" and call.operand is not None:
            inner = origins(index).of(each.place, call.operand, each.access)
            complete = complete and inner.complete
            waiting += inner.origins
        else:
            known.append(each)
    return Sources((*known, *waiting), complete and not waiting)


def _is_object(index: PackageIndex, literal: Origin) -> bool:
    """Say whether a literal is a whole object: of a type with its own kind and metadata, not only of a template with metadata."""
    type_ = literal.node.child_by_field_name("type") if literal.node.type == "composite_literal" else None
    named = dereferenced(literal.place.resolve(type_)) if type_ is not None else None
    if not isinstance(named, Named):
        return False
    struct = index.underlying(named)
    if isinstance(struct, Struct):
        return {"TypeMeta", "ObjectMeta"} <= {field.name for field in struct.fields}
    keys = {syntax.text(key) for each in _elements(literal) if (key := each.child_by_field_name("key"))}
    return named.path.startswith("k8s.io/api/") and not named.name.endswith("Spec") and "ObjectMeta" in keys


def _elements(literal: Origin) -> list[Node]:
    body = literal.node.child_by_field_name("body") or literal.node
    return syntax.children(body)


def _near(index: PackageIndex, found: Sources, place: Place) -> list[SourceFile]:
    """The files of the packages through which a value goes."""
    paths = {place.file.path, *(path for each in found.origins for path, _ in each.way)}
    folders = {path.rpartition("/")[0]: path for path in paths}
    return [file for path in folders.values() for file in index.package_of(path).files() if not file.test]


def _sets_defaults(function: Function) -> bool:
    return any(_DEFAULTS.match(call.name) and call.arguments for call in function.calls)


def _hands_on(function: Function, field: Way) -> bool:
    """Say whether a function hands on a pointer to the part of something in which an object has a field."""
    for call in function.calls:
        for argument in call.arguments:
            way = _way(argument) if argument.type == "unary_expression" else ()
            if len(way) > 1 and field[: len(way) - 1] == way[1:]:
                return True
    return False


def _source(function: Function | None) -> bytes:
    return function.file.source[function.region.start : function.region.end] if function is not None else b""


# What changes a value on its way


def _leaves_alone(origin: Origin, place: Place, compared: Call) -> bool:
    """Say whether a call that is given a pointer to a value leaves the field alone, or comes after the comparison."""
    if origin.kind != "filled" or origin.call is None or origin.place.function is None:
        return False
    return _harmless(origin.place, origin.call, origin.number, place, compared, origin.access, 0)


def _harmless(place: Place, call: Call, number: int, at: Place, compared: Call, field: Way, depth: int) -> bool:
    function = place.function
    assert function is not None
    if call is compared or handlers.logs(call) or call.name in _HARMLESS or package_called(place, call) in _LOOK_ONLY:
        return True
    if function is at.function and call.node.start_byte > compared.node.end_byte:
        shared = [loop for loop in call.loops if loop in compared.loops]
        name = syntax.root(call.arguments[number])
        binding = function.binding(name, call.node.start_byte)
        if not shared or (binding is not None and binding.start > shared[-1].node.start_byte):
            return True
    if _ended(function, call, compared if function is at.function else None):
        return True
    callee = place.index.callee(call, place.file, function)
    if callee is None or callee.body is None or depth >= _DEEPEST or number >= len(callee.params):
        return False
    inner = Place(place.index, callee.file, callee)
    return _kept(inner, callee.params[number].name, at, compared, field, depth + 1)


def _kept(place: Place, name: str, at: Place, compared: Call, field: Way, depth: int) -> bool:
    """Say whether a function leaves the field of what a parameter points to alone, as far as it comes before the comparison."""
    function = place.function
    assert function is not None
    for assignment in function.facts.assigned(name) if name else ():
        after = at.function is function and assignment.node.start_byte > compared.node.end_byte
        if assignment.operator in {":=", "var"} or after:
            continue
        for left in assignment.left:
            way = _way(left)
            if way[:1] == (name,) and (field[: len(way) - 1] == way[1:] or way[-1] == field[-1]):
                return False
    return not _hands_on(function, field) and all(
        _harmless(place, call, number, at, compared, field, depth) for call, number in function.facts.given(name)
    )


def _way(node: Node) -> Way:
    """The names of `a.b.c`, of `a[i].c` and `(*a).b` too, elements left out; none where it begins otherwise."""
    names: list[str] = []
    while True:
        node = syntax.unparenthesized(node)
        operand = node.child_by_field_name("operand")
        if node.type == "selector_expression" and operand is not None:
            names.append(syntax.text(node.child_by_field_name("field") or node))
            node = operand
        elif node.type in {"index_expression", "unary_expression"} and operand is not None:
            node = operand
        else:
            return (syntax.text(node), *reversed(names)) if node.type == "identifier" else ()


def _untouched(place: Place, call: Call, node: Node, field: Way) -> bool:
    """Say whether nothing in the comparing function changes the field of a parameter that is compared, or that is part of."""
    way = _way(node)
    binding = place.binding(way[0], node.start_byte) if way else None
    if binding is None or binding.kind != "param":
        return True  # of what is declared in a function, the origins tell
    return _kept(place, way[0], place, call, (*way[1:], *field), 0)


def _ended(function: Function, call: Call, compared: Call | None) -> bool:
    """Say whether what comes after a call in the same branch is the function's end, so that no comparison follows."""
    statement = call.node
    while statement.parent is not None and statement.parent.type not in {"block", "statement_list"}:
        if statement.type == "return_statement":
            return True
        statement = statement.parent
    for each in conditions_at(function, call.node):
        if each.kind not in {"if", "else"}:
            continue
        branch = each.node.child_by_field_name("consequence" if each.kind == "if" else "alternative")
        if branch is None or (
            compared is not None
            and branch.start_byte <= compared.node.start_byte
            and compared.node.end_byte <= branch.end_byte
        ):
            continue
        last = syntax.children(branch)[-1:]
        while last and last[0].type == "statement_list":
            last = syntax.children(last[0])[-1:]
        if last and last[0].type in {"return_statement", "continue_statement"}:
            return True
    return False
