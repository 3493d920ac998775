"""A comparison as a picture: bars for a terminal, and an SVG for a page."""

import re
import sys
from xml.etree import ElementTree

import pygal
from pygal.style import Style

from workers.results import words
from workers.results.comparison import Comparison, Row

# For plug-ins, which are not used here, pygal hooks into the import of every module, in a way that Python 3.11 warns of.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

BARS = 12
WIDTH = 40
# Read on white and on black; told apart in grey too.
_BASE, _CHANGE, _LIMIT = "#7d8fa3", "#d9662b", "#c0392b"
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#77828d",
    foreground_strong="#77828d",
    foreground_subtle="#77828d55",
    font_family="system-ui, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=14,
    title_font_size=16,
    value_font_size=12,
    opacity="1",
    colors=(_CHANGE, _BASE),
    guide_stroke_color="#77828d55",
    major_guide_stroke_color="#77828d55",
)


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
        style=_STYLE,
        width=900,
        height=120 + 46 * len(rows),
        js=(),
        show_legend=found.compared,
        legend_at_bottom=True,
        print_values=True,
        print_values_position="end",
        # Of horizontal bars x is the axis of values.
        x_labels_major_count=5,
        show_minor_x_labels=False,
        truncate_label=-1,
        value_formatter=lambda value: words.amount(value, "ms"),
        margin=12,
        explicit_size=False,
        no_prefix=True,
    )
    chart.title = "99th percentile"
    chart.x_labels = [row.name for row in rows]
    # Drawn upwards: the change first, so that the base stands above it.
    chart.add("change", [{"value": row.change, "color": _LIMIT if row.breaks else _CHANGE} for row in rows])
    if found.compared:
        chart.add("base", [{"value": row.base, "color": _BASE} for row in rows])
    return _without_scripts(chart.render(disable_xml_declaration=True))


def _rows(found: Comparison) -> list[Row]:
    """Give the latencies to draw."""
    return [row for row in words.shown(found) if row.unit == "ms"][:BARS]


def _without_scripts(rendered: str) -> str:
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    root = ElementTree.fromstring(rendered)  # noqa: S314 - pygal made it a moment ago
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] == "script":
                parent.remove(child)
    return re.sub(r"\s*\n\s*", " ", ElementTree.tostring(root, encoding="unicode"))
