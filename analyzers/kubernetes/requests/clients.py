"""Which types are clients of the API server, and what their methods send.

Told by the import path and name of a declared type, as the generators lay them out (k8s.io/code-generator client-gen;
kubernetes.md 1.1-1.3): a group client's package is .../typed/GROUP/VERSION, before 2016 pkg/client or pkg/client/unversioned.
What looks alike is told apart by the same: listers, stores, registries and cloud SDKs are declared elsewhere.
"""

import re
from typing import Literal, NamedTuple

from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, Pointer, Signature, Type, dereferenced
from analyzers.kubernetes import resources

Kind = Literal[
    "typed",
    "dynamic",
    "metadata",
    "rest",
    "scale",
    "discovery",
    "metrics",
    "controller-runtime",
    "cache",
    "lister",
    "store",
]

VERBS: dict[str, str] = {
    "List": "LIST", "Get": "GET", "Watch": "WATCH", "Create": "CREATE", "Update": "UPDATE", "UpdateStatus": "UPDATE",
    "Patch": "PATCH", "PatchStatus": "PATCH", "Delete": "DELETE", "DeleteCollection": "DELETECOLLECTION", "Apply": "PATCH",
    "ApplyStatus": "PATCH", "GetScale": "GET", "UpdateScale": "UPDATE", "ApplyScale": "PATCH", "Bind": "CREATE",
    "Evict": "CREATE", "EvictV1": "CREATE", "EvictV1beta1": "CREATE", "Search": "LIST", "Finalize": "UPDATE",
    "CreateWithEventNamespace": "CREATE", "UpdateWithEventNamespace": "UPDATE", "PatchWithEventNamespace": "PATCH",
    "CreateWithEventNamespaceWithContext": "CREATE", "PatchWithEventNamespaceWithContext": "PATCH",
    "UpdateApproval": "UPDATE", "UpdateEphemeralContainers": "UPDATE", "UpdateResize": "UPDATE", "CreateToken": "CREATE",
    "DeleteAllOf": "DELETECOLLECTION", "Status": "UPDATE", "Do": "", "DoRaw": "", "Stream": "GET",
}  # fmt: skip
"""The methods that send a request, with its verb; "" where the calls before it in the chain tell."""

_DISCOVERY_WORDS = """
ServerGroups ServerGroupsAndResources ServerResources ServerResourcesForGroupVersion ServerPreferredResources
ServerPreferredNamespacedResources ServerVersion OpenAPISchema SwaggerSchema
"""
DISCOVERY: frozenset[str] = frozenset(_DISCOVERY_WORDS.split())
"""The discovery client's methods that send requests (client-go discovery/discovery_client.go), one to dozens each."""

REST_VERBS: dict[str, str] = {"Get": "GET", "Post": "CREATE", "Put": "UPDATE", "Patch": "PATCH", "Delete": "DELETE"}
"""The REST client's methods that begin a request."""


_EARLY_KINDS = "Pod ReplicationController Service Endpoint Minion Node Event"
_EARLY_VERBS = {
    "List": "LIST",
    "Get": "GET",
    "Watch": "WATCH",
    "Create": "CREATE",
    "Update": "UPDATE",
    "Delete": "DELETE",
}
EARLY: dict[str, tuple[str, str]] = {
    f"{method}{kind}{ending}": (verb, resources.of_getter(resources.plural(kind)))
    for method, verb in _EARLY_VERBS.items()
    for kind in _EARLY_KINDS.split()
    for ending in ("", "s")
}
"""The methods of the one client that there was until 2015 (pkg/client at affba42a05 has both): ListPods, GetMinion ..."""

METHODS: frozenset[str] = frozenset(VERBS) | DISCOVERY | frozenset(EARLY)

_TYPED = re.compile(r"(^|/)typed/|(^|/)clientset(s|_generated)?/|/pkg/client(/unversioned)?$|/clientset$")
_NO_TYPED = re.compile(r"/(fake|testing|testclient|listers?|informers?|scheme|transport|record|cache)(/|$)")
_DYNAMIC = re.compile(r"(^|/)(deprecated-)?dynamic$")
_METADATA = re.compile(r"client-go/metadata$")
_REST = re.compile(r"/client-go/rest$|/client/restclient$|/pkg/client(/unversioned)?$")
_SCALE = re.compile(r"client-go/scale$")
_DISCOVERY = re.compile(r"client-go/discovery$|/typed/discovery$")
_CUSTOM_METRICS = re.compile(r"metrics/pkg/client/(custom|external)_metrics")
_LISTERS = re.compile(r"(^|/)listers(/|$)")
_WRANGLER = re.compile(r"(^|/)pkg/generated/(controllers|norman)(/|$)")
"""Where the generators of rancher/wrangler (pkg/controller-gen) and rancher/norman put their controllers: an `XCache`, or an
`XLister`, reads from an informer's indexer and gives its own objects (wrangler pkg/generic/cache.go)."""
CONTROLLER_RUNTIME = "sigs.k8s.io/controller-runtime/pkg/client"
_CONTROLLER_RUNTIME_CACHE = "sigs.k8s.io/controller-runtime/pkg/cache"
_TOOLS = re.compile(
    r"/client-go/tools/(cache|watch|pager)(/|$)|/pkg/client/(cache|unversioned|typed|restclient)(/|$)"
    r"|controller-runtime/pkg/(client|cache)(/|$)"
)
_STORES = frozenset({"Store", "Indexer", "ThreadSafeStore", "KeyListerGetter", "StoreToPodLister"})


class Client(NamedTuple):
    """What a type is to the API server: through which kind of client its methods go, and the resource its name tells
    ("" if none)."""

    kind: Kind
    resource: str = ""


def client(type_: Type | None) -> Client | None:
    """Give what a named type (or a pointer to one) is, None for everything that is no client, cache or lister."""
    named = dereferenced(type_)
    if not isinstance(named, Named) or not named.path:
        return None
    return _client(named.path, named.name)


def is_client(type_: Type | None) -> bool:
    """Say whether a type is a client, a set of them, or what makes one, itself."""
    named = dereferenced(type_)
    if not isinstance(named, Named):
        return False
    known = _client(named.path, named.name)
    if known is not None:
        return known.kind not in {"lister", "store"}
    of_a_set = named.name in {"Interface", "Clientset", "Client"} and named.path.endswith(CLIENTSETS)
    return of_a_set or (named.name in {"Interface", "RESTClient", "Config"} and _REST.search(named.path) is not None)


CLIENTSETS = (
    "/kubernetes",
    "/versioned",
    "/clientset",
    "/internalversion",
    "/internalclientset",
    "/pkg/client",
    "/unversioned",
)
"""What the import paths of generated sets of clients end in; the last two were written by hand, until 2016."""


def _client(path: str, name: str) -> Client | None:
    if name.startswith(("Fake", "fake", "Cached", "cached", "Mem", "mem")):
        return None
    if path == CONTROLLER_RUNTIME:
        known = name in {
            "Client",
            "Reader",
            "Writer",
            "WithWatch",
            "StatusWriter",
            "SubResourceWriter",
            "SubResourceClient",
            "SubResourceReader",
        }
        return Client("controller-runtime") if known else None
    if path == _CONTROLLER_RUNTIME_CACHE:
        return Client("cache") if name in {"Cache", "Informers"} else None
    if _CUSTOM_METRICS.search(path):
        return Client("metrics", "metrics") if name.endswith(("Interface", "Metrics", "metrics")) else None
    if _METADATA.search(path):
        return Client("metadata")
    if _DYNAMIC.search(path):
        return Client("dynamic")
    if _SCALE.search(path):
        return Client("scale")
    if _DISCOVERY.search(path) and name.endswith(("Interface", "Client")):
        return Client("discovery")
    if _REST.search(path) and name in {"Request", "ResponseWrapper"}:
        return Client("rest")
    if name == "RESTClient" or (path.endswith("/rest") and name == "Interface"):
        return None  # it begins a request; the Request that it gives sends it
    if _LISTERS.search(path) or (path.endswith("client/cache") and name.endswith(("Lister", "NamespaceLister"))):
        return Client("lister", _lister_resource(name))
    if _WRANGLER.search(path) and name.endswith(("Cache", "Lister")):
        return Client("lister", resources.plural(name.removesuffix("Cache").removesuffix("Lister")))
    if path.endswith("client-go/tools/cache") and name in {"GenericLister", "GenericNamespaceLister"}:
        return Client("lister")
    if path.endswith(("client-go/tools/cache", "pkg/client/cache")):
        return Client("store") if name in _STORES or name.endswith(("Store", "Indexer")) else None
    if _TYPED.search(path) and not _NO_TYPED.search(path):
        # Other projects have a pkg/client too: only what is named as client-gen names its types is taken for the one of 2015.
        if (
            path.endswith(("/pkg/client", "/unversioned"))
            and "/typed/" not in path
            and not ((name.endswith("Interface") and name != "Interface") or name[:1].islower())
        ):
            return None
        return Client("typed", _typed_resource(name))
    return None


def _typed_resource(name: str) -> str:
    # PodInterface and PodExpansion are one pod's; the unexported `pods` is what implements them.
    for suffix in ("Interface", "Expansion", "Client"):
        if name.endswith(suffix):
            return resources.of_getter(resources.plural(name.removesuffix(suffix)))
    return resources.of_getter(name) if name[:1].islower() else ""


def _lister_resource(name: str) -> str:
    name = name.removeprefix("StoreTo").removesuffix("Lister").removesuffix("Namespace").removesuffix("Namespaced")
    return resources.plural(name)


def sends(method: str, signature: Type | None) -> str | None:
    """Give the resource of an interface's method that only a client can have, None if it is none.

    For interfaces that a package declares for itself: `List(metav1.ListOptions) (*v1.PodList, error)`. Options by
    value tell it from
    the API server's own storage, which takes a pointer to them; a concrete list as result from its runtime.Object.
    """
    if not isinstance(signature, Signature) or method not in {
        "List",
        "Get",
        "Create",
        "Update",
        "UpdateStatus",
        "Watch",
    }:
        return None
    wanted = (
        "ListOptions" if method in {"List", "Watch"} else f"{'Update' if method == 'UpdateStatus' else method}Options"
    )
    if not any(
        isinstance(param, Named) and param.name == wanted and not param.path.endswith("internalversion")
        for param in signature.params
    ):
        return None
    result = dereferenced(signature.results[0]) if signature.results else None
    if not isinstance(result, Named) or not isinstance(signature.results[0], Pointer):
        return "" if method == "Watch" and isinstance(result, Named) and result.path.endswith("/watch") else None
    return resources.of_list(result.name) if method == "List" else resources.plural(result.name)


_OF_KUBERNETES = re.compile(
    r"^(k8s\.io/(client-go|metrics|kubernetes|kube-aggregator|apiextensions-apiserver|sample-controller)|sigs\.k8s\.io/controller-runtime"
    r"|github\.com/GoogleCloudPlatform/kubernetes)(/|$)"
)


def implements_client(index: PackageIndex, path: str) -> bool:
    """Say whether the package at an import path is a client itself: what its methods send, its callers ask for.

    That it lies where clients lie is not enough: it is a library of Kubernetes', or it was generated.
    """
    looks = any(pattern.search(path) for pattern in (_TYPED, _DYNAMIC, _METADATA, _REST, _SCALE, _TOOLS))
    return looks and (bool(_OF_KUBERNETES.search(path)) or is_generated(index, path))


def is_generated(index: PackageIndex, path: str) -> bool:
    """Say whether machines wrote the package at an import path, or it is not in the tree, so that its name is all that is known."""
    package = index.package(path)
    return package is None or any(file.generated for file in package.files())
