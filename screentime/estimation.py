"""Estimating a total over frames of which a few are labelled: pure functions over one column.

A column says of each frame whether something is to be seen in it, such as one character. Three
estimates of how many unlabelled frames show it:

- `plug_in`: the sum of the probabilities, by a classifier that learned from this film's labels;
- `direct`: the same corrected by what the audit frames show it to be wrong by, which needs no trust in
  the classifier, but is rough, since audit frames are few;
- `composite`: the two weighted by their precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from screentime.validation import wilson

if TYPE_CHECKING:
    import numpy as np

# What the classifier's own probabilities say of its errors counts as much as so many audit frames. It
# keeps ten audit frames that all happen to be right from making an interval of no width.
PRIOR_FRAMES = 10
# Standard deviations from which two estimates contradict one another: the normal quantile of 1 %.
CONTRADICTION = 2.576


@dataclass(frozen=True, slots=True)
class Guess:
    """An estimate of a number of frames.

    Attributes
    ----------
    total : float
        Frames among the unlabelled ones.
    variance : float
        Of the total, in frames squared; infinite where there is nothing to judge it by.
    """

    total: float
    variance: float


def plug_in(
    probabilities: np.ndarray, residual: float, learned: int, weights: np.ndarray | float = 1.0
) -> Guess:
    """The sum of the probabilities, and how far it may be off.

    A classifier with a free intercept is a regression estimator: its errors cancel over the labels
    that it learned from. Over labels spread evenly, its total varies as that of a sample drawn at
    random does or less, ``N^2 / n (1 - n / N) s^2`` with N frames, n labels and residual variance s^2
    [1]_; frames chosen to cover the film are such labels.

    Parameters
    ----------
    probabilities : ndarray, shape (r,)
        Of the unlabelled frames.
    residual : float
        Mean squared difference between label and probability, see `residual_variance`.
    learned : int
        Labels of this film that the classifier learned from.
    weights : ndarray, shape (r,)
        What each unlabelled frame counts, 1 on average.

    Returns
    -------
    Guess

    References
    ----------
    .. [1] Royall, Herson: Robust Estimation in Finite Populations I, JASA 1973, section 3 (balanced
       samples); Saerndal, Swensson, Wretman: Model Assisted Survey Sampling, 1992, equation 6.6.4.
    """
    rest = len(probabilities)
    variance = rest * (rest + learned) / learned * residual if learned else float("inf")
    return Guess(float((weights * probabilities).sum()), variance)


def direct(
    said: np.ndarray, foretold: np.ndarray, probabilities: np.ndarray,
    drawn_weights: np.ndarray | float = 1.0, weights: np.ndarray | float = 1.0,
) -> Guess:
    """The probabilities corrected by audit frames: prediction-powered inference on a block design.

    Parameters
    ----------
    said : ndarray, shape (a,)
        Labels of the audit frames, 0 or 1, in the order of time.
    foretold : ndarray, shape (a,)
        Their probabilities by classifiers that did not learn from them (cross-fitting [2]_).
    probabilities : ndarray, shape (r,)
        Of the unlabelled frames.
    drawn_weights, weights : ndarray, shape (a,) and (r,)
        What each audit frame and each unlabelled frame counts, the latter 1 on average.

    Returns
    -------
    Guess
        ``lambda * sum(p) + r * mean(y - lambda * p)``, PPI++ [1]_. ``lambda`` is the power-tuned one,
        drawn towards 1, which is best for calibrated probabilities. The variance is that of one draw
        a block, each block collapsed with its neighbour [3]_, with the finite population correction.

    References
    ----------
    .. [1] Angelopoulos, Duchi, Zrnic: PPI++: Efficient Prediction-Powered Inference, 2023, equations 2
       and 6.
    .. [2] Zrnic, Candes: Cross-prediction-powered inference, PNAS 2024.
    .. [3] Wolter: Introduction to Variance Estimation, 2nd edition, 2007, section 2.5 (collapsed
       strata) and equation 8.2.2 (all neighbouring pairs).
    """
    import numpy as np

    drawn, rest = len(said), len(probabilities)
    plain = float((weights * probabilities).sum())
    if not drawn:
        return Guess(plain, float("inf"))
    power = _power(said, foretold, probabilities)
    off = drawn_weights * (said - power * foretold)
    total = power * plain + rest * off.mean()
    expected = 0.0
    if rest:
        spread = probabilities * (1 - probabilities) + (1 - power) ** 2 * probabilities.var()
        expected = np.mean(weights * weights * spread)
    seen = (np.diff(off) ** 2 / 2).sum()
    spread = (PRIOR_FRAMES * expected + seen) / (PRIOR_FRAMES + drawn - 1)
    if drawn > 1:
        # What the probabilities say of themselves may widen an interval, never narrow it: a classifier
        # that knows another film may be sure and wrong.
        spread = max(spread, seen / (drawn - 1))
    return Guess(float(total), float(rest * (rest + drawn) / drawn * spread))


def residual_variance(
    said: np.ndarray, foretold: np.ndarray, probabilities: np.ndarray,
    drawn_weights: np.ndarray | float = 1.0, weights: np.ndarray | float = 1.0,
) -> float:
    """Mean squared difference between label and probability on the unlabelled frames.

    Parameters
    ----------
    said, foretold : ndarray, shape (a,)
        As for `direct`; may be empty.
    probabilities : ndarray, shape (r,)
    drawn_weights, weights : ndarray
        As for `direct`.

    Returns
    -------
    float
        What the probabilities themselves lead one to expect, ``mean(p (1 - p))``, as a prior worth
        `PRIOR_FRAMES` frames, together with what the audit frames show.
    """
    import numpy as np

    squares = weights * weights * probabilities * (1 - probabilities)
    expected = np.mean(squares) if len(probabilities) else 0.0
    seen = ((drawn_weights * (said - foretold)) ** 2).sum()
    return float((PRIOR_FRAMES * expected + seen) / (PRIOR_FRAMES + len(said)))


def composite(
    said: np.ndarray, foretold: np.ndarray, probabilities: np.ndarray, learned: int,
    drawn_weights: np.ndarray | float = 1.0, weights: np.ndarray | float = 1.0,
) -> Guess:
    """`plug_in` and `direct` weighted by their precision, as in small area estimation [1]_.

    Parameters
    ----------
    said, foretold, probabilities : ndarray
        As for `direct`.
    learned : int
        Labels of this film that the classifier learned from, audit frames among them. Without any it
        is `direct` alone.
    drawn_weights, weights : ndarray
        As for `direct`.

    Returns
    -------
    Guess
        The variance is that of the better one: both rest on the same labels, so that agreement of the
        two is no news. Where they contradict one another, at the 1 % level, the labels do not cover the
        film as the plug-in reckons, and it is `direct` alone.

    References
    ----------
    .. [1] Fay, Herriot: Estimates of Income for Small Places, JASA 1979, equation 1.5.
    """
    corrected = direct(said, foretold, probabilities, drawn_weights, weights)
    residual = residual_variance(said, foretold, probabilities, drawn_weights, weights)
    model = plug_in(probabilities, residual, learned, weights)
    if model.variance == float("inf"):
        return corrected
    if corrected.variance == float("inf"):
        return model
    both = model.variance + corrected.variance
    if (corrected.total - model.total) ** 2 > CONTRADICTION**2 * both:
        return corrected
    weight = model.variance / both if both else 0.0
    return Guess(
        model.total + weight * (corrected.total - model.total), min(model.variance, corrected.variance)
    )


def accuracy(right: np.ndarray, sure: np.ndarray, rest: np.ndarray) -> tuple[float, float, float]:
    """Share of the unlabelled frames that are decided rightly, with its 95 % interval.

    `direct`, where the classifier's own certainty stands for what it foretells: early audit frames are
    harder than the frames that are left once the doubtful ones have been labelled, and less certain by as
    much, so that the plain share of audit frames that are right would be too low.

    Parameters
    ----------
    right : ndarray, shape (a,)
        Whether, or in which part, each audit frame was decided rightly, in the order of time; two or more.
    sure : ndarray, shape (a,)
        Its expected part by the same probabilities, which are cross-fitted.
    rest : ndarray, shape (r,)
        Expected parts of the unlabelled frames.

    Returns
    -------
    share, low, high : float
        In [0, 1]; (1, 1, 1) where no frame is left.
    """
    if not len(rest):
        return 1.0, 1.0, 1.0
    guess = direct(right, sure, rest)
    share, half = guess.total / len(rest), half_width(guess.variance, len(right)) / len(rest)
    share, low, high = (min(max(bound, 0.0), 1.0) for bound in (share, share - half, share + half))
    # Few frames that are all right prove little, however sure the classifier is of the rest.
    doubtful, _ = wilson(float(right.mean()), len(right))
    return share, min(low, max(doubtful, 0.0)), high


def half_width(variance: float, labels: int) -> float:
    """Half the width of a 95 % interval.

    Parameters
    ----------
    variance : float
    labels : int
        Labels that the estimate rests on, two or more.

    Returns
    -------
    float
        Student's t with one degree of freedom fewer than there are labels.
    """
    # Not scipy.stats, which holds the same number behind half a second of imports.
    from scipy.special import stdtrit

    return float(stdtrit(labels - 1, 0.975) * variance**0.5)


def _power(said: np.ndarray, foretold: np.ndarray, probabilities: np.ndarray) -> float:
    import numpy as np

    everywhere = float(np.var(np.concatenate([foretold, probabilities])))
    if not everywhere:
        return 1.0
    off = foretold - foretold.mean()
    return float(
        np.clip(
            (PRIOR_FRAMES * everywhere + off @ (said - said.mean())) / (PRIOR_FRAMES * everywhere + off @ off),
            0, 1,
        )
    )
