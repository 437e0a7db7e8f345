"""The few dimensions in which the labelled frames differ: all that a head can learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


# Embeddings that are looked at together.
PART = 1024


def standardise(embeddings: np.ndarray) -> tuple[np.ndarray, float]:
    """How embeddings are centred and scaled before they are learned from.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
        Of all frames, labelled or not.

    Returns
    -------
    mean : ndarray, shape (d,)
    scale : float
        Root of the mean squared distance to the mean; 1 where all are the same.
    """
    import numpy as np

    mean = embeddings.mean(axis=0)
    # In parts: there may be many, and on disk.
    squares = sum(
        float(((embeddings[start : start + PART] - mean) ** 2).sum(dtype=np.float64))
        for start in range(0, len(embeddings), PART)
    )
    return mean, (squares / len(embeddings)) ** 0.5 or 1.0


def basis(points: np.ndarray) -> np.ndarray:
    """Orthogonal directions that span the labelled frames.

    A penalised linear head has its optimum in their span (representer theorem [1]_), so nothing is lost,
    and there are as many dimensions as labels instead of as many as features.

    Parameters
    ----------
    points : ndarray, shape (m, d)
        Labelled frames.

    Returns
    -------
    ndarray, shape (d, r)
        Columns of length one, at most m of them, at least one.

    References
    ----------
    .. [1] Schoelkopf, Herbrich, Smola: A Generalized Representer Theorem, COLT 2001.
    """
    import numpy as np

    size, axes = np.linalg.eigh(points @ points.T)
    kept = size > 1e-6 * size.max(initial=0)
    if not kept.any():
        # Frames that are all the same: one direction in which none differs.
        return np.eye(points.shape[1], 1, dtype=points.dtype)
    return points.T @ (axes[:, kept] / np.sqrt(size[kept]))


def coordinates(embeddings: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """All frames in the dimensions that the labelled ones span.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
    labelled : ndarray of int, shape (m,)

    Returns
    -------
    ndarray, shape (n, r)
    """
    mean, scale = standardise(embeddings)
    axes = basis((embeddings[labelled] - mean) / scale) / scale
    return embeddings @ axes - mean @ axes
