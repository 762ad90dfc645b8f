"""Charts as SVG inside the page, drawn by pygal; their colours follow the theme of the page."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import pygal
from markupsafe import Markup, escape
from pygal.etree import etree
from pygal.style import Style

from codeio_ops.pipeline import stages_writing

# pygal leaves an import hook of a protocol that Python has dropped, for plugins we do not use.
sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != pygal.__name__]

MOST_LABELS = 12
LEAST_NIGHTS = 7
Series = Mapping[str, Sequence[float | None]]

_COLOURS = tuple(f"var(--chart-{number})" for number in range(1, 9))
_LOOK = {
    "background": "transparent",
    "plot_background": "transparent",
    "foreground": "var(--text-soft)",
    "foreground_strong": "var(--text)",
    "foreground_subtle": "var(--line)",
    "guide_stroke_color": "var(--line)",
    "major_guide_stroke_color": "var(--line)",
    "guide_stroke_dasharray": "0",
    "major_guide_stroke_dasharray": "0",
    "value_background": "var(--surface)",
    "font_family": "inherit",
    "label_font_size": 12,
    "major_label_font_size": 12,
    "legend_font_size": 13,
    "no_data_font_size": 14,
    "opacity": "1",
    "opacity_hover": "0.75",
    "stroke_opacity": "1",
    "stroke_width": "2.5",
    "stroke_width_hover": "3.5",
    "transition": "0s",
}


def every_night(found: Iterable[date]) -> list[date]:
    """Return every night from the first to the last, a week at least, so that a gap is seen."""
    nights = set(found)
    last = max(nights)
    first = min(*nights, last - timedelta(days=LEAST_NIGHTS - 1))
    return [first + timedelta(days=day) for day in range((last - first).days + 1)]


def percent_lines(title: str, labels: Sequence[str], series: Series) -> Markup:
    """Draw one line a series over the labels, from 0 to 100; None is a gap."""
    options = {**_options(labels, " %"), "range": (0, 100), "y_labels": range(0, 101, 25)}
    return _drawn(pygal.Line, options, title, series)


def stacked_bars(title: str, labels: Sequence[str], series: Series, *, unit: str = "") -> Markup:
    """Draw the series of each label on top of each other."""
    return _drawn(pygal.StackedBar, _options(labels, unit), title, series)


def bars(title: str, labels: Sequence[str], series: Series, *, unit: str = "") -> Markup:
    """Draw the series of each label side by side."""
    return _drawn(pygal.Bar, _options(labels, unit), title, series)


def _options(labels: Sequence[str], unit: str) -> dict[str, object]:
    return {
        "x_labels": list(labels),
        "x_labels_major_count": min(7, len(labels)),
        "show_minor_x_labels": len(labels) <= MOST_LABELS,
        "truncate_label": -1,
        "truncate_legend": -1,
        "width": 640,
        "height": 280,
        "margin": 8,
        "margin_right": 24,
        "spacing": 8,
        "js": [],
        "legend_at_bottom": True,
        "legend_box_size": 10,
        "max_scale": 5,
        "dots_size": 3,
        "include_x_axis": True,
        "no_data_text": "nothing yet",
        "value_formatter": lambda value: f"{_short(value)}{unit}",
    }


def _colour(name: str, at: int) -> str:
    """Return the colour of a stage, the same in every chart; others take theirs by position."""
    stages = stages_writing()
    place = stages.index(name) if name in stages else at
    return _COLOURS[place % len(_COLOURS)]


def _short(value: float) -> str:
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{suffix}"
    return f"{value:.3g}"


def _drawn(
    kind: "type[pygal.graph.graph.Graph]", options: dict[str, object], title: str, series: Series
) -> Markup:
    chart = kind(
        **options,
        style=Style(**_LOOK, colors=tuple(_colour(name, at) for at, name in enumerate(series))),
        show_legend=len(series) > 1,
        legend_at_bottom_columns=min(4, len(series)),
    )
    for name, values in series.items():
        chart.add(name, list(values))
    root = chart.render_tree()
    for parent in list(root.iter()):
        for child in list(parent):
            child.attrib.pop("id", None)  # the same in every chart of a page
            # pygal's tooltips need a script; its titles do not.
            if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == "script":
                parent.remove(child)
    root.attrib.update({"role": "img", "aria-label": title, "class": "chart"})
    return Markup('<figure class="chart-box"><figcaption>{}</figcaption>{}</figure>').format(
        escape(title),
        Markup(etree.tostring(root, encoding="unicode")),  # noqa: S704
    )
