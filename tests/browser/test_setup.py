"""Setting up in the browser, from the first question to a bot that doctor finds well: against the simulated GitHub."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from playwright.sync_api import Page

from bot.app import create_app
from bot.settings import Secret, Settings
from tests.browser.conftest import WIDTHS, Open, keep, overflow, violations
from tests.serving import served
from workers import app_manifest
from workers.sandbox import SimulatedGitHub
from workers.services import command
from workers.setup import pages

ROOT = Path(__file__).parents[2]


@pytest.fixture
def github(tmp_path: Path) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path / "github") as simulated:
        simulated.repository("octo/kubernetes", installed=False)
        yield simulated


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".env.example").write_bytes((ROOT / ".env.example").read_bytes())
    (folder / ".env").write_text("# mine\nMIRROR_QUOTA_MB=10\nMODE=post\n")
    return folder


class Changing:
    """A receiver that is started anew with other settings under the same address."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.application(environ, start_response)


def before(redis_url: str) -> Settings:
    return Settings(app_id=1, webhook_secrets=(Secret("x" * 20),), repositories=("*/*",), redis_url=Secret(redis_url))


def environment(github: SimulatedGitHub, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "GITHUB_API_URL": github.url, "GITHUB_GIT_URL": github.git_url, "PYTHONPATH": str(ROOT), **more}


def walk(page: Page, webhook: str) -> None:
    """Answer the questions and agree on GitHub's page."""
    page.get_by_label("Address for webhooks").fill(webhook)
    page.get_by_label("Repositories to serve").fill("octo/*")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Continue on GitHub").click()
    page.get_by_role("button", name="Create GitHub App").click()


def test_from_nothing_to_a_bot_that_is_well(
    github: SimulatedGitHub, project: Path, open_page: Open, redis_url: str, tmp_path: Path
) -> None:
    arguments = [sys.executable, *command("setup", "--no-browser")[2:]]  # without -P: the checkout may not be installed
    setup = subprocess.Popen(
        arguments, cwd=project, env=environment(github), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert setup.stdout is not None
        address = setup.stdout.readline().split()[1]
        # The receiver's address is known before its secret is: it begins once .env is there.
        receiver = Changing(create_app(before(redis_url)))
        with served(receiver) as bot:
            page = open_page(address)
            assert violations(page) == [] and overflow(page) == 0
            keep(page, "setup-1-questions")
            walk(page, f"{bot}/webhook")
            page.get_by_role("heading", name="What to do next").wait_for()
            assert violations(page) == []
            keep(page, "setup-2-done")
            assert "code=" in page.url and page.get_by_text("MODE=shadow").count()
            rest, _ = setup.communicate(timeout=30)
            assert setup.returncode == 0 and ".env is written" in rest

            written = dotenv_values(project / ".env", interpolate=False)
            assert (project / ".env").stat().st_mode & 0o777 == 0o600
            assert written["MODE"] == "shadow" and written["MIRROR_QUOTA_MB"] == "10"
            assert (project / ".env").read_text().startswith("# mine\n")
            given = {name: value or "" for name, value in written.items()}
            settings = Settings.from_environment({**given, "REDIS_URL": redis_url})
            assert settings.app_id == github.state.app.id and "BEGIN" in settings.private_key().reveal()
            for secret in (given["WEBHOOK_SECRETS"], "PRIVATE KEY"):
                assert secret not in rest and secret not in page.content()
            receiver.application = create_app(settings)

            page.get_by_role("link", name="Install the App").click()
            page.get_by_role("button", name="Install on octo").click()
            page.get_by_text("installed").wait_for()
            github.delivered()
            said = doctor(project, github, redis_url, tmp_path)
            assert said.returncode == 0, said.stdout + said.stderr
            assert "ok   webhooks: a ping was sent again and answered 202" in said.stdout
            receiver.application = create_app(
                dataclasses.replace(settings, webhook_secrets=(Secret("another secret, quite long"),))
            )
            said = doctor(project, github, redis_url, tmp_path)
            assert said.returncode == 1 and "WEBHOOK_SECRETS must hold the App's webhook secret" in said.stdout
    finally:
        setup.kill()
        setup.wait()


def doctor(project: Path, github: SimulatedGitHub, redis_url: str, data: Path) -> "subprocess.CompletedProcess[str]":
    given = environment(github, REDIS_URL=redis_url, DATA_DIR=str(data / "data"))
    arguments = [sys.executable, *command("doctor")[2:]]
    return subprocess.run(arguments, cwd=project, env=given, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_cannot_be_is_said_beside_the_question(open_page: Open, width: int) -> None:
    manifest = app_manifest.read()
    assert manifest is not None
    setup = pages.Setup(Settings(), manifest, lambda variables: None)
    with served(pages.create(setup)) as address:
        page = open_page(address, width, "dark")
        page.get_by_label("Name of the App").fill("a bot")
        page.get_by_label("Address for webhooks").fill("ftp://bot.example.com")
        page.get_by_label("Repositories to serve").fill("octo/*")
        with page.expect_response(lambda response: response.status == 422):
            page.get_by_role("button", name="Go on").click()
        assert "where GitHub reaches the receiver" in page.get_by_role("alert").inner_text()
        assert violations(page) == [] and overflow(page) == 0
        keep(page, f"setup-problem-{width}")
