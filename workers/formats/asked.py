"""What is asked of the API server before and after, as a table for a terminal."""

from collections.abc import Iterator, Sequence

from analyzers.kubernetes.requests.asked import HEADINGS, Asked


def table(asked: Sequence[Asked]) -> Iterator[str]:
    """Yield the lines of the table, headings first."""
    rows = [tuple(heading.upper() for heading in HEADINGS)]
    rows += [
        (
            each.component,
            each.verb,
            each.resource or "?",
            each.scope,
            each.before.told,
            each.after.told,
            f"{each.path}:{each.line}",
        )
        for each in asked
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
