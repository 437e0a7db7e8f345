"""The files of each format: names, how they count, what is told of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from screentime.errors import UserMistake
from screentime.report.exports.files import FORMATS, Order, pieces, remarks, the_one


@pytest.fixture
def times(screen_time):
    """Two films; Tom is in the first one alone."""
    return [
        screen_time(("Tom", 0.0, 5.0, 0.9, "mixed"), ("Jerry", 3.0, 5.0, 0.7, "predicted"), name="one.mp4", seconds=6.0),
        screen_time(("Jerry", 0.0, 4.0, 0.9, "predicted"), name="two.mkv", rate=24000 / 1001, seconds=6.0, digest="c" * 16),
    ]


@pytest.mark.parametrize(
    ("kind", "together", "apart"),
    [
        ("json", ["screentime.json"], ["screentime.json"]),
        ("csv", ["appearances.csv"], ["appearances.csv", "totals.csv"]),
        ("parquet", ["appearances.parquet"], ["appearances.parquet", "totals.parquet"]),
        ("webvtt", ["one.vtt", "two.vtt"], ["one.vtt", "two.vtt"]),
        ("srt", ["one.srt", "two.srt"], ["one.srt", "two.srt"]),
        ("otio", ["screentime.otio"], ["one.otio", "two.otio"]),
        ("edl", ["one-Tom.edl", "one-Jerry.edl", "two-Jerry.edl"], ["one-Tom.edl", "one-Jerry.edl", "two-Jerry.edl"]),
    ],
)
def test_the_files_of_each_format(times, kind, together, apart):
    order = Order(kind)
    assert [piece.name for piece in pieces(times, order, apart=False)] == together
    assert [piece.name for piece in pieces(times, order, apart=True)] == apart
    assert all(piece.data for piece in pieces(times, order, apart=True))
    one = pieces(times[1:], order, apart=False)
    assert the_one(one, order) is one[0]


def test_every_format_is_tested():
    [mark] = test_the_files_of_each_format.pytestmark
    assert [row[0] for row in mark.args[1]] == list(FORMATS)


def test_what_names_the_table(times):
    assert pieces(times, Order("csv", "totals"), apart=False)[0].data.startswith(b"film,digest,length,character,seconds,")


def test_films_of_one_name_have_files_and_reels_of_their_own(times):
    twins = [replace(time, film=replace(time.film, name="../A\n'film'.mp4")) for time in (times[0], times[0])]
    found = pieces(twins, Order("edl"), apart=True)
    assert [piece.name for piece in found] == [
        "A_'film'-Tom.edl".replace("'", "_"), "A__film_-Jerry.edl", "A__film_-Tom-2.edl", "A__film_-Jerry-2.edl",
    ]
    assert [piece.data.split(b"\n")[3][5:13] for piece in found] == [b"AFILM   ", b"AFILM   ", b"AFILM2  ", b"AFILM2  "]
    assert [piece.name for piece in pieces(twins, Order("webvtt"), apart=True)] == ["A__film_.vtt", "A__film_-2.vtt"]


def second_line(times, **options):
    return pieces(times, Order("edl", **options), apart=True)[0].data.decode().splitlines()


@pytest.mark.parametrize(
    ("options", "header", "first"),
    [
        ({}, "FCM: NON-DROP FRAME", "00:00:00:00 00:00:05:00"),
        ({"rate": 29.97}, "FCM: DROP FRAME", "00:00:00;00 00:00:05;00"),
        ({"rate": 29.97, "start": "00:00:00:00"}, "FCM: DROP FRAME", "00:00:00;00 00:00:05;00"),
        ({"rate": 29.97, "start": "00:00:55;02"}, "FCM: DROP FRAME", "00:00:55;02 00:01:00;04"),
        ({"rate": 29.97, "start": "00:00:55:02", "drop": False}, "FCM: NON-DROP FRAME", "00:00:55:02 00:01:00:02"),
        ({"rate": 59.94, "drop": True}, "FCM: DROP FRAME", "00:00:00;00 00:00:05;00"),
        ({"start": "10:00:00:00"}, "FCM: NON-DROP FRAME", "10:00:00:00 10:00:05:00"),
    ],
)
def test_how_an_edl_counts(times, options, header, first):
    lines = second_line(times, **options)
    assert lines[1] == header
    assert lines[3].endswith(f"C        {first} {first}")


@pytest.mark.parametrize(
    ("claimed", "options", "what", "remedy"),
    [
        (0.0, {}, "The frame rate of one.mp4 is not known.", "Name one with --rate, such as --rate 25, or use --format csv."),
        (12.0, {}, "No timecode counts 12 frames a second.", "Name the rate of your editor's timeline: --rate 24."),
        (25.0, {"rate": 0.0}, "0 frames a second cannot be counted.", "Name a rate from 1 to 1000, such as 23.976."),
        (25.0, {"drop": True}, "25 frames a second have no drop-frame timecode.",
         "Leave --drop-frame out: only 29.97 and 59.94 have one."),
        (25.0, {"start": "an hour"}, "'an hour' is no timecode.",
         "Write it as hours:minutes:seconds:frames, such as 01:00:00:00."),
    ],
)
def test_what_cannot_be_counted_is_told(times, claimed, options, what, remedy):
    odd = replace(times[0], film=replace(times[0].film, rate=claimed))
    with pytest.raises(UserMistake) as caught:
        pieces([odd], Order("edl", **options), apart=True)
    assert (caught.value.what, caught.value.remedy) == (what, remedy)


def test_otio_takes_rates_that_have_no_timecode(times):
    odd = replace(times[0], film=replace(times[0].film, rate=12.0))
    made = json.loads(pieces([odd], Order("otio"), apart=True)[0].data)
    assert made["global_start_time"] == {"OTIO_SCHEMA": "RationalTime.1", "rate": 12.0, "value": 0.0}


def test_what_an_editor_must_know(times):
    varying = replace(times[0], film=replace(times[0].film, rate=22.5))
    fast = replace(times[1], film=replace(times[1].film, rate=60.0))
    assert remarks([varying, fast], Order("edl", rate=50)) == [
        "The frames of one.mp4 do not come at 22.5 a second throughout (variable frame rate): times are rounded to"
        " the nearest frame at 50.",
        "one.mp4 counts 50 frames a second; CMX 3600 ends at 30, and not every editor takes more. If yours does not,"
        " name the rate of its timeline with --rate.",
        "Tom does not appear in two.mkv: there is no EDL of that.",
        "two.mkv counts 50 frames a second; CMX 3600 ends at 30, and not every editor takes more. If yours does not,"
        " name the rate of its timeline with --rate.",
    ]
    assert remarks(times, Order("csv")) == []
    # The second film's frames lie at whole seconds, which are between those of 23.976 a second.
    assert [one.split(" do not")[0] for one in remarks(times, Order("otio"))] == ["The frames of two.mkv"]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order("webvtt", start="01:00:00:00"), "--format webvtt counts no frames."),
        (Order("json", rate=25.0), "--format json counts no frames."),
        (Order("csv", drop=False), "--format csv counts no frames."),
        (Order("srt", "totals"), "A file of srt does not hold the totals alone."),
    ],
)
def test_what_a_format_has_no_use_for_is_refused(order, words):
    with pytest.raises(UserMistake) as caught:
        order.check()
    assert caught.value.what == words


def test_what_a_format_has_a_use_for_is_not():
    for order in (Order("edl", rate=25, start="01:00:00:00", drop=False), Order("parquet", "totals"), Order("json")):
        order.check()


def test_nobody_is_nothing_to_write(times):
    order = Order("edl")
    empty = replace(times[0], appearances=())
    with pytest.raises(UserMistake, match="Nobody appears: there is nothing to write."):
        the_one(pieces([empty], order, apart=False), order)
