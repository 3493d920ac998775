"""The caches that a change makes beside the one of a process' manager, and what is read through them unawares.

Each manager and each cluster has a cache of its own, with options of its own: a kind that one of them is told to restrict, or to
leave out, another keeps whole.

Source: controller-runtime @86a0d40e pkg/cluster/cluster.go (New makes a cache, and a client that reads from it; a manager embeds
a cluster), pkg/manager/manager.go (New).
"""

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes import kinds, scale
from analyzers.kubernetes.execution import entries
from analyzers.kubernetes.execution.components import component
from analyzers.kubernetes.program import origins_apart, package_called
from analyzers.kubernetes.requests import cached_kinds, clients, managers, restraints
from analyzers.kubernetes.requests.cached_kinds import CachedKind
from analyzers.kubernetes.requests.clients import Client
from analyzers.kubernetes.requests.request import READS
from analyzers.kubernetes.requests.requests import Request, requests
from analyzers.kubernetes.requests.restraints import CONTROLLER_RUNTIME, Restraint

_MAKERS = frozenset(
    {
        (f"{CONTROLLER_RUNTIME}/pkg/cluster", "New"),
        (f"{CONTROLLER_RUNTIME}/pkg/manager", "New"),
        (CONTROLLER_RUNTIME, "NewManager"),
    }
)
_MAKES = re.compile(rb"\b\w{1,40}\.New\(|\bNewManager\(")
_CACHE = (f"{CONTROLLER_RUNTIME}/pkg/cache", "New")
"""A cache alone, in whose place that of a cluster may stand."""
_GIVES = frozenset({"GetClient", "GetCache"})
_READS = re.compile(rb"\b(?:Get|List|get|list)\w{0,60}\(")
_MOST_READERS = 300
"""Functions of a process that may read a kind and are looked at: a larger program is left alone."""
_LEAST = 20_000_000
"""Bytes of all objects of a kind that are worth a word."""
_LARGE = {kind: resource for kind, resource in kinds.KEPT.items() if scale.size(resource) >= _LEAST}


_WORDS = b"|".join(kind.encode() for kind in _LARGE)
_MENTIONS = re.compile(rb"\.(?:%(k)s)(?:List)?\b|\b(?:[gG]et|[lL]ist)\w{0,40}(?:%(k)s)" % {b"k": _WORDS})
"""What names one of the types, or calls what is named for reading one."""


class FurtherCache(NamedTuple):
    """A kind that a cache which the change makes beside another one keeps whole, as a function reads it from there."""

    file: ChangedFile
    function: Function
    made: Call
    reader: Function
    read: CachedKind


@once
def further_caches(change: Change) -> list[FurtherCache]:
    """Give what the caches keep unawares that a change makes beside others, the largest kind of each first."""
    found = []
    gone = sum(1 for file in change.go_files for _ in _made(change.base_index, file, removed=True))
    for file in change.go_files:
        for function, call in _made(change.head_index, file, removed=False):
            if gone > 0:
                gone -= 1  # it stood somewhere else, or was made in another way
            elif _is_further(change.head_index, function, call):
                kept = _kept(change.head_index, file, function, call)
                found += sorted(kept, key=lambda each: -scale.size(each.read.resource))
    return found


def _made(index: PackageIndex, file: ChangedFile, removed: bool) -> Iterator[tuple[Function, Call]]:
    """The calls that make a manager or a cluster on the lines of a file that the change removes (a cache alone, too), or adds."""
    source = file.base if removed else file.head
    if source is None or not managers.USES.search(source.source) or not _MAKES.search(source.source):
        return
    if not component(source.path).reviewed:
        return
    makers = _MAKERS | {_CACHE} if removed else _MAKERS
    for function in file.old_functions() if removed else file.functions():
        for call in function.calls:
            changed = file.diff.removes(call.line, call.end_line) if removed else call.line in file.diff.added
            if changed and _is_maker(index, function, call, makers):
                yield function, call


def _is_maker(
    index: PackageIndex, function: Function, call: Call, makers: frozenset[tuple[str, str]] = _MAKERS
) -> bool:
    if call.name not in {"New", "NewManager"}:
        return False
    return (package_called(Place(index, function.file, function), call), call.name) in makers


def _is_further(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a cache is one beside another: that of a cluster, or of a second manager that the same function makes."""
    if package_called(Place(index, function.file, function), call).endswith("/cluster"):
        return True
    others = [each for each in function.calls if each is not call and _is_maker(index, function, each)]
    return any(each.node.start_byte < call.node.start_byte and not _are_branches(each, call) for each in others)


def _are_branches(one: Call, other: Call) -> bool:
    """Say whether one of two calls may stand in another branch than the other, so that there is one of them."""
    around = [[each.node for each in call.conditions if each.kind in {"if", "else", "case"}] for call in (one, other)]
    return around[0] != around[1]


def _kept(index: PackageIndex, file: ChangedFile, function: Function, made: Call) -> Iterator[FurtherCache]:
    if not _shows_its_options(function, made):
        return
    told = _told(index, function, made)
    whole = managers.Manager(tuple(each for each in told if each.name not in restraints.LISTS))
    out = {each.kind for each in told if each.name in restraints.LISTS}
    seen: set[str] = set()
    for reader in _readers(index, function, made):
        for read, client in _asked(index, reader):
            name = read.type.name
            if name in seen or name in out or name not in _LARGE or whole.restricts(name):
                continue
            if _comes_from(index, reader, read.call, client, function, made):
                seen.add(name)
                yield FurtherCache(file, function, made, reader, read)


def _asked(index: PackageIndex, reader: Function) -> Iterator[tuple[CachedKind, Node]]:
    """The reads of cached kinds in a function, or in one that it calls with a client, each with that client."""
    asked = requests(index, reader.file, reader, ())
    for read in _reads(index, reader, asked):
        if read.call.operand is not None:
            yield read, read.call.operand
    for request in asked:
        if request.kind != "wrapper" or request.verb not in READS or len(request.through) != 1:
            continue
        within = request.through[0]
        inner = requests(index, within.file, within, ())
        for read in _reads(index, within, inner):
            given = _given(index, reader, request.call) if read.resource == request.resource else None
            if given is not None:
                yield read._replace(call=request.call), given


def _reads(index: PackageIndex, function: Function, asked: Iterable[Request]) -> Iterator[CachedKind]:
    """The reads among requests that this cache may answer: what another one leaves out says nothing of it."""
    may = [dataclasses.replace(each, live=False) for each in asked]
    yield from (each for each in cached_kinds.cached_kinds(index, function, may) if each.cause == "read")


def _given(index: PackageIndex, function: Function, call: Call) -> Node | None:
    """The one client of controller-runtime that a call is given."""
    found = [
        each
        for each in call.arguments
        if clients.client(index.type_of(each, function.file, function)) == Client("controller-runtime")
    ]
    return found[0] if len(found) == 1 else None


def _shows_its_options(function: Function, made: Call) -> bool:
    """Say whether the options of a cache stand where it is made: those of elsewhere may restrict anything."""
    for argument in made.arguments[1:]:
        node: Node | None = argument
        if argument.type == "identifier":
            binding = function.binding(syntax.text(argument), argument.start_byte)
            node = binding.value if binding is not None else None
        if node is None or node.type not in {"composite_literal", "func_literal"}:
            return False
    return b"NewCache" not in syntax.text(made.node).encode() or b"cache.New(" in syntax.text(made.node).encode()


def _told(index: PackageIndex, function: Function, made: Call) -> list[Restraint]:
    """The restraints in a function that may be of this cache: all but those that another one is made with."""
    others = [each.node for each in function.calls if each is not made and _is_maker(index, function, each)]
    return [
        each
        for each in restraints.restraints(index, function)
        if not any(syntax.contains(other, each.node) for other in others)
    ]


def _readers(index: PackageIndex, function: Function, made: Call) -> Iterator[Function]:
    """The functions that may read large kinds in the processes that make this cache."""
    packages: set[str] = set()
    for entry in entries.entries(index, function, made.closures):
        packages |= entries.packages(index, entry) or frozenset()
    held = managers.files(index, "", *((kind,) for kind in _LARGE), within=frozenset(packages)) if packages else ()
    named = (
        reader
        for file in held
        if managers.USES.search(file.source)
        for reader in file.functions
        if _MENTIONS.search(file.source, reader.region.start, reader.region.end)
        and _READS.search(file.source, reader.region.start, reader.region.end)
    )
    found = list(itertools.islice(named, _MOST_READERS + 1))
    if len(found) <= _MOST_READERS:
        yield from found


def _comes_from(
    index: PackageIndex, reader: Function, read: Call, client: Node, function: Function, made: Call
) -> bool:
    """Say whether the client of a read is, on a way that is seen, that of this cache."""
    place = Place(index, reader.file, reader)
    member = index.member(place.type_of(client), read.name) if client is read.operand else None
    known = origins_apart(index)
    for each in known.of(place, client, member.through if member is not None else ()).origins:
        if each.kind != "call" or each.call is None or each.call.name not in _GIVES or each.call.operand is None:
            continue
        for maker in known.of(each.place, each.call.operand).origins:
            call = maker.call
            if call is not None and (maker.place.file.path, call.node.start_byte) == (
                function.file.path,
                made.node.start_byte,
            ):
                return True
    return False
