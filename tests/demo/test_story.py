"""The story: shots without gaps, presences inside them, other scenes for another seed."""

import pytest

from screentime.demo.scenes import SCENES
from screentime.demo.story import write_story


@pytest.mark.parametrize("seconds", [1.0, 6.5, 150.0])
def test_shots_cover_the_film_without_gaps(seconds):
    shots = write_story(seconds, 3)
    assert shots[0].start == 0 and shots[-1].end == seconds
    assert [s.end for s in shots[:-1]] == [s.start for s in shots[1:]]
    assert all(2 <= s.end - s.start <= 8 for s in shots[:-1])


def test_presences_last_one_to_six_seconds_within_their_shot():
    for shot in write_story(150, 4):
        for presence in shot.cast:
            assert shot.start <= presence.start < presence.end <= shot.end + 1e-9
            assert 1 <= presence.end - presence.start + 1e-9 and presence.end - presence.start <= 6


def test_characters_come_and_go_within_shots_as_well_as_with_the_cut():
    cast = [presence for shot in write_story(300, 5) for presence in shot.cast]
    for moment in ("arrives", "leaves"):
        assert {getattr(presence, moment) for presence in cast} == {"cut", "side", "below"}
    assert {presence.mirrored for presence in cast} == {True, False}
    assert any(shot.front for shot in write_story(300, 5))


def test_the_same_seed_tells_the_same_story_and_another_seed_another():
    assert write_story(60, 6) == write_story(60, 6)
    first, second = write_story(60, 6), write_story(60, 7)
    assert not {shot.seed for shot in first} & {shot.seed for shot in second}
    assert [shot.scene for shot in first] != [shot.scene for shot in second]


def test_every_scene_comes_up_before_one_comes_again():
    shots = write_story(120, 8)
    assert {shot.scene for shot in shots[: len(SCENES)]} == set(SCENES)
