"""What is no film, or only a part of one, and is called like one; some of it is hostile."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

from scripts.films.drawing import ffmpeg, film
from scripts.films.entry import Entry, Make
from scripts.films.wellformed import AV1, CALM, QUICK_VP9, X265, after, drawn, tone

NONE = "holds no pictures that can be read"
NO_FRAME = "has not one frame that can be decoded"
# Nobody listens there; were it asked all the same, the film would be read no sooner than that is known.
ADDRESS = "http://127.0.0.1:9/film.ts"
DASH = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"
profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet><Representation id="1" bandwidth="1"
mimeType="video/mp4"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>"""
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"


def entries() -> Iterator[Entry]:
    """All of them."""
    yield from _contents()
    yield from _lists()
    yield from _places()
    yield from _sounds()
    yield from _cuts()
    yield from _claims()


def _holding(content: bytes | str) -> Make:
    return lambda path: path.write_bytes(content.encode() if isinstance(content, str) else content) and None


def _contents() -> Iterator[Entry]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("film.mp4", b"no film" * 99)
    noise = random.Random(6).randbytes(1 << 16)
    contents = {
        "one byte.mp4": b"\0", "text.mp4": "no film\n" * 999, "zip.mp4": archive.getvalue(),
        "page.mp4": "<!doctype html><title>404</title>" + "x" * 999, "noise.mp4": noise, "noise.avi": b"RIFF" + noise,
        "noughts.mkv": bytes(1 << 20), "ones.ts": b"\xff" * (1 << 16), "art.nfo": "no film\n" * 99,
        "script.avs": 'AVISource("film.avi")\n', "empty box.mp4": b"\0\0\0\x08moov", "endless box.mp4": b"\0\0\0\0mdat" + noise,
        "vector.svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="film.jpg"/></svg>',
        "bare.yuv": noise, "words.srt": "1\n00:00:00,000 --> 00:00:05,000\nHello\n",
    }
    yield Entry("no films", "zero bytes.mp4", lambda path: path.touch(), "refused", "is empty (0 bytes).", quick=True)
    for name, content in contents.items():
        yield Entry("no films", name, _holding(content), "refused", NONE, quick=name == "text.mp4", cli=name == "text.mp4")
    for name in ("jpeg.mp4", "numbered%03d.jpg", "every*.png", "alone001.jpg"):
        yield Entry("no films", name, _still, "refused", NONE)
    avif = drawn("-c:v", "libaom-av1", "-still-picture", "1", frames=1)
    yield Entry("no films", "still.avif", avif, "refused", NONE, quick=True)


def _still(path: Path) -> None:
    # By another name first: FFmpeg would take this one for a pattern.
    plain = path.with_name(".still" + (".jpg" if "jp" in path.name else ".png"))
    ffmpeg("-f", "lavfi", "-i", "testsrc", "-frames:v", "1", "-update", "1", plain)
    plain.rename(path)


def _lists() -> Iterator[Entry]:
    beside = "beside.mp4"
    yield Entry("lists", beside, drawn(*CALM), rate=25)
    yield Entry("lists", "beside.ts", drawn(*CALM), rate=25)

    def playlist(address: str) -> str:
        return f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{address}\n#EXT-X-ENDLIST\n"

    lists = {
        "concat.mp4": f"ffconcat version 1.0\nfile {beside}\n", "concat.ffconcat": f"ffconcat version 1.0\nfile {beside}\n",
        "plain.concat": f"file '{beside}'\n", "playlist.m3u8": playlist("beside.ts"), "playlist.ts": playlist("beside.ts"),
        "secret.m3u8": playlist("file:///etc/passwd"), "web.m3u8": playlist(ADDRESS), "web.mp4": playlist(ADDRESS),
        "dash.mpd": DASH.format(beside), "web.mpd": DASH.format(ADDRESS), "stream.sdp": SDP, "stream.mp4": SDP,
        "reference.asx": f'<asx><entry><ref href="{ADDRESS}"/></entry></asx>', "reference.wmv": f"[Reference]\nRef1={ADDRESS}\n",
        "list.m3u": f"{beside}\n", "list.pls": f"[playlist]\nFile1={beside}\n",
    }
    for name, content in lists.items():
        yield Entry("lists", name, _holding(content), "refused", NONE, quick=name in ("concat.mp4", "playlist.m3u8", "web.mp4"))


def _places() -> Iterator[Entry]:
    ordinary = "is no ordinary file."
    missing = "does not exist."
    yield Entry("places", "folder.mp4", lambda path: path.mkdir(exist_ok=True), "refused", "is a folder.")
    yield Entry("places", "circle.mp4", _link("circle.mp4"), "refused", missing)
    yield Entry("places", "dangling.mp4", _link("nothing"), "refused", missing)
    yield Entry("places", "nothing.mp4", lambda path: None, "refused", missing, cli=True)
    yield Entry("places", "pipe.mp4", _pipe, "refused", ordinary, quick=True, cli=True)
    yield Entry("places", "device.mp4", _link("/dev/zero"), "refused", ordinary)
    yield Entry("places", "terminal.mp4", _link("/dev/tty"), "refused", ordinary)
    yield Entry("places", "unreadable.mp4", _locked, "refused", "cannot be read: Permission denied.", quick=True)
    yield Entry("places", "to a film.mp4", _linked_film, rate=25)


def _link(target: str) -> Make:
    def made(path: Path) -> None:
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return made


def _linked_film(path: Path) -> None:
    film(path.with_name("the film.mkv"), *CALM)
    _link("the film.mkv")(path)


def _pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def _locked(path: Path) -> None:
    film(path, *CALM)
    path.chmod(0)


def _sounds() -> Iterator[Entry]:
    for name in ("sound.m4a", "sound.mp4", "sound.mp3", "sound.ts", "sound.mkv", "sound.wav", "sound.ogg", "sound.avi"):
        yield Entry("sounds", name, lambda path: ffmpeg(*tone(3), path), "refused", NONE, quick=name == "sound.mp4")
    red = ("-f", "lavfi", "-i", "color=red:size=96x96:rate=1:duration=1")
    covered = ("-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v:0", "attached_pic")
    for name in ("cover.mp3", "cover.m4a", "cover.mp4", "cover.flac"):
        yield Entry("sounds", name, lambda path: ffmpeg(*tone(3), *red, *covered, path), "refused", NONE)


def _cuts() -> Iterator[Entry]:
    ready = (*CALM, "-movflags", "+faststart")
    films = {
        "x264.mp4": ready, "index last.mp4": CALM, "x264.mkv": CALM, "x264.avi": CALM, "x264.ts": CALM, "x264.flv": CALM,
        "mpeg2.mpg": ("-c:v", "mpeg2video"), "vp9.webm": QUICK_VP9, "hevc.mp4": (*X265, "-movflags", "+faststart"),
        "av1.mp4": (*AV1, "-movflags", "+faststart"), "fragments.mp4": (*CALM, "-movflags", "frag_keyframe+empty_moov"),
        "theora.ogv": ("-c:v", "libtheora"), "windows.wmv": ("-c:v", "wmv2"), "drawn.gif": ("-c:v", "gif", "-pix_fmt", "gray"),
    }
    says_length = {"x264.mp4", "x264.mkv", "x264.avi", "hevc.mp4", "av1.mp4", "vp9.webm"}
    for name, options in films.items():
        yield Entry("cut", f"head of {name}", _part(drawn(*options), name, 0, 0.5), *_fate(name, says_length), rate=25, quick=name == "x264.mp4")
        yield Entry("cut", f"tail of {name}", _part(drawn(*options), name, 0.5, 1), "any", rate=25)
        yield Entry("cut", f"{name} without its middle", _without(drawn(*options), name), "any", rate=25)
        yield Entry("cut", f"first bytes of {name}", _part(drawn(*options), name, 0, 0.02), "any")


def _fate(name: str, says_length: set[str]) -> tuple[str, str]:
    if name == "index last.mp4":
        return "refused", NONE
    return ("warned", "is cut short: ") if name in says_length else ("any", "")


def _part(make: Make, name: str, first: float, last: float) -> Make:
    def made(path: Path) -> None:
        whole = path.with_name(f".whole-{name}")
        make(whole)
        content = whole.read_bytes()
        whole.unlink()
        path.write_bytes(content[round(first * len(content)) : round(last * len(content))])

    return made


def _without(make: Make, name: str) -> Make:
    def made(path: Path) -> None:
        whole = path.with_name(f".whole-{name}")
        make(whole)
        content = whole.read_bytes()
        whole.unlink()
        path.write_bytes(content[: round(0.4 * len(content))] + content[round(0.6 * len(content)) :])

    return made


def _claims() -> Iterator[Entry]:
    huge = (20_000).to_bytes(2, "little") * 2
    gif = drawn("-c:v", "gif", "-pix_fmt", "gray", frames=9)
    yield Entry("claims", "huge.gif", _changed(gif, lambda data: data[:6] + huge + data[10:]), "refused", NO_FRAME, quick=True)
    for name, side in (("huge.avi", 20_000), ("larger.avi", 65_535), ("negative.avi", 2**32 - 96)):
        claim = side.to_bytes(4, "little") * 2
        swollen = _changed(drawn("-c:v", "ffv1", frames=9), lambda data, claim=claim: _put(data, b"strf", 12, claim))
        yield Entry("claims", name, swollen, "refused", NO_FRAME)
    zzzz = _changed(drawn(*CALM), lambda data: data.replace(b"avc1", b"zzzz"))
    yield Entry("claims", "unknown codec.mp4", zzzz, "any")
    other = _changed(drawn(*CALM), lambda data: data.replace(b"avc1", b"hvc1"))
    yield Entry("claims", "another codec.mp4", other, "any")
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0" * 32, "-encryption_kid", "1" * 32)
    # Else it is encrypted otherwise each time, and what a decoder makes of that is chance.
    key += ("-fflags", "+bitexact")
    yield Entry("claims", "encrypted.mp4", drawn(*CALM, *key), "any", quick=True)
    hours = _changed(drawn(*CALM, "-f", "avi"), lambda data: _put(data, b"avih", 24, (10**9).to_bytes(4, "little")))
    yield Entry("claims", "far too long.avi", hours, "any", rate=25)
    rate = _changed(drawn(*CALM, "-f", "avi"), lambda data: _put(data, b"strh", 28, (0).to_bytes(4, "little") * 2))
    yield Entry("claims", "no rate.avi", rate, "any")
    # Matroska's muxer writes a duration of its own, so ours gets its name only afterwards.
    titled = drawn(*CALM, "-metadata:s:v", f"XURATION={'9' * 400}:00:00")
    endless = _changed(titled, lambda data: data.replace(b"DURATION", b"DURATIOX").replace(b"XURATION", b"DURATION"))
    yield Entry("claims", "hours of 400 digits.mkv", endless, "any", rate=25, quick=True)
    lone = after(drawn(*CALM), ".mp4", "-c", "copy", "-bsf:v", "setts=ts='if(gte(N,149),TS+1e5/TB,TS)'")
    yield Entry("claims", "last frame after days.mkv", lone, "any")


def _put(data: bytes, mark: bytes, beyond: int, content: bytes) -> bytes:
    at = data.find(mark) + beyond
    return data[:at] + content + data[at + len(content) :]


def _changed(make: Make, change: object) -> Make:
    def made(path: Path) -> None:
        make(path)
        path.write_bytes(change(path.read_bytes()))

    return made
