"""Predicates of controller-runtime: which of the events of what is watched come through to a controller.

Source: controller-runtime @86a0d40e pkg/predicate/predicate.go (Funcs without an UpdateFunc, and NewPredicateFuncs of what holds
of an object, let its updates through; ResourceVersionChangedPredicate holds back resyncs alone), pkg/builder/options.go
(WithPredicates) and controller.go (WithEventFilter). A kubelet's status updates change neither generation, labels nor
annotations, and all but a few nodes have kubernetes.io/os=linux (k8s.io/api/core/v1/well_known_labels.go).
"""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex

_NAMED = re.compile(r"[pP]redicate")


def given(function: Function, call: Call) -> list[Node]:
    """Give the predicates behind which a builder's or a controller's call watches: among its arguments, among those of the Watch
    that is given the source, or for the whole builder in the WithEventFilter behind it."""
    found: list[Node] = []
    for other in function.calls:
        around = other.name in _AROUND and other.node.start_byte <= call.node.start_byte < other.node.end_byte
        for argument in other.arguments if around or other is call else ():
            made = function.facts.call_at(argument) if argument.type == "call_expression" else None
            if made is not None and made.name == "WithPredicates":
                found += made.arguments
            elif other.name == "WithEventFilter" or _NAMED.search(syntax.text(argument)):
                found.append(argument)
    return found


_AROUND = frozenset({"Watch", "WatchesRawSource", "WithEventFilter"})
_BY_WHICH = re.compile(
    r"\.Get(?:Name|Namespace|Labels|Annotations)\(\)|\.(?:Name|Namespace|Labels|Annotations)\b|LabelSelector"
)


def chosen(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether predicates choose objects by name, namespace, labels or annotations among those that a builder's call
    watches: they drop events, and the cache keeps all objects."""
    return any(_chooses(index, function, each) for each in given(function, call))


def _chooses(index: PackageIndex, function: Function, predicate: Node) -> bool:
    """Whether a predicate, or a function of the tree that makes one, looks at what an object is, and not at how it changed."""
    if _BY_WHICH.search(syntax.text(predicate)):
        return True
    for node in syntax.walk(predicate):
        if node.type not in {"call_expression", "identifier", "selector_expression"}:
            continue
        named = node.child_by_field_name("function") if node.type == "call_expression" else node
        _, target = index.referenced(named, function.file, function) if named is not None else (None, None)
        binding = function.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None
        made = (target.body if target is not None else None, binding.value if binding is not None else None)
        if any(each is not None and _BY_WHICH.search(syntax.text(each)) for each in made):
            return True
    return False


def passes_all(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether every update of all but a few nodes comes through to who watches them by a builder's call: nothing filters it,
    or nothing but predicates that let all updates through."""
    return all(_lets_updates(index, function, each) for each in given(function, call))


def _lets_updates(index: PackageIndex, function: Function, node: Node) -> bool:
    value = syntax.unparenthesized(node)
    if value.type in {"identifier", "selector_expression"}:
        binding = function.binding(syntax.text(value), value.start_byte)
        found = binding.value if binding is not None else _package_value(index, function, value)
        if found is None:
            return False
        value = found
    text = syntax.text(value)
    if value.type == "composite_literal":
        made = value.child_by_field_name("type")
        name = syntax.text(made).rpartition(".")[2] if made is not None else ""
        return name == "ResourceVersionChangedPredicate" or (name == "Funcs" and _has_no_update(value))
    return value.type == "call_expression" and _asks_linux(text)


def _has_no_update(literal: Node) -> bool:
    """Say whether Funcs have no UpdateFunc, or one that is always true."""
    body = literal.child_by_field_name("body")
    for element in syntax.children(body) if body is not None else ():
        parts = syntax.children(element) if element.type == "keyed_element" else []
        if len(parts) != 2:
            return False
        if syntax.text(parts[0]) == "UpdateFunc":
            return _TRUE.search(syntax.text(parts[1])) is not None
    return True


_TRUE = re.compile(r"^func\s*\([^()]*\)\s*bool\s*\{(?:\s*//[^\n]*\n)*\s*return true\s*\}$")
_LINUX = re.compile(r"LabelOSStable|kubernetes\.io/os")


def _asks_linux(text: str) -> bool:
    """Say whether a predicate asks an object for nothing but its system, which is Linux."""
    body = text.partition("NewPredicateFuncs")[2]
    return "linux" in body and _LINUX.search(body) is not None and len(re.findall(r"==|!=", body)) <= 1


def _package_value(index: PackageIndex, function: Function, node: Node) -> Node | None:
    """The value of a package's variable that an expression names; without a qualifier also of one that `import .` brings."""
    file, operand = function.file, node.child_by_field_name("operand")
    name = syntax.text(node).rpartition(".")[2]
    if operand is not None:
        paths = [index.imported(file, syntax.text(operand)) or ""]
    else:
        paths = [index.import_path(file), *(path for qualifier, path in file.imported if qualifier == ".")]
    found = (index.lookup(path, name, file) for path in paths if path)
    return next((each.value for each in found if isinstance(each, Value)), None)
