"""Which packets of a film must be decoded, so that the sampled frames come out just as without skipping."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from screentime.video.clock import Clock, Picker
from screentime.video.leaning import Kind

# Packets that parts may send in sum, to one of the whole.
MOST_MORE = 1.25


@dataclass(frozen=True, slots=True)
class Plan:
    """What to decode of a film, and what comes out.

    Attributes
    ----------
    stamps : array of int
        Presentation time of each packet of the film in the stream's unit, in the order of decoding.
    sent : bytearray
        1 for each packet that must be decoded, else 0; ends with the last one of this plan.
    due : array of int
        Stamps of the frames that come out, ascending.
    starts : frozenset of int
        Stamps of those that must be drawn without any other.
    seconds : dict of int to float
        Second of each sampled frame by its stamp, ascending.
    frames : int
        How many frames the film has.
    last : float
        Second of its last frame.
    end : float
        Second at which that one leaves the screen, by what a frame usually lasts.
    kinds : bytearray
        `Kind` of each packet of the film.
    first : int
        How many of the film's samples lie before those of this plan.
    goes_on : bool
        Whether the film goes on behind the packets of this plan.
    reached : float
        As `Pictures` has it, at the film's end.
    """

    stamps: array[int]
    sent: bytearray
    due: array[int]
    starts: frozenset[int]
    seconds: dict[int, float]
    frames: int
    last: float
    end: float
    kinds: bytearray
    first: int = 0
    goes_on: bool = False
    reached: float = 0.0


def plan(stamps: array[int], kinds: bytearray, unit: float, start: int, fps: float, rate: float) -> Plan:
    """Choose the samples of a film from its packets, and what they need.

    Parameters
    ----------
    stamps : array of int
        Presentation time of each packet in the stream's unit, in the order of decoding; no two alike.
    kinds : bytearray
        `Kind` of each.
    unit : float
        Seconds of the stream's unit.
    start : int
        The stamp at which the stream starts.
    fps : float
        Samples per second.
    rate : float
        Frames per second that the container claims.

    Returns
    -------
    Plan
    """
    import numpy as np

    clock, picker = Clock(rate), Picker(fps, rate)
    times, visible = np.asarray(stamps), (np.asarray(kinds) & Kind.HIDDEN) == 0
    shown = array("q", np.sort(times[visible]).tobytes())
    seconds: dict[int, float] = {}
    for stamp in shown:
        second = clock.tick((stamp - start) * unit)
        if picker.wants(second):
            seconds[stamp] = second
    # The last ones tell whether the film is there to its end.
    sent = needed(stamps, kinds, {*seconds, *shown[-1:], stamps[-1]})
    last = clock.last or 0.0
    return Plan(
        stamps, sent, *_coming(stamps, kinds, sent), seconds, len(shown), last, last + clock.usual_step, kinds
    )


def _coming(stamps: array[int], kinds: bytearray, sent: bytearray) -> tuple[array[int], frozenset[int]]:
    """Stamps of the frames that come out, ascending, and of those that are drawn without any other."""
    import numpy as np

    stretch = slice(max(sent.find(1), 0), sent.rfind(1) + 1)
    times, kind = np.asarray(stamps)[stretch], np.asarray(kinds)[stretch]
    seen = ((kind & Kind.HIDDEN) == 0) & (np.asarray(sent)[stretch] > 0)
    return array("q", np.sort(times[seen]).tobytes()), frozenset(times[seen & ((kind & Kind.START) > 0)].tolist())


def segments(whole: Plan, samples: int, most: float = math.inf) -> list[Plan]:
    """Part a film's plan, so that each part can be decoded by itself and the parts' samples are the film's.

    A part begins to decode at the last packet that starts anew before what its samples need, wherever they are
    cut. Each packet that the whole plan sends is sent in at least one part, with all that it leans on: so
    damage that a decoder notices in the film, it notices in a part.

    Parameters
    ----------
    whole : Plan
    samples : int
        Samples of each part but the last one, which may have fewer.
    most : float, optional
        Packets that several parts may send in sum.

    Returns
    -------
    list of Plan
        They share what they know of all packets, and are sent from one process to another as one: otherwise they
        would grow with the square of the film's length. Empty where they would send more than ``most``.
    """
    import numpy as np

    stamps, samples_at = whole.stamps, list(whole.seconds)
    groups = [set(samples_at[first : first + samples]) for first in range(0, len(samples_at), samples)]
    if len(groups) < 2:
        return [whole]
    needs = _Needs(stamps, whole.kinds)
    sent, count = [], 0
    for group in groups:
        sent.append(needs.of(group))
        count += sent[-1].count(1)
        if count > most:  # what comes to it below makes it no less
            return []
    covered = np.zeros(len(stamps), np.uint8)
    for marks in sent:
        covered |= np.asarray(marks)
    firsts = [min(group) for group in groups]
    left: dict[int, set[int]] = {}
    for at in np.flatnonzero((np.asarray(whole.sent) > 0) & (covered == 0)).tolist():
        left.setdefault(max(bisect_right(firsts, stamps[at]) - 1, 0), set()).add(stamps[at])
    for place, more in left.items():
        sent[place] = needs.of(groups[place] | more)
    if sum(marks.count(1) for marks in sent) > most:
        return []
    parts = []
    for place, (group, marks) in enumerate(zip(groups, sent)):
        end = len(stamps) if place + 1 == len(groups) else marks.rindex(1) + 1
        due, starts = _coming(stamps, whole.kinds, marks)
        parts.append(replace(
            whole, sent=marks[:end], due=due, starts=starts,
            seconds={stamp: whole.seconds[stamp] for stamp in sorted(group)}, first=place * samples,
            goes_on=end < len(stamps),
        ))
    return parts


def thrifty_segments(whole: Plan, samples: int) -> list[Plan]:
    """`segments` that are worth it: together they decode little more than the whole film would.

    Where the film seldom starts anew, each part needs much of what the parts before it decode: such parts are
    made longer until they do not.

    Parameters
    ----------
    whole : Plan
    samples : int
        Samples of each part, or twice, four times … as many.

    Returns
    -------
    list of Plan
        The whole alone where no parts are worth it.
    """
    most = MOST_MORE * whole.sent.count(1)
    while not (parts := segments(whole, samples, most)):
        samples *= 2
    return parts


def needed(stamps: Sequence[int], kinds: Sequence[int], wanted: set[int]) -> bytearray:
    """Which packets must be decoded for the wanted frames to be whole.

    Parameters
    ----------
    stamps : sequence of int
        Presentation time of each packet, in the order of decoding.
    kinds : sequence of int
        `Kind` of each.
    wanted : set of int
        Stamps of the wanted frames.

    Returns
    -------
    bytearray
        1 for each packet that must be decoded, else 0.
    """
    sent = bytearray(len(stamps))
    beyond = False  # whether something behind this group leans on it
    for first, end in _groups(kinds):
        beyond = _mark(stamps, kinds, wanted, first, end, beyond, sent)
    return sent


class _Needs:
    """`needed`, asked for one stretch of a film after another: walks no packets but those of each stretch.

    Parameters
    ----------
    stamps : array of int
    kinds : bytearray
    """

    def __init__(self, stamps: array[int], kinds: bytearray) -> None:
        import numpy as np

        self._stamps, self._kinds = stamps, kinds
        self._groups = list(_groups(kinds))  # the last one first
        self._ends = np.array([-end for _, end in self._groups])  # so that they rise
        times = np.asarray(stamps)
        self._order = np.argsort(times)
        self._sorted = times[self._order]
        # What is needed where nothing is wanted, and whether something behind each group leans on it then.
        self._idle, self._beyond, beyond = bytearray(len(stamps)), [False] * len(self._groups), False
        self._held = bool((np.asarray(kinds) & Kind.HELD).any())
        if self._held:
            for place, (first, end) in enumerate(self._groups):
                self._beyond[place] = beyond
                beyond = _mark(stamps, kinds, set(), first, end, beyond, self._idle)

    def of(self, wanted: set[int]) -> bytearray:
        """What is needed for some frames of the film, see `needed`."""
        import numpy as np

        packets = self._order[np.searchsorted(self._sorted, sorted(wanted))]
        # Groups, by their place from the film's end, of the last and of the first of these packets.
        begin, last = np.searchsorted(self._ends, [-packets.max(), -packets.min()], "left") - 1
        sent, beyond = self._idle[:], self._beyond[begin]
        for place in range(begin, len(self._groups)):
            if place > last and beyond == self._beyond[place]:
                break  # from here on to the film's beginning it is as if nothing were wanted
            first, end = self._groups[place]
            if not (beyond or self._held):
                end = min(end, int(packets.max()) + 1)  # what lies behind all that is wanted changes nothing
            sent[first:end] = bytes(end - first)
            beyond = _mark(self._stamps, self._kinds, wanted, first, end, beyond, sent)
        return sent


def _mark(
    stamps: Sequence[int], kinds: Sequence[int], wanted: set[int], first: int, end: int, beyond: bool, sent: bytearray
) -> bool:
    """Mark what one group needs, whose marks are 0 so far; gives whether it leans on the group before."""
    asked = [stamps[at] in wanted or bool(kinds[at] & Kind.HELD) for at in range(first, end)]
    early = [stamps[at] < stamps[first] for at in range(first, end)]
    starts = bool(kinds[first] & Kind.START)
    # Pictures shown before the one that starts the group lean on the group before. No others lean on
    # them, except for such ones of the next group where nothing lies between.
    between = not all(early[1:]) or not any(early)
    open_ = any(one and before for one, before in zip(asked, early)) or (beyond and not between)
    last = end if beyond else first + max((at + 1 for at, one in enumerate(asked) if one), default=0)
    for at in range(first, last):
        idle = kinds[at] & Kind.SPARE or (starts and early[at - first] and not open_)
        sent[at] = asked[at - first] or not idle
    return last > first and (open_ or not starts)


def _groups(kinds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and end of each group of packets that starts anew, the last group first."""
    end = len(kinds)
    for at in range(len(kinds) - 1, -1, -1):
        if kinds[at] & Kind.START or not at:
            yield at, end
            end = at
