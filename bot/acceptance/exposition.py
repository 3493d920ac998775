"""Exposition: acceptance as Prometheus takes it. Labels are rules of the catalogue and words of record.py: they are bounded."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from redis import RedisError

from analyzers import catalogue
from bot.acceptance.figures import summed
from bot.acceptance.record import BESIDES, KEPT, OUTCOMES, PULLS, REASONS, because
from bot.acceptance.store import Store

_WEEKS = f"within the last {KEPT.days // 7} weeks"
_WHATS = (*OUTCOMES, *map(because, REASONS), *BESIDES)


def families(store: Store) -> Iterator[Metric]:
    """Yield the families; none where Redis does not answer, as scalability_bot_redis_up says."""
    comments = GaugeMetricFamily(
        "scalability_bot_acceptance_comments",
        f"Comments on lines posted {_WEEKS}, by rule and what became of them. The outcomes {', '.join(OUTCOMES)} add up to "
        "posted; the others are counted besides.",
        labels=["rule", "outcome"],
    )
    pulls = GaugeMetricFamily(
        "scalability_bot_acceptance_pull_requests",
        f"Closed pull requests with comments posted {_WEEKS} that were judged, by rule.",
        labels=["rule"],
    )
    demoted = GaugeMetricFamily(
        "scalability_bot_demoted", "Repositories in which a rule is demoted, as of their last review.", labels=["rule"]
    )
    known = {*catalogue.names(), "other"}
    try:
        figures = summed(store.cells(), lambda week, repository, rule: rule)
        where = Counter(rule for each in store.repositories().values() for rule in each.demoted)
    except RedisError:
        return
    for rule, counted in figures.items():
        if rule in known:
            for what in _WHATS:
                if counted[what] or what == "posted":
                    comments.add_metric([rule, what], counted[what])
            pulls.add_metric([rule], counted[PULLS])
    for rule, number in sorted(where.items()):
        if rule in known:
            demoted.add_metric([rule], number)
    yield from (comments, pulls, demoted)
