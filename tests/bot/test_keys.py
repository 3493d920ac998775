"""The keys of the pull requests: one record each, one step for each change, and nothing lost of what happens meanwhile."""

import threading
from typing import Any

import pytest
from redis import Redis

from bot.keys import PREFIX, End, Key, Keys, Kind, Note, Taken
from bot.timers import Timers
from tests.end_to_end.conftest import eventually

ALL = ("talk!", "talk", "normal!", "normal")


@pytest.fixture
def keys(redis_connection: Redis) -> Keys:
    return Keys(redis_connection, Timers(lease=30.0))


def note(
    number: int = 12, *causes: str, repository: str = "octo/kubernetes", kind: Kind = "normal", **more: Any
) -> Note:
    return Note(key=Key(kind, repository, number), causes=dict.fromkeys(causes, "{}"), **more)


def take(keys: Keys, sections: tuple[str, ...] = ALL) -> Taken:
    taken = keys.take(sections)
    assert taken is not None
    return taken


def order(keys: Keys, sections: tuple[str, ...] = ALL) -> list[str]:
    found = []
    while taken := keys.take(sections):
        found.append(str(taken.key))
    return found


def test_a_pull_request_waits_at_most_once_and_keeps_every_cause(keys: Keys) -> None:
    assert keys.note([note(12, "head:aa", author="Alice", installation=99)]) == ["queued"]
    assert keys.note([note(12, "head:bb"), note(12, "head:aa")]) == ["waiting", "waiting"]
    taken = take(keys)
    assert (set(taken.heads), taken.author, taken.installation) == ({"aa", "bb"}, "alice", 99)
    assert keys.take(ALL) is None


def test_the_same_delivery_again_changes_nothing(keys: Keys) -> None:
    assert keys.note([note(12, "again:d-1")], "d-1") == ["queued"]
    keys.end(take(keys), End(dealt=("again:d-1",)))
    assert keys.note([note(12, "again:d-1"), note(13)], "d-1") == ["duplicate", "duplicate"]
    assert keys.take(ALL) is None
    assert 3 * 24 * 3600 < keys.connection.ttl(f"{PREFIX}delivery:d-1") <= 4 * 24 * 3600


def test_what_happens_during_a_run_makes_it_due_again_when_the_run_ends(keys: Keys) -> None:
    keys.note([note(12, "head:aa")])
    taken = take(keys)
    assert keys.note([note(12, "head:bb"), note(12, "command:c")]) == ["running", "running"]
    assert keys.take(ALL) is None
    assert keys.end(taken, End(dealt=("head:aa",), later=600.0)) == "due"
    again = take(keys)
    assert (set(again.heads), set(again.commands)) == ({"bb"}, {"c"})
    assert keys.end(again, End(dealt=("head:bb", "command:c"))) == "idle"
    assert keys.take(ALL) is None


def test_of_many_events_at_once_one_makes_it_due(redis_url: str) -> None:
    start = threading.Barrier(8)
    outcomes: list[str] = []

    def deliver(number: int) -> None:
        with Redis.from_url(redis_url) as connection:
            own = Keys(connection)
            start.wait()
            outcomes.extend(own.note([note(12, f"head:{number}")], f"d-{number}"))

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["queued"] + ["waiting"] * 7


def test_a_command_moves_its_key_to_the_front_and_a_reply_goes_before_reviews(keys: Keys) -> None:
    for number in (1, 2, 3):
        keys.note([note(number)])
    keys.note([note(3, "command:c")])
    keys.note([note(9, "command:d", kind="talk")])
    assert order(keys) == ["octo/kubernetes#9 (talk)", "octo/kubernetes#3", "octo/kubernetes#1", "octo/kubernetes#2"]


def test_workers_of_commands_leave_alone_what_nobody_asked_for(keys: Keys) -> None:
    keys.note([note(1), note(2, "again:d-1"), note(3, kind="deep")])
    assert order(keys, ("talk!", "normal!")) == ["octo/kubernetes#2"]
    assert order(keys, ("deep!", "deep")) == ["octo/kubernetes#3 (deep)"]


def test_repositories_and_authors_share_the_turns_however_many_they_bring(keys: Keys) -> None:
    for number in range(1, 7):
        keys.note([note(number, repository="octo/many", author="robot")])
    for number in range(7, 9):
        keys.note([note(number, repository="octo/many", author="alice")])
    for number in range(1, 3):
        keys.note([note(number, repository="octo/few", author="bob")])
    assert order(keys)[:6] == [
        "octo/few#1", "octo/many#7", "octo/few#2", "octo/many#1", "octo/many#8", "octo/many#2",
    ]  # fmt: skip


def test_who_comes_late_has_saved_up_no_turns(keys: Keys) -> None:
    for number in range(1, 9):
        keys.note([note(number, repository="octo/a")])
    for _ in range(5):
        take(keys)
    for number in range(1, 4):
        keys.note([note(number, repository="octo/b")])
    assert order(keys) == ["octo/b#1", "octo/a#6", "octo/b#2", "octo/a#7", "octo/b#3", "octo/a#8"]


def test_a_repository_that_is_fetched_keeps_no_second_worker(keys: Keys) -> None:
    keys.note(
        [
            note(1, repository="octo/slow"),
            note(2, "command:c", repository="octo/slow"),
            note(3, repository="octo/quick"),
            note(4, "command:d", repository="octo/Slow"),
            note(5, "command:e", repository="octo/slow"),
        ]
    )
    fetches, waits = take(keys), take(keys)
    assert (keys.fetching(fetches), keys.fetching(waits)) == (True, False)
    assert keys.fetching(fetches)  # it goes on
    assert order(keys) == ["octo/quick#3"]
    keys.note([note(1, "command:c", repository="octo/slow", kind="talk")])
    assert order(keys) == ["octo/slow#1 (talk)"]  # words need no mirror
    keys.fetched(waits)
    assert order(keys) == []
    keys.fetched(fetches)
    assert keys.fetching(waits)
    keys.fetched(waits)
    assert order(keys) == ["octo/slow#5", "octo/slow#1"]


def test_a_fetch_ends_with_its_worker_and_garbage_is_none(redis_connection: Redis) -> None:
    keys = Keys(redis_connection, Timers(lease=0.1))
    keys.note([note(1), note(2)])
    killed, other = take(keys), take(keys)
    assert keys.fetching(killed)
    assert eventually(lambda: keys.fetching(other), "the end of the lease")
    for garbage in ("set", "list"):
        redis_connection.delete(f"{PREFIX}fetching:octo/kubernetes")
        if garbage == "set":
            redis_connection.set(f"{PREFIX}fetching:octo/kubernetes", "garbage")
        else:
            redis_connection.rpush(f"{PREFIX}fetching:octo/kubernetes", "garbage")
        assert keys.fetching(other)


def test_a_new_event_ends_a_back_off_but_the_sweep_does_not_end_patience(keys: Keys) -> None:
    keys.note([note()])
    keys.end(take(keys), End(later=600.0, tries=2))
    assert (keys.take(ALL), keys.wake()["normal"]) == (None, 0)
    assert keys.note([note()]) == ["queued"]
    taken = take(keys)
    assert taken.tries == 0
    keys.end(taken, End(later=600.0, looks=3))
    assert keys.note([note(swept=True)]) == ["waiting"]
    assert keys.take(ALL) is None
    assert keys.note([note()]) == ["queued"]
    assert take(keys).looks == 0


def test_a_sweep_hurries_another_try_and_forgets_none(keys: Keys) -> None:
    keys.note([note()])
    keys.end(take(keys), End(later=1800.0, tries=4))
    assert keys.note([note(swept=True, old=True)]) == ["queued"]
    taken = take(keys)
    assert (taken.tries, taken.old) == (4, False)
    # Who asked is not told "sorry" any sooner for it.
    keys.note([note(12, "command:c")])
    keys.end(taken, End())
    keys.end(take(keys), End(later=1800.0, tries=1))
    assert keys.note([note(swept=True)]) == ["waiting"]
    assert keys.take(ALL) is None


def test_what_waits_for_a_time_is_due_then(keys: Keys) -> None:
    keys.note([note()])
    keys.end(take(keys), End(later=0.05, looks=1))
    eventually(lambda: keys.wake()["normal"], "its time")
    assert take(keys).looks == 1


def test_the_key_of_a_dead_worker_is_due_when_its_lease_is_over(redis_connection: Redis) -> None:
    keys = Keys(redis_connection, Timers(lease=0.1))
    keys.note([note(12, "command:c")])
    lost = take(keys)
    again = eventually(lambda: keys.take(ALL), "the end of the lease")
    assert (again.crashes, set(again.commands)) == (1, {"c"})
    # The first one stood still: it can neither keep nor end what is another's.
    assert not keys.keep(lost)
    assert keys.end(lost, End(dealt=("command:c",))) == "lost"
    assert keys.keep(again)
    assert keys.end(again, End()) == "idle"


def test_a_key_that_is_kept_stays_with_its_worker(keys: Keys) -> None:
    keys.note([note()])
    taken = take(keys)
    running = f"{PREFIX}running"

    def ends() -> float:
        return float(keys.connection.zscore(running, taken.key.name) or 0)

    before = ends()
    keys.connection.zadd(running, {taken.key.name: before - 29.9})  # its lease is nearly over
    assert keys.keep(taken)
    assert ends() >= before
    assert keys.take(ALL) is None


def test_a_review_that_was_given_up_rests_from_the_sweep_alone(keys: Keys) -> None:
    keys.note([note()])
    assert keys.end(take(keys), End(lapses=1, rest=600.0)) == "idle"
    assert keys.note([note(swept=True)]) == ["resting"]
    assert keys.note([note()]) == ["queued"]
    assert take(keys).lapses == 1


def test_what_the_sweep_finds_old_is_old_until_something_happens(keys: Keys) -> None:
    assert keys.note([note(swept=True, old=True)]) == ["queued"]
    taken = take(keys)
    assert taken.old
    keys.end(taken, End())
    keys.note([note(swept=True, old=True)])
    keys.note([note(12, "head:aa")])
    assert not take(keys).old


def test_what_was_done_is_remembered(keys: Keys) -> None:
    keys.note([note()])
    keys.end(take(keys), End(done="aa 01234567"))
    assert keys.done(Key("normal", "Octo/Kubernetes", 12)) == "aa 01234567"
    assert keys.connection.ttl(f"{PREFIX}record:normal:octo/kubernetes#12") > 24 * 3600
    keys.note([note()])
    assert keys.connection.ttl(f"{PREFIX}record:normal:octo/kubernetes#12") == -1
    assert take(keys).done == "aa 01234567"


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "normal", "repository": "../../etc/passwd", "number": "1"},
        {"kind": "normal", "repository": "octo/kubernetes", "number": "x"},
        {"kind": "normal", "repository": "octo/kubernetes", "number": "1", "tries": "many"},
        {"kind": "normal"},
        {"kind": "other", "repository": "octo/kubernetes", "number": "1"},
    ],
)
def test_a_record_that_is_none_is_removed_and_stops_nobody(keys: Keys, record: dict[str, str]) -> None:
    name = f"normal:{record.get('repository', '')}#{record.get('number', '')}"
    keys.connection.hset(f"{PREFIX}record:{name}", mapping={**record, "state": "waiting"})  # type: ignore[dict-item]
    keys.connection.zadd(f"{PREFIX}later", {name: 1.0})
    keys.note([note(13)])
    assert order(keys) == ["octo/kubernetes#13"]
    keys.mend()
    assert keys.mend() == 0


def test_mending_puts_back_what_is_in_no_index_and_removes_what_is_of_another_type(keys: Keys) -> None:
    for number in range(1, 6):
        keys.note([note(number, author=f"author-{number}")])
    keys.note([note(9, "command:c")])
    for index in ("ready:normal", "later"):
        keys.connection.delete(f"{PREFIX}{index}")
    for index in ("fair:normal", "running", "front:normal", "clocks"):
        keys.connection.delete(f"{PREFIX}{index}")
        keys.connection.set(f"{PREFIX}{index}", "garbage")
    keys.connection.set(f"{PREFIX}record:normal:octo/kubernetes#7", "garbage")
    assert keys.mend() > 0
    assert keys.mend() == 0
    found = order(keys)
    assert found[0] == "octo/kubernetes#9"
    assert sorted(found[1:]) == [f"octo/kubernetes#{number}" for number in range(1, 6)]


def test_a_note_costs_the_same_however_much_waits(keys: Keys) -> None:
    """By the work that Redis does for it, not by a clock: the commands that one note leads to."""

    def commands() -> int:
        calls = sum(int(each["calls"]) for each in keys.connection.info("commandstats").values())
        keys.note([note(99_999, "head:aa", author="somebody", repository="octo/elsewhere")])
        return sum(int(each["calls"]) for each in keys.connection.info("commandstats").values()) - calls

    alone = commands()
    keys.connection.flushall()
    for number in range(1, 1500):
        keys.note([note(number, repository=f"octo/r{number % 7}", author=f"a{number % 50}")])
    assert commands() <= alone + 2
