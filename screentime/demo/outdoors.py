"""Open places of the demo film, in random colours and arrangements."""

from __future__ import annotations

import numpy as np

from screentime.demo.brush import GROUND, Brush
from screentime.demo.drawing import Colour, bgr, hsv, shade, smooth

_WHITE, _WOOD = bgr("#f6f1e4"), bgr("#a8703f")


def _sky(b: Brush, rng: np.random.Generator, hue: float, value: float) -> None:
    b.gradient(
        0,
        GROUND + 2,
        hsv(hue, rng.uniform(0.35, 0.6), value),
        hsv(hue + rng.uniform(-0.08, 0.05), 0.15, min(1.0, value + 0.1)),
    )


def _clouds(b: Brush, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(1, 5)):
        x, y, r = rng.uniform(0, 160), rng.uniform(5, 24), rng.uniform(3, 6)
        for d in (-1.2, 0.0, 1.2):
            b.oval(x + d * r, y - (d == 0) * r * 0.5, r * 1.1, r * 0.8, _WHITE)


def _tree(b: Brush, rng: np.random.Generator, x: float, base: float, height: float, leaf: Colour) -> None:
    b.fill(
        np.array(
            [
                (x - height * 0.07, base),
                (x - height * 0.04, base - height * 0.6),
                (x + height * 0.04, base - height * 0.6),
                (x + height * 0.07, base),
            ]
        ),
        shade(_WOOD, rng.uniform(0.6, 0.9)),
    )
    for _ in range(6):
        b.oval(
            x + rng.uniform(-0.2, 0.2) * height,
            base - rng.uniform(0.6, 0.95) * height,
            height * 0.2,
            height * 0.17,
            shade(leaf, rng.uniform(0.85, 1.12)),
        )


def _lawn(b: Brush, rng: np.random.Generator, grass: Colour) -> None:
    b.gradient(GROUND, 90, shade(grass, 0.92), grass)
    for _ in range(50):
        x, y = rng.uniform(0, 160), rng.uniform(GROUND + 2, 90)
        b.line([(x - 0.8, y), (x, y - 2), (x + 0.8, y)], shade(grass, 0.8), 0.35)


def paint_garden(b: Brush, rng: np.random.Generator) -> None:
    """Lawn and fence before trees."""
    _sky(b, rng, rng.uniform(0.5, 0.6), 0.92)
    _clouds(b, rng)
    leaf = hsv(rng.uniform(0.2, 0.42), rng.uniform(0.4, 0.65), rng.uniform(0.45, 0.7))
    for x in rng.uniform(5, 155, 3):
        _tree(b, rng, x, GROUND + 2, rng.uniform(35, 55), leaf)
    board = shade(rng.choice([_WHITE, _WOOD]), rng.uniform(0.8, 1.05))
    for x in np.arange(0, 164, 7):
        b.fill(np.array([(x, 42), (x + 2.5, 39), (x + 5, 42), (x + 5, GROUND + 2), (x, GROUND + 2)]), board)
    b.rect(0, 47, 160, 49, shade(board, 0.85))
    _lawn(b, rng, hsv(rng.uniform(0.2, 0.38), rng.uniform(0.4, 0.6), rng.uniform(0.6, 0.8)))
    for _ in range(18):
        x, y = rng.uniform(0, 160), rng.uniform(GROUND + 3, 88)
        b.oval(x, y, 1.1, 1.1, hsv(rng.random(), rng.uniform(0.3, 0.8), 0.95))


def paint_woods(b: Brush, rng: np.random.Generator) -> None:
    """Trees in three depths, in summer or autumn."""
    hue = rng.choice([0.08, 0.12, 0.28, 0.36])  # autumn or summer
    b.gradient(0, GROUND + 2, hsv(hue + 0.1, 0.2, 0.85), hsv(hue + 0.05, 0.3, 0.75))
    for depth in (0.6, 0.8, 1.0):
        for x in rng.uniform(-5, 165, 6):
            _tree(
                b,
                rng,
                x,
                GROUND + 4 * depth,
                rng.uniform(40, 60) * depth,
                shade(hsv(hue + rng.uniform(-0.04, 0.04), 0.5, 0.75), 1.2 - 0.4 * depth),
            )
    _lawn(b, rng, hsv(hue + 0.03, rng.uniform(0.3, 0.5), rng.uniform(0.45, 0.65)))


def _houses(b: Brush, rng: np.random.Generator, value: float) -> None:
    x = -rng.uniform(0, 20)
    while x < 160:
        w, top = rng.uniform(22, 38), rng.uniform(6, 28)
        wall = hsv(rng.random(), rng.uniform(0.15, 0.5), rng.uniform(0.55, 0.9) * value)
        b.rect(x, top, x + w, GROUND + 2, wall)
        b.fill(
            np.array([(x - 2, top), (x + w / 2, top - rng.uniform(5, 12)), (x + w + 2, top)]),
            shade(wall, 0.6),
        )
        pane = hsv(0.13, 0.55, 1.0) if value < 0.6 else hsv(0.56, 0.3, 0.9)
        for wx in np.arange(x + 4, x + w - 6, 9):
            for wy in np.arange(top + 5, GROUND - 12, 12):
                b.rect(wx, wy, wx + 5, wy + 7, pane if rng.random() < 0.7 else shade(wall, 0.5))
        x += w


def paint_street(b: Brush, rng: np.random.Generator) -> None:
    """Houses and a pavement by day."""
    _sky(b, rng, rng.choice([0.55, 0.6, 0.05]), 0.92)
    _clouds(b, rng)
    _houses(b, rng, 1.0)
    pavement = shade((190, 195, 200), rng.uniform(0.75, 1.1))
    b.rect(0, GROUND, 160, 78, pavement)
    for x in np.arange(rng.uniform(0, 14), 160, 14):
        b.line([(x, GROUND), (x - 6, 78)], shade(pavement, 0.85), 0.4)
    b.rect(0, 78, 160, 90, shade(pavement, 0.5))
    b.rect(0, 76.5, 160, 78.5, shade(pavement, 0.8))


def paint_night(b: Brush, rng: np.random.Generator) -> None:
    """Roofs, lit windows, moon and stars."""
    hue = rng.uniform(0.58, 0.75)
    b.gradient(0, GROUND + 2, hsv(hue, 0.7, 0.2), hsv(hue, 0.5, 0.45))
    for x, y in zip(rng.uniform(0, 160, 50), rng.uniform(0, 40, 50), strict=True):
        b.oval(x, y, 0.35, 0.35, _WHITE)
    b.oval(rng.uniform(20, 140), 14, 7, 7, bgr("#f7efc0"))
    _houses(b, rng, 0.45)
    roof = hsv(rng.random(), rng.uniform(0.2, 0.45), 0.36)
    b.rect(0, GROUND, 160, 90, roof)
    for row, y in enumerate(np.arange(GROUND, 90, 5)):
        for x in np.arange(-(row % 2) * 5, 160, 10):
            b.line([(x, y), (x, y + 3), (x + 5, y + 5), (x + 10, y + 3)], shade(roof, 0.75), 0.5)


def paint_beach(b: Brush, rng: np.random.Generator) -> None:
    """Sand, sea and a low sun."""
    _sky(b, rng, rng.choice([0.53, 0.57, 0.03, 0.9]), 0.97)
    b.oval(rng.uniform(15, 145), rng.uniform(8, 30), 6, 6, bgr("#fff0b0"))
    sea = hsv(rng.uniform(0.48, 0.6), rng.uniform(0.4, 0.65), rng.uniform(0.6, 0.85))
    b.gradient(38, GROUND + 4, shade(sea, 0.85), shade(sea, 1.1))
    for _ in range(12):
        x, y = rng.uniform(0, 150), rng.uniform(40, GROUND)
        b.line([(x, y), (x + 3, y - 0.7), (x + 6, y)], shade(sea, 1.25), 0.4)
    sand = hsv(rng.uniform(0.08, 0.13), rng.uniform(0.2, 0.4), rng.uniform(0.82, 0.95))
    shore = smooth(
        [(0, GROUND), (40, GROUND + rng.uniform(-2, 4)), (90, GROUND + rng.uniform(-2, 4)), (160, GROUND)]
    )
    b.fill(np.vstack([shore, [(160, 90), (0, 90)]]), sand)
    b.line(shore, _WHITE, 1.2)
    for x, y in zip(rng.uniform(0, 160, 60), rng.uniform(GROUND + 5, 90, 60), strict=True):
        b.oval(x, y, 0.4, 0.3, shade(sand, 0.85))
