"""A timeline cut into strips: nothing lost, nothing doubled."""

import pytest

from screentime.records import Appearance
from screentime.strips import middle, strips, ticks


def seen(character, start, end):
    return Appearance(character, start, end, 0.9, "predicted")


SECONDS = [float(i) for i in range(7200)]


def test_a_short_film_is_one_strip_with_the_characters_that_are_in_it():
    one = seen("jerry", 2.0, 7.0)
    [strip] = strips([one], SECONDS[:298], 298.0, ["tom", "jerry"])
    assert (strip.start, strip.end, strip.seconds) == (0.0, 298.0, 298.0)
    [(name, [piece])] = strip.lanes
    assert (name, piece.appearance, piece.start, piece.end, piece.frame) == ("jerry", one, 2.0, 7.0, 4)


def test_a_long_film_is_cut_and_so_are_appearances_that_cross_a_cut():
    one = seen("tom", 290.0, 620.0)
    cut = strips([one, seen("tom", 700.0, 710.0)], SECONDS[:710], 710.0, ["tom"])
    assert [(strip.start, strip.end, strip.seconds) for strip in cut] == [
        (0.0, 300.0, 300.0), (300.0, 600.0, 300.0), (600.0, 710.0, 300.0),
    ]
    assert [[(p.start, p.end, p.frame) for _, lane in strip.lanes for p in lane] for strip in cut] == [
        [(290.0, 300.0, 294)], [(300.0, 600.0, 449)], [(600.0, 620.0, 609), (700.0, 710.0, 704)],
    ]
    assert len(strips([], SECONDS, 7200.0, ["tom"])) == 12
    assert all(strip.lanes == () for strip in strips([], SECONDS, 7200.0, ["tom"]))


def test_a_film_without_length_is_one_empty_strip():
    [strip] = strips([], [0.0], 0.0, ["tom"])
    assert (strip.start, strip.end, strip.lanes) == (0.0, 0.0, ())


@pytest.mark.parametrize("start, end, frame", [
    (0.0, 1.0, 0), (0.0, 3.0, 1), (2.0, 3.0, 2), (2.2, 2.4, 2), (3.5, 99.0, 3), (0.0, 4.0, 1),
])
def test_the_frame_in_the_middle(start, end, frame):
    assert middle([0.0, 1.0, 2.0, 3.0], start, end) == frame


@pytest.mark.parametrize("start, end, expected", [
    (0.0, 12.0, (0, 2, 4, 6, 8, 10, 12)), (0.0, 298.0, tuple(range(0, 271, 30))), (300.0, 420.0, (300, 330, 360, 390, 420)),
])
def test_marks_of_the_axis_are_round_and_few(start, end, expected):
    assert ticks(start, end, 298.0 if end > 200 else end) == expected


def test_a_very_long_strip_has_marks_too():
    assert ticks(0.0, 600.0, 600.0) == tuple(range(0, 601, 60))
    assert ticks(0.0, 6000.0, 6000.0)[1] == 120.0
