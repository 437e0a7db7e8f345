"""Appearances in whole frames."""

from __future__ import annotations

from fractions import Fraction

import pytest

from screentime.report.exports.stretches import Stretch, off_beat, stretches
from screentime.report.exports.timebase import Timebase

PAL = Timebase(Fraction(25))


def test_every_character_has_its_own_in_the_order_of_time(screen_time):
    time = screen_time(("Jerry", 2.0, 6.5, 0.75, "mixed"), ("Jerry", 0.0, 1.0, 0.5, "predicted"), characters=("Tom", "Jerry"))
    assert stretches(time, PAL) == {
        "Tom": [], "Jerry": [Stretch(0, 25, 0.5, "predicted"), Stretch(50, 163, 0.75, "mixed")],
    }


def test_a_character_that_only_a_review_knows_is_kept(screen_time):
    assert list(stretches(screen_time(("Spike", 0.0, 1.0, 1.0, "reviewed")), PAL)) == ["Tom", "Jerry", "Spike"]


def test_what_overlaps_becomes_one_and_what_only_touches_stays_two(screen_time):
    time = screen_time(
        ("Tom", 0.0, 4.0, 1.0, "labelled"), ("Tom", 2.0, 6.0, 0.5, "predicted"), ("Tom", 6.0, 7.0, 0.5, "predicted"),
        ("Jerry", 1.0, 9.0, 1.0, "reviewed"), ("Jerry", 2.0, 3.0, 1.0, "reviewed"),
    )
    assert stretches(time, PAL) == {
        "Tom": [Stretch(0, 150, 0.75, "mixed"), Stretch(150, 175, 0.5, "predicted")],
        "Jerry": [Stretch(25, 225, 1.0, "reviewed")],
    }


def test_the_shortest_has_a_frame_and_none_goes_past_the_end(screen_time):
    time = screen_time(("Tom", 1.0, 1.001, 1.0, "reviewed"), ("Tom", 99.999, 100.4, 1.0, "reviewed"))
    assert stretches(time, PAL)["Tom"] == [Stretch(25, 26, 1.0, "reviewed"), Stretch(2499, 2500, 1.0, "reviewed")]


@pytest.mark.parametrize(
    ("rate", "seconds", "told"),
    [
        (24000 / 1001, [24 * 1001 / 24000, 0.52, round(101 * 1001 / 24000, 3)], [False, True, False]),
        (25.0, [1.0, 1.04, 1.02], [False, False, True]),
        (0.0, [1.0, 1.04, 1.02], [False, False, False]),
    ],
)
def test_times_between_the_frames_betray_a_rate_that_varies(screen_time, rate, seconds, told):
    assert [off_beat(screen_time(("Tom", 0.0, second, 1.0, "mixed"), rate=rate)) for second in seconds] == told


def test_the_film_s_own_end_betrays_nothing(screen_time):
    assert not off_beat(screen_time(("Tom", 0.0, 99.99, 1.0, "mixed"), seconds=99.99))
