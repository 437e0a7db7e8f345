"""The dimensions that labelled frames span."""

from __future__ import annotations

import numpy as np
import pytest

from screentime.model.span import basis, coordinates, standardise


def test_embeddings_are_centred_and_their_mean_squared_distance_becomes_one():
    mean, scale = standardise(np.array([[1.0, 7.0], [1.0, 1.0], [7.0, 1.0], [7.0, 7.0]]))
    assert mean.tolist() == [4.0, 4.0]
    assert scale == pytest.approx(18**0.5)
    mean, scale = standardise(np.full((3, 2), 5.0))
    assert (mean.tolist(), scale) == ([5.0, 5.0], 1.0)


@pytest.mark.parametrize(("frames", "features", "dimensions"), [(12, 40, 12), (40, 12, 12), (1, 40, 1)])
def test_there_are_as_many_directions_as_frames_differ_in_and_nothing_is_lost(frames, features, dimensions):
    points = np.random.default_rng(0).normal(size=(frames, features))
    axes = basis(points)
    assert axes.shape == (features, dimensions)
    assert axes.T @ axes == pytest.approx(np.eye(dimensions), abs=1e-6)
    assert points @ axes @ axes.T == pytest.approx(points, abs=1e-6)


def test_copies_of_a_frame_bring_no_direction_of_their_own():
    points = np.random.default_rng(0).normal(size=(5, 30)).astype(np.float32)
    axes = basis(np.concatenate([points, points[:2], points[:1] * 2]))
    assert axes.shape == (30, 5)
    assert points @ axes @ axes.T == pytest.approx(points, abs=1e-4)


def test_frames_that_differ_by_a_hundredth_differ():
    points = np.array([[1.0, 0.0, 0.0], [1.0, 0.01, 0.0], [1.0, 0.0, 0.0]], np.float32)
    axes = basis(points)
    assert axes.shape == (3, 2)
    assert points @ axes @ axes.T == pytest.approx(points, abs=1e-4)


def test_frames_that_are_all_the_same_leave_one_direction_in_which_none_differs():
    assert basis(np.zeros((4, 3), np.float32)).tolist() == [[1.0], [0.0], [0.0]]
    assert coordinates(np.full((6, 3), 7.0), np.arange(4)).tolist() == [[0.0]] * 6


def test_labelled_frames_keep_their_distances_and_products_with_all_frames():
    embeddings = np.random.default_rng(1).normal(size=(50, 200)) + 3
    labelled = np.array([4, 40, 7, 11])
    points = coordinates(embeddings, labelled)
    mean, scale = standardise(embeddings)
    whole = (embeddings - mean) / scale
    assert points.shape == (50, 4)
    assert points[labelled] @ points.T == pytest.approx(whole[labelled] @ whole.T, abs=1e-9)
