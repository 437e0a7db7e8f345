"""Pre-annotations: one model version is shown, complete, and older ones are cleared away afterwards."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from screentime.errors import ModelError, ServerError
from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.confirming import chosen_in
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import Progress, read_chosen
from screentime.schema import CONTROL, OBJECT, Schema

# A request has a price of its own, which grows with the project.
IMPORT_CHUNK = 20_000
IMPORT_SECONDS = 300.0
DELETE_SECONDS = 900.0
# While Label Studio deletes predictions together nobody's label is written, and after five seconds of that
# people are told of an error; one by one takes it several times longer and lets labels pass in between.
TOGETHER = 300
LOOKED_AT = 200
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
    """Let the page show one model version's predictions; those of others stay until `clear_away`.

    They are imported, then shown; killed anywhere it may be repeated, and what is there just as wanted is
    not sent again. Annotations are not touched.

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
    body = [prediction(schema, version, item) for item in items]
    if not body:
        # Every frame has its label: nothing is left to show.
        return
    right, wrong = _present(client, project, version, body)
    in_place = _standing(client, project, version, {one["task"] for one in body} & set(open)) | wrong
    anew = [one for one in body if one["task"] not in right and one["task"] not in in_place]
    if anew:
        import_predictions(client, project, anew, progress=progress)
        show_version(client, project, version)
    with speaking("changing pre-annotations that are on show"):
        for one in body:
            if one["task"] in in_place and one["task"] not in right:
                client.request("PATCH", f"api/predictions/{in_place[one['task']]}/", json=one)
    if not anew:
        show_version(client, project, version)


def clear_away(
    client: Client, project: ProjectRef, version: str, tasks: Iterable[int], *, alone: bool = False
) -> Iterator[tuple[int, int]]:
    """Delete the predictions of all versions but one, step by step, so that people can label meanwhile.

    Left off anywhere, another one goes on. Versions that are made later stay: which ones go is settled by the call,
    not by the first step.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    version : str
        The one that stays.
    tasks : iterable of int
        All tasks, in the order in which they are cleared: those first that people are likely to open,
        since one that is opened from a list shows every version.
    alone : bool, optional
        Whether nobody is labelling: then a version is deleted in one step, several times sooner.

    Returns
    -------
    iterator of (int, int)
        How many are deleted, of how many; each step deletes some.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with, now or at a step.
    """
    others = {other: n for other, n in _counts(client, project).items() if other != version}
    return _deleting(client, project, others, () if alone else tasks)


def _deleting(
    client: Client, project: ProjectRef, others: Mapping[str, int], tasks: Iterable[int]
) -> Iterator[tuple[int, int]]:
    done, total = 0, sum(others.values())
    rest = iter(tasks)
    while total - done > TOGETHER and (some := list(islice(rest, LOOKED_AT))):
        with speaking("reading old pre-annotations"):
            found = _versions(client, project, some)
        old = [one["id"] for task in some for one in found.get(task, ()) if one["model_version"] in others]
        for one in old[: total - done - TOGETHER]:
            with speaking("deleting old pre-annotations"):
                _delete_one(client, one)
            done += 1
            yield done, total
    for other in others:
        delete_version(client, project, other)
    if others:
        yield total, total


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
                "POST", f"api/projects/{project.id}/import/predictions", json=chunk,
                seconds=IMPORT_SECONDS, form=forms.Kept,
            )["created"]
        if created != len(chunk):
            delete_version(client, project, chunk[0]["model_version"])
            raise ServerError(
                f"Label Studio kept {created} of {len(chunk)} pre-annotations.",
                "See that the project's labelling interface still has this workspace's characters.",
            )
        if progress:
            progress(start + len(chunk), len(body))


def prediction(schema: Schema, version: str, item: Prediction) -> dict[str, Any]:
    """A prediction in the form in which Label Studio takes it.

    Raises
    ------
    ModelError
        If the certainty or the set of characters cannot be one.
    """
    task, characters, score = item
    remedy = "Train a model anew: `screentime train`."
    if not (math.isfinite(score) and 0 <= score <= 1):
        raise ModelError(f"The certainty {score} of task {task} is not between 0 and 1.", remedy)
    said: dict[str, Any] = {"task": task, "model_version": version, "score": float(score), "result": []}
    if characters is None:
        return said
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
    return {**said, "result": [result]}


def show_version(client: Client, project: ProjectRef, version: str) -> None:
    """Let the page show one version's predictions; it must be on the server.

    Raises
    ------
    ServerError
        If Label Studio does not do so.
    """
    with speaking("showing the pre-annotations"):
        shown = client.request(
            "PATCH", f"api/projects/{project.id}/", json={"model_version": version}, form=forms.Shown
        )
    if shown.get("model_version") != version:
        raise ServerError(
            "Label Studio does not show the new pre-annotations.",
            "Somebody else may have chosen a model in the project's settings just now: run the same command again.",
        )


def shown_version(client: Client, project: ProjectRef) -> str | None:
    """The version that the page shows; empty or None when it shows none.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("reading the project"):
        found = client.request(
            "GET", f"api/projects/{project.id}/", params={"include": "model_version"}, form=forms.Shown
        )
    return found.get("model_version")


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


def _standing(client: Client, project: ProjectRef, version: str, tasks: Collection[int]) -> dict[int, int]:
    """Task to the prediction that people have before them, where there is one.

    That is one of the version on show; where that is the new one already, which a killed round left, what was
    opened before is the newest older one.
    """
    if not tasks:
        return {}
    shown = shown_version(client, project)
    with speaking("reading the pre-annotations on show"):
        found = _versions(client, project, tasks)
    known = {
        task: [one["id"] for one in there if one["model_version"] == shown]
        or [one["id"] for one in there if shown == version and one["model_version"] != ORDER_VERSION]
        for task, there in found.items()
    }
    return {task: max(ids) for task, ids in known.items() if ids}


def _versions(client: Client, project: ProjectRef, tasks: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """Task to its predictions, of each the number and the version."""
    found = read_chosen(client, project, tasks, fields="all", include="id,predictions,model_version", form=forms.Predicted)
    return {task["id"]: task["predictions"] for task in found}


def _counts(client: Client, project: ProjectRef) -> dict[str, int]:
    with speaking("counting the pre-annotations"):
        counts = client.request("GET", f"api/projects/{project.id}/model-versions/", form=forms.Counts)
    return {version: n for version, n in counts.items() if n}


def _present(
    client: Client, project: ProjectRef, version: str, body: Sequence[dict[str, Any]]
) -> tuple[set[int], dict[int, int]]:
    """What the version has on the server: tasks where it is as wanted, and the prediction of those where not."""
    right: set[int] = set()
    wrong: dict[int, int] = {}
    if not _counts(client, project).get(version):
        return right, wrong
    wanted = {one["task"]: _said(one) for one in body}
    for one in _listed(client, project):
        if one["model_version"] != version or one["task"] not in wanted:
            continue
        if one["task"] in right or one["task"] in wrong:
            with speaking("deleting a doubled pre-annotation"):
                _delete_one(client, one["id"])
        elif _said(one) == wanted[one["task"]]:
            right.add(one["task"])
        else:
            wrong[one["task"]] = one["id"]
    return right, wrong


def _listed(client: Client, project: ProjectRef) -> list[dict[str, Any]]:
    with speaking("reading the pre-annotations"):
        return client.request(
            "GET", "api/predictions/", params={"project": project.id}, seconds=IMPORT_SECONDS,
            form=list[forms.FullPrediction],
        )


def _delete_one(client: Client, prediction: int) -> None:
    from label_studio_sdk.core.api_error import ApiError

    try:
        client.request("DELETE", f"api/predictions/{prediction}/")
    except ApiError as error:
        if error.status_code != 404:
            raise


def _said(one: dict[str, Any]) -> tuple[float | None, list[str]]:
    return one["score"], chosen_in(one["result"])
