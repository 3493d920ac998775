"""How often a request is sent and how much it carries at the largest supported scale, every assumption named.

Clients' own limits: kubernetes.md 3.3 (kube-controller-manager 20 requests a second, kube-scheduler 50, kubelet 50
since v1.27 and 5 before, kube-proxy and client-go's default 5).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Estimate, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.place import Place
from analyzers.kubernetes import resources, scale
from analyzers.kubernetes.execution import collections, conditions, critical_paths
from analyzers.kubernetes.execution.callpaths import CallPath, ItemLoop
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.execution.loops import bounded
from analyzers.kubernetes.execution.periods import serves_a_channel, takes_from_queue
from analyzers.kubernetes.requests import library
from analyzers.news.requests import NewRequest

_LIMITS = {Kind.CONTROLLER: 20, Kind.SCHEDULER: 50, Kind.NODE: 50, Kind.OTHER: 20, Kind.LIBRARY: 20}
_OTHER_LIMIT = 5
_POD_SYNC = 60
"""Seconds after which the kubelet synchronises a pod at the latest (SyncFrequency, K18 pkg/kubelet/apis defaults.go)."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one new request costs, as far as each factor is known: what is not known is neither multiplied nor assumed.

    instances run its code; factors are the collections that are gone through on the way to it, with how many they hold
    ("30 pods"); unknown are the texts of those of which no number is known. rate is how many times a second one instance
    begins, None where unknown, and `rhythm` says it ("every 30 s", "once each `period`"). again: what is known to be small is
    gone through on the way, so that there is more than one call. bytes is what one call carries,
    None where unknown, `parts` of what. limit is the requests a second that one client usually may send.
    """

    instances: int
    factors: tuple[tuple[str, int], ...]
    unknown: tuple[str, ...]
    rate: float | None
    rhythm: str
    bytes: int | None
    parts: str
    limit: int
    again: bool = False

    @property
    def calls(self) -> int:
        """Calls in one run of one instance for each of what is unknown."""
        return math.prod(count for _, count in self.factors)

    @property
    def qps(self) -> float | None:
        """Requests a second of all instances, for each of what is unknown; None without a rate, and where one process would
        have to send more than its client lets through."""
        if self.rate is None:
            return None
        qps = self.instances * self.calls * self.rate
        return None if self.instances == 1 and qps > self.limit else qps

    def told(self) -> tuple[Estimate, str]:
        """Give the estimate, and one sentence for the comment ("" where there is nothing to say)."""
        nodes = [f"{scale.human_count(self.instances)} nodes"] if self.instances > 1 else []
        product = " x ".join([*nodes, *(f"{scale.human_count(count)} {name}" for name, count in self.factors)])
        size = f"{scale.human_bytes(self.bytes)} a call ({self.parts})" if self.bytes else ""
        each = f" for each of {' and of '.join(code(text, 40) for text in self.unknown)}" if self.unknown else ""
        call = f"{'at least ' if self.again else ''}1 call {self.rhythm}".strip()
        formula = f"{product} x {call}" if product else call if self.rhythm else ""
        if self.qps is not None and product:
            formula += f" = {_a_second(self.qps)}{each}"
        elif self.qps is None and self.instances == 1 and (self.factors or self.rate is not None):
            formula += f"; at {self.limit} requests a second"
        # Backticks would end the code span that a formula is shown in.
        told = "; ".join(filter(None, (formula.strip("; "), size))).replace("`", "")
        known = None if self.unknown else self.qps
        return Estimate(qps=known, bytes=self.bytes, formula=told), self._sentence(product, call, size, each)

    def _sentence(self, product: str, call: str, size: str, each: str) -> str:
        carried = f", {size}" if size else ""
        asked = " How many can there be?" if self.unknown else ""
        if self.instances > 1:
            if self.qps is not None:
                many = f"At the largest supported scale that is {product} x {call}: {_a_second(self.qps)}"
                return f"{many}{each}{carried}.{asked}"
            if self.factors:
                all_of_them = scale.human_count(self.instances * self.calls)
                return f"One round of all of them is {product}, {all_of_them} requests{each}{carried}.{asked}"
            nodes = scale.human_count(self.instances)
            often = f", {self.rhythm}" if self.rhythm else "; how often it runs is not seen here"
            return f"That is up to {nodes} nodes{each}{carried}{often}.{asked}"
        takes = self.calls / self.limit
        # What takes longer than its period is done again at once, and not as often as it says.
        rhythm = self.rhythm if self.rate is None or takes * self.rate < 1 else ""
        usual = f"at {self.limit} a second{', ' + rhythm if rhythm else ''}"
        if self.factors and not self.unknown:
            return f"{product} are as many requests, {_duration(takes)} {usual}{carried}."
        if self.unknown:
            many = f"That is {product} requests{each}{carried}." if product else ""
            again = f"It is done {self.rhythm}." if self.rhythm and not product else ""
            return " ".join(filter(None, (many, again, asked.strip())))
        if size:
            return f"At the largest supported scale that is {size}{', ' + self.rhythm if self.rhythm else ''}."
        if self.rhythm.startswith("for each"):  # unless a condition on the way spares it
            return f"That can be {'several calls' if self.again else '1 call'} {self.rhythm}."
        return f"That is {call}." if self.rhythm else ""


def recorded() -> tuple[Estimate, str]:
    """Give the estimate of an event that code of every node records again and again, and a sentence for the comment."""
    qps = scale.NODES / library.EVENT_PERIOD
    each = f"{scale.human_count(scale.NODES)} nodes x 1 event / {library.EVENT_PERIOD} s"
    sentence = (
        f"For each object that repeats it this is up to {each}: {_a_second(qps)}, after the 25 that go out at once."
    )
    return Estimate(qps=qps, formula=f"{each} for each object = {scale.human_count(qps)} requests a second"), sentence


def load(new: NewRequest, change: Change) -> Load:
    """Give what a new request costs."""
    factors: list[tuple[str, int]] = []
    unknown: list[str] = []
    many = unbounded(change, new.path)
    for item in many:
        found = _number(change, item, new.component.every_node)
        if found is not None:
            factors.append(found)
        elif item.loop.collection is not None:
            unknown.append(syntax.text(item.loop.collection))
        else:
            unknown.append("its rounds")
    rate, rhythm = _rate(new, change)
    size, parts = _size(new)
    instances = scale.NODES if new.component.every_node else 1
    limit = _LIMITS.get(new.component.kind, _OTHER_LIMIT)
    again = len(many) < len(new.path.loops)
    return Load(instances, tuple(factors), tuple(dict.fromkeys(unknown)), rate, rhythm, size, parts, limit, again)


def _number(change: Change, item: ItemLoop, on_a_node: bool) -> tuple[str, int] | None:
    """Give what a loop goes through and how many of it there are: all of a kind, or on a node its pods; None if unknown."""
    place, collection = Place(change.head_index, item.function.file, item.function), item.loop.collection
    if collection is None:
        return None
    if on_a_node and collections.kind(collections.element(place.under(place.type_of(collection)))) == "pods":
        return "pods", scale.PODS_ON_A_NODE
    found = collections.extent(place, collection)
    known = found.size == "all" and found.witness is not None and found.resource in scale.COUNTS
    # Of the few a loop is for some, as a controller's own definitions are.
    known = known and found.resource not in resources.FEW and not (on_a_node or found.picked)
    return (found.resource, scale.COUNTS[found.resource]) if known else None


def grows(change: Change, item: ItemLoop, sure: bool = False) -> str | None:
    """Give the resource as whose number a loop's collection grows, None if it is bounded or unknown; `sure`: also where only
    the type of what it holds says so."""
    if item.loop.collection is None or _of_one(item):
        return None
    found = collections.growing(change.head_index, item.function.file, item.function, item.loop.collection)
    return found.resource if found is not None and (found.typed or not sure) else None


def _of_one(item: ItemLoop) -> bool:
    """Say whether a collection is a field of something that is not the method's receiver: what one object has of its kind."""
    path = syntax.path(item.loop.collection) if item.loop.collection is not None else None
    if path is None or len(path) < 2 or path[-1] == "Items":
        return False
    receiver = item.function.receiver
    return receiver is None or path[0] != receiver.name


def unbounded(change: Change, path: CallPath) -> Sequence[ItemLoop]:
    """Give the loops on a path whose collections are not known to be small."""
    return [each for each in path.loops if not bounded(change.head_index, each.function, each.loop)]


def _a_second(qps: float) -> str:
    if qps >= 1:
        return "1 request a second" if round(qps) == 1 else f"{scale.human_count(round(qps))} requests a second"
    return f"one request every {scale.human_count(round(1 / qps))} s"


def _duration(seconds: float) -> str:
    if seconds < 600:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _rate(new: NewRequest, change: Change) -> tuple[float | None, str]:
    """How many times a second one instance begins, and how to say it."""
    path = new.path
    if path.root == "periodic" and path.repetition is not None:
        if path.repetition.seconds:
            return 1 / path.repetition.seconds, f"every {scale.human_count(path.repetition.seconds)} s"
        return None, f"every {code(path.repetition.text, 40)}" if path.repetition.text else ""
    if path.critical is None or path.root != "critical" or any(_waits(each, change) for each in path.functions):
        return None, ""
    if path.critical.hinted:
        return None, ""
    once = (
        new.request.verb in {"CREATE", "DELETE"}
        or conditions.ending(path.conditions)
        or path.critical is critical_paths.NODE_SERVICE
    )
    if path.critical.per == "pod" and new.component.every_node and once:
        return scale.CHURN / scale.NODES, f"for each pod that comes or goes, {scale.CHURN} a second in the cluster"
    if path.critical.per == "pod" and new.component.every_node:
        rate = scale.PODS_ON_A_NODE / _POD_SYNC
        return rate, f"for each of {scale.PODS_ON_A_NODE} pods every {_POD_SYNC} s"
    if path.critical.per == "pod":
        return scale.CHURN, f"for each of {scale.CHURN} pods scheduled a second"
    if path.critical.per == "pod and node":
        return None, f"for each node that is tried for a pod, of {scale.CHURN} pods a second"
    request = "for each such request" if path.critical.of_one_kind else "for each request"
    return None, {"request": request, "cycle": "for each scheduling cycle"}.get(path.critical.per, "")


def _waits(function: Function, change: Change) -> bool:
    """Say whether a function takes what it works on from a channel or a queue: how often it runs, who sends decides."""
    place = Place(change.head_index, function.file, function)
    return takes_from_queue(place) or any(serves_a_channel(place, loop) for loop in function.loops)


def _size(new: NewRequest) -> tuple[int | None, str]:
    """How many bytes a LIST carries, and of what; None where it is not known."""
    request = new.request
    count = scale.COUNTS.get(request.resource) if request.verb == "LIST" else None
    if (
        count is None
        or request.resource in resources.LITTLE
        or request.scope == "namespace"
        or request.options.one_object
    ):
        return None, ""
    if request.options.labels or request.options.fields or request.options.limited:
        # A selection, or a page, of unknown size: the server reads all, and sends less.
        count = request.options.limit
    if request.options.one_node and request.resource == "pods":
        count = scale.PODS_PER_NODE
    if count is None:
        return None, ""
    each = scale.BYTES.get(request.resource, scale.OBJECT_BYTES)
    return count * each, f"{scale.human_count(count)} {request.resource}, {scale.human_bytes(each)} each assumed"
