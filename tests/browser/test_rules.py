"""The pages that comments lead to, as people see them: wide and narrow, in light and in dark."""

from collections.abc import Iterator
from io import BytesIO
from typing import Literal

import pytest
from redis import Redis

from bot import kept_results
from bot.app import create_app
from bot.kept_results import Kept
from bot.settings import Secret, Settings
from tests.browser.conftest import SCHEMES, WIDTHS, Open, keep, overflow, violations
from tests.results import files
from tests.serving import served
from workers.results import perfdata, plot, words
from workers.results.comparison import compare


@pytest.fixture
def address(redis_url: str) -> Iterator[str]:
    settings = Settings(
        app_id=1, webhook_secrets=(Secret("x" * 20),), repositories=("*/*",), redis_url=Secret(redis_url)
    )
    with served(create_app(settings)) as url:
        yield url


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_rules_and_one_of_them(address: str, open_page: Open, width: int, scheme: Literal["light", "dark"]) -> None:
    page = open_page(f"{address}/rules", width, scheme)
    assert violations(page) == [] and overflow(page) == 0
    keep(page, f"rules-{width}-{scheme}")
    page.get_by_role("link", name="explicit-list").click()
    page.get_by_role("heading", name="explicit-list").wait_for()
    assert violations(page) == [] and overflow(page) == 0
    keep(page, f"rule-{width}-{scheme}")
    # The example has its colours: words of the language differ from each other, and lines by what happens to them.
    colours = page.evaluate(
        "[...document.querySelectorAll('pre span[class^=hl-]')].map(each => getComputedStyle(each).color)"
    )
    backgrounds = page.evaluate(
        "['added', 'removed'].map(name => getComputedStyle(document.querySelector('.' + name)).backgroundColor)"
    )
    assert len(set(colours)) >= 3 and len(set(backgrounds)) == 2
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark is (scheme == "dark")


def test_searching_by_keyboard_alone(address: str, open_page: Open) -> None:
    page = open_page(f"{address}/rules")
    for _ in range(2):  # the page's name, the search
        page.keyboard.press("Tab")
    page.keyboard.type("whole cache")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert "lister-scan-in-loop" in page.locator(".rules").inner_text()
    assert page.locator(".rules li").count() < 10
    page.goto(f"{address}/rules?q=%3Cb%3Enothing%20of%20the%20kind")
    assert "None of" in page.get_by_role("status").inner_text() and page.locator("b").count() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_results_with_their_picture(address: str, open_page: Open, redis_connection: Redis, width: int) -> None:
    found = compare(perfdata.read(files.run(pods=31_000, start=6_000)), perfdata.read(files.run()))
    kept = Kept("octo/kubernetes", 7, words.sentence(found), words.markdown(found), plot.svg(found))
    name = kept_results.keep(redis_connection, "a-job", kept)
    page = open_page(f"{address}/results/{name}", width)
    assert page.evaluate("document.querySelector('img').naturalWidth") > 0
    assert violations(page) == [] and overflow(page) == 0
    keep(page, f"results-{width}")
    assert page.request.get(f"{address}/results/{name}x").status == 404
    assert BytesIO(page.request.get(f"{address}/results/{name}.svg").body()).read(4) == b"<svg"
