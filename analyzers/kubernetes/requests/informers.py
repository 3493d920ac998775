"""Informers and reflectors: who starts one, on which resource.

Source: client-go @32ce75a7 tools/cache, tools/watch, dynamic/dynamicinformer, metadata/metadatainformer and what
informer-gen makes; 2015-16 pkg/controller/framework and pkg/client/cache (kubernetes.md 1.6).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import resources
from analyzers.kubernetes.requests import list_watch
from analyzers.kubernetes.requests.direct import direct_requests
from analyzers.kubernetes.requests.library import example, listed_by_name
from analyzers.kubernetes.requests.options import ONE_OBJECT
from analyzers.kubernetes.requests.request import Request

_CONSTRUCTORS_WORDS = """
NewInformer NewIndexerInformer NewInformerWithOptions NewTransformingInformer NewTransformingIndexerInformer
NewSharedInformer NewSharedIndexInformer NewSharedIndexInformerWithOptions NewReflector NewNamedReflector
NewReflectorWithOptions NewNamespaceKeyedIndexerAndReflector NewIndexerInformerWatcher
NewIndexerInformerWatcherWithContext
"""
CONSTRUCTORS = frozenset(_CONSTRUCTORS_WORDS.split())
_HOMES = re.compile(r"/tools/(cache|watch)$|/client/cache$|/controller/framework$")
FACTORIES = frozenset(
    {
        "NewSharedInformerFactory",
        "NewFilteredSharedInformerFactory",
        "NewSharedInformerFactoryWithOptions",
        "NewDynamicSharedInformerFactory",
        "NewFilteredDynamicSharedInformerFactory",
    }
)
_FACTORY_HOMES = re.compile(r"informers?(/|$)|informers_generated")
_GENERATED = re.compile(r"/informers/")
_GENERATED_NAME = re.compile(r"New(?:Filtered)?([A-Z]\w{0,80})Informer$")


@dataclass(frozen=True, slots=True, eq=False)
class Informer:
    """A call that makes an informer or reflector, or a whole `factory` of them; `resource` is "" where unknown.

    `selected`: it is restricted by a field selector, `one_object`: to one, by its name. `client` is what it lists with,
    None if that is not seen. What comes from elsewhere (a
    ListWatch that is a parameter, options that an unknown function changes) is not known to reach all namespaces.
    """

    resource: str
    call: Call
    file: SourceFile
    function: Function
    all_namespaces: bool
    selected: bool
    factory: bool = False
    one_object: bool = False
    client: Node | None = None


def informers(index: PackageIndex, file: SourceFile, function: Function, found: list[Request]) -> list[Informer]:
    """Give the informers that a function makes; `found` are its requests, among which those of its ListWatches."""
    made = []
    for call in function.calls:
        generated = _GENERATED_NAME.match(call.name)
        if call.operand is None or (call.name not in CONSTRUCTORS and call.name not in FACTORIES and not generated):
            continue
        operand = syntax.text(call.operand)
        path = index.imported(file, operand) if function.binding(operand, call.node.start_byte) is None else None
        if path is None:
            continue
        if call.name in FACTORIES and _FACTORY_HOMES.search(path):
            tweaked = "WithTweakListOptions" in syntax.text(call.node) or "Filtered" in call.name
            made.append(Informer("", call, file, function, True, tweaked, factory=True))
        elif call.name in CONSTRUCTORS and _HOMES.search(path):
            made.append(_made(index, file, function, call, found))
        elif generated and _GENERATED.search(path):
            text = "\n".join(_texts(index, function, call))
            made.append(
                Informer(
                    resources.plural(generated[1]),
                    call,
                    file,
                    function,
                    "NamespaceAll" in text,
                    "FieldSelector" in text or "Filtered" in call.name,
                    one_object=ONE_OBJECT.search(text) is not None,
                    client=call.arguments[0] if call.arguments else None,
                )
            )
    return made


def _made(index: PackageIndex, file: SourceFile, function: Function, call: Call, found: list[Request]) -> Informer:
    parts = _list_watches(index, function, call)
    texts = [syntax.text(part) for _, part in parts]
    text = _NO_SELECTOR.sub("", "\n".join(texts))
    resource = example(index, file, function, call)
    one = ONE_OBJECT.search("\n".join([*texts, *_texts(index, function, call)])) is not None
    listed = _listed(index, parts, found)
    if listed is not None:
        reach = restraint(index, listed)
        return Informer(
            listed.resource or resource,
            call,
            file,
            function,
            listed.scope == "cluster" and reach != "unknown",
            reach == "restricted",
            one_object=one or listed.options.one_object,
            client=listed.call.operand,
        )
    named = listed_by_name(text)
    seen = bool(named) or "ListWatch" in text
    everywhere = _NO_SELECTOR.search("\n".join(texts)) is not None
    # A ListWatch that comes from elsewhere may be restricted there.
    return Informer(
        named or resource,
        call,
        file,
        function,
        "NamespaceAll" in text or (seen and not named),
        "FieldSelector" in text or (bool(named) and not everywhere),
        one_object=one,
    )


_MOST_NAMES = 40


def _texts(index: PackageIndex, function: Function, call: Call) -> list[str]:
    """The texts of a call and of what its arguments name: variables, functions of the tree."""
    texts = [syntax.text(call.node)]
    waiting = {syntax.text(node): node for node in syntax.walk(call.node) if node.type == "identifier"}
    seen: set[str] = set()
    while waiting and len(seen) < _MOST_NAMES:
        name, node = waiting.popitem()
        seen.add(name)
        binding = function.binding(name, node.start_byte)
        if binding is not None:
            if binding.kind == "var" and binding.value is not None:
                texts.append(syntax.text(binding.value))
                inner = (each for each in syntax.walk(binding.value) if each.type == "identifier")
                waiting |= {text: each for each in inner if (text := syntax.text(each)) not in seen}
            continue
        _, named = index.referenced(node, function.file, function)
        if named is not None and named.body is not None:
            texts.append(syntax.text(named.body))
    return texts


def _list_watches(index: PackageIndex, function: Function, call: Call) -> list[tuple[Function, Node]]:
    """The constructor's call, and what its arguments were put together from: a variable's value, a function of the tree."""
    parts = [(function, call.node)]
    for argument in call.arguments:
        value = argument
        if argument.type == "identifier":
            binding = function.binding(syntax.text(argument), argument.start_byte)
            if binding is None or binding.kind != "var" or binding.value is None:
                continue
            value = binding.value
            parts.append((function, value))
        made = function.facts.call_at(value) if value.type == "call_expression" else None
        callee = index.callee(made, function.file, function) if made is not None else None
        if callee is not None and callee.body is not None and b"ListWatch" in callee.file.source:
            parts.append((callee, callee.body))
    return [*parts, *((function, value) for part in parts for value in _functions(function, part[1]))]


def in_list_watch(function: Function, call: Call) -> bool:
    """Say whether a call stands in a function literal in a variable that a ListWatch is given."""
    return any(
        value.start_byte <= call.node.start_byte < value.end_byte
        for composite in function.composites
        if composite.type is not None and syntax.text(composite.type).endswith("ListWatch")
        for value in _functions(function, composite.node)
    )


def _functions(function: Function, node: Node) -> Iterator[Node]:
    """The function literals in variables that a ListWatch is given: `&cache.ListWatch{ListFunc: list}`."""
    for element in syntax.walk(node):
        parts = syntax.children(element) if element.type == "keyed_element" else []
        if len(parts) != 2 or syntax.text(parts[0]).lower() not in list_watch.KEYS:
            continue
        binding = function.binding(syntax.text(parts[1]), parts[1].start_byte)
        if binding is not None and binding.value is not None and binding.value.type == "func_literal":
            yield binding.value


def _listed(index: PackageIndex, parts: list[tuple[Function, Node]], found: list[Request]) -> Request | None:
    """The first request of a ListWatch among those parts."""
    for function, part in parts:
        requests = found if not found or found[0].function is function else []
        for each in requests or direct_requests(index, function.file, function):
            lists = each.list_watch or (each.verb == "LIST" and part.type == "func_literal")
            if lists and part.start_byte <= each.call.node.start_byte < part.end_byte:
                return each
    return None


_NO_SELECTOR = re.compile(r"(FieldSelector:\s*)?(fields\.Everything\(\)|\b\w{0,80}[sS]elector\w{0,80}\(\"\"\))")
Restraint = Literal["none", "restricted", "unknown"]
# An option that a factory's informers do not set: they would not give the same objects.
_OWN_OPTION = re.compile(r"\.(LabelSelector|IncludeUninitialized|SendInitialEvents) = ")
_RESTRAINS = re.compile(r"FieldSelector|\bfields\.")


def restraint(index: PackageIndex, request: Request) -> Restraint:
    """Say whether a field selector restricts the request of a ListWatch: itself, or in a function that is given `&options`."""
    options = request.options
    if options.fields or options.one_object or options.one_node:
        return "restricted"
    function = request.function
    for closure in request.closures:
        text = syntax.text(closure.node)
        if "FieldSelector" in text or _OWN_OPTION.search(text):
            return "restricted"
    for call in function.calls:
        if not request.closures or request.closures[-1] not in call.closures:
            continue
        if any(syntax.text(argument).startswith("&") for argument in call.arguments):
            return _by_modifier(index, function, call)
    return "none"


def _by_modifier(index: PackageIndex, function: Function, call: Call) -> Restraint:
    """What a function does to the options that it is given: one of the tree, or a literal in a variable; else unknown."""
    callee = index.callee(call, function.file, function)
    body = callee.body if callee is not None else None
    if body is None and call.function.type == "identifier":
        binding = function.binding(call.name, call.node.start_byte)
        body = binding.value if binding is not None and binding.kind == "var" else None
    if body is None or body.type not in {"block", "func_literal"}:
        return "unknown"
    return "restricted" if _RESTRAINS.search(syntax.text(body)) else "none"
