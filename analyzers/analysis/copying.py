"""What a value of a struct type costs when it is copied."""

import re
from collections.abc import Iterable
from typing import Literal

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.paths import path_of
from analyzers.analysis.subject import Copy
from analyzers.golang.declaration import Function, TypeDeclaration
from analyzers.golang.facts import Closure
from analyzers.golang.sizes import Size
from analyzers.golang.types import Named, Struct, Type
from analyzers.kubernetes import immutables
from analyzers.kubernetes.components import Kind

# Where a copy is nobody's concern: a person waits for the command line, and tools run by themselves.
_UNCONCERNED = ("docs/", "hack/", "contrib/", "examples/", "example/", "build/", "cluster/", "test/", "tools/")


def concerned(file: ChangedFile) -> bool:
    """Say whether copies in a file's code are worth a word: it runs in a server, or on nodes."""
    return file.component.kind is not Kind.CLI and not file.path.startswith(_UNCONCERNED)


def struct(change: Change, type_: Type | None) -> Named | None:
    """Give a declared struct type by which values are copied; None for all else (maps, interfaces, pointers, immutables)."""
    if not isinstance(type_, Named) or immutables.by_value(type_):
        return None
    under = change.head_index.underlying(type_)
    if under is None:
        return type_ if size(change, type_).bytes else None
    return type_ if isinstance(under, Struct) and under.fields else None


def copy_of(
    change: Change,
    function: Function,
    type_: Type | None,
    per: Literal["call", "item"],
    at_least: int,
    closures: Iterable[Closure] = (),
) -> Copy | None:
    """Give what it costs to copy a value of a type in a function; None for no struct, or one of less than `at_least` bytes."""
    named = struct(change, type_)
    if named is None:
        return None
    found = size(change, named)
    if found.bytes < at_least:
        return None
    path = path_of(change, function, closures)
    return Copy(shown(named), found.bytes, found.exact, per, path is not None and path.hot, path.name if path else "")


# What every object of the API begins with: TypeMeta (32 bytes) and ObjectMeta (232).
_OBJECT = 264
API = re.compile(r"(^|/)(api|apis)(/|$)|/v\d+((alpha|beta)\d+)?$")


def size(change: Change, named: Named) -> Size:
    """Give a struct's size; where its package is not at hand, what an object of the API has at least."""
    found = change.sizes.size(named)
    if found.bytes or change.head_index.package(named.path) is not None or not API.search(named.path):
        return found
    # Whose list type the changed files name is an object.
    listed = re.compile(rb"\." + re.escape(named.name.encode()) + rb"List\b")
    named_here = any(file.head is not None and listed.search(file.head.source) for file in change.go_files)
    return Size(_OBJECT, False) if named_here or _listed_beside(change, named, listed) else found


def _listed_beside(change: Change, named: Named, listed: re.Pattern[bytes]) -> bool:
    folders = {
        file.head.folder: file.path
        for file in change.go_files
        if file.head is not None and named.path in file.head.imports.values()
    }
    return any(
        listed.search(file.source) for path in folders.values() for file in change.head_index.package_of(path).files()
    )


def required(change: Change, function: Function) -> bool:
    """Say whether an interface that the change did not add asks for a method with this signature."""
    named = change.head_index.implements_hint(function)
    if named is None:
        return False
    declared = change.head_index.lookup(named.path, named.name)
    diff = change.diff.by_path.get(declared.file.path) if declared is not None else None
    if declared is None or diff is None or not isinstance(declared, TypeDeclaration):
        return True
    return not any(
        declared.line <= line <= declared.end_line and f"{function.name}(" in text for line, text in diff.added.items()
    )


def shown(named: Named) -> str:
    """Give a type's name as code writes it: v1.Pod."""
    package = named.path.rpartition("/")[2]
    return f"{package}.{named.name}" if package.strip(".") else named.name
