"""A frame as a whole, mirrored and in tiles: what the backbone is shown, and what comes of it."""

from __future__ import annotations

import numpy as np
import pytest

from screentime.model.views import View, starts


def by_hand(pictures):
    """A backbone of no weights: the mean and the largest value of each colour."""
    return np.concatenate([pictures.mean(axis=(1, 2)), pictures.max(axis=(1, 2))], axis=1)


def one_by_one(backbone):
    """The backbone as views call it: for pictures of any sizes."""
    return lambda pictures: np.concatenate([backbone(picture[None]) for picture in pictures])


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def shrink(length, to):
    """Matrix that averages ``length`` values to ``to``, each by how much of it lies in the new one."""
    edges = np.arange(to + 1) * length / to
    old = np.arange(length)
    overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return overlap.clip(0) * to / length


def corners(view, height, width):
    return [[top, left] for top in starts(height, view.side) for left in starts(width, view.side)]


def shown(name, width, height):
    """Sizes (width, height) of what the backbone is shown of a frame."""
    seen = View(name, 224).shown(np.ones((2, height, width, 3), np.float32))
    sizes = [(picture.shape[1], picture.shape[0]) for picture in seen]
    assert sizes[: len(sizes) // 2] == sizes[len(sizes) // 2 :]
    return sizes[: len(sizes) // 2]


@pytest.mark.parametrize(
    ("name", "side", "short_side"),
    [("whole", 224, 224), ("tiles", 224, 336), ("whole", 96, 96), ("tiles", 96, 144), ("square", 96, 96)],
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
    assert corners(view, 336, 597) == wide
    assert corners(view, 336, 448) == [[0, 0], [0, 224], [112, 0], [112, 224]]
    assert sorted(corner[::-1] for corner in corners(view, 597, 336)) == wide


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
    rows = View("whole", 5).embed(one_by_one(by_hand), pictures)
    assert rows == pytest.approx(unit(by_hand(pictures)), abs=1e-6)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1], abs=1e-6)


def thirds(pictures):
    """A backbone that sees where the light is: the mean brightness of the left, middle and right third."""
    columns = pictures.mean(axis=(1, 3))
    third = columns.shape[1] // 3
    return np.stack([columns[:, i * third : (i + 1) * third].mean(axis=1) for i in range(3)], axis=1)


@pytest.mark.parametrize("alone", [by_hand, thirds])
def test_tiles_give_the_mean_of_frame_and_mirror_image_beside_the_mean_of_the_tiles(alone):
    pictures = np.random.default_rng(2).random((2, 6, 11, 3), dtype=np.float32)
    rows = View("tiles", 4).embed(one_by_one(alone), pictures)

    small = np.einsum("ih,jw,nhwc->nijc", shrink(6, 4), shrink(11, 7), pictures)
    whole = unit(unit(alone(small)) + unit(alone(small[:, :, ::-1])))
    tiles = [alone(pictures[:, y : y + 4, x : x + 4]) for y in (0, 2) for x in (0, 3, 7)]
    expected = np.concatenate([whole, unit(np.mean(tiles, axis=0))], axis=1) / np.sqrt(2)
    assert rows == pytest.approx(expected, abs=1e-5)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=1e-6)


def test_a_character_is_the_same_in_a_frame_and_in_its_mirror_image():
    pictures = np.random.default_rng(3).random((2, 6, 11, 3), dtype=np.float32)

    def seen(shown, name):
        return View(name, 4).embed(one_by_one(thirds), shown)[:, :3]

    mirrored = pictures[:, :, ::-1]
    assert seen(mirrored, "tiles") == pytest.approx(seen(pictures, "tiles"), abs=1e-6)
    # The view that looks only once can tell them apart: the backbone here does.
    assert np.abs(seen(mirrored, "whole") - seen(pictures, "whole")).max() > 0.01


def test_what_was_fine_tuned_is_shown_squares_in_which_each_pixel_is_a_mean():
    pictures = np.random.default_rng(4).random((2, 6, 11, 3), dtype=np.float32)
    squares = View("square", 4).shown(pictures)
    expected = np.einsum("ih,jw,nhwc->nijc", shrink(6, 4), shrink(11, 4), pictures)
    assert np.stack(squares) == pytest.approx(expected, abs=1e-6)
    assert (np.stack(View("square", 4).shown(np.stack(squares))) == squares).all()


@pytest.mark.parametrize(
    ("name", "size"), [("whole", (398, 224)), ("tiles", (597, 336)), ("square", (224, 224))]
)
def test_a_view_says_at_which_size_it_wants_a_frame(name, size):
    assert View(name, 224).size(960, 540) == size
