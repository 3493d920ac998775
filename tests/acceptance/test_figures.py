"""Figures: shares, and who is demoted for them."""

from collections import Counter
from typing import Any

import pytest
from redis import Redis

from bot.acceptance import exposition
from bot.acceptance.figures import Figures, demotions, is_poor, per_cent, summed
from bot.acceptance.store import Known, Store
from bot.acceptance.thresholds import DEFAULT, Thresholds
from tests.acceptance.past import RULES, lived


def figures(**counts: int) -> Figures:
    return Figures({name.replace("_", "-"): number for name, number in counts.items()})


def test_shares_are_of_what_can_be_known() -> None:
    found = figures(
        posted=20, open=2, dropped=4, fixed=6, changed=1, dismissed=4, dismissed_wrong=2, stood=2, deleted=1
    )
    assert (found.judged, found.addressed) == (14, 7)
    assert (found.addressed_share, found.wrong_share) == (0.5, 2 / 14)
    assert found.useful_share is None and per_cent(found.useful_share) == "—"
    assert per_cent(found.addressed_share) == "50"


@pytest.mark.parametrize(
    ("counts", "poor"),
    [
        ({"pulls": 19, "stood": 100}, False),
        ({"pulls": 20, "stood": 100}, True),
        ({"pulls": 20, "stood": 85, "fixed": 15}, False),
        ({"pulls": 20, "stood": 86, "fixed": 14}, True),
        ({"pulls": 20, "stood": 85, "fixed": 8, "changed": 7}, False),
        ({"pulls": 20, "fixed": 67, "dismissed": 33, "dismissed_wrong": 33}, True),
        ({"pulls": 20, "fixed": 68, "dismissed": 32, "dismissed_wrong": 32}, False),
        ({"pulls": 20, "fixed": 20, "dismissed": 80, "dismissed_fine": 80}, False),
        ({"pulls": 21, "fixed": 14, "dismissed": 7, "dismissed_wrong": 7}, True),  # a third
        # Pull requests that were given up say nothing.
        ({"pulls": 20, "dropped": 1000, "fixed": 20}, False),
    ],
)
def test_a_rule_is_poor_below_a_share_of_enough_pull_requests(counts: dict[str, int], poor: bool) -> None:
    assert is_poor(figures(**counts), DEFAULT) is poor


def test_thresholds_are_the_operator_s() -> None:
    found: dict[str, Any] = {"pulls": 5, "stood": 5, "fixed": 5}
    assert not is_poor(figures(**found), Thresholds(after=5))
    assert is_poor(figures(**found), Thresholds(after=5, addressed=51))
    assert not is_poor(figures(**found), Thresholds(after=0, addressed=51))
    assert not is_poor(figures(**found), Thresholds(after=5, wrong=0)), "nobody said that it was wrong"


def test_demotion_is_by_repository_over_all_weeks_and_never_of_what_is_no_rule() -> None:
    half = Counter({"posted": 10, "stood": 10, "pulls": 10})
    cells = {
        ("2026-W01", "a/a", "r"): half,
        ("2026-W02", "a/a", "r"): half,
        ("2026-W02", "b/b", "r"): half,
        ("2026-W02", "a/a", "other"): Counter({"posted": 99, "stood": 99, "pulls": 99}),
    }
    [found] = demotions(cells, DEFAULT, {"a/a": ["r"]})
    assert (found.repository, found.rule, found.kept, found.figures["posted"]) == ("a/a", "r", True, 20)
    assert found.why == (
        "of 20 comments on 20 closed pull requests in the last 26 weeks 0 were addressed and 0 dismissed as wrong"
    )
    assert summed(cells, lambda week, repository, rule: repository)["b/b"]["posted"] == 10


def test_prometheus_is_told_by_rule_and_outcome_and_of_nothing_else(redis_connection: Redis) -> None:
    store = Store(redis_connection)
    lived(store, ("octo/a", "octo/b"), 40)
    store.remember(Known("octo/a", demoted=("value-receiver", "of-another-version")))
    comments, pulls, demoted = exposition.families(store)
    assert {sample.labels["rule"] for sample in comments.samples} <= set(RULES)
    by = {(each.labels["rule"], each.labels["outcome"]): each.value for each in comments.samples}
    for rule in RULES:
        of = {what: number for (name, what), number in by.items() if name == rule}
        assert of["posted"] == sum(
            of.get(what, 0) for what in ("open", "fixed", "changed", "dismissed", "stood", "dropped")
        )
    assert {each.labels["rule"]: each.value for each in demoted.samples} == {"value-receiver": 1.0}
    assert len(pulls.samples) == len(RULES)


def test_without_redis_nothing_is_told() -> None:
    assert list(exposition.families(Store(Redis(unix_socket_path="/nowhere")))) == []
