"""What keeps an informer's or a manager's cache small or quick: transforms, selectors, namespaces, kinds, the namespace index.

Source: client-go @32ce75a7 informers/factory.go (WithTransform, WithTweakListOptions), tools/cache (SetTransform; a lister
that finds no NamespaceIndex walks all objects: listers.go, ListAllByNamespace); controller-runtime @86a0d40e pkg/cache
(ByObject, DefaultNamespaces, DefaultTransform).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.syntax import Node

_CALLS = frozenset({"WithTransform", "SetTransform", "WithTweakListOptions"})
_KEYS = frozenset({"ByObject", "DefaultNamespaces", "DefaultTransform", "NamespaceIndex"})
LOOK = re.compile(
    rb"\b(WithTransform|SetTransform|WithTweakListOptions|ByObject|DefaultNamespaces|DefaultTransform|Indexers)\b"
)


_INDEXED = re.compile(r"Informer|^AddIndexers$|^NewIndexer$")


class Restraint(NamedTuple):
    """A restraint: its name, the call or literal that it is a part of, the functions it names, where it stands."""

    name: str
    owner: str
    words: frozenset[str]
    node: Node


def restraints(function: Function) -> Iterator[Restraint]:
    """Yield the restraints in a function."""
    if function.body is None or not LOOK.search(function.file.source, function.region.start, function.region.end):
        return
    for call in function.calls:
        if call.name in _CALLS:
            around = _around(function, call.node)
            owner = around or (syntax.text(call.operand) if call.operand is not None else "")
            words = frozenset().union(*(_words(argument) for argument in call.arguments))
            yield Restraint(call.name, owner, words, call.node)
    for composite in function.composites:
        for element in syntax.children(composite.node.child_by_field_name("body") or composite.node):
            key = syntax.children(element)[:1] if element.type == "keyed_element" else []
            name = syntax.text(key[0]).rpartition(".")[2] if key else ""
            if name in _KEYS and composite.type is not None:
                owner = _around(function, composite.node) or syntax.text(composite.type)
                # Projects keep stores of their own, with indexers of their own.
                if name != "NamespaceIndex" or _INDEXED.search(owner):
                    yield Restraint(name, owner, frozenset(), composite.node)


def _words(argument: Node) -> frozenset[str]:
    return frozenset() if argument.type == "func_literal" else frozenset(re.findall(r"\w+", syntax.text(argument)))


def _around(function: Function, node: Node) -> str:
    """The name of the innermost call that something is an argument of."""
    calls = [
        each
        for each in function.calls
        if each.node.start_byte < node.start_byte and node.end_byte < each.node.end_byte and each.name
    ]
    return max(calls, key=lambda each: each.node.start_byte).name if calls else ""


def lost(before: Function, after: Function) -> Iterator[tuple[Restraint, str, Node | None]]:
    """Yield the restraints that a function had and has no more, though what they restrained is still there.

    With each what it names no more ("" for all of it), and what stands in its place (None if nothing does).
    """
    had, has = list(restraints(before)), list(restraints(after))
    for name, owner in dict.fromkeys((each.name, each.owner) for each in had):
        old = [each for each in had if (each.name, each.owner) == (name, owner)]
        new = [each for each in has if (each.name, each.owner) == (name, owner)]
        if len(new) < len(old):
            if _count(after, owner) >= _count(before, owner) > 0:
                yield old[len(new)], "", None
            continue
        for one, other in zip(old, new, strict=False):
            if (gone := sorted(one.words - other.words)) and other.words <= one.words:
                yield one, gone[0], other.node


def _count(function: Function, owner: str) -> int:
    source = function.file.source[function.region.start : function.region.end]
    return len(re.findall(rb"(?<!\w)" + re.escape(owner.encode()) + rb"(?!\w)", source)) if owner else 0
