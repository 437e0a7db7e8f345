"""Audit marks: written into the tasks themselves, so that a lost workspace can be restored from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import condition, read_chosen, read_tasks, uid_of

# Beside the frame's own columns in a task's data; no label config shows it.
FIELD = "audit"
MARKED = condition(f"data.{FIELD}", "empty", "String", False)


def write_marks(client: Client, project: ProjectRef, marks: Mapping[int, dict[str, Any] | None]) -> int:
    """Let tasks say which frames were drawn at random, and how; only those that differ are written.

    Label Studio replaces a task's data as a whole, so the rest is read and sent with it. Annotations,
    predictions and tabs are not touched.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    marks : mapping of int to (dict or None)
        Task to its mark: ``block``, the first and the last second of the time block; ``seed``, of the
        generator that drew the frame; ``probability``, with which it was drawn. None takes a mark away.

    Returns
    -------
    int
        How many tasks were changed; tasks that are gone are left out.

    Raises
    ------
    ValueError
        If a mark is none; nothing is written then.
    ServerError
        If Label Studio cannot be spoken with; repeating it writes what is still missing.
    """
    wanted = {task: None if mark is None else _well_formed(mark) for task, mark in marks.items()}
    if any(wanted[task] is None and marks[task] is not None for task in wanted):
        raise ValueError("a mark needs a block of two seconds in their order, a seed and a probability")
    if not wanted:
        return 0
    changed = 0
    with speaking("marking the audit frames"):
        # Read to the end before the first change: what is written must not shift the pages.
        marked = list(read_tasks(client, project, filters=[MARKED], include="id,data"))
        unmarked = {task for task, mark in wanted.items() if mark is not None} - {task["id"] for task in marked}
        for task in [*marked, *list(read_chosen(client, project, unmarked, include="id,data"))]:
            if task["id"] not in wanted:
                continue
            data = {name: value for name, value in task["data"].items() if name != FIELD}
            mark = wanted[task["id"]]
            if mark is not None:
                data[FIELD] = mark
            if data != task["data"]:
                client.request("PATCH", f"api/tasks/{task['id']}/", json={"data": data})
                changed += 1
    return changed


def read_marks(client: Client, project: ProjectRef) -> dict[str, dict[str, Any]]:
    """The marks that the project's tasks carry.

    Parameters
    ----------
    client : Client
    project : ProjectRef

    Returns
    -------
    dict of str to dict
        Frame uid to its mark, see `write_marks`. What is no mark is left out; of a doubled task the
        oldest counts.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("reading the audit frames"):
        tasks = sorted(read_tasks(client, project, include="id,data"), key=lambda task: task["id"])
    oldest: dict[str, Any] = {}
    for task in tasks:
        uid = uid_of(task)
        if uid:
            oldest.setdefault(uid, _well_formed(task["data"].get(FIELD)))
    return {uid: mark for uid, mark in oldest.items() if mark is not None}


def _well_formed(mark: Any) -> dict[str, Any] | None:
    """The mark as it stands in a task; None if anything in it cannot be."""
    if not isinstance(mark, Mapping):
        return None
    block, seed, probability = (mark.get(name) for name in ("block", "seed", "probability"))
    if not (isinstance(block, list | tuple) and len(block) == 2 and all(map(_is_number, block))):
        return None
    if not (0 <= block[0] <= block[1] and isinstance(seed, int) and not isinstance(seed, bool)):
        return None
    if not (_is_number(probability) and 0 < probability <= 1):
        return None
    return {"block": [float(block[0]), float(block[1])], "seed": seed, "probability": float(probability)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
