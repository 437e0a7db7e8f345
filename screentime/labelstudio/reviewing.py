"""A film on a timeline in Label Studio: its own project, its task, its appearances to be corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from screentime import label_config as configs
from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.predictions import import_predictions, show_version, shown_version
from screentime.labelstudio.project import ProjectRef, find_marked, make_marked, reference
from screentime.labelstudio.tasks import list_tasks, push_frames
from screentime.records import Appearance, Film
from screentime.schema import FILM, TIMELINE, TIMELINE_LABELS, Schema
from screentime.video.grid import Grid

# One project a film: Label Studio shows the predictions of one model version a project, and films that are
# put up one after the other are not seen by the same version.
MARKER = "screentime review of "
SETTINGS = {
    "show_collab_predictions": True,
    # Nobody appears: that is a review too.
    "enable_empty_annotation": True,
    "maximum_annotations": 1,
    "show_skip_button": True,
    "skip_queue": "REQUEUE_FOR_ME",
    "show_instruction": False,
}
INSTRUCTION = (
    "<p>Each line of the timeline is one appearance: a character is on screen from its first frame to its last,"
    " without a break. Drag both ends to the right frames; the film shows the frame under the mouse. Or click the"
    " line's name and type <i>Start frame</i> and <i>End frame</i> beside the film. The end is the last frame on"
    " which the character is still to be seen; what counts is what counts for single frames: when you can tell"
    " who it is, though it be a part, from behind or far away.</p>"
    "<p>A click on a column of the timeline shows that frame. When a line is chosen, the buttons with a dot go to"
    " its two ends. A click on a name in the list of regions goes to where it begins (that list begins with the"
    " last appearance). The buttons beside it go ten frames at a time; <i>Video hop size</i> in the settings"
    " below the film makes that one.</p>"
    "<p>The keys beside the names begin a new appearance: press one, then drag along the new line. Backspace"
    " removes the chosen one. Submit when the whole film is right: your review then counts for every frame of it."
    " Submit it without a line if nobody appears. Skipping it is no review.</p>"
)


@dataclass(frozen=True, slots=True)
class FoundReview:
    """A film that was put up for review, as Label Studio has it.

    Attributes
    ----------
    digest : str
        The film's.
    project : ProjectRef
    task : int
    data : dict
        What the task says of the film; see `push_film`.
    version : str
        Model version whose appearances are on show; empty where there is none.
    """

    digest: str
    project: ProjectRef
    task: int
    data: dict[str, Any]
    version: str


def find_reviews(client: Client, workspace_id: str) -> list[FoundReview]:
    """All films of a workspace that are up for review, in the order in which that was asked.

    Parameters
    ----------
    client : Client
    workspace_id : str

    Returns
    -------
    list of FoundReview

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    found = []
    for digest, number in _marked(client, workspace_id).items():
        project = reference(client, number)
        task = list_tasks(client, project).get(digest)
        if task is not None:
            with speaking("reading a review's film"):
                data = client.request("GET", f"api/tasks/{task}/", form=forms.Task)["data"]
            found.append(FoundReview(digest, project, task, data, shown_version(client, project) or ""))
    return found


def _marked(client: Client, workspace_id: str) -> dict[str, int]:
    """Film digest to the number of its review's project, the oldest where there are several."""
    end, page, projects = f" in {workspace_id}", 1, []
    with speaking("looking for reviews"):
        while True:
            params = {"page": page, "page_size": 100, "include": "id,description"}
            answer = client.request("GET", "api/projects/", params=params, form=forms.Projects)
            projects += answer["results"]
            if not answer.get("next"):
                break
            page += 1
    numbers: dict[str, int] = {}
    for one in sorted(projects, key=lambda one: one["id"]):
        for line in (one.get("description") or "").splitlines():
            if line.startswith(MARKER) and line.endswith(end):
                numbers.setdefault(line[len(MARKER) : -len(end)], one["id"])
    return numbers


def ensure_review(client: Client, *, workspace_id: str, film: Film, schema: Schema) -> ProjectRef:
    """Find the project on which a film is reviewed, or make it.

    Parameters
    ----------
    client : Client
    workspace_id : str
    film : Film
    schema : Schema
        Its characters are the labels; an existing project gets them where it has others.

    Returns
    -------
    ProjectRef

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    template = files("labelstudio_config").joinpath("timeline.xml").read_text("utf-8")
    wanted = configs.fill_timeline(template, schema)
    marker = f"{MARKER}{film.digest} in {workspace_id}"
    found = find_marked(client, marker)
    if found is None:
        found = make_marked(
            client, marker, title=f"Review: {film.name}",
            about="A film's appearances, to be corrected on its timeline.",
            label_config=wanted, expert_instruction=INSTRUCTION, **SETTINGS,
        )
    else:
        with speaking("reading the review's project"):
            present = client.request("GET", f"api/projects/{found}/", form=forms.Project)["label_config"]
            if configs.read_timeline(present) != schema.characters:
                client.request("PATCH", f"api/projects/{found}/", json={"label_config": wanted})
    return reference(client, found)


def push_film(client: Client, project: ProjectRef, film: Film, address: str, grid: Grid) -> tuple[int, bool]:
    """Make the film's task, or bring it up to date.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    film : Film
    address : str
        Where the page gets the film from.
    grid : Grid

    Returns
    -------
    task : int
    created : bool

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    data: Any = {
        "uid": film.digest, "film": film.name, "video": address, "framerate": grid.rate, "frames": grid.length,
        "seconds": film.seconds,
    }
    pushed = push_frames(client, project, [data])
    task = pushed.ids[film.digest]
    with speaking("putting up the film"):
        if not pushed.created and client.request("GET", f"api/tasks/{task}/", form=forms.Task)["data"] != data:
            client.request("PATCH", f"api/tasks/{task}/", json={"data": data})
    return task, bool(pushed.created)


def show_appearances(
    client: Client, project: ProjectRef, task: int, version: str, appearances: Sequence[Appearance], grid: Grid
) -> bool:
    """Let the page show a model version's appearances, and no others; repeating it changes nothing.

    What the page shows is changed in its place: somebody may have it open, and Label Studio takes no
    annotation whose prediction is gone.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    task : int
    version : str
    appearances : sequence of Appearance
    grid : Grid

    Returns
    -------
    bool
        Whether anything was written.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with, or does not take them.
    """
    # The page puts the last one on top.
    result = [_region(number, one, grid) for number, one in reversed(list(enumerate(appearances)))]
    score = min((one.probability for one in appearances), default=1.0)
    with speaking("reading the appearances on show"):
        present = client.request(
            "GET", "api/predictions/", params={"project": project.id, "task": task}, form=list[forms.FullPrediction]
        )
    shown = shown_version(client, project)
    kept = max(present, key=lambda one: (one["model_version"] == shown, one["id"]), default=None)
    same = kept is not None and kept["model_version"] == version and (
        [_core(one) for one in kept["result"]] == [_core(one) for one in result]
    )
    body = {"model_version": version, "score": score, "result": result}
    if kept is None:
        import_predictions(client, project, [{"task": task, **body}])
    elif not same:
        with speaking("writing the appearances"):
            client.request("PATCH", f"api/predictions/{kept['id']}/", json=body)
    show_version(client, project, version)
    with speaking("deleting older appearances"):
        for other in present:
            if other is not kept:
                client.request("DELETE", f"api/predictions/{other['id']}/")
    return not same


def _region(number: int, one: Appearance, grid: Grid) -> dict[str, Any]:
    first, last = grid.to_page(one.start, one.end)
    return {
        "id": f"appearance{number}", "from_name": TIMELINE, "to_name": FILM, "type": TIMELINE_LABELS,
        "score": one.probability,
        "value": {"ranges": [{"start": first, "end": last}], TIMELINE_LABELS: [one.character]},
    }


def _core(region: dict[str, Any]) -> tuple[Any, Any]:
    value = region.get("value") or {}
    return value.get(TIMELINE_LABELS), value.get("ranges")
