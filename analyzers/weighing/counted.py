"""Whether a number is known of what was found: how much it is, or how many times.

Kubernetes itself runs in the largest clusters, where each cost counts. How large those are that another project runs in, and how
many of its objects they hold, nobody can see: of what was told of such projects without a number, four readers of five wanted
nothing; of what was told with one, four of five wanted it (tests/benchmarks/drawn.jsonl, what was drawn last). Of 18 copies of
structs, whose size is known, they wanted the one that held a lock.
"""

from functools import singledispatch

from analyzers.analysis.change import Change
from analyzers.analysis.subject import Allocation, Burden, Copy, Nested, PodAffinity, Walk, Watch
from analyzers.kubernetes import resources, scale
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.execution.reconciled import reconciled
from analyzers.news.requests import each_of
from analyzers.news.sent import Sent
from analyzers.weighing.load import load


@singledispatch
def is_counted(subject: object, change: Change) -> bool:
    """Say whether a number is known of a diagnostic's subject; what is a fault, whatever it costs, needs none."""
    return True


@is_counted.register
def _sent(subject: Sent, change: Change) -> bool:
    if subject.new.because == "uncached" and subject.new.request.resource in resources.FEW:
        return False
    if subject.new.because == "uncached" or subject.new.component.every_node:
        return True  # it was there already; or each of the nodes asks
    if subject.per == "object":  # of how many, only a kind of Kubernetes' own tells
        kind = reconciled(change.head_index, subject.new.path.functions)
        return kind is not None and kind.path.startswith("k8s.io/api/") and resources.plural(kind.name) in scale.COUNTS
    weight = load(subject.new, change)
    if subject.per == "path":
        return bool(subject.new.request.resource) or weight.rate is not None  # each request, or event, waits for it
    return bool(weight.bytes) or (bool(weight.factors) and not weight.unknown) or _is_all_for_each(subject, change)


def _is_all_for_each(subject: Sent, change: Change) -> bool:
    """Say whether each reconcile of many objects asks for all objects of its kind, or for those of all namespaces: of n objects n
    times n are read when the controller starts."""
    request, kind = subject.new.request, each_of(change, subject.new)
    if kind is None or request.verb != "LIST" or request.scope != "cluster" or request.resource in resources.FEW:
        return False
    return request.everywhere or request.resource == resources.plural(kind.name)


@is_counted.register
def _watched(subject: Watch, change: Change) -> bool:
    return not subject.alone  # a connection for each object of a project's own; an informer is a LIST and a copy, too


@is_counted.register
def _walked(subject: Walk, change: Change) -> bool:
    return subject.resource in scale.COUNTS or subject.lost == "index"


@is_counted.register
def _nested(subject: Nested, change: Change) -> bool:
    return False  # of how many of each a controller is given, the limits of a cluster say nothing


@is_counted.register
def _allocated(subject: Allocation, change: Change) -> bool:
    # What a node mounts for a pod is little, however it is gone through.
    path = None if subject.path is critical_paths.NODE_SERVICE else subject.path
    if subject.what == "compressor":
        return False  # how large the answers are, and how many, nobody can see
    return subject.per != "item" or (path is not None and path.hot and not path.hinted)


@is_counted.register
def _copied(subject: Copy, change: Change) -> bool:
    if subject.locks:
        return True  # a lock that locks nothing is a fault
    # What a scheduler does for each pod and node, any of them does; elsewhere a copy stands beside dearer work.
    return subject.path is not None and subject.path.per == "pod and node" and not subject.path.hinted


@is_counted.register
def _placed(subject: PodAffinity, change: Change) -> bool:
    return False  # how many of its pods there are, who installs it decides


@is_counted.register
def _borne(subject: Burden, change: Change) -> bool:
    # What a scheduler does for a pod beside its requests is little next to them, and only for the pods that ask for it.
    return subject.per not in {"call", "pod"}
