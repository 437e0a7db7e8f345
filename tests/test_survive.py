"""A sample of `scripts/survive`: killed at chosen writes, run again, and nothing is lost, doubled or another.

The whole harness kills at every write and at random moments. That it would see a fault is tested here too.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from screentime.model.intact import digests
from screentime.workspace import Workspace
from scripts.faults import killing_scenarios as scenes
from scripts.faults.killing_commands import SCENARIOS
from scripts.faults.killing_state import Server, differences, doubled, half_written, left_over
from scripts.faults.killing_world import World, make_world
from scripts.faults.survive import Kill, table

ROOT = Path(__file__).parent.parent
BY_NAME = {one.name: one for one in SCENARIOS}


@pytest.fixture(scope="module")
def world(ls_home, ls_server, tmp_path_factory) -> World:
    # New processes and no forks: this one has run TensorFlow.
    return make_world(tmp_path_factory.mktemp("survive"), ls_home, ls_server.port, fork=False)


@pytest.mark.parametrize(("name", "points"), [
    ("push", ["after POST /api/projects", "after POST /api/projects/N/import"]),
    ("first-sync", ["after POST /api/projects/N/import/predictions"]),
    ("extract-again", ["before rename"]),
])
def test_killed_at_a_write_the_next_run_leaves_what_an_undisturbed_one_leaves(world, name, points):
    with BY_NAME[name].set_up(world, f"test-{name}") as stage:
        plain = world.runner.run(stage.arguments, count=True, environment=stage.environment)
        assert plain.code == 0, plain.said
        wanted = stage.state(plain)
        for point in points:
            number = 1 + next(n for n, reached in enumerate(plain.points) if matches(point, reached))
            stage.reset()
            before = scenes.answers(stage)
            killed = world.runner.run(stage.arguments, at=number, environment=stage.environment)
            assert (killed.code, len(killed.points)) == (-signal.SIGKILL, number)
            assert scenes.problems_after_kill(stage, before) == []
            again = world.runner.run(stage.arguments, environment=stage.environment)
            assert scenes.problems_after_next(stage, again, before, wanted) == []


def matches(point: str, reached: str) -> bool:
    if point == "before rename":
        return reached.startswith(point)
    return "/".join("N" if part.isdecimal() else part for part in reached.rstrip("/").split("/")) == point


@pytest.mark.parametrize("command", ["sync", "push", "pull", "train", "preannotate", "extract"])
def test_the_second_of_two_commands_says_which_one_is_at_work(world, command):
    folder = world.template
    with Workspace(folder).locked("sync"):
        since = f"{Workspace(folder).at_work().since:%Y-%m-%d %H:%M:%S}"
        ended = world.runner.run([command, "--workspace", folder])
    assert (ended.code, ended.printed) == (2, "")
    assert ended.said == (
        f"`screentime sync` (process {os.getpid()}, since {since}) is at work in {folder}.\n"
        "Wait until it ends, or end it, and try again.\n"
    )


# -- the harness sees what it looks for ------------------------------------------------------------


def test_a_command_kills_itself_at_the_write_that_is_named_and_at_no_other(tmp_path):
    program = "from screentime.files import write_atomically; write_atomically('file', 'x')"
    counted = (
        "import sys; from pathlib import Path; from scripts.faults.killing_points import Points, patch;"
        f"patch(Points(Path('log'), int(sys.argv[1]) or None)); {program}"
    )

    def run(at: int) -> tuple[int, int, bool]:
        for old in ("log", "file"):
            (tmp_path / old).unlink(missing_ok=True)
        done = subprocess.run([sys.executable, "-c", counted, str(at)], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)})
        return done.returncode, len((tmp_path / "log").read_text().splitlines()), (tmp_path / "file").exists()

    assert run(0) == (0, 3, True)  # a hidden file, before its renaming, after it
    assert [run(at) for at in (1, 2, 3)] == [(-9, 1, False), (-9, 2, False), (-9, 3, True)]


@pytest.mark.parametrize(("name", "content"), [
    ("a.json", b'{"a": '), ("a.csv", b"a,b\n1"), ("a.csv", b"a,b\n1\n"), ("a.jpg", b"\xff\xd8\xff"), ("a.png", b"\x89PNG"),
    ("a.html", b"<html>"), ("a.npy", b"\x93NUMPY"), ("a.tflite", b""), ("a.parquet", b"PAR1\x15\x04"),
    ("a.toml", b"[model"), ("a.mp4", b"\0\0\0\x20ftypisom"),
])
def test_half_a_file_under_its_own_name_is_seen(tmp_path, name, content):
    (tmp_path / f".writing-{name}").write_bytes(content)
    np.save(tmp_path / "whole.npy", np.ones(3))
    (tmp_path / "whole.csv").write_text("a,b\n1,2\n")
    assert half_written(tmp_path) == []
    (tmp_path / name).write_bytes(content)
    [found] = half_written(tmp_path)
    assert found.startswith(f"{name}: ")


def test_half_a_network_in_a_model_that_knows_it_is_seen(tmp_path):
    model = tmp_path / "models" / "v001-a"
    model.mkdir(parents=True)
    (model / "network.tflite").write_bytes(b"whole")
    (model / "card.json").write_text(json.dumps({"files": digests(model)}))
    assert half_written(tmp_path) == []
    (model / "network.tflite").write_bytes(b"who")
    assert half_written(tmp_path) == ["models/v001-a: network.tflite is not the one that was saved"]


@pytest.mark.parametrize("name", [
    ".writing-x-loop.json", "models/.making-x", "frames/.part-film", "frames/.old-film", ".lock.json", "files/.id.new",
])
def test_what_is_left_over_is_seen(tmp_path, name):
    assert left_over(tmp_path) == []
    (tmp_path / name).mkdir(parents=True)
    assert left_over(tmp_path) == [str(tmp_path / name)]


ONE = Server([1], [("u", {})], {7: ("u", "cat")}, [("u", "v001", 0.5, [])], "v001", [("Label first", "")])


@pytest.mark.parametrize(("changes", "words"), [
    ({"numbers": [1, 2]}, "2 projects"), ({"tasks": [("u", {})] * 2}, "2 tasks of u"),
    ({"predictions": [("u", "v001", 0.5, []), ("u", "v001", 0.6, [])]}, "2 predictions of v001 for u"),
    ({"tabs": [("Label first", ""), ("Label first", "x")]}, "2 tabs Label first"),
])
def test_what_is_doubled_is_seen(changes, words):
    assert doubled(ONE) == []
    assert doubled(replace(ONE, **changes)) == [words]


def test_differences_are_named_with_their_place():
    assert differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == []
    assert differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}], "c": 1}) == ["a[1].b: 2 instead of 3", "c: None instead of 1"]
    assert differences([1], [1, 2]) == [": [1] instead of [1, 2]"]


def test_the_table_counts_what_was_killed_and_what_broke():
    kills = [
        Kill("push", "none", "undisturbed", False, ()), Kill("push", "moment", "0.1 s", True, ()),
        Kill("push", "write", "1", True, ("x",)), Kill("demo", "moment", "1 s", False, ()),
    ]
    assert [line.split() for line in table(kills).splitlines()[1:]] == [
        ["push", "1", "1", "0", "2", "1"], ["demo", "1", "0", "0", "0", "0"],
    ]
