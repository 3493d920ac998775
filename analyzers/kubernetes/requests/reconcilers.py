"""What a controller does for each key: the Reconcile that a builder is given, and what it never leaves out.

Source: controller-runtime @86a0d40e pkg/builder/controller.go (Complete, Build), pkg/reconcile (Func: a function that is a
Reconciler; AsReconciler: what is given an object).
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
from analyzers.kubernetes.execution import conditions, reconciled
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.requests import scans
from analyzers.kubernetes.requests.requests import sent_at

_COMPLETES = frozenset({"Complete", "Build"})
_DEEPEST = 3


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


def reconciler(index: PackageIndex, function: Function) -> Body | None:
    """Give what runs for each key of the one controller that a function builds; None if it is not seen."""
    finished = [each for each in function.calls if each.name in _COMPLETES and len(each.arguments) == 1]
    if len(finished) != 1:
        return None
    node = finished[0].arguments[0]
    for _ in range(_DEEPEST):
        node = syntax.unparenthesized(node)
        member = index.member(index.type_of(node, function.file, function), "Reconcile")
        if member is not None and member.declaration is not None:
            return Body(member.declaration)
        call = function.facts.call_at(node) if node.type == "call_expression" else None
        if call is None or not call.arguments:
            break
        node = call.arguments[-1]  # reconcile.Func(f), reconcile.AsReconciler(client, r)
    _, named = index.referenced(node, function.file, function)
    return Body(named) if named is not None else None


def always(index: PackageIndex, body: Body) -> Work | None:
    """Give a piece of work that is done for each key, whatever its object says: a request to the API server, or a walk through
    all objects of a cache; None if there is none, or a condition may spare it."""
    return next(_works(index, body, False, set()), None)


def sends_for_its_own(index: PackageIndex, body: Body) -> Work | None:
    """Give a request that is sent each time the object of its own name is reconciled; None as always() does."""
    return next(_works(index, body, True, set()), None)


def ends_with(index: PackageIndex, body: Body, node: Node) -> bool:
    """Say whether a reconcile of the object of its own name comes to a place in it unless something fails."""
    around = destinations.conditions_at(body.function, node)
    place = Place(index, body.function.file, body.function)
    return _comes_through(place, [each for each in around if not _asks_its_name(index, body.function, each)])


def of_its_name(index: PackageIndex, body: Body) -> bool:
    """Say whether nothing is done but for the key of one name, which is no constant: `if req.Name != nodeName { return }`."""
    return any(_asks_its_name(index, body.function, each) for each in body.function.facts.conditions)


def _works(index: PackageIndex, body: Body, own: bool, seen: set[tuple[str, str]], depth: int = 0) -> Iterator[Work]:
    function, around = body.function, body.closures
    seen.add((function.file.path, function.key))
    place = Place(index, function.file, function)
    for call in function.calls:
        asked = [each for each in call.conditions if not (own and _asks_its_name(index, function, each))]
        if tuple(call.closures) != around or call.loops or not _comes_through(place, asked):
            continue
        told = _sends(index, function, call) or ("" if own else _walks(index, function, call))
        if told:
            yield Work(told, function, call)
        callee = index.callee(call, function.file, function) if depth < _DEEPEST else None
        if callee is not None and (callee.file.path, callee.key) not in seen:
            yield from _works(index, Body(callee), own, seen, depth + 1)


def _sends(index: PackageIndex, function: Function, call: Call) -> str:
    sent = sent_at(index, function, call)
    live = sent is not None and sent.live and sent.resource and not sent.background
    return f"sends {sent.a_what}" if sent is not None and live else ""


def _walks(index: PackageIndex, function: Function, call: Call) -> str:
    found = scans.scan(index, function, call) if call.name in scans.METHODS else None
    whole = found is not None and found.everywhere and not found.indexed and not found.constant
    return f"goes through all {found.resource}" if found is not None and whole and found.resource else ""


def _asks_its_name(index: PackageIndex, function: Function, guard: Condition) -> bool:
    if guard.kind != "guard" or guard.test is None or not function.params or not syntax.has_token(guard.test, "!="):
        return False
    sides = [side for name in ("left", "right") if (side := guard.test.child_by_field_name(name)) is not None]
    named = [side for side in sides if syntax.text(side) == f"{function.params[-1].name}.Name"]
    constant = any(texts.text(index, texts.Expression(side, function.file, function)) for side in sides)
    return len(named) == 1 and not constant


_NOT_FOUND = re.compile(r"\bI(?:s|gnore)NotFound\b")


def _comes_through(place: Place, around: Iterable[Condition]) -> bool:
    """Say whether all conditions hold for an object that is there and stays. What refuses an error spares nothing; that
    something else is not there may be the normal course."""
    return all(_lets_through(place, each) for each in around)


def _lets_through(place: Place, guard: Condition) -> bool:
    if conditions.living(Requirement(place, guard)):
        return True
    if guard.kind != "guard" or guard.test is None or not conditions.implies(place, guard.test, True, conditions.fails):
        return False
    if _NOT_FOUND.search(syntax.text(guard.node)):
        return _reads_the_key(place.function, guard.test)
    return conditions.refuses(place, guard.node)


def _reads_the_key(function: Function | None, test: Node) -> bool:
    """Say whether the error that a guard asks for is that of reading the object whose key is reconciled."""
    before = [
        each for each in (function.calls if function is not None else ()) if each.node.end_byte <= test.start_byte
    ]
    gets = [each for each in before if each.name == "Get" and len(each.arguments) > 1]
    return function is not None and bool(gets) and reconciled.is_the_request(function, gets[-1])
