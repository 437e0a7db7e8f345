"""Push and pull of 3,000 frames as processes, against one request a frame."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.benchmarks import children, projects
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Failed, Result, alone, versus

FRAMES, ONE_BY_ONE = 3000, 60
PUSH, AGAIN, MADE, PULL = "push of 3,000 frames", "push again", "push again, tasks made", "pull of 3,000 labels"
LIMIT = 300


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``push``."""
    api = projects.Api(lab.server, lab.home)
    folder = lab.scratch / "push"
    film, truth = lab.drawn(FRAMES)
    lab.say(f"Extracting {FRAMES} frames.")
    projects.begin(folder, film, truth, backbone="builtin", view="whole")
    lab.say("Pushing them for the first time, embeddings included.")
    first = push(folder)
    pushed, again, made = [], [], 0
    for number in range(1 if lab.quick else 2):
        lab.round("push")(number + 1, "push, then push again")
        # The project is gone and so is what the folder knows of it; the embeddings stay.
        api("DELETE", f"api/projects/{projects.number_of(folder)}/")
        (folder / "loop.json").unlink()
        pushed.append(push(folder))
        repeated = push(folder)
        again.append(repeated)
        made = max(made, repeated[1])
    project = projects.number_of(folder)
    data = [task["data"] for task in projects.tasks_of(api, project)]
    if len(data) != FRAMES:
        raise Failed(f"{len(data)} of {FRAMES} frames are in Label Studio after the push.")
    note = f"The first push, which computes the embeddings too, took {first[0]:.1f} s."
    one = _one_by_one(lab, api, project, data)
    yield versus(PUSH, [seconds for seconds, _ in pushed], [one["push"]] * len(pushed), note)
    yield versus(AGAIN, [seconds for seconds, _ in again], [one["push again"]] * len(again))
    yield alone(MADE, [made])
    if PULL in wanted:
        lab.say(f"Labelling {FRAMES} frames.")
        label_all(api, project, data, truth)
        push(folder)  # the tasks have other numbers now
        taken = []
        for number in range(1 if lab.quick else 3):
            lab.round("push")(number + 1, "pull")
            (folder / "labels.csv").unlink(missing_ok=True)
            taken.append(pull(folder))
        yield versus(PULL, taken, [one["pull"]] * len(taken))


def push(folder: Path) -> tuple[float, int]:
    """Seconds of `screentime push`, and how many tasks it made."""
    ended = children.screentime("push", "--workspace", str(folder), "--json", limit=LIMIT)
    return ended.seconds, json.loads(ended.said)["created"]


def pull(folder: Path) -> float:
    """Seconds of `screentime pull`, which must bring every label."""
    ended = children.screentime("pull", "--workspace", str(folder), "--json", limit=LIMIT)
    labels = json.loads(ended.said)["labels"]
    if labels != FRAMES:
        raise Failed(f"pull brought {labels} of {FRAMES} labels.")
    return ended.seconds


def label_all(api: projects.Api, project: int, data: list[dict[str, Any]], truth: Path) -> None:
    """Label every frame: the same tasks again, each with what a person says of it, which is quick."""
    from screentime.demo.annotator import read_truth
    from screentime.schema import CONTROL, OBJECT, Schema

    mode, characters, known = read_truth(truth)
    schema = Schema(mode, characters)

    def said(second: float) -> dict[str, Any]:
        value = {"choices": schema.choose(known[int(second)])}
        return {"from_name": CONTROL, "to_name": OBJECT, "type": "choices", "origin": "manual", "value": value}

    api("DELETE", f"api/projects/{project}/tasks/")
    for start in range(0, len(data), 1000):
        api("POST", f"api/projects/{project}/import", [
            {"data": one, "annotations": [{"result": [said(one["second"])], "lead_time": 1.0}]}
            for one in data[start : start + 1000]
        ])


def _one_by_one(lab: Lab, api: projects.Api, project: int, data: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds that one request a frame would take for all of them."""
    spare = api("POST", "api/projects/", {
        "title": "One by one", "label_config": api("GET", f"api/projects/{project}/")["label_config"]
    })["id"]
    made: list[int] = []

    def make(one: dict[str, Any]) -> None:
        made.append(api("POST", "api/tasks/", {"project": spare, "data": one})["id"])

    def find(one: dict[str, Any]) -> None:
        query = {"filters": {"conjunction": "and", "items": [
            {"filter": "filter:tasks:data.uid", "operator": "equal", "type": "String", "value": one["uid"]}
        ]}}
        api("GET", f"api/tasks?project={project}&include=id,data&query={quote(json.dumps(query))}")

    def read(number: int) -> None:
        api("GET", f"api/tasks/{number}/")

    def scaled(work: Callable[[Any], None], what: list[Any]) -> float:
        began = time.monotonic()
        for one in what:
            work(one)
        return (time.monotonic() - began) * FRAMES / len(what)

    lab.say(f"One request a frame, {ONE_BY_ONE} frames of each kind.")
    some = data[:: len(data) // ONE_BY_ONE][:ONE_BY_ONE]
    found = {"push": scaled(make, some), "push again": scaled(find, some), "pull": scaled(read, made)}
    api("DELETE", f"api/projects/{spare}/")
    return found
