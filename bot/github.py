"""GitHub: one repository's pull requests, to read and to comment on."""

import contextlib
import dataclasses
import urllib.parse
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from github.Commit import Commit
from github.GithubException import UnknownObjectException
from github.PullRequest import PullRequest, ReviewComment
from github.Repository import Repository

from bot import github_calls
from bot.bot_account import Identity
from bot.check_runs import ExternalId
from bot.github_app import App, InstallationAuth
from bot.github_calls import GitHubError, RateLimited, Refused, Uncertain, Unreachable
from bot.review_request import CommandSource
from bot.standing import Standing, StandingCheckRun, StandingComment, StandingReview
from bot.writes import (
    Annotation,
    DeletePendingReview,
    EditComment,
    EditReview,
    LineComment,
    PostReply,
    PostReview,
    PutCheckRun,
    React,
    ResolveThread,
    Write,
    Written,
)

__all__ = ["App", "GitHub", "GitHubError", "Pull", "RateLimited", "Refused", "Uncertain", "Unreachable"]

ANNOTATIONS_A_REQUEST = 50
# The longest description of a commit status.
STATUS = 140

_THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved resolvedBy { login } comments(first: 1) { nodes { fullDatabaseId } } }
      }
    }
  }
}
"""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as it is now: its head commit, the branch it goes to and that branch's tip, and its labels.

    review_comments counts the comments on lines, whoever wrote them.
    """

    number: int
    head: str
    base: str
    base_branch: str
    is_open: bool
    is_draft: bool
    author: str
    labels: tuple[str, ...]
    is_merged: bool = False
    review_comments: int = 0


class GitHub:
    """One repository, through a token that opens nothing else."""

    def __init__(self, app: Identity, repository: str, installation: int | None = None) -> None:
        self.app = app
        self.name = repository
        auth, address = InstallationAuth(app, repository, installation), app.settings.github_api_url
        self._reading = github_calls.client(address, auth, github_calls.READING, app.settings.timers)
        self._writing = github_calls.client(address, auth, github_calls.WRITING, app.settings.timers)

    def close(self) -> None:
        """Close the connections."""
        self._reading.close()
        self._writing.close()

    def __enter__(self) -> "GitHub":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pull(self, number: int) -> Pull:
        """Read a pull request; Refused (404) if there is none."""
        return _pull(
            self._read(
                lambda: self._reading.requester.requestJsonAndCheck("GET", f"/repos/{self.name}/pulls/{number}")[1]
            )
        )

    def may_label(self, login: str) -> bool:
        """Say whether a person may set labels (triage and above), and so may start a deep scan."""
        path = f"/repos/{self.name}/collaborators/{login}/permission"
        try:
            answer = self._read(lambda: self._reading.requester.requestJsonAndCheck("GET", path))[1]
        except Refused:
            return False  # not a collaborator
        return answer.get("permission") in {"admin", "write"} or answer.get("role_name") in {"maintain", "triage"}

    def standing(self, number: int) -> Standing:
        """Read what the bot has on a pull request."""
        pull = self.pull(number)
        return self._read(lambda: self._standing(pull))

    def commentable(self, number: int) -> dict[str, str | None]:
        """Give the patch of each file as GitHub has it, None where it shows none (large, binary): only there it takes comments."""
        return {
            file["filename"]: file.get("patch") for file in self._read(lambda: self._list(f"/pulls/{number}/files"))
        }

    def check_runs(self, commit: str) -> tuple[StandingCheckRun, ...]:
        """Give the bot's own check runs at a commit."""
        return self._read(lambda: self._check_runs(commit))

    def graphql(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Send a query of GraphQL and give its data."""
        return dict(self._read(lambda: self._reading.requester.graphql_query(query, dict(variables)))[1]["data"])

    def carry_out(self, number: int, write: Write) -> Written:
        """Make one write on a pull request and give what it made.

        Refused and RateLimited: nothing was written. Uncertain: it may stand.
        """
        return self._write(lambda: self._carry_out(number, write))

    def _carry_out(self, number: int, write: Write) -> Written:
        repository = self._writing.get_repo(self.name)  # asks nothing: the client is lazy
        pull = PullRequest(self._writing.requester, url=f"/repos/{self.name}/pulls/{number}")
        match write:
            case PostReview():
                commit = Commit(self._writing.requester, {}, {"sha": write.commit})
                made = pull.create_review(
                    commit, write.body, "COMMENT", [_line_comment(each) for each in write.comments]
                )
                return Written(made.html_url)
            case DeletePendingReview():
                self._writing.requester.requestJsonAndCheck("DELETE", f"{pull.url}/reviews/{write.review_id}")
            case EditComment():
                path = f"/repos/{self.name}/pulls/comments/{write.comment_id}"
                self._writing.requester.requestJsonAndCheck("PATCH", path, input={"body": write.body})
            case EditReview():
                path = f"{pull.url}/reviews/{write.review_id}"
                self._writing.requester.requestJsonAndCheck("PUT", path, input={"body": write.body})
            case ResolveThread():
                mutation = "resolveReviewThread" if write.resolved else "unresolveReviewThread"
                self._writing.requester.graphql_named_mutation(
                    mutation, {"threadId": write.thread}, "thread { isResolved }"
                )
            case PutCheckRun():
                put = self._put_check_run if self.app.writes_check_runs else self._put_status
                return put(repository, write)
            case PostReply():
                if write.source.kind == "review_comment":
                    # The thread is gone when its comment was deleted meanwhile; the answer is still wanted.
                    with contextlib.suppress(UnknownObjectException):
                        # GitHub takes answers to a thread's first comment only.
                        first = write.source.thread or write.source.id
                        return Written(pull.create_review_comment_reply(first, write.body).html_url)
                return Written(repository.get_issue(number).create_comment(write.body).html_url)
            case React():
                self._react(write.source, write.content)
        return Written()

    def _put_check_run(self, repository: Repository, write: PutCheckRun) -> Written:
        """Create or update, with the annotations 50 at a time: the first with the text, the others after it.

        GitHub adds annotations to those that are there, so only the others are sent. As long as some are missing, the
        external id says so.
        """
        output: dict[str, Any] = {"title": write.title, "summary": write.summary}
        if write.text:
            output["text"] = write.text
        left = [_annotation(each) for each in write.annotations]
        if write.check_run_id is not None and left:
            path = f"/repos/{self.name}/check-runs/{write.check_run_id}/annotations"
            there = Counter(_shown(each) for each in github_calls.listed(self._reading.requester, path))
            left = [each for each in left if not _taken_off(there, _shown(each))]
        first, left = left[:ANNOTATIONS_A_REQUEST], left[ANNOTATIONS_A_REQUEST:]
        identity = ExternalId.read(write.external_id)
        begun = str(dataclasses.replace(identity, state="part")) if identity and left else write.external_id
        state: dict[str, Any] = {"external_id": begun, "output": {**output, "annotations": first}}
        state |= (
            {"status": "completed", "conclusion": write.conclusion} if write.conclusion else {"status": "in_progress"}
        )
        if write.details_url:
            state["details_url"] = write.details_url
        if write.check_run_id is None:
            run = repository.create_check_run(write.name, write.head, **state)
        else:
            run = repository.get_check_run(write.check_run_id)
            run.edit(**state)
        while left:
            first, left = left[:ANNOTATIONS_A_REQUEST], left[ANNOTATIONS_A_REQUEST:]
            more: dict[str, Any] = {} if left else {"external_id": write.external_id}
            run.edit(output={**output, "annotations": first}, **more)
        return Written(run.html_url, run.id)

    def _put_status(self, repository: Repository, write: PutCheckRun) -> Written:
        """Write a commit status in a check run's place: its title is all there is room for.

        Who it is about stands behind the # of its address, where a check run has its external id.
        """
        address = write.details_url or f"{self.app.settings.github_git_url}/{self.name}/commit/{write.head}"
        status = repository.get_commit(write.head).create_status(
            state="success" if write.conclusion else "pending",
            target_url=f"{address}#{urllib.parse.quote(write.external_id, safe='')}",
            description=write.title if len(write.title) <= STATUS else f"{write.title[: STATUS - 1]}…",
            context=write.name,
        )
        return Written(status.target_url, status.id)

    def _react(self, source: CommandSource, content: str) -> None:
        requester = self._writing.requester
        match source.kind:
            case "issue_comment":
                requester.requestJsonAndCheck(
                    "POST", f"/repos/{self.name}/issues/comments/{source.id}/reactions", input={"content": content}
                )
            case "review_comment":
                requester.requestJsonAndCheck(
                    "POST", f"/repos/{self.name}/pulls/comments/{source.id}/reactions", input={"content": content}
                )
            case "review":
                # REST knows no reactions to a review.
                named = {"eyes": "EYES", "+1": "THUMBS_UP", "confused": "CONFUSED"}[content]
                requester.graphql_named_mutation(
                    "addReaction", {"subjectId": source.node_id, "content": named}, "reaction { content }"
                )

    def _standing(self, pull: Pull) -> Standing:
        ours = self.app.login
        all_comments = self._list(f"/pulls/{pull.number}/comments")
        comments = [each for each in all_comments if _author(each) == ours]
        reviews = [each for each in self._list(f"/pulls/{pull.number}/reviews") if _author(each) == ours]
        talk = [each for each in self._list(f"/issues/{pull.number}/comments") if _author(each) == ours]
        answers = sorted([*talk, *(each for each in comments if each.get("in_reply_to_id"))], key=_written_at)
        roots = [each for each in comments if not each.get("in_reply_to_id")]
        talked = {each.get("in_reply_to_id") for each in all_comments if _author(each) != ours}
        threads = self._threads(pull.number) if roots else {}
        return Standing(
            head=pull.head,
            is_open=pull.is_open,
            comments=tuple(
                StandingComment(
                    each["id"],
                    each["body"],
                    each["path"],
                    each.get("line"),
                    each.get("pull_request_review_id") or 0,
                    *threads.get(each["id"], ("", False, "")),
                    talked=each["id"] in talked,
                    posted_at=datetime.fromisoformat(each["created_at"]).timestamp(),
                    up=_thumbs(each, "+1"),
                    down=_thumbs(each, "-1"),
                )
                for each in roots
            ),
            reviews=tuple(
                StandingReview(each["id"], each["body"] or "", each["state"] == "PENDING") for each in reviews
            ),
            replies=tuple(each["body"] for each in answers),
            check_runs=self._check_runs(pull.head),
        )

    def _threads(self, number: int) -> dict[int, tuple[str, bool, str]]:
        """Give each thread's id, whether it is resolved, and by which person, by the number of its first comment."""
        owner, _, name = self.name.partition("/")
        found: dict[int, tuple[str, bool, str]] = {}
        after = None
        while True:
            variables = {"owner": owner, "name": name, "number": number, "after": after}
            answer = self._reading.requester.graphql_query(_THREADS, variables)[1]["data"]
            threads = answer["repository"]["pullRequest"]["reviewThreads"]
            for thread in threads["nodes"]:
                resolved = bool(thread["isResolved"])
                who = (thread["resolvedBy"] or {}).get("login") or "somebody"
                # GraphQL names a bot without its suffix.
                person = who if resolved and self.app.login not in {who, f"{who}[bot]"} else ""
                for first in thread["comments"]["nodes"]:
                    found[int(first["fullDatabaseId"])] = thread["id"], resolved, person
            if not threads["pageInfo"]["hasNextPage"]:
                return found
            after = threads["pageInfo"]["endCursor"]

    def _check_runs(self, commit: str) -> tuple[StandingCheckRun, ...]:
        if not self.app.writes_check_runs:
            return self._statuses(commit)
        runs = self._list(f"/commits/{commit}/check-runs?filter=all", "check_runs")
        return tuple(
            StandingCheckRun(
                check_run_id=each["id"],
                name=each["name"],
                completed=each["status"] == "completed",
                external_id=each["external_id"] or "",
                started_at=datetime.fromisoformat(each["started_at"]) if each["started_at"] else None,
            )
            for each in runs
            if each["app"] and each["app"]["id"] == self.app.settings.app_id
        )

    def _statuses(self, commit: str) -> tuple[StandingCheckRun, ...]:
        """Read the bot's commit statuses as the check runs whose place they take, the newest of each name."""
        newest: dict[str, StandingCheckRun] = {}
        for each in self._list(f"/commits/{commit}/statuses"):  # the newest come first
            if (each.get("creator") or {}).get("login") == self.app.login and each["context"] not in newest:
                newest[each["context"]] = StandingCheckRun(
                    check_run_id=each["id"],
                    name=each["context"],
                    completed=each["state"] != "pending",
                    external_id=urllib.parse.unquote(urllib.parse.urlsplit(each["target_url"] or "").fragment),
                    started_at=datetime.fromisoformat(each["created_at"]),
                )
        return tuple(newest.values())

    def _list(self, path: str, key: str | None = None) -> list[dict[str, Any]]:
        return github_calls.listed(self._reading.requester, f"/repos/{self.name}{path}", key)

    def _read(self, call: Callable[[], _Answer]) -> _Answer:
        return self._with_token(call, Unreachable)

    def _write(self, call: Callable[[], _Answer]) -> _Answer:
        return self._with_token(call, Uncertain)

    def _with_token(self, call: Callable[[], _Answer], failed: type[GitHubError]) -> _Answer:
        try:
            return github_calls.called(call, failed)
        except Refused as refusal:
            if refusal.status != 401:
                raise
            self.app.forget_tokens()  # it ended or was taken back meanwhile: a fresh one, once
            return github_calls.called(call, failed)


def _author(comment: Mapping[str, Any]) -> str:
    return comment["user"]["login"] if comment["user"] else ""  # the person's account is gone


def _thumbs(comment: Mapping[str, Any], content: str) -> int:
    # Reactions send no webhook; each comment that is listed brings their numbers along.
    return int((comment.get("reactions") or {}).get(content, 0))


def _written_at(comment: Mapping[str, Any]) -> tuple[str, int]:
    return comment["created_at"], comment["id"]


def _shown(annotation: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(annotation[name] for name in ("path", "start_line", "end_line", "annotation_level", "message"))


def _taken_off(there: Counter[tuple[Any, ...]], annotation: tuple[Any, ...]) -> bool:
    there[annotation] -= 1
    return there[annotation] >= 0


def _pull(data: Mapping[str, Any]) -> Pull:
    return Pull(
        number=data["number"],
        head=data["head"]["sha"],
        base=data["base"]["sha"],
        base_branch=data["base"]["ref"],
        is_open=data["state"] == "open",
        is_draft=bool(data.get("draft")),
        author=_author(data),
        labels=tuple(label["name"] for label in data["labels"]),
        is_merged=bool(data.get("merged")),
        review_comments=int(data.get("review_comments") or 0),
    )


def _line_comment(comment: LineComment) -> ReviewComment:
    made: ReviewComment = {"path": comment.path, "body": comment.body, "line": comment.end_line, "side": "RIGHT"}
    if comment.line < comment.end_line:
        made |= {"start_line": comment.line, "start_side": "RIGHT"}
    return made


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level,
        "title": annotation.title,
        "message": annotation.message,
    }
