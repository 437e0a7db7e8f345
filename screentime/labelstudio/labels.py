"""From Label Studio's annotations to labels: what counts, what does not, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from screentime.labelstudio.answers import Answers
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.confirming import chosen_in, is_bulk, meant, results_of, says_nothing, speaker
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import uid_of
from screentime.records import Label
from screentime.schema import Schema


@dataclass(frozen=True, slots=True)
class Pulled:
    """What people said so far.

    Attributes
    ----------
    labels : list of Label
        One a frame, in the order of their tasks.
    skipped : frozenset of str
        Uids of frames that somebody skipped and nobody labelled.
    problems : list of str
        A sentence for each annotation that cannot be a label, and one for all of `hollow`.
    doubles : dict of str to list of frozenset of str
        Uid to the answers of each frame that two or more people answered, one answer a person, in the
        order of their numbers; answers that cannot be a label are left out.
    hollow : tuple of int
        Annotations that Label Studio's bulk action made where the page shows no pre-annotation.
    answers : dict of str to list of Label
        Uid of each labelled frame to what each person said of it; one of them is its label.
    """

    labels: list[Label]
    skipped: frozenset[str]
    problems: list[str]
    doubles: dict[str, list[frozenset[str]]]
    hollow: tuple[int, ...] = ()
    answers: dict[str, list[Label]] = field(default_factory=dict)


def pull_labels(
    client: Client, project: ProjectRef, schema: Schema, known: Sequence[Label] = (), answers: Answers | None = None
) -> Pulled:
    """Read all that was labelled.

    Skipped frames and drafts never count. Each person's newest annotation of a frame counts; of several
    people's answers the most common one is the label, and of equally common ones the one given last.
    Annotations that cannot be a label have no vote. What Label Studio's bulk action made counts where
    nobody labelled or skipped the frame by itself.

    Where that action was run on frames without a pre-annotation it left annotations that say nothing, for
    which the page would not hand those frames out again: they are deleted.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    schema : Schema
        The choices that count.
    known : sequence of Label, optional
        Pulled before. What an annotation was found to mean and how it came about stays so until it is
        changed, though the pre-annotation that told it is gone.
    answers : Answers, optional
        What was read before; only what changed since is read then.

    Returns
    -------
    Pulled

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    answers = answers or Answers()
    answers.read(client, project, known)
    pulled = judge(sorted(answers.tasks.values(), key=lambda task: task["id"]), schema, known)
    with speaking("deleting annotations that say nothing"):
        for annotation in pulled.hollow:
            client.request("DELETE", f"api/annotations/{annotation}/")
    answers.forget(pulled.hollow)
    return pulled


def judge(tasks: Iterable[dict[str, Any]], schema: Schema, known: Sequence[Label] = ()) -> Pulled:
    """What a list of tasks with their annotations says.

    Parameters
    ----------
    tasks : iterable of dict
        As `Answers` has them.
    schema : Schema
    known : sequence of Label, optional
        See `pull_labels`.

    Returns
    -------
    Pulled
    """
    before = {(label.annotation, label.updated_at): label for label in known}
    said: dict[str, list[tuple[dict, dict]]] = {}
    skipped: set[str] = set()
    together: dict[str, list[tuple[dict, dict]]] = {}
    hollow: list[int] = []
    strangers: list[int] = []
    for task in tasks:
        uid = uid_of(task)
        if not uid:
            strangers.append(task["id"])
            continue
        for annotation in task["annotations"]:
            if annotation.get("was_cancelled"):
                # A skip carries the pre-annotation in its result, which nobody confirmed.
                skipped.add(uid)
            elif says_nothing(annotation):
                hollow.append(annotation["id"])
            elif is_bulk(annotation):
                together.setdefault(uid, []).append((task, annotation))
            else:
                said.setdefault(uid, []).append((task, annotation))
    # The action may have been run on frames that had been answered one by one.
    said |= {uid: spoken for uid, spoken in together.items() if uid not in said and uid not in skipped}
    labels: list[Label] = []
    problems: list[str] = []
    doubles: dict[str, list[frozenset[str]]] = {}
    given: dict[str, list[Label]] = {}
    for uid, spoken in said.items():
        answers: list[Label] = []
        for task, annotation in _newest(spoken):
            try:
                answers.append(_label(uid, task, annotation, schema, before))
            except ValueError as reason:
                problems.append(
                    f"{_name(task)} (task {task['id']}, annotation {annotation['id']}) does not count:"
                    f" {reason}. Label it again in Label Studio."
                )
        if answers:
            labels.append(_most_common(answers))
            given[uid] = answers
        if len(answers) > 1:
            doubles[uid] = [answer.characters for answer in answers]
    if strangers:
        problems.append(
            f"{len(strangers)} labelled tasks were not made by screentime and do not count"
            f" (the first is task {strangers[0]})."
        )
    if hollow:
        problems.append(
            f"{len(hollow)} annotations were created together on frames that are shown without a"
            " pre-annotation: they say nothing and are deleted, and the frames are asked for as before."
        )
    labels.sort(key=lambda label: label.task)
    return Pulled(labels, frozenset(skipped - said.keys()), problems, doubles, tuple(hollow), given)


def _newest(spoken: Sequence[tuple[dict, dict]]) -> list[tuple[dict, dict]]:
    """Each person's newest annotation of a frame with its task, in the order of the people's numbers."""
    newest: dict[str, tuple[dict, dict]] = {}
    for task, annotation in sorted(spoken, key=lambda pair: (_moment(pair[1]["updated_at"]), pair[1]["id"])):
        newest[speaker(annotation)] = task, annotation
    # By length first, since the numbers are text here.
    return [newest[person] for person in sorted(newest, key=lambda person: (len(person), person))]


def _most_common(answers: Sequence[Label]) -> Label:
    """The newest label that gives the answer of most people; the newest answer's among equals."""
    said = [answer.characters for answer in answers]
    return max(
        answers,
        key=lambda answer: (said.count(answer.characters), _moment(answer.updated_at), answer.annotation),
    )


def _label(
    uid: str, task: dict, annotation: dict, schema: Schema, before: Mapping[tuple[int, str], Label]
) -> Label:
    results = results_of(annotation)
    chosen = chosen_in(results)
    remembered = before.get((annotation["id"], annotation["updated_at"]))
    try:
        characters = schema.parse_choices(meant(chosen, _shown(task, annotation)))
    except ValueError:
        if remembered is None or not {*schema.choose(remembered.characters)} <= {*chosen} <= {*schema.choices}:
            raise
        characters = remembered.characters
    return Label(
        uid=uid,
        characters=characters,
        task=task["id"],
        annotation=annotation["id"],
        annotator=speaker(annotation),
        updated_at=annotation["updated_at"],
        origin=remembered.origin if remembered else _origin(task, annotation, results),
        lead_time=annotation.get("lead_time"),
    )


def _shown(task: dict, annotation: dict) -> list[str]:
    """Choices of the pre-annotation that an annotation began with, as far as they can still be told."""
    parent = annotation.get("parent_prediction")
    return [
        value for one in task.get("predictions", []) if one["id"] == parent and not _changed_since(one, annotation)
        for value in chosen_in(results_of(one))
    ]


def _changed_since(prediction: dict, annotation: dict) -> bool:
    """Whether a pre-annotation may say something else now than when the page showed it.

    A round changes those that may be on the page in place.
    """
    made, changed = _moment(prediction["created_at"]), _moment(prediction["updated_at"])
    if changed - made < timedelta(seconds=1):
        return False
    seen = annotation.get("lead_time")
    return seen is None or _moment(annotation["created_at"]) - timedelta(seconds=seen) < changed


def _origin(task: dict, annotation: dict, results: list[dict]) -> str:
    origins = {result.get("origin") for result in results}
    if origins == {"prediction"} or is_bulk(annotation):
        return "prediction"
    parent = annotation.get("parent_prediction")
    # The page links a label to the prediction even of a blind frame, which chose nothing.
    blind = any(one["id"] == parent and not one["result"] for one in task.get("predictions", []))
    # Switching a choice off and on again leaves a result that says manual; the link to the
    # prediction tells it then, but only until that prediction gives way to a newer one.
    if origins & {"prediction", "prediction-changed"} or (parent and not blind):
        return "prediction-changed"
    return "manual"


def _moment(updated_at: str) -> datetime:
    return datetime.fromisoformat(updated_at)


def _name(task: dict) -> str:
    data = task["data"]
    if {"timecode", "film"} <= data.keys():
        return f"The frame at {data['timecode']} of {data['film']}"
    return "A frame"
