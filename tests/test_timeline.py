"""Frames and their neighbours within a shot."""

import numpy as np
import pytest

from screentime.timeline import SMOOTHING, near


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
