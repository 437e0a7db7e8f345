"""Ink and paint: geometry, colours, and that the mask of the truth agrees with the picture."""

import numpy as np
import pytest

from screentime.demo.drawing import (
    Placement,
    Shape,
    bgr,
    box,
    ellipse,
    hsv,
    moved,
    paint,
    shade,
    smooth,
    stamp,
)


def canvas(side=100):
    return np.full((side, side, 3), 255, np.uint8)


def test_a_figure_stands_on_its_ground_point_and_grows_upwards():
    picture = canvas()
    paint(picture, [Shape(box(-0.1, 0, 0.1, 1), (0, 0, 0), inked=False)], Placement(50, 90, 60))
    rows, columns = np.nonzero(picture[:, :, 0] < 128)
    assert (rows.min(), rows.max()) == (30, 90)
    assert (columns.min(), columns.max()) == (44, 56)


def test_mirroring_swaps_left_and_right():
    shape = [Shape(box(0.1, 0.2, 0.4, 0.6), (10, 20, 30), inked=False)]
    left, right = canvas(101), canvas(101)
    paint(left, shape, Placement(50, 90, 80, mirrored=True))
    paint(right, shape, Placement(50, 90, 80))
    assert (right == right[50, 70]).all(axis=2).mean() > 0.05
    assert np.abs(left[:, ::-1].astype(int) - right).mean() < 0.5  # but for soft edges


def test_leaning_forwards_moves_the_head_to_the_side_it_looks():
    top = np.array([(0.0, 1.0)])
    assert Placement(0, 0, 100, lean=0.3).pixels(top)[0, 0] > 20
    assert Placement(0, 0, 100, mirrored=True, lean=0.3).pixels(top)[0, 0] < -20


@pytest.mark.parametrize("width", [0.0, 0.2])
def test_the_mask_covers_what_is_painted(width):
    figure = [Shape(smooth([(-0.3, 0.1), (0.0, 0.8), (0.3, 0.1)]), (0, 0, 0), width, inked=False)]
    picture, mask = canvas(), np.zeros((100, 100), np.uint8)
    paint(picture, figure, Placement(50, 90, 80))
    stamp(mask, figure, Placement(50, 90, 80), 7)
    painted = picture[:, :, 0] < 128
    assert set(np.unique(mask)) == {0, 7}
    assert (painted != (mask == 7)).mean() < 0.02
    assert painted.mean() > 0.05


def test_what_comes_later_is_in_front():
    mask = np.zeros((50, 50), np.uint8)
    for value in (1, 2):
        stamp(mask, [Shape(ellipse(0, 0.5, 0.4, 0.4), (0, 0, 0))], Placement(25, 45, 40), value)
    assert 1 not in mask and 2 in mask


def test_light_tints_a_figure():
    picture = canvas()
    paint(
        picture, [Shape(box(-1, 0, 1, 1), (200, 200, 200))], Placement(50, 100, 100), light=(0.5, 1.0, 0.25)
    )
    assert picture[50, 50].tolist() == [100, 200, 50]


def test_a_smooth_curve_passes_through_its_points():
    knots = [(0.0, 0.0), (1.0, 2.0), (3.0, 1.0)]
    for closed in (False, True):
        curve = smooth(knots, closed=closed)
        distances = np.linalg.norm(curve[:, None] - np.array(knots)[None], axis=2).min(axis=0)
        assert distances.max() < 1e-9


def test_moving_scales_strokes_too():
    (shape,) = moved([Shape(box(0, 0, 1, 1), (0, 0, 0), width=0.2)], 2.0, 3.0, 0.5)
    assert shape.points.min(axis=0).tolist() == [2.0, 3.0]
    assert shape.points.max(axis=0).tolist() == [2.5, 3.5]
    assert shape.width == pytest.approx(0.1)


def test_colours_are_blue_green_red():
    assert bgr("#ff8000") == (0, 128, 255)
    assert hsv(0.0, 1.0, 1.0) == (0, 0, 255)
    assert hsv(1 / 3, 1.0, 1.0) == (0, 255, 0)
    assert hsv(-1 / 3, 1.0, 0.5) == (128, 0, 0)
    assert shade((100, 200, 250), 1.5) == (150, 255, 255)
