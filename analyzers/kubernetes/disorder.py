"""Writes that never settle, as a part of what is written is a list in the order of a map: it is another one each time, whether it
is compared with what is stored or sent as it is.

Sources: controller-runtime pkg/controller/controllerutil/controllerutil.go (CreateOrUpdate and CreateOrPatch compare the object
before and after the function with equality.Semantic.DeepEqual); pkg/client/patch.go (MergeFrom sends what differs, a changed list
as a whole); Kubernetes API concepts, "resource versions" (an UPDATE that changes nothing is not written; one of a list in another
order is); k8s.io/apimachinery pkg/conversion/converter.go and pkg/runtime/scheme.go (Convert fills its second argument from its
first).
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from analyzers.golang.destinations import Destination, Leaves, Passing, conditions_at, destinations_of, steps
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Binding, Call, Loop
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Array, Basic, Map, Pointer, Slice
from analyzers.kubernetes import churn, comparisons, map_order, outcomes
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.outcomes import Outcome
from analyzers.kubernetes.program import calls, origins, package_called
from analyzers.kubernetes.requests.requests import Request, sent_at

__all__ = ["Fill", "Given", "Write", "fills", "given", "joined", "order", "write"]

_WRITES = frozenset({"UPDATE", "PATCH"})
_MACHINERY = "k8s.io/apimachinery/pkg/"


class Fill(NamedTuple):
    """What puts something into a list in a loop: an assignment, or a call of a function that may do it. `root` is the variable that
    the list is, or is a part of; `text` what is filled, as it is written."""

    node: Node
    root: Node
    text: str
    loops: tuple[Loop, ...]
    call: Call | None = None
    argument: int = 0


class Write(NamedTuple):
    """A write that a list is a part of: the `call`, in `function`, that compares it, puts it into an object, or sends it; what is
    sent: `request`, or `elsewhere`, the call of something other than the API server's client, which may be spared."""

    how: Literal["compared", "put", "sent"]
    function: Function
    call: Call
    request: Request | None
    elsewhere: Call | None = None


# What is in the order of a map


def fills(function: Function) -> Iterator[Fill]:
    """Yield what may fill a list in a loop, by the text alone."""
    for assignment in function.assignments:
        loops = tuple(loop for loop in assignment.loops if loop.kind == "range")
        if not loops or len(assignment.left) != 1 or len(assignment.right) != 1:
            continue
        left, right = assignment.left[0], assignment.right[0]
        text, root = syntax.text(left), _root(left)
        if root is None:
            continue
        appended = assignment.operator == "=" and syntax.text(right).startswith(f"append({text},")
        if appended or (assignment.operator == "+=" and left.type in {"identifier", "selector_expression"}):
            yield Fill(assignment.node, root, text, loops)
        elif left.type == "index_expression" and (operand := left.child_by_field_name("operand")) is not None:
            yield Fill(assignment.node, root, syntax.text(operand), loops)
    for call in function.calls:
        loops = tuple(loop for loop in call.loops if loop.kind == "range")
        above = call.node.parent
        if not loops or above is None or above.type != "expression_statement":
            continue
        for number, argument in enumerate(call.arguments):
            root = _root(argument)
            if root is not None:
                yield Fill(call.node, root, syntax.text(argument).lstrip("&"), loops, call, number)


def _root(node: Node) -> Node | None:
    while node.type in {"selector_expression", "index_expression", "parenthesized_expression", "unary_expression"}:
        inner = node.child_by_field_name("operand") or next(iter(syntax.children(node)), None)
        if inner is None:
            return None
        node = inner
    return node if node.type == "identifier" else None


def order(index: PackageIndex, function: Function, fill: Fill) -> Literal["map", "cache"] | None:
    """Say in whose order what is filled is: that of the loop around it over a map, or over what a cache lists; None where it has
    another, or is sorted."""
    known: dict[object, Literal["map", "cache"] | None] = index.found.setdefault(order, {})
    key = (function.file.path, function.region.start, fill.node.start_byte, fill.root.start_byte, fill.argument)
    if key not in known:
        known[key] = _order(index, function, fill)
    return known[key]


def _order(index: PackageIndex, function: Function, fill: Fill) -> Literal["map", "cache"] | None:
    binding = function.binding(syntax.text(fill.root), fill.root.start_byte)
    if binding is None or any(_sorts(call, fill.text) for call in function.calls):
        return None
    for loop in fill.loops:
        if loop.collection is None or loop.node.start_byte <= binding.node.start_byte < loop.node.end_byte:
            continue  # of which each round has its own
        found = map_order.order(index, function, loop.collection)
        if found is not None and _varies(function, fill, loop) and _is_ordered(index, function, fill):
            return found
    return None


def _sorts(call: Call, text: str) -> bool:
    """Say whether a call may sort what has a name: by the function's own name, and what it is given."""
    last = text.rpartition(".")[2]
    return "sort" in f"{syntax.text(call.function)}".lower() and any(
        last in syntax.text(each) for each in call.arguments
    )


def _varies(function: Function, fill: Fill, loop: Loop) -> bool:
    """Say whether each round of a loop may put in something of its own: it names what the loop gives, and asks for no one key."""

    def names(node: Node) -> bool:
        found = (each for each in syntax.walk(node) if each.type == "identifier")
        bound = (function.binding(syntax.text(each), each.start_byte) for each in found)
        return any(
            each is not None and loop.node.start_byte <= each.node.start_byte < loop.node.end_byte for each in bound
        )

    asked = [
        each.test
        for each in conditions_at(function, fill.node)
        if each.test is not None and loop.node.start_byte <= each.node.start_byte and each.kind in {"if", "case"}
    ]
    return names(fill.node) and not any(_is_one(part, loop) for test in asked for part in syntax.walk(test))


def _is_one(test: Node, loop: Loop) -> bool:
    """Say whether a test holds in one round of a loop alone: `key == wanted`, `node.Name == wanted`."""
    sides = [test.child_by_field_name(side) for side in ("left", "right")] if test.type == "binary_expression" else []
    shown = {syntax.text(side) for side in sides if side is not None}
    ones = {loop.key, *(f"{loop.value}.{name}" for name in ("Name", "UID", "GetName()", "GetUID()"))}
    return syntax.has_token(test, "==") and bool(shown & ones)


def _is_ordered(index: PackageIndex, function: Function, fill: Fill) -> bool:
    """Say whether what is filled keeps the order: a list or a text, or a list in what a call appends to."""
    if fill.call is not None:
        return _appended(index, function, fill) is not None
    left = fill.node.child_by_field_name("left")
    target = syntax.children(left)[0] if left is not None and left.type == "expression_list" else left
    if target is None:
        return False
    if target.type == "index_expression":
        operand = target.child_by_field_name("operand")
        kind = index.underlying(index.type_of(operand, function.file, function)) if operand is not None else None
        return isinstance(kind, Slice | Array) and not _by_key(target, fill)
    kind = index.underlying(index.type_of(target, function.file, function))
    if "+=" in (syntax.text(each) for each in fill.node.children):
        return isinstance(kind, Basic) and kind.name == "string"
    return not isinstance(kind, Map | Pointer)


def _by_key(target: Node, fill: Fill) -> bool:
    """Say whether an element's place is told by what is put there: `list[key] = value`."""
    place = target.child_by_field_name("index")
    return place is not None and any(
        syntax.text(each) in {loop.value for loop in fill.loops} for each in syntax.walk(place)
    )


def _appended(index: PackageIndex, function: Function, fill: Fill) -> tuple[str, ...] | None:
    """The way from a parameter of the function that is called to the list in it that it appends another parameter's value to."""
    assert fill.call is not None
    callee = index.callee(fill.call, function.file, function)
    if callee is None or fill.argument >= len(callee.params) or callee.file.generated:
        return None
    parameter = callee.params[fill.argument]
    if parameter.type.type != "pointer_type" or any("sort" in call.name.lower() for call in callee.calls):
        return None
    for assignment in callee.assignments:
        left = assignment.left[0] if len(assignment.left) == 1 == len(assignment.right) else None
        if left is None or left.type != "selector_expression" or assignment.operator != "=" or assignment.loops:
            continue
        root = _root(left)
        binding = callee.binding(syntax.text(root), root.start_byte) if root is not None else None
        if binding is None or binding.kind != "param" or binding.name != parameter.name:
            continue
        named = {syntax.text(each) for each in syntax.walk(assignment.right[0]) if each.type == "identifier"}
        given = (callee.binding(name, left.start_byte) for name in named - {parameter.name})
        varies = any(each is not None and each.kind in {"param", "var"} for each in given)
        appends = syntax.text(assignment.right[0]).startswith(f"append({syntax.text(left)},")
        if appends and varies and not conditions_at(callee, left):
            return steps(left)
    return None


# Where a list comes from


class Given(NamedTuple):
    """A list that a function is given, by the one that fills it in the order of a map."""

    function: Function
    fill: Fill
    order: Literal["map", "cache"]


def given(index: PackageIndex, function: Function, node: Node) -> Given | None:
    """Give who fills the list that an expression is, in another function and in the order of a map; None if nobody is seen to, or
    it is sorted on the way."""
    for origin in origins(index).of(Place(index, function.file, function), node).origins:
        by = origin.place.function
        if origin.kind != "made" or origin.access or by is None or by is function or by.file.test:
            continue
        if any(_sorts_anything(each) for each in _passed(index, origin.way) if each is not by):
            continue
        for fill in fills(by):
            binding = by.binding(fill.text, fill.root.start_byte) if fill.call is None else None
            if binding is None or not any(syntax.same(each, origin.node) for each in (binding.node, binding.value)):
                continue
            found = order(index, by, fill)
            if found is not None:
                return Given(by, fill, found)
    return None


def joined(comparison: Node) -> list[Node]:
    """Give the lists of which a comparison by an operator compares the texts: `strings.Join(a, ",") != strings.Join(b, ",")`."""
    sides = [comparison.child_by_field_name(side) for side in ("left", "right")]
    found: list[Node] = []
    for side in sides:
        called = side.child_by_field_name("function") if side is not None and side.type == "call_expression" else None
        listed = side.child_by_field_name("arguments") if side is not None and called is not None else None
        if called is None or listed is None or syntax.text(called) != "strings.Join":
            return []
        found += syntax.children(listed)[:1]
    return found


def _passed(index: PackageIndex, way: tuple[tuple[str, int], ...]) -> Iterator[Function]:
    """The functions through which a value comes."""
    for path, line in dict.fromkeys(way):
        file = index.file(path)
        yield from (each for each in file.functions if each.line <= line <= each.end_line) if file is not None else ()


def _sorts_anything(function: Function) -> bool:
    return any("sort" in syntax.text(call.function).lower() for call in function.calls)


# Where it goes


def write(index: PackageIndex, function: Function, fill: Fill) -> Write | None:
    """Give the write that what is filled is a part of in each pass; None if there is none, or something sorts it on the way."""
    binding = function.binding(syntax.text(fill.root), fill.root.start_byte)
    if binding is None:
        return None
    inside = _inside(index, function, fill)
    after = max(loop.node.end_byte for loop in fill.loops if not _holds(loop, binding))
    failed = _failing(index)
    found = destinations_of(
        index, calls(index).callers, function, binding, inside, after, churn.hands_back, failed, _fills
    )
    compared = [
        passing
        for each in found
        if each.kind == "compared"
        for passing in (*each.way, Passing(each.function, each.node))
    ]
    for kind in ("compared", "field", "given"):
        for each in found:
            if (
                each.kind == kind
                and not _is_sorted(function, each)
                and (known := _written(index, each, compared, fill))
            ):
                return known
    return None


def _inside(index: PackageIndex, function: Function, fill: Fill) -> tuple[str, ...]:
    if fill.call is not None:
        given = fill.call.arguments[fill.argument]
        return (*steps(given), *(_appended(index, function, fill) or ()))
    left = fill.node.child_by_field_name("left")
    target = syntax.children(left)[0] if left is not None and left.type == "expression_list" else left
    way = steps(target) if target is not None else ()
    return way[:-1] if target is not None and target.type == "index_expression" else way


def _holds(loop: Loop, binding: Binding) -> bool:
    return loop.node.start_byte <= binding.node.start_byte < loop.node.end_byte


def _failing(index: PackageIndex) -> Leaves:
    def failed(function: Function, node: Node) -> bool:
        place = Place(index, function.file, function)
        return conditions.failed(conditions.requirements(place, conditions_at(function, node)))

    return failed


def _fills(place: Place, call: Call) -> tuple[int, int] | None:
    """The argument that another one is made into, by Kubernetes' converters."""
    if call.name != "Convert" or call.operand is None or len(call.arguments) != 3:
        return None
    return (0, 1) if _converter(place, call).startswith(_MACHINERY) else None


def _converter(place: Place, call: Call) -> str:
    """The package that declares what converts, or, where its type is not in the program, whose function made it."""
    declared = package_called(place, call)
    operand = call.operand if call.operand is not None and call.operand.type == "identifier" else None
    binding = place.binding(syntax.text(operand), operand.start_byte) if operand is not None else None
    made = (
        place.function.facts.call_at(binding.value)
        if binding is not None and binding.value is not None and place.function
        else None
    )
    return declared or (package_called(place, made) if made is not None else "")


def _is_sorted(function: Function, found: Destination) -> bool:
    """Say whether another function on the way sorts anything."""
    others = [
        each.function for each in (*found.way, Passing(found.function, found.node)) if each.function is not function
    ]
    return any("sort" in syntax.text(call.function).lower() for each in others for call in each.calls)


def _written(index: PackageIndex, found: Destination, compared: list[Passing], fill: Fill) -> Write | None:
    last = Passing(found.function, found.node)
    if not all(churn.each_time(index, passing, compared) for passing in (*found.way, last)):
        return None
    if found.kind == "field":
        return _put(found)
    call = found.function.facts.call_at(found.node)
    place = Place(index, found.function.file, found.function)
    if call is None:
        return None
    if found.kind == "compared":
        names = {fill.text.rpartition(".")[2]}
        if comparisons.compared_by(place, call) is None and not _is_with_options(place, call):
            return None
        if map_order.ignores_order(index, found.function, found.node, names):
            return None
        outcome = Outcome(place, found.node, False)
        request = outcomes.write(outcome)
        elsewhere = _sent_elsewhere(outcome) if request is None else None
        sent = request is not None or elsewhere is not None
        return Write("compared", found.function, call, request, elsewhere) if sent else None
    request = sent_at(index, found.function, call)
    if request is None or request.verb not in _WRITES or request.background:
        return None
    return Write("sent", found.function, call, request)


def _is_with_options(place: Place, call: Call) -> bool:
    """Say whether a call is go-cmp's Equal with options, which may leave out fields."""
    return (
        call.name == "Equal"
        and call.operand is not None
        and place.imported(call.operand) == "github.com/google/go-cmp/cmp"
    )


def _sent_elsewhere(outcome: Outcome) -> Call | None:
    """The call of something outside of the program that updates what was compared, by its name, because it differs."""
    function = outcome.place.function
    for call in function.calls if function is not None else ():
        updates = call.operand is not None and call.name.startswith(("Update", "Put", "Modify"))
        if updates and outcomes.leads(outcome, call.node) and not _is_of_a_package(outcome.place, call):
            return call
    return None


def _is_of_a_package(place: Place, call: Call) -> bool:
    return call.operand is not None and place.imported(call.operand) is not None


def _put(found: Destination) -> Write | None:
    """What a function that is given to CreateOrUpdate puts into the object."""
    root = _root(found.node)
    for call in found.function.calls if root is not None else ():
        if call.name not in comparisons.CREATES_OR_UPDATES or len(call.arguments) != 4:
            continue
        mutate, made = call.arguments[3], _root(call.arguments[2])
        if (
            syntax.contains(mutate, found.node)
            and made is not None
            and root is not None
            and syntax.text(made) == syntax.text(root)
        ):
            return Write("put", found.function, call, None)
    return None
