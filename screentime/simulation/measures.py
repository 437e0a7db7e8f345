"""What replays came to: learning curves, errors of totals, coverage. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from screentime.estimation import Guess, accuracy, composite, direct, half_width, plug_in, residual_variance
from screentime.simulation.replay import Known, Look

if TYPE_CHECKING:
    import numpy as np

# What each estimator is made from: the labels of which strategy.
ESTIMATORS = {
    "composite": "loop", "direct": "loop", "probabilities": "loop", "count": "loop",
    "blocks_direct": "blocks", "blocks_labels": "blocks",
}
DEFAULT = {"strategies": "loop", "totals": "composite"}


def right(film: Known, look: Look) -> list[float]:
    """Share of the unlabelled frames that are right: of all, then character by character.

    In exclusive mode a character is right where the frame is decided for it or against it rightly.
    """
    rest = ~look.labelled
    if not rest.any():
        return [1.0] * (1 + len(film.schema.characters))
    decided = film.schema.decide(look.probabilities[rest])
    truth = film.targets[rest]
    same = film.schema.presence(truth) == film.schema.presence(decided)
    return [float(film.schema.right(truth, decided).mean()), *same.mean(axis=0).tolist()]


def guesses(film: Known, look: Look, estimator: str) -> list[tuple[float, float | None]]:
    """Error in frames and half width of the interval of each character's total.

    Parameters
    ----------
    film : Known
    look : Look
    estimator : str
        One of `ESTIMATORS`.

    Returns
    -------
    list of (float, float or None)
        One a character; None where the estimator gives no interval.
    """
    import numpy as np

    rest, schema = ~look.labelled, film.schema
    truth, says = schema.presence(film.targets), schema.presence(look.probabilities)
    foretold, labels = schema.presence(look.crossfit), int(look.labelled.sum())
    result = []
    for column in range(truth.shape[1]):
        audits, plain = (truth[look.audits, column], foretold[:, column]), says[rest, column]
        if estimator == "composite":
            guess = composite(*audits, plain, labels)
        elif estimator == "probabilities":
            guess = plug_in(plain, residual_variance(*audits, plain), labels)
        elif estimator == "count":
            guess = Guess(float((plain >= 0.5).sum()), float("inf"))
        elif estimator == "blocks_labels":
            # A constant tells nothing: what is left is the mean of the labels.
            mean = np.full(len(look.audits), audits[0].mean())
            guess = direct(audits[0], mean, np.full(len(plain), audits[0].mean()))
        else:
            guess, labels = direct(*audits, plain), len(look.audits)
        half = half_width(guess.variance, labels) if np.isfinite(guess.variance) and labels > 1 else None
        result.append((guess.total - float(truth[rest, column].sum()), half))
    return result


def told(film: Known, look: Look) -> dict[str, float]:
    """What is told of the accuracy, beside what it is.

    Returns
    -------
    dict
        ``true``; ``told``, ``low`` and ``high`` as the model's card has them; the ``validation``
        accuracy that the callback sees; ``random_split`` and ``whole_blocks``. Empty without audit
        frames.
    """
    if not len(look.audits):
        return {}
    schema = film.schema
    same = schema.right(film.targets[look.audits], schema.decide(look.crossfit))
    share, low, high = accuracy(
        same, schema.expected_right(look.crossfit), schema.expected_right(look.probabilities[~look.labelled])
    )
    truth = film.targets[look.labelled]
    return {
        "true": right(film, look)[0], "told": share, "low": low, "high": high, "validation": float(same.mean()),
        "random_split": float(schema.right(truth, schema.decide(look.by_random_split)).mean()),
        "whole_blocks": float(schema.right(truth, schema.decide(look.by_block)).mean()),
    }


def curve(
    counts: Sequence[int], shares: Sequence[Sequence[Sequence[float]]], characters: Sequence[str], target: float
) -> dict[str, Any]:
    """A strategy's learning curve.

    Parameters
    ----------
    counts : sequence of int
        Numbers of labels.
    shares : sequence of sequence of sequence of float
        A run, a count, and what `right` gives.
    characters : sequence of str
    target : float

    Returns
    -------
    dict
        ``labels``; ``accuracy`` on the unlabelled frames, mean over runs, and ``sd`` over runs;
        ``accuracy_of`` each character; ``labels_to_target``: the fewest labels whose mean accuracy
        is the target, on a straight line between two counts (None where it is not reached).
    """
    import numpy as np

    table = np.array(shares)
    mean, sd = table.mean(axis=0), table[:, :, 0].std(axis=0)
    reached = None
    for place, share in enumerate(mean[:, 0]):
        if share >= target:
            reached = float(counts[place])
            if place:
                before = mean[place - 1, 0]
                step = (target - before) / (share - before)
                reached = counts[place - 1] + step * (counts[place] - counts[place - 1])
            break
    return {
        "labels": list(counts), "accuracy": _tidy(mean[:, 0]), "sd": _tidy(sd),
        "accuracy_of": {name: _tidy(mean[:, 1 + i]) for i, name in enumerate(characters)},
        "labels_to_target": None if reached is None else round(reached, 1),
    }


def errors(found: Sequence[Sequence[tuple[float, float | None]]], seconds: float) -> dict[str, float | None]:
    """How good an estimator of totals is, over runs and characters.

    Parameters
    ----------
    found : sequence of sequence of (float, float or None)
        A run, and what `guesses` gives.
    seconds : float
        Seconds that a frame stands for.

    Returns
    -------
    dict
        ``error_s`` (mean absolute error), ``error_sd_s`` (its spread), ``bias_s``, ``coverage`` of the
        95 % interval and its mean ``half_width_s``; None where there is no interval.
    """
    import numpy as np

    off = np.array([error for run in found for error, _ in run]) * seconds
    halves = [half for run in found for _, half in run]
    known = None not in halves
    wide = np.array(halves, dtype=float) * seconds if known else None
    return {
        "error_s": round(float(np.abs(off).mean()), 3), "error_sd_s": round(float(off.std()), 3),
        "bias_s": round(float(off.mean()), 3),
        "coverage": round(float((np.abs(off) <= wide + 1e-9).mean()), 4) if known else None,
        "half_width_s": round(float(wide.mean()), 3) if known else None,
    }


def honesty(found: Sequence[Mapping[str, float]], target: float) -> dict[str, float] | None:
    """How what is told of the accuracy compares with what it is, over runs.

    Parameters
    ----------
    found : sequence of mapping
        What `told` gives, one a run.
    target : float

    Returns
    -------
    dict or None
        Means of ``true``, ``told``, ``validation``, ``random_split`` and ``whole_blocks``; ``coverage``
        of the interval; ``target_seen``: the share of runs in which the target was. None without audit frames.
    """
    import numpy as np

    found = [one for one in found if one]
    if not found:
        return None
    means = {name: round(float(np.mean([one[name] for one in found])), 4)
             for name in ("true", "told", "validation", "random_split", "whole_blocks")}
    return {
        **means,
        "coverage": round(float(np.mean([one["low"] <= one["true"] <= one["high"] for one in found])), 4),
        "target_seen": round(float(np.mean([one["validation"] >= target for one in found])), 4),
    }


def _tidy(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]
