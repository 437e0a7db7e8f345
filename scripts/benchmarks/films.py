"""Films to measure with: made once with ffmpeg or drawn, and kept in a folder outside of the project."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.benchmarks import children

SHAPES = {"360p": (640, 360), "1080p": (1920, 1080), "tiny": (320, 180)}
RATE = 25
# A scene of each kind, then the same again: encoding is what takes long, and a decoder learns nothing.
SCENE_SECONDS = 2
SCENES = (
    "testsrc2=s={w}x{h}:r={r}:d={d},scroll=h=0.004:v=0.003",
    "mandelbrot=s=640x360:r={r},trim=duration={d},scale={w}:{h},setpts=PTS-STARTPTS",
    "life=s=320x180:r={r}:mold=10:ratio=0.3:seed=7:death_color=#C83232:life_color=#40D080,trim=duration={d},"
    "scale={w}:{h}:flags=bilinear,setpts=PTS-STARTPTS",
    "testsrc2=s={w}x{h}:r={r}:d={d},rotate=a=t/4:c=olive",
    "testsrc2=s={w}x{h}:r={r}:d={d},hue=h=40*t,scroll=h=-0.006:v=-0.002",
)
GRAIN = "noise=alls=5:allf=t:all_seed=1,format=yuv420p"
SEGMENT = SCENE_SECONDS * len(SCENES)
# Drawing a second of cartoon at one frame a second is quick; see `screentime.demo.film`.
DRAWN_SEED = 3


def moving(folder: Path, size: str, seconds: int, tell: Callable[[str], None]) -> Path:
    """A film of moving content with sound: H.264 by libx264's defaults, 25 fps, yuv420p.

    Parameters
    ----------
    folder : Path
        Where films are kept.
    size : {"360p", "1080p", "tiny"}
    seconds : int
        A multiple of `SEGMENT`, so that no packet is cut off.
    tell : callable of str
        Told when one is made.

    Raises
    ------
    Failed
        If ffmpeg cannot make it.
    """
    width, height = SHAPES[size]
    graph = ";".join(
        [scene.format(w=width, h=height, r=RATE, d=SCENE_SECONDS) + f"[s{i}]" for i, scene in enumerate(SCENES)]
        + ["".join(f"[s{i}]" for i in range(len(SCENES))) + f"concat=n={len(SCENES)}:v=1,{GRAIN}[v]"]
    )
    key = hashlib.sha256(graph.encode()).hexdigest()[:8]
    segment = folder / f"{size}-{key}-segment.mp4"
    film = folder / f"{size}-{key}-{seconds}s.mp4"
    if not segment.is_file() and not film.is_file():
        tell(f"Making a film of {width}x{height}.")
        _make(segment, ["-filter_complex", graph, "-map", "[v]", "-c:v", "libx264"])
    _make(film, [
        # Sound of its own length, so that the pictures follow one another without a gap where they repeat.
        "-stream_loop", str(seconds // SEGMENT - 1), "-i", str(segment),
        "-f", "lavfi", "-t", str(seconds), "-i", "sine=f=330:r=16000",
        "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-b:a", "32k",
    ])
    return film


def drawn(folder: Path, seconds: int, fps: int, tell: Callable[[str], None]) -> tuple[Path, Path]:
    """A drawn cartoon of 320x180 and the CSV of who is in it, as ``screentime demo`` takes them.

    Parameters
    ----------
    folder : Path
    seconds : int
    fps : int
    tell : callable of str
    """
    film, truth = folder / f"drawn-{seconds}s-{fps}fps.mp4", folder / f"drawn-{seconds}s-{fps}fps.csv"
    if not film.is_file() or not truth.is_file():
        tell(f"Drawing a cartoon of {seconds} s.")
        children.call("films:draw", str(film), str(truth), seconds, fps, limit=900)
    return film, truth


def draw(film: str, truth: str, seconds: int, fps: int) -> None:
    """Draw it, in a child process; the film comes last and whole."""
    from screentime.demo.film import draw_film, film_truth, write_truth

    write_truth(truth, film_truth(seconds=seconds, seed=DRAWN_SEED, fps=fps, size=SHAPES["tiny"]))
    draw_film(film, seconds=seconds, seed=DRAWN_SEED, fps=fps, size=SHAPES["tiny"])


def _make(film: Path, flags: Sequence[str]) -> None:
    """A film by ffmpeg, whole or not at all."""
    if film.is_file():
        return
    part = film.with_name(f".{os.getpid()}-{film.name}")
    try:
        children.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *flags, str(part)], limit=600)
        part.replace(film)
    finally:
        part.unlink(missing_ok=True)
