"""Wrappers: functions that are given a client, or keep one, and send a request themselves; a call of one counts as that request."""

import dataclasses
from collections.abc import Collection, Iterator
from weakref import WeakKeyDictionary

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.memos import memos
from analyzers.golang.types.checker import Package, PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import BUILTINS, Interface
from analyzers.kubernetes.execution.components import Kind, component
from analyzers.kubernetes.execution.conditions import Requirement, requirements, settled
from analyzers.kubernetes.execution.flows import reaches
from analyzers.kubernetes.program import origins
from analyzers.kubernetes.requests import controller_runtime, list_watch
from analyzers.kubernetes.requests.clients import METHODS, implements_client
from analyzers.kubernetes.requests.direct import direct_requests
from analyzers.kubernetes.requests.reach import made
from analyzers.kubernetes.requests.request import READS, WEBHOOK, Request

_LONGEST = 120
"""Lines of a wrapper; a longer function is a piece of work of its own, whose requests are judged where they stand."""
_MOST_REQUESTS = 3
_DEEPEST = 3


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
        for called, inner in _sent(index, file, function, call):
            request = _at(index, called, inner, file, function, call) if inner.key not in seen else None
            if request is not None and (request.live or _kept(inner) is None):
                seen.add(inner.key)
                found.append(request)
    return found


def _may_wrap(place: Place, call: Call) -> bool:
    """Say whether a call may be of a function of the program: what it sends, its body tells, and no name."""
    return bool(call.name) and call.name not in BUILTINS and not _is_of_library(place, call)


def _is_of_library(place: Place, call: Call) -> bool:
    """Say whether a call names a function of a package that is not in the tree, which nothing is known of."""
    path = place.imported(call.operand) if call.operand is not None else None
    return path is not None and ("." not in path.partition("/")[0] or place.index.package(path) is None)


def _at(
    index: PackageIndex, called: Function, inner: Request, file: SourceFile, function: Function, call: Call
) -> Request:
    return dataclasses.replace(
        inner,
        kind="wrapper",
        method=call.name,
        file=file,
        function=function,
        call=call,
        list_watch=list_watch.serves(function, call.closures),
        live=_live(index, inner, file, function, call),
        through=(called, *inner.through),
        within=_loops_in(inner),
        inner=_conditions_in(index, inner),
        component=component(file.path),
    )


def _loops_in(inner: Request) -> tuple[tuple[Function, Loop], ...]:
    """The loops over items around what a wrapper sends, in there."""
    return inner.within if inner.through else _item_loops(inner.function, inner.call)


def _conditions_in(index: PackageIndex, inner: Request) -> tuple[Requirement, ...]:
    """The conditions around what a wrapper sends, in there."""
    if inner.through:
        return inner.inner
    return tuple(requirements(Place(index, inner.function.file, inner.function), inner.call.conditions))


def _item_loops(function: Function, call: Call) -> tuple[tuple[Function, Loop], ...]:
    return tuple((function, loop) for loop in call.loops if loop.kind != "infinite" and reaches(function, loop, call))


def _live(index: PackageIndex, inner: Request, file: SourceFile, function: Function, call: Call) -> bool:
    """Whether a wrapper's read goes to the API server: the client that it is given decides, or the one that it keeps."""
    kept = _kept(inner)
    if kept is not None and call.operand is not None and inner.via is None:
        found = made(Place(index, file, function), call.operand, kept)
        return found is not None and found.reach == "live"
    number = _parameter(inner)
    if number is None or inner.via is not None or number >= len(call.arguments):
        return inner.live
    return controller_runtime.is_live(
        index, file, function, call.arguments[number], inner.unstructured, inner.type_name
    )


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


def _sent(index: PackageIndex, file: SourceFile, function: Function, call: Call) -> Iterator[tuple[Function, Request]]:
    for callee in callees(index, file, function, call):
        if callee.file.path != function.file.path or callee.key != function.key:
            yield from ((callee, each) for each in sent_by(index, callee))


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
    if package is None or implements_client(index, member.owner.path):
        return []  # a library's interface, or a client's, whose requests are known
    # Most interfaces stand beside the type that has their methods: to look there first costs little.
    found = _methods(package).get(call.name) or [
        each for each in origins(index).implementations(member.owner, call.name) if _is_real(each)
    ]
    return found if len(found) == 1 else []


def _methods(package: Package) -> dict[str, list[Function]]:
    """The methods of a package by their names, mocks left out."""
    if package not in _methods_of:
        known = _methods_of[package] = dict[str, list[Function]]()
        for file in package.files():
            for function in file.functions if component(file.path).reviewed else ():
                if function.receiver_name and _is_real(function):
                    known.setdefault(function.name, []).append(function)
    return _methods_of[package]


_methods_of: WeakKeyDictionary[Package, dict[str, list[Function]]] = WeakKeyDictionary()


def _is_real(function: Function) -> bool:
    return component(function.file.path).reviewed and not function.receiver_name.lower().startswith("fake")


def sent_by(index: PackageIndex, callee: Function, depth: int = 1) -> list[Request]:
    """Give the live requests of a function that is short enough to be a wrapper, and those of what it calls, a few calls down."""
    known = _sent_by.setdefault(index, {})
    key = (callee.file.path, callee.region.start, depth)
    if key not in known:
        known[key] = []  # who calls itself sends nothing more by it
        known[key] = _find_sent(index, callee, depth)
    return known[key]


_sent_by: WeakKeyDictionary[PackageIndex, dict[tuple[str, int, int], list[Request]]] = WeakKeyDictionary()


def _find_sent(index: PackageIndex, callee: Function, depth: int) -> list[Request]:
    where = component(callee.file.path)
    if implements_client(index, index.import_path(callee.file)):
        return []
    if not where.reviewed or where.kind is Kind.API_SERVER or callee.file.generated:
        return []
    region = callee.region
    if callee.file.source.count(b"\n", region.start, region.end) > _LONGEST:
        return []
    if next(memos(callee), None) is not None:
        return []  # it keeps the answer
    direct = [
        request
        for request in direct_requests(index, callee.file, callee)
        if not settled(callee, request.call.conditions)
        and (request.live or _parameter(request) is not None or _kept(request) is not None)
        and not request.list_watch
        and not request.background
        and request.kind != WEBHOOK
    ]
    if direct:
        return direct if len({request.key for request in direct}) <= _MOST_REQUESTS else []
    if depth >= _DEEPEST:
        return []
    found: dict[tuple[str, str, str], Request] = {}
    place = Place(index, callee.file, callee)
    for call in callee.calls:
        for called in callees(index, callee.file, callee, call) if _may_wrap(place, call) else ():
            for inner in sent_by(index, called, depth + 1) if called is not callee else ():
                if inner.key not in found:
                    found[inner.key] = dataclasses.replace(
                        inner,
                        through=(called, *inner.through),
                        within=(*_item_loops(callee, call), *_loops_in(inner)),
                        inner=(*requirements(place, call.conditions), *_conditions_in(index, inner)),
                    )
    return list(found.values()) if len(found) <= _MOST_REQUESTS else []
