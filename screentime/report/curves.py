"""Learning curves as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from screentime.files import write_atomically


def plot_curves(
    path: Path,
    history: Mapping[str, Sequence[float]],
    target: float,
    title: str,
    accuracy: Mapping[str, Any],
) -> None:
    """Accuracy and loss per epoch, training and validation, as a PNG.

    Parameters
    ----------
    path : Path
        The file to write.
    history : mapping of str to sequence of float
        Keras's record: loss, accuracy, val_loss, val_accuracy, one value an epoch.
    target : float
        Validation accuracy that ends training, drawn as a line.
    title : str
        What stands above.
    accuracy : mapping
        As the model's card has it: the 95 % interval from ``low`` to ``high`` is drawn at the last
        epoch, and what a ``random_split`` would claim as a line, where that is known.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A figure without pyplot: nothing global, no window.
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    epochs = range(1, len(history["loss"]) + 1)
    for axes, measure in zip(figure.subplots(1, 2), ("accuracy", "loss")):
        axes.plot(epochs, history[measure], marker=".", label="training")
        axes.plot(epochs, history[f"val_{measure}"], marker=".", label="validation")
        axes.set_xlabel("epoch")
        axes.set_ylabel(measure)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if measure == "accuracy":
            axes.axhline(target, color="grey", linestyle="--", linewidth=1, label="target")
            axes.vlines(
                epochs[-1], accuracy["low"], accuracy["high"], color="C1", linewidth=4, alpha=0.4,
                label=f"95 % interval on the unlabelled ({accuracy['frames']} frames)",
            )
            if accuracy["random_split"] is not None:
                axes.axhline(
                    accuracy["random_split"], color="C3", linestyle=":", linewidth=1,
                    label="a random split would claim",
                )
            axes.set_ylim(0, 1.02)
        else:
            axes.set_ylim(bottom=0)
        axes.legend()
        axes.grid(alpha=0.3)
    figure.suptitle(title, parse_math=False)
    picture = io.BytesIO()
    figure.savefig(picture, format=Path(path).suffix[1:].lower(), dpi=110)
    write_atomically(path, picture.getvalue())
