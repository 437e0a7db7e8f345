"""The pulled copy of the labels as a table that people can read: text in and out, no file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from screentime.cells import bare, guarded
from screentime.errors import ScreentimeError
from screentime.records import Frame, Label, timecode
from screentime.schema import NEITHER, Schema

COLUMNS = (
    "uid", "film", "timecode", "characters", "task", "annotation", "annotator", "updated_at", "origin",
    "lead_time",
)


def to_table(labels: Sequence[Label], frames: Mapping[str, Frame], schema: Schema) -> str:
    """Labels as CSV, one line a frame in the order of the uids.

    Parameters
    ----------
    labels : sequence of Label
    frames : mapping of str to Frame
        By uid; of a frame that is not among them, film and time stay empty.
    schema : Schema
        The order of the names; a name that it does not have stands behind the others.

    Returns
    -------
    str
        A text that a spreadsheet would take for a formula has an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label in sorted(labels, key=lambda label: label.uid):
        frame = frames.get(label.uid)
        names = [name for name in schema.characters if name in label.characters]
        names += sorted(label.characters - set(schema.characters))
        row = [
            label.uid, frame.file.split("/")[-2] if frame else "", timecode(frame.second) if frame else "",
            "|".join(names or [NEITHER]), label.task, label.annotation,
            label.annotator, label.updated_at, label.origin, label.lead_time,
        ]
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()


def from_table(text: str, where: str, *, once: bool = True) -> list[Label]:
    """Labels of a table (inverse of `to_table`).

    An older table lacks the last column.

    Parameters
    ----------
    text : str
    where : str
        The file's name, for the sentence.
    once : bool, optional
        Whether each frame may stand there only once.

    Returns
    -------
    list of Label

    Raises
    ------
    ScreentimeError
        If it is not whole, with the line: a line cut off may still look like one.
    """
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    labels: list[Label] = []
    seen: set[str] = set()
    try:
        columns = tuple(next(rows, ()))
        if columns not in (COLUMNS, COLUMNS[:-1]):
            raise ValueError(f"its columns should be {','.join(COLUMNS)}")
        for row in rows:
            if len(row) != len(columns):
                raise ValueError(f"it has {len(row)} columns instead of {len(columns)}")
            label = _label(*row)
            if once and label.uid in seen:
                raise ValueError(f"{label.uid} stands there twice")
            seen.add(label.uid)
            labels.append(label)
        if not text.endswith("\n"):
            raise ValueError("it is cut off")
    except (ValueError, csv.Error) as error:
        raise damaged(where, f"line {max(1, rows.line_num)}: {error}") from None
    return labels


def damaged(where: str, reason: object) -> ScreentimeError:
    """What is to be said of a table that is damaged, and what to do."""
    return ScreentimeError(
        f"{where} is damaged ({reason}).",
        "Run `screentime pull`: it sets the file aside and copies the labels out of Label Studio again.",
    )


def _label(
    uid: str, film: str, time: str, characters: str, task: str, annotation: str, annotator: str,
    updated_at: str, origin: str, lead_time: str = "",
) -> Label:
    characters, annotator, updated_at = bare(characters), bare(annotator), bare(updated_at)
    if datetime.fromisoformat(updated_at).tzinfo is None:  # it could not be compared with the others
        raise ValueError(f"the time {updated_at!r} says no zone, such as Z or +01:00")
    took = float(lead_time) if lead_time else None
    if not (uid and characters and origin) or (took is not None and not math.isfinite(took)):
        raise ValueError("a cell holds what cannot stand there")
    named = frozenset(characters.split("|")) - {NEITHER}
    if "" in named:
        raise ValueError("a cell holds what cannot stand there")
    return Label(uid, named, int(task), int(annotation), annotator, updated_at, origin, took)
