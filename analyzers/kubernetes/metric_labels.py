"""What a metric's label is for, by its name alone, where the program does not show what it is given.

Sources: prometheus.io/docs/practices/naming ("Do not use labels to store dimensions with high cardinality"); labels that
made programs fall over: a work request's id (oracle/karpenter-provider-oci#84), resource names, messages and timestamps
(kyverno/kyverno#2099), executables and objects' names (kubernetes-sigs/security-profiles-operator@32db3ff6), a pod's name
(tektoncd/pipeline#9393), an object's name (argoproj/argo-rollouts#416). Kinds that come and go: the labels of
kubernetes/kube-state-metrics docs/metrics (`persistentvolumeclaim`, `job_name`), and of what storage measures.
"""

from typing import NamedTuple


class Spelled(NamedTuple):
    """What a label's name tells: sure (values without end), or a question; rank orders the worst first."""

    sure: bool
    rank: int


_SURE: dict[int, str] = {
    7: "timestamp trace_id span_id request_id session_id correlation_id",
    6: "uid uuid object_uid pod_uid container_id",
    5: "message error_message",
    4: "pod pod_name podname object_name resource_name namespaced_name executable",
    3: "url uri request_uri useragent user_agent",
    2: "user username ip remote_addr client_ip source_ip",
}
_ENDS: dict[int, tuple[str, ...]] = {
    7: ("_timestamp",),
    6: ("_uid", "_uuid", "_id"),
    5: ("_message",),
    4: ("namespace_name", "_pod_name"),
}
_ASKED = "name path key address client image host file id error err msg"
_BY_NAME = {word: Spelled(True, rank) for rank, words in _SURE.items() for word in words.split()} | {
    word: Spelled(False, 1) for word in _ASKED.split()
}

OF_A_POD = frozenset(["pod", "pod_name", "podname", "pod_uid", "uid", "container_id"])
"""Labels for each pod, which are few where they are all of one node."""

_OF_WHAT_GOES = """
persistentvolumeclaim persistentvolume pvc pvc_name pv pv_name volume volume_name volume_id volumesnapshot volumeattachment
job_name cronjob replicaset deployment statefulset daemonset
"""
OF_WHAT_GOES = frozenset(_OF_WHAT_GOES.split())
"""Labels that name an object which comes and goes, few as there may be at a time."""

_FEW_WORDS = """
cluster node zone region az table worker shard account project tenant vpc subnet device gpu cpu numa core class group
leader thread queue partition interface bridge port type family version
"""
_FEW = frozenset(f"{word}_id" for word in _FEW_WORDS.split())


def spelled(label: str) -> Spelled | None:
    """Give what a label's name tells of its values, None if nothing: that they come from users or objects, or that they may."""
    known = _BY_NAME.get(label)
    if known is not None or label in _FEW:
        return known
    return next((Spelled(True, rank) for rank, ends in _ENDS.items() if label.endswith(ends)), None)
