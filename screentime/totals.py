"""Seconds on screen from labels and probabilities: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screentime.reconciling import reconciled
from screentime.records import Appearance, Film, Frame
from screentime.schema import BOTH, NEITHER, Schema
from screentime.timeline import segments

if TYPE_CHECKING:
    import numpy as np


# How far a probability may be off by rounding.
SLACK = 1e-6


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


def event_names(schema: Schema) -> tuple[str, ...]:
    """What seconds are counted of: each character, both (multi mode only) and neither."""
    return (*schema.characters, *((BOTH,) if schema.mode == "multi" else ()), NEITHER)


def events(rows: np.ndarray, schema: Schema) -> np.ndarray:
    """Labels or probabilities of classes as those of what seconds are counted of.

    Parameters
    ----------
    rows : ndarray, shape (n, len(schema.classes))
        Zeros and ones, or probabilities.
    schema : Schema

    Returns
    -------
    ndarray, shape (n, len(event_names(schema)))
        ``both`` means two characters or more. Exclusive mode cannot tell them. In multi mode the
        characters of one frame are taken for independent given its picture.
    """
    import numpy as np

    present = schema.presence(rows)
    if schema.mode == "exclusive":
        return np.column_stack([present, rows[:, 0]])
    absent = 1 - present
    nobody = absent.prod(axis=1)
    one = sum(
        present[:, column] * np.delete(absent, column, axis=1).prod(axis=1)
        for column in range(present.shape[1])
    )
    return np.column_stack([present, 1 - nobody - one, nobody])


@dataclass(frozen=True, slots=True)
class Evidence:
    """What people and models say of a film's frames.

    Attributes
    ----------
    probabilities : ndarray, shape (n, k)
        By the model that counts.
    said : ndarray, shape (n, k)
        Labels as rows of zeros and ones; NaN where there is none.
    audited : ndarray of bool, shape (n,)
        Labelled audit frames.
    foretold : ndarray, shape (n, k)
        Probabilities by heads that did not learn from the frame; only those of audit frames count.
    learned : int
        Labels among these that the model learned from.
    """

    probabilities: np.ndarray
    said: np.ndarray
    audited: np.ndarray
    foretold: np.ndarray
    learned: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of one character, of both or of neither.

    Attributes
    ----------
    seconds : float
    low, high : float or None
        95 % interval of what labelling every frame would give; None where no label of the film lets
        one tell.
    sampling : float
        Half a 95 % interval of what looking at a few frames a second adds to that: the film between
        the frames is not seen.
    """

    seconds: float
    low: float | None
    high: float | None
    sampling: float


def estimate(evidence: Evidence, weights: np.ndarray, step: float, schema: Schema) -> dict[str, Estimate]:
    """Seconds of each character, of both and of neither, with their intervals.

    Labelled frames count as they are. The rest is estimated by `screentime.estimation.composite`; where
    every frame has a label nothing is left to estimate and the interval has no width. In exclusive mode
    the seconds add up to the film's, see `screentime.reconciling`.

    Parameters
    ----------
    evidence : Evidence
        Of the frames of one film, in the order of time.
    weights : ndarray, shape (n,)
        Seconds that each frame stands for.
    step : float
        Seconds from one sampled frame to the next.
    schema : Schema

    Returns
    -------
    dict of str to Estimate
        A key each of `event_names`.

    Raises
    ------
    ValueError
        If probabilities are none.
    """
    import numpy as np

    from screentime.estimation import composite, half_width

    for rows in (evidence.probabilities, evidence.foretold[evidence.audited]):
        if not ((rows > -SLACK) & (rows < 1 + SLACK)).all():  # also of what is no number
            raise ValueError("what should be probabilities are none")
    known = ~np.isnan(evidence.said[:, 0])
    rest = ~known
    says = events(evidence.probabilities, schema)
    said = events(np.where(known[:, None], evidence.said, 0), schema)
    foretold = events(np.where(evidence.audited[:, None], evidence.foretold, 0), schema)
    unseen = float(weights[rest].sum())
    each = unseen / max(int(rest.sum()), 1)
    labels = max(evidence.learned, int(evidence.audited.sum()))
    audits = evidence.audited
    guesses = [
        composite(
            said[audits, column], foretold[audits, column], says[rest, column], evidence.learned,
            weights[audits] / each if each else 1.0, weights[rest] / each if each else 1.0,
        )
        for column in range(says.shape[1])
    ]
    totals = [guess.total for guess in guesses]
    if schema.mode == "exclusive":
        totals = reconciled(totals, [guess.variance for guess in guesses], float(rest.sum()))
    result = {}
    for column, (name, guess, total) in enumerate(zip(event_names(schema), guesses, totals)):
        firm = float(weights[known] @ said[known, column])
        seconds = min(max(firm + each * total, firm), firm + unseen)
        low = high = None
        if not rest.any():
            low = high = firm
        elif labels > 1 and np.isfinite(guess.variance):
            half = each * half_width(guess.variance, labels)
            low, high = max(seconds - half, firm), min(seconds + half, firm + unseen)
        shown = np.where(known, said[:, column], says[:, column]) >= 0.5
        result[name] = Estimate(seconds, low, high, sampling_error(shown, step))
    return result


def exact(appearances: Sequence[Appearance], end: float, schema: Schema) -> dict[str, Estimate]:
    """Seconds of a film whose appearances a person set to the frame: nothing is left to estimate.

    Parameters
    ----------
    appearances : sequence of Appearance
    end : float
        When the film ends, in seconds.
    schema : Schema

    Returns
    -------
    dict of str to Estimate
        A key each of `event_names`, and ``both`` in exclusive mode too: a timeline can tell it. No
        interval has a width.
    """
    seconds = {name: 0.0 for name in (*schema.characters, BOTH, NEITHER)}
    for start, stop, who in segments(appearances, end):
        for name in (*who, *((BOTH,) if len(who) > 1 else ()), *(() if who else (NEITHER,))):
            seconds[name] += stop - start
    return {name: Estimate(total, total, total, 0.0) for name, total in seconds.items()}


def sampling_error(present: np.ndarray, step: float) -> float:
    """How far a total may be off because the film is looked at only now and then.

    An appearance of a length that is no multiple of the step is counted up or down, whichever way its
    beginning falls between two looks; over all fractions the variance of that is ``step^2 / 6`` [1]_.

    Parameters
    ----------
    present : ndarray of bool, shape (n,)
        Whether a character is to be seen in each sampled frame.
    step : float
        Seconds between two looks.

    Returns
    -------
    float
        Half a 95 % interval in seconds. Appearances shorter than the step that fall between two looks
        are not known and not in it.

    References
    ----------
    .. [1] Moran: Numerical Integration by Systematic Sampling, Proc. Camb. Phil. Soc. 1950.
    """
    import numpy as np

    appearances = int(np.count_nonzero(np.diff(np.concatenate([[False], present]).astype(int)) > 0))
    return 1.959964 * step * (appearances / 6) ** 0.5


def labels_for_half_width(estimates: Sequence[Estimate], frames: int, labels: int, wanted: float) -> int:
    """How many labels in all the widest interval may need to become as narrow as wanted.

    Parameters
    ----------
    estimates : sequence of Estimate
        Of one film, with intervals.
    frames : int
        Frames of the film.
    labels : int
        Its labels so far.
    wanted : float
        Half width in seconds.

    Returns
    -------
    int
        By the variance ``N (N - n) / n s^2`` of `screentime.estimation.plug_in`, with the ``s^2`` that
        the present width amounts to; labels also make the classifier better, so this is rather too many.
    """
    import math

    widest = max((one.high - one.low) / 2 for one in estimates)
    if widest <= wanted:
        return labels
    # N (N - n) / n falls as n grows: solve it for the n at which it has shrunk enough.
    now = (frames - labels) / labels
    then = now * (wanted / widest) ** 2
    return min(math.ceil(frames / (1 + then)), frames)
