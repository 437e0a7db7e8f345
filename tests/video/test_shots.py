"""Shots told from pictures a second apart, against drawn films whose cuts are known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from screentime.demo.film import draw_frames
from screentime.demo.story import write_story
from screentime.video.shots import ShotCounter

REPOSITORY = Path(__file__).parents[2]


def count(pictures) -> list[int]:
    counter = ShotCounter()
    return [counter.next(picture) for picture in pictures]


def scene(seed: int, size: tuple[int, int] = (320, 180)) -> np.ndarray:
    """Large patches of colours of their own."""
    patches = np.random.default_rng(seed).integers(0, 255, (4, 6, 3), dtype=np.uint8)
    return cv2.resize(patches, size, interpolation=cv2.INTER_NEAREST)


# Seeds that had no part in the choice of the threshold.
@pytest.mark.parametrize("seed", [41, 42, 43])
def test_the_cuts_of_a_drawn_film_are_found_and_none_is_invented(seed):
    starts = [shot.start for shot in write_story(60, seed)]
    truth = np.searchsorted(starts, np.arange(60), side="right") - 1
    assert count(draw_frames(seconds=60, seed=seed, fps=1, size=(320, 180))) == truth.tolist()


def test_a_cut_begins_a_new_number_and_the_way_back_another():
    assert count([scene(1), scene(1), scene(2), scene(2), scene(1)]) == [0, 0, 1, 1, 2]


def test_one_picture_and_the_same_picture_are_one_shot():
    assert count([scene(1)]) == [0]
    assert count([scene(1)] * 4) == [0] * 4


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: np.roll(picture, 40, axis=1),  # the camera moves by an eighth of the picture
        lambda picture: cv2.convertScaleAbs(picture, alpha=0.9),  # the light goes down a little
        lambda picture: cv2.rectangle(picture.copy(), (100, 60), (180, 179), (60, 60, 60), -1),  # one comes
        lambda picture: cv2.GaussianBlur(picture, (31, 31), 0),
        lambda picture: cv2.resize(picture, (960, 540)),
    ],
)
def test_what_happens_within_a_shot_is_no_cut(change):
    assert count([scene(1), change(scene(1)), scene(1)]) == [0, 0, 0]


def test_a_flat_colour_at_the_edge_of_two_bins_is_no_cut():
    flat = np.full((180, 320, 3), 127, np.uint8)
    assert count([flat, flat + 1, flat]) == [0, 0, 0]


@pytest.mark.parametrize("size", [(1, 1), (16, 9), (90, 160), (3840, 2)])
def test_pictures_of_any_size_and_aspect_are_told_apart(size):
    dark, light = (np.full((size[1], size[0], 3), value, np.uint8) for value in (0, 255))
    assert count([dark, light, light, dark]) == [0, 1, 1, 2]


def test_importing_it_stays_instant():
    code = "import sys, screentime.video.shots; sys.exit(any(m in sys.modules for m in ('cv2', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0
