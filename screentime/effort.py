"""What the labels cost the people who gave them: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from screentime.records import Label
from screentime.validation import wilson

# How a label came about, and what it is called; in the order in which they are told. A label that was
# confirmed along with many others has no time of its own.
BULK = "bulk"
ORIGINS = {
    "manual": "by hand", "prediction": "pre-annotation confirmed", "prediction-changed": "pre-annotation corrected",
    BULK: "pre-annotations confirmed many at once", "review": "by review of the timeline",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Labels that came about in one way.

    Attributes
    ----------
    name : str
    labels, timed : int
        How many, and of how many the time is known.
    seconds : float or None
        Median time of one; None where no time is known.
    """

    name: str
    labels: int
    timed: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Effort:
    """What the labels cost.

    Attributes
    ----------
    labels, people : int
    kinds : tuple of Kind
        Those that there are.
    checked : int
        Pre-annotations that a person looked at one by one.
    corrected, low, high : float or None
        Share of them that was corrected, with its 95 % interval; None where there are none.
    timed : int
        Labels whose time is known.
    median : float or None
        Seconds of one label.
    typical, open : float or None
        Seconds of all timed labels: the median times their number, and the sum, which is too much where
        a page was left open.
    """

    labels: int
    people: int
    kinds: tuple[Kind, ...]
    checked: int
    corrected: float | None
    low: float | None
    high: float | None
    timed: int
    median: float | None
    typical: float | None
    open: float | None


def effort(labels: Sequence[Label]) -> Effort:
    """What the labels cost.

    Parameters
    ----------
    labels : sequence of Label

    Returns
    -------
    Effort
    """
    kinds: dict[str, list[Label]] = {origin: [] for origin in ORIGINS}
    for label in labels:
        bulk = label.origin == "prediction" and label.lead_time is None
        kinds.setdefault(BULK if bulk else label.origin, []).append(label)
    wrong = len(kinds["prediction-changed"])
    checked = wrong + len(kinds["prediction"])
    low, high = wilson(wrong / checked, checked) if checked else (None, None)
    times = _times(labels)
    middle = median(times) if times else None
    return Effort(
        len(labels), len({label.annotator for label in labels}),
        tuple(
            Kind(ORIGINS.get(origin, origin), len(mine), len(known), median(known) if known else None)
            for origin, mine in kinds.items() if mine for known in [_times(mine)]
        ),
        checked, wrong / checked if checked else None, low, high,
        len(times), middle, middle * len(times) if times else None, sum(times) if times else None,
    )


def _times(labels: Sequence[Label]) -> list[float]:
    return [label.lead_time for label in labels if label.lead_time is not None]
