"""Places: what a change adds, leaving out what it only moves, indents or renames around it."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from analyzers.analysis.change import Change, ChangedFile
from analyzers.golang.declaration import Function

T = TypeVar("T")


class Candidate(NamedTuple, Generic[T]):
    """Something that stands on lines first..last of a function. Equal keys are the same thing, wherever it stands."""

    key: Hashable
    first: int
    last: int
    what: T


Find = Callable[[Function], Iterable[Candidate[T]]]


class Added(NamedTuple, Generic[T]):
    """Something that the change adds, in a function as it is after the change."""

    file: ChangedFile
    function: Function
    first: int
    last: int
    what: T


def added(change: Change, find: Find[T]) -> Iterator[Added[T]]:
    """Yield what `find` sees on added lines and not, with the same key, on removed ones.

    Multiplicity counts: two for one that was removed are one new thing. Something removed from a function of the same
    name is taken for the same thing first. `find` is asked about the text only, so it must resolve no types.
    """
    found = [
        Added(file, function, candidate.first, candidate.last, candidate)
        for file in change.go_files
        for function in file.functions()
        for candidate in find(function)
        if file.added(candidate.first, candidate.last)
    ]
    if not found:
        return
    removed: Counter[Hashable] = Counter()
    in_function: Counter[tuple[Hashable, str]] = Counter()
    for file in change.go_files:
        for function in file.old_functions():
            for candidate in find(function):
                if file.diff.removes(candidate.first, candidate.last):
                    removed[candidate.key] += 1
                    in_function[candidate.key, function.name] += 1
    new = []
    for each in found:
        key = each.what.key
        if in_function[key, each.function.name] > 0:
            in_function[key, each.function.name] -= 1
            removed[key] -= 1
        else:
            new.append(each)
    for each in new:
        if removed[each.what.key] > 0:
            removed[each.what.key] -= 1
        else:
            yield Added(each.file, each.function, each.first, each.last, each.what.what)
