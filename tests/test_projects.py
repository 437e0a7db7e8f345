import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from screentime.config import override
from screentime.errors import FilmError, NotReady
from screentime.model.tables import PREDICTIONS, write_rows
from screentime.projects import begin, extract_films, screen_films
from screentime.records import Label, Round
from screentime.summary import seconds_so_far
from screentime.talk import Talk


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def test_films_and_backbones_are_found_again_from_any_folder(cartoon, tmp_path, monkeypatch):
    (tmp_path / "bone").mkdir()
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "inside.mp4").write_bytes(cartoon[0].read_bytes())
    monkeypatch.chdir(tmp_path)
    place = begin(Path("p"), [Path("p/inside.mp4"), cartoon[0]], ["cat"], backbone="bone")
    config = place.config()
    assert config.project.films == ("inside.mp4", str(cartoon[0]))
    assert config.model.backbone == str(tmp_path / "bone")
    assert place.film_paths() == [tmp_path / "p" / "inside.mp4", cartoon[0]]


def test_a_missing_film_leaves_nothing_behind(tmp_path):
    with pytest.raises(FilmError, match="none.mp4"):
        begin(tmp_path / "p", [tmp_path / "none.mp4"], ["cat"])
    assert not (tmp_path / "p").exists()


def test_the_same_film_under_two_names_is_sampled_once(cartoon, tmp_path):
    twin = tmp_path / "twin.mp4"
    twin.write_bytes(cartoon[0].read_bytes())
    place = begin(tmp_path / "p", [cartoon[0], twin], ["cat"])
    heard = Heard()
    films, frames = extract_films(place, place.config(), heard)
    assert ([film.name for film in films], len(frames)) == (["cartoon.mp4"], 40)
    assert heard.sentences == ["twin.mp4 is the same film as one before it and is left out."]


def test_frames_are_taken_as_often_as_asked(cartoon, tmp_path):
    place = begin(tmp_path / "p", [cartoon[0]], ["cat"])
    _, frames = extract_films(place, override(place.config(), {"fps": 0.5}), Talk())
    assert [frame.second for frame in frames[:3]] == [0.0, 2.0, 4.0]


def test_without_a_model_predict_says_how_to_come_by_one(cartoon, tmp_path):
    place = begin(tmp_path / "p", [cartoon[0]], ["cat"])
    with pytest.raises(NotReady, match="^There is no model yet. Run `screentime train`, or name one with --model FOLDER.$"):
        screen_films([cartoon[0]], None, place.root, Talk())


@pytest.fixture
def modelled(cartoon, tmp_path):
    """A project of the drawn film with four labels and a version that learned from two of them."""
    from screentime.model.backbone import tensorflow
    from screentime.model.classifier import save
    from screentime.model.networks import Saved
    from screentime.model.views import View

    place = begin(tmp_path / "p", [cartoon[0]], ["cat", "mouse"])
    extract_films(place, place.config(), Talk())
    uids = [frame.uid for frame in place.frames()]
    place.write_labels([
        Label(uids[i], cartoon[1][i], 1, i, "1", "2025-01-02T03:04:05.000006Z", "manual")
        for i in (0, 10, 20, 30)
    ])
    place.update_progress(audits={
        uids[i]: {"block": [float(i), i + 9.0], "seed": 1, "probability": 0.1} for i in (20, 30, 35)
    })
    tensorflow()
    import tf_keras

    network = tf_keras.Sequential([
        tf_keras.Input((None, None, 3)), tf_keras.layers.GlobalAveragePooling2D(),
        tf_keras.layers.Dense(2, "sigmoid"),
    ])
    folder = place.models_folder / "v001-0123456789ab"
    folder.mkdir(parents=True)
    save(folder, Saved(network), View("square", 32), None, {
        "version": folder.name, "mode": "multi", "characters": ["cat", "mouse"], "short_side": 32, "fps": 1.0,
        "backbone": {}, "label_uids": [uids[0], uids[10], uids[20]], "held_out_uids": [uids[10]],
        "round": asdict(Round(folder.name, 3, 0.5, 1, 1.0, False)), "accuracy": {
            "validation": 0.8, "value": 0.8, "low": 0.7, "high": 0.9, "frames": 10, "judged_on": "",
            "random_split": None, "whole_blocks": None,
        },
    })
    return place, folder


def test_the_projects_own_model_counts_labels_as_they_are_and_a_named_one_knows_none(cartoon, modelled):
    place, folder = modelled
    (own,), failures = screen_films([cartoon[0]], None, place.root, Talk())
    assert failures == []
    # Of the two labelled audit frames the model learned from one, and no other head's word on it is kept.
    assert (own.version, own.labelled, own.labels, own.audited) == (folder.name, 4.0, 2, 1)
    assert own.estimates["cat"].low is not None
    (named,), _ = screen_films([cartoon[0]], folder, place.root, Talk())
    assert (named.version, named.labelled, named.labels, named.audited) == (folder.name, 0.0, 0, 0)
    assert named.estimates["cat"].low is None


def test_of_its_own_film_the_project_says_what_status_says_wherever_the_film_lies(cartoon, modelled, tmp_path):
    place, folder = modelled
    frames = place.frames()
    write_rows(folder / PREDICTIONS, place.schema(), frames, np.full((len(frames), 2), 0.75))
    [known] = seconds_so_far(place)
    copy = tmp_path / "another name.mp4"
    copy.write_bytes(cartoon[0].read_bytes())
    (told,), _ = screen_films([copy], None, place.root, Talk())
    assert told.estimates == known.estimates and told.appearances == known.appearances
    assert (told.film.name, told.film.path) == ("another name.mp4", str(copy))


def test_a_film_that_cannot_be_read_does_not_stop_the_others(cartoon, modelled, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    (films / "a.mp4").write_text("no film")
    (films / "b.mp4").write_bytes(cartoon[0].read_bytes())
    told = []
    results, failures = screen_films([films], modelled[1], tmp_path, Talk(), told.append)
    assert [one.film.name for one in results] == ["b.mp4"] and told == results
    assert len(failures) == 1 and failures[0].startswith("a.mp4 holds no pictures that can be read")


def test_what_is_no_film_begins_no_project(cartoon, tmp_path):
    for name, content, sentence in [
        ("text.mp4", b"no film\n" * 99, "text.mp4 holds no pictures that can be read"),
        ("empty.mp4", b"", "empty.mp4 is empty (0 bytes)."),
        ("list.mp4", f"ffconcat version 1.0\nfile {cartoon[0].name}\n".encode(), "list.mp4 holds no pictures"),
    ]:
        films = tmp_path / f"{name} and a film"
        films.mkdir()
        (films / name).write_bytes(content)
        (films / cartoon[0].name).write_bytes(cartoon[0].read_bytes())
        for named in ([films], [cartoon[0], films / name]):
            with pytest.raises(FilmError) as caught:
                begin(tmp_path / "p", named, ["cat"])
            assert str(caught.value).startswith(sentence)
    assert not (tmp_path / "p").exists()


def test_rubbish_among_films_is_told_by_name_and_the_films_are_screened(cartoon, modelled, tmp_path):
    _, folder = modelled
    films = tmp_path / "films"
    films.mkdir()
    (films / "b.mp4").write_bytes(cartoon[0].read_bytes())
    (films / "c.mp4").write_bytes(b"")
    (films / "d.mp4").write_bytes(b"no film")
    (films / "e.mp4").symlink_to(films / "e.mp4")
    (films / "f.mp4").symlink_to("/dev/zero")
    (films / "g.mp4").symlink_to(films / "gone")
    (films / "h.mp4").mkdir()
    (films / "notes.txt").write_text("not looked at")
    os.mkfifo(films / "i.mp4")
    for named in ([films], sorted(films.glob("[!egh].mp4"))):
        (result,), failures = screen_films(named, folder, tmp_path, Talk())
        assert result.film.name == "b.mp4"
        said = {failure.split()[0 if failure[1] == "." else 2]: failure for failure in failures}
        assert said["c.mp4"].startswith("c.mp4 is empty (0 bytes).")
        assert said["d.mp4"].startswith("d.mp4 holds no pictures that can be read")
        assert said["f.mp4"] == said["i.mp4"].replace("i.mp4", "f.mp4") == "f.mp4 is no ordinary file. Name a film file."
        if named == [films]:
            assert said["e.mp4"].startswith("The film e.mp4 does not exist.")
            assert said["g.mp4"].startswith("The film g.mp4 does not exist.")
        assert len(failures) == (6 if named == [films] else 4)


def test_a_film_that_nobody_thought_of_does_not_stop_the_others(cartoon, modelled, tmp_path, monkeypatch):
    """What libraries make of a film's bytes cannot be foreseen, so one such error stands in for them."""
    from screentime import screening

    real = screening.screen

    def screen(path, *rest):
        if path.name == "a.mp4":
            raise OverflowError("cannot convert float infinity to integer")
        return real(path, *rest)

    films = tmp_path / "films"
    films.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (films / name).write_bytes(cartoon[0].read_bytes())
    monkeypatch.setattr(screening, "screen", screen)
    results, failures = screen_films([films], modelled[1], tmp_path, Talk())
    assert [one.film.name for one in results] == ["b.mp4"]
    assert failures == [
        "a.mp4 could not be looked at: screentime failed in a way that it should not"
        " (OverflowError: cannot convert float infinity to integer). Report it."
    ]
