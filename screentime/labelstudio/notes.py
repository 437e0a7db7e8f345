"""A line of text beside a frame's picture, where Label Studio shows nothing but a task's own data.

A grid or a list of the Data Manager shows neither what a pre-annotation nor what a label says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import Progress, condition, read_tasks, uid_pattern
from screentime.schema import CONTROL

# Beside the frame's own columns in a task's data; the grid and the lists show it, no label config does.
FIELD = "says"
# Where Label Studio itself notes what pre-annotations say.
PREDICTED = f"cache_predictions_{CONTROL}"
ACTION = "cache_labels"


def note_predictions(client: Client, project: ProjectRef, tasks: Iterable[int]) -> None:
    """Let the data of tasks hold what their pre-annotations say, in `PREDICTED`.

    Label Studio does it itself, for all of them at once: one request instead of one a task.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    tasks : iterable of int
        With pre-annotations of the version on show alone.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with, or knows no such action.
    """
    wanted = list(tasks)
    if not wanted:
        return
    with speaking("noting what the pre-annotations say"):
        client.request(
            "POST", "api/dm/actions", params={"id": ACTION, "project": project.id},
            json={
                "project": str(project.id), "selectedItems": {"all": False, "included": wanted},
                "source": "Predictions", "control_tag": CONTROL, "with_counters": "No",
            },
        )


def write_notes(
    client: Client, project: ProjectRef, notes: Mapping[str, str], *, progress: Progress | None = None
) -> int:
    """Let exactly these frames have a note; only tasks that differ are read whole and written.

    Annotations, predictions and tabs are not touched.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    notes : mapping of str to str
        Frame uid to its text. All other tasks lose theirs, so that none tells what was true a round ago.
    progress : callable of (int, int), optional
        Told how many tasks were written, of how many.

    Returns
    -------
    int
        How many tasks were changed; frames without a task are left out.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with; repeating it writes what is still missing.
    """
    filters = [condition(f"data.{FIELD}", "empty", "String", False)]
    if notes:
        filters.append(condition("data.uid", "regex", "String", uid_pattern(notes)))
    with speaking("writing notes beside the frames"):
        # Read to the end before the first change: what is written must not shift the pages.
        changed = []
        for task in list(read_tasks(client, project, filters=filters, either=True, include="id,data")):
            data = {name: value for name, value in task["data"].items() if name != FIELD}
            note = notes.get(data.get("uid", ""))
            if note:
                data[FIELD] = note
            if data != task["data"]:
                changed.append((task["id"], data))
        for number, (task, data) in enumerate(changed, start=1):
            client.request("PATCH", f"api/tasks/{task}/", json={"data": data})
            if progress:
                progress(number, len(changed))
    return len(changed)
