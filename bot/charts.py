"""Charts: what all plots of the bot have in common. SVG from pygal, without scripts, that needs nothing from elsewhere."""

import re
import sys
from typing import Any
from xml.etree import ElementTree

import pygal
from pygal.style import Style

# For plug-ins, which are not used here, pygal hooks into the import of every module, in a way that Python 3.11 warns of.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

# Read on white and on black.
_TEXT, _LINES = "#77828d", "#77828d55"
WIDTH = 900


def style(*colours: str) -> Style:
    """Give the style of a chart whose series have these colours."""
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=_TEXT,
        foreground_strong=_TEXT,
        foreground_subtle=_LINES,
        font_family="system-ui, sans-serif",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=14,
        title_font_size=16,
        value_font_size=12,
        opacity="1",
        colors=colours,
        guide_stroke_color=_LINES,
        major_guide_stroke_color=_LINES,
    )


# What every chart is made with.
COMMON: dict[str, Any] = {
    "width": WIDTH,
    "js": (),
    "legend_at_bottom": True,
    "truncate_label": -1,
    "truncate_legend": -1,
    "margin": 12,
    "explicit_size": False,
    "no_prefix": True,
}


def svg(chart: Any) -> str:
    """Give a pygal chart as the text of an SVG."""
    rendered = chart.render(disable_xml_declaration=True)
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    root = ElementTree.fromstring(rendered)  # noqa: S314 - pygal made it a moment ago
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] == "script":
                parent.remove(child)
    return re.sub(r"\s*\n\s*", " ", ElementTree.tostring(root, encoding="unicode"))


__all__ = ["COMMON", "WIDTH", "pygal", "style", "svg"]
