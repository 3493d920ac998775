"""A report's page: shown to those who may see the repository, as GitHub says, and to nobody else."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from analyzers.kubernetes.requests.asked import Asked, Side
from bot import kept_reports, sign_in
from bot.app import create_app
from bot.kept_reports import KeptReport
from bot.queue import Queues
from bot.settings import Secret, Settings
from tests.bot.scene import diagnostic, note, place, report
from workers.sandbox import Fault, SimulatedGitHub

PUBLIC = "https://bot.example.com"
SECRET_CODE = "secretly.List()"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path / "github") as simulated:
        simulated.repository("octo/open")
        simulated.repository("octo/closed", private=True).member("sig-lead", "MEMBER")
        yield simulated


@pytest.fixture
def client(github: SimulatedGitHub, redis_connection: Redis) -> FlaskClient:
    return receiver(github, redis_connection)


def receiver(github: SimulatedGitHub, redis: Redis, *, offered: bool = True) -> FlaskClient:
    settings = Settings(
        app_id=1,
        webhook_secrets=(Secret("s"),),
        repositories=("octo/*",),
        redis_url=Secret("unix:///nonexistent"),
        github_api_url=github.url,
        github_git_url=github.git_url,
        public_url=PUBLIC,
        client_id=github.client_id if offered else None,
        client_secret=Secret(github.client_secret if offered else ""),
    )
    return create_app(settings, Queues(redis)).test_client()


def kept(redis: Redis, repository: str) -> str:
    """Keep a report; give its page's path."""
    found = report(
        diagnostic(witness=(place("cmd/main.go", 7, "main"),), excerpt=(f"\t_ = {SECRET_CODE}",)),
        note(),
        asked=(Asked("kubelet", "GET", "secrets", "resource", Side(), Side(2), "pkg/a.go", 10),),
    )
    name = kept_reports.keep(redis, KeptReport(repository, 5, "f" * 40, "deep", 1e9, found))
    assert name is not None
    return f"/reports/{name}"


def sign(client: FlaskClient, github: SimulatedGitHub, page: str, login: str) -> TestResponse:
    """Walk through the sign-in as a browser does; give the page that it ends at."""
    begun = client.get("/sign-in", query_string={"report": page.rpartition("/")[2]})
    return client.get(answered(github, begun, login), follow_redirects=True)


def answered(github: SimulatedGitHub, begun: TestResponse, login: str) -> str:
    """Have a person say yes on GitHub's page; give the address that GitHub sends the browser to."""
    assert begun.status_code == 303
    asked = {name: value for name, (value,) in parse_qs(urlsplit(begun.location).query).items()}
    assert begun.location.startswith(f"{github.git_url}/login/oauth/authorize?")
    answer = requests.post(
        f"{github.git_url}/login/oauth/authorize", data={**asked, "login": login}, allow_redirects=False, timeout=10
    )
    assert answer.headers["Location"].startswith(f"{PUBLIC}/signed-in?")
    return answer.headers["Location"].removeprefix(PUBLIC)


def test_a_public_repository_s_report_is_shown_to_everybody(client: FlaskClient, redis_connection: Redis) -> None:
    page = client.get(kept(redis_connection, "octo/open"))
    assert page.status_code == 200
    text = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    assert "octo/open#5" in text
    assert SECRET_CODE in re.sub(r"<[^>]+>", "", page.text)
    assert "The way there main cmd/main.go:7 this line pkg/a.go:10" in text
    assert "kubelet GET secrets resource - 2 places pkg/a.go:10" in text
    assert page.headers["Cache-Control"] == "no-store" and page.headers["X-Robots-Tag"] == "noindex"
    assert not re.search(r"\son\w+=|<script|style=", page.text)


def test_strangers_are_told_the_same_of_a_private_one_and_of_none(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    private = client.get(kept(redis_connection, "octo/closed"))
    deleted = client.get(kept(redis_connection, "octo/deleted"))
    # The last ones are names of the bot's own in Redis.
    unknown = [client.get(f"/reports/{name}") for name in ("A" * 22, "times", "sizes", "total", "A" * 5_000)]
    assert {each.status_code for each in (private, deleted, *unknown)} == {404}
    told = {re.sub(r"report=[\w-]+", "report=", each.text) for each in (private, deleted, *unknown)}
    assert len(told) == 1 and "octo" not in told.pop()
    assert not [each for each in github.state.requests if each.who != "nobody"]


def test_a_member_signs_in_and_reads_it_and_another_does_not(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    page = kept(redis_connection, "octo/closed")
    shown = sign(client, github, page, "sig-lead")
    assert (shown.status_code, shown.request.path) == (200, page)
    assert "octo/closed#5" in shown.text and "sig-lead" in shown.text
    assert client.get(page).status_code == 200
    other = receiver(github, redis_connection)
    refused = sign(other, github, page, "contributor")
    assert refused.status_code == 404 and "octo" not in refused.text
    assert other.get(page).status_code == 404
    assert not [token for token in github.state.tokens if token.startswith("ghu_")], "tokens are revoked at once"


def test_what_github_said_holds_for_minutes_and_is_then_asked_again(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    page = kept(redis_connection, "octo/closed")
    assert sign(client, github, page, "sig-lead").status_code == 200
    [answer] = [key for key in redis_connection.keys("scalability-bot:may-see:*") if b":everybody:" not in key]
    assert 0 < redis_connection.ttl(answer) <= sign_in.ANSWER_SECONDS
    github.repository("octo/closed").member("sig-lead", "NONE")
    assert client.get(page).status_code == 200
    redis_connection.delete(answer)  # as its expiry does
    again = client.get(page)
    assert (again.status_code, urlsplit(again.location).path) == (302, "/sign-in")
    assert sign(client, github, page, "sig-lead").status_code == 404


def test_a_repository_that_becomes_private_is_public_no_more(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    page = kept(redis_connection, "octo/open")
    assert client.get(page).status_code == 200
    github.repository("octo/open").record.private = True
    for key in redis_connection.keys("scalability-bot:may-see:everybody:*"):
        assert 0 < redis_connection.ttl(key) <= sign_in.ANSWER_SECONDS
        redis_connection.delete(key)
    assert client.get(page).status_code == 404


def test_github_away_or_at_its_limit_shows_nothing(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    page = kept(redis_connection, "octo/open")
    for status in (403, 429, 500, "drop"):
        github.faults.add(Fault(path="/repos/octo/open", status=status))
        assert client.get(page).status_code == 404, status
    assert client.get(page).status_code == 200, "and is not remembered"


def test_the_cookie_is_signed_and_kept_from_scripts_and_other_sites(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    page = kept(redis_connection, "octo/closed")
    begun = client.get("/sign-in", query_string={"report": page.rpartition("/")[2]})
    ended = client.get(answered(github, begun, "sig-lead"))
    for cookie in (*begun.headers.getlist("Set-Cookie"), *ended.headers.getlist("Set-Cookie")):
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; ")[1:]), cookie
        assert cookie.startswith("__Host-")
    session = client.get_cookie("__Host-session")
    assert session is not None
    forged = receiver(github, redis_connection)
    forged.set_cookie("__Host-session", session.value[:-2] + ("AA" if session.value[-2:] != "AA" else "BB"))
    assert forged.get(page).status_code == 404
    assert client.post("/sign-out").status_code == 303
    assert client.get(page).status_code == 404


def test_an_answer_that_no_one_asked_for_is_refused(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    page = kept(redis_connection, "octo/closed")
    name = page.rpartition("/")[2]
    address = answered(github, client.get("/sign-in", query_string={"report": name}), "sig-lead")
    stranger = receiver(github, redis_connection)
    assert stranger.get(address).status_code == 400, "another browser's"
    stranger.get("/sign-in", query_string={"report": name})
    assert stranger.get(address).status_code == 400, "another state"
    assert stranger.get("/signed-in?code=x").status_code == 400
    assert client.get(address, follow_redirects=True).status_code == 200
    assert client.get(address).status_code == 400, "a second time"


def test_who_says_no_or_brings_a_bad_code_is_told_so(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    page = kept(redis_connection, "octo/closed")
    for said, status in (("error=access_denied", 404), ("code=wrong", 503)):
        begun = client.get("/sign-in", query_string={"report": page.rpartition("/")[2]})
        state = parse_qs(urlsplit(begun.location).query)["state"][0]
        assert client.get(f"/signed-in?{said}&state={state}", follow_redirects=True).status_code == status


def test_no_token_secret_or_code_reaches_a_log_a_redirect_or_redis(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    page = kept(redis_connection, "octo/closed")
    with caplog.at_level(logging.DEBUG):
        begun = client.get("/sign-in", query_string={"report": page.rpartition("/")[2]})
        address = answered(github, begun, "sig-lead")
        ended = client.get(address)
    code = parse_qs(urlsplit(address).query)["code"][0]
    mine = "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith("werkzeug"))
    known = "\n".join(
        [str(redis_connection.get(key)) for key in redis_connection.keys("scalability-bot:may-see:*")]
        + [key.decode() for key in redis_connection.keys("*")]
    )
    for place_ in (mine, known, begun.location, ended.location or "", str(ended.headers)):
        assert "ghu_" not in place_ and github.client_secret not in place_ and code not in place_


def test_without_a_secret_only_public_ones_are_shown(github: SimulatedGitHub, redis_connection: Redis) -> None:
    client = receiver(github, redis_connection, offered=False)
    assert client.get(kept(redis_connection, "octo/open")).status_code == 200
    refused = client.get(kept(redis_connection, "octo/closed"))
    assert refused.status_code == 404 and "public repositories only" in refused.text
    assert client.get("/sign-in?report=x").status_code == 400


def test_askers_cannot_take_the_threads_of_webhooks(
    client: FlaskClient, github: SimulatedGitHub, redis_connection: Redis
) -> None:
    page = kept(redis_connection, "octo/open")
    slots = client.application.extensions["sign_in"]._slots
    for _ in range(4):
        assert slots.acquire(blocking=False)
    assert client.get(page).status_code == 503
    slots.release()
    assert client.get(page).status_code == 200
