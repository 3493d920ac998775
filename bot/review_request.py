"""ReviewRequest and Reply: what a worker is asked to do, as plain data that lies on the queue."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import msgspec

_REPOSITORY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*/(?!\.{1,2}$)[A-Za-z0-9_.-]+")
_COMMIT = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})?")
_DELIVERY = re.compile(r"[A-Za-z0-9_-]{0,100}")

Depth = Literal["normal", "deep"]
Answer = Literal[
    "received",
    "help",
    "explain",
    "unknown",
    "deep-not-allowed",
    "too-many",
    "closed",
    "results",
    "results-not-allowed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSource:
    """Where a command stands, and so where its answer goes.

    id is the comment's or review's number in the REST API, node_id its id in GraphQL (a review takes reactions only
    there). text is the command as the person wrote it, for quoting (through analyzers.analysis.diagnostic.code).
    ordinal counts the commands of one comment from 0; edit is the delivery that brought an edited comment, else "".
    """

    kind: Literal["issue_comment", "review_comment", "review"]
    id: int
    author: str
    author_association: str
    node_id: str = ""
    text: str = ""
    ordinal: int = 0
    edit: str = ""

    @property
    def key(self) -> str:
        """Tell this command from all others, in characters that a job's id may have."""
        return "-".join([self.kind, str(self.id), *([self.edit] if self.edit else []), str(self.ordinal)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """One pull request to review.

    repository is "owner/name"; head the commit, or "" for the newest at the time of the review (when a person asks);
    cause what led to it ("opened", "synchronize", "reopened", "ready_for_review", "edited", "label", "command",
    "rerequested", or a name of maintenance's); installation the App's installation, None if the delivery did not say.
    delivery is set where the cause is an event of its own rather than a new head, so that it is run again for the same
    head. updated_at is the pull request's own time stamp (ISO 8601, UTC) as the delivery saw it: it orders deliveries.
    """

    repository: str
    number: int
    head: str = ""
    depth: Depth = "normal"
    cause: str
    installation: int | None = None
    delivery: str = ""
    updated_at: str = ""
    command: CommandSource | None = None

    def __post_init__(self) -> None:
        _check(self.repository, self.number, self.delivery)
        if not _COMMIT.fullmatch(self.head):
            raise ValueError(f"{self.head!r} is no commit of git")

    @property
    def is_automatic(self) -> bool:
        """Say whether no person asked for it: a newer push may take its place."""
        return self.depth == "normal" and self.command is None and bool(self.head)

    @property
    def job_id(self) -> str:
        """Say what the job is about: repository, number, head, depth, and the comment or delivery if a person asked."""
        parts = [job_prefix(self.repository, self.number) + (self.head or "newest"), self.depth]
        if self.command:
            parts.append(self.command.key)
        elif self.delivery:
            parts.append(self.delivery)
        return "-".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read what to_json gave; ValueError says what is wrong with anything else."""
        return msgspec.convert(data, cls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A command that is answered in words, or refused.

    answer is one of
    - "received": a reaction only, because the deep scan that was asked for may have to wait;
    - "help", "explain" (rule is what the person wrote, "" if nothing), "unknown" (the words mean nothing);
    - "deep-not-allowed": the author_association does not allow a deep scan. A worker that finds that the person may
      set labels runs deep_review() instead;
    - "results": what performance jobs measured in runs (one or two: the change's and a base's; names or addresses);
      "results-not-allowed": the same as with deep scans;
    - "too-many": the first command beyond what one person has in an hour;
    - "closed": the review was dropped because the pull request was closed.
    """

    repository: str
    number: int
    answer: Answer
    command: CommandSource
    installation: int | None = None
    rule: str = ""
    runs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self.repository, self.number)

    @property
    def job_id(self) -> str:
        """Say what the job is about: repository, number, the answer and the comment."""
        return "-".join(["reply", _slug(self.repository), str(self.number), self.answer, self.command.key])

    def deep_review(self) -> ReviewRequest:
        """Give the deep scan that was asked for."""
        return ReviewRequest(
            repository=self.repository,
            number=self.number,
            depth="deep",
            cause="command",
            installation=self.installation,
            command=self.command,
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read what to_json gave; ValueError says what is wrong with anything else."""
        return msgspec.convert(data, cls)


def job_prefix(repository: str, number: int) -> str:
    """Give what the job ids of all reviews of one pull request begin with."""
    return f"review-{_slug(repository)}-{number}-"


def is_repository(name: str) -> bool:
    """Say whether it is "owner/name" as GitHub allows it: no path, no address."""
    return bool(_REPOSITORY.fullmatch(name))


def _slug(repository: str) -> str:
    # A job's id may hold letters, digits, _ and -; names hold . and _ too. The slash becomes __, the others _ and their
    # code, so that no two repositories share a slug.
    return re.sub(r"[^A-Za-z0-9-]", lambda found: "__" if found[0] == "/" else f"_{ord(found[0]):02X}", repository)


def _check(repository: str, number: int, delivery: str = "") -> None:
    if not is_repository(repository):
        raise ValueError(f"{repository!r} is no repository of GitHub")
    if number < 1:
        raise ValueError(f"{number} is no number of a pull request")
    if not _DELIVERY.fullmatch(delivery):
        raise ValueError(f"{delivery!r} is no id of a delivery")
