"""Weighing: what a rule found, and where it stands, turned into level, estimate, priority and cc; here and nowhere else."""

import dataclasses
import math
import re
from functools import singledispatch

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Estimate, Level
from analyzers.analysis.subject import (
    Allocation,
    Bump,
    Burden,
    ClientLimit,
    Copy,
    Nested,
    Pace,
    PodAffinity,
    Reservation,
    Round,
    Series,
    Walk,
    Watch,
)
from analyzers.kubernetes import perf_jobs, resources, scale
from analyzers.kubernetes.execution import collections
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.kubernetes.versions.dependencies import Grade, of_kubernetes
from analyzers.kubernetes.versions.versions import Step
from analyzers.news.sent import Sent
from analyzers.weighing import copies
from analyzers.weighing.counted import is_counted
from analyzers.weighing.requests import weigh_limit, weigh_pace, weigh_request, weigh_round, weigh_watch


def weigh(diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give the diagnostic with level, multiplier, estimate, priority, cc and jobs, as its subject and its place ask for."""
    found = _weigh(diagnostic.subject, diagnostic, change)
    if found.level is Level.NOTICE or of_kubernetes(change.head_index.modules) or is_counted(found.subject, change):
        return found
    return dataclasses.replace(found, level=Level.NOTICE, priority=8, cc=False, jobs=())


@singledispatch
def _weigh(subject: object, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    return diagnostic


def _where(path: CriticalPath | None) -> str:
    return f", {path.where}" if path is not None else ""


@_weigh.register
def _copy(subject: Copy, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    loud = copies.loud(subject) and diagnostic.level is Level.WARNING
    return dataclasses.replace(
        diagnostic,
        level=Level.WARNING if loud else Level.NOTICE,
        multiplier=copies.told([subject]),
        estimate=Estimate(
            bytes=subject.bytes, formula=f"sizeof({subject.type_name}) = {copies.size(subject)} on amd64"
        ),
        priority=(min(subject.bytes / 100, 20) + (10 if subject.hot else 0)) if loud else 4,
    )


@_weigh.register
def _nested(subject: Nested, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    hot = subject.path is not None and subject.path.hot
    if diagnostic.level is Level.NOTICE or not all(each in scale.COUNTS for each in subject.collections):
        return dataclasses.replace(
            diagnostic,
            multiplier=f"A thousand of them are a million steps{_where(subject.path)}.",
            estimate=Estimate(formula=" x ".join(f"len({collection})" for collection in subject.collections)),
            priority=20 + (10 if hot else 0),
        )
    operations = math.prod(scale.COUNTS[collection] for collection in subject.collections)
    factors = " x ".join(f"{scale.human_count(scale.COUNTS[each])} {each}" for each in subject.collections)
    return dataclasses.replace(
        diagnostic,
        multiplier=f"At the supported limit that is {factors}: {scale.human_count(operations)} steps{_where(subject.path)}.",
        estimate=Estimate(operations=operations, formula=f"{factors} = {scale.human_count(operations)}"),
        priority=60 + (20 if hot else 0),
        cc=diagnostic.level is Level.WARNING,
        jobs=perf_jobs.for_path(diagnostic.path),
    )


@_weigh.register
def _allocation(subject: Allocation, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    path = subject.path
    told = "once for each " + {"tick": "round", "pod and node": "node that is tried for a pod"}.get(
        subject.per, subject.per
    )
    if path is not None and not path.hinted:
        multiplier = f"That is {told}, {path.where}."
    else:
        multiplier = f"That is {told}." if subject.per == "item" else ""
    small = subject.what == "log argument" and path is not None and path.of_one_kind
    loud = diagnostic.level is Level.WARNING and not small
    return dataclasses.replace(
        diagnostic,
        level=Level.WARNING if loud else Level.NOTICE,
        multiplier=multiplier,
        priority=(30 if path is not None else 12) if loud else 5,
    )


_OF_NODES = re.compile(r"(machine|node)(_|$)")
_OF_PODS = re.compile(r"(pod|container)(_|name|uid|id|$)|uid$")


@_weigh.register
def _series(subject: Series, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    if not subject.labels:
        return dataclasses.replace(diagnostic, priority=4)
    if all(_OF_NODES.match(label) for label in subject.labels):
        many = f"With {scale.NODES:,} nodes that can be as many."
    else:
        many = f"With {scale.PODS:,} pods that can be as many." if any(map(_OF_PODS.match, subject.labels)) else ""
    return dataclasses.replace(
        diagnostic,
        multiplier=many,
        estimate=Estimate(formula="series = values of " + " x ".join(subject.labels)),
        priority=25 + subject.rank,
    )


def _events(resource: str) -> str:
    """How many events of a resource there are in the largest supported cluster, "" where that is not known."""
    if resource == "nodes":
        return f"{scale.NODES:,} nodes send such events without end."
    return f"{scale.CHURN} pods come or go a second, each with several updates." if resource == "pods" else ""


@_weigh.register
def _burden(subject: Burden, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    sure = subject.path is not None and not subject.path.hinted
    multiplier = {
        "pod and node": f"It runs for each node that is tried for a pod: {scale.NODES:,} at most." if sure else "",
        "pod": f"It runs for each of {scale.PODS:,} pods." if sure else "",
        "request": "It runs for each request." if sure else "",
        "event": _events(subject.resource),
        "item": f"It runs once for each item{_where(subject.path)}." if subject.path is not None else "",
    }.get(subject.per, "")
    rare = subject.per == "request" and subject.path is not None and subject.path.of_one_kind
    loud = diagnostic.level is Level.WARNING and not rare
    return dataclasses.replace(
        diagnostic,
        level=Level.WARNING if loud else Level.NOTICE,
        multiplier=multiplier,
        priority=40 if loud else 8,
        jobs=perf_jobs.for_path(diagnostic.path) if loud and subject.per in {"pod and node", "pod", "request"} else (),
    )


_LARGEST = 100_000
"""Objects of a kind (pods, secrets, configmaps, events ...) that are too many to be gone through for one object."""


@_weigh.register
def _walk(subject: Walk, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    count = scale.COUNTS.get(subject.resource)
    # A reconcile of one object is what a walk of its namespace is for; not so the scheduling of a pod.
    grows = subject.resource in collections.RESOURCES
    for_a_pod = subject.resource == "pods" and subject.per in {"pod", "pod and node"}
    # Of a kind that Kubernetes does not know there may be a handful; a store says nothing of what it keeps.
    often = subject.per in {"pod and node", "pod", "request"} or (not subject.resource and subject.per != "object")
    if subject.per == "object":  # of one kind, of which there may be few: only the largest kinds are too much for each
        grows = grows and (count or _LARGEST) >= _LARGEST
    elif subject.per == "item":
        grows, often = grows and subject.loop in collections.RESOURCES, False
    loud = (grows or often or subject.keyless) and not subject.seldom if subject.everywhere else for_a_pod
    loud = subject.lost == "index" or (loud and not subject.lost)
    level = diagnostic.level if loud else Level.NOTICE
    times = scale.COUNTS.get(subject.loop)
    multiplier = ""
    if count is not None and subject.everywhere:
        multiplier = f"At the supported limit that is {scale.human_count(count)} {subject.resource}"
        if subject.resource in resources.FEW:
            multiplier += f" of about {scale.human_bytes(scale.BYTES[subject.resource])}"
        multiplier += f" x {times:,} {subject.loop}." if times else " each time."
    elif for_a_pod:
        multiplier = f"A namespace may hold {scale.PODS_PER_NAMESPACE:,} pods."
    what = f"{scale.human_count(count)} {subject.resource}" if count is not None else "objects in the cache"
    estimate = Estimate(
        operations=float(count * times) if count is not None and times else None,
        formula=f"{what} x {times:,} {subject.loop}" if times else f"{what}, once for each {subject.per}",
    )
    if subject.copies and subject.lost != "copies":
        multiplier = f"{multiplier} What it gives is deep-copied.".strip()
    return dataclasses.replace(
        diagnostic, level=level, multiplier=multiplier, estimate=estimate, priority=45 if loud else 15
    )


def raised(bump: Bump) -> bool:
    """Say whether a new version of a dependency asks for a performance run before it is merged.

    A way back is to what has been run before. What only other modules ask for, what costs nothing here, and patch releases
    are watched, not stopped. Other projects take the versions that Kubernetes was run with: they are told, no more.
    """
    if bump.move.back or bump.indirect or bump.idle or bump.dependency.grade < Grade.IMPORTANT or not bump.kubernetes:
        return False
    return bump.dependency.grade is Grade.CORE or bump.move.step is not Step.PATCH


@_weigh.register
def _bump(subject: Bump, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    if not raised(subject):
        return dataclasses.replace(
            diagnostic,
            level=Level.NOTICE,
            remedy="No performance run is asked for; look here first if a later one is slower.",
            unless="",
            priority=5 + 5 * subject.dependency.grade,
        )
    return dataclasses.replace(
        diagnostic,
        multiplier=" ".join(filter(None, (subject.dependency.hits, subject.past))),
        priority=70 + subject.dependency.grade,
        cc=True,
        jobs=perf_jobs.LOAD if subject.kubernetes else (),
    )


@_weigh.register
def _reservation(subject: Reservation, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    if not subject.every_node:
        return dataclasses.replace(diagnostic, level=Level.NOTICE, priority=5)
    if subject.after is None:
        return dataclasses.replace(diagnostic, multiplier=f"It runs on each of {scale.NODES:,} nodes.", priority=30)
    more = (subject.after - subject.before) * scale.NODES
    amount = scale.human_count if subject.resource == "cpu" else scale.human_bytes
    shown = f"{amount(more)} cores" if subject.resource == "cpu" else amount(more)
    return dataclasses.replace(
        diagnostic,
        multiplier=f"On {scale.NODES:,} nodes that reserves {shown} more.",
        estimate=Estimate(
            bytes=round(more) if subject.resource == "memory" else None,
            formula=f"{scale.NODES:,} nodes x ({amount(subject.after)} - {amount(subject.before)}) = {shown}",
        ),
        priority=40,
    )


@_weigh.register
def _pod_affinity(subject: PodAffinity, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    return dataclasses.replace(
        diagnostic,
        multiplier=(
            f"From then on the scheduler compares every new pod, one of {scale.PODS:,}, with it, "
            f"wherever it runs among {scale.NODES:,} nodes; kube-dns and CoreDNS lost theirs again for that "
            "(`kubernetes/kubernetes#54166`, `#60642`)."
        ),
        priority=65,
        cc=True,
        jobs=(perf_jobs.SCHEDULER, *perf_jobs.LOAD),
    )


@_weigh.register
def _request(subject: Sent, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    return weigh_request(subject, diagnostic, change)


@_weigh.register
def _watch(subject: Watch, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    return weigh_watch(subject, diagnostic, change)


@_weigh.register
def _pace(subject: Pace, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    return weigh_pace(subject, diagnostic, change)


@_weigh.register
def _round(subject: Round, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    return weigh_round(subject, diagnostic)


@_weigh.register
def _limit(subject: ClientLimit, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    return weigh_limit(subject, diagnostic, change)
