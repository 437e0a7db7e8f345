"""Every file of a project damaged in every way, and what the commands make of it: a sentence, and nothing lost."""

from __future__ import annotations

import hashlib
import random
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from screentime import cli
from screentime.projects import begin, extract_films
from screentime.records import Appearance, Label, Review
from screentime.rounds import Loop
from screentime.standing import AskedReview, Audited
from screentime.talk import Talk

MADE = "2025-01-02T03:04:05.000006Z"
# What each command is asked beside the workspace; FILM stands for the project's film, OTHER for another one.
COMMANDS = {
    "status": (), "report": (), "export": (), "predict": ("OTHER",), "train": (), "extract": (), "push": (), "pull": (),
    "sync": (), "preannotate": (), "review": ("FILM",), "audit": ("OTHER", "--frames", "4"),
}
DAMAGES = {
    "emptied": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "cut at its end": lambda content: content[:-3],
    "overwritten": lambda content: random.Random(len(content)).randbytes(len(content)),
    "zeroed": lambda content: b"\0" * len(content),
    "a list": lambda content: b"[]\n",
    "a number": lambda content: b"7\n",
    "nested": lambda content: b"[" * 200_000,
    "in another encoding": lambda content: content.replace(b"film", "Ölm".encode("latin-1")) + b"\xe9",
    "a folder": None,
}


@pytest.fixture(scope="module")
def project(cartoon, colour_backbone, tmp_path_factory):
    """A project with a trained version and one of every file that it may keep, and another film."""
    place = begin(
        tmp_path_factory.mktemp("p") / "project", [cartoon[0]], ("cat", "mouse"), backbone=str(colour_backbone),
        view="whole", first_batch=24, audit_every=3,
    )
    (film,), frames = extract_films(place, place.config(), Talk())
    uids = [frame.uid for frame in frames]
    audits = {uid: {"block": [0.0, 9.0], "seed": 1, "probability": 0.1} for uid in uids[::4]}
    place.update_progress(
        project=7, tab=3, url="http://127.0.0.1:9/projects/7/data?tab=3", tasks={uid: k + 1 for k, uid in enumerate(uids)},
        batch=tuple(uids[:24]), batch_after="", audits=audits,
    )
    place.write_labels([
        Label(uid, cartoon[1][k], k + 1, k + 1, "1", MADE, "manual") for k, uid in enumerate(uids) if k % 2 == 0
    ])
    Loop(place, place.config(), Talk()).train()
    other = replace(film, digest="f" * 16, name="other.mp4", path="/films/other.mp4")
    place.write_audited([Audited(other, [replace(frames[0], uid=f"{'f' * 16}-000000000", film="other.mp4")], {})])
    asked = AskedReview(other, 3, 44, "http://127.0.0.1:9", "v001-x")
    place.write_reviews([asked], [Review("f" * 16, (Appearance("cat", 0.0, 1.0, 1.0, "reviewed"),), 44, 7, "1", MADE)])
    another = tmp_path_factory.mktemp("other") / "other.mp4"
    # Bytes behind the last box: another content, the same pictures.
    another.write_bytes(cartoon[0].read_bytes() + b"\0\0\0\x08free")
    return place.root, cartoon[0], another


def files_of(root: Path) -> dict[str, str]:
    """Where each kind of file of a project lies; of pictures the first."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.name != ".lock":
            found.setdefault(path.name if path.suffix not in (".jpg", ".npy") else path.suffix, path.relative_to(root).as_posix())
    return found


def state(root: Path) -> dict[str, str]:
    """What every file and folder of a project holds."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in root.rglob("*") if path.name != ".lock"
    }


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if DAMAGES[how] is None:
        path.unlink()
        path.mkdir()
        (path / "in the way").write_text("x")
    else:
        path.write_bytes(DAMAGES[how](content))


@pytest.fixture
def run(project, monkeypatch, capfd, tmp_path):
    """Runs a command on a copy of the project with one file damaged: exit code, stderr, and what changed."""
    monkeypatch.setenv("SCREENTIME_DEBUG", "1")  # what is no sentence is raised here
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://127.0.0.1:9")  # nobody answers there
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "0" * 40)
    source, film, other = project

    def call(command: str, file: str | None = None, how: str = "") -> tuple[int, str, set[str]]:
        root = tmp_path / "project"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(source, root)
        if file:
            damage(root / file, how)
        before = state(root)
        words = [{"FILM": str(film), "OTHER": str(other)}.get(word, word) for word in COMMANDS[command]]
        monkeypatch.setattr(sys, "argv", ["screentime", command, *words, "--workspace", str(root)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        after = state(root)
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        return code, capfd.readouterr().err.replace(str(root), "ROOT"), changed

    return call


# File to what status says of it: exit code, how its sentence begins, and the command that mends it.
TOLD = {
    "screentime.toml": (2, "ROOT", ""),
    "frames.csv": (1, "ROOT/frames.csv ", "Run `screentime extract --workspace "),
    "films.json": (1, "ROOT/films.json is damaged (", "Run `screentime extract --workspace "),
    "labels.csv": (1, "ROOT/labels.csv is damaged (", "Run `screentime pull --workspace "),
    "loop.json": (1, "ROOT/loop.json is damaged (", "Delete it and run `screentime push --workspace "),
    "audited.json": (1, "ROOT/audited.json is damaged (", "Delete it and run `screentime audit FILM --workspace "),
    "reviews.json": (1, "ROOT/reviews.json is damaged (", "Delete it and run `screentime pull --workspace "),
    "card.json": (1, "ROOT/models/v001-", "Move ROOT/models/v001-"),
    "predictions.csv": (1, "ROOT/models/v001-", "Move ROOT/models/v001-"),
    "crossfit.csv": (1, "ROOT/models/v001-", "Move ROOT/models/v001-"),
    "by_block.csv": (1, "ROOT/models/v001-", "Move ROOT/models/v001-"),
}
# Valid options, or an empty list of films, are no damage that anybody could see.
UNSEEN = {("screentime.toml", "cut off"), ("screentime.toml", "cut at its end"), ("films.json", "a list"), ("audited.json", "a list")}
HOW = sorted(DAMAGES)


@pytest.mark.parametrize("kind", TOLD)
def test_a_damaged_file_is_named_with_what_mends_it_and_nothing_is_changed(run, project, kind):
    code, begin, remedy = TOLD[kind]
    # Three of the damages each, all of them in all.
    place = 3 * list(TOLD).index(kind)
    for how in [HOW[(place + more) % len(HOW)] for more in range(3)]:
        if (kind, how) in UNSEEN:
            continue
        ended, said, changed = run("status", files_of(project[0])[kind], how)
        what, _, what_to_do = said.strip().rpartition("\n")
        assert (ended, changed) == (code, set()), (how, said)
        assert what.startswith(begin) and what_to_do.startswith(remedy), (how, said)
        assert "Traceback" not in said and "\n" not in what


@pytest.mark.parametrize("command", ["report", "export", "push", "pull", "preannotate", "review", "train"])
def test_every_command_ends_in_a_sentence_and_changes_nothing_whatever_is_damaged(run, project, command):
    files = files_of(project[0])
    order = sorted(COMMANDS).index(command)
    # Not those of which `train` makes a new version, which takes seconds and is no failure.
    kinds = ["frames.csv", "loop.json", "labels.csv", "card.json"] if command == "train" else list(TOLD)[order % 2 :: 2]
    for number, kind in enumerate(kinds):
        ended, said, changed = run(command, files[kind], HOW[(order + number) % len(HOW)])
        if ended:  # without a server those end that would not mind the file
            assert changed == set(), (kind, said, changed)
            assert len(said.strip().splitlines()) <= 4 and "Traceback" not in said


@pytest.mark.parametrize(("kind", "how"), [("film.json", "cut off"), ("shots.json", "nested"), (".jpg", "emptied"), (".jpg", "cut at its end"),
                                             (".jpg", "overwritten"), (".jpg", "a folder")])
def test_frames_that_were_damaged_are_made_again_as_they_were(run, project, kind, how):
    file = files_of(project[0])[kind]
    ended, said, changed = run("extract", file, how)
    assert ended == 0, said
    assert changed == ({file, f"{file}/in the way"} if how == "a folder" else {file})


@pytest.mark.parametrize(("kind", "how"), [
    ("frames.csv", "a list"), ("frames.csv", "in another encoding"), ("films.json", "nested"), ("films.json", "zeroed"),
])
def test_extract_writes_the_tables_again_as_the_sentence_says(run, project, kind, how):
    ended, said, changed = run("extract", kind, how)
    assert ended == 0 and changed == {kind}, said


@pytest.mark.parametrize(("kind", "how"), [
    ("head.npz", "cut at its end"), ("known.npz", "a folder"), ("network.tflite", "overwritten"), ("card.json", "nested"),
])
def test_a_damaged_model_is_refused_before_a_film_is_read(run, project, kind, how):
    ended, said, changed = run("predict", files_of(project[0])[kind], how)
    assert changed == set() and "Reading" not in said
    if kind == "card.json":
        assert ended == 1 and "is damaged or of an older screentime" in said
    else:
        reason = "is missing" if how == "a folder" else "is not the one that was saved"
        assert ended == 2 and f"cannot be loaded ({kind} {reason})." in said, said
