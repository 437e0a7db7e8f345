"""Timecodes against independent arithmetic, and the rates that containers claim."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.errors import UserMistake
from screentime.report.exports.timebase import COUNTED, DROPPING, Timebase, exact_rate, shown_rate

FILM, VIDEO, FAST = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)


def counted_up(rate, drop, minutes):
    """Every timecode of the first minutes, by walking through them and leaving out what drop-frame skips."""
    nominal = -(-rate.numerator // rate.denominator)
    skipped = {30: 2, 60: 4}.get(nominal, 0) if drop else 0
    return [
        f"{minute // 60:02d}:{minute % 60:02d}:{second:02d}{';' if drop else ':'}{frame:02d}"
        for minute in range(minutes) for second in range(60) for frame in range(nominal)
        if not (second == 0 and minute % 10 and frame < skipped)
    ]


@pytest.mark.parametrize("rate", COUNTED, ids=shown_rate)
@pytest.mark.parametrize("drop", [False, True])
def test_timecodes_are_those_that_one_counts_up(rate, drop):
    if drop and rate not in DROPPING:
        return
    base, all_of_them = Timebase(rate, drop), counted_up(rate, drop, 21)
    places = sorted({p for m in range(21) for p in range(m * 1790 - 200, m * 1810 + 200) if 0 <= p < len(all_of_them)})
    assert len(places) > 1000
    for place in places:
        assert base.timecode(place) == all_of_them[place]
        assert base.parse(all_of_them[place]) == place


@pytest.mark.parametrize(
    ("rate", "frame", "timecode"),
    [
        (VIDEO, 1799, "00:00:59;29"), (VIDEO, 1800, "00:01:00;02"), (VIDEO, 17981, "00:09:59;29"),
        (VIDEO, 17982, "00:10:00;00"), (VIDEO, 19781, "00:10:59;29"), (VIDEO, 19782, "00:11:00;02"),
        (VIDEO, 6 * 17982 - 1, "00:59:59;29"), (VIDEO, 6 * 17982, "01:00:00;00"), (VIDEO, 24 * 107892, "24:00:00;00"),
        (FAST, 3599, "00:00:59;59"), (FAST, 3600, "00:01:00;04"), (FAST, 35964, "00:10:00;00"),
        (FILM, 24 * 3600, "01:00:00:00"), (Fraction(24), 24 * 3600 - 1, "00:59:59:23"), (Fraction(25), 90000, "01:00:00:00"),
        (Fraction(30), 1800, "00:01:00:00"),
    ],
)
def test_timecodes_at_the_edges(rate, frame, timecode):
    assert Timebase(rate, rate in DROPPING).timecode(frame) == timecode


def test_without_drop_frame_29_97_counts_like_30():
    assert Timebase(VIDEO).timecode(1800) == "00:01:00:00"


@given(st.integers(0, 24 * 107892 - 1))
def test_drop_frame_by_the_formula_of_its_standard(frame):
    # SMPTE ST 12-1: numbers 0 and 1 are dropped at every minute but each tenth.
    tens, rest = divmod(frame, 17982)
    number = frame + 18 * tens + (2 * ((rest - 2) // 1798) if rest > 1 else 0)
    seconds, frames = divmod(number, 30)
    expected = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d};{frames:02d}"
    base = Timebase(VIDEO, True)
    assert base.timecode(frame) == expected
    assert base.parse(expected) == frame


@given(st.integers(0, 10**7), st.sampled_from([*COUNTED, Fraction(12), Fraction(15000, 1001)]))
def test_a_frame_s_time_leads_back_to_it(frame, rate):
    assert Timebase(rate).frame(float(frame / rate)) == frame
    # As Matroska writes it: to the millisecond.
    assert Timebase(rate).frame(round(float(frame / rate), 3)) == frame


def test_a_time_between_two_frames_goes_to_the_nearer():
    base = Timebase(Fraction(25))
    assert [base.frame(t) for t in (0.0, 0.019, 0.021, 0.5, 0.501)] == [0, 0, 1, 13, 13]


@pytest.mark.parametrize(
    ("claimed", "meant"),
    [
        (23.976023976023978, FILM), (23.976, FILM), (23.98, FILM), (24.0, 24), (23.9999, 24), (25.0, 25),
        (29.97002997002997, VIDEO), (29.97, VIDEO), (30.0, 30), (59.94, FAST), (60.0, 60), (47.952, Fraction(48000, 1001)),
        (119.88, Fraction(120000, 1001)), (12.0, 12), (12.5, Fraction(25, 2)), (14.985, Fraction(2997, 200)),
        (0.0, None), (float("nan"), None), (float("inf"), None), (90000.0, None), (-25.0, None),
    ],
)
def test_the_rate_that_is_meant(claimed, meant):
    assert exact_rate(claimed) == meant


def test_the_rate_of_a_real_film_at_29_97(tmp_path):
    import subprocess

    import imageio_ffmpeg

    from screentime.video.reader import Reader

    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "color=red:size=64x48:rate=30000/1001:duration=2",
         "-pix_fmt", "yuv420p", str(tmp_path / "a.mp4")], check=True,
    )
    with Reader(tmp_path / "a.mp4") as reader:
        list(reader)
        assert exact_rate(reader.film.rate) == VIDEO


@pytest.mark.parametrize(
    ("rate", "drop", "text", "words"),
    [
        (VIDEO, True, "00:01:00;00", "There is no timecode 00:01:00;00 at 29.97 frames a second, drop-frame."),
        (Fraction(25), False, "00:00:00:25", "There is no timecode 00:00:00:25 at 25 frames a second."),
        (Fraction(25), False, "24:00:00:00", "There is no timecode 24:00:00:00 at 25 frames a second."),
        (Fraction(25), False, "00:61:00:00", "There is no timecode 00:61:00:00 at 25 frames a second."),
        (Fraction(25), False, "1:00:00:00", "'1:00:00:00' is no timecode."),
        (Fraction(25), False, "01:00:00.00", "'01:00:00.00' is no timecode."),
        (Fraction(25), False, "٠١:00:00:00", "'٠١:00:00:00' is no timecode."),
        (Fraction(25), False, "01:00:00;00", "01:00:00;00 is a drop-frame timecode, but 25 frames a second are counted without."),
        (Fraction(12), False, "01:00:00:00", "No timecode counts 12 frames a second."),
    ],
)
def test_what_is_no_timecode(rate, drop, text, words):
    with pytest.raises(UserMistake) as caught:
        Timebase(rate, drop).parse(text)
    assert caught.value.what == words


def test_drop_frame_may_be_written_with_a_colon():
    assert Timebase(VIDEO, True).parse("01:00:00:00") == 107892


@pytest.mark.parametrize(
    ("rate", "better"), [(12, 24), (15, 30), (10, 30), (Fraction(25, 2), 25), (100, 25), (16, 25), (20, 60)]
)
def test_a_rate_without_timecode_names_one_that_has(rate, better):
    with pytest.raises(UserMistake, match=rf"--rate {better}\."):
        Timebase(Fraction(rate)).timecode(0)


def test_no_timecode_goes_past_the_day():
    base = Timebase(Fraction(25))
    assert base.timecode(25 * 86400) == "24:00:00:00"
    with pytest.raises(UserMistake, match="The timecodes would go past 24:00:00:00"):
        base.timecode(25 * 86400 + 1)
