"""The operator's page as people see it, with much on it and with nothing."""

from collections.abc import Iterator
from typing import Literal

import pytest
from prometheus_client import CollectorRegistry
from redis import Redis

from bot import ended, operator_pages, status
from bot.queue import REVIEWS, Queues
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
    status.note_mirrors(redis_connection, "worker-reviews-0", 1234, 20480)
    page = open_page(address, width, scheme)
    assert violations(page) == [] and overflow(page) == 0
    keep(page, f"status-{width}-{scheme}")


def test_a_failed_job_is_run_again_by_its_button(address: str, open_page: Open, redis_connection: Redis) -> None:
    fail(redis_connection, "octo/kubernetes#1", "KeyError: 'x'")
    page = open_page(address)
    page.get_by_role("button", name="Run again: octo/kubernetes#1").click()
    page.wait_for_url("**/status#failures")
    assert page.get_by_role("button").count() == 0
    assert Queues(redis_connection).keys.due("normal")[0] == 1
    page.reload()
    assert violations(page) == []
