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

What a label is given decides (a time, an error's text, a URL, a pod's name, a random id), also as an attribute of
OpenTelemetry or a tag of OpenCensus; its name counts only where the program does not show the value. The worst label is
named first.

An object's name as a label keeps a series of each object that there ever was, and a gauge gives the last value of those that
are gone, unless the program deletes its series (`DeleteLabelValues`, `DeletePartialMatch`, `Reset`) when the object goes. How
often something happened to an object, a node's name, and a volume's are notices.

Not reported: metrics that were there before, with the labels they had; labels that get constants, or what a function
maps to few values; labels whose names say nothing and whose values are not seen; pods' names on a node, where they are
few; names of objects whose series the program deletes, or may delete, in whatever way; attributes of traces; command lines,
tests and generated code. Any number as a value is a notice that asks.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Series
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.kubernetes import metric_labels, metric_series, metrics
from analyzers.kubernetes.endless import UNKNOWN, Answer, Grade, Values
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.metrics import LabelValue, Vector
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned

_REGISTERS = frozenset({"MustRegister", "Register", "RawMustRegister"})
_MOST_NAMED = 3
_REMEDY = "Drop the label, or map it to a few known values."
_DELETE = "Delete an object's series when it goes, or drop the label."
_HOW_MANY = "Map it to a few known values, or cap them."


class Judged(NamedTuple):
    """A label that may have values without end: how sure that is, what it is given (None: only its name says so).

    passing: each value belongs to an object that comes and goes; there need not be many at a time.
    """

    label: str
    level: Level
    rank: int
    given: str | None
    passing: bool = False


def expensive_metrics(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new metric, label or value of one that costs memory without end."""
    said: set[str] = set()
    for file in change.go_files:
        if file.head is None or not concerned(file):
            continue
        for vector in _touched(file):
            known = _known(file, _key(vector))
            labels = [each for each in vector.labels if known is None or each not in known.labels]
            judged = [found for each in dict.fromkeys(labels) if (found := _judged(file, vector, each)) is not None]
            deletes = bool(judged) and _deletes(file, vector.variable)
            if deletes:  # bounded by what there is at a time, which is nothing to ask of few objects
                judged = [each._replace(level=Level.NOTICE) for each in judged if not each.passing]
            elif known is not None and set(known.labels) - set(vector.labels):  # another name, or two, for what it had
                judged = [each._replace(level=Level.NOTICE) if each.passing else each for each in judged]
            judged.sort(key=lambda each: (each.level is not Level.WARNING, -each.rank))
            if known is None:  # one more beside those that have such a label
                kept = {label for each in _before(file).values() for label in each.labels}
                judged = [each._replace(level=Level.NOTICE) if each.label in kept else each for each in judged]
            problem = _problem(vector, known, judged, "until it is deleted" if deletes else "for ever")
            if problem is None:
                continue
            said.add(vector.variable)
            lines = [*_lines(vector, judged), *vector.lines, *sorted(vector.spelled)]
            line = next((line for line in lines if line in file.diff.added), vector.line)
            series = tuple(each.label for each in judged if each.level is Level.WARNING)
            rank = judged[0].rank if judged else 0
            told = _diagnostic(file, line, vector.name, *problem, series, rank)
            yield replace(told, concern=f"gone {told.concern}") if _is_passing(judged) else told
    for given in added(change, _given):
        value = given.what
        if (value.variable and value.variable in said) or not concerned(given.file) or not _is_label(change, given):
            continue
        endless = _endless(change, given)
        if endless is not None:
            said.add(value.variable)
            construct, remedy, level, rank = endless
            series = (syntax.text(value.value),) if level is Level.WARNING else ()
            name = value.variable or value.label
            yield _diagnostic(given.file, given.first, name, construct, remedy, level, series, rank)
    yield from _registered(change, said)


def _diagnostic(
    file: ChangedFile,
    line: int,
    name: str,
    construct: str,
    remedy: str,
    level: Level,
    series: tuple[str, ...],
    rank: int,
) -> Diagnostic:
    # Labels of one sort have one remedy: they are one comment. What a notice tells of is no part of it.
    sort = f"labels of sort {rank}" if level is Level.WARNING else f"notable labels of sort {rank}"
    return Diagnostic(
        analyzer="expensive-metrics",
        path=file.path,
        line=line,
        end_line=line,
        construct=construct,
        remedy=remedy,
        unless="Leave it if few values are ever seen, and say which." if series else "",
        concern=sort if rank else f"metric {name}",
        level=level,
        subject=Series(series, rank),
    )


def _lines(vector: Vector, judged: list[Judged]) -> list[int]:
    """The lines on which the labels that are told of stand in the call that makes a metric, the worst first."""
    places = dict(zip(vector.labels, vector.places, strict=True)) if vector.places else {}
    return [line for each in judged if (line := places.get(each.label, 0)) in vector.lines]


def _known(file: ChangedFile, key: str) -> Vector | None:
    """The metric of this name before the change: in the file, else where it was taken from."""
    here = (_before(each).get(key) for each in (file, *file.change.go_files)) if key else ()
    return next((each for each in here if each is not None), None)


def _judged(file: ChangedFile, vector: Vector, label: str) -> Judged | None:
    """What is to be said of a label: by what the program gives it; by its name where that is not seen."""
    place = vector.labels.index(label)
    spelled = metric_labels.spelled(label)
    if spelled is not None and file.component.kind is Kind.NODE and label in metric_labels.OF_A_POD:
        return None  # what belongs to one node is few on it
    worst: Answer | None = None
    shown = ""
    for function, value in _values(file).get(vector.variable, ()) if vector.variable else ():
        if value.label == label or value.place == place or value.label in _names_of(file, label):
            answer = _answer(file.change, file, function, value)
            if worst is None or answer > worst:
                worst, shown = answer, syntax.text(value.value)
    given = f"{worst.what}, {code(shown, 40)}" if worst is not None else None
    if worst is not None and worst.grade is Grade.ENDLESS:
        return Judged(label, Level.WARNING, worst.rank, given)
    if worst is not None and worst.grade is Grade.OBJECT:
        # A gauge gives the last value of what is gone, too; a count may be meant to stay. Nodes are few.
        if worst.rank == 0 and vector.kind != "Gauge":
            return None
        level = Level.WARNING if vector.kind == "Gauge" and worst.rank else Level.NOTICE
        if label == "name" and "namespace" in vector.labels:
            level = Level.WARNING
        return Judged(label, level, worst.rank, given, passing=True)
    if worst is not None and worst.grade is Grade.FEW:
        return None
    if vector.kind == "Gauge" and label in metric_labels.OF_WHAT_GOES:
        return Judged(label, Level.NOTICE, 1, None, passing=True)
    if spelled is None:
        return None
    if not spelled.sure and label == "name" and "kind" not in vector.labels:
        if "namespace" not in vector.labels:
            return None  # of a queue, or of a controller
        # An object's, beside its namespace; what the values do not show may be the one that a process works for.
        level = Level.WARNING if worst is None else Level.NOTICE
        return Judged(label, level, spelled.rank, None, passing=True)
    return Judged(label, Level.WARNING if spelled.sure else Level.NOTICE, spelled.rank, None)


def _names_of(file: ChangedFile, label: str) -> set[str]:
    """The constants of a file that spell a label: `metrics.With(Labels{podLabel: pod})`."""
    if file.head is None:
        return set()
    return {
        name
        for name, value in file.head.constants.items()
        if value.value is not None and syntax.text(value.value) == f'"{label}"'
    }


def _answer(change: Change, file: ChangedFile, function: Function, value: LabelValue) -> Answer:
    on_node = file.component.kind is Kind.NODE
    return Values(change.head_index, on_node).of(function, value.value, value.label)


@once
def _values(file: ChangedFile) -> dict[str, list[tuple[Function, LabelValue]]]:
    """What the functions of a file's package, and those that the change touches, give to the labels of metrics, by variable."""
    found: dict[str, list[tuple[Function, LabelValue]]] = {}
    functions = {(each.file.path, each.key): each for each in file.change.head_index.package_of(file.path).functions}
    for other in file.change.go_files:
        functions |= {(each.file.path, each.key): each for each in other.functions()}
    for function in functions.values():
        if not function.file.test and metrics.may_give(function):
            for call in function.calls:
                for given, each in metrics.values_given(file.change.head_index, function, call):
                    found.setdefault(each.variable, []).append((given, each))
    return found


def _given(function: Function) -> Iterator[Candidate[LabelValue]]:
    if not metrics.may_give(function):
        return  # which spares most functions their parse
    for call in function.calls:
        for each in metrics.label_values(function, call):
            first, last = syntax.line(each.value), syntax.end_line(each.value)
            text = syntax.text(each.value)
            # A metric that is taken elsewhere gets another name there: `errors`, `metrics.Errors`.
            taken = ("label value", each.label or each.place, text)
            yield Candidate(("label value", each.variable, text), first, last, each, (taken,))


def _is_label(change: Change, given: Added[LabelValue]) -> bool:
    """Say whether a value becomes a label: an OpenCensus tag does where a view of its package has tag keys."""
    if not given.what.tag:
        return True
    return any(b"TagKeys" in each.source for each in change.head_index.package_of(given.file.path).files())


def _endless(change: Change, given: Added[LabelValue]) -> tuple[str, str, Level, int] | None:
    """What is wrong with a label's value, the remedy, how sure that is and how bad; None if nothing is known to be."""
    variable, label, _, value, _ = given.what
    answer = _answer(change, given.file, given.function, given.what)
    shown = f"{code(variable or label)} is given {code(syntax.text(value), 40)}"
    shown += f" as {code(label)}" if label and variable else ""
    if answer.grade is Grade.ENDLESS:
        return f"{shown}: {answer.why}.", _REMEDY, Level.WARNING, answer.rank
    if answer.grade is Grade.NUMBER:
        construct = f"{shown}, and keeps a time series for each number, for ever: how many can there be?"
        return construct, _HOW_MANY, Level.NOTICE, answer.rank
    spelled = metric_labels.spelled(label) if answer is UNKNOWN else None
    if spelled is None or not spelled.sure or given.file.component.kind is Kind.NODE:
        return None
    construct = f"{shown}: how many values can that have? Each is a time series, for ever."
    return construct, _HOW_MANY, Level.NOTICE, spelled.rank


def _registered(change: Change, said: set[str]) -> Iterator[Diagnostic]:
    """Metrics with such labels that were there, and which the change begins to register."""
    for each in added(change, _registrations):
        file, name = each.file, each.what
        if name in said or file.base is None or not concerned(file):
            continue
        for vector in _after(file):
            if vector.variable != name or _key(vector) not in _before(file):
                continue
            judged = [found for label in vector.labels if (found := _judged(file, vector, label)) is not None]
            unbounded = tuple(found.label for found in judged if found.level is Level.WARNING)
            if unbounded:
                construct = f"{code(name)} is registered now: it keeps {_for_each(judged)}, for ever."
                remedy = "Leave it to those who want it, or drop the label."
                yield _diagnostic(file, each.first, name, construct, remedy, Level.WARNING, unbounded, 0)


def _registrations(function: Function) -> Iterator[Candidate[str]]:
    region = function.region
    if function.file.source.find(b"Register(", region.start, region.end) < 0:
        return
    for call in function.calls:
        if call.name in _REGISTERS:
            for argument in call.arguments:
                name = syntax.text(argument)
                line = syntax.line(argument)
                yield Candidate(("register", name.lower()), line, line, name)


def _for_each(judged: list[Judged]) -> str:
    named = ", ".join(code(each.label) for each in judged[:_MOST_NAMED])
    return f"a time series for each value of {named}"


@once
def _removed(file: ChangedFile) -> dict[str, bool]:
    return {}


def _deletes(file: ChangedFile, variable: str) -> bool:
    """Say whether the program may delete time series of a metric again, as of objects that are gone."""
    known = _removed(file)
    if variable not in known and file.head is not None:
        known[variable] = metric_series.are_removed(file.change.head_index, file.head, variable)
    return known.get(variable, False)


def _is_passing(judged: list[Judged]) -> bool:
    """Say whether what is told of a metric is only that the series of what is gone stay: its remedy is another one."""
    shown = [each for each in judged if each.level is Level.WARNING] or judged
    return bool(shown) and all(each.passing for each in shown)


def _problem(vector: Vector, known: Vector | None, judged: list[Judged], until: str) -> tuple[str, str, Level] | None:
    name = code(vector.name.strip('"') or vector.variable or vector.kind)
    sure = [each for each in judged if each.level is Level.WARNING]
    shown = sure or judged
    passing = _is_passing(judged)
    until += ", also of objects that are gone" if passing else ""
    given = f" {code(shown[0].label)} is given {shown[0].given}." if shown and shown[0].given else ""
    if sure:
        construct = f"{name} keeps {_for_each(sure)}, {until}.{given}"
        return construct, _DELETE if passing else _REMEDY, Level.WARNING
    if passing:
        return f"{name} keeps {_for_each(judged)}, {until}.{given}", _DELETE, Level.NOTICE
    if judged:
        return f"{name} keeps {_for_each(judged)}, {until}: how many can there be?", _HOW_MANY, Level.NOTICE
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


def _touched(file: ChangedFile) -> Iterator[Vector]:
    """The metrics that the change makes, or gives other labels."""
    for vector in _after(file):
        if file.added(vector.lines[0], vector.lines[-1]) or any(line in file.diff.added for line in vector.spelled):
            yield vector


@once
def _before(file: ChangedFile) -> dict[str, Vector]:
    if file.base is None:
        return {}
    found = metrics.vectors(file.change.base_index, file.base, file.diff.removed)
    return {_key(vector): vector for vector in found}


@once
def _after(file: ChangedFile) -> tuple[Vector, ...]:
    if file.head is None:
        return ()
    return tuple(metrics.vectors(file.change.head_index, file.head, file.diff.added))
