"""The page of a report, from the push to what a stranger sees behind "Details" of the check run."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import BEFORE, FILES, FITS, PATH, Bot, bot_running
from tests.end_to_end.test_review import check_run


@pytest.fixture
def paged(tmp_path: Path) -> Iterator[Bot]:
    with bot_running(tmp_path, queues=("reviews",), pages=True) as running:
        yield running


def shown(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_check_run_leads_to_its_report_for_those_who_may_see_the_repository(paged: Bot) -> None:
    found = {}
    for name, private in (("open", False), ("closed", True)):
        repository = paged.github.repository(f"octo/{name}", private=private)
        repository.commit(FILES)
        pull = repository.open_pull({PATH: BEFORE + FITS})
        run = check_run(repository, pull)
        assert run.details_url is not None and run.details_url.startswith(f"http://127.0.0.1:{paged.port}/reports/")
        assert run.details_url in (run.summary or "")
        found[name] = shown(run.details_url)
    status, page = found["open"]
    assert status == 200 and "octo/open#1" in page and "large-value-param" in page and f"{PATH}:15" in page
    status, page = found["closed"]
    assert status == 404 and "octo" not in page
