"""Who looks what became of the comments, when, and what that costs."""

import dataclasses
from collections.abc import Callable

import pytest

from bot.acceptance.closed import no_longer_open
from bot.acceptance.store import PREFIX, Store, recounted
from bot.github import GitHub
from bot.keys import Key, Note
from bot.queue import REVIEWS
from bot.review_request import ReviewRequest
from tests.acceptance.inline import Inline
from tests.acceptance.life import BASE, finding
from workers import housekeeping, jobs
from workers.sandbox import Fault, SimulatedRepository
from workers.sandbox.records import Pull

Found = tuple[SimulatedRepository, Pull]


@pytest.fixture
def found(bot: Inline) -> Found:
    """A pull request with a comment."""
    repository = bot.github.repository("octo/kubernetes")
    repository.commit(BASE)
    pull = repository.open_pull(finding(1))
    bot.settle()
    assert len(pull.review_comments) == 1
    return repository, pull


def outcomes(bot: Inline) -> list[tuple[str, str]]:
    records = dict(bot.equipment.acceptance.records())
    return [(name, each.outcome(comment)) for name, each in records.items() for comment in each.comments.values()]


def calls(bot: Inline, during: Callable[[], object]) -> list[str]:
    """Give the operations that the bot asks of GitHub during something."""
    before = len(bot.github.state.requests)
    during()
    made = [each.operation for each in bot.github.state.requests[before:] if each.operation]
    return [each for each in made if not each.startswith("apps/")]


def test_a_comment_is_counted_when_it_is_posted(bot: Inline, found: Found) -> None:
    assert outcomes(bot) == [("octo/kubernetes#1", "open")]
    assert [each.seen > 0 for each in bot.equipment.acceptance.watched()] == [True]


def test_closing_one_without_comments_costs_one_call(bot: Inline) -> None:
    repository = bot.github.repository("octo/quiet")
    repository.commit(BASE)
    pull = repository.open_pull({"docs/a.md": "words\n"})
    bot.settle()

    def close() -> None:
        repository.close(pull, merged=True)
        bot.settle()

    assert calls(bot, close) == ["pulls/get"]
    assert outcomes(bot) == []


def test_closing_one_with_comments_is_seen_and_writes_nothing(bot: Inline, found: Found) -> None:
    repository, pull = found

    def close() -> None:
        repository.close(pull, merged=True)
        bot.settle()

    made = calls(bot, close)
    assert outcomes(bot) == [("octo/kubernetes#1", "stood")]
    assert not [each for each in made if "create" in each or "update" in each] and len(made) <= 8
    assert list(bot.equipment.acceptance.watched()) == []


def test_one_that_is_opened_again_is_open_again(bot: Inline, found: Found) -> None:
    repository, pull = found
    repository.close(pull)
    bot.settle()
    assert outcomes(bot) == [("octo/kubernetes#1", "dropped")]
    repository.reopen(pull)
    bot.settle()
    assert outcomes(bot) == [("octo/kubernetes#1", "open")]
    assert len(list(bot.equipment.acceptance.watched())) == 1


def test_maintenance_finds_what_was_closed_unheard_with_one_question(bot: Inline, found: Found) -> None:
    repository, pull = found
    bot.github.delivered()
    bot.github.webhook_url = None
    repository.close(pull, merged=True)
    bot.settle()
    assert outcomes(bot) == [("octo/kubernetes#1", "open")]
    made = calls(bot, lambda: housekeeping.watch_comments(bot.equipment))
    assert made == ["graphql"]
    bot.settle()
    assert outcomes(bot) == [("octo/kubernetes#1", "stood")]
    # From time to time only, and nothing is asked where nothing is watched.
    assert housekeeping.watch_comments(bot.equipment) == ""
    bot.equipment.redis.delete("scalability-bot:housekeeping:comments")
    assert calls(bot, lambda: housekeeping.watch_comments(bot.equipment)) == []


def test_a_run_that_died_before_it_looked_is_looked_after(bot: Inline, found: Found) -> None:
    store = bot.equipment.acceptance
    bot.equipment.redis.delete(f"{PREFIX}pull:octo/kubernetes#1")
    store.expect("octo/kubernetes", 1)
    assert outcomes(bot) == []
    bot.sweep()
    assert outcomes(bot) == [("octo/kubernetes#1", "open")]


def test_one_that_is_gone_is_watched_no_more(bot: Inline, found: Found) -> None:
    repository, _ = found
    del repository.record.pulls[1]
    bot.sweep()
    assert list(bot.equipment.acceptance.watched()) == []


def test_one_of_many_that_is_gone_hides_no_other(bot: Inline, found: Found) -> None:
    with GitHub(bot.equipment.app, "octo/kubernetes") as github:
        assert list(no_longer_open(github, [1])) == []
        assert list(no_longer_open(github, [1, 99])) == [1, 99]


def test_nobody_is_asked_about_repositories_that_are_served_no_more(bot: Inline, found: Found) -> None:
    settings = dataclasses.replace(bot.equipment.settings, repositories=("another/*",))
    equipment = dataclasses.replace(bot.equipment, settings=settings)
    assert housekeeping.watch_comments(equipment) == ""
    assert list(bot.equipment.acceptance.watched()) == []


def test_shadow_mode_keeps_nothing(bot: Inline) -> None:
    settings = dataclasses.replace(bot.equipment.settings, mode="shadow")
    equipment = dataclasses.replace(bot.equipment, settings=settings)
    repository = bot.github.repository("octo/shadow")
    repository.commit(BASE)
    bot.github.webhook_url = None
    pull = repository.open_pull(finding(1))
    request = ReviewRequest(repository=repository.full_name, number=1, cause="opened")
    equipment.queues.submit([request])
    assert "wrote PostReview" in jobs.turn(equipment, REVIEWS)
    repository.push(pull, {"docs/a.md": "words\n"})
    equipment.queues.submit([request])
    assert "reviewed" in jobs.turn(equipment, REVIEWS)
    repository.close(pull, merged=True)
    equipment.queues.submit([request])
    assert jobs.turn(equipment, REVIEWS).endswith("it is closed")
    assert list(bot.equipment.redis.keys(f"{PREFIX}*")) == []


def test_a_review_goes_on_where_the_figures_cannot_be_kept(bot: Inline, found: Found) -> None:
    repository, pull = found

    def spoil() -> None:
        for name in bot.equipment.redis.keys(f"{PREFIX}*"):
            bot.equipment.redis.delete(name)
            bot.equipment.redis.lpush(name, "of another type")

    spoil()
    repository.push(pull, finding(2))  # the same concern in another place
    bot.settle()
    [comment] = pull.review_comments
    assert "Also at" in comment.body
    spoil()
    assert "keys of another type removed" in housekeeping.remove_what_is_not_ours(bot.equipment)
    repository.close(pull, merged=True)
    bot.settle()
    [(name, record)] = bot.equipment.acceptance.records()
    [told] = record.comments.values()
    assert (name, record.outcome(told), told.edited) == ("octo/kubernetes#1", "stood", True)
    assert bot.equipment.acceptance.cells(["octo/kubernetes", "*"]) == recounted({name: record})


def test_a_look_that_fails_is_tried_again(bot: Inline, found: Found) -> None:
    repository, pull = found
    bot.github.faults.add(Fault(path=f"{repository.full_name}/pulls/1/comments", status=500, times=4))
    repository.close(pull, merged=True)
    bot.settle()
    assert outcomes(bot) == [("octo/kubernetes#1", "stood")]


def test_a_key_that_waits_is_not_asked_for_twice(bot: Inline, found: Found) -> None:
    store: Store = bot.equipment.acceptance
    store.expect("octo/kubernetes", 1)
    bot.equipment.queues.keys.note([Note(key=Key("normal", "octo/kubernetes", 1))])
    bot.equipment.redis.delete("scalability-bot:housekeeping:comments")
    assert housekeeping.watch_comments(bot.equipment) == ""
