"""Packets read without decoding: exact times, and whether a browser plays them as they lie."""

import pytest

from screentime.errors import FilmError
from screentime.video.opening import opened, pictures_of
from screentime.video.reader import Reader
from screentime.video.timing import timing


def test_times_are_those_that_the_films_reader_finds(studio):
    path = studio.film("timing.mp4", 60, "24000/1001", "-bf", "3", "-preset", "medium")
    known = timing(path)
    assert (known.container, known.codec, known.pixels, known.sound) == ("mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv420p", "")
    assert known.times == tuple(round(number * 1001 / 24000, 6) for number in range(60))
    with Reader(path, fps=1000) as reader:
        read = [sample.second for sample in reader]
    assert known.times == pytest.approx(read, abs=1e-6)
    assert (known.exact, known.offset, known.claimed[0], known.plays) == (True, 0.0, pytest.approx(24000 / 1001), True)


def test_a_film_that_begins_late_is_played_from_there_so_it_is_not_played_as_it_lies(studio):
    known = timing(studio.film("late-24.mp4", 24, 24, "-output_ts_offset", "1.5"))
    assert (known.start, known.times[:2]) == (1.5, (0.0, 0.041667))
    assert known.copies and not known.plays


@pytest.mark.parametrize(("name", "options", "plays", "copies"), [
    ("high10.mp4", ["-pix_fmt", "yuv420p10le"], False, False),
    ("part2.mp4", ["-c:v", "mpeg4"], False, False),
    ("hevc.mp4", ["-c:v", "libx265", "-x265-params", "log-level=none"], False, False),
    ("matroska.mkv", [], False, True),
    ("web.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime"], True, False),
])
def test_what_browsers_play(studio, name, options, plays, copies):
    known = timing(studio.film(name, 12, 24, *options))
    assert (known.plays, known.copies) == (plays, copies)


def test_a_film_without_times_comes_at_the_rate_that_its_reader_goes_by(studio):
    for name, options in {"bare.h264": (), "bare.drc": ("-c:v", "vc2", "-pix_fmt", "yuv422p", "-f", "dirac")}.items():
        known = timing(studio.film(name, 12, 24, *options), 12.5)
        assert not known.exact and not known.plays
        assert known.times == tuple(round(number * 0.08, 6) for number in range(12))


def test_a_stream_that_begins_midway_is_passed_over(studio, tmp_path):
    # Behind so much of nothing FFmpeg meets the sound when it has said already which streams there are.
    nothing = (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 30_000
    place = ("-muxdelay", "0", "-output_ts_offset")
    first, last = (studio.film(f"at-{at}.ts", 75, 25, "-bf", "0", *place, at) for at in ("0", "6"))
    loud = tmp_path / "loud.ts"
    sound = ("-f", "lavfi", "-i", "sine=duration=3", "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "mp2")
    studio.ffmpeg("-i", first, *sound, *place, "3", loud)
    path = tmp_path / "midway.ts"
    path.write_bytes(nothing.join(file.read_bytes() for file in (first, loud, last)))
    with opened(path) as container, pytest.raises(IndexError):
        list(container.demux(pictures_of(container, path)))
    with Reader(path, fps=1000) as reader:
        read = [sample.second for sample in reader]
    assert (len(read), reader.warnings) == (225, ())
    assert timing(path).times == pytest.approx(read, abs=1e-6)


def test_what_is_no_film_is_said(tmp_path):
    path = tmp_path / "no.mp4"
    path.write_bytes(b"nothing of the kind" * 50)
    with pytest.raises(FilmError, match=r"^no\.mp4 cannot be read: Invalid data found when processing input\. See that"):
        timing(path)
