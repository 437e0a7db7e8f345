"""What a simulation found as a picture: learning curves, and errors of totals with their intervals."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from screentime.errors import UserMistake
from screentime.files import write_atomically


def require_picture(path: Path) -> None:
    """See that a file's suffix is a picture's, before work is done that would be lost.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UserMistake
        If it is none of those that can be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if path.suffix.lstrip(".").lower() not in FigureCanvasAgg.get_supported_filetypes():
        raise UserMistake(
            f"{path} is no picture that can be written.", "Name a file that ends in .png or .svg."
        )


def plot_efficiency(path: Path, result: dict[str, Any]) -> None:
    """Accuracy against labels for each strategy, error and half width for each estimator, as a picture.

    Parameters
    ----------
    path : Path
        The file to write; its suffix says the format.
    result : dict
        See `screentime.simulation.run.simulate`.

    Raises
    ------
    UserMistake
        If the suffix is none of a picture's.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    require_picture(path)
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    learning, totals = figure.subplots(1, 2)
    for name, one in result["strategies"].items():
        main = name == result["default"]["strategies"]
        learning.errorbar(
            one["labels"], one["accuracy"], yerr=one["sd"], label=name, marker=".", capsize=2,
            linewidth=2.4 if main else 1, zorder=3 if main else 2,
        )
    learning.axhline(result["target"], color="grey", linestyle="--", linewidth=1, label="target")
    learning.set_xlabel("labels")
    learning.set_ylabel("right on the unlabelled frames")
    learning.grid(alpha=0.3)
    learning.legend()
    names = list(result["totals"])
    places = range(len(names))
    totals.bar(places, [result["totals"][name]["error_s"] for name in names], color="C0", label="mean error")
    totals.scatter(
        places, [result["totals"][name]["half_width_s"] or float("nan") for name in names], color="C1",
        zorder=3,
        label="half width of the 95 % interval",
    )
    totals.set_xticks(list(places), [name.replace("_", "\n") for name in names], fontsize=8)
    totals.set_ylabel(f"seconds, at {result['budget']} labels")
    totals.grid(alpha=0.3, axis="y")
    totals.legend()
    figure.suptitle(f"{result['runs']} runs, {result['mode']} mode", parse_math=False)
    picture = io.BytesIO()
    figure.savefig(picture, format=Path(path).suffix[1:].lower(), dpi=110)
    write_atomically(path, picture.getvalue())
