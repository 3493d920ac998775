"""Weighing of API requests: how often they are sent at the largest supported scale, how much they carry, and so how loud to be.

The levels follow what reviewers of the SIG said of real changes: worse on every node, per item of a cluster-sized collection, from a
ticker or on a critical path, over all namespaces, unpaged; milder on a command line, at start-up, from the watch cache.
Clients' limits: kubernetes.md 3.3 (kube-controller-manager 20 requests a second, kube-scheduler 50, kubelet 50 since v1.27 and 5
before, kube-proxy and client-go's default 5).
"""

import dataclasses
from collections.abc import Sequence

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Estimate, Level
from analyzers.analysis.new import NewRequest
from analyzers.analysis.subject import ClientLimit, Watch
from analyzers.golang import syntax
from analyzers.kubernetes import collections, perf_jobs, resources, scale
from analyzers.kubernetes.callpaths import CallPath, ItemLoop
from analyzers.kubernetes.components import Kind
from analyzers.kubernetes.loops import bounded

_LIMITS = {Kind.CONTROLLER: 20, Kind.SCHEDULER: 50, Kind.NODE: 50, Kind.OTHER: 20, Kind.LIBRARY: 20}
_POD_SYNC = 60
"""Seconds after which the kubelet synchronises a pod at the latest (SyncFrequency, K18 pkg/kubelet/apis defaults.go)."""
_DEFAULT_PERIOD = 60


def weigh_request(new: NewRequest, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give a diagnostic about a request with level, multiplier, estimate, priority, cc and jobs."""
    level = _level(new, diagnostic.analyzer, change)
    estimate, sentence = _estimate(new, change)
    everywhere = new.request.verb == "LIST" and new.request.scope == "cluster" and new.request.resource not in resources.FEW
    loud = level is Level.WARNING
    return dataclasses.replace(
        diagnostic,
        level=level,
        multiplier=diagnostic.multiplier or sentence,
        estimate=estimate,
        priority=_priority(new, estimate) if loud else 5,
        cc=loud and (new.component.every_node or everywhere and new.component.kind is not Kind.CLI),
        jobs=perf_jobs.for_path(diagnostic.path) if loud and (new.component.every_node or new.path.root == "critical") else (),
    )


def _level(new: NewRequest, rule: str, change: Change) -> Level:
    request, path, kind = new.request, new.path, new.component.kind
    if kind in {Kind.CLI, Kind.OTHER} and _is_tool(new):
        return Level.NOTICE
    hot = path.root in {"critical", "periodic"}
    if new.because == "uncached" and (request.verb == "LIST" or hot or path.root == "event"):
        return Level.WARNING
    if rule == "node-api-call":
        return Level.NOTICE if path.root == "start-up" and not path.loops else Level.WARNING
    if request.resource.endswith("/proxy"):
        return Level.NOTICE  # passed on to the node: what it costs is not the API server's
    if rule == "api-call-in-loop":
        grown = any(grows(change, each) for each in path.loops)
        reading = request.verb in {"GET", "LIST"}
        if reading:
            return Level.WARNING if grown or hot or path.root == "event" else Level.NOTICE
        return Level.WARNING if grown and hot and request.verb in {"UPDATE", "PATCH"} else Level.NOTICE
    if rule == "periodic-api-call":
        return Level.WARNING if request.verb in {"LIST", "DELETECOLLECTION"} or new.because == "unguarded" else Level.NOTICE
    if request.options.limited or path.root in {"start-up", "poll"}:
        return Level.NOTICE
    if request.options.cached and not hot:
        return Level.NOTICE
    if request.resource in resources.FEW:
        return Level.WARNING if hot else Level.NOTICE
    if request.scope == "cluster":
        return Level.WARNING
    return Level.WARNING if hot or path.root == "event" and kind is Kind.CONTROLLER else Level.NOTICE


def _is_tool(new: NewRequest) -> bool:
    return new.component.kind is Kind.CLI or new.component.name == "tooling"


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


def _estimate(new: NewRequest, change: Change) -> tuple[Estimate, str]:
    request, path = new.request, new.path
    size, size_words = _size(new)
    calls, factors = 1.0, []
    unknown_loop = False
    for item in unbounded(change, path):
        resource = grows(change, item)
        if resource is None:
            unknown_loop = True
        else:
            count = scale.COUNTS.get(resource, scale.OBJECTS)
            calls *= count
            factors.append(f"{scale.human_count(count)} {resource}")
    instances = scale.NODES if new.component.every_node else 1
    if instances > 1:
        factors.insert(0, f"{scale.human_count(instances)} nodes")
    rate, rate_words = _rate(new)
    one = f"{scale.human_bytes(size)} a call ({size_words})" if size else ""
    if unknown_loop:
        factors.append("items")
    product = " x ".join(factors) or "1 instance"
    if rate is None or unknown_loop or instances == 1 and calls > 1:
        formula = f"requests a second = {product} x 1 call / period"
        sentence = _without_rate(new, instances, calls, factors, unknown_loop, one)
        return Estimate(bytes=size, operations=None, formula="; ".join(filter(None, (formula, one)))), sentence
    qps = instances * calls * rate
    formula = f"{product} x 1 call {rate_words} = {scale.human_count(qps)} requests a second"
    sentence = f"At the largest supported scale that is {product} x 1 call {rate_words}: {_per_second(qps)}"
    sentence += f", {one}." if one else "."
    return Estimate(qps=qps, bytes=size, formula="; ".join(filter(None, (formula, one)))), sentence


def _per_second(qps: float) -> str:
    if qps >= 1:
        return "1 request a second" if round(qps) == 1 else f"{scale.human_count(round(qps))} requests a second"
    return f"one request every {scale.human_count(round(1 / qps))} s"


def _without_rate(new: NewRequest, instances: int, calls: float, factors: list[str], unknown_loop: bool, one: str) -> str:
    limit = _LIMITS.get(new.component.kind, 5)
    if instances > 1:
        each = "for each item" if unknown_loop else "once"
        return f"This runs on up to {scale.human_count(scale.NODES)} nodes: sent {each} a minute by each of them, that is {scale.human_count(scale.NODES / _DEFAULT_PERIOD)} requests a second{' for each item' if unknown_loop else ''}."
    if unknown_loop:
        return f"N items are N requests in a row, N/{limit} s at a client's usual limit of {limit} a second. How many can there be?"
    if calls > 1:
        return f"{' x '.join(factors)} are as many requests in a row: {_duration(calls / limit)} at a client's usual limit of {limit} a second."
    if one:
        return f"At the largest supported scale that is {one}."
    return ""


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _rate(new: NewRequest) -> tuple[float | None, str]:
    """Runs a second of the root, in one instance, and how to say it."""
    path = new.path
    if path.root == "periodic" and path.repetition is not None and path.repetition.seconds:
        return 1 / path.repetition.seconds, f"every {path.repetition.seconds:g} s"
    if path.critical is None or path.root != "critical":
        return None, ""
    if path.critical.per == "pod" and new.component.every_node:
        per_node = scale.PODS / scale.NODES
        return per_node / _POD_SYNC, f"for each of {per_node:.0f} pods every {_POD_SYNC} s"
    if path.critical.per == "pod":
        return scale.CHURN, f"for each of {scale.CHURN} pods scheduled a second"
    if path.critical.per == "pod and node":
        return scale.CHURN * scale.NODES, f"for each of {scale.CHURN} pods a second and each of {scale.human_count(scale.NODES)} nodes"
    return None, ""


def _size(new: NewRequest) -> tuple[int | None, str]:
    request = new.request
    if request.verb != "LIST":
        return None, ""
    count = scale.COUNTS.get(request.resource)
    if count is None or request.resource in resources.FEW:
        return None, ""
    each = scale.BYTES.get(request.resource, scale.OBJECT_BYTES)
    if request.options.one_node and request.resource == "pods":
        count = scale.PODS_PER_NODE
    elif request.options.one_object:
        count = 1
    elif request.scope == "namespace":
        return None, ""
    return count * each, f"{scale.human_count(count)} {request.resource}, {scale.human_bytes(each)} each assumed"


def _priority(new: NewRequest, estimate: Estimate) -> float:
    base = {"critical": 75.0, "periodic": 70.0, "event": 55.0, "unknown": 45.0, "poll": 35.0, "start-up": 20.0}[new.path.root]
    return base + (15 if new.component.every_node else 0) + min((estimate.qps or 0) / 100, 10) + min((estimate.bytes or 0) / 1e8, 5)


def weigh_watch(watch: Watch, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give a diagnostic about an informer or a watch with level, multiplier, estimate, priority and cc."""
    count = scale.COUNTS.get(watch.resource) if watch.all_namespaces and not watch.selected else None
    large = count is not None and watch.resource not in resources.FEW
    each = scale.BYTES.get(watch.resource, scale.OBJECT_BYTES)
    carried = count * each if large and count is not None else None
    node = watch.component.every_node
    needed = watch.resource in {"nodes", "endpointslices", "services", "endpoints", "namespaces"}
    kinds = {Kind.CONTROLLER, Kind.SCHEDULER, Kind.NODE}
    warn = large and watch.component.kind in kinds and not (node and needed)
    sentence, estimate = "", None
    if carried is not None and count is not None:
        held = f"{scale.human_count(count)} {watch.resource} of about {scale.human_bytes(each)}"
        sentence = f"At the largest supported scale that is one more copy of {held}, {scale.human_bytes(carried)}"
        sentence += f", on each of {scale.human_count(scale.NODES)} nodes, and every change sent as often." if node else ", and every change sent and decoded once more."
        estimate = Estimate(bytes=carried, formula=f"{held} (assumed) = {scale.human_bytes(carried)} a copy")
    return dataclasses.replace(
        diagnostic,
        level=Level.WARNING if warn else Level.NOTICE,
        multiplier=sentence,
        estimate=estimate,
        priority=(60 if node else 45) if warn else 5,
        cc=warn and node,
    )


def weigh_limit(limit: ClientLimit, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give a diagnostic about a client's rate limit with level, multiplier, estimate, priority and cc."""
    node = limit.component.every_node
    much = limit.factor is None and limit.new is None or (limit.factor or 1) >= 2 or limit.old is None
    warn = much and limit.component.kind is not Kind.TEST
    sentence, estimate = "", None
    if limit.new is not None:
        instances = scale.NODES if node else 1
        total = limit.new * instances
        words = f"{scale.human_count(instances)} nodes x {limit.new:g}" if node else f"{limit.new:g}"
        sentence = f"It lets {'all nodes' if node else 'one process'} send {scale.human_count(total)} requests a second together; kube-controller-manager's default is 20." if node else f"kube-controller-manager's default is 20 a second, kube-scheduler's 50, and the API server serves 400 reads at a time."
        estimate = Estimate(qps=total, formula=f"{words} = {scale.human_count(total)} requests a second")
    elif warn:
        sentence = "The API server serves 400 reads and 200 writes at a time, for everybody."
    return dataclasses.replace(diagnostic, level=Level.WARNING if warn else Level.NOTICE, multiplier=sentence, estimate=estimate, priority=50 if warn else 5)
