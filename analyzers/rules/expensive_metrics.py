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

Not reported: metrics that were there before, with the labels they had; labels whose names do not tell, unless the values
they are given do (an error's text, a URL, a pod's name); labels whose values all come out of a function that maps them;
pods' names on a node, where they are few; command lines, tests and generated code. Any number as a value is a notice.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Series
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.types import Named, Type, dereferenced
from analyzers.kubernetes import metrics
from analyzers.kubernetes.execution import collections
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.metrics import LabelValue, Vector
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned

_OF_A_POD = frozenset({"pod", "pod_name", "podname", "pod_uid", "uid", "container_id"})
# Kinds of which a label for each object is in use, as there are thousands at most, not more.
_COUNTED = frozenset({"nodes", "namespaces", "services", "leases"})
# Numbers that take few values: `strconv.Itoa(response.StatusCode)`.
_FEW_NUMBERS = re.compile(
    r"code|status|port|version|major|minor|shard|index|worker|table|level|class|kind|type|zone|len\(", re.IGNORECASE
)
_REGISTERS = frozenset({"MustRegister", "Register", "RawMustRegister"})


def expensive_metrics(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new metric, label or value of one that costs memory without end."""
    said: set[str] = set()
    for file in change.go_files:
        if file.head is None or b"Vec(" not in file.head.source or not concerned(file):
            continue
        before = {_key(vector): vector for vector in _before(file)}
        for vector in _after(file):
            if not file.added(vector.lines[0], vector.lines[-1]):
                continue
            known = before.get(_key(vector)) if _key(vector) else None
            unbounded = [
                label
                for label in _unbounded(file, vector)
                if (known is None or label not in known.labels) and not _mapped(file, vector, label)
            ]
            problem = _problem(vector, known, unbounded)
            if problem is None:
                continue
            said.add(vector.variable)
            construct, remedy, level = problem
            line = next((line for line in vector.lines if line in file.diff.added), vector.line)
            yield _diagnostic(file, line, vector.name, construct, remedy, level, tuple(unbounded))
    for given in added(change, _given):
        value = given.what
        if value.variable in said or not concerned(given.file):
            continue
        problem = _endless(change, given)
        if problem is not None:
            said.add(value.variable)
            construct, remedy, level = problem
            series = (syntax.text(value.value),) if level is Level.WARNING else ()
            yield _diagnostic(given.file, given.first, value.variable, construct, remedy, level, series)
    yield from _registered(change, said)


def _diagnostic(
    file: ChangedFile, line: int, name: str, construct: str, remedy: str, level: Level, series: tuple[str, ...]
) -> Diagnostic:
    return Diagnostic(
        analyzer="expensive-metrics",
        path=file.path,
        line=line,
        end_line=line,
        construct=construct,
        remedy=remedy,
        unless="Leave it if few values are ever seen, and say which." if series else "",
        concern=f"metric {name}",
        level=level,
        subject=Series(series),
    )


def _unbounded(file: ChangedFile, vector: Vector) -> list[str]:
    found = [label for label in vector.labels if metrics.unbounded(label)]
    # What belongs to one node is few on it.
    return (
        [label for label in found if label in metrics.UNBOUNDED - _OF_A_POD]
        if file.component.kind is Kind.NODE
        else found
    )


def _mapped(file: ChangedFile, vector: Vector, label: str) -> bool:
    """Say whether all values that the package gives a label come out of a function that maps them to some it knows."""
    if not vector.variable:
        return False
    place = vector.labels.index(label)
    values = [each for each in _values(file).get(vector.variable, ()) if each.label == label or each.place == place]
    return bool(values) and all(metrics.mapped(each.value) for each in values)


@once
def _values(file: ChangedFile) -> dict[str, list[LabelValue]]:
    """What the functions of a file's package give to the labels of metrics, by variable."""
    found: dict[str, list[LabelValue]] = {}
    for function in file.change.head_index.package_of(file.path).functions:
        if (
            not function.file.test
            and function.file.source.find(b"With", function.region.start, function.region.end) >= 0
        ):
            for call in function.calls:
                for each in metrics.label_values(call):
                    found.setdefault(each.variable, []).append(each)
    return found


def _given(function: Function) -> Iterator[Candidate[LabelValue]]:
    for call in function.calls:
        for each in metrics.label_values(call):
            yield Candidate(
                ("label value", each.variable, syntax.text(each.value)), call.line, syntax.end_line(each.value), each
            )


_REMEDY = "Drop the label, or map it to a few known values."


def _endless(change: Change, given: Added[LabelValue]) -> tuple[str, str, Level] | None:
    """What is wrong with a label's value, None if nothing is known to be."""
    variable, label, _, value = given.what
    shown = f"{code(variable)} is given {code(syntax.text(value), 40)}{f' as {code(label)}' if label else ''}"
    function, operand = _method(value)
    if function == "Error" and operand is not None and not _arguments(value) and _of_any_text(change, given, operand):
        return f"{shown}: an error's text has values without end, each a time series for ever.", _REMEDY, Level.WARNING
    type_ = dereferenced(_type(change, given, operand)) if operand is not None else None
    if function == "String" and isinstance(type_, Named) and (type_.path, type_.name) == ("net/url", "URL"):
        return f"{shown}: each URL is a time series, for ever.", _REMEDY, Level.WARNING
    if function in {"Name", "UID", "GetName", "GetUID"} and type_ is not None:
        kind = collections.kind(type_)
        if kind is None or kind in _COUNTED or given.file.component.kind is Kind.NODE:
            return None
        return f"{shown}: each of the {kind} is a time series, for ever.", _REMEDY, Level.WARNING
    if function in {"Itoa", "FormatInt", "FormatUint"} and operand is not None and syntax.text(operand) == "strconv":
        number = _arguments(value)[:1]
        if number and not _FEW_NUMBERS.search(syntax.text(number[0]) + label):
            return (
                f"{shown}, and keeps a time series for each number, for ever: how many can there be?",
                "Map it to a few known values, or cap them.",
                Level.NOTICE,
            )
    return None


def _of_any_text(change: Change, given: Added[LabelValue], error: Node) -> bool:
    """Say whether an error's text can be any: not what a function for one kind of error has just made."""
    type_ = _type(change, given, error)
    if type_ is not None and not (isinstance(type_, Named) and type_.name == "error"):
        return False
    binding = given.function.binding(syntax.text(error), error.start_byte)
    made = syntax.text(binding.value) if binding is not None and binding.value is not None else ""
    return _MAKES_ONE.match(made) is None


_MAKES_ONE = re.compile(r"(\w{1,80}\.)?[nN]ew\w{0,80}\(|&?[\w.]{1,160}\{")


def _method(value: Node) -> tuple[str, Node | None]:
    """The method or field that a value is, through conversions to a string, and what it is one of."""
    while value.type == "call_expression":
        function = value.child_by_field_name("function")
        if function is None:
            return "", None
        if syntax.text(function) != "string" or not _arguments(value):
            value = function
            break
        value = _arguments(value)[0]
    if value.type != "selector_expression":
        return "", None
    field = value.child_by_field_name("field")
    return syntax.text(field) if field is not None else "", value.child_by_field_name("operand")


def _arguments(value: Node) -> list[Node]:
    arguments = value.child_by_field_name("arguments") if value.type == "call_expression" else None
    return syntax.children(arguments) if arguments is not None else []


def _type(change: Change, given: Added[LabelValue], node: Node) -> Type | None:
    return change.head_index.type_of(node, given.file.head or given.function.file, given.function)


def _registered(change: Change, said: set[str]) -> Iterator[Diagnostic]:
    """Metrics with such labels that were there, and which the change begins to register."""
    for each in added(change, _registrations):
        file, name = each.file, each.what
        if name in said or file.base is None or not concerned(file):
            continue
        for vector in _after(file):
            unbounded = tuple(_unbounded(file, vector)) if vector.variable == name else ()
            if unbounded and any(_key(known) == _key(vector) for known in _before(file)):
                labels = ", ".join(code(label) for label in unbounded)
                construct = (
                    f"{code(name)} is registered now: it keeps a time series for each value of {labels}, for ever."
                )
                remedy = "Leave it to those who want it, or drop the label."
                yield _diagnostic(file, each.first, name, construct, remedy, Level.WARNING, unbounded)


def _registrations(function: Function) -> Iterator[Candidate[str]]:
    for call in function.calls:
        if call.name in _REGISTERS:
            for argument in call.arguments:
                name = syntax.text(argument)
                line = syntax.line(argument)
                yield Candidate(("register", name.lower()), line, line, name)


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


def _key(vector: Vector) -> str:
    """What a metric is known by before and after: its name, or its variable where the name is not written out."""
    return vector.name or vector.variable


@once
def _before(file: ChangedFile) -> tuple[Vector, ...]:
    return _vectors(file.base)


@once
def _after(file: ChangedFile) -> tuple[Vector, ...]:
    return _vectors(file.head)


def _vectors(source: SourceFile | None) -> tuple[Vector, ...]:
    """The metrics of a file."""
    if source is None:
        return ()
    return tuple(
        vector
        for region in source.regions
        if source.source.find(b"Vec(", region.start, region.end) >= 0
        for node in source.nodes(region)
        for vector in metrics.vectors(node)
    )
