"""Markdown: for a job's summary, a comment written by hand, or an editor."""

import re
from collections.abc import Iterator

from analyzers.analysis.diagnostic import Diagnostic, code
from bot import already_there
from workers.formats.checked import Checked


def render(checked: Checked) -> str:
    """Give a heading, what was compared, each diagnostic with its lines, and what a deep check adds."""
    blocks = [f"## Scalability: {checked.count}", code(checked.compared, 400)]
    for diagnostic in checked.report.diagnostics:
        blocks += _diagnostic(diagnostic)
    blocks += already_there.sections(checked.report, lambda path, line: code(f"{path}:{line}"))
    asides = [*checked.warnings, *checked.problems]
    asides += [f"{code(path) if path else 'all files'} was not read: {reason}" for path, reason in checked.skipped]
    if asides:
        blocks.append("\n".join(f"- {aside}" for aside in asides))
    if checked.report.cc:
        blocks.append(f"The bot would mention {', '.join(code(handle) for handle in checked.report.cc)}.")
    return "\n\n".join(blocks) + "\n"


def _diagnostic(diagnostic: Diagnostic) -> Iterator[str]:
    yield f"### {code(f'{diagnostic.path}:{diagnostic.line}')} {diagnostic.level.value}: {diagnostic.analyzer}"
    if diagnostic.excerpt:
        text = "\n".join(diagnostic.excerpt)
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        yield f"{fence}go\n{text}\n{fence}" if diagnostic.path.endswith(".go") else f"{fence}\n{text}\n{fence}"
    yield diagnostic.message
    if diagnostic.witness:
        way = (f"{each.message} ({code(f'{each.path}:{each.line}')})" for each in diagnostic.witness)
        yield f"The way there: {' → '.join(way)}."
    if diagnostic.related:
        places = (
            f"- also {code(f'{place.path}:{place.line}')} {place.message}".rstrip() for place in diagnostic.related
        )
        yield "\n".join(places)
