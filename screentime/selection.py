"""Which frames to label next: pure functions over embeddings and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from screentime.auditing import Draw, draw
from screentime.schema import Mode, Schema

if TYPE_CHECKING:
    import numpy as np

# Width of the likeness in medians of the squared distance to the five nearest frames.
LIKENESS_WIDTH = 4.0
# What a frame counts of which the classifier is wholly sure, beside one of which it knows nothing.
LEAST_DOUBT = 0.1
# So many frames are all looked at, see `cover`.
POOL = 3000


def cover(
    embeddings: np.ndarray,
    labelled: np.ndarray,
    how_many: int,
    doubt: np.ndarray | None = None,
) -> np.ndarray:
    """Frames that together stand for all frames, or for those of which the classifier is unsure.

    Facility location [1]_: frames are taken one by one, each the one that most raises the weighted
    sum over all frames of the likeness to the nearest frame taken or labelled. The greedy order is
    within 1 - 1/e of the best choice at every length [2]_, so a person who stops early has still
    labelled the frames that stand for most. Likeness is a Gaussian of the distance between
    embeddings of length one. Without `doubt` every frame counts alike, which covers the film;
    with it the choice is uncertain and, since likeness is used up, diverse.

    Of more than `POOL` frames, which are 50 minutes at one a second, a pool is looked at instead: the most doubtful
    frame in each of so many equal stretches of time, which counts for its stretch. So the work does
    not grow with the square of the film's length.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
        Film after film, in the order of time.
    labelled : ndarray of bool, shape (n,)
        Frames that need no label: they have one, or people skipped them.
    how_many : int
        At most this many; fewer if fewer are without a label.
    doubt : ndarray, shape (n,), optional
        In [0, 1], see `doubts`.

    Returns
    -------
    ndarray of int, shape (min(how_many, unlabelled),)
        Indices of frames, the one standing for most first.

    References
    ----------
    .. [1] Wei, Iyer, Bilmes: Submodularity in Data Subset Selection and Active Learning, ICML 2015,
       equation 4.
    .. [2] Nemhauser, Wolsey, Fisher: An analysis of approximations for maximizing submodular set
       functions, 1978, theorem 4.2.
    """
    return _Pool(embeddings, labelled, how_many, doubt).cover(labelled, how_many)


class _Pool:
    """The frames that are looked at when some are chosen, and how like one another they are.

    Parameters
    ----------
    embeddings, labelled, how_many, doubt
        See `cover`; more than `how_many` may be taken from the pool while it has some.
    """

    def __init__(
        self, embeddings: np.ndarray, labelled: np.ndarray, how_many: int, doubt: np.ndarray | None
    ) -> None:
        import numpy as np

        weights = np.ones(len(labelled)) if doubt is None else LEAST_DOUBT + doubt
        self.members = np.arange(len(labelled))
        if len(labelled) > POOL:
            free, done = np.flatnonzero(~labelled), np.flatnonzero(labelled)
            thinned = (_thin(free, weights, max(POOL * 2 // 3, how_many)), _thin(done, weights, POOL // 3))
            self.members = np.sort(np.concatenate(thinned))
            # Every frame counts for the member nearest in time.
            between = (self.members[1:] + self.members[:-1] + 1) / 2
            nearest = np.searchsorted(between, np.arange(len(labelled)), side="right")
            weights = np.bincount(nearest, weights, minlength=len(self.members))
        self.weights = weights
        self.likeness = _likeness(unit(embeddings[self.members]))

    def cover(self, closed: np.ndarray, how_many: int) -> np.ndarray:
        """Members that stand for most, see the function of this name.

        The greedy choice is found lazily [1]_: a frame's gain only ever falls, so that only those are
        looked at again that were best by what is known of them.

        Parameters
        ----------
        closed : ndarray of bool, shape (n,)
            Frames that are not to be chosen.
        how_many : int

        Returns
        -------
        ndarray of int

        References
        ----------
        .. [1] Minoux: Accelerated greedy algorithms for maximizing submodular set functions, 1978.
        """
        import numpy as np

        likeness, done = self.likeness, closed[self.members]
        reached = likeness[:, done].max(axis=1, initial=0.0)
        gains = self.weights @ np.maximum(likeness - reached[:, None], 0)
        heap = [(-gain, place) for place, gain in enumerate(gains.tolist()) if not done[place]]
        heapify(heap)
        chosen: list[int] = []
        while heap and len(chosen) < how_many:
            _, place = heappop(heap)
            best = (-float(self.weights @ np.maximum(likeness[place] - reached, 0)), place)
            if heap and heap[0] < best:
                heappush(heap, best)
                continue
            chosen.append(place)
            reached = np.maximum(reached, likeness[place])
        return self.members[np.array(chosen, dtype=int)]


def merge(learning: np.ndarray, audits: np.ndarray) -> list[int]:
    """One order for both kinds, the audit frames spread over the second half of it.

    What teaches comes first, so that few labels already make a useful classifier. Where an audit
    frame comes has nothing to do with what it shows: a person who stops early has labelled a random
    part of them.

    Parameters
    ----------
    learning : ndarray of int
        Indices of frames, in the order in which they are wanted.
    audits : ndarray of int
        Indices of frames, in random order.

    Returns
    -------
    list of int
    """
    length = len(learning) + len(audits)
    begin = min(length // 2, len(learning))
    # The last place of each of so many equal parts of the second half.
    places = {begin + (i + 1) * (length - begin) // len(audits) - 1 for i in range(len(audits))}
    one, other = iter(learning.tolist()), iter(audits.tolist())
    return [next(other) if place in places else next(one) for place in range(length)]


def next_batch(
    embeddings: np.ndarray,
    closed: np.ndarray,
    parts: Sequence[tuple[int, int]],
    probabilities: np.ndarray | None,
    schema: Schema,
    rng: np.random.Generator,
) -> tuple[list[int], list[Draw]]:
    """The frames to label next, in the order in which they are wanted.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
    closed : ndarray of bool, shape (n,)
        Frames that need no label: they have one, or people skipped them.
    parts : sequence of (int, int)
        Learning frames and audit frames of each part of the batch; a part ends where the loop looks
        at the labels again.
    probabilities : ndarray, shape (n, k), or None
        By the latest version; None before the first.
    schema : Schema
    rng : numpy.random.Generator

    Returns
    -------
    batch : list of int
        Part after part. Learning frames that stand for most come first before the first version;
        afterwards the least certain ones do.
    draws : list of Draw
        Those of them that are audit frames. They are drawn from the frames that are left when the
        part's learning frames are taken, so that both kinds cannot compete for a frame.
    """
    import numpy as np

    doubt = None if probabilities is None else doubts(probabilities, schema.mode)
    taken = closed.copy()
    batch: list[int] = []
    draws: list[Draw] = []
    # One pool for all parts: how like one another the frames are is what takes long to find.
    pool = _Pool(embeddings, closed, sum(map(sum, parts)), doubt) if parts else None
    for learning, audits in parts:
        chosen = pool.cover(taken, learning)
        taken[chosen] = True
        if probabilities is not None:
            chosen = chosen[np.argsort(schema.certainty(probabilities)[chosen], kind="stable")]
        drawn = draw(np.flatnonzero(~taken), audits, rng)
        picked = np.array([one.frame for one in drawn], dtype=int)
        taken[picked] = True
        batch += merge(chosen, rng.permutation(picked))
        draws += drawn
    return batch, draws


def doubts(probabilities: np.ndarray, mode: Mode) -> np.ndarray:
    """How unsure the classifier is of each frame.

    Parameters
    ----------
    probabilities : ndarray, shape (n, k)
    mode : {"exclusive", "multi"}

    Returns
    -------
    ndarray, shape (n,)
        In [0, 1]. Exclusive: one minus the margin between the two likeliest classes. Multi: that of
        the character of which it is least sure.
    """
    import numpy as np

    if mode == "multi":
        return (1 - np.abs(2 * probabilities - 1)).max(axis=1)
    ranked = np.sort(probabilities, axis=1)
    return 1 - (ranked[:, -1] - ranked[:, -2])


def unit(embeddings: np.ndarray) -> np.ndarray:
    """Embeddings scaled to length one, so that distance means angle.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)

    Returns
    -------
    ndarray, shape (n, d)
    """
    import numpy as np

    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)


def _thin(frames: np.ndarray, weights: np.ndarray, most: int) -> np.ndarray:
    """Of frames in the order of time at most so many: the weightiest of each of equal stretches."""
    import numpy as np

    if len(frames) <= most:
        return frames
    return np.array([part[weights[part].argmax()] for part in np.array_split(frames, most)])


def _likeness(points: np.ndarray) -> np.ndarray:
    """Gaussian likeness of each point to each, shape (n, n)."""
    import numpy as np

    distance = np.maximum(2 - 2 * points @ points.T, 0)
    near = min(5, len(points) - 1)
    width = np.median(np.partition(distance, range(near + 1), axis=1)[:, 1 : near + 1]) if near else 0.0
    return np.exp(-distance / (LIKENESS_WIDTH * max(float(width), 1e-6)))
