"""What goes into work queues: failed items that come back at once, and pointers, of which no two are equal. See burdens.

Source: client-go @32ce75a7 util/workqueue: a queue joins equal items; AddRateLimited waits for longer after each failure,
until Forget; Add does not wait.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.burdens import Found
from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.types import Named, dereferenced
from analyzers.news.added import Added, Candidate

ADDS = frozenset({"Add", "AddRateLimited", "AddAfter"})
_FAILED = re.compile(r"\berr\w* != nil\b")
_FINE = re.compile(r"\berr\w* == nil\b")
_WORKER = Burden("event", "a worker's path")


def retries(function: Function) -> Iterator[Candidate[Call]]:
    """Find the calls that put an item which was taken from a queue back into it, in a branch for errors."""
    for call in function.calls:
        if call.name == "Add" and call.operand is not None and len(call.arguments) == 1 and _has_failed(call):
            binding = function.binding(syntax.text(call.arguments[0]), call.node.start_byte)
            taken = syntax.text(binding.value) if binding is not None and binding.value is not None else ""
            queue = syntax.text(call.operand)
            if taken == f"{queue}.Get()" and not any(closure.goes for closure in call.closures):
                yield Candidate(("retry", queue.rpartition(".")[2]), call.line, call.end_line, call)


def _has_failed(call: Call) -> bool:
    for each in call.conditions:
        test = syntax.text(each.test) if each.test is not None else ""
        if (each.kind == "if" and _FAILED.search(test)) or (each.kind in {"else", "guard"} and _FINE.search(test)):
            return True
    return False


def retry(change: Change, each: Added[Call]) -> Found | None:
    """Judge such a call: whether it is a work queue's."""
    if not _is_queue(change, each.function, each.what):
        return None
    return Found(
        f"{code('Add')} puts an item that failed back at once: what fails for long is tried again without a pause.",
        f"Use {code('AddRateLimited')}, and {code('Forget')} once it succeeds.",
        _WORKER,
        "hot retry",
    )


def pointers(function: Function) -> Iterator[Candidate[Call]]:
    """Find the calls that add a pointer to a struct made here to a queue; they stand where the struct is made."""
    for call in function.calls:
        if call.name in ADDS and call.operand is not None and call.arguments:
            made = _made(function, call)
            if made is not None and syntax.text(made).startswith("&"):
                key = ("pointer item", syntax.text(call.operand).rpartition(".")[2])
                yield Candidate(key, syntax.line(made), syntax.line(made), call)


def pointer(change: Change, each: Added[Call]) -> Found | None:
    """Judge such a call: whether the same function added a value before, which a queue can compare."""
    old = each.file.base.function(each.function.key) if each.file.base is not None else None
    queue = syntax.text(each.what.operand) if each.what.operand is not None else ""
    if old is None or not _is_queue(change, each.function, each.what):
        return None
    before = [
        _made(old, call)
        for call in old.calls
        if call.name in ADDS and call.operand is not None and syntax.text(call.operand) == queue
    ]
    if not any(made is not None and made.type == "composite_literal" for made in before):
        return None
    return Found(
        "A pointer is queued where a value was: no two pointers are equal, so that the queue joins nothing any more.",
        "Queue the value, or the object's key.",
        _WORKER,
        "pointer item",
    )


def _made(function: Function, call: Call) -> syntax.Node | None:
    """The expression that an item was made by: itself, or what its variable was given."""
    item = call.arguments[0]
    if item.type != "identifier":
        return item
    binding = function.binding(syntax.text(item), item.start_byte)
    return binding.value if binding is not None and binding.kind == "var" else None


def _is_queue(change: Change, function: Function, call: Call) -> bool:
    assert call.operand is not None
    type_ = dereferenced(change.head_index.type_of(call.operand, function.file, function))
    if isinstance(type_, Named):
        return "workqueue" in type_.path
    return type_ is None and "queue" in syntax.text(call.operand).lower()


def queues_pointer(change: Change, function: Function, call: Call, depth: int = 0) -> bool:
    """Say whether a call, or the function it calls, adds a pointer to a work queue."""
    if call.name in ADDS and call.operand is not None and "queue" in syntax.text(call.operand).lower():
        made = _made(function, call) if call.arguments else None
        return made is not None and syntax.text(made).startswith("&")
    if depth:
        return False
    callee = change.head_index.callee(call, function.file, function)
    return callee is not None and any(queues_pointer(change, callee, inner, 1) for inner in callee.calls)
