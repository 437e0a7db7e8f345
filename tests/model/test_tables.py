"""A version's tables: what is written reads back by frame, and other classes are refused."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.errors import NotReady, ScreentimeError
from screentime.model.tables import PREDICTIONS, UNSMOOTHED, read_predictions, read_rows, write_rows
from screentime.records import Frame, frame_uid
from screentime.schema import Schema

MULTI, EXCLUSIVE = Schema("multi", ("tom", "jerry")), Schema("exclusive", ("tom", "jerry"))
DIGEST = "ab" * 8
FRAMES = [
    Frame(frame_uid(DIGEST, float(i)), f"frames/x/{i}.jpg", i, float(i), "film, 1.mp4") for i in range(4)
]
ROWS = np.array([[0.25, 1.0], [np.nan, np.nan], [1 / 3, 0.0], [5e-7, 4e-7]])


@pytest.fixture
def folder(tmp_path):
    """A version whose smoothed table knows three of four frames, and the other one all."""
    write_rows(tmp_path / PREDICTIONS, MULTI, FRAMES, ROWS)
    write_rows(tmp_path / UNSMOOTHED, MULTI, FRAMES, np.full((4, 2), 0.5))
    return tmp_path


def test_a_table_has_a_line_a_frame_with_six_decimals_and_none_for_frames_that_nobody_judged(folder):
    assert (folder / PREDICTIONS).read_text("utf-8") == (
        "uid,tom,jerry\n"
        "abababababababab-000000000,0.250000,1.000000\n"
        "abababababababab-000002000,0.333333,0.000000\n"
        "abababababababab-000003000,0.000000,0.000000\n"
    )
    write_rows(folder / "exclusive.csv", EXCLUSIVE, FRAMES[:1], np.array([[0.5, 0.25, 0.25]]))
    assert (folder / "exclusive.csv").read_text("utf-8").splitlines()[0] == "uid,neither,tom,jerry"


def test_rows_read_back_by_uid(folder):
    assert read_rows(folder / PREDICTIONS, MULTI) == {
        FRAMES[0].uid: [0.25, 1.0], FRAMES[2].uid: [0.333333, 0.0], FRAMES[3].uid: [0.0, 0.0],
    }
    assert read_rows(folder / "nothing.csv", MULTI) == {}


@pytest.mark.parametrize("schema", [EXCLUSIVE, Schema("multi", ("jerry", "tom")), Schema("multi", ("tom",))])
def test_a_table_of_other_classes_is_never_taken_for_one_of_these(folder, schema):
    with pytest.raises(NotReady) as caught:
        read_rows(folder / PREDICTIONS, schema)
    assert str(caught.value) == (
        f"The model {folder.name} was trained for other characters or another mode. Run `screentime train`."
    )


def test_predictions_come_in_the_order_that_is_asked_for_smoothed_unless_told_otherwise(folder):
    wanted = [FRAMES[2], FRAMES[0], FRAMES[2]]
    assert read_predictions(folder, wanted, MULTI).tolist() == [[0.333333, 0.0], [0.25, 1.0], [0.333333, 0.0]]
    assert read_predictions(folder, wanted, MULTI, smoothed=False).tolist() == [[0.5, 0.5]] * 3


def test_frames_that_the_version_has_not_seen_are_counted_and_one_film_is_named(folder):
    with pytest.raises(NotReady) as caught:
        read_predictions(folder, FRAMES, MULTI)
    assert str(caught.value) == (
        f"The model {folder.name} has not seen 1 frames, for example of film, 1.mp4. Run `screentime train`."
    )


def test_a_heading_starts_no_formula_and_reads_back(tmp_path):
    schema = Schema("multi", ("-tom", "'arry"))
    write_rows(tmp_path / PREDICTIONS, schema, FRAMES[:1], np.array([[0.5, 0.25]]))
    text = (tmp_path / PREDICTIONS).read_text("utf-8")
    assert text.splitlines()[0] == "uid,'-tom,'arry"
    assert read_rows(tmp_path / PREDICTIONS, schema) == {FRAMES[0].uid: [0.5, 0.25]}
    # As an older screentime wrote it.
    (tmp_path / PREDICTIONS).write_text(text.replace("'-tom", "-tom"), "utf-8")
    assert read_rows(tmp_path / PREDICTIONS, schema) == {FRAMES[0].uid: [0.5, 0.25]}


def refusal(folder):
    with pytest.raises(ScreentimeError) as caught:
        read_rows(folder / PREDICTIONS, MULTI)
    assert caught.value.remedy == f"Move {folder} away and run `screentime sync`: labels are safe in Label Studio."
    assert caught.value.exit_code == 1
    return caught.value.what


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("nan,1.0", "a number is no probability"), ("inf,1.0", "a number is no probability"),
        ("-0.1,1.0", "a number is no probability"), ("1.000001,1.0", "a number is no probability"),
        ("1e308,1.0", "a number is no probability"), ("0,5,1.0", "3 numbers instead of 2"),
        ("0.5", "1 numbers instead of 2"), ("half,1.0", "could not convert string to float: 'half'"),
    ],
)
def test_what_is_no_probability_is_told_with_its_line(folder, cells, reason):
    path = folder / PREDICTIONS
    path.write_text(path.read_text("utf-8").replace("0.250000,1.000000", cells), "utf-8")
    assert refusal(folder) == f"{path} line 2 is damaged ({reason})."


def test_a_table_is_the_one_that_was_saved_where_the_card_tells(folder):
    path = folder / PREDICTIONS
    card = {"files": {PREDICTIONS: hashlib.sha256(path.read_bytes()).hexdigest()}}
    (folder / "card.json").write_text(json.dumps(card))
    rows = read_rows(path, MULTI)
    path.write_text(path.read_text("utf-8").replace("0.250000", "0.350000"), "utf-8")
    assert refusal(folder) == f"{path} is damaged (it is not the one that was saved)."
    (folder / "card.json").unlink()
    assert read_rows(path, MULTI) != rows


@given(st.binary(max_size=6), st.integers(0, 200))
def test_bytes_in_the_midst_of_a_table_end_in_a_sentence_or_are_probabilities(folder, noise, place):
    content = (folder / UNSMOOTHED).read_bytes()
    (folder / "noisy.csv").write_bytes(content[:place] + noise + content[place:])
    try:
        rows = read_rows(folder / "noisy.csv", MULTI)
    except ScreentimeError as error:
        assert error.what and error.remedy
    else:
        assert all(0 <= number <= 1 for row in rows.values() for number in row)
