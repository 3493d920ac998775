"""A review as a person sees it in a browser; README's picture is made here (make picture)."""

import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.end_to_end.conftest import eventually, free_ports
from workers.services import command

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / ".github" / "review.png"
FILE = "pkg/kubelet/secret/secret_refresher.go"
LARGEST = 300_000


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Give a Chromium without a window; without one on this machine the test is skipped, except in CI."""
    program = shutil.which("chromium")
    if not program and not os.environ.get("CI"):
        pytest.skip("no Chromium: apt install chromium")
    assert program, "in CI there must be a Chromium: .ci/run installs it"
    with sync_playwright() as playwright:
        # Root has no user namespaces to put a sandbox in; the page is our own.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = playwright.chromium.launch(executable_path=program, args=arguments)
        yield opened
        opened.close()


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


def test_the_review_stands_where_the_last_line_says(page: str, browser: Browser, tmp_path: Path) -> None:
    errors: list[str] = []
    opened = browser.new_page(viewport={"width": 1000, "height": 640})
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(page)
    file = opened.locator(".file").filter(has_text=FILE)
    assert "scalability-bot" in file.inner_text()
    comment = file.get_by_text("of secrets").last
    assert comment.is_visible()
    # A little below the middle: the code that it speaks of stands above it.
    comment.evaluate("each => { each.scrollIntoView({block: 'center'}); window.scrollBy(0, -100) }")
    made = opened.screenshot()
    assert struct.unpack(">II", made[16:24]) == (1000, 640)
    assert len(made) < LARGEST
    assert errors == []
    if os.environ.get("UPDATE_PICTURE"):
        PICTURE.write_bytes(made)


def test_readmes_picture_is_there_and_small() -> None:
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < LARGEST
    assert f"]({PICTURE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()
