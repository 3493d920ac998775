"""Scans: reads that go through a whole cache in the process, object by object.

Source: client-go tools/cache (a lister without an index walks the store; `ListAll` and `ListAllByNamespace`), its
namespace index (only since 2015-12 for pods, later for the rest), and controller-runtime pkg/cache/internal/cache_reader.go
(a cached List walks the objects of the namespace, or of a field index, and deep-copies every match).
"""

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Interface, Named, Signature, Slice, Type, dereferenced
from analyzers.kubernetes import kinds, resources
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.program import origins
from analyzers.kubernetes.requests import clients
from analyzers.kubernetes.requests.requests import requests

METHODS = frozenset({"List", "ListKeys", "FilteredList", "ByIndex"})
# Methods of a REST storage that are asked for everything there is (k8s.io/apiserver pkg/registry/rest: Lister, Watcher,
# TableConvertor), and what only they are given.
_SERVING = frozenset({"List", "Watch", "ConvertToTable"})
_ASKED_FOR_ALL = re.compile(r"\b(internalversion|metainternalversion)\.ListOptions\b|\bTableOptions\b|\btableOptions\b")
_LISTER = re.compile(r"[lL]isters?$")
_LITERALS = frozenset({"interpreted_string_literal", "raw_string_literal", "true", "false"})
_STORE = re.compile(r"([sS]tore|[iI]ndexer|[iI]nformer)$")
_SHORT = re.compile(r"(?<![a-z])(assumed|nominated|waiting|victim)[A-Z]\w{0,40}$")
"""What a scheduler keeps for itself until the cluster's cache has caught up is short."""
_ALL = re.compile(r"NamespaceAll\b|^\"\"$")


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A call that goes through a cache: of which resource ("" if unknown), all of it or one namespace, with copies or without.

    indexed: an index gives what it asks for, which may still be much. constant: what one value, the same for all, has in an
    index. path, lines: of a call of a function that walks, where that stands.
    """

    call: Call
    resource: str
    everywhere: bool
    copies: bool = False
    indexed: bool = False
    constant: bool = False
    path: str = ""
    lines: tuple[int, ...] = ()


def scan(index: PackageIndex, function: Function, call: Call) -> Scan | None:
    """Give the scan that a call is, None for all else: requests, reads from an index, sets."""
    if call.name not in METHODS or call.operand is None:
        return None
    if _SHORT.search(kinds.alike(call.operand, function)):
        return None
    if call.name == "List" and not call.arguments and _is_snapshot(call.operand):
        return Scan(call, "nodes", True)
    type_ = index.type_of(call.operand, function.file, function)
    known = clients.client(type_)
    if call.name == "ByIndex":
        constant = len(call.arguments) == 2 and call.arguments[1].type in _LITERALS
        is_store = (known.kind == "store") if known is not None else type_ is None
        return Scan(call, _resource_by_name(function, call), False, constant=True) if constant and is_store else None
    if known is not None:
        if known.kind == "lister" and len(call.arguments) <= 1:
            return Scan(call, known.resource, _everywhere(index, function, call, type_))
        if known.kind == "store" and not call.arguments:
            return Scan(call, _resource_by_name(function, call), True)
        if known.kind in {"controller-runtime", "cache"}:
            return _cached(index, function, call)
        return None
    if type_ is None:
        return _by_name(function, call)
    promoted = _cached(index, function, call) if len(call.arguments) > 1 else None
    if promoted is not None:
        return promoted  # the method of a client that is embedded
    named = dereferenced(type_)
    if isinstance(named, Named) and named.path.endswith("client/cache") and named.name.endswith("Namespacer"):
        return Scan(call, _resource_by_name(function, call), _everywhere(index, function, call, type_))
    if not call.arguments and _is_store(index, type_):
        return Scan(call, _resource_by_name(function, call), True)
    listed = _listed(index, call, type_)
    return Scan(call, listed, "Namespace" not in syntax.text(call.operand) + str(named)) if listed else None


def _is_snapshot(operand: Node) -> bool:
    """Say whether an operand is all nodes of a scheduler's snapshot: `handle.SnapshotSharedLister().NodeInfos()` (k8s.io/
    kubernetes pkg/scheduler/framework, Handle and SharedLister)."""
    for name in ("NodeInfos", "SnapshotSharedLister"):
        function = operand.child_by_field_name("function") if operand.type == "call_expression" else None
        field = function.child_by_field_name("field") if function is not None else None
        inner = function.child_by_field_name("operand") if function is not None else None
        if field is None or inner is None or syntax.text(field) != name:
            return False
        operand = inner
    return True


_LONGEST = 120
"""Lines of a helper; what a longer function does is a piece of work of its own."""
_LISTS = re.compile(rb"\.(List|ListKeys|FilteredList)\(")


def wrapped(index: PackageIndex, function: Function, call: Call, depth: int = 0) -> Scan | None:
    """Give the walk through all of a cache that a call of a function of the program makes in there, None for all else."""
    known: dict[object, Scan | None] = index.found.setdefault(wrapped, {})
    key = (function.file.key, call.node.start_byte, call.node.end_byte, depth)
    if key not in known:
        known[key] = _wrapped(index, function, call, depth)
    return known[key]


def _wrapped(index: PackageIndex, function: Function, call: Call, depth: int) -> Scan | None:
    if call.name in METHODS or not call.name:
        return None
    callee = index.callee(call, function.file, function)
    if callee is None or callee.file.generated or callee.file.test:
        return None
    region, source = callee.region, callee.file.source
    if source.count(b"\n", region.start, region.end) > _LONGEST:
        return None
    if _LISTS.search(source, region.start, region.end):
        for inner in callee.calls:
            found = scan(index, callee, inner) if inner.name in METHODS and not inner.closures else None
            if found is not None and found.everywhere and not found.indexed and not _for_some(index, callee, inner):
                return replace(found, call=call, path=callee.file.path, lines=(inner.line,))
    if depth < 1:
        for inner in callee.calls:
            found = wrapped(index, callee, inner, depth + 1)
            if found is not None and not _for_some(index, callee, inner):
                return replace(found, call=call, lines=(inner.line, *found.lines))
    return None


def _for_some(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a function walks in a branch only: for some of what it is called for, nobody sees how many."""
    place = Place(index, function.file, function)
    branches = [each for each in call.conditions if each.kind in {"if", "else", "case"}]
    return any(map(conditions.spares, conditions.requirements(place, branches)))


def serves_all(function: Function) -> bool:
    """Say whether a function answers a LIST or WATCH itself: who asks it wants all there is."""
    return function.name in _SERVING and _ASKED_FOR_ALL.search(critical_paths.signature(function)) is not None


def _cached(index: PackageIndex, function: Function, call: Call) -> Scan | None:
    for request in requests(index, function.file, function, ()):
        if request.call is call and request.verb == "LIST" and not request.live:
            copies = not without_copies(function, call) and all(
                _OPTION.search(given_as(function, each)) for each in call.arguments[2:]
            )
            indexed = request.options.fields or request.options.unknown
            return Scan(call, request.resource, request.scope == "cluster", copies, indexed)
    return None


CHEAP, UNKNOWN, DEAR = range(3)


class Cost(NamedTuple):
    """What tells how dear a LIST of a cache is, each part CHEAP, UNKNOWN or DEAR: dearer ones compare as more."""

    unindexed: int
    everywhere: int
    copies: int


def cost(function: Function, call: Call) -> Cost:
    """Give how dear a LIST is, as far as its text tells: without an index, for all namespaces, with copies."""
    text = given(function, call)
    getter = call.operand.child_by_field_name("arguments") if call.operand is not None else None
    asked_for = syntax.children(getter)[:1] if getter is not None else []
    narrowed = _NARROWED.search(text) or any(not _ALL.search(syntax.text(each)) for each in asked_for)
    # Options that a function gives, or that come from elsewhere, may hold anything.
    dear = DEAR if all(_OPTION.search(given_as(function, each)) for each in call.arguments[2:]) else UNKNOWN
    return Cost(
        CHEAP if _INDEXED.search(text) else dear,
        CHEAP if narrowed else dear,
        CHEAP if "UnsafeDisableDeepCopy" in text else dear,
    )


_OPTION = re.compile(r"\b(InNamespace|Matching\w+|HasLabels|UnsafeDisableDeepCopy|Limit|ListOptions\{)")
_INDEXED = re.compile(r"\bMatchingFields|\bFieldSelector\b")
_NARROWED = re.compile(r"InNamespace\(|\bNamespace:")


def without_copies(function: Function, call: Call) -> bool:
    """Say whether a cached LIST is told to give the cache's own objects (client.UnsafeDisableDeepCopy)."""
    return "UnsafeDisableDeepCopy" in given(function, call)


def given(function: Function, call: Call) -> str:
    """Give the text of a call's arguments, and of what the variables among them were first given."""
    return "\n".join(given_as(function, argument) for argument in call.arguments)


def given_as(function: Function, argument: Node) -> str:
    """Give the text of an argument, and of what the variable that it is was first given."""
    text = syntax.text(argument)
    binding = function.binding(text.lstrip("&").removesuffix("..."), argument.start_byte)
    return f"{text}\n{syntax.text(binding.value)}" if binding is not None and binding.value is not None else text


def _by_name(function: Function, call: Call) -> Scan | None:
    """The fall-back where the type is unknown: what a field, a function or a declared type is named."""
    name = kinds.alike(call.operand, function) if call.operand is not None else ""
    if _STORE.search(name) and not call.arguments:
        return Scan(call, _resource_by_name(function, call), True)
    if (
        _LISTER.search(name)
        and len(call.arguments) == 1
        and ("elector" in syntax.text(call.arguments[0]) or "Everything" in syntax.text(call.arguments[0]))
    ):
        return Scan(call, _resource_by_name(function, call), True)
    return None


def _listed(index: PackageIndex, call: Call, type_: Type) -> str:
    """Give the resource that a project's own lister lists, by its method: List(labels.Selector) ([]*v1.Pod, error); "" for none.

    Lists of nodes are left out: what schedules has one at hand.
    """
    named = dereferenced(type_)
    if not isinstance(named, Named) or named.name.lower().startswith(("fake", "mock")):
        return ""
    if not named.name.endswith("Lister") and not isinstance(index.underlying(named), Interface):
        return ""
    member = index.member(named, call.name)
    signature = member.type if member is not None else None
    if not isinstance(signature, Signature) or not signature.results or len(signature.params) > 2:
        return ""
    if not all(_selects(index, param) for param in signature.params):
        return ""
    result = dereferenced(signature.results[0])
    listed = kinds.kind(result.elem) if isinstance(result, Slice) else None
    if listed is None and isinstance(result, Named):
        listed = resources.of_list(result.name)
    return listed if listed in kinds.RESOURCES - {"nodes"} else ""


def _selects(index: PackageIndex, type_: Type | None) -> bool:
    named = dereferenced(type_)
    return (isinstance(named, Named) and named.name == "Selector") or isinstance(index.underlying(type_), Signature)


def _is_store(index: PackageIndex, type_: Type) -> bool:
    """Say whether a type is a store or a heap by its methods: List() []interface{} beside reads by key or index."""
    named = dereferenced(type_)
    if not isinstance(named, Named):
        return False
    member = index.member(named, "List")
    if member is None or not isinstance(member.type, Signature) or member.type.params or len(member.type.results) != 1:
        return False
    result = member.type.results[0]
    held = index.underlying(result.elem) if isinstance(result, Slice) else None
    return isinstance(held, Interface) and _reads_by_key(index.methods(named))


def _reads_by_key(methods: frozenset[str]) -> bool:
    return bool(methods & {"ByIndex", "GetByIndex", "GetByKey", "Index"}) or methods >= {"Get", "Add"}


def _everywhere(index: PackageIndex, function: Function, call: Call, type_: Type | None) -> bool:
    named = dereferenced(type_)
    if isinstance(named, Named) and "Namespace" not in named.name and not named.name[:1].islower():
        return not _of_one_namespace(index, function, call)
    getter = call.operand
    if getter is not None and getter.type == "call_expression":
        arguments = getter.child_by_field_name("arguments")
        given = syntax.children(arguments) if arguments is not None else []
        return bool(given) and bool(_ALL.search(syntax.text(given[0])))
    return False


_FACTORY_OF_ONE = re.compile(r"\.InformersFor\((?!\s*(?:\"\"|\w+\.NamespaceAll)\s*\))")
"""The factory of the informers of one namespace (openshift/library-go pkg/operator/v1helpers, KubeInformersForNamespaces)."""


def _of_one_namespace(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a lister is of informers that keep one namespace alone."""
    if call.operand is None or not index.words.files("InformersFor"):
        return False
    found = origins(index).of(Place(index, function.file, function), call.operand)
    return (
        found.complete
        and bool(found.origins)
        and all(map(_FACTORY_OF_ONE.search, (syntax.text(each.node) for each in found.origins)))
    )


_LONGEST_CHAIN = 4


def _resource_by_name(function: Function, call: Call) -> str:
    """Give the resource whose name a store goes by: `c.podStore`, `c.serviceIndexer`, `c.nodeInformer.GetStore()`."""
    if call.operand is None:
        return ""
    node = call.operand
    for _ in range(_LONGEST_CHAIN):
        binding = function.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None
        if binding is None or binding.kind != "var" or binding.value is None:
            break
        node = binding.value
    named = [] if node.type == "identifier" else syntax.path(node) or []
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", " ".join([*named, kinds.alike(node, function)]))
    plurals = [resources.plural(word) for word in words]
    return next((each for each in reversed(plurals) if each in kinds.RESOURCES), "")
