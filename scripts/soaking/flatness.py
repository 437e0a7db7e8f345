"""Whether a series of measurements is flat: pure functions over numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Fewer points than this in the second half tell nothing of a slope.
FEWEST = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of one series, by its second half: the first is for warming up.

    Attributes
    ----------
    name : str
        Of the series, a field of `scripts.soaking.measuring.Point`.
    unit : str
    rise : float
        Share of the median by which it may rise from the middle to the end.
    peak : float
        Share of the median by which its largest value may lie above the median.
    slack : float
        So many units of rise or peak are too few to tell anything.
    most : float, optional
        What no value, of the first half either, may exceed.
    """

    name: str
    unit: str
    rise: float = 0.0
    peak: float = 0.0
    slack: float = 0.0
    most: float = float("inf")

    def words(self) -> str:
        """The rule as a sentence's part."""
        if self.most < float("inf"):
            return f"at most {self.most:,.0f}{self.unit and ' '}{self.unit}"
        return (
            f"rises by {self.rise:.0%} at most and its largest is {self.peak:.0%} above the median at most"
            f" (or {self.slack:g}{self.unit and ' '}{self.unit}) in the second half"
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one series.

    Attributes
    ----------
    rule : Rule
    median, largest : float
        Of the second half; with a bound (``most``) of all.
    rise : float
        From the middle to the end, by a robust line.
    flat : bool
    told : bool
        Whether there were enough points to tell.
    """

    rule: Rule
    median: float
    largest: float
    rise: float
    flat: bool
    told: bool = True


def judge(
    rule: Rule, rounds: Sequence[float], values: Sequence[float], steps: Sequence[int] | None = None
) -> Verdict:
    """Whether a series keeps to its rule.

    The line through the second half is that of Theil and Sen, the median of the slopes of all pairs: a few
    large values, as a machine with other work gives them, do not tilt it.

    Parameters
    ----------
    rule : Rule
    rounds : sequence of float
        Where each value was measured, rising.
    values : sequence of float
    steps : sequence of int, optional
        What a value may step up with, by design: only pairs where it is the same make the line.

    Returns
    -------
    Verdict
    """
    import numpy as np

    x, y = np.asarray(rounds, float), np.asarray(values, float)
    if rule.most < float("inf"):
        largest = float(y.max()) if len(y) else 0.0
        return Verdict(rule, float(np.median(y)) if len(y) else 0.0, largest, 0.0, largest <= rule.most, bool(len(y)))
    late = np.arange(len(x)) >= len(x) // 2
    x, y = x[late], y[late]
    if len(x) < FEWEST:
        return Verdict(rule, float("nan"), float("nan"), float("nan"), False, False)
    median, largest = float(np.median(y)), float(y.max())
    one, other = np.triu_indices(len(x), 1)
    if steps is not None:
        same = np.asarray(steps)[late]
        one, other = one[same[one] == same[other]], other[same[one] == same[other]]
    rise = float(np.median((y[other] - y[one]) / (x[other] - x[one])) * (x[-1] - x[0]))
    flat = rise <= max(rule.rise * median, rule.slack) and largest - median <= max(rule.peak * median, rule.slack)
    return Verdict(rule, median, largest, rise, flat)


def rates(rounds: Sequence[float], values: Sequence[float], over: int) -> tuple[list[float], list[float]]:
    """How fast a series that may grow does: its growth a round, over so many rounds each.

    Parameters
    ----------
    rounds : sequence of float
    values : sequence of float
    over : int
        Points from one to the next.

    Returns
    -------
    rounds : list of float
        The later round of each pair.
    rates : list of float
    """
    pairs = range(over, len(rounds))
    return [rounds[i] for i in pairs], [
        (values[i] - values[i - over]) / (rounds[i] - rounds[i - over]) for i in pairs
    ]


def line(verdict: Verdict) -> str:
    """The verdict as a line of text."""
    rule = verdict.rule
    if not verdict.told:
        return f"NOT TOLD  {rule.name}: too few rounds."
    word = "flat    " if verdict.flat else "NOT FLAT"
    if rule.most < float("inf"):
        word = "bounded " if verdict.flat else "NOT BOUNDED"
        found = f"largest {verdict.largest:,.6g} {rule.unit}"
    else:
        found = f"median {verdict.median:,.4g}, largest {verdict.largest:,.4g}, rise {verdict.rise:+,.3g} {rule.unit}"
    return f"{word}  {rule.name}: {found.rstrip()}; rule: {rule.words()}."
