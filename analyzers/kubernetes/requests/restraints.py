"""What keeps an informer's or a manager's cache small or quick: transforms, selectors, namespaces, metadata alone, indexes.

Source: client-go @32ce75a7 informers/factory.go (WithTransform, WithTweakListOptions, WithNamespace), tools/cache
(SetTransform; a lister that finds no NamespaceIndex walks all objects: listers.go, ListAllByNamespace),
metadata/metadatainformer; controller-runtime v0.6 to v0.24, pkg/cache, pkg/manager, pkg/builder, pkg/client: which release
has which name is read from its tags (see `Advice`).
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from analyzers.golang import destinations
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Composite
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import ELEMENT
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Map, Named, dereferenced
from analyzers.kubernetes import resources
from analyzers.kubernetes.program import origins

Family = Literal["transform", "selection", "metadata", "index", "uncached"]
"""What a restraint does. "selection": fewer objects, by label, field or namespace; "uncached": reads of a kind are live."""

CONTROLLER_RUNTIME = "sigs.k8s.io/controller-runtime"
_CALLS: dict[str, Family] = {
    "WithTransform": "transform",
    "SetTransform": "transform",
    "WithTweakListOptions": "selection",
    "WithNamespace": "selection",
    "MultiNamespacedCacheBuilder": "selection",
    "NewFilteredSharedInformerFactory": "selection",
    "NewFilteredDynamicSharedInformerFactory": "selection",
    "NewTransformingInformer": "transform",
    "NewTransformingIndexerInformer": "transform",
    "WatchesMetadata": "metadata",
}
_KEYS: dict[str, Family] = {
    "ByObject": "selection",
    "SelectorsByObject": "selection",
    "DefaultSelector": "selection",
    "DefaultLabelSelector": "selection",
    "DefaultFieldSelector": "selection",
    "DefaultNamespaces": "selection",
    "DefaultTransform": "transform",
    "TransformByObject": "transform",
    "NamespaceIndex": "index",
}
_TYPED_KEYS: dict[str, Family] = {"Namespace": "selection", "Namespaces": "selection"}
"""Keys of so common a name that the type must tell: manager.Options, cache.Options."""
LISTS = frozenset({"DisableFor", "ClientDisableCacheFor", "UncachedObjects"})
"""The names of what leaves kinds out of the cache for reads."""
_OF_ONE: dict[str, Family] = {
    "Label": "selection",
    "Field": "selection",
    "Namespaces": "selection",
    "Transform": "transform",
}
"""What ByObject's and SelectorsByObject's entries may hold."""
_MOST_STEPS = 4_000_000
_WATCHES = frozenset({"For", "Owns", "Watches", "WatchesMetadata"})
_WORDS = "|".join([*_CALLS, *_KEYS, *LISTS, "ByObject", "OnlyMetadata", "Indexers", "Namespaces?", "metadatainformer"])
LOOK = re.compile(rf"\b(?:{_WORDS})\b".encode())
"""What a text holds that has a restraint: of all functions, few do."""
_INDEXED = re.compile(r"Informer|^AddIndexers$|^NewIndexer$")
_NO_NAMESPACE = re.compile(r'^(""|(\w+\.)?NamespaceAll)$')


class Restraint(NamedTuple):
    """A restraint: its name, what it does, of which kind's objects ("" for all, or unknown), what it is a part of (the name
    of a call, or a type), the functions it names, and where it stands."""

    name: str
    family: Family
    kind: str
    owner: str
    words: frozenset[str]
    function: Function
    node: Node

    @property
    def line(self) -> int:
        """The line of its name."""
        return syntax.line(self.node)

    @property
    def resource(self) -> str:
        """The resource of its kind, "" for all."""
        return resources.plural(self.kind)

    @property
    def of_manager(self) -> bool:
        """Whether it is a controller-runtime manager's, not an informer's or a factory's of client-go."""
        return self.name in OF_MANAGER


OF_MANAGER = frozenset({*_KEYS, *_TYPED_KEYS, *LISTS, "MultiNamespacedCacheBuilder"} - {"NamespaceIndex"})
"""The names of what restrains a manager's cache."""
BY_NAMESPACE = frozenset(
    {"DefaultNamespaces", "Namespaces", "Namespace", "MultiNamespacedCacheBuilder", "WithNamespace"}
)
"""The names of what restrains a cache to namespaces, and nothing that belongs to none."""


def restraints(index: PackageIndex, function: Function) -> Iterator[Restraint]:
    """Yield the restraints in a function, wherever they stand: in options, in a variable, in an assignment to a field."""
    if function.body is None or not LOOK.search(function.file.source, function.region.start, function.region.end):
        return
    if len(function.calls) * max(len(function.composites), len(function.calls)) > _MOST_STEPS:
        return  # which no options are written with
    for call in function.calls:
        yield from _of_call(index, function, call)
    managed = _imports(function, CONTROLLER_RUNTIME)
    for composite in function.composites:
        yield from _of_composite(index, function, composite, managed)
    for assignment in function.assignments if managed else ():
        for left, right in zip(assignment.left, assignment.right, strict=False):
            yield from _of_assignment(index, function, left, right)


def _imports(function: Function, path: str) -> bool:
    return any(each == path or each.startswith(f"{path}/") for each in function.file.imports.values())


def _of_call(index: PackageIndex, function: Function, call: Call) -> Iterator[Restraint]:
    family = _CALLS.get(call.name)
    if call.name in _WATCHES and (call.name == "WatchesMetadata" or _slim(call)):
        for argument in call.arguments[:2]:
            if kind := kind_of(index, function, argument):
                named = _slim(call) or _name_of(call)
                yield Restraint("OnlyMetadata", "metadata", kind, call.name, frozenset(), function, named)
                return
    if family is None:
        return
    if call.name == "WithNamespace" and not (_restricts(call.arguments, 0) and _is_of_a_factory(index, function, call)):
        return
    if call.name.startswith("NewFiltered") and not (_restricts(call.arguments, 2) or _given(call.arguments, 3)):
        return
    if call.name == "WatchesMetadata" or (family == "transform" and any(map(_keeps_all, call.arguments))):
        return
    owner = _around(function, call.node) or (syntax.text(call.operand) if call.operand is not None else call.name)
    words = frozenset().union(*(_words(argument) for argument in call.arguments))
    yield Restraint(call.name, family, "", owner, words, function, _name_of(call))


def _is_of_a_factory(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a call makes an option of a generated factory of informers: leases have a WithNamespace as well."""
    operand = syntax.unparenthesized(call.operand) if call.operand is not None else None
    path = Place(index, function.file, function).imported(operand) if operand is not None else None
    return path is not None and re.search(r"(^|/)(informers|externalversions|internalversion)(/|$)", path) is not None


def _name_of(call: Call) -> Node:
    """The node that names a call's method: a chain of calls begins lines above."""
    return call.function.child_by_field_name("field") or call.function


def _slim(call: Call) -> Node | None:
    """Give the argument by which a builder's watch is of metadata alone, None if there is none."""
    return next((each for each in call.arguments[1:] if re.search(r"\bOnlyMetadata\b", syntax.text(each))), None)


def _restricts(arguments: list[Node], number: int) -> bool:
    return _given(arguments, number) and not _NO_NAMESPACE.match(syntax.text(arguments[number]))


def _given(arguments: list[Node], number: int) -> bool:
    return len(arguments) > number and syntax.text(arguments[number]) != "nil"


def _of_composite(index: PackageIndex, function: Function, composite: Composite, managed: bool) -> Iterator[Restraint]:
    body = composite.node.child_by_field_name("body") or composite.node
    type_ = " ".join(syntax.text(composite.type).split()) if composite.type is not None else ""
    by_object = type_.endswith("ByObject") and managed
    for element in syntax.children(body):
        parts = syntax.children(element) if element.type == "keyed_element" else []
        if len(parts) != 2:
            continue
        key, value = (_inside(part) for part in parts)
        if by_object and (kind := kind_of(index, function, key)):
            yield from _of_entry(function, key, value, kind, type_)
            continue
        if key.type not in {"identifier", "selector_expression", "field_identifier"} or composite.type is None:
            continue
        name = syntax.text(key).rpartition(".")[2]
        owner = _around(function, composite.node) or type_
        # Projects keep stores of their own, with indexers of their own.
        if name == "NamespaceIndex" and not _INDEXED.search(owner):
            continue
        if name in _TYPED_KEYS and not (managed and _is_options(index, function, composite.type)):
            continue
        if name in _TYPED_KEYS or (name in _KEYS and (managed or name == "NamespaceIndex")):
            yield from _of_key(index, name, key, value, owner, function)
        elif name in LISTS and managed:
            yield from _left_out(index, function, name, value, owner)


def _inside(node: Node) -> Node:
    inner = syntax.children(node)
    return inner[0] if node.type == "literal_element" and len(inner) == 1 else node


def _is_options(index: PackageIndex, function: Function, node: Node) -> bool:
    named = dereferenced(index.resolve(node, function.file, function))
    return isinstance(named, Named) and named.path.startswith(CONTROLLER_RUNTIME) and named.name == "Options"


def _of_key(
    index: PackageIndex, name: str, key: Node, value: Node, owner: str, function: Function
) -> Iterator[Restraint]:
    if syntax.text(value) in {"nil", '""'} or _NO_NAMESPACE.match(syntax.text(value)) or _is_unset(function, value):
        return
    made = value.type == "composite_literal" or syntax.text(value).startswith("make(")
    if name in _BY_ENTRIES and (made or _is_literal(index, function, value)):
        return  # its entries tell
    if (name == "DefaultNamespaces" and made and _stays_empty(function, name, value)) or _keeps_all(value):
        return
    family = {**_KEYS, **_TYPED_KEYS}[name]
    yield Restraint(name, family, "", owner, frozenset(), function, key)


_BY_ENTRIES = frozenset({"ByObject", "SelectorsByObject", "TransformByObject"})


def _is_literal(index: PackageIndex, function: Function, value: Node) -> bool:
    """Say whether an expression is nothing but composite literals of the program, whose entries tell what is restrained."""
    found = origins(index).of(Place(index, function.file, function), value)
    made = [each for each in found.origins if not (each.kind == "constant" and each.node.type == "nil")]
    return found.complete and bool(made) and all(each.kind == "literal" and not each.access for each in made)


_PASSING = frozenset({"return_statement", "if_statement", "expression_list", "block", "statement_list", "comment"})


def _keeps_all(transform: Node) -> bool:
    """Say whether a function that is given as a transform drops nothing: it gives what it was given, or an error."""
    body = transform.child_by_field_name("body") if transform.type == "func_literal" else None
    parameters = transform.child_by_field_name("parameters") if body is not None else None
    if body is None or parameters is None:
        return False
    names = {syntax.text(each) for each in syntax.walk(parameters) if each.type == "identifier"} | {"nil"}
    if any(each.type.endswith("_statement") and each.type not in _PASSING for each in syntax.walk(body)):
        return False
    returned = [syntax.children(each) for each in syntax.walk(body) if each.type == "return_statement"]
    given = [syntax.children(each[0])[0] for each in returned if each and syntax.children(each[0])]
    return bool(given) and all(syntax.text(each) in names for each in given)


def _stays_empty(function: Function, name: str, value: Node) -> bool:
    """Say whether a map of namespaces is made empty, which is all of them, and filled only where somebody asks for it: all
    that is put into it stands behind a condition."""
    body = value.child_by_field_name("body")
    if body is not None and syntax.children(body):
        return False
    return all(
        destinations.conditions_at(function, each.node)
        for each in function.assignments
        for left in each.left
        if left.type == "index_expression"
        and (operand := left.child_by_field_name("operand")) is not None
        and syntax.text(operand).endswith(name)
    )


def _is_unset(function: Function, value: Node) -> bool:
    """Say whether a variable holds a flag's value that is empty unless somebody sets it: all namespaces, as a rule."""
    if value.type != "identifier":
        return False
    name = re.escape(syntax.text(value))
    text = r'"[^"\n]*",\s*(?:"\w?",\s*)?""'  # its name, its shorthand, its default
    flag = rf"StringVarP?\(\s*&{name},\s*{text}|\b{name}\s*:?=\s*\w+\.StringP?\({text}"
    return re.search(flag.encode(), function.file.source) is not None


def _of_entry(function: Function, key: Node, value: Node, kind: str, type_: str) -> Iterator[Restraint]:
    """The restraints of one kind: `&corev1.Pod{}: {Label: ours}`; an entry that holds none of them restricts nothing."""
    name = "TransformByObject" if type_.endswith("TransformByObject") else "ByObject"
    if name == "TransformByObject":
        if not _keeps_all(value):
            yield Restraint(name, "transform", kind, type_, frozenset(), function, key)
        return
    binding = function.binding(syntax.text(value), value.start_byte) if value.type == "identifier" else None
    if binding is not None and binding.kind == "var" and binding.value is not None:
        value = binding.value
    literal = value if value.type == "literal_value" else value.child_by_field_name("body")
    if literal is None:
        yield Restraint(name, "selection", kind, type_, frozenset(), function, key)
        return
    for element in syntax.children(literal):
        parts = syntax.children(element) if element.type == "keyed_element" else []
        inner = syntax.text(_inside(parts[0])) if len(parts) == 2 else ""
        if inner in _OF_ONE and not re.search(r"\bEverything\(\)$|^nil$", syntax.text(parts[1])):
            yield Restraint(name, _OF_ONE[inner], kind, type_, frozenset(), function, key)


def _left_out(index: PackageIndex, function: Function, name: str, value: Node, owner: str) -> Iterator[Restraint]:
    """The kinds of which the manager's client reads live: `DisableFor: []client.Object{&corev1.Secret{}}`, or what is put into
    the variable that is given there."""
    written = [each for each in syntax.walk(value) if each.type == "unary_expression"]
    for node in written:
        if kind := kind_of(index, function, node):
            yield Restraint(name, "uncached", kind, owner, frozenset(), function, node)
    if written:
        return
    for each in origins(index).of(Place(index, function.file, function), value, (ELEMENT,)).origins:
        at = each.place
        if at.function is not None and (kind := kind_of(index, at.function, each.node)):
            yield Restraint(name, "uncached", kind, owner, frozenset(), at.function, each.node)


def _of_assignment(index: PackageIndex, function: Function, left: Node, right: Node) -> Iterator[Restraint]:
    """`options.Cache.DefaultNamespaces = ...`, `options.ByObject[&corev1.Pod{}] = cache.ByObject{...}`."""
    if left.type == "index_expression":
        operand, key = left.child_by_field_name("operand"), left.child_by_field_name("index")
        if operand is None or key is None or not _has_entries(index, function, operand):
            return
        kind = kind_of(index, function, key)
        if kind in {"", "Object"}:  # one of many, whichever they are
            yield Restraint("ByObject", "selection", "", syntax.text(operand), frozenset(), function, key)
        else:
            yield from _of_entry(function, key, right, kind, syntax.text(operand))
        return
    operand, field = left.child_by_field_name("operand"), left.child_by_field_name("field")
    if left.type != "selector_expression" or operand is None or field is None:
        return
    name = syntax.text(field)
    if name in LISTS:
        yield from _left_out(index, function, name, right, syntax.text(operand))
    elif name in _KEYS and name != "NamespaceIndex":
        yield from _of_key(index, name, field, right, syntax.text(operand), function)
    elif name in _TYPED_KEYS:
        named = dereferenced(index.type_of(operand, function.file, function))
        if isinstance(named, Named) and named.path.startswith(CONTROLLER_RUNTIME) and named.name == "Options":
            yield from _of_key(index, name, field, right, syntax.text(operand), function)


def _has_entries(index: PackageIndex, function: Function, operand: Node) -> bool:
    """Say whether a map is one of a cache's options by object: by its field's name, or by the type of what it holds."""
    if syntax.text(operand).endswith("ByObject"):
        return True
    type_ = index.underlying(index.type_of(operand, function.file, function))
    held = type_.elem if isinstance(type_, Map) else None
    return isinstance(held, Named) and held.path.startswith(CONTROLLER_RUNTIME) and held.name == "ByObject"


def kind_of(index: PackageIndex, function: Function, node: Node) -> str:
    """Give the kind of an example object, `&corev1.Pod{}`, or of what stands in a variable; "" if it is none."""
    found = re.search(r"\bKind\{\s*Type:\s*", syntax.text(node))  # source.Kind, until controller-runtime 0.14
    if found is not None:
        inner = [each for each in syntax.walk(node) if each.type == "unary_expression" and each is not node]
        node = inner[-1] if inner else node
    if node.type not in {"unary_expression", "identifier", "call_expression", "composite_literal"}:
        return ""
    named = dereferenced(index.type_of(node, function.file, function))
    return named.name if isinstance(named, Named) and named.path else ""


def whole(index: PackageIndex, function: Function, kind: str) -> Iterator[Call]:
    """Yield the calls of a builder that watch objects of a kind, and not metadata alone."""
    for call in function.calls:
        watches = call.name in {"For", "Owns", "Watches"} and call.arguments and not _slim(call)
        if watches and kind_of(index, function, call.arguments[0]) == kind:
            yield call


def _words(argument: Node) -> frozenset[str]:
    return frozenset() if argument.type == "func_literal" else frozenset(re.findall(r"\w+", syntax.text(argument)))


def _around(function: Function, node: Node) -> str:
    """The name of the innermost call that something is an argument of."""
    calls = [
        each
        for each in function.calls
        if each.node.start_byte < node.start_byte and node.end_byte < each.node.end_byte and each.name
    ]
    return max(calls, key=lambda each: each.node.start_byte).name if calls else ""


class Unfiltered(NamedTuple):
    """An entry of ByObject that restricts nothing: its kind, and where it stands."""

    kind: str
    function: Function
    node: Node


def unfiltered(index: PackageIndex, function: Function) -> Iterator[Unfiltered]:
    """Yield the entries of ByObject that are empty: `&corev1.Secret{}: {}`."""
    for kind, key, value in _entries(index, function):
        if re.match(r"^([\w.]*\s*)\{\s*\}$", syntax.text(value)):
            yield Unfiltered(kind, function, key)


_EVERYTHING = re.compile(r"^(?:[\w.]{1,200}\s{0,9})?\{\s*(?:Label|Field):\s*\w+\.Everything\(\),?\s*\}$")


def kept_whole(index: PackageIndex, function: Function) -> Iterator[str]:
    """Yield the kinds whose entries of ByObject ask for all objects, whatever defaults restrict: `{Label: labels.Everything()}`,
    itself or in a variable."""
    for kind, _, value in _entries(index, function):
        binding = function.binding(syntax.text(value), value.start_byte) if value.type == "identifier" else None
        given = binding.value if binding is not None and binding.value is not None else value
        if _EVERYTHING.match(syntax.text(given)):
            yield kind


def _entries(index: PackageIndex, function: Function) -> Iterator[tuple[str, Node, Node]]:
    """The entries of ByObject that a function writes: kind, key and value."""
    for composite in function.composites if _imports(function, CONTROLLER_RUNTIME) else ():
        type_ = syntax.text(composite.type) if composite.type is not None else ""
        if not type_.endswith("ByObject") or type_.endswith("TransformByObject"):
            continue
        for element in syntax.children(composite.node.child_by_field_name("body") or composite.node):
            parts = [_inside(each) for each in syntax.children(element)] if element.type == "keyed_element" else []
            if len(parts) == 2 and (kind := kind_of(index, function, parts[0])):
                yield kind, parts[0], parts[1]


class Advice(NamedTuple):
    """What a release of controller-runtime calls its means: to read a kind live, to keep less of it, to keep metadata alone,
    to drop managedFields; "" for what it has not, and what the readers of an unknown release can do."""

    live: str
    fewer: str
    metadata: str
    transform: str = ""


_RELEASES: tuple[tuple[int, Advice], ...] = (
    (18, Advice("DisableFor", "ByObject", "builder.OnlyMetadata", "cache.TransformStripManagedFields")),
    (15, Advice("DisableFor", "ByObject", "builder.OnlyMetadata")),
    (9, Advice("ClientDisableCacheFor", "SelectorsByObject", "builder.OnlyMetadata")),
    (7, Advice("ClientDisableCacheFor", "", "builder.OnlyMetadata")),
    (0, Advice("", "", "")),
)
"""By the minor version from which on they are there (git tags v0.6.0 to v0.24.0 of controller-runtime)."""
UNKNOWN = Advice("", "", "builder.OnlyMetadata")


def advice(index: PackageIndex, path: str) -> Advice:
    """Give what the release of controller-runtime has that the file at `path` is built with; UNKNOWN if that is not known."""
    minor = release(index, path)
    return next((each for least, each in _RELEASES if minor is not None and minor >= least), UNKNOWN)


def release(index: PackageIndex, path: str) -> int | None:
    """Give the minor version of controller-runtime that the file at `path` is built with, by the go.mod above it; None if that
    asks for none, or for none of the form v0.N.x."""
    folder = path.rpartition("/")[0]
    while True:
        found = index.modules.go_mod(folder)
        required = found.requirement(CONTROLLER_RUNTIME) if found is not None else None
        if required is not None:
            match = re.match(r"v0\.(\d{1,4})\.(0-)?", required.version)
            # What comes before a release may lack what that has.
            return int(match[1]) - bool(match[2]) if match is not None else None
        if not folder:
            return None
        folder = folder.rpartition("/")[0]
