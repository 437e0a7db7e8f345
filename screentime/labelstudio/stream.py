"""What the page does while a person labels: the next frame, a label, a skip."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef
from screentime.schema import CONTROL, OBJECT, Schema

Task = dict[str, Any]


def next_task(client: Client, project: ProjectRef, tab: int) -> Task | None:
    """The frame that the page hands out next in a tab.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    tab : int
        See `queue.Queue`.

    Returns
    -------
    dict or None
        The task with its ``data`` and with the ``predictions`` that the page shows; None when all are
        done.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    from label_studio_sdk.core.api_error import ApiError

    with speaking("asking for the next frame"):
        view = client.request("GET", f"api/dm/views/{tab}/", form=forms.View)["data"]
        try:
            return client.request(
                "POST", "api/dm/actions",
                params={"id": "next_task", "tabID": tab, "project": project.id},
                json={
                    "project": str(project.id),
                    "ordering": view.get("ordering", []),
                    "filters": view.get("filters"),
                    "selectedItems": {"all": False, "included": []},
                },
                harmless=True, form=forms.Handed,
            )
        except ApiError as error:
            # Label Studio's way to say that nothing is left.
            if error.status_code == 404:
                return None
            raise


def submit(
    client: Client, task: Task, schema: Schema, characters: Collection[str], *,
    prediction: dict[str, Any] | None = None, lead_time: float | None = 1.0, origin: str = "manual",
) -> int:
    """Label a frame as the page does.

    Parameters
    ----------
    client : Client
    task : dict
        As `next_task` gave it.
    schema : Schema
    characters : collection of str
        Who is on screen.
    prediction : dict, optional
        The pre-annotation that the label began from, one of the task's ``predictions``; not needed for
        one that chooses nothing (a blind frame), which the page names all the same.
    lead_time : float or None, optional
        Seconds that it took; None where nobody knows.
    origin : str, optional
        How the label came about, where no prediction tells it; see `screentime.records.Label`.

    Returns
    -------
    int
        Number of the annotation.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    chosen = schema.choose(characters)
    region = secrets.token_urlsafe(8)
    if prediction is not None and prediction["result"]:
        before = prediction["result"][0]
        same = set(before["value"]["choices"]) == set(chosen)
        origin, region = "prediction" if same else "prediction-changed", before.get("id", region)
    result = {
        "id": region, "from_name": CONTROL, "to_name": OBJECT, "type": "choices", "origin": origin,
        "value": {"choices": chosen},
    }
    return _annotate(client, task, [result], prediction, lead_time, cancelled=False)


def skip(
    client: Client, task: Task, *, prediction: dict[str, Any] | None = None, lead_time: float = 1.0
) -> int:
    """Skip a frame as the page does: it keeps the pre-annotation in the result.

    Parameters
    ----------
    client : Client
    task : dict
        As `next_task` gave it.
    prediction : dict, optional
        The pre-annotation on show.
    lead_time : float, optional
        Seconds that it took.

    Returns
    -------
    int
        Number of the annotation.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    result = [{**r, "origin": "prediction"} for r in prediction["result"]] if prediction else []
    return _annotate(client, task, result, prediction, lead_time, cancelled=True)


def _annotate(
    client: Client, task: Task, result: list[dict], prediction: dict[str, Any] | None,
    lead_time: float | None, *, cancelled: bool,
) -> int:
    if prediction is None:
        prediction = next((p for p in task.get("predictions", []) if not p["result"]), None)
    body: dict[str, Any] = {
        "result": result,
        "lead_time": lead_time,
        "draft_id": 0,
        "parent_prediction": prediction["id"] if prediction else None,
        "parent_annotation": None,
    }
    if cancelled:
        body["was_cancelled"] = True
    with speaking("labelling a frame"):
        made = client.request("POST", f"api/tasks/{task['id']}/annotations/", json=body, form=forms.Numbered)
        return made["id"]
