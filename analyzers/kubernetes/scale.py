"""How much there is of everything in the largest supported cluster, and how large one of each is.

Counts: kubernetes/community sig-scalability/configs-and-limits/thresholds.md (2026): 5,000 nodes, 150,000 pods,
10,000 services and namespaces, 150,000 objects of one builtin type, 1,000,000 events. Sizes: the same folder's
faq.md (leases 0.3 kB, most objects below 20 kB), KEP-589 (nodes 20 kB in production), KEP-752 (a slice of 100
endpoints 10 kB); 500 definitions of custom resources are the suggested maximum of KEP-95 (kubernetes/enhancements
keps/sig-api-machinery/95-custom-resource-definitions, "Scale Targets for GA"), and the mean of 487 from config/crd/bases of 121
projects was 56 kB of JSON in 2026 (their schemas; the median 11 kB); the 4 kB of a pod, and what is marked, are assumptions
between "a few kilobytes" (the contributors' guide) and measured objects, and every text that uses them says so.
"""

import math

NODES = 5_000
PODS = 150_000
NAMESPACES = 10_000
SERVICES = 10_000
OBJECTS = 150_000  # of one builtin type, at most
PODS_PER_NODE = 110  # at most
PODS_ON_A_NODE = PODS // NODES  # on average
PODS_PER_NAMESPACE = 3_000
CHURN = 20  # pods created or deleted a second, the service level objectives' prerequisite (slos.md)

COUNTS: dict[str, int] = {
    "pods": PODS,
    "nodes": NODES,
    "services": SERVICES,
    "endpoints": SERVICES,
    "endpointslices": SERVICES,
    "namespaces": NAMESPACES,
    "events": 1_000_000,
    "leases": NODES,
    "csinodes": NODES,
    "secrets": OBJECTS,
    "configmaps": OBJECTS,
    "serviceaccounts": NAMESPACES,
    "persistentvolumes": OBJECTS,
    "persistentvolumeclaims": OBJECTS,
    "volumeattachments": OBJECTS,
    "replicasets": OBJECTS,
    "deployments": OBJECTS,
    "jobs": OBJECTS,
    "replicationcontrollers": OBJECTS,
    "customresourcedefinitions": 500,
}

BYTES: dict[str, int] = {
    "pods": 4_000,  # assumption
    "nodes": 20_000,
    "endpoints": 10_000,  # assumption
    "endpointslices": 10_000,
    "leases": 300,
    "secrets": 2_000,  # assumption
    "configmaps": 2_000,  # assumption
    "events": 1_000,  # assumption
    "customresourcedefinitions": 50_000,  # assumption
}
OBJECT_BYTES = 2_000  # assumption for every other kind


def size(resource: str) -> int:
    """Give the bytes of all objects of a resource, 0 where their number is not known."""
    return COUNTS.get(resource, 0) * BYTES.get(resource, OBJECT_BYTES)


def human_count(number: float) -> str:
    """Give a count as people write it: 150,000; 2.5; 0.033; 7.5e8 from a hundred million on."""
    if number >= 1e8:
        mantissa, _, exponent = f"{number:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    if number >= 10 or number == int(number):
        return f"{number:,.0f}"
    digits = 1 if number >= 1 else 1 - math.floor(math.log10(number))
    return f"{number:.{digits}f}".rstrip("0").rstrip(".")


def human_bytes(number: float) -> str:
    """Give a number of bytes with a decimal unit, to three digits: 848 B, 4 kB, 600 MB, 1.05 TB."""
    if number < 999.5:
        return f"{number:,.0f} B"
    units = ("kB", "MB", "GB", "TB")
    step = next((step for step in range(1, len(units)) if number < 999.5 * 1000**step), len(units))
    scaled = number / 1000**step
    digits = max(0, 2 - math.floor(math.log10(scaled)))
    shown = f"{scaled:,.{digits}f}"
    return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown} {units[step - 1]}"
