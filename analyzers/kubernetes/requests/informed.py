"""What controller-runtime hands to handlers, predicates and mappings: the informer's own objects.

Sources: controller-runtime pkg/internal/source/event_handler.go (OnAdd, OnUpdate and OnDelete put what the informer gives into
an event as it is; until v0.14 pkg/source/internal/eventsource.go, until v0.6 with its metadata beside it as Meta, MetaOld and
MetaNew), pkg/handler/enqueue_mapped.go (a mapping is given the event's object), pkg/predicate (NewPredicateFuncs too) and
pkg/cache/informer_cache.go (IndexField's function is given what is indexed). A GenericEvent is the program's own.
"""

from typing import Literal

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding, Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Interface, Named, Pointer, Type
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.program import calls

_EVENT = "sigs.k8s.io/controller-runtime/pkg/event"
_HANDLER = "sigs.k8s.io/controller-runtime/pkg/handler"
_EVENTS = frozenset(f"{typed}{kind}Event" for typed in ("", "Typed") for kind in ("Create", "Update", "Delete"))
FIELDS = frozenset({"Object", "ObjectNew", "ObjectOld", "Meta", "MetaNew", "MetaOld"})
"""The fields of an event that hold the informer's objects, or their metadata."""
OBJECTS = frozenset(
    {
        ("sigs.k8s.io/controller-runtime/pkg/client", "Object"),
        ("k8s.io/apimachinery/pkg/apis/meta/v1", "Object"),
        ("k8s.io/apimachinery/pkg/runtime", "Object"),
    }
)
"""The interfaces that API objects go by, of which all that is known implements them as pointers."""
_TAKERS = frozenset(
    {"EnqueueRequestsFromMapFunc", "TypedEnqueueRequestsFromMapFunc", "NewPredicateFuncs", "NewTypedPredicateFuncs"}
)
_INDEXES = "IndexField"


def given(index: PackageIndex, function: Function, binding: Binding) -> Literal["object", "event"] | None:
    """Say whether a parameter is an event that holds an informer's objects, or such an object itself; None if it is not known
    to be either."""
    type_ = index.resolve(binding.type, function.file, function) if binding.type is not None else None
    if binding.variadic:
        return None
    if isinstance(type_, Named) and (
        (type_.path == _EVENT and type_.name in _EVENTS) or (type_.path == _HANDLER and type_.name == "MapObject")
    ):
        return "event"
    may_be_taken = isinstance(type_, Pointer) or (isinstance(type_, Named) and (type_.path, type_.name) in OBJECTS)
    return "object" if may_be_taken and _is_taken(index, function, binding) else None


def is_object(index: PackageIndex, type_: Type | None) -> bool:
    """Say whether a type is an interface that API objects go by, or that of all values."""
    if isinstance(type_, Named):
        return (type_.path, type_.name) in OBJECTS or (type_.path == "" and type_.name == "any")
    return isinstance(type_, Interface) and not index.methods(type_)


def _is_taken(index: PackageIndex, function: Function, binding: Binding) -> bool:
    """Say whether a function, or the function literal whose parameter is meant, is given to what calls it with an informer's
    objects."""
    literal = next(
        (each for each in reversed(function.closures) if syntax.contains(each.node, binding.node)), None
    )  # the innermost, as they begin
    if literal is not None:
        taken = literal.role == "argument" and literal.call is not None and _takes(literal.call, function)
        return taken or critical_paths.maps(literal.node)
    return critical_paths.by_signature(function) is critical_paths.MAPPING or any(
        site.kind == "value" and site.call is not None and not site.caller.file.test and _takes(site.call, site.caller)
        for site in calls(index).callers(function)
    )


def _takes(call: Call, function: Function) -> bool:
    if call.name == _INDEXES:
        return len(call.arguments) == 4
    path = function.file.imports.get(syntax.text(call.operand), "") if call.operand is not None else ""
    return call.name in _TAKERS and path.startswith("sigs.k8s.io/controller-runtime/")
