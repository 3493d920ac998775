"""Library calls that cost much more than they look like, and should be made once and kept.

Sources: k8s.io/apimachinery (LabelSelectorAsSelector and labels.Parse validate each key and value with regular
expressions and sort them; kubernetes/kubernetes#37691 took them out of the inter-pod affinity predicate),
k8s.io/kubernetes/pkg/util/hash (DeepHashObject prints an object with reflection; #36238, #59245), encoding/gob (a new
encoder compiles and sends its types anew), k8s.io/client-go/rest and sigs.k8s.io/controller-runtime/pkg/client (each
client has a rate limit of its own, and one of controller-runtime a mapper of its own unless its options hold one),
k8s.io/client-go/restmapper and controller-runtime pkg/client/apiutil (each new mapper reads discovery again).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named
from analyzers.kubernetes.execution import collections
from analyzers.kubernetes.program import origins


class Costly(NamedTuple):
    """A library's function: for each of what it must not run, what it costs (it reads after "it"), and what to do instead."""

    names: str
    packages: str
    per: frozenset[str]
    cost: str
    remedy: str


_EACH_POD_AND_NODE = frozenset({"pod and node"})
_HOT = frozenset({"pod and node", "pod", "request", "tick"})
_WITH_A_MAPPER = Costly(
    r"New(Delegating|WithWatch)?",
    r"sigs\.k8s\.io/controller-runtime/pkg/client",
    frozenset({"request", "object", "event"}),
    "makes a client with a rate limit of its own, and with a mapper that reads the API server's discovery anew,",
    "Make it once, or keep one for each configuration.",
)
_TABLE = (
    Costly(
        r"LabelSelectorAsSelector|NodeSelectorRequirementsAsSelector",
        r".{0,200}",
        _EACH_POD_AND_NODE,
        "parses and validates the selector",
        "Parse it once for the pod, before the nodes are tried, and keep the selector.",
    ),
    Costly(
        r"Parse(ToRequirements|Selector(OrDie)?)?",
        r".{0,200}/(labels|fields)",
        _EACH_POD_AND_NODE,
        "parses and validates the selector",
        "Parse it once for the pod, before the nodes are tried, and keep the selector.",
    ),
    Costly(
        r"DeepHashObject",
        r".{0,200}/hash",
        _EACH_POD_AND_NODE,
        "prints the whole object with reflection to hash it",
        "Compute the hash once for the pod, before the nodes are tried.",
    ),
    Costly(
        r"New(En|De)coder",
        r"encoding/gob",
        _HOT,
        "compiles the types anew",
        "Keep the encoder and decoder in a `sync.Pool`, or copy field by field.",
    ),
    _WITH_A_MAPPER,
    Costly(
        r"NewForConfig(OrDie|AndClient)?|(Unversioned)?RESTClientFor|New(Delegating|WithWatch)?",
        r"k8s\.io/client-go/.*|.{0,200}/pkg/client(/(restclient|unversioned|clientset_generated/.*|clientset))?"
        r"|sigs\.k8s\.io/controller-runtime/pkg/client",
        frozenset({"request", "object", "event"}),
        "makes a client with a rate limit of its own",
        "Make it once, or keep one for each configuration.",
    ),
    Costly(
        r"New(Discovery|Dynamic|DeferredDiscovery)RESTMapper|GetAPIGroupResources",
        r"k8s\.io/client-go/(discovery|restmapper)|sigs\.k8s\.io/controller-runtime/pkg/client/apiutil",
        frozenset({"request", "object", "event"}),
        "reads the API server's discovery anew, a request for each group,",
        "Make it once and keep it: a mapper reads again what it does not know.",
    ),
    Costly(
        r"NewDiscoveryClientForConfig(OrDie|AndClient)?",
        r"k8s\.io/client-go/discovery",
        frozenset({"request", "object", "event"}),
        "makes a client that keeps nothing of what it is answered: each question is asked again,",
        "Keep the answer, or one client that caches (`memory.NewMemCacheClient`).",
    ),
)
_COMPILED = tuple((re.compile(each.names), re.compile(each.packages), each) for each in _TABLE)
_NAMES = re.compile("|".join(each.names for each in _TABLE))


def may_cost(call: Call) -> bool:
    """Say by its text whether a call may be one of the table's."""
    return call.operand is not None and call.operand.type == "identifier" and bool(_NAMES.fullmatch(call.name))


def costly(index: PackageIndex, function: Function, call: Call) -> Costly | None:
    """Give the table's row for a call, None for all others."""
    if not may_cost(call) or call.operand is None:
        return None
    package = syntax.text(call.operand)
    path = index.imported(function.file, package) if function.binding(package, call.node.start_byte) is None else None
    if path is None:
        return None
    # A client's constructor is New only where the package is called client.
    rows = (row for names, packages, row in _COMPILED if names.fullmatch(call.name) and packages.fullmatch(path))
    return next(
        (
            row
            for row in rows
            if row is not _WITH_A_MAPPER or not _is_given_a_mapper(Place(index, function.file, function), call)
        ),
        None,
    )


def _is_given_a_mapper(place: Place, call: Call) -> bool:
    """Say whether the options that a client is made with may hold a mapper: all but those that are seen to leave it out."""
    found = [origins(place.index).of(place, options, ("Mapper",)) for options in call.arguments[1:]]
    return any(not each.complete or any(origin.kind != "made" for origin in each.origins) for each in found)


_SORTS = re.compile(r"Sort(Func|Stable|StableFunc)?|Slice(Stable)?|Stable")
# What the scheduler makes one of for each node that passed the filters.
_SCORES = frozenset({"HostPriority", "NodeScore", "NodePluginScores"})


def sorts(call: Call) -> bool:
    """Say whether a call sorts its first argument."""
    return (
        call.operand is not None
        and syntax.text(call.operand) in {"sort", "slices"}
        and bool(_SORTS.fullmatch(call.name))
    )


def sorted_nodes(index: PackageIndex, function: Function, call: Call) -> Node | None:
    """Give what a call sorts if that has an element for each node, else None."""
    if not sorts(call):
        return None
    for node in _unwrapped(call.arguments[:1]):
        type_ = index.type_of(node, function.file, function)
        element = collections.element(index.underlying(type_))
        if isinstance(element, Named) and element.name in _SCORES:
            return node
        growing = collections.growing(index, function.file, function, node)
        if growing is not None and growing.typed and growing.resource == "nodes":
            return node
    return None


def _unwrapped(arguments: list[Node]) -> Iterator[Node]:
    """Yield an argument, and what `sort.Reverse(x)` or a conversion `byName(x)` wraps."""
    while len(arguments) == 1:
        yield arguments[0]
        inner = arguments[0].child_by_field_name("arguments") or arguments[0].child_by_field_name("operand")
        if arguments[0].type not in {"call_expression", "type_conversion_expression"} or inner is None:
            return
        arguments = syntax.children(inner) if inner.type == "argument_list" else [inner]
