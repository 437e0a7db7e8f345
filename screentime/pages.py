"""What Label Studio's page shows of a loop: its tasks, the batch, the marks, the labels worth a second look."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from screentime.batches import AT_ONCE, deal, to_confirm
from screentime.errors import ServerError
from screentime.records import Frame, Label
from screentime.summary import suspects

if TYPE_CHECKING:
    from screentime.ground import Ground
    from screentime.labelstudio.project import ProjectRef
    from screentime.labelstudio.tasks import Pushed


def push_tasks(loop: Ground, project: ProjectRef, frames: Sequence[Frame], first: Sequence[str]) -> Pushed:
    """Make the tasks of frames that have none.

    Parameters
    ----------
    loop : Ground
    project : ProjectRef
    frames : sequence of Frame
        Of whole films, so that each task can show the second before and the second after.
    first : sequence of str
        Uids of the frames that are wanted first; where it is not all frames of the project's own
        films, of no others.

    Returns
    -------
    Pushed
    """
    from screentime.labelstudio.link import task_data
    from screentime.labelstudio.storing import clear_storages, image_addresses
    from screentime.labelstudio.tasks import push_frames

    link, own = loop.link, {frame.uid for frame in loop.frames}
    shown = frames if own >= {frame.uid for frame in frames} else _with_neighbours(frames, first)
    with loop.talk.progress("Uploading pictures") as step:
        address = image_addresses(link, project, shown, loop.workspace.frames_folder, loop.config, step)
    tasks = {task["uid"]: task for task in task_data(shown, address)}
    # Wanted first, made first: so the page's plainest order is already the right one.
    order = list(dict.fromkeys([*first, *(uid for uid in tasks if uid in own)]))
    with loop.talk.progress("Pushing frames") as step:
        pushed = push_frames(link.client, project, [tasks[uid] for uid in order], progress=step)
    if pushed.moved:
        loop.talk.say(f"{pushed.moved} frames are shown from other addresses than before.")
    for one in clear_storages(link, project, loop.config, {frame.uid for frame in loop.workspace.all_frames()}):
        loop.talk.say(f"Label Studio does not read {one.where} for this project any more.")
    before = loop.workspace.progress()
    known, fresh = before.tasks, {}
    if before.project != project.id:
        # Numbers of another project's tasks and tabs mean nothing in this one, and it shows no pre-annotations.
        known = {}
        fresh = {
            "tab": None, "url": "", "others": (), "look_again": "", "confirm_sure": "", "confirm_unsure": "",
            "others_unsure": (), "shown": "",
        }
    loop.workspace.update_progress(project=project.id, tasks=known | pushed.ids, **fresh)
    return pushed


def hand_out(loop: Ground, project: ProjectRef) -> None:
    """Let the page hand out the batch."""
    from screentime.labelstudio.queue import queue_frames

    progress = loop.workspace.progress()
    frames = {uid: progress.tasks[uid] for uid in progress.batch if uid in progress.tasks}
    if frames:
        people = loop.config.labelstudio.people
        # With more or fewer people than before, each page gets other frames anyway.
        before = progress.dealt if len(progress.others) + 1 == people else {}
        dealt = deal(list(frames), people, before)
        # A frame that is not asked for just now may still be open on the page that it was on.
        still = loop.open_frames() - dealt.keys()
        away = {uid: person for uid, person in before.items() if uid in still}
        loop.workspace.update_progress(dealt=dealt | away)
        queue = queue_frames(loop.link.client, project, frames, people=people, dealt=dealt)
        loop.workspace.update_progress(url=queue.url, tab=queue.tab, others=queue.others)
    elif not progress.url:
        # Every frame has its label, and where the loop stood was lost.
        loop.workspace.update_progress(url=f"{project.url}/data")
    mark_audits(loop, project)


def open_tasks(loop: Ground, project: ProjectRef) -> set[int]:
    """Tasks that somebody may have on the page just now: the next ones of the tabs that are worked through."""
    from screentime.labelstudio.queue import next_up

    progress = loop.workspace.progress()
    pages = " ".join((*progress.others, progress.confirm_unsure, *progress.others_unsure))
    tabs = [progress.tab] if progress.tab else []
    return next_up(loop.link.client, project, [*tabs, *map(int, re.findall(r"tab=(\d+)", pages))])


def mark_audits(loop: Ground, project: ProjectRef) -> None:
    """Let the tasks say which of them are audit frames, and how they were drawn."""
    from screentime.labelstudio.marks import write_marks

    progress = loop.workspace.progress()
    marks = {task: progress.audits.get(uid) for uid, task in progress.tasks.items()}
    write_marks(loop.link.client, project, marks)


def restore(loop: Ground, project: ProjectRef, pull: Callable[[], list[Label]]) -> None:
    """Where ``loop.json`` was lost, find in Label Studio which frames are audit frames."""
    from screentime.labelstudio.marks import read_marks

    marks = read_marks(loop.link.client, project)
    if marks:
        loop.workspace.update_progress(project=project.id, audits=marks)
        labels = pull()
        loop.talk.say(f"Found in Label Studio: {len(labels)} labels, and which frames are audit frames.")


def fill_tabs(loop: Ground, project: ProjectRef) -> None:
    """Fill the tabs beside the batch: pre-annotations to confirm, and labels that are worth a second look.

    Parameters
    ----------
    loop : Ground
        Whose latest version's pre-annotations the page shows.
    project : ProjectRef
    """
    from screentime.labelstudio.notes import note_predictions, write_notes
    from screentime.labelstudio.queue import share
    from screentime.labelstudio.tabs import (
        CONFIRM_UNSURE,
        confirm_sure,
        confirm_unsure,
        delete_shares,
        list_frames,
    )
    from screentime.model.tables import read_predictions

    workspace, schema = loop.workspace, loop.schema
    client, progress = loop.link.client, workspace.progress()
    version = workspace.rounds()[-1].version
    rows = read_predictions(workspace.models_folder / version, loop.frames, schema)
    labelled = {label.uid for label in workspace.labels()}
    sure, unsure = to_confirm(loop.frames, progress, labelled, schema.certainty(rows))
    says = {
        frame.uid: ", ".join(sorted(schema.choose(schema.decode(row))))
        for frame, row in zip(loop.frames, schema.decide(rows))
    }
    # The others follow once these were looked at.
    found = [one for one in suspects(workspace) if one[0].uid in progress.tasks][:AT_ONCE]
    notes = {
        progress.tasks[label.uid]: f"labelled {', '.join(schema.choose(label.characters))}; the model: {', '.join(model)}"
        for label, model, _ in found
    }
    with loop.talk.progress("Writing what the model says beside the pictures") as step:
        write_notes(client, project, notes, progress=step)
        try:
            note_predictions(client, project, {progress.tasks[uid]: says[uid] for uid in sure})
        except ServerError as error:
            # Nobody should confirm what they cannot read.
            loop.talk.say(f"There is no tab in which to confirm many at once. {error.what}")
            sure = []
    people, doubts = loop.config.labelstudio.people, {uid: progress.tasks[uid] for uid in unsure}
    one_by_one = [
        confirm_unsure(client, project, share(doubts, person, people), person) or "" for person in range(people)
    ]
    delete_shares(client, project, CONFIRM_UNSURE, people)
    pages = {
        "confirm_sure": confirm_sure(client, project, sure),
        "confirm_unsure": one_by_one[0],
        "look_again": list_frames(client, project, [label.uid for label, _, _ in found]),
    }
    put_up = {label.uid: label.updated_at for label, _, _ in found}
    workspace.update_progress(
        doubted=put_up | progress.doubted, others_unsure=tuple(one_by_one[1:]),
        **{name: page or "" for name, page in pages.items()},
    )


def _with_neighbours(frames: Sequence[Frame], wanted: Sequence[str]) -> list[Frame]:
    """Wanted frames and the ones beside them, whose pictures their tasks show too."""
    places = [i for i, frame in enumerate(frames) if frame.uid in set(wanted)]
    near = {place + step for place in places for step in (-1, 0, 1)}
    return [frames[i] for i in sorted(near) if 0 <= i < len(frames)]
