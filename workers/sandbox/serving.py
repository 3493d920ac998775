"""The sandbox as a process: credentials that outlive it, the sample pull request, and serving until told to end."""

import json
import os
import re
import secrets
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import keeping
from .keys import generate_key
from .records import User
from .sample import load_sample
from .simulated import SimulatedGitHub
from .state import State

APP_ID = 4711

# Seconds that the receiver may take to start before the sample is opened all the same.
PATIENCE = 60
# Seconds between two looks for what is to be written down: as often as the queue's server syncs its file.
KEEP_EVERY = 1.0


@dataclass(frozen=True)
class Credentials:
    """What the receiver and the workers need to take the sandbox for GitHub."""

    app_id: int
    private_key_file: Path
    webhook_secret: str = field(repr=False)

    def environment(self, url: str) -> dict[str, str]:
        """Give the environment variables of the bot's processes; `url` is where the sandbox serves: "http://127.0.0.1:8090"."""
        return {
            "GITHUB_API_URL": f"{url}/api/v3",
            "GITHUB_GIT_URL": url,
            "GITHUB_APP_ID": str(self.app_id),
            "GITHUB_PRIVATE_KEY_FILE": str(self.private_key_file),
            "WEBHOOK_SECRETS": self.webhook_secret,
        }


def prepare(folder: Path) -> Credentials:
    """Give the credentials kept in `folder`, made at the first call: app.json and private-key.pem, readable by their owner only.

    Raises:
        OSError: the folder cannot be written.
        ValueError: what it holds is not what a former call wrote.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key_file, told = folder / "private-key.pem", folder / "app.json"
    if not key_file.exists():
        _write_privately(key_file, generate_key())
    if not told.exists():
        _write_privately(told, json.dumps({"app_id": APP_ID, "webhook_secret": secrets.token_hex(20)}))
    try:
        kept = json.loads(told.read_text(encoding="utf-8"))
        return Credentials(int(kept["app_id"]), key_file.resolve(), str(kept["webhook_secret"]))
    except (ValueError, KeyError, TypeError) as problem:
        raise ValueError(
            f"{told} is not what the sandbox wrote: remove the folder {folder} to start afresh."
        ) from problem


def _write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def serve(
    folder: Path,
    port: int,
    webhook_url: str | None,
    *,
    host: str = "127.0.0.1",
    sample: bool = True,
    say: Callable[[str], None] = lambda line: None,
    until: threading.Event | None = None,
) -> None:
    """Serve the simulated GitHub until `until` is set (for ever without it; Ctrl-C ends it too).

    Args:
        folder: where credentials, repositories and records are. What was there before is there again.
        port: the port; 0 takes a free one.
        webhook_url: the receiver's address. The sample is opened once it answers.
        host: the address to listen on.
        sample: whether to open the sample pull request.
        say: is given a line for each thing that happens which a person would like to see.
        until: ends it.

    Raises:
        OSError: the port is taken, or the folder cannot be written.
        ValueError: the folder holds credentials that are none.
    """
    credentials = prepare(folder)
    until = until or threading.Event()
    github = SimulatedGitHub(
        folder / "repositories",
        port=port,
        host=host,
        webhook_url=webhook_url,
        webhook_secret=credentials.webhook_secret,
        private_key=credentials.private_key_file.read_text(encoding="utf-8"),
        app_id=credentials.app_id,
        strict=False,
    )

    def observe(event: str, action: str | None, content: Mapping[str, Any], sender: User) -> None:
        for line in told(event, action, content, sender):
            say(line)

    _take_up(github, folder)
    github.state.observers.append(observe)
    there = False
    try:
        with github:
            say(f"the simulated GitHub is at {github.git_url}")
            if webhook_url is not None and not _answers(webhook_url, until):
                say(f"no receiver answers at {webhook_url}: its webhooks will be lost")
            if not until.is_set():
                _begin(github, sample, say)
                there = True
                _keep(github.state, folder, until)
    finally:
        if there:
            keeping.keep(github.state, folder)


def _take_up(github: SimulatedGitHub, folder: Path) -> None:
    """Go on with what was kept; where nothing was, everything begins anew, with other shas."""
    keys = github.app.public_keys
    github.state.kept_in = folder
    if keeping.restore(github.state, folder):
        github.app = github.state.app
        github.app.public_keys = keys
    else:
        shutil.rmtree(github.folder, ignore_errors=True)


def _begin(github: SimulatedGitHub, sample: bool, say: Callable[[str], None]) -> None:
    """Say what is there from the last time, and send what was not sent then; or open the sample."""
    pulls = [pull for repository in github.state.repositories.values() for pull in repository.pulls.values()]
    if not pulls:
        if sample:
            load_sample(github)
        return
    number = f"{len(pulls)} pull request{'' if len(pulls) == 1 else 's'}"
    say(f"going on from the last time, with {number}; without the folder {github.state.kept_in} all begins anew")
    for pull in pulls[-3:]:
        say(_line(f"see it in its place: {github.page(pull)}/files"))
    for delivery in keeping.pending(github.state):
        github.state.outbox.append(delivery)


def _keep(state: State, folder: Path, until: threading.Event) -> None:
    """Write down what changes, until told to end."""
    seen = -1
    while True:
        if state.touched != seen:
            seen = state.touched
            keeping.keep(state, folder)
        if until.wait(KEEP_EVERY):
            return


def _answers(webhook_url: str, until: threading.Event) -> bool:
    """Wait until the receiver is ready; say whether it is."""
    parts = urlsplit(webhook_url)
    ready = f"{parts.scheme}://{parts.netloc}/readyz"
    for _ in range(PATIENCE * 5):
        try:
            with urllib.request.urlopen(ready, timeout=2):  # noqa: S310 - the address the caller gave
                return True
        except urllib.error.HTTPError as problem:
            problem.close()
            if problem.code != 503:  # a receiver that has no such page is one as well
                return True
        except OSError:
            pass
        if until.wait(0.2):
            break
    return False


def told(event: str, action: str | None, content: Mapping[str, Any], sender: User) -> list[str]:
    """Give the lines that tell a person of an event; none for what is of no interest."""
    pull = content.get("pull_request") or content.get("issue") or {}
    name = f"{sender.login} "
    if event == "pull_request":
        changed = f" {content['label']['name']}" if "label" in content else ""
        lines = [
            f"{name}{str(action).replace('_', ' ')}{changed}: #{pull['number']} {pull['title']}",
            f"  {pull['html_url']}",
        ]
    elif event == "pull_request_review" and action == "submitted":
        lines = [
            f"{name}reviewed #{pull['number']}: {_first(content['review']['body'])}",
        ]
    elif event == "pull_request_review_comment" and action == "created":
        comment = content["comment"]
        lines = [f"  {comment['path']}:{comment['line'] or comment['original_line']}: {_first(comment['body'])}"]
    elif event == "issue_comment":
        verb = {"created": "commented on", "edited": "edited a comment on", "deleted": "deleted a comment on"}[
            str(action)
        ]
        lines = [f"{name}{verb} #{pull['number']}: {_first(content['comment']['body'])}"]
    elif event == "check_run" and action == "completed":
        run = content["check_run"]
        title = run["output"]["title"]
        lines = [f"check run {run['name']}: {run['conclusion']}" + (f", {title}" if title else "")]
        # A review is done with its check run: last the place where a person goes on.
        page = run["html_url"].partition("/runs/")[0]
        lines += [f"see it in its place: {page}/pull/{each['number']}/files" for each in run["pull_requests"]]
    else:
        return []
    return [_line(line) for line in lines]


def _first(body: str) -> str:
    """Give the first line of a comment that shows something."""
    shown = re.sub(r"<!--.*?(?:-->|\Z)", "", body, flags=re.DOTALL)
    return next((line.strip() for line in shown.splitlines() if line.strip()), "")


def _line(text: str) -> str:
    """Give a text without control characters (they could rewrite a terminal), and not too long."""
    clean = "".join(character for character in text if character.isprintable())
    return clean if len(clean) <= 200 else f"{clean[:199]}…"
