"""How often a request is sent and how much it carries at the largest supported scale, every assumption named.

Clients' own limits: kubernetes.md 3.3 (kube-controller-manager 20 requests a second, kube-scheduler 50, kubelet 50
since v1.27 and 5 before, kube-proxy and client-go's default 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Estimate, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.place import Place
from analyzers.kubernetes import resources, scale
from analyzers.kubernetes.execution import collections, conditions
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
_ASSUMED_PERIOD = 60


@dataclass(frozen=True, slots=True)
class Load:
    """What one new request costs.

    instances run its code; factors are the sizes of the collections that are gone through on the way to it ("nodes",
    5000), `unknown` that there is another of which no size is known. rate is how many times a second one instance
    begins, None where unknown, and `rhythm` says it ("every 30 s", "once each `period`"). bytes is what one call
    carries, None where unknown, `parts` of what. limit is the requests a second that one client may send.
    """

    instances: int
    factors: tuple[tuple[str, int], ...]
    unknown: bool
    rate: float | None
    rhythm: str
    bytes: int | None
    parts: str
    limit: int

    @property
    def calls(self) -> int:
        """Calls in one run of one instance, as far as they are known."""
        product = 1
        for _, count in self.factors:
            product *= count
        return product

    def told(self) -> tuple[Estimate, str]:
        """Give the estimate, and one sentence for the comment ("" where there is nothing to say)."""
        factors = [f"{scale.human_count(count)} {name}" for name, count in self.factors]
        if self.instances > 1:
            factors.insert(0, f"{scale.human_count(self.instances)} nodes")
        if self.unknown:
            factors.append("N items")
        product = " x ".join(factors) or "1 instance"
        size = f"{scale.human_bytes(self.bytes)} a call ({self.parts})" if self.bytes else ""
        limit = f"one client's own limit is {self.limit} requests a second"
        if self.rate is None or self.unknown:
            formula = f"{product} x 1 call / period; the {'number of items' if self.unknown else 'period'} is not known"
            qps = None
        else:
            # One process goes no faster than its own limit, however long its list is.
            qps = self.instances * self.calls * self.rate
            qps = qps if self.instances > 1 else min(qps, float(self.limit))
            formula = f"{product} x 1 call {self.rhythm} = {scale.human_count(qps)} requests a second"
        estimate = Estimate(qps=qps, bytes=self.bytes, formula="; ".join(filter(None, (formula, size, limit))))
        return estimate, self._sentence(factors, product, size, qps)

    def _sentence(self, factors: list[str], product: str, size: str, qps: float | None) -> str:
        carried = f", {size}" if size else ""
        again = f", {self.rhythm}" if self.rhythm else ""
        if self.instances > 1:
            nodes = scale.human_count(self.instances)
            if qps is not None:
                return f"At the largest supported scale that is {product} x 1 call {self.rhythm}: {_a_second(qps)}{carried}."
            rate = f"{scale.human_count(self.instances / _ASSUMED_PERIOD)} requests a second"
            each = " for each item" if self.unknown else ""
            return f"This runs on up to {nodes} nodes: if each sends one a minute, that is {rate}{each}{carried}."
        usual = f"at a client's usual limit of {self.limit} a second{again}"
        if self.unknown:
            return f"N items are N requests, N/{self.limit} s {usual}. How many can there be?"
        if factors:
            return f"{product} are as many requests, {_duration(self.calls / self.limit)} {usual}{carried}."
        if size:
            return f"At the largest supported scale that is {size}{again}."
        return f"That is 1 call {self.rhythm}." if self.rhythm else ""


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
    factors, unknown = [], False
    for item in unbounded(change, new.path):
        resource = grows(change, item)
        if resource is None:
            unknown = True
        else:
            factors.append((resource, scale.COUNTS.get(resource, scale.OBJECTS)))
    rate, rhythm = _rate(new, change)
    size, parts = _size(new)
    instances = scale.NODES if new.component.every_node else 1
    return Load(
        instances, tuple(factors), unknown, rate, rhythm, size, parts, _LIMITS.get(new.component.kind, _OTHER_LIMIT)
    )


def grows(change: Change, item: ItemLoop) -> str | None:
    """Give the resource as whose number a loop's collection grows, None if it is bounded or unknown."""
    if item.loop.collection is None or _of_one(item):
        return None
    found = collections.growing(change.head_index, item.function.file, item.function, item.loop.collection)
    return found.resource if found is not None else None


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
            return 1 / path.repetition.seconds, f"every {path.repetition.seconds:g} s"
        return None, f"every {code(path.repetition.text, 40)}" if path.repetition.text else ""
    if path.critical is None or path.root != "critical" or any(_waits(each, change) for each in path.functions):
        return None, ""
    once = new.request.verb in {"CREATE", "DELETE"} or conditions.ending(path.conditions)
    if path.critical.per == "pod" and new.component.every_node and once:
        return scale.CHURN / scale.NODES, f"for each pod that comes or goes, {scale.CHURN} a second in the cluster"
    if path.critical.per == "pod" and new.component.every_node:
        per_node = scale.PODS / scale.NODES
        return per_node / _POD_SYNC, f"for each of {per_node:.0f} pods every {_POD_SYNC} s"
    if path.critical.per == "pod":
        return scale.CHURN, f"for each of {scale.CHURN} pods scheduled a second"
    if path.critical.per == "pod and node":
        nodes = scale.human_count(scale.NODES)
        return scale.CHURN * scale.NODES, f"for each of {scale.CHURN} pods a second and each of {nodes} nodes"
    return None, {"request": "for each request", "cycle": "for each scheduling cycle"}.get(path.critical.per, "")


def _waits(function: Function, change: Change) -> bool:
    """Say whether a function takes what it works on from a channel or a queue: how often it runs, who sends decides."""
    place = Place(change.head_index, function.file, function)
    return takes_from_queue(place) or any(serves_a_channel(place, loop) for loop in function.loops)


def _size(new: NewRequest) -> tuple[int | None, str]:
    """How many bytes a LIST carries, and of what; None where it is not known."""
    request = new.request
    count = scale.COUNTS.get(request.resource) if request.verb == "LIST" else None
    if count is None or request.resource in resources.FEW or request.scope == "namespace" or request.options.one_object:
        return None, ""
    if request.options.one_node and request.resource == "pods":
        count = scale.PODS_PER_NODE
    each = scale.BYTES.get(request.resource, scale.OBJECT_BYTES)
    return count * each, f"{scale.human_count(count)} {request.resource}, {scale.human_bytes(each)} each assumed"
