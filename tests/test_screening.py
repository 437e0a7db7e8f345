"""A real film and a real saved model in, seconds out."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import imageio_ffmpeg
import numpy as np
import pytest

from screentime.errors import ConfigError, FilmError
from screentime.looking import BATCH
from screentime.model.backbone import open_backbone, tensorflow
from screentime.model.classifier import load, save
from screentime.model.conversion import judged
from screentime.model.head import Head
from screentime.model.networks import Saved
from screentime.model.shift import Reference
from screentime.model.views import View
from screentime.records import Appearance, Film, Review, frame_uid
from screentime.schema import ENDINGS, Schema
from screentime.screening import Basis, ScreenTime, count, rows_of, screen
from screentime.talk import Talk
from screentime.totals import Estimate, Evidence, estimate
from screentime.video.reader import digest

RATE = 25
TOM, JERRY, BOTH, NEITHER = (210, 30, 30), (30, 210, 30), (210, 210, 30), (20, 20, 20)
# What is seen until which second: ten in all.
SCENES = [(3.4, TOM), (5.0, BOTH), (8.0, NEITHER), (10.0, JERRY)]


def seconds_of(result):
    return {name: one.seconds for name, one in result.estimates.items()}


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
    """``studio(name, *ffmpeg options)`` makes the film of `SCENES`, or of other scenes."""
    folder = tmp_path_factory.mktemp("films")

    def film(name, *options, scenes=SCENES):
        path = folder / name
        seconds = np.arange(RATE * 10) / RATE
        colours = [next(colour for end, colour in scenes if second < end - 1e-6) for second in seconds]
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
        lite = judged(Saved(network), np.full((1, 32, 32, 3), 0.5, np.float32)).lite
        save(folder, lite, View("square", 32), None, {
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
    seconds = seconds_of(result)
    assert list(seconds) == ["Tom", "Jerry", "both", "neither"]
    assert seconds == pytest.approx({"Tom": 5.0, "Jerry": 3.0, "both": 1.0, "neither": 3.0}, abs=0.02)
    total = seconds["Tom"] + seconds["Jerry"] - seconds["both"] + seconds["neither"]
    assert total == pytest.approx(result.film.seconds) == pytest.approx(10.0)
    assert (result.labelled, result.labels, result.audited, result.version) == (0.0, 0, 0, "v007-abc")
    # Nobody labelled anything of it and the model keeps no embeddings: how wrong it is cannot be told.
    assert {(one.low, one.high) for one in result.estimates.values()} == {(None, None)}
    assert (result.unsure, result.strange, result.far) == (0.0, None, False)
    assert (result.film.digest, result.film.name, result.film.frames) == (digest(film), "film.mp4", 10)
    assert (talk.task, talk.said, talk.steps) == ("Reading film.mp4", [], [(BATCH - 1, 10)])


def test_frames_are_sampled_as_often_as_the_card_says(film, multi):
    often = replace(multi, card={**multi.card, "fps": 5.0})
    result = screen(film, often, Talk())
    expected = {"Tom": 5.0, "Jerry": 3.6, "both": 1.6, "neither": 3.0}
    assert seconds_of(result) == pytest.approx(expected, abs=0.02)
    # Looks that come five times as often miss a fifth: of Tom's one appearance, and of Jerry's two.
    seldom = screen(film, multi, Talk())
    for name, appearances in (("Tom", 1), ("Jerry", 2)):
        assert result.estimates[name].sampling == pytest.approx(
            1.959964 * 0.2 * (appearances / 6) ** 0.5, abs=1e-3
        )
        assert seldom.estimates[name].sampling == pytest.approx(5 * result.estimates[name].sampling, abs=1e-2)


def test_in_exclusive_mode_one_character_or_neither_fills_each_second(film, exclusive):
    result = screen(film, exclusive, Talk())
    seconds = seconds_of(result)
    assert list(seconds) == ["Tom", "Jerry", "neither"]
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
    result = screen(film, multi, Talk(), Basis(labels))
    assert result.labelled == pytest.approx(3.0)
    assert seconds_of(result) == pytest.approx(
        {"Tom": 5.0, "Jerry": 4.0, "both": 2.0, "neither": 3.0}, abs=0.02
    )
    # Neither drawn at random nor learned from: they say nothing of the other frames.
    assert (result.labels, result.audited, result.estimates["Tom"].low) == (0, 0, None)


def test_audit_frames_give_each_total_an_interval(film, multi):
    content = digest(film)
    audits = {
        frame_uid(content, second): frozenset(names)
        for second, names in ((0.0, ["Tom"]), (3.0, ["Tom"]), (5.0, []), (9.0, ["Jerry"]))
    }
    labels = audits | {frame_uid(content, 4.0): frozenset({"Tom", "Jerry"})}
    result = screen(film, multi, Talk(), Basis(labels, audits=list(audits)))
    assert (result.labelled, result.labels, result.audited) == (pytest.approx(5.0), 4, 4)
    for name, least, most in (
        ("Tom", 3.0, 8.0), ("Jerry", 2.0, 7.0), ("both", 1.0, 6.0), ("neither", 1.0, 6.0)
    ):
        one = result.estimates[name]
        # What people said is certain, and the other half cannot be more than it is long.
        assert least - 0.01 <= one.low <= one.seconds <= one.high <= most + 0.01
    assert seconds_of(result) == pytest.approx(
        {"Tom": 5.0, "Jerry": 3.0, "both": 1.0, "neither": 3.0}, abs=0.02
    )


def test_a_frame_that_is_held_counts_for_as_long_as_it_is_held(studio, multi):
    # Nothing new between 1.36 s and 4.44 s: the red of second 1 stays, and second 4.44 stands for the rest.
    path = studio("gap.mp4", "-vf", "select='not(between(n,35,110))'", "-fps_mode", "vfr")
    labels = {frame_uid(digest(path), 1.0): frozenset({"Tom"})}
    result = screen(path, multi, Talk(), Basis(labels))
    assert result.film.frames == 8
    assert result.film.seconds == pytest.approx(10.0, abs=0.001)
    assert result.labelled == pytest.approx(3.44, abs=0.001)
    expected = {"Tom": 5.0, "Jerry": 2.56, "both": 0.56, "neither": 3.0}
    assert seconds_of(result) == pytest.approx(expected, abs=0.02)


def test_what_of_the_film_is_missing_is_said(studio, multi):
    whole = studio("whole.mkv")
    cut = whole.with_name("cut.mkv")
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    talk = Listener()
    result = screen(cut, multi, talk)
    assert talk.said == [f"cut.mkv is cut short: {result.film.seconds:.1f} of 10.0 s could be read."]
    assert 3 < result.film.seconds < 8
    seconds = seconds_of(result)
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


# -- what neighbours say --------------------------------------------------------------------------

# Tom is there in the first second: a little more red in the same room, or in another one.
ROOM, WITH_TOM, ELSEWHERE = (135, 140, 140), (153, 140, 140), (153, 10, 10)


@pytest.mark.parametrize(
    ("first", "smoothing", "seconds", "unsure"),
    [
        (WITH_TOM, None, 1.0, 0.0),
        # Second 0 becomes the mean of two frames, second 1 that of three.
        (WITH_TOM, 1.0, 1 / 2 + 1 / 3, 0.2),
        (ELSEWHERE, 1.0, 1.0, 0.0),  # there is a cut between
    ],
)
def test_neighbours_of_a_shot_have_a_say_where_the_model_was_made_so(
    studio, make_model, first, smoothing, seconds, unsure
):
    path = studio("room.mp4", scenes=[(1.0, first), (10.0, ROOM)])
    model = make_model("multi", [-113, -10], [[200, 0], [0, 0], [0, 0]], "sigmoid")
    if smoothing is not None:
        model = replace(model, card={**model.card, "smoothing": smoothing})
    result = screen(path, model, Talk())
    assert result.estimates["Tom"].seconds == pytest.approx(seconds, abs=0.02)
    assert result.unsure == pytest.approx(unsure)


# -- how far a film is from what was learned ------------------------------------------------------


@pytest.fixture(scope="module")
def knowing(colour_backbone, tmp_path_factory):
    """A model that tells Tom by red and knows pictures of Tom alone and of nobody."""
    backbone = open_backbone(str(colour_backbone), "whole")
    colours = np.array([TOM, NEITHER], np.float32) / 255
    known = backbone.embed(np.tile(colours[:, None, None], (1, 32, 57, 1)))
    kernel = np.tile(np.array([[4.0, 0], [0, 4], [0, 0]], np.float32), (16, 1))
    head = Head(np.zeros(48, np.float32), 1.0, kernel, np.array([-8.0, -8.0], np.float32), "sigmoid")
    folder = tmp_path_factory.mktemp("model")
    save(folder, backbone.portable, View("whole", 32), head, {
        "version": "v008-abc", "mode": "multi", "characters": ["Tom", "Jerry"], "short_side": 32, "fps": 1.0,
        "backbone": {}, "round": {},
    }, Reference(known.astype(np.float16), 0.02))
    return load(folder)


def test_frames_unlike_those_that_are_known_are_strange_and_make_the_film_far(film, knowing):
    result = screen(film, knowing, Talk())
    assert result.strange == pytest.approx(0.3)  # the second of both and the two of Jerry
    assert (result.unsure, result.far) == (0.0, True)


def test_a_film_that_the_model_learned_from_is_not_strange_to_it(film, knowing):
    labels = {frame_uid(digest(film), 4.0): frozenset({"Tom", "Jerry"})}
    own = screen(film, knowing, Talk(), Basis(labels, learned=set(labels)))
    assert (own.strange, own.far, own.labels) == (None, False, 1)
    # A label that it did not learn from changes nothing, nor does another film's that it did.
    for basis in (Basis(labels, audits=set(labels)), Basis(learned={frame_uid("f" * 16, 4.0)})):
        assert screen(film, knowing, Talk(), basis).strange == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("unsure", "strange", "far"),
    [(0.49, None, False), (0.5, None, True), (0.0, 0.19, False), (0.0, 0.2, True), (0.49, 0.0, False)],
)
def test_a_film_is_far_when_a_fifth_is_strange_or_of_half_the_model_is_unsure(unsure, strange, far):
    assert ScreenTime(None, {}, 0.0, 0, 0, "v001-abc", unsure, strange).far is far
    # What a person reviewed rests on no model.
    assert ScreenTime(None, {}, 0.0, 0, 0, "v001-abc", unsure, strange, reviewed=True).far is False


# -- counting -------------------------------------------------------------------------------------

FILM = Film("ab" * 8, "made.mp4", "/made.mp4", 9.0, 25.0, 8, 8, 8)
SECONDS = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
UIDS = [frame_uid(FILM.digest, second) for second in SECONDS]
MULTI = Schema("multi", ("Tom", "Jerry"))
SAYS = np.array(
    [[0.9, 0.2], [0.8, 0.3], [0.6, 0.1], [0.1, 0.1], [0.2, 0.9], [0.3, 0.9], [0.9, 0.8], [0.76, 0.9]]
)


def test_the_evidence_is_what_people_said_and_what_heads_foretold_of_audit_frames():
    labels = {
        UIDS[0]: frozenset({"Tom"}), UIDS[2]: frozenset({"Tom"}), UIDS[4]: frozenset({"Jerry"}),
        UIDS[7]: frozenset(),
        frame_uid("f" * 16, 1.0): frozenset({"Tom"}),
    }
    basis = Basis(
        labels, audits={UIDS[2]: {}, UIDS[3]: {}, UIDS[7]: {}}, learned=[UIDS[0], UIDS[2], UIDS[4]],
        foretold={UIDS[2]: [0.25, 0.5], UIDS[4]: [0.0, 0.0]},
    )
    result = count(FILM, SECONDS, SAYS, MULTI, "v001-abc", basis, strange=0.125)
    said = np.full((8, 2), np.nan)
    said[[0, 2, 4, 7]] = [[1, 0], [1, 0], [0, 1], [0, 0]]
    foretold = SAYS.copy()
    foretold[2] = [0.25, 0.5]  # of second 7 the model's own word is as good: it did not learn from it
    foretold[4] = [0.0, 0.0]
    expected = estimate(
        Evidence(SAYS, said, np.isin(np.arange(8), [2, 7]), foretold, 3),
        np.array([1.0] * 7 + [2.0]), 9 / 8, MULTI,
    )
    assert result.estimates == expected
    assert (result.labelled, result.labels, result.audited) == (5.0, 3, 2)
    assert (result.version, result.strange, result.film) == ("v001-abc", 0.125, FILM)
    assert result.unsure == 3 / 8  # seconds 1, 2 and 5, each of one character


def test_where_nothing_was_said_the_probabilities_are_all_there_is():
    result = count(FILM, SECONDS, SAYS, MULTI, "v001-abc", Basis())
    assert seconds_of(result)["Tom"] == pytest.approx(float(np.array([1.0] * 7 + [2.0]) @ SAYS[:, 0]))
    assert {(one.low, one.high) for one in result.estimates.values()} == {(None, None)}
    assert (result.labelled, result.labels, result.audited, result.strange) == (0.0, 0, 0, None)


def test_a_film_that_is_labelled_throughout_has_nothing_left_to_estimate():
    labels = dict.fromkeys(UIDS, frozenset({"Jerry"}))
    result = count(FILM, SECONDS, SAYS, MULTI, "v001-abc", Basis(labels))
    step = 1.959964 * 9 / 8 / 6**0.5  # one appearance
    assert result.estimates == {
        "Tom": Estimate(0.0, 0.0, 0.0, 0.0), "Jerry": Estimate(9.0, 9.0, 9.0, pytest.approx(step)),
        "both": Estimate(0.0, 0.0, 0.0, 0.0), "neither": Estimate(0.0, 0.0, 0.0, 0.0),
    }


def test_appearances_are_what_people_and_else_the_model_say():
    labels = dict.fromkeys(UIDS[:2], frozenset({"Jerry"}))
    result = count(FILM, SECONDS, SAYS, MULTI, "v001-abc", Basis(labels))
    said = SAYS >= 0.5
    said[:2] = [False, True]
    tom = [one for one in result.appearances if one.character == "Tom"]
    assert sum(one.end - one.start for one in tom) == pytest.approx([*[1.0] * 7, 2.0] @ said[:, 0].astype(float))
    assert {one.source for one in tom} == {"predicted"}
    first = next(one for one in result.appearances if one.character == "Jerry")
    assert (first.start, first.source) == (0.0, "mixed" if said[2, 1] else "labelled")
    assert not result.reviewed


def test_a_reviewed_film_is_known_to_the_frame():
    seen = (
        Appearance("Tom", 0.0, 4.04, 1.0, "reviewed"), Appearance("Tom", 3.0, 5.0, 1.0, "reviewed"),
        Appearance("Jerry", 4.5, 8.52, 1.0, "reviewed"),
    )
    review = Review(FILM.digest, seen, 1, 2, "1", "")
    for schema in (MULTI, Schema("exclusive", MULTI.characters)):
        says = SAYS if schema.mode == "multi" else np.full((len(SECONDS), 3), 1 / 3)
        result = count(FILM, SECONDS, says, schema, "v001-abc", Basis(reviews={FILM.digest: review}))
        assert result.appearances == seen and result.reviewed and result.labelled == 9.0
        assert result.estimates == {
            name: Estimate(pytest.approx(total), pytest.approx(total), pytest.approx(total), 0.0)
            for name, total in {"Tom": 5.0, "Jerry": 4.02, "both": 0.5, "neither": 0.48}.items()
        }


def test_rows_are_flat_and_rounded_to_milliseconds():
    estimates = {
        "Tom": Estimate(1.23456, 0.5, 2.00049, 0.7999), "Jerry": Estimate(2.0, None, None, 0.0),
        "neither": Estimate(6.7650001, 6.0, 7.0, 1 / 3),
    }
    result = ScreenTime(FILM, estimates, 1 / 3, 4, 2, "v007-abc", 0.123456, 0.2)
    assert rows_of([result]) == [{
        "film": "made.mp4", "length": 9.0,
        "Tom": 1.235, "Tom_low": 0.5, "Tom_high": 2.0, "Tom_sampling": 0.8,
        "Jerry": 2.0, "Jerry_low": None, "Jerry_high": None, "Jerry_sampling": 0.0,
        "both": None, "both_low": None, "both_high": None, "both_sampling": None,
        "neither": 6.765, "neither_low": 6.0, "neither_high": 7.0, "neither_sampling": 0.333,
        "labelled": 0.333, "labels": 4, "audited": 2, "reviewed": False, "unsure": 0.123, "strange": 0.2, "far": True,
        "model": "v007-abc",
    }]
    assert rows_of([]) == []


def test_both_have_their_place_before_neither_in_either_mode(film, multi, exclusive):
    times = [screen(film, model, Talk()) for model in (multi, exclusive)]
    keys = [list(row) for row in rows_of(times)]
    assert keys[0] == keys[1]
    names, ends = ("Tom", "Jerry", "both", "neither"), ("", "_low", "_high", "_sampling")
    assert keys[0] == [
        "film", "length", *(f"{name}{end}" for name in names for end in ends),
        "labelled", "labels", "audited", "reviewed", "unsure", "strange", "far", "model",
    ]
    assert ENDINGS == ends[1:]
    for key in {*keys[0]} - {"Tom", "Jerry"}:
        with pytest.raises(ConfigError):  # a character of that name would take its place
            Schema("multi", (key,))
    multi_row, exclusive_row = rows_of(times)
    assert multi_row["both"] == pytest.approx(1.0, abs=0.02) and exclusive_row["both"] is None
    assert (multi_row["strange"], multi_row["far"]) == (None, False)


def test_the_command_predicts_without_tensorflow_and_what_comes_with_it(film, knowing):
    """In a process of its own, as a person runs it: these alone would take longer than the film."""
    program = """
import json, sys
from typer.testing import CliRunner
from screentime.cli import app
result = CliRunner().invoke(app, ["predict", sys.argv[1], "--model", sys.argv[2], "--format", "json"])
heavy = {"tensorflow", "tf_keras", "sklearn", "scipy", "pandas", "matplotlib", "pyarrow", "label_studio_sdk"}
print(json.dumps([result.exit_code, json.loads(result.stdout), sorted(heavy & set(sys.modules))]))
"""
    result = subprocess.run(
        [sys.executable, "-c", program, str(film), str(knowing.folder)], capture_output=True, text=True
    )
    assert result.stderr == ""
    code, (row,), heavy = json.loads(result.stdout)
    assert (code, row["strange"], heavy) == (0, 0.3, [])
