"""The pulled copy of the labels as a table that people can read: text in and out, no file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from screentime.cells import bare, guarded
from screentime.errors import ScreentimeError
from screentime.records import Frame, Label, timecode
from screentime.schema import Schema

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
        By uid; all that the labels belong to.
    schema : Schema

    Returns
    -------
    str
        A text that a spreadsheet would take for a formula has an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label in sorted(labels, key=lambda label: label.uid):
        frame = frames[label.uid]
        row = [
            label.uid, frame.file.split("/")[-2], timecode(frame.second),
            "|".join(schema.choose(label.characters)), label.task, label.annotation,
            label.annotator, label.updated_at, label.origin, label.lead_time,
        ]
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()


def from_table(text: str, where: str) -> list[Label]:
    """Labels of a table (inverse of `to_table`).

    Parameters
    ----------
    text : str
    where : str
        The file's name, for the sentence.

    Raises
    ------
    ScreentimeError
        If a line is damaged.
    """
    rows = csv.DictReader(io.StringIO(text))
    labels = []
    for row in rows:
        try:
            named = frozenset(bare(row["characters"]).split("|")) - {"neither"}
            labels.append(Label(
                row["uid"], named, int(row["task"]), int(row["annotation"]),
                bare(row["annotator"]), bare(row["updated_at"]), row["origin"],
                float(row["lead_time"]) if row.get("lead_time") else None,
            ))
        except (KeyError, ValueError, AttributeError, TypeError):
            raise ScreentimeError(
                f"{where} line {rows.line_num} is damaged.",
                "Run `screentime pull`: it writes the file again from Label Studio.",
            ) from None
    return labels
