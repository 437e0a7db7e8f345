"""Opening a film's file: containers of films alone, and nothing beyond that one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from screentime.errors import FilmError
from screentime.video.source import shown_name

# By FFmpeg's names. It knows some 370 kinds of files; among them are lists that name other files and addresses
# (HLS, DASH, concat, SDP), numbered pictures, scripts and text: no such file is a film, whatever it is called.
CONTAINERS = (
    "3g2", "3gp", "4xm", "amv", "apng", "asf", "asf_o", "av1", "avi", "avs2", "avs3", "bink", "cavsvideo", "cine", "dhav",
    "dirac", "dnxhd", "dv", "evc", "film_cpk", "flic", "flv", "gif", "gxf", "h261", "h263", "h264", "hevc", "ivf", "kux",
    "live_flv", "lxf", "m4v", "matroska", "mjpeg", "mjpeg_2000", "mov", "mp4", "mpeg", "mpegts", "mpegtsraw", "mpegvideo",
    "mtv", "mxf", "nsv", "nut", "nuv", "obu", "ogg", "pva", "rm", "roq", "smk", "swf", "ty", "vc1", "vc1test", "vivo",
    "vvc", "webm", "wtv", "yuv4mpegpipe",
)
# The largest picture of the highest level of HEVC and H.264 (8192 x 4352). A damaged header may claim far more, and
# a decoder would take memory for several of them before it saw that nothing is there.
MOST_PIXELS = 35_651_584
# They keep the time at which a frame is decoded, not that of its presentation; FFmpeg guesses that, and is often wrong.
UNTIMED = ("avi", "asf", "asf_o")
# What they say of a stream's length is the file's.
OVERALL = ("asf", "asf_o")
# They say which picture each one is, in place of a time.
NUMBERED = ("dirac",)
# How packets begin that hold none, by the decoder's name: where Ogg films were joined the headers of the second one
# come midway; VC-2 says that it ends.
NO_PICTURE = {"theora": (b"\x80theora", b"\x81theora", b"\x82theora"), "dirac": (b"BBCD\x10",)}
# A damaged place in a container is passed over; so many in a row without a packet between are its end.
MOST_GAPS = 100


def opened(path: Path) -> Any:
    """Open a film with PyAV.

    Parameters
    ----------
    path : Path
        From `source.checked`: absolute, since FFmpeg takes a bare name such as ``concat:a`` for an order.

    Returns
    -------
    av.container.InputContainer
        Close it after use.

    Raises
    ------
    av.error.FFmpegError
        If it is no film, or cannot be read.
    """
    import av

    av.logging.set_level(None)
    return av.open(
        str(path),
        options={
            "protocol_whitelist": "file", "format_whitelist": ",".join(CONTAINERS), "max_pixels": str(MOST_PIXELS),
        },
        metadata_errors="replace",  # titles may be in any encoding; nobody reads them here
    )


def pictures_of(container: Any, path: Path) -> Any:
    """The stream to show: the first of moving pictures that can be decoded; a cover or a still picture is none.

    Parameters
    ----------
    container : av.container.InputContainer
    path : Path
        For the sentence.

    Returns
    -------
    av.video.VideoStream

    Raises
    ------
    FilmError
        If there is none.
    """
    from av.stream import Disposition

    for stream in container.streams.video:
        context = stream.codec_context
        if context is None or stream.disposition & Disposition.attached_pic or _is_still(stream):
            continue
        # It holds for the decoder too, which meets what the container did not say.
        context.options = {**context.options, "max_pixels": str(MOST_PIXELS)}
        return stream
    raise no_pictures(path)


def first_stamp(container: Any, stream: Any) -> int | None:
    """The stamp at which a stream starts.

    Parameters
    ----------
    container : av.container.InputContainer
    stream : av.video.VideoStream
        Its own.

    Returns
    -------
    int or None
        In the stream's unit; None where no times are kept, so that those of its frames mean nothing.
    """
    from av.format import Flags

    form = container.format
    if form.name in NUMBERED:
        return None
    # Times are given from 0 on where no start is said; only bare streams have none, and FFmpeg makes them up.
    return 0 if stream.start_time is None and not form.flags & Flags.no_timestamps.value else stream.start_time


def demuxed(container: Any, *streams: Any) -> Iterator[Any]:
    """All packets of some streams, in the order of the file; what is damaged between them is passed over.

    Parameters
    ----------
    container : av.container.InputContainer
    *streams : av.stream.Stream
        Its own.

    Yields
    ------
    av.Packet
        Empty ones too, with which each stream ends.
    """
    import av

    gaps = 0
    while gaps < MOST_GAPS:
        try:
            for packet in container.demux(*streams):
                if packet.size:
                    gaps = 0
                yield packet
            return
        except (av.error.FFmpegError, IndexError):  # the second for a stream that begins in the middle
            gaps += 1


def holds_picture(packet: Any) -> bool:
    """Whether a packet of a picture stream holds a picture."""
    others = NO_PICTURE.get(packet.stream.codec_context.name, ())
    return bool(packet.size) and not (others and bytes(packet).startswith(others))


def _is_still(stream: Any) -> bool:
    """Whether a stream is a picture that lies in an MP4 beside its tracks, as AVIF and HEIC have it."""
    return stream.time_base == 1 and stream.frames == 1 and stream.duration is None


def no_pictures(path: Path) -> FilmError:
    """That a file holds no pictures that can be read."""
    return FilmError(
        f"{shown_name(path)} holds no pictures that can be read: it is no film, has sound only,"
        " or lacks its index.",
        "See that a player shows it; copy it again, or convert it: ffmpeg -i FILM film.mp4.",
    )
