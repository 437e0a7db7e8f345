"""The two characters: whole, in proportion, and told apart by more than one thing."""

import numpy as np
import pytest

from screentime.demo.cast import CHARACTERS, draw_character
from screentime.demo.drawing import Placement, paint, stamp

POSES = ("stand", "wave", "walk", "sit", "leap", "peek")


def silhouette(character, pose, phase=0.3):
    mask = np.zeros((400, 400), np.uint8)
    stamp(mask, draw_character(character, pose, phase), Placement(200, 300, 200), 1)
    return mask


@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize("pose", POSES)
def test_every_pose_stands_on_the_ground_about_one_unit_tall(character, pose):
    rows = np.nonzero(silhouette(character, pose).any(axis=1))[0]
    assert 290 <= rows.max() <= 312
    assert 0.7 <= (rows.max() - rows.min()) / 200 <= 1.25


@pytest.mark.parametrize("character", CHARACTERS)
def test_poses_differ_and_walking_moves(character):
    shapes = [silhouette(character, pose).tobytes() for pose in POSES]
    assert len(set(shapes)) == len(POSES)
    steps = {silhouette(character, "walk", phase).tobytes() for phase in (0.0, 0.25, 0.5, 0.75)}
    assert len(steps) == 4


def test_the_cat_is_grey_blue_and_the_mouse_orange_brown():
    means = {}
    for character in CHARACTERS:
        picture = np.zeros((400, 400, 3), np.uint8)
        paint(picture, draw_character(character, "stand", 0.3), Placement(200, 300, 200))
        means[character] = np.median(picture[silhouette(character, "stand") > 0].astype(float), axis=0)
    assert means["cat"][0] > means["cat"][2]  # more blue than red
    assert means["mouse"][2] > means["mouse"][0]
