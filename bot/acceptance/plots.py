"""Plots of the figures over time, as SVG."""

from collections.abc import Callable, Mapping

from bot import charts
from bot.acceptance.figures import Figures
from bot.charts import pygal


def _otherwise(figures: Figures) -> int:
    return figures["dismissed"] - figures.wrong + figures["deleted"]


# Told apart on white, on black, and by most who see colours differently.
_OUTCOMES: tuple[tuple[str, str, Callable[[Figures], int]], ...] = (
    ("addressed", "#2f8f5b", lambda figures: figures.addressed),
    ("stood", "#7d8fa3", lambda figures: figures["stood"]),
    ("dismissed as wrong", "#c0392b", lambda figures: figures.wrong),
    ("dismissed otherwise, or deleted", "#d9a12b", _otherwise),
    ("open", "#3f7fbf", lambda figures: figures["open"]),
    ("given up with the change", "#a9b4bf", lambda figures: figures["dropped"]),
)
_SHARES: tuple[tuple[str, str, Callable[[Figures], float | None]], ...] = (
    ("addressed", "#2f8f5b", lambda figures: figures.addressed_share),
    ("useful, by thumbs", "#3f7fbf", lambda figures: figures.useful_share),
    ("dismissed as wrong", "#c0392b", lambda figures: figures.wrong_share),
)
# uReview's share of comments that were addressed (figures.ANCHORS).
_ANCHOR, _ANCHORED = 65, "#77828d"


def outcomes(weeks: Mapping[str, Figures]) -> str:
    """Give the comments of each week as bars of what became of them."""
    chart = pygal.StackedBar(
        **charts.COMMON,
        **_axis(weeks),
        style=charts.style(*(colour for _, colour, _ in _OUTCOMES)),
        legend_at_bottom_columns=3,
        value_formatter=lambda value: f"{value:.0f}",
        # A count is whole.
        y_labels=_whole(max((figures["posted"] for figures in weeks.values()), default=0)),
    )
    chart.title = "Comments by the week in which they were posted"
    for name, _, number in _OUTCOMES:
        chart.add(name, [number(figures) for figures in weeks.values()])
    return charts.svg(chart)


def shares(weeks: Mapping[str, Figures]) -> str:
    """Give each week's shares as lines."""
    chart = pygal.Line(
        **charts.COMMON,
        **_axis(weeks),
        style=charts.style(*(colour for _, colour, _ in _SHARES), _ANCHORED),
        legend_at_bottom_columns=2,
        range=(0, 100),
        y_labels=(0, 25, 50, 75, 100),
        value_formatter=lambda value: f"{value:.0f} %",
        allow_interruptions=True,
    )
    chart.title = "How they were taken, in per cent"
    for name, _, share in _SHARES:
        found = [share(figures) for figures in weeks.values()]
        chart.add(name, [None if each is None else 100 * each for each in found])
    chart.add(
        "addressed at Uber",
        [_ANCHOR for _ in weeks],
        show_dots=False,
        stroke_style={"dasharray": "6, 6"},
    )
    return charts.svg(chart)


def _axis(weeks: Mapping[str, Figures]) -> dict[str, object]:
    return {
        "x_labels": list(weeks),
        "x_labels_major_every": max(1, len(weeks) // 6),
        "show_minor_x_labels": False,
        "height": 380,
    }


def _whole(most: int) -> list[int]:
    """Give some five whole numbers from 0 to at least the largest."""
    step = 1
    while step * 5 < most:
        step = {1: 2, 2: 5, 5: 10}[step] if step < 10 else step * 2
    return list(range(0, step * -(-max(most, 1) // step) + 1, step))
