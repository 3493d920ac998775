"""What a program has at hand that answers a request without the API server: a lister or store of the same kind."""

from collections.abc import Iterator

from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, Struct
from analyzers.kubernetes.requests.clients import client
from analyzers.kubernetes.requests.request import Request


def at_hand(index: PackageIndex, request: Request) -> str:
    """Give the field of the method's receiver that holds a lister of what a read asks for, as code writes it: `c.podLister`;
    "" where there is none."""
    if request.verb not in {"GET", "LIST"} or not request.resource:
        return ""
    for name, field in _fields(index, request.function):
        known = client(field)
        if known is not None and known.kind == "lister" and known.resource == request.resource:
            return name
    return ""


def _fields(index: PackageIndex, function: Function) -> Iterator[tuple[str, Named]]:
    receiver = function.receiver
    if receiver is None or not receiver.name or receiver.name == "_":
        return
    under = index.underlying(Named(index.import_path(function.file), function.receiver_name))
    for field in under.fields if isinstance(under, Struct) else ():
        if isinstance(field.type, Named):
            yield f"{receiver.name}.{field.name}", field.type
