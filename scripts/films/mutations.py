"""Small films of the usual codecs and containers, spoiled byte by byte; the same seed spoils them alike."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.films.drawing import film
from scripts.films.entry import Entry
from scripts.films.wellformed import AV1, CALM, QUICK_VP9, X265

SEED = 6
EACH = 18
BASES = {
    "x264.mp4": (*CALM, "-movflags", "+faststart"), "x264.mkv": CALM, "x264.ts": CALM, "x264.flv": CALM,
    "fragments.mp4": (*CALM, "-movflags", "frag_keyframe+empty_moov"), "hevc.mp4": (*X265, "-movflags", "+faststart"),
    "hevc.mkv": X265, "part2.avi": ("-c:v", "mpeg4", "-g", "50", "-bf", "2"), "two.mpg": ("-c:v", "mpeg2video", "-g", "15", "-bf", "2"),
    "vp8.webm": ("-c:v", "libvpx", "-g", "50"), "vp9.webm": QUICK_VP9, "av1.mp4": (*AV1, "-movflags", "+faststart"),
    "motion.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"), "windows.wmv": ("-c:v", "wmv2"),
    "drawn.gif": ("-c:v", "gif", "-pix_fmt", "gray"),
}
# How far into a file its header reaches, in bytes.
HEADER = 1500


def _flips(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 3, 10, 40))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _header(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 2, 5))):
        data[dice.randrange(min(HEADER, len(data)))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))


def _noughts(data: bytearray, dice: random.Random) -> None:
    at, length = dice.randrange(len(data)), dice.choice((16, 100, 1000))
    data[at : at + length] = bytes(len(data[at : at + length]))


def _noise(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at : at + 64] = dice.randbytes(len(data[at : at + 64]))


def _cut(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.choice((1, 50, 400, len(data)))]


def _insertion(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at:at] = dice.randbytes(dice.choice((1, 30, 300)))


def _swap(data: bytearray, dice: random.Random) -> None:
    length = min(dice.choice((10, 200, 2000)), len(data) // 3)
    one = dice.randrange(len(data) // 2 - length)
    two = dice.randrange(len(data) // 2, len(data) - length)
    data[one : one + length], data[two : two + length] = data[two : two + length], data[one : one + length]


KINDS: dict[str, Callable[[bytearray, random.Random], None]] = {
    "flips": _flips, "header": _header, "noughts": _noughts, "noise": _noise, "cut": _cut, "insertion": _insertion, "swap": _swap,
}


def entries() -> Iterator[Entry]:
    """The films as they were, and each spoiled `EACH` times."""
    for name, options in BASES.items():
        yield Entry("base", name, lambda path, options=options: film(path, *options), rate=25, quick=True)
    for name in BASES:
        for number in range(EACH):
            kind = list(KINDS)[number % len(KINDS)]
            yield Entry(
                "mutations", f"{number:02} {kind} {name}", _spoiled(name, kind, number), "any", rate=25, base=name,
                quick=number < 3,
            )


def _spoiled(name: str, kind: str, number: int) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        whole = path.parent.parent / "base" / name
        if not whole.exists():
            whole.parent.mkdir(exist_ok=True)
            film(whole, *BASES[name])
        data = bytearray(whole.read_bytes())
        KINDS[kind](data, random.Random(f"{SEED} {name} {kind} {number}"))
        path.write_bytes(bytes(data))

    return made
