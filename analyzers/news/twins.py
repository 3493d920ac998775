"""Functions that a change gives another name, or copies from beside them: what they do was done before.

A twin is the function before the change whose lines are nearly those of one that is new, but for names: one that is gone from
the change's files, or one of the file of the same name in a folder beside the new file's (an API's next version).
"""

import re
from collections import Counter
from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile

_ALIKE = 0.75
"""The share of lines that two functions have in common at least: half of what is written for the one is no copy of the other."""
_SHORTEST, _LONGEST = 5, 400
"""Lines: shorter functions are alike by chance, and longer ones are moved by no one."""
_MOST_COMPARED = 2_000
"""Pairs of functions in one change: some 0.2 ms each."""
_MOST_FOLDERS = 40
_WORD = re.compile(r"[^\W\d]\w{0,200}")


class _Twins:
    """The twins of a change's new functions, found when they are asked for."""

    def __init__(self) -> None:
        self.left = _MOST_COMPARED
        self.known: dict[tuple[str, str], list[Function]] = {}


def was_there(change: Change, path: str, key: str, first: int, last: int) -> bool:
    """Say whether lines first..last of a new function (the key of a function of the file at `path` after the change) stand in
    its twin too, whatever is called otherwise there."""
    file = next((each for each in change.go_files if each.path == path), None)
    function = file.head.function(key) if file is not None and file.head is not None else None
    if file is None or function is None or not _is_of_size(function) or not _is_new(file, function):
        return False
    ours = _text(function)
    asked = "\n".join(ours.split("\n")[first - function.line : last - function.line + 1])
    for old in _twins(change, file, function):
        before = _text(old)
        wanted = _lines(_without(asked, _words(ours) - _words(before)))
        if wanted and not wanted - _lines(_without(before, _words(before) - _words(ours))):
            return True
    return False


def _is_new(file: ChangedFile, function: Function) -> bool:
    return file.base is None or file.base.function(function.key) is None


def _is_of_size(function: Function) -> bool:
    return _SHORTEST <= function.end_line - function.line <= _LONGEST


@once
def _found(change: Change) -> _Twins:
    return _Twins()


def _twins(change: Change, file: ChangedFile, function: Function) -> list[Function]:
    twins, key = _found(change), (file.path, function.key)
    if key not in twins.known:
        twins.known[key] = []
        ours, length = _text(function), function.end_line - function.line
        for old in (*_gone(change), *_beside(change, file)):
            if not _ALIKE * length <= old.end_line - old.line <= length / _ALIKE:
                continue
            if twins.left <= 0:
                break
            twins.left -= 1
            if _share(*_blanked(ours, _text(old))) >= _ALIKE:
                twins.known[key].append(old)
    return twins.known[key]


@once
def _gone(change: Change) -> list[Function]:
    """The functions of the change's files that are there no more under their names."""
    return [
        old
        for file in change.go_files
        for old in file.old_functions()
        if _is_of_size(old) and (file.head is None or file.head.function(old.key) is None)
    ]


def _beside(change: Change, file: ChangedFile) -> Iterator[Function]:
    """The functions of the files of the same name in the folders beside a new file's."""
    for source in _siblings(change).get(file.path, ()) if file.base is None else ():
        yield from source.functions


@once
def _siblings(change: Change) -> dict[str, list[SourceFile]]:
    found: dict[str, list[SourceFile]] = {}
    for file in change.go_files:
        folder, _, name = file.path.rpartition("/")
        above = folder.rpartition("/")[0]
        if file.base is not None or not folder:
            continue
        others = [each.name for each in change.base.list(above) if each.kind == "tree"]
        paths = [
            f"{above}/{other}/{name}".lstrip("/") for other in others[:_MOST_FOLDERS] if f"{above}/{other}" != folder
        ]
        sources = (change.base_index.file(path) for path in paths if change.base.id(path) is not None)
        found[file.path] = [source for source in sources if source is not None]
    return found


def _text(function: Function) -> str:
    start, end = function.region.start, function.region.end
    return function.file.source[start:end].decode("utf-8", "replace")


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text))


def _blanked(one: str, other: str) -> tuple[Counter[str], Counter[str]]:
    """The lines of two texts, without the words that only one of them has."""
    ours, theirs = _words(one), _words(other)
    return _lines(_without(one, ours - theirs)), _lines(_without(other, theirs - ours))


def _without(text: str, words: set[str]) -> str:
    return _WORD.sub(lambda match: "_" if match[0] in words else match[0], text)


def _lines(text: str) -> Counter[str]:
    return Counter(line for each in text.split("\n") if len(line := "".join(each.split())) > 1)


def _share(one: Counter[str], other: Counter[str]) -> float:
    """What two texts have in common, of 0 to 1: twice the lines in both, of all lines."""
    return 2 * (one & other).total() / max(one.total() + other.total(), 1)
