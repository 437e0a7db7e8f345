"""What neighbouring frames say of one another: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# How much the second before and the second after count beside a frame of the same shot. Within a shot
# who is on screen seldom changes from one second to the next; across a cut it mostly does.
# `screentime simulate --smoothing` shows what it is worth.
SMOOTHING = 0.3


@dataclass(frozen=True)
class Near:
    """Each frame and its neighbours in the same shot.

    Attributes
    ----------
    index : ndarray of int, shape (n, 3)
        The frame itself, the one before and the one after; the frame itself again where there is none.
    weight : ndarray of float32, shape (n, 3)
        How much each counts; rows sum to 1.
    """

    index: np.ndarray
    weight: np.ndarray

    def smooth(self, probabilities: np.ndarray) -> np.ndarray:
        """Weighted means of each frame's probabilities and its neighbours'.

        Parameters
        ----------
        probabilities : ndarray, shape (n, k)

        Returns
        -------
        ndarray, shape (n, k)
        """
        return (probabilities[self.index] * self.weight[:, :, None]).sum(axis=1)


def near(films: Sequence[str], shots: Sequence[int], smoothing: float = SMOOTHING) -> Near:
    """Which frames lie beside one another in the same shot: a kernel of three frames [1]_ cut at cuts.

    Parameters
    ----------
    films : sequence of str, length n
        Digest of each frame's film; film after film, in the order of time.
    shots : sequence of int, length n
        Number of each frame's shot in its film.
    smoothing : float
        How much a neighbour counts beside the frame itself; 0 for not at all.

    Returns
    -------
    Near

    References
    ----------
    .. [1] Wand, Jones: Kernel Smoothing, 1995, equation 5.2 (local constant regression).
    """
    import numpy as np

    frames = len(films)
    place = np.arange(frames)
    same = np.array([films[i] == films[i + 1] and shots[i] == shots[i + 1] for i in range(frames - 1)], dtype=bool)
    before, after = np.append(False, same)[:frames], np.append(same, False)[:frames]
    index = np.stack([place, np.where(before, place - 1, place), np.where(after, place + 1, place)], axis=1)
    weight = np.stack([np.ones(frames), smoothing * before, smoothing * after], axis=1)
    return Near(index, (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32))
