"""The operator's page tells how everything stands, what is wrong and what to do; its buttons are its own."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from redis import Redis

from bot import ended, operator_pages, progress, status, sweep
from bot.keys import End
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
    assert "Mirrors on worker-1: 1,234 of 20,480 MiB, 0 of them stores" in client.get("/status").text


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


def test_what_is_under_way_says_how_far_it_is(queues: Queues, client: FlaskClient, redis_connection: Redis) -> None:
    queues.submit([ReviewRequest(repository="Octo/Kubernetes", number=8, cause="opened")])
    taken = queues.keys.take(("normal",))
    assert taken is not None
    assert [(each.job, each.step) for each in status.read(queues).running] == [("Octo/Kubernetes#8", "begins")]
    with progress.shown(redis_connection, taken.key):
        progress.step("analyses")
        (under_way,) = status.read(queues).running
        assert under_way.step == "analyses" and under_way.step_seconds is not None
        assert 0 <= under_way.step_seconds <= (under_way.seconds or 0)
        assert "analyses" in client.get("/status").text
        redis_connection.hset(progress.KEY, taken.key.name, "[]")
        assert [each.step for each in status.read(queues).running] == ["begins"]
    assert redis_connection.hlen(progress.KEY) == 0
    progress.step("of no turn")
    assert redis_connection.hlen(progress.KEY) == 0


def button(page: str, name: str) -> dict[str, str]:
    """Give what the form of a button sends."""
    (form,) = (each for each in re.findall("<form.*?</form>", page) if f'aria-label="{name}"' in each)
    return dict(re.findall(r'name="(token|job|part)" value="([^"]*)"', form))


def test_what_waits_for_a_time_is_told_and_can_be_had_now(queues: Queues, client: FlaskClient) -> None:
    queues.submit([ReviewRequest(repository="Octo/kubernetes", number=8, cause="opened", installation=5, author="a")])
    taken = queues.keys.take(("normal",))
    assert taken is not None
    queues.keys.end(taken, End(later=600.0, tries=1))
    ended.note(queues.connection, str(taken.key), REVIEWS, "retried", 1.0, "failed, try 1: GitHub answered 502")
    (later,) = status.read(queues).later
    assert later.job == "Octo/kubernetes#8" and 590 < later.due_seconds <= 600 and "502" in later.said
    form = button(client.get("/status").text, "Now: Octo/kubernetes#8")
    answer = client.post("/status/run-again", data={**form, "token": "x"})
    assert answer.status_code == 403 and queues.keys.due("normal")[0] == 0
    answer = client.post("/status/run-again", data=form)
    assert answer.location == "/status#later" and queues.keys.due("normal")[0] == 1
    again = queues.keys.take(("normal",))
    assert again is not None and (again.installation, again.author) == (5, "a")
    assert status.read(queues).later == ()


def test_the_last_turn_of_each_pull_request_can_be_had_again(
    queues: Queues, client: FlaskClient, redis_connection: Redis
) -> None:
    for said in ("reviewed a", "reviewed b"):
        ended.note(redis_connection, "octo/kubernetes#8", REVIEWS, "finished", 1.0, said)
    ended.note(redis_connection, "octo/kubernetes#9 (talk)", REVIEWS, "finished", 1.0, "answered")
    ended.note(redis_connection, "7d3f", REVIEWS, "crashed", 1.0)
    page = client.get("/status").text
    assert re.findall(r'aria-label="(Again: [^"]+)"', page) == ["Again: octo/kubernetes#8"]
    assert client.post("/status/run-again", data=button(page, "Again: octo/kubernetes#8")).location == "/status#ended"
    taken = queues.keys.take(("normal!",))
    assert taken is not None and taken.again  # although its head is reviewed
    assert "aria-label" not in client.get("/status").text.partition('id="ended"')[2]


@pytest.mark.usefixtures("workers")
def test_a_sweep_that_does_not_come_is_a_problem(queues: Queues, redis_connection: Redis) -> None:
    assert status.read(queues).swept_seconds is None and not status.read(queues).problems
    now = datetime.now(UTC)
    sweep.served_since(redis_connection, [], now)
    assert (status.read(queues).swept_seconds or 0) < 60 and not status.read(queues).problems
    sweep.served_since(redis_connection, [], now - timedelta(hours=2))
    (problem,) = status.read(queues).problems
    assert "120 min ago" in problem and "maintenance" in problem


def test_workers_that_went_are_forgotten(redis_connection: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    status.note_mirrors(redis_connection, "worker-old", 1, 10)
    later = time.time() + 4 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    status.note_mirrors(redis_connection, "worker-new", 1, 10, stores_mb=0.5)
    assert [(each.where, each.stores_mb) for each in status.mirrors(redis_connection)] == [("worker-new", 0.5)]
