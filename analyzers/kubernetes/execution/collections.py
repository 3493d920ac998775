"""Collections that grow with the cluster, and those that do not.

Source: kubernetes/community sig-scalability/configs-and-limits/thresholds.md (shared facts, kubernetes.md 3.1). A name
of `kubernetes.scale.COUNTS` is given for each collection that grows; what belongs to one node, pod, service or object
(its containers, volumes, ports, conditions, owners) is bounded and gives None.
"""

import re
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
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

RESOURCES = frozenset(_KINDS.values())
"""The resources that grow with the cluster."""

WHOLE_ON_NODES = frozenset({"services", "endpoints", "endpointslices", "nodes"})
"""The resources of which programs on nodes keep all; of the rest they keep what is on their node, few."""

# Where API types and the caches' wrappers live: "Pod" in a rktlet or a cloud SDK is something else.
_API = re.compile(
    r"(^|/)(pkg/api|api|apis)(/|$)|k8s\.io/api/|(^|/)(schedulercache|nodeinfo|framework|schedulernodeinfo|kube-scheduler)(/|$)"
    r"|(^|/)scheduler/(cache|types|framework)|(^|/)controllers/state$|(^|/)pkg/types$"
)

# A collection named so (case and what stands before and after aside) holds what its name says, where its type does not tell.
_BEFORE = (
    "all|cluster|existing|scheduled|assigned|pending|running|other|unscheduled|new|old|filtered|current|list|ready|feasible"
    "|candidate|potential|schedulable|cached|eligible"
)
_AFTER = "list|names?|keys?|infos?|infolist|infomap|map|set|portmap|lister|cache|store"
_WORDS = {
    "pods": "pods",
    "pod": "pods",
    "nodes": "nodes",
    "node": "nodes",
    "minions": "nodes",
    "machines": "nodes",
    "hosts": "nodes",
    "services": "services",
    "svcs": "services",
    "namespaces": "namespaces",
    "endpoints": "endpoints",
    "endpointslices": "endpointslices",
    "secrets": "secrets",
    "configmaps": "configmaps",
    "serviceaccounts": "serviceaccounts",
    "replicasets": "replicasets",
    "deployments": "deployments",
    "replicationcontrollers": "replicationcontrollers",
}
_NAME = re.compile(
    rf"(?:{_BEFORE})?({'|'.join(_WORDS)})(?:{_AFTER})?|(node)(?:name)?to(?:info|pods|node|cache)?(?:map)?"
)

# Names that say the collection belongs to one object: the pods of a node, of a job, of a namespace.
_BOUNDED = re.compile(
    r"(On|For|Of|In|By|Per|From|With|Owned|Matching|Selected|Related|Own|Local|Static|Mirror|Victim|Daemon|Gang|Group|Evict|Delet|Expect|Want|Test|My|Nominated|Waiting|Terminat)|^(my|own|local|static|mirror|victim|daemon|gang|group|want|expected|test|nominated|waiting)",
)


def kind(type_: Type | None) -> str | None:
    """Give the resource whose objects a type stands for ("pods" for v1.Pod and *v1.Pod, "nodes" for NodeInfo), else None."""
    if isinstance(type_, Pointer):
        type_ = type_.elem
    if isinstance(type_, Named) and type_.name in _KINDS and _API.search(type_.path):
        return _KINDS[type_.name]
    return None


def element(type_: Type | None) -> Type | None:
    """Give what a range over a value of this type yields: the element of a slice, array, map or channel; None for all else."""
    if isinstance(type_, Pointer) and isinstance(type_.elem, Array):
        type_ = type_.elem
    return type_.elem if isinstance(type_, Slice | Array | Map | Chan) else None


_OF_A_NODE = re.compile(rb"\bspec\.nodeName\b|PodHostField|NodeNameField")


class Growing(NamedTuple):
    """A collection that grows with the cluster: as which resource's number, and whether its type says so, not its name alone."""

    resource: str
    typed: bool


def growing(index: PackageIndex, file: SourceFile, function: Function, collection: Node) -> Growing | None:
    """Give as which resource's number a collection grows ("pods", "nodes"), None where it is bounded or unknown.

    The type of its elements decides, then its own name. What is reached through one object (`pod.Spec.Containers`,
    `nodeInfo.Pods()`, `podsByNode[name]`), or says in its name that it belongs to one, is bounded.
    """
    collection = syntax.unparenthesized(collection)
    name = name_of(collection)
    if name is None or _BOUNDED.search(name):
        return None
    under = index.underlying(index.type_of(collection, file, function))
    held = element(under)
    resource = kind(held) or (kind(under.key) if isinstance(under, Map) else None)
    typed = resource is not None
    if resource is None and isinstance(under, Map) and _is_a_key(under.key) and (match := _KEYED.match(name)):
        resource = _WORDS[match[1] + "s"]
    # Names are believed for strings, keys and interfaces, or where nothing is known; never against a type that says otherwise.
    if resource is None and (held is None or not isinstance(held, Pointer | Named | Slice | Map)):
        resource = _by_name(name)
    if resource is None or _belongs_to_one(index, file, function, collection, resource):
        return None
    # Pods that are asked for by their node are that node's.
    if resource == "pods" and (
        _OF_A_NODE.search(file.source, function.region.start, function.region.end)
        or _given_with_their_node(function, collection, name)
    ):
        return None
    if resource == "nodes" and _CONTROL_PLANE.search(function.key):
        return None
    if _given_for_one(index, file, function, collection, resource):
        return None
    return Growing(resource, typed)


# A control plane has 1, 3, 5 or 7 nodes, and so has its etcd.
_CONTROL_PLANE = re.compile(r"[cC]ontrol_?[pP]lane|[eE]tcd")
_ONE_NODE = re.compile(r"^node(Name|ID|Info)? |^\w+ (\*|\w+\.|\*\w+\.)Node(Info)?$")
_PICKS_BY_NODE = re.compile(rb"\.(NodeName|Host)\b")
_ALL = re.compile(r"^(all|cluster|every)", re.IGNORECASE)


def given_one_node(function: Function) -> bool:
    """Say whether a function is given one node, by itself, its name or its NodeInfo."""
    return any(_ONE_NODE.search(f"{parameter.name} {syntax.text(parameter.type)}") for parameter in function.params)


def _given_with_their_node(function: Function, collection: Node, name: str) -> bool:
    """Say whether pods are given together with one node, whose they are then: nothing looks for those with its name."""
    binding = function.binding(name, collection.start_byte) if collection.type == "identifier" else None
    return (
        binding is not None
        and binding.kind == "param"
        and not _ALL.search(name)
        and given_one_node(function)
        and not _PICKS_BY_NODE.search(function.file.source, function.region.start, function.region.end)
    )


# Calls that give what belongs to their argument: WaitingPodsForNode(name), GetPodControllers(pod), ByIndex("node", name).
_GIVES_FOR = re.compile(r"(?<=[a-z])(For|Of|On|In|By|Per)(?=[A-Z]|$)|^(By)?Index$")
_GIVES_ITS = re.compile(r"^(?:[gG]et|[lL]ist|[fF]ind)(Pod|Node|Service|Volume|Job|Namespace|Claim)[A-Z]\w*s$")


def _given_for_one(index: PackageIndex, file: SourceFile, function: Function, collection: Node, resource: str) -> bool:
    """Say whether a local variable holds what a call gave for one object, and not a part of all that the call was given."""
    binding = (
        function.binding(syntax.text(collection), collection.start_byte) if collection.type == "identifier" else None
    )
    value = binding.value if binding is not None and binding.kind == "var" else None
    call = function.facts.call_at(syntax.unparenthesized(value)) if value is not None else None
    if call is None:
        return False
    arguments = [
        each for each in call.arguments if syntax.text(each) not in {"ctx", "context.TODO()", "context.Background()"}
    ]
    its = _GIVES_ITS.match(call.name)
    if its is not None and any(syntax.text(each).lower().endswith(its[1].lower()) for each in arguments):
        return True
    if not arguments or not _GIVES_FOR.search(call.name):
        return False
    held = [element(index.underlying(index.type_of(each, file, function))) for each in arguments]
    return not any(kind(each) == resource for each in held)


# What is kept for each pod or node: podUsage map[types.NamespacedName]usage.
_KEYED = re.compile(r"(pod|node)s?[A-Z]")
_KEYS = frozenset({"NamespacedName", "ObjectKey", "UID", "NodeName", "ObjectName"})


def _is_a_key(type_: Type | None) -> bool:
    return isinstance(type_, Named) and type_.name in _KEYS


def alike(collection: Node) -> str:
    """Give what a collection has in common with itself under another name: what `allPods` and `pods` hold, else its name."""
    name = name_of(collection) or ""
    return _by_name(name) or name


def _by_name(name: str) -> str | None:
    lowered = name.lower()
    match = _NAME.fullmatch(lowered)
    if match is None or lowered in {"pod", "node"}:
        return None
    return _WORDS[match[1] or match[2]]


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


_OF_ONE = re.compile(r"^(Pods?|GetPods|Nodes?|Spec|Status|Template|Subsets|Ports|Containers|Volumes)$")


def _belongs_to_one(index: PackageIndex, file: SourceFile, function: Function, collection: Node, resource: str) -> bool:
    """Say whether a collection is a field or a method of one object that itself is one of many (a NodeInfo's pods)."""
    node = syntax.unparenthesized(collection)
    if node.type == "call_expression":
        node = node.child_by_field_name("function") or node
    if node.type != "selector_expression":
        return False
    operand = node.child_by_field_name("operand")
    if operand is None:
        return False
    owner = index.type_of(operand, file, function)
    field = node.child_by_field_name("field")
    return (kind(owner) is not None and kind(owner) != resource) or (
        owner is None
        and operand.type == "identifier"
        and field is not None
        and bool(_OF_ONE.match(syntax.text(field)))
        and bool(re.search(r"(^n$|[nN]ode|[pP]od|[iI]nfo)$", syntax.text(operand)))
    )
