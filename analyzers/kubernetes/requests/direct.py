"""Requests that a function sends itself, told from all that looks alike.

A request is known by the declared type of what its method is called on (clients.py); where that is unknown, by its
arguments (kubernetes.md 1.5).
"""

import dataclasses
import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, Type, dereferenced
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import Kind, component
from analyzers.kubernetes.kinds import alike
from analyzers.kubernetes.requests import controller_runtime, library, list_watch
from analyzers.kubernetes.requests.clients import (
    DISCOVERY,
    EARLY,
    METHODS,
    REST_VERBS,
    VERBS,
    client,
    implements_client,
    sends,
)
from analyzers.kubernetes.requests.namespaces import all_namespaces
from analyzers.kubernetes.requests.options import NO_OPTIONS, Options, is_options, options
from analyzers.kubernetes.requests.request import COLLECTIONS, WEBHOOK, Request, Scope

_DEEPEST_CHAIN = 40
_NAMES = "|".join(sorted(METHODS | library.FUNCTIONS))
_METHOD_CALL = re.compile(rb"\.\s*(?:%s)\(" % _NAMES.encode())


def direct_requests(index: PackageIndex, file: SourceFile, function: Function) -> list[Request]:
    """Give the requests that `function` of `file` sends itself (its function literals included), in source order.

    Reads that only a cache in the process answers are among them with `live` False; generated code and fakes have none.
    """
    found: list[Request] = []
    if not _METHOD_CALL.search(file.source, function.region.start, function.region.end):
        return found  # spares most functions their parse
    place = _Place(index, file, function)
    decorates = _decorates(index, function)
    for call in function.calls:
        if call.operand is None or (decorates and call.name == function.name):
            continue
        request = _request(place, call) if call.name in METHODS else None
        request = request or _of_library(place, call)
        if request is not None:
            found.append(request)
    return found


def _decorates(index: PackageIndex, function: Function) -> bool:
    """Say whether a method is one of a client around another one, which sends what its callers ask of it."""
    if not function.receiver_name or function.name not in VERBS:
        return False
    named = Named(index.import_path(function.file), function.receiver_name)
    return {"Get", "List", "Create", "Update", "Delete"} <= index.methods(named)


_WITH_OPTIONS = COLLECTIONS | {"GET"}


class _Place(Place):
    """A place in a function."""

    __slots__ = ()
    function: Function


def _request(place: _Place, call: Call) -> Request | None:
    assert call.operand is not None
    operand = syntax.unparenthesized(call.operand)
    if operand.type in {"identifier", "package_identifier"} and _is_package(place, operand):
        return None  # sets.List(x), http.Get(url)
    of_type = place.type_of(operand)
    if of_type is None:
        return _by_arguments(place, call, operand)
    member = place.index.member(of_type, call.name)
    owner = member.owner if member is not None else dereferenced(of_type)
    if not isinstance(owner, Named):
        return None
    if call.name in EARLY:
        return _early(place, call) if owner.path.endswith("/pkg/client") else None
    known = client(owner) or client(of_type)
    if known is not None and known.kind == "typed" and not implements_client(place.index, owner.path):
        known = None  # written by hand, in a folder that is called as clients are
    if known is None:
        # An interface that the package declares for itself, of which a client is all that fits.
        resource = sends(call.name, member.type) if member is not None and member.declaration is None else None
        return None if resource is None else _typed(place, call, operand, resource)
    if call.name in DISCOVERY:
        return _made(place, call, "GET", "", "cluster", "discovery") if known.kind == "discovery" else None
    if known.kind == "typed":
        return _typed(place, call, operand, known.resource)
    if known.kind in {"dynamic", "metadata", "scale", "metrics"}:
        return _by_resource(place, call, operand, known.kind)
    if known.kind == "rest":
        return _rest(place, call, operand) if call.name in {"Do", "DoRaw", "Stream", "Watch"} else None
    if known.kind in {"controller-runtime", "cache"}:
        return controller_runtime.request(place.index, place.file, place.function, call, operand, known.kind)
    return None


def _early(place: _Place, call: Call) -> Request:
    verb, resource = EARLY[call.name]
    return _made(place, call, verb, resource, "cluster" if verb in COLLECTIONS else "resource", "typed")


def _of_library(place: _Place, call: Call) -> Request | None:
    sent = library.sent(place.index, place.file, place.function, call)
    if sent is None:
        return None
    scope: Scope = "resource" if sent.verb not in COLLECTIONS or sent.options.one_object else "cluster"
    made = _made(place, call, sent.verb, sent.resource, scope, sent.kind, sent.options)
    return dataclasses.replace(made, every=sent.every)


def _is_package(place: _Place, operand: Node) -> bool:
    name = syntax.text(operand)
    return (
        place.function.binding(name, operand.start_byte) is None and place.index.imported(place.file, name) is not None
    )


def _made(
    place: _Place, call: Call, verb: str, resource: str, scope: Scope, kind: str, read: Options = NO_OPTIONS
) -> Request:
    where = component(place.file.path)
    return Request(
        verb,
        resource,
        scope,
        kind,
        call.name,
        place.file,
        place.function,
        call,
        read,
        list_watch=list_watch.serves(place.function, call.closures),
        component=where,
    )


def _typed(place: _Place, call: Call, operand: Node, resource: str) -> Request | None:
    verb = VERBS.get(call.name)
    if not verb:
        return None
    getter = _getter(place, operand)
    if getter is not None:
        resource = resources.of_getter(getter.name) or resource
    read = options(place.index, place.file, place.function, call) if verb in _WITH_OPTIONS else NO_OPTIONS
    return _made(place, call, verb, resource, _scope(place, verb, resource, getter), "typed", read)


def _scope(place: _Place, verb: str, resource: str, getter: Call | None) -> Scope:
    if verb not in COLLECTIONS:
        return "resource"
    if resource in resources.CLUSTER_SCOPED:
        return "cluster"
    if getter is None:
        return "namespace"
    if not getter.arguments:
        return "cluster"
    return "cluster" if all_namespaces(place.index, place.file, place.function, getter.arguments[0]) else "namespace"


def _getter(place: _Place, operand: Node, depth: int = 0) -> Call | None:
    """The call that gave the resource's client: `c.CoreV1().Pods(ns)`, if need be in the assignment of the variable
    it was put in."""
    operand = syntax.unparenthesized(operand)
    if operand.type == "call_expression":
        call = place.function.facts.call_at(operand)
        if call is None:
            return None
        if call.operand is None or not call.name[:1].isupper() or call.name.startswith("New"):
            return None
        return call
    if operand.type == "identifier" and depth < 3:
        binding = place.function.binding(syntax.text(operand), operand.start_byte)
        if binding is not None and binding.value is not None and binding.kind == "var":
            return _getter(place, binding.value, depth + 1)
    return None


def _by_resource(place: _Place, call: Call, operand: Node, kind: str) -> Request | None:
    """A request of a client that is given the resource: `client.Resource(gvr).Namespace(ns).List(ctx, opts)`,
    `Scales(ns).Get(gr, name)`."""
    verb = VERBS.get(call.name)
    if not verb:
        return None
    if kind == "metrics":
        verb = "GET"
    resource, namespace = "", None
    for step in _chain(place, operand):
        if step.name == "Resource" and step.arguments:
            resource = resource or _resource_of(place, step.arguments[0])
            if len(step.arguments) > 1:  # before 2018-05: Resource(&apiResource, ns)
                namespace = step.arguments[1]
        elif step.name == "Namespace" and step.arguments:
            namespace = step.arguments[0]
    if verb not in COLLECTIONS:
        scope: Scope = "resource"
    else:
        named = namespace is not None and not all_namespaces(place.index, place.file, place.function, namespace)
        scope = "namespace" if named or (namespace is None and _is_namespaced(place.type_of(operand))) else "cluster"
    read = options(place.index, place.file, place.function, call) if verb in COLLECTIONS else NO_OPTIONS
    return _made(place, call, verb, resource, scope, kind, read)


def _is_namespaced(type_: Type | None) -> bool:
    found = dereferenced(type_)
    return isinstance(found, Named) and found.name == "ResourceInterface"


_RESOURCE_FIELD = re.compile(r"\bResource:\s*\"([a-z]+)\"")
_WITH_RESOURCE = re.compile(r"WithResource\(\"([a-z]+)\"\)")


def _resource_of(place: _Place, node: Node, depth: int = 0) -> str:
    """The resource that a GroupVersionResource names, if it is written where it can be seen."""
    text = syntax.text(node)
    match = _RESOURCE_FIELD.search(text) or _WITH_RESOURCE.search(text)
    if match:
        return match[1]
    node = syntax.unparenthesized(node)
    if node.type != "identifier" or depth > 2:
        return ""
    binding = place.function.binding(text, node.start_byte)
    if binding is not None:
        return _resource_of(place, binding.value, depth + 1) if binding.value is not None else ""
    value = getattr(place.index.lookup(place.index.import_path(place.file), text, place.file), "value", None)
    return _resource_of(place, value, depth + 1) if isinstance(value, Node) else ""


def _chain(place: _Place, operand: Node) -> list[Call]:
    """The calls `a.B().C()` is made of, last one first; variables are followed to what they were first given."""
    found: list[Call] = []
    node: Node | None = operand
    followed: set[int] = set()
    while node is not None and len(found) < _DEEPEST_CHAIN:
        node = syntax.unparenthesized(node)
        if node.type == "call_expression":
            call = place.function.facts.call_at(node)
            if call is None:
                break
            found.append(call)
            node = call.operand
        elif node.type == "identifier" and len(followed) < 4:
            binding = place.function.binding(syntax.text(node), node.start_byte)
            node = binding.value if binding is not None and binding.kind == "var" else None
            if node is not None:
                if node.start_byte in followed:
                    break
                followed.add(node.start_byte)
        else:
            break
    return found


# What names neither a resource nor a path goes to the address of the client itself: a webhook's server.
_PLACES = frozenset(
    {
        "Resource",
        "Namespace",
        "NamespaceIfScoped",
        "Name",
        "AbsPath",
        "RequestURI",
        "Path",
        "Prefix",
        "SubResource",
        "Suffix",
    }
)


_PASSED = {'"proxy"': "/proxy", '"log"': "/log"}
"""What the API server only passes on: to a pod, a node's kubelet (k8s.io/kubernetes pkg/registry/core/pod/rest)."""


def _rest(place: _Place, call: Call, operand: Node) -> Request | None:
    """A request built with the REST client: `c.Get().Namespace(ns).Resource("pods").Name(name).Do()`."""
    verb, resource, passed, listed, named, namespaced = "", "", "", False, False, False
    segments: list[Node] = []
    for step in _chain(place, operand):
        if step.name in REST_VERBS and not _resource_method(step):
            verb = REST_VERBS[step.name]
        elif step.name == "Verb" and step.arguments:
            word = syntax.text(step.arguments[0]).strip('"').rpartition("Method")[2].upper()
            verb = {"POST": "CREATE", "PUT": "UPDATE"}.get(word, word if word in {"GET", "PATCH", "DELETE"} else "GET")
        elif step.name == "Resource" and step.arguments:
            given, listed = step.arguments[0], True
            resource = syntax.text(given).strip('"') if given.type == "interpreted_string_literal" else ""
        elif step.name == "Path" and step.arguments:
            segments.append(step.arguments[0])  # until 2015: Path("pods").Path(name)
        elif step.name in {"Name", "AbsPath", "RequestURI", "SubResource", "Suffix"}:
            named = True
        elif step.name in {"Namespace", "NamespaceIfScoped"} and step.arguments:
            namespaced = not all_namespaces(place.index, place.file, place.function, step.arguments[0])
        elif step.name in {"GetLogs", "ProxyGet"}:
            verb, named = "GET", True
            getter = _getter(place, step.operand) if step.operand is not None else None
            resource = resources.of_getter(getter.name) if getter is not None else resource
            passed = "/log" if step.name == "GetLogs" else "/proxy"
    verb = verb or "GET"
    if verb == "CREATE" and not any(step.name in _PLACES for step in _chain(place, operand)):
        return _made(place, call, verb, "", "resource", WEBHOOK)
    if segments and not listed:
        first, listed, named = segments[-1], True, len(segments) > 1
        resource = syntax.text(first).strip('"') if first.type == "interpreted_string_literal" else ""
    for step in _chain(place, operand)[:12]:
        if step.name in {"SubResource", "Prefix", "Suffix"}:
            passed = next((_PASSED[text] for each in step.arguments if (text := syntax.text(each)) in _PASSED), passed)
    resource += passed if resource else ""
    if verb == "GET" and listed and not named:
        verb = "WATCH" if call.name == "Watch" else "LIST"
    elif call.name == "Watch":
        verb = "WATCH"
    scope = ("namespace" if namespaced else "cluster") if verb in COLLECTIONS else "resource"
    return _made(place, call, verb, resource.lower(), scope, "rest")  # type: ignore[arg-type]


def _resource_method(step: Call) -> bool:
    """Say whether a call named Get, Delete ... is a resource client's method with a name, no REST client's first step."""
    return bool(step.arguments) and step.name != "Patch"


_CLOUD = re.compile(
    r"google\.golang\.org/api/|aws-sdk-go|azure-sdk-for-go|gophercloud|govmomi|digitalocean|cloud\.google\.com/"
)
_RECEIVER = re.compile(r"(?:client|clientset|interface|getter|api|kube)$", re.IGNORECASE)
_NO_CLIENT = re.compile(r"(lister|informer|store|indexer|cache|registry|storage|tracker|queue|set)s?$", re.IGNORECASE)


def _by_arguments(place: _Place, call: Call, operand: Node) -> Request | None:
    """The fall-back where the type is unknown: a getter's call, or a field, function or declared type named as a client, and
    options as argument (kubernetes.md 1.5, rule E)."""
    where = component(place.file.path)
    if where.kind is Kind.API_SERVER or any(_CLOUD.search(path) for _, path in place.file.imported):
        return None
    verb = VERBS.get(call.name, "")
    if not verb or call.name in {"Stream", "Search", "Finalize"}:
        return None
    getter = _getter(place, operand)
    # A chain whose type is not known must at least name a resource: `x.Pods(ns).Create(pod)`.
    resource = resources.of_getter(getter.name) if getter is not None else ""
    known = resource in resources.CLUSTER_SCOPED or resource in _NAMESPACED
    last = alike(operand, place.function)
    if getter is not None and getter.operand is not None and _NO_CLIENT.search(alike(getter.operand, place.function)):
        return None
    if call.name in {"List", "Get", "Watch"}:
        if not any(is_options(place, argument) for argument in call.arguments):
            return None
        if getter is None and not _RECEIVER.search(last):
            return None
    elif not (known and getter is not None):
        return None
    if _NO_CLIENT.search(last):
        return None
    read = options(place.index, place.file, place.function, call) if verb in COLLECTIONS else NO_OPTIONS
    return _made(place, call, verb, resource if known else "", _scope(place, verb, resource, getter), "typed", read)


_NAMESPACED_WORDS = """
pods services endpoints endpointslices secrets configmaps serviceaccounts replicationcontrollers replicasets
deployments daemonsets statefulsets jobs cronjobs persistentvolumeclaims events leases limitranges
resourcequotas ingresses networkpolicies horizontalpodautoscalers poddisruptionbudgets roles rolebindings
controllerrevisions podtemplates resourceclaims petsets
"""
_NAMESPACED = frozenset(_NAMESPACED_WORDS.split())
