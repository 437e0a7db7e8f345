"""The head's optimum, found exactly in a few milliseconds.

`training` lets Keras walk towards it, watched by the callback. Where many heads are wanted and no
callback watches (judging labels, replaying a film hundreds of times), the same problem is solved
here by scikit-learn.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from screentime.model.training import HEAD_C
from screentime.schema import Mode
from screentime.timeline import Near

if TYPE_CHECKING:
    import numpy as np
    from threadpoolctl import ThreadpoolController


def solve(points: np.ndarray, targets: np.ndarray, mode: Mode, wanted: np.ndarray) -> np.ndarray:
    """Probabilities by L2-regularised logistic regression, as `training.train_head` has it.

    Parameters
    ----------
    points : ndarray, shape (m, r)
        Labelled frames, see `screentime.model.span.coordinates`.
    targets : ndarray, shape (m, k)
        Their labels as rows of zeros and ones.
    mode : {"exclusive", "multi"}
    wanted : ndarray, shape (w, r)
        Frames to judge.

    Returns
    -------
    ndarray, shape (w, k)
    """
    import numpy as np

    if mode == "exclusive":
        return _probabilities(points, targets.argmax(axis=1), HEAD_C, wanted, targets.shape[1])
    share = HEAD_C / targets.shape[1]
    columns = [_probabilities(points, column.astype(int), share, wanted, 2)[:, 1] for column in targets.T]
    return np.stack(columns, axis=1)


def out_of_fold(
    points: np.ndarray, labelled: np.ndarray, targets: np.ndarray, fold: np.ndarray, near: Near, mode: Mode
) -> np.ndarray:
    """Probabilities of each labelled frame by a head that has not learned from its fold.

    Parameters
    ----------
    points : ndarray, shape (n, r)
        All frames, see `screentime.model.span.coordinates`.
    labelled : ndarray of int, shape (m,)
    targets : ndarray, shape (m, k)
    fold : ndarray of int, shape (m,)
        -1 for frames that only teach.
    near : Near
        Neighbours of all frames, over which the probabilities are smoothed.
    mode : {"exclusive", "multi"}

    Returns
    -------
    ndarray, shape (m, k)
        NaN for frames that only teach.
    """
    import numpy as np

    result = np.full(targets.shape, np.nan)
    for number in range(int(fold.max(initial=-1)) + 1):
        mine = fold == number
        around = near.index[labelled[mine]]
        says = solve(points[labelled[~mine]], targets[~mine], mode, points[around.ravel()])
        weight = near.weight[labelled[mine]][:, :, None]
        result[mine] = (says.reshape(*around.shape, -1) * weight).sum(axis=1)
    return result


def _probabilities(
    points: np.ndarray, member: np.ndarray, strength: float, wanted: np.ndarray, classes: int
) -> np.ndarray:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    present = np.unique(member)
    result = np.zeros((len(wanted), classes))
    if len(present) < 2:
        # Half a frame of each other class, as `training` begins with.
        share = (np.bincount(member, minlength=classes) + 0.5) / (len(member) + classes / 2)
        return result + share
    # Steps this small are done before several threads have found one another.
    with _threads().limit(limits=1, user_api="blas"):
        head = LogisticRegression(C=strength, tol=1e-6, max_iter=1000).fit(points, member)
    result[:, head.classes_] = head.predict_proba(wanted)
    return result


@cache
def _threads() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
