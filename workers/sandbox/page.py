"""Pages to look at: what stands on the simulated GitHub, as a person would see it; and forms to act as one."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from . import acts
from .call import Refusal
from .changes import merge_base
from .git import FileChange
from .markdown import render
from .patch import PatchLine, Side
from .people import SimulatedRepository
from .records import Pull, Repository, ReviewComment
from .smart_http import own_hosts
from .state import State, iso

# Nothing is loaded from anywhere else, nothing runs but our own script, and no other site can frame the page or take its forms.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

_FOR_PEOPLE = frozenset({"page", "registration", "oauth"})

# Seconds after a push for which the page says that the bot's answer is awaited.
PATIENCE = 120


@dataclass
class Row:
    """A line of a file's diff with the threads and annotations that stand below it; or, with `header`, the beginning of a hunk."""

    line: PatchLine | None = None
    header: str = ""
    threads: list[list[ReviewComment]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class FileView:
    """A file of the diff as the page shows it."""

    change: FileChange
    rows: list[Row]
    aside: list[dict[str, Any]]


def routes(state: State) -> Blueprint:
    """Give the routes of the pages."""
    pages = Blueprint(
        "page", __name__, template_folder="templates", static_folder="static", static_url_path="/-/static"
    )

    @pages.app_context_processor
    def shared() -> dict[str, Any]:
        return {"kept_in": state.kept_in, "address": state.url}

    @pages.before_app_request
    def refuse_other_sites() -> None:
        # A manifest may come from any site: its page only asks. What has a credential is no form.
        if request.method == "POST" and request.blueprint in _FOR_PEOPLE and not _is_question():
            _refuse_other_sites(state)

    @pages.after_app_request
    def protect(response: Response) -> Response:
        if request.blueprint not in _FOR_PEOPLE:
            return response
        targets = f"form-action 'self' {g.get('form_targets', '')}".strip()
        response.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", targets)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    def found(owner: str, name: str, number: int) -> tuple[Repository, Pull]:
        repository = state.repository(f"{owner}/{name}")
        if repository is None or number not in repository.pulls:
            abort(404)
        return repository, repository.pulls[number]

    @pages.get("/")
    def index() -> str:
        """List repositories with their pull requests, and the last deliveries."""
        with state.lock:
            return render_template(
                "index.html", repositories=state.repositories.values(), deliveries=state.deliveries[-20:][::-1], iso=iso
            )

    @pages.get("/<owner>/<name>/pull/<int:number>")
    def conversation(owner: str, name: str, number: int) -> str:
        """Show a pull request's conversation."""
        with state.lock:
            repository, pull = found(owner, name, number)
            return render_template(
                "conversation.html",
                **_shared(repository, pull),
                events=list(_events(repository, pull)),
                players=acts.PLAYERS,
                version=_version(repository, pull),
                can_fix=pull.id in state.fixes,
                waiting=_waiting(state, repository, pull),
            )

    @pages.get("/<owner>/<name>/pull/<int:number>/files")
    def files(owner: str, name: str, number: int) -> str:
        """Show a pull request's diff with the comments in place."""
        with state.lock:
            repository, pull = found(owner, name, number)
            return render_template("files.html", **_shared(repository, pull), files=list(_files(repository, pull)))

    @pages.get("/<owner>/<name>/pull/<int:number>/commits")
    def commits(owner: str, name: str, number: int) -> str:
        """Show a pull request's commits."""
        with state.lock:
            repository, pull = found(owner, name, number)
            listed = repository.git.commits(merge_base(repository, pull), pull.head_sha)
            return render_template("commits.html", **_shared(repository, pull), listed=listed)

    @pages.get("/<owner>/<name>/pull/<int:number>/checks")
    def checks(owner: str, name: str, number: int) -> str:
        """Show the check runs and commit statuses of a pull request's head."""
        with state.lock:
            repository, pull = found(owner, name, number)
            newest = {each.context: each for each in repository.statuses if each.sha == pull.head_sha}
            return render_template("checks.html", **_shared(repository, pull), statuses=newest.values())

    @pages.get("/<owner>/<name>/pull/<int:number>/version")
    def version(owner: str, name: str, number: int) -> Response:
        """Tell the page's script whether there is anything new."""
        with state.lock:
            return Response(_version(*found(owner, name, number)), content_type="text/plain; charset=utf-8")

    @pages.get("/<owner>/<name>/runs/<int:run>")
    def check_run(owner: str, name: str, run: int) -> AnyResponse:
        """Lead to the pull request that a check run stands on."""
        with state.lock:
            repository = state.repository(f"{owner}/{name}")
            record = repository.check_runs.get(run) if repository else None
            pulls = (
                [pull for pull in repository.pulls.values() if record and record.suite.head_sha in pull.heads]
                if repository
                else []
            )
            if not pulls:
                abort(404)
            return redirect(f"/{owner}/{name}/pull/{pulls[0].number}#check-{run}")

    @pages.get("/<owner>/<name>/blob/<revision>/<path:path>")
    def blob(owner: str, name: str, revision: str, path: str) -> Response:
        """Show a file as plain text."""
        with state.lock:
            repository = state.repository(f"{owner}/{name}")
            sha = repository.git.resolve(revision) if repository else None
            object_id = repository.git.blob_id(sha, path) if repository and sha else None
            if repository is None or object_id is None or repository.git.kind(object_id) != "blob":
                abort(404)
            return Response(repository.git.blob(object_id), content_type="text/plain; charset=utf-8")

    @pages.post("/<owner>/<name>/pull/<int:number>/act")
    def act(owner: str, name: str, number: int) -> AnyResponse:
        """Act as a person: comment, push the fix, label, close, reopen, ask for the check again."""
        with state.lock:
            repository, pull = found(owner, name, number)
            try:
                anchor = acts.act(state, SimulatedRepository(state, repository), pull, request.form)
            except acts.UnknownAct as unknown:
                abort(400, f"There is no action {unknown} here.")
            except Refusal as refusal:
                return _refused(refusal)
        return redirect(f"/{owner}/{name}/pull/{number}#{anchor}", code=303)

    @pages.post("/<owner>/<name>/pulls/open")
    def open_pull(owner: str, name: str) -> AnyResponse:
        """Open a pull request from a pasted diff."""
        with state.lock:
            repository = state.repository(f"{owner}/{name}")
            if repository is None:
                abort(404)
            try:
                pull = acts.open_pull(SimulatedRepository(state, repository), request.form)
            except Refusal as refusal:
                return _refused(refusal)
        return redirect(f"/{owner}/{name}/pull/{pull.number}", code=303)

    return pages


def _is_question() -> bool:
    return request.path.endswith("/settings/apps/new")


def _refuse_other_sites(state: State) -> None:
    """Refuse a form that another site's page sends, or that comes under another name (DNS rebinding)."""
    origin = request.headers.get("Origin")
    if request.host not in own_hosts(state) or (origin is not None and urlsplit(origin).netloc != request.host):
        abort(403, "This form was sent by another site.")


def _waiting(state: State, repository: Repository, pull: Pull) -> bool:
    """Say whether the bot may be expected to answer to the present head soon."""
    if state.webhook_url is None or pull.state != "open" or pull.draft or state.now() - pull.updated_at > PATIENCE:
        return False
    runs = any(run.suite.head_sha == pull.head_sha for run in repository.check_runs.values())
    return not runs and all(
        review.commit_id != pull.head_sha or review.user is not state.app.bot for review in pull.reviews
    )


def _version(repository: Repository, pull: Pull) -> str:
    """Give a word that is another one whenever the page of a pull request would be another."""
    seen: list[object] = [pull.head_sha, pull.state, pull.draft, pull.title, pull.body, pull.base_ref]
    seen += [label.name for label in pull.labels]
    seen += [(each.id, each.body, each.minimized, len(each.reactions)) for each in pull.comments]
    seen += [(each.id, each.state, each.body) for each in pull.reviews]
    seen += [
        (
            each.id,
            each.body,
            each.minimized,
            len(each.reactions),
            each.current,
            each.resolved_by and each.resolved_by.login,
        )
        for each in pull.review_comments
    ]
    seen += [
        (run.id, run.status, run.conclusion, run.title, run.summary, run.text, len(run.annotations))
        for run in repository.check_runs.values()
        if run.suite.head_sha in pull.heads
    ]
    seen += [(status.id, status.state) for status in repository.statuses if status.sha in pull.heads]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def _refused(refusal: Refusal) -> Response:
    reasons = [error.get("message", "") if isinstance(error, dict) else str(error) for error in refusal.errors or ()]
    text = f"{refusal.message}. {' '.join(reasons)}\n"
    return Response(text, refusal.status, content_type="text/plain; charset=utf-8")


def _shared(repository: Repository, pull: Pull) -> dict[str, Any]:
    base = merge_base(repository, pull)
    changes = repository.git.changes(base, pull.head_sha)
    runs = [run for run in repository.check_runs.values() if run.suite.head_sha == pull.head_sha]
    return {
        "runs": sorted({run.name: run for run in runs}.values(), key=lambda run: run.name),
        "act": f"/{repository.full_name}/pull/{pull.number}/act",
        "repository": repository,
        "pull": pull,
        "render": render,
        "iso": iso,
        "commits": len(repository.git.commits(base, pull.head_sha)),
        "changed": len(changes),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
    }


@dataclass
class Event:
    """Something in the conversation: "comment", "review" or "check", when, and the record."""

    kind: str
    at: float
    record: Any
    threads: list[list[ReviewComment]] = field(default_factory=list)


def _events(repository: Repository, pull: Pull) -> Iterator[Event]:
    """Yield the conversation, oldest first; replies stand with the comment they reply to."""
    events = [Event("comment", comment.created_at, comment) for comment in pull.comments]
    for review in pull.reviews:
        threads = [thread for thread in _threads(pull) if thread[0].review_id == review.id]
        if review.state != "PENDING" and (review.body or threads):
            events.append(Event("review", review.submitted_at or 0, review, threads))
    runs = [run for run in repository.check_runs.values() if run.suite.head_sha in pull.heads]
    events += [Event("check", run.completed_at or run.started_at, run) for run in runs]
    yield from sorted(events, key=lambda event: (event.at, event.record.id))


def _threads(pull: Pull) -> Iterator[list[ReviewComment]]:
    """Yield the threads of submitted reviews: each a comment and its replies."""
    pending = {review.id for review in pull.reviews if review.state == "PENDING"}
    for root in pull.review_comments:
        if root.in_reply_to is None and root.review_id not in pending:
            yield [root, *(comment for comment in pull.review_comments if comment.in_reply_to == root.id)]


def _files(repository: Repository, pull: Pull) -> Iterator[FileView]:
    """Yield the files of the diff with threads and annotations on their lines."""
    runs = [run for run in repository.check_runs.values() if run.suite.head_sha == pull.head_sha]
    newest = {run.name: run for run in runs}.values()
    for change in repository.git.changes(merge_base(repository, pull), pull.head_sha):
        threads: dict[tuple[Side, int], list[list[ReviewComment]]] = {}
        for thread in _threads(pull):
            if thread[0].path == change.path and thread[0].current is not None:
                threads.setdefault((thread[0].current.side, thread[0].current.line), []).append(thread)
        annotations = [item for run in newest for item in run.annotations if item["path"] == change.path]
        rows: list[Row] = []
        shown: set[int] = set()
        for hunk in change.patch.hunks if change.patch else ():
            rows.append(Row(header=hunk.header))
            for line in hunk.lines:
                row = Row(line)
                if line.kind != "-" and line.new is not None:
                    row.threads += threads.get(("RIGHT", line.new), [])
                    row.annotations = [item for item in annotations if item["end_line"] == line.new]
                    shown.update(id(item) for item in row.annotations)
                if line.kind != "+" and line.old is not None:
                    row.threads += threads.get(("LEFT", line.old), [])
                rows.append(row)
        yield FileView(change, rows, [item for item in annotations if id(item) not in shown])
