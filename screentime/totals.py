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


def expected_seconds(rows: np.ndarray, weights: np.ndarray, schema: Schema) -> dict[str, float | None]:
    """Seconds of each character, of both and of neither, as the sum of their probabilities.

    The sum of the probabilities is the expected number of frames [1]_. Counting the decided frames
    instead would count every doubtful frame wholly for one side, and doubt is not the same on both.

    Parameters
    ----------
    rows : ndarray, shape (n, len(schema.classes))
        Zeros and ones of labels where there are some, probabilities elsewhere.
    weights : ndarray, shape (n,)
        Seconds that each frame stands for.
    schema : Schema

    Returns
    -------
    dict of str to float or None
        A key a character, then ``both`` (two characters or more at once; None in exclusive mode,
        which cannot tell) and ``neither``. In multi mode the characters of one frame are taken for
        independent given its picture.

    References
    ----------
    .. [1] Bella, Ferri, Hernandez-Orallo, Ramirez-Quintana: Quantification via Probability
       Estimators, ICDM 2010, "probability average".
    """
    import numpy as np

    present = schema.presence(rows)
    seconds: dict[str, float | None] = {
        name: float(weights @ present[:, column]) for column, name in enumerate(schema.characters)
    }
    if schema.mode == "exclusive":
        return {**seconds, BOTH: None, NEITHER: float(weights @ rows[:, 0])}
    absent = 1 - present
    nobody = absent.prod(axis=1)
    one = sum(
        present[:, column] * np.delete(absent, column, axis=1).prod(axis=1)
        for column in range(present.shape[1])
    )
    return {**seconds, BOTH: float(weights @ (1 - nobody - one)), NEITHER: float(weights @ nobody)}
