"""What the conditions around a place say of how often it is reached: after a failure, at the end of an object's life, after a
miss of a cache, where a comparison found a difference, for users of a feature alone. Each has its one answer here.

Decided on the parsed test and the types in it: what holds of `a && b`, of `!a`, of the other branch follows from what holds of
its parts. Sources: k8s.io/apimachinery pkg/api/errors; deletionTimestamp of ObjectMeta and the phases that end an object;
k8s.io/component-base featuregate, and projects with a package like it; the libraries that compare objects.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding, Call, Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types import texts
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import ERROR, Basic, Map, Named, Type, dereferenced
from analyzers.kubernetes.requests import clients

__all__ = [
    "Requirement",
    "absent",
    "asks_an_error",
    "atoms",
    "compared",
    "compares",
    "ending",
    "failed",
    "fails",
    "for_one",
    "found_nothing",
    "gated",
    "implies",
    "keeps_answers",
    "living",
    "missed",
    "refuses",
    "requirements",
    "settled",
    "spares",
]


class Requirement(NamedTuple):
    """A condition and where it stands."""

    place: Place
    condition: Condition

    @property
    def truth(self) -> bool:
        """Whether the test holds where the place is reached, or does not."""
        return self.condition.kind in {"if", "case", "select"}


Ask = Callable[[Place, Node, bool], bool]
_DEEPEST = 12


def requirements(place: Place, conditions: Iterable[Condition]) -> tuple[Requirement, ...]:
    """Give conditions with the place where they stand."""
    return tuple(Requirement(place, each) for each in conditions)


def failed(found: Iterable[Requirement]) -> bool:
    """Say whether a place is only reached when something has failed."""
    return _any(found, fails)


def ending(found: Iterable[Requirement]) -> bool:
    """Say whether a place is only reached at the end of an object's life, which comes once."""
    return _any(found, _ends)


def missed(found: Iterable[Requirement]) -> bool:
    """Say whether a place is only reached after something looked up in a cache was not there."""
    return _any(found, _misses)


def absent(found: Iterable[Requirement]) -> bool:
    """Say whether a place is only reached where something that may be kept is not there: a nil, a look-up that found nothing."""
    return _any(found, _absent)


def gated(found: Iterable[Requirement]) -> bool:
    """Say whether a place is only reached where a feature gate is on."""
    return _any(found, _gates)


def for_one(found: Iterable[Requirement]) -> bool:
    """Say whether a place is only reached for the one object that a constant names: `if request.Name != "cluster" { return }`."""
    return _any(found, _names_one)


def compared(found: Iterable[Requirement]) -> bool:
    """Say whether a place is only reached where a comparison of objects found a difference, or asked for it."""
    return any(
        each.condition.kind != "default"
        and each.condition.test is not None
        and not failed([each])
        and any(
            compares(each.place, node) and not asks_an_error(each.place, node) for node in atoms(each.condition.test)
        )
        for each in found
    )


def spares(test: Requirement) -> bool:
    """Say whether a condition spares work in the normal course: it is no check for failures, and no feature's gate."""
    condition = test.condition
    if condition.test is None or condition.kind in {"select", "default"}:
        return False
    if condition.kind == "guard" and refuses(test.place, condition.node):
        return False
    parts = list(atoms(condition.test))
    parts += [inner for node in parts if (value := _value_of(test.place, node)) is not None for inner in atoms(value)]
    failing = any(
        asks_an_error(test.place, node) or any(fails(test.place, node, truth) for truth in (True, False))
        for node in parts
    )
    return not failing and not any(_gates(test.place, node, True) for node in parts)


def living(test: Requirement) -> bool:
    """Say whether a condition keeps a place from nothing but the end of an object's life."""
    asked = test.condition.test
    return asked is not None and implies(test.place, asked, not test.truth, _ends)


def refuses(place: Place, guard: Node) -> bool:
    """Say whether an early return gives an error: it refuses what is wrong, and spares nothing in the normal course."""
    function = place.function
    results = function.results if function is not None else ()
    if not results or syntax.text(results[-1].type) != "error":
        return False
    then = guard.child_by_field_name("consequence")
    given = [
        [inner for child in syntax.children(node) for inner in _listed(child)]
        for node in (syntax.walk(then, lambda each: each.type != "func_literal") if then is not None else ())
        if node.type == "return_statement"
    ]
    return bool(given) and all(len(values) == len(results) and _is_failure(place, values[-1]) for values in given)


_MAKES_ERRORS = re.compile(r"(^|/)(errors|fmt|status|multierr)$|/util/validation/field$")
"""Packages whose functions make errors: Go's errors and fmt, apimachinery's api/errors, pkg/errors, grpc's status."""


def _is_failure(place: Place, value: Node) -> bool:
    """Say whether what is returned for an error is one, and not what further work gives: `return r.Create(ctx, object)`."""
    value = syntax.unparenthesized(value)
    if value.type != "call_expression":
        return value.type != "nil"
    arguments = value.child_by_field_name("arguments")
    given = syntax.children(arguments) if arguments is not None else []
    made = _MAKES_ERRORS.search(_package_called(place, value)) is not None
    return made or any(is_error(place, each) for each in given)


def asks_an_error(place: Place, node: Node) -> bool:
    """Say whether a part of a test asks what an error says: `err.Error() == "gone"`."""
    return any(each.type == "identifier" and is_error(place, each) for each in syntax.walk(node))


def _any(found: Iterable[Requirement], ask: Ask) -> bool:
    for each in found:
        test = each.condition.test
        if test is None or each.condition.kind == "default":
            continue
        if implies(each.place, test, each.truth, ask):
            return True
    return False


def implies(place: Place, node: Node, truth: bool, ask: Ask, depth: int = 0) -> bool:
    """Say whether what `ask` asks for follows from the test being true, or being false."""
    node = syntax.unparenthesized(node)
    if depth > _DEEPEST:
        return False
    if node.type == "expression_list":
        listed = syntax.children(node)
        return len(listed) == 1 and implies(place, listed[0], truth, ask, depth + 1)
    operand = node.child_by_field_name("operand")
    if node.type == "unary_expression" and operand is not None and syntax.has_token(node, "!"):
        return implies(place, operand, not truth, ask, depth + 1)
    if node.type == "binary_expression" and (syntax.has_token(node, "&&") or syntax.has_token(node, "||")):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return False
        both = syntax.has_token(node, "&&") == truth  # both hold, or neither does
        parts = (implies(place, part, truth, ask, depth + 1) for part in (left, right))
        return any(parts) if both else all(parts)
    if ask(place, node, truth):
        return True
    value = _value_of(place, node)
    return value is not None and implies(place, value, truth, ask, depth + 4)


def _value_of(place: Place, node: Node) -> Node | None:
    """What a local variable was given that a test asks for: `wrong := err != nil`."""
    binding = _binding(place, node)
    if binding is None or binding.kind != "var" or binding.parts != 1 or binding.value is None:
        return None
    value = syntax.unparenthesized(binding.value)
    return value if value.type in {"binary_expression", "unary_expression", "call_expression"} else None


def _binding(place: Place, node: Node) -> Binding | None:
    return place.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None


def atoms(node: Node) -> Iterator[Node]:
    """The parts of a test that are no `&&`, `||` or `!` themselves."""
    waiting = [node]
    while waiting:
        node = syntax.unparenthesized(waiting.pop())
        operand = node.child_by_field_name("operand")
        if node.type == "unary_expression" and operand is not None and syntax.has_token(node, "!"):
            waiting.append(operand)
        elif node.type == "binary_expression" and (syntax.has_token(node, "&&") or syntax.has_token(node, "||")):
            waiting += [part for name in ("left", "right") if (part := node.child_by_field_name(name)) is not None]
        elif node.type == "expression_list":
            waiting += syntax.children(node)
        else:
            yield node


# A failure


def fails(place: Place, node: Node, truth: bool) -> bool:
    """Say whether a part of a test tells of a failure by being true, or false."""
    against = against_nil(node)
    if against is not None:
        other, unequal = against
        return unequal == truth and is_error(place, other)
    if node.type == "call_expression":
        arguments = node.child_by_field_name("arguments")
        given = syntax.children(arguments) if arguments is not None else []
        return truth and any(is_error(place, each) for each in given)
    return truth and _is_asserted_error(place, node)


def _is_asserted_error(place: Place, node: Node) -> bool:
    """Say whether a variable is the `ok` of `x, ok := err.(T)`."""
    binding = _binding(place, node)
    value = syntax.unparenthesized(binding.value) if binding is not None and binding.value is not None else None
    if binding is None or binding.part != 1 or value is None or value.type != "type_assertion_expression":
        return False
    operand = value.child_by_field_name("operand")
    return operand is not None and is_error(place, operand)


def against_nil(node: Node) -> tuple[Node, bool] | None:
    """Give what `x != nil` compares with nil, and whether it is to be another; None for other tests."""
    if node.type != "binary_expression":
        return None
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    unequal = syntax.has_token(node, "!=")
    if left is None or right is None or not (unequal or syntax.has_token(node, "==")):
        return None
    if right.type == "nil":
        return left, unequal
    return (right, unequal) if left.type == "nil" else None


def is_error(place: Place, node: Node) -> bool:
    """Say whether an expression is an error, by its type; where that is unknown, whether it is the last of what a call gave,
    as Go's functions give their errors."""
    node = syntax.unparenthesized(node)
    type_ = place.type_of(node)
    if type_ is not None:
        return implements_error(place, type_)
    binding = _binding(place, node)
    if binding is None or binding.kind not in {"var", "result"} or binding.value is None:
        return False
    value = syntax.unparenthesized(binding.value)
    return value.type == "call_expression" and binding.part == binding.parts - 1


def implements_error(place: Place, type_: Type) -> bool:
    """Say whether a type is `error` or has its method."""
    named = dereferenced(type_)
    if named == ERROR:
        return True
    if not isinstance(named, Named) or not named.path:
        return False
    # Asked for by its name: to list all methods reads every file of the package.
    member = place.index.member(named, "Error")
    return member is not None and member.kind == "method"


# The end of an object

_END = frozenset({"NamespaceTerminating", "PodSucceeded", "PodFailed"})


def _ends(place: Place, node: Node, truth: bool) -> bool:
    against = against_nil(node)
    if against is not None:
        return against[1] == truth and _last_name(against[0]) in {"DeletionTimestamp", "GetDeletionTimestamp"}
    if node.type == "call_expression":
        called = node.child_by_field_name("function")
        operand = called.child_by_field_name("operand") if called is not None else None
        if operand is not None and _last_name(node) == "IsZero":
            return not truth and _last_name(operand) in {"DeletionTimestamp", "GetDeletionTimestamp"}
        return truth and _returns(place, node, _ends)
    if node.type == "binary_expression":
        sides = [node.child_by_field_name(side) for side in ("left", "right")]
        named = any(side is not None and _last_name(side) in _END for side in sides)
        return named and syntax.has_token(node, "==") == truth
    return False


def _names_one(place: Place, node: Node, truth: bool) -> bool:
    if node.type != "binary_expression" or syntax.has_token(node, "==") != truth:
        return False
    if not (truth or syntax.has_token(node, "!=")):
        return False
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or _last_name(left) not in {"Name", "GetName"}:
        return False
    return bool(texts.text(place.index, texts.Expression(right, place.file, place.function)))


def _last_name(node: Node) -> str:
    """The last name of `a.b.c`, of `a.b.c()`."""
    node = syntax.unparenthesized(node)
    if node.type == "call_expression":
        node = node.child_by_field_name("function") or node
    name = node.child_by_field_name("field") if node.type == "selector_expression" else node
    return syntax.text(name) if name is not None and name.type in {"identifier", "field_identifier"} else ""


def _returns(place: Place, node: Node, ask: Ask) -> bool:
    """Say whether a function of the program that a test calls returns one expression, of which `ask` holds."""
    callee = _callee(place, node)
    if callee is None or len(callee.facts.returns) != 1 or callee.body is None:
        return False
    returned = [inner for child in syntax.children(callee.facts.returns[0][0]) for inner in _listed(child)]
    if len(returned) != 1:
        return False
    return implies(Place(place.index, callee.file, callee), returned[0], True, ask, _DEEPEST - 3)


def _listed(node: Node) -> list[Node]:
    return syntax.children(node) if node.type == "expression_list" else [node]


def _callee(place: Place, node: Node) -> Function | None:
    call = _call(place, node)
    return place.index.callee(call, place.file, place.function) if call is not None else None


def _call(place: Place, node: Node) -> Call | None:
    function = place.function
    return function.facts.call_at(node) if function is not None and node.type == "call_expression" else None


# A miss


def _misses(place: Place, node: Node, truth: bool) -> bool:
    against = against_nil(node)
    if against is not None:
        other, unequal = against
        if is_error(place, other):
            return unequal == truth and _from_cache(place, other)
        return unequal != truth and _from_cache(place, other)
    if node.type == "identifier":
        return not truth and _looked_up(place, node)
    if node.type == "call_expression":
        arguments = node.child_by_field_name("arguments")
        given = syntax.children(arguments) if arguments is not None else []
        return truth and any(is_error(place, each) and _from_cache(place, each) for each in given)
    return _is_empty(place, node, truth)


_FOUND = frozenset({"ok", "found", "exists", "cached"})
"""What fields are named that say whether something is kept."""


def _absent(place: Place, node: Node, truth: bool) -> bool:
    against = against_nil(node)
    if against is not None:
        return against[1] != truth and not is_error(place, against[0])
    if node.type == "selector_expression":
        return not truth and _last_name(node) in _FOUND
    binding = _binding(place, node)
    if binding is None or binding.part == 0 or binding.parts < 2:
        return False
    type_ = place.type_of(node)
    return not truth and (type_ is None or (isinstance(type_, Basic) and "bool" in type_.name))


def _is_empty(place: Place, node: Node, truth: bool) -> bool:
    """`len(x) == 0` of what a cache gave, or not `len(x) > 0`."""
    if node.type != "binary_expression":
        return False
    if not any(syntax.has_token(node, token) for token in (("==",) if truth else ("!=", ">"))):
        return False
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or syntax.text(right) != "0" or left.type != "call_expression":
        return False
    called, arguments = left.child_by_field_name("function"), left.child_by_field_name("arguments")
    given = syntax.children(arguments) if arguments is not None else []
    if called is None or syntax.text(called) != "len" or len(given) != 1:
        return False
    return _from_cache(place, given[0]) or _filled(place, given[0])


def _filled(place: Place, node: Node) -> bool:
    """Say whether something is the items of a list that controller-runtime's List has filled."""
    names = syntax.path(node)
    if place.function is None or names is None or names[1:] != ["Items"]:
        return False
    return any(
        call.name == "List"
        and number == 1
        and call.operand is not None
        and call.node.end_byte <= node.start_byte
        and _reads_objects(place, call.operand)
        for call, number in place.function.facts.given(names[0])
    )


def _reads_objects(place: Place, operand: Node) -> bool:
    known = clients.client(place.type_of(operand))
    return known is not None and known.kind in {"controller-runtime", "cache"}


def _looked_up(place: Place, node: Node) -> bool:
    """Say whether a variable is the `ok` of a look-up in a cache: `x, ok := cache[k]`, `x, ok, err := store.GetByKey(k)`."""
    binding = _binding(place, node)
    if binding is None or binding.value is None or binding.part == 0 or binding.parts < 2:
        return False
    type_ = place.type_of(node)
    if not (type_ is None or (isinstance(type_, Basic) and "bool" in type_.name)):
        return False
    value = syntax.unparenthesized(binding.value)
    if value.type == "index_expression":
        return _is_kept(place, value.child_by_field_name("operand"))
    return value.type == "call_expression" and _reads_cache(place, value)


def _is_kept(place: Place, node: Node | None) -> bool:
    """Say whether a map outlives the function, which puts into it what it looked for in vain."""
    function = place.function
    if node is None or function is None or not isinstance(place.under(place.type_of(node)), Map):
        return False
    binding = _binding(place, node)
    if binding is not None and binding.kind != "receiver":
        return False
    text = syntax.text(node)
    return any(
        left.type == "index_expression"
        and (operand := left.child_by_field_name("operand")) is not None
        and syntax.text(operand) == text
        for assignment in function.assignments
        for left in assignment.left
    )


def _from_cache(place: Place, node: Node) -> bool:
    """Say whether a variable is given by a read of a cache: a lister's, a store's, an informer's."""
    binding = _binding(place, syntax.unparenthesized(node))
    if binding is None or binding.value is None:
        return False
    value = syntax.unparenthesized(binding.value)
    return value.type == "call_expression" and _reads_cache(place, value)


_READS = frozenset({"Get", "List", "GetByKey", "ByIndex", "Index", "Load", "Peek"})


def _reads_cache(place: Place, node: Node) -> bool:
    call = _call(place, node)
    if call is None or call.operand is None or call.name not in _READS:
        return False
    type_ = place.type_of(call.operand)
    known = clients.client(type_)
    if known is not None:
        return known.kind in {"lister", "store", "cache"}
    named = dereferenced(type_)
    return isinstance(named, Named) and bool(_CACHES.search(named.path) or (named.path, named.name) == ("sync", "Map"))


# Packages that are caches: sync.Map, apimachinery's and groupcache's lru, golang-lru, ttlcache, go-cache, ristretto, expiring.
_CACHES = re.compile(r"(^|/)(lru|golang-lru(/v\d)?(/\w+)?|ttlcache(/v\d)?|go-cache|ristretto|cache|util/cache)$")


def keeps_answers(function: Function, place: Place) -> bool:
    """Say whether a function looks into a cache of its own first, and puts there what it had to ask for."""
    writes = {"Add", "Set", "Put", "Store", "Insert", "LoadOrStore", "SetWithTTL"}
    asked: set[str] = set()
    put: set[str] = set()
    for call in function.calls:
        if call.operand is None or call.name not in _READS | writes:
            continue
        named = dereferenced(place.type_of(call.operand))
        if not isinstance(named, Named) or not (
            _CACHES.search(named.path) or (named.path, named.name) == ("sync", "Map")
        ):
            continue
        (asked if call.name in _READS else put).add(syntax.text(call.operand))
    return bool(asked & put)


def settled(function: Function, found: Iterable[Condition]) -> bool:
    """Say whether a function sets a field that one of the conditions asks of: what is reached once, until the field is another
    one. A copy has the same fields: `if w.Spec.Image == "" { copy.Spec.Image = image }`."""
    tests = [each.test for each in found if each.test is not None]
    asked = {_fields(node) for test in tests for node in syntax.walk(test) if node.type == "selector_expression"}
    return any(_fields(left) in asked - {()} for each in function.assignments for left in each.left)


def _fields(node: Node) -> tuple[str, ...]:
    """The fields that an expression leads through, whatever variable it begins at."""
    path = syntax.path(node)
    return tuple(path[1:]) if path is not None else ()


def found_nothing(found: Iterable[Requirement]) -> bool:
    """Say whether a place is only reached where a cached read gave nothing: `if len(nodes) == 0`."""
    return _any(found, _is_empty)


# A feature's gate


def _gates(place: Place, node: Node, truth: bool) -> bool:
    if node.type != "call_expression":
        return False
    if _last_name(node) in {"Enabled", "IsEnabled"}:
        return truth and "feature" in _package_called(place, node).lower()
    return truth and _returns(place, node, _gates)


def _package_called(place: Place, node: Node) -> str:
    """The import path of the package that a call names, or whose variable or type it calls a method of."""
    call = _call(place, node)
    operand = syntax.unparenthesized(call.operand) if call is not None and call.operand is not None else None
    if call is None or operand is None:
        return ""
    path = place.imported(operand)
    if path is not None:
        return path
    member = place.index.member(place.type_of(operand), call.name)
    if member is not None and member.owner is not None:
        return member.owner.path
    root = operand
    while root.type in {"selector_expression", "call_expression"}:
        root = root.child_by_field_name("operand") or root.child_by_field_name("function") or root
        if root.type not in {"selector_expression", "call_expression"}:
            break
    return place.imported(root) or ""


# A comparison

_EQUAL = frozenset({"Equal", "DeepEqual", "DeepDerivative", "Diff", "EqualFunc", "Cmp", "Compare", "Equals"})


def compares(place: Place, node: Node, depth: int = 0) -> bool:
    """Say whether an atom of a test compares two things, itself or in a function of the program that it calls."""
    node = syntax.unparenthesized(node)
    if node.type == "identifier":
        value = _value_of(place, node)
        return value is not None and depth < 3 and any(compares(place, each, depth + 1) for each in atoms(value))
    if node.type == "call_expression":
        name = _last_name(node)
        if name in _EQUAL:
            return True
        callee = _callee(place, node) if depth < 2 else None
        if callee is None or len(callee.results) == 0:
            return False
        inner = Place(place.index, callee.file, callee)
        tests = [condition.test for condition in callee.facts.conditions if condition.test is not None]
        given = [
            value
            for returned, _ in callee.facts.returns
            for child in syntax.children(returned)
            for value in _listed(child)
        ]
        return any(call.name in _EQUAL for call in callee.calls) or any(
            _unequal(inner, each) for test in (*tests, *given) for each in atoms(test)
        )
    return _unequal(place, node)


def _unequal(place: Place, node: Node) -> bool:
    """Say whether an atom is `a.b != c` of two values, neither nil nor a constant of the language nor an error."""
    if node.type != "binary_expression" or not (syntax.has_token(node, "!=") or syntax.has_token(node, "==")):
        return False
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or "nil" in {left.type, right.type}:
        return False
    plain = {"selector_expression", "index_expression", "identifier", "call_expression", "unary_expression"}
    if left.type not in plain or right.type not in plain:
        return False
    if ".Spec." in syntax.text(left) and right.type == "selector_expression" and _is_of_a_package(place, right):
        return False  # what a user asked for, by its kind
    if any(_package_of(place, side) == _EVENTS for side in (left, right)):
        return False  # whether something was added, changed or deleted says nothing of what changed
    return "selector_expression" in {left.type, right.type} and not is_error(place, left)


_EVENTS = "k8s.io/apimachinery/pkg/watch"


def _is_of_a_package(place: Place, node: Node) -> bool:
    return _package_of(place, node) is not None


def _package_of(place: Place, node: Node) -> str | None:
    """The import path of the package in `watch.Modified`, None where it is no package's."""
    operand = node.child_by_field_name("operand") if node.type == "selector_expression" else None
    return place.imported(operand) if operand is not None else None
