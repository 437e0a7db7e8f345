"""A film's time: what neighbouring frames say of one another, and who appears when: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from screentime.records import Appearance

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


def appearances(
    present: np.ndarray, probabilities: np.ndarray, labelled: np.ndarray, seconds: Sequence[float], end: float,
    characters: Sequence[str],
) -> list[Appearance]:
    """Intervals of time in which each character is on screen.

    A frame stands for the time until the next one. Frames that follow one another and show the
    character are one appearance, across cuts too.

    Parameters
    ----------
    present : ndarray of bool, shape (n, c)
        Whether each character is in each frame, labelled or predicted.
    probabilities : ndarray, shape (n, c)
        By the model.
    labelled : ndarray of bool, shape (n,)
        Which frames people labelled.
    seconds : sequence of float, length n
        Presentation times of the frames, ascending; the first frame counts from the film's start.
    end : float
        When the film ends.
    characters : sequence of str, length c

    Returns
    -------
    list of Appearance
        In the order of time, then of the characters.
    """
    import numpy as np

    if not len(seconds):
        return []
    edges = np.append(np.asarray(seconds, dtype=float), max(end, seconds[-1]))
    edges[0] = 0.0
    lasts = np.diff(edges)
    found = []
    for column, name in enumerate(characters):
        steps = np.diff(np.concatenate([[0], present[:, column].astype(int), [0]]))
        for first, after in zip(np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)):
            frames = slice(first, after)
            sure = np.where(labelled[frames], 1.0, probabilities[frames, column])
            total = lasts[frames].sum()
            mean = float(sure @ lasts[frames] / total) if total else float(sure.mean())
            said = labelled[frames]
            source = "labelled" if said.all() else "mixed" if said.any() else "predicted"
            found.append(Appearance(name, float(edges[first]), float(edges[after]), mean, source))
    order = {name: place for place, name in enumerate(characters)}
    return sorted(found, key=lambda one: (one.start, order[one.character]))


def segments(found: Sequence[Appearance], end: float) -> list[tuple[float, float, frozenset[str]]]:
    """A film cut wherever somebody comes or goes.

    Parameters
    ----------
    found : sequence of Appearance
        Those of one character may overlap.
    end : float
        When the film ends, in seconds.

    Returns
    -------
    list of (float, float, frozenset of str)
        Start, end and who is on screen, from 0 to ``end`` without gaps; who is on screen differs from
        each to the next.
    """
    edges = sorted({0.0, end, *(min(max(time, 0.0), end) for one in found for time in (one.start, one.end))})
    cut: list[tuple[float, float, frozenset[str]]] = []
    by_start = sorted(found, key=lambda one: one.start)
    here: list[Appearance] = []
    begun = 0
    for start, stop in pairwise(edges):
        while begun < len(by_start) and by_start[begun].start <= start:
            here.append(by_start[begun])
            begun += 1
        here = [one for one in here if one.end > start]
        who = frozenset(one.character for one in here)
        if cut and cut[-1][2] == who:
            cut[-1] = (cut[-1][0], stop, who)
        else:
            cut.append((start, stop, who))
    return cut
