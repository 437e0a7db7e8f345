"""A round's pre-annotations: put where the page shows them, and older ones cleared away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING

from screentime.errors import ServerError
from screentime.pages import fill_tabs, hand_out, open_tasks

if TYPE_CHECKING:
    from screentime.ground import Ground

# So long after the last label nobody is at it.
QUIET = timedelta(minutes=10)
# So many times the frames may wait on the server as older pre-annotations. Clearing them away takes several
# times longer than writing them, so where rounds follow one another fast it would never catch up.
MOST_OLDER = 10


def show(loop: Ground) -> int:
    """Ask for the next frames and show the latest version's predictions on all unlabelled ones.

    Older versions' predictions stay, which nobody is shown, until `clear_away`.

    Parameters
    ----------
    loop : Ground

    Returns
    -------
    int
        How many frames have a pre-annotation now.

    Raises
    ------
    NotReady
        If there is no model yet, or frames are not in Label Studio.
    """
    from screentime.batches import scores
    from screentime.labelstudio.predictions import write_predictions
    from screentime.labelstudio.tasks import list_tasks

    version = loop.workspace.rounds()[-1].version
    probabilities, project = loop.probabilities(), loop.project()
    loop.require_tasks(loop.workspace.progress().tasks)
    on_show = open_tasks(loop, project)
    loop.choose(loop.probabilities(smoothed=False))
    decided = loop.schema.decide(probabilities)
    labelled = {label.uid for label in loop.workspace.labels()}
    progress = loop.workspace.progress()
    tasks, blind = progress.tasks, set(progress.blind)
    score = scores(loop.frames, progress, loop.schema.certainty(probabilities))
    items = [
        (tasks[frame.uid], None if frame.uid in blind else loop.schema.decode(row), score[frame.uid])
        for frame, row in zip(loop.frames, decided)
        if frame.uid not in labelled
    ]
    try:
        with loop.talk.progress("Writing pre-annotations") as step:
            write_predictions(
                loop.link.client, project, loop.schema, version, items, open=on_show, progress=step
            )
    except ServerError:
        # One task that somebody deleted makes Label Studio refuse them all.
        loop.require_tasks(list_tasks(loop.link.client, project))
        raise
    hand_out(loop, project)
    fill_tabs(loop, project)
    # Last: killed on the way here, the next command does the rest.
    loop.workspace.update_progress(shown=version)
    return len(items)


def on_show(loop: Ground) -> bool:
    """Whether the page shows the latest version's pre-annotations, on as many frames as have no label.

    Somebody may have deleted them, chosen another version in the project's settings, or deleted tasks.

    Parameters
    ----------
    loop : Ground

    Returns
    -------
    bool
    """
    from screentime.labelstudio.predictions import prediction_versions, shown_version

    client, project, version = loop.link.client, loop.known_project(), loop.workspace.progress().shown
    there = prediction_versions(client, project).get(version, 0)
    return there >= len(loop.open_frames()) and shown_version(client, project) == version


def clear_away(loop: Ground, before: tuple[int, int]) -> None:
    """Delete the predictions of older versions, which nobody is shown any more.

    Parameters
    ----------
    loop : Ground
    before : tuple of int
        See `Ground.answered`: where as many frames are answered as before, and none of late, nobody is
        labelling.
    """
    given = [datetime.fromisoformat(label.updated_at) for label in loop.workspace.labels()]
    quiet = not given or datetime.now(UTC) - max(given) > QUIET
    rest = cleared(loop, alone=quiet and loop.answered() == before)
    for first in rest:
        with loop.talk.progress("Deleting older pre-annotations") as step:
            for done, total in chain([first], rest):
                step(done, total)


def make_room(loop: Ground) -> bool:
    """Clear older predictions away until few enough are left for another round; people can label meanwhile.

    Parameters
    ----------
    loop : Ground

    Returns
    -------
    bool
        Whether there were too many.
    """
    from screentime.labelstudio.predictions import prediction_versions

    most = MOST_OLDER * len(loop.frames)
    shown = loop.workspace.progress().shown
    there = prediction_versions(loop.link.client, loop.known_project())
    too_many = sum(n for version, n in there.items() if version != shown) - most
    if too_many <= 0:
        return False
    with loop.talk.progress("Deleting older pre-annotations before the next round") as step:
        for done, _ in islice(cleared(loop), too_many):
            step(done, too_many)
    return True


def cleared(loop: Ground, *, alone: bool = False) -> Iterator[tuple[int, int]]:
    """`clear_away` step by step, so that something else can be done between two steps.

    Parameters
    ----------
    loop : Ground
    alone : bool, optional
        Whether nobody is labelling, so that the server may be busy with it for long.

    Returns
    -------
    iterator of (int, int)
        Predictions deleted so far, of how many; each step deletes some.
    """
    from screentime.labelstudio import predictions

    progress, rounds = loop.workspace.progress(), loop.workspace.rounds()
    if not progress.shown or not rounds or progress.shown != rounds[-1].version:
        return iter(())  # a round was killed on its way: the next one finishes it
    client, project = loop.link.client, loop.known_project()
    if predictions.shown_version(client, project) != progress.shown:
        return iter(())  # this folder does not know what the page shows, as after a backup was put back
    order = dict.fromkeys([*progress.batch, *progress.tasks])
    tasks = [progress.tasks[uid] for uid in order if uid in progress.tasks]
    return predictions.clear_away(client, project, progress.shown, tasks, alone=alone)
