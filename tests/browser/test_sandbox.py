"""The sandbox's pages as people see them: they follow what happens, and lose nothing that somebody is writing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.browser.conftest import SCHEMES, WIDTHS, Open, keep, overflow, violations
from workers.sandbox import SimulatedGitHub, load_sample
from workers.sandbox.records import Pull


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[tuple[SimulatedGitHub, Pull]]:
    with SimulatedGitHub(tmp_path) as github:
        yield github, load_sample(github)


def comment(github: SimulatedGitHub, pull: Pull, body: str) -> None:
    github.repository("kubernetes-sample/kubernetes").comment(pull, "sig-lead", body)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_each_page_can_be_read(
    sample: tuple[SimulatedGitHub, Pull], open_page: Open, width: int, scheme: Literal["light", "dark"]
) -> None:
    github, pull = sample
    comment(github, pull, "What is `this`? See the [guide](https://example.com).")
    page = open_page(github.page(pull), width, scheme)
    for tab in ("", "/commits", "/checks", "/files"):
        if tab:
            page.goto(github.page(pull) + tab)
        assert violations(page) == [] and overflow(page) == 0, tab
        keep(page, f"sandbox{tab.replace('/', '-')}-{width}-{scheme}")


def test_the_page_follows_and_keeps_what_is_being_written(
    sample: tuple[SimulatedGitHub, Pull], open_page: Open
) -> None:
    github, pull = sample
    page = open_page(github.page(pull))
    comment(github, pull, "the first")
    page.get_by_text("the first").wait_for()
    page.get_by_label("A comment").fill("half a sentence")
    comment(github, pull, "the second")
    page.get_by_text("Something new has happened").wait_for()
    assert (
        page.get_by_label("A comment").input_value() == "half a sentence" and not page.get_by_text("the second").count()
    )
    page.get_by_role("link", name="Show it").click()
    page.get_by_text("the second").wait_for()


def test_a_pull_request_is_opened_answered_and_closed_by_hand(
    sample: tuple[SimulatedGitHub, Pull], open_page: Open
) -> None:
    github, _ = sample
    page = open_page(github.git_url)
    page.get_by_text("Open a pull request from a diff").click()
    page.get_by_label("Title").fill("By hand")
    page.get_by_label("A diff against").fill("--- /dev/null\n+++ b/pkg/new.go\n@@ -0,0 +1 @@\n+package pkg\n")
    page.get_by_role("button", name="Open").click()
    page.get_by_role("heading", name="By hand").wait_for()
    page.get_by_text("Push another change").click()
    page.get_by_label("A diff against the head").fill(
        "--- a/pkg/new.go\n+++ b/pkg/new.go\n@@ -1 +1,2 @@\n package pkg\n+// more\n"
    )
    page.get_by_role("button", name="Push as the author").click()
    page.get_by_role("link", name="Commits").click()
    page.get_by_text("Change the code").wait_for()
    page.get_by_role("link", name="Conversation").click()
    page.get_by_label("Label").fill("sig/scalability")
    page.get_by_role("button", name="Add as a member").click()
    page.get_by_role("button", name="Take sig/scalability away").click()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Reopen").wait_for()
    pull = github.repository("kubernetes-sample/kubernetes").record.pulls[2]
    assert (pull.state, len(pull.heads), pull.labels) == ("closed", 2, [])
