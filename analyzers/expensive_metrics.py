"""A metric that costs memory for each value of its labels

Every combination of label values is a time series that the process keeps for ever; a Summary keeps a stream of
quantiles for each, on the path of whatever it measures. SummaryVecs in admission once added 10 to 20 % to the API
server's memory at 100 nodes (kubernetes/kubernetes#56061). A label that holds a pod's name or a URL has 150,000 values
and more. Use a histogram with some ten buckets, and labels that take a few known values.

```diff
--- a/pkg/controller/quota/metrics.go
+++ b/pkg/controller/quota/metrics.go
@@ -1,13 +1,13 @@
 package quota

 import "github.com/prometheus/client_golang/prometheus"

 var latency = prometheus.NewHistogramVec(
        prometheus.HistogramOpts{
                Name:    "quota_sync_seconds",
                Help:    "How long it takes to sync a quota",
                Buckets: prometheus.ExponentialBuckets(0.001, 2, 12),
        },
-	[]string{"result", "pod_name"},
+	[]string{"result"},
 )
```

Not reported: metrics that were there before, with the labels they had; labels whose names do not tell; pods' names on a
node, where they are few; command lines, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.copying import concerned
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Series
from analyzers.golang.source import SourceFile
from analyzers.kubernetes import metrics
from analyzers.kubernetes.components import Kind
from analyzers.kubernetes.metrics import Vector

_OF_A_POD = frozenset({"pod", "pod_name", "podname", "pod_uid", "uid", "container_id"})


def expensive_metrics(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new metric, or label of one, that costs memory without end."""
    for file in change.go_files:
        if file.head is None or b"Vec(" not in file.head.source or not concerned(file):
            continue
        before = {vector.name: vector for vector in _vectors(file.base, None)}
        for vector in _vectors(file.head, file):
            known = before.get(vector.name)
            unbounded = [
                label
                for label in vector.labels
                if label in metrics.UNBOUNDED and (known is None or label not in known.labels)
            ]
            if file.component.kind is Kind.NODE:
                unbounded = [label for label in unbounded if label not in _OF_A_POD]
            problem = _problem(vector, known, unbounded)
            if problem is None:
                continue
            construct, remedy, level = problem
            line = next((line for line in vector.lines if line in file.diff.added), vector.line)
            yield Diagnostic(
                analyzer="expensive-metrics",
                path=file.path,
                line=line,
                end_line=line,
                construct=construct,
                remedy=remedy,
                unless="Leave it if few values are ever seen, and say which." if unbounded else "",
                concern=f"metric {vector.name}",
                level=level,
                subject=Series(tuple(unbounded)),
            )


def _problem(vector: Vector, known: Vector | None, unbounded: list[str]) -> tuple[str, str, Level] | None:
    name = code(vector.name.strip('"') or vector.kind)
    if unbounded:
        labels = ", ".join(code(label) for label in unbounded)
        return (
            f"{name} keeps a time series for each value of {labels}, for ever.",
            "Drop the label, or map it to a few known values.",
            Level.WARNING,
        )
    if known is not None:
        return None
    if vector.kind == "Summary":
        return (
            f"{name} is a Summary: it keeps a stream of quantiles for each combination of its labels.",
            "Use a histogram: it is cheaper here, and can be summed over instances.",
            Level.NOTICE,
        )
    if vector.buckets > metrics.MOST_BUCKETS:
        return (
            f"{name} has {vector.buckets} buckets, each a time series for each combination of its labels.",
            "Some ten buckets are enough to see a service level objective broken.",
            Level.NOTICE,
        )
    return None


def _vectors(source: SourceFile | None, changed: ChangedFile | None) -> list[Vector]:
    """The metrics of a file; with `changed`, those of which the change added a line."""
    if source is None:
        return []
    found = []
    for region in source.regions:
        if source.source.find(b"Vec(", region.start, region.end) < 0:
            continue
        for node in source.nodes(region):
            found += [
                vector
                for vector in metrics.vectors(node)
                if changed is None or changed.added(vector.lines[0], vector.lines[-1])
            ]
    return found
