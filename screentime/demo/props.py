"""Things and passers-by that share the stage with the two characters.

Some wear their colours, so that colour alone does not give a character away.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from screentime.demo.drawing import Colour, Figure, Shape, bgr, box, ellipse, hsv, shade, smooth

_GREY_BLUE, _ORANGE, _RED, _GREEN = bgr("#8094b0"), bgr("#cd7b33"), bgr("#d2453f"), bgr("#419a6c")
_BLACK, _WHITE, _WOOD = bgr("#2a2730"), bgr("#f6f2e6"), bgr("#a0693c")


def draw_prop(kind: str, rng: np.random.Generator) -> Figure:
    """Figure of a prop, 1 unit its usual height, standing on (0, 0).

    Parameters
    ----------
    kind : str
        One of `COVERS` (things to stand behind) or `DISTRACTORS`.
    rng : numpy.random.Generator
        Source of its colours.
    """
    return _PROPS[kind](rng)


def _near(colour: Colour, rng: np.random.Generator) -> Colour:
    return shade(colour, rng.uniform(0.85, 1.15))


def _crate(rng: np.random.Generator) -> Figure:
    wood = _near(_WOOD, rng)
    planks = [
        Shape(box(-0.55, y, 0.55, y + 0.3), shade(wood, tone))
        for y, tone in ((0.0, 0.95), (0.32, 1.05), (0.64, 1.0))
    ]
    return [
        Shape(box(-0.55, 0.0, 0.55, 0.96), shade(wood, 0.6)),
        *planks,
        Shape(np.array([(-0.45, 0.05), (0.45, 0.9)]), shade(wood, 0.85), 0.1),
    ]


def _bush(rng: np.random.Generator) -> Figure:
    leaf = hsv(rng.uniform(0.22, 0.4), rng.uniform(0.4, 0.65), rng.uniform(0.4, 0.7))
    outline = [
        (-0.75, 0.0),
        (-0.85, 0.35),
        (-0.55, 0.6),
        (-0.4, 0.85),
        (-0.1, 0.8),
        (0.15, 1.0),
        (0.4, 0.75),
        (0.7, 0.6),
        (0.85, 0.3),
        (0.7, 0.0),
    ]
    spots = [
        Shape(ellipse(x, y, 0.07, 0.04, corners=10), shade(leaf, 1.2), inked=False)
        for x, y in rng.uniform((-0.6, 0.1), (0.6, 0.65), (7, 2))
    ]
    return [Shape(smooth(outline, closed=True), leaf), *spots]


def _armchair(rng: np.random.Generator) -> Figure:
    cloth = (
        _GREY_BLUE if rng.random() < 0.3 else hsv(rng.random(), rng.uniform(0.3, 0.7), rng.uniform(0.5, 0.85))
    )
    back = smooth(
        [(-0.5, 0.1), (-0.52, 0.8), (-0.3, 1.02), (0.3, 1.02), (0.52, 0.8), (0.5, 0.1)], closed=True
    )
    arms = [
        Shape(
            smooth(
                [(x - 0.14, 0.04), (x - 0.14, 0.5), (x, 0.6), (x + 0.14, 0.5), (x + 0.14, 0.04)], closed=True
            ),
            cloth,
        )
        for x in (-0.55, 0.55)
    ]
    return [Shape(back, shade(cloth, 0.85)), Shape(box(-0.5, 0.08, 0.5, 0.42), shade(cloth, 1.08)), *arms]


def _barrel(rng: np.random.Generator) -> Figure:
    wood = _near(bgr("#b07a45"), rng)
    sides = smooth(
        [(-0.38, 0.0), (-0.47, 0.5), (-0.38, 1.0), (0.38, 1.0), (0.47, 0.5), (0.38, 0.0)], closed=True
    )
    return [
        Shape(sides, wood),
        *(
            Shape(smooth([(-0.45, y), (0.0, y - 0.05), (0.45, y)]), (120, 115, 110), 0.07, False)
            for y in (0.25, 0.75)
        ),
    ]


def _rock(rng: np.random.Generator) -> Figure:
    grey = shade(_GREY_BLUE, rng.uniform(0.75, 1.1))
    outline = smooth(
        [(-0.7, 0.0), (-0.65, 0.5), (-0.3, 0.9), (0.2, 1.0), (0.6, 0.65), (0.75, 0.0)], closed=True
    )
    return [
        Shape(outline, grey),
        Shape(smooth([(-0.3, 0.7), (0.0, 0.8), (0.25, 0.78)]), shade(grey, 1.2), 0.05, False),
    ]


def _board(rng: np.random.Generator) -> Figure:
    paint = hsv(rng.random(), rng.uniform(0.2, 0.5), rng.uniform(0.6, 0.9))
    return [
        *(Shape(np.array([(x, 0.0), (x, 0.4)]), shade(_WOOD, 0.8), 0.08) for x in (-0.4, 0.4)),
        Shape(box(-0.7, 0.3, 0.7, 1.0), paint),
        Shape(box(-0.58, 0.4, 0.58, 0.9), shade(paint, 1.18), inked=False),
    ]


def _cushion(rng: np.random.Generator) -> Figure:
    cloth = _near(_GREY_BLUE, rng)
    corners = [
        (-0.7, 0.02),
        (-0.6, 0.45),
        (-0.72, 0.95),
        (0.0, 0.85),
        (0.72, 0.95),
        (0.6, 0.45),
        (0.7, 0.02),
        (0.0, 0.1),
    ]
    return [
        Shape(smooth(corners, closed=True), cloth),
        *(
            Shape(smooth([(x, 0.15), (x * 1.1, 0.5), (x, 0.82)]), shade(cloth, 0.7), 0.06, False)
            for x in (-0.3, 0.0, 0.3)
        ),
    ]


def _ball(rng: np.random.Generator) -> Figure:
    skin = _near(_ORANGE, rng)
    seams = [
        Shape(smooth([(0.02 + x, 0.03), (x * 2.2, 0.5), (0.02 + x, 0.97)]), _BLACK, 0.03, False)
        for x in (-0.15, 0.15)
    ]
    return [
        Shape(ellipse(0, 0.5, 0.5, 0.5), skin),
        *seams,
        Shape(ellipse(-0.18, 0.72, 0.1, 0.07, 0.6), shade(skin, 1.3), inked=False),
    ]


def _pot(rng: np.random.Generator) -> Figure:
    clay, leaf = _near(_ORANGE, rng), hsv(rng.uniform(0.25, 0.4), 0.55, 0.6)
    leaves = [
        Shape(
            ellipse(0.3 * np.sin(a), 0.62 + 0.2 * np.cos(a), 0.07, 0.22, -a),
            shade(leaf, rng.uniform(0.9, 1.1)),
        )
        for a in (-1.0, -0.4, 0.3, 0.9)
    ]
    return [
        *leaves,
        Shape(np.array([(-0.28, 0.48), (0.28, 0.48), (0.2, 0.0), (-0.2, 0.0)]), clay),
        Shape(box(-0.32, 0.42, 0.32, 0.54), shade(clay, 1.08)),
    ]


def _legs(rng: np.random.Generator) -> Figure:
    """A person cut off above the knees by the frame's upper edge."""
    cloth = (
        _GREY_BLUE if rng.random() < 0.5 else hsv(rng.random(), rng.uniform(0.2, 0.6), rng.uniform(0.3, 0.7))
    )
    shoe = shade(rng.choice([_BLACK, _WOOD, _RED]), 0.9)
    figure: Figure = []
    for x in (-0.14, 0.14):
        toe = smooth(
            [(x - 0.1, 0.0), (x - 0.1, 0.14), (x + 0.08, 0.13), (x + 0.22, 0.05), (x + 0.2, 0.0)], closed=True
        )
        figure += [Shape(np.array([(x, 0.1), (x * 1.1, 1.6)]), cloth, 0.19), Shape(toe, shoe)]
    return figure


def _bird(rng: np.random.Generator) -> Figure:
    feather = _near(rng.choice([_GREY_BLUE, _ORANGE, bgr("#d9b23c")]), rng)
    return [
        Shape(np.array([(-0.35, 0.5), (-0.75, 0.62), (-0.7, 0.4)]), shade(feather, 0.8)),
        *(
            Shape(np.array([(x, 0.3), (x + 0.02, 0.0), (x + 0.1, 0.0)]), _BLACK, 0.03, False)
            for x in (-0.08, 0.08)
        ),
        Shape(ellipse(-0.05, 0.5, 0.38, 0.27, 0.3), feather),
        Shape(ellipse(0.25, 0.8, 0.2, 0.19), feather),
        Shape(np.array([(0.42, 0.84), (0.65, 0.77), (0.42, 0.72)]), bgr("#eaa93a")),
        Shape(ellipse(0.3, 0.84, 0.06, 0.07, corners=12), _WHITE),
        Shape(ellipse(0.32, 0.84, 0.03, 0.04, corners=10), _BLACK, inked=False),
        Shape(
            smooth([(-0.3, 0.55), (-0.05, 0.35), (0.12, 0.55), (-0.1, 0.65)], closed=True),
            shade(feather, 0.75),
        ),
    ]


def _hedgehog(rng: np.random.Generator) -> Figure:
    coat, face = _near(bgr("#9a6236"), rng), bgr("#e8c49a")
    spikes = [
        (0.55 * np.cos(a) * r - 0.1, 0.1 + 0.85 * np.sin(a) * r)
        for i, a in enumerate(np.linspace(0.25, np.pi, 17))
        for r in [1.0 if i % 2 else 0.85]
    ]
    return [
        Shape(np.array([*spikes, (-0.6, 0.05), (0.4, 0.05)]), coat),
        Shape(smooth([(0.25, 0.6), (0.2, 0.1), (0.6, 0.08), (0.78, 0.2), (0.5, 0.48)], closed=True), face),
        Shape(ellipse(0.77, 0.22, 0.06, 0.06, corners=12), _BLACK),
        Shape(ellipse(0.48, 0.36, 0.05, 0.07, corners=12), _BLACK, inked=False),
        *(Shape(ellipse(x, 0.04, 0.11, 0.05, corners=12), face) for x in (-0.3, 0.3)),
    ]


def _dog(rng: np.random.Generator) -> Figure:
    """A passing dog, in the mouse's colours or the cat's."""
    coat = _near(rng.choice([_ORANGE, _GREY_BLUE, bgr("#e9dcc0")]), rng)
    legs = [
        Shape(np.array([(x, 0.4), (x, 0.04)]), shade(coat, tone), 0.13)
        for x, tone in ((-0.38, 0.85), (0.22, 0.85), (-0.28, 1.0), (0.34, 1.0))
    ]
    return [
        Shape(smooth([(-0.5, 0.55), (-0.68, 0.75), (-0.62, 0.9)]), coat, 0.09),
        *legs,
        Shape(ellipse(0.0, 0.48, 0.52, 0.19), coat),
        Shape(ellipse(0.5, 0.78, 0.22, 0.2), coat),
        Shape(ellipse(0.72, 0.7, 0.17, 0.11), shade(coat, 1.15)),
        Shape(ellipse(0.86, 0.75, 0.05, 0.045, corners=12), _BLACK),
        Shape(
            smooth([(0.36, 0.92), (0.22, 0.75), (0.26, 0.52), (0.4, 0.6), (0.45, 0.85)], closed=True),
            shade(coat, 0.65),
        ),
        Shape(ellipse(0.57, 0.86, 0.045, 0.06, corners=12), _WHITE),
        Shape(ellipse(0.585, 0.86, 0.022, 0.035, corners=10), _BLACK, inked=False),
        Shape(np.array([(0.36, 0.6), (0.52, 0.58)]), rng.choice([_RED, _GREEN]).tolist(), 0.07),
    ]


_COVERS: dict[str, Callable[[np.random.Generator], Figure]] = {
    "crate": _crate,
    "bush": _bush,
    "armchair": _armchair,
    "barrel": _barrel,
    "rock": _rock,
    "board": _board,
}
_OTHERS: dict[str, Callable[[np.random.Generator], Figure]] = {
    "cushion": _cushion,
    "ball": _ball,
    "pot": _pot,
    "legs": _legs,
    "bird": _bird,
    "hedgehog": _hedgehog,
    "dog": _dog,
}
_PROPS = _COVERS | _OTHERS
COVERS, DISTRACTORS = tuple(_COVERS), tuple(_OTHERS)
