"""Pre-annotations: one model version on the server at a time, complete before it is shown."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from screentime.errors import ModelError, ServerError
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import Progress
from screentime.schema import CONTROL, OBJECT, Schema

IMPORT_CHUNK = 500
IMPORT_SECONDS = 300.0
# Deleting 3000 takes the server up to a minute.
DELETE_SECONDS = 900.0
# The version under which `queue` keeps an order; it predicts nothing.
ORDER_VERSION = "screentime-order"

# Task, characters, certainty. Without characters (None, not an empty set, which says "neither") the frame
# is blind: its prediction keeps the frame's place in the order of certainty and shows a person nothing.
Prediction = tuple[int, Collection[str] | None, float]


def prediction_versions(client: Client, project: ProjectRef) -> dict[str, int]:
    """Model versions whose predictions are on the server, with how many each has.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    return {version: n for version, n in _counts(client, project).items() if version != ORDER_VERSION}


def write_predictions(
    client: Client, project: ProjectRef, schema: Schema, version: str, items: Sequence[Prediction],
    *, open: Collection[int] = (), progress: Progress | None = None,
) -> None:
    """Put one model version's predictions in the place of all others.

    They are imported, then shown, then the older ones are deleted; killed anywhere it may be repeated,
    and a version that is there just as wanted is not sent again. Annotations are not touched.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    schema : Schema
    version : str
        New for every round.
    items : sequence of (int, collection of str or None, float)
        Task, characters, and certainty in [0, 1]. None for a blind frame: the page chooses nothing on it
        beforehand, and still sorts it by its certainty.
    open : collection of int, optional
        Tasks that somebody may have before them. Their predictions are changed in place: the page cannot
        submit what began with a prediction that is gone.
    progress : callable of (int, int), optional
        Told how many predictions are there, of how many.

    Raises
    ------
    ModelError
        If a certainty or a set of characters cannot be one.
    ServerError
        If Label Studio keeps fewer than were sent, or cannot be spoken with.
    """
    body = [_prediction(schema, version, item) for item in items]
    if not body:
        # Every frame has its label: nothing is left to show.
        for old in _counts(client, project):
            delete_version(client, project, old)
        return
    present = _counts(client, project).get(version, 0)
    whole = present == len(body) and _same(client, project, version, body)
    if present and not whole:
        # What an interrupted import left, or what other frames were blind for.
        delete_version(client, project, version)
    if not whole:
        standing = _standing(client, project, {one["task"] for one in body} & set(open))
        anew = [one for one in body if one["task"] not in standing]
        if anew:
            import_predictions(client, project, anew, progress=progress)
            show_version(client, project, version)
        with speaking("changing pre-annotations that are on show"):
            for one in body:
                if one["task"] in standing:
                    client.request("PATCH", f"api/predictions/{standing[one['task']]}/", json=one)
    show_version(client, project, version)
    for other in _counts(client, project):
        if other != version:
            delete_version(client, project, other)


def import_predictions(
    client: Client, project: ProjectRef, body: Sequence[dict[str, Any]], *, progress: Progress | None = None
) -> None:
    """Import predictions of one version; all are kept, or none.

    Raises
    ------
    ServerError
        If Label Studio keeps fewer than were sent: it drops those that it takes for invalid without
        a word.
    """
    for start in range(0, len(body), IMPORT_CHUNK):
        chunk = list(body[start : start + IMPORT_CHUNK])
        with speaking("writing pre-annotations"):
            created = client.request(
                "POST", f"api/projects/{project.id}/import/predictions", json=chunk, seconds=IMPORT_SECONDS
            )["created"]
        if created != len(chunk):
            delete_version(client, project, chunk[0]["model_version"])
            raise ServerError(
                f"Label Studio kept {created} of {len(chunk)} pre-annotations.",
                "See that the project's labelling interface still has this workspace's characters.",
            )
        if progress:
            progress(start + len(chunk), len(body))


def show_version(client: Client, project: ProjectRef, version: str) -> None:
    """Let the page show one version's predictions; it must be on the server.

    Raises
    ------
    ServerError
        If Label Studio does not do so.
    """
    with speaking("showing the pre-annotations"):
        shown = client.request("PATCH", f"api/projects/{project.id}/", json={"model_version": version})
    if shown.get("model_version") != version:
        raise ServerError(
            "Label Studio does not show the new pre-annotations.",
            "If a model is connected to the project in Label Studio, disconnect it: it takes their place.",
        )


def shown_version(client: Client, project: ProjectRef) -> str | None:
    """The version that the page shows; empty or None when it shows none.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("reading the project"):
        return client.request("GET", f"api/projects/{project.id}/").get("model_version")


def delete_version(client: Client, project: ProjectRef, version: str) -> None:
    """Delete one version's predictions; if the page shows them, it shows none afterwards.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("deleting old pre-annotations"):
        client.request(
            "DELETE", f"api/projects/{project.id}/model-versions/", json={"model_version": version},
            seconds=DELETE_SECONDS,
        )


def _standing(client: Client, project: ProjectRef, tasks: Collection[int]) -> dict[int, int]:
    """Task to the prediction of the version on show, where there is one."""
    shown = shown_version(client, project)
    found: dict[int, int] = {}
    with speaking("reading the pre-annotations on show"):
        for task in tasks:
            for one in client.request("GET", "api/predictions/", params={"project": project.id, "task": task}):
                if one["model_version"] == shown:
                    found[task] = one["id"]
    return found


def _counts(client: Client, project: ProjectRef) -> dict[str, int]:
    with speaking("counting the pre-annotations"):
        counts = client.request("GET", f"api/projects/{project.id}/model-versions/")
    return {version: n for version, n in counts.items() if n}


def _same(client: Client, project: ProjectRef, version: str, body: Sequence[dict[str, Any]]) -> bool:
    """Whether the server's predictions of the version say what is to be sent, blind frames too."""
    with speaking("reading the pre-annotations"):
        present = client.request(
            "GET", "api/predictions/", params={"project": project.id}, seconds=IMPORT_SECONDS
        )
    kept = [one for one in present if one["model_version"] == version]
    return sorted(map(_said, kept)) == sorted(map(_said, body))


def _said(one: dict[str, Any]) -> tuple[int, float, list[list[str]]]:
    return one["task"], one["score"], [result["value"]["choices"] for result in one["result"]]


def _prediction(schema: Schema, version: str, item: Prediction) -> dict[str, Any]:
    task, characters, score = item
    remedy = "Train a model anew: `screentime train`."
    if not (math.isfinite(score) and 0 <= score <= 1):
        raise ModelError(f"The certainty {score} of task {task} is not between 0 and 1.", remedy)
    prediction = {"task": task, "model_version": version, "score": float(score), "result": []}
    if characters is None:
        return prediction
    chosen = schema.choose(characters)
    try:
        same = schema.parse_choices(chosen) == frozenset(characters)
    except ValueError:
        same = False
    if not same:
        raise ModelError(
            f"{', '.join(sorted(characters))} cannot be the prediction of task {task} in this project.",
            remedy,
        )
    result = {"from_name": CONTROL, "to_name": OBJECT, "type": "choices", "value": {"choices": chosen}}
    return {**prediction, "result": [result]}
