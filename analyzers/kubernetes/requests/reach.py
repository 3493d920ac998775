"""Reach: whether a client's reads go to the API server, or to a cache of it in the process; told by where the client is made.

Source: controller-runtime @86a0d40e pkg/client/client.go (a client made by New reads live unless its options name a cache),
pkg/cluster/cluster.go (a manager's GetClient reads from its cache, its GetAPIReader never), pkg/cache/cache.go (New makes
informers, which read as a client does), pkg/client/fake; 0.4 to 0.14 had DelegatingClient, NewDelegatingClient and
manager.ClientBuilder for the cached one.
"""

from typing import Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import Origin
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named
from analyzers.kubernetes.program import origins, package_called

__all__ = ["Made", "Reach", "made"]

Reach = Literal["live", "cached", "whole", "fake"]
"""Where reads go: "whole" is a cache for unstructured objects too."""

_RUNTIME = "sigs.k8s.io/controller-runtime"
# The functions of controller-runtime that give a client, by package and name.
_MADE: dict[tuple[str, str], Reach] = {
    (f"{_RUNTIME}/pkg/client", "New"): "live",
    (f"{_RUNTIME}/pkg/client", "NewWithWatch"): "live",
    (f"{_RUNTIME}/pkg/client", "NewDelegatingClient"): "cached",
    (f"{_RUNTIME}/pkg/cache", "New"): "cached",
    # Of a workload cluster: cluster-api controllers/remote/cluster.go, which ends in client.New.
    ("sigs.k8s.io/cluster-api/controllers/remote", "NewClusterClient"): "live",
    (f"{_RUNTIME}/pkg/client/fake", "NewClientBuilder"): "fake",
    (f"{_RUNTIME}/pkg/client/fake", "NewFakeClient"): "fake",
    (f"{_RUNTIME}/pkg/client/fake", "NewFakeClientWithScheme"): "fake",
    (f"{_RUNTIME}/pkg/manager", "DefaultNewClient"): "cached",
    (f"{_RUNTIME}/pkg/cluster", "DefaultNewClient"): "cached",
    (f"{_RUNTIME}/pkg/cluster", "ClientBuilderWithOptions"): "cached",
    (f"{_RUNTIME}/pkg/manager", "NewClientBuilder"): "cached",
}
# Types of functions that give one.
_GETTERS: dict[tuple[str, str], Reach] = {("sigs.k8s.io/cluster-api/controllers/remote", "ClusterClientGetter"): "live"}
# Methods of a manager, a cluster, a cache: their names are the interface's.
_GIVEN: dict[str, Reach] = {
    "GetClient": "cached",
    "GetAPIReader": "live",
    "GetCache": "cached",
    "GetFieldIndexer": "cached",
}
_WITH_OPTIONS = frozenset({"New", "NewWithWatch"})
_CACHE_OPTIONS = frozenset({"Cache", "CacheReader"})


class Made(NamedTuple):
    """A client as it is made: where its reads go, and the file that makes it, the first of several."""

    reach: Reach
    path: str


def made(place: Place, client: Node, access: tuple[str, ...] = ()) -> Made | None:
    """Say where the reads of a controller-runtime client go, by all the places where it is made; None if they disagree, or
    nothing is seen."""
    found = origins(place.index).of(place, client, access)
    ways = {Made(kind, each.place.file.path) for each in found.origins if (kind := _of(each)) not in {None, "fake"}}
    return min(ways) if found.complete and len({each.reach for each in ways}) == 1 else None


def _of(origin: Origin) -> Reach | None:
    call = origin.call
    if call is None or origin.kind != "call":
        return None
    made = _MADE.get((package_called(origin.place, call), call.name))
    if made is None:
        getter = origin.place.type_of(call.function)
        made = _GETTERS.get((getter.path, getter.name)) if isinstance(getter, Named) else None
    if made is None:
        return _GIVEN.get(call.name) if call.operand is not None and not call.arguments else None
    return _by_options(origin.place, call) if made == "live" and call.name in _WITH_OPTIONS else made


def _by_options(place: Place, call: Call) -> Reach | None:
    """Where reads go by the options that a client is made with, which may name a cache; None for options that are not seen, as
    those that a manager gives its NewClient are not."""
    for argument in call.arguments[1:]:
        found = origins(place.index).of(place, argument)
        for option in found.origins:
            body = option.node.child_by_field_name("body") if option.kind == "literal" else None
            for element in syntax.children(body) if body is not None else []:
                key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
                if key is not None and value is not None and syntax.text(key) in _CACHE_OPTIONS:
                    if syntax.text(key) == "Cache" and _has_no_reader(option.place, value):
                        return "live"
                    return (
                        "whole"
                        if _is_whole(Place(place.index, option.place.file, option.place.function), value)
                        else "cached"
                    )
        if not found.complete or any(each.kind not in {"literal", "made"} for each in found.origins):
            return None
    return "live"


def _has_no_reader(place: Place, value: Node) -> bool:
    """Say whether the options of a cache (client.CacheOptions) name no Reader, without which there is none."""
    found = origins(place.index).of(place, syntax.children(value)[0])
    made = [each for each in found.origins if each.kind == "literal"]
    return found.complete and bool(made) and all("Reader" not in syntax.text(each.node) for each in made)


def _is_whole(place: Place, value: Node) -> bool:
    """Say whether the options of a cache (client.CacheOptions) ask for unstructured objects too."""
    found = origins(place.index).of(place, syntax.children(value)[0], ("Unstructured",)).origins
    return any(each.kind == "constant" and syntax.text(each.node) == "true" for each in found)
