"""Places: what a change adds, leaving out what it only moves, indents or renames around it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from analyzers.analysis.change import Change, ChangedFile
from analyzers.golang.facts.declaration import Function

T = TypeVar("T")


class Candidate(NamedTuple, Generic[T]):
    """Something that stands on lines first..last of a function. Equal keys are the same thing, wherever it stands.

    A key of `renamed` it shares with itself under another name, which the rule's `pays` must confirm.
    """

    key: Hashable
    first: int
    last: int
    what: T
    renamed: tuple[Hashable, ...] = ()


Find = Callable[[Function], Iterable[Candidate[T]]]


class Added(NamedTuple, Generic[T]):
    """Something that the change adds, in a function as it is after the change."""

    file: ChangedFile
    function: Function
    first: int
    last: int
    what: T


class Removed(NamedTuple, Generic[T]):
    """Something that the change removes, in a function as it was before the change."""

    file: ChangedFile
    function: Function
    what: T


Pays = Callable[[Removed[T], Added[T]], bool]
"""Says whether something removed is the same as something added, or costs as much; it may resolve types."""


def added(change: Change, find: Find[T], pays: Pays[T] | None = None) -> Iterator[Added[T]]:
    """Yield what `find` sees on added lines and not, with the same key, on removed ones.

    Multiplicity counts: two for one that was removed are one new thing. Something removed from a function of the same
    name is taken for the same thing first, what has another name last. `find` is asked about the text only, so it must
    resolve no types; `pays` is asked about the few that match.
    """
    found = [
        (candidate, Added(file, function, candidate.first, candidate.last, candidate.what))
        for file in change.go_files
        for function in file.functions()
        for candidate in find(function)
        if file.added(candidate.first, candidate.last)
    ]
    if not found:
        return
    removed: dict[Hashable, list[Removed[T]]] = defaultdict(list)
    for file in change.go_files:
        for function in file.old_functions():
            for candidate in find(function):
                if file.diff.removes(candidate.first, candidate.last):
                    old = Removed(file, function, candidate.what)
                    for key in (candidate.key, (candidate.key, function.name), *candidate.renamed):
                        removed[key].append(old)
    spent: set[int] = set()

    def paid(new: Added[T], *keys: Hashable) -> bool:
        for key in keys:
            waiting = removed.get(key, [])
            while waiting and id(waiting[-1]) in spent:
                waiting.pop()
            for old in reversed(waiting):
                if id(old) not in spent and (pays is None or pays(old, new)):
                    spent.add(id(old))
                    return True
        return False

    unpaid = [(each, new) for each, new in found if not paid(new, (each.key, new.function.name))]
    unpaid = [(each, new) for each, new in unpaid if not paid(new, each.key)]
    for number in range(max((len(each.renamed) for each, _ in unpaid), default=0)):  # what is nearest first, for all
        unpaid = [(each, new) for each, new in unpaid if not paid(new, *each.renamed[number : number + 1])]
    yield from (new for _, new in unpaid)


def gone(change: Change, old: Removed[T], name: str) -> bool:
    """Say whether the package in which something stood declares `name` ("Recv.Name" for a method) no more."""
    package = change.head_index.package_of(old.function.file.path)
    receiver, _, method = name.rpartition(".")
    return (package.method(receiver, method) if receiver else package.lookup(name)) is None
