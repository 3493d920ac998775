"""What repeats a function: wait.Until and its kin, tickers, and loops that sleep.

Source: k8s.io/apimachinery/pkg/util/wait (before 2016 pkg/util/wait, before 2015 pkg/util: Forever, Until), Go's time
package, k8s.io/utils/clock.
"""

import re
from typing import Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Loop
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution.durations import seconds

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
_TIMED = re.compile(
    r"\btime\.(Sleep|After|Tick|NewTimer|NewTicker)\(|\b[cC]lock\.(Sleep|After|Tick|NewTicker|NewTimer)\(|<-\s*[\w.]*([tT]ick(er)?|[tT]imer)\w*(\.C\b(\(\))?)?|\.\s*C\(?\)?\s*:"
)
_DELAY = re.compile(r"^(Sleep|After|Tick|NewTicker|NewTimer)$")


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
    return Repetition(kind, seconds(index, period, file, function), syntax.text(period))


def repeated_by_loop(index: PackageIndex, file: SourceFile, function: Function, loop: Loop) -> Repetition | None:
    """Say how an endless `for` with a ticker, a timer or a sleep in it repeats its body; None for other loops."""
    if loop.kind not in {"infinite", "for", "range"} or loop.body is None:
        return None
    if loop.kind == "range":
        # for range ticker.C
        collection = syntax.text(loop.collection) if loop.collection is not None else ""
        if not re.search(r"\btime\.Tick\(|[tT]ick(er)?\w*\.C(\(\))?$", collection):
            return None
        period = _made_by(index, file, function, loop.collection)
        return Repetition("periodic", period[0], period[1])
    if not _TIMED.search(syntax.text(loop.body)):
        return None
    kind: Literal["periodic", "poll"] = "poll" if _ends_itself(loop) else "periodic"
    for call in function.calls:
        inside = loop.node.start_byte <= call.node.start_byte < loop.node.end_byte
        if inside and _DELAY.match(call.name) and call.arguments and call.name != "NewTimer":
            return Repetition(kind, seconds(index, call.arguments[0], file, function), syntax.text(call.arguments[0]))
    for call in function.calls:
        if (
            call.name in {"NewTicker", "Tick", "NewTimer"}
            and call.arguments
            and call.node.start_byte < loop.node.start_byte
        ):
            return Repetition(kind, seconds(index, call.arguments[0], file, function), syntax.text(call.arguments[0]))
    return Repetition(kind, None, "")


_STOP = re.compile(r"stop|done|quit|clos|exit|cancel|ctx|shutdown|die|term", re.IGNORECASE)


def _ends_itself(loop: Loop) -> bool:
    """Say whether a loop leaves itself when it has got what it waits for; to be told to stop, or to fail, is no such end."""
    assert loop.body is not None

    def inside(node: Node) -> bool:
        if node.type == "func_literal":
            return False
        if node.type == "communication_case":
            communication = node.child_by_field_name("communication")
            return communication is None or not _STOP.search(syntax.text(communication))
        return node.type not in {"for_statement", "expression_switch_statement", "type_switch_statement"}

    for node in syntax.walk(loop.body, inside):
        if node.type == "return_statement" or (node.type == "break_statement" and not _in_select(node, loop)):
            return True
    return False


def _in_select(node: Node, loop: Loop) -> bool:
    # A plain break inside a select leaves the select alone.
    if syntax.children(node):
        return False
    parent = node.parent
    for _ in range(6):
        if parent is None or parent == loop.body:
            return False
        if parent.type == "communication_case":
            return True
        parent = parent.parent
    return False


def _made_by(index: PackageIndex, file: SourceFile, function: Function, node: Node | None) -> tuple[float | None, str]:
    for call in function.calls:
        if call.name in {"NewTicker", "Tick"} and call.arguments:
            return seconds(index, call.arguments[0], file, function), syntax.text(call.arguments[0])
    return None, ""


# Bounded repeats: the source is anybody's, and a name may be a megabyte long.
_TAKES = re.compile(
    rb"[qQ]ueue\w{0,40}\.(Get|Pop|PopProcess)\(|\b[pP]rocessNext\w{0,60}\("
    rb"|,\s{0,4}(quit|[sS]hut[dD]own|stop\w{0,20}|done)\s{0,4}:?=\s{0,4}[\w.]{1,80}\.Get\(\)"
    rb"|\brange\s{1,4}[\w.]{0,80}([cC]h|[cC]han|[qQ]ueue|[uU]pdates)\s{0,4}\{"
)


def takes_from_queue(function: Function) -> bool:
    """Say whether a function is a worker: it takes items from a queue or channel and waits for them, so that what
    repeats it is no period."""
    return _TAKES.search(function.file.source, function.region.start, function.region.end) is not None


_RECEIVES = re.compile(r"\bcase\s+\w+(?:,\s*\w+)?\s*:?=\s*<-\s*[\w.]+(?!\()\s*:")


def serves_a_channel(loop: Loop) -> bool:
    """Say whether an endless loop takes what it works on from a channel: `for { select { case item := <-items: ... } }`."""
    return loop.kind == "infinite" and loop.body is not None and bool(_RECEIVES.search(syntax.text(loop.body)))
