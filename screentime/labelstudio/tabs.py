"""Tabs of the Data Manager that show chosen frames: made, changed in place, never doubled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screentime.labelstudio import forms, notes
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import condition, uid_pattern

LABEL_FIRST, CONFIRM_SURE, CONFIRM_UNSURE, LOOK_AGAIN = "Label first", "Confirm: sure", "Confirm: unsure", "Look again"
# From the left; tabs of people, and of other titles, stand after them.
ORDER = (LABEL_FIRST, CONFIRM_SURE, CONFIRM_UNSURE, LOOK_AGAIN)
# The tab of the second person, and so on, where several label at once.
_OF_ANOTHER = re.compile(r" \d+\Z")
ALL_FRAMES = "All frames"
BY_NUMBER, BY_SCORE, MOST_SURE_FIRST = "tasks:id", "tasks:predictions_score", "-tasks:predictions_score"

PICTURE, FILM, TIME = "data.image", "data.film", "data.timecode"
SAYS, PREDICTED = f"data.{notes.FIELD}", f"data.{notes.PREDICTED}"
# What Label Studio shows unless it is told to hide it: a picture is lost among so many.
COLUMNS = (
    "id", "inner_id", "completed_at", "total_annotations", "cancelled_annotations", "total_predictions",
    "annotators", "annotations_results", "annotations_ids", "predictions_score", "predictions_model_versions",
    "predictions_results", "file_upload", "storage_filename", "created_at", "updated_at", "updated_by",
    "avg_lead_time", "draft_exists", "data.previous", PICTURE, "data.next", "data.uid", FILM, "data.second",
    TIME, "data.audit", SAYS, PREDICTED,
)
# With fewer the Data Manager makes a card's picture box higher, not the picture: with seven beside one
# another the box is just as high as a picture in it, so that most frames are in sight at once.
GRID_COLUMNS = 7
# Pixels in which a note of two or three names stands in one line.
NOTE_WIDTH = 320


@dataclass(frozen=True, slots=True)
class Look:
    """How a tab shows its frames.

    Attributes
    ----------
    type : {"list", "grid"}
        A grid shows of each frame only what its task's data holds.
    columns : tuple of str
        What is to be seen, of `COLUMNS`, while a person has not chosen otherwise.
    """

    type: str
    columns: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """The settings of a new tab."""
        hidden = [f"tasks:{column}" for column in COLUMNS if column not in self.columns]
        return {
            "type": self.type, "gridWidth": GRID_COLUMNS, "hiddenColumns": {"explore": hidden, "labeling": hidden},
            "columnsWidth": {f"tasks:{SAYS}": NOTE_WIDTH},
        }


LIST = Look("list", ("id", PICTURE, FILM, TIME))
CARDS = Look("grid", (PICTURE, PREDICTED))
DOUBTS = Look("list", ("id", PICTURE, FILM, TIME, "predictions_score"))
NOTES = Look("list", ("id", PICTURE, SAYS, FILM, TIME))
EVERYTHING = Look("list", ("id", PICTURE, FILM, TIME, "completed_at", "total_annotations", "cancelled_annotations"))


def list_frames(
    client: Client, project: ProjectRef, frames: Iterable[str], *, title: str = LOOK_AGAIN
) -> str | None:
    """Let a tab list exactly these frames, labelled or not, in the order of their tasks.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    frames : iterable of str
        Uids; the tab is deleted when there are none.
    title : str, optional
        Name of the tab; a tab of this name is changed, never doubled.

    Returns
    -------
    str or None
        Page that lists the frames with what is noted of each (see `notes.write_notes`), each one to be
        opened with its label; None when there is no tab.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    return _shown_if_any(client, project, title, frames, NOTES, BY_NUMBER, answered=True)


def confirm_sure(client: Client, project: ProjectRef, frames: Iterable[str]) -> str | None:
    """Let a tab show these frames as a grid of pictures with what their pre-annotations say, the most certain first.

    What they say must have been noted, see `notes.note_predictions`. Frames leave it when they are answered. Parameters, what is returned and raised as of `list_frames`.
    """
    return _shown_if_any(client, project, CONFIRM_SURE, frames, CARDS, MOST_SURE_FIRST, answered=False)


def confirm_unsure(client: Client, project: ProjectRef, frames: Iterable[str], person: int = 0) -> str | None:
    """Let a tab hand out these frames one by one, the least certain first.

    Frames leave it when they are answered. Parameters and what is raised as of `list_frames`, and whose
    tab it is, from 0; returns the page that hands them out, or None.
    """
    title = share_title(CONFIRM_UNSURE, person)
    page = _shown_if_any(client, project, title, frames, DOUBTS, BY_SCORE, answered=False)
    return page and f"{page}&labeling=1"


def show_tab(
    client: Client, project: ProjectRef, title: str, uids: Iterable[str], *, ordering: str, answered: bool,
    look: Look = LIST,
) -> int:
    """Make or change the tab of a title and put the project's tabs in their order.

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
        `BY_NUMBER`, `BY_SCORE` or `MOST_SURE_FIRST`.
    answered : bool
        Whether frames stay in it that somebody labelled or skipped.
    look : Look, optional
        Its type always holds; its columns only until a person chooses others.

    Returns
    -------
    int
        Label Studio's number of the tab.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    items = [condition("data.uid", "regex", "String", uid_pattern(uids))]
    if not answered:
        items.append(condition("completed_at", "empty", "Datetime", True))
    data = {
        "title": title, "type": look.type, "target": "tasks", "ordering": [ordering],
        "filters": {"conjunction": "and", "items": items},
    }
    with speaking("choosing which frames a tab shows"):
        present, same = _tabs(client, project, title)
        bare = not present
        if bare:
            # Otherwise the frames that are not asked for could not be seen at all. Before the tab itself: it is
            # made only where there is none, and whatever goes wrong here, the next call makes the other one.
            more = {**EVERYTHING.data(), "title": ALL_FRAMES, "target": "tasks"}
            present = [{"id": _new(client, project, more), "data": more}]
        if same:
            tab = same[0]["id"]
            # What a person set (columns, widths) stays.
            data = {**look.data(), **same[0]["data"], **data}
            if data != same[0]["data"]:
                client.request("PATCH", f"api/dm/views/{tab}/", json={"project": project.id, "data": data})
        else:
            tab = _new(client, project, {**look.data(), **data})
        others = [(view["data"].get("title"), view["id"]) for view in present if view not in same]
        _delete(client, same[1:])
        # A new tab stands where it belongs; the rest keep the order that people gave them.
        place = 0 if bare else next((i for i, view in enumerate(present) if view in same), len(present))
        row = [*others[:place], (title, tab), *others[place:]]
        row.sort(key=lambda one: _place(one[0]))
        ids = [view for _, view in row]
        if ids != [view["id"] for view in present]:
            client.request(
                "POST", "api/dm/views/order/", json={"project": project.id, "ids": ids}, harmless=True
            )
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


def share_title(title: str, person: int) -> str:
    """Title of the tab that hands a person's share out; the first person's is the title itself."""
    return title if person == 0 else f"{title} {person + 1}"


def delete_shares(client: Client, project: ProjectRef, title: str, people: int) -> None:
    """Delete the tabs of people beyond so many; their frames and labels stay.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    kept = {share_title(title, person) for person in range(people)}
    with speaking("deleting a tab"):
        present, _ = _tabs(client, project, title)
        _delete(client, [
            view for view in present
            if (named := str(view["data"].get("title"))) not in kept and _OF_ANOTHER.sub("", named) == title and named != title
        ])


def _place(title: Any) -> int:
    plain = _OF_ANOTHER.sub("", str(title))
    return ORDER.index(plain) if plain in ORDER else len(ORDER)


def _shown_if_any(
    client: Client, project: ProjectRef, title: str, frames: Iterable[str], look: Look, ordering: str, *,
    answered: bool,
) -> str | None:
    uids = list(frames)
    if not uids:
        delete_tab(client, project, title)
        return None
    tab = show_tab(client, project, title, uids, ordering=ordering, answered=answered, look=look)
    return f"{project.url}/data?tab={tab}"


def _tabs(client: Client, project: ProjectRef, title: str) -> tuple[list[dict], list[dict]]:
    """All tabs in their order, and those of the title."""
    present = client.request("GET", "api/dm/views/", params={"project": project.id}, form=list[forms.View])
    return present, [view for view in present if view["data"].get("title") == title]


def _new(client: Client, project: ProjectRef, data: Mapping[str, Any]) -> int:
    made = client.request(
        "POST", "api/dm/views/", json={"project": project.id, "data": data}, form=forms.Numbered
    )
    return made["id"]


def _delete(client: Client, views: Sequence[dict]) -> None:
    for view in views:
        client.request("DELETE", f"api/dm/views/{view['id']}/")
