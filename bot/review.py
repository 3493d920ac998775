"""Review: a report and what already stands on a pull request, turned into what is still to be written. Pure."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diagnostic import Diagnostic
from analyzers.analysis.report import Report
from bot import comments, replies, summary
from bot.configuration import Parsed
from bot.links import GUIDE, PERF_DASH, PROFILING, SLACK, Links
from bot.markers import marker
from bot.review_request import Reply, ReviewRequest
from bot.standing import Standing
from bot.writes import (
    RESULTS_CHECK_RUN,
    DeletePendingReview,
    EditComment,
    LineComment,
    PostReply,
    PostReview,
    PutCheckRun,
    Write,
)

# A push that changes more old comments than this edits them at the next one: each is a write.
EDITS = 10
# GitHub cuts a check run's title in its lists.
TITLE = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """What performance jobs measured, as Markdown; title, verdict and page for a check run ("" where nothing was read)."""

    text: str
    title: str = ""
    is_well: bool = False
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What is still to be written, in order. The same again after all is written: nothing."""

    writes: tuple[Write, ...] = ()

    @classmethod
    def of(
        cls,
        report: Report,
        standing: Standing,
        *,
        request: ReviewRequest,
        configuration: Configuration,
        links: Links,
        problems: Sequence[str] = (),
        proposed: Parsed | None = None,
    ) -> "Review":
        """Give what a report asks for, beyond what stands.

        A review is posted when a warning has no comment yet; comments whose places changed are edited; the check run
        tells all of it; a command gets an answer. problems and proposed are about the configuration (summary.check_run).
        """
        old = [each for each in report.inline if standing.knows(each)]
        new = [each for each in report.inline if each not in old]
        room = max(0, configuration.cap - sum(standing.comment(each) is not None for each in old))
        chosen = (
            [each for each in new if each.fingerprint not in standing.refused][:room] if standing.may_comment else []
        )
        writes: list[Write] = []
        if chosen:
            writes += (DeletePendingReview(review.review_id) for review in standing.reviews if review.pending)
            writes.append(_post(report, chosen, standing, request, links))
        if standing.may_comment:
            writes += _edits(old, standing, links)[:EDITS]
        placed = summary.Placed(
            commented=frozenset(each.fingerprint for each in [*old, *chosen]),
            refused=standing.refused,
            postponed=bool(new) and not standing.may_comment,
        )
        check_run = summary.check_run(
            report, placed, links, deep=request.depth == "deep", problems=problems, proposed=proposed
        )
        writes += _checked(check_run, standing, request)
        if request.command and not chosen and not standing.answered(request.command.key):
            text = _words(report, old, new)
            writes.append(PostReply(request.number, request.command, replies.answered(request.command, text)))
        return cls(tuple(writes))

    @classmethod
    def started(cls, standing: Standing, *, request: ReviewRequest, links: Links) -> "Review":
        """Give what says that a deep scan is under way."""
        check_run = summary.started(dataclasses.replace(links, head=standing.head))
        return cls(() if standing.check_run(check_run.name, "") else (check_run,))

    @classmethod
    def failed(cls, standing: Standing, *, request: ReviewRequest, links: Links) -> "Review":
        """Give what says that a review was set aside after its last try: a neutral check run, and an answer to a command."""
        here = dataclasses.replace(links, head=standing.head)
        writes = _checked(summary.failed(here, deep=request.depth == "deep"), standing, request)
        if request.command and not standing.answered(request.command.key):
            writes.append(
                PostReply(request.number, request.command, replies.answered(request.command, replies.failure()))
            )
        return cls(tuple(writes))

    @classmethod
    def answer(cls, standing: Standing, *, reply: Reply, links: Links) -> "Review":
        """Give the answer in words to a command, unless it stands already."""
        if standing.answered(reply.command.key):
            return cls()
        return cls((PostReply(reply.number, reply.command, replies.answer(reply, links)),))

    @classmethod
    def measured(cls, standing: Standing, *, reply: Reply, found: Measured) -> "Review":
        """Give the answer to a command that asked for results, unless it stands, and their check run."""
        writes: list[Write] = []
        if not standing.answered(reply.command.key):
            writes.append(PostReply(reply.number, reply.command, replies.answered(reply.command, found.text)))
        if found.title:
            check_run = PutCheckRun(
                name=RESULTS_CHECK_RUN,
                head=standing.head,
                conclusion="success" if found.is_well else "neutral",
                title=found.title if len(found.title) <= TITLE else f"{found.title[: TITLE - 1]}…",
                summary=found.text,
                details_url=found.page,
            )
            writes += _identified(check_run, standing, f"#{reply.number}")
        return cls(tuple(writes))

    @property
    def text(self) -> str:
        """What people would read on GitHub, for a terminal: the review's text and each comment under its place."""
        parts = []
        for write in self.writes:
            match write:
                case PostReview():
                    parts.append(comments.unfolded(write.body))
                    parts += [f"{each.path}:{each.line}\n{comments.unfolded(each.body)}" for each in write.comments]
                case PutCheckRun():
                    parts.append(f"check run {write.name}: {write.conclusion or 'in progress'}, {write.title}")
                case PostReply():
                    parts.append(comments.unfolded(write.body))
                case _:
                    continue
        return "\n\n".join(parts)


def _post(
    report: Report, chosen: Sequence[Diagnostic], standing: Standing, request: ReviewRequest, links: Links
) -> PostReview:
    more = " more" if any(not review.pending for review in standing.reviews) else ""
    places = f"one{more} place" if len(chosen) == 1 else f"{len(chosen)}{more} places"
    seem = "it seems" if len(chosen) == 1 else "they seem"
    parts = [
        f"In a very large cluster (5,000 nodes, 150,000 pods), {places} in this change may cost more than {seem} to. "
        "These are hints: please say so where one does not apply."
    ]
    if report.jobs and not standing.has_jobs(report.jobs):
        parts.append(comments.jobs(report.jobs, links))
    if report.cc and not standing.cc_done(report.cc):
        parts += [f"cc {' '.join(report.cc)}", _FOOTER, marker("cc")]
    marks = [marker("posted", *(each.fingerprint for each in chosen))]
    if request.command:
        marks.append(replies.answer_marker(request.command))
    parts.append("\n".join(marks))
    made = tuple(
        LineComment(each.fingerprint, each.path, each.line, each.end_line, comments.comment(each, links))
        for each in chosen
    )
    return PostReview(links.head, "\n\n".join(parts), made)


# Sources: kubernetes/community communication/slack-guidelines, contributors/devel/sig-scalability/profiling.md; perf-dash.k8s.io.
_FOOTER = f"""\
<details><summary>Questions, and where to look for data</summary>

- Ask in [#sig-scalability on Slack]({SLACK}), or read [the contributors' guide]({GUIDE}).
- Performance jobs leave the latencies of API calls and of pod start-up among their artifacts;
  [perf-dash]({PERF_DASH}) draws them over time.
- Each component shows its own under `/metrics`, such as `apiserver_request_sli_duration_seconds`,
  `rest_client_requests_total` and `workqueue_depth`.
- For a profile: `go tool pprof http://localhost:PORT/debug/pprof/profile`, [as described here]({PROFILING}).

</details>"""


def _edits(old: Sequence[Diagnostic], standing: Standing, links: Links) -> list[EditComment]:
    edits = []
    for each in old:
        comment = standing.comment(each)
        if comment is None or comment.about[1:] == (comments.places_key(each), 1 + len(each.related)):
            continue
        elsewhere = comment.path != each.path or comment.line is None or not each.line <= comment.line <= each.end_line
        edits.append(
            EditComment(
                comment.comment_id, comments.comment(each, links, elsewhere=elsewhere, earlier=comment.fingerprints)
            )
        )
    return edits


def _checked(check_run: PutCheckRun, standing: Standing, request: ReviewRequest) -> list[Write]:
    """Give the check run with its identity, unless GitHub has it already, whole."""
    # Who asks to run a check again waits for a new one, though it may say the same.
    # The number is for "Re-run": the event names no pull request whose head is in a fork (bot.triggers reads it here).
    return _identified(check_run, standing, f"#{request.number} {request.delivery}".strip())


def _identified(check_run: PutCheckRun, standing: Standing, about: str) -> list[Write]:
    external_id = f"{check_run.digest}{about}"
    named = dataclasses.replace(check_run, external_id=external_id)
    there = standing.check_run(check_run.name, external_id)
    if there is None:
        return [named]
    if there.completed and there.annotations >= len(named.annotations):
        return []
    return [dataclasses.replace(named, check_run_id=there.check_run_id, sent=there.annotations)]


def _words(report: Report, old: Sequence[Diagnostic], new: Sequence[Diagnostic]) -> str:
    if new:
        return replies.in_the_check_run(len(new))
    if old:
        return replies.nothing_new(len(old))
    return replies.nothing_found(report.files, report.lines, len(report.diagnostics), len(report.skipped))
