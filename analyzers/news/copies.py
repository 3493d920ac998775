"""What a value of a struct type costs when it is copied."""

import re
from collections.abc import Iterable
from typing import Literal

from analyzers.analysis.change import Change
from analyzers.analysis.subject import Copy
from analyzers.golang.facts.declaration import Function, TypeDeclaration
from analyzers.golang.facts.facts import Closure
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.sizes import Size
from analyzers.golang.types.types import Named, Signature, Struct, Type
from analyzers.kubernetes import immutables, struct_sizes
from analyzers.news.paths import path_of


def struct(change: Change, type_: Type | None) -> Named | None:
    """Give a declared struct type by which values are copied; None for all else (maps, interfaces, pointers, immutables)."""
    if not isinstance(type_, Named) or immutables.by_value(type_):
        return None
    under = change.head_index.underlying(type_)
    if under is None:
        return type_ if size(change, type_).bytes else None
    return type_ if isinstance(under, Struct) and under.fields else None


def was_large(change: Change, type_: Type | None, at_least: int) -> bool:
    """Say whether a value of a type, as the code was before the change, is a struct of so many bytes."""
    if not isinstance(type_, Named) or immutables.by_value(type_):
        return False
    under = change.base_index.underlying(type_)
    return (under is None or isinstance(under, Struct)) and change.base_sizes.size(type_).bytes >= at_least


def copy_of(
    change: Change,
    function: Function | None,
    type_: Type | None,
    per: Literal["call", "item"],
    at_least: int,
    closures: Iterable[Closure] = (),
) -> Copy | None:
    """Give what it costs to copy a value of a type (in a function, which may be on a critical path); None for no struct, or
    one of less than `at_least` bytes."""
    named = struct(change, type_)
    if named is None:
        return None
    found = size(change, named)
    if found.bytes < at_least:
        return None
    path = path_of(change, function, closures) if function is not None else None
    return Copy(shown(named), found.bytes, found.exact, per, path)


# What every object of the API begins with: TypeMeta (32 bytes) and ObjectMeta (232).
_OBJECT = 264
API = re.compile(r"(^|/)(api|apis)(/|$)|/v\d+((alpha|beta)\d+)?$")


def size(change: Change, named: Named) -> Size:
    """Give a struct's size; where its package is not at hand, what an object of the API has at least."""
    found = change.sizes.size(named)
    if (
        found.bytes
        or change.head_index.package(named.path) is not None
        or struct_sizes.measured(named.path)
        or not API.search(named.path)
    ):
        return found
    return Size(_OBJECT, False) if _listed(change, named) else found


def _listed(change: Change, named: Named) -> bool:
    """Say whether the changed files' packages read lists of a type, which is an object then."""
    if any(file.head is not None and _reads_list(file.head, named) for file in change.go_files):
        return True
    folders = {
        file.head.folder: file.path
        for file in change.go_files
        if file.head is not None and named.path in file.head.imports.values()
    }
    return any(
        _reads_list(file, named) for path in folders.values() for file in change.head_index.package_of(path).files()
    )


def _reads_list(file: SourceFile, named: Named) -> bool:
    """Say whether a file handles the type's list as those of the API are: by pointer, or with its Items."""
    alias = next((name for name, path in file.imports.items() if path == named.path), None)
    if alias is None:
        return False
    type_ = rf"{re.escape(alias)}\.{re.escape(named.name)}List\b"
    if re.search(rf"[&*]{type_}|new\({type_}\)|{type_}{{\s*(Items|ListMeta|TypeMeta):".encode(), file.source):
        return True
    variables = re.findall(rf"\bvar (\w+) {type_}".encode(), file.source)
    return any(re.search(rb"&%b\b" % name, file.source) for name in variables)


def required(change: Change, function: Function) -> bool:
    """Say whether an interface that the change did not add asks for a method with this signature."""
    named = change.head_index.implements_hint(function)
    if named is None:
        return False
    declared = change.head_index.lookup(named.path, named.name)
    return not isinstance(declared, TypeDeclaration) or not _adds(change, declared, f"{function.name}(")


def required_as_value(change: Change, function: Function) -> str | None:
    """Give the name of a function type that the change did not add and that asks for this signature, of the function's
    package or of one that its file imports; None if there is none."""
    index = change.head_index
    signature = index.signature(function)
    if signature is None or not signature.params:
        return None
    parts = (signature.params, signature.results)
    for path in (index.import_path(function.file), *dict.fromkeys(function.file.imports.values())):
        package = index.package(path)
        for declared in (
            (each for file in package.files() for each in file.function_types) if package is not None else ()
        ):
            asked = index.underlying(Named(path, declared.name))
            if not isinstance(asked, Signature) or (asked.params, asked.results) != parts:
                continue
            if not _adds(change, declared, "func("):
                return declared.name
    return None


def _adds(change: Change, declared: TypeDeclaration, text: str) -> bool:
    diff = change.diff.by_path.get(declared.file.path)
    return diff is not None and any(
        declared.line <= line <= declared.end_line and text in added for line, added in diff.added.items()
    )


def shown(named: Named) -> str:
    """Give a type's name as code writes it: v1.Pod."""
    package = named.path.rpartition("/")[2]
    return f"{package}.{named.name}" if package.strip(".") else named.name
