"""The plots of the dataset card, as PNG; the same counts give the same bytes."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from codeio_ops.release.leak_table import BenchmarkLine
from codeio_ops.release.select import CORRECT, WRONG
from codeio_ops.release.statistics import LENGTH_STEP_CHARS, Statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN = 7.0
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "figure.dpi": 110,
}
_BLUE, _ORANGE, _GREEN, _RED = "#3b6ea5", "#d98032", "#4a9a5d", "#b03a48"
# One for each way to be wrong, see `verify.verdicts`.
_WRONG = (_ORANGE, _RED, "#8d6fb0", "#7d7d7d", "#c9a227", "#4f9ba6", "#a0643c", "#555555",
          "#d07f9e", "#6b7a2f", "#2f4f7a")  # fmt: skip


def plot_files(
    statistics: Statistics,
    funnel: Sequence[tuple[str, int]],
    leaks: Sequence[BenchmarkLine],
    leak_threshold: float | None,
) -> dict[str, bytes]:
    """Return path -> PNG of each plot; without a benchmark there is none of leakage.

    Args:
        statistics: Counts of the release.
        funnel: Stages with their rows, in order.
        leaks: Benchmarks with their flagged items.
        leak_threshold: Most items with a leak that the gate lets through, where it has one.
    """
    plots = {
        "plots/funnel.png": _drawn(lambda axes: _funnel(axes, funnel), 0.42 * len(funnel) + 0.7),
        "plots/verdicts.png": _drawn(lambda axes: _verdicts(axes, statistics.verdicts), 2.6),
        "plots/lengths.png": _drawn(lambda axes: _lengths(axes, statistics.lengths), 2.8),
    }
    measured = [line for line in leaks if line.flagged]
    if measured:
        height = 0.5 * len(measured) + 1.3
        plots["plots/leakage.png"] = _drawn(
            lambda axes: _leakage(axes, measured, leak_threshold), height
        )
    return plots


def _drawn(draw: "Callable[[Axes], None]", height_in: float) -> bytes:
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.context(["default", _STYLE]):
        figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.add_subplot())
        sink = io.BytesIO()
        # The library's version would be written into the file otherwise.
        figure.savefig(sink, format="png", metadata={"Software": None})
    return sink.getvalue()


def _funnel(axes: "Axes", funnel: Sequence[tuple[str, int]]) -> None:
    names, rows = [name for name, _ in funnel], [count for _, count in funnel]
    bars = axes.barh(names, rows, color=_BLUE)
    axes.bar_label(bars, [f"{count:,}" for count in rows], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(left=False)
    axes.set_title("From source files to this release", loc="left")


def _verdicts(axes: "Axes", verdicts: Mapping[tuple[str, int, str], int]) -> None:
    groups = sorted({(direction, turn) for direction, turn, _ in verdicts}, reverse=True)
    totals = {g: sum(n for (d, t, _), n in verdicts.items() if (d, t) == g) for g in groups}
    kinds = sorted(
        {kind for _, _, kind in verdicts}, key=lambda kind: (kind != CORRECT, kind != WRONG, kind)
    )
    colours = {
        CORRECT: _GREEN,
        **dict(zip((k for k in kinds if k != CORRECT), _WRONG, strict=False)),
    }
    labels = [f"predict {d}, turn {t}\n({totals[d, t]:,})" for d, t in groups]
    left = [0.0] * len(groups)
    for kind in kinds:
        shares = [100 * verdicts.get((*group, kind), 0) / totals[group] for group in groups]
        bars = axes.barh(labels, shares, left=left, label=kind, color=colours[kind])
        texts = [f"{share:.0f}" if share >= 5 else "" for share in shares]
        axes.bar_label(bars, texts, label_type="center", color="white")
        left = [start + share for start, share in zip(left, shares, strict=True)]
    axes.set_xlim(0, 100)
    axes.set_xlabel("per cent of the answers")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    axes.set_title("Verdicts by direction and turn", loc="left")


def _lengths(axes: "Axes", lengths: Mapping[int, int]) -> None:
    starts = sorted(lengths)
    axes.bar(
        starts,
        [lengths[start] for start in starts],
        width=LENGTH_STEP_CHARS * 0.92,
        align="edge",
        color=_BLUE,
    )
    axes.set_xlabel("characters of prompt and response")
    axes.set_ylabel("samples")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_title("Length of the training texts", loc="left")


def _leakage(axes: "Axes", leaks: Sequence[BenchmarkLine], threshold: float | None) -> None:
    flags = [flag for flag in ("any13", "leak") if any(flag in line.flagged for line in leaks)]
    step = 0.8 / max(len(flags), 1)
    for number, flag in enumerate(flags):
        heights = [100 * (line.share(flag) or 0.0) for line in leaks]
        places = [index + (number - (len(flags) - 1) / 2) * step for index in range(len(leaks))]
        bars = axes.barh(
            places, heights, height=step * 0.9, label=flag, color=(_BLUE, _RED)[number]
        )
        axes.bar_label(bars, [str(line.flagged.get(flag, 0)) for line in leaks], padding=3)
    axes.set_yticks(range(len(leaks)), [f"{line.name} ({line.items:,})" for line in leaks])
    axes.invert_yaxis()
    if threshold is not None:
        total = sum(line.items for line in leaks)
        axes.axvline(
            100 * threshold / total if total else 0.0,
            color="black", linestyle="--", linewidth=1.5, label="most that passes (leak)",
        )  # fmt: skip
    right = max(1.0, axes.get_xlim()[1] * 1.1)
    axes.set_xlim(left=-0.02 * right, right=right)
    axes.set_xlabel("per cent of the benchmark's items (bars bear the number of items)")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    axes.set_title("Benchmark items found in this release", loc="left")
