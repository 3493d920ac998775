"""The records of the simulated GitHub: users, repositories, pull requests, reviews, check runs, tokens, deliveries. Plain data."""

from dataclasses import dataclass, field
from typing import Any, Literal

from .git import BareRepository
from .patch import Side

Association = Literal[
    "OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR", "FIRST_TIMER", "MANNEQUIN", "NONE"
]

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")

# What the App is granted where it is installed: the `default_permissions` and `default_events` of app.yml (a test compares them).
PERMISSIONS = {"checks": "write", "contents": "read", "issues": "write", "metadata": "read", "pull_requests": "write"}
EVENTS = ("check_run", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment")


@dataclass(eq=False)
class User:
    """A person, an organisation or an App's bot."""

    id: int
    login: str
    type: Literal["User", "Organization", "Bot"] = "User"


@dataclass(eq=False)
class Reaction:
    """A reaction of a user to an issue, a comment or a review comment."""

    id: int
    user: User
    content: str
    created_at: float


@dataclass(eq=False)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(eq=False)
class Comment:
    """A comment in a pull request's conversation."""

    id: int
    user: User
    body: str
    association: Association
    created_at: float
    updated_at: float
    app: "App | None" = None
    reactions: list[Reaction] = field(default_factory=list)
    minimized: str | None = None
    unseen: int = 0


@dataclass(eq=False)
class Review:
    """A review. It is PENDING, and seen by its author only, until it is submitted."""

    id: int
    user: User
    body: str
    state: str
    commit_id: str
    association: Association
    submitted_at: float | None = None
    minimized: str | None = None
    unseen: int = 0


@dataclass(frozen=True)
class Anchor:
    """Where a review comment stands: at a commit, on a line (from `start_line` on); `position` counts from the first "@@"."""

    commit_id: str
    side: Side
    line: int
    start_side: Side | None = None
    start_line: int | None = None
    position: int = 0


@dataclass(eq=False)
class ReviewComment:
    """A comment on a line of a pull request. `original` is where it was written; `current` where it stands, None once outdated."""

    id: int
    user: User
    body: str
    association: Association
    path: str
    diff_hunk: str
    review_id: int
    created_at: float
    updated_at: float
    original: Anchor
    current: Anchor | None
    in_reply_to: int | None = None
    reactions: list[Reaction] = field(default_factory=list)
    minimized: str | None = None
    resolved_by: User | None = None
    unseen: int = 0


@dataclass(eq=False)
class App:
    """A GitHub App: ours, or another one that also writes check runs. It may have several keys: so one follows another."""

    id: int
    slug: str
    owner: User
    bot: User
    client_id: str
    public_keys: list[str]
    permissions: dict[str, str] = field(default_factory=lambda: dict(PERMISSIONS))
    events: tuple[str, ...] = EVENTS
    created_at: float = 0.0
    callback_urls: tuple[str, ...] = ()


@dataclass(eq=False)
class Grant:
    """A person's yes to an App, until its code is turned into a token."""

    app: App
    user: User
    redirect_uri: str
    expires_at: float


@dataclass(eq=False)
class CheckSuite:
    """The check runs of one App on one commit."""

    id: int
    app: App
    head_sha: str
    created_at: float


@dataclass(eq=False)
class CheckRun:
    """A check run with its annotations."""

    id: int
    name: str
    suite: CheckSuite
    status: str
    conclusion: str | None
    started_at: float
    completed_at: float | None
    external_id: str = ""
    details_url: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)
    unseen: int = 0


@dataclass(eq=False)
class Status:
    """A commit status."""

    id: int
    user: User
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    created_at: float


@dataclass(eq=False)
class Pull:
    """A pull request, from a branch of its author's fork. Its head stands in the repository as refs/pull/N/head.

    `pushed` tells when each head came.
    """

    id: int
    number: int
    user: User
    association: Association
    title: str
    body: str | None
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    created_at: float
    updated_at: float
    fork_id: int
    draft: bool = False
    state: Literal["open", "closed"] = "open"
    closed_at: float | None = None
    merged: bool = False
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    review_comments: list[ReviewComment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    pushed: list[tuple[float, str]] = field(default_factory=list)


@dataclass(eq=False)
class Repository:
    """A repository: its pull requests and check runs; its files are in `git`."""

    id: int
    owner: User
    name: str
    git: BareRepository
    created_at: float
    default_branch: str = "master"
    private: bool = False
    labels: dict[str, Label] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    suites: list[CheckSuite] = field(default_factory=list)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    associations: dict[str, Association] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """The name as "owner/name"."""
        return f"{self.owner.login}/{self.name}"


@dataclass(eq=False)
class Installation:
    """Our App on one account: on all its repositories (`repositories` is None) or on those whose ids are listed."""

    id: int
    account: User
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: float
    repositories: set[int] | None = None


@dataclass(eq=False)
class Token:
    """An installation access token; or a personal one, of the user who then writes, within what an installation covers; or
    one that an App was given for a user who signed in ("ghu_"), which sees what both see."""

    value: str = field(repr=False)
    installation: Installation
    permissions: dict[str, str]
    repositories: set[int] | None
    expires_at: float
    user: User | None = None


@dataclass(eq=False)
class Delivery:
    """One attempt to hand a webhook to its receiver. Attempts of the same event have the same guid."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    repository_id: int | None
    installation_id: int | None
    redelivery: bool = False
    delivered_at: float = 0.0
    duration: float = 0.0
    status_code: int = 0
    status: str = "pending"
    answer: bytes = field(default=b"", repr=False)
    answer_headers: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Request:
    """A request that reached the API or the git server, for a test to look at. `who` is "app", "installation N" or "nobody"."""

    method: str
    path: str
    operation: str | None
    who: str
    query: dict[str, str]
    body: Any
    status: int | None
    fault: bool = False
