"""Sizes of types as the gc compiler lays them out on amd64 (cmd/compile/internal/types: size.go; go/types.StdSizes)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from analyzers.golang.types.types import (
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    Named,
    Pointer,
    Signature,
    Slice,
    Struct,
    Type,
)

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["Size", "Sizes"]

_WORD = 8
_BASIC = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int": 8,
    "uint": 8,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
    "complex64": 8,
    "uintptr": 8,
    "string": 16,
    "complex128": 16,
    "untyped bool": 1,
    "untyped rune": 4,
    "untyped int": 8,
    "untyped float": 8,
    "untyped complex": 16,
    "untyped string": 16,
    "untyped nil": 8,
}
_DEEPEST = 50


class Size(NamedTuple):
    """A type's size in bytes; if not `exact`, it has at least that many, since a part of it is unknown."""

    bytes: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.bytes} bytes" if self.exact else f"at least {self.bytes} bytes"


class _Layout(NamedTuple):
    bytes: int
    align: int
    exact: bool


_UNKNOWN = _Layout(0, 1, False)


class Sizes:
    """The sizes of the types of one PackageIndex, each laid out once.

    `known` gives how many bytes a struct whose package is not in the tree has at least, None for what it does not know.
    """

    def __init__(self, index: "PackageIndex", known: Callable[[Named], int | None] | None = None) -> None:
        self._index = index
        self._known = known
        self._layouts: dict[Named, _Layout] = {}

    def size(self, type_: Type | None) -> Size:
        """Give the size of `type_`; at least 0 for the unknown."""
        layout = self._layout(type_, 0)
        return Size(layout.bytes, layout.exact)

    def _layout(self, type_: Type | None, depth: int) -> _Layout:
        if depth > _DEEPEST:
            return _UNKNOWN
        if isinstance(type_, Named):
            known = self._layouts.get(type_)
            if known is None:
                self._layouts[type_] = _UNKNOWN  # a type that holds itself is an error, and has no size
                known = self._layouts[type_] = self._named(type_, depth)
            return known
        if isinstance(type_, Pointer | Map | Chan | Signature):
            return _Layout(_WORD, _WORD, True)
        if isinstance(type_, Slice):
            return _Layout(3 * _WORD, _WORD, True)
        if isinstance(type_, Interface):
            return _Layout(2 * _WORD, _WORD, True)
        if isinstance(type_, Basic):
            size = _BASIC.get(type_.name)
            return (
                _Layout(size, 4 if type_.name == "complex64" else min(size, _WORD), True)
                if size is not None
                else _UNKNOWN
            )
        if isinstance(type_, Array):
            element = self._layout(type_.elem, depth + 1)
            if type_.length is None or type_.length < 0:
                return _Layout(0, element.align, False)
            return _Layout(element.bytes * type_.length, element.align, element.exact or type_.length == 0)
        if isinstance(type_, Struct):
            return self._struct(type_, depth)
        return _UNKNOWN

    def _named(self, named: Named, depth: int) -> _Layout:
        under = self._index.underlying(self._index.unaliased(named))
        if under is None and self._known is not None and (size := self._known(named)) is not None:
            return _Layout(size, _WORD, False)
        return self._layout(under, depth + 1)

    def _struct(self, struct: Struct, depth: int) -> _Layout:
        offset, align, exact = 0, 1, True
        last = 1
        for field in struct.fields:
            layout = self._layout(field.type, depth + 1)
            exact = exact and layout.exact
            align = max(align, layout.align)
            offset = -(-offset // layout.align) * layout.align + layout.bytes
            last = layout.bytes if layout.exact else 1
        if last == 0 and offset > 0:
            # A pointer to a last field of no size would point behind the struct, so the compiler adds a byte.
            offset += 1
        return _Layout(-(-offset // align) * align, align, exact)
