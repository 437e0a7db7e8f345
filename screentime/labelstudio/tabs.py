"""Tabs of the Data Manager that show chosen frames: made, changed in place, never doubled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import condition

ALL_FRAMES = "All frames"
BY_NUMBER, BY_SCORE = "tasks:id", "tasks:predictions_score"


def list_frames(
    client: Client, project: ProjectRef, frames: Mapping[str, int], *, title: str = "Look again"
) -> str | None:
    """Let the project's last tab show exactly these frames, labelled or not, in the order of their tasks.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    frames : mapping of str to int
        Frame uid to task; the tab is deleted when there are none.
    title : str, optional
        Name of the tab; a tab of this name is changed, never doubled.

    Returns
    -------
    str or None
        Page that lists the frames, each one to be opened with its label; None when there is no tab.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    if not frames:
        delete_tab(client, project, title)
        return None
    tab = show_tab(client, project, title, frames, ordering=BY_NUMBER, answered=True, first=False)
    return f"{project.url}/data?tab={tab}"


def show_tab(
    client: Client, project: ProjectRef, title: str, uids: Iterable[str], *, ordering: str,
    answered: bool, first: bool,
) -> int:
    """Make or change the tab of a title and put it at one end of the row.

    The frames are picked by a pattern of their uids: with a list of task numbers, which the server
    understands, the page itself does not open.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    title : str
        A tab of this name is changed, never doubled.
    uids : iterable of str
        The frames.
    ordering : str
        `BY_NUMBER` or `BY_SCORE`.
    answered : bool
        Whether frames stay in it that somebody labelled or skipped.
    first : bool
        At which end it stands; the others keep their order.

    Returns
    -------
    int
        Label Studio's number of the tab.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    items = [condition("data.uid", "regex", "String", f"^({'|'.join(map(_literal, uids))})$")]
    if not answered:
        items.append(condition("completed_at", "empty", "Datetime", True))
    data = {
        "title": title, "type": "list", "target": "tasks", "ordering": [ordering],
        "filters": {"conjunction": "and", "items": items},
    }
    with speaking("choosing which frames a tab shows"):
        present, same = _tabs(client, project, title)
        if same:
            tab = same[0]["id"]
            # What a person set (columns, widths) stays.
            data = {**same[0]["data"], **data}
            client.request("PATCH", f"api/dm/views/{tab}/", json={"project": project.id, "data": data})
        else:
            tab = _new(client, project, data)
        others = [view["id"] for view in present if view not in same]
        if not present:
            # Otherwise the frames that are not asked for could not be seen at all.
            others = [_new(client, project, {"title": ALL_FRAMES, "type": "list", "target": "tasks"})]
        _delete(client, same[1:])
        order = [tab, *others] if first else [*others, tab]
        client.request("POST", "api/dm/views/order/", json={"project": project.id, "ids": order})
    return tab


def delete_tab(client: Client, project: ProjectRef, title: str) -> None:
    """Delete the tab of a title, if there is one; its frames and their labels stay.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("deleting a tab"):
        _delete(client, _tabs(client, project, title)[1])


def _tabs(client: Client, project: ProjectRef, title: str) -> tuple[list[dict], list[dict]]:
    """All tabs in their order, and those of the title."""
    present = client.request("GET", "api/dm/views/", params={"project": project.id})
    return present, [view for view in present if view["data"].get("title") == title]


def _new(client: Client, project: ProjectRef, data: dict[str, Any]) -> int:
    return client.request("POST", "api/dm/views/", json={"project": project.id, "data": data})["id"]


def _delete(client: Client, views: Sequence[dict]) -> None:
    for view in views:
        client.request("DELETE", f"api/dm/views/{view['id']}/")


def _literal(uid: str) -> str:
    return re.sub(r"([^0-9A-Za-z_-])", r"\\\1", uid)
