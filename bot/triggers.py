"""Triggers: what a delivery asks for. Pure: a Delivery in, review requests and replies out."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from bot.check_runs import number_in
from bot.commands import Command
from bot.deliveries import Account, Comment, Delivery, Malformed, Payload
from bot.review_request import Answer, CommandSource, Depth, Reply, ReviewRequest, is_repository
from bot.settings import Settings
from bot.writes import DEEP_CHECK_RUN, RESULTS_CHECK_RUN

TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})

# Events of a pull request after which somebody should look at it. Of one that was closed is read what became of the
# comments; a `closed` that comes late takes nothing away, since whoever looks sees that it is open again.
_LOOK = frozenset({"opened", "synchronize", "reopened", "ready_for_review", "edited", "closed"})
# Of the rules that one comment asks to have explained, so many are.
MOST_RULES = 5

_COMMENT_KINDS: dict[str, tuple[Literal["issue_comment", "review_comment", "review"], str]] = {
    "issue_comment": ("issue_comment", "created"),
    "pull_request_review_comment": ("review_comment", "created"),
    "pull_request_review": ("review", "submitted"),
}
_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is to be done, and why. notable is what an operator should see in the log."""

    reason: str
    notable: bool = False


Action = ReviewRequest | Reply


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
        case "labeled":
            return _labeled(delivery, settings, remembered)
        case "edited" if not (payload.changes and payload.changes.base):
            return Ignored("the edit did not change the base")
        case action if action not in _LOOK:
            return Ignored(f"nothing is done when a pull request is {action or 'touched'}")
    if payload.action == "closed":
        return [_review(payload, pull.number, cause="closed")]  # its head is not waited for
    if pull.draft:
        return Ignored("a draft waits until it is ready for review")
    return [_review(payload, pull.number, cause=payload.action, head=pull.head.sha)]


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
    return [_review(payload, pull.number, cause="label", depth="deep", again=delivery.id)]


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
    number = number_in(run.external_id or "") or (run.pull_requests[0].number if run.pull_requests else None)
    if number is None:
        return Ignored("the check run names no pull request")
    depth: Depth = "deep" if run.name == DEEP_CHECK_RUN else "normal"
    return [_review(payload, number, cause="rerequested", depth=depth, again=delivery.id)]


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
    # One comment counts as one command of each kind, however many lines it has.
    for verb in dict.fromkeys(command.verb for command in commands):
        same = [command for command in commands if command.verb == verb]
        source = CommandSource(
            kind=kind,
            id=comment.id,
            node_id=comment.node_id,
            author=person,
            author_association=_association(comment, person),
            text=same[0].text,
            verb=verb,
            edit=delivery.id if payload.action == "edited" else "",
            thread=comment.in_reply_to_id or 0,
        )
        actions.extend(_commanded(payload, number, same, source))
    return actions


def _commanded(payload: Payload, number: int, commands: list[Command], source: CommandSource) -> list[Action]:
    def reply(answer: Answer, words: Iterable[str] = ()) -> Reply:
        return Reply(
            repository=_repository(payload),
            number=number,
            installation=payload.installation.id if payload.installation else None,
            answer=answer,
            words=tuple(words),
            command=source,
        )

    trusted = source.author_association in TRUSTED
    match commands[0].verb:
        case "check":
            # What says "seen" does not wait behind reviews.
            return [reply("received"), _review(payload, number, cause="command", command=source)]
        case "deep" | "prr" if trusted:
            return [reply("received"), _review(payload, number, cause="command", depth="deep", command=source)]
        case "deep" | "prr":
            return [reply("deep-not-allowed")]
        case "results":
            return [reply("results" if trusted else "results-not-allowed", commands[0].words)]
        case "explain":
            return [
                reply("explain", list(dict.fromkeys(word for each in commands for word in each.words[:1]))[:MOST_RULES])
            ]
        case "dismiss" | "restore" as answer:
            return [reply(answer, commands[0].words) if trusted else reply("dismiss-not-allowed")]
        case "help" | "unknown" as answer:
            return [reply(answer)]


def _review(
    payload: Payload,
    number: int,
    *,
    cause: str,
    head: str = "",
    depth: Depth = "normal",
    again: str = "",
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
            author=_author(payload),
            again=again,
            command=command,
        )
    except ValueError as error:
        raise Malformed(str(error)) from None


def _author(payload: Payload) -> str:
    account: Account | None = None
    if payload.pull_request is not None:
        account = payload.pull_request.user
    elif payload.issue is not None:
        account = payload.issue.user
    return account.login if account else ""


def _repository(payload: Payload) -> str:
    return _needed(payload.repository, "repository").full_name


def _needed(part: _Part | None, name: str) -> _Part:
    if part is None:
        raise Malformed(f"the payload has no {name}")
    return part


def _association(comment: Comment, person: str) -> str:
    # The association is that of the comment's author. Whoever edits another's comment does not inherit it.
    author = comment.user.login if comment.user else ""
    return comment.author_association if author == person else "NONE"


def _is_bot(payload: Payload, settings: Settings) -> bool:
    sender = payload.sender
    return sender is not None and (_bot_account(sender.login, sender.type) or sender.login == settings.bot_login)


def _bot_account(login: str, kind: str) -> bool:
    return kind == "Bot" or login.endswith("[bot]")
