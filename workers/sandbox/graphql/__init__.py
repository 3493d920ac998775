"""The part of GitHub's GraphQL API that REST lacks: review threads, and hiding comments that no longer hold.

A field, an argument or a page size that GitHub does not have is refused in GitHub's words, so that a wrong query fails here too.
"""

from datetime import datetime
from typing import Any

from ..call import Refusal
from ..changes import merge_base
from ..records import CheckRun, Comment, Pull, Review, ReviewComment, Token, User
from ..repository_forms import node
from ..state import State, iso, visible
from ..tokens import permitted
from .execution import Execution, Resolver, Thing, Types, connection, identity, of, plain
from .syntax import GraphQLError, parse

CLASSIFIERS = ("ABUSE", "DUPLICATE", "LOW_QUALITY", "OFF_TOPIC", "OUTDATED", "RESOLVED", "SPAM")


def answer(state: State, token: Token, body: dict[str, Any]) -> dict[str, Any]:
    """Answer a GraphQL request: {"query", "variables", "operationName"} -> {"data", "errors"}."""
    try:
        document = parse(str(body.get("query") or ""))
        name = body.get("operationName") or next(iter(document.operations))
        if name not in document.operations:
            raise GraphQLError(f"No operation named {name!r}")
        kind, defaults, selections = document.operations[name]
        execution = Execution(TYPES, state, token, document, {**defaults, **(body.get("variables") or {})})
        data = execution.fields(Thing("Mutation" if kind == "mutation" else "Query", None), selections)
    except GraphQLError as problem:
        error: dict[str, Any] = {"message": str(problem)}
        if problem.kind:
            error["type"] = problem.kind
        if problem.extensions:
            error["extensions"] = problem.extensions
        return {"data": None, "errors": [error]} if problem.kind else {"errors": [error]}
    return {"data": data}


def refuse_without_query(body: Any) -> dict[str, Any]:
    """Give the body of a GraphQL request.

    Raises:
        Refusal: it is none.
    """
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise Refusal(400, "A query attribute must be specified and must be a string.")
    return body


def actor(user: User | None) -> Thing | None:
    """Give a user as GraphQL's Actor."""
    return None if user is None else Thing(user.type, user)


def _repository(execution: Execution, _: Thing, arguments: dict[str, Any]) -> Thing:
    name = f"{arguments.get('owner')}/{arguments.get('name')}"
    for thing in execution.things():
        if thing.kind == "Repository" and thing.record.full_name.lower() == name.lower():
            return thing
    raise GraphQLError(f"Could not resolve to a Repository with the name '{name}'.", "NOT_FOUND")


def _pull(execution: Execution, thing: Thing, arguments: dict[str, Any]) -> Thing:
    execution.need("pull_requests:read")
    found = thing.record.pulls.get(arguments.get("number"))
    if found is None:
        raise GraphQLError(
            f"Could not resolve to a PullRequest with the number of {arguments.get('number')}.", "NOT_FOUND"
        )
    return Thing("PullRequest", found, thing.repository, found)


def _pulls(execution: Execution, thing: Thing) -> list[Thing]:
    execution.need("pull_requests:read")
    return [Thing("PullRequest", pull, thing.repository, pull) for pull in thing.record.pulls.values()]


def _is_in_state(pull: Pull, states: Any) -> bool:
    wanted = states if isinstance(states, list) else [states]
    return ("MERGED" if pull.merged else pull.state.upper()) in wanted


def _commits(execution: Execution, thing: Thing) -> list[Thing]:
    assert thing.repository is not None
    pull: Pull = thing.record
    head = execution.state.shown_head(pull)
    commits = thing.repository.git.commits(merge_base(thing.repository, pull, head), head)
    return [Thing("PullRequestCommit", commit, thing.repository, pull) for commit in commits]


def _suites(execution: Execution, thing: Thing) -> list[Thing]:
    execution.need("checks:read")
    assert thing.repository is not None
    suites = [suite for suite in thing.repository.suites if suite.head_sha == thing.record.sha]
    return [Thing("CheckSuite", suite, thing.repository, thing.pull) for suite in suites]


def _check_runs(execution: Execution, thing: Thing) -> list[Thing]:
    assert thing.repository is not None
    runs = [run for run in thing.repository.check_runs.values() if run.suite is thing.record]
    return [Thing("CheckRun", run, thing.repository, thing.pull) for run in visible(runs)]


def _is_wanted_run(run: CheckRun, wanted: Any) -> bool:
    # checkType LATEST would show the newest of each name alone; nobody asks for it here.
    return isinstance(wanted, dict) and wanted.get("checkName") in (None, run.name)


def _pending(pull: Pull, user: User) -> set[int]:
    return {review.id for review in pull.reviews if review.state == "PENDING" and review.user is not user}


def _threads(execution: Execution, thing: Thing) -> list[Thing]:
    pull: Pull = thing.record
    hidden = _pending(pull, execution.state.app.bot)
    roots = [c for c in pull.review_comments if c.in_reply_to is None and c.review_id not in hidden]
    return [Thing("PullRequestReviewThread", root, thing.repository, pull) for root in roots]


def _thread_comments(execution: Execution, thing: Thing) -> list[Thing]:
    assert thing.pull is not None
    root: ReviewComment = thing.record
    comments = [c for c in thing.pull.review_comments if c is root or c.in_reply_to == root.id]
    return [Thing("PullRequestReviewComment", comment, thing.repository, thing.pull) for comment in comments]


def _resolve(resolved: bool) -> Resolver:
    def resolve(execution: Execution, _: Thing, arguments: dict[str, Any]) -> Thing:
        # An App needs contents: write for this, although it changes no contents (community discussion 44650).
        execution.need("contents:write")
        thread = execution.find(str((arguments.get("input") or {}).get("threadId")))
        if thread.kind != "PullRequestReviewThread":
            raise GraphQLError("Could not resolve to PullRequestReviewThread node", "NOT_FOUND")
        thread.record.resolved_by = execution.state.app.bot if resolved else None
        return Thing("ThreadPayload", thread)

    return resolve


def _minimize(minimized: bool) -> Resolver:
    def minimize(execution: Execution, _: Thing, arguments: dict[str, Any]) -> Thing:
        given = arguments.get("input") or {}
        subject = execution.find(str(given.get("subjectId")))
        if (
            not isinstance(subject.record, (Comment, ReviewComment, Review))
            or subject.kind == "PullRequestReviewThread"
        ):
            raise GraphQLError("Could not resolve to Minimizable node", "NOT_FOUND")
        execution.need(
            *(("issues:write", "pull_requests:write") if subject.kind == "IssueComment" else ("pull_requests:write",))
        )
        if minimized and given.get("classifier") not in CLASSIFIERS:
            raise GraphQLError("Argument 'classifier' on InputObject 'MinimizeCommentInput' has an invalid value")
        subject.record.minimized = str(given["classifier"]).lower() if minimized else None
        return Thing("MinimizePayload", subject)

    return minimize


def _zulu(moment: str) -> str | None:
    return iso(datetime.fromisoformat(moment).timestamp())


def _login(user: User) -> str:
    return user.login.removesuffix("[bot]")  # GraphQL names a bot without its suffix, REST with it


ACTOR = {
    "login": plain(_login),
    "id": of(lambda execution, thing: identity(thing)),
    "databaseId": plain(lambda user: user.id),
    "url": of(lambda execution, thing: f"{execution.state.url}/{thing.record.login}"),
}

COMMENT = {
    "id": of(lambda execution, thing: identity(thing)),
    "databaseId": plain(lambda comment: comment.id),
    "fullDatabaseId": plain(lambda comment: str(comment.id)),
    "body": plain(lambda comment: comment.body),
    "author": plain(lambda comment: actor(comment.user)),
    "authorAssociation": plain(lambda comment: comment.association),
    "isMinimized": plain(lambda comment: comment.minimized is not None),
    "minimizedReason": plain(lambda comment: comment.minimized),
    "viewerDidAuthor": of(lambda execution, thing: thing.record.user is execution.state.app.bot),
}

TIMES = {
    "createdAt": plain(lambda comment: iso(comment.created_at)),
    "updatedAt": plain(lambda comment: iso(comment.updated_at)),
}

# A commit is its record where its repository has it, else its id alone.
OID = {"oid": plain(lambda commit: commit if isinstance(commit, str) else commit.sha)}

TYPES: Types = {
    "Query": {
        "viewer": of(lambda execution, thing: Thing("Viewer", execution.state.app.bot)),
        "rateLimit": of(lambda execution, thing: Thing("RateLimit", execution.state)),
        "repository": (("owner", "name", "followRenames"), _repository),
        "node": (("id",), lambda execution, thing, arguments: execution.find(str(arguments.get("id")))),
        "nodes": (
            ("ids",),
            lambda execution, thing, arguments: [execution.find(str(item)) for item in arguments.get("ids", ())],
        ),
    },
    "Mutation": {
        "resolveReviewThread": (("input",), _resolve(True)),
        "unresolveReviewThread": (("input",), _resolve(False)),
        "minimizeComment": (("input",), _minimize(True)),
        "unminimizeComment": (("input",), _minimize(False)),
    },
    "ThreadPayload": {"thread": plain(lambda thread: thread), "clientMutationId": plain(lambda thread: None)},
    "MinimizePayload": {
        "minimizedComment": plain(lambda subject: subject),
        "unminimizedComment": plain(lambda subject: subject),
        "clientMutationId": plain(lambda subject: None),
    },
    "Viewer": {"login": plain(lambda user: user.login), "id": plain(lambda user: node("BOT", user.id))},
    "RateLimit": {
        "limit": plain(lambda state: state.limits.per_hour or 0),
        "cost": plain(lambda state: 1),
        "remaining": plain(lambda state: state.limits.per_hour or 0),
        "resetAt": plain(lambda state: iso(state.now() + 3600)),
        "used": plain(lambda state: 0),
    },
    "Repository": {
        "id": of(lambda execution, thing: identity(thing)),
        "databaseId": plain(lambda repository: repository.id),
        "name": plain(lambda repository: repository.name),
        "nameWithOwner": plain(lambda repository: repository.full_name),
        "isPrivate": plain(lambda repository: repository.private),
        "pullRequest": (("number",), _pull),
        "pullRequests": connection("pullRequests", {"states": _is_in_state})(_pulls),
    },
    "PullRequest": {
        "id": of(lambda execution, thing: identity(thing)),
        "databaseId": plain(lambda pull: pull.id),
        "number": plain(lambda pull: pull.number),
        "title": plain(lambda pull: pull.title),
        "body": plain(lambda pull: pull.body or ""),
        "state": plain(lambda pull: "MERGED" if pull.merged else pull.state.upper()),
        "isDraft": plain(lambda pull: pull.draft),
        "author": plain(lambda pull: actor(pull.user)),
        "createdAt": plain(lambda pull: iso(pull.created_at)),
        "updatedAt": plain(lambda pull: iso(pull.updated_at)),
        "headRefOid": of(lambda execution, thing: execution.state.shown_head(thing.record)),
        "commits": connection("commits")(_commits),
        "headRefName": plain(lambda pull: pull.head_ref),
        "baseRefOid": plain(lambda pull: pull.base_sha),
        "baseRefName": plain(lambda pull: pull.base_ref),
        "reviewThreads": connection("reviewThreads")(_threads),
        "comments": connection("comments")(
            lambda execution, thing: [
                Thing("IssueComment", c, thing.repository, thing.record) for c in thing.record.comments
            ]
        ),
        "reviews": connection("reviews")(
            lambda execution, thing: [
                Thing("PullRequestReview", review, thing.repository, thing.record)
                for review in thing.record.reviews
                if review.id not in _pending(thing.record, execution.state.app.bot)
            ]
        ),
    },
    "PullRequestReviewThread": {
        "id": of(lambda execution, thing: identity(thing)),
        "isResolved": plain(lambda root: root.resolved_by is not None),
        "isOutdated": plain(lambda root: root.current is None),
        "isCollapsed": plain(lambda root: root.resolved_by is not None or root.current is None),
        "resolvedBy": plain(lambda root: actor(root.resolved_by)),
        "path": plain(lambda root: root.path),
        "line": plain(lambda root: root.current.line if root.current else None),
        "startLine": plain(lambda root: root.current.start_line if root.current else None),
        "originalLine": plain(lambda root: root.original.line),
        "originalStartLine": plain(lambda root: root.original.start_line),
        "diffSide": plain(lambda root: root.original.side),
        "subjectType": plain(lambda root: "LINE"),
        "viewerCanResolve": of(lambda execution, thing: permitted(execution.token, ("contents:write",))),
        "comments": connection("comments")(_thread_comments),
        "pullRequest": of(lambda execution, thing: Thing("PullRequest", thing.pull, thing.repository, thing.pull)),
    },
    "PullRequestReviewComment": {
        **COMMENT,
        **TIMES,
        "path": plain(lambda comment: comment.path),
        "diffHunk": plain(lambda comment: comment.diff_hunk),
        "outdated": plain(lambda comment: comment.current is None),
        "line": plain(lambda comment: comment.current.line if comment.current else None),
        "originalLine": plain(lambda comment: comment.original.line),
        "originalCommit": plain(lambda comment: Thing("Commit", comment.original.commit_id)),
        "commit": plain(lambda comment: Thing("Commit", (comment.current or comment.original).commit_id)),
        "url": of(lambda execution, thing: f"{_html(execution, thing)}/files#discussion_r{thing.record.id}"),
        "replyTo": of(
            lambda execution, thing: next(
                (
                    Thing("PullRequestReviewComment", root, thing.repository, thing.pull)
                    for root in (thing.pull.review_comments if thing.pull else ())
                    if root.id == thing.record.in_reply_to
                ),
                None,
            )
        ),
    },
    "IssueComment": {
        **COMMENT,
        **TIMES,
        "url": of(lambda execution, thing: f"{_html(execution, thing)}#issuecomment-{thing.record.id}"),
    },
    "PullRequestReview": {
        **COMMENT,
        "state": plain(lambda review: review.state),
        "submittedAt": plain(lambda review: iso(review.submitted_at)),
        "commit": plain(lambda review: Thing("Commit", review.commit_id)),
        "url": of(lambda execution, thing: f"{_html(execution, thing)}#pullrequestreview-{thing.record.id}"),
        "comments": connection("comments")(
            lambda execution, thing: [
                Thing("PullRequestReviewComment", comment, thing.repository, thing.pull)
                for comment in (thing.pull.review_comments if thing.pull else ())
                if comment.review_id == thing.record.id
            ]
        ),
    },
    "Commit": {
        **OID,
        "committedDate": plain(lambda commit: _zulu(commit.committed)),
        "checkSuites": connection(
            "checkSuites", {"filterBy": lambda suite, by: not by or by.get("appId") in (None, suite.app.id)}
        )(_suites),
    },
    "PullRequestCommit": {
        "id": of(lambda execution, thing: node("PURC", thing.record.sha)),
        "commit": of(lambda execution, thing: Thing("Commit", thing.record, thing.repository, thing.pull)),
    },
    "CheckSuite": {
        "databaseId": plain(lambda suite: suite.id),
        "checkRuns": connection("checkRuns", {"filterBy": _is_wanted_run})(_check_runs),
    },
    "CheckRun": {
        "databaseId": plain(lambda run: run.id),
        "name": plain(lambda run: run.name),
        "status": plain(lambda run: run.status.upper()),
        "conclusion": plain(lambda run: run.conclusion.upper() if run.conclusion else None),
        "externalId": plain(lambda run: run.external_id),
    },
    "User": ACTOR,
    "Bot": ACTOR,
    "Organization": ACTOR,
    "Connection": {
        "totalCount": plain(lambda page: page["total"]),
        "nodes": plain(lambda page: page["items"]),
        "edges": plain(
            lambda page: [Thing("Edge", (page["low"] + index + 1, item)) for index, item in enumerate(page["items"])]
        ),
        "pageInfo": plain(lambda page: Thing("PageInfo", page)),
    },
    "Edge": {"node": plain(lambda edge: edge[1]), "cursor": plain(lambda edge: str(edge[0]))},
    "PageInfo": {
        "hasNextPage": plain(lambda page: page["high"] < page["total"]),
        "hasPreviousPage": plain(lambda page: page["low"] > 0),
        "startCursor": plain(lambda page: str(page["low"] + 1) if page["items"] else None),
        "endCursor": plain(lambda page: str(page["high"]) if page["items"] else None),
    },
}


def _html(execution: Execution, thing: Thing) -> str:
    assert thing.repository is not None and thing.pull is not None
    return f"{execution.state.url}/{thing.repository.full_name}/pull/{thing.pull.number}"
