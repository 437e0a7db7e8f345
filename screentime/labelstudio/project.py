"""The project of one workspace: made once, found again, its choices kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screentime import label_config as configs
from screentime.errors import ConfigError, NotReady, ServerError
from screentime.labelstudio import forms
from screentime.labelstudio.client import REQUEST_SECONDS, Client, speaking
from screentime.labelstudio.instructions import is_ours
from screentime.schema import Schema

# Found in the project's description, so that a project made just before a crash is found again.
MARKER = "screentime workspace "
TITLE_CHARACTERS = (3, 50)
# So many tasks are looked for before a project is taken for another one's.
FEW = 3

SETTINGS = {
    # Pre-annotations are shown, and the project's own stream asks for the least certain frame first.
    "show_collab_predictions": True,
    "sampling": "Uncertainty sampling",
    # A skipped frame counts as done: nobody is asked for it again.
    "skip_queue": "IGNORE_SKIPPED",
    "show_skip_button": True,
    "enable_empty_annotation": False,
    "maximum_annotations": 1,
    # With True the page puts them before the first frame whenever somebody opens it, to be clicked away;
    # the button that shows them is there either way.
    "show_instruction": False,
}


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """A project on a server.

    Attributes
    ----------
    id : int
        Label Studio's number of it.
    url : str
        Its page.
    """

    id: int
    url: str


def ensure_project(
    client: Client, *, workspace_id: str, title: str, label_config: str, instruction: str = "",
    known: int | None = None, tasks: Mapping[str, int] | None = None,
) -> ProjectRef:
    """Find the workspace's project, or make it.

    Parameters
    ----------
    client : Client
    workspace_id : str
        Never used for another workspace; written into the project's description.
    title : str
        For people; cut to 50 characters.
    label_config : str
        XML of `label_config.fill`.
    instruction : str, optional
        What to tell people who label; HTML. An existing project gets it where it still has an earlier
        text of this program, or none.
    known : int, optional
        The project's number, as far as it is known: somebody may have rewritten its description.
    tasks : mapping of str to int, optional
        Frame uid to task in it, by which such a project is known again.

    Returns
    -------
    ProjectRef

    Raises
    ------
    ConfigError
        If the project exists and the new choices would drop one that is in use.
    ServerError
        If Label Studio cannot be spoken with.
    """
    marker = f"{MARKER}{workspace_id}"
    found = find_marked(client, marker)
    if found is None and known is not None and tasks:
        found = _mark_again(client, known, tasks, marker)
    if found is None:
        found = make_marked(
            client, marker, title=title, about="Frames of films, to be labelled.",
            label_config=label_config, expert_instruction=instruction, **SETTINGS,
        )
    else:
        with speaking("reading the project"):
            present = client.request("GET", f"api/projects/{found}/", form=forms.Project)
        _keep_choices(client, found, present["label_config"], label_config)
        _renew_instruction(client, found, present.get("expert_instruction") or "", instruction)
    return reference(client, found)


def get_project(client: Client, id: int, schema: Schema, *, workspace_id: str) -> ProjectRef:
    """A project by its number, if it has just the workspace's characters and mode.

    Parameters
    ----------
    client : Client
    id : int
        As the workspace knows it; on another server it may be another one's.
    schema : Schema
    workspace_id : str
        See `ensure_project`.

    Returns
    -------
    ProjectRef

    Raises
    ------
    NotReady
        If it is gone, or another workspace's.
    ConfigError
        If its label config has others.
    ServerError
        If Label Studio cannot be spoken with.
    """
    from label_studio_sdk.core.api_error import ApiError

    with speaking(f"looking for project {id}"):
        try:
            found = client.request(
                "GET", f"api/projects/{id}/", params={"include": "id,label_config,description"}, form=forms.Project
            )
        except ApiError as error:
            if error.status_code != 404:
                raise
            raise NotReady(
                f"Project {id} is no longer in Label Studio at {client.page}.",
                "Make it again: `screentime push`.",
            ) from None
    marked = [line for line in (found.get("description") or "").splitlines() if line.startswith(MARKER)]
    # Without any mark somebody rewrote the description.
    if marked and f"{MARKER}{workspace_id}" not in marked:
        raise NotReady(
            f"Project {id} in Label Studio at {client.page} belongs to another screentime project.",
            "Run `screentime push`, which finds this project's own there or makes it.",
        )
    if configs.read(found["label_config"]) != schema:
        raise ConfigError(
            f"Project {id} in Label Studio has other characters or another mode than screentime.toml.",
            "Run `screentime push`, which brings them there, or set one of the two back.",
        )
    return reference(client, id)


def answered(client: Client, project: ProjectRef, seconds: float = REQUEST_SECONDS) -> tuple[int, int]:
    """How many labels and how many skips there are: a cheap way to see that something came.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    seconds : float, optional
        How long to wait for the answer.

    Returns
    -------
    tuple of int

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    labels, skips = "total_annotations_number", "skipped_annotations_number"
    with speaking("counting the labels"):
        found = client.request(
            "GET", f"api/projects/{project.id}/", params={"include": f"{labels},{skips}"}, form=forms.Counted,
            seconds=seconds,
        )
    return found[labels], found[skips]


def clip_title(title: str) -> str:
    """A title of the length that Label Studio takes: 3 to 50 characters."""
    shortest, longest = TITLE_CHARACTERS
    title = " ".join(title.split())
    if len(title) < shortest:
        title = f"screentime {title}".strip()
    return title if len(title) <= longest else title[: longest - 1].rstrip() + "…"


def reference(client: Client, id: int) -> ProjectRef:
    """A project that is known to be there."""
    return ProjectRef(id, f"{client.page}/projects/{id}")


def find_marked(client: Client, marker: str) -> int | None:
    """Number of the oldest project whose description has the marker as a line.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    page = 1
    matching: list[int] = []
    with speaking("looking for the project"):
        while True:
            params = {"page": page, "page_size": 100, "include": "id,description"}
            answer = client.request("GET", "api/projects/", params=params, form=forms.Projects)
            matching += [
                p["id"] for p in answer["results"] if marker in (p.get("description") or "").splitlines()
            ]
            if not answer.get("next"):
                return min(matching, default=None)
            page += 1


def make_marked(client: Client, marker: str, *, title: str, about: str, **settings: Any) -> int:
    """Make a project that `find_marked` finds; one, though the answer be lost.

    Raises
    ------
    ServerError
        If Label Studio does not make it.
    """
    try:
        with speaking("creating a project"):
            wanted = {"title": clip_title(title), "description": f"{about}\n{marker}", **settings}
            return client.request("POST", "api/projects/", json=wanted, form=forms.Numbered)["id"]
    except ServerError:
        found = find_marked(client, marker)
        if found is None:
            raise
        return found


def _mark_again(client: Client, known: int, tasks: Mapping[str, int], marker: str) -> int | None:
    """A project that lost its marker, if it still has one of the tasks; its number, or None."""
    from label_studio_sdk.core.api_error import ApiError

    with speaking("looking for the project"):
        for uid, task in list(tasks.items())[:FEW]:
            try:
                found = client.request("GET", f"api/tasks/{task}/", form=forms.Owned)
            except ApiError as error:
                if error.status_code != 404:
                    raise
                continue
            if found["project"] == known and found["data"].get("uid") == uid:
                present = client.request("GET", f"api/projects/{known}/", form=forms.Described)
                said = (present.get("description") or "").rstrip()
                client.request("PATCH", f"api/projects/{known}/", json={"description": f"{said}\n{marker}".lstrip()})
                return known
    return None


def _renew_instruction(client: Client, id: int, present: str, instruction: str) -> None:
    """Bring the present text to an existing project, unless somebody wrote one of their own."""
    if instruction and present != instruction and is_ours(present):
        with speaking("bringing the instructions to the project"):
            client.request("PATCH", f"api/projects/{id}/", json={"expert_instruction": instruction})


def _keep_choices(client: Client, id: int, present: str, label_config: str) -> None:
    """Bring new choices to an existing project, unless labels would lose their meaning."""
    wanted = configs.read(label_config)
    try:
        kept: Schema | None = configs.read(present)
    except ConfigError:
        kept = None
    if kept == wanted:
        # The same choices; another layout is somebody's taste.
        return
    used = _used_choices(client, id)
    dropped = sorted(used - set(wanted.choices))
    if dropped:
        raise ConfigError(
            f"Project {id} in Label Studio has labels that the characters of this workspace have no place for:"
            f" {', '.join(dropped)}.",
            "Add them to characters in screentime.toml. Or, in Label Studio, correct or delete the annotations"
            " that name them (Data Manager, filter: Annotation results contains), then run the same command again.",
        )
    # A label config that is none of ours says nothing of the mode in which labels were made: this workspace does.
    if used and kept and kept.mode != wanted.mode:
        raise ConfigError(
            f"Project {id} in Label Studio has labels made in {kept.mode} mode, and this workspace is in"
            f" {wanted.mode} mode.",
            "Set mode back to what it was, or begin a new workspace.",
        )
    with speaking("bringing the characters to the project"):
        client.request("PATCH", f"api/projects/{id}/", json={"label_config": label_config})


def _used_choices(client: Client, id: int) -> set[str]:
    """Values that annotations of the project hold, whatever their control is named."""
    with speaking("reading which characters are in use"):
        summary = client.request("GET", f"api/projects/{id}/summary/", form=forms.Summary)
    used: set[str] = set()
    for labels in (summary.get("created_labels") or {}).values():
        used |= set(labels)
    return used
