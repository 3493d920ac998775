"""Caches of controller-runtime that a program makes beside its manager's: pkg/cache, New; each has informers of its own.

Source: controller-runtime @86a0d40e pkg/cache/cache.go (New), pkg/cluster/cluster.go (GetCache, GetConfig of one cluster).
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
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import kinds, resources
from analyzers.kubernetes.execution.programs import project
from analyzers.kubernetes.requests import managers, restraints
from analyzers.kubernetes.requests.restraints import CONTROLLER_RUNTIME

_RESTRICTS = re.compile(r"Selector|ByObject|Transform")


class SecondCache(NamedTuple):
    """A use of a cache that is made beside a manager's, of the same cluster: the kind, its resource, and the call that asks for
    an informer of it."""

    kind: Named
    resource: str
    made: Call
    use: Call
    manager: str


def second_caches(index: PackageIndex, function: Function) -> Iterator[SecondCache]:
    """Yield the kinds of which a function has a cache beside its manager's keep all objects."""
    place = Place(index, function.file, function)
    for call in function.calls:
        if call.name != "New" or call.operand is None or len(call.arguments) != 2:
            continue
        if place.imported(call.operand) != f"{CONTROLLER_RUNTIME}/pkg/cache":
            continue
        manager, variable = _manager(place, call.arguments[0]), _variable(function, call)
        if not manager or not variable:
            continue
        for use in function.calls:
            example = _asked(use, variable)
            kind = dereferenced(place.type_of(example)) if example is not None else None
            resource = kinds.kind(kind)
            if isinstance(kind, Named) and resource is not None and not _restricted(resource, call.arguments[1]):
                yield SecondCache(kind, resource, call, use, manager)


def _manager(place: Place, config: Node) -> str:
    """The expression of the manager of whose cluster a configuration is, `mgr.GetConfig()`; "" for all else."""
    call = (
        place.function.facts.call_at(config)
        if place.function is not None and config.type == "call_expression"
        else None
    )
    if call is None or call.name != "GetConfig" or call.operand is None:
        return ""
    named = dereferenced(place.type_of(call.operand))
    ours = isinstance(named, Named) and named.path.startswith(CONTROLLER_RUNTIME) and named.name == "Manager"
    return syntax.text(call.operand) if ours else ""


def _variable(function: Function, call: Call) -> str:
    for assignment in function.assignments:
        if any(each == call.node for each in assignment.right) and assignment.left[0].type == "identifier":
            return syntax.text(assignment.left[0])
    return ""


def _asked(use: Call, variable: str) -> Node | None:
    """The example object of which a call asks the cache in a variable for an informer."""
    if use.name == "GetInformer" and use.operand is not None and syntax.text(use.operand) == variable:
        return use.arguments[1] if len(use.arguments) > 1 else None
    if use.name == "Kind" and len(use.arguments) > 1 and syntax.text(use.arguments[0]) == variable:
        return use.arguments[1]
    return None


def _restricted(resource: str, options: Node) -> bool:
    text = syntax.text(options)
    if options.type != "composite_literal" or _RESTRICTS.search(text):
        return True
    return "DefaultNamespaces" in text and resource not in resources.CLUSTER_SCOPED


def kept_by_the_manager(index: PackageIndex, found: SecondCache, path: str) -> bool:
    """Say whether the program's manager keeps all objects of the kind: one of its controllers watches them whole, through no
    other cache, and no option restricts them."""
    name, folder = found.kind.name, project(index, path)
    entries = (
        kind
        for file in managers.files(index, folder, ("ByObject", "Everything", name))
        for function in file.functions
        for kind in restraints.kept_whole(index, function)
    )
    if managers.manager(index, path).restricts(name) and name not in entries:
        return False
    word = re.escape(name.encode())
    own = re.escape(found.manager.rpartition(".")[2].encode()) if "." in found.manager else rb"\w+"
    mention = re.compile(
        rb"\b(?:For|Owns|Watches)\(&?\w+\.%(k)s\{\}[,)](?![^\n]*OnlyMetadata)"
        rb"|\bKind(?:\[[\w.]{1,60}\])?\((?:\w+\.)*%(m)s\.GetCache\(\), &\w+\.%(k)s\{\}" % {b"k": word, b"m": own}
    )
    return any(mention.search(file.source) for file in managers.files(index, folder, (name,)))
