"""PerfData and its relatives: the JSON files that performance jobs leave among their artifacts.

Formats: kubernetes/perf-tests clusterloader2/pkg/measurement/util/perftype.go (PerfData, the same in Kubernetes' own e2e
tests of 2018), common/scheduling_throughput.go, perfdash/parser.go (resource usage), and scheduler_perf's data items.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

Kind = Literal["api call", "pod start-up", "latency", "throughput", "cpu", "memory", "query"]

# <summary>_<test>[_<identifier>]_<time>.json: kubernetes/perf-tests clusterloader2/pkg/test/simple_test_executor.go.
_FILE = re.compile(
    r"(?P<summary>[A-Za-z][^/]*?)_?(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:?\d\d))\.json", re.ASCII
)
# Summaries that are read. What else lies beside them (metrics of all components, logs, profiles) is large and not compared.
_READ = re.compile(
    r"APIResponsiveness|\w*(?:Startup|Programming|Propagation|\w)Latency|GenericPrometheusQuery|ResourceUsageSummary"
    r"|SchedulingThroughput|\w*BenchmarkPerf|APIAvailability"
)
# A job of 5,000 nodes has some 400 series of API calls. More than this is no measurement of a cluster.
MOST_SERIES = 5_000
LONGEST_NAME = 200

_RESOURCES = re.compile(r"\d{1,3}(\.\d+)?")
_COUNTS = ("Count", "SlowCount")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Series:
    """What one thing was measured at: an API call, a phase of a pod's start, a component.

    summary is the measurement's and test's name as the file has it, labels what tells the series from others of that
    summary, values by name ("Perc99"), in the unit. count and slow are calls in all and slow ones, None where not told.
    """

    summary: str
    kind: Kind
    labels: tuple[tuple[str, str], ...]
    unit: str
    values: Mapping[str, float] = field(hash=False)
    count: int | None = None
    slow: int | None = None

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """Tell it from all others of a run; the same thing has the same key in another run."""
        return self.summary, self.kind, self.labels

    def label(self, name: str) -> str:
        """Give a label, "" where it has none."""
        return dict(self.labels).get(name, "")

    @property
    def name(self) -> str:
        """Say in a few words what was measured."""
        match self.kind:
            case "api call":
                resource = "/".join(filter(None, (self.label("Resource"), self.label("Subresource"))))
                scope = f" ({self.label('Scope')})" if self.label("Scope") else ""
                said = f"{self.label('Verb')} {resource}{scope}"
            case "cpu" | "memory":
                said = f"{self.label('Component')} {'CPU' if self.kind == 'cpu' else 'memory'}"
            case "throughput":
                said = " ".join(["scheduling throughput", *self._rest("Metric")])
            case _:
                said = " ".join(filter(None, (self.label("Metric"), *self._rest("Metric")))) or self.summary
        return said + _variant(self.summary, self.kind)

    def _rest(self, *known: str) -> list[str]:
        return [value for name, value in self.labels if name not in known and value]


@dataclass(frozen=True, slots=True)
class Run:
    """All that was read of one run: series by their keys, and a sentence for each file that could not be read."""

    series: Mapping[tuple[str, str, tuple[tuple[str, str], ...]], Series]
    problems: tuple[str, ...] = ()
    files: int = 0


class _Item(msgspec.Struct):
    data: dict[str, float]
    unit: str = ""
    labels: dict[str, str] | None = None


class _PerfData(msgspec.Struct):
    data_items: list[_Item] = msgspec.field(name="dataItems")
    version: str = ""
    labels: dict[str, str] | None = None


class _Usage(msgspec.Struct):
    name: str = msgspec.field(name="Name")
    cpu: float = msgspec.field(name="CPU")
    memory: float = msgspec.field(name="Mem")


class _BadFile(ValueError):
    """A file that is not what its name promises; the text goes on after its name."""


def is_read(name: str) -> bool:
    """Say whether a file of this name (without folders) holds results that are compared."""
    found = _FILE.fullmatch(name)
    return bool(found and _READ.match(found["summary"]))


def read(files: Mapping[str, bytes]) -> Run:
    """Read a run's artifacts by their names; never raises, whatever they hold.

    Of two files of one summary the later one counts. A file whose name has no time is read as well: somebody named it.
    """
    series: dict[Any, Series] = {}
    problems: list[str] = []
    readable = 0
    for name in sorted(files, key=_age):
        found = _FILE.fullmatch(name.rpartition("/")[2])
        summary = found["summary"] if found else name.rpartition("/")[2].removesuffix(".json")
        try:
            read_here = list(_series(clean(summary), files[name]))
        except _BadFile as problem:
            problems.append(f"{clean(name)} {problem}.")
            continue
        readable += 1
        missing = [each for each in read_here if each is None]
        if missing:
            problems.append(f"{clean(name)}: {_counted(len(missing), 'entry', 'entries')} without a usable number.")
        series.update((each.key, each) for each in read_here if each is not None)
        if len(series) > MOST_SERIES:
            problems.append(f"{clean(name)}: more than {MOST_SERIES:,} series; the rest is left out.")
            series = dict(list(series.items())[:MOST_SERIES])
            break
    return Run(series, tuple(problems), readable)


def clean(text: str) -> str:
    """Give a text from outside on one line, not too long, and without characters that rewrite a terminal."""
    short = _CONTROL.sub(" ", text)
    return short if len(short) <= LONGEST_NAME else f"{short[: LONGEST_NAME - 1]}…"


def _age(name: str) -> tuple[str, str]:
    found = _FILE.fullmatch(name.rpartition("/")[2])
    return (found["time"] if found else "", name)


def _series(summary: str, content: bytes) -> Iterator[Series | None]:
    """Yield the series of one file; None for an entry that holds no usable number. _BadFile if it is none of the formats."""
    if not content.strip():
        raise _BadFile("is empty")
    try:
        shape = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _BadFile(f"is no JSON ({_reason(error)})") from None
    if isinstance(shape, dict) and "dataItems" in shape:
        yield from _perf_data(summary, _converted(shape, _PerfData))
    elif isinstance(shape, dict) and shape and all(_RESOURCES.fullmatch(name) for name in shape):
        yield from _resources(summary, _converted(shape, dict[str, list[_Usage] | None]))
    elif isinstance(shape, dict) and {"perc50", "perc99"} <= shape.keys():
        values = _converted(shape, dict[str, float])
        named = {("Max" if name == "max" else name.capitalize()): value for name, value in values.items()}
        yield _checked(Series(summary, "throughput", (), "pods/s", named))
    else:
        raise _BadFile('holds none of the formats of performance jobs (PerfData has "dataItems")')


def _perf_data(summary: str, found: _PerfData) -> Iterator[Series | None]:
    for item in found.data_items:
        labels = {clean(name): clean(value) for name, value in {**(found.labels or {}), **(item.labels or {})}.items()}
        counts = [_whole(labels.pop(name, "")) for name in _COUNTS]
        kind = _kind(summary, labels, item.unit)
        values = {clean(name): value for name, value in item.data.items()}
        if kind == "query":  # each number of a query is a thing of its own
            for name, value in values.items():
                named = tuple(sorted({**labels, "Metric": name}.items()))
                yield _checked(Series(summary, kind, named, clean(item.unit), {"Value": value}))
            continue
        yield _checked(Series(summary, kind, tuple(sorted(labels.items())), clean(item.unit), values, *counts))


def _kind(summary: str, labels: Mapping[str, str], unit: str) -> Kind:
    if "Verb" in labels and "Resource" in labels:
        return "api call"
    if "PodStartupLatency" in summary:
        return "pod start-up"
    if unit.endswith("/s") and "Throughput" in summary + labels.get("Metric", ""):
        return "throughput"
    return "latency" if unit in {"ms", "s"} and not summary.startswith("GenericPrometheusQuery") else "query"


def _resources(summary: str, usage: Mapping[str, list[_Usage] | None]) -> Iterator[Series | None]:
    """Yield CPU (cores) and memory (bytes) of each component: of its instances the largest, for their names differ by run."""
    largest: dict[tuple[Kind, str], dict[str, float]] = {}
    for percentile, instances in usage.items():
        for each in instances or ():
            component = clean(each.name.rpartition("/")[2])
            for kind, value in (("cpu", each.cpu), ("memory", each.memory)):
                values = largest.setdefault((kind, component), {})  # type: ignore[arg-type] # two of Kind's words
                values[f"Perc{percentile}"] = max(value, values.get(f"Perc{percentile}", 0.0))
    for (kind, component), values in largest.items():
        unit = "cores" if kind == "cpu" else "bytes"
        yield _checked(Series(summary, kind, (("Component", component),), unit, values))


def _checked(series: Series) -> Series | None:
    good = {name: value for name, value in series.values.items() if math.isfinite(value) and value >= 0}
    return series if good and len(good) == len(series.values) else None


def _converted(shape: Any, wanted: Any) -> Any:
    try:
        return msgspec.convert(shape, wanted)
    except msgspec.ValidationError as error:
        raise _BadFile(f"is not as performance jobs write it ({_reason(error)})") from None


def _variant(summary: str, kind: Kind) -> str:
    """Say which of several measurements of the same thing it is: the load test measures API calls in two ways."""
    if kind == "api call":
        return ", simple" if "_simple" in summary else ""
    if kind == "pod start-up":
        words = re.sub(r"([a-z])([A-Z])", r"\1 \2", summary).partition(" Pod Startup Latency")[0]
        phase = re.search(r"_(\w+?)PodStartupLatency", summary)
        which = [word.lower() for word in (words,) if word in {"Stateless", "Stateful"}]
        which += [re.sub(r"([a-z])([A-Z])", r"\1 \2", phase[1]).lower()] if phase else []
        return f", {', '.join(which)}" if which else ""
    return ""


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else clean(str(error)).removesuffix(".")
