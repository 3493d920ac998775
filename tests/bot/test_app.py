import json
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import rq
from flask.testing import FlaskClient
from prometheus_client import generate_latest
from redis import Redis
from rq.serializers import JSONSerializer
from werkzeug.test import TestResponse

from bot.app import LARGEST_BODY, create_app
from bot.keys import PREFIX, Keys
from bot.queue import DEEP, REVIEWS, SECTIONS, TURN
from bot.review_request import CommandSource
from bot.settings import Secret, Settings, SettingsError
from bot.timers import DEFAULT, Timers
from tests.bot.payloads import APP_ID, HEAD, OTHER_HEAD, SECRET, comment, labeled, pull_request, signed


def settings(redis_url: str, timers: Timers = DEFAULT) -> Settings:
    return Settings(
        timers=timers,
        app_id=APP_ID,
        webhook_secrets=(Secret(SECRET), Secret("the old one")),
        repositories=("octo/*",),
        redis_url=Secret(redis_url),
    )


@pytest.fixture
def client(redis_url: str) -> Iterator[FlaskClient]:
    app = create_app(settings(redis_url))
    with app.test_client() as client:
        yield client


def post(client: FlaskClient, event: str, payload: Any, **more: Any) -> TestResponse:
    headers, body = signed(event, payload, **more)
    return client.post("/webhook", headers=headers, data=body)


def waiting(redis: Redis, queue: str = "reviews") -> int:
    return int(redis.llen(f"rq:queue:{queue}"))


def test_a_pull_request_is_queued(client: FlaskClient, redis_connection: Redis) -> None:
    answer = post(client, "pull_request", pull_request())
    assert answer.status_code == 202
    assert answer.json == {"asked": [{"pull_request": "octo/kubernetes#12", "outcome": "queued"}]}
    assert waiting(redis_connection) == 1
    record = redis_connection.hgetall(f"{PREFIX}record:normal:octo/kubernetes#12")
    assert f"head:{HEAD}".encode() in record


def test_the_same_delivery_again_is_accepted_and_harmless(client: FlaskClient, redis_connection: Redis) -> None:
    answers = [post(client, "pull_request", pull_request()) for _ in range(5)]
    answers.append(post(client, "pull_request", pull_request(), delivery="d-2"))
    assert [answer.status_code for answer in answers] == [202] * 6
    assert waiting(redis_connection) == 1


def test_what_is_ignored_is_accepted_with_the_reason(client: FlaskClient, redis_connection: Redis) -> None:
    answer = post(client, "pull_request", pull_request(draft=True))
    assert (answer.status_code, answer.json) == (202, {"ignored": "a draft waits until it is ready for review"})
    assert waiting(redis_connection) == 0


def test_a_command_goes_before_automatic_reviews(client: FlaskClient, redis_connection: Redis) -> None:
    assert post(client, "issue_comment", comment("/scalability-check")).status_code == 202
    # Whoever is free first says that it was heard; then the review comes before all that nobody asked for.
    assert (waiting(redis_connection, "commands"), waiting(redis_connection)) == (1, 1)
    post(client, "pull_request", pull_request(number=13), delivery="d-2")
    keys = Keys(redis_connection)
    taken = [keys.take(SECTIONS[REVIEWS]) for _ in range(3)]
    assert [str(each.key) for each in taken if each] == [
        "octo/kubernetes#12 (talk)",
        "octo/kubernetes#12",
        "octo/kubernetes#13",
    ]


def test_a_deep_scan_by_label_and_by_command(client: FlaskClient, redis_connection: Redis) -> None:
    post(client, "pull_request", labeled())
    post(client, "issue_comment", comment("/scalability-check deep", association="MEMBER"), delivery="d-2")
    # One key, however many ask for it.
    assert (waiting(redis_connection, "deep"), waiting(redis_connection, "commands")) == (1, 1)
    taken = Keys(redis_connection).take(SECTIONS[DEEP])
    assert taken and (taken.again, list(taken.commands)) == (("d-1",), ["issue_comment-700-deep"])


def test_a_pull_request_waits_once_and_closing_takes_nothing_away(client: FlaskClient, redis_connection: Redis) -> None:
    post(client, "pull_request", pull_request())
    again = post(client, "pull_request", pull_request("synchronize", head=OTHER_HEAD), delivery="d-2")
    assert again.json == {"asked": [{"pull_request": "octo/kubernetes#12", "outcome": "waiting"}]}
    assert post(client, "pull_request", pull_request("closed"), delivery="d-3").status_code == 202
    assert waiting(redis_connection) == 1


def test_the_fourth_command_of_an_hour_is_told_and_the_fifth_is_not(
    client: FlaskClient, redis_connection: Redis
) -> None:
    for number in range(1, 6):
        post(client, "issue_comment", comment("/scalability-check", comment_id=number), delivery=f"d-{number}")
    taken = Keys(redis_connection).take(["talk!"])
    assert taken
    answers = sorted(json.loads(text)["answer"] for text in taken.commands.values())
    assert answers == ["received", "received", "received", "too-many"]
    asked = Keys(redis_connection).take(["normal!"])
    assert asked and len(asked.commands) == 3


def test_a_label_that_a_repository_configured_counts(client: FlaskClient, redis_connection: Redis) -> None:
    redis_connection.hset("scalability-bot:labels", "octo/kubernetes", "sig/scalability")
    post(client, "pull_request", labeled("sig/scalability"))
    assert waiting(redis_connection, "deep") == 1
    redis_connection.set("scalability-bot:mention:octo/kubernetes:13", 1)
    echo = post(client, "pull_request", labeled("sig/scalability", number=13), delivery="d-2")
    assert "mention" in echo.json["ignored"]  # type: ignore[index]
    assert waiting(redis_connection, "deep") == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401),
        ({"X-Hub-Signature-256": ""}, 401),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": ""}, 415),
        ({"X-GitHub-Delivery": ""}, 400),
        ({"X-GitHub-Event": ""}, 400),
    ],
)
def test_bad_headers_get_their_answer(
    client: FlaskClient, redis_connection: Redis, changes: dict[str, str], status: int
) -> None:
    headers, body = signed("pull_request", pull_request())
    answer = client.post("/webhook", headers=headers | changes, data=body)
    assert answer.status_code == status
    assert answer.json and answer.json["error"]
    assert redis_connection.dbsize() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"action": 1}', b'{"action": "opened"}'])
def test_a_signed_body_that_makes_no_sense_is_a_bad_request(client: FlaskClient, body: bytes) -> None:
    answer = post(client, "pull_request", body)
    assert answer.status_code in ({202} if body == b'{"action": "opened"}' else {400})


def test_a_byte_changed_on_the_way_is_noticed(client: FlaskClient) -> None:
    headers, body = signed("pull_request", pull_request())
    assert client.post("/webhook", headers=headers, data=body + b" ").status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_only_post_is_allowed(client: FlaskClient, method: str) -> None:
    answer = client.open("/webhook", method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_the_largest_payload_is_taken_and_one_byte_more_is_not(client: FlaskClient) -> None:
    start = json.dumps(pull_request())[:-1] + ', "x": "'
    largest = (start + "y" * (LARGEST_BODY - len(start) - 2) + '"}').encode()
    assert len(largest) == LARGEST_BODY
    assert post(client, "pull_request", largest).status_code == 202
    assert post(client, "pull_request", largest + b" ").status_code == 413


def test_without_its_queue_it_says_so(redis_url: str) -> None:
    away = create_app(settings("unix:///nonexistent/redis.sock")).test_client()
    answer = post(away, "pull_request", pull_request())
    assert (answer.status_code, answer.json) == (503, {"error": "the queue cannot be reached"})
    assert post(away, "pull_request", labeled()).status_code == 503
    assert post(away, "issue_comment", comment("/scalability-check")).status_code == 503
    assert away.get("/readyz").status_code == 503
    assert away.get("/healthz").status_code == 200
    # What needs no queue is answered all the same, and what is wrong stays wrong.
    assert post(away, "ping", {"zen": "x"}).status_code == 202
    assert away.post("/webhook", headers={"Content-Type": "application/json"}).status_code == 401


def test_a_queue_that_hangs_is_a_queue_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # it accepts, and never answers
        client = create_app(settings(f"redis://127.0.0.1:{deaf.getsockname()[1]}")).test_client()
        assert post(client, "pull_request", pull_request()).status_code == 503
        assert client.get("/readyz").status_code == 503


def test_one_delivery_that_found_the_queue_hanging_is_enough_for_those_behind_it() -> None:
    assert 2 * DEFAULT.queue_answer < 1, "connecting and a reply, so that GitHub is told within a second"
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        asleep = settings(f"redis://127.0.0.1:{deaf.getsockname()[1]}", Timers(queue_asleep=3600.0))
        client = create_app(asleep).test_client()
        for _ in range(5):
            assert post(client, "pull_request", pull_request()).status_code == 503
        deaf.settimeout(0)
        deaf.accept()[0].close()
        with pytest.raises(BlockingIOError):
            deaf.accept()


def test_a_body_that_is_no_utf_8_is_malformed(client: FlaskClient) -> None:
    assert post(client, "pull_request", b'{"action": "\xff\xfe"}').status_code == 400
    assert post(client, "installation", b'{"action": "\xff\xfe"}').status_code == 400


def test_after_an_answer_of_503_the_delivery_can_come_again(redis_url: str, redis_connection: Redis) -> None:
    app = create_app(settings(redis_url))
    redis_connection.config_set("maxmemory", "1")  # with noeviction every write is refused
    try:
        assert post(app.test_client(), "pull_request", pull_request()).status_code == 503
    finally:
        redis_connection.config_set("maxmemory", "0")
    assert post(app.test_client(), "pull_request", pull_request()).json["asked"][0]["outcome"] == "queued"  # type: ignore[index]
    assert waiting(redis_connection) == 1


def test_health_and_readiness(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_metrics_are_not_on_the_public_port(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404


def test_every_outcome_is_counted(client: FlaskClient) -> None:
    post(client, "pull_request", pull_request())
    post(client, "pull_request", pull_request())
    post(client, "pull_request", pull_request(draft=True))
    post(client, "pull_request", b"{")
    client.post("/webhook", headers={"Content-Type": "application/json", "X-GitHub-Event": "forged"})
    lines = generate_latest(client.application.extensions["metrics"].registry).decode().splitlines()
    for event, outcome in [
        ("pull_request", "queued"),
        ("pull_request", "duplicate"),
        ("pull_request", "ignored"),
        ("pull_request", "Malformed"),
        ("other", "BadSignature"),
    ]:
        assert f'scalability_bot_deliveries_total{{event="{event}",outcome="{outcome}"}} 1.0' in lines
    assert "scalability_bot_enqueue_seconds_count 2.0" in lines


def test_the_log_names_what_came_and_holds_no_text_of_it(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post(client, "issue_comment", comment("/scalability-check\nthe secret plan\r\n"))
    post(client, "pull_request", pull_request(repository="elsewhere/kubernetes"))
    headers, body = signed("pull_request", pull_request())
    headers |= {"X-Hub-Signature-256": "sha256=0", "X-GitHub-Event": "forged"}
    client.post("/webhook", headers=headers, data=body)
    assert "queued octo/kubernetes#12" in caplog.text
    assert "elsewhere/kubernetes is not covered by REPOSITORIES" in caplog.text
    assert "a delivery of 'forged' was refused" in caplog.text
    for secret in ("secret plan", SECRET, "sha256="):
        assert secret not in caplog.text


def test_what_is_missing_is_said_at_once() -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_SECRETS"):
        create_app(Settings())


def test_what_reaches_the_queue_is_a_request_that_workers_can_read(
    client: FlaskClient, redis_connection: Redis
) -> None:
    post(client, "issue_comment", comment("/scalability-check"))
    (job,) = rq.Queue("commands", connection=redis_connection, serializer=JSONSerializer).jobs
    assert (job.func_name, job.args) == (TURN, ["commands"])  # a turn names no pull request
    taken = Keys(redis_connection).take(["normal!"])
    assert taken
    [text] = taken.commands.values()
    source = CommandSource.from_json(json.loads(text))
    assert (source.id, source.author, taken.installation, taken.author) == (700, "alice", 99, "")


def test_the_web_process_loads_no_analyzer() -> None:
    script = (
        "import sys\n"
        "from bot import app, pages, serve\n"
        "from bot.settings import Secret, Settings\n"
        "made = app.create_app(Settings(app_id=1, webhook_secrets=(Secret('s'),), repositories=('a/*',), redis_url=Secret('unix:///x')))\n"
        "assert made.test_client().get('/rules').status_code == 200\n"
        "print('\\n'.join(sys.modules))\n"
    )
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "analyzers.catalogue" in modules
    heavy = {"tree_sitter", "tree_sitter_go", "openapi_core", "unidiff", "github", "workers", "analyzers.golang"}
    assert not heavy & set(modules)
    from analyzers import catalogue

    assert not {f"analyzers.rules.{name.replace('-', '_')}" for name in catalogue.names()} & set(modules)
