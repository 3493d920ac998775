"""Kinds of objects that grow with the cluster, told by their Go types.

Source: kubernetes/community sig-scalability/configs-and-limits/thresholds.md (shared facts, kubernetes.md 3.1).
"""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.types import Array, Chan, Map, Named, Pointer, Slice, Type

# Types whose instances are as many as the objects of a kind: API types, and what caches wrap them in.
_KINDS: dict[str, str] = {
    "Pod": "pods",
    "PodInfo": "pods",
    "QueuedPodInfo": "pods",
    "Node": "nodes",
    "Minion": "nodes",
    "NodeInfo": "nodes",
    "StateNode": "nodes",
    "NodeClaim": "nodes",
    "CSINode": "nodes",
    "Lease": "leases",
    "Service": "services",
    "Endpoints": "endpoints",
    "EndpointSlice": "endpointslices",
    "Namespace": "namespaces",
    "Event": "events",
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "ServiceAccount": "serviceaccounts",
    "PersistentVolume": "persistentvolumes",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "VolumeAttachment": "volumeattachments",
    "ReplicaSet": "replicasets",
    "ReplicationController": "replicationcontrollers",
    "Deployment": "deployments",
    "Job": "jobs",
    "Workload": "workloads",
}

_BULKY = {"CustomResourceDefinition": "customresourcedefinitions"}
"""Types of which there are few, whatever the cluster's size, but so large that a cache of all of them is much."""

KEPT = {name: resource for name, resource in _KINDS.items() if not name.endswith("Info")} | _BULKY
"""The types of API objects, of which caches keep all, with their resources."""

RESOURCES = frozenset(_KINDS.values())
"""The resources that grow with the cluster."""

WHOLE_ON_NODES = frozenset({"services", "endpoints", "endpointslices", "nodes"})
"""The resources of which programs on nodes keep all; of the rest they keep what is on their node, few."""

# Where API types and the caches' wrappers live: "Pod" in a rktlet or a cloud SDK is something else.
API = re.compile(
    r"(^|/)(pkg/api|api|apis)(/|$)|k8s\.io/api/|(^|/)(schedulercache|nodeinfo|framework|schedulernodeinfo|kube-scheduler)(/|$)"
    r"|(^|/)scheduler/(cache|types|framework)|(^|/)controllers/state$|(^|/)pkg/types$"
)


def kind(type_: Type | None) -> str | None:
    """Give the resource whose objects a type stands for ("pods" for v1.Pod and *v1.Pod, "nodes" for NodeInfo), else None."""
    if isinstance(type_, Pointer):
        type_ = type_.elem
    if isinstance(type_, Named) and type_.name in _KINDS and API.search(type_.path):
        return _KINDS[type_.name]
    return None


def kept(type_: Type | None) -> str | None:
    """Give the resource that a type stands for if a cache of all its objects is large: of what grows with the cluster, and of
    definitions of kinds; else None."""
    if isinstance(type_, Pointer):
        type_ = type_.elem
    if isinstance(type_, Named) and type_.name in _BULKY and API.search(type_.path):
        return _BULKY[type_.name]
    return kind(type_)


def element(type_: Type | None) -> Type | None:
    """Give what a range over a value of this type yields: the element of a slice, array, map or channel; None for all else."""
    if isinstance(type_, Pointer) and isinstance(type_.elem, Array):
        type_ = type_.elem
    return type_.elem if isinstance(type_, Slice | Array | Map | Chan) else None


def name_of(collection: Node) -> str | None:
    """Give the name by which a collection goes: its variable, field, or the function that gives it."""
    while True:
        collection = syntax.unparenthesized(collection)
        if collection.type == "call_expression":
            function = collection.child_by_field_name("function")
            if function is None:
                return None
            collection = function
        elif collection.type == "selector_expression":
            field = collection.child_by_field_name("field")
            name = syntax.text(field) if field is not None else ""
            operand = collection.child_by_field_name("operand")
            # `pods.Items`, `podStore.List()`: the list goes by the name of what holds it.
            if (
                name in {"Items", "List", "FilteredList", "ListKeys", "Keys", "UnsortedList", "AsSlice", "Values"}
                and operand is not None
            ):
                collection = operand
                continue
            return name
        elif collection.type in {
            "slice_expression",
            "unary_expression",
            "index_expression",
            "type_assertion_expression",
        }:
            operand = collection.child_by_field_name("operand")
            # An element of a collection of collections is a part: podsByNode[node].
            if collection.type == "index_expression" or operand is None:
                return None
            collection = operand
        elif collection.type in {"identifier", "field_identifier", "type_identifier"}:
            return syntax.text(collection)
        else:
            return None


_DEEPEST = 4


def alike(collection: Node, function: Function | None = None, depth: int = 0) -> str:
    """Give what a collection has in common with itself after a change, whatever its variable is called in `function`: the
    name of the field, the function or the package's variable that gives it, or a parameter's type."""
    node = syntax.unparenthesized(collection)
    binding = (
        function.binding(syntax.text(node), node.start_byte)
        if function is not None and node.type == "identifier"
        else None
    )
    if binding is None or depth > _DEEPEST:
        return name_of(node) or ""
    if binding.kind in {"param", "result", "receiver"} and binding.type is not None:
        return syntax.text(binding.type)
    if binding.value is not None:
        given = alike(binding.value, function, depth + 1)
        return f"{given} in {binding.kind}" if given and binding.kind == "range" else given or binding.name
    return syntax.text(binding.type) if binding.type is not None else binding.name
