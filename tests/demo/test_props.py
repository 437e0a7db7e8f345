"""Things and passers-by."""

import numpy as np
import pytest

from screentime.demo.drawing import Placement, stamp
from screentime.demo.props import COVERS, DISTRACTORS, draw_prop


@pytest.mark.parametrize("kind", (*COVERS, *DISTRACTORS))
def test_a_prop_stands_on_the_ground_and_is_the_same_for_a_seed(kind):
    figure, again = (draw_prop(kind, np.random.default_rng(2)) for _ in range(2))
    assert all(
        np.array_equal(a.points, b.points) and a.colour == b.colour
        for a, b in zip(figure, again, strict=True)
    )
    mask = np.zeros((400, 400), np.uint8)
    stamp(mask, figure, Placement(200, 350, 150), 1)
    rows = np.nonzero(mask.any(axis=1))[0]
    assert 340 <= rows.max() <= 366
    assert rows.max() - rows.min() > 100


@pytest.mark.parametrize("kind", COVERS)
def test_a_cover_is_solid_enough_to_hide_behind(kind):
    mask = np.zeros((400, 400), np.uint8)
    stamp(mask, draw_prop(kind, np.random.default_rng(0)), Placement(200, 350, 200), 1)
    assert mask[200:340, 150:250].mean() > 0.6
