"""`scalability-bot stats`, and the operator's page /stats."""

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from redis import Redis

from bot import operator_pages
from bot.acceptance.figures import ANCHORS
from bot.acceptance.store import Known, Store
from bot.queue import Queues
from bot.settings import Settings
from tests.acceptance.past import lived
from workers.services import command

REPOSITORIES = ("octo/Kubernetes", "octo/kueue")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(redis_url: str, tmp_path: Path) -> Run:
    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        surroundings = {"REDIS_URL": redis_url, "PATH": "/usr/bin:/bin", **environment}
        return subprocess.run(
            command("stats", *arguments), env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def store(redis_connection: Redis) -> Store:
    found = Store(redis_connection)
    lived(found, REPOSITORIES, 120)
    return found


@pytest.fixture
def client(redis_connection: Redis) -> FlaskClient:
    settings = Settings(github_git_url="https://github.example.com")
    return operator_pages.create(settings, Queues(redis_connection), CollectorRegistry()).test_client()


def test_the_table_has_a_line_for_each_rule_their_sum_and_the_public_figures(run: Run, store: Store) -> None:
    done = run("--repository", "Octo/kubernetes")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if re.match(r"[a-z-]+ +\d", line)}
    assert len(rows) == 7
    for column in range(9):
        assert sum(int(row[column]) for name, row in rows.items() if name != "all") == int(rows["all"][column])
    assert all(each.source in done.stdout for each in ANCHORS)


def test_json_has_all_of_it_and_adds_up(run: Run, store: Store) -> None:
    found = json.loads(run("--format", "json").stdout)
    for split in ("rules", "repositories", "rules_by_repository", "weeks"):
        for what in ("posted", "fixed", "dismissed_wrong", "helpful", "judged"):
            assert sum(each[what] for each in found[split].values()) == found["total"][what], (split, what)
    assert list(found["repositories"]) == sorted(REPOSITORIES, key=lambda name: -found["repositories"][name]["posted"])
    assert len(found["weeks"]) == 27
    one = json.loads(run("--format", "json", "--repository", "octo/kueue").stdout)
    assert one["total"] == found["repositories"]["octo/kueue"]


def test_since_leaves_out_what_was_posted_before(run: Run, store: Store) -> None:
    everything = json.loads(run("--format", "json").stdout)
    some = json.loads(run("--format", "json", "--since", "4w").stdout)
    day = (datetime.now(UTC) - timedelta(weeks=3)).date().isoformat()
    assert some["weeks"] == dict(list(everything["weeks"].items())[-4:])
    assert some == json.loads(run("--format", "json", "--since", day).stdout)
    assert some["demoted"] == everything["demoted"], "demotion goes by all that is kept"


def test_who_is_demoted_is_said_with_the_reason_and_who_decides(run: Run, store: Store) -> None:
    store.remember(Known("octo/Kubernetes", kept=("sensitive-path",)))
    said = run("--by", "both", DEMOTE_AFTER="5", DEMOTE_ADDRESSED="100").stdout
    [mine] = re.findall(r"^  sensitive-path in octo/Kubernetes: of \d+ comments on .*$", said, flags=re.MULTILINE)
    assert mine.endswith("its configuration names it, and decides")
    assert "sensitive-path in octo/kueue: of " in said
    assert "Demoted" not in run(DEMOTE_AFTER="0").stdout


def test_nothing_and_nobody_are_a_sentence(run: Run) -> None:
    done = run()
    assert (done.returncode, done.stdout) == (0, "") and "No comments yet" in done.stderr
    assert json.loads(run("--format", "json").stdout)["total"]["posted"] == 0
    away = run(REDIS_URL="unix:///nowhere")
    assert away.returncode == 2 and "check REDIS_URL" in away.stderr and len(away.stderr.splitlines()) == 1
    wrong = run("--since", "yesterday")
    assert wrong.returncode == 2 and "write 2026-10-01 or 13w" in wrong.stderr


def test_the_page_shows_the_same(client: FlaskClient, store: Store, run: Run) -> None:
    total = json.loads(run("--format", "json").stdout)["total"]
    page = client.get("/stats")
    assert page.status_code == 200 and "style-src 'self'" in page.headers["Content-Security-Policy"]
    assert f"the {total['posted']} comments" in page.text
    assert f"{total['addressed']} of {total['judged']}" in page.text
    assert all(each.source in page.text for each in ANCHORS)
    assert re.search(r'href="https://github.example.com/octo/\w+/pull/\d+#discussion_r\d+"', page.text)
    assert 'href="/stats"' in client.get("/status").text


@pytest.mark.parametrize("name", ["outcomes", "shares"])
@pytest.mark.parametrize("query", ["", "?weeks=4", "?repository=octo/kueue&weeks=13", "?repository=no/body&weeks=x"])
def test_its_plots_are_pictures_without_scripts(client: FlaskClient, store: Store, name: str, query: str) -> None:
    picture = client.get(f"/stats/{name}.svg{query}")
    assert picture.mimetype == "image/svg+xml" and picture.text.startswith("<svg")
    assert "<script" not in picture.text and "http-equiv" not in picture.text
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert client.get("/stats/others.svg").status_code == 404


def test_whatever_is_asked_for_is_text_on_the_page(client: FlaskClient, store: Store) -> None:
    page = client.get(
        "/stats", query_string={"repository": "<script>alert(1)</script>", "weeks": "999999999999999999999"}
    )
    assert page.status_code == 200 and "<script" not in page.text


def test_without_redis_the_page_says_so() -> None:
    away = Queues(Redis(unix_socket_path="/nowhere"))
    client = operator_pages.create(Settings(), away, CollectorRegistry()).test_client()
    page = client.get("/stats")
    assert page.status_code == 503 and "check REDIS_URL" in page.text
    assert client.get("/stats/outcomes.svg").status_code == 404
