"""The status of API objects: which types it is made of, and what leads to another one in each pass.

Sources: kubernetes/community contributors/devel/sig-architecture/api-conventions.md ("Spec and Status": every object has a
field Status; "Typical status properties": conditions, whose lastTransitionTime changes only when the status does);
k8s.io/apimachinery pkg/api/meta/conditions.go (SetStatusCondition keeps that time); openshift/custom-resource-status v1.1.2
conditions/v1/conditions.go (SetStatusCondition sets LastHeartbeatTime in each call, SetStatusConditionNoHeartbeat does not).
"""

from collections.abc import Iterator

from analyzers.golang.facts.declaration import TypeDeclaration
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Array, Map, Named, Pointer, Slice, Struct, Type, dereferenced

META = "k8s.io/apimachinery/pkg/apis/meta/v1"
RESTAMPS = ("github.com/openshift/custom-resource-status/conditions/v1", "SetStatusCondition")
"""The function that gives a condition a new time in each call, whether or not it has changed."""
_MOST_TYPES = 400


def is_status(index: PackageIndex, named: Named) -> bool:
    """Say whether a type is an API object's status, or part of one and of no spec."""
    if (named.path, named.name) == (META, "Condition"):
        return True
    package = index.package(named.path)
    if package is None:
        # client-go's types without their package: named by the conventions
        return named.path.startswith("k8s.io/api/") and named.name.endswith(("Status", "Condition"))
    if not package.serialized:
        return False
    return (named.path, named.name) in _statuses(index, named.path)


def is_object(index: PackageIndex, type_: Type | None) -> bool:
    """Say whether a type is an API object: a struct with metadata and a status."""
    named = dereferenced(type_)
    if not isinstance(named, Named):
        return False
    struct = index.underlying(named)
    if not isinstance(struct, Struct):
        return named.path.startswith("k8s.io/api/") and not named.name.endswith(("Status", "Spec", "Condition", "List"))
    names = {field.name for field in struct.fields}
    return "ObjectMeta" in names and "Status" in names


def _statuses(index: PackageIndex, path: str) -> frozenset[tuple[str, str]]:
    key = (_statuses, path)
    known: frozenset[tuple[str, str]] | None = index.found.get(key)
    if known is None:
        known = index.found[key] = _find_statuses(index, path)
    return known


def _find_statuses(index: PackageIndex, path: str) -> frozenset[tuple[str, str]]:
    package = index.package(path)
    statuses: list[Type | None] = []
    specs: list[Type | None] = []
    for file in package.files() if package is not None else ():
        if file.test or b"TypeMeta" not in file.source:
            continue
        for name, declared in file.types.items():
            if not isinstance(declared, TypeDeclaration):
                continue
            struct = index.underlying(Named(path, name))
            fields = {field.name: field.type for field in struct.fields} if isinstance(struct, Struct) else {}
            if "TypeMeta" in fields and "Status" in fields:
                statuses.append(fields["Status"])
                specs.append(fields.get("Spec"))
    return frozenset(_parts(index, statuses)) - frozenset(_parts(index, specs))


def _parts(index: PackageIndex, roots: list[Type | None]) -> Iterator[tuple[str, str]]:
    """The named types that values of some types are made of."""
    waiting = list(roots)
    seen: set[tuple[str, str]] = set()
    while waiting and len(seen) < _MOST_TYPES:
        type_ = waiting.pop()
        while isinstance(type_, Pointer | Slice | Array | Map):
            type_ = type_.elem
        if not isinstance(type_, Named) or (type_.path, type_.name) in seen:
            continue
        seen.add((type_.path, type_.name))
        yield type_.path, type_.name
        under = index.underlying(type_)
        if isinstance(under, Struct):
            waiting.extend(field.type for field in under.fields)
        elif isinstance(under, Slice | Map | Pointer | Array):
            waiting.append(under)
