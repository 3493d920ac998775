"""What a change adds to the API: kinds of objects, and fields that objects of kinds that were there before are made of."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.analysis.diagnostic import Place
from analyzers.golang.facts.declaration import TypeDeclaration
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import api_types
from analyzers.kubernetes.api_types import ApiField, ApiType

_VERSION = re.compile(r"v[0-9]+((alpha|beta)[0-9]+)?")


@dataclass(frozen=True, slots=True)
class NewType:
    """A kind of objects that is new, with the lines that declare it, in each version of its group and in each language.

    groups are those that say their name (CustomResourceDefinitions); cluster: it says that it belongs to no namespace;
    further: it was there before, in another version of its group.
    """

    name: str
    places: tuple[Place, ...]
    groups: tuple[str, ...] = ()
    cluster: bool = False
    further: bool = False


@dataclass(frozen=True, slots=True)
class NewField:
    """A field that objects did not have before: its struct's name, its own, its type as it is written, and its lines, in each
    version of the struct."""

    struct: str
    name: str
    type: str
    places: tuple[Place, ...]


@once
def new_types(change: Change) -> list[NewType]:
    """Give the kinds that the change adds, by name; what only moved is none."""
    found: dict[str, list[tuple[ApiType, str, bool]]] = defaultdict(list)
    # One that was moved to another package is removed there.
    gone = Counter(kind.name for file in change.go_files if file.base for kind in _removed(change, file))
    for file in change.go_files:
        if file.head is None:
            continue
        before = change.base_index.package_of(file.path)
        for kind in api_types.objects(change.head_index, file.head):
            if isinstance(before.lookup(kind.name), TypeDeclaration):
                continue
            if gone[kind.name]:
                gone[kind.name] -= 1
                continue
            found[kind.name].append((kind, file.path, _in_another_version(change.base_index, before.folder, kind.name)))
    for kind, path in _definitions(change):
        found[kind.name].append((kind, path, False))
    return [
        NewType(
            name,
            tuple(Place(path, kind.line, kind.line) for kind, path, _ in each),
            tuple(dict.fromkeys(kind.group for kind, _, _ in each if kind.group)),
            any(kind.cluster for kind, _, _ in each),
            any(further for _, _, further in each),
        )
        for name, each in sorted(found.items())
    ]


@once
def new_fields(change: Change) -> list[NewField]:
    """Give the fields that the change adds to structs that objects held before; a field that was renamed is none."""
    found: dict[tuple[str, str], list[tuple[ApiField, str]]] = defaultdict(list)
    holding: dict[str, dict[str, TypeDeclaration]] = {}
    for file in change.go_files:
        if file.head is None or file.base is None:
            continue
        touched = [each for each in file.head.types.values() if file.diff.touches(each.line, each.end_line)]
        if not touched:
            continue
        if file.head.folder not in holding:
            holding[file.head.folder] = api_types.in_objects(change.head_index, file.path)
        for declared in touched:
            if declared.name in holding[file.head.folder]:
                for each in _added(change, file, declared):
                    found[each.struct, each.name].append((each, file.path))
    return [
        NewField(struct, name, each[0][0].type, tuple(Place(path, field.line, field.line) for field, path in each))
        for (struct, name), each in sorted(found.items())
    ]


def _removed(change: Change, file: ChangedFile) -> Iterator[ApiType]:
    if file.base is None:
        return
    after = change.head_index.package_of(file.base.path)
    for kind in api_types.objects(change.base_index, file.base):
        if not isinstance(after.lookup(kind.name), TypeDeclaration):
            yield kind


def _in_another_version(index: PackageIndex, folder: str, name: str) -> bool:
    """Say whether another version of a package (v1 beside v1beta1; around them, what has no version) has a type of that name."""
    around = folder.rpartition("/")[0] if _VERSION.fullmatch(folder.rpartition("/")[2]) else folder
    versions = [
        f"{around}/{entry.name}"
        for entry in index.modules.listing(around).values()
        if entry.kind == "tree" and _VERSION.fullmatch(entry.name)
    ]
    return any(
        isinstance(index.package_of(f"{each}/types.go").lookup(name), TypeDeclaration)
        for each in [around, *versions]
        if each != folder
    )


def _definitions(change: Change) -> Iterator[tuple[ApiType, str]]:
    """Yield the kinds of CustomResourceDefinitions that no file of the change defined before, each with its file."""
    before: set[tuple[str, str]] = set()
    after: list[tuple[ApiType, str]] = []
    for file in change.files:
        if not file.component.reviewed or not file.path.endswith((".yaml", ".yml")):
            continue
        old, new = file.old_text(), file.text()
        if old and file.old_path and api_types.may_define(file.old_path, old):
            before |= {(kind.group, kind.name) for kind in api_types.definitions(old)}
        if new and api_types.may_define(file.path, new):
            after += [(kind, file.path) for kind in api_types.definitions(new)]
    yield from ((kind, path) for kind, path in after if (kind.group, kind.name) not in before)


def _added(change: Change, file: ChangedFile, declared: TypeDeclaration) -> Iterator[ApiField]:
    old = change.base_index.package_of(file.path).lookup(declared.name)
    if not isinstance(old, TypeDeclaration):
        return  # the struct is new: whatever holds it has a new field
    before = {each.name: each.type for each in api_types.fields(old)}
    after = list(api_types.fields(declared))
    renamed = Counter(type_ for name, type_ in before.items() if name not in {each.name for each in after})
    for each in after:
        if each.name in before:
            continue
        if renamed[each.type]:
            renamed[each.type] -= 1
            continue
        yield each
