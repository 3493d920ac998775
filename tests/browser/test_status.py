"""The operator's page as people see it, with much on it and with nothing."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page
from prometheus_client import CollectorRegistry
from redis import Redis

from bot import ended, operator_pages, progress, status
from bot.keys import End
from bot.queue import REVIEWS, Queues
from bot.review_request import ReviewRequest
from bot.settings import Settings
from tests.bot.test_status import fail
from tests.browser.conftest import SCHEMES, WIDTHS, Open, keep, overflow, violations
from tests.serving import served


@pytest.fixture
def address(redis_connection: Redis) -> Iterator[str]:
    pages = operator_pages.create(Settings(repositories=("octo/*",)), Queues(redis_connection), CollectorRegistry())
    with served(pages) as url:
        yield f"{url}/status"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_can_be_read(
    address: str, open_page: Open, redis_connection: Redis, width: int, scheme: Literal["light", "dark"]
) -> None:
    job = "kubernetes-sigs/cluster-api-provider-of-somebody#131105 (deep)"
    for number in range(5):
        ended.note(
            redis_connection,
            f"kubernetes/kubernetes#{131105 + number}",
            REVIEWS,
            "finished",
            12.3,
            "2 diagnostics; wrote PostReview, PutCheckRun",
        )
    fail(redis_connection, job, "set aside: GitHub answered 404: Not Found")
    status.note_mirrors(redis_connection, "worker-reviews-0", 1234, 20480, 12)
    queues = Queues(redis_connection)
    for number in (131200, 131201):
        queues.submit([ReviewRequest(repository="kubernetes/kubernetes", number=number, cause="opened")])
    first, second = (queues.keys.take(("normal",)) for _ in range(2))
    assert first is not None and second is not None
    queues.keys.end(first, End(later=300.0, tries=1))
    ended.note(redis_connection, str(first.key), REVIEWS, "retried", 1.2, "failed, try 1: GitHub answered 502")
    with progress.shown(redis_connection, second.key):
        progress.step("analyses")
        look(open_page(address, width, scheme), f"status-{width}-{scheme}")


def look(page: Page, name: str) -> None:
    assert page.get_by_role("button", name="Now: kubernetes/kubernetes#131200").count() == 1
    assert "analyses" in page.locator("#running + table").inner_text()
    assert violations(page) == [] and overflow(page) == 0
    keep(page, name)


def test_a_failed_job_is_run_again_by_its_button(address: str, open_page: Open, redis_connection: Redis) -> None:
    fail(redis_connection, "octo/kubernetes#1", "KeyError: 'x'")
    page = open_page(address)
    page.get_by_role("button", name="Run again: octo/kubernetes#1").click()
    page.wait_for_url("**/status#failures")
    assert page.get_by_role("button", name="octo/kubernetes#1").count() == 0
    assert Queues(redis_connection).keys.due("normal")[0] == 1
    page.reload()
    assert violations(page) == []
