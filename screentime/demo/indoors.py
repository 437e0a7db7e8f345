"""Rooms of the demo film, in random colours and arrangements."""

from __future__ import annotations

import numpy as np

from screentime.demo.brush import GROUND, Brush
from screentime.demo.drawing import Colour, bgr, hsv, shade, smooth

_WHITE, _WOOD = bgr("#f6f1e4"), bgr("#a8703f")


def _room(b: Brush, rng: np.random.Generator, floor: str) -> Colour:
    """Wall with wallpaper, skirting and a floor of planks or tiles; returns the wall's colour."""
    wall = hsv(rng.random(), rng.uniform(0.15, 0.45), rng.uniform(0.75, 0.95))
    b.gradient(0, GROUND, shade(wall, 1.03), shade(wall, 0.9))
    paper, gap = shade(wall, rng.uniform(0.9, 0.97)), rng.uniform(6, 14)
    for i, x in enumerate(np.arange(rng.uniform(0, gap), 160, gap)):
        if floor == "planks":
            b.rect(x, 0, x + gap * 0.4, GROUND, paper)
        else:
            for y in np.arange((i % 2) * gap / 2, GROUND, gap):
                b.oval(x, y, 1.2, 1.2, paper)
    ground = (
        hsv(rng.uniform(0.03, 0.12), rng.uniform(0.25, 0.55), rng.uniform(0.5, 0.8))
        if floor == "planks"
        else hsv(rng.random(), rng.uniform(0.05, 0.25), rng.uniform(0.7, 0.9))
    )
    b.gradient(GROUND, 90, shade(ground, 0.85), ground)
    for y in (GROUND + 3, GROUND + 9, GROUND + 18):
        b.line([(0, y), (160, y)], shade(ground, 0.78), 0.4)
    for x in np.linspace(-120, 280, 22):
        b.line([(80 + (x - 80) * 0.6, GROUND), (x, 90)], shade(ground, 0.78), 0.4)
    b.rect(0, GROUND - 3, 160, GROUND, shade(wall, 0.65))
    return wall


def _window(b: Brush, rng: np.random.Generator, x: float, y: float, w: float, h: float) -> None:
    frame, sky = (
        shade(_WHITE, rng.uniform(0.75, 1)),
        hsv(rng.uniform(0.5, 0.62), rng.uniform(0.2, 0.5), rng.uniform(0.75, 1)),
    )
    b.rect(x - 1.5, y - 1.5, x + w + 1.5, y + h + 1.5, frame)
    b.rect(x, y, x + w, y + h, sky)
    b.fill(
        np.vstack(
            [
                smooth(
                    [(x, y + h * 0.7), (x + w * 0.3, y + h * rng.uniform(0.45, 0.7)), (x + w, y + h * 0.75)]
                ),
                [(x + w, y + h), (x, y + h)],
            ]
        ),
        hsv(rng.uniform(0.2, 0.4), 0.4, 0.7),
    )
    b.line([(x + w / 2, y), (x + w / 2, y + h)], frame, 1)
    b.line([(x, y + h / 2), (x + w, y + h / 2)], frame, 1)
    cloth = hsv(rng.random(), rng.uniform(0.3, 0.7), rng.uniform(0.6, 0.9))
    for side, edge in ((1, x - 3), (-1, x + w + 3)):
        b.fill(
            np.array(
                [
                    (edge, y - 3),
                    (edge + side * w * 0.32, y - 3),
                    (edge + side * w * 0.12, y + h + 4),
                    (edge, y + h + 4),
                ]
            ),
            cloth,
        )


def paint_kitchen(b: Brush, rng: np.random.Generator) -> None:
    """Cupboards, a shelf with jars, a refrigerator."""
    _room(b, rng, "tiles")
    _window(b, rng, rng.uniform(90, 120), 8, 26, 20)
    door = hsv(rng.random(), rng.uniform(0.2, 0.5), rng.uniform(0.6, 0.9))
    left = rng.uniform(0, 20)
    for i in range(5):  # cupboards below, shelves above
        x = left + 24 * i
        b.rect(x, 38, x + 24, GROUND + 2, shade(door, 0.8))
        b.rect(x + 1.5, 41, x + 22.5, GROUND, door)
        b.oval(x + 20, 49, 0.9, 0.9, _WHITE)
        if i < 3:
            b.rect(x + 2, 20, x + 24, 22, shade(_WOOD, 0.9))
            for _ in range(3):
                jar = x + rng.uniform(4, 20)
                b.rect(
                    jar,
                    20 - rng.uniform(4, 8),
                    jar + rng.uniform(2, 5),
                    20,
                    hsv(rng.random(), rng.uniform(0.1, 0.7), rng.uniform(0.5, 0.9)),
                )
    b.rect(left - 2, 35.5, left + 122, 38.5, shade(_WOOD, rng.uniform(0.7, 1.3)))
    x = rng.choice([4.0, 136.0])
    b.rect(x, 12, x + 24, GROUND + 4, hsv(rng.random(), rng.uniform(0.0, 0.3), 0.92))  # refrigerator
    b.line([(x, 28), (x + 24, 28)], (150, 150, 150), 0.7)
    b.line([(x + 3, 31), (x + 3, 40)], (120, 120, 120), 1)


def paint_living_room(b: Brush, rng: np.random.Generator) -> None:
    """Sofa, lamp, pictures and a rug."""
    _room(b, rng, "planks")
    _window(b, rng, rng.uniform(8, 40), 9, 30, 26)
    for _ in range(2):  # pictures on the wall
        x, y, w, h = rng.uniform(75, 140), rng.uniform(6, 18), rng.uniform(10, 18), rng.uniform(8, 14)
        b.rect(x - 1, y - 1, x + w + 1, y + h + 1, shade(_WOOD, 0.7))
        b.rect(x, y, x + w, y + h, hsv(rng.random(), 0.3, 0.9))
        b.oval(x + w / 2, y + h * 0.6, w * 0.3, h * 0.28, hsv(rng.random(), 0.5, 0.7))
    cloth, x = hsv(rng.random(), rng.uniform(0.3, 0.65), rng.uniform(0.45, 0.8)), rng.uniform(60, 100)
    b.rect(x, 34, x + 48, 58, shade(cloth, 0.85))  # sofa
    b.rect(x - 5, 42, x + 4, 62, cloth)
    b.rect(x + 44, 42, x + 53, 62, cloth)
    b.rect(x + 4, 49, x + 44, 61, shade(cloth, 1.08))
    lamp = rng.uniform(2, 12)
    b.line([(lamp + 6, 30), (lamp + 6, 62)], bgr("#55504a"), 0.9)
    b.fill(
        np.array([(lamp + 2, 20), (lamp + 10, 20), (lamp + 14, 31), (lamp - 2, 31)]),
        hsv(rng.uniform(0.08, 0.16), 0.4, 1),
    )
    b.oval(
        80, 78, rng.uniform(40, 60), 8, hsv(rng.random(), rng.uniform(0.2, 0.6), rng.uniform(0.5, 0.85))
    )  # rug


def paint_bedroom(b: Brush, rng: np.random.Generator) -> None:
    """A bed and its table."""
    _room(b, rng, rng.choice(["planks", "tiles"]))
    _window(b, rng, rng.uniform(100, 122), 9, 24, 22)
    cover, x = hsv(rng.random(), rng.uniform(0.25, 0.6), rng.uniform(0.6, 0.95)), rng.uniform(4, 24)
    b.rect(x, 26, x + 5, 66, shade(_WOOD, 0.85))
    b.rect(x + 70, 42, x + 74, 68, shade(_WOOD, 0.85))
    b.rect(x + 4, 50, x + 71, 64, shade(_WHITE, 0.95))
    b.fill(smooth([(x + 22, 47), (x + 60, 46), (x + 72, 50), (x + 72, 64), (x + 22, 64)], closed=True), cover)
    b.oval(x + 14, 46, 10, 5, _WHITE)
    for i in range(6):
        b.oval(x + 28 + 7 * i, 54 + 3 * (i % 2), 1.6, 1.6, shade(cover, 1.25))
    b.rect(x + 84, 46, x + 100, 64, shade(_WOOD, 1.1))
    b.oval(x + 92, 55, 1, 1, _WHITE)
