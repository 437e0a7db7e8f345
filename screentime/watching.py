"""The loop of rounds while somebody labels, until the target."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from screentime.batches import FEWEST_LABELS, next_look, somebody_waits, waiting
from screentime.errors import NotReady
from screentime.records import Label
from screentime.showing import clear_away, cleared, make_room

if TYPE_CHECKING:
    from screentime.rounds import Loop, Synced

# All answers are looked at again so often, where their count is the same: one may have been given and one
# taken back between two looks.
LOOK_AGAIN_SECONDS = 20.0


class Watching:
    """Looks at a project again and again, and remembers what was there.

    Parameters
    ----------
    loop : Loop
        Of pushed frames.
    again_after : float
        Seconds after which all answers are read again, though there be as many as before.

    Attributes
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop, again_after: float) -> None:
        self.loop = loop
        self._rest: Iterator[tuple[int, int]] | None = None
        self._shown = ""
        self._again_after = again_after
        self._seen: tuple[int, int] | None = None
        self._known: list[Label] | None = None
        self._again = 0.0

    def wants(self, count: tuple[int, int]) -> bool:
        """Whether there may be something new where there are so many answers, see `Loop.answered`."""
        return count != self._seen or time.monotonic() >= self._again

    def look(self, count: tuple[int, int], *, force: bool = False) -> Synced | None:
        """Pull, and run a round where there are enough new labels.

        Parameters
        ----------
        count : tuple of int
            See `Loop.answered`.
        force : bool, optional
            Whether a round is run with however few new labels.

        Returns
        -------
        Synced or None
            None without a round.
        """
        labels, self._again = self.loop.pull(), time.monotonic() + self._again_after
        if not force and count == self._seen and labels == self._known:
            return None
        synced = sync_if_enough(self.loop, labels, force=force)
        if synced:
            self._rest = None
        # A round leaves megabytes in circles (curves that were drawn, answers that were read); beside all of
        # TensorFlow's objects Python finds that few enough not to look for them.
        gc.collect()
        self._seen, self._known = count, labels
        return synced

    def rest(self) -> Iterator[tuple[int, int]]:
        """What deletes older pre-annotations, a few a step; to be stepped through while no other command is at work.

        Returns
        -------
        iterator of (int, int)
            See `screentime.showing.cleared`; where it was left off, unless another version is on show by now.
        """
        shown = self.loop.workspace.progress().shown
        if self._rest is None or shown != self._shown:
            self._rest, self._shown = cleared(self.loop), shown
        return self._rest


def watch(loop: Loop, pause: float = 0.5) -> Synced:
    """Sync whenever enough new labels came, until the target is reached or no frame is left.

    Enough is ``every`` new labels, or all frames that were asked for; of several people, all of one's own page.

    Parameters
    ----------
    loop : Loop
        Of pushed frames.
    pause : float
        Seconds between two looks at the server; older pre-annotations are deleted meanwhile.

    Returns
    -------
    Synced
        The round that reached the target, or learned from the last label.
    """
    from screentime.labelstudio import installation, log
    from screentime.model.runtime import warm_up

    loop.project()
    warm_up()
    url = loop.workspace.progress().url
    loop.talk.say(f"Watching for labels; label at {url} , and end this with Ctrl+C.")
    watching = Watching(loop, LOOK_AGAIN_SECONDS)
    while True:
        count = loop.answered()
        synced = watching.look(count) if watching.wants(count) else None
        if synced and (synced.round.target_reached or not loop.open_frames()):
            clear_away(loop, count)
            return synced
        if loop.link.embedded:
            log.trim(installation.home())
        until = time.monotonic() + pause
        rest = watching.rest()
        while time.monotonic() < until and next(rest, None):
            pass
        time.sleep(max(until - time.monotonic(), 0))


def sync_if_enough(loop: Loop, labels: Sequence[Label], *, force: bool = False) -> Synced | None:
    """Run a round where there are enough new labels for one, and say how it stands.

    Parameters
    ----------
    loop : Loop
    labels : sequence of Label
        Pulled just now.
    force : bool, optional
        Whether a round is run with however few new labels.

    Returns
    -------
    Synced or None
    """
    rounds = loop.workspace.rounds()
    learned = rounds[-1].labels if rounds else 0
    loop.ask_on()
    left = waiting(loop.workspace)
    # Where all are answered that were asked for and labels were taken back, there may be no more than before.
    enough = len(labels) >= next_look(learned, loop.config.loop) or (
        not left and (len(labels) > learned or (bool(rounds) and bool(loop.open_frames())))
    )
    # Whose page is empty has nothing to do until a round fills it, whatever the others still have.
    enough = enough or (len(labels) >= max(learned + 1, FEWEST_LABELS) and somebody_waits(loop.workspace))
    # Killed before its pre-annotations were shown, a round is finished first.
    unfinished = bool(rounds) and loop.workspace.progress().shown != rounds[-1].version
    finished = bool(rounds) and rounds[-1].target_reached and len(labels) == learned
    if not (enough or finished or unfinished or force):
        loop.talk.say(f"{len(labels)} labels, {left} frames still wait.")
        return None
    if enough and make_room(loop):
        labels = loop.pull()
    try:
        synced = loop.run_round(labels)
    except NotReady as error:
        loop.talk.say(f"{error.what} {error.remedy}")
        return None
    if synced.new or unfinished:
        loop.talk.say(
            f"{synced.round.version}: {synced.labels} labels, validation accuracy"
            f" {synced.round.validation_accuracy:.2f}."
        )
    else:
        loop.talk.say(f"Nothing is new since {synced.round.version}.")
    return synced
