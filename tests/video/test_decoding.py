"""Samples are those of decoding every frame, bit by bit, whatever is skipped."""

from __future__ import annotations

import math

import av
import numpy as np
import pytest

from screentime.video.clock import frame_seconds
from screentime.video.decoding import AstrayError, Pictures
from screentime.video.reader import Reader

# The pictures change all over, which x264 by itself would answer with whole pictures and no others between.
CALM = ("-preset", "medium", "-sc_threshold", "0", "-b_strategy", "0")
X264 = (*CALM, "-x264-params")
COLOURED = ("-vf", "format=yuv420p,noise=c1s=60:c1f=t")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params")
VFR = ("-vf", "select='not(between(mod(n,60),20,47))'", "-fps_mode", "vfr")
# Name: options of FFmpeg, and the largest share of the packets that is decoded for a sample a second.
FILMS = {
    "long-groups.mp4": ((*X264, "keyint=250:bframes=3:b-pyramid=normal"), 0.7),
    "short-groups.mp4": ((*X264, "keyint=12:bframes=3"), 0.4),
    "half-seconds.mkv": ((*X264, "keyint=12:bframes=0"), 0.4),
    "pyramid.mp4": ((*X264, "keyint=50:bframes=8:b-adapt=2:b-pyramid=normal"), 0.6),
    "strict.ts": ((*X264, "keyint=33:bframes=5:b-pyramid=strict"), 0.6),
    "open.mp4": ((*X264, "keyint=20:open-gop=1:bframes=3"), 0.7),
    "refresh.mp4": ((*X264, "intra-refresh=1:keyint=20:bframes=2"), 0.7),
    "intra.mp4": (("-g", "1"), 0.1),
    "slices.ts": ((*X264, "slices=4:keyint=20:bframes=3"), 0.6),
    "interlaced.mp4": ((*CALM, "-flags", "+ildct+ilme", "-g", "20"), 0.6),
    "vfr.mp4": ((*VFR, *CALM), 0.8),
    "vfr.mkv": ((*VFR, *CALM, "-g", "10"), 0.5),
    "late.mp4": ((*X264, "keyint=20:bframes=3", "-output_ts_offset", "3.3"), 0.6),
    "high10.mkv": ((*CALM, "-pix_fmt", "yuv420p10le", "-g", "20"), 0.6),
    "bare.avi": (("-bf", "0", "-g", "12"), 0.5),
    "hevc.mp4": ((*X265, "log-level=none:keyint=50:bframes=4:b-pyramid=1"), 0.7),
    "hevc-open.mkv": ((*X265, "log-level=none:open-gop=1:keyint=20:bframes=4"), 0.6),
    "hevc-closed.ts": ((*X265, "log-level=none:open-gop=0:keyint=20:bframes=4"), 0.6),
    "hevc-layers.mp4": ((*X265, "log-level=none:temporal-layers=3:bframes=4:keyint=20"), 0.9),
    "two.mpg": (("-c:v", "mpeg2video", "-g", "12", "-bf", "2"), 0.5),
    "two.ts": (("-c:v", "mpeg2video", "-g", "40", "-bf", "2"), 0.5),
    "part2.mp4": (("-c:v", "mpeg4", "-g", "12", "-bf", "2"), 0.5),
    "vp8.webm": (("-c:v", "libvpx", "-g", "20", "-auto-alt-ref", "1", "-lag-in-frames", "10"), 1.0),
    "vp9.webm": (("-c:v", "libvpx-vp9", "-g", "10", "-deadline", "realtime", "-cpu-used", "8"), 0.6),
    "motion.avi": (("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"), 0.1),
    "pro.mov": (("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"), 0.1),
    "drawn.gif": (("-c:v", "gif", "-pix_fmt", "rgb8"), 1.0),
    "windows.wmv": (("-c:v", "wmv2", "-g", "20"), 1.0),
}


def every(path):
    """Second and picture of every frame, decoded by one thread with nothing left out."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        stream.thread_count = 1
        frames = [(frame.pts, frame.to_ndarray(format="bgr24", interpolation="BICUBIC")) for frame in film.decode(stream)]
        base, rate = float(stream.time_base), float(stream.average_rate)
    return [((stamp - frames[0][0]) * base, picture) for stamp, picture in frames], rate


def first_at_or_after(frames, rate, fps):
    """The frames to sample, by the definition."""
    slack, found = min(0.002, frame_seconds(rate) / 4), {}
    for at, (second, _) in enumerate(frames):
        found.setdefault(math.floor((second + slack) * fps), at)
    reached, chosen = -1, []
    for k, at in found.items():
        if k > reached:
            chosen.append(at)
        reached = max(reached, k)
    return chosen


@pytest.mark.parametrize("fps", [1.0, 0.4, 6.0])
@pytest.mark.parametrize("name", FILMS)
def test_samples_are_those_of_decoding_every_frame(studio, name, fps):
    options, share = FILMS[name]
    path = studio.film(name, 150, 25, *options)
    frames, rate = every(path)
    chosen = first_at_or_after(frames, rate, fps)
    with Reader(path, fps=fps) as reader:
        samples = [(sample.second, sample.image) for sample in reader]
    assert [second for second, _ in samples] == pytest.approx([frames[at][0] for at in chosen], abs=1e-6)
    assert all(np.array_equal(picture, frames[at][1]) for at, (_, picture) in zip(chosen, samples))
    if fps == 1.0:
        pictures = Pictures(path)
        known = pictures.plan(fps)
        pictures.close()
        assert sum(known.sent) <= share * len(known.sent)


def test_nothing_is_planned_where_the_times_are_guesses(studio):
    for name, options in {
        "part2.avi": ("-c:v", "mpeg4", "-bf", "2"), "x264.avi": (*CALM, "-g", "12"), "raw.h264": (),
    }.items():
        pictures = Pictures(studio.film(name, 50, 25, *options))
        assert pictures.plan(1.0) is None
        pictures.close()


def test_b_frames_in_an_avi_are_counted(studio):
    path = studio.film("counted.avi", 150, 25, *CALM, "-g", "12")
    with Reader(path) as reader:
        assert [(s.second, studio.number_in(s.image)) for s in reader] == [(float(k), 25 * k) for k in range(6)]


def test_a_film_that_begins_in_the_middle_of_a_group_is_decoded_whole(studio):
    whole = studio.film("strict.ts", 150, 25, *FILMS["strict.ts"][0])
    path = studio.spoil("middle.ts", whole, lambda content: content.__delitem__(slice(0, 188 * 20)))
    pictures = Pictures(path)
    known = pictures.plan(1.0)
    pictures.close()
    pictures = Pictures(path)
    with pytest.raises(AstrayError):
        list(pictures.planned(known))
    pictures.close()
    with Reader(path) as reader:
        samples = [(sample.second, studio.number_in(sample.image)) for sample in reader]
    assert len(samples) >= 4
    assert all(number - samples[0][1] == round(25 * second) for second, number in samples)


def test_damage_behind_the_first_samples_gives_none_twice(studio):
    path = studio.film("plain.mp4", 250, 25, "-g", "50")

    def zero(content):
        start, length = int(len(content) * 0.5), len(content) // 20
        content[start : start + length] = bytes(length)

    with Reader(studio.spoil("hole.mp4", path, zero)) as reader:
        samples = [(sample.index, sample.second, studio.number_in(sample.image)) for sample in reader]
    seconds = [second for _, second, _ in samples]
    assert [index for index, _, _ in samples] == list(range(len(samples))) and seconds == sorted(set(seconds))
    assert all(number == round(25 * second) for _, second, number in samples)
    assert {0.0, 4.0, 6.0, 9.0} <= set(seconds) and reader.lost_seconds > 0.5


def test_a_cover_is_not_sampled(studio, tmp_path):
    film, cover, path = studio.film("plain.mp4", 250, 25, "-g", "50"), tmp_path / "cover.png", tmp_path / "both.mp4"
    studio.ffmpeg("-f", "lavfi", "-i", "color=red:size=320x320", "-frames:v", "1", cover)
    studio.ffmpeg(
        "-i", film, "-i", cover, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1", "attached_pic", path
    )
    with Reader(path) as reader:
        assert [studio.number_in(sample.image) for sample in reader] == [25 * k for k in range(10)]


@pytest.mark.parametrize("name", ["mp4", "mkv", "avi"])
def test_a_title_that_is_not_utf8_is_no_obstacle(studio, name):
    film = studio.film(f"titled.{name}", 30, 25, "-metadata", "title=Cafe-title")
    path = studio.spoil(f"latin.{name}", film, lambda content: content.__setitem__(
        slice(0, None), content.replace(b"Cafe-title", b"Caf\xe9-title")
    ))
    assert b"Caf\xe9-title" in path.read_bytes()
    with Reader(path) as reader:
        assert len(list(reader)) == 2


def test_films_that_were_joined_are_read_to_the_end(studio, tmp_path):
    """Their times begin anew, so that those of the second part fall among those of the first."""
    first = studio.film("first.ts", 100, 25, *X264, "keyint=25:bframes=2")
    second = studio.film("second.ts", 150, 25, *X264, "keyint=25:bframes=2", "-output_ts_offset", "0.013")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    pictures = Pictures(joined)
    assert pictures.plan(1.0) is None
    pictures.close()
    with Reader(joined) as reader:
        samples = [sample.second for sample in reader]
    assert len(samples) == 10 and reader.film.seconds == pytest.approx(10, abs=0.1)


def said_once(stream, sets):
    """A bare stream whose parameter sets stand at its beginning alone."""
    units, told = [], set()
    for unit in stream.split(b"\0\0\1")[1:]:
        number = unit[0] & 31
        if number not in sets or number not in told:
            units.append(unit)
        told.add(number)
    return b"".join(b"\0\0\0\1" + unit for unit in units)


def test_parameter_sets_that_change_are_decoded_though_no_sample_needs_their_picture(studio, tmp_path):
    parts = [
        studio.film("part.h264", 36, 25, *COLOURED, *X264, f"keyint=12:bframes=0:chroma-qp-offset={offset}").read_bytes()
        for offset in (0, 12)
    ]
    bare, film = tmp_path / "joined.h264", tmp_path / "joined.mkv"
    bare.write_bytes(b"".join(said_once(part, (7, 8)) for part in parts))
    studio.ffmpeg("-fflags", "+genpts", "-r", "25", "-i", bare, "-c", "copy", film)
    pictures = Pictures(film)
    plan = pictures.plan(0.8)
    pictures.close()
    assert 0 < sum(plan.sent) < 60  # the group in which they change is left out, but for them
    expected, _ = every(film)
    with Reader(film, fps=0.8) as reader:
        found = [(sample.second, sample.image) for sample in reader]
    assert [round(second, 2) for second, _ in found] == [0.0, 1.28, 2.52]
    for second, image in found:
        [same] = [picture for time, picture in expected if abs(time - second) < 0.01]
        assert np.array_equal(image, same)
