"""Records: what is made of what stands."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import dismissals
from bot.acceptance.record import KEPT, Record, forgotten, week, weeks
from bot.check_runs import ExternalId, base_key
from bot.comments import comment, fixed
from bot.standing import Standing, StandingCheckRun, StandingComment
from bot.writes import CHECK_RUN
from tests.bot.scene import RULE, diagnostic, links

HEAD = "f" * 40
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
BODY = comment(diagnostic(), links())


def stands(body: str = BODY, number: int = 1, **changes: Any) -> StandingComment:
    return StandingComment(number, body, "pkg/a.go", **{"line": 10, "posted_at": NOW - 60, **changes})


def record(*comments: StandingComment, before: Record | None = None, merged: bool = False, **changes: Any) -> Record:
    standing = Standing(head=HEAD, comments=comments, **changes)
    return Record.of(standing, number=1, merged=merged, seen=NOW, before=before)


def outcomes(found: Record) -> list[str]:
    return [found.outcome(each) for each in found.comments.values()]


REVIEWED = StandingCheckRun(1, CHECK_RUN, True, str(ExternalId("0" * 16, 1, base_key("master"), "done")))
FIXED = fixed(BODY, HEAD, fold=True)


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (lambda: record(stands()), "open"),
        (lambda: record(stands(FIXED)), "fixed"),
        (lambda: record(stands(FIXED, line=None), is_open=False), "fixed"),
        (lambda: record(stands(), is_open=False, merged=True), "stood"),
        (lambda: record(stands(), is_open=False), "dropped"),
        (lambda: record(stands(line=None), is_open=False, merged=True), "changed"),
        (lambda: record(stands(line=None), is_open=False), "changed"),
        # The last push had its review, which found that it is still there.
        (lambda: record(stands(line=None), is_open=False, merged=True, check_runs=(REVIEWED,)), "stood"),
        (lambda: record(stands(line=None)), "open"),
        (lambda: record(stands(resolved=True, dismisser="author")), "dismissed"),
        (lambda: record(stands(FIXED, resolved=True, dismisser="author")), "fixed"),
        (lambda: record(stands(), replies=(dismissals.dismissed(("comment", "1"), "wrong"),)), "dismissed"),
        (lambda: record(stands(), replies=(dismissals.dismissed(("rule", RULE), "wrong"),)), "dismissed"),
        (lambda: record(stands(), replies=(dismissals.dismissed(("all",), "none"),)), "dismissed"),
        (lambda: record(before=record(stands())), "deleted"),
        (lambda: record(before=record(stands(FIXED))), "fixed"),
        # Its list lagged behind: it is there after all.
        (lambda: record(stands(), before=record(before=record(stands()))), "open"),
    ],
)
def test_what_becomes_of_a_comment(made: Callable[[], Record], outcome: str) -> None:
    assert outcomes(made()) == [outcome]


def test_what_is_counted_of_it() -> None:
    told = stands(line=None, talked=True, up=2, down=1)
    found = record(told, is_open=False, replies=(dismissals.dismissed(("comment", "1"), "wrong"),))
    assert found.counts == {
        week(NOW): {
            f"{RULE} {what}": 1
            for what in ("dismissed", "dismissed-wrong", "helpful", "outdated", "posted", "pulls", "replied")
        }
    }


def test_a_pull_request_counts_once_for_each_rule_and_only_if_something_was_judged() -> None:
    several = [stands(number=number) for number in (1, 2, 3)]
    assert record(*several, is_open=False, merged=True).counts[week(NOW)][f"{RULE} pulls"] == 1
    assert f"{RULE} pulls" not in record(*several, is_open=False).counts[week(NOW)]
    assert f"{RULE} pulls" not in record(*several).counts[week(NOW)]


def test_what_shadow_mode_kept_was_never_posted() -> None:
    assert record(stands(number=-1)).comments == {}


def test_a_comment_of_an_old_name_counts_for_what_the_rule_is_called_now() -> None:
    # hot-alloc became several rules; none of them can be blamed.
    several = BODY.replace(f"rule {RULE} ", "rule hot-alloc ")
    nobody = BODY.replace(f"rule {RULE} ", "rule of-no-catalogue ")
    assert [each.rule for each in record(stands(several), stands(nobody, 2)).comments.values()] == ["other", "other"]


def test_what_is_older_than_figures_are_kept_is_forgotten() -> None:
    old = stands(posted_at=NOW - KEPT.total_seconds() - 14 * 24 * 3600)
    assert record(old, stands(number=2)).comments.keys() == {"2"}


def test_weeks_are_those_of_the_iso_calendar_and_end_when_their_counts_are_forgotten() -> None:
    assert week(datetime(2027, 1, 3, 23, 59, tzinfo=UTC).timestamp()) == "2026-W53"
    assert week(datetime(2027, 1, 4, tzinfo=UTC).timestamp()) == "2027-W01"
    kept = weeks(NOW)
    assert (len(kept), kept[0], kept[-1]) == (27, "2026-W22", "2026-W48")
    assert all(forgotten(each) > NOW for each in kept)


def test_a_record_outlives_its_counts() -> None:
    found = record(stands())
    assert found.until > forgotten(week(NOW))
