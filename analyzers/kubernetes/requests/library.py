"""Requests that client-go's own helpers send: leader election, waiting for a watch, events.

Source: client-go @32ce75a7 tools/leaderelection (a GET and an UPDATE of the lock after each RetryPeriod, 2 s by default:
component-base/config/v1alpha1/defaults.go), tools/watch (a LIST and a WATCH, begun again when it breaks),
tools/record (events are sent in the background: 25 in a row for one object, then one in 300 s, equal ones joined).
"""

import re
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import resources
from analyzers.kubernetes.requests.options import ONE_OBJECT, Options

Kind = str
EVENT = "event"
"""The kind of a request that an event recorder sends, some time later and not for each call."""
LEADER_ELECTION = "leader-election"
WATCH = "watch-helper"

EVENT_PERIOD = 300
"""Seconds after which a recorder sends one more event of an object of which it has sent many."""
RETRY_PERIOD = 3.2
"""Seconds after which who waits to lead asks again, on the average, unless configured otherwise: RetryPeriod, 2 s as components
set it, and up to 1.2 times as much more (client-go tools/leaderelection, JitterFactor and acquire). It reads the lease; the leader
alone writes it."""

_ELECTION = re.compile(r"/(tools|pkg/client)/leaderelection$")
_WATCH = re.compile(r"/client-go/tools/watch$")
_RECORD = re.compile(r"/client-go/tools/(record|events)$|/pkg/client/record$")
_ELECTORS = frozenset({"RunOrDie", "NewLeaderElector"})
_WATCHERS = frozenset(
    {"Until", "UntilWithSync", "UntilWithoutRetry", "ListWatchUntil", "NewRetryWatcher", "NewRetryWatcherWithContext"}
)
_RECORDS = frozenset({"Event", "Eventf", "PastEventf", "AnnotatedEventf"})
FUNCTIONS = _ELECTORS | _WATCHERS | _RECORDS
"""The names of all functions and methods below, of which a text is searched first."""

_CLIENT_ARGUMENT = re.compile(
    r"ListWatchFromClient\(\s*[^,]{1,200},\s*(?:\"(?P<text>\w+)\"|[\w.]*Resource(?P<name>[A-Z]\w+))"
)


class Sent(NamedTuple):
    """What a helper sends: verb, resource ("" where unknown), kind, its options, and after how many seconds again (None: once)."""

    verb: str
    resource: str
    kind: Kind
    options: Options
    every: float | None = None


def sent(index: PackageIndex, file: SourceFile, function: Function, call: Call) -> Sent | None:
    """Give what a call of one of client-go's helpers sends, None for all else."""
    if call.name not in FUNCTIONS or call.operand is None:
        return None
    if call.name in _RECORDS:
        recorder = dereferenced(index.type_of(call.operand, file, function))
        if isinstance(recorder, Named) and _RECORD.search(recorder.path):
            return Sent("CREATE", "events", EVENT, Options())
        return None
    name = syntax.text(call.operand)
    path = index.imported(file, name) if function.binding(name, call.node.start_byte) is None else None
    if path is None:
        return None
    if call.name in _ELECTORS and _ELECTION.search(path):
        return Sent("GET", "leases", LEADER_ELECTION, Options(), RETRY_PERIOD)
    if call.name in _WATCHERS and _WATCH.search(path):
        return _watched(index, file, function, call)
    return None


def _watched(index: PackageIndex, file: SourceFile, function: Function, call: Call) -> Sent:
    texts = []
    for argument in call.arguments:
        texts.append(syntax.text(argument))
        binding = function.binding(texts[-1], argument.start_byte) if argument.type == "identifier" else None
        if binding is not None and binding.value is not None:
            texts.append(syntax.text(binding.value))
    text = "\n".join(texts)
    return Sent(
        "WATCH",
        listed_by_name(text) or example(index, file, function, call),
        WATCH,
        Options(one_object=bool(ONE_OBJECT.search(text)), fields="FieldSelector" in text, unknown=True),
    )


def listed_by_name(text: str) -> str:
    """Give the resource that a ListWatch of a REST client names: `NewListWatchFromClient(c, "pods", ...)`; "" if none."""
    named = _CLIENT_ARGUMENT.search(text)
    return (named["text"] or named["name"] or "").lower() if named else ""


def example(index: PackageIndex, file: SourceFile, function: Function, call: Call) -> str:
    """Give the resource of the example object among a call's arguments: `&v1.Pod{}`; "" if there is none."""
    for argument in call.arguments:
        if argument.type == "unary_expression" and syntax.text(argument).endswith("{}"):
            named = dereferenced(index.type_of(argument, file, function))
            if isinstance(named, Named):
                return resources.plural(named.name)
    return ""
