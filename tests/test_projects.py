from pathlib import Path

import pytest

from screentime.config import override
from screentime.errors import FilmError, NotReady
from screentime.projects import begin, extract_films, screen_films, summary
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


def test_the_next_step_is_named_at_every_stage(cartoon, tmp_path):
    place = begin(tmp_path / "p", [cartoon[0]], ["cat"])
    assert summary(place)["next"] == "`screentime extract`."
    extract_films(place, place.config(), Talk())
    assert summary(place)["next"] == "`screentime push`."
    uids = [frame.uid for frame in place.frames()]
    tasks = {uid: number for number, uid in enumerate(uids)}
    place.update_progress(project=7, url="http://x/7", tasks=tasks, batch=tuple(uids[:5]), batch_after="")
    assert summary(place)["next"] == "label 5 frames at http://x/7 , then `screentime sync`."
    place.update_progress(skipped=tuple(uids[:5]))
    assert summary(place)["next"] == "`screentime sync`."


def test_without_a_model_predict_says_how_to_come_by_one(cartoon, tmp_path):
    place = begin(tmp_path / "p", [cartoon[0]], ["cat"])
    with pytest.raises(NotReady, match="^There is no model yet. Run `screentime train`, or name one with --model FOLDER.$"):
        screen_films([cartoon[0]], None, place.root, Talk())
