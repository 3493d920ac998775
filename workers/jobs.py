"""The jobs: what the workers do, each a function of its equipment and of what lay on the queue.

A job may run twice (its worker was killed, its answer was lost): it reads what stands before it writes.
"""

import dataclasses
import datetime
import logging
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import rq
from redis import Redis, RedisError

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.report import Report
from bot import deep_scans, metrics, status
from bot.bot_account import Identity, identity
from bot.budget import Budget
from bot.comparison import compare
from bot.configuration import PATH, Parsed
from bot.github import GitHub, Pull, RateLimited
from bot.github_app import READING
from bot.links import Links
from bot.post import Page, Posted, Superseded, post, react
from bot.queue import REVIEW, Queues, queue_of
from bot.review import Review
from bot.review_request import Reply, ReviewRequest
from bot.settings import Secret, Settings
from bot.shadow import Shadow
from bot.standing import Standing
from workers import git
from workers.git import GitError
from workers.mirror import Mirrors
from workers.parser import Parser, ParserError
from workers.results.answer import measured

_log = logging.getLogger(__name__)

# A push is told by webhook before the API knows it: how long to wait before each look.
_HEAD_SEEN = (0.0, 2.0, 5.0)
# When a review whose comments found no room is tried again: GitHub's limits are by the hour.
_LATER = datetime.timedelta(minutes=30)


@dataclass(frozen=True)
class Equipment:
    """What the jobs of one worker work with."""

    settings: Settings
    redis: Redis
    parser: Parser

    @cached_property
    def app(self) -> Identity:
        """The GitHub App, or the account that the bot is."""
        return identity(self.settings)

    @cached_property
    def mirrors(self) -> Mirrors:
        """The mirrors on this machine."""
        folder = self.settings.data_dir / "mirrors"
        settings = self.settings
        return Mirrors(folder, settings.github_git_url, settings.mirror_quota_mb, settings.fetch_timeout)

    @cached_property
    def queues(self) -> Queues:
        """The queues, for what comes out of a job."""
        return Queues(self.redis, job_timeout=self.settings.job_timeout)

    @property
    def budget(self) -> Budget | None:
        """The writes that may still be made; None where nothing is written to GitHub."""
        return None if self.settings.mode == "shadow" else Budget(self.redis)

    def page(self, github: GitHub) -> Page:
        """Give where reviews are written: GitHub, or beside it in shadow mode."""
        return Shadow(github, self.redis) if self.settings.mode == "shadow" else github

    def links(self, repository: str, head: str) -> Links:
        """Give the addresses that comments at a commit need."""
        return Links(repository, head, self.settings.github_git_url, self.settings.public_url)


@dataclass(frozen=True, slots=True)
class _Analysis:
    """What a report was made from: the base branch's configuration, and what the pull request makes of that file."""

    report: Report
    in_force: Parsed
    proposed: Parsed | None


def review(equipment: Equipment, data: Any) -> str:
    """Review a pull request: data is ReviewRequest.to_json(). Give what became of it, in a few words, for the log.

    GitHubError, GitError, ParserError or Busy, and for a command Superseded: another try may do better.
    """
    asked = ReviewRequest.from_json(data)
    with GitHub(equipment.app, asked.repository, asked.installation) as github:
        page = equipment.page(github)
        if asked.command:
            react(page, asked.number, asked.command, budget=equipment.budget)
        try:
            pull = _wanted(github, asked)
            request = dataclasses.replace(asked, head=pull.head)
            if request.depth == "deep":
                _begin_deep_scan(equipment, page, request)
            found = _analyse(equipment, request, pull)
            posted = _post(equipment, page, request, found)
        except Superseded as reason:
            if asked.command:
                raise  # it asked about the newest commit: the next try takes that one
            _forget()
            return str(reason)
        except RateLimited as limit:
            _try_later(equipment, asked, datetime.timedelta(seconds=limit.wait))
            return f"put off: {limit}"
    if request.depth == "deep":
        deep_scans.ended(equipment.redis, request, pull.head)
    if posted.postponed:
        _try_later(equipment, asked, _LATER)
    for refusal in posted.refusals:
        _log.warning("%s: GitHub refused %s", asked.job_id, refusal)
    _count(equipment.redis, request, found.report, posted)
    _tidy(equipment)
    written = [type(write).__name__ for write, _ in posted.writes]
    return f"{len(found.report.diagnostics)} diagnostics; wrote {', '.join(written) or 'nothing'}"


def reply(equipment: Equipment, data: Any) -> str:
    """Answer a command in words: data is Reply.to_json(). Give what became of it."""
    asked = Reply.from_json(data)
    with GitHub(equipment.app, asked.repository, asked.installation) as github:
        page = equipment.page(github)
        react(page, asked.number, asked.command, budget=equipment.budget)
        if asked.answer == "received":
            return "received"
        if asked.answer == "results-not-allowed" and github.may_label(asked.command.author):
            asked = dataclasses.replace(asked, answer="results")
        found = (
            measured(equipment.settings, equipment.redis, equipment.parser, asked)
            if asked.answer == "results"
            else None
        )
        if asked.answer == "deep-not-allowed" and github.may_label(asked.command.author):
            return f"submitted {equipment.queues.submit(asked.deep_review()).job_id}"

        def compose(standing: Standing) -> Review:
            if found is not None:
                return Review.measured(standing, reply=asked, found=found)
            links = equipment.links(asked.repository, standing.head)
            return Review.answer(standing, reply=asked, links=links)

        posted = post(page, asked, compose, redis=equipment.redis, budget=equipment.budget)
    return f"answered with {asked.answer}" if posted.writes else "the answer stands already"


def set_aside(equipment: Equipment, data: Any) -> None:
    """Say on the pull request that a review could not be made: data is ReviewRequest.to_json() of a job that failed for good."""
    request = ReviewRequest.from_json(data)
    with GitHub(equipment.app, request.repository, request.installation) as github:

        def compose(standing: Standing) -> Review:
            links = equipment.links(request.repository, standing.head)
            return Review.failed(standing, request=request, links=links)

        try:
            post(
                equipment.page(github),
                request,
                compose,
                redis=equipment.redis,
                budget=equipment.budget,
                head=request.head or None,
            )
        except Superseded as reason:
            _log.info("%s: nothing to be said of its failure: %s", request.job_id, reason)


def _forget() -> None:
    """Let this job's record go with the job: a force-push back to this commit must be able to ask again."""
    job = rq.get_current_job()
    if job is not None:
        job.result_ttl = 0


def _wanted(github: GitHub, request: ReviewRequest, sleep: Callable[[float], None] = time.sleep) -> Pull:
    """Give the pull request if its review is still wanted; Superseded if it has another head, or is closed."""
    where = f"{request.repository}#{request.number}"
    for wait in _HEAD_SEEN:
        sleep(wait)
        pull = github.pull(request.number)
        if not pull.is_open and not request.command:
            raise Superseded(f"{where} is closed")
        if pull.is_draft and request.is_automatic:
            raise Superseded(f"{where} is a draft again")
        if request.head in {"", pull.head}:
            return pull
    raise Superseded(f"{where} has another head than {request.head}")


def _begin_deep_scan(equipment: Equipment, page: Page, request: ReviewRequest) -> None:
    """Say that a deep scan is under way, noted first, so that maintenance ends what this process may not."""
    deep_scans.begun(equipment.redis, request, request.head)

    def compose(standing: Standing) -> Review:
        return Review.started(standing, request=request, links=equipment.links(request.repository, standing.head))

    post(page, request, compose, redis=equipment.redis, budget=equipment.budget, head=request.head)


def _analyse(equipment: Equipment, request: ReviewRequest, pull: Pull) -> _Analysis:
    """Bring the code into the mirror and have the parser process read it."""
    app, repository = equipment.app, request.repository
    compared = compare(app, repository, request.installation, pull.base_branch, pull.head)
    token = Secret(app.token(repository, READING, request.installation))
    commits = (compared.merge_base, pull.head, compared.base)
    try:
        with equipment.mirrors.holding(repository, commits, token) as mirror:
            defaults = Configuration(cc=equipment.settings.cc, label=equipment.settings.deep_scan_label)
            in_force = equipment.parser.configuration(mirror, compared.base, defaults)
            proposed = None
            if _blob(mirror, compared.merge_base) != _blob(mirror, pull.head):
                proposed = equipment.parser.configuration(mirror, pull.head, defaults)
            equipment.queues.remember_label(repository, in_force.configuration.label)
            report = equipment.parser.analyze(
                mirror,
                compared.merge_base,
                pull.head,
                deep=request.depth == "deep",
                configuration=in_force.configuration,
            )
    except (GitError, ParserError):
        if equipment.mirrors.repair(repository):
            _log.warning("the mirror of %s was damaged and is made anew at the next try", repository)
        raise
    return _Analysis(report, in_force, proposed)


def _post(equipment: Equipment, page: Page, request: ReviewRequest, found: _Analysis) -> Posted:
    if found.report.cc:
        equipment.queues.remember_mention(request.repository, request.number)

    def compose(standing: Standing) -> Review:
        return Review.of(
            found.report,
            standing,
            request=request,
            configuration=found.in_force.configuration,
            links=equipment.links(request.repository, request.head),
            problems=found.in_force.problems,
            proposed=found.proposed,
        )

    return post(page, request, compose, redis=equipment.redis, budget=equipment.budget, head=request.head)


def _tidy(equipment: Equipment) -> None:
    # Here rather than in the housekeeping of the maintenance worker: each worker may have a disk of its own.
    try:
        if equipment.mirrors.tidy_now_and_then():
            quota = equipment.settings.mirror_quota_mb
            status.note_mirrors(equipment.redis, socket.gethostname(), equipment.mirrors.size_mb(), quota)
    except (GitError, OSError, RedisError) as error:
        _log.warning("the mirrors could not be tidied: %s", error)


def _try_later(equipment: Equipment, request: ReviewRequest, wait: datetime.timedelta) -> None:
    at = datetime.datetime.now(datetime.UTC) + wait
    # An id of its own: this job's record stands for four days. Nor two of them within the same half hour.
    job_id = f"{request.job_id}-later-{int(at.timestamp() // _LATER.total_seconds())}"
    equipment.queues.enqueue(queue_of(request), REVIEW, request.to_json(), job_id, at=at)


def _blob(mirror: Path, commit: str) -> str | None:
    """Give the id of a commit's configuration file, None if it has none (or no plain file there)."""
    entry = git.run(mirror, "ls-tree", commit, "--", PATH).decode().split()
    return entry[2] if entry and entry[0] in {"100644", "100755"} else None


def _count(redis: Redis, request: ReviewRequest, report: Report, posted: Posted) -> None:
    try:
        job = rq.get_current_job()
        if job is not None and job.created_at and not posted.postponed:
            # The record was made when the webhook came in; tries and waits since then are part of what people wait.
            waited = (datetime.datetime.now(datetime.UTC) - _aware(job.created_at)).total_seconds()
            metrics.observe(redis, "webhook_to_review_seconds", waited, depth=request.depth)
        for diagnostic in report.diagnostics:
            metrics.count(redis, "diagnostics", rule=diagnostic.analyzer, level=diagnostic.level.value)
        for each in report.skipped:
            metrics.count(redis, "skipped_files", reason=metrics.why(each))
        for write, _ in posted.writes:
            kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(write).__name__).lower()
            metrics.count(redis, "writes", kind=kind, outcome="written")
        if posted.refusals:
            metrics.count(redis, "writes", len(posted.refusals), kind="any", outcome="refused")
    except RedisError as error:
        _log.warning("the metrics miss a review: %s", error)


def _aware(moment: datetime.datetime) -> datetime.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
