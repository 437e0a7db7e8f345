"""Which frames the page hands out, and in which order: one tab of the Data Manager."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.predictions import (
    ORDER_VERSION,
    delete_version,
    import_predictions,
    show_version,
    shown_version,
)
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import condition, read_tasks

ALL_FRAMES = "All frames"
BY_NUMBER, BY_SCORE = "tasks:id", "tasks:predictions_score"


@dataclass(frozen=True, slots=True)
class Queue:
    """A tab whose labelling stream hands out chosen frames.

    Attributes
    ----------
    tab : int
        Label Studio's number of the tab.
    url : str
        Page that hands out its frames, one after the other.
    in_order : bool
        Whether Label Studio lists the frames in the order that was wanted.
    """

    tab: int
    url: str
    in_order: bool


def queue_frames(
    client: Client, project: ProjectRef, frames: Mapping[str, int], *, title: str = "Label first"
) -> Queue:
    """Let the project's first tab show exactly these frames, as far as nobody labelled or skipped them.

    Label Studio sorts a tab by one column. Frames wanted in the order of their tasks are sorted by
    that; others by the score of the pre-annotations on show, so they should come least certain first;
    and while the page shows none, by a rank written for the purpose, which serves any order.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    frames : mapping of str to int
        Frame uid to task, in the order wanted.
    title : str, optional
        Name of the tab; a tab of this name is changed, never doubled.

    Returns
    -------
    Queue

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    wanted = list(frames.values())
    ordering = BY_NUMBER if wanted == sorted(wanted) else BY_SCORE
    if ordering == BY_SCORE:
        shown = shown_version(client, project)
        if shown in (None, "", ORDER_VERSION):
            _rank(client, project, wanted, shown)
    tab = _tab(client, project, title, ordering, list(frames))
    with speaking("reading the tab"):
        listed = [task["id"] for task in read_tasks(client, project, view=tab, include="id")]
    return Queue(
        tab, f"{project.url}/data?tab={tab}&labeling=1", listed == [t for t in wanted if t in set(listed)]
    )


def _rank(client: Client, project: ProjectRef, wanted: Sequence[int], shown: str | None) -> None:
    """Write an empty prediction a frame with its rank as score, which the page never shows.

    Label Studio sorts by the score of the version on show; only where that is None, which deleting the
    version on show leaves, does it sort by all there are, and then it shows none of them.
    """
    ranks = [
        {"task": task, "model_version": ORDER_VERSION, "score": place / len(wanted), "result": []}
        for place, task in enumerate(wanted)
    ]
    delete_version(client, project, ORDER_VERSION)
    if shown is not None:
        import_predictions(client, project, ranks[:1])
        show_version(client, project, ORDER_VERSION)
        delete_version(client, project, ORDER_VERSION)
    import_predictions(client, project, ranks)


def _tab(client: Client, project: ProjectRef, title: str, ordering: str, uids: Sequence[str]) -> int:
    """Make or change the tab and put it first.

    The frames are picked by a pattern of their uids: with a list of task numbers, which the server
    understands, the page itself does not open.
    """
    data = {
        "title": title, "type": "list", "target": "tasks", "ordering": [ordering],
        "filters": {
            "conjunction": "and",
            "items": [
                condition("data.uid", "regex", "String", f"^({'|'.join(map(_literal, uids))})$"),
                condition("completed_at", "empty", "Datetime", True),
            ],
        },
    }
    with speaking("choosing what to label next"):
        present = client.request("GET", "api/dm/views/", params={"project": project.id})
        same = [view for view in present if view["data"].get("title") == title]
        if same:
            tab = same[0]["id"]
            # What a person set (columns, widths) stays.
            data = {**same[0]["data"], **data}
            client.request("PATCH", f"api/dm/views/{tab}/", json={"project": project.id, "data": data})
        else:
            tab = _new_tab(client, project, data)
        if not present:
            # Otherwise the frames that are not asked for could not be seen at all.
            _new_tab(client, project, {"title": ALL_FRAMES, "type": "list", "target": "tasks"})
        for double in same[1:]:
            client.request("DELETE", f"api/dm/views/{double['id']}/")
        others = [view["id"] for view in present if view not in same]
        client.request(
            "POST", "api/dm/views/order/", json={"project": project.id, "ids": [tab, *others]}
        )
    return tab


def _new_tab(client: Client, project: ProjectRef, data: dict[str, Any]) -> int:
    return client.request("POST", "api/dm/views/", json={"project": project.id, "data": data})["id"]


def _literal(uid: str) -> str:
    return re.sub(r"([^0-9A-Za-z_-])", r"\\\1", uid)
