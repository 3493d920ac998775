"""Comparison: a run held against the SLOs, and against a second run: what breaks, what got worse, by how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from workers.results import objectives
from workers.results.perfdata import Kind, Run, Series

# From which on a difference counts. The defaults of kubernetes/perf-tests benchmark/cmd/benchmark.go: ratios within 0.8
# and its inverse match, latencies below 20 ms and calls made fewer than ten times are not compared.
RATIO = 1.25
LEAST_MS = 20.0
FEWEST_CALLS = 10
# Below these, differences of CPU (cores) and memory (bytes) are the noise of a component that does nothing.
LEAST_CORES = 0.1
LEAST_BYTES = 50e6

Verdict = Literal["worse", "better", "same", "new", "gone", "few calls", "alone", "differs"]

_PREFERRED = ("Perc99", "Average", "Perc50", "Value")
_LEAST = {"ms": LEAST_MS, "s": LEAST_MS / 1000, "cores": LEAST_CORES, "bytes": LEAST_BYTES}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured, in the change's run and the base's: None where it was not.

    quantile names the value that is compared; limit is its SLO in milliseconds, None where none speaks of it.
    """

    name: str
    kind: Kind
    quantile: str
    unit: str
    change: float | None
    base: float | None
    verdict: Verdict
    limit: float | None = None
    breaks: bool = False
    broke_before: bool = False
    tolerated: bool = False

    @property
    def ratio(self) -> float | None:
        """Say how many times the base the change is; None where one of them was not measured or is 0."""
        return self.change / self.base if self.change is not None and self.base else None


@dataclass(frozen=True)
class Comparison:
    """Rows of a run, or of two. compared: whether there was a base."""

    rows: tuple[Row, ...]
    compared: bool
    problems: tuple[str, ...] = ()

    @cached_property
    def broken(self) -> list[Row]:
        """What breaks an SLO, the furthest beyond it first."""
        return sorted((row for row in self.rows if row.breaks), key=lambda row: -(row.change or 0) / (row.limit or 1))

    @cached_property
    def worse(self) -> list[Row]:
        """What got worse, the most first."""
        return sorted(self._having("worse"), key=lambda row: -_growth(row))

    @cached_property
    def better(self) -> list[Row]:
        """What got better, the most first."""
        return sorted(self._having("better"), key=_growth)

    @cached_property
    def held(self) -> int:
        """How many series an SLO speaks of."""
        return sum(row.limit is not None and row.change is not None for row in self.rows)

    @property
    def is_measured(self) -> bool:
        """Say whether the change's run holds anything at all."""
        return any(row.change is not None for row in self.rows)

    @property
    def is_well(self) -> bool:
        """Say whether every SLO that was measured holds and nothing got worse."""
        return self.is_measured and not self.worse and all(row.tolerated for row in self.broken)

    def count(self, verdict: Verdict) -> int:
        """Count the rows of a verdict."""
        return len(self._having(verdict))

    def _having(self, verdict: Verdict) -> list[Row]:
        return [row for row in self.rows if row.verdict == verdict]


def compare(change: Run, base: Run | None = None) -> Comparison:
    """Hold a run against the SLOs and, where there is one, against a base."""
    problems = [*(f"In the change's run: {each}" if base else each for each in change.problems)]
    problems += [f"In the base's run: {each}" for each in (base.problems if base else ())]
    return Comparison(tuple(_rows(change, base)), base is not None, tuple(problems))


def _rows(change: Run, base: Run | None) -> Iterator[Row]:
    before = base.series if base else {}
    for key, series in change.series.items():
        yield _row(series, before.get(key), base is not None)
    for key, series in before.items():
        if key not in change.series:
            quantile = _quantile(series)
            yield Row(series.name, series.kind, quantile, series.unit, None, series.values[quantile], "gone")


def _row(series: Series, before: Series | None, compared: bool) -> Row:
    quantile = _quantile(series)
    known = before is not None and before.unit == series.unit and quantile in before.values
    value, base = series.values[quantile], before.values[quantile] if known and before else None
    return Row(
        series.name,
        series.kind,
        quantile,
        series.unit,
        value,
        base,
        _verdict(series, before, value, base) if compared else "alone",
        objectives.threshold(series),
        objectives.breaks(series),
        before is not None and objectives.breaks(before),
        objectives.is_tolerated(series),
    )


def _verdict(series: Series, before: Series | None, value: float, base: float | None) -> Verdict:
    if before is None or base is None:
        return "new"
    if any(each.count is not None and each.count < FEWEST_CALLS for each in (series, before)):
        return "few calls"
    if max(value, base) < _LEAST.get(series.unit, 0) or abs(value - base) < _LEAST.get(series.unit, 0) / 2:
        return "same"
    if base / RATIO <= value <= base * RATIO:
        return "same"
    if series.kind == "query":
        return "differs"  # whether more is worse, only the one who wrote the query knows
    grew = value > base
    return "better" if grew == (series.kind == "throughput") else "worse"


def _quantile(series: Series) -> str:
    return next((name for name in _PREFERRED if name in series.values), next(iter(series.values)))


def _growth(row: Row) -> float:
    """Give how many times worse a row became (below 1: better)."""
    ratio = row.ratio if row.ratio else float("inf") if row.base == 0 else 1e-9
    return 1 / ratio if row.kind == "throughput" else ratio
