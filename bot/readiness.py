"""The Scalability section of a production readiness review, as Markdown to paste into a KEP: what lines show, what is open.

Nothing is answered with "no": that code of this change does not show a thing does not say that the feature lacks it.
"""

from collections.abc import Callable, Iterator, Sequence

from analyzers.analysis.diagnostic import Place, code
from analyzers.analysis.report import Report
from analyzers.kubernetes.production_readiness import QUESTIONS, SOURCE, Question, Topic
from bot.already_there import table
from bot.comments import quiet
from bot.configuration import PATH
from bot.links import Links

ShowPlace = Callable[[str, int], str]

MOST_PLACES = 4
SKIPPED = 10


def section(report: Report, place: ShowPlace, most: int | None = None) -> list[str]:
    """Give the section's blocks: the seven questions, each with what lines of the change show, and what its author is asked.

    place makes a link, or a name, of a path and a line of the files after the change. most is how many things are told of
    one question.
    """
    blocks = ["### Scalability"]
    for question in QUESTIONS:
        blocks += _answered(question, report, place, most)
    return blocks


def answer(report: Report, links: Links) -> list[str]:
    """Give the answer to the command that asks for the section, as blocks."""
    return [told(), *unread(report), *section(report, links.place)]


def unread(report: Report) -> list[str]:
    """Say what was not read, so that nobody takes for absent what was not looked at."""
    skipped = [each for each in report.skipped if each.path != PATH]
    if not skipped:
        return []
    shown = [f"- {code(each.path) if each.path else 'all files'}: {quiet(each.reason)}" for each in skipped[:SKIPPED]]
    rest = len(skipped) - len(shown)
    lines = "\n".join([*shown, *([f"- and {rest:,} more"] if rest else [])])
    return [f"**Not read**, so that what stands there is not known:\n\n{lines}"]


def folded(report: Report, place: ShowPlace, most: int) -> list[str]:
    """Give what a deep review's summary holds: the same, folded together; nothing where no line shows anything."""
    if not report.readiness and not report.asked:
        return []
    summary = (
        "<summary>The Scalability questions of a production readiness review, as far as this change shows</summary>"
    )
    return ["\n\n".join([f"<details>{summary}", told(), *section(report, place, most), "</details>"])]


def told() -> str:
    """Say what the section is, in one sentence."""
    return (
        f"For the [production readiness review]({SOURCE}) of a KEP: what lines of this change show, and in brackets what is "
        "left to its author."
    )


def _answered(question: Question, report: Report, place: ShowPlace, most: int | None) -> Iterator[str]:
    yield f"###### {question.heading}"
    shown = [each for each in report.readiness if each.topic is question.topic]
    grown = [each for each in report.asked if each.before != each.after] if question.topic is Topic.CALLS else []
    if grown:
        yield "Asked of the API server before and after this change; what is the same is left out:"
        yield "\n".join(table(tuple(grown[:most]), place))
        if most is not None and len(grown) > most:
            yield f"and {len(grown) - most:,} more"
    if shown:
        lines = [f"- {_capital(quiet(each.what))} {_places(each.places, place)}" for each in shown[:most]]
        rest = len(shown) - len(lines)
        yield "\n".join([*lines, *([f"- and {rest:,} more"] if rest else [])])
    nothing = not shown and not grown
    if nothing:
        yield f"Not seen in this change's code: {question.sought}."
    asked = question.open if question.always or not nothing else ("Is there any, in code outside this change?",)
    yield "\n".join(f"- [ ] {each}" for each in asked)


def _places(places: Sequence[Place], place: ShowPlace) -> str:
    different = list(dict.fromkeys((each.path, each.line) for each in places))
    shown = [place(path, line) for path, line in different[:MOST_PLACES]]
    rest = len(different) - len(shown)
    return f"({', '.join(shown)}{f' and {rest} more' if rest else ''})"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def named(path: str, line: int) -> str:
    """Name a line, for where there is no address to link to."""
    return code(f"{path}:{line}")
