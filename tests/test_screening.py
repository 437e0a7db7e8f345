"""A real film and a real saved model in, seconds out."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import replace

import imageio_ffmpeg
import numpy as np
import pytest

from screentime.errors import FilmError
from screentime.model.backbone import tensorflow
from screentime.model.classifier import load, save
from screentime.records import frame_uid
from screentime.screening import BATCH, rows_of, screen
from screentime.talk import Talk
from screentime.video.reader import digest

RATE = 25
TOM, JERRY, BOTH, NEITHER = (210, 30, 30), (30, 210, 30), (210, 210, 30), (20, 20, 20)
# What is seen until which second: ten in all.
SCENES = [(3.4, TOM), (5.0, BOTH), (8.0, NEITHER), (10.0, JERRY)]


class Listener(Talk):
    """Keeps what was said."""

    def __init__(self):
        self.said, self.steps = [], []

    def say(self, sentence):
        self.said.append(sentence)

    @contextmanager
    def progress(self, task):
        self.task = task
        yield lambda done, total: self.steps.append((done, total))


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """``studio(name, *ffmpeg options)`` makes the film of `SCENES`."""
    folder = tmp_path_factory.mktemp("films")

    def film(name, *options):
        path = folder / name
        seconds = np.arange(RATE * 10) / RATE
        colours = [next(colour for end, colour in SCENES if second < end - 1e-6) for second in seconds]
        raw = b"".join(np.full((54, 96, 3), colour, np.uint8).tobytes() for colour in colours)
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
            "-s", "96x54", "-r", str(RATE), "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25",
            "-pix_fmt", "yuv420p", *options, str(path),
        ]
        subprocess.run(command, input=raw, check=True, timeout=60)
        return path

    return film


@pytest.fixture(scope="module")
def film(studio):
    return studio("film.mp4")


@pytest.fixture(scope="module")
def make_model(tmp_path_factory):
    """Saved models that know Tom by red and Jerry by green."""

    def make(mode, bias, weights, activation):
        tensorflow()
        import tf_keras

        network = tf_keras.Sequential([
            tf_keras.Input((None, None, 3)), tf_keras.layers.GlobalAveragePooling2D(),
            tf_keras.layers.Dense(len(bias), activation),
        ])
        network.set_weights([np.array(weights, float), np.array(bias, float)])
        folder = tmp_path_factory.mktemp("model")
        save(folder, network, None, {
            "version": "v007-abc", "mode": mode, "characters": ["Tom", "Jerry"], "short_side": 32, "fps": 1.0,
            "backbone": {}, "round": {},
        })
        return load(folder)

    return make


@pytest.fixture(scope="module")
def multi(make_model):
    return make_model("multi", [-10, -10], [[20, 0], [0, 20], [0, 0]], "sigmoid")


@pytest.fixture(scope="module")
def exclusive(make_model):
    return make_model("exclusive", [0, -10, -10], [[0, 20, 0], [0, 0, 20], [0, 0, 0]], "softmax")


def test_seconds_add_up_to_the_film(film, multi):
    talk = Listener()
    result = screen(film, multi, talk)
    assert result.seconds == pytest.approx({"Tom": 5.0, "Jerry": 3.0, "both": 1.0, "neither": 3.0}, abs=0.02)
    total = result.seconds["Tom"] + result.seconds["Jerry"] - result.seconds["both"] + result.seconds["neither"]
    assert total == pytest.approx(result.film.seconds) == pytest.approx(10.0)
    assert (result.labelled, result.version) == (0.0, "v007-abc")
    assert (result.film.digest, result.film.name, result.film.frames) == (digest(film), "film.mp4", 10)
    assert (talk.task, talk.said, talk.steps) == ("Reading film.mp4", [], [(BATCH - 1, 10)])


def test_frames_are_sampled_as_often_as_the_card_says(film, multi):
    often = replace(multi, card={**multi.card, "fps": 5.0})
    seconds = screen(film, often, Talk()).seconds
    assert seconds == pytest.approx({"Tom": 5.0, "Jerry": 3.6, "both": 1.6, "neither": 3.0}, abs=0.02)


def test_in_exclusive_mode_one_character_or_neither_fills_each_second(film, exclusive):
    result = screen(film, exclusive, Talk())
    seconds = dict(result.seconds)
    assert seconds.pop("both") is None
    assert sum(seconds.values()) == pytest.approx(10.0, abs=0.02)
    assert seconds["neither"] == pytest.approx(3.0, abs=0.02)
    assert seconds["Jerry"] >= 2.0 and seconds["Tom"] >= 4.0


def test_labels_count_as_they_are_whatever_the_model_says(film, multi):
    content = digest(film)
    labels = {
        frame_uid(content, 0.0): frozenset(),
        frame_uid(content, 6.0): frozenset({"Jerry"}),
        frame_uid(content, 9.0): frozenset({"Tom", "Jerry"}),
        frame_uid(content, 6.5): frozenset({"Tom"}),  # a second that is not sampled
        frame_uid("f" * 16, 1.0): frozenset(),  # another film's
    }
    result = screen(film, multi, Talk(), labels)
    assert result.labelled == pytest.approx(3.0)
    assert result.seconds == pytest.approx({"Tom": 5.0, "Jerry": 4.0, "both": 2.0, "neither": 3.0}, abs=0.02)


def test_a_frame_that_is_held_counts_for_as_long_as_it_is_held(studio, multi):
    # Nothing new between 1.36 s and 4.44 s: the red of second 1 stays, and second 4.44 stands for the rest.
    path = studio("gap.mp4", "-vf", "select='not(between(n,35,110))'", "-fps_mode", "vfr")
    labels = {frame_uid(digest(path), 1.0): frozenset({"Tom"})}
    result = screen(path, multi, Talk(), labels)
    assert result.film.frames == 8
    assert result.film.seconds == pytest.approx(10.0, abs=0.001)
    assert result.labelled == pytest.approx(3.44, abs=0.001)
    expected = {"Tom": 5.0, "Jerry": 2.56, "both": 0.56, "neither": 3.0}
    assert result.seconds == pytest.approx(expected, abs=0.02)


def test_what_of_the_film_is_missing_is_said(studio, multi):
    whole = studio("whole.mkv")
    cut = whole.with_name("cut.mkv")
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    talk = Listener()
    result = screen(cut, multi, talk)
    assert talk.said == [f"cut.mkv is cut short: {result.film.seconds:.1f} of 10.0 s could be read."]
    assert 3 < result.film.seconds < 8
    seconds = result.seconds
    assert seconds["Tom"] + seconds["Jerry"] - seconds["both"] + seconds["neither"] == pytest.approx(
        result.film.seconds
    )


def test_a_name_with_a_line_break_is_spelled_out(film, multi):
    odd = film.with_name("a\nb.mp4")
    odd.write_bytes(film.read_bytes())
    talk = Listener()
    screen(odd, multi, talk)
    assert talk.task == "Reading a\\nb.mp4"


def test_what_is_no_film_is_refused(tmp_path, multi):
    with pytest.raises(FilmError, match=r"^The film gone\.mp4 does not exist\. See that its path is right\.$"):
        screen(tmp_path / "gone.mp4", multi, Talk())
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(FilmError, match="^text.mp4 holds no pictures that can be read"):
        screen(tmp_path / "text.mp4", multi, Talk())


def test_rows_are_flat_and_rounded_to_milliseconds(film, exclusive):
    result = screen(film, exclusive, Talk(), {frame_uid(digest(film), 4.0): frozenset({"Jerry"})})
    odd = replace(result, seconds={"Tom": 1.23456, "Jerry": 2.0, "both": None, "neither": 6.7650001}, labelled=1 / 3)
    assert rows_of([odd]) == [{
        "film": "film.mp4", "length": 10.0, "Tom": 1.235, "Jerry": 2.0, "both": None, "neither": 6.765,
        "labelled": 0.333, "model": "v007-abc",
    }]
    assert list(rows_of([result])[0]) == ["film", "length", "Tom", "Jerry", "both", "neither", "labelled", "model"]
    assert rows_of([]) == []
