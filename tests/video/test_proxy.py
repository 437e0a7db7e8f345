"""Films as browsers play them: linked, copied or converted, with the same frames at the same times."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import av
import cv2
import pytest

from screentime.errors import FilmError, ScreentimeError
from screentime.talk import Talk
from screentime.video.proxy import find_playable, make_playable
from screentime.video.reader import Reader
from screentime.video.timing import timing
from tests.video.conftest import ffmpeg


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def read(path):
    """The film, and the times of all its frames as its reader has them."""
    with Reader(path, fps=1000) as reader:
        seconds = [sample.second for sample in reader]
    return reader.film, seconds


def numbers(studio, path):
    """The number that each picture carries."""
    capture, found = cv2.VideoCapture(str(path)), []
    while True:
        there, image = capture.read()
        if not there:
            return found
        found.append(studio.number_in(image))


def uneven(studio, name, steps, *options):
    """A film whose frames come after these steps, in milliseconds."""
    source = studio.film("even.mp4", len(steps) + 1, 25)
    path = studio.folder / name
    if not path.exists():
        with av.open(str(source)) as old, av.open(str(path), "w") as new:
            stream = new.add_stream_from_template(old.streams.video[0])
            stamps = [0]
            for step in steps:
                stamps.append(stamps[-1] + step)
            base = old.streams.video[0].time_base
            for packet in old.demux(old.streams.video[0]):
                if packet.size:
                    packet.pts = packet.dts = round(stamps.pop(0) / 1000 / base)
                    packet.stream = stream
                    new.mux(packet)
    return path


def test_a_film_that_browsers_play_is_linked(studio, tmp_path):
    path = studio.film("plain-24.mp4", 48, 24)
    film, seconds = read(path)
    heard = Heard()
    playable = make_playable(film, tmp_path / "review", heard)
    file = tmp_path / "review" / f"{film.digest}.mp4"
    assert (playable.file, playable.made, playable.rate, playable.seconds) == (file.name, "linked", 24.0, 2.0)
    assert file.is_symlink() and os.readlink(file) == str(path)
    assert playable.times == pytest.approx(seconds, abs=1e-6)
    assert find_playable(tmp_path / "review", film.digest) == playable
    assert heard.sentences == []


@pytest.mark.parametrize(("name", "options"), [
    ("copied.mkv", ["-bf", "3", "-preset", "medium"]), ("later.mp4", ["-output_ts_offset", "1.5"]), ("copied.ts", []),
])
def test_of_pictures_that_browsers_play_only_the_container_is_new(studio, tmp_path, name, options):
    path = studio.film(name, 48, "24000/1001", *options)
    film, seconds = read(path)
    heard = Heard()
    playable = make_playable(film, tmp_path, heard)
    copy = tmp_path / playable.file
    assert (playable.made, playable.rate) == ("copied", pytest.approx(24000 / 1001, rel=1e-4))
    assert timing(copy).plays and playable.times == pytest.approx(seconds, abs=0.002)
    assert numbers(studio, copy) == list(range(48))
    assert heard.sentences == [f"{name} is copied into a file that browsers play; its pictures stay as they are."]


@pytest.mark.parametrize(("name", "rate", "options", "codec"), [
    ("part2.mp4", 12, ["-c:v", "mpeg4", "-q:v", "2"], "mpeg4"),
    ("part2.avi", "30000/1001", ["-c:v", "mpeg4", "-q:v", "2", "-bf", "2"], "mpeg4"),
    ("two.mpg", 25, ["-c:v", "mpeg2video", "-q:v", "2", "-f", "dvd"], "mpeg2video"),
    ("ten.mkv", "60000/1001", ["-pix_fmt", "yuv420p10le"], "h264"),
    ("hevc.mp4", "24000/1001", ["-c:v", "libx265", "-x265-params", "log-level=none"], "hevc"),
])
def test_another_film_is_converted_frame_for_frame(studio, tmp_path, name, rate, options, codec):
    path = studio.film(name, 48, rate, *options)
    film, seconds = read(path)
    heard = Heard()
    playable = make_playable(film, tmp_path, heard)
    copy = tmp_path / playable.file
    assert (playable.made, timing(copy).plays) == ("converted", True)
    assert playable.times == pytest.approx(seconds, abs=0.002)
    assert numbers(studio, copy) == numbers(studio, path)
    assert heard.sentences[0] == (
        f"Browsers do not play {name} ({codec}); a copy that they play is made, with the same frames."
    )


@pytest.mark.parametrize("options", [["-bf", "3", "-x264-params", "b-adapt=0"], ["-bf", "0"], ["-c:v", "mpeg4", "-bf", "2"]])
@pytest.mark.parametrize("suffix", ["asf", "avi"])
def test_an_uneven_film_whose_container_does_not_say_when_frames_are_shown_keeps_its_times(
    studio, tmp_path, suffix, options
):
    slowed = ["-vf", "setpts='if(lt(N,10),N,10+(N-10)*7)/25/TB'", "-fps_mode", "vfr"]
    film, seconds = read(studio.film(f"slowed.{suffix}", 50, 25, *slowed, *options))
    playable = make_playable(film, tmp_path, Heard())
    assert playable.made == "converted" and playable.times == pytest.approx(seconds, abs=0.002)
    assert seconds[-1] == pytest.approx((10 + 39 * 7) / 25, abs=0.041)
    assert numbers(studio, tmp_path / playable.file) == list(range(50))


def test_an_uneven_film_keeps_its_times(studio, tmp_path):
    steps = [40, 90, 40, 250, 33, 41] * 4
    path = uneven(studio, "uneven.mp4", steps)
    slow = studio.folder / "uneven-part2.mkv"
    ffmpeg("-i", path, "-c:v", "mpeg4", "-q:v", "2", "-fps_mode", "passthrough", "-enc_time_base", "1:1000", slow)
    film, seconds = read(slow)
    playable = make_playable(film, tmp_path, Talk())
    assert playable.made == "converted" and playable.times == pytest.approx(seconds, abs=0.0015)
    assert playable.times[:4] == pytest.approx([0, 0.04, 0.13, 0.17], abs=0.0015)
    assert playable.rate == pytest.approx(1 / 0.033, rel=0.05)
    grid, edges = playable.grid(), [*playable.times, playable.seconds]
    for first in range(len(edges) - 1):
        for last in range(first + 1, len(edges)):
            back = grid.to_seconds(*grid.to_page(edges[first], edges[last]))
            assert back == (edges[first], edges[last])


CLOSE = ("-preset", "medium", "-g", "50")
LATER = ("-vf", "setpts='if(lt(N,60),N,N+250)/25/TB'", "-fps_mode", "vfr")
SLOWED = ("-vf", "setpts='if(lt(N,75),N,75+(N-75)*7)/25/TB'", "-fps_mode", "vfr")


def joined(studio, *parts, sound=()):
    """Transport streams one behind the other: frames, rate and options of each; and the seconds of sound, where any."""
    content, name = b"", hashlib.sha256(repr((parts, sound)).encode()).hexdigest()[:12]
    for place, (frames, rate, *options) in enumerate(parts):
        path = studio.film("part.ts", frames, rate, *options)
        if sound:
            loud = studio.folder / f"loud-{name}.ts"
            tone = ("-f", "lavfi", "-i", f"sine=duration={sound[place]}", "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "aac")
            ffmpeg("-i", path, *tone, loud)
            path = loud
        content += path.read_bytes()
    path = studio.folder / f"joined-{name}.ts"
    path.write_bytes(content)
    return path, [number for frames, *_ in parts for number in range(frames)]


def one_stamp_twice(studio):
    path = studio.folder / "twice.mkv"
    rule = "setts=pts='if(eq(N,30),PREV_OUTPTS,PTS)'"
    ffmpeg("-i", studio.film("slowed.mkv", 150, 25, *CLOSE, *SLOWED), "-c", "copy", "-bsf:v", rule, path)
    return path, list(range(150))


UNSTEADY = {
    "a gap and then a join": (lambda studio: joined(studio, (150, 25, *CLOSE, *LATER), (150, 25, *CLOSE)), 22.0),
    "slower behind the join": (lambda studio: joined(studio, (75, 25, *CLOSE), (75, 12, *CLOSE)), 9.25),
    "a join between whose parts no times are alike": (
        lambda studio: joined(studio, (75, 25, *CLOSE), (100, 25, *CLOSE, "-output_ts_offset", "1.413", "-muxdelay", "0")), 7.0,
    ),
    "sound that is joined too": (
        lambda studio: joined(studio, (75, 25, *CLOSE), (75, 12, *CLOSE), sound=(3, 6.25)), 9.25,
    ),
    "one stamp twice": (one_stamp_twice, 24.0),
}


@pytest.mark.parametrize("kind", UNSTEADY)
def test_a_film_whose_times_begin_anew_or_are_wrong_is_reviewed_by_the_times_that_its_reader_has(studio, tmp_path, kind):
    make, length = UNSTEADY[kind]
    path, shown = make(studio)
    film, seconds = read(path)
    assert film.seconds == pytest.approx(length, abs=0.02)
    assert timing(path, film.rate).times == pytest.approx(seconds, abs=1e-6)
    playable = make_playable(film, tmp_path, Talk())
    assert (playable.made, playable.seconds) == ("converted", film.seconds)
    assert playable.times == pytest.approx(seconds, abs=0.002)
    assert numbers(studio, tmp_path / playable.file) == shown
    grid = playable.grid()
    for second in (seconds[len(seconds) // 3], seconds[-20]):
        assert grid.to_seconds(*grid.to_page(second, film.seconds))[0] == pytest.approx(second, abs=0.002)


def test_ogg_films_that_were_joined_are_converted_by_a_decoder_that_can_begin_anew(studio, tmp_path):
    part = studio.film("part.ogv", 75, 25, "-c:v", "libtheora").read_bytes()
    path = tmp_path / "joined.ogv"
    path.write_bytes(part + part)
    film, seconds = read(path)
    playable = make_playable(film, tmp_path, Talk())
    assert playable.times == pytest.approx(seconds, abs=0.002)
    assert numbers(studio, tmp_path / playable.file) == [*range(75), *range(75)]


def test_the_sound_of_films_that_were_joined_goes_on_with_their_pictures(studio, tmp_path):
    path, _ = joined(studio, (75, 25, *CLOSE), (75, 12, *CLOSE), sound=(3, 6.25))
    playable = make_playable(read(path)[0], tmp_path, Talk())
    with av.open(str(tmp_path / playable.file)) as copy:
        heard = {int(frame.time) for frame in copy.decode(audio=0) if abs(frame.to_ndarray()).max() > 0.05}
    assert heard == set(range(9)) | ({9} & heard)


def test_a_film_whose_beginning_is_damaged_keeps_its_times(studio, tmp_path):
    whole = studio.film("whole.mp4", 150, 25, "-pix_fmt", "yuv420p10le", "-g", "50")

    def zero(content):
        start = content.find(b"mdat") + 8
        content[start : start + len(content) // 10] = bytes(len(content) // 10)

    path = studio.spoil("headless-10.mp4", whole, zero)
    film, seconds = read(path)
    assert seconds[0] == pytest.approx(2.0)
    playable = make_playable(film, tmp_path, Talk())
    found = dict(zip(numbers(studio, tmp_path / playable.file), playable.times))
    assert playable.times[0] == 0 and found[75] == pytest.approx(3.0, abs=0.002)


def test_a_film_that_its_container_ends_too_early_is_played_to_its_last_frame(studio, tmp_path):
    # Its rate varies, and its frames are not stored in their order.
    path = studio.film(
        "short.mp4", 90, 30, "-vf", "select='lt(n,60)+not(mod(n,10))'", "-fps_mode", "vfr", "-bf", "3",
        "-preset", "medium",
    )
    known = timing(path)
    assert known.length < known.times[-1] and not known.plays
    film, seconds = read(path)
    heard = Heard()
    playable = make_playable(film, tmp_path, heard)
    copy = timing(tmp_path / playable.file)
    assert (playable.made, copy.plays) == ("converted", True)
    assert playable.times == pytest.approx(seconds, abs=0.002)
    assert copy.length >= playable.times[-1] + 0.5 / playable.rate
    assert numbers(studio, tmp_path / playable.file) == numbers(studio, path)
    assert heard.sentences == [
        "short.mp4 is copied into a file that browsers play; its pictures stay as they are.",
        "Browsers do not play that file to its last frame; another one is made, with the same frames.",
    ]


def test_sound_is_kept_and_ends_with_the_pictures(studio, tmp_path):
    path = studio.folder / "sound.avi"
    ffmpeg("-i", studio.film("mute.mp4", 48, 24), "-f", "lavfi", "-i", "sine=440:duration=5", "-c:v", "mpeg4", path)
    film, _ = read(path)
    playable = make_playable(film, tmp_path, Talk())
    with av.open(str(tmp_path / playable.file)) as copy:
        assert [stream.codec_context.name for stream in copy.streams] == ["h264", "aac"]
        assert copy.duration / 1e6 == pytest.approx(film.seconds, abs=0.03)
        loud = max(abs(frame.to_ndarray()).max() for frame in copy.decode(audio=0))
    assert loud > 0.05


def test_a_large_turned_film_is_made_low_and_upright(studio, tmp_path):
    large, turned = studio.folder / "large.mp4", studio.folder / "turned.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=1280x960:rate=5:duration=1,drawbox=0:0:1280:480:blue:fill", "-c:v", "mpeg4", large)
    ffmpeg("-display_rotation", "90", "-i", large, "-c", "copy", turned)
    film, _ = read(turned)
    assert (film.width, film.height) == (960, 1280)
    playable = make_playable(film, tmp_path, Talk())
    with Reader(turned) as reader:
        true = cv2.resize(next(iter(reader)).image, (404, 540))
    with Reader(tmp_path / playable.file) as reader:
        made = next(iter(reader)).image
    assert made.shape == (540, 404, 3)
    assert abs(made[270, 50].astype(int) - true[270, 50]).max() < 40
    assert abs(made[270, 350].astype(int) - true[270, 350]).max() < 40


def test_it_is_made_once_and_again_when_it_is_gone(studio, tmp_path):
    film, _ = read(studio.film("part2.mp4", 48, 12, "-c:v", "mpeg4", "-q:v", "2"))
    first = make_playable(film, tmp_path, Talk())
    heard = Heard()
    stamp = (tmp_path / first.file).stat().st_mtime_ns
    assert make_playable(film, tmp_path, heard) == first
    assert (heard.sentences, (tmp_path / first.file).stat().st_mtime_ns) == ([], stamp)
    (tmp_path / first.file).unlink()
    assert make_playable(film, tmp_path, heard) == first and len(heard.sentences) == 1
    (tmp_path / f"{film.digest}.json").write_text("{", "utf-8")
    assert find_playable(tmp_path, film.digest) is None
    assert make_playable(film, tmp_path, heard) == first


def test_no_other_file_is_taken_for_a_film_s_copy(studio, tmp_path):
    """Nor uploaded, then: the folder may come from a stranger."""
    film, _ = read(studio.film("part2.mp4", 48, 12, "-c:v", "mpeg4", "-q:v", "2"))
    folder = tmp_path / "review"
    first = make_playable(film, folder, Talk())
    (tmp_path / "private").write_bytes(b"private")
    known = folder / f"{film.digest}.json"
    said = known.read_text("utf-8")
    for other in ("../private", str(tmp_path / "private"), f"{film.digest}.json"):
        known.write_text(said.replace(first.file, other), "utf-8")
        assert find_playable(folder, film.digest) is None
    known.write_text(said, "utf-8")
    assert find_playable(folder, film.digest) == first
    assert find_playable(folder / "x", f"../{film.digest}") is None
    (folder / first.file).unlink()
    (folder / first.file).symlink_to(tmp_path / "private")
    assert make_playable(film, folder, Talk()) == first
    assert not (folder / first.file).is_symlink() and (tmp_path / "private").read_bytes() == b"private"


def test_what_a_killed_run_left_is_not_taken_for_whole(studio, tmp_path):
    path = studio.folder / "long.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=640x480:rate=25:duration=60", "-c:v", "mpeg4", path)
    film, seconds = read(path)
    script = (
        "import json, sys; from pathlib import Path; from screentime.records import Film;"
        "from screentime.talk import Talk; from screentime.video.proxy import make_playable;"
        "make_playable(Film(**json.loads(sys.argv[1])), Path(sys.argv[2]), Talk())"
    )
    process = subprocess.Popen([sys.executable, "-c", script, json.dumps(asdict(film)), str(tmp_path)])
    while not list(tmp_path.glob(f".writing-*-{film.digest}.mp4")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert find_playable(tmp_path, film.digest) is None and not (tmp_path / f"{film.digest}.mp4").exists()
    playable = make_playable(film, tmp_path, Talk())
    assert len(playable.times) == len(seconds)
    assert sorted(os.listdir(tmp_path)) == sorted([f"{film.digest}.json", f"{film.digest}.mp4"])


@pytest.mark.parametrize("limit", [0, 20_000])
def test_a_disk_that_takes_no_more_is_not_said_to_be_the_films_fault(studio, tmp_path, limit):
    path = studio.folder / "full.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=4", "-c:v", "mpeg4", path)
    film, _ = read(path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(ScreentimeError) as caught:
            make_playable(film, tmp_path / "review", Talk())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.exit_code == 1
    assert str(caught.value) == (
        f"The film's copy cannot be written to {tmp_path / 'review'}: File too large. See that space is left there."
    )
    assert os.listdir(tmp_path / "review") == []


def test_a_film_that_was_changed_is_not_reviewed_as_the_old_one(studio, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(studio.film("plain-24.mp4", 48, 24).read_bytes())
    film, _ = read(path)
    path.write_bytes(studio.film("mute.mp4", 48, 24).read_bytes() + b"\0")
    with pytest.raises(FilmError, match=r"^film\.mp4 is another film than when it was read\. Run `screentime extract` again\.$"):
        make_playable(film, tmp_path / "review", Talk())
    assert not (tmp_path / "review").exists()
