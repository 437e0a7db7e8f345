"""What the labels cost the people who gave them: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from screentime.records import Label, Review
from screentime.validation import wilson

# How a label came about, and what it is called; in the order in which they are told. A label that was
# confirmed along with many others has no time of its own, nor has one that a review gave.
BULK, REVIEW = "bulk", "review"
ORIGINS = {
    "manual": "by hand", "prediction": "pre-annotation confirmed", "prediction-changed": "pre-annotation corrected",
    BULK: "pre-annotations confirmed many at once", REVIEW: "by review of the timeline",
}
# A label counts for as long as its page was open, but for no longer than this many times the median. Most
# labels are confirmed at a glance, and one by hand takes several times as long, so a low limit would cut
# work off; what is open for longer than this was left open.
LIMIT = 20


@dataclass(frozen=True, slots=True)
class Kind:
    """Labels that came about in one way.

    Attributes
    ----------
    name : str
    labels, timed : int
        How many, and of how many the time is known.
    median : float or None
        Seconds of one label; None where no time is known.
    total : float or None
        Seconds of all, each label's up to the limit; of reviews, those of the whole reviews. None where no
        time is known.
    reviews : int
        How many reviews gave these labels; 0 of other kinds.
    """

    name: str
    labels: int
    timed: int
    median: float | None
    total: float | None
    reviews: int = 0


@dataclass(frozen=True, slots=True)
class Effort:
    """What the labels cost.

    Attributes
    ----------
    labels, people : int
        Labels, and who gave them or reviewed a film.
    kinds : tuple of Kind
        Those that there are.
    checked : int
        Pre-annotations that a person looked at one by one.
    corrected, low, high : float or None
        Share of them that was corrected, with its 95 % interval; None where there are none.
    timed, untimed : int
        Labels of frames whose time is known, and those whose time is not. Labels that a review gave are
        neither.
    median : float or None
        Seconds of one timed label.
    limit : float or None
        Seconds up to which a label's time counts: `LIMIT` times the median.
    capped : int
        Labels whose page was open for longer than that.
    open : float or None
        Seconds that the pages of the timed labels were open, without the limit.
    reviews, reviews_timed : int
        Reviewed films, and of how many the time is known. It has no limit: there are too few of them to
        tell what is usual.
    total : float or None
        Seconds of all that is known: labels, each up to the limit, and reviews, each once.
    """

    labels: int
    people: int
    kinds: tuple[Kind, ...]
    checked: int
    corrected: float | None
    low: float | None
    high: float | None
    timed: int
    untimed: int
    median: float | None
    limit: float | None
    capped: int
    open: float | None
    reviews: int
    reviews_timed: int
    total: float | None


def effort(labels: Sequence[Label], reviews: Sequence[Review]) -> Effort:
    """What the labels cost.

    Parameters
    ----------
    labels : sequence of Label
    reviews : sequence of Review
        Also those that gave no label, because people had labelled all frames the same.

    Returns
    -------
    Effort
    """
    mine: dict[str, list[Label]] = {origin: [] for origin in ORIGINS}
    for label in labels:
        bulk = label.origin == "prediction" and label.lead_time is None
        mine.setdefault(BULK if bulk else label.origin, []).append(label)
    wrong = len(mine["prediction-changed"])
    checked = wrong + len(mine["prediction"])
    low, high = wilson(wrong / checked, checked) if checked else (None, None)
    times = _times([label for label in labels if label.origin != REVIEW])
    middle = median(times) if times else None
    limit = None if middle is None else LIMIT * middle
    whole = _times(reviews)
    kinds = tuple(
        Kind(ORIGINS[REVIEW], len(given), 0, None, sum(whole) if whole else None, len(reviews)) if origin == REVIEW
        else _kind(ORIGINS.get(origin, origin), given, limit)
        for origin, given in mine.items() if given or (origin == REVIEW and reviews)
    )
    totals = [kind.total for kind in kinds if kind.total is not None]
    return Effort(
        len(labels), len({one.annotator for one in (*labels, *reviews)}), kinds,
        checked, wrong / checked if checked else None, low, high,
        len(times), len(labels) - len(mine[REVIEW]) - len(times), middle, limit,
        sum(time > limit for time in times), sum(times) if times else None,
        len(reviews), len(whole), sum(totals) if totals else None,
    )


def _kind(name: str, labels: Sequence[Label], limit: float | None) -> Kind:
    times = _times(labels)
    return Kind(
        name, len(labels), len(times), median(times) if times else None,
        sum(min(time, limit) for time in times) if times else None,
    )


def _times(given: Sequence[Label | Review]) -> list[float]:
    return [one.lead_time for one in given if one.lead_time is not None]
