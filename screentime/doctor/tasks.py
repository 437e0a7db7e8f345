"""The project's tasks: one a frame, and what to do about those that are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from screentime.doctor.finding import MEND, Check, Finding, counted, ok, warning
from screentime.doctor.place import Place
from screentime.errors import NotReady, UserMistake


@dataclass(frozen=True, slots=True)
class Double:
    """A frame that has several tasks.

    Attributes
    ----------
    uid : str
        The frame's.
    kept : list of dict
        Tasks that stay, of `screentime.doctor.place.TASK_FIELDS`: those that somebody labelled or skipped,
        then those that somebody began to label; where there are none, one task.
    drafted : list of dict
        Of `kept` those that would be spare if it were not for their draft.
    spare : list of dict
        The others: without them nothing is lost.
    """

    uid: str
    kept: list[dict[str, Any]]
    drafted: list[dict[str, Any]]
    spare: list[dict[str, Any]]


def look_tasks(place: Place) -> Finding:
    """Whether every frame has one task."""
    frames, project = place.frames, place.project
    there = {task["data"]["uid"] for task in place.tasks}
    missing = sum(frame.uid not in there for frame in frames)
    if missing:
        raise NotReady(f"{counted(missing, 'frame')} of {len(frames)} have no task in Label Studio.", "Run `screentime push`.")
    doubles = _doubles(place)
    if not doubles:
        return ok(f"each of {counted(len(frames), 'frame')} has one.")
    over = f"{counted(len(doubles), 'frame')} of {len(frames)} have more than one task"
    spare = sum(len(one.spare) for one in doubles)
    if spare:
        raise UserMistake(f"{over}: tasks were imported twice.", f"{MEND} deletes the {spare} that nobody labelled or began to label.")
    drafted = [task["id"] for one in doubles for task in one.drafted]
    if drafted:
        return warning(
            f"{over}; the draft of task {', '.join(map(str, drafted[:5]))} was not submitted.",
            f"Submit or discard it at {project.url}/data?task={drafted[0]} , then {MEND}.",
        )
    return warning(
        f"{over}, and all are labelled; each person's newest label counts.",
        "Leave them: with a task its label would be deleted.",
    )


def mend_tasks(place: Place) -> str:
    """Delete doubled tasks that nobody labelled, skipped or began to label; one of each frame stays."""
    from screentime.pages import mark_audits

    with place.workspace.locked("doctor --fix"):
        # People may have labelled since it was looked at.
        place = place.afresh()
        doubles, progress = _doubles(place), place.progress
        moved = {
            one.uid: one.kept[0]["id"] for one in doubles
            if progress.tasks.get(one.uid) in {task["id"] for task in one.spare}
        }
        if moved:
            # First, so that no frame is known by a task that is gone.
            place.workspace.update_progress(tasks=progress.tasks | moved)
            mark_audits(place.loop(), place.project)
        deleted = sum(_deleted(place, task["id"]) for one in doubles for task in one.spare)
    return f"deleted {counted(deleted, 'doubled task')} without a label." if deleted else ""


def _deleted(place: Place, task: int) -> bool:
    """Delete a task if nobody has said anything about it up to now; whether it was."""
    # Of drafts, the task itself tells only one's own.
    if place.ask(f"api/tasks/{task}/")["annotations"] or place.ask(f"api/tasks/{task}/drafts"):
        return False
    place.client.request("DELETE", f"api/tasks/{task}/")
    return True


def _doubles(place: Place) -> list[Double]:
    tasks: dict[str, list[dict[str, Any]]] = {}
    for task in place.tasks:
        tasks.setdefault(task["data"]["uid"], []).append(task)
    known = place.progress.tasks
    return [_sorted_out(uid, mine, known.get(uid)) for uid, mine in tasks.items() if len(mine) > 1]


def _sorted_out(uid: str, tasks: list[dict[str, Any]], known: int | None) -> Double:
    labelled = [one for one in tasks if one["total_annotations"] or one["cancelled_annotations"]]
    begun = [one for one in tasks if one not in labelled and one["draft_exists"]]
    kept = labelled + begun or [next((one for one in tasks if one["id"] == known), tasks[0])]
    return Double(uid, kept, begun if len(kept) > 1 else [], [one for one in tasks if one not in kept])


CHECKS = (Check("Tasks", look_tasks, mend_tasks),)
