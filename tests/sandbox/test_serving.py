"""The sandbox as a process: credentials that last, the sample opened once the receiver is there, and a clean end."""

import json
import queue
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import github as pygithub
import pytest

from tests.sandbox.receiver import receiving
from workers.sandbox import prepare, serve
from workers.sandbox.records import User
from workers.sandbox.serving import told


def test_credentials_are_made_once_and_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "sandbox"
    first, again = prepare(folder), prepare(folder)
    assert first == again
    for name in ("private-key.pem", "app.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert {path.name for path in folder.iterdir()} == {"private-key.pem", "app.json"}
    assert first.webhook_secret not in repr(first)
    assert first.environment("http://127.0.0.1:8090") == {
        "GITHUB_API_URL": "http://127.0.0.1:8090/api/v3",
        "GITHUB_GIT_URL": "http://127.0.0.1:8090",
        "GITHUB_APP_ID": str(first.app_id),
        "GITHUB_PRIVATE_KEY_FILE": str(first.private_key_file),
        "WEBHOOK_SECRETS": first.webhook_secret,
    }


def test_credentials_that_are_none_are_named(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "app.json").write_text("[]")
    with pytest.raises(ValueError, match=r"app\.json is not what the sandbox wrote: remove the folder"):
        prepare(tmp_path)


@contextmanager
def serving(folder: Path, webhook_url: str | None = None, sample: bool = True) -> Iterator["queue.Queue[str]"]:
    """Serve in a thread; give the lines it says."""
    lines: queue.Queue[str] = queue.Queue()
    until = threading.Event()
    kept = {"say": lines.put, "until": until, "sample": sample}
    thread = threading.Thread(target=serve, args=(folder, 0, webhook_url), kwargs=kept)
    thread.start()
    try:
        yield lines
    finally:
        until.set()
        thread.join()


def test_it_says_where_it_is_and_opens_the_sample_for_the_receiver(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        with receiving() as receiver, serving(folder, receiver.url) as lines:
            assert lines.get(timeout=60).startswith("the simulated GitHub is at http://127.0.0.1:")
            assert lines.get(timeout=60).startswith("contributor opened: #1 ")
            address = lines.get(timeout=60).strip()
            assert address.startswith("http://127.0.0.1:") and address.endswith("/kubernetes-sample/kubernetes/pull/1")
            credentials = prepare(folder)
            auth = pygithub.Auth.AppAuth(credentials.app_id, credentials.private_key_file.read_text())
            integration = pygithub.GithubIntegration(
                auth=auth, base_url=f"{address.partition('/kubernetes')[0]}/api/v3", retry=None
            )
            assert integration.get_app().id == credentials.app_id
        events = [(headers["X-GitHub-Event"], json.loads(body)) for headers, body in receiver.got]
        assert [event for event, _ in events] == ["installation", "pull_request"]
        assert events[1][1]["pull_request"]["number"] == 1


def test_it_goes_on_where_it_ended_and_sends_what_was_not_sent(tmp_path: Path) -> None:
    with receiving() as receiver, serving(tmp_path, receiver.url) as lines:
        while not lines.get(timeout=60).strip().endswith("/pull/1"):
            pass
    records = json.loads((tmp_path / "records.json").read_text())
    delivery = next(each for each in records["records"] if each[:1] == ["Delivery"] and "opened" in each)
    assert delivery.count("Accepted") == 1
    delivery[delivery.index("Accepted")] = "pending"
    (tmp_path / "records.json").write_text(json.dumps(records))
    # Whoever ends it before it has begun takes nothing from it.
    with receiving() as receiver, serving(tmp_path, receiver.url):
        pass
    with receiving() as receiver, serving(tmp_path, receiver.url) as lines:
        lines.get(timeout=60)
        assert lines.get(timeout=60).startswith("going on from the last time, with 1 pull request;")
        assert lines.get(timeout=60).endswith("/kubernetes-sample/kubernetes/pull/1/files")
    assert [headers["X-GitHub-Event"] for headers, _ in receiver.got] == ["pull_request"] and lines.empty()


def test_without_the_sample_nothing_is_opened(tmp_path: Path) -> None:
    with serving(tmp_path, sample=False) as lines:
        assert lines.get(timeout=60).startswith("the simulated GitHub is at ")
    assert lines.empty()


def test_what_happens_is_told_in_one_clean_line_each() -> None:
    user = User(1, "guest")
    pull = {"number": 7, "title": "A\x1b[31m title", "html_url": "http://h/pull/7"}
    comment = {"path": "a.go", "line": None, "original_line": 3, "body": "<!-- m -->**Each** call\nlists"}
    review = {"pull_request": {**pull, "html_url": "http://h/pull/7"}, "review": {"body": "\n\ncc @team"}}
    run = {
        "check_run": {
            "name": "scalability",
            "conclusion": "neutral",
            "output": {"title": None},
            "html_url": "http://h/o/r/runs/5",
            "pull_requests": [{"number": 7}],
        }
    }
    for event, action, content, lines in (
        ("pull_request", "opened", {"pull_request": pull}, ["guest opened: #7 A[31m title", "  http://h/pull/7"]),
        ("pull_request_review", "submitted", review, ["guest reviewed #7: cc @team"]),
        ("pull_request_review_comment", "created", {"comment": comment}, ["  a.go:3: **Each** call"]),
        (
            "issue_comment",
            "created",
            {"issue": pull, "comment": {"body": "x" * 300}},
            [f"guest commented on #7: {'x' * 176}…"],
        ),
        (
            "check_run",
            "completed",
            run,
            ["check run scalability: neutral", "see it in its place: http://h/o/r/pull/7/files"],
        ),
        ("star", "created", {}, []),
    ):
        assert told(event, action, content, user) == lines


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [
        sys.executable,
        "-c",
        "import sys; from workers.command_line import main; sys.exit(main())",
        "sandbox",
        *arguments,
    ]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


def test_the_command_prints_the_environment(tmp_path: Path) -> None:
    done = command("--folder", str(tmp_path), "--port", "8090", "--print-environment")
    assert done.returncode == 0 and "GITHUB_API_URL=http://127.0.0.1:8090/api/v3\n" in done.stdout


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command("--folder", str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2 and "choose another --port" in done.stderr and done.stderr.count("\n") == 1


def test_the_command_ends_when_told_to(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "import sys; from workers.command_line import main; sys.exit(main())", "sandbox"]
    process = subprocess.Popen(
        [*program, "--folder", str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout is not None
        assert "the simulated GitHub is at" in process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=60) == 0
