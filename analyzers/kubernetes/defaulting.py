"""What the API server sets in an object that leaves it out, always: so that what was read never equals what was built without it.

Sources: kubernetes/kubernetes pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go, pkg/apis/core/v1/defaults.go,
pkg/apis/networking/v1/defaults.go, pkg/apis/autoscaling/v2/defaults.go; of the metadata, staging/src/k8s.io/apiserver
pkg/registry/rest/meta.go (FillObjectMetaSystemFields: uid, creationTimestamp). Fields are left out here that are only set
beside others or behind a feature gate, and kinds of groups whose defaults are other ones (extensions/v1beta1).
"""

from collections import deque
from collections.abc import Iterator

from analyzers.golang.origins import ELEMENT
from analyzers.kubernetes import resources

__all__ = ["METADATA", "fields", "kind_of"]

Way = tuple[str, ...]

METADATA: Way = ("ObjectMeta", "UID")
"""What no object lacks that was stored, and none has that was not."""

_DEFAULTED: dict[str, tuple[str, ...]] = {
    "Deployment.Spec": ("RevisionHistoryLimit", "ProgressDeadlineSeconds"),
    "StatefulSet.Spec": ("RevisionHistoryLimit", "PodManagementPolicy"),
    "DaemonSet.Spec": ("RevisionHistoryLimit",),
    "Job.Spec": ("BackoffLimit",),
    "CronJob.Spec": ("SuccessfulJobsHistoryLimit", "FailedJobsHistoryLimit", "Suspend", "ConcurrencyPolicy"),
    "Service.Spec": ("SessionAffinity",),
    "PersistentVolumeClaim.Spec": ("VolumeMode",),
    "PersistentVolume.Spec": ("VolumeMode", "PersistentVolumeReclaimPolicy"),
    "NetworkPolicy.Spec": ("PolicyTypes",),
    "HorizontalPodAutoscaler.Spec": ("MinReplicas",),
    "PodSpec": ("TerminationGracePeriodSeconds", "SchedulerName", "DNSPolicy", "SecurityContext", "RestartPolicy"),
    "Container": ("TerminationMessagePath", "TerminationMessagePolicy"),
    "ServicePort": ("Protocol",),
}
"""The fields that are set where they are left out, by the struct that has them; those that few set come first."""

_KINDS = frozenset(name.removesuffix(".Spec") for name in _DEFAULTED if name.endswith(".Spec"))
_PARTS: dict[str, dict[Way, str]] = {
    **{kind: {("Spec",): f"{kind}.Spec"} for kind in _KINDS},
    "Pod": {("Spec",): "PodSpec"},
    **{
        f"{kind}.Spec": {("Template",): "PodTemplateSpec"} for kind in ("Deployment", "StatefulSet", "DaemonSet", "Job")
    },
    "CronJob.Spec": {("JobTemplate", "Spec", "Template"): "PodTemplateSpec"},
    "PodTemplateSpec": {("Spec",): "PodSpec"},
    "PodSpec": {("Containers", ELEMENT): "Container", ("InitContainers", ELEMENT): "Container"},
    "Service.Spec": {("Ports", ELEMENT): "ServicePort"},
}
"""What structs are made of, as far as it has such fields."""

_OPTIONAL = frozenset({"InitContainers"})
"""Lists that may be empty: what is read has no element then, and lacks nothing."""


def kind_of(path: str, name: str) -> str:
    """Give the kind of objects that a type is one of, or a list of; "" for those of which nothing is known here."""
    name = name.removesuffix("List")
    known = path.startswith("k8s.io/api/") and not path.startswith("k8s.io/api/extensions/") and name in _PARTS
    return name if known and "." not in name and name[:1].isupper() else ""


def of_resource(resource: str) -> str:
    """Give the kind of a resource, "" for those of which nothing is known here."""
    return next((kind for kind in _PARTS if "." not in kind and resources.plural(kind) == resource), "")


def fields(kind: str, part: Way) -> Iterator[Way]:
    """Yield the ways from a part of a kind's objects (`("Spec", "Template")`) to the fields below that are never left out in
    what the API server gives: the nearest first."""
    struct, rest = kind, part
    while rest:
        for way, inner in _PARTS.get(struct, {}).items():
            if rest[: len(way)] == way:
                struct, rest = inner, rest[len(way) :]
                break
        else:
            # The list itself: its elements are what is asked for.
            found = next((way for way in _PARTS.get(struct, {}) if way[: len(rest)] == rest), None)
            if found is None:
                return
            yield from ((*found[len(rest) :], field) for field in _DEFAULTED.get(_PARTS[struct][found], ()))
            return
    waiting: deque[tuple[Way, str]] = deque([((), struct)])
    while waiting:
        before, struct = waiting.popleft()
        yield from ((*before, field) for field in _DEFAULTED.get(struct, ()))
        waiting += [
            ((*before, *way), inner) for way, inner in _PARTS.get(struct, {}).items() if not _OPTIONAL & set(way)
        ]
