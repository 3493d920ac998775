"""Summary: what the check run says of a review, within GitHub's limits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.report import Report
from bot import already_there, readiness
from bot.acceptance.figures import Demotion
from bot.comments import RELATED, formula, jobs, quiet
from bot.configuration import PATH, Parsed
from bot.links import Links
from bot.writes import CHECK_RUN, DEEP_CHECK_RUN, Annotation, PutCheckRun

# GitHub takes 65,535 characters of summary and of text and does not say how it counts; in bytes of UTF-8 this is safe by any count.
LONGEST = 58_000
# Four requests of 50: whoever is given more reads none.
ANNOTATIONS = 200
SKIPPED = 20
_CUT = "… and {} more, which GitHub's limit for a check run leaves no room for."
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`) ?(.*?) ?(?<!`)\1(?!`)", flags=re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where each diagnostic of a report is told, by fingerprint.

    commented have a comment on their lines, from now or from an earlier review; refused are those whose lines GitHub
    does not take comments on; postponed says that the comments wait because GitHub's limits leave no room now; dismissed
    counts those that people dismissed, which are not told; demoted are the rules that are listed here alone in this repository.
    """

    commented: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    postponed: bool = False
    dismissed: int = 0
    demoted: Sequence[Demotion] = ()


def check_run(
    report: Report,
    placed: Placed,
    links: Links,
    *,
    deep: bool = False,
    problems: Sequence[str] = (),
    proposed: Parsed | None = None,
) -> PutCheckRun:
    """Give the completed check run that tells a whole report.

    problems are those of the configuration in force; proposed is what the pull request itself makes of the
    configuration's file, None if it leaves that alone. The conclusion is neutral where a warning was found or more than a
    file could not be judged, else success.
    """
    warnings = [each for each in report.diagnostics if each.level is Level.WARNING]
    return PutCheckRun(
        name=DEEP_CHECK_RUN if deep else CHECK_RUN,
        head=links.head,
        conclusion="neutral" if warnings or _is_partial(report) else "success",
        title=_title(report),
        summary=fit(
            [
                *_opening(report, placed, links, deep),
                *_configuration(problems, proposed),
                *([jobs(report.jobs, links)] if report.jobs else []),
                *_skipped(report),
                *already_there.folded(report, links),
                *readiness.folded(report, links.place, already_there.MOST),
            ]
        ),
        text=fit(_findings(report.diagnostics, placed, links)),
        annotations=_annotations(report.diagnostics, placed),
        details_url=links.details(),
    )


def started(links: Links) -> PutCheckRun:
    """Give the check run of a deep scan that is under way."""
    return PutCheckRun(
        name=DEEP_CHECK_RUN,
        head=links.head,
        conclusion=None,
        title="Reading the whole repository",
        summary="The result will be here in a few minutes. Nothing waits for it: this check run always ends as success or neutral.",
        details_url=links.details(),
    )


def failed(links: Links, *, deep: bool = False, why: str = "") -> PutCheckRun:
    """Give the neutral check run of a review that was set aside: why says so, "" is after its last try."""
    return PutCheckRun(
        name=DEEP_CHECK_RUN if deep else CHECK_RUN,
        head=links.head,
        conclusion="neutral",
        title="The review could not be finished",
        summary=(
            f"{why or 'Something went wrong on the side of the bot, more than once.'} So nothing of this change was judged, "
            "and the review was set aside; the people who run the bot can see why. Nothing is wrong with the pull request. "
            "Comment `/scalability-check` or re-run this check for another try."
        ),
        details_url=links.details(),
    )


def overdue(links: Links) -> PutCheckRun:
    """Give the neutral check run of a deep scan that never came to its end."""
    return PutCheckRun(
        name=DEEP_CHECK_RUN,
        head=links.head,
        conclusion="neutral",
        title="The deep scan did not finish",
        summary="It took longer than ten minutes or was interrupted. Comment `/scalability-check deep` for another try.",
        details_url=links.details(),
    )


def fit(blocks: Sequence[str], longest: int = LONGEST) -> str:
    """Join blocks of Markdown up to a length in bytes; what does not fit is counted in a last sentence, never cut in the middle."""
    text = ""
    for index, block in enumerate(blocks):
        longer = f"{text}\n\n{block}" if text else block
        if len(longer.encode()) > longest - len(_CUT) - 10:
            cut = _CUT.format(len(blocks) - index)
            return f"{text}\n\n{cut}" if text else cut
        text = longer
    return text


def plain(markdown: str) -> str:
    """Give Markdown of ours as plain text: annotations render nothing."""
    return _CODE_SPAN.sub(r"\2", markdown)


def _title(report: Report) -> str:
    warnings = sum(each.level is Level.WARNING for each in report.diagnostics)
    notes = len(report.diagnostics) - warnings
    parts = [f"{warnings} {'place' if warnings == 1 else 'places'} worth a look"] if warnings else []
    parts += [f"{notes} smaller {'note' if notes == 1 else 'notes'}"] if notes else []
    parts += ["not everything could be read"] if _unread(report) else []
    said = ", ".join(parts)
    return f"{said[:1].upper()}{said[1:]}" or "Nothing found"


def _unread(report: Report) -> bool:
    """Say whether a file or a rule was left out; what is wrong in the configuration's file was read."""
    return any(each.path != PATH for each in report.skipped)


def _is_partial(report: Report) -> bool:
    """Say whether a rule failed, or the analysis as a whole was cut short: such reasons have no path."""
    return any(not skipped.path for skipped in report.skipped)


def _opening(report: Report, placed: Placed, links: Links, deep: bool) -> list[str]:
    files = f"{report.files:,} {'file' if report.files == 1 else 'files'}"
    lines = f"{report.lines:,} added {'line' if report.lines == 1 else 'lines'}"
    whole = ", with the whole repository in view" if deep else ""
    blocks = [
        f"Read {files} with {lines}{whole}, with very large clusters in mind. "
        "These are hints: the reviewers decide, and this check never fails."
    ]
    inline = report.inline
    if commented := sum(each.fingerprint in placed.commented for each in inline):
        there = "One has its comment on its lines" if commented == 1 else f"{commented} have comments on their lines"
        blocks.append(f"{there}{'' if commented == len(report.diagnostics) else '; the rest is listed here'}.")
    if refused := sum(each.fingerprint in placed.refused for each in inline):
        blocks.append(
            f"GitHub takes no comment on the lines of {refused} (its own diff does not show these): listed here instead."
        )
    if placed.postponed:
        blocks.append(
            "GitHub's limit for comments is nearly used up, so the comments on lines wait; all is listed here."
        )
    if placed.dismissed:
        blocks.append(
            f"{placed.dismissed} {'was' if placed.dismissed == 1 else 'were'} dismissed on this pull request and "
            f"{'is' if placed.dismissed == 1 else 'are'} not listed; `/scalability-check restore` brings "
            f"{'it' if placed.dismissed == 1 else 'them'} back."
        )
    blocks += _demoted(report, placed.demoted)
    blocks += [f"- {quiet(remark)}" for remark in report.remarks]
    if links.page:
        blocks.append(f"[As a page]({links.page}), with the code and the way to each place.")
    return blocks


def _demoted(report: Report, demoted: Sequence[Demotion]) -> list[str]:
    """Say of the rules whose findings are listed here alone why, and how the repository gets their comments back."""
    found = {each.analyzer for each in report.diagnostics}
    blocks = [
        f"{code(each.rule)} is listed here and not on lines, because its comments did not help in this repository: "
        f"{each.why}. {code(f'rules: {{{each.rule}: warning}}')} in {code(PATH)} on the base branch brings its comments back."
        for each in demoted
        if each.rule in found
    ]
    return ["\n".join(f"- {block}" for block in blocks)] if blocks else []


def _configuration(problems: Sequence[str], proposed: Parsed | None) -> list[str]:
    blocks = []
    if proposed and proposed.problems:
        blocks.append(f"**This pull request's {code(PATH)} has problems** (what is wrong in it would be left out):")
        blocks.append("\n".join(f"- {quiet(problem)}" for problem in proposed.problems))
    elif proposed:
        blocks.append(
            f"This pull request's {code(PATH)} is in order. It holds for reviews once it is on the base branch; "
            "this one kept to what is there now."
        )
    if problems:
        blocks.append(f"The base branch's {code(PATH)} has problems, which were left out:")
        blocks.append("\n".join(f"- {quiet(problem)}" for problem in problems))
    return blocks


def _skipped(report: Report) -> list[str]:
    if not report.skipped:
        return []
    shown = [
        f"- {code(each.path)}: {code(each.reason, 300)}" if each.path else f"- {code(each.reason, 300)}"
        for each in report.skipped[:SKIPPED]
    ]
    rest = len(report.skipped) - len(shown)
    if rest:
        shown.append(f"- and {rest:,} more")
    return ["**Not read**, so that what stands there is not known:", "\n".join(shown)]


def _findings(diagnostics: Sequence[Diagnostic], placed: Placed, links: Links) -> list[str]:
    told = [each for each in diagnostics if each.fingerprint in placed.commented]
    listed = [each for each in diagnostics if each.level is Level.WARNING and each not in told]
    notes = [each for each in diagnostics if each.level is Level.NOTICE and each not in told]
    blocks = []
    for heading, group in (("Worth a look", listed), ("With a comment on their lines", told), ("Smaller notes", notes)):
        if group:
            blocks += [f"### {heading}", *(_finding(each, links, brief=group is told) for each in group)]
    return blocks


def _finding(diagnostic: Diagnostic, links: Links, *, brief: bool) -> str:
    where = links.place(diagnostic.path, diagnostic.line, diagnostic.end_line)
    if brief:  # its comment says the rest
        return f"- {where} **{diagnostic.analyzer}**: {quiet(diagnostic.construct)}"
    sentences = [quiet(diagnostic.message)]
    if estimate := formula(diagnostic):
        sentences.append(f"Estimate: {estimate}.")
    if diagnostic.related:
        shown = [links.place(place.path, place.line, place.end_line) for place in diagnostic.related[:RELATED]]
        rest = len(diagnostic.related) - len(shown)
        sentences.append(f"Also at {', '.join(shown)}{f' and {rest} more' if rest else ''}.")
    return f"- {where} **{diagnostic.analyzer}**: {' '.join(sentences)}"


def _annotations(diagnostics: Sequence[Diagnostic], placed: Placed) -> tuple[Annotation, ...]:
    # GitHub shows annotations on their lines too: a demoted rule has none.
    silent = {each.rule for each in placed.demoted}
    return tuple(
        Annotation(each.path, each.line, each.end_line, _level(each.level), each.analyzer, plain(each.message))
        for each in diagnostics
        if each.fingerprint not in placed.commented and each.analyzer not in silent
    )[:ANNOTATIONS]


def _level(level: Level) -> Literal["warning", "notice"]:
    return "warning" if level is Level.WARNING else "notice"
