"""The SLOs: which series they speak of, and how slow the 99th percentile may be.

Source: kubernetes/community sig-scalability/slos/slos.md (API calls, pod start-up), and what ClusterLoader2 leaves out
and allows: kubernetes/perf-tests clusterloader2/pkg/measurement/common/slos (2026-08).
"""

import re

from workers.results.perfdata import Series

QUANTILE = "Perc99"
SLO = "https://github.com/kubernetes/community/blob/main/sig-scalability/slos/slos.md"

# Milliseconds.
SINGLE_OBJECT = 1_000.0
COLLECTION = 30_000.0
POD_START = 5_000.0
# Calls that last as long as their client wants.
_STREAMS = frozenset({"log", "exec", "portforward", "attach", "proxy"})
_WATCHES = frozenset({"WATCH", "CONNECT"})
_OF_COLLECTIONS = frozenset({"LIST", "DELETECOLLECTION", "WATCHLIST"})
# What the performance jobs allow of each call (allowedSlowCalls in their presets).
ALLOWED_SLOW_CALLS = 1


def threshold(series: Series) -> float | None:
    """Give the milliseconds that the 99th percentile of a series may take; None where no SLO speaks of it."""
    if series.unit != "ms" or QUANTILE not in series.values:
        return None
    if series.kind == "api call":
        verb, scope = series.label("Verb").upper(), series.label("Scope").lower()
        if verb in _WATCHES or series.label("Subresource") in _STREAMS:
            return None
        if scope:
            return SINGLE_OBJECT if scope == "resource" else COLLECTION
        # Files from before there were scopes: the verb tells.
        return COLLECTION if verb in _OF_COLLECTIONS else SINGLE_OBJECT
    if series.kind == "pod start-up" and series.label("Metric") == "pod_startup":
        # The SLO is about stateless pods, once the cluster stands: the phase that creates all pods at once may take an hour.
        if re.search(r"CreatePhase", series.summary) or series.summary.startswith("Stateful"):
            return None
        return POD_START
    return None


def breaks(series: Series) -> bool:
    """Say whether a series is slower than its SLO."""
    limit = threshold(series)
    return limit is not None and series.values[QUANTILE] > limit


def is_tolerated(series: Series) -> bool:
    """Say whether the performance jobs themselves pass over it: a single slow call moves the percentile of a rare one."""
    return breaks(series) and series.slow is not None and 0 < series.slow <= ALLOWED_SLOW_CALLS
