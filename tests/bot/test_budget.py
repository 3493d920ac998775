import dataclasses
import itertools
import signal
import subprocess
import sys

import pytest
from redis import Redis

from bot.budget import Budget
from bot.github_calls import RateLimited
from bot.lease import Lost
from bot.timers import Timers
from tests.bot.scene import Clock

TIMERS = Timers()
A_MINUTE, AN_HOUR, RESERVE = TIMERS.writes_a_minute, TIMERS.writes_an_hour, TIMERS.writes_reserved
APART, NOTIFYING_APART, PATIENCE = TIMERS.writes_apart, TIMERS.notifying_apart, TIMERS.patience


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(redis_connection: Redis, clock: Clock) -> Budget:
    return Budget(redis_connection, now=clock.now, sleep=clock.sleep)


def write(budget: Budget, clock: Clock, number: int = 1, *, content: bool = True) -> list[float]:
    """Write so often, and give when."""
    times = []
    for _ in range(number):
        with budget.write(content=content):
            times.append(clock.time)
    return times


def test_writes_are_a_second_apart_and_three_where_people_are_notified(budget: Budget, clock: Clock) -> None:
    quiet = write(budget, clock, 3, content=False)
    assert [later - earlier for earlier, later in itertools.pairwise(quiet)] == [APART, APART]
    first = write(budget, clock, 3)
    assert [later - earlier for earlier, later in itertools.pairwise(first)] == [
        NOTIFYING_APART,
        NOTIFYING_APART,
    ]
    assert write(budget, clock, content=False)[0] - first[-1] == APART


def test_the_space_is_counted_from_the_end_of_a_write(budget: Budget, clock: Clock) -> None:
    with budget.write(content=False):
        clock.time += 10
    end = clock.time
    assert write(budget, clock, content=False) == [end + APART]


def test_all_workers_share_the_budget(redis_connection: Redis, budget: Budget, clock: Clock) -> None:
    first = write(budget, clock)
    other = Budget(redis_connection, now=clock.now, sleep=clock.sleep)
    assert write(other, clock)[0] - first[0] == NOTIFYING_APART
    assert other.room() == budget.room() == AN_HOUR - 2


def test_no_more_than_eighty_a_minute(redis_connection: Redis, clock: Clock) -> None:
    timers = dataclasses.replace(TIMERS, notifying_apart=0.0, writes_apart=0.0)
    budget = Budget(redis_connection, timers, now=clock.now, sleep=clock.sleep)
    times = write(budget, clock, A_MINUTE + 1)
    assert times[A_MINUTE - 1] == times[0]
    assert times[A_MINUTE] == times[0] + 60


def test_no_more_than_five_hundred_an_hour(budget: Budget, clock: Clock, redis_connection: Redis) -> None:
    for index in range(AN_HOUR):
        redis_connection.zadd("scalability-bot:budget:content", {str(index): clock.time - 600})
    assert budget.room() == 0
    with pytest.raises(RateLimited) as limited, budget.write(content=True):
        raise AssertionError("this write is one too many")
    assert limited.value.wait == pytest.approx(3000)
    assert len(write(budget, clock, content=False)) == 1
    clock.time += 3001
    assert len(write(budget, clock)) == 1


def test_a_write_counts_for_an_hour(budget: Budget, clock: Clock) -> None:
    write(budget, clock, 3)
    clock.time += 3000
    write(budget, clock, 2)
    assert budget.room() == AN_HOUR - 5
    clock.time += 700
    write(budget, clock)
    assert budget.room() == AN_HOUR - 3


def test_the_last_writes_of_an_hour_are_for_people(budget: Budget, clock: Clock, redis_connection: Redis) -> None:
    for index in range(AN_HOUR - RESERVE + 1):
        redis_connection.zadd("scalability-bot:budget:content", {str(index): clock.time})
    assert budget.is_short(asked=False)
    assert not budget.is_short(asked=True)


def test_a_pause_that_github_asks_for_holds_for_everyone(budget: Budget, clock: Clock, redis_connection: Redis) -> None:
    began = clock.time
    budget.pause(20)
    budget.pause(5)
    other = Budget(redis_connection, now=clock.now, sleep=clock.sleep)
    assert write(other, clock, content=False) == [began + 20]


def test_a_long_pause_is_not_slept_through(budget: Budget, clock: Clock) -> None:
    budget.pause(PATIENCE + 10)
    with pytest.raises(RateLimited) as limited, budget.write(content=False):
        raise AssertionError("nothing may be written during a pause")
    assert limited.value.wait == pytest.approx(PATIENCE + 10)
    assert clock.slept == []


def test_whoever_waits_can_keep_hold_of_something_else(budget: Budget, clock: Clock) -> None:
    budget.pause(20)
    held: list[float] = []
    with budget.write(content=False, meanwhile=lambda: held.append(clock.time)):
        pass
    assert max(later - earlier for earlier, later in itertools.pairwise(held)) <= 5


def test_a_failed_write_counts_and_gives_the_turn_back(budget: Budget, clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError), budget.write(content=True):
        raise ZeroDivisionError
    assert budget.room() == AN_HOUR - 1
    assert len(write(budget, clock)) == 1


def test_the_clock_of_redis_counts_unless_another_is_given(redis_connection: Redis) -> None:
    budget = Budget(redis_connection, sleep=lambda _: None)
    with budget.write(content=True):
        pass
    assert budget.room() == AN_HOUR - 1


def test_a_worker_that_was_killed_while_it_wrote_holds_up_nobody_for_longer_than_its_lease(
    redis_connection: Redis, redis_url: str
) -> None:
    timers = Timers(lease=3, writes_apart=0.0, notifying_apart=0.0)
    writing = (
        "import os, signal, sys\n"
        "from redis import Redis\n"
        "from bot.budget import Budget\n"
        "from bot.timers import Timers\n"
        "with Budget(Redis.from_url(sys.argv[1]), Timers(lease=3)).write(content=True):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", writing, redis_url], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert 0 < redis_connection.pttl("scalability-bot:budget:turn") <= 3000
    with Budget(redis_connection, timers).write(content=True) as lease:
        lease.check()


def test_a_lease_outlasts_a_long_write_and_a_lost_one_is_known(redis_connection: Redis) -> None:
    timers = Timers(lease=4, writes_apart=0.0)  # prolonged each second: a busy machine is late by less than the rest
    with Budget(redis_connection, timers).write(content=False) as lease:
        key = "scalability-bot:budget:turn"
        first = redis_connection.pexpiretime(key)
        assert first > 0
        while redis_connection.pexpiretime(key) == first:
            pass
        lease.check()
        redis_connection.set(key, "another worker")
        with pytest.raises(Lost):
            lease.check()
    # What is another's is not given back.
    assert redis_connection.get(key) == b"another worker"


def test_people_go_before_what_nobody_asked_for(redis_connection: Redis, clock: Clock) -> None:
    redis_connection.set("scalability-bot:budget:people", 1)
    waiting = Budget(redis_connection, now=clock.now, sleep=clock.sleep)

    def meanwhile() -> None:
        if len(clock.slept) == 3:
            redis_connection.delete("scalability-bot:budget:people")

    with waiting.write(content=False, meanwhile=meanwhile):
        pass
    assert len(clock.slept) >= 3
    with waiting.write(content=False, asked=True):
        pass
    assert not redis_connection.exists("scalability-bot:budget:people")
