import numpy as np
import pytest

from screentime.records import Film, Frame
from screentime.schema import Schema
from screentime.totals import count, durations, film_durations


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
    seconds = count(rows, np.array([1.0, 2.0, 4.0, 8.0]), Schema("multi", ("tom", "jerry")))
    assert seconds == {"tom": 3.0, "jerry": 10.0, "both": 2.0, "neither": 4.0}


def test_exclusive_cannot_tell_both():
    seconds = count(np.eye(3)[[0, 1, 2, 2]], np.ones(4), Schema("exclusive", ("jerry", "tom")))
    assert seconds == {"jerry": 1.0, "tom": 2.0, "both": None, "neither": 1.0}
