"""Prometheus metrics: vectors, their labels and buckets, and which labels have values without end.

Sources: github.com/prometheus/client_golang (a Summary keeps a stream of quantiles for each combination of label values
and each age bucket); kubernetes/kubernetes#56061 (SummaryVec in admission: 10 to 20 % more memory of the API server
at 100 nodes); kubernetes/community contributors/devel/sig-instrumentation/metric-instrumentation.md.
"""

import re
from dataclasses import dataclass

from analyzers.golang import syntax
from analyzers.golang.syntax import Node

_VECTOR = re.compile(r"New(Summary|Histogram|Counter|Gauge)Vec$")
_NAME = re.compile(r"\bName:\s*(\"[^\"\n]*\"|[\w.]+)")
_GENERATED_BUCKETS = re.compile(r"(?:Exponential|Linear)Buckets\([^()]*,\s*(\d+)\s*\)")

UNBOUNDED = frozenset(
    [
        "pod",
        "pod_name",
        "podname",
        "pod_uid",
        "uid",
        "container_id",
        "id",
        "ip",
        "address",
        "url",
        "uri",
        "path",
        "user",
        "username",
        "useragent",
        "user_agent",
        "client",
        "image",
        "object_name",
        "error",
        "err",
        "message",
        "key",
        "request_uri",
        "trace_id",
    ]
)
"""Labels whose values come from users or objects: as many series as there are of them."""
MOST_BUCKETS = 25


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """A metric with labels: its kind ("Summary", ...), name as written, labels as written, number of buckets (0 if unknown)."""

    kind: str
    name: str
    labels: tuple[str, ...]
    buckets: int
    node: Node

    @property
    def line(self) -> int:
        """The line on which it is made."""
        return syntax.line(self.node)

    @property
    def lines(self) -> range:
        """The lines of the whole call that makes it."""
        return range(self.line, self.node.end_point[0] + 2)


def vectors(root: Node) -> list[Vector]:
    """Give the metrics with labels that are made below a node."""
    found = []
    for node in syntax.walk(root):
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        match = _VECTOR.search(syntax.text(function)) if function is not None else None
        arguments = node.child_by_field_name("arguments") if match else None
        given = syntax.children(arguments) if arguments is not None else []
        if match is None or len(given) < 2:
            continue
        options = syntax.text(given[0])
        name = _NAME.search(options)
        labels = tuple(text.strip('"`') for text in re.findall(r"\"[^\"\n]*\"|`[^`\n]*`", syntax.text(given[1])))
        found.append(Vector(match[1], name[1] if name else "", labels, _buckets(options), node))
    return found


def _buckets(options: str) -> int:
    generated = _GENERATED_BUCKETS.search(options)
    if generated:
        return int(generated[1])
    literal = re.search(r"Buckets:\s*\[\]float64\{([^}]*)\}", options)
    return len([part for part in literal[1].split(",") if part.strip()]) if literal else 0
