"""Write: one intended write to GitHub, as data. Review.of makes them, post carries them out, shadow keeps them."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from bot.review_request import CommandSource

CHECK_RUN = "scalability"
DEEP_CHECK_RUN = "scalability deep scan"
RESULTS_CHECK_RUN = "scalability results"


@dataclass(frozen=True, slots=True)
class LineComment:
    """A comment on lines `line`..`end_line` of a file as it is after the change, about the diagnostic of a fingerprint."""

    fingerprint: str
    path: str
    line: int
    end_line: int
    body: str


@dataclass(frozen=True, slots=True)
class DeletePendingReview:
    """Remove a review of our own that was begun and never submitted: GitHub takes no second one beside it."""

    review_id: int


@dataclass(frozen=True, slots=True)
class PostReview:
    """A review (event COMMENT) of one commit, with at least one comment on a line."""

    commit: str
    body: str
    comments: tuple[LineComment, ...]


@dataclass(frozen=True, slots=True)
class EditComment:
    """A new text for one of our own comments on a line."""

    comment_id: int
    body: str


@dataclass(frozen=True, slots=True)
class EditReview:
    """A new text for one of our own reviews."""

    review_id: int
    body: str


@dataclass(frozen=True, slots=True)
class ResolveThread:
    """Mark the thread of one of our own comments as resolved, or take that back; thread is its id in GraphQL."""

    thread: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class Annotation:
    """A note on lines of a file in a check run. GitHub shows the message as plain text."""

    path: str
    line: int
    end_line: int
    level: Literal["warning", "notice"]
    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutCheckRun:
    """A check run as it should stand at a commit.

    conclusion is "success" or "neutral", never another, since Kubernetes' merge automation counts anything else against
    the pull request; None is "in progress", which only the deep scan's own check run may be.
    check_run_id is the check run that is brought up to date (None: a new one): it gets the annotations that it lacks.
    external_id is a bot.check_runs.ExternalId as text.
    """

    name: str
    head: str
    conclusion: Literal["success", "neutral"] | None
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    external_id: str = ""
    details_url: str | None = None
    check_run_id: int | None = None

    def __post_init__(self) -> None:
        if self.conclusion is None and self.name != DEEP_CHECK_RUN:
            raise ValueError(f"the check run {self.name!r} is created completed: give a conclusion")

    @property
    def digest(self) -> str:
        """Tell this content from another, so that the same is not written twice."""
        content: list[object] = [self.name, self.conclusion, self.title, self.summary, self.text]
        content += [dataclasses.astuple(annotation) for annotation in self.annotations]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class PostReply:
    """An answer in words to a command: in its thread, or as a comment on the pull request."""

    number: int
    source: CommandSource
    body: str


@dataclass(frozen=True, slots=True)
class React:
    """A reaction to a command, which says that it was heard."""

    source: CommandSource
    content: Literal["eyes", "+1", "confused"] = "eyes"


Write = DeletePendingReview | PostReview | EditComment | EditReview | ResolveThread | PutCheckRun | PostReply | React


class Written(NamedTuple):
    """What a write made: its address for people ("" if it has none), and a check run's number."""

    address: str = ""
    id: int | None = None


def is_content(write: Write) -> bool:
    """Say whether GitHub counts it as content that people are notified of (a review, a comment)."""
    return isinstance(write, PostReview | PostReply)


def to_json(write: Write) -> dict[str, Any]:
    """Give a write as JSON data, with its kind under "write"."""
    return {"write": type(write).__name__, **dataclasses.asdict(write)}
