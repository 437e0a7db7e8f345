"""OpenTimelineIO: written, read back by its own library, and the same to the frame."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio
import pytest

from screentime import __version__
from screentime.report.exports.opentimeline import otio_text, timeline
from screentime.report.exports.timebase import Timebase, exact_rate

RATES = (24000 / 1001, 23.98, 24.0, 25.0, 30000 / 1001, 30.0, 60000 / 1001, 12.0, 14.985)


def read(text):
    return otio.adapters.read_from_string(text, "otio_json")


def clips(track):
    return [one for one in track if isinstance(one, otio.schema.Clip)]


@pytest.mark.parametrize("claimed", RATES)
@pytest.mark.parametrize("start", [0, 90000])
def test_a_round_trip_keeps_every_appearance_to_the_frame(screen_time, claimed, start):
    base = Timebase(exact_rate(claimed))
    frames = {"Tom": [(0, 37), (40, 41), (41, 1799)], "Jerry": [(1800, 17982)], "Spike": []}
    found = [
        (name, float(first / base.rate), float(after / base.rate), 0.75, "mixed")
        for name, row in frames.items() for first, after in row
    ]
    time = screen_time(*found, rate=claimed, seconds=float(20000 / base.rate), characters=tuple(frames))
    made = timeline(time, base, start)
    back = read(otio_text([made]))
    assert back.is_equivalent_to(made)
    assert otio_text([back]) == otio_text([made])
    assert [track.name for track in back.tracks] == list(frames)
    for track in back.tracks:
        assert track.kind == "Video"
        assert [
            (clip.range_in_parent().start_time.value, clip.range_in_parent().end_time_exclusive().value)
            for clip in clips(track)
        ] == frames[track.name]
        assert [clip.source_range.start_time.value - start for clip in clips(track)] == [a for a, _ in frames[track.name]]
        for clip in clips(track):
            assert {clip.source_range.start_time.rate, clip.duration().rate} == {float(base.rate)}
            reach = clip.media_reference.available_range
            assert (reach.start_time.value, reach.duration.value, reach.duration.rate) == (start, 20000, float(base.rate))
    assert (back.global_start_time.value, back.global_start_time.rate) == (start, float(base.rate))


def test_what_a_clip_and_a_timeline_say(two):
    made = read(otio_text([timeline(two, Timebase(Fraction(25)), 0)]))
    tom, jerry = made.tracks
    assert [(one.name, type(one).__name__, one.duration().value) for one in tom] == [
        ("Tom", "Clip", 100), ("", "Gap", 150), ("Tom", "Clip", 50),
    ]
    assert [type(one).__name__ for one in jerry] == ["Gap", "Clip"]
    assert dict(jerry[1].metadata["screentime"]) == {"probability": 0.75, "source": "mixed", "model": "v003-abc"}
    assert (made.name, jerry[1].media_reference.name) == ("film.mp4", "film.mp4")
    said = made.metadata["screentime"]
    assert (said["version"], said["digest"], said["seconds"], said["model"]) == (
        __version__, "0123456789abcdef", 100.0, "v003-abc",
    )
    assert [(one["character"], one["seconds"], one["low"], one["high"]) for one in said["totals"]] == [
        ("Tom", 12.5, 10.0, 15.25), ("Jerry", 12.5, 10.0, 15.25), ("both", 2.0, None, None), ("neither", 77.0, 70.0, 80.0),
    ]


def test_the_film_is_found_by_its_address_whatever_it_is_called(screen_time):
    time = screen_time(("Tom", 0.0, 1.0, 1.0, "labelled"), name='a "b"\n#?%é.mp4')
    made = read(otio_text([timeline(time, Timebase(Fraction(25)), 0)]))
    assert made.tracks[0][0].media_reference.target_url == "file:///films/a%20%22b%22%0A%23%3F%25%C3%A9.mp4"


def test_several_films_are_a_collection(two, screen_time):
    base = Timebase(Fraction(25))
    both = read(otio_text([timeline(time, base, 0) for time in (two, screen_time(name="other.mp4"))]))
    assert type(both).__name__ == "SerializableCollection"
    assert [one.name for one in both] == ["film.mp4", "other.mp4"]


def test_what_people_drew_over_one_another_fits_on_a_track(screen_time):
    time = screen_time(("Tom", 0.0, 4.0, 1.0, "reviewed"), ("Tom", 2.0, 6.0, 1.0, "reviewed"))
    base = Timebase(Fraction(25))
    made = timeline(time, base, 0)
    assert [one.duration().value for one in made.tracks[0]] == [150]
