"""Things, and backgrounds to put them before, in random shapes and colours."""

from __future__ import annotations

import numpy as np
from creatures import HUES, colour_of

from screentime.demo.drawing import Figure, Placement, Shape, box, ellipse, paint, shade, smooth

THINGS = ("ball", "box", "star", "cone", "cylinder", "flower", "cushion", "ring", "stick", "pyramid")
GROUNDS = ("plain", "gradient", "horizon", "stripes", "checks", "dots", "blobs", "blocks")


def draw_thing(rng: np.random.Generator) -> tuple[Figure, dict[str, int]]:
    """A thing, 1 unit tall, and its traits."""
    kind, hue = int(rng.integers(len(THINGS))), int(rng.integers(len(HUES)))
    main, other = colour_of(rng, hue), colour_of(rng, int(rng.integers(len(HUES))))
    w = rng.uniform(0.7, 1.4)
    turn = np.linspace(0, 2 * np.pi, 11)[:-1]
    figures: dict[str, Figure] = {
        "ball": [
            Shape(ellipse(0, 0.5, 0.5, 0.5), main),
            Shape(smooth([(-0.45, 0.5), (0, 0.35), (0.45, 0.5)]), other, 0.06, False),
        ],
        "box": [
            Shape(box(-0.5 * w, 0, 0.5 * w, 0.9), main),
            Shape(box(-0.5 * w, 0.4, 0.5 * w, 0.5), other, inked=False),
        ],
        "star": [
            Shape(
                np.column_stack([np.sin(turn), np.cos(turn)]) * np.tile([0.55, 0.25], 5)[:, None] + (0, 0.5),
                main,
            )
        ],
        "cone": [
            Shape(np.array([(-0.35, 0.05), (0.35, 0.05), (0, 1)]), main),
            Shape(box(-0.5, 0, 0.5, 0.1), main),
            Shape(np.array([(-0.2, 0.45), (0.2, 0.45)]), other, 0.14, False),
        ],
        "cylinder": [
            Shape(box(-0.35 * w, 0.08, 0.35 * w, 0.95), main),
            Shape(ellipse(0, 0.95, 0.35 * w, 0.08), shade(main, 1.2)),
        ],
        "flower": [
            Shape(np.array([(0, 0), (0, 0.6)]), (60, 140, 70), 0.06),
            *(Shape(ellipse(0.22 * np.sin(a), 0.75 + 0.22 * np.cos(a), 0.15, 0.15), main) for a in turn[::2]),
            Shape(ellipse(0, 0.75, 0.12, 0.12), other),
        ],
        "cushion": [
            Shape(
                smooth(
                    [
                        (-0.6 * w, 0.02),
                        (-0.5 * w, 0.35),
                        (-0.6 * w, 0.75),
                        (0.6 * w, 0.75),
                        (0.5 * w, 0.35),
                        (0.6 * w, 0.02),
                    ],
                    closed=True,
                ),
                main,
            )
        ],
        "ring": [Shape(ellipse(0, 0.5, 0.45 * w, 0.4)[list(range(28)) + [0]], main, 0.16)],
        "stick": [Shape(np.array([(-0.6, 0.1), (0.6, 0.1 + 0.6 * rng.random())]), main, 0.12)],
        "pyramid": [
            Shape(np.array([(-0.6 * w, 0), (0.6 * w, 0), (0.15 * w, 0.9)]), main),
            Shape(np.array([(0.3 * w, 0), (0.6 * w, 0), (0.15 * w, 0.9)]), shade(main, 0.75)),
        ],
    }
    return figures[THINGS[kind]], {"thing": kind, "paint": hue}


def draw_ground(rng: np.random.Generator, size: tuple[int, int]) -> tuple[np.ndarray, dict[str, int]]:
    """A background that is one of `GROUNDS`, with faint clutter."""
    kind, hue = int(rng.integers(len(GROUNDS))), int(rng.integers(len(HUES)))
    main, other = colour_of(rng, hue), colour_of(rng, int(rng.integers(len(HUES))))
    near = shade(main, rng.choice([0.8, 0.9, 1.15]))
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = main
    where, name = Placement(0, height, height), GROUNDS[kind]
    reach = width / height
    figure: Figure = []
    if name == "gradient":
        picture[:] = np.linspace(main, other, height)[:, None]
    elif name == "horizon":
        y = rng.uniform(0.2, 0.6)
        hills = smooth(
            [
                (0, y),
                *((x, y + rng.uniform(-0.06, 0.06)) for x in np.linspace(0.3, reach - 0.3, 4)),
                (reach, y),
            ]
        )
        figure.append(Shape(np.vstack([hills, [(reach, 0), (0, 0)]]), other, inked=False))
    elif name == "stripes":
        slant, gap = rng.uniform(-0.6, 0.6), rng.uniform(0.08, 0.3)
        figure += [
            Shape(np.array([(x, 0), (x + slant, 1)]), near, gap * 0.45, False)
            for x in np.arange(-0.6, reach + 0.6, gap)
        ]
    elif name == "checks":
        gap = rng.uniform(0.12, 0.3)
        cells = ((i, j) for i in range(int(reach / gap) + 1) for j in range(int(1 / gap) + 1) if (i + j) % 2)
        figure += [
            Shape(box(i * gap, j * gap, (i + 1) * gap, (j + 1) * gap), near, inked=False) for i, j in cells
        ]
    elif name in ("dots", "blobs"):
        radius, count = (0.025, 30) if name == "dots" else (0.2, 8)
        figure += [
            Shape(ellipse(x, y, radius * r, radius, corners=14), near, inked=False)
            for x, y, r in rng.uniform((0, 0, 0.7), (reach, 1, 1.5), (count, 3))
        ]
    elif name == "blocks":
        figure += [
            Shape(
                box(x, 0.25, x + w, 0.25 + h),
                shade(colour_of(rng, int(rng.integers(len(HUES)))), 0.9),
                inked=bool(rng.random() < 0.5),
            )
            for x, w, h in rng.uniform((0, 0.1, 0.1), (reach, 0.4, 0.7), (7, 3))
        ]
    if name != "horizon" and rng.random() < 0.6:  # a floor
        figure.append(Shape(box(0, 0, reach, rng.uniform(0.15, 0.5)), other, inked=False))
    for _ in range(rng.integers(0, 5)):  # furniture, far off
        x, y, w, h = rng.uniform((0, 0.1, 0.05, 0.05), (reach, 0.8, 0.5, 0.5))
        figure.append(
            Shape(box(x, y, x + w, y + h), shade(near, rng.uniform(0.8, 1.2)), inked=bool(rng.random() < 0.4))
        )
    if figure:
        paint(picture, figure, where)
    return picture, {"ground": kind, "wall": hue}
