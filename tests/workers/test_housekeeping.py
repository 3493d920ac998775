import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rq
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from bot import deep_scans
from bot.queue import MAINTAIN, MAINTENANCE, REVIEW, REVIEWS, Queues
from bot.review_request import ReviewRequest
from bot.settings import Secret, Settings
from workers import housekeeping
from workers.housekeeping import HousekeepingError
from workers.jobs import Equipment
from workers.parser import Parser
from workers.sandbox import Fault, SimulatedGitHub, SimulatedRepository


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
    )
    return Equipment(settings, redis_connection, Parser(timeout=10, memory_mb=512))


def queue(equipment: Equipment, name: str = REVIEWS) -> rq.Queue:
    return rq.Queue(name, connection=equipment.redis, serializer=JSONSerializer)


def request_for(repository: SimulatedRepository, head: str, number: int = 1) -> ReviewRequest:
    return ReviewRequest(repository=repository.full_name, number=number, head=head, cause="opened")


def test_a_job_in_no_list_is_put_back(equipment: Equipment) -> None:
    queues = Queues(equipment.redis)
    request = ReviewRequest(repository="octo/x", number=1, head="a" * 40, cause="opened")
    lost, waiting, young = (
        queues.submit(ReviewRequest(repository="octo/x", number=number, head="a" * 40, cause="opened")).job_id
        for number in (1, 2, 3)
    )
    long_ago = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for job_id in (lost, waiting):
        equipment.redis.hset(Job.key_for(job_id), "enqueued_at", long_ago)
    for job_id in (lost, young):
        equipment.redis.lrem("rq:queue:reviews", 1, job_id)
    assert housekeeping.put_back_lost_jobs(equipment) == "1 lost jobs put back"
    assert queue(equipment).get_job_ids() == [waiting, lost]
    assert housekeeping.put_back_lost_jobs(equipment) == ""
    assert request.job_id == lost


@pytest.mark.parametrize("place", ["rq:queue:reviews:intermediate", "rq:wip:reviews", "rq:scheduled:reviews"])
def test_a_job_on_its_way_is_left(equipment: Equipment, place: str) -> None:
    job_id = (
        Queues(equipment.redis).submit(ReviewRequest(repository="octo/x", number=1, head="a" * 40, cause="x")).job_id
    )
    equipment.redis.hset(Job.key_for(job_id), "enqueued_at", "2020-01-01T00:00:00.000000Z")
    equipment.redis.lrem("rq:queue:reviews", 1, job_id)
    if "intermediate" in place:
        equipment.redis.rpush(place, job_id)
    else:
        equipment.redis.zadd(place, {f"{job_id}:execution" if "wip" in place else job_id: 9e9})
    assert housekeeping.put_back_lost_jobs(equipment) == ""


def fail_for_good(equipment: Equipment, request: ReviewRequest) -> Job:
    job = queue(equipment).enqueue(REVIEW, request.to_json(), job_id=request.job_id)
    with equipment.redis.pipeline() as pipeline:
        job.set_status(rq.job.JobStatus.FAILED, pipeline=pipeline)
        job._handle_failure("it crashed", pipeline)
        pipeline.execute()
    return job


def test_a_review_that_failed_for_good_is_told_once(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({"a.go": "package a\n\nfunc A() {}\n"})
    fail_for_good(equipment, request_for(repository, pull.head_sha))
    assert housekeeping.set_failed_aside(equipment) == "1 failed jobs set aside"
    assert housekeeping.set_failed_aside(equipment) == ""
    [run] = repository.check_runs(pull)
    assert (run.name, run.status, run.conclusion) == ("scalability", "completed", "neutral")
    assert run.title == "The review could not be finished"


def test_a_failure_that_cannot_be_told_now_is_told_later_and_hinders_no_other(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({"a.go": "package a\n\nfunc A() {}\n"})
    other = github.repository("octo/unhindered")
    other.commit({"a.go": "package a\n"})
    second = other.open_pull({"a.go": "package a\n\nfunc A() {}\n"})
    fail_for_good(equipment, request_for(repository, pull.head_sha))
    fail_for_good(equipment, request_for(other, second.head_sha))
    equipment.redis.hset(Job.key_for(request_for(other, "", 9).job_id), "data", b"[")
    equipment.redis.zadd("rq:failed:reviews", {request_for(other, "", 9).job_id: 9e9})
    github.faults.add(Fault(path=f"/{repository.record.name}/", status=429, times=None))
    assert housekeeping.set_failed_aside(equipment) == "1 failed jobs set aside"
    assert other.check_runs(second)
    github.faults.clear()
    assert housekeeping.set_failed_aside(equipment) == "1 failed jobs set aside"
    assert repository.check_runs(pull)


def test_a_failure_on_a_repository_that_is_gone_is_let_go(equipment: Equipment) -> None:
    fail_for_good(equipment, ReviewRequest(repository="octo/gone", number=1, head="a" * 40, cause="opened"))
    assert housekeeping.set_failed_aside(equipment) == "1 failed jobs set aside"
    assert housekeeping.set_failed_aside(equipment) == ""


def test_a_deep_scan_that_did_not_end_is_closed_as_neutral(
    equipment: Equipment, repository: SimulatedRepository
) -> None:
    from workers import jobs

    pull = repository.open_pull({"a.go": "package a\n\nfunc A() {}\n"})
    request = ReviewRequest(repository=repository.full_name, number=1, head=pull.head_sha, depth="deep", cause="label")
    from bot.github import GitHub

    with GitHub(equipment.app, repository.full_name) as page:
        jobs._begin_deep_scan(equipment, page, request)
    [run] = repository.check_runs(pull)
    assert run.status == "in_progress"
    assert housekeeping.close_deep_scans(equipment) == ""
    eleven_minutes = datetime.now(UTC).timestamp() - 660
    deep_scans.begun(equipment.redis, request, pull.head_sha, now=lambda: eleven_minutes)
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
    assert again(100 * 24 * 60) == housekeeping.REDELIVERIES
    github.webhook_url = None


def test_deliveries_are_looked_at_from_time_to_time_only(equipment: Equipment, github: SimulatedGitHub) -> None:
    def asked() -> int:
        return sum(request.operation == "apps/list-webhook-deliveries" for request in github.state.requests)

    before = asked()
    for _ in range(3):
        housekeeping.ask_for_failed_deliveries(equipment)
    assert asked() == before + 1


def test_one_thing_that_fails_hinders_no_other(equipment: Equipment, github: SimulatedGitHub) -> None:
    def asked() -> int:
        return sum(request.operation == "apps/list-webhook-deliveries" for request in github.state.requests)

    before = asked()
    equipment.redis.zadd("scalability-bot:deep-scans", {"no deep scan": 1.0})
    with pytest.raises(HousekeepingError, match="close_deep_scans: "):
        housekeeping.maintain(equipment)
    # What comes after it in the list was done.
    assert asked() == before + 1


def test_each_minute_is_submitted_once_and_a_failure_at_once(equipment: Equipment) -> None:
    for _ in range(3):
        housekeeping.submit(equipment.redis)
        housekeeping.submit(equipment.redis, "review-octo__x-1")
    waiting = queue(equipment, MAINTENANCE).get_jobs()
    assert len(waiting) == 2
    assert {job.func_name for job in waiting} == {MAINTAIN}
    assert all(job.retries_left == 3 for job in waiting)
