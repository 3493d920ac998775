"""API types: Go structs that are stored as objects, the fields that they are made of, and CustomResourceDefinitions in YAML.

An object's type embeds TypeMeta and ObjectMeta (kubernetes/community contributors/devel/sig-architecture/api-conventions.md,
"Types (Kinds)"; apimachinery pkg/apis/meta/v1; until 2016 in pkg/api, pkg/api/unversioned). Options, lists and configuration
files embed TypeMeta alone.
"""

import itertools
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import TypeDeclaration
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Array, Map, Named, Pointer, Slice, Struct, Type

_META = re.compile(r"(^|/)pkg/(apis/meta/\w+|api(/unversioned|/v\w+)?)$")
_OBJECT = re.compile(rb"\bObjectMeta\b")
_CLUSTER = re.compile(
    r"^\+(genclient:nonNamespaced|genclient=true,nonNamespaced=true|kubebuilder:resource:.*scope=Cluster)", re.M
)
_DEFINITION = re.compile(r"^kind:\s*[\"']?CustomResourceDefinition\b", re.MULTILINE)
_SEPARATOR = re.compile(r"^---", re.MULTILINE)
_KIND = ("spec", "names", "kind")
_TOLD = frozenset({_KIND, ("spec", "scope"), ("spec", "group")})
_LONGEST = 2_000_000  # characters of one definition; a large one has some hundred thousand
_DEEPEST = 100
"""Collections within each other; schemas have some thirty. For each token libyaml looks at every open one: 100,000 take 24 s."""
_MOST_TYPES = 20_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class ApiType:
    """A kind of objects: its name, the line that declares it, and whether it says that it belongs to no namespace."""

    name: str
    line: int
    end_line: int
    cluster: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class ApiField:
    """A field of a struct that objects hold: the struct's name, its own, its type as it is written, and its line."""

    struct: str
    name: str
    type: str
    line: int


def may_declare(file: SourceFile) -> bool:
    """Say, without parsing, whether a Go file may declare kinds of objects."""
    return _OBJECT.search(file.source) is not None


def objects(index: PackageIndex, file: SourceFile) -> Iterator[ApiType]:
    """Yield the kinds of objects that a Go file declares."""
    if not may_declare(file):
        return
    for declared in file.types.values():
        struct = _struct(index, file, declared)
        if struct is not None and _is_object(struct):
            # A marker may stand in a comment of its own, one blank line above the documentation.
            above = file.doc(declared.line - declared.doc.count("\n") - 2) if declared.doc else ""
            cluster = _CLUSTER.search(f"{above}\n{declared.doc}") is not None
            yield ApiType(declared.name, declared.line, declared.end_line, cluster)


def in_objects(index: PackageIndex, folder_of: str) -> dict[str, TypeDeclaration]:
    """Give the structs of a file's package that its kinds of objects hold, themselves included, by name."""
    package = index.package_of(folder_of)
    kinds = [(file, declared) for file in package.files() if may_declare(file) for declared in file.types.values()]
    waiting: deque[TypeDeclaration] = deque()
    found: dict[str, TypeDeclaration] = {}
    for file, declared in kinds:
        struct = _struct(index, file, declared)
        if struct is not None and _is_object(struct):
            waiting.append(declared)
            found[declared.name] = declared
    while waiting and len(found) < _MOST_TYPES:
        declared = waiting.popleft()
        for named in _named_in(index.resolve(declared.type, declared.file)):
            if named.path != package.path or named.name in found:
                continue
            inner = package.lookup(named.name)
            if isinstance(inner, TypeDeclaration):
                found[named.name] = inner
                waiting.append(inner)
    return {name: declared for name, declared in found.items() if declared.type.type == "struct_type"}


def fields(declared: TypeDeclaration) -> Iterator[ApiField]:
    """Yield the fields of a struct in order; an embedded one by its type's name."""
    for group in syntax.children(declared.type):
        for each in syntax.children(group):
            type_ = each.child_by_field_name("type") if each.type == "field_declaration" else None
            if type_ is None:
                continue
            written = " ".join(syntax.text(type_).split())
            named = [(syntax.text(name), syntax.line(name)) for name in syntax.fields(each, "name")]
            embedded = (written.rpartition(".")[2].lstrip("*"), syntax.line(each))
            for name, line in named or [embedded]:
                yield ApiField(declared.name, name, written, line)


def may_define(path: str, text: str) -> bool:
    """Say, without parsing, whether a file may hold CustomResourceDefinitions."""
    return path.endswith((".yaml", ".yml")) and _DEFINITION.search(text) is not None


def definitions(text: str) -> Iterator[ApiType]:
    """Yield the kinds that a YAML file's CustomResourceDefinitions define; what is a template, or no YAML, is left alone."""
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text)), len(text)]
    for start, end in itertools.pairwise(starts):
        document = text[start:end].removeprefix("---")
        if end - start > _LONGEST or not _DEFINITION.search(document):
            continue
        told: dict[tuple[str, ...], tuple[str, int]] = {}
        for path, value, line in _scalars(document):
            told[path] = (value, line)
            if told.keys() >= _TOLD:
                break  # the schema, which is nearly all of it, comes last
        if _KIND in told:
            name, line = told[_KIND]
            line += text.count("\n", 0, start)
            cluster = told.get(("spec", "scope"), ("", 0))[0] == "Cluster"
            yield ApiType(name, line, line, cluster, told.get(("spec", "group"), ("", 0))[0])


def _scalars(document: str) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Yield the scalars of a document's mappings, each with its keys and line, as they come: nothing is built, or recurses."""
    keys: list[str | None] = []  # of each open collection: its present key, None where a key is due; a list's is ""
    try:
        for event in yaml.parse(document, Loader=_LOADER):
            match event:
                case yaml.CollectionStartEvent():
                    if len(keys) == _DEEPEST:
                        return
                    keys.append(None if isinstance(event, yaml.MappingStartEvent) else "")
                    continue
                case yaml.CollectionEndEvent():
                    keys.pop()
                case yaml.ScalarEvent() if keys and keys[-1] is None:
                    keys[-1] = event.value
                    continue
                case yaml.ScalarEvent() if keys:
                    line = event.start_mark.line + 1 if event.start_mark is not None else 1
                    yield tuple(key or "" for key in keys), event.value, line
                case _:
                    continue
            if keys and keys[-1]:
                keys[-1] = None
    except yaml.YAMLError:
        return


def _struct(index: PackageIndex, file: SourceFile, declared: TypeDeclaration) -> Struct | None:
    if declared.type.type != "struct_type":
        return None
    resolved = index.resolve(declared.type, file)
    return resolved if isinstance(resolved, Struct) else None


def _is_object(struct: Struct) -> bool:
    embedded = {
        field.type.name
        for field in struct.fields
        if field.embedded and isinstance(field.type, Named) and _META.search(field.type.path)
    }
    return {"TypeMeta", "ObjectMeta"} <= embedded


def _named_in(type_: Type | None) -> Iterator[Named]:
    """Yield the named types that a value of this type holds, its own fields' included, but not those of other named types."""
    waiting = [type_]
    while waiting:
        each = waiting.pop()
        match each:
            case Named():
                yield each
                waiting.extend(each.args)
            case Pointer() | Slice() | Array():
                waiting.append(each.elem)
            case Map():
                waiting += [each.key, each.elem]
            case Struct():
                waiting.extend(field.type for field in each.fields)
