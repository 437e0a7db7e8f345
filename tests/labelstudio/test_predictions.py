"""Pre-annotations: whole, shown, alone, and never in the way of annotations."""

import pytest

from screentime.errors import ModelError, ServerError
from screentime.labelstudio import predictions, project, queue, stream, tasks
from screentime.labelstudio.predictions import (
    clear_away,
    prediction_versions,
    shown_version,
    write_predictions,
)
from screentime.schema import Schema

SCHEMA = Schema("multi", ("Tom", "Jerry"))


def everyone(sample, characters=frozenset({"Tom"}), score=0.75):
    return [(task, characters, score) for task in sample.numbers]


def replace(client, sample, version, items, **more):
    """What a round does: show a version, then clear the others away."""
    write_predictions(client, sample.ref, sample.schema, version, items, **more)
    return list(clear_away(client, sample.ref, version, sample.numbers))


def test_the_new_version_takes_the_place_of_the_old_ones(ls_client, make_project):
    sample = make_project(4)
    said = stream.submit(ls_client, {"id": sample.numbers[0]}, sample.schema, {"Jerry"})
    assert prediction_versions(ls_client, sample.ref) == {}
    write_predictions(ls_client, sample.ref, sample.schema, "v1", everyone(sample))
    assert prediction_versions(ls_client, sample.ref) == {"v1": 4}
    seen = []
    write_predictions(
        ls_client, sample.ref, sample.schema, "v2", everyone(sample, frozenset(), 1), progress=lambda *a: seen.append(a)
    )
    assert seen == [(4, 4)]
    # Both are there, and people are shown the new one.
    assert prediction_versions(ls_client, sample.ref) == {"v1": 4, "v2": 4}
    assert shown_version(ls_client, sample.ref) == "v2"
    assert list(clear_away(ls_client, sample.ref, "v2", sample.numbers)) == [(4, 4)]
    assert list(clear_away(ls_client, sample.ref, "v2", sample.numbers)) == []
    assert prediction_versions(ls_client, sample.ref) == {"v2": 4}
    assert shown_version(ls_client, sample.ref) == "v2"
    [kept] = ls_client.request("GET", f"api/tasks/{sample.numbers[1]}/")["predictions"]
    assert (kept["model_version"], kept["score"]) == ("v2", 1.0)
    assert kept["result"][0]["value"] == {"choices": ["neither"]}
    [annotation] = ls_client.request("GET", f"api/tasks/{sample.numbers[0]}/annotations/")
    assert annotation["id"] == said and annotation["result"][0]["value"] == {"choices": ["Jerry"]}


def test_what_may_be_on_the_page_is_changed_in_place(ls_client, make_project):
    sample = make_project(4)
    n = sample.numbers
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", [(task, {"Tom"}, 0.5) for task in n])

    def standing():
        found = ls_client.request("GET", "api/predictions/", params={"project": sample.ref.id})
        return {one["task"]: one for one in found}

    before = standing()
    items = [(n[0], {"Jerry"}, 0.6), (n[1], None, 0.7), (n[2], {"Tom"}, 0.8), (n[3], set(), 0.9)]
    for _ in range(2):
        replace(ls_client, sample, "v2", items, open={n[0], n[1], 10**9})
        after = standing()
        assert len(after) == 4 and {one["model_version"] for one in after.values()} == {"v2"}
        assert [after[task]["id"] == before[task]["id"] for task in n] == [True, True, False, False]
        said = [[value for r in after[task]["result"] for value in r["value"]["choices"]] for task in n]
        assert said == [["Jerry"], [], ["Tom"], ["neither"]]
        assert [after[task]["score"] for task in n] == [0.6, 0.7, 0.8, 0.9]
        assert predictions.shown_version(ls_client, sample.ref) == "v2"
    # Where all of them may be, none is made anew.
    replace(ls_client, sample, "v3", items, open=set(n))
    assert [standing()[task]["id"] for task in n] == [after[task]["id"] for task in n]
    assert predictions.prediction_versions(ls_client, sample.ref) == {"v3": 4}


def test_killed_before_it_was_changed_what_may_be_on_the_page_is_changed_by_the_next_go(ls_client, make_project):
    sample = make_project(4)
    n = sample.numbers
    write_predictions(ls_client, sample.ref, sample.schema, "v1", [(task, {"Tom"}, 0.5) for task in n])
    before = {one["task"]: one["id"] for one in ls_client.request("GET", "api/predictions/", params={"project": sample.ref.id})}
    items = [(task, {"Jerry"}, 0.75) for task in n]
    # Killed here: the others are imported and on show, and of the two open ones nothing is changed yet.
    write_predictions(ls_client, sample.ref, sample.schema, "v2", items[2:])
    replace(ls_client, sample, "v2", items, open=set(n[:2]))
    found = ls_client.request("GET", "api/predictions/", params={"project": sample.ref.id})
    assert sorted((one["task"], one["model_version"]) for one in found) == [(task, "v2") for task in sorted(n)]
    after = {one["task"]: one["id"] for one in found}
    assert {task: after[task] for task in n[:2]} == {task: before[task] for task in n[:2]}


def test_repeating_doubles_nothing_and_completes_what_was_cut_off(ls_client, make_project):
    sample = make_project(4)
    items = everyone(sample)
    write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    assert prediction_versions(ls_client, sample.ref) == {"v1": 4}
    # Killed after two of four were imported: the old version is still the one on show.
    half = [{"task": t, "model_version": "v2", "score": 0.5, "result": []} for t in sample.numbers[:2]]
    predictions.import_predictions(ls_client, sample.ref, half)
    assert prediction_versions(ls_client, sample.ref) == {"v1": 4, "v2": 2}
    assert shown_version(ls_client, sample.ref) == "v1"
    replace(ls_client, sample, "v2", items)
    assert prediction_versions(ls_client, sample.ref) == {"v2": 4}
    # Killed after it was shown: the next one clears away what was left, and doubles nothing.
    predictions.import_predictions(ls_client, sample.ref, [{**one, "model_version": "v1"} for one in half])
    predictions.import_predictions(ls_client, sample.ref, [{**half[0], "score": 0.75}])
    assert prediction_versions(ls_client, sample.ref) == {"v1": 2, "v2": 5}
    replace(ls_client, sample, "v2", items)
    assert prediction_versions(ls_client, sample.ref) == {"v2": 4}
    said = ls_client.request("GET", "api/predictions/", params={"project": sample.ref.id})
    assert [one["result"][0]["value"]["choices"] for one in said] == [["Tom"]] * 4


def test_a_version_that_is_made_after_the_call_stays(ls_client, make_project):
    sample = make_project(2)
    for version in ("v1", "v2"):
        write_predictions(ls_client, sample.ref, sample.schema, version, everyone(sample))
    rest = clear_away(ls_client, sample.ref, "v2", sample.numbers)
    write_predictions(ls_client, sample.ref, sample.schema, "v3", everyone(sample))
    assert list(rest) == [(2, 2)]
    assert prediction_versions(ls_client, sample.ref) == {"v2": 2, "v3": 2}
    assert shown_version(ls_client, sample.ref) == "v3"


def test_many_are_cleared_away_one_by_one_and_those_that_people_open_first(ls_client, make_project, monkeypatch):
    sample = make_project(5)
    n = sample.numbers
    for version in ("v1", "v2"):
        items = [(task, {"Tom"}, 0.5 + place / 10) for place, task in enumerate(n)]
        write_predictions(ls_client, sample.ref, sample.schema, version, items)
    monkeypatch.setattr(predictions, "TOGETHER", 2)
    monkeypatch.setattr(predictions, "LOOKED_AT", 2)
    left = []
    for done, total in clear_away(ls_client, sample.ref, "v2", [n[1], n[4], n[0], n[2], n[3]]):
        found = ls_client.request("GET", "api/predictions/", params={"project": sample.ref.id})
        left.append((done, total, [n.index(one["task"]) for one in found if one["model_version"] == "v1"]))
    assert left == [(1, 5, [0, 2, 3, 4]), (2, 5, [0, 2, 3]), (3, 5, [2, 3]), (5, 5, [])]
    assert prediction_versions(ls_client, sample.ref) == {"v2": 5}
    # In one step where nobody is kept waiting.
    items = [(task, {"Tom"}, 0.5) for task in n]
    write_predictions(ls_client, sample.ref, sample.schema, "v3", items)
    assert list(clear_away(ls_client, sample.ref, "v3", n, alone=True)) == [(5, 5)]
    assert prediction_versions(ls_client, sample.ref) == {"v3": 5}


def test_blind_frames_have_a_score_and_say_nothing(ls_client, make_project):
    sample = make_project(5)
    n = sample.numbers
    scores = {n[0]: 0.7, n[1]: 0.55, n[2]: 0.9, n[3]: 0.6, n[4]: 0.5}
    blind = {n[3], n[0]}
    items = [(task, None if task in blind else set(), score) for task, score in scores.items()]
    write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    assert prediction_versions(ls_client, sample.ref) == {"v1": 5}
    for task in tasks.read_tasks(ls_client, sample.ref, fields="all"):
        [one] = task["predictions"]
        chosen = [result["value"]["choices"] for result in one["result"]]
        # Nothing at all, which is not the same as nobody.
        assert (one["score"], chosen) == (scores[task["id"]], [] if task["id"] in blind else [["neither"]])
        assert task["predictions_score"] == scores[task["id"]]
    order = sorted(scores, key=scores.get)
    uids = {task: uid for uid, task in sample.ids.items()}
    chosen = queue.queue_frames(ls_client, sample.ref, {uids[task]: task for task in order})
    served = []
    while task := stream.next_task(ls_client, sample.ref, chosen.tab):
        assert [bool(one["result"]) for one in task["predictions"]] == [task["id"] not in blind]
        served.append(task["id"])
        stream.skip(ls_client, task)
    assert served == order == [n[4], n[1], n[3], n[0], n[2]]


def test_the_same_version_is_sent_again_only_where_it_says_something_else(ls_client, make_project):
    sample = make_project(3)
    n = sample.numbers
    sent = []

    def write(*items):
        sent.clear()
        write_predictions(
            ls_client, sample.ref, sample.schema, "v1", items, progress=lambda *a: sent.append(a)
        )
        assert prediction_versions(ls_client, sample.ref) == {"v1": 3}
        assert shown_version(ls_client, sample.ref) == "v1"
        return bool(sent)

    items = [(n[0], {"Tom", "Jerry"}, 1 / 3), (n[1], set(), 0.1 + 0.2), (n[2], None, 1.0)]
    assert write(*items)
    assert not write(*items) and not write(*items[::-1])
    # As many as before, but another frame is blind.
    items[1:] = [(n[1], None, 0.1 + 0.2), (n[2], {"Tom"}, 1.0)]
    # Those two are changed in their place.
    assert not write(*items)
    [one] = ls_client.request("GET", f"api/tasks/{n[1]}/")["predictions"]
    assert (one["result"], one["score"]) == ([], 0.1 + 0.2)
    assert not write(*items)


def test_dropped_predictions_are_noticed_and_the_old_ones_stay(ls_client, make_project):
    sample = make_project(3)
    write_predictions(ls_client, sample.ref, sample.schema, "v1", everyone(sample))
    # Somebody took a character out of the interface; the server then drops its predictions with 201.
    config = ls_client.request("GET", f"api/projects/{sample.ref.id}/")["label_config"]
    changed = config.replace('value="Jerry"', 'value="Spike"')
    ls_client.request("PATCH", f"api/projects/{sample.ref.id}/", json={"label_config": changed})
    items = [*everyone(sample)[:2], (sample.numbers[2], {"Jerry"}, 0.5)]
    with pytest.raises(ServerError) as raised:
        write_predictions(ls_client, sample.ref, sample.schema, "v2", items)
    assert raised.value.what == "Label Studio kept 2 of 3 pre-annotations."
    assert raised.value.remedy == (
        "See that the project's labelling interface still has this workspace's characters."
    )
    assert prediction_versions(ls_client, sample.ref) == {"v1": 3}
    assert shown_version(ls_client, sample.ref) == "v1"


@pytest.mark.parametrize("score", [1.01, -0.1, float("nan")])
def test_certainty_that_is_none(ls_client, score):
    with pytest.raises(ModelError, match=r"of task 1 is not between 0 and 1. Train a model anew"):
        write_predictions(ls_client, project.ProjectRef(1, ""), SCHEMA, "v1", [(1, {"Tom"}, score)])


def test_character_that_is_none(ls_client):
    with pytest.raises(ModelError, match="Spike, Tom cannot be the prediction of task 1 in this project."):
        write_predictions(ls_client, project.ProjectRef(1, ""), SCHEMA, "v1", [(1, {"Tom", "Spike"}, 1)])


def test_task_that_is_gone(ls_client, make_project):
    sample = make_project(1)
    with pytest.raises(ServerError, match="Label Studio answered 400 .while writing pre-annotations.*99999"):
        write_predictions(ls_client, sample.ref, sample.schema, "v1", [(99999, {"Tom"}, 1)])
