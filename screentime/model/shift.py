"""How far a film lies from the frames that a model learned from: pure functions over embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from screentime.selection import unit

if TYPE_CHECKING:
    import numpy as np

# Share of the known frames themselves that lie farther from their like than the threshold, so this share
# is what a film like the known ones is expected to have.
EXPECTED = 0.05
MOST = 500
# Cosine distance below which half precision cannot tell two embeddings apart.
SAME = 1e-3


@dataclass(frozen=True)
class Reference:
    """Known frames, and how near frames like them lie.

    Attributes
    ----------
    known : ndarray of float16 or float32, shape (m, d)
        Embeddings of length one.
    threshold : float
        Cosine distance in [0, 2]; infinite when the frames cannot tell one.
    """

    known: np.ndarray
    threshold: float


def reference(
    embeddings: np.ndarray, block: np.ndarray, rng: np.random.Generator, *, most: int = MOST
) -> Reference:
    """What is known, from the frames of the films that a model is made for.

    The distance to the nearest known frame is the score of Sun and others [1]_, with one neighbour,
    on embeddings of length one as there; also as there the threshold is where 95 % of the known lie below.
    Each known frame is compared with those of other blocks only: to its neighbours in time it is a
    near copy, as no frame of another film can be.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d), n > 0
        In the order of time, film after film.
    block : ndarray of int, shape (n,)
        Time block of each, see `screentime.validation.blocks`.
    rng : numpy.random.Generator
    most : int
        At most this many frames are kept: one drawn at random in each of so many equal stretches.

    Returns
    -------
    Reference
        Its threshold is infinite, so that nothing is strange, when the kept frames are of one block.

    References
    ----------
    .. [1] Sun, Ming, Zhu, Li: Out-of-Distribution Detection with Deep Nearest Neighbors, ICML 2022.
    """
    import numpy as np

    stretches = np.array_split(np.arange(len(embeddings)), min(most, len(embeddings)))
    kept = np.array([rng.choice(stretch) for stretch in stretches])
    known = unit(embeddings[kept].astype(np.float32)).astype(np.float16)
    there = block[kept]
    if (there == there[0]).all():
        return Reference(known, np.inf)
    distance = np.where(there[:, None] == there, np.inf, _distances(known, known)).min(axis=1)
    return Reference(known, max(float(np.quantile(distance, 1 - EXPECTED)), SAME))


def strange_share(reference: Reference, embeddings: np.ndarray) -> float:
    """Share of a film's frames that are unlike all known frames.

    Parameters
    ----------
    reference : Reference
    embeddings : ndarray, shape (n, d), n > 0
        By the same backbone.

    Returns
    -------
    float
        In [0, 1]: how many are farther than the threshold from the nearest known frame. About
        `EXPECTED` for a film like the known ones.

    Notes
    -----
    Measured on films of 298 s, view ``tiles``, with the builtin backbone and the ImageNet MobileNetV2:
    one drawn film by another, 0.02 to 0.09 and 0.00 to 0.14 (30 pairs); a real cartoon by a drawn film,
    0.25 to 0.45 and 1.00; a drawn film by that cartoon, 0.46 to 0.61 and 0.56 to 0.65; the cartoon's two
    shorts, drawn in different styles, by each other, 0.16 to 0.20 and 0.62 to 0.70.
    """
    import numpy as np

    nearest = _distances(unit(embeddings.astype(np.float32)), reference.known).min(axis=1)
    return float((nearest > reference.threshold).mean())


def _distances(points: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Cosine distance of each point to each known one; half precision is no type to add up in."""
    import numpy as np

    return 1 - np.asarray(points, np.float32) @ np.asarray(known, np.float32).T
