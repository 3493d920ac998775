"""Names of API resources: as URLs, getters and types spell them, which belong to no namespace, and of which a cluster holds few.

Source: the Kubernetes API (k8s.io/api and the generated clientsets, 2014 to 2026); plurals follow gengo's namer
(k8s.io/gengo/namer/plural_namer.go), by which the generated getters are named.
"""

_CLUSTER_SCOPED_WORDS = """
nodes namespaces persistentvolumes storageclasses volumeattachments csinodes csidrivers componentstatuses
clusterroles clusterrolebindings customresourcedefinitions apiservices priorityclasses runtimeclasses
podsecuritypolicies certificatesigningrequests ingressclasses validatingwebhookconfigurations
mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings
mutatingadmissionpolicies mutatingadmissionpolicybindings initializerconfigurations
externaladmissionhookconfigurations flowschemas prioritylevelconfigurations thirdpartyresources tokenreviews
subjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews deviceclasses resourceslices
clustertrustbundles servicecidrs ipaddresses storageversions storageversionmigrations minions
"""
CLUSTER_SCOPED = frozenset(_CLUSTER_SCOPED_WORDS.split())
"""The built-in resources that belong to no namespace."""

_NAMESPACED_WORDS = """
pods services endpoints endpointslices configmaps secrets serviceaccounts persistentvolumeclaims events podtemplates
replicationcontrollers resourcequotas limitranges deployments replicasets statefulsets daemonsets controllerrevisions jobs
cronjobs horizontalpodautoscalers poddisruptionbudgets leases ingresses networkpolicies roles rolebindings
csistoragecapacities resourceclaims resourceclaimtemplates podmetrics
"""
NAMESPACED = frozenset(_NAMESPACED_WORDS.split())
"""The built-in resources that belong to a namespace."""

_FEW_WORDS = """
storageclasses csidrivers componentstatuses clusterroles customresourcedefinitions apiservices
priorityclasses runtimeclasses podsecuritypolicies ingressclasses validatingwebhookconfigurations
mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings
initializerconfigurations externaladmissionhookconfigurations flowschemas prioritylevelconfigurations
thirdpartyresources deviceclasses servicecidrs
"""
FEW = frozenset(_FEW_WORDS.split())
"""The resources of which even the largest clusters hold some tens: to read them all is cheap once, not every second."""

LITTLE = FEW - {"customresourcedefinitions"}
"""Those of the few that are small as well: a definition holds the whole schema of its kind, so that all of them are much to keep,
and to copy (scale.py has the numbers)."""

_LARGE_WORDS = """
pods secrets configmaps events nodes replicasets deployments jobs persistentvolumes persistentvolumeclaims
endpointslices
"""
LARGE = frozenset(_LARGE_WORDS.split())
"""The resources of which the largest clusters hold so many that no program of every node can keep them all."""

MANY = LARGE - {"deployments", "nodes", "endpointslices"}
"""The resources of which a cluster has about as many as pods, or more, so that few need all of them for their own."""

AS_MANY_AS_PODS = frozenset({"pods", "nodes", "persistentvolumes", "persistentvolumeclaims", "volumeattachments"})
"""The resources of which there is one for each pod or node, or may be: what is asked for each of some of them has no few."""

UNWATCHED = frozenset({"podmetrics", "nodemetrics"})
"""The resources that have no watch, so that no informer can keep them: metrics.k8s.io serves get and list alone (k8s.io/metrics
pkg/apis/metrics/v1beta1, types.go: +genclient:onlyVerbs=get,list)."""

_OLD = {
    "minions": "nodes",
    "podmetricses": "podmetrics",
    "nodemetricses": "nodemetrics",
    "componentstatus": "componentstatuses",
}
_SAME = frozenset({"endpoints", *UNWATCHED})


def plural(kind: str) -> str:
    """Give the resource of a kind: "Pod" -> "pods", "NetworkPolicy" -> "networkpolicies"; "" for ""."""
    name = kind.lower()
    if not name or name in _SAME:
        return name
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2:-1] not in {"a", "e", "i", "o", "u"}:
        return name[:-1] + "ies"
    return name + "s"


def of_getter(name: str) -> str:
    """Give the resource of a generated client's method: "PersistentVolumeClaims" -> "persistentvolumeclaims"."""
    return _OLD.get(name.lower(), name.lower())


def of_list(type_name: str) -> str:
    """Give the resource of a list type: "PodList" -> "pods"; "" for what is none."""
    kind = type_name.removesuffix("List")
    return plural(kind) if kind and kind != type_name else ""
