"""A version's tables: probabilities of frames, by frame."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.cells import bare, guarded
from screentime.errors import NotReady, ScreentimeError
from screentime.files import write_atomically
from screentime.kept import Damaged, read_card, read_text
from screentime.model.card import CARD
from screentime.records import Frame
from screentime.schema import Schema

if TYPE_CHECKING:
    import numpy as np

PREDICTIONS, UNSMOOTHED = "predictions.csv", "unsmoothed.csv"
CROSSFIT, BY_BLOCK = "crossfit.csv", "by_block.csv"


def read_predictions(
    folder: Path, frames: Sequence[Frame], schema: Schema, *, smoothed: bool = True
) -> np.ndarray:
    """Probabilities of a workspace's frames by one version.

    Parameters
    ----------
    folder : Path
        The version's folder.
    frames : sequence of Frame
        The frames that are wanted.
    schema : Schema
        The classes that are wanted.
    smoothed : bool
        Whether each frame's neighbours in its shot have a say, as in all that is told to people. What
        to label next is chosen without: a doubt must not hide behind its neighbours.

    Returns
    -------
    ndarray of float, shape (len(frames), k)

    Raises
    ------
    NotReady
        If the version does not know all frames or was trained for other classes: a film was added,
        or the characters were changed, since.
    """
    import numpy as np

    known = read_rows(folder / (PREDICTIONS if smoothed else UNSMOOTHED), schema)
    missing = [frame for frame in frames if frame.uid not in known]
    if missing:
        raise NotReady(
            f"The model {folder.name} has not seen {len(missing)} frames, for example of {missing[0].film}.",
            "Run `screentime train`.",
        )
    return np.array([known[frame.uid] for frame in frames])


def read_rows(path: Path, schema: Schema) -> dict[str, list[float]]:
    """Probabilities by frame from one of a version's tables.

    Parameters
    ----------
    path : Path
        `PREDICTIONS`, `UNSMOOTHED`, `CROSSFIT` (of validation frames, by heads that did not learn from them) or
        `BY_BLOCK` (of labelled frames, by heads that learned nothing from their block of time) in a
        version's folder.
    schema : Schema
        The classes that are wanted.

    Returns
    -------
    dict of str to list of float
        Uid to probabilities; empty where there is no such table.

    Raises
    ------
    NotReady
        If the version was trained for other classes.
    ScreentimeError
        If the table is damaged, or is not the one that was saved.
    """
    if not path.exists():
        return {}
    remedy = f"Move {path.parent} away and run `screentime sync`: labels are safe in Label Studio."
    try:
        text = read_text(path)
        saved = _saved_digest(path)
        if saved not in (None, hashlib.sha256(text.encode()).hexdigest()):
            raise Damaged("it is not the one that was saved")
    except Damaged as error:
        raise ScreentimeError(f"{path} is damaged ({error}).", remedy) from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if [bare(cell) for cell in next(rows, [])[1:]] != list(schema.classes):
            raise NotReady(
                f"The model {path.parent.name} was trained for other characters or another mode.",
                "Run `screentime train`.",
            )
        return {row[0]: _numbers(row[1:], len(schema.classes)) for row in rows if row}
    except (ValueError, csv.Error) as error:
        raise ScreentimeError(f"{path} line {rows.line_num} is damaged ({error}).", remedy) from None


def _saved_digest(path: Path) -> str | None:
    """Digest of a table as its version was saved; None where the card, which others check, does not tell it."""
    try:
        return read_card(path.with_name(CARD)).get("files", {}).get(path.name)
    except (Damaged, AttributeError):
        return None


def _numbers(cells: Sequence[str], wanted: int) -> list[float]:
    if len(cells) != wanted:
        raise ValueError(f"{len(cells)} numbers instead of {wanted}")
    numbers = [float(cell) for cell in cells]
    if not all(0 <= number <= 1 for number in numbers):  # also of what is no number
        raise ValueError("a number is no probability")
    return numbers


def write_rows(path: Path, schema: Schema, frames: Sequence[Frame], rows: np.ndarray) -> None:
    """Write probabilities of frames as a table.

    Parameters
    ----------
    path : Path
    schema : Schema
    frames : sequence of Frame, length n
    rows : ndarray, shape (n, k)
        Frames whose row is NaN are left out.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["uid", *map(guarded, schema.classes)])
    for frame, row in zip(frames, rows):
        if row[0] == row[0]:  # not NaN
            writer.writerow([frame.uid, *(f"{value:.6f}" for value in row)])
    write_atomically(path, text.getvalue())
