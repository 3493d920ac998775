"""Prometheus metrics: vectors, their labels and buckets, and which labels have values without end.

Sources: github.com/prometheus/client_golang (a Summary keeps a stream of quantiles for each combination of label values
and each age bucket); kubernetes/kubernetes#56061 (SummaryVec in admission: 10 to 20 % more memory of the API server
at 100 nodes); kubernetes/community contributors/devel/sig-instrumentation/metric-instrumentation.md.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node

_VECTOR = re.compile(r"New(Summary|Histogram|Counter|Gauge)Vec$")
_NAME = re.compile(r"\bName:\s*(\"[^\"\n]*\"|[\w.]+)")
_GENERATED_BUCKETS = re.compile(r"(?:Exponential|Linear)Buckets\([^()]{0,200},\s*([0-9]{1,9})\s*\)")

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
_FEW_WORDS = """
cluster node zone region az table worker shard account project tenant vpc subnet device gpu cpu numa core class group
leader thread queue partition interface bridge port type family version
"""
_FEW = frozenset(f"{word}_id" for word in _FEW_WORDS.split())
MOST_BUCKETS = 25


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """A metric with labels: its kind ("Summary", ...), name as written, number of buckets (0 if unknown).

    labels are in their order, "" for one that is not written out; variable is what it is assigned to, "" if nothing.
    """

    kind: str
    name: str
    labels: tuple[str, ...]
    buckets: int
    node: Node
    variable: str = ""

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
        found.append(
            Vector(match[1], name[1] if name else "", _labels(given[1]), _buckets(options), node, _variable(node))
        )
    return found


def unbounded(label: str) -> bool:
    """Say whether a label's name tells that its values come from users or objects."""
    return label in UNBOUNDED or (label.endswith("_id") and label not in _FEW)


def _labels(given: Node) -> tuple[str, ...]:
    body = given.child_by_field_name("body") if given.type == "composite_literal" else None
    if body is None:
        return tuple(text.strip('"`') for text in re.findall(r"\"[^\"\n]*\"|`[^`\n]*`", syntax.text(given)))
    elements = [syntax.text(element) for element in syntax.children(body)]
    return tuple(text.strip('"`') if text[:1] in {'"', "`"} else "" for text in elements)


def _variable(node: Node) -> str:
    """The variable or field that a value is given to."""
    above = node.parent
    while above is not None and above.type in {"expression_list", "literal_element", "parenthesized_expression"}:
        above = above.parent
    if above is None or above.type not in _GIVES:
        return ""
    path = syntax.path(target) if (target := _target(above)) is not None else None
    return path[-1] if path else ""


_GIVES = frozenset({"var_spec", "short_var_declaration", "assignment_statement", "keyed_element"})


def _target(given: Node) -> Node | None:
    found = (
        given.child_by_field_name("left")
        or given.child_by_field_name("name")
        or next(iter(syntax.children(given)), None)
    )
    if found is not None and found.type in {"expression_list", "literal_element"}:
        found = next(iter(syntax.children(found)), None)
    return found


GIVING = frozenset({"WithLabelValues", "With", "GetMetricWithLabelValues", "GetMetricWith"})
"""The methods of a metric that take a value for each label."""


class LabelValue(NamedTuple):
    """A value that a call gives a label: the metric's variable, the label's place or name ("" and None where unknown)."""

    variable: str
    label: str
    place: int | None
    value: Node


def label_values(call: Call) -> list[LabelValue]:
    """Give the values that a call gives to the labels of a metric: `m.WithLabelValues(a, b)`, `m.With(Labels{"a": a})`."""
    path = syntax.path(call.operand) if call.operand is not None and call.name in GIVING else None
    if path is None:
        return []
    found: list[LabelValue] = []
    for place, argument in enumerate(call.arguments):
        body = argument.child_by_field_name("body") if argument.type == "composite_literal" else None
        if body is not None:
            pairs = [syntax.children(pair) for pair in syntax.children(body) if pair.type == "keyed_element"]
            found += [
                LabelValue(path[-1], syntax.text(pair[0]).strip('"`'), None, _inner(pair[1]))
                for pair in pairs
                if len(pair) == 2
            ]
        elif argument.type == "variadic_argument" and call.name.endswith("LabelValues"):
            # append(g.labels, strconv.Itoa(priority))...
            appended = next(iter(syntax.children(argument)), argument)
            given = appended.child_by_field_name("arguments") if appended.type == "call_expression" else None
            found += [
                LabelValue(path[-1], "", None, each)
                for each in (syntax.children(given)[1:] if given is not None else [])
            ]
        elif call.name.endswith("LabelValues"):  # loggers have a With too
            found.append(LabelValue(path[-1], "", place, argument))
    return found


def _inner(element: Node) -> Node:
    return next(iter(syntax.children(element)), element) if element.type == "literal_element" else element


_PLAIN = re.compile(
    r"^(string|fmt\.\w+|strconv\.\w+|strings\.\w+|.*\.(Get)?(Name|UID|Namespace|String|Error|Key|Path|Host|User|ID|URL)\w*)$"
)


def mapped(value: Node) -> bool:
    """Say whether a label's value comes out of a function that maps what it is given, and so knows its values, or is constant."""
    if value.type in {"interpreted_string_literal", "raw_string_literal"}:
        return True
    function = value.child_by_field_name("function") if value.type == "call_expression" else None
    arguments = value.child_by_field_name("arguments") if function is not None else None
    return (
        function is not None
        and arguments is not None
        and bool(syntax.children(arguments))
        and _PLAIN.match(syntax.text(function)) is None
    )


def _buckets(options: str) -> int:
    generated = _GENERATED_BUCKETS.search(options)
    if generated:
        return int(generated[1])
    literal = re.search(r"Buckets:\s*\[\]float64\{([^}]*)\}", options)
    return len([part for part in literal[1].split(",") if part.strip()]) if literal else 0
