"""The loop of rounds while somebody labels, until the target."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from screentime.batches import next_look, waiting
from screentime.errors import NotReady
from screentime.records import Label
from screentime.showing import clear_away, cleared, make_room

if TYPE_CHECKING:
    from screentime.rounds import Loop, Synced

# All answers are looked at again so often, where their count is the same: one may have been given and one
# taken back between two looks.
LOOK_AGAIN_SECONDS = 20.0


def watch(loop: Loop, pause: float = 0.5) -> Synced:
    """Sync whenever enough new labels came, until the target is reached or no frame is left.

    Enough is ``every`` new labels, or all frames that were asked for.

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
    seen, known, again = None, None, 0.0
    while True:
        count = loop.answered()
        if count != seen or time.monotonic() >= again:
            labels, again = loop.pull(), time.monotonic() + LOOK_AGAIN_SECONDS
        if count != seen or labels != known:
            synced, known = sync_if_enough(loop, labels), labels
            if synced and (synced.round.target_reached or not loop.open_frames()):
                clear_away(loop, count)
                return synced
            if synced or seen is None:
                rest = cleared(loop)
            seen = count
        if loop.link.embedded:
            log.trim(installation.home())
        until = time.monotonic() + pause
        while time.monotonic() < until and next(rest, None):
            pass
        time.sleep(max(until - time.monotonic(), 0))


def sync_if_enough(loop: Loop, labels: Sequence[Label]) -> Synced | None:
    """Run a round where there are enough new labels for one, and say how it stands.

    Parameters
    ----------
    loop : Loop
    labels : sequence of Label
        Pulled just now.

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
    # Killed before its pre-annotations were shown, a round is finished first.
    unfinished = bool(rounds) and loop.workspace.progress().shown != rounds[-1].version
    finished = bool(rounds) and rounds[-1].target_reached and len(labels) == learned
    if not (enough or finished or unfinished):
        loop.talk.say(f"{len(labels)} labels, {left} frames still wait.")
        return None
    if enough and make_room(loop):
        labels = loop.pull()
    try:
        synced = loop.run_round(labels)
    except NotReady as error:
        loop.talk.say(f"{error.what} {error.remedy}")
        return None
    loop.talk.say(
        f"{synced.round.version}: {synced.labels} labels, validation accuracy"
        f" {synced.round.validation_accuracy:.2f}."
    )
    return synced
