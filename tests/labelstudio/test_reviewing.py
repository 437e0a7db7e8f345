"""A film's timeline on a real server: made once, shown by one version."""

import pytest

from screentime.label_config import read_timeline
from screentime.labelstudio import reviewing
from screentime.labelstudio.predictions import import_predictions, prediction_versions, shown_version
from screentime.labelstudio.tasks import list_tasks
from screentime.records import Appearance, Film
from screentime.schema import Schema
from screentime.video.grid import Grid

SCHEMA = Schema("multi", ("Tom", "Jerry"))
GRID = Grid([number / 24 for number in range(240)], 10.0, 24.0)
SHOWN = (Appearance("Tom", 0.0, 2.0, 0.9, "predicted"), Appearance("Jerry", 1.0, 10.0, 0.6, "mixed"))


@pytest.fixture
def film(tmp_path):
    return Film(f"{abs(hash(tmp_path.name)):016x}"[:16], "film <b>.mp4", "/films/film.mp4", 10.0, 24.0, 64, 36, 10)


@pytest.fixture
def put_up(ls_client, film, tmp_path):
    project = reviewing.ensure_review(ls_client, workspace_id=tmp_path.name, film=film, schema=SCHEMA)
    task, _ = reviewing.push_film(ls_client, project, film, "/data/local-files/?d=a/b.mp4", GRID)
    return project, task


def test_a_films_project_is_made_once_and_gets_new_characters(ls_client, film, tmp_path, put_up):
    project, task = put_up
    there = ls_client.request("GET", f"api/projects/{project.id}/")
    assert (there["title"], there["enable_empty_annotation"]) == ("Review: film <b>.mp4", True)
    assert "Each line of the timeline is one appearance" in there["expert_instruction"]
    again = reviewing.ensure_review(ls_client, workspace_id=tmp_path.name, film=film, schema=SCHEMA)
    assert again == project
    assert reviewing.push_film(ls_client, project, film, "/data/local-files/?d=a/b.mp4", GRID) == (task, False)
    assert list_tasks(ls_client, project) == {film.digest: task}
    other = reviewing.ensure_review(ls_client, workspace_id="another", film=film, schema=SCHEMA)
    assert other.id != project.id
    more = Schema("multi", ("Tom", "Jerry", "Spike"))
    reviewing.ensure_review(ls_client, workspace_id=tmp_path.name, film=film, schema=more)
    config = ls_client.request("GET", f"api/projects/{project.id}/")["label_config"]
    assert read_timeline(config) == ("Tom", "Jerry", "Spike")


def test_a_films_task_says_what_the_page_needs_and_follows_the_film(ls_client, film, put_up):
    project, task = put_up
    assert ls_client.request("GET", f"api/tasks/{task}/")["data"] == {
        "uid": film.digest, "film": "film <b>.mp4", "video": "/data/local-files/?d=a/b.mp4", "framerate": 24.0,
        "frames": 240, "seconds": 10.0,
    }
    reviewing.push_film(ls_client, project, film, "/data/upload/1/b.mp4", GRID)
    assert ls_client.request("GET", f"api/tasks/{task}/")["data"]["video"] == "/data/upload/1/b.mp4"


def test_the_page_shows_one_versions_appearances(ls_client, put_up):
    project, task = put_up
    assert reviewing.show_appearances(ls_client, project, task, "v1", SHOWN, GRID)
    assert not reviewing.show_appearances(ls_client, project, task, "v1", SHOWN, GRID)
    [kept] = ls_client.request("GET", "api/predictions/", params={"task": task})
    # The last one comes first: the page puts new lines on top.
    assert [(one["value"], one["score"]) for one in kept["result"]] == [
        ({"ranges": [{"start": 25, "end": 240}], "timelinelabels": ["Jerry"]}, 0.6),
        ({"ranges": [{"start": 1, "end": 48}], "timelinelabels": ["Tom"]}, 0.9),
    ]
    assert kept["score"] == 0.6
    assert reviewing.show_appearances(ls_client, project, task, "v1", SHOWN[:1], GRID)
    assert reviewing.show_appearances(ls_client, project, task, "v2", (), GRID)
    assert prediction_versions(ls_client, project) == {"v2": 1} and shown_version(ls_client, project) == "v2"


def predictions(client, task):
    return client.request("GET", "api/predictions/", params={"task": task})


def test_another_version_takes_the_place_of_what_somebody_is_correcting(ls_client, put_up):
    project, task = put_up
    reviewing.show_appearances(ls_client, project, task, "v1", SHOWN, GRID)
    [opened] = predictions(ls_client, task)
    draft = {"result": opened["result"][:1], "parent_prediction": opened["id"], "lead_time": 3.0}
    ls_client.request("POST", f"api/tasks/{task}/drafts?project={project.id}", json=draft)
    assert reviewing.show_appearances(ls_client, project, task, "v2", SHOWN[:1], GRID)
    [kept] = predictions(ls_client, task)
    assert (kept["id"], kept["model_version"], kept["score"]) == (opened["id"], "v2", 0.9)
    assert [one["value"]["timelinelabels"] for one in kept["result"]] == [["Tom"]]
    assert shown_version(ls_client, project) == "v2" and prediction_versions(ls_client, project) == {"v2": 1}
    there = ls_client.request("GET", f"api/tasks/{task}/")
    assert [one["result"] for one in there["drafts"]] == [opened["result"][:1]]
    # As the page does that was opened before.
    sent = {"result": opened["result"], "parent_prediction": opened["id"], "lead_time": 9.0}
    number = ls_client.request("POST", f"api/tasks/{task}/annotations/", json=sent)["id"]
    there = ls_client.request("GET", f"api/annotations/{number}/")
    assert (there["parent_prediction"], there["result"]) == (opened["id"], opened["result"])


def test_of_several_the_one_on_show_stays(ls_client, put_up):
    project, task = put_up
    reviewing.show_appearances(ls_client, project, task, "v2", SHOWN, GRID)
    [opened] = predictions(ls_client, task)
    for version in ("v1", "v3", "v3"):
        import_predictions(ls_client, project, [{"task": task, "model_version": version, "score": 0.5, "result": []}])
    assert reviewing.show_appearances(ls_client, project, task, "v3", SHOWN, GRID)
    assert [(one["id"], one["model_version"]) for one in predictions(ls_client, task)] == [(opened["id"], "v3")]
    assert not reviewing.show_appearances(ls_client, project, task, "v3", SHOWN, GRID)


def test_a_workspaces_reviews_are_found_by_their_projects(ls_client, film, tmp_path, put_up):
    project, task = put_up
    assert reviewing.find_reviews(ls_client, f"{tmp_path.name}-other") == []
    reviewing.show_appearances(ls_client, project, task, "v1", SHOWN, GRID)
    [found] = reviewing.find_reviews(ls_client, tmp_path.name)
    assert found == reviewing.FoundReview(film.digest, project, task, found.data, "v1")
    assert (found.data["film"], found.data["seconds"]) == ("film <b>.mp4", 10.0)
    ls_client.request("DELETE", f"api/tasks/{task}/")
    assert reviewing.find_reviews(ls_client, tmp_path.name) == []
