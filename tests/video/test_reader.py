"""Films as they come: every rate, turned, oblong, cut short, damaged, and no films at all."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from screentime.errors import ConfigError, FilmError
from screentime.video.reader import Reader, digest, survey
from scripts.films import drawing

EPISODE = Path(__file__).parents[3] / "shared" / "data" / "tomjerry" / "episode.mp4"
GROUPS = ("-g", "50")  # a whole picture every two seconds at 25 a second


def read(studio, path, **options):
    """(second, number in the picture) of each sample, and the reader at its end."""
    with Reader(path, **options) as reader:
        samples = [(s.index, s.second, studio.number_in(s.image)) for s in reader]
    assert [index for index, _, _ in samples] == list(range(len(samples)))
    assert reader.film.frames == len(samples)
    return [(second, number) for _, second, number in samples], reader


@pytest.fixture
def plain(studio):
    return studio.film("plain.mp4", 250, 25, *GROUPS)


@pytest.mark.parametrize("name", ["mp4", "mkv", "avi", "ts"])
@pytest.mark.parametrize("rate", ["24", "25", "24000/1001", "30000/1001"])
def test_sample_k_is_the_first_frame_at_or_after_second_k(studio, rate, name):
    exact = Fraction(rate)
    path = studio.film(f"{rate.replace('/', '-')}.{name}", 150, rate, "-bf", "2")
    samples, reader = read(studio, path)
    reached = [[n for n in range(150) if n / exact + Fraction(2, 1000) >= k] for k in range(8)]
    numbers = [frames[0] for frames in reached if frames]
    assert [number for _, number in samples] == numbers
    for second, number in samples:
        assert second == pytest.approx(float(number / exact), abs=0.001)
    assert reader.film.seconds == pytest.approx(float(150 / exact), abs=0.01)
    assert reader.film.rate == pytest.approx(float(exact))
    assert reader.warnings == ()


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_gap_in_a_variable_rate_film_gives_fewer_samples_with_exact_times(studio, suffix):
    path = studio.film(
        f"gap.{suffix}", 300, 25, "-vf", "select='not(between(n,70,210))'", "-fps_mode", "vfr"
    )
    samples, reader = read(studio, path)
    assert samples == [(0.0, 0), (1.0, 25), (2.0, 50), (8.44, 211), (9.0, 225), (10.0, 250), (11.0, 275)]
    assert reader.film.seconds == pytest.approx(12.0, abs=0.001)
    assert reader.warnings == ()


# From frame 75 on each is shown for seven times as long.
SLOWED = ("-vf", "setpts='if(lt(N,75),N,75+(N-75)*7)/25/TB'", "-fps_mode", "vfr")
REORDERED = ("-bf", "3", "-x264-params", "b-adapt=0")
UNUSUAL = {
    "slowed.apng": ("-c:v", "apng", "-pix_fmt", "gray", "-f", "apng"), "slowed.asf": REORDERED, "in-order.asf": ("-bf", "0"),
    "part2.asf": ("-c:v", "mpeg4", "-bf", "2"), "windows.wmv": ("-c:v", "wmv2"), "slowed.avi": REORDERED,
    "in-order.avi": ("-bf", "0"),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_the_times_of_a_container_that_does_not_say_when_it_starts_or_frames_are_shown(studio, name):
    path = studio.film(name, 150, 25, *SLOWED, *UNUSUAL[name])
    samples, reader = read(studio, path)
    # FFmpeg's filter rounds some down to the frame before.
    assert all(abs(second - (n if n < 75 else 75 + (n - 75) * 7) / 25) < 0.0401 for second, n in samples)
    assert len(samples) == 24 and reader.film.seconds == pytest.approx(24.0, abs=0.041)
    assert reader.warnings == ()


def test_films_joined_in_an_ogg_go_on_without_a_gap(studio, tmp_path):
    part = studio.film("part.ogv", 75, 25, "-c:v", "libtheora").read_bytes()
    (tmp_path / "joined.ogv").write_bytes(part + part)
    samples, reader = read(studio, tmp_path / "joined.ogv")
    assert samples == [(0.0, 0), (1.0, 25), (2.0, 50), (3.0, 0), (4.0, 25), (5.0, 50)]
    assert (reader.film.seconds, reader.warnings) == (6.0, ())


def test_a_tag_that_a_decoder_does_not_need_is_no_damage(studio):
    samples, reader = read(studio, studio.film("tiff.mkv", 50, 25, "-c:v", "tiff", "-pix_fmt", "gray"))
    assert (samples, reader.warnings) == ([(0.0, 0), (1.0, 25)], ())


def test_a_time_that_a_program_stream_leaves_out_is_counted_and_where_the_next_bears_it_out_no_word_is_lost(studio, tmp_path):
    path = tmp_path / "sparse.mpg"
    drawing.film(path, "-c:v", "mpeg1video", "-bf", "2")  # so calm that several frames lie in one packet
    with av.open(str(path)) as film:
        stamps = [packet.pts for packet in film.demux(film.streams.video[0]) if packet.size]
    assert len(set(stamps)) < len(stamps)  # FFmpeg makes up a time that another frame has
    samples, reader = read(studio, path, fps=1000)
    assert samples == [(pytest.approx(n / 25, abs=1e-5), n) for n in range(150)]
    assert reader.warnings == ()


def test_minutes_of_sound_without_a_new_picture_are_no_damage(studio):
    late = "select='not(between(n,75,199))',setpts='PTS+gte(N,75)*200/TB'"
    silent = studio.film("late.mp4", 250, 25, "-vf", late, "-fps_mode", "vfr", "-g", "1000")
    path = studio.folder / "late-sound.mp4"
    sound = ("-f", "lavfi", "-i", "sine=duration=212:sample_rate=48000", "-c:a", "aac")
    studio.ffmpeg("-i", silent, *sound, "-map", "0", "-map", "1", "-c:v", "copy", path)
    samples, reader = read(studio, path)
    assert samples == [(0.0, 0), (1.0, 25), (2.0, 50), (208.0, 200), (209.0, 225)]
    assert reader.warnings == ()


def test_a_held_last_picture_counts_for_as_long_as_it_is_held(studio):
    path = studio.film("held.mp4", 100, 25, "-vf", "select='lt(mod(n,50),1)+eq(n,10)'", "-fps_mode", "vfr")
    held = studio.folder / "held-5.mp4"
    # The container alone knows that the last of the three pictures stays for five seconds.
    rule = "setts=pts=PTS:duration='if(gte(N,2),5/TB,DURATION)'"
    studio.ffmpeg("-i", path, "-c", "copy", "-bsf:v", rule, held)
    samples, reader = read(studio, held, fps=100)
    assert [second for second, _ in samples] == [0.0, 0.4, 2.0]
    assert reader.film.seconds == pytest.approx(7.0, abs=0.05)


def test_more_samples_than_frames_gives_every_frame_once(studio, plain):
    samples, _ = read(studio, plain, fps=60)
    assert samples == [(pytest.approx(n / 25), n) for n in range(250)]


def test_less_than_one_sample_a_second(studio, plain):
    samples, _ = read(studio, plain, fps=0.3)
    assert [number for _, number in samples] == [0, 84, 167]


def test_raw_h264_has_no_times_and_is_counted(studio):
    samples, reader = read(studio, studio.film("raw.h264", 100, 25))
    assert samples == [(0.0, 0), (1.0, 25), (2.0, 50), (3.0, 75)]
    assert (reader.film.seconds, reader.claimed_seconds) == (4.0, 0.0)
    assert reader.warnings == ()


def test_bare_vc2_numbers_its_pictures_and_is_counted(studio):
    path = studio.film("bare.drc", 150, 25, "-c:v", "vc2", "-pix_fmt", "yuv422p", "-f", "dirac")
    samples, reader = read(studio, path)
    assert samples == [(float(k), 25 * k) for k in range(6)]
    assert (reader.film.seconds, reader.warnings) == (6.0, ())


def test_one_picture_is_a_film(studio):
    samples, reader = read(studio, studio.film("one.mp4", 1, 25))
    assert samples == [(0.0, 0)]
    assert reader.film.seconds == pytest.approx(0.04)


def test_a_turned_film_is_handed_out_upright(studio, plain):
    turned = studio.folder / "turned.mp4"
    studio.ffmpeg("-display_rotation", "90", "-i", plain, "-c", "copy", turned)
    with Reader(turned) as reader:
        images = [sample.image for sample in reader]
    assert images[3].shape == (160, 96, 3)
    assert (reader.film.width, reader.film.height) == (96, 160)
    back = [np.rot90(images[3], times) for times in (1, 3)]
    assert 75 in [studio.number_in(image) for image in back]


def test_oblong_pixels_are_made_square(studio):
    path = studio.film("oblong.mp4", 50, 25, "-vf", "setsar=3/2")
    with Reader(path) as reader:
        images = [sample.image for sample in reader]
    assert images[1].shape == (96, 240, 3)
    assert studio.number_in(images[1]) == 25
    assert (reader.film.width, reader.film.height) == (240, 96)
    turned = studio.folder / "oblong-turned.mp4"
    studio.ffmpeg("-display_rotation", "90", "-i", path, "-c", "copy", turned)
    with Reader(turned) as reader:
        assert next(iter(reader)).image.shape == (240, 96, 3)


def test_pictures_get_the_size_that_is_asked_for(studio, plain):
    asked = []

    def half(width, height):
        asked.append((width, height))
        return 80, 48

    with Reader(plain, size=half) as reader:
        images = [sample.image for sample in reader]
    assert set(asked) == {(160, 96)}
    assert images[0].shape == (48, 80, 3) and images[0].dtype == np.uint8
    assert [studio.number_in(image) for image in images] == [25 * k for k in range(10)]
    assert (reader.film.width, reader.film.height) == (160, 96)
    with Reader(plain, size=lambda *size: size) as reader, Reader(plain) as other:
        assert np.array_equal(next(iter(reader)).image, next(iter(other)).image)


def test_a_film_cut_short_says_what_could_be_read(studio, plain):
    cut = studio.spoil("cut.mp4", plain, lambda content: content.__delitem__(slice(len(content) // 2, None)))
    samples, reader = read(studio, cut)
    assert [number for _, number in samples] == [25 * k for k in range(len(samples))]
    assert 4.0 < reader.film.seconds < 6.0
    assert reader.warnings == (
        f"cut.mp4 is cut short: {reader.film.seconds:.1f} of 10.0 s could be read.",
    )


@pytest.mark.parametrize(("seconds", "read_seconds", "told"), [
    (60, 58.2, False), (60, 57.8, True), (20, 19.2, False), (20, 18.8, True), (4, 3.6, False), (4, 3.4, True),
])
def test_what_may_be_missing_without_a_word(plain, seconds, read_seconds, told):
    """As docs/films.md says: a twentieth, 0.5 s at least and 2 s at most."""
    with Reader(plain) as reader:
        list(reader)
    reader.claimed_seconds, reader._film = float(seconds), replace(reader.film, seconds=read_seconds)
    assert bool(reader.warnings) == told


def test_a_corrupt_middle_is_jumped_over_and_no_smeared_picture_is_sampled(studio, plain):
    def zero(content):
        start, length = int(len(content) * 0.4), len(content) // 10
        content[start : start + length] = bytes(length)

    samples, reader = read(studio, studio.spoil("corrupt.mp4", plain, zero), fps=25)
    assert all(round(second * 25) == number for second, number in samples if not 95 <= number <= 105)
    numbers = [number for _, number in samples]
    assert numbers[-1] == 249 and 140 < len(numbers) < 225
    holes = [(a, b) for a, b in pairwise(numbers) if b - a > 2]
    assert len(holes) == 1 and holes[0][1] % 50 == 0
    assert reader.lost_seconds == pytest.approx((holes[0][1] - holes[0][0] - 1) / 25, abs=0.05)
    assert reader.warnings == (
        f"corrupt.mp4 is damaged: {reader.lost_seconds:.1f} s of its pictures could not be read.",
    )
    assert reader.film.seconds == pytest.approx(10.0)


def test_a_corrupt_beginning_does_not_shift_the_rest(studio, plain):
    def zero(content):
        start = content.find(b"mdat") + 8
        content[start : start + len(content) // 10] = bytes(len(content) // 10)

    samples, reader = read(studio, studio.spoil("headless.mp4", plain, zero))
    assert samples == [(float(k), 25 * k) for k in range(2, 10)]
    assert reader.lost_seconds == pytest.approx(2.0)


def make_sound(path, studio):
    studio.ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", path)


NO_PICTURES = "holds no pictures that can be read"
NO_FILMS = {
    "empty.mp4": (lambda path, _: path.touch(), "empty.mp4 is empty (0 bytes). Copy or download"),
    "text.mp4": (lambda path, _: path.write_text("hello\n" * 999), f"text.mp4 {NO_PICTURES}"),
    "sound.mp4": (make_sound, f"sound.mp4 {NO_PICTURES}"),
    "missing.mp4": (lambda path, _: None, "The film missing.mp4 does not exist. See that"),
    "folder.mp4": (lambda path, _: path.mkdir(), "folder.mp4 is a folder. Name a film file."),
    "pipe.mp4": (lambda path, _: os.mkfifo(path), "pipe.mp4 is no ordinary file."),
    "a\nb.mp4": (lambda path, _: path.touch(), "a\\nb.mp4 is empty (0 bytes)."),
    "n" * 300: (lambda path, _: None, "cannot be read: File name too long."),
    "list.mp4": (
        lambda path, _: path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"),
        f"list.mp4 {NO_PICTURES}",
    ),
}


@pytest.mark.parametrize("name", NO_FILMS)
def test_what_is_no_film_is_refused_in_a_sentence(studio, tmp_path, capfd, name):
    make, sentence = NO_FILMS[name]
    make(tmp_path / name, studio)
    with pytest.raises(FilmError) as caught, Reader(tmp_path / name) as reader:
        list(reader)
    assert sentence in str(caught.value) and caught.value.remedy.endswith(".")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_name_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    try:
        path.write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(FilmError, match=r"caf\\udce9.mp4 is not valid UTF-8. Rename it."):
        digest(path)


def test_a_film_whose_every_picture_is_damaged(studio, plain):
    def zero(content):
        start = content.find(b"mdat") + 8
        content[start:] = bytes(len(content) - start)

    path = studio.spoil("ruined.mp4", plain, zero)
    with pytest.raises(FilmError, match="ruined.mp4 has not one frame that"), Reader(path) as reader:
        list(reader)


@pytest.mark.parametrize("name", ["concat:plain.mp4", "it's \"odd\".mp4", "-x.mp4", "фильм%03d.mp4"])
def test_odd_names_are_only_names(studio, plain, tmp_path, monkeypatch, name):
    (tmp_path / name).write_bytes(plain.read_bytes())
    monkeypatch.chdir(tmp_path)
    samples, reader = read(studio, name)
    assert len(samples) == 10
    assert (reader.film.name, reader.film.path) == (name, str(tmp_path / name))


@pytest.mark.parametrize("options", [{"fps": 0}, {"fps": -1}, {"fps": float("nan")}])
def test_impossible_options_are_refused(options):
    with pytest.raises(ConfigError):
        Reader("film.mp4", **options)


def test_there_is_no_summary_before_the_end(plain):
    with Reader(plain) as reader:
        next(iter(reader))
        with pytest.raises(RuntimeError):
            _ = reader.film


def test_the_digest_is_that_of_the_bytes(plain):
    known = hashlib.sha256(plain.read_bytes()).hexdigest()[:16]
    assert digest(plain) == known
    with Reader(plain) as reader:
        list(reader)
    assert reader.film.digest == known


def test_the_real_episode_gives_one_frame_a_second():
    if not EPISODE.exists():
        pytest.skip("the episode lies beside the repository, in ../shared, and is not there")
    with Reader(EPISODE, size=lambda *_: (160, 90)) as reader:
        seconds = [sample.second for sample in reader]
    assert len(seconds) == 298
    assert all(k <= second < k + 1 for k, second in enumerate(seconds))
    assert reader.film.seconds == pytest.approx(298.0)
    assert (reader.film.width, reader.film.height) == (960, 540)
    assert reader.warnings == ()


PATCHED = "{} is damaged: its decoder patched pictures up, and some may be smeared."


@pytest.mark.parametrize(("name", "place", "options"), [
    ("two.mpg", 0.42, ("-c:v", "mpeg2video", "-g", "15", "-bf", "2")),
    ("part2.avi", 0.6, ("-c:v", "mpeg4", "-g", "50", "-bf", "2")),
    ("x264.mkv", 0.6, ("-preset", "medium", "-g", "50")),
    ("x265.mkv", 0.3, ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=50")),
])
def test_pictures_that_the_decoder_patches_up_are_told(studio, name, place, options):
    whole = studio.film(name, 150, 25, *options)

    def zero(content):
        start = round(len(content) * place)
        content[start : start + 60] = bytes(60)

    with Reader(studio.spoil(f"patched-{name}", whole, zero), fps=25) as reader:
        seconds = [sample.second for sample in reader]
    assert len(seconds) > 100 and all(abs(second * 25 - round(second * 25)) < 0.05 for second in seconds)
    assert reader.film.seconds == pytest.approx(6.0, abs=0.05)
    assert reader.warnings == (PATCHED.format(f"patched-{name}"),)
    assert read(studio, whole)[1].warnings == ()


@pytest.mark.parametrize(("name", "place", "options"), [
    ("part2.avi", 0.6, ("-c:v", "mpeg4", "-g", "50", "-bf", "2")),
    ("x264.mkv", 0.6, ("-preset", "medium", "-g", "50")),
])
def test_pictures_that_the_decoder_patches_up_are_the_same_every_time(studio, name, place, options):
    whole = studio.film(name, 150, 25, *options)
    path = studio.spoil(f"again-{name}", whole, lambda content: content.__setitem__(
        slice(round(len(content) * place), round(len(content) * place) + 60), bytes(60)
    ))

    def pictures():
        with Reader(path, fps=25) as reader:
            return tuple(sample.image.tobytes() for sample in reader)

    assert len({pictures() for _ in range(30)}) == 1


@pytest.mark.parametrize("change", ["written", "replaced", "removed"])
def test_a_film_that_is_changed_while_it_is_read_is_not_taken_for_the_one_it_was(plain, tmp_path, change):
    path, other = tmp_path / "growing.mp4", tmp_path / "other.mp4"
    for file in (path, other):
        file.write_bytes(plain.read_bytes())
    with pytest.raises(FilmError) as caught, Reader(path) as reader:
        for sample in reader:
            if sample.index == 3 and change == "written":
                with path.open("ab") as file:
                    file.write(b"more")
            elif sample.index == 3 and change == "replaced":
                os.replace(other, path)
            elif sample.index == 3:
                path.unlink()
    assert str(caught.value) == (
        "growing.mp4 was changed while it was read. Wait until it is copied or downloaded whole, then run this again."
    )


@pytest.mark.parametrize(("name", "before", "after"), [
    ("late.mkv", (), ("-output_ts_offset", "3600", "-c", "copy")),
    ("late.flv", (), ("-output_ts_offset", "5", "-c", "copy")),
    ("cut.mp4", ("-ss", "1.3"), ("-c", "copy")),
    ("sound-goes-on.mkv", (), ("-f", "lavfi", "-i", "sine=duration=40", "-map", "0", "-map", "1", "-c:v", "copy")),
    ("other-film-goes-on.mkv", (), (
        "-f", "lavfi", "-i", "color=duration=40:size=64x64:rate=5", "-map", "0", "-map", "1", "-c:v:0", "copy",
    )),
])
def test_what_does_not_begin_at_0_or_ends_before_its_sound_is_not_cut_short(studio, plain, name, before, after):
    path = studio.folder / f"whole-{name}"
    studio.ffmpeg(*before, "-i", plain, *after, path)
    samples, reader = read(studio, path)
    length = 8.7 if name == "cut.mp4" else 10.0
    assert (len(samples), reader.film.seconds) == (math.ceil(length), pytest.approx(length, abs=0.05))
    assert reader.claimed_seconds == pytest.approx(length, abs=0.05) and reader.warnings == ()


X264 = ("-c:v", "libx264", "-g", "25", "-bf", "2", "-x264-params", "b-adapt=0", "-c:a", "aac")
# Containers that say how long the whole film is, and not its pictures.
OVERALL = {
    "x264.flv": X264, "x264.asf": X264, "x264.nut": X264, "x264.mkv": X264, "windows.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "two.mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
}


def with_tone(studio, name, seconds):
    """Six seconds of pictures, and a tone of so many; in MKV without what it says of each stream."""
    sound = ("-f", "lavfi", "-i", f"sine=duration={seconds}", "-map", "0", "-map", "1")
    path = studio.folder / f"tone-{seconds}-{name}"
    studio.ffmpeg("-i", studio.film("six.mp4", 150, 25), *sound, *OVERALL[name], path)
    if name.endswith("mkv"):
        path.write_bytes(path.read_bytes().replace(b"DURATION", b"DURATIOX"))
    return path


@pytest.mark.parametrize("name", OVERALL)
def test_sound_that_goes_on_is_not_missed_of_the_pictures(studio, name):
    path = with_tone(studio, name, 20)
    samples, reader = read(studio, path)
    assert len(samples) == 6 and reader.film.seconds == pytest.approx(6.0, abs=0.05)
    assert reader.warnings == ()


# Of the others FFmpeg does not know how long they are once their end is lost.
@pytest.mark.parametrize("name", ["x264.flv", "x264.mkv"])
@pytest.mark.parametrize("seconds", [6, 20])
@pytest.mark.parametrize("share", [0.5, 0.7])
def test_where_sound_and_pictures_both_end_early_a_film_is_cut_short(studio, name, seconds, share):
    whole = with_tone(studio, name, seconds)
    path = studio.spoil(
        f"{share}-{whole.name}", whole, lambda content: content.__delitem__(slice(int(len(content) * share), None))
    )
    _, reader = read(studio, path)
    assert any(f" is cut short: {reader.film.seconds:.1f} of {seconds}." in sentence for sentence in reader.warnings)


def test_a_part_of_a_film_knows_how_long_its_sound_goes_on(studio):
    path = with_tone(studio, "x264.mkv", 20)
    parts = survey(path, 1.0, 2)
    assert len(parts) == 3
    for part in parts:
        with Reader(path, part=part) as reader:
            assert len(list(reader)) == 2
        assert reader.warnings == ()
