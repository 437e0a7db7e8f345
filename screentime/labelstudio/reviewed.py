"""What people made of a film's timeline: the annotation that counts, and its intervals to the frame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.confirming import speaker
from screentime.records import Appearance, Film, Review
from screentime.schema import TIMELINE, TIMELINE_LABELS, Schema
from screentime.video.grid import Grid

# What may be wrong with an interval, and what becomes of it: of one, and of several.
NAMELESS = "names no character and is left out", "name no character and are left out"
STRANGE = (
    "names what is no character of this project and is left out",
    "name what is no character of this project and are left out",
)
BACKWARD = "ends before it begins and is left out", "end before they begin and are left out"
OUTSIDE = "lies outside of the film and is left out", "lie outside of the film and are left out"
CLIPPED = "reaches beyond the film and is cut off at its end", "reach beyond the film and are cut off at its ends"


def submitted(client: Client, task: int, content: str) -> tuple[bool, dict[str, Any] | None]:
    """The annotation of a film's task that counts: of all that people submitted, the newest.

    Drafts and skips do not count.

    Parameters
    ----------
    client : Client
    task : int
    content : str
        The film's digest.

    Returns
    -------
    there : bool
        Whether the task is there, and this film's.
    annotation : dict or None

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    from label_studio_sdk.core.api_error import ApiError

    with speaking("reading the review"):
        try:
            found = client.request("GET", f"api/tasks/{task}/", form=forms.Answered)
        except ApiError as error:
            if error.status_code != 404:
                raise
            return False, None
    if found["data"].get("uid") != content:
        return False, None  # the number of a task on another server
    said = [one for one in found["annotations"] if not one.get("was_cancelled")]
    return True, max(said, key=lambda one: (datetime.fromisoformat(one["updated_at"]), one["id"]), default=None)


def parse(annotation: dict[str, Any], film: Film, task: int, schema: Schema, grid: Grid) -> tuple[Review, list[str]]:
    """What an annotation says of a film.

    Parameters
    ----------
    annotation : dict
        As the tasks API gives it.
    film : Film
    task : int
    schema : Schema
    grid : Grid

    Returns
    -------
    review : Review
        Appearances of one character that touch or overlap are one.
    problems : list of str
        A sentence for each way in which intervals are left out or cut off.
    """
    spans: dict[str, list[tuple[float, float]]] = {}
    faults: dict[tuple[str, str], int] = {}
    for region in annotation.get("result") or []:
        value = region.get("value", {})
        if region.get("from_name") != TIMELINE:
            continue
        names = value.get(TIMELINE_LABELS) or []
        known = [name for name in names if name in schema.characters]
        for span in value.get("ranges", []):
            held, fault = _held(span, grid) if known else (None, STRANGE if names else NAMELESS)
            if fault is not None:
                faults[fault] = faults.get(fault, 0) + 1
            for name in known if held else ():
                spans.setdefault(name, []).append(held)
    found = [
        Appearance(name, start, end, 1.0, "reviewed") for name, mine in spans.items() for start, end in _joined(mine)
    ]
    order = {name: place for place, name in enumerate(schema.characters)}
    found.sort(key=lambda one: (one.start, order[one.character]))
    review = Review(
        film.digest, tuple(found), task, annotation["id"], speaker(annotation), annotation["updated_at"],
        annotation.get("lead_time"),
    )
    return review, [_sentence(many, film, fault) for fault, many in faults.items()]


def _sentence(many: int, film: Film, fault: tuple[str, str]) -> str:
    one, several = fault
    start = f"{many} interval{'s' if many > 1 else ''} in the review of {film.name}"
    return f"{start} {one if many == 1 else several}."


def _held(span: dict[str, Any], grid: Grid) -> tuple[tuple[float, float] | None, tuple[str, str] | None]:
    """The seconds that an interval of page frames holds, if any, and what is wrong with it."""
    ends = [end for end in (span.get("start"), span.get("end")) if end is not None]
    if not ends or ends[0] > ends[-1]:
        return None, BACKWARD
    # Of a film whose rate varies the page may count one frame more, which shows the film's last one.
    first, last = (grid.length if end == grid.length + 1 else end for end in (ends[0], ends[-1]))
    if last < 1 or first > grid.length:
        return None, OUTSIDE
    held = grid.to_seconds(max(first, 1), min(last, grid.length))
    return held, CLIPPED if first < 1 or last > grid.length else None


def _joined(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans of which none touches another."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
