"""Edit decision lists: word for word, and as another reader takes them."""

from __future__ import annotations

import re
from fractions import Fraction

import opentimelineio as otio
import pytest

from screentime.errors import UserMistake
from screentime.report.exports.edl import edls
from screentime.report.exports.stretches import Stretch, stretches
from screentime.report.exports.timebase import DROPPING, Timebase

FILM, VIDEO = Fraction(24000, 1001), Fraction(30000, 1001)


def lists(time, base, start=0, character="Tom", reel="FILM"):
    return edls(time, character, stretches(time, base)[character], base, start, reel)


def test_a_list_word_for_word_at_29_97_drop_frame(screen_time):
    # Frames 0 to 1799, 1800 to 17982 and 17982 to 107892.
    found = [("Tom", float(a / VIDEO), float(b / VIDEO), p, "mixed") for a, b, p in (
        (0, 1799, 1.0), (1800, 17982, 0.5), (17983, 107892, 0.75))]
    time = screen_time(*found, rate=29.97, seconds=4000.0)
    assert lists(time, Timebase(VIDEO, True)) == [(
        "TITLE: Tom - film.mp4\n"
        "FCM: DROP FRAME\n"
        "\n"
        "001  FILM     V     C        00:00:00;00 00:00:59;29 00:00:00;00 00:00:59;29\n"
        "* FROM CLIP NAME: film.mp4\n"
        "* LOC: 00:00:00;00 GREEN   Tom\n"
        "* COMMENT: Tom, mixed, probability 1.000, v003-abc\n"
        "\n"
        "002  FILM     V     C        00:01:00;02 00:10:00;00 00:01:00;02 00:10:00;00\n"
        "* FROM CLIP NAME: film.mp4\n"
        "* LOC: 00:01:00;02 GREEN   Tom\n"
        "* COMMENT: Tom, mixed, probability 0.500, v003-abc\n"
        "\n"
        "003  FILM     V     C        00:10:00;01 01:00:00;00 00:10:00;01 01:00:00;00\n"
        "* FROM CLIP NAME: film.mp4\n"
        "* LOC: 00:10:00;01 GREEN   Tom\n"
        "* COMMENT: Tom, mixed, probability 0.750, v003-abc\n"
    )]


@pytest.mark.parametrize(
    ("rate", "drop", "header", "times"),
    [
        # An hour of film at 23.976 takes 3603.6 s; its timecode counts 24 frames a second all the same.
        (FILM, False, "NON-DROP FRAME", ("01:00:00:00", "01:00:10:00")),
        (Fraction(24), False, "NON-DROP FRAME", ("01:00:03:14", "01:00:13:15")),
        (Fraction(25), False, "NON-DROP FRAME", ("01:00:03:15", "01:00:13:15")),
        (VIDEO, True, "DROP FRAME", ("01:00:03;18", "01:00:13;18")),
        (VIDEO, False, "NON-DROP FRAME", ("01:00:00:00", "01:00:10:00")),
        (Fraction(30), False, "NON-DROP FRAME", ("01:00:03:18", "01:00:13:18")),
    ],
)
def test_the_same_place_in_the_film_at_every_rate(screen_time, rate, drop, header, times):
    time = screen_time(("Tom", 3603.6, 3613.61, 1.0, "labelled"), rate=float(rate), seconds=7200.0)
    lines = lists(time, Timebase(rate, drop))[0].splitlines()
    assert lines[1] == f"FCM: {header}"
    assert lines[3].split()[-4:] == [*times, *times]


@pytest.mark.parametrize("rate", [FILM, Fraction(24), Fraction(25), VIDEO, Fraction(30), Fraction(50), Fraction(60000, 1001)])
def test_another_reader_finds_the_same_frames(screen_time, rate):
    base = Timebase(rate, rate in DROPPING)
    frames = [(0, 10), (10, 11), (1799, 1801), (17000, 17999), (107891, 107893)]
    time = screen_time(*(("Tom", float(a / rate), float(b / rate), 0.5, "mixed") for a, b in frames), seconds=9000.0)
    start = base.parse("01:00:00:00")
    text = lists(time, base, start)[0]
    [track] = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate)).tracks
    clips = [one for one in track if isinstance(one, otio.schema.Clip)]
    ranges = [(one.source_range.start_time.value, one.source_range.end_time_exclusive().value) for one in clips]
    assert [(a - start, b - start) for a, b in ranges] == frames
    places = [one.range_in_parent().start_time.value for one in clips]
    assert [place - places[0] for place in places] == [a for a, _ in frames]
    assert [one.name for one in clips] == ["film.mp4"] * 5
    if not base.drop:  # This reader knows no markers with a semicolon.
        markers = [(marker.name, marker.color, marker.marked_range.start_time.value) for one in clips for marker in one.markers]
        assert markers == [("Tom", "GREEN", start + first) for first, _ in frames]


def test_the_start_moves_source_and_record(screen_time):
    time = screen_time(("Tom", 1.0, 2.0, 1.0, "labelled"))
    base = Timebase(Fraction(25))
    assert "10:00:01:00 10:00:02:00 10:00:01:00 10:00:02:00\n" in lists(time, base, base.parse("10:00:00:00"))[0]


def test_more_than_999_events_are_two_lists(screen_time):
    time, base = screen_time(), Timebase(Fraction(25))
    found = [Stretch(2 * i, 2 * i + 1, 1.0, "labelled") for i in range(1000)]
    first, second = edls(time, "Tom", found, base, 0, "FILM")
    assert re.findall(r"^\d{3}  ", first, re.M)[-1] == "999  "
    assert re.findall(r"^(\d+)  FILM     V     C        (\S+)", second, re.M) == [("001", "00:01:19:23")]


def test_nobody_is_no_list(screen_time):
    assert lists(screen_time(), Timebase(Fraction(25))) == []


def test_names_break_no_line(screen_time):
    name = "x" * 80 + "\n002  AX V C 00:00:00:00\r\x1b.mp4"
    text = lists(screen_time(("Tom", 0.0, 1.0, 1.0, "labelled"), name=name), Timebase(Fraction(25)))[0]
    assert len(text.splitlines()) == 7 and text.isprintable() is False and "\x1b" not in text and "\r" not in text
    assert len(text.splitlines()[0]) <= len("TITLE: ") + 70


def test_a_film_that_ends_after_midnight_is_refused(screen_time):
    base = Timebase(Fraction(25))
    with pytest.raises(UserMistake, match="go past 24:00:00:00. Name an earlier one with --start-timecode"):
        lists(screen_time(("Tom", 0.0, 61.0, 1.0, "labelled")), base, base.parse("23:59:00:00"))
