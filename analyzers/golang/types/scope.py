"""Scope: what a name means at a place in a function."""

from typing import TYPE_CHECKING, NamedTuple

from analyzers.golang.facts.declaration import Declaration, Function, TypeDeclaration, Value
from analyzers.golang.facts.facts import Binding
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types import inference
from analyzers.golang.types.types import BUILTINS, UNIVERSE, Named, Type

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["Meaning", "Scope", "scope"]


class Meaning(NamedTuple):
    """What a name stands for.

    `kind`: "local" (`binding`), "package" (`declaration`, from the package at `path`), "import" (of `path`),
    "universe" (a type, a builtin or a constant).
    """

    kind: str
    name: str
    binding: Binding | None = None
    declaration: Declaration | None = None
    path: str | None = None


class Scope:
    """The names at byte `at` of `file`, inside `function` if there is one. One name is looked up at a time, nothing is
    collected.
    """

    def __init__(self, index: "PackageIndex", file: SourceFile, function: Function | None, at: int) -> None:
        self._index = index
        self.file = file
        self.function = function
        self.at = at

    def lookup(self, name: str) -> Meaning | None:
        """Give what `name` stands for, innermost first: function, file and package, dot imports, universe; None if
        nothing is known of it.
        """
        binding = self.function.binding(name, self.at) if self.function is not None else None
        if binding is not None:
            return Meaning("local", name, binding=binding)
        path = self._index.imported(self.file, name)
        if path is not None:
            return Meaning("import", name, path=path)
        own = self._index.import_path(self.file)
        declared = self._index.lookup(own, name, self.file)
        if declared is not None:
            return Meaning("package", name, declaration=declared, path=own)
        for path in self.file.dot_imports:
            declared = self._index.lookup(path, name)
            if declared is not None:
                return Meaning("package", name, declaration=declared, path=path)
        if name in UNIVERSE or name in BUILTINS or name in {"true", "false", "nil", "iota"}:
            return Meaning("universe", name)
        return None

    def type_of(self, name: str) -> Type | None:
        """Give the type of the variable, constant or function `name`; for a type's name the type itself; None if
        unknown.
        """
        found = self.lookup(name)
        if found is None:
            return None
        if found.binding is not None and self.function is not None:
            return self._index.unaliased(
                inference.type_of_binding(self._index, found.binding, self.file, self.function)
            )
        if isinstance(found.declaration, Function):
            return self._index.signature(found.declaration)
        if isinstance(found.declaration, Value):
            return self._index.value_type(found.declaration)
        if isinstance(found.declaration, TypeDeclaration):
            return self._index.unaliased(Named(found.path or "", name))
        return UNIVERSE.get(name)


def scope(index: "PackageIndex", function: Function, at: Node | int) -> Scope:
    """Give the scope at a node of `function`, or at the beginning of a 1-based line of its file."""
    if isinstance(at, int):
        position = 0
        for _ in range(at - 1):
            following = function.file.source.find(b"\n", position)
            if following < 0:
                break
            position = following + 1
        # The indentation belongs to the block around the line, whose names are meant.
        source = function.file.source
        while position < len(source) and source[position] in b" \t":
            position += 1
        return Scope(index, function.file, function, position)
    return Scope(index, function.file, function, at.start_byte)
