"""What the bulk action leaves, on the real server: confirmations, and what must not become one."""

import time

import pytest

from screentime.labelstudio import labels, predictions, queue, stream
from screentime.labelstudio.confirming import is_bulk, meant
from screentime.schema import Schema

EXCLUSIVE = Schema("exclusive", ("Jerry", "Tom"))
TOM, JERRY = frozenset({"Tom"}), frozenset({"Jerry"})
HOLLOW = (
    "{} annotations were created together on frames that are shown without a pre-annotation: they say nothing"
    " and are deleted, and the frames are asked for as before."
)


def confirm_together(client, sample, tasks=None):
    """As the page does it: of these tasks, or of all."""
    chosen = {"all": True, "excluded": []} if tasks is None else {"all": False, "included": list(tasks)}
    shown = predictions.shown_version(client, sample.ref)
    return client.request(
        "POST", "api/dm/actions", params={"id": "predictions_to_annotations", "project": sample.ref.id},
        json={"project": str(sample.ref.id), "selectedItems": chosen, **({"model_version": shown} if shown else {})},
    )["detail"]


def pull(client, sample):
    return labels.pull_labels(client, sample.ref, sample.schema)


def brief(pulled):
    return [(one.task, one.characters, one.origin) for one in pulled.labels]


def test_confirmed_together_are_confirmations_even_after_their_version_is_gone(ls_client, make_project):
    sample = make_project(4, EXCLUSIVE)
    n = sample.numbers
    say = [{"Tom"}, {"Jerry"}, set(), {"Tom"}]
    items = [(task, one, 0.9) for task, one in zip(n, say)]
    predictions.write_predictions(ls_client, sample.ref, EXCLUSIVE, "v1", items)
    assert confirm_together(ls_client, sample, n[:3]) == "Created 3 annotations"
    assert confirm_together(ls_client, sample, n[:3]) == "Created 0 annotations"
    expected = [(n[0], TOM, "prediction"), (n[1], JERRY, "prediction"), (n[2], frozenset(), "prediction")]
    predictions.write_predictions(ls_client, sample.ref, EXCLUSIVE, "v2", [(n[3], {"Jerry"}, 0.9)])
    assert list(predictions.clear_away(ls_client, sample.ref, "v2", sample.numbers))
    # Pulled for the first time when nothing ties them to what they confirmed.
    [one] = ls_client.request("GET", f"api/tasks/{n[0]}/annotations/")
    assert one["parent_prediction"] is None
    pulled = pull(ls_client, sample)
    assert brief(pulled) == expected
    assert (pulled.problems, pulled.skipped, pulled.hollow) == ([], frozenset(), ())
    assert {label.lead_time for label in pulled.labels} == {None}


def test_blind_frames_are_not_confirmed_and_are_handed_out_again(ls_client, make_project):
    sample = make_project(4)
    uids, n = list(sample.ids), sample.numbers
    items = [(n[0], None, 0.5), (n[1], {"Tom"}, 0.6), (n[2], None, 0.7), (n[3], None, 0.8)]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    by_hand = stream.submit(ls_client, {"id": n[3]}, sample.schema, {"Jerry"})
    tab = queue.queue_frames(ls_client, sample.ref, {uids[0]: n[0], uids[2]: n[2]}).tab
    assert confirm_together(ls_client, sample) == "Created 4 annotations"
    assert stream.next_task(ls_client, sample.ref, tab) is None
    pulled = pull(ls_client, sample)
    assert brief(pulled) == [(n[1], TOM, "prediction"), (n[3], JERRY, "manual")]
    assert pulled.labels[1].annotation == by_hand
    assert pulled.problems == [HOLLOW.format(3)]
    assert len(pulled.hollow) == 3 and pulled.skipped == frozenset()
    assert stream.next_task(ls_client, sample.ref, tab)["id"] == n[0]
    again = pull(ls_client, sample)
    assert brief(again) == brief(pulled) and again.problems == []


def test_before_there_is_a_model_nothing_is_confirmed(ls_client, make_project):
    sample = make_project(3)
    tab = queue.queue_frames(ls_client, sample.ref, dict(list(sample.ids.items())[::-1])).tab
    assert confirm_together(ls_client, sample) == "Created 3 annotations"
    pulled = pull(ls_client, sample)
    assert (pulled.labels, pulled.problems) == ([], [HOLLOW.format(3)])
    assert stream.next_task(ls_client, sample.ref, tab)["id"] == sample.numbers[2]


def test_answers_given_one_by_one_go_before_those_of_the_bulk_action(ls_client, make_project):
    sample = make_project(4)
    n = sample.numbers
    by_hand = stream.submit(ls_client, {"id": n[0]}, sample.schema, {"Jerry"})
    stream.skip(ls_client, {"id": n[1]})
    predictions.write_predictions(
        ls_client, sample.ref, sample.schema, "v1", [(task, {"Tom"}, 0.9) for task in n]
    )
    assert confirm_together(ls_client, sample) == "Created 4 annotations"
    later = stream.submit(ls_client, {"id": n[2]}, sample.schema, {"Jerry"})
    pulled = pull(ls_client, sample)
    assert [(one.task, one.annotation, one.characters) for one in pulled.labels[:2]] == [
        (n[0], by_hand, JERRY), (n[2], later, JERRY),
    ]
    assert brief(pulled)[2:] == [(n[3], TOM, "prediction")]
    assert pulled.skipped == {list(sample.ids)[1]}
    assert pulled.doubles == {} and pulled.problems == []


def test_one_that_somebody_changed_since_counts_as_theirs(ls_client, make_project):
    sample = make_project(1)
    [task] = sample.numbers
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", [(task, {"Tom"}, 0.9)])
    confirm_together(ls_client, sample)
    [made] = ls_client.request("GET", f"api/tasks/{task}/annotations/")
    assert is_bulk(made)
    result = [{**made["result"][0], "value": {"choices": ["Jerry"]}, "origin": "manual"}]
    ls_client.request("PATCH", f"api/annotations/{made['id']}/", json={"result": result})
    [changed] = ls_client.request("GET", f"api/tasks/{task}/annotations/")
    assert not is_bulk(changed)
    assert brief(pull(ls_client, sample)) == [(task, JERRY, "prediction-changed")]


@pytest.mark.parametrize(
    ("more", "bulk"),
    [
        ({}, True),
        ({"updated_by": 1}, False),
        ({"import_id": 4}, False),
        ({"result": [{"origin": "manual"}]}, False),
    ],
)
def test_what_tells_the_bulk_action(more, bulk):
    annotation = {"updated_by": None, "import_id": None, "result": [{"from_name": "characters"}], **more}
    assert is_bulk(annotation) is bulk
    # An older Label Studio that does not say who changed it: nothing is taken for what it may not be.
    assert not is_bulk({name: value for name, value in annotation.items() if name != "updated_by"})


@pytest.mark.parametrize(
    ("shown", "chosen", "said"),
    [
        (["neither"], ["neither", "Tom"], ["Tom"]), (["neither"], ["neither", "Jerry", "Tom"], ["Jerry", "Tom"]),
        (["Tom"], ["neither", "Tom"], ["neither"]), (["Jerry", "Tom"], ["neither", "Jerry", "Tom"], ["neither"]),
        (["Jerry", "Tom"], ["neither", "Tom"], ["neither"]),
        # What is no contradiction stays as it is.
        (["neither"], ["neither"], ["neither"]), (["Tom"], ["Tom", "Jerry"], ["Tom", "Jerry"]), (["Tom"], ["neither"], ["neither"]),
        # Nothing tells what was meant here.
        ([], ["neither", "Tom"], ["neither", "Tom"]), (["Tom"], ["neither", "Jerry"], ["neither", "Jerry"]),
        (["Tom"], ["neither", "Tom", "Jerry"], ["neither", "Tom", "Jerry"]),
    ],
)
def test_what_was_switched_on_is_what_is_meant(shown, chosen, said):
    assert meant(chosen, shown) == said


def test_what_was_meant_is_not_guessed_from_a_pre_annotation_that_changed_meanwhile(ls_client, make_project):
    sample = make_project(2)
    n = sample.numbers
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", [(task, set(), 0.9) for task in n])
    shown = {task: ls_client.request("GET", f"api/tasks/{task}/")["predictions"][0]["id"] for task in n}
    time.sleep(1.5)
    # While the first frame was on the page, a round made its pre-annotation Tom.
    items = [(task, {"Tom"}, 0.9) for task in n]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v2", items, open=n)
    for task, open_for in ((n[0], 60.0), (n[1], 0.0)):
        value = {"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": ["neither", "Tom"]}}
        body = {"result": [value], "parent_prediction": shown[task], "lead_time": open_for}
        ls_client.request("POST", f"api/tasks/{task}/annotations/", json=body)
    pulled = pull(ls_client, sample)
    assert brief(pulled) == [(n[1], frozenset(), "prediction-changed")]
    assert len(pulled.problems) == 1 and "'neither' is chosen together with a character" in pulled.problems[0]


def test_what_was_meant_is_remembered_when_its_pre_annotation_is_gone(ls_client, make_project):
    sample = make_project(2)
    n = sample.numbers
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", [(task, set(), 0.9) for task in n])
    [shown] = ls_client.request("GET", f"api/tasks/{n[0]}/")["predictions"]
    value = {"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": ["neither", "Tom"]}}
    made = ls_client.request(
        "POST", f"api/tasks/{n[0]}/annotations/", json={"result": [value], "parent_prediction": shown["id"]}
    )["id"]
    first = pull(ls_client, sample)
    assert brief(first) == [(n[0], TOM, "prediction-changed")]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v2", [(n[1], set(), 0.9)])
    assert list(predictions.clear_away(ls_client, sample.ref, "v2", sample.numbers))
    assert pull(ls_client, sample).problems == [
        f"The frame at 0:00:00.000 of film.mp4 (task {n[0]}, annotation {made}) does not count: 'neither' is"
        " chosen together with a character. Label it again in Label Studio."
    ]
    again = labels.pull_labels(ls_client, sample.ref, sample.schema, first.labels)
    assert [(one.characters, one.annotation) for one in again.labels] == [(TOM, made)] and again.problems == []
    # Changed since, it means what it says now.
    value["value"]["choices"] = ["neither", "Jerry"]
    ls_client.request("PATCH", f"api/annotations/{made}/", json={"result": [value]})
    assert labels.pull_labels(ls_client, sample.ref, sample.schema, first.labels).labels == []
