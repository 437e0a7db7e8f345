"""A scripted annotator: labels through the API what the page hands out, as a person would."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from screentime.errors import ConfigError, TruthError
from screentime.kept import Damaged, read_text
from screentime.labelstudio.client import Client
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.stream import next_task, submit
from screentime.records import Frame
from screentime.schema import NEITHER, Mode, Schema

Truth = list[frozenset[str]]

REMEDY = "Write `second,label` with a name or `neither`, or `second,NAME,NAME` with 0 and 1, seconds from 0 on."
# The columns where a second has one label; with others each character has a column.
EXCLUSIVE = ["second", "label"]


def read_truth(path: Path) -> tuple[Mode, tuple[str, ...], Truth]:
    """Known labels of a film, one row a second.

    Parameters
    ----------
    path : Path
        CSV with the columns ``second,label`` (exclusive: a character or ``neither``), or ``second``
        and a column of 0 and 1 a character (multi).

    Returns
    -------
    mode : {"exclusive", "multi"}
    characters : tuple of str
        In exclusive mode in the order of the alphabet, else as the columns.
    truth : list of frozenset of str
        Characters of second 0, 1, …

    Raises
    ------
    TruthError
        If it cannot be read, or names what cannot be a project's characters; with the line.
    """
    try:
        text = read_text(path)
    except Damaged as error:
        raise TruthError(f"{path} cannot be read ({error}).", REMEDY) from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    truth: Truth = []
    named: dict[str, int] = {}  # and the line that does so first
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not header and cells:
                header = _header(cells)
                named = dict.fromkeys([] if header == EXCLUSIVE else header[1:], rows.line_num)
            elif cells:
                truth.append(_said(cells, header, len(truth)))
                named = dict.fromkeys(truth[-1], rows.line_num) | named
        if not truth:
            raise ValueError("it holds no labels")
    except (ValueError, csv.Error) as error:
        raise TruthError(f"{path} line {max(1, rows.line_num)}: {error}.", REMEDY) from None
    mode: Mode = "exclusive" if header == EXCLUSIVE else "multi"
    names = tuple(sorted(named) if mode == "exclusive" else header[1:])
    for some in (*((name,) for name in names), names):
        try:
            Schema(mode, some)
        except ConfigError as error:
            line = named[some[0]] if len(some) == 1 else 1
            raise TruthError(f"{path} line {line}: {error.what}", error.remedy) from None
    return mode, names, truth


def _header(cells: list[str]) -> list[str]:
    if len(cells) == 1 and any(mark in cells[0] for mark in (";", "\t")):
        raise ValueError("its cells are separated by something else than commas")
    if len(cells) < 2 or cells[0] != "second":
        raise ValueError("the columns are no labels of seconds")
    return cells


def _said(cells: list[str], header: list[str], second: int) -> frozenset[str]:
    """Who is on screen by a row of known labels."""
    if len(cells) != len(header) or cells[0] != str(second):
        raise ValueError(f"second {second} is expected, with {len(header)} cells")
    if header == EXCLUSIVE:
        return frozenset(cells[1:]) - {NEITHER}
    if not set(cells[1:]) <= {"0", "1"}:
        raise ValueError("only 0 and 1 can stand there")
    return frozenset(name for name, cell in zip(header[1:], cells[1:]) if cell == "1")


class Annotator:
    """Answers what the page asks from known labels.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    schema : Schema
    truth : mapping of str to frozenset of str
        Frame uid to its characters.

    Attributes
    ----------
    given : dict of str to frozenset of str
        What was answered so far.
    """

    def __init__(
        self, client: Client, project: ProjectRef, schema: Schema, truth: Mapping[str, frozenset[str]]
    ) -> None:
        self.client = client
        self.project = project
        self.schema = schema
        self.truth = truth
        self.given: dict[str, frozenset[str]] = {}

    def label(self, tab: int, how_many: int) -> int:
        """Label the frames that a tab hands out; a pre-annotation is confirmed or corrected.

        Parameters
        ----------
        tab : int
            See `screentime.labelstudio.queue.Queue`.
        how_many : int
            At most this many.

        Returns
        -------
        int
            How many were labelled; fewer when the tab has no more.
        """
        done = 0
        while done < how_many:
            task = next_task(self.client, self.project, tab)
            if task is None:
                break
            # What the page shows: the prediction of the version on show, if it says anything.
            shown = next((p for p in task.get("predictions", []) if p["result"]), None)
            uid = task["data"]["uid"]
            submit(self.client, task, self.schema, self.truth[uid], prediction=shown)
            self.given[uid] = self.truth[uid]
            done += 1
        return done


def truth_of(frames: list[Frame], truth: Truth, where: Path) -> dict[str, frozenset[str]]:
    """Known labels of sampled frames: each has that of the second it lies in.

    Parameters
    ----------
    frames : list of Frame
        Of one film.
    truth : list of frozenset of str
        See `read_truth`.
    where : Path
        The file it came from, for the sentence of an error.

    Returns
    -------
    dict of str to frozenset of str
        Frame uid to its characters.

    Raises
    ------
    TruthError
        If the film is longer than its labels.
    """
    last = int(frames[-1].second)
    if last >= len(truth):
        raise TruthError(
            f"{where} has labels of {len(truth)} seconds and the film has frames up to second {last}.",
            "Give the labels of the whole film.",
        )
    return {frame.uid: truth[int(frame.second)] for frame in frames}
