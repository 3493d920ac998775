"""Triggers: what a delivery asks for. Pure: a Delivery in, review requests, replies and drops out."""

import dataclasses
import re
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from bot.commands import Command
from bot.deliveries import Comment, Delivery, Malformed, Payload, PullRequest
from bot.review_request import Answer, CommandSource, Depth, Reply, ReviewRequest, is_repository
from bot.settings import Settings
from bot.writes import DEEP_CHECK_RUN, RESULTS_CHECK_RUN

TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})

# Events of a pull request that lead to a review by themselves. Those that are more than a new head happen again for the
# same head, and so carry their delivery in the job's id.
_NEW_HEAD = frozenset({"opened", "synchronize"})
_SAME_HEAD = frozenset({"reopened", "ready_for_review", "edited"})

_COMMENT_KINDS: dict[str, tuple[Literal["issue_comment", "review_comment", "review"], str]] = {
    "issue_comment": ("issue_comment", "created"),
    "pull_request_review_comment": ("review_comment", "created"),
    "pull_request_review": ("review", "submitted"),
}
_Part = TypeVar("_Part")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A pull request was closed: its waiting reviews are moot."""

    repository: str
    number: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is to be done, and why. notable is what an operator should see in the log."""

    reason: str
    notable: bool = False


Action = ReviewRequest | Reply | Drop


@dataclass(frozen=True, slots=True)
class Remembered:
    """What workers noted of a pull request: the deep-scan label its repository configured, a cc of a moment ago."""

    label: str | None = None
    just_mentioned: bool = False


NOTHING_REMEMBERED = Remembered()


def requests(
    delivery: Delivery, settings: Settings, remembered: Remembered = NOTHING_REMEMBERED
) -> list[Action] | Ignored:
    """Say what a delivery asks for; Malformed if its payload lacks what every delivery of its event has."""
    if delivery.app not in {None, settings.app_id}:
        # Forwarded by Prow: its hook may be another App's, whose installation opens nothing for us.
        delivery = dataclasses.replace(delivery, payload=msgspec.structs.replace(delivery.payload, installation=None))
    payload = delivery.payload
    if delivery.event == "ping":
        return Ignored("pong")
    if delivery.event in {"installation", "installation_repositories"}:
        account = payload.installation.account if payload.installation else None
        who = f" ({account.login})" if account else ""
        return Ignored(
            f"an installation{who} was {payload.action}; REPOSITORIES says whom the bot serves", notable=True
        )
    if payload.repository is None:
        return Ignored(f"{delivery.event} is no event of a repository")
    repository = payload.repository.full_name
    if not is_repository(repository):
        raise Malformed("repository.full_name is no name of a repository")
    if not settings.serves(repository):
        return Ignored(f"{repository} is not covered by REPOSITORIES", notable=True)
    match delivery.event:
        case "pull_request":
            return _pull_request(delivery, settings, remembered)
        case "check_run":
            return _check_run(delivery, settings)
        case event if event in _COMMENT_KINDS:
            return _comment(delivery, settings)
        case event:
            return Ignored(f"nothing is done on {event}")


def _pull_request(delivery: Delivery, settings: Settings, remembered: Remembered) -> list[Action] | Ignored:
    payload = delivery.payload
    pull = _needed(payload.pull_request, "pull_request")
    match payload.action:
        case "closed":
            return [Drop(repository=_repository(payload), number=pull.number, updated_at=_time(pull))]
        case "labeled":
            return _labeled(delivery, settings, remembered)
        case "edited" if not (payload.changes and payload.changes.base):
            return Ignored("the edit did not change the base")
        case action if action not in _NEW_HEAD | _SAME_HEAD:
            return Ignored(f"nothing is done when a pull request is {action or 'touched'}")
    if pull.draft:
        return Ignored("a draft waits until it is ready for review")
    return [
        _review(
            payload,
            pull.number,
            cause=payload.action,
            head=pull.head.sha,
            updated_at=_time(pull),
            delivery=delivery.id if payload.action in _SAME_HEAD else "",
        )
    ]


def _labeled(delivery: Delivery, settings: Settings, remembered: Remembered) -> list[Action] | Ignored:
    payload = delivery.payload
    pull = _needed(payload.pull_request, "pull_request")
    label = _needed(payload.label, "label").name
    wanted = remembered.label or settings.deep_scan_label
    if label.lower() != wanted.lower():
        return Ignored("another label")
    if _is_bot(payload, settings):
        return Ignored("a bot set the label")
    # A mention of a SIG's team makes another bot, whose account is a person's, set the SIG's label: our own echo.
    if remembered.just_mentioned and label.lower().startswith("sig/"):
        return Ignored("the label follows the bot's own mention")
    return [_review(payload, pull.number, cause="label", depth="deep", delivery=delivery.id)]


def _check_run(delivery: Delivery, settings: Settings) -> list[Action] | Ignored:
    payload = delivery.payload
    if payload.action != "rerequested":
        return Ignored(f"nothing is done when a check run is {payload.action or 'touched'}")
    run = _needed(payload.check_run, "check_run")
    if run.app is None or run.app.id != settings.app_id:
        return Ignored("another App's check run")
    if run.name == RESULTS_CHECK_RUN:
        return Ignored("results are asked for by command")
    # The check run's own list is empty for a head in a fork; the bot writes the number into external_id.
    own = re.search(r"#([1-9][0-9]{0,9})(?![0-9])", run.external_id or "")
    number = int(own[1]) if own else run.pull_requests[0].number if run.pull_requests else None
    if number is None:
        return Ignored("the check run names no pull request")
    depth: Depth = "deep" if run.name == DEEP_CHECK_RUN else "normal"
    return [_review(payload, number, cause="rerequested", depth=depth, delivery=delivery.id)]


def _comment(delivery: Delivery, settings: Settings) -> list[Action] | Ignored:
    payload = delivery.payload
    kind, created = _COMMENT_KINDS[delivery.event]
    if payload.action not in {created, "edited"}:
        return Ignored(f"nothing is done when a comment is {payload.action or 'touched'}")
    comment = _needed(
        payload.review if kind == "review" else payload.comment, "review" if kind == "review" else "comment"
    )
    if _is_bot(payload, settings) or (comment.user is not None and _bot_account(comment.user.login, comment.user.type)):
        return Ignored("bots' comments are never commands")
    body = comment.body or ""
    if payload.action == "edited":
        former = payload.changes.body if payload.changes else None
        commands = Command.new_in(body, former.text) if former else []
    else:
        commands = Command.parse(body)
    if not commands:
        return Ignored("no command")
    if kind == "issue_comment":
        issue = _needed(payload.issue, "issue")
        if issue.pull_request is None:
            return Ignored("a command on an issue that is no pull request")
        number = issue.number
    else:
        number = _needed(payload.pull_request, "pull_request").number
    person = _needed(payload.sender, "sender").login
    actions: list[Action] = []
    for ordinal, command in enumerate(commands):
        source = CommandSource(
            kind=kind,
            id=comment.id,
            node_id=comment.node_id,
            author=person,
            author_association=_association(comment, person),
            text=command.text,
            ordinal=ordinal,
            edit=delivery.id if payload.action == "edited" else "",
        )
        actions.extend(_commanded(payload, number, command, source))
    return actions


def _commanded(payload: Payload, number: int, command: Command, source: CommandSource) -> list[Action]:
    def reply(answer: Answer) -> Reply:
        return Reply(
            repository=_repository(payload),
            number=number,
            installation=payload.installation.id if payload.installation else None,
            answer=answer,
            rule=command.rule,
            runs=command.runs,
            command=source,
        )

    match command.verb:
        case "check":
            return [_review(payload, number, cause="command", command=source)]
        case "deep" if source.author_association in TRUSTED:
            # Deep scans take their time, so what says "seen" does not wait behind them.
            return [reply("received"), _review(payload, number, cause="command", depth="deep", command=source)]
        case "deep":
            return [reply("deep-not-allowed")]
        case "results":
            return [reply("results" if source.author_association in TRUSTED else "results-not-allowed")]
        case "help" | "explain" | "unknown" as answer:
            return [reply(answer)]


def _review(
    payload: Payload,
    number: int,
    *,
    cause: str,
    head: str = "",
    depth: Depth = "normal",
    delivery: str = "",
    updated_at: str = "",
    command: CommandSource | None = None,
) -> ReviewRequest:
    try:
        return ReviewRequest(
            repository=_repository(payload),
            number=number,
            head=head,
            depth=depth,
            cause=cause,
            installation=payload.installation.id if payload.installation else None,
            delivery=delivery,
            updated_at=updated_at,
            command=command,
        )
    except ValueError as error:
        raise Malformed(str(error)) from None


def _repository(payload: Payload) -> str:
    return _needed(payload.repository, "repository").full_name


def _needed(part: _Part | None, name: str) -> _Part:
    if part is None:
        raise Malformed(f"the payload has no {name}")
    return part


def _time(pull: PullRequest) -> str:
    return pull.updated_at if _TIME.fullmatch(pull.updated_at) else ""


def _association(comment: Comment, person: str) -> str:
    # The association is that of the comment's author. Whoever edits another's comment does not inherit it.
    author = comment.user.login if comment.user else ""
    return comment.author_association if author == person else "NONE"


def _is_bot(payload: Payload, settings: Settings) -> bool:
    sender = payload.sender
    return sender is not None and (_bot_account(sender.login, sender.type) or sender.login == settings.bot_login)


def _bot_account(login: str, kind: str) -> bool:
    return kind == "Bot" or login.endswith("[bot]")
