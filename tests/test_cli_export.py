"""The command as people run it: exact words, exit codes, nothing but data on stdout."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from screentime.demo.film import draw_film
from screentime.records import Round

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "docs" / "appearances.schema.json"


def run(*arguments, cwd=None, text=True, **options):
    return subprocess.run(
        [sys.executable, "-m", "screentime.cli", "export", *map(str, arguments)],
        capture_output=True, text=text, cwd=cwd, **options,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory, cartoon):
    """A project of the drawn film, 12 frames a second, with a model that sees the cat until second 30."""
    from screentime.projects import begin, extract_films
    from screentime.talk import Talk

    place = begin(tmp_path_factory.mktemp("it's") / "p", [cartoon[0]], ("cat", "mouse"), backbone="builtin")
    extract_films(place, place.config(), Talk())
    folder = place.models_folder / "v001-0123456789ab"
    folder.mkdir(parents=True)
    uids = [frame.uid for frame in place.frames()]
    card = {
        "version": folder.name, "label_uids": uids[:2], "held_out_uids": [], "accuracy": {
            "validation": 0.8, "value": 0.8, "low": 0.7, "high": 0.9, "frames": 10, "judged_on": "",
            "random_split": None, "whole_blocks": None,
        },
        "round": {name: getattr(Round(folder.name, 2, 0.8, 5, 1.0, True), name) for name in Round.__slots__},
    }
    (folder / "card.json").write_text(json.dumps(card), "utf-8")
    for name, rows in (("predictions.csv", uids), ("crossfit.csv", [])):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["uid", "cat", "mouse"])
            table.writerows([uid, 0.75 if number < 30 else 0.25, 0.25] for number, uid in enumerate(rows))
    return place.root


def test_json_on_stdout_is_the_default_and_keeps_the_published_schema(project):
    done = run(cwd=project)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    jsonschema.validate(found, json.loads(SCHEMA.read_text("utf-8")), jsonschema.Draft202012Validator)
    assert found["films"][0]["appearances"] == [
        {"character": "cat", "start": 0.0, "end": 30.0, "probability": 0.75, "source": "predicted"}
    ]
    assert run("--json", cwd=project).stdout == run("--format", "json", cwd=project).stdout == done.stdout


def test_the_next_command_names_the_film_and_the_workspace(project, cartoon):
    done = run("--workspace", project, "--format", "csv")
    assert done.stderr == (
        f"Next: `screentime review {shlex.quote(str(cartoon[0]))} --workspace {shlex.quote(str(project))}`"
        " to set the appearances to the frame by hand.\n"
    )
    assert [row["character"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["cat"]


def test_totals_go_to_stdout_too(project):
    done = run("--format", "csv", "--what", "totals", cwd=project)
    assert [row["character"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["cat", "mouse", "both", "neither"]


def test_text_is_utf_8_whatever_the_terminal_s_letters(project):
    done = run("--format", "webvtt", cwd=project, text=False, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert done.stdout.decode("utf-8").startswith("WEBVTT\n\nNOTE cartoon.mp4: who is on screen; v001-0123456789ab\n\n1\n")


def test_what_was_written_is_told(project, tmp_path):
    done = run("--workspace", project, "--format", "csv", "--out", "tables", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[:2] == ["tables/appearances.csv is written.", "tables/totals.csv is written."]
    done = run("--workspace", project, "--format", "parquet", "--what", "totals", "--out", "t.parquet", cwd=tmp_path)
    assert done.stderr.splitlines()[0] == "t.parquet is written."
    assert (tmp_path / "t.parquet").read_bytes()[:4] == b"PAR1"


def test_an_edl_of_every_character_that_appears(project, tmp_path):
    done = run("--workspace", project, "--format", "edl", "--rate", "29.97", "--start-timecode", "01:00:00;00", "--out",
               tmp_path / "cuts")
    assert done.stderr.splitlines()[:2] == [
        f"{tmp_path}/cuts/cartoon-cat.edl is written.", "mouse does not appear in cartoon.mp4: there is no EDL of that.",
    ]
    assert (tmp_path / "cuts/cartoon-cat.edl").read_text("utf-8").splitlines()[:4] == [
        "TITLE: cat - cartoon.mp4", "FCM: DROP FRAME", "",
        "001  CARTOON  V     C        01:00:00;00 01:00:29;29 01:00:00;00 01:00:29;29",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "edl"], "No timecode counts 12 frames a second.\nName the rate of your editor's timeline: --rate 24.\n"),
        (["nothing.mp4"], "The film nothing.mp4 does not exist.\nSee that its path is right.\n"),
        (["--start-timecode", "01:00:00:00"], "--format json counts no frames.\nLeave --rate, --start-timecode and"
         " --drop-frame out, or use --format otio or edl.\n"),
        (["--out", ""], "--out names nothing.\nName a file or a folder, or leave --out out.\n"),
        (["--out", "cartoon.mp4"], "cartoon.mp4 is not named like a file of json.\nName a file that ends in .json.\n"),
        (["--out", "x.json", "--format", "csv"], "x.json is not named like a file of csv.\nName a file that ends in .csv.\n"),
        (["--model", "."], "--model is for films that are named.\nName them, or leave --model out for the project's own.\n"),
    ],
)
def test_a_mistake_gets_a_sentence_and_exit_code_2(project, arguments, words):
    done = run(*arguments, cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", words)


@pytest.mark.parametrize("out", ["labels.csv", "loop.json", "models/new"])
def test_what_the_project_keeps_for_itself_is_not_written_over(project, out):
    before = Path(project, out).read_bytes() if Path(project, out).is_file() else None
    done = run("--out", out, cwd=project)
    assert done.returncode == 2 and f"{out} belongs to the project in " in done.stderr
    assert (Path(project, out).read_bytes() if before is not None else None) == before


def test_the_name_of_a_file_says_its_format(project, tmp_path):
    assert run("--out", tmp_path / "x.vtt", cwd=project).returncode == 0
    assert (tmp_path / "x.vtt").read_text("utf-8").startswith("WEBVTT")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--format", "docx"], "'docx' is not one of 'json', 'csv', 'parquet', 'webvtt', 'srt', 'otio', 'edl'."),
     (["--json", "--format", "csv"], "--json and --format csv contradict each other.")],
)
def test_a_format_that_is_none_names_those_that_are(project, arguments, words):
    done = run(*arguments, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_parquet_is_refused_by_a_terminal_and_not_by_a_pipe(project):
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "screentime.cli", "export", "--format", "parquet"],
        cwd=project, stdout=theirs, stderr=subprocess.PIPE, text=True,
    )
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, done.stderr) == (
        2, "Parquet is nothing for a terminal.\nName a file: --out appearances.parquet.\n"
    )
    assert run("--format", "parquet", cwd=project, text=False).stdout[:4] == b"PAR1"


def test_a_reader_that_leaves_early_is_no_fault(project):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "screentime.cli", "export"], cwd=project, stdout=writer, stderr=subprocess.PIPE, text=True,
    )
    os.close(writer)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith("Next: ")


def test_the_schema_needs_no_project(tmp_path):
    done = run("--schema", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, SCHEMA.read_text("utf-8"), "")


def test_the_project_s_own_films_need_no_network_of_neurons(project):
    program = """
import sys
from screentime.cli import app
app(["export", "--out", *sys.argv[1:]], standalone_mode=False)
print(sorted({"tensorflow", "tf_keras", "label_studio_sdk", "matplotlib", "cv2", "sklearn"} & set(sys.modules)))
"""
    for kind in ("json", "csv", "parquet", "webvtt", "srt", "otio", "edl"):
        done = subprocess.run(
            [sys.executable, "-c", program, project / "out", "--format", kind, *(["--rate", "25"] if kind == "edl" else [])],
            cwd=project, capture_output=True, text=True,
        )
        assert done.stdout == "[]\n", (kind, done.stderr)


def test_the_project_s_film_and_another_through_its_model(cartoon_loop, cartoon_annotator, tmp_path):
    other = tmp_path / "other.mp4"
    draw_film(other, seconds=20, seed=9, size=(320, 180))
    (tmp_path / "broken.mp4").write_text("no film")
    cartoon_loop.push()
    cartoon_annotator(24)
    version = cartoon_loop.sync().round.version
    folder = cartoon_loop.workspace.root

    done = run(other, "cartoon.mp4", tmp_path / "broken.mp4", "--workspace", folder, "--format", "csv", "--what", "totals")
    assert done.returncode == 2
    assert "broken.mp4 holds no pictures" in done.stderr and "1 of 3 films could not be read.\nThe rest is above.\n" in done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["film"], row["labels"], row["model"]) for row in rows] == [
        ("cartoon.mp4", "24", version)] * 4 + [("other.mp4", "0", version)] * 4
    assert all(row["low"] for row in rows[:4]) and not any(row["low"] for row in rows[4:])

    named = run(other, "--model", cartoon_loop.workspace.models_folder / version, "--format", "csv", cwd=tmp_path)
    assert named.stderr.endswith(f"Next: `screentime audit {other}`: about 20 labels make the seconds firm.\n")
    appearances = list(csv.DictReader(io.StringIO(named.stdout)))
    assert {(row["film"], row["source"]) for row in appearances} == {("other.mp4", "predicted")}
