"""What a controller does for each key: the Reconcile that a builder, or controller.New, is given, and what it never leaves out.

Source: controller-runtime @86a0d40e pkg/builder/controller.go (Complete, Build), pkg/controller (Options.Reconciler), pkg/reconcile
(Func: a function that is a Reconciler).
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analyzers.golang import destinations
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types import texts
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Interface
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.program import origins
from analyzers.kubernetes.requests import scans
from analyzers.kubernetes.requests.requests import requests

_COMPLETES = frozenset({"Complete", "Build"})
_DEEPEST = 3
_MOST_CALLS = 400


class Body(NamedTuple):
    """What runs for each key: a function, or one of the function literals in it."""

    function: Function
    closure: Closure | None = None

    @property
    def closures(self) -> tuple[Closure, ...]:
        """The function literals around what it does itself."""
        return (*self.closure.outer, self.closure) if self.closure is not None else ()


class Work(NamedTuple):
    """A piece of work that is done for each key: what it does ("sends a GET of secrets"), by which call of which function."""

    what: str
    function: Function
    call: Call


def reconciler(index: PackageIndex, function: Function, watch: Call) -> Body | None:
    """Give what runs for each key of the controller for which a function watches something; None if it is not seen."""
    given = _given(function, watch)
    return _body(index, function, given) if given is not None else None


def _given(function: Function, watch: Call) -> Node | None:
    """The expression that a builder's Complete is given: of the chain around the watch, or the only one of the function."""
    finished = [each for each in function.calls if each.name in _COMPLETES and len(each.arguments) == 1]
    chained = [each for each in finished if _holds(each.node, watch.node)]
    options = [value for each in function.composites if (value := _keyed(each.node, "Reconciler")) is not None]
    found = chained[:1] or finished
    if len(found) == 1:
        return found[0].arguments[0]
    return options[0] if not found and len(options) == 1 else None


def _holds(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _keyed(composite: Node, name: str) -> Node | None:
    body = composite.child_by_field_name("body")
    for element in syntax.children(body) if body is not None else ():
        parts = syntax.children(element) if element.type == "keyed_element" else []
        if len(parts) == 2 and syntax.text(parts[0]) == name:
            inner = syntax.children(parts[1])
            return inner[0] if parts[1].type == "literal_element" and inner else parts[1]
    return None


def _body(index: PackageIndex, function: Function, node: Node, depth: int = 0) -> Body | None:
    node = syntax.unparenthesized(node)
    if node.type == "func_literal":
        return next((Body(function, each) for each in function.closures if each.node == node), None)
    member = index.member(index.type_of(node, function.file, function), "Reconcile")
    if member is not None and member.declaration is not None:
        return Body(member.declaration)
    if depth > _DEEPEST:
        return None
    call = function.facts.call_at(node) if node.type == "call_expression" else None
    if call is not None:
        target = index.callee(call, function.file, function)
        returned = [
            each
            for each in (target.closures if target is not None else ())
            if each.role == "returned" and not each.outer
        ]
        if target is not None and len(returned) == 1:
            return Body(target, returned[0])
        if len(call.arguments) in {1, 2}:  # reconcile.Func(f), reconcile.AsReconciler(client, r)
            return _body(index, function, call.arguments[-1], depth + 1)
    _, named = index.referenced(node, function.file, function)
    return Body(named) if named is not None else None


def always(index: PackageIndex, body: Body) -> Work | None:
    """Give a piece of work that is done for each key, whatever its object says: a request to the API server, or a walk through
    all objects of a cache; None if there is none, or a condition may spare it."""
    return next(_works(index, body, [_MOST_CALLS], 0), None)


def sends_for_its_own(index: PackageIndex, body: Body) -> Work | None:
    """Give a request that is sent each time the object of its own name is reconciled; None as always() does."""
    found = _works(index, body, [_MOST_CALLS], 0, own=True)
    return next((each for each in found if each.what.startswith("sends")), None)


def ends_with(index: PackageIndex, body: Body, node: Node) -> bool:
    """Say whether a reconcile of the object of its own name comes to a place in it unless something fails."""
    around = destinations.conditions_at(body.function, node)
    place = Place(index, body.function.file, body.function)
    return not _may_be_spared(place, [each for each in around if not _asks_its_name(index, body, each)])


def _works(index: PackageIndex, body: Body, left: list[int], depth: int, own: bool = False) -> Iterator[Work]:
    function, around = body.function, body.closures
    place = Place(index, function.file, function)
    for call in function.calls:
        left[0] -= 1
        if left[0] < 0:
            return
        asked = [each for each in call.conditions if not (own and _asks_its_name(index, body, each))]
        if tuple(call.closures) != around or call.loops or _may_be_spared(place, asked):
            continue
        told = _told(index, function, call)
        if told:
            yield Work(told, function, call)
        callee = _callee(place, call) if depth < _DEEPEST else None
        if callee is not None and not callee.file.test and not callee.file.generated:
            yield from _works(index, Body(callee), left, depth + 1)


def _callee(place: Place, call: Call) -> Function | None:
    """The function of the program that a call calls; behind an interface the only one that implements it."""
    member, callee = place.index.referenced(call.function, place.file, place.function)
    if callee is not None or member is None or member.owner is None:
        return callee
    if not isinstance(place.under(member.owner), Interface) or place.index.package(member.owner.path) is None:
        return None
    found = origins(place.index).implementations(member.owner, call.name)
    return found[0] if len(found) == 1 else None


def _told(index: PackageIndex, function: Function, call: Call) -> str:
    """What a call does that costs: a live request, or a walk through a cache; "" for all else."""
    found = scans.scan(index, function, call) if call.name in scans.METHODS else None
    if found is not None and found.everywhere and not found.indexed and not found.constant:
        return f"goes through all {found.resource}" if found.resource else ""
    for request in requests(index, function.file, function, ()):
        if (
            request.call is call
            and request.live
            and request.via is None
            and request.resource
            and not request.background
        ):
            return f"sends {request.a_what}"
    return ""


def of_its_name(index: PackageIndex, body: Body) -> bool:
    """Say whether nothing is done but for the key of one name, which is no constant: `if req.Name != nodeName { return }`."""
    return body.closure is None and any(_asks_its_name(index, body, each) for each in body.function.facts.conditions)


def _asks_its_name(index: PackageIndex, body: Body, guard: Condition) -> bool:
    function, block = body.function, guard.node.parent
    if guard.kind != "guard" or guard.test is None or not function.params or function.body is None or block is None:
        return False
    if function.body not in {block, block.parent}:
        return False
    if conditions.refuses(Place(index, function.file, function), guard.node):
        return False
    left, right = guard.test.child_by_field_name("left"), guard.test.child_by_field_name("right")
    if (
        guard.test.type != "binary_expression"
        or not syntax.has_token(guard.test, "!=")
        or left is None
        or right is None
    ):
        return False
    return any(
        syntax.text(name) == f"{function.params[-1].name}.Name"
        and not texts.text(index, texts.Expression(other, function.file, function))
        for name, other in ((left, right), (right, left))
    )


_GOING = re.compile(r"DeletionTimestamp")
_NOT_FOUND = re.compile(r"\bI(?:s|gnore)NotFound\b")


def _may_be_spared(place: Place, around: Iterable[Condition]) -> bool:
    """Say whether a condition may spare what stands behind it, for an object that is there and stays. What refuses an error
    spares nothing; that something else is not there may be the normal course."""
    return not all(_lets_through(place, each) for each in around)


def _lets_through(place: Place, each: Condition) -> bool:
    if each.kind != "guard" or each.test is None:
        return False
    if _GOING.search(syntax.text(each.test)):
        return True
    left, right = each.test.child_by_field_name("left"), each.test.child_by_field_name("right")
    if left is None or right is None or right.type != "nil" or not syntax.has_token(each.test, "!="):
        return False
    if not conditions.is_error(place, left):
        return False
    if _NOT_FOUND.search(syntax.text(each.node)):
        return _reads_the_key(place, each)
    return conditions.refuses(place, each.node)


def _reads_the_key(place: Place, guard: Condition) -> bool:
    """Say whether the error that a guard asks is that of reading the object whose key is reconciled."""
    assert guard.test is not None
    end = guard.test.start_byte
    before = [each for each in place.function.calls if each.node.end_byte <= end] if place.function is not None else []
    last = max((each for each in before if each.name == "Get"), key=lambda each: each.node.end_byte, default=None)
    params = place.function.params if place.function is not None else ()
    names = {each.name for each in params if syntax.text(each.type).endswith("Request")}
    return last is not None and len(last.arguments) > 1 and _root(last.arguments[1]) in names


def _root(node: Node) -> str:
    path = syntax.path(node)
    return path[0] if path else ""
