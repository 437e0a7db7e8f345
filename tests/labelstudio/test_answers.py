"""What people do in Label Studio is found again by reading only what changed."""

import random
from datetime import timedelta

import pytest

from screentime.labelstudio import answers, predictions, stream
from screentime.labelstudio.answers import Answers
from screentime.labelstudio.labels import pull_labels


@pytest.fixture(autouse=True)
def no_overlap(monkeypatch):
    """What a test did a moment ago is not read again only because it is so fresh."""
    monkeypatch.setattr(answers, "OVERLAP", timedelta(0))


def act(client, sample, name, tasks, **more):
    client.request(
        "POST", "api/dm/actions", params={"id": name, "project": sample.ref.id},
        json={"project": str(sample.ref.id), "selectedItems": {"all": False, "included": tasks}, **more},
    )


class Person:
    """Does at random what the page offers."""

    def __init__(self, client, sample, rng):
        self.client, self.sample, self.rng = client, sample, rng

    def there(self):
        listed = self.client.request(
            "GET", "api/tasks", params={"project": self.sample.ref.id, "page_size": 100, "fields": "all"}
        )
        return listed["tasks"]

    def annotation(self):
        found = [one["id"] for task in self.there() for one in task["annotations"]]
        return self.rng.choice(found) if found else None

    def task(self):
        return self.rng.choice(self.there())

    def label(self):
        who = self.rng.choice([set(), {"Tom"}, {"Jerry"}, {"Tom", "Jerry"}])
        task = self.client.request("GET", f"api/tasks/{self.task()['id']}/")
        prediction = self.rng.choice([None, *task["predictions"]])
        stream.submit(self.client, task, self.sample.schema, who, prediction=prediction)

    def skip(self):
        task = self.task()
        stream.skip(self.client, task, prediction=next(iter(task["predictions"]), None))

    def change(self):
        if one := self.annotation():
            chosen = self.rng.choice([["Tom"], ["neither"], ["neither", "Tom"], ["Spike"]])
            value = {"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": chosen}}
            self.client.request("PATCH", f"api/annotations/{one}/", json={"result": [value]})

    def take_back_a_skip(self):
        if one := self.annotation():
            cancelled = self.client.request("GET", f"api/annotations/{one}/")["was_cancelled"]
            self.client.request("PATCH", f"api/annotations/{one}/", json={"was_cancelled": not cancelled})

    def delete(self):
        if one := self.annotation():
            self.client.request("DELETE", f"api/annotations/{one}/")

    def delete_and_label(self):
        self.delete()
        self.label()

    def delete_of_tasks(self):
        act(self.client, self.sample, "delete_tasks_annotations", [self.task()["id"], self.task()["id"]])

    def delete_task(self):
        if len(self.there()) > 8:
            self.client.request("DELETE", f"api/tasks/{self.task()['id']}/")

    def confirm_together(self):
        chosen = [self.task()["id"] for _ in range(3)]
        act(self.client, self.sample, "predictions_to_annotations", chosen, model_version="v1")

    def spread(self):
        if one := self.annotation():
            act(self.client, self.sample, "propagate_annotations", [self.task()["id"]], source_annotation_id=one)


DEEDS = [name for name in vars(Person) if name not in ("__init__", "there", "annotation", "task") and name[0] != "_"]


@pytest.mark.parametrize("seed", [1, 2])
def test_reading_what_changed_finds_what_reading_all_finds(ls_client, make_project, seed):
    sample, rng = make_project(20), random.Random(seed)
    said = [{"Tom"}, set(), {"Tom", "Jerry"}, None]
    predictions.write_predictions(
        ls_client, sample.ref, sample.schema, "v1", [(task, said[task % 4], 0.5) for task in sample.numbers]
    )
    person, before, known = Person(ls_client, sample, rng), Answers(), []
    deeds = [*DEEDS, *rng.choices(DEEDS, weights=[6 if name == "label" else 1 for name in DEEDS], k=6)]
    rng.shuffle(deeds)
    for deed in ["label", "skip", *deeds]:
        getattr(person, deed)()
        everything = Answers()
        everything.read(ls_client, sample.ref)
        pulled = pull_labels(ls_client, sample.ref, sample.schema, known, before)
        whole = pull_labels(ls_client, sample.ref, sample.schema, known)
        hollow = set(pulled.hollow)
        assert (pulled.labels, pulled.skipped, pulled.doubles) == (whole.labels, whole.skipped, whole.doubles), deed
        assert [one for one in pulled.problems if "created together" not in one] == whole.problems, deed
        assert {number: task["annotations"] for number, task in before.tasks.items() if task["annotations"]} == {
            number: kept for number, task in everything.tasks.items()
            if (kept := [one for one in task["annotations"] if one["id"] not in hollow])
        }, deed
        known = pulled.labels


def test_only_what_changed_is_read_again(ls_client, make_project):
    sample = make_project(5)
    n = sample.numbers
    for task in n[:3]:
        stream.submit(ls_client, {"id": task}, sample.schema, {"Tom"})
    kept = Answers()
    kept.read(ls_client, sample.ref)
    first = dict(kept.tasks)
    assert sorted(first) == n[:3]
    kept.read(ls_client, sample.ref)
    assert all(kept.tasks[task] is first[task] for task in n[:3])
    changed = first[n[1]]["annotations"][0]["id"]
    ls_client.request("PATCH", f"api/annotations/{changed}/", json={"lead_time": 3})
    stream.skip(ls_client, {"id": n[3]})
    kept.read(ls_client, sample.ref)
    assert [kept.tasks[task] is first.get(task) for task in n[:4]] == [True, False, True, False]
    assert kept.tasks[n[1]]["annotations"][0]["lead_time"] == 3
    # One was deleted and another one made: there are as many as before.
    ls_client.request("DELETE", f"api/annotations/{first[n[0]]['annotations'][0]['id']}/")
    stream.submit(ls_client, {"id": n[4]}, sample.schema, {"Tom"})
    kept.read(ls_client, sample.ref)
    assert sorted(kept.tasks) == n[1:]


def test_the_pre_annotation_is_read_only_where_it_decides(ls_client, make_project):
    sample = make_project(3)
    n = sample.numbers
    items = [(n[0], {"Tom"}, 0.5), (n[1], None, 0.5), (n[2], {"Tom"}, 0.5)]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    for number in n[:2]:
        task = ls_client.request("GET", f"api/tasks/{number}/")
        stream.submit(ls_client, task, sample.schema, {"Jerry"}, prediction=task["predictions"][0])
    read = Answers()
    pulled = pull_labels(ls_client, sample.ref, sample.schema, (), read)
    # Of a blind frame the page names the pre-annotation too.
    assert [label.origin for label in pulled.labels] == ["prediction-changed", "manual"]
    assert ["predictions" in read.tasks[number] for number in n[:2]] == [False, True]
    again = Answers()
    assert pull_labels(ls_client, sample.ref, sample.schema, pulled.labels, again) == pulled
    assert ["predictions" in again.tasks[number] for number in n[:2]] == [False, False]
