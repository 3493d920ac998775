"""The store: whatever is noted twice, late or at once with others, the counts are what the records add up to."""

import threading
from typing import Any

import pytest
from redis import Redis

from bot.acceptance.record import forgotten, week
from bot.acceptance.store import ALL, PREFIX, Known, Store, Watched, recounted
from bot.comments import comment, fixed
from bot.standing import Standing, StandingComment
from tests.bot.scene import REPOSITORY, RULE, diagnostic, links

HEAD = "f" * 40
BODY = comment(diagnostic(), links())


@pytest.fixture
def store(redis_connection: Redis) -> Store:
    return Store(redis_connection)


def standing(store: Store, *bodies: str, **changes: Any) -> Standing:
    at = store.now() - 5
    told = (StandingComment(index + 1, body, "pkg/a.go", 10, posted_at=at) for index, body in enumerate(bodies))
    return Standing(head=HEAD, comments=tuple(told), **changes)


def note(store: Store, found: Standing, number: int = 1, **changes: Any) -> bool:
    return store.note(REPOSITORY, number, found, **{"merged": False, "seen": store.now(), **changes})


def counts(store: Store, whose: str = REPOSITORY) -> dict[str, int]:
    return {
        what: number
        for (_, name, rule), each in store.cells([whose]).items()
        if rule == RULE
        for what, number in each.items()
    }


def test_the_same_twice_is_counted_once(store: Store) -> None:
    for _ in range(3):
        assert note(store, standing(store, BODY, BODY))
    assert counts(store) == counts(store, ALL) == {"posted": 2, "open": 2}
    note(store, standing(store, fixed(BODY, HEAD, fold=True), BODY))
    assert counts(store) == {"posted": 2, "open": 1, "fixed": 1, "edited": 1}
    note(store, standing(store, BODY, BODY))
    assert counts(store) == {"posted": 2, "open": 2}


def test_who_looked_earlier_comes_too_late(store: Store) -> None:
    early = store.now()
    note(store, standing(store, BODY, is_open=False), merged=True)
    assert not note(store, standing(store, BODY), seen=early)
    assert counts(store) == {"posted": 1, "stood": 1, "pulls": 1}
    assert list(store.watched()) == []


def test_many_at_once_leave_what_the_last_of_them_saw(store: Store, redis_connection: Redis) -> None:
    looks = [standing(store, *([BODY] * number)) for number in range(1, 9)]

    def look(each: Standing) -> None:
        for _ in range(5):
            note(Store(redis_connection), each)

    threads = [threading.Thread(target=look, args=(each,)) for each in looks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = dict(store.records())
    assert store.cells([REPOSITORY, ALL]) == recounted(records)
    assert sum(counts(store).values())


def test_several_pull_requests_and_repositories_add_up(store: Store) -> None:
    for number in (1, 2):
        note(store, standing(store, BODY), number)
    store.note("Octo/Other", 1, standing(store, BODY), merged=False, seen=store.now())
    assert counts(store)["posted"] == 2 and counts(store, ALL)["posted"] == 3
    assert store.repositories() == {
        "octo/kubernetes": Known("octo/kubernetes"),
        "octo/other": Known("Octo/Other"),
    }


def test_all_of_it_ends_by_itself(store: Store, redis_connection: Redis) -> None:
    note(store, standing(store, BODY))
    now = store.now()
    this_week = week(now - 5)
    for whose in (REPOSITORY, ALL):
        assert redis_connection.expiretime(f"{PREFIX}counts:{this_week}:{whose}") == forgotten(this_week)
    assert redis_connection.expiretime(f"{PREFIX}pull:{REPOSITORY}#1") > forgotten(this_week)
    # A pull request whose comments are all forgotten leaves nothing.
    gone = Standing(head=HEAD, comments=(StandingComment(1, BODY, "a.go", 1, posted_at=now - 300 * 24 * 3600),))
    store.note(REPOSITORY, 2, gone, merged=False, seen=now)
    assert store.record(REPOSITORY, 2) is None and counts(store)["posted"] == 1


def test_who_must_be_looked_at(store: Store) -> None:
    assert not store.awaits(REPOSITORY, 1, "open")
    store.expect(REPOSITORY, 1)
    assert store.awaits(REPOSITORY, 1, "open")
    assert list(store.watched()) == [Watched(REPOSITORY, 1, 0.0)]
    note(store, standing(store, BODY))
    assert not store.awaits(REPOSITORY, 1, "open")
    assert [each.seen > 0 for each in store.watched()] == [True]
    assert store.awaits(REPOSITORY, 1, "merged")
    note(store, standing(store, BODY, is_open=False), merged=True)
    assert list(store.watched()) == []
    # Opened again.
    assert store.awaits(REPOSITORY, 1, "open") and not store.awaits(REPOSITORY, 1, "merged")


@pytest.mark.parametrize("garbage", ["", "[", "{}", '{"seen": "x"}'])
def test_a_record_that_is_none_is_made_anew(store: Store, redis_connection: Redis, garbage: str) -> None:
    redis_connection.set(f"{PREFIX}pull:{REPOSITORY}#1", garbage)
    redis_connection.hset(f"{PREFIX}repositories", REPOSITORY, garbage)
    assert note(store, standing(store, BODY))
    assert counts(store) == {"posted": 1, "open": 1}
    assert store.repositories() == {REPOSITORY: Known(REPOSITORY)}


def test_what_a_review_found_demoted_is_remembered_and_forgotten(store: Store) -> None:
    store.remember(Known("octo/Nothing"))
    assert store.repositories() == {}
    store.remember(Known("octo/Some", demoted=(RULE,)))
    assert store.repositories() == {"octo/some": Known("octo/Some", demoted=(RULE,))}
    store.remember(Known("octo/Some"))
    assert store.repositories() == {"octo/some": Known("octo/Some")}
