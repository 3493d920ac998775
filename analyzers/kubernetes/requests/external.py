"""Types of members of packages that are not in the tree: client-go, controller-runtime, apimachinery.

For repositories without vendor/: mostly naming rules.
client-gen, lister-gen and informer-gen (k8s.io/code-generator) name every type and method after
the resource, so that `CoreV1().Pods(ns)` can be followed without reading a line of client-go. Tables hold the
hand-written rest (client-go @32ce75a7, controller-runtime @86a0d40e, apimachinery @eed236ce).
"""

import re

from analyzers.golang.types.types import ERROR, INT, STRING, Basic, Map, Named, Pointer, Signature, Slice, Type
from analyzers.kubernetes import resources
from analyzers.kubernetes.requests.clients import CONTROLLER_RUNTIME

_CLIENT_GO = "k8s.io/client-go"
_META = "k8s.io/apimachinery/pkg/apis/meta/v1"
_CR = "sigs.k8s.io/controller-runtime"
_CACHE = f"{_CLIENT_GO}/tools/cache"
_REST = f"{_CLIENT_GO}/rest"

_GROUP_VERSION = re.compile(r"([A-Z][A-Za-z0-9]{0,80}?[a-z0-9])(V\d+(?:alpha\d+|beta\d+)?)$")
_VERSION_METHOD = re.compile(r"V\d+(?:alpha\d+|beta\d+)?$")
_API = re.compile(r"^k8s\.io/api/|/apis?/|/api$|/apis$")
_LEGACY_GROUPS = {
    "Core": "core/v1",
    "Extensions": "extensions/v1beta1",
    "Batch": "batch/v1",
    "Apps": "apps/v1",
    "Storage": "storage/v1",
}


def _named(path: str, name: str) -> Named:
    return Named(path, name)


def _gives(*results: Type | None) -> Signature:
    return Signature((), results)


_REQUEST = Pointer(_named(_REST, "Request"))
_CLIENT = _named(CONTROLLER_RUNTIME, "Client")
_READER = _named(CONTROLLER_RUNTIME, "Reader")
_MANAGER = _named(f"{_CR}/pkg/manager", "Manager")
_NAMESPACED_NAME = _named("k8s.io/apimachinery/pkg/types", "NamespacedName")
_INFORMER = _named(_CACHE, "SharedIndexInformer")
_ANY_LIST = Slice(_named("", "any"))

_FUNCTIONS: dict[tuple[str, str], Type] = {
    (CONTROLLER_RUNTIME, "New"): _gives(_CLIENT, ERROR),
    (CONTROLLER_RUNTIME, "NewWithWatch"): _gives(_named(CONTROLLER_RUNTIME, "WithWatch"), ERROR),
    (CONTROLLER_RUNTIME, "NewNamespacedClient"): _gives(_CLIENT),
    (_CR, "NewManager"): _gives(_MANAGER, ERROR),
    (f"{_CR}/pkg/manager", "New"): _gives(_MANAGER, ERROR),
    (f"{_CR}/pkg/cache", "New"): _gives(_named(f"{_CR}/pkg/cache", "Cache"), ERROR),
    (f"{_CLIENT_GO}/dynamic", "NewForConfig"): _gives(Pointer(_named(f"{_CLIENT_GO}/dynamic", "DynamicClient")), ERROR),
    (f"{_CLIENT_GO}/dynamic", "NewForConfigOrDie"): _gives(Pointer(_named(f"{_CLIENT_GO}/dynamic", "DynamicClient"))),
    (f"{_CLIENT_GO}/metadata", "NewForConfig"): _gives(_named(f"{_CLIENT_GO}/metadata", "Interface"), ERROR),
    (f"{_CLIENT_GO}/discovery", "NewDiscoveryClientForConfig"): _gives(
        Pointer(_named(f"{_CLIENT_GO}/discovery", "DiscoveryClient")), ERROR
    ),
    (f"{_CLIENT_GO}/discovery", "NewDiscoveryClientForConfigOrDie"): _gives(
        Pointer(_named(f"{_CLIENT_GO}/discovery", "DiscoveryClient"))
    ),
    (f"{_CLIENT_GO}/informers", "NewSharedInformerFactory"): _gives(
        _named(f"{_CLIENT_GO}/informers", "SharedInformerFactory")
    ),
    (f"{_CLIENT_GO}/informers", "NewSharedInformerFactoryWithOptions"): _gives(
        _named(f"{_CLIENT_GO}/informers", "SharedInformerFactory")
    ),
    (_CACHE, "NewStore"): _gives(_named(_CACHE, "Store")),
    (_CACHE, "NewIndexer"): _gives(_named(_CACHE, "Indexer")),
    (_CACHE, "NewSharedIndexInformer"): _gives(_INFORMER),
    (_CACHE, "NewSharedInformer"): _gives(_named(_CACHE, "SharedInformer")),
    (_CACHE, "NewInformer"): _gives(_named(_CACHE, "Store"), _named(_CACHE, "Controller")),
    (_CACHE, "NewIndexerInformer"): _gives(_named(_CACHE, "Indexer"), _named(_CACHE, "Controller")),
    (_REST, "InClusterConfig"): _gives(Pointer(_named(_REST, "Config")), ERROR),
    (_REST, "CopyConfig"): _gives(Pointer(_named(_REST, "Config"))),
    (_CR, "GetConfigOrDie"): _gives(Pointer(_named(_REST, "Config"))),
    ("k8s.io/apimachinery/pkg/util/sets", "NewString"): _gives(_named("k8s.io/apimachinery/pkg/util/sets", "String")),
    ("k8s.io/apimachinery/pkg/labels", "Everything"): _gives(_named("k8s.io/apimachinery/pkg/labels", "Selector")),
    ("k8s.io/klog/v2", "FromContext"): _gives(_named("k8s.io/klog/v2", "Logger")),
    ("sigs.k8s.io/controller-runtime/pkg/log", "FromContext"): _gives(_named("github.com/go-logr/logr", "Logger")),
    (_CR, "LoggerFrom"): _gives(_named("github.com/go-logr/logr", "Logger")),
}

_METHODS: dict[tuple[str, str], dict[str, Type]] = {
    (_CR, "Request"): {"NamespacedName": _NAMESPACED_NAME, "Name": STRING, "Namespace": STRING},
    (f"{_CR}/pkg/reconcile", "Request"): {"NamespacedName": _NAMESPACED_NAME, "Name": STRING, "Namespace": STRING},
    ("k8s.io/apimachinery/pkg/types", "NamespacedName"): {
        "Name": STRING,
        "Namespace": STRING,
        "String": _gives(STRING),
    },
    (f"{_CR}/pkg/cache", "Cache"): {
        "Get": _gives(ERROR),
        "List": _gives(ERROR),
        "GetInformer": _gives(None, ERROR),
        "WaitForCacheSync": _gives(Basic("bool")),
    },
    (f"{_CLIENT_GO}/dynamic", "NamespaceableResourceInterface"): {
        "Namespace": _gives(_named(f"{_CLIENT_GO}/dynamic", "ResourceInterface"))
    },
    (f"{_CLIENT_GO}/metadata", "Getter"): {"Namespace": _gives(_named(f"{_CLIENT_GO}/metadata", "ResourceInterface"))},
    (f"{_CLIENT_GO}/scale", "ScalesGetter"): {"Scales": _gives(_named(f"{_CLIENT_GO}/scale", "ScaleInterface"))},
    (_CACHE, "GenericLister"): {"ByNamespace": _gives(_named(_CACHE, "GenericNamespaceLister"))},
    (f"{_CLIENT_GO}/informers", "GenericInformer"): {"Lister": _gives(_named(_CACHE, "GenericLister"))},
    (_CACHE, "Store"): {
        "List": _gives(_ANY_LIST),
        "ListKeys": _gives(Slice(STRING)),
        "GetByKey": _gives(None, Basic("bool"), ERROR),
        "Get": _gives(None, Basic("bool"), ERROR),
    },
    (_REST, "Result"): {
        "Into": _gives(ERROR),
        "Error": _gives(ERROR),
        "Raw": _gives(Slice(Basic("uint8")), ERROR),
        "Get": _gives(None, ERROR),
    },
    (_META, "ObjectMeta"): {
        "Name": STRING,
        "Namespace": STRING,
        "UID": STRING,
        "ResourceVersion": STRING,
        "Generation": INT,
        "Labels": Map(STRING, STRING),
        "Annotations": Map(STRING, STRING),
        "Finalizers": Slice(STRING),
        "OwnerReferences": Slice(_named(_META, "OwnerReference")),
        "DeletionTimestamp": Pointer(_named(_META, "Time")),
        "CreationTimestamp": _named(_META, "Time"),
        "GetName": _gives(STRING),
        "GetNamespace": _gives(STRING),
        "GetLabels": _gives(Map(STRING, STRING)),
        "GetAnnotations": _gives(Map(STRING, STRING)),
    },
}
_METHODS[_CACHE, "Indexer"] = {
    **_METHODS[_CACHE, "Store"],
    "ByIndex": _gives(_ANY_LIST, ERROR),
    "Index": _gives(_ANY_LIST, ERROR),
    "IndexKeys": _gives(Slice(STRING), ERROR),
}

_MANAGER_METHODS: dict[str, Type] = {
    "GetClient": _gives(_CLIENT),
    "GetAPIReader": _gives(_READER),
    "GetCache": _gives(_named(f"{_CR}/pkg/cache", "Cache")),
    "GetConfig": _gives(Pointer(_named(_REST, "Config"))),
    "GetFieldIndexer": _gives(_named(CONTROLLER_RUNTIME, "FieldIndexer")),
    "GetEventRecorderFor": _gives(_named(f"{_CLIENT_GO}/tools/record", "EventRecorder")),
    "GetEventRecorder": _gives(_named(f"{_CLIENT_GO}/tools/events", "EventRecorder")),
}
_REST_BUILDERS_WORDS = """
Get Post Put Patch Delete Verb Namespace NamespaceIfScoped Resource Name SubResource VersionedParams Param Body
AbsPath RequestURI Prefix Suffix Timeout SetHeader SpecificallyVersionedParams MaxRetries Throttle BackOff
Context Path LabelsSelectorParam FieldsSelectorParam UintParam
"""
_REST_BUILDERS = frozenset(_REST_BUILDERS_WORDS.split())


class _External:
    """See the module; it answers with None for whatever the rules and tables do not cover."""

    def member(self, named: Named, name: str) -> Type | None:
        """Give the type of field or method `name` of a named type, a Signature for a method, None if unknown."""
        path, type_name = named.path, named.name
        known = _METHODS.get((path, type_name), {}).get(name)
        if known is not None:
            return known
        if path.startswith(_CR):
            return _of_controller_runtime(path, type_name, name)
        if path == _REST:
            return _of_rest(type_name, name)
        if path == f"{_CLIENT_GO}/dynamic" or path == f"{_CLIENT_GO}/metadata":
            return _of_dynamic(path, type_name, name)
        if path == _CACHE:
            return _of_cache(type_name, name)
        if path.startswith(f"{_CLIENT_GO}/discovery"):
            return _gives(None, ERROR) if name.startswith("Server") or name == "OpenAPISchema" else None
        if "/listers/" in path:
            return _of_lister(path, type_name, name)
        if path.endswith("/informers") or "/informers/" in path:
            return _of_informers(path, type_name, name)
        if "/typed/" in path:
            return _of_typed(path, type_name, name)
        if path.endswith(("/kubernetes", "/versioned", "/clientset", "/internalversion", "/internalclientset")):
            return _of_clientset(path, type_name, name)
        if _API.search(path):
            return _of_api(path, type_name, name)
        return None

    def lookup(self, path: str, name: str) -> Type | None:
        """Give the type of a package's function (a Signature) or variable, None if unknown."""
        known = _FUNCTIONS.get((path, name))
        if known is not None:
            return known
        if name in {"NewForConfig", "NewForConfigAndClient", "NewForConfigOrDie", "New"} and path.endswith(
            ("/kubernetes", "/versioned", "/clientset")
        ):
            clientset = Pointer(_named(path, "Clientset"))
            return _gives(clientset) if name in {"NewForConfigOrDie", "New"} else _gives(clientset, ERROR)
        if name.startswith("NewSharedInformerFactory") and "informers" in path:
            return _gives(_named(path, "SharedInformerFactory"))
        return None


def _of_controller_runtime(path: str, type_name: str, name: str) -> Type | None:
    if type_name in {"Manager", "Cluster"}:
        return _MANAGER_METHODS.get(name)
    if path != CONTROLLER_RUNTIME and type_name not in {"Client"}:
        return None
    if name in {"Get", "List", "Create", "Update", "Patch", "Delete", "DeleteAllOf", "Apply"}:
        return _gives(ERROR)
    if name == "Watch":
        return _gives(_named("k8s.io/apimachinery/pkg/watch", "Interface"), ERROR)
    if name == "Status":
        return _gives(_named(CONTROLLER_RUNTIME, "SubResourceWriter"))
    if name == "SubResource":
        return _gives(_named(CONTROLLER_RUNTIME, "SubResourceClient"))
    return None


def _of_rest(type_name: str, name: str) -> Type | None:
    if type_name in {"Interface", "RESTClient"} and name in {"Get", "Post", "Put", "Patch", "Delete", "Verb"}:
        return _gives(_REQUEST)
    if type_name != "Request":
        return {"QPS": Basic("float32"), "Burst": INT}.get(name) if type_name == "Config" else None
    if name in _REST_BUILDERS:
        return _gives(_REQUEST)
    return {
        "Do": _gives(_named(_REST, "Result")),
        "DoRaw": _gives(Slice(Basic("uint8")), ERROR),
        "Stream": _gives(_named("io", "ReadCloser"), ERROR),
        "Watch": _gives(_named("k8s.io/apimachinery/pkg/watch", "Interface"), ERROR),
    }.get(name)


def _of_dynamic(path: str, type_name: str, name: str) -> Type | None:
    if name == "Resource" and type_name in {"Interface", "DynamicClient", "Client"}:
        return _gives(_named(path, "NamespaceableResourceInterface" if path.endswith("dynamic") else "Getter"))
    if type_name not in {"ResourceInterface", "NamespaceableResourceInterface", "Getter"}:
        return None
    item = (
        _named("k8s.io/apimachinery/pkg/apis/meta/v1/unstructured", "Unstructured")
        if path.endswith("dynamic")
        else _named(_META, "PartialObjectMetadata")
    )
    if name == "List":
        return _gives(Pointer(Named(item.path, f"{item.name}List")), ERROR)
    if name == "Watch":
        return _gives(_named("k8s.io/apimachinery/pkg/watch", "Interface"), ERROR)
    if name in {"Get", "Create", "Update", "UpdateStatus", "Patch", "Apply", "ApplyStatus"}:
        return _gives(Pointer(item), ERROR)
    return _gives(ERROR) if name in {"Delete", "DeleteCollection"} else None


def _of_cache(type_name: str, name: str) -> Type | None:
    if name == "GetIndexer":
        return _gives(_named(_CACHE, "Indexer"))
    if name == "GetStore":
        return _gives(_named(_CACHE, "Store"))
    if type_name == "GenericLister" and name in {"List", "Get"}:
        return _gives(None, ERROR)
    return None


def _api_path(path: str, marker: str) -> str:
    """The package of the API types that a generated package works on; known for the built-in ones."""
    before, _, group = path.partition(marker)
    return f"k8s.io/api/{group}" if before.startswith(_CLIENT_GO) else ""


def _item(path: str, marker: str, kind: str) -> Named | None:
    api = _api_path(path, marker)
    return Named(api, kind) if api else None


def _of_clientset(path: str, type_name: str, name: str) -> Type | None:
    if type_name not in {"Interface", "Clientset"}:
        return None
    if name == "Discovery":
        return _gives(_named(f"{_CLIENT_GO}/discovery", "DiscoveryInterface"))
    if match := _GROUP_VERSION.match(name):
        return _gives(_named(f"{path}/typed/{match[1].lower()}/{match[2].lower()}", f"{name}Interface"))
    if name in _LEGACY_GROUPS:
        return _gives(_named(f"{path}/typed/{_LEGACY_GROUPS[name]}", f"{name}Interface"))
    return None


def _of_typed(path: str, type_name: str, name: str) -> Type | None:
    if name == "RESTClient":
        return _gives(_named(_REST, "Interface"))
    kind = type_name.removesuffix("Interface").removesuffix("Client")
    group = kind in _LEGACY_GROUPS or _GROUP_VERSION.match(kind) is not None
    if group or type_name.endswith("sGetter"):
        return _gives(_named(path, f"{_singular(name)}Interface")) if name[:1].isupper() else None
    if not type_name.endswith("Interface"):
        return None
    item = _item(path, "/typed/", kind)
    one = Pointer(item) if item else None
    if name == "List":
        return _gives(Pointer(Named(item.path, f"{kind}List")) if item else None, ERROR)
    if name == "Watch":
        return _gives(_named("k8s.io/apimachinery/pkg/watch", "Interface"), ERROR)
    if name in {
        "Get",
        "Create",
        "Update",
        "UpdateStatus",
        "Patch",
        "Apply",
        "ApplyStatus",
        "UpdateEphemeralContainers",
    }:
        return _gives(one, ERROR)
    if name in {"GetLogs", "ProxyGet"}:
        return _gives(_REQUEST)
    return _gives(ERROR)


def _of_lister(path: str, type_name: str, name: str) -> Type | None:
    kind = type_name.removesuffix("Lister").removesuffix("Namespace")
    item = _item(path, "/listers/", kind)
    if name == "List":
        return _gives(Slice(Pointer(item) if item else None), ERROR)
    if name == "Get":
        return _gives(Pointer(item) if item else None, ERROR)
    return (
        _gives(_named(path, f"{kind}NamespaceLister")) if name == resources.plural(kind) or name[:1].isupper() else None
    )


def _of_informers(path: str, type_name: str, name: str) -> Type | None:
    if type_name == "SharedInformerFactory":
        if name in {"Start", "WaitForCacheSync", "Shutdown", "InformerFor"}:
            return None
        if name == "ForResource":
            return _gives(_named(path, "GenericInformer"), ERROR)
        return _gives(_named(f"{path}/{name.lower()}", "Interface"))
    if type_name == "Interface":
        if _VERSION_METHOD.match(name):
            return _gives(_named(f"{path}/{name.lower()}", "Interface"))
        return _gives(_named(path, f"{_singular(name)}Informer"))
    if name == "Informer":
        return _gives(_INFORMER)
    if name == "Lister":
        kind = type_name.removesuffix("Informer")
        if kind == "Generic":
            return _gives(_named(_CACHE, "GenericLister"))
        root, _, group = path.partition(
            "/informers/" if "/informers/externalversions/" not in path else "/informers/externalversions/"
        )
        return _gives(_named(f"{root}/listers/{group}", f"{kind}Lister"))
    return None


def _of_api(path: str, type_name: str, name: str) -> Type | None:
    if name == "DeepCopy":
        return _gives(Pointer(Named(path, type_name)))
    if type_name.endswith("TemplateSpec") and name == "Spec":
        return Named(path, f"{type_name.removesuffix('TemplateSpec')}Spec")
    if name == "Items" and type_name.endswith("List"):
        return Slice(Named(path, type_name.removesuffix("List")))
    if name in {"Spec", "Status"} and not type_name.endswith(("Spec", "Status")):
        # A template's spec is that of what it makes.
        return Named(path, f"{type_name.removesuffix('Template')}{name}")
    if name == "ObjectMeta":
        return Named(_META, "ObjectMeta")
    return _METHODS[_META, "ObjectMeta"].get(name) if not type_name.endswith(("Spec", "Status", "List")) else None


def _singular(name: str) -> str:
    """Give the kind of a getter: "Pods" -> "Pod", "NetworkPolicies" -> "NetworkPolicy"; what is its own plural stays."""
    if name in {"Endpoints", "ResourceQuotaStatus"}:
        return name
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name.removesuffix("s")


EXTERNAL = _External()
