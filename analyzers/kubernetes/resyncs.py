"""Resyncs and requeues: where a period is given after which every object is handled again, changed or not.

Sources: client-go tools/cache (a resync hands every cached object to the handlers again, with old equal to new; it asks the
API server nothing), informers' factories as informer-gen makes them, dynamicinformer and metadatainformer; controller-runtime
pkg/reconcile (Result.RequeueAfter). A watch brings every change without one: haproxytech/kubernetes-ingress#216,
cert-manager/cert-manager#3403 and coredns/coredns#2748 took resyncs of seconds out again.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.syntax import Node

USUAL = 300.0
"""Seconds: a shorter resync is worth a question; client-go's and controller-runtime's own are hours."""

_FACTORY = re.compile(r"New(Filtered)?(Dynamic|Metadata)?SharedInformerFactory(WithOptions)?$")
_INFORMERS = frozenset({"NewSharedIndexInformer", "NewSharedInformer", "NewInformer", "NewIndexerInformer"})
_GENERATED = re.compile(r"New(Filtered)?\w{1,80}Informer$")
_CACHE = "k8s.io/client-go/tools/cache"
_TEXTS = (b"RequeueAfter", b"Informer", b"ResyncPeriod(")
_RESULTS = frozenset({"sigs.k8s.io/controller-runtime", "sigs.k8s.io/controller-runtime/pkg/reconcile"})


class Resync(NamedTuple):
    """A period that is given to `name`: "resync" of informers' caches, or "requeue" of one reconciled object."""

    kind: str
    name: str
    period: Node
    first: int
    last: int


def resyncs(function: Function) -> Iterator[Resync]:
    """Yield the periods of resyncs and requeues that a function gives, by names and imports alone."""
    region = function.region
    if not any(function.file.source.find(text, region.start, region.end) >= 0 for text in _TEXTS):
        return  # which spares most functions their parse
    imports = function.file.imports
    for call in function.calls:
        number = _place(call.name, imports.get(syntax.text(call.operand), "") if call.operand is not None else "")
        if number is not None and len(call.arguments) > number:
            yield Resync("resync", call.name, call.arguments[number], call.line, call.end_line)
    for composite in function.composites:
        package, _, name = (syntax.text(composite.type) if composite.type is not None else "").partition(".")
        if name != "Result" or imports.get(package) not in _RESULTS:
            continue
        body = composite.node.child_by_field_name("body")
        for element in syntax.children(body) if body is not None else ():
            key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
            if key is not None and value is not None and syntax.text(key) == "RequeueAfter":
                inner = next(iter(syntax.children(value)), value) if value.type == "literal_element" else value
                yield Resync("requeue", "RequeueAfter", inner, syntax.line(element), syntax.end_line(element))


def _place(name: str, path: str) -> int | None:
    """Which argument of a function is a resync's period."""
    if name == "AddEventHandlerWithResyncPeriod":
        return 1
    if _FACTORY.match(name) and "informer" in path:
        return 1
    if name in _INFORMERS and path == _CACHE:
        return 2
    if _GENERATED.match(name) and "/informers/" in path:
        return 2
    return None
