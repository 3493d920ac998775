"""Debian's own Chromium, driven by Playwright: what people see, at two widths, in light and dark.

Where Chromium or axe-core is missing these tests are skipped, and in CI they fail: .ci/run installs both.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (1280, 400)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

Open = Callable[..., Page]


def needed(found: object, what: str) -> None:
    """Fail in CI, and skip elsewhere, where something these tests need is not installed."""
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what}: .ci/run installs it")


@pytest.fixture(scope="package")  # not the session's: Playwright's event loop would stand in the way of others'
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    needed(path, "chromium was not found")
    with sync_playwright() as playwright:
        # Root has no user namespaces to put a sandbox in; the pages are our own.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        one = playwright.chromium.launch(executable_path=path, args=arguments)
        yield one
        one.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Give a function that opens an address; what the pages write to the console as an error fails the test."""
    errors: list[str] = []
    contexts = []

    def opened(address: str, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    # A page that answers 404 or 422 on purpose is, to Chromium, a resource that failed.
    assert [error for error in errors if not any(f"status of {status}" in error for status in (404, 422))] == []


def violations(page: Page) -> list[str]:
    """Give what axe-core finds serious or critical on a page, each with the elements."""
    needed(AXE.exists(), "axe-core was not found")
    page.wait_for_load_state("load")  # with its style sheet: colours are judged
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes']][:4]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


def overflow(page: Page) -> int:
    """Give by how many pixels a page is wider than its window: at 0 nobody scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def keep(page: Page, name: str) -> bytes:
    """Take a screenshot of the whole page; where SCREENSHOTS names a folder it is kept there to be looked at."""
    picture = page.screenshot(full_page=True)
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"{name}.png").write_bytes(picture)
    return picture
