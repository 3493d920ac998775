"""The format for a person at a terminal."""

import textwrap
from collections.abc import Callable, Iterator

from analyzers.analysis.diagnostic import Diagnostic, Level
from analyzers.analysis.report import Report
from workers.formats import asked
from workers.formats.checked import Checked

_INDENT = " " * 7
_BOLD, _DIM, _YELLOW, _CYAN = "1", "2", "1;33", "36"


def render(checked: Checked, *, colour: bool = False, width: int = 100) -> str:
    """Give the text: each diagnostic with its lines, what a deep check adds, what was skipped, how much was found of what."""

    def paint(text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if colour else text

    lines = []
    for diagnostic in checked.report.diagnostics:
        lines += [*_diagnostic(diagnostic, paint, width), ""]
    lines += _there(checked.report, paint)
    lines += [paint(f"configuration: {problem}", _YELLOW) for problem in checked.problems]
    lines += [paint(f"skipped {path or '(all files)'}: {reason}", _DIM) for path, reason in checked.skipped]
    unread = "; not all could be read" if checked.skipped else ""
    lines.append(f"{checked.count} ({checked.report.elapsed_ms:.0f} ms){unread}")
    lines.append(paint(checked.compared, _DIM))
    if checked.report.cc:
        lines.append(f"The bot would mention {', '.join(checked.report.cc)}.")
    return "\n".join(lines) + "\n"


def _diagnostic(diagnostic: Diagnostic, paint: Callable[[str, str], str], width: int) -> Iterator[str]:
    level = paint(diagnostic.level.value, _YELLOW if diagnostic.level is Level.WARNING else _CYAN)
    yield f"{paint(f'{diagnostic.path}:{diagnostic.line}', _BOLD)}: {level}: {diagnostic.analyzer}"
    for number, text in enumerate(diagnostic.excerpt, diagnostic.line):
        yield f"{paint(f'{number:>6} |', _DIM)} {text.expandtabs(4)}"
    yield textwrap.fill(diagnostic.message, width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    if diagnostic.witness:
        way = " -> ".join(f"{each.message} ({each.path}:{each.line})" for each in diagnostic.witness)
        yield textwrap.fill(way, width, initial_indent=f"{_INDENT}by ", subsequent_indent=f"{_INDENT}   ")
    for place in diagnostic.related:
        yield paint(f"{_INDENT}also {place.path}:{place.line} {place.message}".rstrip(), _DIM)


def _there(report: Report, paint: Callable[[str, str], str]) -> Iterator[str]:
    """What a deep check adds."""
    if report.present:
        yield paint("Already there, in the functions that the change touches:", _BOLD)
        for each in report.present:
            often = f"; {each.often}" if each.often else ""
            yield f"  {each.path}:{each.line} {each.function}: {each.what}{often}"
            if each.witness:
                yield paint(f"      by {' -> '.join(place.message for place in each.witness)}", _DIM)
        yield ""
    if report.asked:
        yield paint("Asked of the API server, before and after (what is the same is left out):", _BOLD)
        yield from asked.table(report.asked)
        yield ""
