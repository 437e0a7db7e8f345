"""Splits that do not leak neighbours: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Seconds of film that stay together at least: several times as long as a character's usual presence, so
# that frames of two blocks are rarely near copies of one another.
BLOCK = 10.0
# Audit frames from which an accuracy is worth telling, and from which it may end the loop.
FEWEST_AUDITED, ENOUGH_FOR_VERDICT = 4, 8
FOLDS = 10
# Share of the labels that a single hold-out keeps back.
HELD_OUT = 0.25


def blocks(
    films: Sequence[str], seconds: Sequence[float], shots: Sequence[int], length: float = BLOCK
) -> np.ndarray:
    """Number of the time block that each frame lies in; no shot is divided.

    Parameters
    ----------
    films : sequence of str, length n
        Digest of each frame's film; film after film.
    seconds : sequence of float, length n
        Presentation times, ascending within a film.
    shots : sequence of int, length n
        Number of each frame's shot in its film.
    length : float
        A block ends with the first shot that brings it to this length, in seconds.

    Returns
    -------
    ndarray of int, shape (n,)
        Counted from 0 over all films.
    """
    import numpy as np

    result = np.zeros(len(films), dtype=int)
    begun, last = 0.0, None
    for i, place in enumerate(zip(films, shots)):
        if last is None or place[0] != last[0]:
            number, begun = (result[i - 1] + 1 if i else 0), seconds[i]
        elif place != last and seconds[i] - begun >= length:
            number, begun = number + 1, seconds[i]
        result[i], last = number, place
    return result


def folds(block: np.ndarray, how_many: int, rng: np.random.Generator) -> np.ndarray:
    """Folds of a cross-validation that keep blocks whole.

    Parameters
    ----------
    block : ndarray of int, shape (n,)
        See `blocks`.
    how_many : int
        Folds wanted; fewer if there are fewer blocks.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n,)
        Fold of each frame, from 0; the blocks are dealt out evenly and at random. All zero when there
        is but one block: nothing can be held out then.
    """
    import numpy as np

    present, member = np.unique(block, return_inverse=True)
    dealt = rng.permutation(np.arange(len(present)) % max(min(how_many, len(present)), 1))
    return dealt[member.ravel()]


def plan(block: np.ndarray, audited: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Which labelled frames validate, and in which folds.

    Audit frames validate where there are enough: they were drawn at random from the frames without
    a label, so they lie as near to the other labels as any such frame does, and the accuracy on them
    is an unbiased estimate of the accuracy on the frames that the model is for. Frames chosen to
    cover the film only teach: each is the only label of its kind, and judging the classifier by the
    kinds it has no label of would say too little. Without audit frames all labels validate, in
    folds of whole blocks of time: a rough figure, mostly too low.

    Parameters
    ----------
    block : ndarray of int, shape (m,)
        See `blocks`.
    audited : ndarray of bool, shape (m,)
        Which of them are audit frames.
    rng : numpy.random.Generator

    Returns
    -------
    fold : ndarray of int, shape (m,)
        -1 for frames that only teach.
    by_audit : bool
        Whether audit frames validate.
    """
    import numpy as np

    if audited.sum() < FEWEST_AUDITED:
        return folds(block, FOLDS, rng), False
    fold = np.full(len(block), -1)
    fold[audited] = folds(block[audited], FOLDS, rng)
    return fold, True


def wilson(share: float, frames: int) -> tuple[float, float]:
    """95 % interval of a share that was seen on few frames.

    Parameters
    ----------
    share : float
        Share of the frames that were right, in [0, 1]. In multi mode a frame can be right in part; the
        interval is then on the safe side, since such a share varies less than one of whole frames.
    frames : int
        How many frames were drawn.

    Returns
    -------
    low, high : float
        Wilson's score interval [1]_; (0, 1) where no frame was drawn.

    References
    ----------
    .. [1] Wilson: Probable Inference, the Law of Succession, and Statistical Inference, JASA 1927;
       Brown, Cai, DasGupta: Interval Estimation for a Binomial Proportion, Statistical Science 2001,
       equation 4.
    """
    if not frames:
        return 0.0, 1.0
    z = 1.959964
    middle = (share + z * z / (2 * frames)) / (1 + z * z / frames)
    half = z / (1 + z * z / frames) * (share * (1 - share) / frames + z * z / (4 * frames**2)) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)


def labels_for_accuracy(labels: int, accuracy: float, target: float) -> int | None:
    """How many labels in all the target may need.

    The error is taken to fall with the square root of the number of labels, as that of an estimate
    from independent examples does. Labels that are chosen teach faster, so this is rather too many.

    Parameters
    ----------
    labels : int
        Labels that the latest version learned from.
    accuracy : float
        Its validation accuracy.
    target : float

    Returns
    -------
    int or None
        ``labels`` where the accuracy is that high already; None where no number would do.
    """
    import math

    if accuracy >= target:
        return labels
    return math.ceil(labels * ((1 - accuracy) / (1 - target)) ** 2 - 1e-9) if target < 1 else None


def held_out(fold: np.ndarray) -> np.ndarray:
    """A single hold-out from folds, for training that is too slow to be cross-validated.

    Parameters
    ----------
    fold : ndarray of int, shape (m,)
        See `plan`.

    Returns
    -------
    ndarray of bool, shape (m,)
        All audit frames where some frames only teach; else whole folds up to a quarter of the frames.
    """
    import numpy as np

    if (fold < 0).any():
        return fold >= 0
    order, sizes = np.unique(fold, return_counts=True)
    within = order[np.cumsum(sizes) <= max(HELD_OUT * len(fold), sizes[0])]
    return np.isin(fold, within)
