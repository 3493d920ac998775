import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from bot.app import create_app
from bot.settings import Secret, Settings
from tests.serving import served
from workers.command_line import main
from workers.doctor import compare_clocks
from workers.sandbox import SimulatedGitHub

Doctor = Callable[..., tuple[int, list[str]]]


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path_factory.mktemp("github")) as simulated:
        simulated.repository("octo/kubernetes")
        yield simulated


@pytest.fixture
def doctor(
    github: SimulatedGitHub,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Doctor]:
    settings = Settings(
        app_id=github.app_id,
        webhook_secrets=(Secret(github.webhook_secret),),
        repositories=("*/*",),
        redis_url=Secret(redis_url),
    )
    key = tmp_path / "key.pem"
    key.write_text(github.private_key)
    monkeypatch.chdir(tmp_path)
    usual = {
        "GITHUB_APP_ID": str(github.app_id),
        "GITHUB_PRIVATE_KEY_FILE": str(key),
        "GITHUB_API_URL": github.url,
        "GITHUB_GIT_URL": github.git_url,
        "WEBHOOK_SECRETS": github.webhook_secret,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path / "data"),
        "MIRROR_QUOTA_MB": "10",
    }

    def run(**changes: str) -> tuple[int, list[str]]:
        for name, value in {**usual, **changes}.items():
            monkeypatch.setenv(name, value)
        return main(["doctor"]), capsys.readouterr().out.splitlines()

    with served(create_app(settings)) as address:
        github.webhook_url = f"{address}/webhook"
        github.ping()
        github.delivered()
        yield run


def failed(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("FAIL")]


def test_all_is_well(doctor: Doctor, github: SimulatedGitHub) -> None:
    status, lines = doctor()
    assert (status, failed(lines)) == (0, []), "\n".join(failed(lines))
    text = "\n".join(lines)
    seen = (
        "git version",
        "MiB free",
        "answers",
        "append-only file: on",
        "noeviction",
        "GitHub knows it as",
        "clock: ",
        "as in app.yml",
        "parser: ",
        "Landlock",
    )
    for said in seen:
        assert said in text
    assert "a ping was sent again and answered 202" in text
    assert github.webhook_secret not in text


def test_redis_that_would_lose_jobs(doctor: Doctor, redis_connection: Redis) -> None:
    redis_connection.config_set("appendonly", "no")
    redis_connection.config_set("maxmemory-policy", "allkeys-lru")
    try:
        status, lines = doctor()
    finally:
        redis_connection.config_set("appendonly", "yes")
        redis_connection.config_set("maxmemory-policy", "noeviction")
    assert status == 1
    [file, policy] = failed(lines)
    assert "set appendonly yes" in file
    assert "allkeys-lru" in policy


def test_redis_that_is_not_there(doctor: Doctor, tmp_path: Path) -> None:
    status, lines = doctor(REDIS_URL=f"unix://{tmp_path}/nothing.sock")
    assert status == 1
    assert "check REDIS_URL" in failed(lines)[0]
    status, lines = doctor(REDIS_URL="")
    assert "REDIS_URL is not set" in failed(lines)[0]


def test_the_embedded_queue_is_found(doctor: Doctor, redis_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "redis"
    folder.mkdir(parents=True)
    (folder / "redis.sock").symlink_to(redis_url.removeprefix("unix://"))
    _, lines = doctor(REDIS_URL="")
    # The receiver alone wants the variable; what is looked at is there.
    assert not [line for line in failed(lines) if line.startswith("FAIL redis")]


def test_permissions_that_are_missing(doctor: Doctor, github: SimulatedGitHub) -> None:
    [installation] = github.state.installations.values()
    kept = dict(installation.permissions)
    installation.permissions["checks"] = "read"
    try:
        status, lines = doctor()
    finally:
        installation.permissions.update(kept)
    assert status == 1
    [line] = failed(lines)
    assert line.startswith("FAIL installation octo: missing checks: write")


def test_more_permissions_than_needed_are_told(doctor: Doctor, github: SimulatedGitHub) -> None:
    github.app.permissions["administration"] = "write"
    try:
        status, lines = doctor()
    finally:
        del github.app.permissions["administration"]
    assert status == 0
    assert any("more than it needs: administration: write" in line for line in lines)


@pytest.mark.parametrize(("skew", "well"), [(0, True), (29, True), (-29, True), (45, False), (-3600, False)])
def test_a_clock_that_is_wrong(skew: int, well: bool) -> None:
    date = "Mon, 23 Nov 2026 12:00:00 GMT"
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
    found = compare_clocks({"date": date}, noon + skew)
    assert found.well is well
    assert ("NTP" in found.seen) is not well
    assert not compare_clocks({}, noon).well


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"GITHUB_APP_ID": "99"}, "GitHub answered 401"),
        ({"GITHUB_APP_ID": ""}, "GITHUB_APP_ID is not set"),
        ({"GITHUB_PRIVATE_KEY_FILE": "/nowhere/key.pem"}, "cannot be read"),
        ({"GITHUB_PRIVATE_KEY_FILE": "", "GITHUB_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----nonsense"}, "no RSA key"),
        ({"WEBHOOK_SECRETS": ""}, "WEBHOOK_SECRETS is not set"),
        ({"WEBHOOK_SECRETS": "short"}, "fewer than 16"),
        ({"DATA_DIR": "/proc/nothing"}, "set DATA_DIR"),
        ({"MIRROR_QUOTA_MB": "999999999"}, "lower MIRROR_QUOTA_MB"),
    ],
)
def test_what_is_wrong_is_one_line(doctor: Doctor, changes: dict[str, str], said: str) -> None:
    status, lines = doctor(**changes)
    assert status == 1
    assert any(said in line for line in failed(lines)), lines
    assert "nonsense" not in "".join(lines)


def test_no_git(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    status, lines = doctor()
    assert status == 1
    assert "apt install git" in failed(lines)[0]


def test_an_old_git(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.30.2\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    _, lines = doctor()
    assert "2.31 or newer" in failed(lines)[0]


def test_settings_that_cannot_be_used(doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = doctor(PORT="many")
    assert (status, lines) == (2, [])


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9/webhook", "GitHub cannot reach it"),
        ("{}/elsewhere", "the receiver answers at /webhook"),
        ("{}/nowhere/webhook", "nothing answers at this path"),
    ],
)
def test_webhooks_that_do_not_arrive(doctor: Doctor, github: SimulatedGitHub, address: str, said: str) -> None:
    github.webhook_url = address.format(str(github.webhook_url).removesuffix("/webhook"))
    status, lines = doctor()
    assert status == 1 and any(said in line for line in failed(lines)), lines


def test_an_address_that_is_not_the_public_one(doctor: Doctor) -> None:
    _, lines = doctor(PUBLIC_URL="https://bot.example.com")
    assert any("PUBLIC_URL would make it https://bot.example.com/webhook" in line for line in failed(lines))


def test_an_account_with_a_token_must_be_named(
    doctor: Doctor, github: SimulatedGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = github.personal_token("k8s-ci-robot").value
    given = {"GITHUB_APP_ID": "", "GITHUB_PRIVATE_KEY_FILE": "", "GITHUB_TOKEN": token}
    status, lines = doctor(**given)
    assert status == 1 and "BOT_LOGIN is not set to k8s-ci-robot" in failed(lines)[0]
    status, lines = doctor(**given, BOT_LOGIN="k8s-ci-robot")
    assert status == 0 and token not in "\n".join(lines)
