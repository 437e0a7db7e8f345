"""A line of text beside a frame's picture, where Label Studio shows nothing but a task's own data.

A grid or a list of the Data Manager shows neither what a pre-annotation nor what a label says.
"""

from __future__ import annotations

from collections.abc import Mapping

from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import Progress, condition, read_chosen, read_tasks
from screentime.schema import CONTROL

# Beside the frame's own columns in a task's data; the grid and the lists show it, no label config does.
FIELD = "says"
NOTED = condition(f"data.{FIELD}", "empty", "String", False)
# Where Label Studio's own action would note what pre-annotations say; beside the one on show it counts all others.
PREDICTED = f"cache_predictions_{CONTROL}"
ACTION = "add_data_field"


def note_predictions(client: Client, project: ProjectRef, says: Mapping[int, str]) -> None:
    """Let the data of tasks hold what their pre-annotations say, in `PREDICTED`.

    Label Studio writes one text into many tasks at once: one request a text instead of one a task.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    says : mapping of int to str
        Task to its text.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with, or knows no such action.
    """
    alike: dict[str, list[int]] = {}
    for task, text in says.items():
        alike.setdefault(text, []).append(task)
    with speaking("noting what the pre-annotations say"):
        for text, tasks in alike.items():
            client.request(
                "POST", "api/dm/actions", params={"id": ACTION, "project": project.id},
                json={
                    "project": str(project.id), "selectedItems": {"all": False, "included": tasks},
                    "value_name": PREDICTED, "value_type": "String", "value": text,
                },
                harmless=True,
            )


def write_notes(
    client: Client, project: ProjectRef, notes: Mapping[int, str], *, progress: Progress | None = None
) -> int:
    """Let exactly these tasks have a note; only those that differ are written.

    Annotations, predictions and tabs are not touched.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    notes : mapping of int to str
        Task to its text. All other tasks lose theirs, so that none tells what was true a round ago.
    progress : callable of (int, int), optional
        Told how many tasks were written, of how many.

    Returns
    -------
    int
        How many tasks were changed; tasks that are gone are left out.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with; repeating it writes what is still missing.
    """
    with speaking("writing notes beside the frames"):
        # Read to the end before the first change: what is written must not shift the pages.
        noted = list(read_tasks(client, project, filters=[NOTED], include="id,data"))
        # By their numbers, some at a time: a filter that names all of them makes an address too long for servers.
        fresh = list(read_chosen(client, project, notes.keys() - {task["id"] for task in noted}, include="id,data"))
        changed = []
        for task in [*noted, *fresh]:
            data = {name: value for name, value in task["data"].items() if name != FIELD}
            note = notes.get(task["id"])
            if note:
                data[FIELD] = note
            if data != task["data"]:
                changed.append((task["id"], data))
        for number, (task, data) in enumerate(changed, start=1):
            client.request("PATCH", f"api/tasks/{task}/", json={"data": data})
            if progress:
                progress(number, len(changed))
    return len(changed)
