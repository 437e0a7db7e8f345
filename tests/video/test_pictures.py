"""Colours and shapes of pictures, whatever the film says of its own."""

from __future__ import annotations

import numpy as np
import pytest

from screentime.video.reader import Reader

COLOURS = {"red": (0, 0, 255), "lime": (0, 255, 0), "blue": (255, 0, 0), "white": (255, 255, 255), "gray": (128, 128, 128)}


def first(path, **options):
    with Reader(path, **options) as reader:
        return next(iter(reader)).image


@pytest.mark.parametrize("size", [None, lambda *_: (32, 24)])
@pytest.mark.parametrize(("matrix", "reach", "pixels"), [
    ("smpte170m", "tv", "yuv420p"), ("bt709", "tv", "yuv420p"), ("bt709", "pc", "yuvj420p"), ("bt2020nc", "tv", "yuv420p10le"),
    ("bt709", "tv", "yuv444p"),
])
def test_colours_are_those_that_were_filmed(studio, tmp_path, matrix, reach, pixels, size):
    for colour, true in COLOURS.items():
        path = tmp_path / f"{colour}.mp4"
        told = ("-colorspace", matrix, "-color_range", reach)
        scale = f"scale=out_color_matrix={matrix.removesuffix('nc')}:out_range={reach}"
        studio.ffmpeg(
            "-f", "lavfi", "-i", f"color={colour}:size=64x48:duration=0.2", "-vf", scale, "-c:v", "libx264",
            "-qp", "1", "-pix_fmt", pixels, *told, path,
        )
        mean = first(path, size=size).reshape(-1, 3).mean(0)
        assert mean == pytest.approx(true, abs=4), colour


@pytest.mark.parametrize("matrix", range(0, 15))
def test_no_claim_about_colours_stops_a_film(studio, tmp_path, matrix):
    path = tmp_path / "odd.mp4"
    claim = f"h264_metadata=matrix_coefficients={matrix}:transfer_characteristics={matrix + 1}:colour_primaries={matrix}"
    studio.ffmpeg("-i", studio.film("plain.mp4", 250, 25, "-g", "50"), "-c", "copy", "-bsf:v", claim, path)
    with Reader(path, size=lambda *_: (80, 48)) as reader:
        assert [sample.image.shape for sample in reader] == [(48, 80, 3)] * 10


def test_a_shrunk_interlaced_frame_shows_no_comb(studio, tmp_path):
    path = tmp_path / "halves.mp4"
    # The two halves differ: one is black, the other white. What is shrunk by half is their mean.
    lines = "geq=lum='235*mod(Y,2)':cb=128:cr=128"
    studio.ffmpeg(
        "-f", "lavfi", "-i", "color=black:size=64x64:rate=25:duration=0.2", "-vf", f"{lines},setfield=tff",
        "-c:v", "libx264", "-qp", "1", "-flags", "+ildct+ilme", "-pix_fmt", "yuv420p", path,
    )
    image = first(path, size=lambda *_: (32, 32))
    assert np.ptp(image[4:-4].astype(int)) < 16 and 100 < image.mean() < 156


def test_a_shrunk_picture_is_like_that_of_opencv(studio):
    import cv2

    path = studio.folder / "cartoon.mp4"
    studio.ffmpeg("-f", "lavfi", "-i", "testsrc=size=640x360:rate=5:duration=1", "-pix_fmt", "yuv420p", path)
    whole = first(path)
    for size in [(398, 224), (597, 336), (101, 57)]:
        shrunk = cv2.resize(whole, size, interpolation=cv2.INTER_AREA).astype(int)
        assert np.abs(first(path, size=lambda *_, size=size: size) - shrunk).mean() < 2


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (270, 3), (45, 0)])
@pytest.mark.parametrize("size", [None, lambda width, height: (width // 2, height // 2)])
def test_a_film_is_turned_as_it_says(studio, tmp_path, degrees, turns, size):
    plain, path = studio.film("plain.mp4", 250, 25, "-g", "50"), tmp_path / "turned.mp4"
    studio.ffmpeg("-display_rotation", str(degrees), "-i", plain, "-c", "copy", path)
    assert np.array_equal(first(path, size=size), np.rot90(first(plain, size=size), turns))
