"""The operator's page tells how everything stands, what is wrong and what to do; its buttons are its own."""

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from redis import Redis

from bot import ended, operator_pages, status
from bot.queue import QUEUES, REVIEWS, Queues
from bot.review_request import ReviewRequest
from bot.settings import Secret, Settings
from workers.equipment import Equipment
from workers.parser import Parser
from workers.worker import Worker

JOB = "octo/kubernetes#7 (deep)"


def fail(redis: Redis, job: str, said: str, queue: str = REVIEWS) -> None:
    """Have a pull request be one that was given up, as a turn leaves it."""
    ended.note(redis, job, queue, "failed", 1.0, said)


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
    assert all(f'<th scope="row">{name}</th>' in page.text for name in (*QUEUES, *status.WORK.values()))


def test_a_queue_that_nobody_serves_is_told_with_what_to_do(queues: Queues) -> None:
    problems = status.read(queues).problems
    assert all(
        f"start one (scalability-bot worker {name})" in each for name, each in zip(QUEUES, problems, strict=True)
    )


@pytest.mark.usefixtures("workers")
def test_waiting_and_ended_jobs_are_told(queues: Queues, client: FlaskClient, redis_connection: Redis) -> None:
    queues.submit([ReviewRequest(repository="octo/kubernetes", number=8, cause="opened")])
    for number in range(ended.KEPT + 3):
        ended.note(
            redis_connection, f"review-{number}", REVIEWS, "finished", 12.3, "2 diagnostics; wrote <b>nothing</b>"
        )
    redis_connection.lpush("scalability-bot:ended", "what another version wrote")
    found = status.read(queues)
    assert [each.due for each in found.waiting if each.kind == "normal"] == [1]
    assert found.ended[0].job == f"review-{ended.KEPT + 2}" and len(found.ended) == ended.KEPT - 1
    page = client.get("/status").text
    assert "12 s" in page and "&lt;b&gt;nothing" in page and "<b>" not in page


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("set aside: GitHub answered 404: Not Found", "Install the App"),
        ("set aside: the analysis of a..b took longer than 600 s", "JOB_TIMEOUT"),
        (
            "set aside: the analysis of a..b failed: it needs more memory than JOB_MEMORY_MB allows",
            "JOB_MEMORY_MB",
        ),
        ("set aside: GitHub did not answer (ConnectionError)", "run it again"),
        ("set aside: the private key /key cannot be read: x", "doctor"),
        ("KeyError: 'x'", "log"),
        ("", "log"),
    ],
)
def test_each_failure_has_its_advice(queues: Queues, redis_connection: Redis, said: str, sentence: str) -> None:
    fail(redis_connection, JOB, said)
    (failure,) = status.read(queues).failures
    assert failure.reason == (said or "it left no reason") and sentence in failure.advice


def test_what_ran_since_is_no_failure(queues: Queues, redis_connection: Redis) -> None:
    fail(redis_connection, JOB, "set aside: x")
    ended.note(redis_connection, JOB, REVIEWS, "finished", 1.0, "reviewed abc")
    assert status.read(queues).failures == ()


def test_what_another_wrote_breaks_nothing(queues: Queues, redis_connection: Redis) -> None:
    redis_connection.hset("scalability-bot:mirrors", "host", "{")
    found = status.read(queues)
    assert found.failures == () and found.mirrors == ()


def test_mirrors_of_each_worker_are_told(queues: Queues, client: FlaskClient, redis_connection: Redis) -> None:
    status.note_mirrors(redis_connection, "worker-1", 1234.4, 20480)
    assert "Mirrors on worker-1: 1,234 of 20,480 MiB" in client.get("/status").text


def test_a_failure_is_looked_at_again_by_the_pages_own_button_only(
    client: FlaskClient, queues: Queues, redis_connection: Redis
) -> None:
    fail(redis_connection, JOB, "KeyError: 'x'")
    token = re.findall(r'name="token" value="([^"]+)"', client.get("/status").text)[0]

    def press(**changes: str) -> int:
        headers = {"Origin": changes.pop("origin", "http://localhost")}
        form = {"token": token, "job": JOB, **changes}
        return client.post("/status/run-again", data=form, headers=headers).status_code

    def due() -> int:
        return queues.keys.due("deep")[0]

    assert press(token="") == press(token="x") == press(origin="http://evil.example") == 403
    assert press(job="octo/kubernetes#9") == 303 and due() == 0
    assert press() == 303 and due() == 1
    taken = queues.keys.take(("deep!",))
    assert taken and str(taken.key) == JOB and taken.again
    assert press() == 303 and status.read(queues).failures == ()  # it is no failure any more
    client.delete_cookie("form")
    assert press() == 403


def test_without_redis_the_page_says_so(redis_connection: Redis) -> None:
    away = Queues(Redis.from_url("unix:///nonexistent/redis.sock"))
    client = operator_pages.create(Settings(), away, CollectorRegistry()).test_client()
    page = client.get("/status")
    assert page.status_code == 503 and "check REDIS_URL" in page.text
