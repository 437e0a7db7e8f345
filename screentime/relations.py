"""Who is on screen together, for how long, and since when: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from screentime.records import Appearance
from screentime.timeline import segments


@dataclass(frozen=True, slots=True)
class Presence:
    """One character's time on screen.

    Attributes
    ----------
    character : str
    seconds : float
        All of it.
    appearances : int
        Stretches of it without a break.
    longest : tuple of (int, float, float) or None
        The longest of them: number of the film, start and end in seconds; the first of equally long ones.
        None where the character never appears.
    """

    character: str
    seconds: float
    appearances: int
    longest: tuple[int, float, float] | None


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two characters' time on screen together.

    Attributes
    ----------
    pair : tuple of (str, str)
        In the order of the characters.
    seconds : float
    first : tuple of (int, float) or None
        Number of the film and second in which both are on screen for the first time; None where they
        never are.
    sources : tuple of (str, str) or None
        Sources of the two appearances that meet there, in the order of the pair; see `Appearance`.
    probability : float or None
        The lower one of their probabilities.
    """

    pair: tuple[str, str]
    seconds: float
    first: tuple[int, float] | None
    sources: tuple[str, str] | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Relations:
    """Who is on screen when others are.

    Attributes
    ----------
    presences : tuple of Presence
        One a character, in the order of the characters.
    meetings : tuple of Meeting
        One a pair of characters, each pair once.
    """

    presences: tuple[Presence, ...]
    meetings: tuple[Meeting, ...]

    def together(self, one: str, other: str) -> float:
        """Seconds in which both are on screen; of a character with itself, all its seconds.

        Raises
        ------
        KeyError
            If one of them is no character.
        """
        if one == other:
            return {each.character: each.seconds for each in self.presences}[one]
        return {frozenset(each.pair): each.seconds for each in self.meetings}[frozenset((one, other))]


def relations(films: Sequence[tuple[Sequence[Appearance], float]], characters: Sequence[str]) -> Relations:
    """Time on screen, alone and together, over one film or several.

    Parameters
    ----------
    films : sequence of (sequence of Appearance, float)
        Each film's appearances and its length in seconds. Appearances of one character that overlap
        or touch are one.
    characters : sequence of str

    Returns
    -------
    Relations
    """
    spans: dict[str, list[tuple[int, float, float]]] = {name: [] for name in characters}
    seconds = dict.fromkeys(combinations(characters, 2), 0.0)
    first: dict[tuple[str, str], tuple[tuple[int, float], tuple[str, str], float]] = {}
    for number, (found, end) in enumerate(films):
        for start, stop, who in segments(found, end):
            here = [name for name in characters if name in who]
            for name in here:
                before = spans[name][-1] if spans[name] else None
                if before and before[0] == number and before[2] == start:
                    spans[name][-1] = (number, before[1], stop)
                else:
                    spans[name].append((number, start, stop))
            for pair in combinations(here, 2):
                seconds[pair] += stop - start
                if pair not in first:
                    one, other = (_there(found, name, start) for name in pair)
                    first[pair] = (
                        (number, start), (one.source, other.source), min(one.probability, other.probability)
                    )
    return Relations(
        tuple(
            Presence(
                name, sum(stop - start for _, start, stop in mine), len(mine),
                max(mine, key=lambda one: one[2] - one[1], default=None),
            )
            for name, mine in spans.items()
        ),
        tuple(Meeting(pair, total, *first.get(pair, (None,))) for pair, total in seconds.items()),
    )


def _there(found: Sequence[Appearance], character: str, second: float) -> Appearance:
    """The appearance that has a character on screen at a time: of several, the surest."""
    return max(
        (one for one in found if one.character == character and one.start <= second < one.end),
        key=lambda one: one.probability,
    )
