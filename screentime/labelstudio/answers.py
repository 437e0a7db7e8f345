"""Tasks that people answered: read once, and later only those that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.confirming import chosen_in, is_bulk, results_of
from screentime.labelstudio.project import ProjectRef, answered
from screentime.labelstudio.tasks import condition, read_chosen, read_tasks
from screentime.records import Label
from screentime.schema import NEITHER

# What is written now may carry an earlier time than what was read: it waited for the database.
OVERLAP = timedelta(seconds=30)
# Label Studio leaves out what is not named here, of tasks and of what is in them alike.
SAID = (
    "id,data,annotations,result,was_cancelled,completed_by,parent_prediction,created_at,updated_at,updated_by,"
    "import_id,lead_time"
)
SHOWN = "id,predictions,result,created_at,updated_at"
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Answers:
    """Tasks that somebody labelled or skipped, as far as they were read.

    Attributes
    ----------
    tasks : dict of int to dict
        By number: ``id``, ``data`` and ``annotations`` as the tasks API gives them, and ``predictions``
        where only they can tell what an annotation says.
    """

    def __init__(self) -> None:
        self.tasks: dict[int, dict[str, Any]] = {}

    def read(self, client: Client, project: ProjectRef, known: Sequence[Label] = ()) -> None:
        """Bring `tasks` up to date.

        What was changed since the last time is read, by Label Studio's own clock. Then the answers are
        counted: where there are not as many as Label Studio has, some were deleted, and all are read.

        Parameters
        ----------
        client : Client
        project : ProjectRef
        known : sequence of Label, optional
            What was found before; it needs no pre-annotation to be told again.

        Raises
        ------
        ServerError
            If Label Studio cannot be spoken with.
        """
        settled = {(label.annotation, label.updated_at) for label in known}
        with speaking("reading the labels"):
            since = self._newest()
            if since is not None:
                changed = condition("updated_at", "greater", "Datetime", (since - OVERLAP).strftime(MOMENT))
                self._take(client, project, settled, [changed, condition("completed_at", "empty", "Datetime", False)])
                if self.counted() == answered(client, project):
                    return
            self.tasks = {}
            some = [condition(f"{kind}_annotations", "greater", "Number", 0) for kind in ("total", "cancelled")]
            self._take(client, project, settled, some, either=True)

    def forget(self, annotations: Collection[int]) -> None:
        """Leave out annotations that were deleted just now."""
        for task in self.tasks.values():
            task["annotations"] = [one for one in task["annotations"] if one["id"] not in annotations]

    def _take(
        self, client: Client, project: ProjectRef, settled: Collection[tuple[int, str]], filters: Sequence[dict],
        *, either: bool = False,
    ) -> None:
        found = list(
            read_tasks(
                client, project, filters=filters, either=either, fields="all", include=SAID, form=forms.Answered
            )
        )
        asked = [task["id"] for task in found if any(_undecided(one, settled) for one in task["annotations"])]
        began = _predictions(client, project, asked)
        for task in found:
            if task["id"] in began:
                task["predictions"] = began[task["id"]]
            self.tasks[task["id"]] = task

    def _newest(self) -> datetime | None:
        moments = (datetime.fromisoformat(task["updated_at"]) for task in self.tasks.values())
        return max((moment.astimezone(UTC) for moment in moments), default=None)

    def counted(self) -> tuple[int, int]:
        """How many labels and how many skips there are, as `screentime.labelstudio.project.answered` has it."""
        skips = [bool(one.get("was_cancelled")) for one in self._annotations()]
        return skips.count(False), skips.count(True)

    def _annotations(self) -> Iterable[dict[str, Any]]:
        return (one for task in self.tasks.values() for one in task["annotations"])


def _undecided(annotation: dict[str, Any], settled: Collection[tuple[int, str]]) -> bool:
    """Whether only the pre-annotation that it began with tells what an annotation says, or how it came about."""
    if not annotation.get("parent_prediction") or annotation.get("was_cancelled") or is_bulk(annotation):
        return False
    if (annotation["id"], annotation["updated_at"]) in settled:
        return False
    results = results_of(annotation)
    chosen = chosen_in(results)
    both = NEITHER in chosen and len(chosen) > 1
    return both or not {one.get("origin") for one in results} & {"prediction", "prediction-changed"}


def _predictions(client: Client, project: ProjectRef, tasks: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found = read_chosen(client, project, tasks, fields="all", include=SHOWN, form=forms.Predicted)
    return {task["id"]: task["predictions"] for task in found}
