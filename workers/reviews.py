"""Reviews: the code of one pull request into the mirror, through the parser, and what it says onto the pull request."""

import contextlib
import dataclasses
import logging
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError

from analyzers import catalogue
from analyzers.analysis.configuration import Configuration
from analyzers.analysis.report import Report
from bot import deep_scans, kept_reports, metrics, progress, status
from bot.acceptance.figures import Demotion, demotions
from bot.acceptance.store import Known
from bot.comparison import compare
from bot.configuration import PATH, Parsed
from bot.github import GitHub, GitHubError, Pull
from bot.github_app import READING
from bot.kept_reports import KeptReport
from bot.post import Page, Posted, post
from bot.review import Review, places_of
from bot.review_request import Assignment
from bot.settings import Secret
from bot.standing import Standing
from bot.writes import EditComment, PostReview
from workers import git
from workers.equipment import Equipment
from workers.git import GitError
from workers.parser import ParserError

_log = logging.getLogger(__name__)

# A file that is larger is no witness of a comment.
_LARGEST_WITNESS = 2_000_000
# What is fetched slowly, nobody else should wait for (bot.keys.Keys.fetching): told of the beginning and of the end.
Fetching = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a report was made from: the base branch's configuration, and what the pull request makes of that file.

    texts are the files at the head that comments rest on, None for one that is gone; demoted the rules that are notices for
    what became of their comments.
    """

    report: Report
    in_force: Parsed
    proposed: Parsed | None
    texts: Mapping[str, str | None]
    demoted: tuple[Demotion, ...] = ()


def review(
    equipment: Equipment,
    github: GitHub,
    assignment: Assignment,
    pull: Pull,
    *,
    fetching: Fetching,
    still_ours: Callable[[], None],
) -> Posted:
    """Review a pull request at the commit of an assignment, and write what there is to say.

    GitHubError, GitError, ParserError or Busy: another try may do better. Superseded: the pull request moved on.
    """
    page = equipment.page(github)
    if assignment.depth == "deep":
        _begin_deep_scan(equipment, page, assignment, still_ours)
    seen = watch(equipment, github, pull)
    found = _analyse(equipment, assignment, pull, seen, fetching)
    if seen.comments or found.report.inline:
        expect(equipment, assignment)
    posted = _post(equipment, page, assignment, found, still_ours)
    written = sum(len(write.comments) for write, _ in posted.writes if isinstance(write, PostReview))
    if written or any(isinstance(write, EditComment) for write, _ in posted.writes):
        try:
            now = watch(equipment, github, pull)
            if len(now.comments) < len(seen.comments) + written:
                expect(equipment, assignment)  # GitHub's lists lag behind its writes
        except GitHubError as error:
            # The review is made; that somebody must look is noted, and maintenance sees to it.
            _log.warning("%s: what became of the comments is seen later: %s", assignment.where, error)
    if assignment.depth == "deep":
        deep_scans.ended(equipment.redis, assignment)
    for refusal in posted.refusals:
        _log.warning("%s: GitHub refused %s", assignment.where, refusal)
    _count(equipment.redis, found.report, posted)
    _tidy(equipment)
    return posted


def watch(equipment: Equipment, github: GitHub, pull: Pull) -> Standing:
    """Read what stands on a pull request, and note what became of the comments. GitHubError if it cannot be read."""
    page, store = equipment.page(github), equipment.acceptance
    try:
        at = store.now()
    except RedisError:
        at = 0.0  # noted by another look
    standing = page.standing(pull.number)
    with _missing("what became of the comments"):
        if at:
            store.note(github.name, pull.number, standing, merged=pull.is_merged, seen=at)
    return standing


def expect(equipment: Equipment, assignment: Assignment) -> None:
    """Note that comments may be written now: whoever dies after that, somebody looks what became of them."""
    if equipment.settings.mode == "post":
        with _missing("that comments are written"):
            equipment.acceptance.expect(assignment.repository, assignment.number)


@contextlib.contextmanager
def _missing(what: str) -> Iterator[None]:
    """Go on without what Redis does not take: figures matter less than the review."""
    try:
        yield
    except RedisError as error:
        _log.warning("the figures miss %s: %s", what, error)


def set_aside(
    equipment: Equipment, github: GitHub, assignment: Assignment, still_ours: Callable[[], None], why: str = ""
) -> None:
    """Say on the pull request that a review could not be made, and why, and to those who asked for it."""

    def compose(standing: Standing) -> Review:
        links = equipment.links(assignment.repository, standing.head)
        return Review.failed(standing, assignment=assignment, links=links, why=why)

    post(
        equipment.page(github),
        assignment.repository,
        assignment.number,
        compose,
        redis=equipment.redis,
        timers=equipment.settings.timers,
        budget=equipment.budget,
        asked=bool(assignment.commands),
        still_ours=still_ours,
    )


def _begin_deep_scan(equipment: Equipment, page: Page, assignment: Assignment, still_ours: Callable[[], None]) -> None:
    """Say that a deep scan is under way, noted first, so that maintenance ends what this process may not."""
    deep_scans.begun(equipment.redis, assignment)

    def compose(standing: Standing) -> Review:
        links = equipment.links(assignment.repository, standing.head)
        return Review.started(standing, assignment=assignment, links=links)

    _write(equipment, page, assignment, compose, still_ours)


def _analyse(
    equipment: Equipment, assignment: Assignment, pull: Pull, standing: Standing, fetching: Fetching
) -> Analysis:
    """Bring the code into the mirror and have the parser process read it."""
    app, repository = equipment.app, assignment.repository
    compared = compare(app, repository, assignment.installation, pull.base_branch, pull.head)
    token = Secret(app.token(repository, READING, assignment.installation))
    commits = (compared.merge_base, pull.head, compared.base)
    progress.step("fetches")
    fetching(True)
    try:
        with equipment.mirrors.holding(repository, commits, token) as mirror:
            fetching(False)
            progress.step("analyses")
            defaults = Configuration(cc=equipment.settings.cc, label=equipment.settings.deep_scan_label)
            in_force = equipment.parser.configuration(mirror, compared.base, defaults)
            proposed = None
            if _blob(mirror, compared.merge_base) != _blob(mirror, pull.head):
                proposed = equipment.parser.configuration(mirror, pull.head, defaults)
            equipment.queues.remember_label(repository, in_force.configuration.label)
            demoted = _demoted(equipment, repository, in_force.configuration)
            report = equipment.parser.analyze(
                mirror,
                compared.merge_base,
                pull.head,
                deep=assignment.depth == "deep",
                configuration=_lowered(in_force.configuration, demoted),
            )
            texts = _texts(mirror, pull.head, report, standing)
    except (GitError, ParserError):
        if equipment.mirrors.repair(repository):
            _log.warning("the mirror of %s was damaged and is made anew at the next try", repository)
        raise
    finally:
        fetching(False)
    return Analysis(report, in_force, proposed, texts, demoted)


def _demoted(equipment: Equipment, repository: str, configuration: Configuration) -> tuple[Demotion, ...]:
    """Give the rules that are notices in a repository for what became of their comments; its configuration comes before that."""
    named = {rule for name in configuration.rules for rule in catalogue.meant(name)}
    with _missing("which rules are demoted"):
        store = equipment.acceptance
        kept = {repository.lower(): named}
        found = demotions(store.cells([repository]), equipment.settings.demote, kept)
        store.remember(
            Known(
                repository,
                demoted=tuple(each.rule for each in found if not each.kept),
                kept=tuple(each.rule for each in found if each.kept),
            )
        )
        return tuple(each for each in found if not each.kept)
    return ()


def _lowered(configuration: Configuration, demoted: Iterable[Demotion]) -> Configuration:
    rules = dict(configuration.rules)
    for each in demoted:
        rules[each.rule] = "notice"
    return dataclasses.replace(configuration, rules=rules)


def _post(
    equipment: Equipment, page: Page, assignment: Assignment, found: Analysis, still_ours: Callable[[], None]
) -> Posted:
    if found.report.cc:
        equipment.queues.remember_mention(assignment.repository, assignment.number)
    links = equipment.links(assignment.repository, assignment.head)
    links = dataclasses.replace(links, page=_page_of(equipment, assignment, found.report))

    def compose(standing: Standing) -> Review:
        return Review.of(
            found.report,
            standing,
            assignment=assignment,
            configuration=found.in_force.configuration,
            links=links,
            problems=found.in_force.problems,
            proposed=found.proposed,
            texts=found.texts,
            resolve_threads=equipment.settings.resolve_threads,
            most_edits=equipment.settings.timers.edits,
            demoted=found.demoted,
        )

    return _write(equipment, page, assignment, compose, still_ours)


def _page_of(equipment: Equipment, assignment: Assignment, report: Report) -> str | None:
    """Keep a report for its page, and give the page's address, None where there are no pages."""
    if not equipment.settings.public_url:
        return None
    kept = KeptReport(assignment.repository, assignment.number, assignment.head, assignment.depth, time.time(), report)
    try:
        name = kept_reports.keep(equipment.redis, kept)
    except RedisError as error:
        _log.warning("%s: the report has no page: %s", assignment.where, error)
        return None
    return f"{equipment.settings.public_url}/reports/{name}" if name else None


def _write(
    equipment: Equipment,
    page: Page,
    assignment: Assignment,
    compose: Callable[[Standing], Review],
    still_ours: Callable[[], None],
) -> Posted:
    progress.step("writes")
    return post(
        page,
        assignment.repository,
        assignment.number,
        compose,
        redis=equipment.redis,
        timers=equipment.settings.timers,
        budget=equipment.budget,
        head=assignment.head,
        asked=bool(assignment.commands),
        still_ours=still_ours,
    )


def _texts(mirror: Path, head: str, report: Report, standing: Standing) -> dict[str, str | None]:
    """Read the files at the head that comments rest on, those that stand and those that may be written."""
    paths: Iterable[str] = [path for each in report.inline for path, _, _ in places_of(each)]
    paths = dict.fromkeys([*paths, *(each.path for comment in standing.comments for each in comment.witnesses)])
    found: dict[str, str | None] = {}
    if not paths:
        return found
    with git.CatFile(mirror) as cat_file:
        for path in paths:
            try:
                blob = cat_file.read(f"{head}:{path}", _LARGEST_WITNESS)
            except git.TooLarge:
                continue
            if blob is None:
                found[path] = None
            elif blob.type == "blob":
                found[path] = blob.content.decode("utf-8", "replace")
    return found


def _tidy(equipment: Equipment) -> None:
    # Here rather than in the housekeeping of the maintenance worker: each worker may have a disk of its own.
    try:
        if equipment.mirrors.tidy_now_and_then():
            quota = equipment.settings.mirror_quota_mb
            mirrors = equipment.mirrors
            status.note_mirrors(equipment.redis, socket.gethostname(), mirrors.size_mb(), quota, mirrors.stores_mb())
    except (GitError, OSError, RedisError) as error:
        _log.warning("the mirrors could not be tidied: %s", error)


def _blob(mirror: Path, commit: str) -> str | None:
    """Give the id of a commit's configuration file, None if it has none (or no plain file there)."""
    entry = git.run(mirror, "ls-tree", commit, "--", PATH).decode().split()
    return entry[2] if entry and entry[0] in {"100644", "100755"} else None


def _count(redis: Redis, report: Report, posted: Posted) -> None:
    try:
        for diagnostic in report.diagnostics:
            metrics.count(redis, "diagnostics", rule=diagnostic.analyzer, level=diagnostic.level.value)
        for skipped in report.skipped:
            metrics.count(redis, "skipped_files", reason=metrics.why(skipped))
        for write, _ in posted.writes:
            kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(write).__name__).lower()
            metrics.count(redis, "writes", kind=kind, outcome="written")
        for rule, outcome in posted.outcomes:
            metrics.count(redis, "comments", rule=rule, outcome=outcome)
        if posted.refusals:
            metrics.count(redis, "writes", len(posted.refusals), kind="any", outcome="refused")
    except RedisError as error:
        _log.warning("the metrics miss a review: %s", error)
