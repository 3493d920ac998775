"""Informers and reflectors: who starts one, on which resource.

Source: client-go @32ce75a7 tools/cache, tools/watch, dynamic/dynamicinformer, metadata/metadatainformer and what
informer-gen makes; 2015-16 pkg/controller/framework and pkg/client/cache (kubernetes.md 1.6).
"""

import re
from dataclasses import dataclass

from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Call
from analyzers.golang.packages import PackageIndex
from analyzers.golang.source import SourceFile
from analyzers.kubernetes import resources
from analyzers.kubernetes.library import example, listed_by_name
from analyzers.kubernetes.request import Request

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
_GENERATED_NAME = re.compile(r"New(?:Filtered)?([A-Z]\w*)Informer$")


@dataclass(frozen=True, slots=True, eq=False)
class Informer:
    """A call that makes an informer or reflector, or a whole `factory` of them; `resource` is "" where unknown.

    `selected`: it is restricted by a field selector.
    """

    resource: str
    call: Call
    file: SourceFile
    function: Function
    all_namespaces: bool
    selected: bool
    factory: bool = False


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
            made.append(Informer("", call, file, function, True, False, factory=True))
        elif call.name in CONSTRUCTORS and _HOMES.search(path):
            made.append(_made(index, file, function, call, found))
        elif generated and _GENERATED.search(path):
            text = syntax.text(call.node)
            made.append(
                Informer(
                    resources.plural(generated[1]),
                    call,
                    file,
                    function,
                    "NamespaceAll" in text,
                    "FieldSelector" in text or "Filtered" in call.name,
                )
            )
    return made


def _made(index: PackageIndex, file: SourceFile, function: Function, call: Call, found: list[Request]) -> Informer:
    text = syntax.text(call.node)
    start, end = call.node.start_byte, call.node.end_byte
    listed = next((each for each in found if each.list_watch and start <= each.call.node.start_byte < end), None)
    if listed is not None:
        restricted = listed.options.fields or listed.options.one_object or listed.options.one_node
        return Informer(
            listed.resource or example(index, file, function, call),
            call,
            file,
            function,
            listed.scope == "cluster",
            restricted,
        )
    named = listed_by_name(text)
    everywhere = "fields.Everything()" in text
    return Informer(
        named or example(index, file, function, call),
        call,
        file,
        function,
        "NamespaceAll" in text or not named,
        "FieldSelector" in text or (bool(named) and not everywhere),
    )
