"""The forms of Label Studio's answers, as far as they are used: what has another form ends in a sentence.

Answers may hold more than these name. What people write (results of annotations, data of tasks) may be
anything and is judged where it is read.
"""

from __future__ import annotations

from typing import Any, Generic, NotRequired, TypedDict, TypeVar

T = TypeVar("T")


class Numbered(TypedDict):
    """Anything that has a number: a project, a storage, the account."""

    id: int


class Annotation(Numbered):
    """What somebody said of a task."""

    updated_at: str
    created_at: str
    result: NotRequired[Any]


class Prediction(Numbered):
    """A pre-annotation, as little of it as is always asked for."""

    model_version: NotRequired[str | None]
    result: NotRequired[list[Any]]


class FullPrediction(Numbered):
    """A pre-annotation as the list of all gives it."""

    task: int
    model_version: str | None
    score: float | None
    result: list[Any]


class Task(Numbered):
    """A task with what it knows of its frame."""

    data: dict[str, Any]


class Owned(Task):
    """A task with the number of its project."""

    project: int


class Answered(Task):
    """A task with what people said of it."""

    annotations: list[Annotation]
    updated_at: str


class Page(TypedDict, Generic[T]):
    """Some of the tasks of a list."""

    tasks: list[T]
    total: int


class Predicted(Numbered):
    """A task with its pre-annotations."""

    predictions: list[Prediction]


class Handed(Task):
    """A task as the page hands it out."""

    predictions: NotRequired[list[Prediction]]


class Project(Numbered):
    """A project of which everything was asked."""

    label_config: str
    expert_instruction: NotRequired[str | None]


class Described(Numbered):
    """A project in the list of all."""

    description: NotRequired[str | None]


class Projects(TypedDict):
    """A page of the list of all projects."""

    results: list[Described]
    next: NotRequired[str | None]


class Counted(TypedDict):
    """How many answers a project has."""

    total_annotations_number: int
    skipped_annotations_number: int


class Shown(TypedDict):
    """Which version a project's page shows."""

    model_version: NotRequired[str | None]
    show_collab_predictions: NotRequired[bool]


class Webhook(Numbered):
    """An address that Label Studio calls when something happens in a project."""

    url: str
    project: NotRequired[int | None]
    headers: NotRequired[dict[str, Any] | None]


class Connected(Numbered):
    """A model that a project is connected with."""

    url: str
    model_version: NotRequired[str | None]


class Summary(TypedDict):
    """Which values a project's labels hold, by control."""

    created_labels: NotRequired[dict[str, dict[str, Any]] | None]


class Kept(TypedDict):
    """How many predictions an import made."""

    created: int


class Imported(TypedDict):
    """What an import of tasks made; without numbers where it goes on in the background."""

    task_ids: NotRequired[list[int] | None]



class View(Numbered):
    """A tab of the Data Manager."""

    data: dict[str, Any]


class Storage(Numbered):
    """A folder, or a bucket, that a project shows files of."""

    path: NotRequired[str | None]
    bucket: NotRequired[str | None]
    title: NotRequired[str | None]


class Upload(TypedDict):
    """An uploaded file."""

    file: str


Counts = dict[str, int]
