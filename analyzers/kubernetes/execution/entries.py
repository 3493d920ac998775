"""Entries: where a process begins, which code comes from it, and which code it may come to.

A process begins in the main function of a main package, or in what a command of it runs, as one binary may be several programs
(spf13/cobra Command, urfave/cli Command). Two questions are asked, and each errs to its own side: which entries surely come to
a place (`entries`: calls that are certain, up from it), and whether an entry may come to one (`may_reach`: whatever a
declaration names may be reached from it, all methods of a type that is named among it).
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Closure
from analyzers.golang.facts.regions import Region
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named
from analyzers.kubernetes.execution.components import Kind, component
from analyzers.kubernetes.execution.programs import ASIDE
from analyzers.kubernetes.program import calls

_MOST_FUNCTIONS = 60
"""Functions that are looked at on the way up from a place."""
_MOST_PACKAGES = 400
_MOST_FILES = 800
_MOST_BYTES = 8_000_000
"""Files of an entry's packages that are searched for names, and their bytes: a larger program may reach anything."""
_RUNS = frozenset({"Run", "RunE", "Action"})
"""The fields of a command that hold what it runs (cobra, urfave/cli)."""


class Entry(NamedTuple):
    """Where a process begins: a main function, or the function or variable that holds a command."""

    function: Function
    command: bool
    way: tuple[tuple[Function, int], ...] = ()
    """The functions on the way from it to the place that was asked about, each with the line that leads on."""

    @property
    def path(self) -> str:
        """The file that it is in."""
        return self.function.file.path

    @property
    def name(self) -> str:
        """What people call its process: the word that starts a command, or the folder of the main package; "" if it has none."""
        if self.command:
            return _used(self.function)
        folder = self.function.file.folder.rpartition("/")[2]
        return "" if folder in ASIDE else folder


def _used(function: Function) -> str:
    """The first word of the `Use` of the one command that a function makes."""
    used = [
        syntax.text(value).strip('"`').partition(" ")[0]
        for composite in function.composites
        if composite.type is not None and syntax.text(composite.type).endswith("Command")
        for element in syntax.children(composite.node.child_by_field_name("body") or composite.node)
        if len(parts := syntax.children(element)) == 2
        and syntax.text(parts[0]) in {"Use", "Name"}
        and (value := _inside(parts[1])).type in {"interpreted_string_literal", "raw_string_literal"}
    ]
    return used[0] if len(used) == 1 else ""


def _inside(element: Node) -> Node:
    inner = syntax.children(element)
    return inner[0] if element.type == "literal_element" and len(inner) == 1 else element


def entries(index: PackageIndex, function: Function, closures: Collection[Closure] = ()) -> tuple[Entry, ...]:
    """Give the entries that come to a place in a function, inside these function literals of it: by calls that are certain, and
    of a method that nobody calls from where its type is made, as whoever makes it hands it to a library that does."""
    known: dict[tuple[str, str, tuple[int, ...]], tuple[Entry, ...]] = index.found.setdefault(entries, {})
    key = (function.file.path, function.key, tuple(each.node.start_byte for each in closures))
    if key not in known:
        known[key] = tuple(_above_all(index, function, tuple(closures)))
    return known[key]


def _above_all(index: PackageIndex, function: Function, closures: tuple[Closure, ...]) -> Iterator[Entry]:
    waiting = [_Step(function, closures, False, ())]
    seen = {(function.file.path, function.key)}
    given: set[tuple[str, str]] = set()
    while waiting:
        current, around, runs, way = waiting.pop(0)
        command = runs or any(_is_run(index, current, each.name, each.composite) for each in around)
        if command or (current.key == "main" and current.file.package == "main"):
            key = (current.file.path, current.key)
            entry = Entry(current, command, way)
            if key not in given and _is_of_a_program(entry):
                given.add(key)
                yield entry
            continue
        for above in _above(index, current, way):
            key = (above.function.file.path, above.function.key)
            if key not in seen and len(seen) < _MOST_FUNCTIONS:
                seen.add(key)
                waiting.append(above)


class _Step(NamedTuple):
    """A function on the way up, the function literals around what leads on, whether a command runs that, and the way down."""

    function: Function
    around: tuple[Closure, ...]
    runs: bool
    way: tuple[tuple[Function, int], ...]


def _is_run(index: PackageIndex, function: Function, key: str, composite: Node | None) -> bool:
    """Say whether what stands under a key of a composite literal of this type is what a command runs."""
    if key not in _RUNS or composite is None:
        return False
    named = index.resolve(composite, function.file, function)
    return isinstance(named, Named) and named.name == "Command"


def _is_of_a_program(entry: Entry) -> bool:
    """Say whether an entry is one of a program that serves, and not of a tool, a test or a command line."""
    where = component(entry.path)
    return where.reviewed and where.kind is not Kind.CLI and where.name != "tooling" and not _is_aside(entry.path)


_PROGRAMS = frozenset({"cmd", "pkg", "internal", "api", "apis", "controllers"})


def _is_aside(path: str) -> bool:
    return bool((ASIDE - _PROGRAMS) & set(path.split("/")[:-1]))


def _above(index: PackageIndex, function: Function, way: tuple[tuple[Function, int], ...]) -> Iterator[_Step]:
    """What calls a function, or hands it on; of a method that is not called for certain, what makes a value of its type."""
    sites = [site for site in calls(index).callers(function) if not site.caller.file.test]
    for site in sites:
        if site.kind != "may":
            runs = site.kind == "value" and _is_run(index, site.caller, site.key, site.composite)
            yield _Step(site.caller, site.closures, runs, ((site.caller, site.line), *way))
    if function.receiver_name and not any(site.kind == "call" and site.caller.key != function.key for site in sites):
        for maker, composite in _makers(index, function):
            around = tuple(each for each in maker.closures if syntax.contains(each.node, composite))
            yield _Step(maker, around, False, ((maker, syntax.line(composite)), *way))


def _makers(index: PackageIndex, method: Function) -> Iterator[tuple[Function, Node]]:
    """The literals that make a value of the type of a method, and the functions they stand in."""
    name, home = method.receiver_name, index.import_path(method.file)
    literal = re.compile(rb"\b%b\{" % re.escape(name.encode()))
    for path in sorted(index.words.files(name)):
        if not component(path).reviewed or (not name[0].isupper() and path.rpartition("/")[0] != method.file.folder):
            continue
        file = index.file(path)
        if file is None or file.generated or not literal.search(file.source):
            continue
        for function in (*file.functions, *file.initializers):
            if not literal.search(file.source, function.region.start, function.region.end):
                continue
            for composite in function.composites:
                named = index.resolve(composite.type, file, function) if composite.type is not None else None
                if isinstance(named, Named) and (named.path, named.name) == (home, name):
                    yield function, composite.node


def before(index: PackageIndex, entry: Entry, path: str) -> Entry | None:
    """Give the same entry in another tree, where its file is at `path`; None if that has none."""
    file = index.file(path)
    if file is None:
        return None
    found = file.function(entry.function.key) or next(
        (each for each in file.initializers if each.key == entry.function.key), None
    )
    return Entry(found, entry.command) if found is not None else None


def packages(index: PackageIndex, entry: Entry) -> frozenset[str] | None:
    """Give the folders of the tree's packages that an entry's process may be made of; None if there are too many to tell."""
    known: dict[str, frozenset[str] | None] = index.found.setdefault(packages, {})
    folder = entry.function.file.folder
    if folder not in known:
        known[folder] = _imported(index, folder)
    return known[folder]


def is_linked(index: PackageIndex, folder: str) -> bool:
    """Say whether a program of the tree is made of the package in a folder; yes where the tree has no program, or one that is too
    large to tell."""
    mains: dict[str, frozenset[str] | None] | None = index.found.get(is_linked)
    if mains is None:
        paths = [path for path in index.words.files("main") if component(path).reviewed]
        files = [file for path in paths if (file := index.file(path)) is not None and _MAIN.search(file.source)]
        mains = index.found[is_linked] = {each.folder: _imported(index, each.folder) for each in files}
    return not mains or any(made is None or folder in made for made in mains.values())


_MAIN = re.compile(rb"^package main\b", re.MULTILINE)


def _imported(index: PackageIndex, folder: str) -> frozenset[str] | None:
    found: set[str] = set()
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        if len(found) >= _MOST_PACKAGES:
            return None
        found.add(current)
        package = index.package_of(f"{current}/x.go" if current else "x.go")
        paths = {path for file in package.files() for _, path in file.imported}
        waiting += [inner for path in paths if (inner := _folder(index, path)) is not None]
    return frozenset(found)


def _folder(index: PackageIndex, path: str) -> str | None:
    """The folder of a package of the tree's own, None for all others."""
    folder = index.modules.folder(path) if "." in path.partition("/")[0] or index.module_path else None
    return folder if folder is not None and component(f"{folder}/x.go").kind is not Kind.VENDORED else None


def may_reach(index: PackageIndex, entry: Entry, file: SourceFile, at: int) -> bool:
    """Say whether an entry's process may come to the declaration of a file that byte `at` is in; errs towards yes."""
    known: dict[tuple[str, str], _Search] = index.found.setdefault(may_reach, {})
    key = (entry.path, entry.function.key)
    if key not in known:
        known[key] = _Search(index, entry)
    position = bisect_right([each.start for each in file.regions], at) - 1
    return position < 0 or known[key].finds((file.path, file.regions[position].start))


_NAME = re.compile(rb"([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?")
_IN_GROUP = re.compile(rb"^[ \t]+([A-Za-z_]\w*)((?:,[ \t]*[A-Za-z_]\w*)*)", re.MULTILINE)
"""The names in a group of declarations, and some more: to parse the group would cost more than all else."""
_COMMENT = re.compile(rb"^[ \t]*//.*", re.MULTILINE)
_ADDS_COMMANDS = re.compile(rb"\.AddCommand\(|\bCommands\b")


class _Search:
    """The declarations that an entry may come to, found as far as somebody asks."""

    def __init__(self, index: PackageIndex, entry: Entry) -> None:
        self._index = index
        self._command = entry.command
        self._reached: set[tuple[str, int]] = set()
        self._declared: dict[str, dict[bytes, list[tuple[SourceFile, Region]]]] = {}
        self._waiting: deque[tuple[SourceFile, Region]] = deque()
        self._files = self._bytes = 0
        self._packages = packages(index, entry) or frozenset()
        self._ours: dict[str, dict[bytes, str]] = {}
        self._come((entry.function.file, entry.function.region))

    def finds(self, declared: tuple[str, int]) -> bool:
        """Say whether a declaration (a file's path, where it starts) is come to, or too much is."""
        while self._waiting and declared not in self._reached:
            if self._files > _MOST_FILES or self._bytes > _MOST_BYTES:
                return True
            self._look(*self._waiting.popleft())
            if not self._waiting:  # what imports run costs most, and is seldom asked for
                folders, self._packages = self._packages, frozenset()
                for folder in folders:
                    self._initialize(folder)
        return declared in self._reached

    def _come(self, *found: tuple[SourceFile, Region]) -> None:
        for file, region in found:
            if (file.path, region.start) not in self._reached:
                self._reached.add((file.path, region.start))
                self._waiting.append((file, region))

    def _look(self, file: SourceFile, region: Region) -> None:
        own, imported = self._names(file.folder), self._imports(file)
        text = _COMMENT.sub(b"", file.source[region.start : region.end])  # that of what follows, too
        for one, other in dict.fromkeys(_NAME.findall(text)):
            self._come(*own.get(one, ()))
            if other and (folder := imported.get(one)) is not None:
                self._come(*self._names(folder).get(other, ()))
            for path in file.dot_imports:
                if (folder := _folder(self._index, path)) is not None:
                    self._come(*self._names(folder).get(one, ()))

    def _imports(self, file: SourceFile) -> dict[bytes, str]:
        """The folders of the tree's own packages that a file imports, by the names it has for them."""
        if file.path not in self._ours:
            found = self._ours[file.path] = {}
            for name, path in file.imported:
                folder = _folder(self._index, path)
                package = self._index.package(path) if folder is not None and not name else None
                if folder is not None:
                    found[(package.name if package is not None else name).encode()] = folder
        return self._ours[file.path]

    def _names(self, folder: str) -> dict[bytes, list[tuple[SourceFile, Region]]]:
        """What the names of a package's top level stand for, a type's for its methods too."""
        if folder not in self._declared:
            names = self._declared[folder] = {}
            for file in _written(self._index, folder):
                self._files, self._bytes = self._files + 1, self._bytes + len(file.source)
                for name, region in _declared(file):
                    names.setdefault(name, []).append((file, region))
        return self._declared[folder]

    def _initialize(self, folder: str) -> None:
        """Come to what runs as soon as a package is imported; but what puts all commands together runs none."""
        for file in _written(self._index, folder):
            for region in file.regions if b"\nfunc init(" in file.source else ():
                adds = self._command and _ADDS_COMMANDS.search(file.source, region.start, region.end)
                if region.kind == "func" and (region.receiver, region.name) == ("", "init") and not adds:
                    self._come((file, region))


def _written(index: PackageIndex, folder: str) -> Iterator[SourceFile]:
    """The files of a package that may call something: what is generated by the rules of an API calls nothing."""
    for file in index.package_of(f"{folder}/x.go" if folder else "x.go").files():
        if component(file.path).kind is not Kind.GENERATED:
            yield file


def _declared(file: SourceFile) -> Iterator[tuple[bytes, Region]]:
    """The declarations of a file, without the parse of any, by the names that lead to them."""
    for region in file.regions:
        if region.kind == "func" and region.name == "init" and not region.receiver:
            continue
        if region.kind == "func":
            yield (region.receiver or region.name).encode(), region
        elif region.name:
            yield region.name.encode(), region
        elif region.kind != "import":
            for first, more in _IN_GROUP.findall(file.source, region.start, region.end):
                for name in (first, *more.replace(b",", b" ").split()):
                    yield name, region
