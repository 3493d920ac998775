"""What a deep review adds, as Markdown: what was there before, and what is asked of the API server before and after."""

from collections.abc import Callable, Iterator

from analyzers.analysis.diagnostic import code
from analyzers.analysis.report import Present, Report
from analyzers.kubernetes.requests.asked import HEADINGS, Asked
from bot.comments import quiet
from bot.links import Links

MOST = 25
"""Lines of each of the two in a check run's summary, which has other things to say."""

ShowPlace = Callable[[str, int], str]


def folded(report: Report, links: Links) -> list[str]:
    """Give a section that is folded together, nothing where there is nothing to say."""
    parts = sections(report, links.place, MOST)
    if not parts:
        return []
    summary = "<summary>What was already there, and what is asked of the API server before and after</summary>"
    return ["\n\n".join([f"<details>{summary}", *parts, "</details>"])]


def sections(report: Report, place: ShowPlace, most: int | None = None) -> list[str]:
    """Give the two as blocks; place makes a link of a path and a line, and most is how many lines of each are shown."""
    blocks = []
    if report.present:
        shown = [_present(each, place) for each in report.present[:most]]
        blocks.append("**Already there**, in the functions that this change touches:")
        blocks.append("\n".join([*shown, *_more(len(report.present) - len(shown), "- ")]))
    if report.asked:
        shown = list(table(report.asked[:most], place))
        rest = list(_more(len(report.asked) - len(shown) + 2))
        blocks.append("**Asked of the API server**, before and after (what is the same is left out):")
        blocks += ["\n".join(shown), *rest]
    return blocks


def _more(rest: int, mark: str = "") -> Iterator[str]:
    if rest > 0:
        yield f"{mark}and {rest:,} more"


def _present(each: Present, place: ShowPlace) -> str:
    often = f"; {quiet(each.often)}" if each.often else ""
    way = f" ({' → '.join(code(step.message, 60) for step in each.witness)})" if each.witness else ""
    return f"- {place(each.path, each.line)} {code(each.function, 60)}: {quiet(each.what)}{often}{way}"


def table(asked: tuple[Asked, ...], place: ShowPlace) -> Iterator[str]:
    """Yield the lines of the table of what is asked of the API server before and after."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield f"|{' --- |' * len(HEADINGS)}"
    for each in asked:
        # What is gone has no line in the files as they are now.
        where = place(each.path, each.line) if each.after.places else code(f"{each.path}:{each.line}")
        resource = code(each.resource, 60) if each.resource else "?"
        cells = (each.component, each.verb, resource, each.scope, each.before.told, each.after.told, where)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
