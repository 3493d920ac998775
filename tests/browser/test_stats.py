"""The page of what became of the comments, as people see it."""

from collections.abc import Iterator
from typing import Literal

import pytest
from prometheus_client import CollectorRegistry
from redis import Redis

from bot import operator_pages
from bot.acceptance.store import Known, Store
from bot.queue import Queues
from bot.settings import Settings
from tests.acceptance.past import lived
from tests.browser.conftest import SCHEMES, WIDTHS, Open, keep, overflow, violations
from tests.serving import served

REPOSITORIES = ("kubernetes/kubernetes", "kubernetes-sigs/cluster-api-provider-of-somebody", "kubernetes-sigs/kueue")


@pytest.fixture
def address(redis_connection: Redis) -> Iterator[str]:
    pages = operator_pages.create(Settings(repositories=("*/*",)), Queues(redis_connection), CollectorRegistry())
    with served(pages) as url:
        yield f"{url}/stats"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_can_be_read(
    address: str, open_page: Open, redis_connection: Redis, width: int, scheme: Literal["light", "dark"]
) -> None:
    store = Store(redis_connection)
    lived(store, REPOSITORIES)
    store.remember(Known(REPOSITORIES[0], kept=("sensitive-path",)))
    page = open_page(address, width, scheme)
    assert violations(page) == [] and overflow(page) == 0
    # Both plots were drawn.
    widths = page.evaluate("[...document.querySelectorAll('img.plot')].map(each => each.naturalWidth)")
    assert len(widths) == 2 and all(widths)
    picture = keep(page, f"stats-{width}-{scheme}")
    assert len(picture) > 50_000


def test_one_repository_s_figures_are_a_choice_away(address: str, open_page: Open, redis_connection: Redis) -> None:
    lived(Store(redis_connection), REPOSITORIES, 60)
    page = open_page(address)
    page.get_by_label("Repository", exact=True).select_option(REPOSITORIES[2])
    page.get_by_label("Weeks", exact=True).select_option("13")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/stats?repository=kubernetes-sigs%2Fkueue&weeks=13")
    assert "in kubernetes-sigs/kueue in the last 13 weeks" in page.inner_text(".lead")
    assert page.get_by_role("heading", name="By repository").count() == 0
    assert violations(page) == []


def test_with_nothing_it_says_so(address: str, open_page: Open) -> None:
    page = open_page(address, 400)
    assert "None yet." in page.inner_text("main")
    assert violations(page) == [] and overflow(page) == 0
