import numpy as np
import pytest

from screentime.records import Film, Frame
from screentime.schema import Schema
from screentime.totals import durations, expected_seconds, film_durations


def test_each_frame_stands_until_the_next_and_the_last_until_the_end():
    assert durations([0.0, 1.0, 2.5], 4.0).tolist() == [1.0, 1.5, 1.5]


def test_a_gap_keeps_the_last_picture_on_screen():
    assert durations([0.0, 1.0, 8.0], 9.0).tolist() == [1.0, 7.0, 1.0]


def test_frames_of_two_films_end_with_their_own_film():
    films = [Film(d, f"{d}.mp4", "", s, 24, 8, 8, 2) for d, s in (("a" * 16, 2.4), ("b" * 16, 1.5))]
    frames = [Frame(f"{f.digest}-{i}", "", i, float(i), f.name) for f in films for i in range(2)]
    assert film_durations(frames, films).tolist() == pytest.approx([1.0, 1.4, 1.0, 0.5])


def test_multi_counts_each_character_both_and_neither():
    rows = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    seconds = expected_seconds(rows, np.array([1.0, 2.0, 4.0, 8.0]), Schema("multi", ("tom", "jerry")))
    assert seconds == {"tom": 3.0, "jerry": 10.0, "both": 2.0, "neither": 4.0}


def test_exclusive_cannot_tell_both():
    seconds = expected_seconds(np.eye(3)[[0, 1, 2, 2]], np.ones(4), Schema("exclusive", ("jerry", "tom")))
    assert seconds == {"jerry": 1.0, "tom": 2.0, "both": None, "neither": 1.0}


def test_probabilities_count_as_shares_of_a_frame():
    schema = Schema("multi", ("tom", "jerry"))
    seconds = expected_seconds(np.array([[0.5, 0.2]]), np.array([10.0]), schema)
    assert seconds == pytest.approx({"tom": 5.0, "jerry": 2.0, "both": 1.0, "neither": 4.0})


def test_both_means_two_or_more_of_any_number_of_characters():
    schema = Schema("multi", ("a", "b", "c"))
    seconds = expected_seconds(np.array([[1, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0]]), np.ones(4), schema)
    assert (seconds["both"], seconds["neither"]) == (2.0, 1.0)
    assert expected_seconds(np.full((1, 3), 0.5), np.ones(1), schema)["both"] == pytest.approx(0.5)


def test_exclusive_probabilities_add_up_to_the_film():
    seconds = expected_seconds(np.array([[0.2, 0.5, 0.3]]), np.array([2.0]), Schema("exclusive", ("jerry", "tom")))
    assert seconds == {"jerry": 1.0, "tom": 0.6, "both": None, "neither": 0.4}
