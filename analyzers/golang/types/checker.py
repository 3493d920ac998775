"""PackageIndex: the packages of one tree, read lazily; what a name, a type or a member is, across files and packages."""

from collections.abc import Iterator, MutableMapping
from functools import cached_property
from typing import Any, Protocol

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Declaration, Function, TypeDeclaration, Value
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.program import standard
from analyzers.golang.program.modules import Modules
from analyzers.golang.program.package import Package
from analyzers.golang.program.tree import Entry, Tree, Unreadable
from analyzers.golang.program.words import MemoryWords, Words, WordStore, is_program
from analyzers.golang.types import constants, inference, members, resolution
from analyzers.golang.types.members import Member
from analyzers.golang.types.types import (
    ERROR,
    STRING,
    UNIVERSE,
    Interface,
    Named,
    Pointer,
    Signature,
    Type,
    TypeParam,
    substituted,
)

__all__ = ["External", "Member", "Package", "PackageIndex"]

_LONGEST_CHAIN = 20


class External(Protocol):
    """Knowledge of packages that are not in the tree. Each method gives None for what it does not know."""

    def member(self, named: Named, name: str) -> Type | None:
        """Give the type of field or method `name` of a named type (a Signature for a method)."""

    def lookup(self, path: str, name: str) -> Type | None:
        """Give the type of the function (a Signature) or variable `name` of the package at import path `path`."""


class PackageIndex:
    """The Go packages of `tree`. `facts` keeps files by blob and path, so that two trees that share files share their
    parses; `words` likewise what files hold which words.
    """

    def __init__(
        self,
        tree: Tree,
        external: External | None = None,
        facts: MutableMapping[str, SourceFile] | None = None,
        words: WordStore | None = None,
    ) -> None:
        self.tree = tree
        self.external = external
        self.modules = Modules(tree)
        self._words = MemoryWords() if words is None else words
        self._unread: dict[str, str] = {}
        self._facts: MutableMapping[str, SourceFile] = {} if facts is None else facts
        self._files: dict[str, SourceFile | None] = {}
        self._packages: dict[str, Package | None] = {}
        self._imported: dict[tuple[str, str], str | None] = {}
        self._members: dict[tuple[Type, str], Member | None] = {}
        self._method_names: dict[Named, frozenset[str]] = {}
        self._underlying: dict[Named, Type | None] = {}
        self._unaliased: dict[Named, Type | None] = {}
        self._signatures: dict[tuple[str, str, int], Signature | None] = {}
        self._values: dict[tuple[str, str, int], Type | None] = {}
        self.local_types: dict[Named, tuple[SourceFile, Function, Node]] = {}
        """Types declared inside functions, under the name that resolution gave them."""
        self.inferred: dict[tuple[str, int, int, int], Type | None] = {}
        """What inference found, by file and place."""
        self.found: dict[object, Any] = {}
        """What others find out about this program, kept and forgotten with it."""
        self.depth = 0
        """How deep inference is in expressions within expressions."""

    @property
    def module_path(self) -> str:
        """The import path of the tree's root, "" if unknown."""
        return self.modules.module_path

    @property
    def skipped(self) -> dict[str, str]:
        """The files looked at so far that could not be read, or not wholly parsed, with the reason."""
        refused = {
            path: file.error for path, file in self._files.items() if file is not None and file.error is not None
        }
        wordless = self.words.left_out if "words" in self.__dict__ else {}
        return wordless | self._unread | refused

    @cached_property
    def words(self) -> Words:
        """Which files of the whole tree hold a word."""
        return Words(self.tree, self.modules, self._words)

    def file(self, path: str) -> SourceFile | None:
        """Give the Go file at `path`; None if there is none, or none that can be read (see `skipped`)."""
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path]

    def _read(self, path: str) -> SourceFile | None:
        if path.startswith(standard.FOLDER):
            return standard.file(path)
        entry: Entry | None = self.modules.entry(path)
        if entry is None or entry.kind != "blob":
            return None
        key = f"{entry.id} {path}"
        known = self._facts.get(key)
        if known is None:
            try:
                source = self.tree.read(path)
            except Unreadable as error:
                self._unread[path] = str(error)
                return None
            if source is None:
                return None
            known = self._facts[key] = SourceFile(path, source, entry.id)
        return known

    def package(self, import_path: str) -> Package | None:
        """Give the package at `import_path`, None if the tree does not hold it."""
        if import_path not in self._packages:
            folder = self.modules.folder(import_path)
            if folder is None and import_path in standard.PACKAGES:
                folder = f"{standard.FOLDER}/{import_path}"
            self._packages[import_path] = Package(self, import_path, folder) if folder is not None else None
        return self._packages[import_path]

    def package_of(self, path: str) -> Package:
        """Give the package that the file at `path` belongs to (for a test: the package it tests)."""
        folder = path.rpartition("/")[0]
        import_path = self.modules.import_path(folder)
        known = self._packages.get(import_path)
        # Two folders may claim one path (a module and its vendored copy): the file's own folder counts.
        if known is None or known.folder != folder:
            known = Package(self, import_path, folder)
            self._packages.setdefault(import_path, known)
            if self._packages[import_path] is None:
                self._packages[import_path] = known
        return known

    def packages(self, folder: str = "") -> Iterator[Package]:
        """Yield the packages in and below `folder`, vendored code and test data left out."""
        waiting = [folder]
        while waiting:
            current = waiting.pop()
            listing = self.modules.listing(current)
            if any(entry.kind == "blob" and name.endswith(".go") for name, entry in listing.items()):
                yield self.package_of(f"{current}/x.go" if current else "x.go")
            inner = [
                f"{current}/{name}" if current else name
                for name, entry in listing.items()
                if entry.kind == "tree" and is_program(entry)
            ]
            waiting.extend(reversed(inner))

    def import_path(self, file: SourceFile) -> str:
        """Give the import path of the package `file` belongs to."""
        return self.modules.import_path(file.folder)

    def imported(self, file: SourceFile, name: str) -> str | None:
        """Give the import path that `name` stands for in `file`, None if it imports nothing by that name."""
        path = file.imports.get(name)
        if path is not None or not file.unnamed_imports:
            return path
        key = (file.key, name)
        if key not in self._imported:
            self._imported[key] = self._named_otherwise(file, name)
        return self._imported[key]

    def _named_otherwise(self, file: SourceFile, name: str) -> str | None:
        """Find the package whose name differs from what its path ends in; those that look alike come first."""
        alike = [path for path in file.unnamed_imports if _alike(path, name)]
        for path in alike:
            package = self.package(path)
            if package is not None and package.name == name:
                return path
        # Most names that are asked for are variables of the package. That is cheaper to learn than many packages' names.
        if self.lookup(self.import_path(file), name, file) is not None:
            return None
        for path in file.unnamed_imports:
            package = self.package(path) if path not in alike else None
            if package is not None and package.name == name:
                return path
        return None

    def lookup(self, import_path: str, name: str, file: SourceFile | None = None) -> Declaration | None:
        """Give what the package at `import_path` declares as `name`. With `file`, what that file declares counts first
        (a test's own names).
        """
        if file is not None:
            declared = file.declaration(name)
            if declared is not None:
                return declared
        package = self.package(import_path)
        return package.lookup(name) if package is not None else None

    # Types

    def resolve(self, node: Node | None, file: SourceFile, function: Function | None = None) -> Type | None:
        """Give the type that a type expression stands for, aliases followed; None if unknown."""
        return self.unaliased(resolution.resolve(self, node, file, function))

    def type_of(self, node: Node, file: SourceFile, function: Function | None = None) -> Type | None:
        """Give the type of an expression in `function` of `file`, aliases followed; a Tuple for a call with several
        results; None if unknown.
        """
        return inference.type_of(self, node, file, function)

    def callee(self, call: Call, file: SourceFile, function: Function | None = None) -> Function | None:
        """Give the function or method that `call` calls, if it is declared in the tree and not behind an interface or a
        variable.
        """
        return self.referenced(call.function, file, function)[1]

    def referenced(
        self, node: Node, file: SourceFile, function: Function | None = None
    ) -> tuple[Member | None, Function | None]:
        """Give what an identifier or a selector names: the member if it is one of a type, and the function that is
        declared by that name.
        """
        bound = function.binding if function is not None else _unbound
        if node.type in {"identifier", "type_identifier"}:
            name = syntax.text(node)
            if bound(name, node.start_byte) is not None:
                return None, None
            declared = self.lookup(self.import_path(file), name, file)
            return None, declared if isinstance(declared, Function) else None
        operand = node.child_by_field_name("operand") or node.child_by_field_name("package")
        field = node.child_by_field_name("field") or node.child_by_field_name("name")
        if operand is None or field is None or node.type not in {"selector_expression", "qualified_type"}:
            return None, None
        name = syntax.text(field)
        if operand.type in {"identifier", "package_identifier"}:
            qualifier = syntax.text(operand)
            path = self.imported(file, qualifier) if bound(qualifier, operand.start_byte) is None else None
            if path is not None:
                declared = self.lookup(path, name)
                return None, declared if isinstance(declared, Function) else None
        member = self.member(self.type_of(operand, file, function), name)
        return member, member.declaration if member is not None else None

    def constant(self, node: Node, file: SourceFile, function: Function | None = None) -> int | None:
        """Give the value of an integer constant expression, None if it is none or unknown."""
        return constants.evaluate(self, node, file, function)

    def unaliased(self, type_: Type | None) -> Type | None:
        """Give the type behind aliases; within pointers, slices, maps and channels too."""
        if isinstance(type_, Named):
            if type_ not in self._unaliased:
                self._unaliased[type_] = type_
                self._unaliased[type_] = self._aliased(type_)
            return self._unaliased[type_]
        return resolution.with_elements(type_, self.unaliased)

    def _aliased(self, named: Named) -> Type | None:
        for _ in range(_LONGEST_CHAIN):
            declared = self.lookup(named.path, named.name) if named.path else None
            if not isinstance(declared, TypeDeclaration) or not declared.alias:
                return named
            found = resolution.resolve(
                self, declared.type, declared.file, None, frozenset(name for name, _ in declared.type_params)
            )
            found = substituted(found, _given(declared, named))
            if not isinstance(found, Named):
                return self.unaliased(found)
            named = found
        return None

    def underlying(self, type_: Type | None) -> Type | None:
        """Give what a named type is made of (a struct, an interface, a map ...); other types are themselves; None if
        unknown.
        """
        if not isinstance(type_, Named):
            return None if isinstance(type_, TypeParam) else type_
        if type_ not in self._underlying:
            self._underlying[type_] = None
            self._underlying[type_] = self._declared_underlying(type_)
        return self._underlying[type_]

    def _declared_underlying(self, named: Named) -> Type | None:
        if named == ERROR:
            return Interface((("Error", Signature((), (STRING,))),))
        if not named.path:
            return UNIVERSE.get(named.name)
        local = self.local_types.get(named)
        if local is not None:
            file, function, node = local
            return self.underlying(resolution.resolve(self, node.child_by_field_name("type"), file, function))
        declared = self.lookup(named.path, named.name)
        if not isinstance(declared, TypeDeclaration):
            return None
        params = frozenset(name for name, _ in declared.type_params)
        found = resolution.resolve(self, declared.type, declared.file, None, params)
        return self.underlying(substituted(found, _given(declared, named)))

    def signature(self, function: Function) -> Signature | None:
        """Give the signature of a declared function, receiver left out."""
        key = (function.file.id, function.file.path, function.region.start)
        if key not in self._signatures:
            self._signatures[key] = None
            if function.node is not None and function.initializer is None:
                self._signatures[key] = resolution.signature(self, function.node, function.file, function)
        return self._signatures[key]

    def value_type(self, value: Value) -> Type | None:
        """Give the type of a package's variable or constant; an untyped constant has an untyped type."""
        key = (value.file.id, value.file.path, value.node.start_byte)
        if key not in self._values:
            self._values[key] = None
            self._values[key] = self.unaliased(inference.type_of_value(self, value))
        return self._values[key]

    # Members

    def member(self, type_: Type | None, name: str) -> Member | None:
        """Give the field or method `name` of a type or of what it points to, promoted ones included (the Go
        specification, "Selectors").
        """
        if type_ is None or (isinstance(type_, Pointer) and isinstance(type_.elem, Pointer)):
            return None
        key = (type_, name)
        if key not in self._members:
            self._members[key] = None
            self._members[key] = members.found(self, type_, name)
        return self._members[key]

    def methods(self, type_: Type | None) -> frozenset[str]:
        """Give the names of all methods of a type and of a pointer to it, promoted ones included; what is embedded but
        unknown adds none.
        """
        if not isinstance(type_, Named):
            return members.methods(self, type_)
        if type_ not in self._method_names:
            self._method_names[type_] = members.methods(self, type_)
        return self._method_names[type_]

    def implements_hint(self, function: Function) -> Named | None:
        """Give an interface that a method's file can see, that has this method, and all of whose methods the receiver's
        type has; None if there is none.

        Go asks for no declaration, so equal names are all there is to see without reading every use of the type.
        """
        return members.interface_behind(self, function)


def _unbound(name: str, at: int) -> None:
    """Outside of functions no name is bound."""


def _given(declared: TypeDeclaration, named: Named) -> dict[str, Type | None]:
    return {name: argument for (name, _), argument in zip(declared.type_params, named.args, strict=False)}


def _alike(path: str, name: str) -> bool:
    name = name.lower()
    elements = ["".join(filter(str.isalnum, element)).lower() for element in path.split("/")[-2:]]
    return any(name in element or element in name for element in elements)
