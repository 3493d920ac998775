"""A review's report as people see it, and signing in for it: in Chromium, against the simulated GitHub."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from redis import Redis

from bot import kept_reports
from bot.app import create_app
from bot.kept_reports import KeptReport
from bot.queue import Queues
from bot.settings import Secret, Settings
from tests import harness
from tests.browser.conftest import SCHEMES, WIDTHS, Open, keep, overflow, violations
from tests.serving import served
from tests.weighing.test_present import KUBELET
from tests.weighing.test_readiness import CLOUD, TYPES
from workers.sandbox import SimulatedGitHub


class Receiver:
    """A receiver that knows its own address only once it listens."""

    application: Any = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.application(environ, start_response)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path / "github") as simulated:
        simulated.repository("octo/open")
        simulated.repository("octo/closed", private=True).member("sig-lead", "MEMBER")
        yield simulated


@pytest.fixture
def address(github: SimulatedGitHub, redis_connection: Redis) -> Iterator[str]:
    receiver = Receiver()
    with served(receiver) as url:
        settings = Settings(
            app_id=1,
            webhook_secrets=(Secret("s"),),
            repositories=("octo/*",),
            redis_url=Secret("unix:///nonexistent"),
            github_api_url=github.url,
            github_git_url=github.git_url,
            public_url=url,
            client_id=github.client_id,
            client_secret=Secret(github.client_secret),
        )
        receiver.application = create_app(settings, Queues(redis_connection))
        yield url


def kept(redis: Redis, repository: str) -> str:
    report = harness.load(f"deep: true\n{KUBELET}{TYPES}{CLOUD}").report()
    assert report.diagnostics and report.asked and report.present and report.readiness
    name = kept_reports.keep(redis, KeptReport(repository, 131105, "f" * 40, "deep", 1.8e9, report))
    assert name is not None
    return f"/reports/{name}"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_can_be_read(
    address: str, redis_connection: Redis, open_page: Open, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = open_page(f"{address}{kept(redis_connection, 'octo/open')}", width, scheme)
    assert page.get_by_role("heading", level=1).inner_text() == "octo/open#131105"
    assert violations(page) == [] and overflow(page) == 0
    steps = page.locator(".way").first.get_by_role("listitem")
    tops = [box["y"] for each in steps.all() if (box := each.bounding_box())]
    assert len(tops) > 1 and all(above < below for above, below in itertools.pairwise(tops)), "drawn from the root down"
    keep(page, f"report-{width}-{scheme}")
    summary = page.get_by_text("The Scalability section as Markdown")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("###### Will enabling").count()
    assert overflow(page) == 0 and violations(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_member_signs_in_by_keys_alone_and_out_again(
    address: str, redis_connection: Redis, open_page: Open, width: int
) -> None:
    private = f"{address}{kept(redis_connection, 'octo/closed')}"
    page = open_page(f"{address}/rules", width)
    with page.expect_response(lambda response: response.status == 404):
        page.goto(private)
    assert "octo" not in page.content() and violations(page) == [] and overflow(page) == 0
    keep(page, f"report-not-here-{width}")
    page.get_by_role("link", name="Sign in with GitHub").press("Enter")
    page.get_by_role("button", name="Authorize as sig-lead").press("Enter")
    page.get_by_role("heading", name="octo/closed#131105").wait_for()
    assert page.url == private, "neither code nor state stays in the address"
    cookies = {each["name"]: each for each in page.context.cookies()}
    session = cookies["__Host-session"]
    assert session["secure"] and session["httpOnly"] and session["sameSite"] == "Lax"
    assert "__Host-state" not in cookies
    assert violations(page) == [] and overflow(page) == 0
    keep(page, f"report-signed-in-{width}")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/rules")
    with page.expect_response(lambda response: response.status == 404):
        page.goto(private)


def test_a_stranger_who_signs_in_sees_no_private_report(address: str, redis_connection: Redis, open_page: Open) -> None:
    page = open_page(f"{address}/rules")
    page.goto(f"{address}{kept(redis_connection, 'octo/closed')}")
    page.get_by_role("link", name="Sign in with GitHub").click()
    page.get_by_role("button", name="Authorize as contributor").click()
    page.get_by_text("You are signed in as contributor").wait_for()
    assert "octo" not in page.content() and violations(page) == []
