"""The mouse: orange-brown, round-eared, in a green jumper."""

from __future__ import annotations

from functools import cache

import numpy as np

from screentime.demo.anatomy import BLACK, WHITE, eye, hand, legs, limb
from screentime.demo.drawing import Figure, Shape, bgr, box, ellipse, moved, shade, smooth

_COAT, _CREAM = bgr("#c9772f"), bgr("#f3cf9b")
_JUMPER, _SKIN = bgr("#3d9a6b"), bgr("#f2a49a")
_BROWN, _NOSE = bgr("#5a3a22"), bgr("#8a2f3c")


def draw_mouse(pose: str, angle: float) -> Figure:
    """Figure of the mouse in a pose, at an angle (radians) of its movement's cycle."""
    swing, lift = np.sin(angle), abs(np.sin(angle))
    drop = {"sit": 0.08, "leap": -0.06}.get(pose, 0.0)
    hips, neck = 0.19 - drop, 0.42 - drop
    tail = smooth(
        [
            (-0.1, hips - 0.05),
            (-0.3, hips - 0.1),
            (-0.42, hips + 0.08 + 0.04 * swing),
            (-0.56, hips + 0.02),
            (-0.62, hips + 0.16 + 0.03 * swing),
        ]
    )
    jumper = smooth(
        [
            (-0.08, neck + 0.03),
            (-0.15, hips + 0.02),
            (-0.12, hips - 0.06),
            (0.12, hips - 0.06),
            (0.15, hips + 0.03),
            (0.09, neck + 0.03),
        ],
        closed=True,
    )
    figure = [
        Shape(tail, _SKIN, 0.028),
        limb((-0.09, neck - 0.06), hand(pose, -1, hips, neck, swing), 0.06, shade(_JUMPER, 0.85)),
        *legs(pose, hips, angle, 0.07, 0.095, _COAT, _SKIN),
        Shape(ellipse(0.0, hips - 0.02, 0.12, 0.09), _COAT),
        Shape(jumper, _JUMPER),
        *(
            Shape(smooth([(-0.13, y), (0.0, y - 0.015), (0.13, y)]), _CREAM, 0.026, False)
            for y in (hips + 0.05, hips + 0.12)
        ),
    ]
    near = hand(pose, 1, hips, neck, swing)
    figure += [limb((0.09, neck - 0.06), near, 0.06, _JUMPER), Shape(ellipse(*near, 0.04, 0.04), _COAT)]
    return figure + moved(_head(blink=lift < 0.06), 0.02, neck + 0.17)


@cache
def _head(blink: bool) -> Figure:
    figure = []
    for x, turn in ((-0.24, 0.3), (0.17, -0.3)):
        figure += [
            Shape(ellipse(x, 0.22, 0.155, 0.175, turn), _COAT),
            Shape(ellipse(x + 0.01, 0.21, 0.1, 0.118, turn), _SKIN, inked=False),
        ]
    head = [
        (-0.03, 0.18),
        (-0.16, 0.12),
        (-0.2, -0.02),
        (-0.12, -0.15),
        (0.06, -0.17),
        (0.22, -0.12),
        (0.33, -0.04),
        (0.24, 0.03),
        (0.14, 0.12),
    ]
    figure += [
        Shape(smooth(head, closed=True, steps=4), _COAT),
        Shape(
            smooth(
                [(-0.02, -0.04), (0.0, -0.14), (0.14, -0.135), (0.27, -0.06), (0.14, -0.02)],
                closed=True,
                steps=4,
            ),
            _CREAM,
            inked=False,
        ),
        Shape(box(0.125, -0.155, 0.175, -0.1), WHITE),
    ]
    for x in (-0.035, 0.115):
        if blink:
            figure.append(
                Shape(smooth([(x - 0.04, 0.05), (x, 0.035), (x + 0.04, 0.05)]), BLACK, 0.016, False)
            )
        else:
            figure += eye(x, 0.055, 0.048, 0.068, _BROWN)
    figure += [
        Shape(smooth([(0.06, -0.09), (0.14, -0.108), (0.24, -0.075)]), BLACK, 0.011, False),
        Shape(ellipse(0.325, -0.03, 0.042, 0.036), _NOSE),
    ]
    figure += [Shape(np.array([(0.24, -0.045), (0.4, -0.1 + d)]), WHITE, 0.008, False) for d in (-0.05, 0.02)]
    return figure
