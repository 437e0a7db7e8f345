"""Audit frames: drawn at random inside blocks of time, so that they can judge without bias.

Pure functions. Everything that is estimated rests on these draws: frames that were chosen for what
they teach say nothing fair about the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

@dataclass(frozen=True, slots=True)
class Draw:
    """One frame drawn from a block.

    Attributes
    ----------
    frame : int
        Index of the frame.
    first, last : int
        Indices of the first and the last frame of its block, both included.
    probability : float
        Chance with which the frame was drawn, in (0, 1].
    """

    frame: int
    first: int
    last: int
    probability: float


def draw(free: np.ndarray, how_many: int, rng: np.random.Generator) -> list[Draw]:
    """Frames drawn at random, one in each of so many equal blocks of time.

    Within its block each free frame has the same chance: stratified sampling with one draw a stratum
    [1]_, which spreads the audit over the film.

    Parameters
    ----------
    free : ndarray of int, shape (m,)
        Indices of frames that may be drawn, in the order of time.
    how_many : int
        At most this many.
    rng : numpy.random.Generator

    Returns
    -------
    list of Draw
        min(how_many, m) of them, ascending in time.

    References
    ----------
    .. [1] Cochran: Sampling Techniques, 3rd edition, 1977, chapter 5.
    """
    import numpy as np

    blocks = np.array_split(free, min(how_many, len(free))) if how_many > 0 and len(free) else []
    return [
        Draw(int(rng.choice(block)), int(block[0]), int(block[-1]), 1 / len(block)) for block in blocks
    ]


def parts(labels: int, audited: int, until: int, wanted: int, every: int) -> list[tuple[int, int]]:
    """How a batch divides into learning frames and audit frames.

    Parameters
    ----------
    labels : int
        Labels there are.
    audited : int
        How many of them are those of audit frames.
    until : int
        Number of labels at which the loop looks at them next: the first part of the batch ends there.
    wanted : int
        Frames in the batch; none when it is not positive.
    every : int
        One label in so many shall be that of an audit frame.

    Returns
    -------
    list of (int, int)
        Learning frames and audit frames of each part; an audit that fell behind is made up for, by
        at most half of a part.
    """
    first = min(max(until - labels, 0), max(wanted, 0)) or max(wanted, 0)
    divided = []
    for size in (first, max(wanted, 0) - first):
        labels += size
        audits = min(max(round(labels / every) - audited, 0), (size + 1) // 2)
        audited += audits
        if size:
            divided.append((size - audits, audits))
    return divided
