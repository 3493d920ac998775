"""Admitted kinds: what objects a webhook is asked about, of which pods come in numbers and those that people write do not.

Source: sig-scalability's objectives (slos.md: up to 20 pods a second come or go) and KEP-589 (each node renews a lease every
10 s, and writes its status); controller-runtime's webhooks: a type's own Default and Validate* (pkg/webhook, to 0.20), the
object that a CustomDefaulter or CustomValidator is given (pkg/webhook/admission), and what a Handler's Decoder or
encoding/json fills.
"""

from collections.abc import Iterable, Iterator

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, Struct, Type, dereferenced
from analyzers.kubernetes.kinds import API

_DECODES = frozenset({"Decode", "DecodeRaw", "Unmarshal"})
_OF_ANY_KIND = "k8s.io/apimachinery/"
"""The module that declares objects of any kind (unstructured, metadata)."""
_MANY = frozenset({"Pod", "Binding", "Node", "Lease", "Event", "Endpoints", "EndpointSlice"})
"""The kinds of k8s.io/api that a cluster writes without people: pods, and what follows pods and nodes."""
_REVIEWS = "k8s.io/api/admission/"
"""What says how an object comes, not which."""


def of_few(index: PackageIndex, functions: Iterable[Function]) -> bool:
    """Say whether a webhook, whose functions these are from the one that is called down, is asked about kinds alone that people
    write: the first of them that says what it is asked about names no other."""
    for number, function in enumerate(functions):
        kinds = list(_kinds(Place(index, function.file, function), function, called=number == 0))
        if kinds:
            return not any(map(_is_many, kinds))
    return False


def _is_many(kind: Named) -> bool:
    return kind.path.startswith(_OF_ANY_KIND) or (kind.path.startswith("k8s.io/api/") and kind.name in _MANY)


def _kinds(place: Place, function: Function, *, called: bool) -> Iterator[Named]:
    """The types that the object may have which a function of a webhook is about; the one that is called may be given it typed."""
    for bindings in function.facts.bindings.values():
        for binding in bindings:
            for type_ in _types(place, function, binding, called):
                named = dereferenced(type_)
                if isinstance(named, Named) and API.search(named.path) and not named.path.startswith(_REVIEWS):
                    yield named


def _types(place: Place, function: Function, binding: Binding, called: bool) -> Iterator[Type | None]:
    value = binding.value
    if binding.kind in {"receiver", "param"}:
        if called:
            yield place.resolve(binding.type)
        if called and binding.kind == "receiver" and not _is_given_an_object(place, function):
            under = place.under(dereferenced(place.resolve(binding.type)))
            yield from (field.type for field in under.fields) if isinstance(under, Struct) else ()
    elif binding.kind == "switch":
        yield from (place.resolve(case) for case in binding.cases)
    elif binding.kind == "var":
        asserted = value is not None and syntax.unparenthesized(value).type == "type_assertion_expression"
        decoded = any(call.name in _DECODES for call, _ in function.facts.given(binding.name))
        if asserted or decoded:
            yield place.resolve(binding.type) if binding.type is not None else place.type_of(value)


def _is_given_an_object(place: Place, function: Function) -> bool:
    """Say whether a function is given more than a context: else what it is asked about is in its receiver."""
    given = (place.resolve(each.type) for each in function.params)
    return any(not (isinstance(each, Named) and each.name == "Context") for each in given)
