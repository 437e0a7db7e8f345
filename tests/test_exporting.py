"""Which films are exported, and where to."""

from __future__ import annotations

import csv
import json
import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from screentime.config import Config, Project
from screentime.errors import FilmError, NotReady, ScreentimeError, UserMistake
from screentime.exporting import is_folder, put, times_of
from screentime.records import Film, Frame, Label, Round, frame_uid
from screentime.report.exports.files import Order, pieces
from screentime.summary import seconds_so_far
from screentime.talk import Talk
from screentime.workspace import create

DIGESTS = ("ab" * 8, "cd" * 8)
# Who the model sees in the frames of each film.
SEEN = ([(0.9, 0.1)] * 3 + [(0.8, 0.7)] * 2 + [(0.1, 0.1)], [(0.1, 0.9)] * 4 + [(0.2, 0.2)] * 2)


@pytest.fixture
def bare(tmp_path):
    """A project of two films of six frames, without a model."""
    project = Project(id="0123456789ab", title="Two", characters=("Tom", "Jerry"), films=("one.mp4", "two.mkv"))
    place = create(tmp_path / "p", Config(project=project))
    films = [
        Film(digest, name, str(tmp_path / name), 6.0, rate, 64, 48, 6)
        for digest, name, rate in zip(DIGESTS, ("one.mp4", "two.mkv"), (25.0, 24000 / 1001))
    ]
    place.write_frames(films, [
        Frame(frame_uid(film.digest, float(i)), f"frames/{film.name}/{i}.jpg", i, float(i), film.name)
        for film in films for i in range(6)
    ])
    return place


@pytest.fixture
def place(bare):
    """The same with a model, and with labels of the first three frames of one.mp4."""
    uids = {digest: [frame_uid(digest, float(i)) for i in range(6)] for digest in DIGESTS}
    labelled = uids[DIGESTS[0]][:3]
    bare.write_labels([
        Label(uid, frozenset({"Tom"}), 1, number, "1", "2025-01-02T08:00:00.000000Z", "manual")
        for number, uid in enumerate(labelled)
    ])
    folder = bare.models_folder / "v001-0123456789ab"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps({
        "version": folder.name, "label_uids": labelled, "held_out_uids": [], "accuracy": {
            "validation": 0.8, "value": 0.8, "low": 0.7, "high": 0.9, "frames": 10, "judged_on": "",
            "random_split": None, "whole_blocks": None,
        },
        "round": asdict(Round(folder.name, 3, 0.8, 5, 1.0, True)),
    }), "utf-8")
    for name, kept in (("predictions.csv", SEEN), ("crossfit.csv", ([], []))):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["uid", "Tom", "Jerry"])
            table.writerows([uid, *row] for digest, rows in zip(DIGESTS, kept) for uid, row in zip(uids[digest], rows))
    return bare


@pytest.fixture
def times(place):
    return seconds_so_far(place)


def names(times):
    return [time.film.name for time in times]


# -- which films ----------------------------------------------------------------------------------


def test_without_a_film_the_project_s_own_stand_as_they_are(place):
    times, failures = times_of([], None, place.root, Talk())
    assert (names(times), failures) == (["one.mp4", "two.mkv"], [])
    assert [(one.character, one.start, one.end, one.source) for one in times[0].appearances] == [
        ("Tom", 0.0, 5.0, "mixed"), ("Jerry", 3.0, 5.0, "predicted"),
    ]
    assert times[0].labels == 3


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (["two.mkv"], ["two.mkv"]), (["PATH/one.mp4"], ["one.mp4"]), (["PATH/p/../two.mkv"], ["two.mkv"]),
        (["two.mkv", "one.mp4", "two.mkv"], ["one.mp4", "two.mkv"]),
    ],
)
def test_the_project_s_own_go_by_name_or_path_and_need_not_be_there(place, tmp_path, named, found):
    times, failures = times_of([one.replace("PATH", str(tmp_path)) for one in named], None, place.root, Talk())
    assert (names(times), failures) == (found, [])


def test_a_film_that_nobody_knows_is_missing(place):
    with pytest.raises(FilmError, match="The film three.mp4 does not exist"):
        times_of(["three.mp4"], None, place.root, Talk())


def test_what_is_not_ready_is_told(bare, tmp_path):
    with pytest.raises(NotReady) as caught:
        times_of([], None, bare.root, Talk())
    assert str(caught.value) == (
        "There is no model yet, so nobody knows who is in the frames without a label."
        " Label frames, then run `screentime sync`."
    )
    with pytest.raises(NotReady, match="is no screentime project"):
        times_of([], None, tmp_path / "nowhere", Talk())
    bare.frames_table.unlink()
    with pytest.raises(NotReady, match="There are no frames yet. Run `screentime extract`."):
        times_of([], None, bare.root, Talk())


def test_a_film_that_the_model_has_not_seen_is_told(place):
    film = Film("ef" * 8, "new.mp4", "/new.mp4", 1.0, 25.0, 64, 48, 1)
    place.write_frames([*place.films(), film], [*place.frames(), Frame(frame_uid(film.digest, 0.0), "frames/new/0.jpg", 0, 0.0, "new.mp4")])
    with pytest.raises(NotReady, match="A film was added since the latest model was trained. Run `screentime train`."):
        times_of([], None, place.root, Talk())
    place.write_frames(place.films(), place.frames()[:-1])
    with pytest.raises(NotReady, match="There are no frames of new.mp4 yet: .* was broken off. Run `screentime extract`."):
        times_of([], None, place.root, Talk())


def test_a_model_without_its_predictions_is_told(place):
    [table] = place.models_folder.glob("*/predictions.csv")
    table.unlink()
    with pytest.raises(ScreentimeError) as caught:
        times_of([], None, place.root, Talk())
    assert str(caught.value) == (
        f"{table} is missing. Move {table.parent} away and run `screentime sync`: labels are safe in Label Studio."
    )


def test_a_model_needs_films(place):
    with pytest.raises(UserMistake, match="--model is for films that are named."):
        times_of([], place.models_folder, place.root, Talk())


# -- where to -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "folder"),
    [("a.csv", False), ("a", True), ("a.b/", True), ("there.v1", True), ("a/b.vtt", False), (".", True), ("..", True)],
)
def test_what_is_a_folder(tmp_path, monkeypatch, out, folder):
    monkeypatch.chdir(tmp_path)
    Path("there.v1").mkdir()
    assert is_folder(out) is folder


def test_files_are_put_into_a_folder_that_is_made(times, tmp_path):
    order = Order("webvtt")
    found = pieces(times, order, apart=True)
    written = put(found, order, str(tmp_path / "new" / "folder"))
    assert written == [tmp_path / "new/folder/one.vtt", tmp_path / "new/folder/two.vtt"]
    assert [path.read_bytes() for path in written] == [piece.data for piece in found]
    assert stat.S_IMODE(written[0].stat().st_mode) == 0o644
    assert put(found, order, str(tmp_path / "new/folder")) == written
    assert len(list((tmp_path / "new/folder").iterdir())) == 2


def test_several_files_do_not_go_into_one(times, tmp_path):
    order = Order("edl")
    with pytest.raises(UserMistake) as caught:
        put(pieces(times, order, apart=False), order, str(tmp_path / "one.edl"))
    assert caught.value.what == "This makes 3 files: each holds one character of one film, and 999 appearances at most."
    assert caught.value.remedy == "Name a folder for them: --out FOLDER."
    assert not (tmp_path / "one.edl").exists()


def test_a_place_that_cannot_be_written_is_told(times, tmp_path):
    order = Order("csv")
    (tmp_path / "file").touch()
    with pytest.raises(ScreentimeError, match="file/deeper cannot be made a folder: Not a directory."):
        put(pieces(times, order, apart=True), order, str(tmp_path / "file" / "deeper"))
    with pytest.raises(ScreentimeError, match=r"a\.csv cannot be written: No such file or directory"):
        put(pieces(times, order, apart=False), order, str(tmp_path / "none" / "a.csv"))
