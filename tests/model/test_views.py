"""A frame as a whole, mirrored and in tiles: what the backbone is shown, and what comes of it."""

from __future__ import annotations

import numpy as np
import pytest

from screentime.model.backbone import tensorflow
from screentime.model.views import View


def statistics(pictures):
    """A backbone of no weights: the mean and the largest value of each colour."""
    tf = tensorflow()
    return tf.concat([tf.reduce_mean(pictures, (1, 2)), tf.reduce_max(pictures, (1, 2))], axis=1)


def by_hand(pictures):
    return np.concatenate([pictures.mean(axis=(1, 2)), pictures.max(axis=(1, 2))], axis=1)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def shrink(length, to):
    """Matrix that averages ``length`` values to ``to``, each by how much of it lies in the new one."""
    edges = np.arange(to + 1) * length / to
    old = np.arange(length)
    overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return overlap.clip(0) * to / length


def corners(view, height, width):
    return view._corners(tensorflow().constant(height), tensorflow().constant(width)).numpy()


def shown(name, width, height):
    """Sizes (width, height) of the pictures that the backbone is shown of two frames."""
    sizes = []

    def record(pictures):
        assert pictures.shape[0] == 2
        sizes.append((pictures.shape[2], pictures.shape[1]))
        return statistics(pictures)

    View(name, 224).graph(record, tensorflow().ones((2, height, width, 3)))
    return sizes


@pytest.mark.parametrize(
    ("name", "side", "short_side"), [("whole", 224, 224), ("tiles", 224, 336), ("whole", 96, 96), ("tiles", 96, 144)]
)
def test_tiles_want_a_picture_half_as_large_again(name, side, short_side):
    assert View(name, side).short_side == short_side


def test_what_is_kept_on_disk_is_named_by_the_view_and_its_revision():
    assert (View("tiles", 224).key, View("whole", 224).key) == ("tiles2", "whole1")


def test_the_whole_frame_is_shown_as_it_is():
    assert shown("whole", 398, 224) == [(398, 224)]


@pytest.mark.parametrize(
    ("width", "height", "whole", "tiles"),
    [(597, 336, (398, 224), 6), (448, 336, (299, 224), 4), (336, 597, (224, 398), 6), (806, 336, (537, 224), 8)],
)
def test_tiles_show_the_frame_made_smaller_its_mirror_image_and_then_squares_of_it(
    width, height, whole, tiles
):
    assert shown("tiles", width, height) == [whole] * 2 + [(224, 224)] * tiles


def test_the_corners_of_the_tiles():
    view = View("tiles", 224)
    wide = [[0, 0], [0, 186], [0, 373], [112, 0], [112, 186], [112, 373]]
    assert corners(view, 336, 597).tolist() == wide
    assert corners(view, 336, 448).tolist() == [[0, 0], [0, 224], [112, 0], [112, 224]]
    assert sorted(corners(view, 597, 336)[:, ::-1].tolist()) == wide


@pytest.mark.parametrize("side", [96, 224])
def test_tiles_leave_no_pixel_out_whatever_the_aspect(side):
    view = View("tiles", side)
    for length in range(view.short_side, round(2.4 * view.short_side) + 1, 7 if side == 96 else 23):
        for height, width in ((view.short_side, length), (length, view.short_side)):
            covered = np.zeros((height, width), bool)
            for top, left in corners(view, height, width):
                assert 0 <= top <= height - side and 0 <= left <= width - side
                covered[top : top + side, left : left + side] = True
            assert covered.all(), (height, width)


def test_the_whole_frame_gives_its_feature_vector_at_length_one():
    pictures = np.random.default_rng(1).random((3, 5, 8, 3), dtype=np.float32)
    rows = View("whole", 5).graph(statistics, tensorflow().constant(pictures)).numpy()
    assert rows == pytest.approx(unit(by_hand(pictures)), abs=1e-6)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1], abs=1e-6)


def place_of_light(pictures):
    """A backbone that sees where the light is: the mean brightness of the left, middle and right third."""
    tf = tensorflow()
    columns = tf.reduce_mean(pictures, (1, 3))
    third = columns.shape[1] // 3
    return tf.stack(
        [tf.reduce_mean(columns[:, i * third : (i + 1) * third], axis=1) for i in range(3)], axis=1
    )


def thirds(pictures):
    columns = pictures.mean(axis=(1, 3))
    third = columns.shape[1] // 3
    return np.stack([columns[:, i * third : (i + 1) * third].mean(axis=1) for i in range(3)], axis=1)


@pytest.mark.parametrize(("backbone", "alone"), [(statistics, by_hand), (place_of_light, thirds)])
def test_tiles_give_the_mean_of_frame_and_mirror_image_beside_the_mean_of_the_tiles(backbone, alone):
    pictures = np.random.default_rng(2).random((2, 6, 11, 3), dtype=np.float32)
    rows = View("tiles", 4).graph(backbone, tensorflow().constant(pictures)).numpy()

    small = np.einsum("ih,jw,nhwc->nijc", shrink(6, 4), shrink(11, 7), pictures)
    whole = unit(unit(alone(small)) + unit(alone(small[:, :, ::-1])))
    tiles = [alone(pictures[:, y : y + 4, x : x + 4]) for y in (0, 2) for x in (0, 3, 7)]
    expected = np.concatenate([whole, unit(np.mean(tiles, axis=0))], axis=1) / np.sqrt(2)
    assert rows == pytest.approx(expected, abs=1e-5)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=1e-6)


def test_a_character_is_the_same_in_a_frame_and_in_its_mirror_image():
    pictures = np.random.default_rng(3).random((2, 6, 11, 3), dtype=np.float32)

    def seen(shown, name):
        return View(name, 4).graph(place_of_light, tensorflow().constant(shown)).numpy()[:, :3]

    mirrored = pictures[:, :, ::-1]
    assert seen(mirrored, "tiles") == pytest.approx(seen(pictures, "tiles"), abs=1e-6)
    # The view that looks only once can tell them apart: the backbone here does.
    assert np.abs(seen(mirrored, "whole") - seen(pictures, "whole")).max() > 0.01
