"""A comparison as a picture: bars for a terminal, and an SVG for a page."""

from bot import charts
from bot.charts import pygal
from workers.results import words
from workers.results.comparison import Comparison, Row

BARS = 12
WIDTH = 40
# Read on white and on black; told apart in grey too.
_BASE, _CHANGE, _LIMIT = "#7d8fa3", "#d9662b", "#c0392b"


def terminal(found: Comparison, width: int = WIDTH) -> str:
    """Give bars of the latencies that matter most, in characters; "" where there are none. width is the longest bar's."""
    rows = _rows(found)
    if not rows:
        return ""
    longest = max(max(row.change or 0, row.base or 0) for row in rows)
    label = max(len(row.name) for row in rows)
    lines = []
    for row in rows:
        sides = [("base", row.base, "░"), ("change", row.change, "█")] if found.compared else [("", row.change, "█")]
        for position, (side, value, block) in enumerate(sides):
            name = row.name if position == 0 else ""
            bar = block * max(1, round((value or 0) / longest * width)) if value is not None else ""
            lines.append(f"{name:<{label}}  {side:<6}  {bar} {words.amount(value, row.unit)}")
    return "\n".join(line.rstrip() for line in lines)


def svg(found: Comparison) -> str:
    """Give bars of the same as an SVG without scripts, that needs nothing from elsewhere; "" where there are none."""
    rows = _rows(found)[::-1]  # pygal draws upwards
    if not rows:
        return ""
    chart = pygal.HorizontalBar(
        **charts.COMMON,
        style=charts.style(_CHANGE, _BASE),
        height=120 + 46 * len(rows),
        show_legend=found.compared,
        print_values=True,
        print_values_position="end",
        # Of horizontal bars x is the axis of values.
        x_labels_major_count=5,
        show_minor_x_labels=False,
        value_formatter=lambda value: words.amount(value, "ms"),
    )
    chart.title = "99th percentile"
    chart.x_labels = [row.name for row in rows]
    # Drawn upwards: the change first, so that the base stands above it.
    chart.add("change", [{"value": row.change, "color": _LIMIT if row.breaks else _CHANGE} for row in rows])
    if found.compared:
        chart.add("base", [{"value": row.base, "color": _BASE} for row in rows])
    return charts.svg(chart)


def _rows(found: Comparison) -> list[Row]:
    """Give the latencies to draw."""
    return [row for row in words.shown(found) if row.unit == "ms"][:BARS]
