"""Charts as SVG inside the page, drawn by pygal; their colours follow the theme of the page."""

import sys
from collections.abc import Mapping, Sequence

import pygal
from markupsafe import Markup, escape
from pygal.etree import etree
from pygal.style import Style

# pygal leaves an import hook of a protocol that Python has dropped, for plugins we do not use.
sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != pygal.__name__]

Series = Mapping[str, Sequence[float | None]]

_COLOURS = tuple(f"var(--chart-{number})" for number in range(1, 9))
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="var(--text-soft)",
    foreground_strong="var(--text)",
    foreground_subtle="var(--line)",
    guide_stroke_color="var(--line)",
    major_guide_stroke_color="var(--line)",
    guide_stroke_dasharray="0",
    major_guide_stroke_dasharray="0",
    value_background="var(--surface)",
    font_family="inherit",
    label_font_size=12,
    major_label_font_size=12,
    legend_font_size=13,
    no_data_font_size=14,
    opacity="1",
    opacity_hover="0.75",
    stroke_opacity="1",
    stroke_width="2.5",
    stroke_width_hover="3.5",
    transition="0s",
    colors=_COLOURS,
)


def lines(title: str, labels: Sequence[str], series: Series, *, unit: str = "") -> Markup:
    """Draw one line a series over the labels; None is a gap."""
    chart = pygal.Line(**_options(labels, unit), dots_size=3, show_only_major_dots=False)
    return _drawn(chart, title, series)


def stacked_bars(title: str, labels: Sequence[str], series: Series, *, unit: str = "") -> Markup:
    """Draw the series of each label on top of each other."""
    return _drawn(pygal.StackedBar(**_options(labels, unit)), title, series)


def bars(title: str, labels: Sequence[str], series: Series, *, unit: str = "") -> Markup:
    """Draw the series of each label side by side."""
    return _drawn(pygal.Bar(**_options(labels, unit)), title, series)


def _options(labels: Sequence[str], unit: str) -> dict[str, object]:
    return {
        "style": _STYLE,
        "x_labels": list(labels),
        "x_labels_major_count": 7,
        "show_minor_x_labels": len(labels) <= 8,
        "truncate_label": -1,
        "truncate_legend": -1,
        "width": 640,
        "height": 260,
        "margin": 8,
        "spacing": 8,
        "js": [],
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 4,
        "legend_box_size": 10,
        "show_y_guides": True,
        "y_labels_major_count": 5,
        "show_minor_y_labels": False,
        "no_data_text": "nothing yet",
        "formatter": lambda value: "" if value is None else f"{value:,.4g}{unit}",
        "value_formatter": lambda value: f"{_short(value)}{unit}",
        "include_x_axis": True,
        "print_values": False,
    }


def _short(value: float) -> str:
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{suffix}"
    return f"{value:.3g}"


def _drawn(chart: "pygal.graph.graph.Graph", title: str, series: Series) -> Markup:
    chart.title = None
    chart.show_legend = len(series) > 1
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
