"""Wrappers: functions that are given a client, or keep one, and send a request themselves; a call of one counts as that request."""

import dataclasses
import re
from collections.abc import Collection, Iterator
from weakref import WeakKeyDictionary

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import Package, PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import BUILTINS, Interface
from analyzers.kubernetes.execution.components import Kind, component
from analyzers.kubernetes.execution.conditions import requirements
from analyzers.kubernetes.execution.flows import reaches
from analyzers.kubernetes.requests import controller_runtime, list_watch
from analyzers.kubernetes.requests.clients import METHODS, brings, implements_client, is_client
from analyzers.kubernetes.requests.direct import direct_requests
from analyzers.kubernetes.requests.reach import made
from analyzers.kubernetes.requests.request import READS, WEBHOOK, Request

_LONGEST = 120
"""Lines of a wrapper; a longer function is a piece of work of its own, whose requests are judged where they stand."""
_MOST_REQUESTS = 3
_DEEPEST = 2
_VERB = re.compile(
    r"(get|list|fetch|load|patch|update|create|delete|remove|clean|evict|mark|set|annotate|label|taint|apply|post|send"
    r"|sync|refresh|report|ensure|register|publish|save|persist|bind|recycle|provision|terminate|approve|renew)",
    re.IGNORECASE,
)
"""What a method is named that does something with an object of the API."""
_PART = re.compile(r"client|control$|updater$|patcher$|helper$|recorder$|syncer$|binder$|evictor$", re.IGNORECASE)
"""What a field is named that keeps a client to do so."""


def wrapped_requests(
    index: PackageIndex, file: SourceFile, function: Function, direct: list[Request], lines: Collection[int] | None
) -> list[Request]:
    """Give a request of kind "wrapper" for each call in `function` (on `lines`, if given) of a wrapper in the tree,
    one for each thing it sends."""
    if lines is not None and not lines:
        return []
    sending = {request.call.node.start_byte for request in direct}
    place = Place(index, file, function)
    found = []
    for call in function.calls:
        if lines is not None and call.line not in lines:
            continue
        if not _may_wrap(place, call) or (call.node.start_byte in sending and call.name in METHODS):
            continue
        seen = set()
        for inner in _sent(index, file, function, call):
            request = _at(index, inner, file, function, call) if inner.key not in seen else None
            if request is not None and (request.live or _kept(inner) is None):
                seen.add(inner.key)
                found.append(request)
    return found


def _may_wrap(place: Place, call: Call) -> bool:
    """Say whether a call looks as if it could send a request: to resolve every call would cost more than all else.

    A client among the arguments, a method of the function's own receiver that is named for what one does with objects,
    or of a field that is named for a part that does so, or of a variable that keeps a client.
    """
    if not call.name or call.name in BUILTINS or _is_of_library(place, call):
        return False
    if any(_may_bring(argument) and brings(place.index, place.type_of(argument)) for argument in call.arguments):
        return True
    path = syntax.path(call.operand) if call.operand is not None else None
    if path is None:
        return False
    if not _VERB.match(call.name):  # IsPodRunning, PodLogs: who keeps a client tells, and not what it is asked
        kept = place.type_of(call.operand) if len(path) > 1 and _PART.search(path[-1]) else None
        return kept is not None and brings(place.index, kept) and not is_client(kept)
    receiver = place.function.receiver if place.function is not None else None
    if len(path) == 1 and receiver is not None and path[0] == receiver.name:
        return True
    if len(path) == 1 and place.binding(path[0], call.node.start_byte) is not None:
        return brings(place.index, place.type_of(call.operand))
    return bool(_PART.search(path[-1]))


def _is_of_library(place: Place, call: Call) -> bool:
    """Say whether a call names a function of a package that is not in the tree, which nothing is known of."""
    path = place.imported(call.operand) if call.operand is not None else None
    return path is not None and ("." not in path.partition("/")[0] or place.index.package(path) is None)


def _may_bring(argument: Node) -> bool:
    """Say whether an argument may be a client by what kind of expression it is."""
    return argument.type in {"identifier", "selector_expression", "call_expression", "unary_expression"}


def _at(index: PackageIndex, inner: Request, file: SourceFile, function: Function, call: Call) -> Request:
    return dataclasses.replace(
        inner,
        kind="wrapper",
        method=call.name,
        file=file,
        function=function,
        call=call,
        list_watch=list_watch.serves(function, call.closures),
        live=_live(index, inner, file, function, call),
        via=inner.via or inner.function,
        within=inner.within or _item_loops(inner),
        inner=(*requirements(Place(index, inner.function.file, inner.function), inner.call.conditions), *inner.inner),
        component=component(file.path),
    )


def _item_loops(inner: Request) -> tuple[tuple[Function, Loop], ...]:
    function = inner.function
    return tuple(
        (function, loop) for loop in inner.call.loops if loop.kind != "infinite" and reaches(function, loop, inner.call)
    )


def _live(index: PackageIndex, inner: Request, file: SourceFile, function: Function, call: Call) -> bool:
    """Whether a wrapper's read goes to the API server: the client that it is given decides, or the one that it keeps."""
    kept = _kept(inner)
    if kept is not None and call.operand is not None and inner.via is None:
        found = made(Place(index, file, function), call.operand, kept)
        return found is not None and found.reach == "live"
    number = _parameter(inner)
    if number is None or inner.via is not None or number >= len(call.arguments):
        return inner.live
    return controller_runtime.is_live(index, file, function, call.arguments[number], inner.unstructured)


def _parameter(request: Request) -> int | None:
    """The number of the function's parameter that is the controller-runtime client of a read, None where it is none."""
    if request.kind != "controller-runtime" or request.verb not in READS or request.call.operand is None:
        return None
    name = syntax.text(request.call.operand)
    return next((number for number, parameter in enumerate(request.function.params) if parameter.name == name), None)


def _kept(request: Request) -> tuple[str, ...] | None:
    """The fields of a method's receiver that lead to the controller-runtime client of a read, which a cache answers where
    several of whom keep one are made with different ones; None for all else."""
    if (
        request.kind != "controller-runtime"
        or request.verb not in READS
        or request.live
        or request.call.operand is None
    ):
        return None
    path = syntax.path(request.call.operand)
    receiver = request.function.receiver
    return tuple(path[1:]) if path is not None and receiver is not None and path[0] == receiver.name else None


def _sent(index: PackageIndex, file: SourceFile, function: Function, call: Call) -> Iterator[Request]:
    for callee in callees(index, file, function, call):
        if callee.file.path != function.file.path or callee.key != function.key:
            yield from sent_by(index, callee)


def callees(index: PackageIndex, file: SourceFile, function: Function, call: Call) -> list[Function]:
    """Give what a call calls, if it is in the tree: the function itself, or for an interface's method the one type
    beside it that has it."""
    member, target = index.referenced(call.function, file, function)
    if target is not None:
        return [target]
    if member is None or member.owner is None or member.kind != "method":
        return []
    if not isinstance(index.underlying(member.owner), Interface):
        return []
    package = index.package(member.owner.path)
    if package is None:
        return []
    if package not in _methods:
        _methods[package] = _methods_of(package)
    found = _methods[package].get(call.name, [])
    return found if len(found) == 1 else []


_methods: WeakKeyDictionary[Package, dict[str, list[Function]]] = WeakKeyDictionary()


def _methods_of(package: Package) -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for file in package.files():
        if component(file.path).reviewed:
            for function in file.functions:
                if function.receiver_name and not function.receiver_name.lower().startswith("fake"):
                    found.setdefault(function.name, []).append(function)
    return found


def sent_by(index: PackageIndex, callee: Function, depth: int = 1) -> list[Request]:
    """Give the live requests of a function that is short enough to be a wrapper; those of what it calls too, one level down."""
    where = component(callee.file.path)
    if implements_client(index, index.import_path(callee.file)):
        return []
    if not where.reviewed or where.kind is Kind.API_SERVER or callee.file.generated:
        return []
    region = callee.region
    if callee.file.source.count(b"\n", region.start, region.end) > _LONGEST:
        return []
    direct = [
        request
        for request in direct_requests(index, callee.file, callee)
        if (request.live or _parameter(request) is not None or _kept(request) is not None)
        and not request.list_watch
        and not request.background
        and request.kind != WEBHOOK
    ]
    if direct:
        return direct if len({request.key for request in direct}) <= _MOST_REQUESTS else []
    if depth >= _DEEPEST:
        return []
    found: dict[tuple[str, str, str], Request] = {}
    for call in callee.calls:
        if not _may_wrap(Place(index, callee.file, callee), call):
            continue
        for inner_callee in callees(index, callee.file, callee, call):
            if inner_callee is not callee:
                for inner in sent_by(index, inner_callee, depth + 1):
                    loops = tuple(
                        (callee, loop) for loop in call.loops if loop.kind != "infinite" and reaches(callee, loop, call)
                    )
                    found.setdefault(
                        inner.key, dataclasses.replace(inner, via=inner_callee, within=(*loops, *_item_loops(inner)))
                    )
    return list(found.values()) if len(found) <= _MOST_REQUESTS else []
