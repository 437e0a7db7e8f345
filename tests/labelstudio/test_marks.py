"""Audit marks in the tasks: written once, read back, and nothing else of a task changed."""

import pytest

from screentime.labelstudio import images, labels, marks, predictions, queue, stream, tasks

FIRST = {"block": [0.0, 2.0], "seed": 1_000_003, "probability": 0.333333333}
SECOND = {"block": [3.0, 3.0], "seed": 7, "probability": 1.0}


def everything(client, sample):
    """Task number to all that Label Studio says of it but for times that pass."""
    found = {}
    for task in tasks.read_tasks(client, sample.ref, fields="all"):
        del task["updated_at"]
        for one in [*task["predictions"], *task["annotations"]]:
            del one["created_ago"]
        found[task["id"]] = task
    return found


def written(client, sample):
    listed = tasks.read_tasks(client, sample.ref, include="id,updated_at")
    return {task["id"]: task["updated_at"] for task in listed}


def put(client, number, data):
    client.request("PATCH", f"api/tasks/{number}/", json={"data": data})


def test_marks_are_kept_and_taken_away(ls_client, make_project):
    sample = make_project(5)
    uids, n = list(sample.ids), sample.numbers
    assert marks.read_marks(ls_client, sample.ref) == {}
    assert marks.write_marks(ls_client, sample.ref, {n[1]: FIRST, n[3]: SECOND, n[4]: None}) == 2
    assert marks.read_marks(ls_client, sample.ref) == {uids[1]: FIRST, uids[3]: SECOND}
    before = written(ls_client, sample)
    assert marks.write_marks(ls_client, sample.ref, {n[1]: FIRST, n[3]: SECOND, n[4]: None}) == 0
    assert written(ls_client, sample) == before
    # One changed, one as it was, one taken away, one that somebody deleted; the unnamed ones stay.
    new = {n[1]: {**FIRST, "seed": 2}, n[3]: None, n[4]: SECOND, 999_999: FIRST}
    assert marks.write_marks(ls_client, sample.ref, new) == 3
    assert marks.write_marks(ls_client, sample.ref, {}) == 0
    assert marks.read_marks(ls_client, sample.ref) == {uids[1]: {**FIRST, "seed": 2}, uids[4]: SECOND}
    kept = [task["data"] for task in tasks.read_tasks(ls_client, sample.ref, include="id,data")]
    assert kept == [
        sample.data[0], {**sample.data[1], "audit": {**FIRST, "seed": 2}}, *sample.data[2:4],
        {**sample.data[4], "audit": SECOND},
    ]


def test_labels_predictions_tabs_and_images_stay(ls_client, make_project):
    sample = make_project(5, push=False)
    addresses = images.upload_images(ls_client, sample.ref, sample.files)
    pushed = [{**data, "image": addresses[data["uid"]]} for data in sample.data]
    sample.ids.update(tasks.push_frames(ls_client, sample.ref, pushed).ids)
    n = sample.numbers
    items = [(task, {"Tom"}, 0.9 - k / 10) for k, task in enumerate(n)]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    backwards = dict(list(sample.ids.items())[:0:-1])
    tab = queue.queue_frames(ls_client, sample.ref, backwards).tab
    first = stream.next_task(ls_client, sample.ref, tab)
    stream.submit(ls_client, first, sample.schema, {"Jerry"}, prediction=first["predictions"][0])
    stream.skip(ls_client, {"id": n[0]})
    before, said = everything(ls_client, sample), labels.pull_labels(ls_client, sample.ref, sample.schema)
    assert [label.task for label in said.labels] == [n[4]] and len(said.skipped) == 1

    # A labelled frame, a skipped one, and one that waits in the tab.
    assert marks.write_marks(ls_client, sample.ref, {n[4]: FIRST, n[0]: FIRST, n[2]: SECOND}) == 3
    for number, mark in ((n[4], FIRST), (n[0], FIRST), (n[2], SECOND)):
        before[number]["data"]["audit"] = mark
    assert everything(ls_client, sample) == before
    assert labels.pull_labels(ls_client, sample.ref, sample.schema) == said
    listed = [task["id"] for task in tasks.read_tasks(ls_client, sample.ref, view=tab, include="id")]
    assert listed == [n[3], n[2], n[1]]
    assert stream.next_task(ls_client, sample.ref, tab)["id"] == n[3]
    assert queue.queue_frames(ls_client, sample.ref, backwards).tab == tab
    assert [task["id"] for task in tasks.read_tasks(ls_client, sample.ref, view=tab, include="id")] == listed

    # Pushing anew finds the marked tasks and leaves their marks.
    again = tasks.push_frames(ls_client, sample.ref, pushed)
    assert (again.created, again.found, again.ids) == (0, 5, sample.ids)
    assert everything(ls_client, sample) == before


def test_what_is_no_mark_is_left_out(ls_client, make_project):
    sample = make_project(4)
    uids, n = list(sample.ids), sample.numbers
    put(ls_client, n[0], {**sample.data[0], "audit": "yes"})
    put(ls_client, n[1], {**sample.data[1], "audit": {**FIRST, "block": [2.0]}})
    put(ls_client, n[2], {**sample.data[2], "audit": {**FIRST, "block": [0, 2], "by": "hand"}})
    # The same frame once more, of which the older task counts, though it has none.
    with_mark = {**sample.data[3], "audit": FIRST}
    ls_client.request("POST", f"api/projects/{sample.ref.id}/import", json=[{"data": with_mark}])
    assert marks.read_marks(ls_client, sample.ref) == {uids[2]: FIRST}


@pytest.mark.parametrize(
    "mark",
    [
        {}, {**FIRST, "block": None}, {**FIRST, "block": [2.0, 0.0]}, {**FIRST, "block": [-1.0, 0.0]},
        {**FIRST, "block": [0.0, float("nan")]}, {**FIRST, "block": "02"}, {**FIRST, "seed": 0.5},
        {**FIRST, "seed": True}, {**FIRST, "probability": 0}, {**FIRST, "probability": 1.5},
        {**FIRST, "probability": "0.5"},
    ],
)
def test_nothing_is_written_when_a_mark_is_none(mark):
    with pytest.raises(ValueError, match="^a mark needs a block of two seconds in their order, a seed and a"):
        # There is no server to write to.
        marks.write_marks(None, None, {1: FIRST, 2: mark})
