"""Metrics for Prometheus: the receiver's own, the queues', and what the workers counted in Redis.

Jobs run in processes that live for one job, so they count in Redis (one hash, one field per set of labels) and the receiver
tells it when it is asked. Labels take only short plain words: whatever else comes is "other", so that no outsider can make
the number of time series grow.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis, RedisError

from analyzers.analysis.report import Skipped
from bot import status
from bot.acceptance import exposition
from bot.acceptance.store import Store
from bot.budget import Budget
from bot.deliveries import EVENTS
from bot.queue import Queues

COUNTED_KEY = "scalability-bot:counted"
MOST_SERIES = 2_000

# What workers count: name -> (what it means, its labels). scalability_bot_NAME_total on the page.
COUNTED = {
    "jobs": ("Turns that ended, by queue and outcome.", ("queue", "outcome")),
    "job_seconds": ("Seconds spent in turns, by queue.", ("queue",)),
    "comments": ("Comments on lines, by rule and what became of them.", ("rule", "outcome")),
    "swept": ("Reviews that the sweep over open pull requests found missing.", ()),
    "diagnostics": ("Diagnostics found, by rule and level.", ("rule", "level")),
    "writes": ("Writes to GitHub, by kind and outcome.", ("kind", "outcome")),
    "skipped_files": ("Files left out of an analysis, by reason.", ("reason",)),
    "github_calls": ("Calls to GitHub, by method and status; none: it gave no answer.", ("method", "status")),
    "redeliveries": ("Failed deliveries that GitHub was asked to send again.", ()),
}

# What workers measure: name -> (what it means, its labels, the upper ends of its buckets). scalability_bot_NAME on the page.
MEASURED = {
    "webhook_to_review_seconds": (
        "Seconds from a webhook's arrival to its review, by depth.",
        ("depth",),
        (5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600),
    ),
}

# The reasons are sentences for people: these words are in those of one kind.
_REASONS = {
    "large": re.compile(r"\bMB\b|large|longer"),
    "deep": re.compile(r"deep|nest"),
    "missing": re.compile(r"missing"),
}
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def count(connection: Redis, name: str, amount: float = 1, **labels: str) -> None:
    """Add to a counter that the receiver tells Prometheus; for workers. KeyError for a name that is not in COUNTED.

    A label that is no plain word of at most 60 characters counts as "other". RedisError if the server is away: a caller
    to whom the count matters less than its job suppresses that.
    """
    _, names = COUNTED[name]
    values = [value if _WORD.fullmatch(value := labels[label]) else "other" for label in names]
    connection.hincrbyfloat(COUNTED_KEY, json.dumps([name, *values]), amount)


def observe(connection: Redis, name: str, value: float, **labels: str) -> None:
    """Add a measurement to a histogram that the receiver tells Prometheus; for workers. KeyError, RedisError: as count()."""
    _, names, ends = MEASURED[name]
    values = [word if _WORD.fullmatch(word := labels[label]) else "other" for label in names]
    bucket = next((str(end) for end in ends if value <= end), "+Inf")
    with connection.pipeline() as pipeline:
        pipeline.hincrbyfloat(COUNTED_KEY, json.dumps([name, *values, bucket]), 1)
        pipeline.hincrbyfloat(COUNTED_KEY, json.dumps([name, *values, "sum"]), value)
        pipeline.execute()


def count_calls(redis: Redis, calls: dict[tuple[str, str], int]) -> None:
    """Count calls to GitHub (bot.github_calls.CALLS) and empty what counted them; RedisError if the server is away."""
    while calls:
        (method, answered), amount = calls.popitem()
        count(redis, "github_calls", amount, method=method, status=answered)


def why(skipped: Skipped) -> str:
    """Give the reason for which something was left out of an analysis, as one of a few words."""
    if not skipped.path:
        return "failed"  # a rule, or the analysis itself
    return next((word for word, pattern in _REASONS.items() if pattern.search(skipped.reason)), "other")


@dataclass(frozen=True, slots=True)
class Metrics:
    """The receiver's metrics in a registry of their own."""

    registry: CollectorRegistry
    deliveries: Counter
    enqueueing: Histogram

    @classmethod
    def of(cls, queues: Queues) -> "Metrics":
        """Make them; queues and workers' counts are read at each scrape."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        registry.register(_Shared(queues))
        return cls(
            registry,
            Counter(
                "scalability_bot_deliveries",
                "Webhook deliveries, by event and what became of them.",
                ("event", "outcome"),
                registry=registry,
            ),
            Histogram(
                "scalability_bot_enqueue_seconds",
                "Time to write what a delivery asks for to the queue.",
                buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
                registry=registry,
            ),
        )

    def delivered(self, event: str, outcome: str) -> None:
        """Count a delivery; outcome is one of a fixed few words."""
        self.deliveries.labels(event if event in EVENTS else "other", outcome).inc()


class _Shared(Collector):
    """What is read from Redis at a scrape."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())  # asked at registration, when Redis may not be there yet

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("scalability_bot_redis_up", "1 if the queue's server answers.")
        try:
            waiting = self._queues.waiting()
            running, failed = self._queues.running(), self._queues.failed_turns()
            counted = self._queues.connection.hgetall(COUNTED_KEY)
        except RedisError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        pulls = GaugeMetricFamily(
            "scalability_bot_pull_requests",
            "Pull requests that wait for work, by kind and state.",
            labels=["kind", "state"],
        )
        oldest = GaugeMetricFamily(
            "scalability_bot_oldest_seconds", "How long the first of those that are due has waited.", labels=["kind"]
        )
        for each in waiting:
            pulls.add_metric([each.kind, "due"], each.due)
            pulls.add_metric([each.kind, "later"], each.later)
            oldest.add_metric([each.kind], each.oldest_seconds)
        yield pulls
        yield oldest
        yield GaugeMetricFamily("scalability_bot_turns_running", "Turns under way.", value=running)
        yield GaugeMetricFamily("scalability_bot_turns_failed", "Turns that failed within the last hour.", value=failed)
        room = GaugeMetricFamily("scalability_bot_budget_left", "Comments that may still be written within this hour.")
        room.add_metric([], Budget(self._queues.connection, self._queues.timers).room())
        yield room
        disk = GaugeMetricFamily(
            "scalability_bot_mirror_bytes", "Disk that a worker's mirrors take.", labels=["worker"]
        )
        stores = GaugeMetricFamily(
            "scalability_bot_store_bytes", "Disk of that for the stores of words.", labels=["worker"]
        )
        for mirror in status.mirrors(self._queues.connection):
            disk.add_metric([mirror.where], mirror.mb * 2**20)
            stores.add_metric([mirror.where], mirror.stores_mb * 2**20)
        yield disk
        yield stores
        memory = GaugeMetricFamily("scalability_bot_redis_bytes", "Memory that the queue's server uses.")
        memory.add_metric([], float(self._queues.connection.info("memory")["used_memory"]))
        yield memory
        yield from exposition.families(Store(self._queues.connection))
        amounts = {field: _number(value) for field, value in counted.items()}
        yield from _counters(amounts)
        yield from _histograms(amounts)


def _counters(counted: Mapping[bytes | str, float]) -> Iterator[CounterMetricFamily]:
    series = [(_labels(field), amount) for field, amount in list(counted.items())[:MOST_SERIES]]
    for name, (text, labels) in COUNTED.items():
        family = CounterMetricFamily(f"scalability_bot_{name}", text, labels=labels)
        for (counter, *values), amount in series:
            if counter == name and len(values) == len(labels):
                family.add_metric(values, amount)
        yield family


def _histograms(counted: Mapping[bytes | str, float]) -> Iterator[HistogramMetricFamily]:
    series: dict[tuple[str, ...], dict[str, float]] = {}
    for field, amount in list(counted.items())[:MOST_SERIES]:
        name, *rest = _labels(field)
        if name in MEASURED and len(rest) == len(MEASURED[name][1]) + 1:
            series.setdefault((name, *rest[:-1]), {})[rest[-1]] = amount
    for name, (text, labels, ends) in MEASURED.items():
        family = HistogramMetricFamily(f"scalability_bot_{name}", text, labels=labels)
        for (measured, *values), found in series.items():
            if measured == name:
                below, buckets = 0.0, []
                for end in (*map(str, ends), "+Inf"):
                    below += found.get(end, 0.0)
                    buckets.append((end, below))
                family.add_metric(values, buckets, sum_value=found.get("sum", 0.0))
        yield family


def _labels(field: bytes | str) -> list[str]:
    try:
        found = json.loads(field)
    except ValueError:
        return [""]  # whoever can write to Redis must not stop all metrics
    return [str(each) for each in found] if isinstance(found, list) and found else [""]


def _number(value: bytes | str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0
