"""What a program has at hand that answers a read without the API server: a list already taken, a lister of the same kind."""

from collections.abc import Iterator

from analyzers.analysis.diagnostic import code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, Struct, Type
from analyzers.kubernetes.requests import scans
from analyzers.kubernetes.requests.clients import client
from analyzers.kubernetes.requests.request import Request


def at_hand(index: PackageIndex, request: Request) -> str:
    """Say in a sentence what the function has that answers a GET or LIST: a variable with all objects of the kind, a lister
    among its parameters or its receiver's fields; "" where there is none."""
    if request.verb not in {"GET", "LIST"} or not request.resource:
        return ""
    taken = _taken(index, request)
    if taken:
        return f"{code(taken)} holds them all already."
    for name, type_ in _reachable(index, request.function):
        known = client(type_)
        if known is not None and known.kind == "lister" and known.resource == request.resource:
            return f"{code(name)} is at hand."
    return ""


def _taken(index: PackageIndex, request: Request) -> str:
    """Give the variable into which the same function has put all objects of the kind before."""
    function, at = request.function, request.call.node.start_byte
    for assignment in function.assignments:
        if assignment.node.end_byte > at or len(assignment.right) != 1 or assignment.loops:
            continue
        call = function.facts.call_at(syntax.unparenthesized(assignment.right[0]))
        walked = scans.scan(index, function, call) if call is not None else None
        if walked is None or not walked.everywhere or walked.resource != request.resource:
            continue
        match walked.call.arguments:
            case []:
                return syntax.text(assignment.left[0])
            case [selector] if "Everything" in syntax.text(selector):
                return syntax.text(assignment.left[0])
            case [_, filled]:  # controller-runtime's, which gives an error alone; options may restrict it
                return syntax.text(filled).lstrip("&")
    return ""


def _reachable(index: PackageIndex, function: Function) -> Iterator[tuple[str, Type | None]]:
    for parameter in function.params:
        yield parameter.name, index.resolve(parameter.type, function.file, function)
    receiver = function.receiver
    if receiver is None or not receiver.name or receiver.name == "_":
        return
    under = index.underlying(Named(index.import_path(function.file), function.receiver_name))
    for field in under.fields if isinstance(under, Struct) else ():
        yield f"{receiver.name}.{field.name}", field.type
