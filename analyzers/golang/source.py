"""SourceFile: one Go file, of which only what is asked for gets parsed."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from analyzers.golang import regions, syntax
from analyzers.golang.declaration import Declaration, Function, TypeDeclaration, Value
from analyzers.golang.regions import Region
from analyzers.golang.syntax import Node, Unparseable

__all__ = ["MAX_BYTES", "MAX_DECLARATION_BYTES", "SourceFile", "guessed_name"]


MAX_BYTES = 8 * 1024 * 1024
"""What is searched for declarations. Vendored cloud SDKs reach 3.5 MB; of these only single declarations are parsed."""

MAX_DECLARATION_BYTES = 512 * 1024
"""What is parsed at once. A tree needs 50 times the bytes, and only embedded data makes one declaration larger than
this.
"""

_WORD = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_PACKAGE = re.compile(rb"^[ \t]*package[ \t]+(" + _WORD + rb")", re.MULTILINE)
_IMPORT = re.compile(
    rb"(?:^|[;(])[ \t]*(?:import\b[ \t]*\(?[ \t]*)?(?:(" + _WORD + rb"|\.)[ \t]+)?[\"`]([^\"`\n]+)[\"`]", re.MULTILINE
)
_GENERATED = re.compile(rb"^// Code generated .* DO NOT EDIT\.\r?$", re.MULTILINE)
_IMPORT_COMMENT = re.compile(rb"^package[ \t]+\w+[ \t]*(?://|/\*)[ \t]*import[ \t]+\"([^\"\n]+)\"", re.MULTILINE)
_INTERFACE = re.compile(rb"interface\s*\{")
_VERSION = re.compile(r"v[0-9]+$")


_FUNCTIONS = frozenset(["function_declaration", "method_declaration"])
_CALLING = frozenset(["call_expression", "func_literal", "type_conversion_expression"])


class SourceFile:
    """A Go file at `path` with its bytes and git blob id. Broken or hostile source raises nothing: `error` says what
    could not be read.
    """

    def __init__(self, path: str, source: bytes, id: str = "") -> None:  # noqa: A002 - git's word
        self.path = path
        self.source = source[3:] if source.startswith(b"\xef\xbb\xbf") else source
        self.id = id
        self.key = f"{id} {path}"
        self.error: str | None = None
        self._nodes: dict[int, list[Node]] = {}
        self._declarations: dict[str, Declaration | None] = {}
        if len(source) > MAX_BYTES:
            self.error = f"it has {len(source):,} bytes, more than {MAX_BYTES:,}"
        elif b"\0" in source:
            self.error = "it holds a zero byte, so it is no text"

    def __repr__(self) -> str:
        return f"<SourceFile {self.path}>"

    @property
    def folder(self) -> str:
        """The folder it is in, "" for the root."""
        return self.path.rpartition("/")[0]

    @property
    def test(self) -> bool:
        """Whether only `go test` compiles it."""
        return self.path.endswith("_test.go")

    @cached_property
    def head(self) -> bytes:
        """All that stands in front of the package clause."""
        match = self._package_clause
        return self.source[: match.start()] if match else b""

    @cached_property
    def _package_clause(self) -> re.Match[bytes] | None:
        match = _PACKAGE.search(self.source)
        if match is None or b"/*" not in self.source[: match.start()]:
            return match
        return _PACKAGE.search(syntax.blanked(self.source))

    @cached_property
    def package(self) -> str:
        """The name in its package clause, "" if there is none."""
        return self._package_clause[1].decode("utf-8", "replace") if self._package_clause else ""

    @cached_property
    def import_comment(self) -> str | None:
        """The path in `package x // import "path"`, as code from before modules states its own place."""
        match = _IMPORT_COMMENT.search(self.source)
        return match[1].decode("utf-8", "replace") if match else None

    @cached_property
    def generated(self) -> bool:
        """Whether a line in front of the package clause says `// Code generated ... DO NOT EDIT.`
        (go.dev/s/generatedcode).
        """
        return _GENERATED.search(self.head) is not None

    @cached_property
    def imported(self) -> list[tuple[str, str]]:
        """Its imports in order: the name given ("" for none, "." and "_" too) and the path."""
        found = []
        for region in self.regions:
            if region.kind != "import":
                continue
            block = self.source[region.start : region.end]
            if b"/*" in block:
                block = re.sub(rb"/\*.*?\*/", b"", block, flags=re.DOTALL)
            for name, path in _IMPORT.findall(block):
                found.append((name.decode("utf-8", "replace"), path.decode("utf-8", "replace")))
        return found

    @cached_property
    def imports(self) -> dict[str, str]:
        """Local name -> import path. Where no name is given it is guessed from the path; PackageIndex.imported knows
        the real one.
        """
        return {name or guessed_name(path): path for name, path in self.imported if name not in {".", "_"}}

    @cached_property
    def unnamed_imports(self) -> tuple[str, ...]:
        """The paths imported without a name, for which `imports` holds a guess."""
        return tuple(path for name, path in self.imported if not name)

    @cached_property
    def dot_imports(self) -> tuple[str, ...]:
        """The paths of `import . "path"`, whose names need no qualifier."""
        return tuple(path for name, path in self.imported if name == ".")

    @cached_property
    def regions(self) -> list[Region]:
        """Its top-level declarations in order, with what can be said without parsing them."""
        if self.error is not None:
            return []
        try:
            return regions.found(self.source)
        except Unparseable as error:
            self.error = str(error)
            return []

    def nodes(self, region: Region) -> list[Node]:
        """Give the syntax trees in `region`: one declaration, if it is well formed; empty with `error` set if it must
        not be parsed.
        """
        known = self._nodes.get(region.start)
        if known is None:
            try:
                if region.end - region.start > MAX_DECLARATION_BYTES:
                    raise Unparseable(
                        f"it has {region.end - region.start:,} bytes, more than {MAX_DECLARATION_BYTES:,}"
                    )
                root = syntax.parse_range(self.source, region.start, region.end, region.row)
            except Unparseable as error:
                self.error = self.error or f"{region.kind} {region.name} on line {region.row + 1}: {error}"
                known = []
            else:
                known = [node for node in root.named_children if node.type != "comment"]
                if region.kind == "func" and not any(node.type in _FUNCTIONS for node in known):
                    self.error = self.error or f"func {region.name} on line {region.row + 1}: its syntax is broken"
            self._nodes[region.start] = known
        return known

    def release(self) -> None:
        """Drop all syntax trees, which need 50 times the source's memory; what is asked for later is parsed again."""
        self._nodes.clear()
        self._declarations.clear()
        for name in ("functions", "_functions_by_key", "types", "values", "initializers", "decls"):
            self.__dict__.pop(name, None)

    @cached_property
    def functions(self) -> list[Function]:
        """Its functions and methods in order, not parsed yet."""
        return [
            Function(self, region, region.name, region.receiver) for region in self.regions if region.kind == "func"
        ]

    @cached_property
    def _functions_by_key(self) -> dict[str, Function]:
        return {function.key: function for function in reversed(self.functions)}

    def function(self, key: str) -> Function | None:
        """Give the function "Name" or method "Recv.Name"."""
        return self._functions_by_key.get(key)

    @cached_property
    def initializers(self) -> list[Function]:
        """The package variables whose initial value holds calls or function literals, as Functions named after the
        variable.
        """
        found = []
        for region in self.regions:
            if region.kind != "var" or self.source.find(b"(", region.start, region.end) < 0:
                continue
            for spec in self._specs(region):
                name, value = spec.child_by_field_name("name"), spec.child_by_field_name("value")
                if name is not None and value is not None and any(node.type in _CALLING for node in syntax.walk(value)):
                    found.append(Function(self, region, syntax.text(name), "", spec))
        return found

    @cached_property
    def types(self) -> dict[str, TypeDeclaration]:
        """All its types by name (parses all type declarations)."""
        return {
            found.name: found for region in self.regions if region.kind == "type" for found in self._types_in(region)
        }

    @property
    def interfaces(self) -> list[TypeDeclaration]:
        """Its interface types; other types are not parsed."""
        return [
            declared
            for region in self.regions
            if region.kind == "type" and _INTERFACE.search(self.source, region.start, region.end)
            for declared in self._types_in(region)
            if declared.type.type == "interface_type"
        ]

    def type(self, name: str) -> TypeDeclaration | None:
        """Give the type declared as `name`, parsing no other."""
        for region in self._candidates(name, "type"):
            for found in self._types_in(region):
                if found.name == name:
                    return found
        return None

    def _types_in(self, region: Region) -> list[TypeDeclaration]:
        return [TypeDeclaration(self, spec) for spec in self._specs(region)]

    @cached_property
    def values(self) -> dict[str, Value]:
        """All its variables and constants by name (parses all of them)."""
        return {
            found.name: found
            for region in self.regions
            if region.kind in {"var", "const"}
            for found in self._values_in(region)
            if found.name != "_"
        }

    @property
    def constants(self) -> dict[str, Value]:
        """All its constants by name."""
        return {name: value for name, value in self.values.items() if value.kind == "const"}

    @property
    def variables(self) -> dict[str, Value]:
        """All its variables by name."""
        return {name: value for name, value in self.values.items() if value.kind == "var"}

    def value(self, name: str) -> Value | None:
        """Give the variable or constant declared as `name`, parsing no more than its group."""
        for region in self._candidates(name, "var", "const"):
            for found in self._values_in(region):
                if found.name == name:
                    return found
        return None

    def _candidates(self, name: str, *kinds: str) -> list[Region]:
        if (encoded := name.encode()) not in self.source:
            return []
        return [
            region
            for region in self.regions
            if region.kind in kinds
            and (region.name == name if region.name else self.source.find(encoded, region.start, region.end) >= 0)
        ]

    def _specs(self, region: Region) -> list[Node]:
        specs = []
        for node in self.nodes(region):
            if node.type not in {"type_declaration", "var_declaration", "const_declaration"}:
                continue
            for child in syntax.children(node):
                specs.extend(syntax.children(child) if child.type == "var_spec_list" else [child])
        return [spec for spec in specs if spec.type in {"type_spec", "type_alias", "var_spec", "const_spec"}]

    def _values_in(self, region: Region) -> list[Value]:
        found: list[Value] = []
        repeated: tuple[Node | None, list[Node]] = (None, [])
        kind: Literal["var", "const"] = "const" if region.kind == "const" else "var"
        for iota, spec in enumerate(self._specs(region)):
            value, type_ = spec.child_by_field_name("value"), spec.child_by_field_name("type")
            values = syntax.children(value) if value is not None else []
            if kind == "const":
                # A constant without a value repeats the one above it (the Go specification, "Constant declarations").
                if values:
                    repeated = (type_, values)
                else:
                    type_, values = repeated
            names = syntax.fields(spec, "name")
            for index, name in enumerate(names):
                if len(values) == len(names):
                    found.append(Value(self, kind, name, type_, values[index], iota=iota))
                else:
                    found.append(Value(self, kind, name, type_, values[0] if values else None, index, len(names), iota))
        return found

    def declaration(self, name: str) -> Declaration | None:
        """Give what the file declares as `name` at its top level: a function, type, variable or constant."""
        if name not in self._declarations:
            self._declarations[name] = self.function(name) or self.type(name) or self.value(name)
        return self._declarations[name]

    @cached_property
    def decls(self) -> list[Declaration]:
        """All its declarations in source order (parses them all)."""
        found: list[Declaration] = []
        functions = {function.region.start: function for function in self.functions}
        for region in self.regions:
            if region.kind == "func":
                found.append(functions[region.start])
            elif region.kind == "type":
                found.extend(self._types_in(region))
            elif region.kind in {"var", "const"}:
                found.extend(self._values_in(region))
        return found

    @cached_property
    def _starts(self) -> list[int]:
        return [region.row + 1 for region in self.regions]

    def function_at(self, line: int) -> Function | None:
        """Give the function (or initial value with function literals) that covers `line`, doc comment not included."""
        position = bisect_right(self._starts, line) - 1
        if position < 0:
            return None
        region = self.regions[position]
        if region.kind == "var":
            candidates = [function for function in self.initializers if function.region is region]
        else:
            candidates = [function for function in self.functions if function.region is region]
        return next((function for function in candidates if function.line <= line <= function.end_line), None)

    def functions_near(self, lines: Iterable[int]) -> list[Function]:
        """Give the functions that cover one of these lines, or that such a line stands behind, in order; parses none."""
        at = {bisect_right(self._starts, line) - 1 for line in lines}
        rows = {self.regions[position].start for position in at if position >= 0}
        return [function for function in self.functions if function.region.start in rows]

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.source.split(b"\n")

    def line_text(self, line: int) -> str:
        """Give a line's text without its newline, "" where there is no such line."""
        return self._lines[line - 1].rstrip(b"\r").decode("utf-8", "replace") if 0 < line <= len(self._lines) else ""

    def doc(self, line: int) -> str:
        """Give the comment lines right above `line`, without slashes."""
        found: list[str] = []
        while (above := self.line_text(line - 1 - len(found)).strip()).startswith("//"):
            found.append(above.removeprefix("//").removeprefix(" "))
        return "\n".join(reversed(found))


def guessed_name(path: str) -> str:
    """Guess a package's name from its import path: the last element, without /v2, .v1, go- and -go."""
    elements = path.split("/")
    # k8s.io/klog/v2 is klog, but k8s.io/api/core/v1 is v1: a module's major version starts at 2, behind few elements.
    versioned = len(elements) in {2, 3, 4} and "." in elements[0] and _VERSION.match(elements[-1])
    if versioned and elements[-1] not in {"v0", "v1"} and "api" not in elements and "apis" not in elements:
        elements.pop()
    name = re.sub(r"\.v[0-9]+$", "", elements[-1])
    name = name.removeprefix("go-").removesuffix("-go").removesuffix(".go")
    return name.rpartition("-")[2] if "-" in name else name
