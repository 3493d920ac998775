"""Behind Prow: events as its hook forwards them, its command-help page, and a bot that is an account with a token."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from github import GithubException
from redis import Redis

from bot.app import create_app
from bot.bot_account import BotAccount, identity
from bot.commands import NAME, Command
from bot.github import GitHub
from bot.github_app import App
from bot.keys import Taken
from bot.queue import REVIEWS, Queues
from bot.review_request import ReviewRequest
from bot.settings import Secret, Settings, SettingsError
from bot.writes import CHECK_RUN, DEEP_CHECK_RUN, PutCheckRun
from tests.bot import scene
from tests.bot.payloads import APP_ID, SECRET, comment, pull_request
from tests.end_to_end.conftest import BEFORE, FILES, FITS, PATH
from workers import jobs
from workers.equipment import Equipment
from workers.parser import Parser
from workers.sandbox import SimulatedGitHub


def settings(redis_url: str, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "bot_login": "k8s-ci-robot",
        "webhook_secrets": (Secret(SECRET),),
        "repositories": ("octo/*",),
        "redis_url": Secret(redis_url),
    }
    return Settings(**{**given, **changes})


def forwarded(
    event: str, payload: Any, target: str = "organization", number: str = "55"
) -> tuple[dict[str, str], bytes]:
    """Give an event as hook passes it on: GitHub's own headers and body, another client, both of GitHub's signatures."""
    body = json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ProwHook",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-GitHub-Hook-ID": "292430182",
        "X-GitHub-Hook-Installation-Target-ID": number,
        "X-GitHub-Hook-Installation-Target-Type": target,
        "X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    return headers, body


@pytest.fixture
def client(redis_url: str) -> Iterator[FlaskClient]:
    with create_app(settings(redis_url)).test_client() as client:
        yield client


def queued(redis: Redis, answer: Any) -> Taken:
    assert answer.json["asked"]
    taken = Queues(redis).keys.take(("normal!", "normal"))
    assert taken
    return taken


def without_installation(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name != "installation"}


def test_an_event_of_an_organisations_hook_has_no_installation(client: FlaskClient, redis_connection: Redis) -> None:
    headers, body = forwarded("pull_request", without_installation(pull_request()))
    answer = client.post("/webhook", headers=headers, data=body)
    assert answer.status_code == 202 and queued(redis_connection, answer).installation is None


@pytest.mark.parametrize(
    ("target", "number", "installation"),
    [("integration", "999", None), ("integration", str(APP_ID), 99), ("repository", "55", None)],
)
def test_the_installation_of_prows_own_app_opens_nothing_for_us(
    redis_url: str, redis_connection: Redis, target: str, number: str, installation: int | None
) -> None:
    client = create_app(settings(redis_url, app_id=APP_ID)).test_client()
    headers, body = forwarded("pull_request", pull_request(), target, number)
    answer = client.post("/webhook", headers=headers, data=body)
    assert queued(redis_connection, answer).installation == installation


def test_a_command_that_hook_forwards_is_answered(client: FlaskClient, redis_connection: Redis) -> None:
    headers, body = forwarded("issue_comment", without_installation(comment(NAME)))
    taken = queued(redis_connection, client.post("/webhook", headers=headers, data=body))
    assert [name.split("-")[0] for name in taken.commands] == ["issue_comment"]


def test_the_same_hmac_is_demanded(client: FlaskClient) -> None:
    headers, body = forwarded("pull_request", pull_request())
    assert client.post("/webhook", headers=headers, data=body + b" ").status_code == 401
    del headers["X-Hub-Signature-256"]  # SHA-1 alone is not taken; GitHub sends both
    assert client.post("/webhook", headers=headers, data=body).status_code == 401


@pytest.mark.parametrize("path", ["/help", "/webhook/help"])
def test_the_command_help_page_gets_plugin_help(client: FlaskClient, path: str) -> None:
    asked = [{"Org": "octo", "Repo": "kubernetes"}, {"Org": "octo", "Repo": ""}, {"Org": "elsewhere", "Repo": "<b>"}]
    answer = client.post(path, json=asked)
    assert answer.status_code == 200
    told: Any = answer.json
    # Go matches these names with the fields of PluginHelp and Command; a misspelt one would be lost without a word.
    assert told.keys() == {"Description", "Config", "Commands"} and isinstance(told["Description"], str)
    for command in told["Commands"]:
        kinds = {name: type(value) for name, value in command.items()}
        assert kinds == {"Usage": str, "Featured": bool, "Description": str, "Examples": list, "WhoCanUse": str}
    assert told["Config"].keys() == {"octo/kubernetes", "octo", "elsewhere/<b>"}
    assert "scalability.yaml" in told["Config"]["octo/kubernetes"]
    assert "ignored" in told["Config"]["elsewhere/<b>"] and "<b>" not in told["Config"]["elsewhere/<b>"]


def test_every_example_on_the_help_page_is_a_command_and_each_command_is_there(client: FlaskClient) -> None:
    told: Any = client.post("/help", json=["octo/kubernetes"]).json
    verbs = {Command.parse(example)[0].verb for command in told["Commands"] for example in command["Examples"]}
    assert verbs == {"check", "deep", "results", "explain", "dismiss", "restore", "help"}


@pytest.mark.parametrize("body", [b"{", b'{"a": 1}', b"[5]", b'[{"Repo": "x"}]', b"[" * 100_000, b"\xff"])
def test_what_hook_never_sends_is_refused(client: FlaskClient, body: bytes) -> None:
    assert client.post("/help", data=body, content_type="application/json").status_code == 400


def test_an_empty_request_for_help_is_answered(client: FlaskClient) -> None:
    assert client.post("/help", data=b"null").status_code == client.post("/help").status_code == 200


# --- an account with a token ---------------------------------------------------------------------------------------------


def test_an_app_is_preferred_and_a_token_will_do(tmp_path: Path) -> None:
    token = tmp_path / "oauth"
    token.write_text("ghp_0123456789abcdef\n")
    account = Settings(token_file=token)
    assert isinstance(identity(account), BotAccount) and account.has_credentials
    assert account.token().reveal() == "ghp_0123456789abcdef" and "ghp_" not in repr(account)
    assert isinstance(identity(replace(account, app_id=1, private_key_text=Secret("PRIVATE KEY"))), App)
    with pytest.raises(SettingsError, match="GITHUB_APP_ID"):
        identity(Settings())
    token.write_text("two words\n")
    with pytest.raises(SettingsError, match="GITHUB_TOKEN_FILE") as caught:
        account.token()
    assert "two words" not in str(caught.value)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[tuple[SimulatedGitHub, Settings]]:
    with SimulatedGitHub(tmp_path / "github") as simulated:
        repository = simulated.repository(scene.REPOSITORY)
        repository.commit({"go.mod": "module example.com/a\n\ngo 1.21\n", "pkg/scheduler/a.go": "package a\n"})
        repository.member("k8s-ci-robot", "MEMBER")
        token = simulated.personal_token("k8s-ci-robot").value
        yield (
            simulated,
            scene.settings(
                simulated,
                app_id=None,
                mode="post",
                private_key_text=Secret(""),
                token_text=Secret(token),
                data_dir=tmp_path / "data",
            ),
        )


def check_run(
    head: str, conclusion: Any = "neutral", name: str = CHECK_RUN, external_id: str = "d1#1 g"
) -> PutCheckRun:
    return PutCheckRun(
        name=name, head=head, conclusion=conclusion, title="T" * 200, summary="s", external_id=external_id
    )


def test_a_commit_status_takes_a_check_runs_place(account: tuple[SimulatedGitHub, Settings]) -> None:
    simulated, given = account
    repository = simulated.repository(scene.REPOSITORY)
    pull = repository.open_pull({"b.txt": "b\n"})
    with GitHub(identity(given), scene.REPOSITORY) as github:
        github.carry_out(1, check_run(pull.head_sha, None, DEEP_CHECK_RUN))
        github.carry_out(1, check_run(pull.head_sha))
        (deep, normal) = sorted(github.standing(1).check_runs, key=lambda run: run.name, reverse=True)
        assert (deep.name, deep.completed) == (DEEP_CHECK_RUN, False)
        assert (normal.name, normal.completed, normal.external_id) == (CHECK_RUN, True, "d1#1 g")
        github.carry_out(1, check_run(pull.head_sha, "success", DEEP_CHECK_RUN))
        assert all(run.completed for run in github.standing(1).check_runs)
        with pytest.raises(GithubException, match="403"):  # as GitHub does: check runs are for Apps
            path = f"/repos/{scene.REPOSITORY}/check-runs"
            github._writing.requester.requestJsonAndCheck("POST", path, input={"name": "n", "head_sha": pull.head_sha})
    states = [(status.context, status.state, len(status.description or "")) for status in repository.record.statuses]
    assert states == [(DEEP_CHECK_RUN, "pending", 140), (CHECK_RUN, "success", 140), (DEEP_CHECK_RUN, "success", 140)]


def test_a_whole_review_with_a_token_says_everything_once(
    account: tuple[SimulatedGitHub, Settings], redis_connection: Redis
) -> None:
    simulated, given = account
    repository = simulated.repository(scene.REPOSITORY)
    repository.commit(FILES)
    pull = repository.open_pull({PATH: BEFORE + FITS})
    parser = Parser(timeout=60, memory_mb=2048)
    parser.start()
    try:
        equipment = Equipment(given, redis_connection, parser)
        request = ReviewRequest(repository=scene.REPOSITORY, number=1, head=pull.head_sha, cause="opened")
        for _ in range(2):
            equipment.queues.submit([request])
            jobs.turn(equipment, REVIEWS)
    finally:
        parser.close()
    assert [review.user.login for review in pull.reviews] == ["k8s-ci-robot"]
    assert len(pull.review_comments) == 1
    assert [(status.context, status.state) for status in repository.record.statuses] == [(CHECK_RUN, "success")]
    assert not repository.check_runs(pull)
