"""Which frames to label next: pure functions over embeddings and probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screentime.schema import Mode, Schema

if TYPE_CHECKING:
    import numpy as np

# Width of the likeness in medians of the squared distance to the five nearest frames.
LIKENESS_WIDTH = 4.0
# What a frame counts of which the classifier is wholly sure, beside one of which it knows nothing.
LEAST_DOUBT = 0.1
# One frame in so many is drawn at random, to judge the classifier by; more at first, until there are
# enough for a verdict.
AUDIT_EVERY, LEAST_AUDIT = 6, 8


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

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
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
    import numpy as np

    likeness = _likeness(unit(embeddings))
    weights = np.ones(len(likeness)) if doubt is None else LEAST_DOUBT + doubt
    reached = likeness[:, labelled].max(axis=1, initial=0.0)
    closed = labelled.copy()
    chosen = []
    for _ in range(min(how_many, int((~labelled).sum()))):
        gain = weights @ np.maximum(likeness - reached[:, None], 0)
        gain[closed] = -1
        best = int(gain.argmax())
        chosen.append(best)
        closed[best] = True
        reached = np.maximum(reached, likeness[:, best])
    return np.array(chosen, dtype=int)


def audit(free: np.ndarray, how_many: int, rng: np.random.Generator) -> np.ndarray:
    """Frames drawn at random, one in each of so many equal blocks of time.

    Within its block each free frame has the same chance, so the classifier's accuracy on these is an
    unbiased estimate of its accuracy on all free frames: stratified sampling [1]_ with one draw a
    stratum. Frames chosen for what they teach could not give that.

    Parameters
    ----------
    free : ndarray of int, shape (m,)
        Indices of frames without a label, in the order of time.
    how_many : int
        At most this many.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (min(how_many, m),)
        Indices of frames, ascending in time.

    References
    ----------
    .. [1] Cochran: Sampling Techniques, 3rd edition, 1977, chapter 5.
    """
    import numpy as np

    blocks = np.array_split(free, min(how_many, len(free))) if how_many and len(free) else []
    return np.array([int(rng.choice(block)) for block in blocks], dtype=int)


def audit_share(how_many: int, drawn: int) -> int:
    """How many frames of a batch are audit frames.

    Parameters
    ----------
    how_many : int
        Frames in the batch.
    drawn : int
        Audit frames drawn before it.

    Returns
    -------
    int
        A sixth of the batch; up to a third of it while there are fewer than `LEAST_AUDIT` in all.
    """
    return max(round(how_many / AUDIT_EVERY), min(LEAST_AUDIT - drawn, how_many // 3))


def merge(learning: np.ndarray, audits: np.ndarray) -> list[int]:
    """One order for both kinds, the audit frames spread over the first half of it.

    Early audit frames let the accuracy be judged before the batch is done.

    Parameters
    ----------
    learning, audits : ndarray of int
        Indices of frames.

    Returns
    -------
    list of int
    """
    order: list[int] = []
    left = [int(frame) for frame in audits]
    between = max(((len(learning) + len(left)) // 2 - len(left)) // max(len(left), 1), 1)
    for number, frame in enumerate(learning, start=1):
        order.append(int(frame))
        if number % between == 0 and left:
            order.append(left.pop(0))
    return order + left


def next_batch(
    embeddings: np.ndarray,
    closed: np.ndarray,
    open_audits: np.ndarray,
    how_many: int,
    probabilities: np.ndarray | None,
    schema: Schema,
    rng: np.random.Generator,
    *,
    drawn: int | None,
) -> tuple[list[int], np.ndarray]:
    """The frames to label next, in the order in which they are wanted.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
    closed : ndarray of bool, shape (n,)
        Frames that need no label: they have one, or people skipped them.
    open_audits : ndarray of int
        Audit frames drawn before that still wait for their label. They stay drawn: drawing anew
        after a look at the predictions would bend their chance.
    how_many : int
        Frames wanted; none when it is not positive.
    probabilities : ndarray, shape (n, k), or None
        By the latest version; None before the first.
    schema : Schema
    rng : numpy.random.Generator
    drawn : int or None
        Audit frames drawn so far; None when this batch may draw no new ones.

    Returns
    -------
    batch : list of int
        Before the first version the frames that stand for most come first, audit frames early among
        them; afterwards the least certain come first.
    audits : ndarray of int
        Those of them that are audit frames.
    """
    import numpy as np

    how_many = max(how_many, 0)
    kept = open_audits[:how_many]
    fresh = 0 if drawn is None else max(audit_share(how_many, drawn) - len(kept), 0)
    doubt = None if probabilities is None else doubts(probabilities, schema.mode)
    taken = closed.copy()
    taken[kept] = True
    learning = cover(embeddings, taken, how_many - len(kept) - fresh, doubt)
    taken[learning] = True
    audits = np.concatenate([kept, audit(np.flatnonzero(~taken), fresh, rng)]).astype(int)
    if probabilities is None:
        return merge(learning, audits), audits
    batch = np.concatenate([learning, audits]).astype(int)
    certainty = schema.certainty(probabilities)[batch]
    return batch[np.argsort(certainty, kind="stable")].tolist(), audits


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


def _likeness(points: np.ndarray) -> np.ndarray:
    """Gaussian likeness of each point to each, shape (n, n)."""
    import numpy as np

    distance = np.maximum(2 - 2 * points @ points.T, 0)
    near = min(5, len(points) - 1)
    width = np.median(np.sort(distance, axis=1)[:, 1 : near + 1]) if near else 0.0
    return np.exp(-distance / (LIKENESS_WIDTH * max(float(width), 1e-6)))
