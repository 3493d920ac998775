"""Informers' event handlers: which code they are, what they are about, and whether an update is compared before anything is done.

Sources: client-go tools/cache (ResourceEventHandlerFuncs; handlers of one listener run one after the other, and every
resync calls UpdateFunc with equal objects); kubelets write the status of their node every 10 s until v1.13, every
5 minutes at the latest since (KEP-589), so that nodes are updated without end.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, parameters
from analyzers.golang.facts.facts import Call, Closure
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import kinds, resources
from analyzers.kubernetes.execution import conditions, critical_paths
from analyzers.kubernetes.requests.library import example

_TWO = re.compile(r"^\(\w+, \w+ (interface\{\}|any)\)$|^\(\w+ (interface\{\}|any), \w+ (interface\{\}|any)\)$")


def updates(closure: Closure) -> bool:
    """Say whether a function literal is an informer's UpdateFunc."""
    return closure.name == "UpdateFunc" and critical_paths.handles(closure.name, closure.composite)


def is_update_handler(function: Function) -> bool:
    """Say whether a function has the parameters of an UpdateFunc, (old, new interface{}), and gives nothing, as one does."""
    group = function.node.child_by_field_name("parameters") if function.node is not None else None
    return not function.results and group is not None and _TWO.match(" ".join(syntax.text(group).split())) is not None


def uses(body: Node | None, old: str) -> bool:
    """Say whether a handler's body uses the old object for anything."""
    return (
        body is not None
        and old not in {"", "_"}
        and any(node.type == "identifier" and syntax.text(node) == old.partition(".")[0] for node in syntax.walk(body))
    )


_COMPARING = re.compile(
    r"equal|equiv|chang|differ|diff|same|compar|updated|need|should|ignore|skip|resync|match", re.IGNORECASE
)
_LOGS = re.compile(r"^(glog|klog|log|logger)$|\.V\(|[lL]og(ger)?$")
_VERSION = re.compile(r"ResourceVersion")
_NOTHING = frozenset({"nil", "true", "false"})


def compares(
    index: PackageIndex,
    function: Function,
    body: Node | None,
    old: str,
    versions: bool = True,
    depth: int = 0,
    constants: bool = True,
) -> bool:
    """Say whether a handler's body compares the old object with anything, itself or in a function that it hands it to.

    A comparison is an operator, a call whose name says so, or a field of the old object in an if's test; that something is
    asked of the old object alone (`isExported(old.Labels)`) is none. `old` is a parameter, or an event's field
    (`e.ObjectOld`). Without `versions`, comparisons of the resource versions, which only tell a resync from a change, do
    not count; without `constants`, those with a constant, which tell nothing of what has changed.
    """
    if body is None or old in {"", "_"}:
        return False
    names = _derived(body, old)
    for node in syntax.walk(body):
        if not versions and node.type in {"binary_expression", "if_statement"} and _VERSION.search(_tested(node)):
            continue
        if (
            node.type == "binary_expression"
            and _compared(node, names)
            and (constants or _varies(function, node, names))
        ):
            return True
        if node.type == "binary_expression" and constants and _asks_both(node, names):
            return True
        if node.type == "if_statement" and constants:
            asked = (node.child_by_field_name("initializer"), node.child_by_field_name("condition"))
            if any(
                each.type == "selector_expression" and _mentions(each, names)
                for part in asked
                if part is not None
                for each in syntax.walk(part, lambda node: node.type != "argument_list")
            ):
                return True
        if node.type != "call_expression" or not _mentions(node, names):
            continue
        call = function.facts.call_at(node)
        callee = index.callee(call, function.file, function) if call is not None else None
        if (callee is None or callee.exported) and _COMPARING.search(_called(node)):
            return True
        if call is None or callee is None or depth > 1 or all(_mentions(each, names) for each in call.arguments):
            continue  # what is asked of the old object alone is no comparison
        if any(
            _mentions(argument, names)
            and number < len(callee.params)
            and compares(index, callee, callee.body, callee.params[number].name, versions, depth + 1)
            for number, argument in enumerate(call.arguments)
        ):
            return True
    return False


def _called(call: Node) -> str:
    function = call.child_by_field_name("function")
    return syntax.text(function).rpartition(".")[2] if function is not None else ""


def _tested(node: Node) -> str:
    test = node.child_by_field_name("condition") if node.type == "if_statement" else node
    return syntax.text(test) if test is not None else ""


def hands_on(body: Node | None, old: str) -> bool:
    """Say whether a handler's body hands the old object, or a part of it, to a function that may look at it."""
    if body is None or old in {"", "_"}:
        return False
    names = _derived(body, old)
    for node in syntax.walk(body):
        if node.type == "call_expression":
            callee, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            operand = callee.child_by_field_name("operand") if callee is not None else None
            if (
                given is not None
                and (
                    _mentions(given, names)
                    or any(syntax.text(each) == old.partition(".")[0] for each in syntax.children(given))
                )
                and not (operand is not None and _LOGS.search(syntax.text(operand)))
            ):
                return True
    return False


def logs(call: Call) -> bool:
    """Say whether a call writes a line to a log."""
    return call.operand is not None and _LOGS.search(syntax.text(call.operand)) is not None


def _derived(body: Node, old: str) -> set[str]:
    """The old object's name, and those of the variables that are made of it."""
    names = {old}
    for node in syntax.walk(body):
        if node.type not in {"short_var_declaration", "assignment_statement"}:
            continue
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None and _mentions(right, names):
            names |= {syntax.text(each) for each in syntax.children(left) if each.type == "identifier"} - {
                "ok",
                "err",
                "_",
            }
    return names


def _mentions(node: Node, names: set[str]) -> bool:
    return any(
        each.type in {"identifier", "selector_expression"} and syntax.text(each) in names for each in syntax.walk(node)
    )


def _compared(node: Node, names: set[str]) -> bool:
    operator = node.child_by_field_name("operator")
    sides = [node.child_by_field_name(side) for side in ("left", "right")]
    if operator is None or syntax.text(operator) not in {"==", "!=", "<", ">", "<=", ">="}:
        return False
    return any(side is not None and _mentions(side, names) for side in sides) and not any(
        side is not None and syntax.text(side) in _NOTHING for side in sides
    )


def _asks_both(test: Node, names: set[str]) -> bool:
    """Say whether a test asks the same of the old object and of another one: `!old.IsDone() && new.IsDone()`."""
    asked: tuple[set[str], set[str]] = (set(), set())
    for atom in conditions.atoms(test):
        called = atom.child_by_field_name("function") if atom.type == "call_expression" else atom
        if called is not None and called.type == "selector_expression" and (path := syntax.path(called)) is not None:
            asked[_mentions(called, names)].add(path[-1])
    return bool(asked[0] & asked[1])


def _varies(function: Function, comparison: Node, names: set[str]) -> bool:
    """Say whether what the old object is compared with is no constant: it names something of the function's own."""
    sides = [side for name in ("left", "right") if (side := comparison.child_by_field_name(name)) is not None]
    return any(
        each.type == "identifier" and function.binding(syntax.text(each), each.start_byte) is not None
        for side in sides
        if not _mentions(side, names)
        for each in syntax.walk(side)
    ) or all(_mentions(side, names) for side in sides)


class Registration(NamedTuple):
    """An UpdateFunc that a function gives an informer: its body, its old object's name, where it stands in the function.

    `function` is where its body stands: the function itself, or a method that it names.
    """

    informer: str
    node: Node
    function: Function
    body: Node | None
    old: str


def registrations(index: PackageIndex, function: Function) -> Iterator[Registration]:
    """Yield the UpdateFuncs that a function registers, literals and methods."""
    for composite in function.composites:
        if composite.type is None or not syntax.text(composite.type).endswith("Funcs"):
            continue
        value = _value_of(composite.node, "UpdateFunc")
        if value is None:
            continue
        around = [
            call
            for call in function.calls
            if call.name.startswith("AddEventHandler")
            and call.node.start_byte < composite.node.start_byte < call.node.end_byte
        ]
        informer = syntax.text(around[-1].operand) if around and around[-1].operand is not None else ""
        if value.type == "func_literal":
            yield Registration(informer, value, function, value.child_by_field_name("body"), old_parameter(value))
            continue
        _, target = index.referenced(value, function.file, function)
        if target is not None and target.node is not None:
            yield Registration(informer, value, target, target.body, old_parameter(target.node))


def _value_of(composite: Node, key: str) -> Node | None:
    body = composite.child_by_field_name("body")
    for element in syntax.children(body) if body is not None else ():
        parts = syntax.children(element)
        if element.type == "keyed_element" and len(parts) == 2 and syntax.text(parts[0]) == key:
            inner = syntax.children(parts[1])
            return inner[0] if parts[1].type == "literal_element" and inner else parts[1]
    return None


def old_parameter(node: Node) -> str:
    """Give the old object of a handler's function or literal, "" if it has none: its first parameter, or the field of an
    UpdateEvent (controller-runtime pkg/event), before which releases from 0.15 on have a context."""
    found = parameters(node, "parameters")
    event = next((each.name for each in found if syntax.text(each.type).endswith("UpdateEvent")), "")
    if event not in {"", "_"}:
        return f"{event}.ObjectOld"
    return found[0].name if found else ""


def about(index: PackageIndex, function: Function, closure: Closure) -> str:
    """Give the resource whose informer a handler is added to in a function ("nodes"): by the informer's type, the method of a
    factory that gives it, or the example object that it is made with; "" if unknown."""
    place = Place(index, function.file, function)
    around = [
        call
        for call in function.calls
        if call.node.start_byte < closure.node.start_byte and closure.node.end_byte <= call.node.end_byte
    ]
    for call in reversed(around):
        if call.name.startswith("AddEventHandler") and call.operand is not None:
            return _informed(place, call.operand)
        if found := example(index, function.file, function, call):
            return found
    return ""


_LONGEST_CHAIN = 12


def _informed(place: Place, node: Node | None) -> str:
    """Give the resource of an informer: `nodes.Informer()` of a NodeInformer, `factory.Core().V1().Nodes().Informer()`."""
    for _ in range(_LONGEST_CHAIN):
        if node is None:
            return ""
        node = syntax.unparenthesized(node)
        named = dereferenced(place.type_of(node))
        name = named.name.removesuffix("Informer") if isinstance(named, Named) else ""
        if isinstance(named, Named) and name != named.name and (plural := resources.plural(name)) in _KNOWN:
            return plural
        if node.type == "call_expression":
            node = node.child_by_field_name("function")
        elif node.type == "selector_expression":
            field = node.child_by_field_name("field")
            if field is not None and (getter := resources.of_getter(syntax.text(field))) in _KNOWN:
                return getter
            node = node.child_by_field_name("operand")
        else:
            binding = place.binding(syntax.text(node), node.start_byte)
            node = binding.value if binding is not None else None
    return ""


_KNOWN = kinds.RESOURCES | {"leases"}
