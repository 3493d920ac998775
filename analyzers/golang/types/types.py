"""Types in go/types' words. A part that is not known is None; two types are equal if they are written alike after
aliases are followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass


class Type:
    """A Go type."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Basic(Type):
    """A predeclared type by its name, "untyped int", "untyped nil" ... included; byte is uint8 and rune is int32."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Named(Type):
    """A declared type: import path of its package ("" for error), name, type arguments. A local type's name holds its
    function and place.
    """

    path: str
    name: str
    args: tuple["Type | None", ...] = ()

    def __str__(self) -> str:
        name = f"{self.path}.{self.name}" if self.path else self.name
        return f"{name}[{', '.join(map(show, self.args))}]" if self.args else name


@dataclass(frozen=True, slots=True)
class Pointer(Type):
    """*elem."""

    elem: Type | None

    def __str__(self) -> str:
        return f"*{show(self.elem)}"


@dataclass(frozen=True, slots=True)
class Slice(Type):
    """[]elem."""

    elem: Type | None

    def __str__(self) -> str:
        return f"[]{show(self.elem)}"


@dataclass(frozen=True, slots=True)
class Array(Type):
    """[length]elem; the length is None where its constant is not known."""

    elem: Type | None
    length: int | None

    def __str__(self) -> str:
        return f"[{'?' if self.length is None else self.length}]{show(self.elem)}"


@dataclass(frozen=True, slots=True)
class Map(Type):
    """map[key]elem."""

    key: Type | None
    elem: Type | None

    def __str__(self) -> str:
        return f"map[{show(self.key)}]{show(self.elem)}"


@dataclass(frozen=True, slots=True)
class Chan(Type):
    """A channel of elem; the direction is "both", "send" or "receive"."""

    elem: Type | None
    direction: str = "both"

    def __str__(self) -> str:
        return f"{ {'send': 'chan<-', 'receive': '<-chan'}.get(self.direction, 'chan') } {show(self.elem)}"


@dataclass(frozen=True, slots=True)
class Signature(Type):
    """A function's parameters and results, receiver left out. A variadic one's last parameter is a Slice. `type_params`
    are its own, `constraints` theirs.
    """

    params: tuple[Type | None, ...] = ()
    results: tuple[Type | None, ...] = ()
    variadic: bool = False
    type_params: tuple[str, ...] = ()
    constraints: tuple[Type | None, ...] = ()

    def __str__(self) -> str:
        return f"func({', '.join(map(show, self.params))}) ({', '.join(map(show, self.results))})"


@dataclass(frozen=True, slots=True)
class Field:
    """A struct's field; an embedded one is named after its type."""

    name: str
    type: Type | None
    embedded: bool = False


@dataclass(frozen=True, slots=True)
class Struct(Type):
    """A struct with its fields in order."""

    fields: tuple[Field, ...] = ()

    def __str__(self) -> str:
        return f"struct{{{'; '.join(f'{field.name} {show(field.type)}' for field in self.fields)}}}"


@dataclass(frozen=True, slots=True)
class Interface(Type):
    """An interface with its own methods in order and what it embeds."""

    methods: tuple[tuple[str, Signature], ...] = ()
    embeds: tuple[Type | None, ...] = ()

    def __str__(self) -> str:
        return f"interface{{{'; '.join([name for name, _ in self.methods] + [show(embed) for embed in self.embeds])}}}"


@dataclass(frozen=True, slots=True)
class Tuple(Type):
    """What a call with several results gives."""

    types: tuple[Type | None, ...]

    def __str__(self) -> str:
        return f"({', '.join(map(show, self.types))})"


@dataclass(frozen=True, slots=True)
class TypeParam(Type):
    """A type parameter of the function or type around it."""

    name: str

    def __str__(self) -> str:
        return self.name


def show(type_: Type | None) -> str:
    """Give a type as Go writes it, with whole import paths; "?" for the unknown."""
    return "?" if type_ is None else str(type_)


ERROR = Named("", "error")
ANY = Interface()
BOOL = Basic("bool")
INT = Basic("int")
STRING = Basic("string")
UNTYPED_NIL = Basic("untyped nil")

UNIVERSE: Mapping[str, Type] = {
    **{
        name: Basic(name)
        for name in [
            "bool",
            "string",
            "int",
            "int8",
            "int16",
            "int32",
            "int64",
            "uint",
            "uint8",
            "uint16",
            "uint32",
            "uint64",
            "uintptr",
            "float32",
            "float64",
            "complex64",
            "complex128",
        ]
    },
    "byte": Basic("uint8"),
    "rune": Basic("int32"),
    "error": ERROR,
    "any": ANY,
    "comparable": ANY,
}
"""The types every file knows (the Go specification, "Predeclared identifiers")."""

BUILTINS = frozenset(
    [
        "append",
        "cap",
        "clear",
        "close",
        "complex",
        "copy",
        "delete",
        "imag",
        "len",
        "make",
        "max",
        "min",
        "new",
        "panic",
        "print",
        "println",
        "real",
        "recover",
    ]
)
"""The functions every file knows."""

_DEFAULTS = {
    "untyped bool": "bool",
    "untyped int": "int",
    "untyped rune": "int32",
    "untyped float": "float64",
    "untyped complex": "complex128",
    "untyped string": "string",
}


def default(type_: Type | None) -> Type | None:
    """Give the type that a variable takes from an untyped constant; any other type is itself."""
    if isinstance(type_, Basic):
        name = _DEFAULTS.get(type_.name)
        return Basic(name) if name else type_
    return type_


def dereferenced(type_: Type | None) -> Type | None:
    """Give what a pointer points to; any other type is itself."""
    return type_.elem if isinstance(type_, Pointer) else type_


def substituted(type_: Type | None, given: Mapping[str, Type | None]) -> Type | None:
    """Give `type_` with its type parameters replaced by those in `given`."""
    if type_ is None or not given or isinstance(type_, Basic):
        return type_
    if isinstance(type_, TypeParam):
        return given.get(type_.name, type_)
    if isinstance(type_, Named):
        return Named(type_.path, type_.name, _each(type_.args, given)) if type_.args else type_
    if isinstance(type_, Pointer):
        return Pointer(substituted(type_.elem, given))
    if isinstance(type_, Slice):
        return Slice(substituted(type_.elem, given))
    if isinstance(type_, Array):
        return Array(substituted(type_.elem, given), type_.length)
    if isinstance(type_, Map):
        return Map(substituted(type_.key, given), substituted(type_.elem, given))
    if isinstance(type_, Chan):
        return Chan(substituted(type_.elem, given), type_.direction)
    if isinstance(type_, Signature):
        return _signature(type_, given)
    if isinstance(type_, Struct):
        return Struct(tuple(Field(f.name, substituted(f.type, given), f.embedded) for f in type_.fields))
    if isinstance(type_, Interface):
        return Interface(
            tuple((name, _signature(method, given)) for name, method in type_.methods), _each(type_.embeds, given)
        )
    if isinstance(type_, Tuple):
        return Tuple(_each(type_.types, given))
    return type_


def _each(types: tuple[Type | None, ...], given: Mapping[str, Type | None]) -> tuple[Type | None, ...]:
    return tuple(substituted(type_, given) for type_ in types)


def _signature(signature: Signature, given: Mapping[str, Type | None]) -> Signature:
    given = {name: type_ for name, type_ in given.items() if name not in signature.type_params}
    return Signature(
        _each(signature.params, given),
        _each(signature.results, given),
        signature.variadic,
        signature.type_params,
        _each(signature.constraints, given),
    )


def unified(pattern: Type | None, actual: Type | None, found: dict[str, Type | None]) -> None:
    """Record in `found` which types the type parameters of `pattern` must stand for so that it equals `actual`."""
    if pattern is None or actual is None:
        return
    if isinstance(pattern, TypeParam):
        found.setdefault(pattern.name, default(actual))
    elif (isinstance(pattern, Pointer) and isinstance(actual, Pointer)) or (
        isinstance(pattern, Slice | Array) and isinstance(actual, Slice | Array)
    ):
        unified(pattern.elem, actual.elem, found)
    elif isinstance(pattern, Map) and isinstance(actual, Map):
        unified(pattern.key, actual.key, found)
        unified(pattern.elem, actual.elem, found)
    elif isinstance(pattern, Chan) and isinstance(actual, Chan):
        unified(pattern.elem, actual.elem, found)
    elif (
        isinstance(pattern, Named)
        and isinstance(actual, Named)
        and (pattern.path, pattern.name) == (actual.path, actual.name)
    ):
        for one, other in zip(pattern.args, actual.args, strict=False):
            unified(one, other, found)
    elif isinstance(pattern, Signature) and isinstance(actual, Signature):
        for one, other in zip(pattern.params + pattern.results, actual.params + actual.results, strict=False):
            unified(one, other, found)
