"""Frames and their neighbours within a shot; appearances and what they cut a film into."""

import numpy as np
import pytest

from screentime.records import Appearance
from screentime.timeline import SMOOTHING, appearances, near, segments


def test_a_neighbour_is_the_frame_before_or_after_in_the_same_shot_of_the_same_film():
    found = near(["a", "a", "a", "a", "b", "b"], [0, 0, 0, 1, 1, 1], 0.5)
    assert found.index.tolist() == [[0, 0, 1], [1, 0, 2], [2, 1, 2], [3, 3, 3], [4, 4, 5], [5, 4, 5]]
    two, three, alone = 1 / 1.5, 1 / 2, [1, 0, 0]
    assert found.weight == pytest.approx(np.array([
        [two, 0, 1 - two], [three, 0.25, 0.25], [two, 1 - two, 0], alone, [two, 0, 1 - two],
        [two, 1 - two, 0],
    ]))
    assert found.weight.dtype == np.float32


def test_smoothing_is_the_weighted_mean_of_a_frame_and_its_neighbours():
    probabilities = np.array([[1.0, 0.0], [0.0, 0.5], [0.5, 1.0], [0.25, 0.25]])
    smooth = near(["a"] * 4, [0, 0, 0, 1], 0.5).smooth(probabilities)
    assert smooth == pytest.approx(np.array([[2 / 3, 1 / 6], [0.375, 0.5], [1 / 3, 5 / 6], [0.25, 0.25]]))


def test_without_smoothing_or_neighbours_nothing_changes():
    probabilities = np.random.default_rng(0).random((5, 2))
    assert (near(["a"] * 5, [0] * 5, 0.0).smooth(probabilities) == probabilities).all()
    assert (near(["a"] * 5, range(5)).smooth(probabilities) == probabilities).all()
    assert near([], []).smooth(probabilities[:0]).shape == (0, 2)
    assert near(["a"], [0]).smooth(probabilities[:1]).tolist() == probabilities[:1].tolist()


def test_what_is_certain_of_a_whole_shot_stays_so():
    certain = np.tile([1.0, 0.0], (6, 1))
    assert near(["a"] * 6, [0, 0, 0, 1, 1, 1]).smooth(certain) == pytest.approx(certain)


def test_a_neighbour_counts_less_than_the_frame_itself():
    assert near(["a"] * 3, [0] * 3).weight[1] == pytest.approx(
        np.array([1, SMOOTHING, SMOOTHING]) / (1 + 2 * SMOOTHING)
    )
    assert 0 < SMOOTHING < 1


def found(present, probabilities, labelled, seconds, end):
    return appearances(
        np.array(present, dtype=bool), np.array(probabilities, float), np.array(labelled, dtype=bool), seconds, end,
        ("Tom", "Jerry"),
    )


def test_frames_that_follow_one_another_are_one_appearance():
    # The third frame stays for two seconds; the first picture counts from the film's start.
    result = found(
        [[1, 0], [1, 1], [1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.6], [0.6, 0.3], [0.2, 0.7]],
        [0, 1, 0, 1], [0.04, 1.0, 2.0, 4.0], 4.5,
    )
    assert result == [
        Appearance("Tom", 0.0, 4.0, pytest.approx((0.9 + 1.0 + 2 * 0.6) / 4), "mixed"),
        Appearance("Jerry", 1.0, 2.0, 1.0, "labelled"),
        Appearance("Jerry", 4.0, 4.5, 1.0, "labelled"),
    ]


def test_an_appearance_that_nobody_labelled_is_predicted():
    assert found([[0, 1], [0, 1]], [[0.1, 0.7], [0.2, 0.9]], [0, 0], [0.0, 1.0], 2.0) == [
        Appearance("Jerry", 0.0, 2.0, pytest.approx(0.8), "predicted")
    ]
    assert found(np.zeros((0, 2)), np.zeros((0, 2)), [], [], 2.0) == []


def test_appearances_last_as_long_as_the_seconds_that_are_counted():
    from screentime.totals import durations

    rng = np.random.default_rng(3)
    present = rng.random((40, 2)) < 0.4
    seconds = np.append(0.0, np.cumsum(rng.choice([1.0, 2.5], 39)))
    result = found(present, present, np.zeros(40), seconds, seconds[-1] + 1)
    for column, name in enumerate(("Tom", "Jerry")):
        total = sum(one.end - one.start for one in result if one.character == name)
        assert total == pytest.approx(durations(seconds, seconds[-1] + 1) @ present[:, column])


def test_a_film_is_cut_wherever_somebody_comes_or_goes():
    seen = [
        Appearance("Tom", 1.0, 3.0, 1.0, "reviewed"), Appearance("Tom", 2.0, 4.0, 1.0, "reviewed"),
        Appearance("Jerry", 3.5, 9.0, 1.0, "reviewed"),
    ]
    assert segments(seen, 6.0) == [
        (0.0, 1.0, frozenset()), (1.0, 3.5, {"Tom"}), (3.5, 4.0, {"Tom", "Jerry"}), (4.0, 6.0, {"Jerry"}),
    ]
    assert segments([], 2.0) == [(0.0, 2.0, frozenset())]
    assert segments([], 0.0) == []
