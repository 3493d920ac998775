"""ReviewRequest and Reply: what a delivery asks for, and Assignment: what a worker then does; plain data."""

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
    "results",
    "results-not-allowed",
    "dismiss",
    "restore",
    "dismiss-not-allowed",
    "too-many",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSource:
    """Where a command stands, and so where its answer goes.

    id is the comment's or review's number in the REST API, node_id its id in GraphQL (a review takes reactions only
    there). text is the command as the person wrote it, for quoting (through analyzers.analysis.diagnostic.code). verb tells
    the kinds of commands of one comment apart; edit is the delivery that brought an edited comment, else "". thread is the
    first comment of the thread that a review comment answers in, 0 if it begins one.
    """

    kind: Literal["issue_comment", "review_comment", "review"]
    id: int
    author: str
    author_association: str
    node_id: str = ""
    text: str = ""
    verb: str = "check"
    edit: str = ""
    thread: int = 0

    @property
    def key(self) -> str:
        """Tell this command from all others, in letters, digits, _ and -."""
        return "-".join([self.kind, str(self.id), *([self.edit] if self.edit else []), self.verb])

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read what to_json gave; ValueError says what is wrong with anything else."""
        return msgspec.convert(data, cls)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """Look at one pull request.

    repository is "owner/name"; head the commit that the delivery named, which GitHub may show only later ("" if it named
    none): it never decides what is reviewed. cause says what led to it, for the log; installation is the App's, None if the
    delivery did not say; author the pull request's, "" if unknown. again is set where a person asks for a run though the
    commit may have been reviewed: the delivery's id.
    """

    repository: str
    number: int
    head: str = ""
    depth: Depth = "normal"
    cause: str
    installation: int | None = None
    author: str = ""
    again: str = ""
    command: CommandSource | None = None

    def __post_init__(self) -> None:
        _check(self.repository, self.number)
        if not _COMMIT.fullmatch(self.head):
            raise ValueError(f"{self.head!r} is no commit of git")
        if not _DELIVERY.fullmatch(self.again):
            raise ValueError(f"{self.again!r} is no id of a delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A command that is answered in words, or refused.

    answer is one of
    - "received": a reaction only, because the review that was asked for may have to wait;
    - "help", "explain" (words are the rules), "unknown" (the words mean nothing);
    - "dismiss", "restore": words are a rule's name or "all", then the reason; in a thread that is the bot's, none are needed;
    - "dismiss-not-allowed", "deep-not-allowed": the author_association does not allow it. A worker that finds that the
      person may set labels runs deep_review() instead of the latter;
    - "results": what performance jobs measured; words are the runs (one or two: the change's and a base's; names or
      addresses). "results-not-allowed": the same as with deep scans;
    - "too-many": the first command beyond what one person has in an hour.
    """

    repository: str
    number: int
    answer: Answer
    command: CommandSource
    installation: int | None = None
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self.repository, self.number)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What one run does on a pull request: the commit and the branch it goes to, as GitHub showed them, and who waits.

    commands wait for their answers. again: a person wants another run, though this commit may have been reviewed. silent:
    no comments, since the head is from before the bot served the repository.
    """

    repository: str
    number: int
    head: str = ""
    base: str = ""
    depth: Depth = "normal"
    installation: int | None = None
    commands: tuple[CommandSource, ...] = ()
    again: bool = False
    silent: bool = False

    @property
    def where(self) -> str:
        """Name the pull request, for sentences."""
        return f"{self.repository}#{self.number}"


def is_repository(name: str) -> bool:
    """Say whether it is "owner/name" as GitHub allows it: no path, no address."""
    return bool(_REPOSITORY.fullmatch(name))


def _check(repository: str, number: int) -> None:
    if not is_repository(repository):
        raise ValueError(f"{repository!r} is no repository of GitHub")
    if number < 1:
        raise ValueError(f"{number} is no number of a pull request")
