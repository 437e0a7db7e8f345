"""Which packets others lean on, against what FFmpeg's own decoders leave out and begin with."""

from __future__ import annotations

import av
import pytest

from screentime.video.leaning import Kind, Leaning

# The pictures change all over, which x264 by itself would answer with whole pictures and no others between.
X264 = ("-preset", "medium", "-sc_threshold", "0", "-b_strategy", "0", "-x264-params")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params")
FILMS = {
    "pyramid.mp4": (*X264, "keyint=20:bframes=5:b-pyramid=normal"),
    "strict.ts": (*X264, "keyint=20:bframes=3:b-pyramid=strict"),
    "open.mkv": (*X264, "keyint=20:open-gop=1:bframes=3"),
    "slices.mp4": (*X264, "keyint=20:slices=4:bframes=2"),
    "hevc.mp4": (*X265, "log-level=none:keyint=20:bframes=4:b-pyramid=1"),
    "hevc.ts": (*X265, "log-level=none:keyint=20:bframes=4:open-gop=0"),
    "two.mpg": ("-c:v", "mpeg2video", "-g", "12", "-bf", "2"),
    "part2.mp4": ("-c:v", "mpeg4", "-g", "12", "-bf", "2"),
}


def kinds_of(path):
    """(stamp, kind) of each packet, and whether spare ones are believed."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        context = stream.codec_context
        leaning = Leaning(context.name, context.codec.intra_only, context.extradata or b"")
        packets = [packet for packet in film.demux(stream) if packet.size]
        found = [(packet.pts, leaning.kind(packet.is_keyframe, bytes(packet))) for packet in packets]
    return found, leaning.spares


def decoded(path, skip):
    with av.open(str(path)) as film:
        film.streams.video[0].codec_context.skip_frame = skip
        return [(frame.pts, frame.key_frame) for frame in film.decode(video=0)]


@pytest.mark.parametrize("name", FILMS)
def test_spare_frames_are_those_that_the_decoder_leaves_out(studio, name):
    path = studio.film(name, 100, 25, *FILMS[name])
    kinds, believed = kinds_of(path)
    every, kept = decoded(path, "DEFAULT"), dict(decoded(path, "NONREF"))
    spare = {stamp for stamp, kind in kinds if kind & Kind.SPARE}
    assert believed and 20 < len(spare) < 80
    assert spare == {stamp for stamp, _ in every if stamp not in kept}


@pytest.mark.parametrize(("name", "starts"), [
    ("pyramid.mp4", 5), ("strict.ts", 5), ("slices.mp4", 5), ("hevc.mp4", 5), ("hevc.ts", 5), ("two.mpg", 9),
    ("part2.mp4", 9),
    # Of an open group in H.264 only the first picture is sure to begin anew.
    ("open.mkv", 1),
])
def test_starts_are_key_frames(studio, name, starts):
    path = studio.film(name, 100, 25, *FILMS[name])
    found = {stamp for stamp, kind in kinds_of(path)[0] if kind & Kind.START}
    assert len(found) == starts
    assert found <= {stamp for stamp, key in decoded(path, "DEFAULT") if key}


def test_a_picture_that_is_drawn_anew_bit_by_bit_is_no_start(studio):
    path = studio.film("refresh.mp4", 100, 25, *X264, "intra-refresh=1:keyint=20")
    with av.open(str(path)) as film:
        assert sum(packet.is_keyframe for packet in film.demux(video=0)) > 1
    assert [kind for _, kind in kinds_of(path)[0]].count(Kind.START) == 1


def test_spare_frames_of_hevc_in_layers_are_not_believed(studio):
    layers = "log-level=none:temporal-layers=3:bframes=4:keyint=20"
    assert not kinds_of(studio.film("layers.mp4", 60, 25, *X265, layers))[1]


@pytest.mark.parametrize(("name", "options", "kind"), [
    ("motion.avi", ("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"), Kind.START | Kind.SPARE),
    ("pro.mov", ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"), Kind.START | Kind.SPARE),
    ("drawn.gif", ("-c:v", "gif", "-pix_fmt", "rgb8"), 0),
])
def test_pictures_by_themselves_and_unknown_ones(studio, name, options, kind):
    assert {found for _, found in kinds_of(studio.film(name, 10, 25, *options))[0]} == {kind}


@pytest.mark.parametrize("codec", ["h264", "hevc", "mpeg2video", "mpeg4", "vp9", "none"])
@pytest.mark.parametrize("data", [b"\0", b"\0\0\1", b"\0\0\1\xb6", b"\0\0\1\0\0", b"\xff" * 9, b"\0\0\0\x09\x01"])
@pytest.mark.parametrize("extradata", [b"", b"\1", b"\1" * 40])
def test_a_damaged_packet_is_neither_spare_nor_a_start(codec, data, extradata):
    kind = Leaning(codec, False, extradata).kind(False, data)
    assert not kind & Kind.START and (not kind & Kind.SPARE or codec in ("h264", "hevc"))
