"""Totals of classes of which each frame shows just one, so that they add up to all frames: a pure function."""

from __future__ import annotations

from collections.abc import Sequence


def reconciled(totals: Sequence[float], variances: Sequence[float], whole: float) -> list[float]:
    """Estimates that were made one by one, changed as little as their precision allows.

    What they are off by together is taken from each in proportion to its variance, which is the least
    squares adjustment to a known sum [1]_.

    Parameters
    ----------
    totals : sequence of float
        Frames of each class.
    variances : sequence of float
        Of the totals; where one is infinite nothing is known that could be reconciled.
    whole : float
        What the totals should add up to.

    Returns
    -------
    list of float
        Each between 0 and the whole.

    References
    ----------
    .. [1] Stone, Champernowne, Meade: The Precision of National Income Estimates, Review of Economic
       Studies 1942.
    """
    import numpy as np

    share = np.asarray(variances, dtype=float)
    found = np.clip(np.asarray(totals, dtype=float), 0, whole)
    free = np.isfinite(share)
    if not free.all():
        return found.tolist()
    # Each turn settles one class or more, or is the last.
    while free.any():
        part = np.where(free, share, 0.0)
        part = part / part.sum() if part.sum() else free / free.sum()
        wanted = found - (found.sum() - whole) * part
        found = np.clip(wanted, 0, whole)
        settled = free & (found != wanted)
        if not settled.any():
            break
        free &= ~settled
    return found.tolist()
