"""What counts as a label."""

import pytest

from screentime.labelstudio import labels, predictions, stream
from screentime.labelstudio.labels import judge, pull_labels
from screentime.schema import Schema

EXCLUSIVE = Schema("exclusive", ("Jerry", "Tom"))


def annotate(client, task, choices, **more):
    result = [
        {"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": choices}}
    ] if choices else []
    return client.request("POST", f"api/tasks/{task}/annotations/", json={"result": result, **more})["id"]


def test_labels_skips_and_what_cannot_be_one(ls_client, make_project):
    sample = make_project(7, EXCLUSIVE)
    n = sample.numbers
    uids = list(sample.ids)
    predictions.write_predictions(
        ls_client, sample.ref, EXCLUSIVE, "v1", [(task, {"Tom"}, 0.8) for task in n]
    )
    shown = [ls_client.request("GET", f"api/tasks/{task}/")["predictions"][0] for task in n]
    made = {
        0: stream.submit(ls_client, {"id": n[0]}, EXCLUSIVE, {"Tom"}, prediction=shown[0]),
        1: stream.submit(ls_client, {"id": n[1]}, EXCLUSIVE, set(), prediction=shown[1]),
        2: stream.submit(ls_client, {"id": n[2]}, EXCLUSIVE, {"Jerry"}),
    }
    skipped = stream.skip(ls_client, {"id": n[3]}, prediction=shown[3])
    # The trap: the skip carries the pre-annotation as if it had been said.
    kept = ls_client.request("GET", f"api/annotations/{skipped}/")
    assert kept["was_cancelled"] and kept["result"][0]["value"] == {"choices": ["Tom"]}
    empty = annotate(ls_client, n[4], [])
    unknown = annotate(ls_client, n[5], ["Spike"])
    contradictory = annotate(ls_client, n[6], ["Tom", "Jerry"])

    pulled = pull_labels(ls_client, sample.ref, EXCLUSIVE)
    assert [(label.uid, label.characters, label.origin, label.task, label.annotation) for label in pulled.labels] == [
        (uids[0], frozenset({"Tom"}), "prediction", n[0], made[0]),
        (uids[1], frozenset(), "prediction-changed", n[1], made[1]),
        (uids[2], frozenset({"Jerry"}), "manual", n[2], made[2]),
    ]
    assert {label.annotator for label in pulled.labels} == {"1"}
    assert pulled.skipped == {uids[3]}
    said = "does not count: {}. Label it again in Label Studio."
    assert pulled.problems == [
        f"The frame at 0:00:04.000 of film.mp4 (task {n[4]}, annotation {empty}) " + said.format("nothing is chosen"),
        f"The frame at 0:00:05.000 of film.mp4 (task {n[5]}, annotation {unknown}) "
        + said.format("'Spike' is no choice of this project"),
        f"The frame at 0:00:06.000 of film.mp4 (task {n[6]}, annotation {contradictory}) "
        + said.format("more than one character is chosen in an exclusive project"),
    ]


def test_newest_of_several_annotations(ls_client, make_project):
    sample = make_project(2)
    task, other = sample.numbers
    first = annotate(ls_client, task, ["Tom"])
    second = annotate(ls_client, task, ["Jerry"])
    assert [label.annotation for label in pull_labels(ls_client, sample.ref, sample.schema).labels] == [second]
    # Changing the older one makes it the newest that was said.
    ls_client.request("PATCH", f"api/annotations/{first}/", json={"lead_time": 3})
    [label] = pull_labels(ls_client, sample.ref, sample.schema).labels
    assert (label.annotation, label.characters) == (first, frozenset({"Tom"}))
    # A label counts though somebody else skipped the frame.
    annotate(ls_client, task, [], was_cancelled=True)
    pulled = pull_labels(ls_client, sample.ref, sample.schema)
    assert len(pulled.labels) == 1 and pulled.skipped == frozenset() and pulled.problems == []


def test_drafts_and_tasks_of_others_do_not_count(ls_client, make_project):
    sample = make_project(1)
    result = [{"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": ["Tom"]}}]
    ls_client.request("POST", f"api/tasks/{sample.numbers[0]}/drafts", json={"result": result})
    ls_client.sdk.projects.import_tasks(sample.ref.id, request=[{"data": {"image": "/x.jpg", "film": "", "timecode": "", "previous": "", "next": ""}}])
    assert pull_labels(ls_client, sample.ref, sample.schema) == labels.Pulled([], frozenset(), [])
    stranger = max(t["id"] for t in ls_client.request("GET", "api/tasks", params={"project": sample.ref.id})["tasks"])
    annotate(ls_client, stranger, ["Tom"])
    pulled = pull_labels(ls_client, sample.ref, sample.schema)
    assert pulled.labels == []
    assert pulled.problems == [
        f"1 labelled tasks were not made by screentime and do not count (the first is task {stranger})."
    ]


@pytest.mark.parametrize("person", [7, {"id": 7, "email": "x@y"}])
def test_person_as_number_and_as_record(person):
    annotation = {
        "id": 3, "completed_by": person, "updated_at": "2026-01-01T00:00:00.5Z", "was_cancelled": False,
        "result": [{"from_name": "characters", "value": {"choices": ["Tom"]}}],
    }
    older = {**annotation, "id": 9, "updated_at": "2026-01-01T00:00:00Z", "completed_by": 8, "result": []}
    task = {"id": 1, "data": {"uid": "u"}, "annotations": [annotation, older]}
    [label] = judge([task], Schema("multi", ("Tom",))).labels
    assert (label.annotator, label.annotation) == ("7", 3)
