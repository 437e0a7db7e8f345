"""A round's pre-annotations on a real server: what is shown first, and what a killed round leaves."""

import shutil

import pytest
from label_studio_sdk.core.api_error import ApiError

from screentime.config import override
from screentime.labelstudio.predictions import prediction_versions, shown_version
from screentime.labelstudio.stream import next_task
from screentime.rounds import Loop
from screentime.schema import CONTROL, OBJECT
from screentime.showing import cleared
from screentime.talk import Talk
from screentime.watching import watch


def killed(*_):
    raise KeyboardInterrupt


def sync_killed_at(place, loop, monkeypatch):
    """A sync that ends where this function would be called."""
    with monkeypatch.context() as broken:
        broken.setattr(place, killed)
        with pytest.raises(KeyboardInterrupt):
            loop.sync()


def test_a_round_that_was_killed_before_its_curves_were_drawn_draws_them(cartoon_loop, cartoon_annotator, monkeypatch):
    cartoon_loop.push()
    cartoon_annotator(24)
    sync_killed_at("screentime.model.versions.draw_curves", cartoon_loop, monkeypatch)
    version = cartoon_loop.workspace.rounds()[-1].version
    # What people wait for is there by then.
    assert shown_version(cartoon_loop.link.client, cartoon_loop.project()) == version
    curves = cartoon_loop.workspace.models_folder / version / "curves.png"
    assert not curves.exists()
    assert not Loop(cartoon_loop.workspace, cartoon_loop.config, Talk()).sync().new
    assert curves.read_bytes().startswith(b"\x89PNG")


def test_what_a_killed_round_shows_stays_until_watching_finished_it(cartoon_loop, cartoon_annotator, monkeypatch):
    cartoon_loop.push()
    cartoon_annotator(16)
    first = cartoon_loop.sync().round.version
    cartoon_annotator(8)
    sync_killed_at("screentime.showing.hand_out", cartoon_loop, monkeypatch)
    client, project = cartoon_loop.link.client, cartoon_loop.project()
    second = cartoon_loop.workspace.rounds()[-1].version
    assert cartoon_loop.workspace.progress().shown == first != second == shown_version(client, project)
    again = Loop(cartoon_loop.workspace, override(cartoon_loop.config, {"target": 1.0}), Talk())
    assert list(cleared(again)) == []

    monkeypatch.setattr("screentime.watching.time.sleep", killed)
    with pytest.raises(KeyboardInterrupt):
        watch(again)
    latest = again.workspace.rounds()[-1].version
    assert again.workspace.progress().shown == latest == shown_version(client, project)
    assert latest in prediction_versions(client, project)


def test_a_folder_that_was_put_back_from_a_backup_deletes_nothing_that_is_shown(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(16)
    first = cartoon_loop.sync().round.version
    before = cartoon_loop.workspace.loop_file.read_bytes()
    cartoon_annotator(8)
    second = cartoon_loop.sync().round.version
    shutil.rmtree(cartoon_loop.workspace.models_folder / second)
    cartoon_loop.workspace.loop_file.write_bytes(before)
    assert cartoon_loop.workspace.progress().shown == first
    assert list(cleared(cartoon_loop)) == []
    assert prediction_versions(cartoon_loop.link.client, cartoon_loop.project()) == {second: 16}


def test_what_was_not_cleared_away_is_by_the_next_command(cartoon_loop, cartoon_annotator, monkeypatch):
    cartoon_loop.push()
    cartoon_annotator(8)
    first = cartoon_loop.sync().round.version
    cartoon_annotator(4)
    sync_killed_at("screentime.rounds.clear_away", cartoon_loop, monkeypatch)
    second = cartoon_loop.workspace.progress().shown
    client, project = cartoon_loop.link.client, cartoon_loop.project()
    # Both are there and the new one is shown.
    assert set(prediction_versions(client, project)) == {first, second} and shown_version(client, project) == second
    assert not Loop(cartoon_loop.workspace, cartoon_loop.config, Talk()).sync().new
    assert prediction_versions(client, project) == {second: 28}
    assert shown_version(client, project) == second


def test_what_was_opened_from_the_list_before_a_round_is_opened_again_and_what_a_tab_hands_out_next_need_not_be(
    cartoon_loop, cartoon_annotator
):
    cartoon_loop.push()
    cartoon_annotator(8)
    cartoon_loop.sync()
    client, project, progress = cartoon_loop.link.client, cartoon_loop.project(), cartoon_loop.workspace.progress()
    cartoon_annotator(4)

    def opened(task):
        [one] = client.request("GET", f"api/tasks/{task}/")["predictions"]
        return one

    def submitted(task, began):
        body = {"result": [answer(began)], "parent_prediction": began["id"]}
        return client.request("POST", f"api/tasks/{task}/annotations/", json=body)["task"]

    def answer(began):
        choices = {"from_name": CONTROL, "to_name": OBJECT, "type": "choices", "value": {"choices": ["cat"]}}
        return next(iter(began["result"]), choices)

    handed_out = next_task(client, project, progress.tab)["id"]
    listed = min(progress.tasks[uid] for uid in cartoon_loop.open_frames() - set(progress.batch))
    before = {task: opened(task) for task in (handed_out, listed)}
    cartoon_loop.sync()
    assert submitted(handed_out, before[handed_out]) == handed_out
    with pytest.raises(ApiError) as refused:
        submitted(listed, before[listed])
    assert refused.value.status_code == 400 and "Invalid pk" in str(refused.value.body)
    assert submitted(listed, opened(listed)) == listed


def test_a_round_that_was_killed_before_its_tabs_were_filled_fills_them(cartoon_loop, cartoon_annotator, monkeypatch):
    cartoon_loop.push()
    cartoon_annotator(24)
    sync_killed_at("screentime.showing.hand_out", cartoon_loop, monkeypatch)
    client, project = cartoon_loop.link.client, cartoon_loop.project()
    assert shown_version(client, project) == cartoon_loop.workspace.rounds()[-1].version
    assert cartoon_loop.workspace.progress().shown == ""
    assert not Loop(cartoon_loop.workspace, cartoon_loop.config, Talk()).sync().new
    progress = cartoon_loop.workspace.progress()
    assert progress.confirm_unsure
    for uid in progress.batch[:3]:
        assert next_task(client, project, progress.tab)["data"]["uid"] == uid
        cartoon_annotator(1)
