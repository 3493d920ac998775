"""Informers that a process has in common: those it takes from a factory, or is given by injection.

Source: client-go informers, as informer-gen makes them (`Informer` and `Lister` of a `PodInformer` both have the factory begin
an informer, informers/core/v1/pod.go); knative.dev/pkg codegen/cmd/injection-gen, generators/informer.go: a program that imports
`.../client/injection/kube/informers/core/v1/secret`, whose Get gives the informer, registers it, and injection.Default starts
it for all namespaces, unless the context says WithNamespaceScope; `.../secret/filtered` is restricted by a label.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import resources
from analyzers.kubernetes.program import origins

_INJECTED = re.compile(r"/client/injection/kube/informers/[a-z]+/v\w+/([a-z]+)$")
_GENERATED = re.compile(r"(^|/)k8s\.io/client-go/informers/")
LOOK = re.compile(rb"\b(Informer|Lister)\(\)|/client/injection/kube/informers/")
"""What a file holds that asks for one: few do."""
SCOPES = "WithNamespaceScope"
"""What has injection restrict its informers to a namespace (knative.dev/pkg injection/context.go)."""
REGISTERS = "InformerFor"
"""What has a factory keep an informer that its caller made, which the accessors give from then on (client-go
informers/factory.go): it may be restricted."""
_FACTORIES = re.compile(r"(^|/)k8s\.io/client-go/informers$")
_HARMLESS = frozenset({"WithTransform", "WithCustomResyncConfig"})
"""The options of a factory that leave no object out (client-go informers/factory.go)."""
_DEEPEST = 4


class SharedInformer(NamedTuple):
    """A call that has the process keep a resource: its informer's type (of a factory), or the package imported (by injection)."""

    resource: str
    call: Call
    type: Named | None
    imported: str = ""


def shared_informers(index: PackageIndex, function: Function) -> Iterator[SharedInformer]:
    """Yield the informers of Kubernetes' own kinds that a function takes from a factory, or by injection."""
    if not LOOK.search(function.file.source):
        return
    for call in function.calls:
        if call.operand is None or call.name not in {"Informer", "Lister", "Get"}:
            continue
        if call.name == "Get":
            path = function.file.imports.get(syntax.text(call.operand), "")
            if match := _INJECTED.search(path):
                yield SharedInformer(resources.plural(match[1]), call, None, path)
        elif not call.arguments and not _is_injected(function, call.operand):
            named = dereferenced(index.type_of(call.operand, function.file, function))
            if isinstance(named, Named) and _GENERATED.search(named.path) and named.name.endswith("Informer"):
                yield SharedInformer(resources.plural(named.name.removesuffix("Informer")), call, named)


def is_whole(place: Place, informer: Node, depth: int = 0) -> bool:
    """Say whether an informer, or a factory, is seen to be of a factory that restricts nothing, wherever it comes from."""
    found = origins(place.index).of(place, informer)
    return (
        depth <= _DEEPEST
        and found.complete
        and bool(found.origins)
        and all(each.call is not None and _is_of_whole(each.place, each.call, depth) for each in found.origins)
    )


def _is_of_whole(place: Place, call: Call, depth: int) -> bool:
    """Say whether what a call gives, `factory.Core().V1().Pods()`, is of a factory that restricts nothing."""
    function = place.function
    while function is not None and call.operand is not None and call.operand.type == "call_expression":
        inner = function.facts.call_at(call.operand)
        if inner is None:
            return False
        call = inner
    if call.operand is None:
        return False
    path = place.imported(call.operand)
    if path is None:
        return is_whole(place, call.operand, depth + 1)
    if not _FACTORIES.search(path):
        return False
    if call.name == "NewSharedInformerFactory":
        return True
    options = call.arguments[2:] if function is not None else []
    made = [function.facts.call_at(each) for each in options if function is not None]
    return call.name == "NewSharedInformerFactoryWithOptions" and all(
        each is not None and each.name in _HARMLESS for each in made
    )


def _is_injected(function: Function, node: Node) -> bool:
    """Say whether an informer is what injection gives: `secretinformer.Get(ctx)`, of which the Get itself tells."""
    call = function.facts.call_at(node) if node.type == "call_expression" else None
    if call is None or call.name != "Get" or call.operand is None:
        return False
    return _INJECTED.search(function.file.imports.get(syntax.text(call.operand), "")) is not None
