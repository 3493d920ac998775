"""What the options of a LIST or WATCH say: selectors, paging, and whether the watch cache may answer."""

import re
from dataclasses import dataclass

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, Slice, Type, dereferenced


@dataclass(frozen=True, slots=True)
class Options:
    """What the options restrict.

    labels, fields: a selector is given. one_object: the field selector names one object, one_node what is on one node
    (the server still reads all, except for metadata.name: kubernetes.md 1.5, faq.md). limited: read in pages (of `limit`
    objects, if that is written there). cached:
    ResourceVersion "0", the API server's watch cache may answer. unknown: they come from elsewhere (a parameter, a call).
    """

    labels: bool = False
    fields: bool = False
    one_object: bool = False
    one_node: bool = False
    limited: bool = False
    limit: int | None = None
    cached: bool = False
    unknown: bool = False


NO_OPTIONS = Options()
_LITERAL = re.compile(r"(^|[.&])(List|Get)Options\s*\{")
_LIMIT = re.compile(r"\bLimit:\s*|\.Limit\s*=|\bWithLimit\b|client\.Limit\(")
_LIMITED = re.compile(r"\bLimit(?::|\s*=)\s*([0-9]{1,9})\b|client\.Limit\(([0-9]{1,9})\)")
_CACHED = re.compile(r"ResourceVersion(:|\s*=)\s*\"0\"")
_LABELS = re.compile(r"LabelSelector(:|\s*=)|\bMatchingLabels|\bHasLabels|MatchingLabelsSelector")
_FIELDS = re.compile(r"FieldSelector(:|\s*=)|\bMatchingFields")
_NONE = re.compile(r"^(labels|fields)\.Everything\(\)$|^nil$")
ONE_OBJECT = re.compile(r"metadata\.name\b|ObjectNameField|SingleObject\(|metadata\.uid")
_ONE_NODE = re.compile(r"spec\.nodeName|PodHostField|NodeNameField|spec\.host\b|NodeUnschedulable", re.IGNORECASE)


def is_options(place: Place, argument: Node) -> bool:
    """Say whether an argument is options: a `...ListOptions{...}` literal, or anything of such a type, or a list of it."""
    text = syntax.text(argument).lstrip("&")
    if _LITERAL.search(text) or text.startswith("metav1.SingleObject("):
        return True
    inner = syntax.children(argument)[0] if argument.type == "variadic_argument" else argument
    type_ = dereferenced(place.type_of(inner))
    named = dereferenced(type_.elem) if isinstance(type_, Slice) else type_
    return isinstance(named, Named) and named.name.endswith(("Options", "Option"))


def options(index: PackageIndex, file: SourceFile, function: Function, call: Call) -> Options:
    """Read the options of a LIST or WATCH from its arguments, and from what was put into the variable that holds them."""
    place = Place(index, file, function)
    parts: list[str] = []
    unknown = False
    for argument in call.arguments:
        parts.append(_resolved(function, syntax.text(argument), argument))
        if made := _made(index, file, function, argument):
            parts.append(made)
        name = syntax.text(argument).lstrip("&").removesuffix("...")
        if name.isidentifier():
            given = _given(index, file, function, name, argument)
            unknown = unknown or (not given and is_options(place, argument))
            parts += given
    text = "\n".join(parts)
    # The clients of 2014 and 2015 took selectors as they are: List(labels.Everything(), fields.Everything()).
    selectors = [part for part in parts if not _NONE.match(part)] if not _mentions_options(place, call) else []
    named = ONE_OBJECT.search(text) is not None
    return Options(
        labels=bool(_LABELS.search(text)) or bool(selectors),
        fields=bool(_FIELDS.search(text)) or len(selectors) > 1,
        one_object=named,
        one_node=_ONE_NODE.search(text) is not None,
        limited=bool(_LIMIT.search(text)) or _paged(call),
        limit=int(written[1] or written[2]) if (written := _LIMITED.search(text)) else None,
        cached=bool(_CACHED.search(text)),
        unknown=unknown,
    )


def _mentions_options(place: Place, call: Call) -> bool:
    return any(
        is_options(place, argument)
        or "Options" in syntax.text(argument)
        or syntax.text(argument).startswith("context.")
        or _is_context(place.type_of(argument))
        for argument in call.arguments
    )


def _is_context(type_: Type | None) -> bool:
    return isinstance(type_, Named) and type_.name == "Context"


def _given(index: PackageIndex, file: SourceFile, function: Function, name: str, at: Node) -> list[str]:
    # tweak(&opts), in front of the call
    found = [
        _body(index, file, function, call)
        for call in function.calls
        if call.node.end_byte <= at.start_byte and any(syntax.text(each) == f"&{name}" for each in call.arguments)
    ]
    binding = function.binding(name, at.start_byte)
    if binding is not None and binding.value is not None:
        found.append(syntax.text(binding.value))
    # opts.FieldSelector = ..., in front of the call
    found += [
        syntax.text(assignment.node)
        for assignment in function.assignments
        if assignment.node.start_byte < at.start_byte
        and any(syntax.text(left).startswith(name + ".") for left in assignment.left)
    ]
    return [_resolved(function, text, at) for text in found]


def _made(index: PackageIndex, file: SourceFile, function: Function, argument: Node) -> str:
    """The text of the function of the program that gives an option, `list(ctx, &nodes, inZone(zone))`; "" for all else."""
    inner = syntax.children(argument)[0] if argument.type == "variadic_argument" else argument
    call = function.facts.call_at(inner) if inner.type == "call_expression" else None
    place = Place(index, file, function)
    named = dereferenced(place.type_of(inner)) if call is not None else None
    gives = is_options(place, argument) or (isinstance(named, Named) and named.name.startswith("Matching"))
    return _body(index, file, function, call) if call is not None and gives else ""


def _body(index: PackageIndex, file: SourceFile, function: Function, call: Call) -> str:
    """What a function that is given the options does with them, as text; "" where it is not at hand."""
    bound = function.binding(call.name, call.node.start_byte) if call.operand is None else None
    if bound is not None:
        return syntax.text(bound.value) if bound.value is not None else ""
    callee = index.callee(call, file, function)
    return syntax.text(callee.body) if callee is not None and callee.body is not None else ""


def _resolved(function: Function, text: str, at: Node) -> str:
    """The text, with that of the local variables it names appended: `FieldSelector: selector.String()`."""
    more = []
    for name in set(re.findall(r"(?:Selector:\s*|Selector\s*=\s*)(\w+)\b", text)):
        binding = function.binding(name, at.start_byte)
        if binding is not None and binding.value is not None:
            more.append(syntax.text(binding.value))
    return "\n".join([text, *more])


def _paged(call: Call) -> bool:
    return any(
        "PageFunc" in syntax.text(closure.call.function)
        for closure in call.closures
        if closure.call is not None and closure.role == "argument"
    )
