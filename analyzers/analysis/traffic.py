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
    if rule == "node-api-call":
        return Level.NOTICE if path.root == "start-up" and not path.loops else Level.WARNING
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
    if item.loop.collection is None:
        return None
    return collections.grows(change.head_index, item.function.file, item.function, item.loop.collection)


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
    if rate is None or unknown_loop:
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
        return f"{scale.human_count(round(qps))} requests a second"
    return f"one request every {scale.human_count(round(1 / qps))} s"


def _without_rate(new: NewRequest, instances: int, calls: float, factors: list[str], unknown_loop: bool, one: str) -> str:
    limit = _LIMITS.get(new.component.kind, 5)
    if instances > 1:
        each = "for each item" if unknown_loop else "once"
        return f"{new.component.name[:1].upper()}{new.component.name[1:]} runs on up to {scale.human_count(scale.NODES)} nodes: sent {each} a minute by all of them, that is {scale.human_count(scale.NODES / _DEFAULT_PERIOD)} requests a second{' for each item' if unknown_loop else ''}."
    if unknown_loop:
        return f"N items are N requests in a row, N/{limit} s at a client's usual limit of {limit} a second. How many can there be?"
    if calls > 1:
        return f"{factors[-1][:1].upper()}{factors[-1][1:]} are as many requests in a row: {_duration(calls / limit)} at a client's usual limit of {limit} a second."
    if one:
        return f"At the largest supported scale that is {one}."
    return ""


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _rate(new: NewRequest) -> tuple[float | None, str]:
    """Runs a second of the root, in one instance, and how to say it."""
    path = new.path
    if path.repetition is not None and path.repetition.seconds:
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
