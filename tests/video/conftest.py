"""Real films for the tests, each picture carrying its own number."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
import pytest

BITS = 12
WIDTH, HEIGHT = 160, 96


def draw(number: int) -> np.ndarray:
    """A gray picture: the upper half holds the number in bars, the lower half changes all over."""
    picture = np.full((HEIGHT, WIDTH), 90, np.uint8)
    noise = np.random.default_rng(number)
    picture[HEIGHT // 2 :] = noise.integers(60, 120, (HEIGHT - HEIGHT // 2, WIDTH))
    bar = WIDTH // 16
    for bit in range(BITS):
        picture[: HEIGHT // 2, (bit + 2) * bar : (bit + 3) * bar] = 235 if number >> bit & 1 else 16
    return picture


def number_in(image: np.ndarray) -> int:
    """The number that a decoded picture carries, whatever its size."""
    height, width = image.shape[:2]
    rows, bar = slice(height // 8, 3 * height // 8), width / 16
    middles = [int((bit + 2.5) * bar) for bit in range(BITS)]
    return sum(1 << bit for bit, x in enumerate(middles) if image[rows, x - 1 : x + 2].mean() > 125)


def ffmpeg(*arguments: str | Path, stdin: bytes | None = None) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, input=stdin, check=True, timeout=60)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """``studio.film(name, frames, rate, *ffmpeg_options)`` makes a film, once for each set of these."""
    folder = tmp_path_factory.mktemp("films")

    def film(name: str, frames: int, rate: str | int, *options: str) -> Path:
        # Tests in several files may call different films the same.
        place = folder / hashlib.sha256(repr((frames, str(rate), options)).encode()).hexdigest()[:12]
        place.mkdir(exist_ok=True)
        path = place / name
        if not path.exists():
            raw = b"".join(draw(number).tobytes() for number in range(frames))
            size = f"{WIDTH}x{HEIGHT}"
            source = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", size, "-r", str(rate), "-i", "-"]
            codec = ["-c:v", "libx264", "-preset", "ultrafast", "-movflags", "+faststart"]
            ffmpeg(*source, *codec, "-pix_fmt", "yuv420p", *options, path, stdin=raw)
        return path

    def spoil(name: str, source: Path, change: Callable[[bytearray], None]) -> Path:
        content = bytearray(source.read_bytes())
        change(content)
        path = folder / name
        path.write_bytes(content)
        return path

    return SimpleNamespace(folder=folder, film=film, spoil=spoil, ffmpeg=ffmpeg, number_in=number_in)
