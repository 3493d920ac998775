"""What a value of a struct type costs when it is copied."""

from collections.abc import Iterable
from typing import Literal

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.paths import path_of
from analyzers.analysis.subject import Copy
from analyzers.golang.declaration import Function, TypeDeclaration
from analyzers.golang.facts import Closure
from analyzers.golang.types import Named, Struct, Type
from analyzers.kubernetes import immutables, struct_sizes
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
        return type_ if struct_sizes.at_least(type_) is not None else None
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
    size = change.sizes.size(named)
    if size.bytes < at_least:
        return None
    path = path_of(change, function, closures)
    return Copy(shown(named), size.bytes, size.exact, per, path is not None and path.hot, path.name if path else "")


def required(change: Change, function: Function) -> bool:
    """Say whether an interface that the change did not add asks for a method with this signature."""
    named = change.head_index.implements_hint(function)
    if named is None:
        return False
    declared = change.head_index.lookup(named.path, named.name)
    diff = change.diff.by_path.get(declared.file.path) if declared is not None else None
    if declared is None or diff is None or not isinstance(declared, TypeDeclaration):
        return True
    return not any(declared.line <= line <= declared.end_line and f"{function.name}(" in text for line, text in diff.added.items())


def shown(named: Named) -> str:
    """Give a type's name as code writes it: v1.Pod."""
    package = named.path.rpartition("/")[2]
    return f"{package}.{named.name}" if package.strip(".") else named.name
