"""Fields and methods of a type, those of embedded types included."""

from typing import TYPE_CHECKING, NamedTuple

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.types import Interface, Named, Pointer, Signature, Struct, Type, substituted

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["Member", "found", "interface_behind", "interfaces_with", "methods"]

_MOST_EMBEDDINGS = 400


class Member(NamedTuple):
    """A field or method. `type` is a Signature for a method; `owner` is the named type that declares it, `through` the
    embedded fields on the way.

    `declaration` is the method's Function where its body is in the tree (None for an interface's method or a field).
    """

    name: str
    kind: str
    type: Type | None
    owner: Named | None
    declaration: Function | None = None
    through: tuple[str, ...] = ()


def found(index: "PackageIndex", type_: Type, name: str) -> Member | None:
    """Give the field or method `name`, breadth first through embedded types; see PackageIndex.member."""
    level: list[tuple[Type | None, tuple[str, ...]]] = [(type_, ())]
    seen: set[Named] = set()
    visited = 0
    while level:
        following: list[tuple[Type | None, tuple[str, ...]]] = []
        for embedded, through in level:
            visited += 1
            if visited > _MOST_EMBEDDINGS:
                return None
            current = index.unaliased(embedded)
            if isinstance(current, Pointer):
                current = current.elem
            owner = current if isinstance(current, Named) else None
            if owner is not None:
                if owner in seen:
                    continue
                seen.add(owner)
            under = index.underlying(current)
            # No type has a field and a method of one name; its fields are known without reading all of its package.
            member = _own(index, under, owner, name, through, following)
            if member is None and owner is not None and not isinstance(under, Interface):
                method = _declared_method(index, owner, name)
                if method is not None:
                    return Member(name, "method", _method_type(index, method, owner), owner, method, through)
            if member is not None:
                return member
        level = following
    return None


def _own(
    index: "PackageIndex",
    under: Type | None,
    owner: Named | None,
    name: str,
    through: tuple[str, ...],
    following: list[tuple[Type | None, tuple[str, ...]]],
) -> Member | None:
    if isinstance(under, Struct):
        for field in under.fields:
            if field.name == name:
                return Member(name, "field", index.unaliased(field.type), owner, None, through)
            if field.embedded:
                following.append((field.type, (*through, field.name)))
    elif isinstance(under, Interface):
        for method_name, signature in under.methods:
            if method_name == name:
                return Member(name, "method", signature, owner, None, through)
        following.extend((embed, through) for embed in under.embeds)
    elif under is None and owner is not None and index.external is not None:
        known = index.external.member(owner, name)
        if known is not None:
            return Member(name, "method" if isinstance(known, Signature) else "field", known, owner, None, through)
    return None


def _declared_method(index: "PackageIndex", owner: Named, name: str) -> Function | None:
    if owner in index.local_types or not owner.path:
        return None
    package = index.package(owner.path)
    return package.method(owner.name, name) if package is not None else None


def _method_type(index: "PackageIndex", method: Function, owner: Named) -> Type | None:
    signature = index.signature(method)
    if signature is None or not owner.args or method.receiver is None:
        return signature
    return substituted(signature, dict(zip(method.receiver.type_params, owner.args, strict=False)))


def methods(index: "PackageIndex", type_: Type | None) -> frozenset[str]:
    """Give the names of all methods of a type and of a pointer to it, promoted ones included; what is embedded but
    unknown adds none.
    """
    names: set[str] = set()
    waiting, seen = [type_], set[Named]()
    while waiting and len(seen) < _MOST_EMBEDDINGS:
        current = index.unaliased(waiting.pop())
        if isinstance(current, Pointer):
            current = current.elem
        if isinstance(current, Named):
            if current in seen:
                continue
            seen.add(current)
            package = index.package(current.path) if current.path and current not in index.local_types else None
            if package is not None:
                names.update(package.methods(current.name))
        under = index.underlying(current)
        if isinstance(under, Struct):
            waiting.extend(field.type for field in under.fields if field.embedded)
        elif isinstance(under, Interface):
            names.update(name for name, _ in under.methods)
            waiting.extend(under.embeds)
    return frozenset(names)


def interfaces_with(index: "PackageIndex", file: SourceFile, method: str) -> list[Named]:
    """Give the interfaces with a method called `method` that `file` can see: its package's and those of the
    packages it imports.
    """
    paths = [index.import_path(file), *dict.fromkeys(file.imports.values())]
    found = []
    for path in paths:
        package = index.package(path)
        for name in package.interfaces if package is not None else ():
            named = Named(path, name)
            if method in index.methods(named):
                found.append(named)
    return found


def interface_behind(index: "PackageIndex", function: Function) -> Named | None:
    """Give an interface that its file can see, that has this method, and all of whose methods the receiver's type
    has; None if there is none.

    Go asks for no declaration, so equal names are all there is to see without reading every use of the type.
    """
    if not function.receiver_name:
        return None
    own = index.methods(Named(index.import_path(function.file), function.receiver_name))
    for named in interfaces_with(index, function.file, function.name):
        if index.methods(named) <= own:
            return named
    return None
