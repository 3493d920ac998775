"""What the simulated GitHub remembers, and a few questions over it.

Whoever reads or writes holds `State.lock`; the server holds it for a whole request.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeVar

from .faults import Faults
from .limits import Limits
from .records import (
    App,
    Association,
    CheckRun,
    CheckSuite,
    Comment,
    Delivery,
    Grant,
    Installation,
    Pull,
    Repository,
    Request,
    Review,
    ReviewComment,
    Token,
    User,
)

Listed = TypeVar("Listed", Comment, Review, ReviewComment, CheckRun)


class State:
    """Everything. Times are seconds since 1970 by `clock`, which a test may replace or advance.

    Attributes:
        lag: how many lists of its kind miss a record that was just written (GitHub is consistent only after a while).
        head_lag: for how many seconds after a push the API still shows the head of before (webhooks name the new one).
        faults: the failures to act out.
        limits: the rate limits and size limits.
        requests: what was asked, in order.
        observers: are told of every event: its name, its action, what is particular to it, who caused it.
        fixes: pull request id -> the files that a person may push to it from its page.
        manifest_codes: code -> the App that was registered by a manifest, its private key, its webhook's secret.
        ids: the numbers that nothing has yet.
        kept_in: the folder in which the records outlive the process; None where they do not.
        touched: counts the requests that may have changed something.
        grants: code -> what a person who signs in said yes to.
        violations: answers of ours that contradict GitHub's description: mistakes in the simulated GitHub.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.clock = clock
        self.lock = threading.RLock()
        self.faults = Faults()
        self.limits = Limits()
        self.lag = 0
        self.head_lag = 0.0
        self.url = ""
        self.webhook_url: str | None = None
        self.webhook_secret = ""
        self.users: dict[str, User] = {}
        self.repositories: dict[str, Repository] = {}
        self.apps: list[App] = []
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.deliveries: list[Delivery] = []
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.observers: list[Callable[[str, str | None, Mapping[str, Any], User], None]] = []
        self.fixes: dict[int, Mapping[str, str | None]] = {}
        self.outbox: list[Delivery] = []
        self.manifest_codes: dict[str, tuple[App, str, str]] = {}
        self.grants: dict[str, Grant] = {}
        self.ids = count(1001)
        self.kept_in: Path | None = None
        self.touched = 0

    def id(self) -> int:
        """Give an id that nothing has yet."""
        return next(self.ids)

    def now(self) -> float:
        """Give the time, to the second as GitHub tells it."""
        return float(int(self.clock()))

    @property
    def app(self) -> App:
        """Our App: the first that was registered."""
        return self.apps[0]

    def user(self, login: str, kind: Literal["User", "Organization", "Bot"] = "User") -> User:
        """Give the user of a login, who is there from the first mention on."""
        key = login.lower()
        if key not in self.users:
            self.users[key] = User(self.id(), login, "Bot" if login.endswith("[bot]") else kind)
        return self.users[key]

    def repository(self, full_name: str) -> Repository | None:
        """Give the repository "owner/name", in whatever case; None if there is none."""
        return self.repositories.get(full_name.lower())

    def installation_of(self, repository: Repository) -> Installation | None:
        """Give our App's installation that covers a repository; None if there is none."""
        for installation in self.installations.values():
            if installation.account is repository.owner and covers(installation.repositories, repository):
                return installation
        return None

    def association(self, repository: Repository, user: User) -> Association:
        """Give what a user is to a repository."""
        if user is repository.owner:
            return "OWNER"
        return repository.associations.get(user.login.lower(), "NONE")

    def token(self, installation: Installation, permissions: dict[str, str], repositories: set[int] | None) -> Token:
        """Mint an installation access token, valid for one hour."""
        token = Token("ghs_" + secrets.token_hex(18), installation, permissions, repositories, self.now() + 3600)
        self.tokens[token.value] = token
        return token

    def suite(self, repository: Repository, app: App, head_sha: str) -> CheckSuite:
        """Give the check suite of an App on a commit, which is there from the first check run on."""
        for suite in repository.suites:
            if suite.app is app and suite.head_sha == head_sha:
                return suite
        suite = CheckSuite(self.id(), app, head_sha, self.now())
        repository.suites.append(suite)
        return suite

    def shown_head(self, pull: Pull) -> str:
        """Give the head that the API shows by now: a push takes a while to be seen."""
        if not self.head_lag:
            return pull.head_sha
        shown = [head for moment, head in pull.pushed if moment + self.head_lag <= self.clock()]
        return shown[-1] if shown else pull.pushed[0][1] if pull.pushed else pull.head_sha

    def written(self, record: Comment | Review | ReviewComment | CheckRun) -> None:
        """Note that a record was just written: the next `lag` lists do not show it yet."""
        record.unseen = self.lag


def covers(repositories: set[int] | None, repository: Repository) -> bool:
    """Say whether a selection of repositories (None is all) covers one."""
    return repositories is None or repository.id in repositories


def visible(records: Iterable[Listed]) -> Iterator[Listed]:
    """Yield the records that a list shows by now; each that it still hides comes nearer to being seen."""
    for record in records:
        if record.unseen > 0:
            record.unseen -= 1
        else:
            yield record


def iso(moment: float | None) -> str | None:
    """Give a time as GitHub writes it, for example "2026-11-23T12:00:00Z"; None for None."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
