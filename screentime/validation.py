"""Splits that do not leak neighbours: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Seconds of film that stay together: several times as long as a character's usual presence, so that
# frames of two blocks are rarely near copies of one another.
BLOCK = 10.0


# Audit frames from which an accuracy is worth telling, and from which it may end the loop.
FEWEST_AUDITED, ENOUGH_FOR_VERDICT = 4, 8
FOLDS = 10
# Share of the labels that a single hold-out keeps back.
HELD_OUT = 0.25


def blocks(films: Sequence[str], seconds: Sequence[float], length: float = BLOCK) -> np.ndarray:
    """Number of the time block that each frame lies in.

    Parameters
    ----------
    films : sequence of str, length n
        Digest of each frame's film.
    seconds : sequence of float, length n
        Presentation times.
    length : float
        Length of a block in seconds.

    Returns
    -------
    ndarray of int, shape (n,)
        The same number for frames of the same block of the same film; counted from 0.
    """
    import numpy as np

    keys = [(film, int(second // length)) for film, second in zip(films, seconds)]
    number = {key: index for index, key in enumerate(sorted(set(keys)))}
    return np.array([number[key] for key in keys], dtype=int)


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
