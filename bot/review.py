"""Review: a report and what already stands on a pull request, turned into what is still to be written. Pure."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzers import catalogue
from analyzers.analysis.allowances import Allowed
from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diagnostic import Diagnostic
from analyzers.analysis.report import Report
from bot import comments, readiness, replies, summary
from bot.acceptance.figures import Demotion
from bot.check_runs import ExternalId, State, base_key
from bot.configuration import Parsed
from bot.links import GUIDE, PERF_DASH, PROFILING, SLACK, Links
from bot.markers import marker
from bot.review_request import Assignment, CommandSource, Reply
from bot.standing import Standing, StandingComment, StandingReview
from bot.timers import DEFAULT
from bot.witness import Witness
from bot.writes import (
    RESULTS_CHECK_RUN,
    DeletePendingReview,
    EditComment,
    EditReview,
    LineComment,
    PostReply,
    PostReview,
    PutCheckRun,
    ResolveThread,
    Write,
)

# Of the places that a comment rests on, so many are kept in it.
WITNESSES = 6
# The command whose answer is the section of a KEP, whatever is posted beside it.
SECTION = "prr"
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
        assignment: Assignment,
        configuration: Configuration,
        links: Links,
        problems: Sequence[str] = (),
        proposed: Parsed | None = None,
        texts: Mapping[str, str | None] | None = None,
        resolve_threads: bool = False,
        most_edits: int = DEFAULT.edits,
        demoted: Sequence[Demotion] = (),
    ) -> "Review":
        """Give what a report asks for, beyond what stands.

        A review is posted when a warning has no comment yet; comments whose places changed, whose finding was fixed or
        came back are edited, and the text of their review with them; the check run tells all of it; commands get their
        answers. problems and proposed are about the configuration (summary.check_run). texts are the files at the head that
        comments rest on, None for one that is gone; of what is not in it, nothing is called fixed. Of more than most_edits
        comments that are to be edited, the others are at the next push: each is a write. demoted are the rules that the
        report has as notices because their comments did not help; comments of theirs that stand are left as they are.
        """
        texts = texts or {}
        told = _without_dismissed(report, standing)
        old = [each for each in told.inline if standing.knows(each)]
        new = [each for each in told.inline if each not in old]
        room = max(0, configuration.cap - sum(standing.comment(each) is not None for each in old))
        may_comment = standing.may_comment and not assignment.silent
        chosen = [each for each in new if each.fingerprint not in standing.refused][:room] if may_comment else []
        writes: list[Write] = []
        if chosen:
            writes += (DeletePendingReview(review.review_id) for review in standing.reviews if review.pending)
            writes.append(_post(told, chosen, standing, assignment, links, texts))
        edits = _edits(old, standing, links, texts) if not assignment.silent else []
        edits += _fixes(report, standing, configuration, links, texts) if not assignment.silent else []
        edits = edits[:most_edits]
        if may_comment:
            writes += edits
            writes += _texts_of_reviews(standing, edits)
            if resolve_threads:
                writes += _threads(standing, edits)
        postponed = bool(new or edits) and not standing.may_comment and not assignment.silent
        placed = summary.Placed(
            commented=frozenset(each.fingerprint for each in [*old, *chosen]),
            refused=standing.refused,
            postponed=postponed,
            dismissed=len(report.diagnostics) - len(told.diagnostics),
            demoted=demoted,
        )
        check_run = summary.check_run(
            told, placed, links, deep=assignment.depth == "deep", problems=problems, proposed=proposed
        )
        writes += _checked(check_run, standing, assignment, "retry" if postponed else "done")
        waiting = [each for each in assignment.commands if each.verb != SECTION]
        if not chosen:
            writes += _answers(waiting, assignment, standing, _words(told, old, new))
        if len(waiting) < len(assignment.commands):
            sections = [each for each in assignment.commands if each.verb == SECTION]
            writes += _answers(sections, assignment, standing, summary.fit(readiness.answer(report, links)))
        return cls(tuple(writes))

    @classmethod
    def started(cls, standing: Standing, *, assignment: Assignment, links: Links) -> "Review":
        """Give what says that a deep scan is under way."""
        check_run = summary.started(dataclasses.replace(links, head=standing.head))
        there = standing.check_run(check_run.name, assignment.number)
        if there and not there.completed:
            return cls()
        return cls(tuple(_checked(check_run, standing, assignment, "begun")))

    @classmethod
    def failed(cls, standing: Standing, *, assignment: Assignment, links: Links, why: str = "") -> "Review":
        """Give what says that a review was set aside: a neutral check run, and an answer to each command.

        why is a sentence for the people there, "" where the bot failed at its last try.
        """
        here = dataclasses.replace(links, head=standing.head)
        writes = _checked(
            summary.failed(here, deep=assignment.depth == "deep", why=why), standing, assignment, "failed"
        )
        writes += _answers(assignment.commands, assignment, standing, replies.failure())
        return cls(tuple(writes))

    @classmethod
    def sorry(cls, standing: Standing, *, assignment: Assignment) -> "Review":
        """Give an answer to commands that could not be seen to."""
        return cls(tuple(_answers(assignment.commands, assignment, standing, replies.failure())))

    @classmethod
    def answer(cls, standing: Standing, *, reply: Reply, links: Links) -> "Review":
        """Give the answer in words to a command, unless it stands already."""
        if standing.answered(reply.command.key):
            return cls()
        return cls((PostReply(reply.number, reply.command, replies.answer(reply, links, standing)),))

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
            # It holds for whatever branch the change goes to.
            writes += _identified(check_run, standing, ExternalId(check_run.digest, reply.number, base_key(""), "done"))
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
                case PostReply() | EditComment() | EditReview():
                    parts.append(comments.unfolded(write.body))
                case _:
                    continue
        return "\n\n".join(parts)


def places_of(diagnostic: Diagnostic) -> tuple[tuple[str, int, int], ...]:
    """Give the places that a comment about a diagnostic rests on, as path, first and last line."""
    places = [(diagnostic.path, diagnostic.line, diagnostic.end_line)]
    places += [(each.path, each.line, each.end_line) for each in diagnostic.related]
    return tuple(dict.fromkeys(places))[:WITNESSES]


def _without_dismissed(report: Report, standing: Standing) -> Report:
    heard = tuple(each for each in report.diagnostics if not standing.dismissed(each))
    if len(heard) == len(report.diagnostics):
        return report
    jobs = tuple(dict.fromkeys(job for each in heard for job in each.jobs))
    return dataclasses.replace(
        report, diagnostics=heard, jobs=jobs, cc=report.cc if any(each.cc for each in heard) else ()
    )


def _post(
    report: Report,
    chosen: Sequence[Diagnostic],
    standing: Standing,
    assignment: Assignment,
    links: Links,
    texts: Mapping[str, str | None],
) -> PostReview:
    more = " more" if any(not review.pending for review in standing.reviews) else ""
    parts = [_opening(len(chosen), 0, more)]
    if report.jobs and not standing.has_jobs(report.jobs):
        parts.append(comments.jobs(report.jobs, links))
    if report.cc and not standing.cc_done(report.cc):
        parts += [f"cc {' '.join(report.cc)}", _FOOTER, marker("cc")]
    marks = [marker("posted", *(each.fingerprint for each in chosen))]
    marks += [marker("concern", comments.concern_key(each), str(1 + len(each.related))) for each in chosen]
    marks += [replies.answer_marker(command) for command in assignment.commands if command.verb != SECTION]
    parts.append("\n".join(marks))
    made = tuple(
        LineComment(
            each.fingerprint,
            each.path,
            each.line,
            each.end_line,
            comments.comment(each, links, witnesses=_witnesses(each, texts)),
        )
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


_PLACES = re.compile(
    r"(?P<opening>In a very large cluster \(5,000 nodes, 150,000 pods\), "
    r"|All that I found here is fixed(?: or dismissed)?\. )[^\n]*"
)


def _opening(number: int, fixed: int, more: str = "", dismissed: int = 0) -> str:
    """Give a review's first sentences; fixed of its comments say by now that they are, others were dismissed by people."""
    left = number - fixed - dismissed
    if left <= 0 and fixed + dismissed:
        return f"All that I found here is fixed{' or dismissed' if dismissed else ''}. Thank you!"
    places = f"one{more} place" if left == 1 else f"{left}{more} places"
    seem = "it seems" if left == 1 else "they seem"
    counts = [(fixed, "fixed"), (dismissed, "dismissed")]
    said = [f"{count} {'is' if count == 1 else 'are'} {what}" for count, what in counts if count]
    gone = f" (of {number}, {' and '.join(said)})" if said else ""
    return (
        f"In a very large cluster (5,000 nodes, 150,000 pods), {places} in this change may cost more than {seem} to{gone}. "
        "These are hints: please say so where one does not apply."
    )


def _witnesses(diagnostic: Diagnostic, texts: Mapping[str, str | None]) -> list[Witness]:
    found = []
    for path, line, end_line in places_of(diagnostic):
        text = texts.get(path)
        if text is not None and (witness := Witness.of(path, line, end_line, text)):
            found.append(witness)
    return found


def _edits(
    old: Sequence[Diagnostic], standing: Standing, links: Links, texts: Mapping[str, str | None]
) -> list[EditComment]:
    """Bring comments up to date whose places changed, or whose finding came back."""
    edits = []
    for each in old:
        comment = standing.comment(each)
        if comment is None:
            continue
        is_settled = comment.fixed or comment.allowed
        if comment.about[1:] == (comments.places_key(each), 1 + len(each.related)) and not is_settled:
            continue
        elsewhere = comment.path != each.path or comment.line is None or not each.line <= comment.line <= each.end_line
        body = comments.comment(
            each,
            links,
            elsewhere=elsewhere,
            earlier=comment.fingerprints,
            witnesses=_witnesses(each, texts),
            edited=True,
        )
        edits.append(EditComment(comment.comment_id, body))
    return edits


def _fixes(
    report: Report,
    standing: Standing,
    configuration: Configuration,
    links: Links,
    texts: Mapping[str, str | None],
) -> list[EditComment]:
    """Say of comments that their finding is fixed: the same version of the rule looked, and the push changed what it saw.

    Or that it is allowed: all that the push changed of it is the comment that says so.
    """
    stands = [standing.comment(each) for each in report.diagnostics]
    edits = []
    for comment in standing.comments:
        if comment in stands or comment.fixed or standing.dismissed_comment(comment):
            continue
        if not _was_looked_for(comment, report, configuration):
            continue
        allowed = _allowed(comment, texts)
        if allowed is not None and not comment.allowed:
            body = comments.allowed(comment.body, links.head, allowed.reason, fold=not comment.talked)
            edits.append(EditComment(comment.comment_id, body))
        elif allowed is None and any(
            each.path in texts and not each.stands(texts[each.path]) for each in comment.witnesses
        ):
            body = comments.fixed(comment.body, links.head, fold=not comment.talked)
            edits.append(EditComment(comment.comment_id, body))
    return edits


def _allowed(comment: StandingComment, texts: Mapping[str, str | None]) -> Allowed | None:
    """Give the allow comment by which the code that a comment is about stays as it is, None if there is none."""
    told = comments.documentation(comment.rule[0])
    rules = {comment.rule[0], *(told.formerly if told else ())}
    for each in comment.witnesses:
        text = texts.get(each.path)
        if text is not None and (found := each.allowed(text, rules)):
            return found
    return None


def _was_looked_for(comment: StandingComment, report: Report, configuration: Configuration) -> bool:
    """Say whether the rule of a comment, as it was then, read what the comment is about, wholly."""
    rule, version = comment.rule
    if rule not in catalogue.names() or version != catalogue.version(rule):
        return False
    paths = {comment.path, *(each.path for each in comment.witnesses)}
    if configuration.rules.get(rule) == "off" or any(map(configuration.ignores, paths)):
        return False
    # A reason without a path is about a rule that failed, or about more than a file.
    return not any(
        skipped.path in paths or (not skipped.path and _concerns(skipped.reason, rule)) for skipped in report.skipped
    )


def _concerns(reason: str, rule: str) -> bool:
    failed = re.match(r"rule ([a-z0-9-]+) failed", reason)
    return failed is None or failed[1] == rule


def _texts_of_reviews(standing: Standing, edits: Sequence[EditComment]) -> list[EditReview]:
    """Have each review's text say how many of its places are left, unless a person rewrote it."""
    new = {edit.comment_id: edit.body for edit in edits}
    after = [dataclasses.replace(each, body=new.get(each.comment_id, each.body)) for each in standing.comments]
    changed = {each.review_id for each in standing.comments if each.comment_id in new}
    return [
        EditReview(review.review_id, body)
        for review in standing.reviews
        if review.review_id in changed
        and not review.pending
        and (body := _counted(review, after, standing)) != review.body
    ]


def _counted(review: StandingReview, after: Sequence[StandingComment], standing: Standing) -> str:
    opening = _PLACES.match(review.body)
    if opening is None:
        return review.body
    own = [each for each in after if each.review_id == review.review_id]
    more = " more" if re.search(r"(?:one|\d+) more place", opening[0]) else ""
    dismissed = sum(not each.fixed and standing.dismissed_comment(each) for each in own)
    return _opening(len(own), sum(each.fixed for each in own), more, dismissed) + review.body[opening.end() :]


def _threads(standing: Standing, edits: Sequence[EditComment]) -> list[ResolveThread]:
    found = []
    for edit in edits:
        comment = next(each for each in standing.comments if each.comment_id == edit.comment_id)
        fixed = dataclasses.replace(comment, body=edit.body).fixed
        if comment.thread and fixed != comment.resolved:
            found.append(ResolveThread(comment.thread, fixed))
    return found


def _checked(check_run: PutCheckRun, standing: Standing, assignment: Assignment, state: State) -> list[Write]:
    """Give the check run with its identity, unless GitHub has it already, whole. There is one for each head and name."""
    identity = ExternalId(check_run.digest, assignment.number, base_key(assignment.base), state)
    # Who asks to run a check again sees that it was run, though it may say the same.
    return _identified(check_run, standing, identity, again=assignment.again)


def _identified(check_run: PutCheckRun, standing: Standing, identity: ExternalId, again: bool = False) -> list[Write]:
    there = standing.check_run(check_run.name, identity.number)
    if there is None:
        return [dataclasses.replace(check_run, external_id=str(identity))]
    unchanged = there.external_id == str(identity) and there.completed == (check_run.conclusion is not None)
    if unchanged and not again:
        return []
    return [dataclasses.replace(check_run, external_id=str(identity), check_run_id=there.check_run_id)]


def _answers(commands: Sequence[CommandSource], assignment: Assignment, standing: Standing, text: str) -> list[Write]:
    return [
        PostReply(assignment.number, command, replies.answered(command, text))
        for command in commands
        if not standing.answered(command.key)
    ]


def _words(report: Report, old: Sequence[Diagnostic], new: Sequence[Diagnostic]) -> str:
    if new:
        return replies.in_the_check_run(len(new))
    if old:
        return replies.nothing_new(len(old))
    return replies.nothing_found(report.files, report.lines, len(report.diagnostics), len(report.skipped))
