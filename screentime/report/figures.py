"""Charts as SVG that takes its colours from the page around it."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that stand for the page's own: the page says what they are, by day, by night and in print.
INK, QUIET, LINE, ACCENT, SECOND = "#010101", "#020202", "#030303", "#040404", "#050505"
CHARACTERS = tuple(f"#0600{number:02x}" for number in range(8))
_OWN = {
    INK: "currentColor", QUIET: "var(--quiet)", LINE: "var(--line)", ACCENT: "var(--accent)",
    SECOND: "var(--second)",
}
_OWN |= {colour: f"var(--c{number})" for number, colour in enumerate(CHARACTERS)}
# Inches at 72 points: for a desk and for a telephone. The page shows the one that fits.
WIDE, NARROW = 9.6, 4.6
# A name longer than this is cut in a chart; the table beside it has it whole.
LONGEST_NAME = 22


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart in two widths, each an ``<svg>`` element."""

    wide: str
    narrow: str


def seconds_chart(totals: Sequence[Any], length: float, name: str) -> Chart:
    """Seconds as bars with their 95 % intervals, a bar a character, both and neither.

    Parameters
    ----------
    totals : sequence of screentime.findings.Total
    length : float
        The film's, in seconds: where the axis ends.
    name : str
        Letters and digits that make the chart's own ids unlike those of others on the page.

    Returns
    -------
    Chart
    """
    def draw(figure: Figure, wide: bool) -> None:
        axes = figure.subplots()
        for place, one in enumerate(totals):
            colour = CHARACTERS[place % 8] if place < len(totals) - _extra(totals) else QUIET
            axes.barh(place, one.seconds, height=0.56, color=colour, alpha=0.85)
            if one.low is not None:
                low, high = max(one.seconds - one.low, 0), max(one.high - one.seconds, 0)
                axes.errorbar(
                    one.seconds, place, xerr=[[low], [high]], color=INK, capsize=4, linewidth=1.4, capthick=1.4
                )
        axes.set_yticks(range(len(totals)))
        axes.set_yticklabels([short(one.name) for one in totals], parse_math=False)
        axes.invert_yaxis()
        axes.set_xlim(0, max([length, *(one.high or one.seconds for one in totals)]) or 1)
        axes.set_xlabel("seconds on screen; the axis ends with the film" if wide else "seconds on screen")
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)

    return _chart(draw, 0.9 + (0.42 if len(totals) <= 8 else 0.29) * len(totals), name)


def rounds_chart(rounds: Sequence[Mapping[str, Any]], target: float, name: str) -> Chart:
    """Accuracy of each round with its 95 % interval against the target.

    Parameters
    ----------
    rounds : sequence of mapping
        See `screentime.summary.summary`.
    target : float
    name : str

    Returns
    -------
    Chart
    """
    def draw(figure: Figure, wide: bool) -> None:
        axes = figure.subplots()
        # By turns: two rounds may have the same number of labels, when some were changed.
        turns = range(len(rounds))
        values = [one["accuracy"]["value"] for one in rounds]
        below = [max(one["accuracy"]["value"] - one["accuracy"]["low"], 0) for one in rounds]
        above = [max(one["accuracy"]["high"] - one["accuracy"]["value"], 0) for one in rounds]
        axes.axhline(target, color=SECOND, linestyle=(0, (5, 3)), linewidth=1.4, label="target")
        axes.errorbar(
            turns, values, yerr=[below, above], color=ACCENT, marker="o", markersize=6, linewidth=1.6, capsize=4,
            label="on the frames without a label, 95 % interval",
        )
        axes.plot(
            # A little beside, where it would hide the other.
            [turn + 0.07 for turn in turns], [one["validation_accuracy"] for one in rounds], color=INK,
            marker="D", markersize=5, linewidth=0, markerfacecolor="none", label="validation accuracy",
        )
        every = max(len(rounds) // (12 if wide else 6), 1)
        axes.set_xticks(list(turns)[::every])
        axes.set_xticklabels([str(one["labels"]) for one in rounds][::every])
        axes.set_xlim(-0.5, len(rounds) - 0.5)
        axes.set_ylim(0, 1.04)
        axes.set_xlabel("labels")
        axes.set_ylabel("share of frames right")
        axes.grid(axis="y")
        _legend(figure, wide)

    return _chart(draw, 3.5, name)


def curves_chart(history: Mapping[str, Sequence[float]], target: float, name: str) -> Chart:
    """Accuracy and loss per epoch.

    Parameters
    ----------
    history : mapping of str to sequence of float
        Keras's record: loss, accuracy, val_loss, val_accuracy, one value an epoch.
    target : float
    name : str

    Returns
    -------
    Chart
    """
    def draw(figure: Figure, wide: bool) -> None:
        epochs = range(1, len(history["loss"]) + 1)
        panels = figure.subplots(*((1, 2) if wide else (2, 1)))
        for axes, measure in zip(panels, ("accuracy", "loss")):
            named = measure == "loss"  # one legend for both
            axes.plot(
                epochs, history[measure], color=INK, marker="D", markersize=3.5, linewidth=1.2,
                markerfacecolor="none", label="training" if named else "_",
            )
            axes.plot(
                epochs, history[f"val_{measure}"], color=ACCENT, marker="o", markersize=3.5, linewidth=1.6,
                label="validation" if named else "_",
            )
            if measure == "accuracy":
                axes.axhline(target, color=SECOND, linestyle=(0, (5, 3)), linewidth=1.4, label="target")
                axes.set_ylim(0, 1.04)
            else:
                axes.set_ylim(bottom=0)
            axes.set_xlabel("epoch")
            axes.set_ylabel(measure)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(axis="y")
        _legend(figure, wide)

    return _chart(draw, 3.1, name, narrow=5.0)


def short(name: str) -> str:
    """A name that fits beside a chart, on one line."""
    line = " ".join(name.split())
    return line if len(line) <= LONGEST_NAME else f"{line[:LONGEST_NAME - 1]}…"


def _extra(totals: Sequence[Any]) -> int:
    """How many of the totals are of no character: both, where it is told, and neither."""
    return sum(one.name in ("both", "neither") for one in totals)


def _legend(figure: Figure, wide: bool) -> None:
    figure.legend(loc="outside upper left", ncols=3 if wide else 1, frameon=False, labelcolor=INK, borderpad=0)


def _chart(draw: Callable[[Figure, bool], None], height: float, name: str, narrow: float | None = None) -> Chart:
    return Chart(
        _svg(draw, True, (WIDE, height), f"{name}-w"), _svg(draw, False, (NARROW, narrow or height + 0.3), f"{name}-n")
    )


def _svg(draw: Callable[[Figure, bool], None], wide: bool, size: tuple[float, float], name: str) -> str:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style = {
        "svg.fonttype": "none", "svg.hashsalt": name, "font.size": 10.5, "font.family": "sans-serif",
        "text.color": INK, "axes.labelcolor": QUIET, "xtick.color": LINE, "ytick.color": LINE, "xtick.labelcolor": INK,
        "ytick.labelcolor": INK, "axes.edgecolor": LINE, "axes.spines.top": False, "axes.spines.right": False,
        "grid.color": LINE, "grid.linewidth": 0.7, "axes.axisbelow": True, "text.parse_math": False,
    }
    written = io.StringIO()
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # Letters that matplotlib's own font lacks are drawn by the reader's browser, which has them.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure, wide)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(written, format="svg", transparent=True, metadata=nothing)
    return _inline(written.getvalue(), name)


def _inline(document: str, name: str) -> str:
    """An SVG document as an element of a page: no prologue, ids of its own, the page's colours and fonts."""
    svg = document[document.index("<svg"):].strip()
    svg = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", svg, flags=re.DOTALL)
    # Inside tags alone: a character's name may look like any of this.
    svg = re.sub(r"<[^<>]*>", lambda tag: _tag(tag[0], name), svg)
    svg = re.sub(r'^<svg([^>]*?) width="[^"]*"', r"<svg\1", svg)
    svg = re.sub(r'^<svg([^>]*?) height="[^"]*"', r"<svg\1", svg)
    # What stands in the picture is said beside it.
    return svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)


def _tag(tag: str, name: str) -> str:
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = tag.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    tag = re.sub(r"font-family: [^;\"]*", "font-family: inherit", tag)
    return re.sub(r"#0[0-9a-f]{5}\b", lambda found: _OWN.get(found[0], found[0]), tag)
