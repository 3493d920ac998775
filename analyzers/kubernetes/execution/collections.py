"""How much a collection holds: all objects of a kind, a few, or nobody knows; told by where it comes from.

What a LIST or a lister of all namespaces gives grows with the cluster, and so do maps and slices that are filled in a loop over
such a thing. What one object has of its kind (containers, volumes, ports, conditions), what is written out in the code, what
belongs to one node, one namespace, one object, is few. Kinds and their numbers: kubernetes.kinds, kubernetes.scale.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import ELEMENT, KEY, Origin, serialized
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Array, Interface, Map, Named, Signature, Slice, Struct, Type, dereferenced
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.execution.critical_paths import given_one_node
from analyzers.kubernetes.kinds import API, RESOURCES, WHOLE_ON_NODES, alike, element, kind, name_of
from analyzers.kubernetes.program import origins
from analyzers.kubernetes.requests import scans
from analyzers.kubernetes.requests.options import NO_OPTIONS
from analyzers.kubernetes.requests.requests import requests

__all__ = [
    "RESOURCES",
    "WHOLE_ON_NODES",
    "Extent",
    "Growing",
    "alike",
    "element",
    "extent",
    "few",
    "growing",
    "holds",
    "kind",
    "name_of",
]


class Growing(NamedTuple):
    """A collection that grows with the cluster: as which resource's number ("" where it has no name), and whether a read of
    all of them, or callers that are not seen, give it (`typed`), or only what it holds says so."""

    resource: str
    typed: bool


class Extent(NamedTuple):
    """How much a collection holds: "all" of `resource`, "some" of it (of a namespace, by a selector, of one object), "few",
    or "unknown"; `witness` is the read that tells, `given`: callers that are not seen give it. picked: a condition decides
    which of them, so that how many they are is not known."""

    size: Literal["all", "some", "few", "unknown"]
    resource: str = ""
    witness: Origin | None = None
    given: bool = False
    picked: bool = False


_UNKNOWN = Extent("unknown")
_FEW = Extent("few")
_DEEPEST = 4


def growing(index: PackageIndex, file: SourceFile, function: Function, collection: Node) -> Growing | None:
    """Give as which resource's number a collection grows ("pods", "nodes"), None where it is bounded or unknown."""
    place = Place(index, file, function)
    found = extent(place, collection)
    if found.size in {"few", "some"}:
        return None
    if found.size == "all":
        return Growing(found.resource, found.witness is not None or found.given)
    resource = _grows_by_type(place, collection)
    return Growing(resource, _is_given(place, collection)) if resource is not None else None


def holds(index: PackageIndex, file: SourceFile, function: Function, collection: Node) -> str | None:
    """Give the resource whose objects a collection holds, all or some of them; None for few, and for what is no such object."""
    place = Place(index, file, function)
    return None if extent(place, collection).size == "few" else _held(place, collection)


def _is_given(place: Place, collection: Node) -> bool:
    """Say whether a collection is handed to a function by callers that are not seen, as it is: not kept or looked up by key,
    and not put together where one sees it."""
    found = {each.kind for each in origins(place.index).of(place, collection).origins}
    outside: set[str] = {"parameter", "call"}
    if not isinstance(place.under(place.type_of(collection)), Map):
        outside.add("field")
    return bool(found & outside) and found <= outside | {"made", "constant", "appended"}


def few(index: PackageIndex, function: Function, collection: Node) -> bool:
    """Say whether a collection is known to hold a few things only."""
    place = Place(index, function.file, function)
    return extent(place, collection).size == "few" or _is_part(place, collection)


def extent(place: Place, collection: Node, depth: int = 0) -> Extent:
    """Give how much a collection holds, by all the places that it comes from: the most that one of them says."""
    known: dict[object, Extent] = place.index.found.setdefault(extent, {})
    key = (place.file.key, collection.start_byte, collection.end_byte, depth)
    if key not in known:
        known[key] = _extent(place, collection, depth)
    return known[key]


def _extent(place: Place, collection: Node, depth: int) -> Extent:
    if _in_an_object(place, collection) or _of_kinds(place, collection):
        return _FEW
    if syntax.unparenthesized(collection).type == "index_expression":
        return Extent("some", _held(place, collection) or "")  # what is kept under one key: podsByNode[name]
    sources = origins(place.index).of(place, collection)
    found = [each for origin in sources.origins if (each := _of(origin, depth)) is not None]
    found += _filled_in_loops(place, collection, depth)
    for size in ("all", "unknown", "some", "few"):
        for each in found:
            if each.size == size:
                return each if size != "few" or sources.complete else _UNKNOWN
    return _UNKNOWN


_KINDS = frozenset({"GroupVersionKind", "GroupVersionResource", "GroupKind", "GroupResource", "GroupVersion"})


def _of_kinds(place: Place, collection: Node) -> bool:
    """Say whether a collection holds kinds of objects (apimachinery pkg/runtime/schema): of those a cluster has some hundred,
    and whoever goes through them asks each for something else."""
    under = place.under(place.type_of(collection))
    elem = under.elem if isinstance(under, Slice | Array) else under.key if isinstance(under, Map) else None
    return isinstance(elem, Named) and elem.name in _KINDS and elem.path.endswith("pkg/runtime/schema")


def _in_an_object(place: Place, collection: Node) -> bool:
    """Say whether a collection is a field of an API object (`pod.Spec.Containers`), and no list of objects."""
    node = syntax.unparenthesized(collection)
    operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
    if node.type != "selector_expression" or operand is None or field is None or syntax.text(field) == "Items":
        return False
    owner = dereferenced(place.type_of(operand))
    if not isinstance(owner, Named) or not is_object(place, owner):
        return False
    member = place.index.member(owner, syntax.text(field))
    return member is None or member.kind == "field"


def _of(origin: Origin, depth: int) -> Extent | None:
    """How much an origin gives; None where it gives nothing, and what is added to it counts."""
    if KEY in origin.access or ELEMENT in origin.access[:-1]:
        return _FEW if "Items" not in origin.access and ELEMENT not in origin.access else _UNKNOWN
    if origin.kind in {"made", "constant"}:
        return _FEW if origin.access and _decoded(origin) else None
    if origin.kind == "literal":
        body = origin.node.child_by_field_name("body") if origin.node.type == "composite_literal" else origin.node
        return _FEW if body is not None and syntax.children(body) else None
    if origin.kind == "appended" and origin.call is not None:
        return _appended(origin, origin.call, depth)
    if origin.kind in {"call", "filled"} and origin.call is not None:
        return _given(origin, origin.call, depth)
    if origin.access and "Items" not in origin.access and _decoded(origin):
        return _FEW  # a list in one object's spec or status
    return _UNKNOWN


def _decoded(origin: Origin) -> bool:
    """Say whether an origin is one object of the API, of which a part is asked for."""
    named = dereferenced(origin.place.type_of(origin.node)) if origin.node.type != "var_spec" else None
    return isinstance(named, Named) and is_object(origin.place, named) and not named.name.endswith("List")


def is_object(place: Place, named: Named) -> bool:
    """Say whether a type is an API object, or a part of one: decoded from what the API server sends."""
    under = place.index.underlying(named)
    if under is None:
        return bool(_API_PACKAGE.search(named.path))
    return isinstance(under, Struct) and serialized(place.index, named)


# As repositories lay out their API types (k8s.io/api, pkg/apis/GROUP/VERSION, api/VERSION).
_API_PACKAGE = re.compile(r"^k8s\.io/api/|(^|/)apis?/([\w.-]{1,80}/)?v\d\w*$|(^|/)apis?/[\w.-]{1,80}$|/pkg/api(/v1)?$")


def _given(origin: Origin, call: Call, depth: int) -> Extent | None:
    """How much a call gives or fills in: what a LIST or a lister asks for."""
    place, function = origin.place, origin.place.function
    if function is None:
        return _UNKNOWN
    sent = next((each for each in requests(place.index, function.file, function, ()) if each.call is call), None)
    options = sent.options if sent is not None else NO_OPTIONS
    chosen = options.one_node or options.one_object or options.labels or options.limited or options.fields
    scan = scans.scan(place.index, function, call)
    if scan is not None:
        # A cache is gone through for what labels choose, and gives that alone.
        if scan.constant or scan.indexed or not scan.everywhere or chosen:
            return Extent("some", scan.resource, origin)
        return Extent("all", scan.resource, origin)
    if sent is not None and sent.verb in {"LIST", "WATCH"}:
        return Extent("some" if sent.scope != "cluster" or chosen else "all", sent.resource, origin)
    if _splits_a_text(place, call):
        return _FEW
    if origin.kind == "filled":
        return _FEW if _is_flag(place, call) else None
    if call.name in {"ByIndex", "Index"} or _asks_for_something(place, call):
        return Extent("some", "", origin)
    return _UNKNOWN


def _appended(origin: Origin, call: Call, depth: int) -> Extent | None:
    """How much an append adds, each time that its function runs: what its loops go through, or one that is written out."""
    loops = [loop for loop in call.loops if loop.collection is not None and loop.kind == "range"]
    if loops and depth < _DEEPEST:
        return _put(origin.place, loops[-1], call.node, depth)
    if call.loops or origin.node.type not in _WRITTEN_OUT:
        return _UNKNOWN
    return _FEW


_WRITTEN_OUT = frozenset(
    {"interpreted_string_literal", "raw_string_literal", "int_literal", "composite_literal", "func_literal"}
)


def _asks_for_something(place: Place, call: Call) -> bool:
    """Say whether a call is given more than a context: what it gives belongs to that, and is no more than a part of all."""
    for argument in call.arguments:
        type_ = place.type_of(argument)
        if isinstance(type_, Named) and (type_.path, type_.name) == ("context", "Context"):
            continue
        under = place.under(type_)
        if type_ is not None and not isinstance(under, Slice | Map) and argument.type != "call_expression":
            return True
    return False


_SPLITS = frozenset({"Split", "SplitN", "SplitAfter", "SplitAfterN", "Fields", "FieldsFunc"})


def _splits_a_text(place: Place, call: Call) -> bool:
    """Say whether a call takes one text apart: an annotation, a flag, what a command printed."""
    return call.name in _SPLITS and call.operand is not None and place.imported(call.operand) in {"strings", "bytes"}


def _is_flag(place: Place, call: Call) -> bool:
    """Say whether a call reads a setting from the command line into a variable: flag, pflag."""
    if call.operand is None:
        return False
    path = place.imported(call.operand)
    named = dereferenced(place.type_of(call.operand))
    home = path or (named.path if isinstance(named, Named) else "")
    return home in {"flag", "github.com/spf13/pflag"}


def _filled_in_loops(place: Place, collection: Node, depth: int) -> list[Extent]:
    """What a local slice or map is filled with: `x = append(x, ...)` and `x[k] = ...` in loops hold as much as these go
    through."""
    node = syntax.unparenthesized(collection)
    function = place.function
    if function is None or node.type != "identifier" or depth >= _DEEPEST:
        return []
    name = syntax.text(node)
    binding = place.binding(name, node.start_byte)
    if binding is None or binding.kind not in {"var", "result"}:
        return []
    found: list[Extent] = []
    within = [each for each in function.facts.assigned(name) if binding.start <= each.node.start_byte < binding.end]
    # What is emptied in a loop holds no more than one round puts in.
    emptied = {loop for each in within if _empties(each.left, each.right, name) for loop in each.loops}
    for assignment in within:
        inner = [loop for loop in assignment.loops if loop.node.start_byte >= binding.start and loop not in emptied]
        if not inner or not _adds(assignment.left, assignment.right, name):
            continue
        for loop in inner:
            if loop.kind == "counted":
                found.append(_FEW)
            elif loop.collection is not None and not _same_text(loop.collection, node):
                found.append(_put(place, loop, assignment.node, depth))
            else:
                found.append(_UNKNOWN)
    return found


def _put(place: Place, loop: Loop, node: Node, depth: int) -> Extent:
    """How much is put somewhere at a place in a loop: what it goes through, those that a condition picks, or what failed."""
    function = place.function
    around = [
        conditions.requirements(place, [each])[0]
        for each in (conditions_at(function, node) if function is not None else ())
        if loop.node.start_byte < each.node.start_byte < loop.node.end_byte
    ]
    if conditions.failed(around):
        return _FEW
    held = _looped(place, loop, depth + 1)
    return held._replace(picked=True) if any(conditions.spares(each) for each in around) else held


def _looped(place: Place, loop: Loop, depth: int) -> Extent:
    """How much a loop goes through; objects of which nothing else is known count by their kind."""
    assert loop.collection is not None
    found = extent(place, loop.collection, depth)
    if found.size == "unknown":
        if _is_part(place, loop.collection):
            return _FEW
        resource = _grows_by_type(place, loop.collection)
        return Extent("all", resource, given=_is_given(place, loop.collection)) if resource is not None else found
    return found


def _empties(left: Sequence[Node], right: Sequence[Node], name: str) -> bool:
    if len(left) != len(right):
        return False
    return any(
        syntax.text(target) == name and (value.type in {"nil", "slice_expression"} or _makes(value))
        for target, value in zip(left, right, strict=True)
    )


def _makes(value: Node) -> bool:
    called = value.child_by_field_name("function") if value.type == "call_expression" else None
    body = value.child_by_field_name("body") if value.type == "composite_literal" else None
    return (called is not None and syntax.text(called) == "make") or (body is not None and not syntax.children(body))


def _adds(left: Sequence[Node], right: Sequence[Node], name: str) -> bool:
    for number, each in enumerate(left):
        if each.type == "index_expression":
            operand = each.child_by_field_name("operand")
            if operand is not None and syntax.text(operand) == name:
                return True
        elif syntax.text(each) == name and number < len(right):
            value = right[number]
            called = value.child_by_field_name("function") if value.type == "call_expression" else None
            if called is not None and syntax.text(called) == "append":
                return True
    return False


def _same_text(one: Node, other: Node) -> bool:
    return syntax.text(one) == syntax.text(other)


# Where no origin tells: by the type of what it holds


def _grows_by_type(place: Place, collection: Node) -> str | None:
    """The resource as whose number a collection grows by what it holds, None where that belongs to one object."""
    resource = _held(place, collection)
    if resource is None or place.function is None or _of_one_object(place, collection, resource):
        return None
    return None if resource == "pods" and _given_with_their_node(place.function, collection) else resource


def _held(place: Place, collection: Node) -> str | None:
    """The resource whose objects a collection holds, by its type."""
    under = place.index.underlying(place.type_of(collection))
    return kind(element(under)) or (kind(under.key) if isinstance(under, Map) else None)


def _is_part(place: Place, collection: Node) -> bool:
    """Say whether a collection holds parts of one object (containers, ports, conditions), which are some tens at most, or
    what does something (handlers, plugins, functions): as many as somebody has written."""
    under = place.index.underlying(place.type_of(collection))
    held = dereferenced(under.elem) if isinstance(under, Slice | Map) else None
    if _does_something(place, held):
        return True
    if not isinstance(held, Named) or held.name.endswith("List"):
        return False
    if held.name in _PARTS and API.search(held.path):
        return True
    struct = place.index.underlying(held)
    if not isinstance(struct, Struct) or not API.search(held.path):
        return False
    return not any(field.embedded and field.name in {"ObjectMeta", "TypeMeta", "ListMeta"} for field in struct.fields)


def _does_something(place: Place, held: Type | None) -> bool:
    """Say whether values of a type are functions, or of an interface of the program's that is none of objects."""
    meant = place.index.underlying(held)
    if isinstance(meant, Signature):
        return True
    if not isinstance(held, Named) or not isinstance(meant, Interface):
        return False
    methods = place.index.methods(held)
    return bool(methods) and not methods & {"GetName", "GetNamespace", "GetObjectKind", "GetUID"}


# Parts of one object (k8s.io/api): none of them is more than some tens.
_PARTS_WORDS = """
Container ContainerStatus EphemeralContainer Volume VolumeMount VolumeDevice VolumeSource EnvVar EnvFromSource
ContainerPort ServicePort EndpointPort OwnerReference Condition NodeCondition PodCondition Taint Toleration
LocalObjectReference ObjectReference KeyToPath VolumeProjection NodeSelectorTerm NodeSelectorRequirement
LabelSelectorRequirement TopologySpreadConstraint NodeAddress HostAlias PodReadinessGate PolicyRule Subject
IngressRule IngressTLS HTTPIngressPath LoadBalancerIngress ContainerImage AttachedVolume UniqueVolumeName
PersistentVolumeAccessMode Finalizer FinalizerName GroupVersionKind GroupVersion APIResource APIResourceList
ResourceName Quantity
"""
_PARTS = frozenset(_PARTS_WORDS.split())


def _of_one_object(place: Place, collection: Node, resource: str) -> bool:
    """Say whether a collection is a field or a method of one object that itself is one of many (a NodeInfo's pods)."""
    node = syntax.unparenthesized(collection)
    if node.type == "call_expression":
        node = node.child_by_field_name("function") or node
    operand = node.child_by_field_name("operand") if node.type in {"selector_expression", "index_expression"} else None
    if operand is None:
        return False
    if node.type == "index_expression":
        return True  # an element of a collection of collections: podsByNode[name]
    owner = kind(place.type_of(operand))
    return owner is not None and owner != resource


def _given_with_their_node(function: Function, collection: Node) -> bool:
    """Say whether pods are given together with one node, whose they are then: nothing looks for those with its name."""
    binding = (
        function.binding(syntax.text(collection), collection.start_byte) if collection.type == "identifier" else None
    )
    picks = any(
        condition.test is not None and any(word in syntax.text(condition.test) for word in (".NodeName", ".Host"))
        for condition in function.facts.conditions
    )
    return binding is not None and binding.kind == "param" and given_one_node(function) and not picks
