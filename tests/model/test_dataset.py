"""Pictures as the network wants them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from screentime.errors import NotReady
from screentime.model.dataset import input_size, read_pictures, to_input


@pytest.mark.parametrize(
    ("width", "height", "short_side", "size"),
    [
        (960, 540, 224, (398, 224)),
        (960, 540, 336, (597, 336)),
        (640, 480, 336, (448, 336)),
        (540, 960, 224, (224, 398)),
        (500, 500, 96, (96, 96)),
        (32, 18, 224, (398, 224)),
    ],
)
def test_the_aspect_is_kept_and_the_short_side_is_as_asked(width, height, short_side, size):
    assert input_size(width, height, short_side) == size


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(240, 100, (538, 224)), (1000, 100, (538, 224)), (100, 1000, (224, 538)), (4000, 1, (538, 224))],
)
def test_pictures_wider_or_higher_than_2_4_are_squeezed(width, height, size):
    assert input_size(width, height, 224) == size


def test_blue_green_red_bytes_become_red_green_blue_from_nought_to_one():
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[:] = (255, 51, 0)
    given = to_input(picture, (3, 2))
    assert given.dtype == np.float32
    assert given.shape == (2, 3, 3)
    assert given.reshape(-1, 3) == pytest.approx(np.tile([0.0, 0.2, 1.0], (6, 1)))


def test_the_size_is_width_and_height_and_shrinking_takes_the_mean():
    picture = np.zeros((4, 8, 3), np.uint8)
    picture[::2, ::2] = 200  # a quarter of the pixels
    given = to_input(picture, (4, 2))
    assert given.shape == (2, 4, 3)
    assert given == pytest.approx(np.full((2, 4, 3), 50 / 255))


def test_enlarging_blends_neighbours():
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[:, 1] = 255
    row = to_input(picture, (8, 2))[0, :, 0]
    assert (np.diff(row) >= 0).all() and 0 < row[3] < row[4] < 1


def test_files_come_in_batches_and_in_order(tmp_path):
    files = []
    for number in range(5):
        files.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(files[-1]), np.full((4, 8, 3), 50 * number, np.uint8))
    asked = []

    def size(width, height):
        asked.append((width, height))
        return 6, 3

    batches = list(read_pictures(files, size, 2))
    assert [batch.shape for batch in batches] == [(2, 3, 6, 3), (2, 3, 6, 3), (1, 3, 6, 3)]
    means = np.concatenate([batch.mean(axis=(1, 2, 3)) for batch in batches])
    assert means == pytest.approx(np.arange(5) * 50 / 255, abs=1e-6)
    assert asked == [(8, 4)] * 5


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_a_file_that_is_missing_or_no_picture_is_named(tmp_path, content):
    file = tmp_path / "000003.jpg"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NotReady) as caught:
        list(read_pictures([file], lambda width, height: (4, 4), 2))
    assert str(caught.value) == f"The frame {file} is missing or damaged. Run `screentime extract`."


@pytest.mark.parametrize("damage", [lambda jpeg: jpeg[: len(jpeg) // 2], lambda jpeg: jpeg[:-1], lambda jpeg: b"", lambda jpeg: b"GIF"])
def test_a_frame_that_was_cut_off_is_told_and_not_taken_for_a_grey_one(tmp_path, damage):
    file = tmp_path / "1.jpg"
    cv2.imwrite(str(file), np.random.default_rng(1).integers(0, 255, (40, 60, 3), dtype=np.uint8))
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(NotReady) as caught:
        list(read_pictures([file], lambda width, height: (width, height), 8))
    assert str(caught.value) == f"The frame {file} is missing or damaged. Run `screentime extract`."
