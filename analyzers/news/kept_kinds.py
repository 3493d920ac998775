"""The kinds of objects that a change brings into a manager's cache."""

import re
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.types import Named
from analyzers.kubernetes import scale
from analyzers.kubernetes.execution import node_programs
from analyzers.kubernetes.requests import cached_kinds, managers
from analyzers.kubernetes.requests.cached_kinds import CachedKind
from analyzers.kubernetes.requests.requests import requests


class Kept(NamedTuple):
    """A kind that the change brings into a manager's cache, and the function whose call does."""

    file: ChangedFile
    function: Function
    found: CachedKind
    within: frozenset[str] | None
    """The code of the programs of nodes that alone hold it: each has a cache of its own. None where other programs do."""

    @property
    def size(self) -> int:
        """The bytes of all objects of the kind in the largest supported cluster."""
        resource = self.found.resource
        return scale.COUNTS[resource] * scale.BYTES.get(resource, scale.OBJECT_BYTES)


@once
def first_kept(change: Change) -> list[Kept]:
    """Give the kinds that the change brings into a manager's cache, each where it is watched on purpose, or else first read; but
    those of which the manager's options have it keep fewer."""
    found_kinds: list[Kept] = []
    news: dict[tuple[Named, frozenset[str] | None], list[Kept]] = {}
    for file in change.go_files:
        if file.head is None or not MANAGED.search(file.head.source):
            continue
        for function in file.functions():
            reads = requests(change.head_index, function.file, function, ())
            for found in cached_kinds.cached_kinds(change.head_index, function, reads):
                if found.resource in scale.COUNTS and file.added(found.call.line, found.call.end_line):
                    within = node_programs.agents_code(change.head_index, file.path)
                    news.setdefault((found.type, within), []).append(Kept(file, function, found, within))
    for (kind, within), places in news.items():
        path = places[0].file.path
        if cached_kinds.kept_elsewhere(change.base_index, kind, path, within) or kind in _kept_there(change):
            continue
        if managers.manager(change.head_index, path, within).restricts(kind.name):
            continue
        first = min(places, key=lambda place: ("watch", "index", "read").index(place.found.cause))
        # A client reads live where no manager gives it; who writes a builder has one.
        if (within is not None or first.found.cause == "read") and not cached_kinds.makes_manager(
            change.head_index, path, within
        ):
            continue
        found_kinds.append(first)
    return found_kinds


@once
def _kept_there(change: Change) -> frozenset[Named]:
    """The kinds that what the change rewrote had a manager's cache keep before."""
    index = change.base_index
    return frozenset(
        found.type
        for file in change.go_files
        for function in file.old_functions()
        for found in cached_kinds.cached_kinds(index, function, requests(index, function.file, function, ()))
    )


MANAGED = re.compile(rb"sigs\.k8s\.io/controller-runtime")
