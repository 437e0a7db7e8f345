"""Measuring side by side: contestants in turn, medians, ratios."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


class Failed(Exception):
    """A row that could not be measured; its text is a sentence for the person."""


class LeftOut(Failed):
    """A row that is not to be measured here, which is nobody's fault."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one row came to.

    Attributes
    ----------
    name : str
    ours : float or None
        None where it was left out; the note says why.
    anchor, ratio, low, high : float or None
        The ratio is ours / anchor, ``low`` and ``high`` its smallest and largest over the rounds.
    note : str
    failed : bool
        Whether it was left out because something went wrong.
    """

    name: str
    ours: float | None
    anchor: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What contestants came to.

    Attributes
    ----------
    figures : dict of str to list of float
        A figure a round of each that could be measured.
    failed : dict of str to str
        What was wrong with each of the others.
    """

    figures: dict[str, list[float]]
    failed: dict[str, str] = field(default_factory=dict)

    def versus(self, name: str, ours: str, anchor: str, note: str = "") -> Result:
        """A row from two contestants, see `versus`; failed where one of them is."""
        for one in (ours, anchor):
            if one in self.failed:
                return Result(name, None, note=self.failed[one], failed=True)
        return versus(name, self.figures[ours], self.figures[anchor], note)


def in_turn(
    contestants: Mapping[str, Callable[[], float]], rounds: int,
    tell: Callable[[int, str], None] = lambda number, name: None, go_on: Callable[[], bool] = lambda: True,
) -> Taken:
    """Measure each contestant once a round, the order turned round each time.

    Parameters
    ----------
    contestants : mapping of str to callable
        Each gives its own figure. One that raises `Failed` takes no further part.
    rounds : int
        At least 1.
    tell : callable of (int, str)
        Told the round, from 1, and who is next.
    go_on : callable
        Asked after each round whether there is time for another.
    """
    taken = Taken({name: [] for name in contestants})
    for number in range(rounds):
        if number and not go_on():
            break
        for name in list(contestants)[:: -1 if number % 2 else 1]:
            if name in taken.failed:
                continue
            tell(number + 1, name)
            try:
                taken.figures[name].append(contestants[name]())
            except Failed as error:
                taken.failed[name] = str(error)
                del taken.figures[name]
    return taken


def versus(name: str, ours: Sequence[float], anchor: Sequence[float], note: str = "") -> Result:
    """A row with an anchor: the ratio of the medians, its spread from the rounds.

    Parameters
    ----------
    name : str
    ours, anchor : sequence of float
        A figure a round, of the same rounds; not empty.
    note : str
    """
    one, other = statistics.median(ours), statistics.median(anchor)
    each = [mine / its for mine, its in zip(ours, anchor)]
    return Result(name, one, other, one / other, min(each), max(each), note)


def alone(name: str, ours: Sequence[float], note: str = "") -> Result:
    """A row without an anchor."""
    return Result(name, statistics.median(ours), note=note)


def exponent(small: float, large: float, factor: float) -> float:
    """By which power of the amount of work a figure grows: 1 is linear."""
    return math.log(large / small) / math.log(factor)
