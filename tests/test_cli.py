"""The terminal: exact words, exit codes, clean data on stdout."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from screentime import config
from screentime.cli import app
from screentime.demo.film import draw_film

ROOT = Path(__file__).parent.parent


def commands(command=None, name=""):
    """Every command with its whole name."""
    command = command or typer.main.get_command(app)
    for sub, inner in command.commands.items():
        if hasattr(inner, "commands"):
            yield from commands(inner, f"{name}{sub} ")
        else:
            yield f"{name}{sub}", inner


def run(*arguments, home=None, cwd=None):
    environment = {**os.environ, **({"SCREENTIME_HOME": str(home)} if home else {})}
    environment.pop("LABEL_STUDIO_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "screentime.cli", *map(str, arguments)],
        capture_output=True, text=True, env=environment, cwd=cwd,
    )


def test_no_help_imports_anything_heavy():
    program = """
import sys
from typer.testing import CliRunner
from screentime.cli import app
for words in sys.argv[1:]:
    result = CliRunner().invoke(app, [*words.split(), "--help"])
    assert result.exit_code == 0 and "Usage:" in result.output, (words, result.output)
heavy = {"tensorflow", "tf_keras", "label_studio_sdk", "pandas", "numpy", "cv2", "sklearn", "matplotlib", "httpx"}
print(sorted(heavy & set(sys.modules)))
"""
    names = [name for name, _ in commands()]
    result = subprocess.run([sys.executable, "-c", program, "", "server", *names], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_every_option_has_its_flag_and_every_flag_of_that_name_its_option():
    flags = {flag for _, command in commands() for p in command.params for flag in p.opts if flag.startswith("--")}
    options = {
        f"--{name.replace('_', '-')}"
        for section, cls in config.SECTIONS.items() for name in cls.__struct_fields__
        if (section, name) not in config.NO_FLAG
    }
    renamed = {"--films": "--film"}
    assert {renamed.get(option, option) for option in options} <= flags
    others = flags - {renamed.get(option, option) for option in options}
    assert others == {
        "--workspace", "--json", "--format", "--watch", "--model", "--csv", "--labels", "--budget", "--frames", "--drawn",
        "--runs", "--strategies", "--smoothing", "--plot", "--out", "--what", "--rate", "--start-timecode",
        "--drop-frame", "--schema", "--fix", "--host", "--address", "--poll", "--into", "--engine", "--workers",
        "--segment",
    }


def test_every_command_that_needs_the_backbone_can_be_told_which():
    for name in ("new", "push", "train", "preannotate", "sync", "demo"):
        flags = {flag for p in dict(commands())[name].params for flag in p.opts}
        assert {"--backbone", "--view", "--seed"} <= flags, name


def test_a_workspace_with_an_odd_name_is_quoted_in_every_sentence(cartoon, tmp_path):
    folder = tmp_path / "my 'own' ü"
    done = run("new", folder, "--film", cartoon[0], "--characters", "cat")
    assert f"`screentime extract --workspace {shlex.quote(str(folder))}`" in done.stderr
    status = run("status", "--workspace", folder)
    assert status.stderr.endswith(f"Next: `screentime extract --workspace {shlex.quote(str(folder))}`.\n")
    assert f"`screentime extract --workspace {shlex.quote(str(folder))}`" in run("push", "--workspace", folder).stderr


@pytest.mark.parametrize(
    ("words", "offered"), [("screentime sy", "sync"), ("screentime new --mode ", "multi\nexclusive"),
                           ("screentime status --format ", "table\njson\ncsv")],
)
def test_the_shell_completes_commands_and_choices(words, offered):
    asked = {"_SCREENTIME_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    program = "import sys; sys.argv = ['screentime']; from screentime.cli import app; app(prog_name='screentime')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | asked)
    assert done.stdout.strip() == offered


def test_the_readme_names_every_command():
    text = (ROOT / "README.md").read_text("utf-8")
    missing = [name for name, _ in commands() if f"screentime {name}" not in text]
    assert missing == []


@pytest.mark.parametrize(
    "name", [n for n, c in commands() if n not in ("new", "server stop", "server prepare", "predict", "demo", "simulate", "export", "serve")]
)
def test_commands_on_a_project_have_workspace_and_json(name):
    command = dict(commands())[name]
    flags = {flag for p in command.params for flag in p.opts}
    assert {"--json", "--format"} <= flags
    assert "--workspace" in flags or name == "server status"


def test_new_writes_a_project_and_names_the_next_command(cartoon, tmp_path):
    folder = tmp_path / "mine"
    done = run("new", folder, "--film", cartoon[0], "--characters", "cat, mouse", "--fps", "2", "--mode", "exclusive")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        f"{folder}/screentime.toml holds the options; each is explained in it.",
        f"Next: `screentime extract --workspace {folder}`, or `cd {folder}` and then `screentime extract`.",
    ]
    kept = config.parse((folder / "screentime.toml").read_text("utf-8"))
    assert (kept.frames.fps, kept.project.mode, kept.project.characters) == (2.0, "exclusive", ("cat", "mouse"))
    assert kept.project.films == (str(cartoon[0]),)

    again = run("new", folder, "--film", cartoon[0], "--characters", "cat, mouse", "--fps", "2", "--mode", "exclusive")
    assert again.returncode == 0
    assert config.parse((folder / "screentime.toml").read_text("utf-8")) == kept

    other = run("new", folder, "--film", cartoon[0], "--characters", "cat,dog")
    assert other.returncode == 2
    assert other.stderr == (
        f"{folder} holds a screentime project already, with other options.\n"
        f"Edit {folder}/screentime.toml, or choose another folder.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["new", "x", "--film", "missing.mp4", "--characters", "a"], "missing.mp4"),
        (["new", "afile", "--film", "FILM", "--characters", "a"], "afile cannot be made a folder"),
        (["status"], "is no screentime project: it has no screentime.toml."),
        (["predict", "missing.mp4", "--model", "."], "missing.mp4"),
        (["simulate"], "Name what to replay."),
        (["simulate", "--drawn", "2", "--strategies", "guess"], "'guess' is no strategy."),
        (["demo", "--film", "x.mp4"], "--film and --labels go together."),
        (["demo", "--mode", "exclusive"], "The drawn film shows both characters at once"),
        (["demo", "--film", "x.mp4", "--labels", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_a_mistake_gets_a_sentence_and_exit_code_2(arguments, words, tmp_path, cartoon):
    (tmp_path / "afile").touch()
    arguments = [str(cartoon[0]) if word == "FILM" else word for word in arguments]
    done = run(*arguments, cwd=tmp_path, home=tmp_path / "home")
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_bad_toml_is_named_with_its_place(tmp_path, cartoon):
    run("new", tmp_path / "p", "--film", cartoon[0], "--characters", "cat")
    path = tmp_path / "p" / "screentime.toml"
    path.write_text(path.read_text("utf-8").replace("fps = 1.0", "fps = 0"), "utf-8")
    done = run("extract", "--workspace", tmp_path / "p")
    assert done.returncode == 2
    assert done.stderr == (
        f"{path} line 15 at frames.fps: Expected `float` > 0.0.\nIt means: Frames sampled per second of film.\n"
    )


def test_steps_out_of_order_name_the_step_that_is_missing(tmp_path, cartoon):
    folder = tmp_path / "p"
    run("new", folder, "--film", cartoon[0], "--characters", "cat,mouse", "--backbone", "builtin")
    home = tmp_path / "home"
    assert run("push", "--workspace", folder, home=home).stderr == (
        f"There are no frames yet.\nRun `screentime extract --workspace {folder}`.\n"
    )
    extracted = run("extract", "--workspace", folder, "--json", home=home)
    assert json.loads(extracted.stdout) == [{"film": "cartoon.mp4", "frames": 40, "seconds": 40.0}]
    pulled = run("pull", "--workspace", folder, home=home)
    assert pulled.stderr == "Label Studio is not running.\nStart it with `screentime server start`.\n"
    assert pulled.returncode == 2


def test_status_tells_where_a_project_stands_and_asks_no_server(tmp_path, cartoon):
    folder = tmp_path / "p"
    run("new", folder, "--film", cartoon[0], "--characters", "cat,mouse")
    done = run("status", "--workspace", folder)
    assert done.stderr == (
        "cartoon: 0 frames, 0 labels, 0 skipped, 0 waiting for a label.\n"
        f"Next: `screentime extract --workspace {folder}`.\n"
    )
    found = json.loads(run("status", "--workspace", folder, "--json").stdout)
    assert (found["title"], found["frames"], found["rounds"], found["screen_time"]) == ("cartoon", 0, [], [])


@pytest.fixture
def other_film(tmp_path):
    path = tmp_path / "other.mp4"
    draw_film(path, seconds=20, seed=9, size=(320, 180))
    return path


def test_the_whole_walk_through_the_command_line(
    cartoon_loop, cartoon_annotator, ls_home, tmp_path, cartoon, other_film
):
    folder = cartoon_loop.workspace.root
    pushed = json.loads(run("push", "--workspace", folder, "--json", home=ls_home).stdout)
    assert (pushed["created"], pushed["found"], pushed["asked"]) == (40, 0, 24)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/projects/\d+/data\?tab=\d+&labeling=1", pushed["url"])
    cartoon_annotator(24)
    assert json.loads(run("pull", "--workspace", folder, "--json", home=ls_home).stdout) == {
        "labels": 24, "skipped": 0, "waiting": 0, "reviewed": 0,
    }
    trained = json.loads(run("train", "--workspace", folder, "--json", home=ls_home).stdout)
    assert (trained["labels"], trained["new"]) == (24, True)
    shown = json.loads(run("preannotate", "--workspace", folder, "--json", home=ls_home).stdout)
    assert (shown["preannotated"], shown["version"]) == (16, trained["version"])
    synced = run("sync", "--workspace", folder, home=ls_home)
    assert synced.stderr.startswith(f"Nothing is new: {trained['version']} learned from just these 24 labels.\n")

    model = cartoon_loop.workspace.models_folder / trained["version"]
    assert {path.name for path in model.iterdir()} == {
        "network.tflite", "head.npz", "card.json", "curves.png", "predictions.csv", "unsmoothed.csv", "crossfit.csv",
        "by_block.csv", "known.npz",
    }
    table = tmp_path / "out.csv"
    predicted = run("predict", cartoon[0], "--model", model, "--json", "--csv", table)
    [row] = json.loads(predicted.stdout)
    seconds = [f"{name}{end}" for name in ("cat", "mouse", "both", "neither") for end in ("", "_low", "_high", "_sampling")]
    columns = ["film", "length", *seconds, "labelled", "labels", "audited", "reviewed", "unsure", "strange", "far", "model"]
    assert list(row) == columns
    assert (row["cat_low"], row["cat_high"], row["audited"]) == (None, None, 0)
    assert "cartoon.mp4 is not audited: no label of it says how wrong these seconds are." in predicted.stderr
    assert f"`screentime audit {cartoon[0]}`" in predicted.stderr
    assert (row["film"], row["length"], row["labelled"]) == ("cartoon.mp4", 40.0, 0.0)
    assert row["cat"] + row["mouse"] - row["both"] + row["neither"] == pytest.approx(40.0, abs=0.01)
    assert table.read_text("utf-8").splitlines()[0] == ",".join(columns)

    status = json.loads(run("status", "--workspace", folder, "--json").stdout)
    [seconds] = status["screen_time"]
    assert seconds["labelled"] == 24.0
    assert seconds["cat_low"] < seconds["cat"] < seconds["cat_high"]
    accuracy = status["rounds"][0]["accuracy"]
    assert accuracy["judged_on"].startswith("8 audit frames")
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert 0 <= accuracy["random_split"] <= 1 and 0 <= accuracy["whole_blocks"] <= 1
    told = run("status", "--workspace", folder, "--format", "table")
    assert "95 % interval" in told.stdout and "random split" in told.stdout
    piped = run("status", "--workspace", folder)
    assert piped.stdout.splitlines()[0] == ",".join(columns) and len(piped.stdout.splitlines()) == 2
    assert "Forecast: an accuracy of 0.80 needs " in told.stderr

    asked = json.loads(run("audit", other_film, "--frames", "5", "--workspace", folder, "--json", home=ls_home).stdout)
    assert (asked["film"], asked["frames"], asked["created"], asked["waiting"]) == ("other.mp4", 5, 5, 5)


def test_a_film_that_cannot_be_read_does_not_stop_the_others(cartoon_loop, cartoon_annotator, cartoon, tmp_path, ls_home):
    cartoon_loop.push()
    cartoon_annotator(24)
    version = cartoon_loop.sync().round.version
    films = tmp_path / "films"
    films.mkdir()
    (films / "a broken.mp4").write_text("no film")
    (films / "fine.mp4").write_bytes(cartoon[0].read_bytes())
    done = run("predict", films, "--model", cartoon_loop.workspace.models_folder / version, "--json")
    assert done.returncode == 2
    assert [row["film"] for row in json.loads(done.stdout)] == ["fine.mp4"]
    assert "a broken.mp4" in done.stderr and "1 of 2 films could not be read." in done.stderr


def test_a_full_disk_is_told_in_a_sentence_wherever_it_is_met(monkeypatch, capsys):
    import errno

    from screentime import cli

    def refuse():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/films/tom/models")

    monkeypatch.setattr(cli, "app", refuse)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "/films/tom/models cannot be written: No space left on device.\n"
        "See that space is left and that you may write there; the same command goes on from here.\n"
    )
