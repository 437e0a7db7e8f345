"""Places: every one painted all over, the same for a seed, another for another."""

import numpy as np
import pytest

from screentime.demo.scenes import INDOORS, SCENES, draw_scene, light_of

SIZE = (160, 90)


@pytest.mark.parametrize("kind", SCENES)
def test_a_scene_fills_its_picture_and_depends_on_the_seed_alone(kind):
    first, again, other = (draw_scene(kind, np.random.default_rng(seed), SIZE) for seed in (3, 3, 4))
    assert first.shape == (90, 160, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 5
    assert (first.sum(axis=2) == 0).mean() < 0.01  # nothing left unpainted


@pytest.mark.parametrize("kind", SCENES)
def test_a_scene_is_the_same_at_any_size(kind):
    small, large = (draw_scene(kind, np.random.default_rng(5), size) for size in (SIZE, (480, 270)))
    shrunk = large.reshape(90, 3, 160, 3, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 6


def test_night_is_darker_and_tints_its_characters():
    night, beach = (draw_scene(kind, np.random.default_rng(1), SIZE).mean() for kind in ("night", "beach"))
    assert night < beach / 2
    assert max(light_of("night")) < 1 and light_of("street") == (1.0, 1.0, 1.0)


def test_there_are_rooms_and_open_places():
    assert set(INDOORS) < set(SCENES) and len(SCENES) - len(INDOORS) >= 3
