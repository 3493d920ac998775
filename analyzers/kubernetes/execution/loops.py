"""Loops over few things: what a pod, a node or a service has several of, command-line arguments, fixed lists."""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Map, Named, Slice, Struct, dereferenced

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
_SMALL_NAMES = re.compile(
    r"^(args?|arguments|flags?|os\.Args|containers|initContainers|volumes|volumeMounts|mounts|ports|env|envFrom|conditions|owners|ownerRefs?|ownerReferences|"
    r"finalizers|annotations|labels|taints|tolerations|addresses|imagePullSecrets|accessModes|subsets|rules|subjects|groups|versions|resources|zones|regions|masters|"
    r"plugins|controllers|evaluators|strategies|tests?|testCases|cases)$",
    re.IGNORECASE,
)


def bounded(index: PackageIndex, function: Function, loop: Loop) -> bool:
    """Say whether a loop is known to go through few things: parts of one object, a literal, a command's arguments; or
    counts retries."""
    if loop.kind == "counted":
        return "len(" not in (syntax.text(loop.condition) if loop.condition is not None else "")
    if loop.collection is None:
        return False
    collection = syntax.unparenthesized(loop.collection)
    if collection.type == "composite_literal":
        return True
    name = syntax.text(collection).rpartition(".")[2]
    if _SMALL_NAMES.match(name):
        return True
    if collection.type == "identifier" and _is_fixed_list(index, function, name, collection.start_byte):
        return True
    if collection.type == "selector_expression" and _is_fixed_field(index, function, name):
        return True
    type_ = index.underlying(index.type_of(collection, function.file, function))
    if isinstance(type_, Slice | Map):
        element = dereferenced(type_.elem)
        return isinstance(element, Named) and (element.name in _PARTS or _is_part(index, element))
    return False


def in_item_loop(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a call stands in a loop over things that are not known to be few."""
    return any(loop.kind == "range" and not bounded(index, function, loop) for loop in call.loops)


_API = re.compile(r"^k8s\.io/api/|(^|/)apis?/([\w.-]+/)?(v\d\w*)?$|/pkg/api(/v1)?$")


def _is_part(index: PackageIndex, element: Named) -> bool:
    """Say whether an API type is a part of an object and none itself: a struct without ObjectMeta."""
    if not _API.search(element.path) or element.name.endswith("List"):
        return False
    under = index.underlying(element)
    if not isinstance(under, Struct):
        return False
    return not any(field.embedded and field.name in {"ObjectMeta", "TypeMeta", "ListMeta"} for field in under.fields)


def _is_fixed_list(index: PackageIndex, function: Function, name: str, at: int) -> bool:
    """Say whether a variable holds a list that is written out in the code, and nothing is ever added to it here."""
    binding = function.binding(name, at)
    if binding is None:
        declared = index.lookup(index.import_path(function.file), name, function.file)
        value = declared.value if isinstance(declared, Value) else None
    else:
        value = binding.value if binding.kind == "var" else None
    body = value.child_by_field_name("body") if value is not None and value.type == "composite_literal" else None
    if body is None or not syntax.children(body):
        return False
    return not any(
        syntax.text(left) == name for each in function.assignments if each.operator == "=" for left in each.left
    )


_GIVEN = r"(?<![\w.])%(name)s:(?!=)\s*(?P<value>[^\n]*)|\.%(name)s(?:\[[^\]\n]*\])?\s*\+?=(?!=)\s*(?P<set>[^\n]*)"
_WRITTEN_OUT = re.compile(rb"(\[\]|map\[)[^{}()]*\{(?!\s*\})")


def _is_fixed_field(index: PackageIndex, function: Function, name: str) -> bool:
    """Say whether a field holds lists that are written out in the code, wherever the package gives it a value."""
    if not name.isidentifier() or name[:1].isupper():
        return False  # other packages may fill an exported one
    pattern, found = re.compile((_GIVEN % {"name": name}).encode()), False
    for file in index.package_of(function.file.path).files():
        if file.test or name.encode() not in file.source:
            continue
        for match in pattern.finditer(file.source):
            if _WRITTEN_OUT.match(match["value"] or match["set"] or b"") is None:
                return False
            found = True
    return found
