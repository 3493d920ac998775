"""Records: lists in an API object to which entries are added and never taken away.

Sources: etcd's limit of 1.5 MiB for a request (etcd.io/docs system limits), beyond which an object cannot be written any more;
kubernetes/community contributors/devel/sig-architecture/api-conventions.md ("Typical status properties": conditions are a map
by their type, so that who sets one looks for it first).
"""

from collections.abc import Iterator

from analyzers.golang import destinations
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Assignment, Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.naming import word
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import times

_MOST_FILES = 80
_NOW = (b"Now(", b"NowMicro(")


def grows(assignment: Assignment) -> tuple[Node, list[Node]] | None:
    """Give the field that an assignment appends to itself, and what it appends: `x.F = append(x.F, entry)`."""
    if len(assignment.left) != 1 or len(assignment.right) != 1 or assignment.operator != "=":
        return None
    left, right = assignment.left[0], assignment.right[0]
    function, arguments = right.child_by_field_name("function"), right.child_by_field_name("arguments")
    if left.type != "selector_expression" or right.type != "call_expression" or function is None or arguments is None:
        return None
    given = syntax.children(arguments)
    if syntax.text(function) != "append" or len(given) < 2 or syntax.text(given[0]) != syntax.text(left):
        return None
    return left, given[1:]


def is_stamped(index: PackageIndex, function: Function, entry: Node, depth: int = 2) -> bool:
    """Say whether an entry holds the time at which it is made: in its literal, or in what a function of the program makes. So it
    tells what happened, and is another one each time."""
    entry = syntax.unparenthesized(entry)
    while entry.type in {"unary_expression", "variadic_argument"}:
        entry = next(iter(syntax.children(entry)), entry.parent or entry)
    if entry.type == "identifier":
        binding = function.binding(syntax.text(entry), entry.start_byte)
        if binding is None or binding.value is None or binding.parts != 1:
            return False
        return is_stamped(index, function, binding.value, depth)
    if entry.type == "composite_literal":
        place = Place(index, function.file, function)
        return any(
            each.type == "call_expression" and times.is_now(place, each)
            for each in syntax.walk(entry)
            if syntax.text(each).endswith(")")
        )
    call = function.facts.call_at(entry) if entry.type == "call_expression" else None
    if call is None or depth == 0:
        return False
    place = Place(index, function.file, function)
    if any(times.is_now(place, each) for each in call.arguments):
        return True
    callee = index.callee(call, function.file, function)
    if callee is None or not any(
        callee.file.source.find(each, callee.region.start, callee.region.end) >= 0 for each in _NOW
    ):
        return False
    return any(
        is_stamped(index, callee, each, depth - 1)
        for returned, closures in callee.facts.returns
        if not closures
        for expression in syntax.children(returned)[:1]
        for each in (syntax.children(expression)[:1] if expression.type == "expression_list" else [expression])
    )


def tells_error(function: Function, entry: Node) -> bool:
    """Say whether an entry holds an error's text, which is told again by each try that fails."""
    return any(
        call.name == "Error"
        and not call.arguments
        and entry.start_byte <= call.node.start_byte
        and call.node.end_byte <= entry.end_byte
        for call in function.calls
    )


def is_kept_short(index: PackageIndex, owner: Named, field: str) -> bool:
    """Say whether the program ever makes a list shorter, sets an entry in its place, or hands the list to a function that may; or
    makes the struct around it anew where it stands. What is not understood counts as that."""
    if field == "":
        return True
    paths = index.words.files(field)
    if len(paths) > _MOST_FILES:
        return True
    named = word(field, dotted=True)
    for path in paths:
        file = index.file(path)
        if file is None:
            return True
        if file.test or file.generated:
            continue
        for function in file.functions:
            if named.search(file.source, function.region.start, function.region.end):
                place = Place(index, file, function)
                if any(_shortens(place, each, owner, field) for each in function.assignments):
                    return True
                if any(_hands_on(place, each, owner, field) for each in function.calls):
                    return True
    return any(_begins_anew(index, path, owner) for path in index.words.files(owner.name)[:_MOST_FILES])


def _is_list(place: Place, node: Node, owner: Named, field: str) -> bool:
    """Say whether an expression is the list, as far as its type is known."""
    name, operand = node.child_by_field_name("field"), node.child_by_field_name("operand")
    if node.type != "selector_expression" or name is None or operand is None or syntax.text(name) != field:
        return False
    of_type = dereferenced(place.type_of(operand))
    return of_type is None or (isinstance(of_type, Named) and (of_type.path, of_type.name) == (owner.path, owner.name))


def _shortens(place: Place, assignment: Assignment, owner: Named, field: str) -> bool:
    if _is_to_compare(place.function):
        return False
    for number, left in enumerate(assignment.left):
        inner = left.child_by_field_name("operand") if left.type == "index_expression" else None
        if inner is not None and _is_list(place, inner, owner, field):
            return True  # an entry in the place of another
        if not _is_list(place, left, owner, field):
            continue
        right = assignment.right[number] if number < len(assignment.right) else None
        if right is None or not (grows(assignment) or _is_same_field(right, field)):
            return True
    return False


def _is_to_compare(function: Function | None) -> bool:
    """Say whether a function only says whether two copies are equal, as a predicate does: what it changes is not stored."""
    if function is None or [syntax.text(each.type) for each in function.results] != ["bool"]:
        return False
    return function.file.source.find(b"DeepCopy", function.region.start, function.region.end) >= 0


def _is_same_field(right: Node, field: str) -> bool:
    path = syntax.path(right) if right.type == "selector_expression" else None
    return path is not None and path[-1] == field


def _hands_on(place: Place, call: Call, owner: Named, field: str) -> bool:
    """Say whether a call is given a pointer to the list: `meta.SetStatusCondition(&status.Conditions, ...)`."""
    return any(
        each.type == "unary_expression"
        and syntax.has_token(each, "&")
        and any(_is_list(place, inner, owner, field) for inner in syntax.children(each))
        for each in call.arguments
    )


def _begins_anew(index: PackageIndex, path: str, owner: Named) -> bool:
    """Say whether a file puts a new struct in the place of the one that holds the list: `job.Status = v1.JobStatus{}`."""
    file = index.file(path)
    if file is None:
        return True
    if file.test or file.generated:
        return False
    made = word(owner.name, then=rb"\{")
    return any(
        _is_made(left, right, owner.name)
        for function in file.functions
        if made.search(file.source, function.region.start, function.region.end)
        for assignment in function.assignments
        for left, right in zip(assignment.left, assignment.right, strict=False)
    )


def _is_made(left: Node, right: Node, name: str) -> bool:
    made = next(iter(syntax.children(right)), right) if right.type == "unary_expression" else right
    of_type = made.child_by_field_name("type") if made.type == "composite_literal" else None
    if left.type == "identifier" or of_type is None:
        return False
    return syntax.text(of_type).rpartition(".")[2] == name


def is_looked_for(function: Function, field: Node) -> bool:
    """Say whether a function looks through a list, or lets another one do so, before it appends to it; or asks how long it is."""
    operand = field.child_by_field_name("operand")
    text = syntax.text(field)
    names = {text} | {
        name
        for assignment in function.assignments
        if assignment.node.start_byte < field.start_byte
        for left, right in zip(assignment.left, assignment.right, strict=False)
        if syntax.text(right) == text and (name := syntax.text(left))
    }
    looped = any(
        loop.node.end_byte <= field.start_byte and loop.collection is not None and syntax.text(loop.collection) in names
        for loop in function.loops
    )
    holders = names | ({syntax.text(operand)} if operand is not None else set())
    asked = any(
        call.node.end_byte <= field.start_byte
        and any(syntax.text(each).lstrip("&*") in holders for each in call.arguments)
        for call in function.calls
        if call.name not in {"append", "len"} and not call.name.endswith(_LOGS)
    )
    tested = any(
        syntax.text(inner) in names
        for test in _tests(function, field)
        for inner in syntax.walk(test)
        if inner.type in {"identifier", "selector_expression"} and not _is_emptiness(test)
    )
    return looped or asked or tested


_LOGS = ("Info", "Infof", "Infow", "Debug", "Debugf", "Warn", "Warnf", "Warningf", "Error", "Errorf", "Printf", "InfoS")


def _is_emptiness(test: Node) -> bool:
    """Say whether a test only asks whether there is anything: `len(conditions) > 0`."""
    return test.type == "binary_expression" and any(each.text == b"0" for each in syntax.children(test))


def _tests(function: Function, node: Node) -> Iterator[Node]:
    """The tests of a function that decide whether a node is reached."""
    return (each.test for each in destinations.conditions_at(function, node) if each.test is not None)
