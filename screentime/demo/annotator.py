"""A scripted annotator: labels through the API what the page hands out, as a person would."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from screentime.errors import TruthError
from screentime.labelstudio.client import Client
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.stream import next_task, submit
from screentime.records import Frame
from screentime.schema import NEITHER, Mode, Schema

Truth = list[frozenset[str]]


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
        If it cannot be read; names the line.
    """
    remedy = "Write `second,label` with a name or `neither`, or `second,NAME,NAME` with 0 and 1, seconds from 0 on."
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TruthError(f"{path} cannot be read ({error}).", remedy) from None
    header = [cell.strip() for cell in lines[0]] if lines else []
    if len(header) < 2 or header[0] != "second" or len(lines) < 2:
        raise TruthError(f"{path} line 1: the columns are no labels of seconds.", remedy)
    exclusive = header == ["second", "label"]
    truth: Truth = []
    for number, row in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in row]
        if len(cells) != len(header) or cells[0] != str(number - 2):
            raise TruthError(
                f"{path} line {number}: second {number - 2} is expected, with {len(header)} cells.", remedy
            )
        if exclusive:
            truth.append(frozenset() if cells[1] == NEITHER else frozenset({cells[1]}))
        elif set(cells[1:]) <= {"0", "1"}:
            truth.append(frozenset(name for name, cell in zip(header[1:], cells[1:]) if cell == "1"))
        else:
            raise TruthError(f"{path} line {number}: only 0 and 1 can stand there.", remedy)
    names = sorted(set().union(*truth)) if exclusive else header[1:]
    return ("exclusive" if exclusive else "multi"), tuple(names), truth


class Annotator:
    """Answers what the page asks from known labels.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    schema : Schema
    truth : mapping of str to frozenset of str
        Frame uid to its characters.
    """

    def __init__(
        self, client: Client, project: ProjectRef, schema: Schema, truth: Mapping[str, frozenset[str]]
    ) -> None:
        self.client = client
        self.project = project
        self.schema = schema
        self.truth = truth

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
            submit(self.client, task, self.schema, self.truth[task["data"]["uid"]], prediction=shown)
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
