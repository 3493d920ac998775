"""Work queues: which calls add to one, and what is added.

Source: client-go @32ce75a7 util/workqueue: a queue joins equal items; AddRateLimited waits for longer after each failure,
until Forget; Add does not wait.
"""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes.kinds import alike

ADDS = frozenset({"Add", "AddRateLimited", "AddAfter"})


def is_queue(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a call's operand is a work queue."""
    if call.operand is None:
        return False
    type_ = dereferenced(index.type_of(call.operand, function.file, function))
    if isinstance(type_, Named):
        return "workqueue" in type_.path
    return type_ is None and "queue" in alike(call.operand, function).lower()


def item(function: Function, call: Call) -> Node | None:
    """Give the expression that an added item was made by: itself, or what its variable was given; None if nothing tells."""
    if call.name not in ADDS or call.operand is None or not call.arguments:
        return None
    given = call.arguments[0]
    if given.type != "identifier":
        return given
    binding = function.binding(syntax.text(given), given.start_byte)
    return binding.value if binding is not None and binding.kind == "var" else None


def adds_pointer(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a call, or the function it calls, adds a pointer to a work queue."""
    if _is_pointer(index, function, call):
        return True
    callee = index.callee(call, function.file, function) if call.name not in ADDS else None
    return callee is not None and any(_is_pointer(index, callee, inner) for inner in callee.calls)


def _is_pointer(index: PackageIndex, function: Function, call: Call) -> bool:
    made = item(function, call)
    return made is not None and syntax.text(made).startswith("&") and is_queue(index, function, call)
