import dataclasses
import json
import socket
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rq
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from bot import deep_scans, sweep
from bot.check_runs import ExternalId, base_key
from bot.github import Unreachable
from bot.github_app import Installed
from bot.keys import PREFIX, Key
from bot.queue import MAINTAIN, MAINTENANCE, REVIEWS, TURN
from bot.review_request import Assignment
from bot.settings import Secret, Settings
from bot.timers import Timers
from workers import housekeeping
from workers.equipment import Equipment
from workers.housekeeping import HousekeepingError
from workers.parser import Parser
from workers.sandbox import Fault, SimulatedGitHub, SimulatedRepository
from workers.sandbox.records import Pull


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path_factory.mktemp("github")) as simulated:
        yield simulated


@pytest.fixture
def repository(github: SimulatedGitHub, request: pytest.FixtureRequest) -> Iterator[SimulatedRepository]:
    found = github.repository(f"octo/{request.node.name.replace('_', '-')[:60]}")
    found.commit({"a.go": "package a\n"})
    yield found
    github.faults.clear()


@pytest.fixture
def equipment(github: SimulatedGitHub, redis_connection: Redis, tmp_path: Path) -> Equipment:
    settings = Settings(
        mode="post",
        app_id=github.app_id,
        private_key_text=Secret(github.private_key),
        github_api_url=github.url,
        github_git_url=github.git_url,
        data_dir=tmp_path,
        bot_login="scalability-bot[bot]",
        repositories=("octo/*",),
    )
    return Equipment(settings, redis_connection, Parser(timeout=10, memory_mb=512))


def queue(equipment: Equipment, name: str = REVIEWS) -> rq.Queue:
    return rq.Queue(name, connection=equipment.redis, serializer=JSONSerializer)


def turn(equipment: Equipment) -> str:
    """Enqueue a turn and give its job's id."""
    return queue(equipment).enqueue(TURN, REVIEWS).id


def test_a_job_in_no_list_is_put_back(equipment: Equipment) -> None:
    lost, waiting, young = (turn(equipment) for _ in range(3))
    long_ago = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for job_id in (lost, waiting):
        equipment.redis.hset(Job.key_for(job_id), "enqueued_at", long_ago)
    for job_id in (lost, young):
        equipment.redis.lrem("rq:queue:reviews", 1, job_id)
    assert housekeeping.put_back_lost_jobs(equipment) == "1 lost jobs put back"
    assert queue(equipment).get_job_ids() == [waiting, lost]
    assert housekeeping.put_back_lost_jobs(equipment) == ""


@pytest.mark.parametrize("place", ["rq:queue:reviews:intermediate", "rq:wip:reviews", "rq:scheduled:reviews"])
def test_a_job_on_its_way_is_left(equipment: Equipment, place: str) -> None:
    job_id = turn(equipment)
    equipment.redis.hset(Job.key_for(job_id), "enqueued_at", "2020-01-01T00:00:00.000000Z")
    equipment.redis.lrem("rq:queue:reviews", 1, job_id)
    if "intermediate" in place:
        equipment.redis.rpush(place, job_id)
    else:
        equipment.redis.zadd(place, {f"{job_id}:execution" if "wip" in place else job_id: 9e9})
    assert housekeeping.put_back_lost_jobs(equipment) == ""


def test_a_deep_scan_that_did_not_end_is_closed_as_neutral(
    equipment: Equipment, repository: SimulatedRepository
) -> None:
    from bot.github import GitHub
    from workers import reviews

    pull = repository.open_pull({"a.go": "package a\n\nfunc A() {}\n"})
    scan = Assignment(repository=repository.full_name, number=1, head=pull.head_sha, base="master", depth="deep")
    with GitHub(equipment.app, repository.full_name) as page:
        reviews._begin_deep_scan(equipment, page, scan, lambda: None)
    [run] = repository.check_runs(pull)
    assert run.status == "in_progress"
    assert housekeeping.close_deep_scans(equipment) == ""
    eleven_minutes = datetime.now(UTC).timestamp() - 660
    deep_scans.begun(equipment.redis, scan, now=lambda: eleven_minutes)
    assert housekeeping.close_deep_scans(equipment) == "1 deep scans closed"
    [run] = repository.check_runs(pull)
    assert (run.status, run.conclusion) == ("completed", "neutral")


def test_failed_deliveries_are_asked_for_again_later_each_time_and_not_for_ever(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    github.webhook_url = f"http://127.0.0.1:{port}/webhook"
    repository.open_pull({"a.go": "package a\n\nfunc A() {}\n"})
    before = len([each for each in github.delivered() if each.event == "pull_request"])

    def again(minutes: float) -> int:
        start = datetime.now(UTC).timestamp()
        equipment.redis.delete("scalability-bot:housekeeping:deliveries")
        housekeeping.ask_for_failed_deliveries(equipment, lambda: start + minutes * 60)
        return len([each for each in github.delivered() if each.event == "pull_request"]) - before

    assert again(0) == 1
    assert again(4) == 1
    assert again(6) == 2
    assert again(10) == 2
    assert again(17) == 3
    for days in range(1, 12):
        again(days * 24 * 60)
    assert again(100 * 24 * 60) == Timers().redeliveries
    github.webhook_url = None


def test_deliveries_are_looked_at_from_time_to_time_only(equipment: Equipment, github: SimulatedGitHub) -> None:
    def asked() -> int:
        return sum(request.operation == "apps/list-webhook-deliveries" for request in github.state.requests)

    before = asked()
    for _ in range(3):
        housekeeping.ask_for_failed_deliveries(equipment)
    assert asked() == before + 1


def asked_for_deliveries(github: SimulatedGitHub) -> int:
    return sum(request.operation == "apps/list-webhook-deliveries" for request in github.state.requests)


def test_one_thing_that_fails_hinders_no_other(equipment: Equipment, github: SimulatedGitHub) -> None:
    before = asked_for_deliveries(github)
    github.faults.add(Fault(path="/app/installations$", status=404))
    with pytest.raises(HousekeepingError, match="sweep_repositories: "):
        housekeeping.maintain(equipment)
    github.faults.clear()
    assert asked_for_deliveries(github) == before + 1  # what comes after it in the list was done


@pytest.mark.parametrize(
    "garbage",
    [
        *(name for name in housekeeping._TYPES if not name.startswith("rq:")),
        *(f"rq:{name}:reviews" for name in ("queue", "wip", "scheduled", "failed", "workers")),
        *(f"{PREFIX}{name}" for name in ("later", "running", "clocks", "ready:normal", "front:talk", "fair:deep")),
        f"{PREFIX}record:normal:octo/kubernetes#1",
        "scalability-bot:housekeeping:redelivery:guid-1",
        "rq:job:no-job",
    ],
)
def test_garbage_in_redis_hinders_no_step(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository, garbage: str
) -> None:
    for kind in ("string", "list", "hash"):
        equipment.redis.flushall()
        if kind == "string":
            equipment.redis.set(garbage, b"\xff garbage")
        elif kind == "list":
            equipment.redis.rpush(garbage, "garbage")
        else:
            equipment.redis.hset(garbage, "garbage", "garbage")
        before = asked_for_deliveries(github)
        housekeeping.maintain(equipment)
        assert asked_for_deliveries(github) == before + 1


def test_each_minute_is_submitted_once(equipment: Equipment) -> None:
    for _ in range(3):
        housekeeping.submit(equipment)
    [job] = queue(equipment, MAINTENANCE).get_jobs()
    assert job.func_name == MAINTAIN


# --- the sweep ------------------------------------------------------------------------------------------------------------


def swept(equipment: Equipment) -> set[str]:
    """Sweep, and give the pull requests that are due by that."""
    equipment.redis.delete("scalability-bot:housekeeping:sweep")
    housekeeping.sweep_repositories(equipment)
    found = set()
    while taken := equipment.queues.keys.take(["normal"]):
        found.add(f"{taken.key}{' old' if taken.old else ''}")
    return found


def reviewed(
    github: SimulatedGitHub, repository: SimulatedRepository, pull: Pull, state: str = "done", **changes: object
) -> None:
    """Have a check run of ours stand at the head of a pull request."""
    given = {"digest": "0" * 16, "number": pull.number, "base": base_key(pull.base_ref), "state": state, **changes}
    token = github.token({"checks": "write"}).value
    request = urllib.request.Request(
        f"{github.url}/repos/{repository.full_name}/check-runs",
        json.dumps(
            {
                "name": "scalability",
                "head_sha": pull.head_sha,
                "status": "completed",
                "conclusion": "success",
                "external_id": str(ExternalId(**given)),  # type: ignore[arg-type]
            }
        ).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


@pytest.fixture
def alone(equipment: Equipment, repository: SimulatedRepository) -> Equipment:
    """The bot that serves one repository alone."""
    return dataclasses.replace(
        equipment, settings=dataclasses.replace(equipment.settings, repositories=(repository.full_name,))
    )


def open_pulls(repository: SimulatedRepository, number: int) -> list[Pull]:
    return [repository.open_pull({f"{index}.go": f"package a // {index}\n"}) for index in range(number)]


def test_what_no_delivery_told_of_is_found(
    alone: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    done, failed, retried, other_base, others, missing = open_pulls(repository, 6)
    draft = repository.open_pull({"x.go": "package a\n"}, draft=True)
    closed = repository.open_pull({"y.go": "package a\n"})
    repository.close(closed)
    reviewed(github, repository, done)
    reviewed(github, repository, failed, "failed")
    reviewed(github, repository, retried, "retry")
    reviewed(github, repository, other_base, base=base_key("release"))
    reviewed(github, repository, others, number=done.number)
    assert draft.draft
    wanted = {f"{repository.full_name}#{pull.number}" for pull in (failed, retried, other_base, others, missing)}
    assert swept(alone) == wanted


def test_pages_of_a_hundred_are_read_to_the_end_and_a_round_asks_for_so_many(
    alone: Equipment, repository: SimulatedRepository
) -> None:
    head = open_pulls(repository, 1)[0].head_sha
    for _ in range(104):
        repository.open_pull(head)
    alone = dataclasses.replace(
        alone, settings=dataclasses.replace(alone.settings, timers=Timers(sweep_most=103, lease=60))
    )
    first = swept(alone)
    assert len(first) == 103
    assert len(first | swept(alone)) == 105


def test_it_comments_only_on_heads_from_after_the_repository_was_first_served(
    alone: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    [pull] = open_pulls(repository, 1)
    name = f"{repository.full_name}#{pull.number}"
    assert swept(alone) == {name}  # the App was installed before that
    # Another repository is known by now; this one is new among those that are served.
    alone.redis.flushall()
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    alone.redis.hset("scalability-bot:served", "octo/another", later)
    alone.redis.hset("scalability-bot:served", repository.full_name, later)
    assert swept(alone) == {f"{name} old"}


def test_a_long_absence_is_no_storm() -> None:
    now = datetime.now(UTC)
    assert sweep.young(now - timedelta(days=400), now, 3 * 86400.0) == now - timedelta(days=3)
    assert sweep.young(now - timedelta(days=1), now, 3 * 86400.0) == now - timedelta(days=1)


def test_since_when_a_repository_is_served_survives_a_redis_that_came_back_empty(equipment: Equipment) -> None:
    now = datetime.now(UTC)
    since, later, made = now - timedelta(days=9), now + timedelta(minutes=5), now + timedelta(minutes=2)
    first = Installed("octo/a", 1, since, since)
    assert sweep.served_since(equipment.redis, [first], now) == {"octo/a": since}
    # One that the operator or the App's owner added is served from now on; one that was made meanwhile since then.
    added, new = Installed("octo/b", 1, since, since), Installed("octo/c", 1, since, made)
    found = sweep.served_since(equipment.redis, [first, added, new], later)
    assert found == {"octo/a": since, "octo/b": later, "octo/c": made}
    assert sweep.served_since(equipment.redis, [first, added, new], later + timedelta(days=1)) == found
    equipment.redis.flushall()
    assert sweep.served_since(equipment.redis, [first], later) == {"octo/a": since}


def test_in_shadow_mode_redis_is_the_record(alone: Equipment, repository: SimulatedRepository) -> None:
    shadow = dataclasses.replace(alone, settings=dataclasses.replace(alone.settings, mode="shadow"))
    first, second = open_pulls(repository, 2)
    key = Key("normal", repository.full_name, first.number)
    shadow.redis.hset(f"{PREFIX}record:{key.name}", "done", f"{first.head_sha} {base_key('master')}")
    assert swept(shadow) == {f"{repository.full_name}#{second.number}"}


def test_a_repository_that_cannot_be_read_hinders_no_other(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    [pull] = open_pulls(repository, 1)
    github.repository("octo/unreadable")
    only = dataclasses.replace(
        equipment,
        settings=dataclasses.replace(equipment.settings, repositories=(repository.full_name, "octo/unreadable")),
    )
    original = sweep.open_pulls

    def failing(page: Any) -> Any:
        if page.name == "octo/unreadable":
            raise Unreachable("GitHub is down")
        return original(page)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "open_pulls", failing)
        assert swept(only) == {f"{repository.full_name}#{pull.number}"}
