"""The walk as a whole: it changes nothing unasked, ends in no traceback, and what it mended stays mended."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from screentime.doctor.finding import FAILED, LEFT_OUT, OK, WARNING, Check, Finding, Missing, ok
from screentime.doctor.place import Place
from screentime.doctor.running import CHECKS, failure, look, summary, walk
from screentime.errors import NotReady, ScreentimeError, ServerError, UserMistake
from screentime.labelstudio.tasks import read_tasks
from screentime.talk import Talk

# They take seconds each and are looked at by themselves.
SLOW = {"TensorFlow"}
QUICK = [check for check in CHECKS if check.name not in SLOW]


def raising(error):
    def look_(place):
        raise error

    return Check("Thing", look_)


@pytest.mark.parametrize(
    ("error", "finding"),
    [
        (ServerError("It is gone.", "Start it."), Finding("Thing", FAILED, "It is gone.", "Start it.", code=1)),
        (NotReady("It is early.", "Wait."), Finding("Thing", FAILED, "It is early.", "Wait.", code=2)),
        (Missing("there is none"), Finding("Thing", LEFT_OUT, "there is none.")),
        (KeyError("x"), Finding("Thing", FAILED, "could not be checked: KeyError: 'x'.", code=1)),
        (RuntimeError(), Finding("Thing", FAILED, "could not be checked: RuntimeError.", code=1)),
    ],
)
def test_whatever_a_check_meets_is_a_finding(tmp_path, error, finding):
    assert look(raising(error), Place(tmp_path)) == finding


def test_a_cure_that_fails_is_told(tmp_path):
    for error, words in [
        (ServerError("It is gone.", "Start it."), "It could not be mended. It is gone. Start it."),
        (OSError("no space"), "It could not be mended: OSError: no space."),
        (Missing("nothing is there"), "It cannot be mended now: nothing is there."),
    ]:
        check = Check("Thing", raising(NotReady("It is wrong.", "Mend it.")).look, raising(error).look)
        [found] = walk(Place(tmp_path), [check], lambda one: None, Talk(), mend=True)
        assert (found.state, found.fix, found.fixed) == (FAILED, words, "")


def test_the_exit_code_is_that_of_the_errors():
    mine, world = Finding("a", FAILED, "x", code=2), Finding("b", FAILED, "x", code=1)
    assert failure([ok("x")]) is None
    assert isinstance(failure([mine, ok("x")]), UserMistake)
    both = failure([mine, world])
    assert type(both) is ScreentimeError and both.exit_code == 1
    assert (both.what, both.remedy) == ("2 of 2 checks failed: a, b.", "What to do is said with each of them.")
    mendable = Finding("c", FAILED, "x", "`screentime doctor --fix` mends it.", code=2)
    assert failure([mendable]).remedy.endswith(" `screentime doctor --fix` mends what can be mended safely.")


def test_a_walk_without_a_failure_ends_in_a_sentence():
    fine, doubtful, left = (Finding(name, state, "x") for name, state in (("a", OK), ("b", WARNING), ("c", LEFT_OUT)))
    assert summary([fine]) == "Nothing failed."
    assert summary([fine, doubtful, left]) == "Nothing failed; worth a look: b; 1 check was left out."


def test_every_check_has_a_name_of_its_own():
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names)) == 34


def digest(root):
    """All files of a folder with their content and rights; locks, which say nothing while they are free, aside."""
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.name.startswith((".lock", "lock")):
            total.update(f"{path.relative_to(root)} {path.stat().st_mode}".encode() + path.read_bytes())
    return total.hexdigest()


def state(patient):
    """What Label Studio holds of the project."""
    ask, params = patient.client.request, {"project": patient.number}
    tasks = list(read_tasks(patient.client, patient.loop.project(), fields="all"))
    for task in tasks:
        for one in (*task["predictions"], *task["annotations"]):
            one.pop("created_ago")  # how long ago, in words
    project = ask("GET", f"api/projects/{patient.number}/")
    return json.dumps([
        tasks, project, ask("GET", "api/dm/views/", params=params), ask("GET", "api/webhooks/", params=params),
        ask("GET", "api/storages/localfiles/", params=params), ask("GET", "api/ml/", params=params),
    ])


def test_nothing_is_changed_unasked_and_all_is_found_in_order(patient, ls_home):
    before = digest(patient.root), state(patient), sorted(os.listdir(ls_home / "labelstudio"))
    found = walk(Place(patient.root), QUICK, lambda one: None, Talk())
    assert [one for one in found if one.state not in (OK,)] == []
    assert (digest(patient.root), state(patient), sorted(os.listdir(ls_home / "labelstudio"))) == before


def test_what_was_mended_needs_no_second_mending(patient):
    client, progress = patient.client, patient.loop.workspace.progress()
    client.request("PATCH", f"api/projects/{patient.number}/", json={"show_collab_predictions": False, "model_version": ""})
    client.request("DELETE", f"api/dm/views/{progress.tab}/")
    [storage] = client.request("GET", "api/storages/localfiles/", params={"project": patient.number})
    client.request("DELETE", f"api/storages/localfiles/{storage['id']}")
    (patient.root / "models" / ".making-abcd_123").mkdir()
    (patient.root / patient.loop.frames[3].file).unlink()
    told = []
    first = walk(Place(patient.root), QUICK, told.append, Talk(), mend=True)
    assert told == first
    assert {one.name for one in first if one.fixed} == {
        "Pre-annotations", "Model version", "What to label next", "Pictures", "Half-finished files", "Frames",
    }
    assert {one.state for one in first} == {OK}
    before = state(patient)
    second = walk(Place(patient.root), QUICK, told.append, Talk(), mend=True)
    assert [one.name for one in second if one.fixed] == []
    assert state(patient) == before


def doctor(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "screentime.cli", "doctor", *map(str, arguments)],
        capture_output=True, text=True, env={**os.environ, **environment},
    )


def test_the_command_tells_data_on_stdout_and_lines_on_stderr(patient):
    done = doctor("--json", "--workspace", patient.root)
    found = json.loads(done.stdout)
    assert (done.returncode, len(found)) == (0, 34), done.stderr
    assert set(found[0]) == {"name", "state", "sentence", "fix", "fixed", "code"}
    assert [one["state"] for one in found] == ["ok"] * 34
    lines = done.stderr.splitlines()
    assert lines == [*(f"ok        {one['name']}: {one['sentence']}" for one in found), "Nothing failed."]
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("what", ["no workspace", "rubbish", "server down"])
def test_nothing_ends_in_a_traceback(what, patient, tmp_path, free_port):
    folder = tmp_path / "it"
    folder.mkdir()
    environment = {"SCREENTIME_HOME": str(tmp_path / "home")}
    broken = tmp_path / "site"
    broken.mkdir()
    (broken / "tensorflow.py").write_text("raise ImportError('gone')\n")
    if what == "rubbish":
        for name in ("frames.csv", "films.json", "labels.csv", "loop.json", "reviews.json", "audited.json"):
            (folder / name).write_bytes(b"\xff\x00rubbish")
        shutil.copy(patient.root / "screentime.toml", folder)
        (folder / "models" / "v001-x").mkdir(parents=True)
        (folder / "models" / "v001-x" / "card.json").write_bytes(b"\xff")
        (folder / "frames").write_text("a file where a folder should be")
    if what == "server down":
        environment["LABEL_STUDIO_URL"] = f"http://127.0.0.1:{free_port}"
        environment["LABEL_STUDIO_API_KEY"] = "ab" * 20
        folder = patient.root
    done = doctor("--json", "--fix", "--workspace", folder, PYTHONPATH=f"{broken}:{Path.cwd()}", **environment)
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert "Traceback" not in done.stderr and len(found) == 34
    assert done.returncode == 1
    assert found["TensorFlow"]["sentence"] == "TensorFlow does not load (ImportError: gone)."
    assert not (tmp_path / "home").exists()
    if what == "no workspace":
        assert found["Frames"]["sentence"] == "there is no screentime project in this folder."
        assert found["Tasks"]["state"] == "left out"
    if what == "server down":
        assert found["Server"]["state"] == "failed"
        assert {found[name]["sentence"] for name in ("Tasks", "Webhooks", "Pictures")} == {"Label Studio is not reached."}
    if what == "rubbish":
        assert found["Files"]["sentence"] == f"{folder / 'frames'} is no folder, and one of that name is needed."
        assert {found[name]["state"] for name in ("Frames", "Films", "Models")} == {"failed"}
        assert not [one for one in found.values() if one["sentence"].startswith("could not be checked")], found


def test_a_folder_that_may_only_be_read(patient, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(patient.root, folder)
    (folder / "models" / ".making-abcd_123").mkdir()
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        found = walk(Place(folder), QUICK, lambda one: None, Talk(), mend=True)
    finally:
        subprocess.run(["umount", folder], check=True)
    assert {one.name: one.state for one in found if one.state != OK} == {"Half-finished files": "warning"}
    [left] = [one for one in found if one.state == "warning"]
    assert left.fix.startswith("It could not be mended") and "Read-only file system" in left.fix
