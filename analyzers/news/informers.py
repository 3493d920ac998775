"""The informers and reflectors that a change adds, and whether one is made again and again.

An informer that is removed anywhere pays for one of the same resource that is added anywhere; one that was given to a function
and is made by it now is new all the same.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.execution.components import Component
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.kubernetes.requests.informers import Informer, informers
from analyzers.kubernetes.requests.requests import requests
from analyzers.news.paths import call_paths
from analyzers.news.requests import component_of


class NewInformer(NamedTuple):
    """An informer that a change adds, and where it runs; was_shared: its function was given a shared one before."""

    informer: Informer
    component: Component
    was_shared: bool


@once
def new_informers(change: Change) -> list[NewInformer]:
    """Give the informers, reflectors and factories that a change adds, in order; what makes its own for others is left out."""
    added = [(each, file) for file in change.go_files for each in _added(change, file)]
    if not added:
        return []
    before = [each for file in change.go_files for each in _removed(change, file)]
    removed = Counter((each.factory, each.resource) for each in before)
    factories = {each.function.key for each in before if each.factory}
    found = []
    # One of a single object, which is little, needs nobody to pay for it.
    for each, file in sorted(added, key=lambda pair: pair[0].one_object):
        if (not each.factory and each.function.key in factories) or _is_in_own_factory(each):
            continue  # a factory of its own stood here before, or this is one
        paying = next((key for key in ((each.factory, each.resource), (each.factory, "")) if removed[key] > 0), None)
        was_shared = _was_shared(each, file)
        if paying is not None and not was_shared:
            removed[paying] -= 1
            continue
        found.append(NewInformer(each, component_of(change, file, each.function), was_shared))
    return found


def _is_in_own_factory(each: Informer) -> bool:
    """Say whether an informer is made by a literal that a method hands to another of its type, which keeps what it makes:
    `return f.getInformer("pods", func() cache.SharedIndexInformer { ... })`."""
    receiver = each.function.receiver
    return receiver is not None and any(
        closure.role == "argument"
        and closure.call is not None
        and closure.call.operand is not None
        and syntax.text(closure.call.operand) == receiver.name
        for closure in each.call.closures
    )


def _added(change: Change, file: ChangedFile) -> Iterator[Informer]:
    if (
        file.head is None
        or implements_client(change.head_index, change.head_index.import_path(file.head))
        or "/informers/" in f"/{file.path}"
        or any(path.endswith("/fake") for path in file.head.imports.values())
    ):
        return
    for function in file.functions():
        if any(
            name in file.head.source[function.region.start : function.region.end]
            for name in (b"Informer", b"Reflector")
        ):
            found = requests(change.head_index, function.file, function, ())
            # On the line of its name: what changed among its arguments made no new informer.
            yield from (
                each
                for each in informers(change.head_index, function.file, function, found)
                if each.call.line in file.diff.added
            )


def _was_shared(each: Informer, file: ChangedFile) -> bool:
    """Say whether the function was given a shared informer before, and no more."""
    old = file.base.function(each.function.key) if file.base else None
    return old is not None and _takes_shared(old) and not _takes_shared(each.function)


def _takes_shared(function: Function) -> bool:
    return any(
        "SharedIndexInformer" in syntax.text(each.type) or "SharedInformer" in syntax.text(each.type)
        for each in function.params
    )


def _removed(change: Change, file: ChangedFile) -> Iterator[Informer]:
    for function in file.old_functions():
        source = function.file.source[function.region.start : function.region.end]
        if b"Informer" in source or b"Reflector" in source:
            found = requests(change.base_index, function.file, function, ())
            yield from (
                each
                for each in informers(change.base_index, function.file, function, found)
                if each.call.line in file.diff.removed
            )


def repeated(change: Change, each: Informer) -> str | None:
    """Say for what an informer is made again and again ("object that is reconciled", "event"), None if nothing says that it is.

    It is made where objects are reconciled or events handled: each time, with no condition that spares it, or once for each
    name, namespace, key or object that the function is given, by a client that the receiver has. One for a kind of objects,
    of which there are few, or of a cluster whose client is made there, is none.
    """
    function = each.function
    if each.one_object and each.resource in _READ_ONE_BY_ONE:
        return None
    types = [" ".join(syntax.text(parameter.type).split()) for parameter in function.params]
    if any("GroupVersion" in type_ for type_ in types):
        return None
    path = call_paths(change).worst(function, each.call)
    requested = path.root == "critical" and path.critical is not None and path.critical.per == "request"
    if path.root != "event" and not requested:
        return None
    always = not path.rare and not any(conditions.spares(test) for test in path.conditions)
    if not always and not (_is_of_one(each, types) and _is_of_receiver(each)):
        return None
    if requested:
        return "request"
    return "event" if path.critical is not None and path.critical.per == "event" else "object that is reconciled"


def _is_of_one(each: Informer, types: list[str]) -> bool:
    """Say whether an informer is made for one name, namespace, key or object that its function is given."""
    function, call = each.function, each.call
    given = {parameter.name for parameter, type_ in zip(function.params, types, strict=True) if _OF_ONE.search(type_)}
    made_of = {syntax.text(node) for node in syntax.walk(call.node) if node.type == "identifier"}
    for name in tuple(made_of):  # a ListWatch, or options, that stand in a variable
        binding = function.binding(name, call.node.start_byte)
        if binding is not None and binding.kind == "var" and binding.value is not None:
            made_of |= {syntax.text(node) for node in syntax.walk(binding.value) if node.type == "identifier"}
    return bool(given & made_of)


_READ_ONE_BY_ONE = frozenset({"secrets", "configmaps"})
"""Of which a cluster holds so many that a watch of each that is needed is better than one of all, as kubelets do."""
_OF_ONE = re.compile(r"^(string|(\w+\.)?(NamespacedName|ObjectKey|Request)|\*\w+\.[A-Z]\w*)$")


def _is_of_receiver(each: Informer) -> bool:
    """Say whether the client that an informer lists with is a field of the receiver, and not made or given for the occasion."""
    receiver = each.function.receiver.name if each.function.receiver is not None else ""
    return bool(receiver) and each.client is not None and syntax.text(each.client).startswith(f"{receiver}.")
