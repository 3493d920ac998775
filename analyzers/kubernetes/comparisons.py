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
from analyzers.golang.origins import Origin, Sources
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import defaulting, handlers
from analyzers.kubernetes.program import origins
from analyzers.kubernetes.requests import clients
from analyzers.kubernetes.requests.requests import sent_at

__all__ = ["CREATES_OR_UPDATES", "Lack", "compared_by", "lack", "lack_of_change"]

_PACKAGES = {
    "reflect": "DeepEqual",
    "github.com/google/go-cmp/cmp": "Equal",
}
_SEMANTIC = "k8s.io/apimachinery/pkg/api/equality"
_LOOK_ONLY = frozenset(
    {
        "fmt",
        "reflect",
        "github.com/google/go-cmp/cmp",
        "k8s.io/apimachinery/pkg/apis/meta/v1",
        "k8s.io/client-go/tools/cache",
        "sigs.k8s.io/controller-runtime/pkg/client",
        "sigs.k8s.io/controller-runtime/pkg/controller/controllerutil",
    }
)
"""Packages whose functions change no part of an object that is asked for here, but for controllerutil's CreateOrUpdate."""
_ANSWERS = frozenset({"GET", "CREATE", "UPDATE", "PATCH"})
_SETS_METADATA = re.compile(rb"\.(UID|ObjectMeta)\s*=[^=]|\bSetUID\(")
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


def compared_by(place: Place, call: Call) -> tuple[Node, Node] | None:
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
    pair = compared_by(place, call)
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


CREATES_OR_UPDATES = frozenset({"CreateOrUpdate", "CreateOrPatch"})
"""What gets an object, lets a function change it, and writes it where DeepEqual finds a difference (controller-runtime
pkg/controller/controllerutil/controllerutil.go)."""


def lack_of_change(index: PackageIndex, function: Function, call: Call, left: Node, right: Node) -> Lack | None:
    """Say what is always lacking in a value that the function given to CreateOrUpdate (`call`) puts into the object, `left`, and
    that the API server sets in what is stored; None if that is not known."""
    place = Place(index, function.file, function)
    way = syntax.path(left)
    named = dereferenced(place.type_of(call.arguments[2])) if len(call.arguments) > 3 else None
    if way is None or not isinstance(named, Named) or way[0] != syntax.text(call.arguments[2]).lstrip("&"):
        return None
    kind, part = defaulting.kind_of(named.path, named.name), tuple(way[1:])
    for field in defaulting.fields(kind, part) if kind and part else ():
        literal = _unset(place, call, right, field, (*part, *field))
        if literal is not None:
            return Lack(right, left, kind, field, literal)
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
    return found.complete and all(
        each.kind == "made" or _of_server(each) is not None or _leaves_alone(each, place, call)
        for each in found.origins
    )


def _of_server(origin: Origin) -> _Read | None:
    """Give the part of an object that is read, if an origin is an answer of the API server or of a cache of its objects."""
    place, call = origin.place, origin.call
    if call is None or call.operand is None or place.function is None:
        return None
    known = clients.client(place.type_of(call.operand)) if call.name == "Get" else None
    if known is not None and known.kind == "lister":
        return _part(place, origin, known.resource)
    sent = sent_at(place.index, place.function, call)
    if sent is None or sent.unstructured:
        return None
    given = origin.kind == "call" and origin.number == 0 and sent.verb in _ANSWERS
    if given or (origin.kind == "filled" and origin.number == 2 and sent.verb == "GET"):
        return _part(place, origin, sent.resource)
    return None


def _part(place: Place, origin: Origin, resource: str) -> _Read:
    named = dereferenced(place.type_of(origin.node))
    if isinstance(named, Named):
        return _Read(defaulting.kind_of(named.path, named.name), origin.access)
    return _Read(defaulting.of_resource(resource), origin.access)


# What was built


def _unset(place: Place, call: Call, node: Node, field: Way, of_object: Way) -> Origin | None:
    """Give the literal that a value is made from, if nothing ever sets a field of it."""
    index = place.index
    found = origins(index).of(place, node, field)
    unset = [each for each in found.origins if each.kind == "made" and each.access]
    if not found.complete or not unset:
        return None
    if not all(each in unset or _leaves_alone(each, place, call) for each in found.origins):
        return None
    functions = [place.function, *(each.place.function for each in found.origins)]
    if any(each is not None and (_hands_on(each, of_object) or _sets(each, field)) for each in functions):
        return None
    if field != defaulting.METADATA and any(_names(file.source, field) for file in _near(index, found, place)):
        return None
    made = (each for each in origins(index).of(place, node).origins if each.kind in {"literal", "made"})
    literal = next((each for each in made if each.node.type in {"composite_literal", "literal_value"}), None)
    # An empty one only asks whether anything is set at all.
    return literal if literal is not None and _elements(literal) else None


def _elements(literal: Origin) -> list[Node]:
    return syntax.children(literal.node.child_by_field_name("body") or literal.node)


def _near(index: PackageIndex, found: Sources, place: Place) -> list[SourceFile]:
    """The files through which a value goes."""
    paths = {place.file.path, *(path for each in found.origins for path, _ in each.way)}
    return [file for path in sorted(paths) if (file := index.file(path)) is not None]


# What changes a value on its way


def _names(source: bytes, field: Way) -> bool:
    return field[-1].encode() in source


def _sets(function: Function, field: Way) -> bool:
    """Say whether a function may set a field of an object, as far as its text tells: it names the field."""
    source = function.file.source[function.region.start : function.region.end]
    return _SETS_METADATA.search(source) is not None if field == defaulting.METADATA else _names(source, field)


def _hands_on(function: Function, field: Way) -> bool:
    """Say whether a function hands on a pointer to the part of something in which an object has a field."""
    pointers = (each for call in function.calls for each in call.arguments if each.type == "unary_expression")
    ways = (syntax.path(operand) for each in pointers if (operand := each.child_by_field_name("operand")) is not None)
    return any(way is not None and len(way) > 1 and tuple(way[1:]) == field[: len(way) - 1] for way in ways)


def _leaves_alone(origin: Origin, at: Place, compared: Call) -> bool:
    """Say whether a call that is given a pointer to a value leaves the field alone, or comes after the comparison."""
    if origin.kind != "filled" or origin.call is None:
        return False
    return _harmless(origin.place, origin.call, origin.number, at, compared, origin.access, 0)


def _harmless(place: Place, call: Call, number: int, at: Place, compared: Call, field: Way, depth: int) -> bool:
    function = place.function
    if function is not None and function is at.function and _comes_after(function, call, number, compared):
        return True
    if handlers.logs(call) or compared_by(place, call) is not None or _looks_only(place, call):
        return True
    callee = place.index.callee(call, place.file, function)
    if callee is None or callee.body is None or depth >= _DEEPEST or number >= len(callee.params):
        return False
    inner = Place(place.index, callee.file, callee)
    given = callee.facts.given(callee.params[number].name)
    return not (_sets(callee, field) or _hands_on(callee, field)) and all(
        _harmless(inner, each, at_number, at, compared, field, depth + 1) for each, at_number in given
    )


def _looks_only(place: Place, call: Call) -> bool:
    path = place.imported(call.operand) if call.operand is not None else None
    if path is not None:
        return path in _LOOK_ONLY and not call.name.startswith("CreateOr")
    sent = sent_at(place.index, place.function, call) if place.function is not None else None
    return sent is not None and sent.background  # an event is recorded


def _comes_after(function: Function, call: Call, number: int, compared: Call) -> bool:
    """Say whether no comparison follows a call of the same function: it comes after it, or ends the function."""
    if call.node.start_byte > compared.node.end_byte:
        shared = [loop for loop in call.loops if loop in compared.loops]
        binding = function.binding(syntax.root(call.arguments[number]), call.node.start_byte)
        return not shared or (binding is not None and binding.start > shared[-1].node.start_byte)
    around = conditions_at(function, compared.node)
    return any(
        each.kind == "guard" and each.node.start_byte <= call.node.start_byte < each.node.end_byte for each in around
    )
