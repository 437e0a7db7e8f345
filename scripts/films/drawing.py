"""Numbered pictures and the films made of them: each picture tells which one it is."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np

BITS = 12
WIDTH, HEIGHT = 160, 96
RATE, FRAMES = 25, 150
# FFmpeg takes no longer than this for any film of the corpus; what hangs is ended.
LONGEST_SECONDS = 240
# Where a picture differs by more than this from what its encoder meant, in any block of so many pixels, it is
# smeared: codecs at their coarsest differ by 20.
BLOCK, SMEAR = 16, 32.0


@cache
def program() -> str:
    """FFmpeg's program: the one that the tests use, else the one in the PATH.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        found = shutil.which("ffmpeg")
    if found is None:
        raise FileNotFoundError("ffmpeg is not installed; the films are made with it.")
    return found


def ffmpeg(*arguments: str | Path, stdin: bytes | None = None) -> None:
    """Run FFmpeg.

    Raises
    ------
    subprocess.CalledProcessError
        If it refuses.
    """
    command = [program(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    if stdin is not None:
        command.remove("-nostdin")
    subprocess.run(command, input=stdin, check=True, timeout=LONGEST_SECONDS, capture_output=True)


def draw(number: int) -> np.ndarray:
    """A gray picture: the upper half holds the number in bars, in the lower half a ball rolls.

    Parameters
    ----------
    number : int
        From 0 on, below ``2 ** BITS``.

    Returns
    -------
    ndarray of uint8, shape (HEIGHT, WIDTH)
    """
    picture = np.full((HEIGHT, WIDTH), 90, np.uint8)
    bar = WIDTH // 16
    for bit in range(BITS):
        picture[: HEIGHT // 2, (bit + 2) * bar : (bit + 3) * bar] = 235 if number >> bit & 1 else 16
    rows, columns = np.mgrid[HEIGHT // 2 : HEIGHT, :WIDTH]
    ball = (rows - 0.75 * HEIGHT) ** 2 + (columns - (number * 3) % WIDTH) ** 2
    picture[HEIGHT // 2 :] = np.where(ball < 18**2, 220 - ball / 3, 60 + (columns + number) % 40)
    return picture


def number_in(image: np.ndarray) -> int:
    """The number that a picture carries, whatever its size.

    Parameters
    ----------
    image : ndarray, shape (height, width) or (height, width, 3)
    """
    height, width = image.shape[:2]
    rows, bar = slice(height // 8, max(3 * height // 8, height // 8 + 1)), width / 16
    middles = [int((bit + 2.5) * bar) for bit in range(BITS)]
    return sum(1 << bit for bit, x in enumerate(middles) if image[rows, max(x - 1, 0) : x + 2].mean() > 125)


@cache
def pictures(first: int, frames: int) -> bytes:
    """The gray pictures of a film, one after the other."""
    return b"".join(draw(number).tobytes() for number in range(first, first + frames))


def film(
    path: Path, *options: str, rate: str | int = RATE, frames: int = FRAMES, before: tuple[str, ...] = (), first: int = 0
) -> None:
    """Make a film of numbered pictures.

    Parameters
    ----------
    path : Path
        Its suffix names the container, unless the options do.
    *options : str
        FFmpeg's, for the film that is written; H.264 at its quickest where they name no codec.
    rate : str or int
        Frames per second.
    frames : int
        How many.
    before : tuple of str
        FFmpeg's options for more input.
    first : int
        The first picture's number.
    """
    source = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(rate), "-i", "-")
    codec = () if "-c:v" in options else ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50")
    pixels = () if "-pix_fmt" in options else ("-pix_fmt", "yuv420p")
    ffmpeg(*source, *before, *codec, *pixels, *options, path, stdin=pictures(first, frames))


def smeared(image: np.ndarray, meant: np.ndarray) -> bool:
    """Whether a picture differs in some place from what its encoder meant.

    Parameters
    ----------
    image, meant : ndarray of uint8, of the same shape
    """
    if image.shape != meant.shape:
        return True
    apart = np.abs(image.astype(np.int16) - meant).mean(axis=2)
    high, wide = (side // BLOCK * BLOCK for side in apart.shape)
    if not high or not wide:
        return bool(apart.mean() > SMEAR)
    blocks = apart[:high, :wide].reshape(high // BLOCK, BLOCK, wide // BLOCK, BLOCK).mean(axis=(1, 3))
    return bool(blocks.max() > SMEAR)
