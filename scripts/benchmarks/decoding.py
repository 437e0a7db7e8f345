"""Films to pictures: the product's reader against decoding alone, ffmpeg's filters and OpenCV."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from scripts.benchmarks import children
from scripts.benchmarks.films import SEGMENT
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Failed, Result, in_turn
from scripts.benchmarks.registry import SIZES

LIMIT = 240
# Short side of the pictures in memory, as the 224 px network takes them, aspect kept.
SHORT_SIDE = 224


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``decode``."""
    tiny = str(lab.moving("tiny", SEGMENT))
    start = ffmpeg_start()
    for size in SIZES:
        rows = {name for name in wanted if size in name}
        if not rows:
            continue
        film, seconds = str(lab.film(size)), lab.film_seconds(size)

        def inside(function: str, film: str = film, seconds: int = seconds) -> float:
            found = children.call(f"decoding:{function}", film, tiny, limit=LIMIT)
            if abs(found["frames"] - seconds) > 1:
                raise Failed(f"{function} gave {found['frames']} frames of {seconds} seconds.")
            return found["seconds"]

        contestants = {
            "decoding alone": lambda film=film: decode_alone(film) - start,
            f"decode {size}": lambda inside=inside: inside("read"),
            f"decode {size}, by ffmpeg": lambda inside=inside: inside("by_ffmpeg"),
            f"decode {size}, by OpenCV": lambda inside=inside: inside("by_opencv"),
            f"extract {size}": lambda inside=inside: inside("extract"),
        }
        ours = f"decode {size}"
        contestants = {
            name: one for name, one in contestants.items() if name in rows or name in ("decoding alone", ours)
        }
        taken = in_turn(
            contestants, 3 if size == "360p" and not lab.quick else 2, lab.round(f"decode {size}"), lab.within(11)
        )
        note = f"{seconds} s of film."
        if ours in rows:
            yield taken.versus(ours, ours, "decoding alone", note)
        for name in (f"decode {size}, by ffmpeg", f"decode {size}, by OpenCV"):
            if name in rows:
                yield taken.versus(name, ours, name)
        if f"extract {size}" in rows:
            yield taken.versus(f"extract {size}", f"extract {size}", "decoding alone")


def decode_alone(film: str) -> float:
    """Seconds of a process that decodes all pictures and does nothing with them."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "2", "-i", film, "-an", "-f", "null", "-"]
    return children.run(command, limit=LIMIT).seconds


def ffmpeg_start() -> float:
    """Seconds until ffmpeg does anything, to be taken off where a start does not count on our side."""
    return statistics.median(children.run(["ffmpeg", "-version"], limit=30).seconds for _ in range(3))


# -- inside a child process: what is imported on the way is imported for a tiny film first -----------


def open_reader(film: str) -> Any:
    """The product's reader, giving pictures of the network's size."""
    from screentime.video.reader import Reader

    return Reader(film, fps=1.0, size=network_size)


def network_size(width: int, height: int) -> tuple[int, int]:
    scale = SHORT_SIDE / min(width, height)
    return round(width * scale), round(height * scale)


def read(film: str, tiny: str) -> dict[str, float]:
    """The product: all sampled pictures in memory."""
    def pictures(path: str) -> int:
        with open_reader(path) as reader:
            kept = [sample.image for sample in reader]
        if min(kept[0].shape[:2]) != SHORT_SIDE:
            raise Failed(f"The reader gave pictures of the shape {kept[0].shape}.")
        return len(kept)

    return _timed(pictures, film, tiny)


def extract(film: str, tiny: str) -> dict[str, float]:
    """The product: JPEG files."""
    from screentime.video.frames import extract as to_files

    def files(path: str) -> int:
        with tempfile.TemporaryDirectory() as folder:
            return len(to_files(path, Path(folder), fps=1.0)[1])

    return _timed(files, film, tiny)


def by_ffmpeg(film: str, tiny: str) -> dict[str, float]:
    """ffmpeg's own filters, its pictures read from a pipe; what ffmpeg takes to start is taken off."""
    import numpy as np

    def pictures(path: str) -> int:
        width, height = network_size(*_size(path))
        command = [
            "ffmpeg", "-v", "error", "-nostdin", "-threads", "2", "-i", path, "-an", "-vf", f"fps=1,scale={width}:{height}",
            "-f", "rawvideo", "-pix_fmt", "bgr24", "-",
        ]
        kept, size = [], width * height * 3
        with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=size) as process:
            while len(part := process.stdout.read(size)) == size:
                kept.append(np.frombuffer(part, np.uint8).reshape(height, width, 3))
        return len(kept)

    found = _timed(pictures, film, tiny)
    return {**found, "seconds": found["seconds"] - ffmpeg_start()}


def by_opencv(film: str, tiny: str) -> dict[str, float]:
    """The original's way: every frame is read, one a second kept."""
    import cv2

    def pictures(path: str) -> int:
        capture, kept, number = cv2.VideoCapture(path), [], 0
        every = round(capture.get(cv2.CAP_PROP_FPS))
        while True:
            there, image = capture.read()
            if not there:
                return len(kept)
            if number % every == 0:
                size = network_size(image.shape[1], image.shape[0])
                kept.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
            number += 1

    return _timed(pictures, film, tiny)


def _timed(work: Any, film: str, tiny: str) -> dict[str, float]:
    work(tiny)
    began = time.monotonic()
    frames = work(film)
    return {"seconds": time.monotonic() - began, "frames": frames}


def _size(film: str) -> tuple[int, int]:
    import cv2

    capture = cv2.VideoCapture(film)
    return int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
