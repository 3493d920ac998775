"""The operator's page tells how everything stands, what is wrong and what to do; its buttons are its own."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import rq
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from redis import Redis
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer

from bot import ended, operator_pages, status
from bot.queue import QUEUES, REVIEW, REVIEWS, Queues
from bot.settings import Secret, Settings
from workers.jobs import Equipment
from workers.parser import Parser
from workers.worker import Worker


def fail(redis: Redis, job_id: str, trace: str, queue: str = REVIEWS) -> None:
    """Have a job be one that failed for good, as RQ's worker leaves it."""
    Queues(redis).enqueue(queue, REVIEW, {"a": 1}, job_id)
    own = rq.Queue(queue, connection=redis, serializer=JSONSerializer)
    own.remove(job_id)
    job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
    job.ended_at = datetime.now(UTC)
    job.save()
    job.set_status(JobStatus.FAILED)
    FailedJobRegistry(queue=own).add(job, ttl=1000, exc_string=trace)
    Result.create_failure(job, 1000, exc_string=trace)


@pytest.fixture
def queues(redis_connection: Redis) -> Queues:
    return Queues(redis_connection)


@pytest.fixture
def client(queues: Queues) -> Iterator[FlaskClient]:
    settings = Settings(webhook_secrets=(Secret("s"),), repositories=("octo/*",), mode="shadow")
    with operator_pages.create(settings, queues, CollectorRegistry()).test_client() as client:
        yield client


@pytest.fixture
def workers(redis_connection: Redis) -> None:
    """Register a worker for each queue, as one that has just begun."""
    for name in QUEUES:
        equipment = Equipment(Settings(), redis_connection, Parser(timeout=1, memory_mb=1))
        worker = Worker(name, equipment)
        worker.register_birth()  # type: ignore[no-untyped-call]
        worker.set_state("idle")


@pytest.mark.usefixtures("workers")
def test_nothing_to_do_is_said(client: FlaskClient) -> None:
    page = client.get("/status")
    assert page.status_code == 200 and "All is well." in page.text and "mode shadow" in page.text
    assert all(f'<th scope="row">{name}</th>' in page.text for name in QUEUES)


def test_a_queue_that_nobody_serves_is_told_with_what_to_do(queues: Queues) -> None:
    problems = status.read(queues).problems
    assert all(
        f"start one (scalability-bot worker {name})" in each for name, each in zip(QUEUES, problems, strict=True)
    )


@pytest.mark.usefixtures("workers")
def test_waiting_and_ended_jobs_are_told(queues: Queues, client: FlaskClient, redis_connection: Redis) -> None:
    queues.enqueue(REVIEWS, REVIEW, {"a": 1}, "waits")
    for number in range(ended.KEPT + 3):
        ended.note(
            redis_connection, f"review-{number}", REVIEWS, "finished", 12.3, "2 diagnostics; wrote <b>nothing</b>"
        )
    redis_connection.lpush("scalability-bot:ended", "what another version wrote")
    found = status.read(queues)
    assert [queue.waiting for queue in found.queues if queue.queue == REVIEWS] == [1]
    assert found.ended[0].job == f"review-{ended.KEPT + 2}" and len(found.ended) == ended.KEPT - 1
    page = client.get("/status").text
    assert "12 s" in page and "&lt;b&gt;nothing" in page and "<b>" not in page


@pytest.mark.parametrize(
    ("trace", "sentence"),
    [
        ("bot.github_calls.Refused: GitHub answered 404: Not Found", "Install the App"),
        ("workers.parser.ParserError: the analysis of a..b took longer than 600 s", "JOB_TIMEOUT"),
        (
            "workers.parser.ParserError: the analysis of a..b failed: it needs more memory than JOB_MEMORY_MB allows",
            "JOB_MEMORY_MB",
        ),
        ("bot.github_calls.Unreachable: GitHub did not answer (ConnectionError)", "run it again"),
        ("bot.settings.SettingsError: the private key /key cannot be read: x", "doctor"),
        ("KeyError: 'x'", "log"),
        ("", "log"),
    ],
)
def test_each_failure_has_its_advice(queues: Queues, redis_connection: Redis, trace: str, sentence: str) -> None:
    fail(redis_connection, "review-1", f"Traceback (most recent call last):\n  File x\n{trace}\n" if trace else "")
    (failure,) = status.read(queues).failures
    assert failure.reason == (trace or "it left no reason") and sentence in failure.advice


def test_a_record_that_is_no_job_breaks_nothing(queues: Queues, redis_connection: Redis) -> None:
    redis_connection.zadd("rq:failed:reviews", {"ghost": 9e9})
    redis_connection.hset("scalability-bot:mirrors", "host", "{")
    found = status.read(queues)
    assert found.failures == () and found.mirrors == ()


def test_mirrors_of_each_worker_are_told(queues: Queues, client: FlaskClient, redis_connection: Redis) -> None:
    status.note_mirrors(redis_connection, "worker-1", 1234.4, 20480)
    assert "Mirrors on worker-1: 1,234 of 20,480 MiB" in client.get("/status").text


def test_a_failed_job_runs_again_by_the_pages_own_button_only(client: FlaskClient, redis_connection: Redis) -> None:
    fail(redis_connection, "review-1", "KeyError: 'x'")
    token = re.findall(r'name="token" value="([^"]+)"', client.get("/status").text)[0]

    def press(**changes: str) -> int:
        headers = {"Origin": changes.pop("origin", "http://localhost")}
        form = {"token": token, "job": "review-1", **changes}
        return client.post("/status/run-again", data=form, headers=headers).status_code

    assert press(token="") == press(token="x") == press(origin="http://evil.example") == 403
    assert redis_connection.llen("rq:queue:reviews") == 0
    assert press() == 303 and redis_connection.lrange("rq:queue:reviews", 0, -1) == [b"review-1"]
    assert press() == 303 and redis_connection.llen("rq:queue:reviews") == 1  # it is no failure any more
    client.delete_cookie("form")
    assert press() == 403


def test_without_redis_the_page_says_so(redis_connection: Redis) -> None:
    away = Queues(Redis.from_url("unix:///nonexistent/redis.sock"))
    client = operator_pages.create(Settings(), away, CollectorRegistry()).test_client()
    page = client.get("/status")
    assert page.status_code == 503 and "check REDIS_URL" in page.text
