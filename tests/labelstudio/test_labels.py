"""What counts as a label."""

import re
import secrets

import httpx
import pytest

from screentime.labelstudio import labels, predictions, stream
from screentime.labelstudio.labels import judge, pull_labels
from screentime.schema import Schema

EXCLUSIVE = Schema("exclusive", ("Jerry", "Tom"))
TOM, JERRY, NOBODY = frozenset({"Tom"}), frozenset({"Jerry"}), frozenset()


def annotate(client, task, choices, **more):
    result = [
        {"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": choices}}
    ] if choices else []
    return client.request("POST", f"api/tasks/{task}/annotations/", json={"result": result, **more})["id"]


@pytest.fixture
def newcomer(ls_client):
    """Signs up another person by the server's invitation; gives their number and how they annotate."""
    lines = []

    def join():
        line = httpx.Client(base_url=ls_client.url, trust_env=False, follow_redirects=True)
        lines.append(line)
        invitation = ls_client.request("GET", "api/invite")["invite_url"]
        form = line.get(invitation).text
        hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
        email = f"{secrets.token_hex(6)}@example.org"
        line.post(
            invitation, data={"csrfmiddlewaretoken": hidden, "email": email, "password": secrets.token_hex(8)},
            headers={"Referer": ls_client.url + invitation},
        )

        def say(task, choices):
            value = {"choices": choices}
            result = {"from_name": "characters", "to_name": "frame", "type": "choices", "value": value}
            answer = line.post(
                f"/api/tasks/{task}/annotations/", json={"result": [result]},
                headers={"X-CSRFToken": line.cookies["csrftoken"]},
            )
            assert answer.status_code == 201
            return answer.json()["id"]

        return str(line.get("/api/current-user/whoami").json()["id"]), say

    yield join
    for line in lines:
        line.close()


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
    assert pulled.skipped == {uids[3]} and pulled.doubles == {}
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
    # Two annotations of one person are no two answers.
    assert pulled.doubles == {}


def test_drafts_and_tasks_of_others_do_not_count(ls_client, make_project):
    sample = make_project(1)
    result = [{"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": ["Tom"]}}]
    ls_client.request("POST", f"api/tasks/{sample.numbers[0]}/drafts", json={"result": result})
    stranger = {"image": "/x.jpg", "film": "", "timecode": "", "previous": "", "next": ""}
    ls_client.request("POST", f"api/projects/{sample.ref.id}/import", json=[{"data": stranger}])
    assert pull_labels(ls_client, sample.ref, sample.schema) == labels.Pulled([], frozenset(), [], {})
    stranger = max(t["id"] for t in ls_client.request("GET", "api/tasks", params={"project": sample.ref.id})["tasks"])
    annotate(ls_client, stranger, ["Tom"])
    pulled = pull_labels(ls_client, sample.ref, sample.schema)
    assert pulled.labels == []
    assert pulled.problems == [
        f"1 labelled tasks were not made by screentime and do not count (the first is task {stranger})."
    ]


def test_several_people_on_one_frame(ls_client, make_project, newcomer):
    sample = make_project(4, EXCLUSIVE)
    uids, n = list(sample.ids), sample.numbers
    (second, second_says), (third, third_says) = newcomer(), newcomer()
    assert len({"1", second, third}) == 3
    # Two against one, though the one is the newest.
    annotate(ls_client, n[0], ["Tom"])
    most = third_says(n[0], ["Tom"])
    second_says(n[0], ["Jerry"])
    # One against one: the newest.
    annotate(ls_client, n[1], ["Tom"])
    newest = second_says(n[1], ["neither"])
    # Somebody changed their mind: the older annotation has no vote any more.
    second_says(n[2], ["Tom"])
    annotate(ls_client, n[2], ["Tom"])
    changed = second_says(n[2], ["Jerry"])
    # What cannot be a label takes no valid one away, though it is newer.
    valid = annotate(ls_client, n[3], ["Jerry"])
    invalid = third_says(n[3], ["Spike"])
    pulled = pull_labels(ls_client, sample.ref, EXCLUSIVE)
    assert [(one.uid, one.characters, one.annotation, one.annotator) for one in pulled.labels] == [
        (uids[0], TOM, most, third), (uids[1], NOBODY, newest, second), (uids[2], JERRY, changed, second),
        (uids[3], JERRY, valid, "1"),
    ]
    assert pulled.doubles == {
        uids[0]: [TOM, JERRY, TOM], uids[1]: [TOM, NOBODY], uids[2]: [TOM, JERRY],
    }
    assert pulled.problems == [
        f"The frame at 0:00:03.000 of film.mp4 (task {n[3]}, annotation {invalid}) does not count:"
        " 'Spike' is no choice of this project. Label it again in Label Studio."
    ]
    assert pulled.skipped == frozenset()


def said(number, person, choices, second):
    return {
        "id": number, "completed_by": person, "updated_at": f"2026-01-01T00:00:{second:02d}Z",
        "was_cancelled": False, "result": [{"from_name": "characters", "value": {"choices": choices}}],
    }


def test_of_equally_common_answers_the_one_given_last():
    annotations = [
        said(1, 1, ["Tom"], 50), said(2, 2, ["Jerry"], 10), said(3, 3, ["neither"], 59),
        said(4, 10, ["Jerry"], 51), said(5, 9, ["Tom"], 20),
    ]
    pulled = judge([{"id": 1, "data": {"uid": "u"}, "annotations": annotations}], EXCLUSIVE)
    [label] = pulled.labels
    # Tom and Jerry have two each, nobody one; Jerry was said last.
    assert (label.characters, label.annotation, label.annotator) == (JERRY, 4, "10")
    assert label.updated_at == "2026-01-01T00:00:51Z"
    # In the order of the people's numbers: 1, 2, 3, 9, 10.
    assert pulled.doubles == {"u": [TOM, JERRY, NOBODY, TOM, JERRY]}


def test_who_corrects_what_another_person_said_has_said_it(ls_client, make_project, newcomer):
    sample = make_project(1, EXCLUSIVE)
    [task] = sample.numbers
    second, second_says = newcomer()
    theirs = second_says(task, ["Tom"])
    [label] = pull_labels(ls_client, sample.ref, EXCLUSIVE).labels
    assert (label.annotation, label.annotator) == (theirs, second)
    result = [{"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": ["Jerry"]}}]
    ls_client.request("PATCH", f"api/annotations/{theirs}/", json={"result": result})
    pulled = pull_labels(ls_client, sample.ref, EXCLUSIVE)
    [label] = pulled.labels
    assert (label.annotation, label.characters, label.annotator) == (theirs, JERRY, "1")
    assert pulled.doubles == {}


def test_newest_of_one_person_though_it_be_invalid():
    """Who takes back an answer with one that cannot count has none."""
    annotations = [said(1, 1, ["Tom"], 1), said(2, 1, ["Spike"], 2), said(3, 2, ["Jerry"], 0)]
    pulled = judge([{"id": 1, "data": {"uid": "u"}, "annotations": annotations}], EXCLUSIVE)
    assert [label.annotation for label in pulled.labels] == [3]
    assert pulled.doubles == {}
    assert pulled.problems == [
        "A frame (task 1, annotation 2) does not count: 'Spike' is no choice of this project."
        " Label it again in Label Studio."
    ]


def test_label_of_a_blind_frame_is_manual(ls_client, make_project):
    sample = make_project(2)
    blind, seen = sample.numbers
    predictions.write_predictions(
        ls_client, sample.ref, sample.schema, "v1", [(blind, None, 0.5), (seen, {"Tom"}, 0.6)]
    )
    for number in (blind, seen):
        [shown] = ls_client.request("GET", f"api/tasks/{number}/")["predictions"]
        # As the page sends a choice that was switched on by hand, or off and on again.
        annotate(ls_client, number, ["Tom"], parent_prediction=shown["id"])

    def origins():
        return [label.origin for label in pull_labels(ls_client, sample.ref, sample.schema).labels]

    assert origins() == ["manual", "prediction-changed"]
    # With the predictions the difference goes.
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v2", [(blind, {"Tom"}, 0.5)])
    assert list(predictions.clear_away(ls_client, sample.ref, "v2", sample.numbers))
    assert origins() == ["manual", "manual"]


@pytest.mark.parametrize("person", [7, {"id": 7, "email": "x@y"}])
def test_person_as_number_and_as_record(person):
    annotation = {
        "id": 3, "completed_by": person, "updated_at": "2026-01-01T00:00:00.5Z", "was_cancelled": False,
        "result": [{"from_name": "characters", "value": {"choices": ["Tom"]}}],
    }
    older = {**annotation, "id": 9, "updated_at": "2026-01-01T00:00:00Z", "completed_by": 8, "result": []}
    task = {"id": 1, "data": {"uid": "u"}, "annotations": [annotation, older]}
    pulled = judge([task], Schema("multi", ("Tom",)))
    assert [(label.annotator, label.annotation) for label in pulled.labels] == [("7", 3)]
    assert [problem[:44] for problem in pulled.problems] == ["A frame (task 1, annotation 9) does not coun"]
