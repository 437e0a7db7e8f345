"""What a demo came to, held against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screentime.model.tables import read_predictions
from screentime.summary import seconds_so_far
from screentime.totals import film_durations
from screentime.workspace import Workspace


def outcome(workspace: Workspace, truth: Mapping[str, frozenset[str]], seconds: float) -> dict[str, Any]:
    """The result of a demo.

    Parameters
    ----------
    workspace : Workspace
        After its last round.
    truth : mapping of str to frozenset of str
        Frame uid to its characters, of every frame.
    seconds : float
        Wall time of the demo.

    Returns
    -------
    dict
        ``mode``; ``labels`` that the annotator gave, confirmations included, and how many of them
        were ``confirmed`` or ``corrected`` pre-annotations; ``target_reached`` in any round;
        ``rounds``; ``accuracy_unlabelled`` of the last model on the frames that never got a label
        (a number in exclusive mode, a number a character in multi mode; None where all have one);
        ``screen_time`` of each character with its 95 % interval and the true seconds; ``seconds``.
    """
    import numpy as np

    schema, frames = workspace.schema(), workspace.frames()
    labels, rounds = workspace.labels(), workspace.rounds()
    weights = film_durations(frames, workspace.films())
    said = schema.encode([truth[frame.uid] for frame in frames])
    labelled = {label.uid for label in labels}
    rest = np.array([frame.uid not in labelled for frame in frames])
    decided = schema.decide(read_predictions(workspace.models_folder / rounds[-1].version, frames, schema))
    totals = seconds_so_far(workspace)[0].estimates
    true = weights @ schema.presence(said)
    origins = [label.origin for label in labels]
    return {
        "mode": schema.mode,
        "labels": len(labels),
        "confirmed": origins.count("prediction"),
        "corrected": origins.count("prediction-changed"),
        "target_reached": any(one.target_reached for one in rounds),
        "rounds": [
            {
                "labels": one.labels,
                "version": one.version,
                "validation_accuracy": one.validation_accuracy,
                "epochs": one.epochs,
                "seconds": one.seconds,
                "target_reached": one.target_reached,
            }
            for one in rounds
        ],
        "accuracy_unlabelled": _accuracy(schema, said[rest], decided[rest]),
        "screen_time": {
            name: {
                "seconds": round(totals[name].seconds, 3), "low": round(totals[name].low, 3),
                "high": round(totals[name].high, 3), "true_seconds": round(float(value), 3),
            }
            for name, value in zip(schema.characters, true)
        },
        "seconds": round(seconds, 3),
    }


def _accuracy(schema: Any, truth: Any, decided: Any) -> Any:
    if not len(truth):
        return None
    if schema.mode == "exclusive":
        return round(float(schema.right(truth, decided).mean()), 4)
    return {
        name: round(float((truth[:, i] == decided[:, i]).mean()), 4)
        for i, name in enumerate(schema.characters)
    }
