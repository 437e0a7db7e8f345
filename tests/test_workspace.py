"""A project's folder: where its loop stands reads back, what is damaged is named, one command at a time."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from screentime import config as configuration
from screentime.agreement import Annotator
from screentime.errors import Busy, ConfigError, NotReady, ScreentimeError, UserMistake
from screentime.files import write_atomically
from screentime.records import Round
from screentime.schema import Schema
from screentime.standing import Progress
from screentime.workspace import Workspace, create, replace_id
from tests.folders import configure

HOLD = """
import sys, time
from pathlib import Path
from screentime.workspace import Workspace
with Workspace(Path(sys.argv[1])).locked("sync"):
    print("held", flush=True)
    time.sleep(60)
"""


# -- create ---------------------------------------------------------------------------------------


def test_a_new_project_is_a_folder_with_its_options_that_only_its_owner_reads(tmp_path):
    root = tmp_path / "deep" / "project"
    config = configure(mode="exclusive", films=("films/a.mp4", "/b.mp4"))
    made = create(root, config)
    assert os.listdir(root) == ["screentime.toml"]
    assert stat.S_IMODE((root / "screentime.toml").stat().st_mode) == 0o600
    assert made.config() == config
    assert made.schema() == Schema("exclusive", ("Tom", "Jerry"))
    assert made.film_paths() == [(root / "films" / "a.mp4").resolve(), Path("/b.mp4")]


def test_the_same_again_is_found_and_keeps_its_identity(workspace):
    text = workspace.config_file.read_text()
    again = create(workspace.root, configure(id="another-identity"))
    assert again.root == workspace.root
    assert again.config().project.id == "0123456789ab"
    assert workspace.config_file.read_text() == text


@pytest.mark.parametrize("other", [{"title": "B"}, {"characters": ("Jerry", "Tom")}, {"mode": "exclusive"}])
def test_other_options_are_refused_and_the_file_stays(workspace, other):
    text = workspace.config_file.read_text()
    with pytest.raises(ConfigError) as caught:
        create(workspace.root, configure(**other))
    assert str(caught.value) == (
        f"{workspace.root} holds a screentime project already, with other options."
        f" Edit {workspace.config_file}, or choose another folder."
    )
    assert workspace.config_file.read_text() == text


def test_characters_that_cannot_be_make_no_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"^The character 'Tom' is named twice\. Name each one once\.$"):
        create(tmp_path / "project", configure(characters=("Tom", "tom")))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_options_is_no_project(tmp_path, there):
    root = tmp_path if there else tmp_path / "nowhere"
    with pytest.raises(NotReady) as caught:
        Workspace(root)
    assert str(caught.value) == (
        f"{root} is no screentime project: it has no screentime.toml. Make one with"
        " `screentime new DIR --film FILM --characters Tom,Jerry`, or name one with --workspace DIR."
    )


def test_another_identity_changes_nothing_else():
    assert replace_id(configure(), "abcdefgh") == configure(id="abcdefgh")


# -- a project from a stranger --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["frames", "models", "embeddings", "review"])
def test_a_folder_that_is_a_link_out_of_the_project_is_refused(workspace, tmp_path, name):
    (tmp_path / "private").mkdir()
    (workspace.root / name).symlink_to(tmp_path / "private")
    with pytest.raises(UserMistake) as caught:
        Workspace(workspace.root)
    assert caught.value.what == f"{workspace.root / name} is a link that leads out of the project's folder."


def test_a_version_that_is_a_link_out_of_the_project_is_refused(workspace, tmp_path):
    (tmp_path / "v001-abc").mkdir()
    (tmp_path / "v001-abc" / "card.json").write_text("{}")
    workspace.models_folder.mkdir()
    (workspace.models_folder / "v001-abc").symlink_to(tmp_path / "v001-abc")
    with pytest.raises(UserMistake, match="card.json is a link that leads out of the project's folder."):
        workspace.cards()


def test_a_project_may_itself_be_reached_by_a_link(extracted, tmp_path):
    (tmp_path / "link").symlink_to(extracted[0].root)
    assert Workspace(tmp_path / "link").frames() == extracted[2]


@pytest.mark.parametrize("where", ['"shown": "../../x"', '"asked": {"a": "../x"}', '"shown": "/etc"', '"asked": {"a": "a/b"}'])
def test_a_version_that_is_no_folder_s_name_is_told(workspace, where):
    workspace.loop_file.write_text(f'{{"batch": [], "blind": [], "skipped": [], {where}}}')
    with pytest.raises(ScreentimeError, match="is no model version"):
        workspace.progress()


# -- progress and rounds --------------------------------------------------------------------------


def test_progress_begins_empty_and_reads_back(workspace):
    assert workspace.progress() == Progress()
    changes = {
        "project": 3, "tab": 4, "url": "http://localhost:8080/projects/3/data?tab=4", "tasks": {"a": 1, "ж": 2},
        "batch": ("a", "ж"), "batch_after": "", "skipped": ("a",), "shown": "v001-x", "blind": ("ж",),
        "audits": {"ж": {"block": [0.0, 4.5], "seed": 9, "probability": 0.2}},
        "asked": {"a": "", "ж": "v001-x"},
        "doubles": {"a": [["neither"], ["Tom", "Jerry"]]}, "doubted": {"ж": "2025-01-02T03:04:05.000006Z"},
        "look_again": "http://localhost:8080/projects/3/data?tab=5",
        "confirm_sure": "http://localhost:8080/projects/3/data?tab=6",
        "confirm_unsure": "http://localhost:8080/projects/3/data?tab=7&labeling=1",
        "people": (Annotator("anna@example.org", 3, 2, 1, 3, 4.5),),
        "others": ("http://localhost:8080/projects/3/data?tab=8",),
        "others_unsure": ("http://localhost:8080/projects/3/data?tab=9",),
        "dealt": {"a": 0, "b": 1},
    }
    assert changes.keys() == asdict(Progress()).keys()
    assert workspace.update_progress(**changes) == Progress(**changes)
    assert Workspace(workspace.root).progress() == Progress(**changes)


def test_an_update_leaves_the_rest_as_it_was(workspace):
    workspace.update_progress(project=3, batch=("a", "b"))
    workspace.update_progress(batch=("c",))
    assert workspace.progress() == Progress(project=3, batch=("c",))
    assert json.loads(workspace.loop_file.read_text())["batch_after"] is None


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '"text"', "7", "{}", '{"batch": [], "blind": [], "skipped": null}',
     '{"batch": [], "blind": [], "skipped": [], "colour": 1}',
     # An older screentime's: it drew audit frames, and nobody knows from where.
     '{"batch": [], "blind": [], "skipped": [], "audit": ["a"]}'],
)
def test_a_damaged_loop_file_is_told(workspace, content):
    workspace.loop_file.write_text(content)
    with pytest.raises(ScreentimeError) as caught:
        workspace.progress()
    assert str(caught.value).startswith(f"{workspace.loop_file} is damaged (")
    assert caught.value.remedy == "Delete it and run `screentime push`: labels are safe in Label Studio."


CARD = {
    "accuracy": {
        "validation": 0.8, "value": 0.8, "low": 0.7, "high": 0.9, "frames": 10, "judged_on": "10 audit frames",
        "random_split": None, "whole_blocks": 0.7,
    },
    "label_uids": [], "held_out_uids": [],
}


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "Expecting property name"), ("7", "it holds no names with values"),
     ('{"version": "v001-abc"}', "Object missing required field `round`")],
)
def test_a_card_that_is_damaged_or_old_is_told(workspace, content, reason):
    folder = workspace.models_folder / "v001-abc"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(content)
    with pytest.raises(ScreentimeError) as caught:
        workspace.cards()
    assert str(caught.value).startswith(
        f"{folder / 'card.json'} is damaged or of an older screentime ({reason}"
    )
    assert caught.value.remedy == f"Move {folder} away and run `screentime sync`: labels are safe in Label Studio."


def test_rounds_are_what_the_cards_say_oldest_first(workspace):
    assert (workspace.rounds(), workspace.cards()) == ([], [])
    rounds = [Round(f"v{number:03d}-abc", 20 * number, 0.5 + number / 100, 3, 1.5, False) for number in (1, 2, 10)]
    for one in rounds[::-1]:
        folder = workspace.models_folder / one.version
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(json.dumps({**CARD, "version": one.version, "round": asdict(one)}))
    killed = workspace.models_folder / ".making-x" / "v011-abc"
    killed.mkdir(parents=True)
    (killed / "card.json").write_text("{")
    assert workspace.rounds() == rounds
    # They are kept in memory; what is written into a card later is told all the same.
    reached = replace(rounds[1], target_reached=True)
    write_atomically(
        workspace.models_folder / "v002-abc" / "card.json",
        json.dumps({**CARD, "version": "v002-abc", "round": asdict(reached)}),
    )
    assert workspace.rounds() == [rounds[0], reached, rounds[2]]
    assert workspace.card()["version"] == "v010-abc"


# -- lock -----------------------------------------------------------------------------------------


@pytest.fixture
def holder(workspace):
    """Another process that holds the workspace's lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(workspace.root)], cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_command_is_refused_until_the_first_is_killed(workspace, holder):
    with pytest.raises(Busy) as caught, workspace.locked("sync"):
        pytest.fail("two at work")
    assert str(caught.value) == (
        f"`screentime sync` (process {holder.pid}, since {workspace.at_work().since:%Y-%m-%d %H:%M:%S}) is at work in"
        f" {workspace.root}. Wait until it ends, or end it, and try again."
    )
    at_work = workspace.at_work()
    assert (at_work.command, at_work.pid) == ("sync", holder.pid)
    assert timedelta(0) <= datetime.now().astimezone() - at_work.since < timedelta(minutes=5)
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    assert workspace.at_work() is None
    with workspace.locked("sync"):
        pass


def test_in_one_process_too_only_one_is_at_work_and_an_error_ends_it(workspace):
    with pytest.raises(KeyboardInterrupt), workspace.locked("sync"):
        with pytest.raises(Busy), Workspace(workspace.root).locked("sync"):
            pytest.fail("two at work")
        raise KeyboardInterrupt
    with workspace.locked("sync"):
        pass


def test_the_lock_is_of_one_workspace(workspace, tmp_path):
    other = create(tmp_path / "other", configure())
    with workspace.locked("sync"), other.locked("sync"):
        pass


def test_the_file_name_is_the_documented_one():
    assert configuration.FILE == "screentime.toml"
