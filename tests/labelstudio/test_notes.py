"""Notes beside the pictures: just those wanted, and nothing else of a task is touched."""

from screentime.labelstudio import marks, notes, predictions, tasks


def said(client, sample):
    found = tasks.read_tasks(client, sample.ref, include="id,data")
    return {task["data"]["uid"]: task["data"].get("says") for task in found}


def test_exactly_the_frames_named_have_a_note(ls_client, make_project):
    sample = make_project(5)
    uids, n = list(sample.ids), sample.numbers
    assert notes.write_notes(ls_client, sample.ref, {n[0]: "Tom", n[3]: "Tom, Jerry", n[-1] + 10_000: "gone"}) == 2
    assert said(ls_client, sample) == {**dict.fromkeys(uids), uids[0]: "Tom", uids[3]: "Tom, Jerry"}
    assert notes.write_notes(ls_client, sample.ref, {n[0]: "Tom", n[3]: "Tom, Jerry"}) == 0
    assert notes.write_notes(ls_client, sample.ref, {n[3]: "neither", n[4]: "Jerry"}) == 3
    assert said(ls_client, sample) == {**dict.fromkeys(uids), uids[3]: "neither", uids[4]: "Jerry"}
    steps = []
    assert notes.write_notes(ls_client, sample.ref, {}, progress=lambda *step: steps.append(step)) == 2
    assert steps == [(1, 2), (2, 2)]
    assert said(ls_client, sample) == dict.fromkeys(uids)


def test_however_many_notes_there_are_no_address_is_longer_than_servers_take(ls_client, make_project, monkeypatch):
    sample = make_project(3)
    # Proxies take 8 kB a line; numbers of servers that have had millions of tasks.
    wanted = {sample.numbers[1]: "Tom", **dict.fromkeys(range(10_000_000, 10_002_300), "gone")}
    asked = []
    line = ls_client.line.httpx_client.httpx_client
    monkeypatch.setattr(line, "event_hooks", {"request": [lambda one: asked.append(len(one.url.raw_path))]})
    assert notes.write_notes(ls_client, sample.ref, wanted) == 1
    assert len(asked) > 8 and max(asked) < 6_000
    assert said(ls_client, sample)[list(sample.ids)[1]] == "Tom"


def test_what_pre_annotations_say_is_noted_at_once(ls_client, make_project):
    sample = make_project(4)
    uids, n = list(sample.ids), sample.numbers
    notes.note_predictions(ls_client, sample.ref, {n[0]: "Jerry, Tom", n[1]: "neither", n[2]: "Tom"})
    found = {task["data"]["uid"]: task["data"] for task in tasks.read_tasks(ls_client, sample.ref, include="id,data")}
    assert [found[uid].get(notes.PREDICTED) for uid in uids] == ["Jerry, Tom", "neither", "Tom", None]
    assert {name: found[uids[0]][name] for name in sample.data[0]} == sample.data[0]
    notes.note_predictions(ls_client, sample.ref, {})
    # A later version's word takes the place of the earlier one's.
    notes.note_predictions(ls_client, sample.ref, {n[0]: "Tom"})
    found = {task["data"]["uid"]: task["data"] for task in tasks.read_tasks(ls_client, sample.ref, include="id,data")}
    assert [found[uid].get(notes.PREDICTED) for uid in uids] == ["Tom", "neither", "Tom", None]


def test_marks_predictions_and_the_rest_of_a_task_stay(ls_client, make_project):
    sample = make_project(2)
    uids, n = list(sample.ids), sample.numbers
    mark = {"block": [0.0, 1.0], "seed": 1, "probability": 0.5}
    marks.write_marks(ls_client, sample.ref, {n[0]: mark})
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", [(n[0], {"Tom"}, 0.9)])
    notes.write_notes(ls_client, sample.ref, {n[0]: "Tom"})
    task = ls_client.request("GET", f"api/tasks/{n[0]}/", params={"resolve_uri": "false"})
    assert task["data"] == {**sample.data[0], "audit": mark, "says": "Tom"}
    assert [one["model_version"] for one in task["predictions"]] == ["v1"]
    # The other writer of task data leaves the note in its place.
    marks.write_marks(ls_client, sample.ref, {n[0]: None})
    assert said(ls_client, sample)[uids[0]] == "Tom"
    assert marks.read_marks(ls_client, sample.ref) == {}
