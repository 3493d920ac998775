"""Requests of controller-runtime's client, whose reads a cache in the process answers unless something says otherwise.

Source: controller-runtime @86a0d40e pkg/client/client.go (a read is live where no cache is configured, for kinds in
DisableFor, and for unstructured objects unless Cache.Unstructured), pkg/cluster/cluster.go (a manager's client reads from
its cache, its APIReader never).
"""

import re
from collections.abc import Iterator

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Interface, Named, Slice, Struct, Type, dereferenced
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import Kind, component
from analyzers.kubernetes.requests.clients import VERBS, Client, client
from analyzers.kubernetes.requests.managers import left_out
from analyzers.kubernetes.requests.options import NO_OPTIONS, options
from analyzers.kubernetes.requests.reach import made
from analyzers.kubernetes.requests.request import Request, Scope

_IN_NAMESPACE = re.compile(
    r"InNamespace\((?P<call>[^()]{0,200}(?:\([^()]{0,100}\)[^()]{0,100})?)\)|Namespace:\s*(?P<field>[^,}\n]+)"
)
_UNSTRUCTURED_CACHED = re.compile(rb"\bUnstructured(:|\s*=)\s*true|CacheUnstructured:\s*true")
_UNSTRUCTURED = frozenset({"Unstructured", "UnstructuredList"})


def request(
    index: PackageIndex, file: SourceFile, function: Function, call: Call, operand: Node, kind: str
) -> Request | None:
    """Give the request of a call on a controller-runtime client (kind "controller-runtime") or on its cache ("cache")."""
    verb = VERBS.get(call.name)
    if not verb or not call.arguments or len(call.arguments) < 2:
        return None
    number = 2 if call.name == "Get" else 1
    target = call.arguments[number] if len(call.arguments) > number else None
    object_type = index.type_of(target, file, function) if target is not None else None
    resource = _resource(index, object_type)
    scope: Scope = "resource"
    read = NO_OPTIONS
    if verb in {"LIST", "DELETECOLLECTION", "WATCH"}:
        scope = _scope(index, file, function, call, resource)
        read = options(index, file, function, call)
    unstructured = _name(object_type) in _UNSTRUCTURED
    live = verb not in {"GET", "LIST"} or (
        kind == "controller-runtime"
        and is_live(index, file, function, operand, unstructured, _name(object_type).removesuffix("List"))
    )
    where = component(file.path)
    return Request(
        verb,
        resource,
        scope,
        "controller-runtime",
        call.name,
        file,
        function,
        call,
        read,
        live,
        unstructured=unstructured,
        type_name=_name(object_type).removesuffix("List"),
        component=where,
    )


def _name(type_: Type | None) -> str:
    named = dereferenced(type_)
    return named.name if isinstance(named, Named) else ""


def _resource(index: PackageIndex, type_: Type | None) -> str:
    """The resource of an object's type, "" where it is one of several: of unstructured objects, or of an interface."""
    type_ = dereferenced(type_)
    if isinstance(type_, Slice):
        type_ = type_.elem
    name = _name(type_)
    if name in _UNSTRUCTURED or name.startswith("PartialObjectMetadata"):
        return ""
    if isinstance(index.underlying(type_), Interface):
        return ""
    return resources.of_list(name) or resources.plural(name)


def _scope(index: PackageIndex, file: SourceFile, function: Function, call: Call, resource: str) -> Scope:
    if resource in resources.CLUSTER_SCOPED:
        return "cluster"
    for argument in call.arguments[2:]:
        text = syntax.text(argument)
        match = _IN_NAMESPACE.search(text)
        if match and (match["call"] or match["field"] or "").strip() not in {
            '""',
            "metav1.NamespaceAll",
            "corev1.NamespaceAll",
        }:
            return "namespace"
        inner = argument.child_by_field_name("operand") if argument.type == "unary_expression" else argument
        if inner is not None and inner.type in {"identifier", "variadic_argument"}:
            name = text.removesuffix("...").removeprefix("&")
            binding = function.binding(name, argument.start_byte)
            if (
                binding is None
                or binding.value is None
                or "InNamespace" in syntax.text(binding.value)
                or "Namespace:" in syntax.text(binding.value)
            ):
                return "namespace"  # options from elsewhere: not known to be for all namespaces
    return "cluster"


def is_live(
    index: PackageIndex, file: SourceFile, function: Function, operand: Node, unstructured: bool, kind: str = ""
) -> bool:
    """Say whether a read with the client `operand` (of an unstructured object, or a typed one, of the Go type `kind`) goes to
    the API server.

    Where the client is made tells, and what the manager that gives it leaves out; if that is not seen, a command line has no
    cache, a client that watches by itself is made with client.NewWithWatch, and all else is taken for a manager's client,
    which reads from one.
    """
    place = Place(index, file, function)
    type_ = place.type_of(operand)
    member = index.member(type_, "Get")
    found = made(place, operand, member.through if member is not None else ())
    if found is not None and found.reach == "live":
        return True
    if kind and kind in left_out(index, found.path if found is not None else file.path):
        return True
    if found is None and (
        component(file.path).kind is Kind.CLI or _name(type_) == "WithWatch" or _beside_a_client(place, operand)
    ):
        return True
    return unstructured and (found is None or found.reach != "whole") and not _caches_unstructured(index)


def _beside_a_client(place: Place, operand: Node) -> bool:
    """Say whether a reader is kept beside a client, which reads too: it is there to read otherwise, past the cache."""
    node = syntax.unparenthesized(operand)
    outer = node.child_by_field_name("operand") if node.type == "selector_expression" else None
    owner = dereferenced(place.type_of(outer)) if outer is not None else None
    struct = place.index.underlying(owner) if owner is not None else None
    if _name(place.type_of(node)) != "Reader" or not isinstance(struct, Struct):
        return False
    return any(
        client(field.type) == Client("controller-runtime") and _name(field.type) == "Client" for field in struct.fields
    )


def _caches_unstructured(index: PackageIndex) -> bool:
    """Say whether a main.go of the repository configures its manager's client to cache unstructured objects."""
    return any(
        _of_the_manager(main.source[: match.start()])
        for main in _mains(index)
        for match in _UNSTRUCTURED_CACHED.finditer(main.source)
    )


def _mains(index: PackageIndex) -> Iterator[SourceFile]:
    """The files in which a repository's programs are most likely to make their managers."""
    paths = ["main.go", "cmd/main.go", "cmd/manager/main.go"]
    paths += [f"cmd/{entry.name}/main.go" for entry in index.modules.listing("cmd").values() if entry.kind == "tree"]
    yield from (file for path in paths if (file := index.file(path)) is not None)


def _of_the_manager(before: bytes) -> bool:
    """Say whether options stand in those of the manager, and not in those of a further client made beside it."""
    made = max(before.rfind(b"client.New("), before.rfind(b"NewDelegatingClient("))
    managers = max(before.rfind(b"ctrl.Options{"), before.rfind(b"manager.Options{"), before.rfind(b"NewClient"))
    return managers > made or made < 0
