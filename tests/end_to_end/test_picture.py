"""A review as a person sees it in a browser; README's picture is made here (make picture)."""

import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.end_to_end.conftest import eventually, free_ports
from workers.services import command

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / ".github" / "review.png"
FILE = "pkg/kubelet/secret/secret_refresher.go"
LARGEST = 300_000


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    """Give a Chromium without a window; without one on this machine the test is skipped, except in CI."""
    driver = shutil.which("chromedriver")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not (driver and program) and not os.environ.get("CI"):
        pytest.skip("no Chromium: apt install chromium chromium-driver")
    assert driver and program, "in CI there must be a Chromium with its driver"
    options = webdriver.ChromeOptions()
    options.binary_location = program
    # Root has no sandbox, and /dev/shm is small in containers; the page is our own, on this machine.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as opened:
        yield opened


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    """Run everything as `make run` does, and give the address it prints last."""
    names = ("PORT", "METRICS_PORT", "SANDBOX_PORT")
    ports = dict(zip(names, map(str, free_ports(3)), strict=True))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    out = tmp_path / "out"
    with (
        out.open("wb") as file,
        subprocess.Popen(
            command("run"),
            env={**kept, **ports, "DATA_DIR": str(tmp_path / "data")},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        ) as process,
    ):
        eventually(lambda: "see it in its place" in out.read_text() or process.poll() is not None, "the review")
        yield out.read_text().splitlines()[-1].rpartition(" ")[2]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, out.read_text()


def test_the_review_stands_where_the_last_line_says(page: str, browser: webdriver.Chrome, tmp_path: Path) -> None:
    browser.set_window_size(1000, 760)
    browser.get(page)
    (file,) = (each for each in browser.find_elements("css selector", ".file") if FILE in each.text.splitlines()[0])
    assert "scalability-bot" in file.text
    comment = file.find_element(
        "xpath", ".//*[contains(., 'of secrets') and not(descendant::*[contains(., 'of secrets')])]"
    )
    assert comment.is_displayed()
    # A little below the middle: the code that it speaks of stands above it.
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'}); window.scrollBy(0, -100)", comment)
    made = tmp_path / "review.png"
    made.write_bytes(browser.get_screenshot_as_png())
    width, height = struct.unpack(">II", made.read_bytes()[16:24])
    assert width > 900 and height > 500
    assert made.stat().st_size < LARGEST
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    if os.environ.get("UPDATE_PICTURE"):
        PICTURE.write_bytes(made.read_bytes())


def test_readmes_picture_is_there_and_small() -> None:
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < LARGEST
    assert f"]({PICTURE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()
