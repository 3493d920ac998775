"""A comparison in words: one sentence, a table in Markdown for a comment, the same as plain text for a terminal."""

from collections.abc import Iterable, Sequence

from analyzers.analysis.diagnostic import code
from workers.results import objectives
from workers.results.comparison import RATIO, Comparison, Row

ROWS = 15
PROBLEMS = 10

_PERCENTILES = {"Perc50": "median", "Perc90": "90th percentile", "Perc99": "99th percentile", "Average": "average"}


def sentence(found: Comparison) -> str:
    """Say the whole in one sentence, for a title or a first line."""
    if not found.is_measured:
        where = " in the change's run" if found.compared else ""
        return f"No results of performance jobs were found{where}."
    said = [_slo(found)]
    if found.compared:
        worse, better = len(found.worse), len(found.better)
        said.append(
            f"{worse or 'nothing'} got worse and {better or 'nothing'} better, {found.count('same')} stayed the same"
            if worse or better
            else "nothing got worse or better"
        )
    return "; ".join(said) + "."


def markdown(found: Comparison) -> str:
    """Give the table of what matters, worst first, and what is to be known of it, as Markdown."""
    lines = [sentence(found)]
    rows = important(found)
    if rows:
        heads = ["what", "SLO", "base", "change", ""] if found.compared else ["what", "SLO", "measured", ""]
        lines += ["", _line(heads), _line(["---", "---:", *["---:"] * (len(heads) - 3), "---"])]
        lines += [_line(_cells(row, found.compared, code(row.name))) for row in rows[:ROWS]]
        if len(rows) > ROWS:
            lines += ["", f"And {len(rows) - ROWS} more."]
    lines += ["", *_notes(found)]
    return "\n".join(lines).strip()


def text(found: Comparison) -> str:
    """Give the same for a terminal: the table in columns."""
    heads = ["what", "SLO", "base", "change", ""] if found.compared else ["what", "SLO", "measured", ""]
    table = [heads, *(_cells(row, found.compared, row.name) for row in shown(found)[:ROWS])]
    widths = [max(len(line[column]) for line in table) for column in range(len(heads))]
    last = len(heads) - 1
    lines = [
        "  ".join(
            cell.ljust(width) if column in {0, last} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    ]
    notes = "\n".join(_notes(found)).replace(f"[the SLOs]({objectives.SLO})", f"the SLOs ({objectives.SLO})")
    return "\n".join([sentence(found), "", *(lines if found.rows else ()), "", notes]).strip()


def shown(found: Comparison) -> list[Row]:
    """Give what a table shows: what is important, or where all is well what comes nearest to its SLO."""
    held = sorted((row for row in found.rows if row.limit), key=lambda row: -(row.change or 0) / (row.limit or 1))
    return important(found) or held or list(found.rows)


def important(found: Comparison) -> list[Row]:
    """Give what people should look at: what breaks an SLO, then what got worse, then better."""
    told: dict[int, Row] = {id(row): row for row in [*found.broken, *found.worse, *found.better]}
    return list(told.values())


def amount(value: float | None, unit: str) -> str:
    """Give a value with its unit as people say it: "1.25 s" for 1250 ms; an em dash for None."""
    if value is None:
        return "—"
    match unit:
        case "ms" | "s":
            seconds = value / 1000 if unit == "ms" else value
            return f"{seconds:,.2f} s" if seconds >= 1 else f"{seconds * 1000:,.0f} ms"
        case "bytes":
            return f"{value / 1e9:,.2f} GB" if value >= 1e9 else f"{value / 1e6:,.0f} MB"
        case _:
            return f"{value:,.4g} {unit}".strip()


def _slo(found: Comparison) -> str:
    if not found.held:
        return f"{_number(len(found.rows), 'series')}, none that an SLO speaks of"
    if not found.broken:
        return f"all {found.held} series that an SLO speaks of keep it" if found.held > 1 else "the one SLO is kept"
    worst = found.broken[0]
    broken = len(found.broken)
    said = f"{broken} of {found.held} series {'breaks' if broken == 1 else 'break'} an SLO"
    value, limit = amount(worst.change, worst.unit), amount(worst.limit, "ms")
    return f"{said}, {'' if broken == 1 else 'the worst '}{worst.name}: {value} where {limit} are allowed"


def _cells(row: Row, compared: bool, name: str) -> list[str]:
    percentile = _PERCENTILES.get(row.quantile)
    what = name if percentile in {None, "99th percentile"} else f"{name}, {percentile}"
    values = [amount(row.base, row.unit)] if compared else []
    return [what, amount(row.limit, "ms"), *values, amount(row.change, row.unit), _verdict(row)]


def _verdict(row: Row) -> str:
    said = []
    if row.breaks:
        said.append("breaks the SLO" + (", as before" if row.broke_before else ""))
        if row.tolerated:
            said.append("a single slow call, which the jobs let pass")
    if row.verdict in {"worse", "better", "differs"}:
        change = f" ({(row.ratio - 1) * 100:+,.0f} %)" if row.ratio else ""
        said.append(f"{row.verdict}{change}")
    elif row.verdict == "few calls":
        said.append("too few calls to compare")
    elif row.verdict in {"new", "gone"}:
        said.append("not measured in the base" if row.verdict == "new" else "not measured in the change")
    return "; ".join(said)


def _notes(found: Comparison) -> Iterable[str]:
    if found.rows:
        percent = f"{(RATIO - 1) * 100:.0f} %"
        note = f"99th percentiles unless said otherwise, held against [the SLOs]({objectives.SLO})."
        if found.compared:
            note += (
                f" Worse and better begin at {percent}. Each side is one run, and runs of the same code differ: "
                "look at a second one before you conclude."
            )
        yield note
    for problem in found.problems[:PROBLEMS]:
        yield f"- {problem}"
    if len(found.problems) > PROBLEMS:
        yield f"- And {len(found.problems) - PROBLEMS} more."


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
