"""What a change took from caches of what kept them small or quick: restraints that are gone while what they restrained stays.

A cache has a rank: metadata alone, fewer objects, whole ones. What goes down is news; the same or better is none, however it
was written before: a restraint that is gone is paid for by any other of its family that is added, or kept, for the kind.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.types import Named
from analyzers.kubernetes.requests import cached_kinds, restraints
from analyzers.kubernetes.requests.restraints import Restraint

_MOST_PAIRS = 1_000_000
"""Restraints taken away times restraints added: more are no change that a person wrote."""
_FACTORY = re.compile(r"^New\w{0,40}SharedInformerFactory\w{0,40}$")
_METADATA_FACTORIES = re.compile(r"/metadata/metadatainformer$")
_RESOURCE = re.compile(r'WithResource\("(\w{1,60})"\)|Resource:\s*"(\w{1,60})"')


class Loosened(NamedTuple):
    """A restraint that is gone: in the function after the change, on a line of its file; `word` is what it names no more,
    "" where it is gone as a whole; `resource` is whose objects it restrained, "" for all, or unknown."""

    restraint: Restraint
    word: str
    file: ChangedFile
    function: Function
    line: int
    resource: str = ""


@once
def loosened(change: Change) -> list[Loosened]:
    """Give the restraints that a change takes away."""
    return list(_loosened(change))


def _loosened(change: Change) -> Iterator[Loosened]:
    touched = [file for file in change.go_files if _mentions(file)]
    if not touched:
        return
    added = [
        each
        for file in change.go_files
        if file.head is not None
        for function in file.functions()
        for each in restraints.restraints(change.head_index, function)
        if each.line in file.diff.added
    ]
    gone = [
        (file, old, [each for each in _had(change, old) if each.line in file.diff.removed])
        for file in touched
        for old in file.old_functions()
    ]
    if sum(len(lost) for _, _, lost in gone) * len(added) > _MOST_PAIRS:
        return
    # What is added where as many were taken away takes the place of those.
    spent = Counter((old.key, each.family) for _, old, lost in gone for each in lost)
    spent.subtract((each.function.key, each.family) for each in added)
    for file, old, lost in gone:
        function = file.head.function(old.key) if file.head is not None else None
        kept = list(restraints.restraints(change.head_index, function)) if function is not None else []
        free = [each for each in added if each.function.key == old.key or spent[each.function.key, each.family] < 0]
        if function is not None:
            yield from _metadata_factory(file, old, function)
        for each in dict.fromkeys(lost):
            yield from _lost(change, file, each, function, kept, free)


def _mentions(file: ChangedFile) -> bool:
    """Say whether a removed line names a restraint, or a kind among the entries of one."""
    if file.base is None or not restraints.LOOK.search(file.base.source):
        return False
    removed = file.diff.removed.values()
    return any(restraints.LOOK.search(text.encode()) or _ENTRY.search(text) for text in removed)


_ENTRY = re.compile(r"&\w{1,80}(\.\w{1,80})?\{\}\s*[,:]|OnlyMetadata")


def _had(change: Change, old: Function) -> Iterator[Restraint]:
    seen: set[tuple[str, str, int]] = set()
    for each in restraints.restraints(change.base_index, old):
        if (key := (each.family, each.kind, each.node.start_byte)) not in seen:
            seen.add(key)
            yield each


def _lost(
    change: Change,
    file: ChangedFile,
    old: Restraint,
    function: Function | None,
    kept: list[Restraint],
    added: list[Restraint],
) -> Iterator[Loosened]:
    if old.family == "metadata":
        yield from _whole(change, file, old, added)
        return
    same = [each for each in kept if each.name == old.name and each.owner == old.owner]
    if same and old.words and function is not None:
        now = next((each for each in same if each.line in file.diff.added), same[0])
        gone = sorted(old.words - frozenset().union(*(each.words for each in same)))
        if gone and now.words <= old.words and not _written(change, gone[0]):
            yield Loosened(old, gone[0], file, function, now.line, old.resource)
        return
    if any(_pays(each, old) for each in (*kept, *added)) or (old.family == "index" and _written(change, old.name)):
        return
    if function is None or not _still_there(change, file, old, function):
        return
    if old.name in restraints.BY_NAMESPACE and any(each.family == "uncached" for each in added):
        return  # the few that are read are read live now
    yield Loosened(old, "", file, function, file.diff.successors[old.line], old.resource)


def _pays(new: Restraint, old: Restraint) -> bool:
    return new.family == old.family and (new.kind == old.kind or not new.kind or not old.kind)


def _written(change: Change, name: str) -> bool:
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    return any(pattern.search(text) for file in change.go_files for text in file.diff.added.values())


def _still_there(change: Change, file: ChangedFile, old: Restraint, function: Function) -> bool:
    """Say whether what was restrained is still made, and the kind still of interest."""
    if old.of_manager:
        # Of a client or a manager that is made no more.
        if _called(function, old.owner) < _called(old.function, old.owner):
            return False
        if _managers(function) < _managers(old.function):
            return False
        if not _makes_manager(change, file, function):
            return False
        return not old.kind or cached_kinds.kept_elsewhere(change.head_index, Named("", old.kind), function.file.path)
    if old.name == "SetTransform":
        return _mentioned(function, old.owner)
    if old.family == "index":
        return _count(function, old.owner) >= _count(old.function, old.owner) > 0
    before, after = _factories(old.function), _factories(function)
    if before or after:
        return after >= before
    package = change.head_index.package_of(function.file.path)
    return any(re.search(rb"\bNew\w{0,40}SharedInformerFactory", each.source) for each in package.files())


def _makes_manager(change: Change, file: ChangedFile, function: Function) -> bool:
    package = change.head_index.package_of(file.path)
    if any(cached_kinds.MAKES_MANAGER.search(each.source) for each in package.files() if not each.test):
        return True
    return cached_kinds.makes_manager(change.head_index, function.file.path)


def _called(function: Function, name: str) -> int:
    return sum(call.name == name for call in function.calls)


def _managers(function: Function) -> int:
    source = function.file.source
    return len(cached_kinds.MAKES_MANAGER.findall(source, function.region.start, function.region.end))


def _factories(function: Function) -> int:
    return sum(_FACTORY.match(call.name) is not None for call in function.calls)


def _mentioned(function: Function, operand: str) -> bool:
    """Say whether a function still has an informer, by the expression that stood before."""
    source = function.file.source[function.region.start : function.region.end].decode("utf-8", "replace")
    if re.fullmatch(r"\w+", operand):
        return re.search(rf"\b{operand}\b", source) is not None
    return "".join(operand.split()) in "".join(source.split())


def _count(function: Function, owner: str) -> int:
    source = function.file.source[function.region.start : function.region.end]
    return len(re.findall(rb"(?<!\w)" + re.escape(owner.encode()) + rb"(?!\w)", source)) if owner else 0


def _whole(change: Change, file: ChangedFile, old: Restraint, added: list[Restraint]) -> Iterator[Loosened]:
    """Watches of whole objects, of a kind of which metadata were watched."""
    if any(each.family == "metadata" and each.kind == old.kind for each in added):
        return
    for other in change.go_files:
        for function in other.functions() if other.head is not None else ():
            for call in restraints.whole(change.head_index, function, old.kind):
                if other.diff.touches(call.line, call.end_line):
                    same = other is file and function.key == old.function.key
                    line = file.diff.successors[old.line] if same else call.line
                    yield Loosened(old, "", other, function, line, old.resource)
                    return


def _metadata_factory(file: ChangedFile, old: Function, function: Function) -> Iterator[Loosened]:
    """A factory of informers on metadata that gave way to one on whole objects in the same function."""
    before = [call for call in old.calls if _makes_metadata(old, call) and call.line in file.diff.removed]
    if not before or any(_makes_metadata(function, call) for call in function.calls):
        return
    now = next((call for call in function.calls if _FACTORY.match(call.name) and call.line in file.diff.added), None)
    if now is None:
        return
    named = next((match for text in file.diff.removed.values() if (match := _RESOURCE.search(text))), None)
    gone = Restraint("metadatainformer", "metadata", "", now.name, frozenset(), old, before[0].node)
    yield Loosened(gone, "", file, function, now.line, (named[1] or named[2]) if named else "")


def _makes_metadata(function: Function, call: Call) -> bool:
    if call.operand is None or not _FACTORY.match(call.name):
        return False
    return bool(_METADATA_FACTORIES.search(function.file.imports.get(syntax.text(call.operand), "")))
