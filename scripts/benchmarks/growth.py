"""How time and memory of predict, push and sync grow with the frames: rows, and a plot."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from scripts.benchmarks import children, projects, telling
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Result
from scripts.benchmarks.registry import BUILTIN
from scripts.benchmarks.syncing import LABELS, OPTIONS, cold

COMMANDS = {"predict": (30, 300, 3000), "push": (100, 1000, 10_000), "sync": (100, 1000, 10_000)}
LIMIT = 600
# Okabe and Ito's colours, which people tell apart who see few; and a mark of its own for each.
LOOKS = {"predict": ("#0072B2", "o"), "push": ("#D55E00", "s"), "sync": ("#009E73", "^")}
GUIDE = "#777777"
# Seconds and megabytes by command and number of frames.
Grown = dict[str, dict[int, tuple[float, float]]]


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``growth``."""
    if any(name.startswith("predict") for name in wanted):
        yield from _predict(lab)
    if any(not name.startswith("predict") for name in wanted):
        yield from _loop(lab)


def _predict(lab: Lab) -> Iterator[Result]:
    model = lab.model(BUILTIN)
    for number, seconds in enumerate(COMMANDS["predict"]):
        film = lab.moving("360p", seconds)
        for _ in range(2 if number == 0 else 1):  # the first time is not counted
            lab.say(f"growth: predict of {seconds:,} frames.")
            ended = children.screentime("predict", str(film), "--model", str(model), "--json", limit=LIMIT, memory=True)
        yield from _rows("predict", seconds, ended.seconds, ended.megabytes)


def _loop(lab: Lab) -> Iterator[Result]:
    """A fresh project of each size: pushed with its embeddings computed, 60 labels, one cold sync."""
    api = projects.Api(lab.server, lab.home)
    for frames in COMMANDS["push"]:
        folder = lab.scratch / f"growth-{frames}"
        film, truth = lab.drawn(frames)
        lab.say(f"growth: extracting and pushing {frames:,} frames.")
        projects.begin(folder, film, truth, backbone="builtin", view="tiles", **OPTIONS)
        ended = children.screentime("push", "--workspace", str(folder), "--json", limit=LIMIT, memory=True)
        yield from _rows("push", frames, ended.seconds, ended.megabytes)
        labeller = projects.Labeller(folder, truth)
        labeller.label(LABELS - 1)
        yield from _rows("sync", frames, *cold(lab, api, folder, labeller, frames, 1, memory=True))
        api("DELETE", f"api/projects/{json.loads((folder / 'loop.json').read_text('utf-8'))['project']}/")
        shutil.rmtree(folder)


def _rows(command: str, frames: int, seconds: float, megabytes: float) -> list[Result]:
    return [
        Result(f"{command}, {frames:,} frames, time", seconds),
        Result(f"{command}, {frames:,} frames, peak memory", megabytes),
    ]


def grown(results: Mapping[str, float]) -> Grown:
    """The plot's points from the rows' figures.

    Parameters
    ----------
    results : mapping of str to float
        Row name to ours; other rows may be among them.
    """
    points: Grown = {}
    for command, sizes in COMMANDS.items():
        for frames in sizes:
            both = [results.get(f"{command}, {frames:,} frames, {what}") for what in ("time", "peak memory")]
            if None not in both:
                points.setdefault(command, {})[frames] = (both[0], both[1])
    return points


def plot(points: Grown, path: Path) -> None:
    """Draw time and peak memory over frames, both axes logarithmic, with lines of slope 1.

    Parameters
    ----------
    points : Grown
    path : Path
        A PNG; written whole or not at all.
    """
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from screentime.files import write_atomically

    figure = Figure(figsize=(9, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    for column, (axes, title) in enumerate(
        zip(figure.subplots(1, 2), ("Time in seconds", "Peak memory in MB (process and children)"))
    ):
        every = [both[column] for sizes in points.values() for both in sizes.values()]
        low, high = min(every) / 2, max(every) * 2
        # Lines along which ten times the frames take ten times as much.
        for power in range(-6, 8):
            start = 10.0**power
            axes.plot([10, 1e5], [start, start * 1e4], color=GUIDE, linewidth=0.7, linestyle=(0, (4, 4)), alpha=0.6,
                      label="slope 1: in proportion" if power == -6 else None)
        for command, sizes in points.items():
            colour, mark = LOOKS[command]
            axes.plot(
                list(sizes), [both[column] for both in sizes.values()], color=colour, marker=mark, markersize=8,
                linewidth=2, label=f"screentime {command}",
            )
        for (frames, value), shift in apart([(max(sizes), sizes[max(sizes)][column]) for sizes in points.values()]):
            axes.annotate(
                telling.figure(value), (frames, value), xytext=(9, shift), textcoords="offset points", va="center",
                fontsize=11,
            )
        axes.set(xscale="log", yscale="log", xlim=(20, 30_000), ylim=(low, high))
        axes.set_title(title, fontsize=12, loc="left")
        axes.set_xlabel("frames", fontsize=12)
        axes.tick_params(labelsize=11)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:,g}")
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=11, frameon=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=150)
    write_atomically(path, file.getvalue())


def apart(ends: list[tuple[int, float]]) -> list[tuple[tuple[int, float], int]]:
    """How many points each line's last figure is moved up or down, so that near ones can both be read."""
    moved = []
    for frames, value in ends:
        near = [other for at, other in ends if at == frames and other != value and 0.75 < other / value < 1.35]
        moved.append(((frames, value), 0 if not near else 7 if value > near[0] else -7))
    return moved
