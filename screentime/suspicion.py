"""Labels that may be wrong: pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screentime.schema import Schema

if TYPE_CHECKING:
    import numpy as np

# At most this share of the labels is worth a second look, and at least so many are offered.
LOOK_SHARE, LOOK_LEAST = 1 / 8, 5


def suspicious(targets: np.ndarray, out_of_block: np.ndarray, schema: Schema) -> tuple[np.ndarray, np.ndarray]:
    """Labels that the classifier contradicts, the most doubtful first.

    Each label is judged by a head that has learned nothing from its block of time: a neighbouring
    frame with the same mistake cannot vouch for it. Ranked by self-confidence [1]_.

    Parameters
    ----------
    targets : ndarray, shape (m, k)
        Labels as rows of zeros and ones.
    out_of_block : ndarray, shape (m, k)
        Probabilities by those heads; rows of NaN are passed over.
    schema : Schema

    Returns
    -------
    which : ndarray of int, shape (s,)
        Indices of labels; at most an eighth of them, or five.
    confidence : ndarray, shape (s,)
        Probability of what the person said: of the class in exclusive mode, of the least likely
        character's part in multi mode.

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang: Confident Learning, JAIR 2021, section 3.2 (self-confidence).
    """
    import numpy as np

    judged = ~np.isnan(out_of_block[:, 0])
    rows = np.where(judged[:, None], out_of_block, 0)
    against = judged & (schema.right(targets, schema.decide(rows)) < 1)
    if schema.mode == "multi":
        own = np.where(targets > 0, rows, 1 - rows).min(axis=1)
    else:
        own = (rows * targets).sum(axis=1)
    most = max(round(len(targets) * LOOK_SHARE), LOOK_LEAST)
    which = np.flatnonzero(against)
    which = which[np.argsort(own[which], kind="stable")][:most]
    return which, own[which]
