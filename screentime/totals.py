"""Seconds on screen from labels and probabilities: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from screentime.records import Film, Frame
from screentime.schema import BOTH, NEITHER, Schema

if TYPE_CHECKING:
    import numpy as np


def durations(seconds: Sequence[float], end: float) -> np.ndarray:
    """How long each sampled frame stands for: until the next one, the last one until the end.

    Parameters
    ----------
    seconds : sequence of float, length n
        Presentation times, ascending.
    end : float
        When the film ends, in seconds.

    Returns
    -------
    ndarray, shape (n,)
        Seconds, not negative; their sum is ``end - seconds[0]``.
    """
    import numpy as np

    return np.maximum(np.diff(np.append(np.asarray(seconds, dtype=float), end)), 0.0)


def film_durations(frames: Sequence[Frame], films: Sequence[Film]) -> np.ndarray:
    """`durations` of the frames of several films.

    Parameters
    ----------
    frames : sequence of Frame, length n
        Film after film, each film's in the order of time.
    films : sequence of Film
        The films they belong to.

    Returns
    -------
    ndarray, shape (n,)
        Seconds.
    """
    import numpy as np

    ends = {film.digest: film.seconds for film in films}
    owner = np.array([frame.digest for frame in frames])
    result = np.zeros(len(frames))
    for digest, end in ends.items():
        mine = owner == digest
        if mine.any():
            result[mine] = durations([f.second for f in frames if f.digest == digest], end)
    return result


def count(rows: np.ndarray, weights: np.ndarray, schema: Schema) -> dict[str, float | None]:
    """Seconds of each character, of both and of neither, by counting decided frames.

    "Classify and count": each frame gives its whole duration to what was decided for it.

    Parameters
    ----------
    rows : ndarray, shape (n, len(schema.classes))
        Rows of zeros and ones: labels where there are some, decisions elsewhere.
    weights : ndarray, shape (n,)
        Seconds that each frame stands for.
    schema : Schema

    Returns
    -------
    dict of str to float or None
        A key a character, then ``both`` (two characters or more at once; None in exclusive mode,
        which cannot tell) and ``neither``.
    """
    present = schema.presence(rows)
    together = present.sum(axis=1)
    seconds: dict[str, float | None] = {
        name: float(weights @ present[:, column]) for column, name in enumerate(schema.characters)
    }
    seconds[BOTH] = float(weights @ (together >= 2)) if schema.mode == "multi" else None
    seconds[NEITHER] = float(weights @ (together == 0))
    return seconds
