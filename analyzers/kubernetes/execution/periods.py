"""What repeats a function: wait.Until and its kin, tickers, and loops that sleep.

Source: k8s.io/apimachinery/pkg/util/wait (before 2016 pkg/util/wait, before 2015 pkg/util: Forever, Until), Go's time
package, k8s.io/utils/clock.
"""

import re
from collections.abc import Collection
from typing import Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Condition, Loop
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import BOOL, ERROR, Chan, Named, Struct, Type, dereferenced
from analyzers.kubernetes.execution.conditions import atoms, failed, requirements
from analyzers.kubernetes.execution.durations import is_none, seconds
from analyzers.kubernetes.program import origins

# Function -> numbers of the arguments that are the function it repeats (-1: any) and the period.
_FOREVER: dict[str, tuple[int, int]] = {
    "Until": (0, 1),
    "Forever": (0, 1),
    "JitterUntil": (0, 1),
    "NonSlidingUntil": (0, 1),
    "UntilWithContext": (1, 2),
    "JitterUntilWithContext": (1, 2),
    "NonSlidingUntilWithContext": (1, 2),
    "PollInfinite": (1, 0),
    "PollImmediateInfinite": (1, 0),
    "BackoffUntil": (0, -1),
    "BackoffUntilWithContext": (1, -1),
}
# These end when the function says so: they wait for something, each time that somebody asks.
_POLLS: dict[str, tuple[int, int]] = {
    "Poll": (2, 0),
    "PollImmediate": (2, 0),
    "PollUntil": (1, 0),
    "PollImmediateUntil": (1, 0),
    "PollWithContext": (3, 1),
    "PollImmediateWithContext": (3, 1),
    "PollUntilContextTimeout": (4, 1),
    "PollUntilContextCancel": (3, 1),
    "ExponentialBackoff": (1, -1),
    "ExponentialBackoffWithContext": (2, -1),
}
_RETRIES = frozenset({"RetryOnConflict", "OnError", "RetryUpdate", "GuaranteedUpdate"})
_PACKAGES = frozenset({"wait", "util", "utilwait", "apiwait", "retry", "clientretry"})


def repeats(call: Call, argument: int) -> bool:
    """Say whether a call itself runs, maybe often, the function that is its argument number `argument`, and waits for it."""
    operand = syntax.text(call.operand) if call.operand is not None else ""
    known = _POLLS.get(call.name)
    return operand in _PACKAGES and (call.name in _RETRIES or (known is not None and known[0] == argument))


class Repetition(NamedTuple):
    """How a function is repeated: for ever ("periodic"), until something is so ("poll"), or after a conflict ("retry").

    `seconds` is the period, None where unknown; `text` is the expression that gives it, "" if there is none.
    """

    kind: Literal["periodic", "poll", "retry"]
    seconds: float | None
    text: str


def repetition(
    index: PackageIndex, file: SourceFile, function: Function, call: Call, argument: int
) -> Repetition | None:
    """Say how `call`, in `function`, repeats the function that is its argument number `argument`; None if it does not."""
    operand = syntax.text(call.operand) if call.operand is not None else ""
    if operand not in _PACKAGES:
        return None
    if call.name in _RETRIES:
        return Repetition("retry", None, "")
    kind: Literal["periodic", "poll"] = "periodic" if call.name in _FOREVER else "poll"
    known = _FOREVER.get(call.name) or _POLLS.get(call.name)
    if known is None or (known[0] != argument and argument >= 0):
        return None
    if not 0 <= known[1] < len(call.arguments):
        return Repetition(kind, None, "")
    period = call.arguments[known[1]]
    # Without a pause it is begun anew when it returns: it waits by itself, for as long as it likes.
    if kind == "periodic" and is_none(index, period, file, function):
        return Repetition("poll", None, "")
    if _cancels_its_own(function, call, known[0]):
        kind = "poll"
    return Repetition(kind, seconds(index, period, file, function), syntax.text(period))


_CANCELS = frozenset({"WithCancel", "WithTimeout", "WithDeadline"})


def _cancels_its_own(function: Function, call: Call, argument: int) -> bool:
    """Say whether what a call repeats is a function literal that itself ends the context made for it in the same function, or
    closes the channel that the call is told to stop by."""
    literal = call.arguments[argument] if 0 <= argument < len(call.arguments) else None
    if literal is None or literal.type != "func_literal":
        return False
    cancels = {
        syntax.text(made.left[1])
        for made in function.assignments
        if len(made.left) == 2 and len(made.right) == 1 and _called(made.right[0]) in _CANCELS
    }
    own = [each for each in function.calls if each.operand is None and syntax.contains(literal, each.node)]
    stop = syntax.text(call.arguments[-1])
    return any(
        each.name in cancels
        or (each.name == "close" and len(each.arguments) == 1 and syntax.text(each.arguments[0]) == stop)
        for each in own
    )


def _called(node: Node) -> str:
    """The name of the function that an expression calls, "" for other expressions."""
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    return syntax.text(function).rpartition(".")[2] if function is not None else ""


def repeated_by_loop(index: PackageIndex, file: SourceFile, function: Function, loop: Loop) -> Repetition | None:
    """Say how an endless `for` with a ticker, a timer or a sleep in it repeats its body; None for other loops."""
    if loop.kind not in {"infinite", "for", "range"} or loop.body is None:
        return None
    place = Place(index, file, function)
    if loop.kind == "range":  # for range ticker.C
        return _ticks(place, loop.collection, "periodic") if loop.collection is not None else None
    kind: Literal["periodic", "poll"] = "poll" if _ends_itself(place, loop) else "periodic"
    for call in function.calls:
        inside = loop.node.start_byte <= call.node.start_byte < loop.node.end_byte
        # What pauses after a failure alone has another pace while all goes well.
        spared = kind == "periodic" and inside and failed(requirements(place, call.conditions))
        if inside and not spared and loop in call.loops and _waits_for(place, call):
            return Repetition(kind, seconds(index, call.arguments[0], file, function), syntax.text(call.arguments[0]))
    for node in syntax.walk(loop.body, lambda each: each.type != "func_literal"):
        operand = node.child_by_field_name("operand")
        if node.type == "unary_expression" and operand is not None and syntax.has_token(node, "<-"):
            found = _ticks(place, operand, kind)
            if found is not None:
                return found
    return None


_CLOCKS = re.compile(r"^time$|/(utils/)?clock(/testing)?$|/util/clock$|/clockwork$|/benbjohnson/clock$")
_DELAYS = frozenset({"Sleep", "After", "Tick"})
_TICKERS = frozenset({"NewTicker", "NewTimer", "Tick", "After", "TickerFunc", "AfterFunc"})


def _waits_for(place: Place, call: Call) -> bool:
    """Say whether a call waits for the time that is its argument: time.Sleep, and time.After, whose channel is read at once."""
    return bool(call.name in _DELAYS and call.arguments and _of_a_clock(place, call))


def _of_a_clock(place: Place, call: Call) -> bool:
    """Say whether a function or method is one of package time, or of a clock that stands for it."""
    operand = syntax.unparenthesized(call.operand) if call.operand is not None else None
    if operand is None:
        return False
    path = place.imported(operand)
    if path is None:
        named = dereferenced(place.type_of(operand))
        path = named.path if isinstance(named, Named) else ""
    return bool(_CLOCKS.search(path))


def _ticks(place: Place, channel: Node, kind: Literal["periodic", "poll"]) -> Repetition | None:
    """How what is received from a ticker's or timer's channel repeats; None for a channel of something else."""
    under = place.under(place.type_of(channel))
    elem = under.elem if isinstance(under, Chan) else None
    timed = isinstance(elem, Named) and (elem.path, elem.name) == ("time", "Time")
    if under is not None and not timed:
        return None
    for origin in origins(place.index).of(place, channel).origins:
        call = origin.call
        if call is not None and call.name in _TICKERS and call.arguments and _of_a_clock(origin.place, call):
            given = call.arguments[0]
            return Repetition(
                kind, seconds(place.index, given, origin.place.file, origin.place.function), syntax.text(given)
            )
    return Repetition(kind, None, "") if timed else None


def _ends_itself(place: Place, loop: Loop) -> bool:
    """Say whether a loop leaves itself when it has got what it waits for; to be told to stop, or to fail, is no such end."""
    assert loop.body is not None
    waiting: list[tuple[Node, bool, bool]] = [
        (loop.body, False, False)
    ]  # a node, within a select, within another loop or switch
    while waiting:
        node, selected, nested = waiting.pop()
        if node.type == "func_literal":
            continue
        if node.type == "communication_case" and _is_told_to_stop(place, node):
            continue
        if node.type == "return_statement" or (node.type == "break_statement" and not selected and not nested):
            if not _after_a_failure(place, loop, node):
                return True
            continue
        if node.type == "break_statement" and syntax.children(node) and not nested:
            return not _after_a_failure(place, loop, node)
        selected = selected or node.type == "select_statement"
        nested = nested or node.type in {"for_statement", "expression_switch_statement", "type_switch_statement"}
        waiting += [(child, selected, nested) for child in node.named_children]
    return False


def _is_told_to_stop(place: Place, case: Node) -> bool:
    """Say whether a select's case receives what tells to stop: of a channel of signals (chan struct{}), or an error."""
    communication = case.child_by_field_name("communication")
    for node in syntax.walk(communication) if communication is not None else ():
        operand = node.child_by_field_name("operand")
        if node.type == "unary_expression" and operand is not None and syntax.has_token(node, "<-"):
            under = place.under(place.type_of(operand))
            if under is None:  # ctx.Done(), whose package is not in the tree
                return operand.type != "selector_expression"
            elem = under.elem if isinstance(under, Chan) else None
            return (isinstance(elem, Struct) and not elem.fields) or elem in {ERROR, BOOL} or _is_signal(elem)
    return False


def _is_signal(type_: Type | None) -> bool:
    named = dereferenced(type_)
    return isinstance(named, Named) and named.path in {"os", "syscall"}


def _after_a_failure(place: Place, loop: Loop, node: Node) -> bool:
    """Say whether a statement of a loop is only reached after a failure in it."""
    function = place.function
    assert function is not None
    around = [
        each._replace(kind=_branch(each, node))
        for each in function.facts.conditions
        if each.kind in {"if", "case"} and syntax.contains(each.node, node) and syntax.contains(loop.node, each.node)
    ]
    return failed(requirements(place, around))


def _branch(condition: Condition, node: Node) -> Literal["if", "else", "case"]:
    if condition.kind == "case":
        return "case"
    otherwise = condition.node.child_by_field_name("alternative")
    return "else" if otherwise is not None and syntax.contains(otherwise, node) else "if"


_QUEUES = re.compile(
    r"(^|/)(client-go/)?util/workqueue$|/pkg/controller/priorityqueue$|(^|/)client-go/tools/cache$|/client/cache$"
)
"""Packages of work queues: client-go util/workqueue (before 2016 pkg/util/workqueue), tools/cache (Queue.Pop, DeltaFIFO),
controller-runtime pkg/controller/priorityqueue."""
_GETS = frozenset({"Get", "Pop", "GetWithPriority", "GetNextWorkItem"})


def takes_from_queue(place: Place, loops: Collection[Loop] | None = None) -> bool:
    """Say whether a function is a worker: it takes items from a work queue and waits for them, so that what repeats it is
    no period. A queue is one by its type, else by what is done with it: Get without arguments, and Done with what it gave.

    With `loops`, whether it does so in front of, or around, what stands in these loops of it: what it begins with is done once.
    """
    function = place.function
    if function is None:
        return False
    for call in function.calls:
        if call.operand is None or call.name not in _GETS:
            continue
        if loops is not None and not all(loop in loops for loop in call.loops):
            continue
        named = dereferenced(place.type_of(call.operand))
        if isinstance(named, Named) and _QUEUES.search(named.path) and (call.name != "Get" or not call.arguments):
            return True
        if call.arguments:
            continue
        methods = place.index.methods(named)
        if {"Add", "Done", "ShutDown"} <= methods or (not methods and _is_done(function, syntax.text(call.operand))):
            return True
    around = function.loops if loops is None else loops
    return any(loop.kind == "range" and is_channel_of_items(place, loop.collection) for loop in around)


def _is_done(function: Function, queue: str) -> bool:
    return any(
        call.name == "Done"
        and len(call.arguments) == 1
        and call.operand is not None
        and syntax.text(call.operand) == queue
        for call in function.calls
    )


def is_channel_of_items(place: Place, node: Node | None) -> bool:
    """Say whether something is a channel on which things to work on come: no signals (chan struct{}), no ticks (chan time.Time)."""
    under = place.under(place.type_of(node)) if node is not None else None
    if not isinstance(under, Chan) or under.elem is None:
        return False
    elem = under.elem
    if isinstance(elem, Named) and (elem.path, elem.name) == ("time", "Time"):
        return False
    if isinstance(elem, Struct) and not elem.fields:
        return False
    return elem not in {ERROR, BOOL}


def serves_other(place: Place, loop: Loop, call: Call) -> bool:
    """Say whether a call in a loop stands in the case of a select that takes what is worked on from a channel: a ticker in
    another case does not repeat it."""
    node = call.node.parent
    while node is not None and node.start_byte > loop.node.start_byte and node.type != "func_literal":
        communication = node.child_by_field_name("communication") if node.type == "communication_case" else None
        if communication is not None and communication.type == "receive_statement":
            right = communication.child_by_field_name("right")
            return is_channel_of_items(place, right.child_by_field_name("operand") if right is not None else None)
        node = node.parent
    return False


def serves_a_channel(place: Place, loop: Loop) -> bool:
    """Say whether an endless loop takes what it works on from a channel: `for { select { case item := <-items: ... } }`."""
    if loop.kind != "infinite" or loop.body is None:
        return False
    for node in syntax.walk(loop.body, lambda each: each.type not in {"func_literal", "for_statement"}):
        if node.type == "receive_statement":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            operand = right.child_by_field_name("operand") if right is not None else None
            if left is not None and is_channel_of_items(place, operand):
                return True
    return False


def takes_items(loop: Loop) -> bool:
    """Say whether a loop takes one thing after another as long as there are any: `for e, ok := s.Next(); ok; e, ok = s.Next()`."""
    clause = next((each for each in loop.node.named_children if each.type == "for_clause"), None)
    begins, goes_on = (
        clause.child_by_field_name(name) if clause is not None else None for name in ("initializer", "update")
    )
    if begins is None or goes_on is None or loop.condition is None or begins.type != "short_var_declaration":
        return False
    left, first = begins.child_by_field_name("left"), begins.child_by_field_name("right")
    again = goes_on.child_by_field_name("right")
    names = syntax.children(left) if left is not None else []
    if len(names) != 2 or first is None or again is None or syntax.text(first) != syntax.text(again):
        return False
    return any(syntax.text(each) == syntax.text(names[1]) for each in atoms(loop.condition))
