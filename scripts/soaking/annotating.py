"""A scripted person who labels for hours: mostly right, sometimes not, with all that the page lets them do."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from screentime.demo.annotator import Annotator
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.predictions import shown_version
from screentime.labelstudio.project import ProjectRef, answered
from screentime.labelstudio.stream import next_task, skip
from screentime.labelstudio.tasks import read_tasks
from screentime.records import Label
from screentime.schema import CONTROL, OBJECT, Schema
from screentime.workspace import Workspace

# One label in so many is wrong at first.
WRONG = 25
# So many rounds lie between two deeds of a kind.
SKIPS, CHANGES, DELETIONS, CONFIRMATIONS, HASTE = 4, 3, 7, 25, 5
TOGETHER = 6


class Person:
    """Labels what the page hands out, and does the other things that people do.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    schema : Schema
    workspace : Workspace
        Where the watching writes down what it asked for and what it pulled.
    truth : mapping of str to frozenset of str
        Frame uid to its characters.
    rng : random.Random

    Attributes
    ----------
    deeds : Counter
        What was done, how often.
    said : dict of str to (frozenset of str or None)
        What counts of it, by frame uid; None where the model's word was confirmed unread.
    """

    def __init__(
        self, client: Client, project: ProjectRef, schema: Schema, workspace: Workspace,
        truth: Mapping[str, frozenset[str]], rng: random.Random,
    ) -> None:
        self.client, self.project, self.schema, self.workspace = client, project, schema, workspace
        self.truth, self.rng = truth, rng
        self.deeds: Counter[str] = Counter()
        self.slowest = 0.0
        somebody = frozenset(schema.characters[:1])
        said = {uid: one ^ somebody if rng.randrange(WRONG) == 0 else one for uid, one in truth.items()}
        self._annotator = Annotator(client, project, schema, said)
        self.said: dict[str, frozenset[str] | None] = self._annotator.given

    def astray(self, labels: Sequence[Label]) -> list[str]:
        """Where labels are not what was said, in words.

        Parameters
        ----------
        labels : sequence of Label
            All that were pulled.
        """
        there = {label.uid: label.characters for label in labels}
        missing = [f"{uid} is missing" for uid in self.said if uid not in there]
        other = [
            f"{uid} is {', '.join(self.schema.choose(one))}" for uid, one in there.items()
            if uid not in self.said or self.said[uid] not in (None, one)
        ]
        doubled = len(labels) - len(there)
        return missing + other + ([f"{doubled} are there twice"] if doubled else [])

    def labels(self) -> int:
        """How many labels there are."""
        return answered(self.client, self.project)[0]

    def work(self, round_: int, enough: int) -> None:
        """What is done before a round: other deeds first, then labels until there are enough for it.

        Parameters
        ----------
        round_ : int
            From 1 on.
        enough : int
            Labels that there shall be.
        """
        if round_ % CHANGES == 0:
            self._change()
        if round_ % DELETIONS == 0:
            self._delete()
        if round_ % SKIPS == 0:
            self._skip()
        if round_ % CONFIRMATIONS == 0:
            self._confirm()
        while (lacking := enough - self.labels()) > 0:
            if not self.label(lacking):
                return

    def hurry(self, round_: int) -> None:
        """Label on while the round runs, as somebody does who does not wait."""
        if round_ % HASTE == 0:
            self.label(1)

    def label(self, how_many: int) -> int:
        """Label so many of the frames that the page hands out; gives how many there were."""
        given = 0
        for _ in range(how_many):
            began = time.monotonic()
            given += self._annotator.label(self.workspace.progress().tab, 1)
            self.slowest = max(self.slowest, time.monotonic() - began)
        self.deeds["labelled"] += given
        return given

    def _change(self) -> None:
        """Open a label again and say what is right."""
        labels = self.workspace.labels()
        wrong = [one for one in labels if one.characters != self.truth[one.uid]]
        if not labels:
            return
        one = self.rng.choice(wrong or labels)
        result = {
            "from_name": CONTROL, "to_name": OBJECT, "type": "choices", "origin": "manual",
            "value": {"choices": self.schema.choose(self.truth[one.uid])},
        }
        with speaking("changing a label"):
            self.client.request("PATCH", f"api/annotations/{one.annotation}/", json={"result": [result]})
        self.said[one.uid] = self.truth[one.uid]
        self.deeds["changed"] += 1

    def _delete(self) -> None:
        labels = self.workspace.labels()
        if labels:
            one = self.rng.choice(labels)
            with speaking("deleting a label"):
                self.client.request("DELETE", f"api/annotations/{one.annotation}/")
            self.said.pop(one.uid, None)
            self.deeds["deleted"] += 1

    def _skip(self) -> None:
        task = next_task(self.client, self.project, self.workspace.progress().tab)
        if task is not None:
            skip(self.client, task, prediction=next((p for p in task.get("predictions", []) if p["result"]), None))
            self.deeds["skipped"] += 1

    def _confirm(self) -> None:
        """Tick some frames of the grid and let the page's action confirm them together."""
        tab = re.search(r"tab=(\d+)", self.workspace.progress().confirm_sure)
        if tab is None:
            return
        with speaking("reading the grid"):
            there = [task["id"] for task in read_tasks(self.client, self.project, view=int(tab[1]), include="id")]
        shown = shown_version(self.client, self.project)
        if not there or not shown:
            return
        chosen = self.rng.sample(there, min(TOGETHER, len(there)))
        uids = {task: uid for uid, task in self.workspace.progress().tasks.items()}
        with speaking("confirming together"):
            self.client.request(
                "POST", "api/dm/actions",
                params={"id": "predictions_to_annotations", "tabID": tab[1], "project": self.project.id},
                json={
                    "project": str(self.project.id), "model_version": shown,
                    "selectedItems": {"all": False, "included": chosen},
                },
            )
        self.said |= {uids[task]: None for task in chosen if uids[task] not in self.said}
        self.deeds["confirmed together"] += len(chosen)
