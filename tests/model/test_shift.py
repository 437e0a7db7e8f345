"""How far a film lies from what is known, on embeddings whose distances are known."""

from __future__ import annotations

import numpy as np
import pytest

from screentime.model.shift import EXPECTED, SAME, Reference, reference, strange_share


def spread(directions: np.ndarray, copies: int, noise: float, seed: int = 0) -> np.ndarray:
    """Points about directions, each direction's copies after one another."""
    points = np.repeat(directions, copies, axis=0)
    return points + noise * np.random.default_rng(seed).normal(size=points.shape)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_the_known_frames_are_kept_at_length_one_in_half_precision(rng):
    embeddings = rng.normal(size=(40, 16), scale=7).astype(np.float32)
    made = reference(embeddings, np.arange(40) // 10, rng)
    assert made.known.dtype == np.float16 and made.known.shape == (40, 16)
    assert made.known == pytest.approx(embeddings / np.linalg.norm(embeddings, axis=1)[:, None], abs=1e-3)


def test_so_many_are_kept_one_from_each_stretch(rng):
    angles = np.linspace(0, np.pi / 2, 1000)
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    made = reference(embeddings, np.arange(1000) // 10, rng, most=50)
    found = np.arctan2(made.known[:, 1].astype(float), made.known[:, 0].astype(float)) / (np.pi / 2) * 999
    assert len(made.known) == 50
    assert all(20 * k - 2 <= place <= 20 * k + 21 for k, place in enumerate(found))  # of half precision
    assert len(reference(embeddings, np.arange(1000) // 10, rng).known) == 500


def test_the_same_seed_keeps_the_same_frames():
    embeddings = np.random.default_rng(3).normal(size=(60, 8))
    first, again, other = (
        reference(embeddings, np.arange(60) // 6, np.random.default_rng(seed), most=20) for seed in (5, 5, 6)
    )
    assert (first.known == again.known).all() and first.threshold == again.threshold
    assert (first.known != other.known).any()


def test_neighbours_in_time_do_not_make_the_threshold_small(rng):
    """Blocks of near copies, a right angle apart: the nearest frame of another block is far."""
    embeddings = spread(np.eye(12), 10, 0.001)
    by_block = reference(embeddings, np.repeat(np.arange(12), 10), rng)
    assert by_block.threshold == pytest.approx(1, abs=0.01)
    mixed = reference(embeddings, np.tile(np.arange(10), 12), rng)
    assert mixed.threshold == SAME == 1e-3  # as near as half precision can tell


def test_the_threshold_is_the_distance_within_which_nearly_all_known_frames_lie(rng):
    """Twenty pairs of blocks; the two of a pair are an angle apart that grows from pair to pair."""
    angles = np.radians(np.arange(1, 21) * 2)
    embeddings = np.zeros((40, 40))
    for k, angle in enumerate(angles):
        embeddings[2 * k, 2 * k] = 1
        embeddings[2 * k + 1, 2 * k : 2 * k + 2] = np.cos(angle), np.sin(angle)
    made = reference(embeddings, np.arange(40), rng)
    assert made.threshold == pytest.approx(np.quantile(np.repeat(1 - np.cos(angles), 2), 0.95), abs=1e-3)


def test_frames_of_one_block_cannot_tell_what_is_strange(rng):
    made = reference(rng.normal(size=(5, 4)), np.zeros(5, int), rng)
    assert made.threshold == np.inf
    assert strange_share(made, rng.normal(size=(9, 4))) == 0.0


def test_more_of_the_same_is_about_as_strange_as_expected(rng):
    directions = rng.normal(size=(30, 64))
    known = spread(directions, 20, 0.5, seed=1)
    made = reference(known, np.tile(np.arange(20), 30), rng)
    assert EXPECTED == 0.05
    assert strange_share(made, spread(directions, 20, 0.5, seed=2)) == pytest.approx(EXPECTED, abs=0.03)


def test_the_share_is_that_of_the_frames_beyond_the_threshold():
    known = np.eye(4, dtype=np.float16)[:2]
    frames = np.array([[3.0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2, 0]], np.float32)
    assert [strange_share(Reference(known, t), frames) for t in (0.2, 0.3, 1.0)] == [0.5, 0.25, 0.0]


def test_the_known_frames_themselves_are_not_strange(rng):
    embeddings = np.ones((30, 300)) + rng.normal(size=(30, 300), scale=0.001)
    made = reference(embeddings, np.arange(30), rng)
    assert strange_share(made, embeddings) == 0.0


def test_embeddings_of_zeros_are_compared_all_the_same(rng):
    made = reference(np.zeros((4, 3)), np.arange(4), rng)
    assert made.threshold == 1.0
    assert strange_share(made, np.zeros((2, 3))) == 0.0
