"""Objects that are shared with everybody who reads the same cache: what listers, indexers, stores and handlers give.

Source: client-go tools/cache ("must not be modified": the store hands out its own objects); client-go/listers, whose
generated Get and List return them as they are, List in a slice of the caller's own. controller-runtime's cached client
copies every object it gives. What shares memory with what is Go's: a copied struct has its own fields, and shares what
its pointers, slices and maps hold; `&*p` is p.
"""

from bisect import bisect
from collections.abc import Iterator
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

from analyzers.golang.destinations import conditions_at
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import ELEMENT, Origin, serialized
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Array, Interface, Map, Named, Pointer, Slice, Type
from analyzers.kubernetes import kinds
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.program import calls, origins
from analyzers.kubernetes.requests import clients, informed

_ONE = frozenset({"Get", "GetByKey"})
_MANY = frozenset({"List", "ByIndex", "Index"})
_DEEPEST = 12
"""Steps from an expression to where its value comes from; into another function counts as four."""
_MOST_RETURNS = 8
_MOST_CALLERS = 20
_MOST_FILES = 5
"""Files on the way from what is shared: a longer one passes through interfaces and tables of functions, and forgets on the way
who called whom."""
_NESTED = 20
"""Assignments that may hold each other, as function literals do that are assigned."""
_STEPS = frozenset(
    {
        "selector_expression",
        "index_expression",
        "slice_expression",
        "parenthesized_expression",
        "unary_expression",
        "type_assertion_expression",
    }
)


Holds = Literal["object", "copy", "part", "list", "event"]


class Shared(NamedTuple):
    """What an expression has of objects that a cache shares, and where it has them from ("a lister").

    holds: "object" (a pointer to one, or into one), "copy" (a struct copied from one, or a pointer to that copy: its own
    fields, and everybody's maps, slices and pointers), "part" (a slice or map that is a part of one), "list" (a slice of
    one's own, of pointers to them) or "event" (a struct of one's own, whose fields are such objects).
    """

    source: str
    holds: Holds
    by: str = ""
    """The function that hands it on as an argument, "" where it is taken in the function itself."""
    kept: str = ""
    """The field or element in which it is kept, "" where a variable holds it."""


class Given(NamedTuple):
    """A variable of a function, a parameter most likely, that is taken for something shared: what has of it is asked."""

    function: Function
    binding: Binding
    holds: Holds


GIVEN = ""
"""The source of what a `Given` has."""

_shared: WeakKeyDictionary[PackageIndex, dict[tuple[str, str, int, int, int], Shared | None]] = WeakKeyDictionary()


def shared(index: PackageIndex, function: Function, binding: Binding) -> Shared | None:
    """Say what a local variable has of shared objects, None if nothing says that it has any."""
    known = _shared.setdefault(index, {})
    key = (function.file.path, function.file.id, binding.node.start_byte, binding.start, binding.part)
    if key not in known:
        known[key] = _bound(index, function, binding, 0, None)
    return known[key]


def value(index: PackageIndex, function: Function, node: Node, given: Given | None = None) -> Shared | None:
    """Say what an expression has of shared objects; with `given`, what it has of that."""
    return _of(index, function, node, 0, given)


def pointed_to(index: PackageIndex, function: Function, place: Node, given: Given | None = None) -> Shared | None:
    """Say what a method with a pointer receiver is given that is called on a place: what is there is a pointer, or the address
    of it is taken."""
    if place.type == "identifier" or isinstance(_type(index, function, place), Pointer):
        return _of(index, function, place, 0, given)
    return _address(index, function, syntax.unparenthesized(place), 0, given)


def of_binding(index: PackageIndex, function: Function, binding: Binding, given: Given) -> Shared | None:
    """Say what a local variable has of what the function is given."""
    return _bound(index, function, binding, 0, given)


def shared_by_others(index: PackageIndex, function: Function, name: Node) -> Shared | None:
    """Say what a variable that points to an API object has of shared ones wherever in the program it comes from: through
    other packages' functions, fields, callbacks, or where it is copied under a condition only; None if nothing says that."""
    place = Place(index, function.file, function)
    if not is_object(index, place.type_of(name)) or not _keeps_caches(index):
        return None
    found = [each for each in origins(index).of(place, name).origins if each.kind != "constant"]
    shares = [(each, _shared_at(index, function, each)) for each in found]
    # Of a field it is not known which of all the values that are put there somewhere is meant: where copies are, none is said.
    mixed = any(each.kept and shared is None and each.kind != "parameter" for each, shared in shares)
    return next((shared for each, shared in shares if shared is not None and not (each.kept and mixed)), None)


def _shared_at(index: PackageIndex, function: Function, origin: Origin) -> Shared | None:
    """What is shared of a value that comes from one place."""
    at = origin.place.function
    if at is None or at.file.test or origin.copied or len({path for path, _ in origin.way}) > _MOST_FILES:
        return None
    by = "" if at.key == function.key else at.key
    found = _given(index, at, origin.node) if origin.kind == "call" else None
    if found is not None and origin.access == (() if found.holds == "object" else (ELEMENT,)):
        return Shared(found.source, "object", by)
    if origin.kind == "parameter" and _is_handed(index, at, origin):
        return Shared("an informer's event", "object", by)
    return None


def is_own(index: PackageIndex, function: Function, name: Node) -> bool:
    """Say whether a variable is seen to hold nothing but what the program made, copied or asked for."""
    found = origins(index).of(Place(index, function.file, function), name)
    return found.complete and all(
        each.kind in {"constant", "filled", "appended"}
        or (each.kind in {"literal", "made"} and not each.access)
        or (each.kind == "call" and (at := each.place.function) is not None and _given(index, at, each.node) is None)
        for each in found.origins
    )


def is_object(index: PackageIndex, type_: Type | None) -> bool:
    """Say whether a type is a pointer to an API object, or to what of one lies beside some."""
    named = type_.elem if isinstance(type_, Pointer) else None
    return isinstance(named, Named) and (kinds.API.search(named.path) is not None or serialized(index, named))


def _is_handed(index: PackageIndex, function: Function, origin: Origin) -> bool:
    """Say whether a parameter, or the part of it that is asked for, is what an informer hands to a handler."""
    if not origin.access and _is_event(function, origin.node):
        return True
    name = syntax.unparenthesized(origin.node)
    binding = function.binding(_text(name), name.start_byte) if name.type == "identifier" else None
    found = informed.given(index, function, binding) if binding is not None and binding.kind == "param" else None
    if found == "event":
        return len(origin.access) == 1 and origin.access[0] in informed.FIELDS
    return found == "object" and not origin.access


def shared_in_a_part(index: PackageIndex, function: Function, place: Node, elements: bool) -> Shared | None:
    """Say what a place has of a shared object that a field or an element keeps (`item.pod` in `item.pod.Labels`): one that is
    given nothing else, wherever in the program."""
    at: Node | None = place if elements else place.child_by_field_name("operand")
    while at is not None and at.type in _STEPS and not is_object(index, _type(index, function, at)):
        at = at.child_by_field_name("operand")
    if at is None or at.type not in {"selector_expression", "index_expression"} or not _keeps_caches(index):
        return None
    found = origins(index).of(Place(index, function.file, function), at)
    shares = [_shared_at(index, function, each) for each in found.origins if each.kind != "constant"]
    first = next(iter(shares), None)
    return first._replace(kept=_text(at)) if first is not None and found.complete and all(shares) else None


def _keeps_caches(index: PackageIndex) -> bool:
    """Say whether a program speaks of listers, stores or informers at all."""
    known: dict[object, bool] = index.found.setdefault(_keeps_caches, {})
    if "" not in known:
        known[""] = any(index.words.files(word) for word in _OF_CACHES)
    return known[""]


_OF_CACHES = ("Lister", "GetIndexer", "GetStore", "AddEventHandler", "ResourceEventHandlerFuncs")


def _bound(index: PackageIndex, function: Function, binding: Binding, depth: int, given: Given | None) -> Shared | None:
    if given is not None and given.function is function and syntax.same(binding.node, given.binding.node):
        return Shared(GIVEN, given.holds)
    if binding.kind == "param":
        event = informed.given(index, function, binding)
        if event is not None:
            return Shared("an informer's event", event)
        return _handed(index, function, binding, depth) if given is None else None
    if binding.value is None or depth > _DEEPEST:
        return None
    if binding.kind == "switch" and _is_event(function, binding.value):
        cases = [index.resolve(each, function.file, function) for each in binding.cases]
        return Shared("an informer's event", "object") if all(isinstance(each, Pointer) for each in cases) else None
    if binding.kind == "switch":
        cases = [index.resolve(each, function.file, function) for each in binding.cases]
        found = _of(index, function, binding.value, depth + 1, given)
        pointers = bool(cases) and all(isinstance(each, Pointer) for each in cases)
        return found if found is not None and found.holds == "object" and pointers else None
    if binding.kind == "range":
        found = _of(index, function, binding.value, depth + 1, given) if binding.part == 1 else None
        return _element(found, _type(index, function, binding.node)) if found is not None else None
    if binding.kind != "var" or binding.part:
        return None
    found = _of(index, function, binding.value, depth + 1, given)
    return _fitting(found, _type(index, function, binding.node)) if found is not None else None


def _handed(index: PackageIndex, function: Function, binding: Binding, depth: int) -> Shared | None:
    """What a function is given as a parameter that points to an object: what one of those who call it has."""
    number = next((number for number, each in enumerate(function.params) if each.name == binding.name), None)
    if number is None or depth + 4 > _DEEPEST or binding.type is None or _of_a_literal(function, binding):
        return None
    if not is_object(index, index.resolve(binding.type, function.file, function)):
        return None
    for site in calls(index).callers(function)[:_MOST_CALLERS]:
        call = site.call
        if site.kind != "call" or call is None or site.caller.file.test or number >= len(call.arguments):
            continue
        found = _of(index, site.caller, call.arguments[number], depth + 4, None)
        if found is not None and found.holds == "object":
            return Shared(found.source, "object", site.caller.key)
    return None


def _of_a_literal(function: Function, binding: Binding) -> bool:
    """Say whether a function literal's parameter is meant, and not the function's own."""
    return any(each.node.start_byte <= binding.node.start_byte < each.node.end_byte for each in function.closures)


def _type(index: PackageIndex, function: Function, node: Node) -> Type | None:
    return index.type_of(node, function.file, function)


def _fitting(found: Shared, type_: Type | None) -> Shared | None:
    """What remains shared of a value, told by its type: who is given a struct has a copy."""
    if type_ is None or (found.holds == "object" and isinstance(type_, Pointer | Interface)):
        return found
    if isinstance(type_, Slice) and found.holds == "list":
        return found if type_.elem is None or isinstance(type_.elem, Pointer | Interface) else None
    if isinstance(type_, Slice | Map):
        return found._replace(holds="part")
    if isinstance(type_, Pointer):
        return found._replace(holds="copy" if found.holds == "copy" else "object")
    return found._replace(holds="copy") if isinstance(type_, Named) else None


def _element(found: Shared, type_: Type | None) -> Shared | None:
    if found.holds == "list":
        return found._replace(holds="object")
    if isinstance(type_, Pointer):
        return found._replace(holds="object")
    return found._replace(holds="part" if isinstance(type_, Slice | Map) else "copy")


def _of(index: PackageIndex, function: Function, node: Node, depth: int, given: Given | None) -> Shared | None:
    node = syntax.unparenthesized(node)
    if depth > _DEEPEST:
        return None
    if node.type == "identifier":
        binding = function.binding(syntax.text(node), node.start_byte)
        if binding is None or copied_between(index, function, node, binding.start):
            return None
        return _bound(index, function, binding, depth + 1, given)
    operand = node.child_by_field_name("operand")
    if node.type == "call_expression":
        return (
            _given(index, function, node)
            or _part(index, function, node, depth, given)
            or _returned(index, function, node, depth, given)
        )
    if operand is None:
        return None
    if node.type == "type_assertion_expression":
        if _is_event(function, operand):
            return Shared("an informer's event", "object")
        return _of(index, function, operand, depth + 1, given)
    if node.type == "slice_expression":
        return _of(index, function, operand, depth + 1, given)
    if node.type == "unary_expression" and syntax.has_token(node, "*"):
        found = _of(index, function, operand, depth + 1, given)
        return found._replace(holds="copy") if found is not None and found.holds in {"object", "copy"} else None
    if node.type == "unary_expression" and syntax.has_token(node, "&"):
        return _address(index, function, syntax.unparenthesized(operand), depth, given)
    if node.type == "index_expression":
        found = _of(index, function, operand, depth + 1, given)
        return _element(found, _type(index, function, node)) if found is not None else None
    if node.type == "selector_expression":
        found = _of(index, function, operand, depth + 1, given)
        if found is None or found.holds == "list":
            return None
        if found.holds == "event":
            field = node.child_by_field_name("field")
            is_object = field is not None and _text(field) in informed.FIELDS
            return found._replace(holds="object") if is_object else None
        type_ = _type(index, function, node)
        return found._replace(holds="copy") if type_ is None else _fitting(found._replace(holds="object"), type_)
    return None


def _address(index: PackageIndex, function: Function, node: Node, depth: int, given: Given | None) -> Shared | None:
    """What `&node` has: `&*p` is p, `&p.Spec` points into what p points to, the address of a copy is that of a copy."""
    inner = node.child_by_field_name("operand")
    if node.type == "unary_expression" and inner is not None and syntax.has_token(node, "*"):
        return _of(index, function, inner, depth + 1, given)
    origin = root(node)
    found = _of(index, function, origin, depth + 1, given) if origin is not None else None
    if found is None:
        return None
    if reaches_shared(index, function, node, found):
        return found._replace(holds="object")
    return found if found.holds == "copy" else None


_PARTS = frozenset({"GetLabels", "GetAnnotations", "GetFinalizers", "GetOwnerReferences"})
"""What gives a map or slice of ObjectMeta as it is (apimachinery pkg/apis/meta/v1/meta.go); of Unstructured, it gives copies."""


def _part(index: PackageIndex, function: Function, value: Node, depth: int, given: Given | None) -> Shared | None:
    """The map or slice of an object that a getter of its metadata gives."""
    call = function.facts.call_at(value)
    if call is None or call.name not in _PARTS or call.operand is None or call.arguments:
        return None
    type_ = _type(index, function, call.operand)
    named = type_.elem if isinstance(type_, Pointer) else type_
    if not isinstance(named, Named) or named.name.startswith("Unstructured") or not is_object(index, Pointer(named)):
        return None
    found = _of(index, function, call.operand, depth + 1, given)
    return found._replace(holds="part") if found is not None and found.holds in {"object", "copy"} else None


def _given(index: PackageIndex, function: Function, value: Node) -> Shared | None:
    """What a lister's or a store's own method gives."""
    callee = value.child_by_field_name("function")
    operand = (
        callee.child_by_field_name("operand") if callee is not None and callee.type == "selector_expression" else None
    )
    name = callee.child_by_field_name("field") if callee is not None else None
    if operand is None or name is None or syntax.text(name) not in _ONE | _MANY:
        return None
    known = clients.client(_type(index, function, operand))
    source = {"lister": "a lister", "store": "an informer's cache"}.get(known.kind) if known is not None else None
    return Shared(source, "object" if syntax.text(name) in _ONE else "list") if source is not None else None


def _returned(index: PackageIndex, function: Function, value: Node, depth: int, given: Given | None) -> Shared | None:
    """What a function of the same package returns first: a shared object itself, or a part of what it is given."""
    call = function.facts.call_at(value)
    callee = index.callee(call, function.file, function) if call is not None and depth + 4 < _DEEPEST else None
    if call is None or callee is None or callee.file.folder != function.file.folder or callee is function:
        return None
    given_back = list(returns(callee))
    if len(given_back) > _MOST_RETURNS:
        return None
    found = None
    for returned in given_back:
        origin = root(returned)
        parameter = next(
            (number for number, each in enumerate(callee.params) if origin is not None and each.name == _text(origin)),
            None,
        )
        if parameter is None and origin is not None and origin.type == "identifier":
            parameter = _ranged_parameter(callee, origin)
        if parameter is not None and parameter < len(call.arguments):
            if origin is None or copied_between(index, callee, origin, 0):
                return None
            each = _of(index, function, call.arguments[parameter], depth + 4, given)
            each = (
                _fitting(each, _type(index, function, value)) if each is not None and origin is not returned else each
            )
        else:
            each = _of(index, callee, returned, depth + 4, given)
        if each is None:
            return None
        found = found or each
    return found


def returns(function: Function) -> Iterator[Node]:
    """Yield what a function returns first, wherever it returns more than nil."""
    for node, closures in function.facts.returns:
        listed = syntax.children(node)[:1]
        if closures or not listed:
            continue
        parts = syntax.children(listed[0]) if listed[0].type == "expression_list" else listed
        if parts and parts[0].type != "nil":
            yield syntax.unparenthesized(parts[0])


def _ranged_parameter(callee: Function, name: Node) -> int | None:
    """The parameter through whose fields a loop goes that declares `name`."""
    binding = callee.binding(_text(name), name.start_byte)
    origin = root(binding.value) if binding is not None and binding.kind == "range" and binding.value else None
    return next(
        (number for number, each in enumerate(callee.params) if origin is not None and each.name == _text(origin)), None
    )


def _text(node: Node) -> str:
    return syntax.text(node)


def _is_event(function: Function, operand: Node) -> bool:
    """Say whether a handler of an informer's events is given an object of any type as this parameter."""
    operand = syntax.unparenthesized(operand)
    binding = function.binding(_text(operand), operand.start_byte) if operand.type == "identifier" else None
    if binding is None or binding.kind != "param" or binding.type is None:
        return False
    if "".join(_text(binding.type).split()) not in {"interface{}", "any"}:
        return False
    around = [
        each for each in function.closures if each.node.start_byte < operand.start_byte < each.node.end_byte
    ]  # outermost first, as they begin
    if any(critical_paths.handles(each.name, each.composite) for each in around):
        return True
    found = critical_paths.critical_path(function)
    return found is critical_paths.HANDLER or (found is not None and found.per == "event")


def root(node: Node) -> Node | None:
    """Give the variable at the beginning of `a.b[i].c`, `*a`, `(&a).b`; None where it begins with a call or a literal."""
    current: Node | None = node
    while current is not None and current.type in _STEPS:
        current = (
            next(iter(syntax.children(current)), None)
            if current.type == "parenthesized_expression"
            else current.child_by_field_name("operand")
        )
    return current if current is not None and current.type == "identifier" else None


def reaches_shared(index: PackageIndex, function: Function, place: Node, found: Shared, elements: bool = False) -> bool:
    """Say whether a place, written as a path that begins with a variable which has `found`, is memory that is shared: what
    is assigned to it is seen by all. With `elements`, whether what it holds (a map's or slice's elements, what it points to)
    is.

    A path leaves the variable's own memory where it follows a pointer or goes into a slice or map; the slice of a list and
    the struct that a pointer to a copy points to are the variable's own too.
    """
    steps: list[Node] = []
    current: Node | None = place
    while current is not None and current.type in _STEPS:
        steps.append(current)
        current = (
            next(iter(syntax.children(current)), None)
            if current.type == "parenthesized_expression"
            else current.child_by_field_name("operand")
        )
    beginning = current
    steps.reverse()
    own, listed = True, found.holds == "list"
    for step in steps:
        base = next(iter(syntax.children(step)), None)
        base = step.child_by_field_name("operand") or base
        if base is None or step.type == "parenthesized_expression":
            continue
        first = beginning is not None and syntax.same(syntax.unparenthesized(base), beginning)
        if step.type == "unary_expression" and not syntax.has_token(step, "*"):
            continue
        if not _leaves(index, function, step, base):
            if first and found.holds == "object":
                own = False  # whose type is unknown, but it is a pointer
            elif listed and step.type == "selector_expression":
                own = False  # of an element, which is a pointer
            continue
        if first and found.holds in {"copy", "list", "event"} and not (step.type == "index_expression" and not listed):
            continue
        own = False
    # The elements of a list are pointers, its own; so are those of a part of it.
    bare = not steps or (
        listed and all(step.type in {"slice_expression", "parenthesized_expression"} for step in steps)
    )
    if elements and not (bare and found.holds in {"copy", "list", "event"}):
        own = False
    return not own


def _leaves(index: PackageIndex, function: Function, step: Node, base: Node) -> bool:
    """Say whether a step follows a pointer, or goes into a slice or map."""
    type_ = _type(index, function, base)
    if step.type == "index_expression":
        return not isinstance(index.underlying(type_), Array)
    if step.type == "unary_expression":
        return True
    return isinstance(type_, Pointer)


class _Assigned(NamedTuple):
    """An assignment from byte `start` to byte `end`; failed: it is reached after a failure only; missing: the branch that is
    taken where what it assigns to was nil."""

    start: int
    end: int
    failed: bool
    missing: Node | None


_assigned: WeakKeyDictionary[Function, dict[str, list[_Assigned]]] = WeakKeyDictionary()


def _where_nil(place: Place, assignment: Node, name: str) -> Node | None:
    """The branch around an assignment that is taken where `name`, to which it assigns, is nil."""

    def is_nil(_: Place, test: Node, truth: bool) -> bool:
        against = conditions.against_nil(test)
        return against is not None and against[1] != truth and _text(against[0]) == name

    for each in conditions_at(place.function, assignment) if place.function is not None else ():
        if each.kind == "if" and each.test is not None and conditions.implies(place, each.test, True, is_nil):
            return each.node.child_by_field_name("consequence")
    return None


def copied_between(index: PackageIndex, function: Function, node: Node, start: int) -> bool:
    """Say whether the variable at the beginning of a path, or a part of the path, is given something else, a copy most
    likely, between byte `start` of the function and the path; what is given only after a failure is none, unless the path
    is reached after one, too, and what is given only where the variable is nil is none behind that."""
    place = Place(index, function.file, function)

    def after_a_failure(at: Node) -> bool:
        around = conditions_at(function, at)
        return bool(around) and conditions.failed(conditions.requirements(place, around))

    if function not in _assigned:
        found: dict[str, list[_Assigned]] = {}
        for assignment in function.assignments:
            if assignment.operator in {"=", ":="}:
                failed = after_a_failure(assignment.node)
                for left in assignment.left:
                    missing = _where_nil(place, assignment.node, _text(left))
                    at = _Assigned(assignment.node.start_byte, assignment.node.end_byte, failed, missing)
                    found.setdefault(_text(left), []).append(at)
        _assigned[function] = found
    known = _assigned[function]
    current: Node | None = node
    while current is not None and current.type in _STEPS | {"identifier"}:
        if current is not node or current.type == "identifier":
            spans = known.get(_text(current), [])
            first, last = (bisect(spans, at, key=lambda each: each.start) for at in (start, node.start_byte - 1))
            # The last that begins before the path may hold it, in a function literal; so may few around that.
            given = [
                each.failed
                for each in spans[first:last][-_NESTED:]
                if each.end <= node.start_byte and (each.missing is None or syntax.contains(each.missing, node))
            ]
            if given and (not all(given) or after_a_failure(node)):
                return True
        current = (
            next(iter(syntax.children(current)), None)
            if current.type == "parenthesized_expression"
            else current.child_by_field_name("operand")
        )
    return False


def is_unstored(index: PackageIndex, function: Function, node: Node) -> bool:
    """Say whether a path is only reached where the object of the variable at its beginning has no resource version: it was
    never stored, and comes from no cache."""
    place, origin = Place(index, function.file, function), root(node)
    if origin is None:
        return False
    versions = {f"{_text(origin)}.{version}" for version in ("ResourceVersion", "GetResourceVersion()")}

    def has_none(_: Place, test: Node, truth: bool) -> bool:
        left, right = test.child_by_field_name("left"), test.child_by_field_name("right")
        if left is None or right is None or _text(right) != '""' or _text(left) not in versions:
            return False
        return syntax.has_token(test, "==" if truth else "!=")

    return any(
        each.test is not None and conditions.implies(place, each.test, each.kind == "if", has_none)
        for each in conditions_at(function, node)
        if each.kind in {"if", "else", "guard"}
    )


def copied_by_setting(function: Function, node: Node, start: int) -> bool:
    """Say whether all that the variable at the beginning of a path is given between byte `start` of the function and the path
    is given only as a setting wants it: behind a condition on fields of the receiver, and on nothing of the function's own."""
    origin = root(node)
    given = [
        each.node
        for each in (function.facts.assigned(_text(origin)) if origin is not None else ())
        if start < each.node.start_byte and each.node.end_byte <= node.start_byte
    ]
    behind = {condition.node.start_byte for condition in conditions_at(function, node)}
    return bool(given) and all(
        any(
            condition.test is not None
            and condition.node.start_byte not in behind  # which decides whether the path is reached at all
            and _asks_receiver(function, condition.test)
            for condition in conditions_at(function, each)
        )
        for each in given
    )


def _asks_receiver(function: Function, test: Node) -> bool:
    """Say whether a condition asks for fields of the receiver alone."""
    names = [each for each in syntax.walk(test) if each.type == "identifier"]
    receiver = function.receiver
    return receiver is not None and bool(names) and all(_text(each) == receiver.name for each in names)
