"""What happens in the demo film: shots, who is in them, from when to when, and what stands about.

Places are fractions of the frame as seen in the middle of the shot (x to the right, y downwards, 1 is the
frame's width or height), so a story can be filmed at any size. Times are seconds since the film's start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screentime.demo.props import COVERS, DISTRACTORS
from screentime.demo.scenes import INDOORS, SCENES

CASTS = (("cat",), ("mouse",), ("cat", "mouse"), (), ("mouse",), ("cat",), ("cat", "mouse"))
ENTRY_SECONDS = 0.5  # how long coming in from the side or from below takes
OVERSCAN = 1.14  # a scene is painted this much larger than the frame, to leave room for the camera's drift
_FLOOR = 1 / 3  # share of a scene's height that is floor


@dataclass(frozen=True)
class Prop:
    """A thing or a passer-by: its place in the middle of the shot, and its speed in frame widths a second."""

    kind: str
    seed: int
    x: float
    y: float
    height: float
    mirrored: bool
    speed: float = 0.0


@dataclass(frozen=True)
class Presence:
    """One character's stay in a shot; `arrives` and `leaves` are "cut", "side" or "below"."""

    character: str
    start: float
    end: float
    pose: str
    x0: float
    x1: float
    y: float
    height: float
    mirrored: bool
    arrives: str
    leaves: str


@dataclass(frozen=True)
class Shot:
    """One take: its scene, the camera's way across the spare part of it (from, to), and what stands in it."""

    start: float
    end: float
    scene: str
    seed: int
    zoom: float
    camera: tuple[tuple[float, float], tuple[float, float]]
    behind: tuple[Prop, ...]
    cast: tuple[Presence, ...]
    front: tuple[Prop, ...]


def write_story(seconds: float, seed: int) -> tuple[Shot, ...]:
    """Invent a film.

    Parameters
    ----------
    seconds : float
        Length of the film, above 0.
    seed : int
        Same seed and length, same story; another seed, other scenes, palettes and events.

    Returns
    -------
    tuple of Shot
        2-8 s each (the last may be shorter), without gaps from 0 to `seconds`.
    """
    rng = np.random.default_rng(seed)
    shots: list[Shot] = []
    casts: list[tuple[str, ...]] = []
    scenes: list[str] = []
    start = 0.0
    while start < seconds:
        # Drawn from shuffled bags: every kind of cast and of scene comes up before one comes again.
        casts = casts or [CASTS[i] for i in rng.permutation(len(CASTS))]
        scenes = scenes or [str(s) for s in rng.permutation(SCENES)]
        length = float(rng.uniform(2, 8))
        end = (
            seconds if seconds - start - length < 2 and seconds - start <= 8 else min(start + length, seconds)
        )
        shots.append(_write_shot(start, end, scenes.pop(), casts.pop(), rng))
        start = end
    return tuple(shots)


def _write_shot(
    start: float, end: float, scene: str, names: tuple[str, ...], rng: np.random.Generator
) -> Shot:
    framing = str(rng.choice(["wide", "medium", "close"], p=[0.4, 0.42, 0.18])) if names else "wide"
    zoom = {"wide": rng.uniform(1.0, 1.15), "medium": rng.uniform(1.15, 1.5), "close": rng.uniform(1.5, 2.0)}[
        framing
    ]
    tilt = float(rng.uniform(0.75, 1.0))
    pan = np.clip(rng.uniform(0.1, 0.9) + rng.uniform(-0.5, 0.5) / zoom * np.array([-0.5, 0.5]), 0, 1)
    floor = (
        1 - _FLOOR * zoom * OVERSCAN + (1 - tilt) * (zoom * OVERSCAN - 1)
    )  # where the floor begins, in the frame
    seats = [(rng.uniform(0.18, 0.42), False), (rng.uniform(0.58, 0.82), True)]
    if rng.random() < 0.5:
        seats.reverse()
    cast = [
        _write_presence(name, framing, seats[i], max(floor, 0.45), start, end, rng)
        for i, name in enumerate(names)
    ]
    cast.sort(key=lambda presence: presence.y)
    kinds = rng.permutation(DISTRACTORS)[: rng.integers(0 if names else 1, 4)]
    behind = sorted(
        (_write_distractor(str(kind), max(floor, 0.4), zoom, rng) for kind in kinds), key=lambda prop: prop.y
    )
    front = [
        _write_cover(presence, scene, rng) for presence in cast if presence.y < 1 and rng.random() < 0.35
    ]
    camera = ((float(pan[0]), tilt), (float(pan[1]), float(np.clip(tilt + rng.uniform(-0.15, 0.15), 0.6, 1))))
    return Shot(
        start,
        end,
        scene,
        int(rng.integers(2**31)),
        float(zoom),
        camera,
        tuple(behind),
        tuple(cast),
        tuple(front),
    )


def _write_presence(
    name: str,
    framing: str,
    seat: tuple[float, bool],
    floor: float,
    start: float,
    end: float,
    rng: np.random.Generator,
) -> Presence:
    low, high = {"wide": (0.34, 0.5), "medium": (0.5, 0.72), "close": (0.95, 1.2)}[framing]
    height = float(rng.uniform(low, high)) * (1.0 if name == "cat" else 0.8 if framing == "close" else 0.66)
    length = end - start
    stay = min(length, float(rng.uniform(max(1.0, 0.45 * length), 6)))
    # A third starts with the shot, a third ends with it; the rest comes and goes within it.
    spare, where = length - stay, rng.random()
    begin = start + (0.0 if where < 1 / 3 else spare if where < 2 / 3 else float(rng.uniform(0, spare)))
    poses = {"close": ["stand", "wave", "peek", "sit"]}.get(
        framing, ["stand", "wave", "walk", "walk", "sit", "leap"]
    )
    pose = str(rng.choice(poses))
    x0, mirrored = seat
    if rng.random() < 0.3:
        mirrored = not mirrored
    stride = float(rng.uniform(0.1, 0.25)) * (-1 if mirrored else 1) if pose == "walk" else 0.0
    y = 1 + 0.32 * height if framing == "close" else float(rng.uniform(min(floor + 0.08, 0.93), 0.97))
    ways = ["below", "side"] if framing == "close" else ["side"]
    return Presence(
        character=name,
        start=begin,
        end=begin + stay,
        pose=pose,
        x0=float(np.clip(x0 - stride / 2, 0.1, 0.9)),
        x1=float(np.clip(x0 + stride / 2, 0.1, 0.9)),
        y=y,
        height=height,
        mirrored=mirrored,
        arrives="cut" if begin <= start + 1e-6 else str(rng.choice(ways)),
        leaves="cut" if begin + stay >= end - 1e-6 else str(rng.choice(ways)),
    )


def _write_distractor(kind: str, floor: float, zoom: float, rng: np.random.Generator) -> Prop:
    y = float(rng.uniform(min(floor + 0.02, 0.85), 0.9))
    height = {"legs": (y + 0.1) / 1.5, "dog": 0.3, "bird": 0.16, "hedgehog": 0.16, "pot": 0.26}.get(
        kind, 0.2
    ) * float(rng.uniform(0.85, 1.25))
    mirrored = bool(rng.random() < 0.5)
    strolls = kind in ("dog", "hedgehog", "legs") and rng.random() < 0.5
    speed = float(rng.uniform(0.03, 0.1)) * (-1 if mirrored else 1) if strolls else 0.0
    return Prop(
        kind,
        int(rng.integers(2**31)),
        float(rng.uniform(0.05, 0.95)),
        y,
        height * (1 if kind == "legs" else zoom**0.5),
        mirrored,
        speed,
    )


def _write_cover(presence: Presence, scene: str, rng: np.random.Generator) -> Prop:
    """Something that hides a part, seldom most, of a character who stands behind it."""
    indoors = scene in INDOORS
    kinds = [
        kind
        for kind in COVERS
        if indoors == (kind in ("armchair", "crate", "board")) or kind in ("barrel", "crate")
    ]
    x = (presence.x0 + presence.x1) / 2 + float(rng.normal(0, 0.3)) * presence.height
    return Prop(
        str(rng.choice(kinds)),
        int(rng.integers(2**31)),
        x,
        min(1.02, presence.y + 0.05),
        presence.height * float(rng.uniform(0.35, 0.75)),
        False,
    )
