"""The cat: grey-blue, striped, with a red scarf."""

from __future__ import annotations

from functools import cache

import numpy as np

from screentime.demo.anatomy import BLACK, PINK, WHITE, eye, hand, legs, limb
from screentime.demo.drawing import Figure, Shape, bgr, ellipse, moved, shade, smooth

_FUR, _STRIPE, _PALE = bgr("#7d93b2"), bgr("#4f6285"), bgr("#c3cfdf")
_SCARF, _TEAL = bgr("#d8433f"), bgr("#35b5a0")


def draw_cat(pose: str, angle: float) -> Figure:
    """Figure of the cat in a pose, at an angle (radians) of its movement's cycle."""
    swing, lift = np.sin(angle), abs(np.sin(angle))
    if pose == "walk":
        return _prowl(angle)
    drop = {"sit": 0.1, "leap": -0.06}.get(pose, 0.0)
    hips, neck = 0.2 - drop, 0.5 - drop
    tail = _ringed_tail(
        [
            (-0.12, hips),
            (-0.3, hips - 0.04),
            (-0.4, hips + 0.14 + 0.03 * swing),
            (-0.33, hips + 0.34 + 0.02 * swing),
        ]
    )
    body = smooth(
        [
            (-0.08, neck),
            (-0.17, hips + 0.06),
            (-0.13, hips - 0.09),
            (0.03, hips - 0.11),
            (0.16, hips - 0.06),
            (0.15, hips + 0.1),
            (0.1, neck),
        ],
        closed=True,
    )
    figure = [
        *tail,
        limb((-0.11, neck - 0.05), hand(pose, -1, hips, neck, swing), 0.075, shade(_FUR, 0.88)),
        *legs(pose, hips, angle, 0.09, 0.085, _FUR, _PALE),
        Shape(body, _FUR),
        Shape(ellipse(0.04, hips + 0.07, 0.085, 0.13), _PALE, inked=False),
        limb((0.1, neck - 0.05), hand(pose, 1, hips, neck, swing), 0.075, _FUR),
    ]
    return figure + _scarf(0.01, neck) + moved(_head(blink=lift < 0.06), 0.02, neck + 0.2)


def _prowl(angle: float) -> Figure:
    """On four paws, from the side; lower and longer than when it stands."""
    figure = _ringed_tail([(-0.3, 0.38), (-0.45, 0.42), (-0.52, 0.6 + 0.03 * np.sin(angle)), (-0.44, 0.76)])
    for x, offset, tone in ((-0.24, 0.5, 0.85), (0.2, 0.0, 0.85), (-0.18, 0.0, 1.0), (0.26, 0.5, 1.0)):
        step = np.sin(angle + 2 * np.pi * offset)
        figure.append(
            limb(
                (x, 0.3),
                (x + 0.1 * step, 0.05 + 0.05 * max(0.0, np.cos(angle + 2 * np.pi * offset))),
                0.085,
                shade(_FUR, tone),
                bend=-0.03,
            )
        )
    figure.append(
        Shape(
            smooth(
                [
                    (-0.33, 0.36),
                    (-0.27, 0.49),
                    (0.0, 0.47),
                    (0.26, 0.5),
                    (0.33, 0.34),
                    (0.2, 0.22),
                    (-0.2, 0.21),
                ],
                closed=True,
            ),
            _FUR,
        )
    )
    figure += [
        Shape(smooth([(x, 0.475), (x + 0.02, 0.42), (x, 0.37)]), _STRIPE, 0.03, False)
        for x in (-0.2, -0.09, 0.02)
    ]
    return figure + moved(_scarf(0.0, 0.0), 0.28, 0.48) + moved(_head(blink=False), 0.34, 0.63, 0.92)


@cache
def _head(blink: bool) -> Figure:
    head = [
        (0.0, 0.185),
        (-0.16, 0.15),
        (-0.23, 0.02),
        (-0.29, -0.07),
        (-0.17, -0.13),
        (0.0, -0.165),
        (0.17, -0.13),
        (0.29, -0.07),
        (0.23, 0.02),
        (0.16, 0.15),
    ]
    figure = [
        Shape(np.array([(-0.21, 0.06), (-0.2, 0.3), (-0.04, 0.16)]), _FUR),
        Shape(np.array([(-0.18, 0.12), (-0.175, 0.25), (-0.09, 0.17)]), PINK, inked=False),
        Shape(np.array([(0.05, 0.16), (0.2, 0.3), (0.22, 0.06)]), _FUR),
        Shape(np.array([(0.1, 0.17), (0.18, 0.25), (0.19, 0.12)]), PINK, inked=False),
        Shape(smooth(head, closed=True, steps=4), _FUR),
        *(
            Shape(np.array([(x, 0.175), (x + 0.01, 0.105)]), _STRIPE, 0.026, False)
            for x in (-0.055, 0.005, 0.065)
        ),
        Shape(ellipse(0.04, -0.085, 0.125, 0.07), _PALE, inked=False),
    ]
    for x in (-0.075, 0.125):
        if blink:
            figure.append(
                Shape(smooth([(x - 0.055, 0.02), (x, 0.0), (x + 0.055, 0.02)]), BLACK, 0.016, False)
            )
        else:
            figure += eye(x, 0.02, 0.058, 0.068, _TEAL)
    figure += [
        Shape(np.array([(0.02, -0.045), (0.085, -0.045), (0.052, -0.08)]), PINK),
        Shape(
            smooth([(-0.01, -0.11), (0.025, -0.122), (0.052, -0.085), (0.08, -0.122), (0.115, -0.11)]),
            BLACK,
            0.011,
            False,
        ),
    ]
    figure += [
        Shape(
            np.array([(0.04 + 0.1 * side, -0.075 + d / 2), (0.03 + 0.33 * side, -0.06 + d)]),
            WHITE,
            0.009,
            False,
        )
        for side in (-1, 1)
        for d in (-0.03, 0.03)
    ]
    return figure


def _scarf(x: float, y: float) -> Figure:
    end = smooth(
        [
            (x + 0.06, y),
            (x + 0.15, y - 0.06),
            (x + 0.13, y - 0.16),
            (x + 0.06, y - 0.15),
            (x + 0.05, y - 0.05),
        ],
        closed=True,
        steps=4,
    )
    return [Shape(end, shade(_SCARF, 0.88)), Shape(ellipse(x, y + 0.01, 0.15, 0.055), _SCARF)]


def _ringed_tail(knots: list[tuple[float, float]]) -> Figure:
    curve = smooth(knots)
    rings = [Shape(curve[i : i + 2], _STRIPE, 0.065, False) for i in range(4, len(curve) - 3, 4)]
    return [Shape(curve, _FUR, 0.07), *rings, Shape(curve[-3:], _STRIPE, 0.07, False)]
