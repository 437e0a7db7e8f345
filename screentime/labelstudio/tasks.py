"""Frames as tasks: pushed once each, whatever happens on the way, and found again by uid."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from os.path import commonprefix
from typing import Any, TypedDict

from screentime.errors import ServerError
from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.patience import may_be_done
from screentime.labelstudio.project import ProjectRef

Progress = Callable[[int, int], None]

PAGE = 1000
# Tasks named in one address: servers take no longer ones than 8 kB.
NAMED = 300
IMPORT_CHUNK = 1000
IMPORT_SECONDS = 300.0
# How long tasks whose import lost its answer may take to appear, in seconds between looks.
LOOK_AGAIN = (0.5, 1.0, 2.0, 4.0)
# A gateway gives up sooner than Label Studio: run at once, the same command would not see what is being made.
STILL_IMPORTING = (
    "Label Studio may still be importing: wait a minute, then run the same command again: nothing is done twice."
)

# Of a task's data, the addresses that the page fetches.
PICTURES = ("image", "previous", "next")


class TaskData(TypedDict):
    """What a task knows of its frame; the label config shows some of it."""

    uid: str
    film: str
    second: float
    timecode: str
    image: str
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did.

    Attributes
    ----------
    created : int
        Tasks made now.
    found : int
        Tasks that were there before.
    ids : dict of str to int
        Frame uid to task number, of the frames that were asked for.
    moved : int
        Tasks that were there and showed their pictures from other addresses.
    """

    created: int
    found: int
    ids: dict[str, int]
    moved: int = 0


def push_frames(
    client: Client, project: ProjectRef, tasks: Sequence[TaskData], *, progress: Progress | None = None
) -> Pushed:
    """Make the tasks that are missing, in the given order; repeating it makes none.

    Tasks that are there show their pictures from the given addresses from then on; all else that they hold
    stays, and so do their annotations and predictions.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    tasks : sequence of TaskData
        One a frame.
    progress : callable of (int, int), optional
        Told how many tasks are there, of how many.

    Returns
    -------
    Pushed

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with; what was made so far is found by the next push.
    """
    wanted = {task["uid"]: task for task in tasks}
    with speaking("listing the frames"):
        present = _oldest(client, project)
    known = {uid: task["id"] for uid, task in present.items()}
    missing = [uid for uid in wanted if uid not in known]
    found = len(wanted) - len(missing)
    moved = _move(client, [(task, wanted[uid]) for uid, task in present.items() if uid in wanted], progress)
    for start in range(0, len(missing), IMPORT_CHUNK):
        chunk = missing[start : start + IMPORT_CHUNK]
        known |= _import(client, project, [wanted[uid] for uid in chunk])
        if progress:
            progress(found + start + len(chunk), len(wanted))
    return Pushed(len(missing), found, {uid: known[uid] for uid in wanted}, moved)


def list_tasks(client: Client, project: ProjectRef) -> dict[str, int]:
    """Frame uid to task number of every task that this program made, the oldest where it is doubled.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("listing the frames"):
        return {uid: task["id"] for uid, task in _oldest(client, project).items()}


def uid_of(task: Mapping[str, Any]) -> str | None:
    """Uid of a task's frame; None where the task is not of this program's making, or somebody took it away."""
    uid = task["data"].get("uid")
    return uid if isinstance(uid, str) and uid else None


def read_tasks(
    client: Client, project: ProjectRef, *, view: int | None = None,
    filters: Sequence[dict] = (), either: bool = False, form: Any = None, **fields: str,
) -> Iterator[dict[str, Any]]:
    """Tasks as Label Studio lists them, page by page.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    view : int, optional
        Only the tasks of this tab, in its order; filters do not count then.
    filters : sequence of dict, optional
        Made by `condition`.
    either : bool, optional
        Whether one filter is enough.
    form : type, optional
        What each task has to be; by itself, what its number and, if asked for, its data need.
    **fields : str
        ``include="id,data"`` for those alone, ``fields="all"`` for annotations too.

    Yields
    ------
    dict
    """
    params: dict[str, Any] = {"project": project.id, "page_size": PAGE, "resolve_uri": "false", **fields}
    if view is not None:
        params["view"] = view
    if filters:
        params["query"] = json.dumps(
            {"filters": {"conjunction": "or" if either else "and", "items": list(filters)}}, separators=(",", ":")
        )
    if form is None:
        form = forms.Task if "data" in fields.get("include", "data") else forms.Numbered
    page = seen = 0
    total = 1
    while seen < total:
        page += 1
        answer = client.request(
            "GET", "api/tasks", params={**params, "page": page}, seconds=IMPORT_SECONDS,
            form=forms.Page[form],
        )
        yield from answer["tasks"]
        seen += len(answer["tasks"])
        total = answer["total"] if answer["tasks"] else seen


def read_chosen(
    client: Client, project: ProjectRef, numbers: Collection[int], *, form: Any = None, **fields: str
) -> Iterator[dict[str, Any]]:
    """Tasks by their numbers, some at a time; those that are gone are left out.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    numbers : collection of int
    form : type, optional
        See `read_tasks`.
    **fields : str
        See `read_tasks`.

    Yields
    ------
    dict
    """
    wanted = sorted(numbers)
    for start in range(0, len(wanted), NAMED):
        chosen = condition("id", "in_list", "List", wanted[start : start + NAMED])
        yield from read_tasks(client, project, filters=[chosen], form=form, **fields)


def condition(column: str, operator: str, kind: str, value: Any) -> dict[str, Any]:
    """A filter of the Data Manager.

    Parameters
    ----------
    column : str
        For example ``id`` or ``data.uid``.
    operator : str
        In a tab only those that the page knows too: with another one (``in_list``) the page does not open.
    kind : str
        ``Number``, ``String``, ``Datetime``.
    value : object
        What to compare with.
    """
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def uid_pattern(uids: Iterable[str]) -> str:
    """What picks just these frames in a filter ``data.uid`` ``regex``.

    Beginnings that uids share, a film's digest first of all, stand in it once: a database tries every uid
    of the project against every alternative, and PostgreSQL takes seconds over some hundred whole ones.

    Parameters
    ----------
    uids : iterable of str

    Returns
    -------
    str
        The same for the same uids, in whichever order they come.
    """
    return f"^({_alternatives(sorted(set(uids)))})$"


def _alternatives(texts: Sequence[str]) -> str:
    """A pattern of just these texts, which are sorted and no text twice."""
    parts = []
    for _, group in groupby(texts, key=lambda text: text[:1]):
        alike = list(group)
        # Of sorted texts, what the first and the last begin with all do.
        shared = commonprefix([alike[0], alike[-1]])
        rest = f"({_alternatives([text[len(shared):] for text in alike])})" if len(alike) > 1 else ""
        parts.append(re.sub(r"([^0-9A-Za-z_-])", r"\\\1", shared) + rest)
    return "|".join(parts)


def _oldest(client: Client, project: ProjectRef) -> dict[str, dict[str, Any]]:
    """Frame uid to its task, the oldest where it is doubled."""
    found: dict[str, dict[str, Any]] = {}
    for task in read_tasks(client, project, include="id,data"):
        uid = uid_of(task)
        if uid and task["id"] <= found.get(uid, task)["id"]:
            found[uid] = task
    return found


def _move(
    client: Client, tasks: Sequence[tuple[Mapping[str, Any], TaskData]], progress: Progress | None
) -> int:
    """Let tasks show their pictures from where they lie now; how many did not."""
    changed = []
    for task, wanted in tasks:
        data = task["data"] | {name: wanted[name] for name in PICTURES if name in wanted}
        if data != task["data"]:
            changed.append((task["id"], data))
    with speaking("telling the tasks where their pictures lie"):
        for number, (task, data) in enumerate(changed, start=1):
            client.request("PATCH", f"api/tasks/{task}/", json={"data": data})
            if progress:
                progress(number, len(changed))
    return len(changed)


def _import(client: Client, project: ProjectRef, tasks: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Import tasks; when the answer is lost, look whether it was done, and never send them twice."""
    from httpx import TransportError
    from label_studio_sdk.core.api_error import ApiError

    uids = {task["uid"] for task in tasks}
    perhaps = False
    try:
        with speaking("pushing frames"):
            try:
                answer = client.request(
                    "POST", f"api/projects/{project.id}/import",
                    params={"return_task_ids": "true"}, json=[{"data": dict(task)} for task in tasks],
                    seconds=IMPORT_SECONDS, form=forms.Imported,
                )
            except (TransportError, ApiError) as error:
                perhaps = may_be_done(error)
                raise
            ids = answer.get("task_ids") or []
    except ServerError as error:
        for seconds in LOOK_AGAIN:
            time.sleep(seconds)
            try:
                known = list_tasks(client, project)
            except ServerError:
                # The line is still down, though reading was tried more than once; what was wrong first is what to say.
                break
            if uids <= known.keys():
                return known
        raise (ServerError(error.what, STILL_IMPORTING) if perhaps else error) from None
    if len(ids) == len(tasks):
        return {task["uid"]: id for task, id in zip(tasks, ids)}
    # Servers that import in the background give no numbers: wait until the tasks are there.
    deadline = time.monotonic() + IMPORT_SECONDS
    while time.monotonic() < deadline:
        known = list_tasks(client, project)
        if uids <= known.keys():
            return known
        time.sleep(LOOK_AGAIN[-1])
    raise ServerError(
        f"Label Studio took {len(tasks)} frames and made tasks of only {len(uids & known.keys())}.",
        "Look into its log, then push again: what is there is found.",
    )
