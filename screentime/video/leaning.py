"""What a film's packets tell of themselves before they are decoded: which of them others lean on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntFlag

# Codecs that begin anew at a packet which its container calls a key: nothing in the order of decoding behind
# it leans on what came before, except for pictures that are shown before it.
STARTING = {"mpeg1video", "mpeg2video", "mpeg4", "vp8", "vp9", "av1"}
# Numbers by which H.264 and HEVC name the units that a packet is made of.
H264_SLICES, H264_IDR, H264_SETS = range(1, 6), 5, (7, 8, 13, 15)
HEVC_SLICES, HEVC_STARTS, HEVC_SETS = range(0, 32), range(16, 24), (32, 33, 34)
HEVC_SPARES = range(0, 16, 2)
UNIT = b"\0\0\1"


class Kind(IntFlag):
    """What a packet is to the others.

    START: nothing behind it, in the order of decoding, leans on what lies before it, except for pictures
    that are shown before it. SPARE: no other packet leans on it. HELD: it must be decoded, since it changes
    how others are read. HIDDEN: it is decoded and not shown.
    """

    START = 1
    SPARE = 2
    HELD = 4
    HIDDEN = 8


class Leaning:
    """Tells of each packet of a picture stream what it is to the others.

    Where a codec is not known well enough all of its packets lean on one another.

    Parameters
    ----------
    codec : str
        By FFmpeg's name.
    intra : bool
        Whether the codec draws every picture by itself.
    extradata : bytes
        What the container says to the decoder before the first packet.
    """

    def __init__(self, codec: str, intra: bool, extradata: bytes) -> None:
        self._intra = intra
        self._starting = codec in STARTING
        self._layers: set[int] = set()
        self._sets: list[bytes] = []  # what the latest packet with parameter sets said in them
        self._length = 0  # bytes before each unit that say how long it is; 0 where a mark stands there
        readers = {
            "h264": self._h264, "hevc": self._hevc, "mpeg1video": _mpeg2, "mpeg2video": _mpeg2, "mpeg4": _mpeg4,
        }
        self._read: Callable[[bytes], int] | None = readers.get(codec)
        if codec == "h264" and extradata[:1] == b"\1" and len(extradata) > 4:
            self._length = (extradata[4] & 3) + 1
        if codec == "hevc" and extradata[:1] == b"\1" and len(extradata) > 21:
            self._length = (extradata[21] & 3) + 1

    @property
    def spares(self) -> bool:
        """Whether what was called SPARE so far can be believed.

        HEVC says so of a picture only with regard to its own layer; with one layer that is all.
        """
        return len(self._layers) < 2

    def kind(self, key: bool, data: bytes) -> int:
        """What a packet is to the others.

        Parameters
        ----------
        key : bool
            Whether the container calls it a key.
        data : bytes
            The packet.

        Returns
        -------
        int
            A `Kind`; HIDDEN is not told.
        """
        if self._intra:
            return Kind.START | Kind.SPARE
        kind = self._read(data) if self._read else 0
        return kind | Kind.START if key and self._starting else kind

    def _h264(self, data: bytes) -> int:
        spare, start, sets, slices = True, True, [], 0
        for at, end in self._units(data):
            number = data[at] & 31
            if number in H264_SLICES:
                slices += 1
                spare &= not data[at] & 0x60
                # Other pictures that containers call keys may lean on what came before: intra refresh,
                # recovery points.
                start &= number == H264_IDR
            if number in H264_SETS:
                sets.append(data[at:end])
        return self._kind(spare, start, sets, slices)

    def _hevc(self, data: bytes) -> int:
        spare, start, sets, slices = True, True, [], 0
        for at, end in self._units(data):
            number = data[at] >> 1 & 63
            if number in HEVC_SLICES:
                slices += 1
                spare &= number in HEVC_SPARES
                start &= number in HEVC_STARTS
                if at + 1 < len(data):
                    self._layers.add(data[at + 1] & 7)
            if number in HEVC_SETS:
                sets.append(data[at:end])
        return self._kind(spare, start, sets, slices)

    def _kind(self, spare: bool, start: bool, sets: list[bytes], slices: int) -> int:
        # Most films say the same at every start; what is new there is needed behind it.
        new = bool(sets) and sets != self._sets
        self._sets = sets or self._sets
        if not slices:
            return Kind.HELD
        if start:
            return Kind.START | Kind.HELD * new
        return Kind.HELD * bool(sets) | Kind.SPARE * spare

    def _units(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where each unit of a packet begins and ends."""
        at = 0
        if self._length:
            while at + self._length < len(data):
                first = at + self._length
                at = first + int.from_bytes(data[at:first], "big")
                yield first, at
            return
        at = data.find(UNIT) + len(UNIT)
        while len(UNIT) <= at < len(data):
            following = data.find(UNIT, at)
            # The mark may have one nought more in front.
            yield at, len(data) if following < 0 else following - (data[following - 1] == 0)
            at = following + len(UNIT)


def _mpeg2(data: bytes) -> int:
    at = data.find(b"\0\0\1\0")
    return Kind.SPARE if 0 <= at < len(data) - 5 and data[at + 5] >> 3 & 7 == 3 else 0


def _mpeg4(data: bytes) -> int:
    at = data.find(b"\0\0\1\xb6")
    return Kind.SPARE if 0 <= at < len(data) - 4 and data[at + 4] >> 6 == 2 else 0
