"""Films that are odd and whole: every rate, shape, colour, codec, container and way of telling the time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.films.drawing import RATE, ffmpeg, film
from scripts.films.entry import Entry, Make

CALM = ("-c:v", "libx264", "-preset", "medium", "-g", "50")
QUICK_VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "50")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=50:bframes=3")
# The pictures of the first input with the sound of the second, neither cut.
BOTH = ("-map", "0:v", "-map", "1:a", "-c:a", "aac", "-b:a", "32k")
WORDS = "1\n00:00:00,000 --> 00:00:05,000\nHello\n"
AV1 = ("-c:v", "libsvtav1", "-preset", "12", "-g", "50")


def drawn(
    *options: str, rate: str | int = RATE, frames: int = 150, before: tuple[str, ...] = (), first: int = 0
) -> Make:
    """A film of numbered pictures with FFmpeg's options."""
    return lambda path: film(path, *options, rate=rate, frames=frames, before=before, first=first)


def tone(seconds: float) -> tuple[str, ...]:
    """FFmpeg's options for one more input: a tone of so many seconds."""
    return ("-f", "lavfi", "-i", f"sine=duration={seconds}:sample_rate=48000")


def after(
    make: Make, suffix: str, *options: str, before: tuple[str, ...] = (), beside: tuple[str, ...] = ()
) -> Make:
    """A film made of another one, which has this suffix, and of what lies beside it."""

    def made(path: Path) -> None:
        with TemporaryDirectory(dir=path.parent) as folder:
            first = Path(folder) / f"first{suffix}"
            make(first)
            ffmpeg(*before, "-i", first, *beside, *options, path)

    return made


def joined(*parts: Make, suffix: str = ".ts") -> Make:
    """Films one behind the other, byte by byte."""

    def made(path: Path) -> None:
        with TemporaryDirectory(dir=path.parent) as folder:
            content = b""
            for number, part in enumerate(parts):
                part(Path(folder) / f"{number}{suffix}")
                content += (Path(folder) / f"{number}{suffix}").read_bytes()
        path.write_bytes(content)

    return made


def entries() -> Iterator[Entry]:
    """All of them."""
    yield from _rates()
    yield from _shapes()
    yield from _codecs()
    yield from _containers()
    yield from _times()
    yield from _streams()
    yield from _long()


def _rates() -> Iterator[Entry]:
    rates = {
        "23.976.mp4": "24000/1001", "29.97.mkv": "30000/1001", "59.94.mp4": "60000/1001", "59.94.ts": "60000/1001",
        "12.5.avi": "25/2", "120.mp4": "120", "1.mp4": "1", "0.5.mkv": "1/2",
    }
    for name, rate in rates.items():
        yield Entry("rates", name, drawn(*CALM, rate=rate), rate=float(Fraction(rate)), quick=name == "23.976.mp4")
    uneven = ("-vf", "select='not(between(mod(n,60),20,47))'", "-fps_mode", "vfr", *CALM)
    yield Entry("rates", "variable.mp4", drawn(*uneven), rate=25, quick=True)
    yield Entry("rates", "variable.mkv", drawn(*uneven), rate=25)
    jitter = ("-vf", "setpts='(N+0.4*sin(N))/25/TB'", "-fps_mode", "vfr", "-enc_time_base", "1/90000", *CALM)
    yield Entry("rates", "jitter.mp4", drawn(*jitter))
    slower = ("-vf", "setpts='if(lt(N,75),N,75+(N-75)*2)/25/TB'", "-fps_mode", "vfr", *CALM)
    yield Entry("rates", "slower midway.mkv", drawn(*slower))
    much = ("-vf", "setpts='if(lt(N,75),N,75+(N-75)*7)/25/TB'", "-fps_mode", "vfr")
    reordered = (*CALM, "-bf", "3", "-x264-params", "b-adapt=0")
    for name, options in {
        "much slower midway.apng": ("-c:v", "apng", "-pix_fmt", "gray", "-f", "apng"), "much slower midway.asf": reordered,
        "much slower midway.avi": reordered, "much slower midway.wmv": ("-c:v", "wmv2"),
        "much slower in order.asf": (*CALM, "-bf", "0"), "much slower in order.avi": (*CALM, "-bf", "0"),
        "much slower part2.asf": ("-c:v", "mpeg4", "-bf", "2"),
    }.items():
        yield Entry(
            "rates", name, drawn(*much, *options), quick=name.endswith(("apng", "midway.asf")),
            second_of=lambda number: (number if number < 75 else 75 + (number - 75) * 7) / 25,
        )
    yield Entry(
        "rates", "slower midway.ts", joined(drawn(*CALM, frames=75), drawn(*CALM, rate=12, frames=75, first=75)),
        second_of=lambda number: number / 25 if number < 75 else 3 + (number - 75) / 12, quick=True,
    )


def _shapes() -> Iterator[Entry]:
    def sized(size: str, *more: str) -> tuple[str, ...]:
        return ("-vf", f"scale={size}", *(more or CALM))

    wide = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p")
    yield Entry("shapes", "321x181.mp4", drawn(*sized("321:181", *wide)), rate=25, quick=True)
    yield Entry("shapes", "1x1.mkv", drawn(*sized("1:1", "-c:v", "ffv1", "-pix_fmt", "bgr0"), frames=60))
    yield Entry("shapes", "2x2.mp4", drawn(*sized("2:2"), frames=60))
    yield Entry("shapes", "3x200.mkv", drawn(*sized("3:200", "-c:v", "ffv1", "-pix_fmt", "yuv444p"), frames=60))
    yield Entry("shapes", "16x4000.mp4", drawn(*sized("16:4000"), frames=60), quick=True)
    yield Entry("shapes", "4000x16.mp4", drawn(*sized("4000:16"), frames=60), rate=25)
    yield Entry("shapes", "7680x4320.mp4", drawn(*sized("7680:4320", "-c:v", "libx264", "-preset", "ultrafast"), frames=4))
    for name, ratio in (("oblong", "16/11"), ("tall", "1/3"), ("absurd", "4000/3")):
        yield Entry("shapes", f"{name} pixels.mp4", drawn(*CALM, "-vf", f"setsar={ratio}"), rate=25)
    # Stored turned, so that the film is upright once it is turned as it says.
    for angle, stored in ((90, "transpose=1"), (180, "hflip,vflip"), (270, "transpose=2")):
        turned = after(drawn(*CALM, "-vf", stored), ".mp4", "-c", "copy", before=("-display_rotation", str(angle)))
        yield Entry("shapes", f"turned {angle}.mov", turned, rate=25, quick=angle == 90)
    mirrored = after(drawn(*CALM), ".mp4", "-c", "copy", before=("-display_hflip",))
    yield Entry("shapes", "mirrored.mp4", mirrored)
    askew = after(drawn(*CALM), ".mp4", "-c", "copy", before=("-display_rotation", "33"))
    yield Entry("shapes", "askew 33.mp4", askew, rate=25)
    yield Entry("shapes", "interlaced.mp4", drawn(*CALM, "-flags", "+ildct+ilme", "-x264-params", "tff=1"), rate=25)
    fields = ("-vf", "tinterlace=interleave_top", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")
    yield Entry("shapes", "interlaced fields.mpg", drawn(*fields, rate=50))
    bigger = drawn(*CALM, "-vf", "scale=320:180", "-output_ts_offset", "3", frames=75, first=75)
    yield Entry("shapes", "larger midway.ts", joined(drawn(*CALM, frames=75), bigger), "warned", "does not rise", rate=25, quick=True)
    yield Entry("shapes", "ten bits.mkv", drawn(*CALM, "-pix_fmt", "yuv420p10le"), rate=25)
    yield Entry("shapes", "444 twelve bits.mov", drawn("-c:v", "prores_ks", "-profile:v", "4", "-pix_fmt", "yuva444p10le"), rate=25)
    pq = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-pix_fmt", "yuv420p10le")
    yield Entry("shapes", "hdr pq.mp4", drawn(*X265, *pq), rate=25, quick=True)
    yield Entry("shapes", "hdr hlg.mkv", drawn(*X265, *pq[:3], "arib-std-b67", *pq[4:]), rate=25)
    yield Entry("shapes", "odd matrix.mp4", drawn(*CALM, "-x264-params", "colormatrix=YCgCo:fullrange=on"), rate=25)
    yield Entry("shapes", "see-through.webm", drawn(*QUICK_VP9, "-pix_fmt", "yuva420p"), rate=25)


def _codecs() -> Iterator[Entry]:
    def large(*options: str) -> tuple[str, ...]:
        return ("-vf", "scale=352:288", *options)

    made = {
        "av1.mp4": AV1, "av1.webm": AV1, "vp9.webm": QUICK_VP9, "vp8.webm": ("-c:v", "libvpx", "-g", "50"),
        "hevc.mp4": (*X265, "-tag:v", "hvc1"), "hevc.mkv": X265, "mpeg1.mpg": ("-c:v", "mpeg1video", "-bf", "2"),
        "mpeg2.ts": ("-c:v", "mpeg2video", "-g", "15", "-bf", "2"), "part2.avi": ("-c:v", "mpeg4", "-g", "50", "-bf", "2"),
        "part2.mp4": ("-c:v", "mpeg4", "-g", "50"), "xvid.avi": ("-c:v", "libxvid", "-bf", "2"),
        "motion.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"), "drawn.gif": ("-c:v", "gif", "-pix_fmt", "gray"),
        "drawn.apng": ("-c:v", "apng", "-pix_fmt", "gray", "-f", "apng"), "pro.mov": ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"),
        "ffv1.mkv": ("-c:v", "ffv1"), "raw.avi": ("-c:v", "rawvideo"), "raw.y4m": ("-c:v", "wrapped_avframe"),
        "theora.ogv": ("-c:v", "libtheora", "-g", "50"), "windows.wmv": ("-c:v", "wmv2"), "sorenson.flv": ("-c:v", "flv"),
        "h263.3gp": large("-c:v", "h263"), "dnxhr.mxf": ("-vf", "scale=320:192", "-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p"),
        "mpeg2.mxf": large("-c:v", "mpeg2video"), "huff.avi": ("-c:v", "huffyuv", "-pix_fmt", "yuv422p"),
        "cinepak.mov": ("-c:v", "cinepak", "-pix_fmt", "rgb24"), "png.mov": ("-c:v", "png", "-pix_fmt", "rgb24"),
        "msmpeg4.avi": ("-c:v", "msmpeg4v2"), "intra refresh.mp4": (*CALM, "-x264-params", "intra-refresh=1:keyint=20"),
        "open groups.mkv": (*CALM, "-x264-params", "open-gop=1:keyint=20:bframes=3"), "dirac.mkv": ("-c:v", "vc2", "-pix_fmt", "yuv422p"),
        "tiff.mkv": ("-c:v", "tiff", "-pix_fmt", "gray"),
    }
    for name, options in made.items():
        # A GIF counts hundredths of a second, which 25 a second are.
        yield Entry("codecs", name, drawn(*options), rate=25, quick=name in ("av1.mp4", "part2.avi", "drawn.gif"))
    for name in ("bare.h264", "bare.ivf"):
        yield Entry("codecs", name, drawn(*(QUICK_VP9 if name.endswith("ivf") else CALM)), rate=25)
    yield Entry("codecs", "bare.hevc", drawn(*X265), rate=25)
    # What FFmpeg takes for its times numbers its pictures.
    bare = drawn("-c:v", "vc2", "-pix_fmt", "yuv422p", "-f", "dirac")
    yield Entry("codecs", "bare.drc", bare, second_of=lambda number: number / 25, quick=True)
    yield Entry("codecs", "bare.obu", drawn(*AV1), rate=25)


def _containers() -> Iterator[Entry]:
    for suffix in ("mov", "m4v", "3gp", "f4v", "mkv", "ts", "m2ts", "mpg", "vob", "flv", "asf", "nut", "avi"):
        yield Entry("containers", f"x264.{suffix}", drawn(*CALM), rate=25, quick=suffix in ("ts", "flv"))
    pieces = ("-movflags", "frag_keyframe+empty_moov")
    yield Entry("containers", "fragments.mp4", drawn(*CALM, *pieces), rate=25, quick=True)
    yield Entry("containers", "live.mkv", drawn(*CALM, "-live", "1", "-f", "matroska"), rate=25)
    yield Entry("containers", "film without a suffix", drawn(*CALM, "-f", "mp4"), rate=25)
    yield Entry("containers", "matroska called.mp4", drawn(*CALM, "-f", "matroska"), rate=25)


def _times() -> Iterator[Entry]:
    late = ("-output_ts_offset", "3600")
    yield Entry("times", "an hour late.mp4", drawn(*CALM, *late), rate=25)
    yield Entry("times", "an hour late.ts", drawn(*CALM, *late), rate=25)
    yield Entry("times", "an hour late.mkv", drawn(*CALM, *late), rate=25)
    early = ("-output_ts_offset", "-2", "-avoid_negative_ts", "disabled")
    yield Entry("times", "negative.mkv", drawn(*CALM, *early), rate=25)
    yield Entry("times", "negative.mp4", drawn(*CALM, *early), quick=True)
    # A transport stream counts to 2 ** 33 ninety-thousandths and begins anew.
    yield Entry("times", "counter overflows.ts", drawn(*CALM, "-output_ts_offset", "95440.5"), rate=25, quick=True)
    yield Entry("times", "jumping back.ts", joined(drawn(*CALM, frames=75), drawn(*CALM, frames=75, first=75)), rate=25)
    theora = [drawn("-c:v", "libtheora", "-g", "50", frames=75, first=first) for first in (0, 75)]
    yield Entry("times", "joined.ogv", joined(*theora, suffix=".ogv"), rate=25, quick=True)
    ahead = drawn(*CALM, "-output_ts_offset", "1000", frames=75, first=75)
    yield Entry("times", "jumping ahead.ts", joined(drawn(*CALM, frames=75), ahead))
    pause = drawn(*CALM, "-vf", "setpts='if(lt(N,60),N,N+250)/25/TB'", "-fps_mode", "vfr")
    yield Entry(
        "times", "gap and join.ts", joined(pause, drawn(*CALM, first=150)), quick=True,
        second_of=lambda number: (number if number < 60 else number + 250) / 25,
    )
    loud = ("-map", "0:v", "-map", "1:a", "-c:a", "aac", *CALM)
    talking = [drawn(*loud, frames=75, first=first, before=tone(3)) for first in (0, 75)]
    yield Entry("times", "joined with sound.ts", joined(*talking), rate=25)
    slow = drawn(*CALM, "-vf", "setpts='if(lt(N,75),N,75+(N-75)*7)/25/TB'", "-fps_mode", "vfr")
    stray = after(slow, ".mkv", "-c", "copy", "-bsf:v", "setts=pts='if(eq(N,30),PREV_OUTPTS,PTS)'")
    yield Entry(
        "times", "one stamp twice.mkv", stray, "warned", "a time that does not rise", quick=True,
        second_of=lambda number: (number if number < 75 else 75 + (number - 75) * 7) / 25,
    )
    cut = after(drawn(*CALM), ".mp4", "-c", "copy", before=("-ss", "1.3"))
    yield Entry("times", "start cut away.mp4", cut, quick=True)
    yield Entry("times", "start cut away.mov", after(drawn(*X265), ".mov", "-c", "copy", before=("-ss", "1.3")))
    waiting = after(drawn(*CALM), ".mp4", *BOTH, "-c:v", "copy", before=("-itsoffset", "2"), beside=tone(8))
    yield Entry("times", "begins with nothing.mp4", waiting, rate=25)
    twice = after(drawn(*CALM), ".mkv", "-c", "copy", "-bsf:v", "setts=pts='if(eq(mod(N,30),29),PREV_OUTPTS,PTS)'")
    yield Entry("times", "twice the same time.mkv", twice, "any", rate=25)
    mixed = after(drawn(*CALM, "-bf", "0"), ".mkv", "-c", "copy", "-bsf:v", "setts=ts='if(gte(N,75),TS-1/TB,TS)'")
    yield Entry("times", "back by a second.mkv", mixed, "any", rate=25)
    none = after(drawn(*CALM, "-bf", "0"), ".mp4", "-c", "copy", "-bsf:v", "setts=ts=NOPTS", "-f", "avi")
    yield Entry("times", "no times.avi", none, "any", rate=25)
    held = "setts=duration='if(gte(N,149),5/TB,DURATION)'"
    yield Entry("times", "last one held.mp4", after(drawn(*CALM, "-bf", "0"), ".mp4", "-c", "copy", "-bsf:v", held), rate=25)


def _streams() -> Iterator[Entry]:
    loud = (*BOTH, *CALM)
    yield Entry("streams", "sound.mp4", drawn(*loud, before=tone(6)), rate=25, quick=True)
    yield Entry("streams", "sound goes on.mp4", drawn(*loud, before=tone(20)), rate=25)
    yield Entry("streams", "sound goes on.mkv", drawn(*loud, before=tone(20)), rate=25)
    # These say how long the whole film is, and not its pictures.
    for suffix, codecs in {
        "flv": ("-c:a", "aac", *CALM), "asf": ("-c:a", "aac", *CALM), "nut": ("-c:a", "aac", *CALM),
        "wmv": ("-c:v", "wmv2", "-c:a", "wmav2"), "mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    }.items():
        goes_on = drawn("-map", "0:v", "-map", "1:a", *codecs, before=tone(20))
        yield Entry("streams", f"sound goes on.{suffix}", goes_on, rate=25, quick=suffix == "flv")
    yield Entry("streams", "sound goes on, unsaid.mkv", _unsaid(drawn(*loud, before=tone(20))), rate=25)
    yield Entry("streams", "sound ends early.avi", drawn(*BOTH, "-c:v", "mpeg4", before=tone(2)), rate=25)
    blue = ("-f", "lavfi", "-i", "color=blue:size=640x360:rate=10:duration=9")
    yield Entry("streams", "two films.mkv", drawn("-map", "0", "-map", "1", *CALM, before=blue), rate=25, quick=True)
    yield Entry("streams", "two films.mp4", drawn("-map", "0", "-map", "1", *CALM, before=blue), rate=25)
    for name, codec in (("words.mkv", "srt"), ("words.mp4", "mov_text")):
        yield Entry("streams", name, _worded(codec), rate=25)
    cover = ("-f", "lavfi", "-i", "color=red:size=96x96:rate=1:duration=1")
    covered = ("-map", "0", "-map", "1", "-c:v:0", "copy", "-c:v:1", "png", "-disposition:v:1", "attached_pic")
    yield Entry("streams", "cover.mp4", after(drawn(*CALM), ".mp4", *covered, beside=cover), rate=25)
    # FFmpeg calls the still picture in it the first stream.
    moving = drawn("-c:v", "libaom-av1", "-cpu-used", "8")
    yield Entry("streams", "moving.avif", moving, second_of=lambda number: number / 25)
    yield Entry("streams", "one frame.mp4", drawn(*CALM, frames=1), quick=True)
    yield Entry("streams", "one frame.mkv", drawn(*CALM, frames=1))
    yield Entry("streams", "one frame.gif", drawn("-c:v", "gif", "-pix_fmt", "gray", frames=1))
    # FFmpeg takes nothing so short for a transport stream.
    yield Entry("streams", "two frames.ts", drawn(*CALM, frames=2), "any")


def _unsaid(make: Make) -> Make:
    """An MKV without what it says of each of its streams."""

    def made(path: Path) -> None:
        make(path)
        path.write_bytes(path.read_bytes().replace(b"DURATION", b"DURATIOX"))

    return made


def _worded(codec: str) -> Make:
    """A film with subtitles."""

    def made(path: Path) -> None:
        with TemporaryDirectory(dir=path.parent) as folder:
            (Path(folder) / "words.srt").write_text(WORDS)
            film(path, "-map", "0", "-map", "1", "-c:s", codec, *CALM, before=("-i", f"{folder}/words.srt"))

    return made


def _long() -> Iterator[Entry]:
    slow = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=1:duration=14400", "-c:v", "libx264", "-preset", "ultrafast")
    yield Entry("long", "four hours, one a second.mp4", lambda path: ffmpeg(*slow, path))
    turns = after(drawn(*CALM, frames=1500), ".mp4", "-c", "copy", before=("-stream_loop", "239"))
    yield Entry("long", "four hours.mp4", turns)
    yield Entry("long", "four hours.mkv", turns)
