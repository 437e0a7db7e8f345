"""The unattended job on the session's server, with the film and backbone given."""

import csv
import json
import signal
import subprocess
import sys

import pytest

from screentime.demo.run import run_demo
from screentime.errors import ScreentimeError, UserMistake
from screentime.talk import Talk


@pytest.fixture
def labelled_film(cartoon, tmp_path):
    path = tmp_path / "labels.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["second", "cat", "mouse"])
        rows.writerows([i, int("cat" in said), int("mouse" in said)] for i, said in enumerate(cartoon[1]))
    return cartoon[0], path


@pytest.fixture
def demo(labelled_film, colour_backbone, ls_home, ls_server, monkeypatch, tmp_path):
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(**changes):
        options = {"backbone": str(colour_backbone), "view": "whole", "first_batch": 24, "every": 6, "batch": 6,
                   "audit_every": 3, "port": ls_server.port, **changes}
        budget, out = options.pop("budget", None), options.pop("out", None)
        return run_demo(*labelled_film, out, options.pop("workspace", None), budget, Talk(), **options)

    return run


def test_with_a_budget_it_gives_exactly_so_many_labels_whatever_the_target(demo, tmp_path):
    result, workspace = demo(budget=27, target=0.05, out=tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == result
    assert (result["mode"], result["labels"], result["target_reached"]) == ("multi", 27, True)
    assert [one["labels"] for one in result["rounds"]] == [12, 18, 24, 27]
    assert set(result["rounds"][0]) == {
        "labels", "version", "validation_accuracy", "epochs", "seconds", "target_reached",
    }
    assert len(workspace.labels()) == 27
    blind = set(workspace.progress().blind) & {label.uid for label in workspace.labels()}
    assert 0 < len(blind) < 15
    assert result["confirmed"] + result["corrected"] == 15 - len(blind)
    assert set(result["accuracy_unlabelled"]) == {"cat", "mouse"}
    truth = [row.split(",") for row in (tmp_path / "labels.csv").read_text().split()[1:]]
    cat = result["screen_time"]["cat"]
    assert cat["true_seconds"] == sum(int(row[1]) for row in truth)
    assert set(cat) == {"seconds", "low", "high", "true_seconds"}
    assert cat["low"] < cat["seconds"] < cat["high"]


def test_without_a_budget_it_stops_in_the_round_that_reaches_the_target(demo):
    result, _ = demo(target=0.05)
    assert result["target_reached"]
    assert [one["target_reached"] for one in result["rounds"]] == [False] * (len(result["rounds"]) - 1) + [True]
    assert result["labels"] == result["rounds"][-1]["labels"] < 40


def test_runs_do_not_disturb_one_another_and_the_same_seed_gives_the_same_result(demo):
    first, here = demo(budget=12)
    second, there = demo(budget=12)
    assert (here.root.name, there.root.name) == ("cartoon-multi-12", "cartoon-multi-12-2")
    timeless = [
        {**r, "seconds": 0, "rounds": [{**one, "seconds": 0} for one in r["rounds"]]} for r in (first, second)
    ]
    assert timeless[0] == timeless[1]


def test_a_finished_demo_in_a_named_folder_gives_its_result_again(demo, tmp_path):
    first, _ = demo(budget=12, workspace=tmp_path / "mine")
    again, _ = demo(budget=12, workspace=tmp_path / "mine")
    assert again == first
    with pytest.raises(UserMistake, match="holds a demo with other inputs"):
        demo(budget=13, workspace=tmp_path / "mine")


def test_a_folder_with_something_else_in_it_is_refused(demo, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(UserMistake, match="is not empty and holds no demo"):
        demo(workspace=tmp_path / "full")
    assert (tmp_path / "full" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"inputs": {}}', "[" * 100_000, "\\xff"])
def test_a_damaged_note_of_a_demo_is_told_and_left_as_it_is(demo, tmp_path, content):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "demo.json").write_text(content)
    with pytest.raises(ScreentimeError, match=r"^\S+demo.json is damaged \(.*\). Name another folder with --workspace.$"):
        demo(workspace=tmp_path / "mine")
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"demo.json", ".demo.lock"}
    assert (tmp_path / "mine" / "demo.json").read_text() == content


def test_a_killed_demo_goes_on_where_it_was(demo, labelled_film, colour_backbone, ls_server, tmp_path):
    undisturbed, _ = demo(budget=14, workspace=tmp_path / "whole")
    out = tmp_path / "out.json"
    command = [
        sys.executable, "-m", "screentime.cli", "demo", "--film", labelled_film[0], "--labels", labelled_film[1],
        "--backbone", colour_backbone, "--view", "whole", "--first-batch", "24", "--every", "6", "--batch", "6",
        "--audit-every", "3",
        "--port", str(ls_server.port), "--budget", "14", "--json", out, "--workspace", tmp_path / "killed",
    ]
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("Round 1"):
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    for key in ("labels", "accuracy_unlabelled", "screen_time", "confirmed", "corrected"):
        assert result[key] == undisturbed[key]
    assert [one["version"] for one in result["rounds"]] == [one["version"] for one in undisturbed["rounds"]]


def test_a_demo_killed_before_a_round_was_shown_labels_what_that_round_asks_for(demo, tmp_path, monkeypatch):
    undisturbed, _ = demo(budget=18, workspace=tmp_path / "whole")

    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("screentime.rounds.show", killed)
        with pytest.raises(KeyboardInterrupt):
            demo(budget=18, workspace=tmp_path / "killed")
    result, _ = demo(budget=18, workspace=tmp_path / "killed")
    assert [one["version"] for one in result["rounds"]] == [one["version"] for one in undisturbed["rounds"]]
    assert result["screen_time"] == undisturbed["screen_time"]


def test_exclusive_is_refused_where_two_are_on_screen_at_once(demo, tmp_path):
    (tmp_path / "labels.csv").write_text("second,cat,mouse\n0,0,1\n1,1,1\n")
    with pytest.raises(UserMistake, match=r"labels.csv line 3 shows two characters at once"):
        demo(mode="exclusive")


def test_more_labels_than_frames_are_refused(demo):
    with pytest.raises(UserMistake, match="^The film has 40 frames, so 41 labels cannot be given. Use --budget 40 or less.$"):
        demo(budget=41)
