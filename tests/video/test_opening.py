"""One film is one file: nothing else is opened, however it is called and whatever it says of itself."""

from __future__ import annotations

import resource
import socket

import pytest

from screentime.errors import FilmError
from screentime.video.reader import Reader, require_film
from screentime.video.timing import timing

NO_PICTURES = "holds no pictures that can be read: it is no film, has sound only, or lacks its index. See that"
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
DASH = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"
profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet><Representation id="1" bandwidth="1"
mimeType="video/mp4"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>"""


def refused(path):
    with pytest.raises(FilmError) as caught:
        require_film(path)
    assert str(caught.value).startswith(f"{path.name} {NO_PICTURES}")
    with pytest.raises(FilmError), Reader(path) as reader:
        list(reader)
    with pytest.raises(FilmError):
        timing(path)


@pytest.fixture
def beside(studio, tmp_path):
    """A film and a part of one that lists name."""
    film = studio.film("beside.mp4", 50, 25)
    (tmp_path / "beside.mp4").write_bytes(film.read_bytes())
    studio.ffmpeg("-i", film, "-c", "copy", tmp_path / "part.ts")
    return tmp_path


@pytest.mark.parametrize(("name", "content"), [
    ("list.mp4", "ffconcat version 1.0\nfile beside.mp4\n"),
    ("list.ffconcat", "ffconcat version 1.0\nfile beside.mp4\n"),
    ("list.m3u8", PLAYLIST.format("part.ts")),
    ("list.ts", PLAYLIST.format("part.ts")),
    ("list.mpd", DASH.format("beside.mp4")),
    ("list.sdp", SDP),
    ("text.nfo", "no film\n" * 99),
])
def test_lists_of_other_files_and_texts_are_no_films(beside, name, content):
    (beside / name).write_text(content)
    refused(beside / name)


@pytest.mark.parametrize("suffix", ["mp4", "m3u8"])
def test_no_address_is_asked_for(beside, suffix):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/part.ts"
        (beside / f"web.{suffix}").write_text(PLAYLIST.format(address))
        refused(beside / f"web.{suffix}")
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("name", ["still%03d.jpg", "still*.jpg", "still001.jpg", "still.mp4"])
def test_pictures_are_no_films_and_their_names_no_patterns(studio, tmp_path, name):
    studio.ffmpeg("-i", studio.film("beside.mp4", 50, 25), "-frames:v", "3", tmp_path / "still%03d.jpg")
    (tmp_path / name).write_bytes((tmp_path / "still002.jpg").read_bytes())
    refused(tmp_path / name)


AV1 = ("-c:v", "libaom-av1", "-cpu-used", "8")


def test_a_still_avif_is_no_film_and_of_one_that_moves_the_still_is_passed_over(studio):
    refused(studio.film("still.avif", 1, 25, *AV1, "-still-picture", "1"))
    moving = studio.film("moving.avif", 30, 25, *AV1)
    with Reader(moving) as reader:
        assert [(sample.second, studio.number_in(sample.image)) for sample in reader] == [(0.0, 0), (1.0, 25)]
    assert (reader.film.seconds, len(timing(moving).times)) == (pytest.approx(1.2), 30)


@pytest.mark.parametrize("name", ["song.mp3", "song.mp4"])
def test_sound_with_a_cover_is_no_film(studio, tmp_path, name):
    studio.ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", tmp_path / "cover.jpg")
    studio.ffmpeg(
        "-f", "lavfi", "-i", "sine=duration=2", "-i", tmp_path / "cover.jpg", "-map", "0", "-map", "1",
        "-c:v", "copy", "-disposition:v:0", "attached_pic", tmp_path / name,
    )
    refused(tmp_path / name)


@pytest.mark.parametrize(("name", "codec", "mark", "beyond"), [
    ("huge.gif", ("gif", "-pix_fmt", "rgb8"), b"GIF89a", 6), ("huge.avi", ("ffv1",), b"strf", 12),
])
def test_a_header_that_claims_far_too_much_takes_no_memory(studio, tmp_path, name, codec, mark, beyond):
    """A decoder would take 1.6 GB for one picture of it."""
    content = bytearray(studio.film(name, 5, 25, "-c:v", *codec).read_bytes())
    at, wide = content.find(mark) + beyond, 2 if name.endswith("gif") else 4
    content[at : at + 2 * wide] = (20_000).to_bytes(wide, "little") * 2
    path = tmp_path / name
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FilmError) as caught, Reader(path) as reader:
        list(reader)
    assert str(caught.value) == (
        f"{name} has not one frame that can be decoded. Copy or download it again, and see that a player shows it;"
        " pictures of more than 8192 x 4352 pixels must be made smaller."
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


def test_a_title_of_endless_hours_is_no_length(studio):
    """Matroska's muxer writes a duration of its own, so this one gets its name only afterwards."""
    titled = studio.film("titled.mkv", 50, 25, "-metadata:s:v", f"XURATION={'9' * 400}:00:00").read_bytes()
    path = studio.folder / "endless.mkv"
    path.write_bytes(titled.replace(b"DURATION", b"DURATIOX").replace(b"XURATION", b"DURATION"))
    with Reader(path) as reader:
        assert [sample.second for sample in reader] == [0.0, 1.0]
    assert (reader.film.seconds, reader.claimed_seconds, reader.warnings) == (2.0, 0.0, ())
