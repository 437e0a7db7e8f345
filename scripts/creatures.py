"""Invented creatures, put together at random from parts: body plan, ears, snout, tail, coat and garment."""

from __future__ import annotations

import numpy as np

from screentime.demo.drawing import Colour, Figure, Shape, box, ellipse, hsv, moved, shade, smooth

PLANS = ("upright", "four-legged", "blob", "bird", "fish", "worm", "robot", "long-necked")
EARS = ("none", "pointed", "round", "long", "floppy", "horns", "antennae")
SNOUTS = ("none", "muzzle", "pointed", "beak", "trunk")
TAILS = ("none", "thin", "bushy", "curled", "striped")
COATS = ("plain", "striped", "spotted", "bellied")
GARMENTS = ("none", "collar", "hat", "shirt", "glasses")
HUES = ("red", "orange", "yellow", "green", "cyan", "blue", "violet", "grey", "white", "black")
_WHITE, _BLACK = (245, 248, 250), (38, 32, 34)


def colour_of(rng: np.random.Generator, hue: int) -> Colour:
    """A random colour of one of `HUES`."""
    name = HUES[hue]
    if name in ("grey", "white", "black"):
        value = {
            "grey": rng.uniform(0.45, 0.72),
            "white": rng.uniform(0.88, 1.0),
            "black": rng.uniform(0.1, 0.27),
        }[name]
        return hsv(rng.random(), rng.uniform(0, 0.12), value)
    centre = {
        "red": 0.0,
        "orange": 0.075,
        "yellow": 0.15,
        "green": 0.33,
        "cyan": 0.49,
        "blue": 0.61,
        "violet": 0.8,
    }[name]
    return hsv(centre + rng.normal(0, 0.015), rng.uniform(0.3, 0.95), rng.uniform(0.45, 1.0))


def draw_creature(rng: np.random.Generator) -> tuple[Figure, dict[str, int]]:
    """A creature, 1 unit tall, and which value of each trait it has."""
    choices = {
        "plan": PLANS,
        "ears": EARS,
        "snout": SNOUTS,
        "tail": TAILS,
        "coat": COATS,
        "garment": GARMENTS,
        "hue": HUES,
        "accent": HUES,
        "cloth": HUES,
    }
    traits = {name: int(rng.integers(len(values))) for name, values in choices.items()}
    plan, ears, snout, tail, coat, garment = (
        choices[name][traits[name]] for name in ("plan", "ears", "snout", "tail", "coat", "garment")
    )
    fur, accent, dress = (colour_of(rng, traits[name]) for name in ("hue", "accent", "cloth"))
    if garment == "none":
        del traits["cloth"]
    if coat == "plain":
        del traits["accent"]
    body, neck, back = _body(plan, rng, fur, accent, coat, dress if garment == "shirt" else None)
    size = rng.uniform(0.75, 1.25)
    head = moved(_head(rng, fur, accent, ears, snout) + _worn(garment, dress), *neck, size)
    collar = (
        [Shape(ellipse(neck[0], neck[1] - 0.15 * size, 0.13, 0.045), dress)] if garment == "collar" else []
    )
    return _tail(tail, rng, back, fur, accent) + body + collar + head, traits


def _body(
    plan: str, rng: np.random.Generator, fur: Colour, accent: Colour, coat: str, shirt: Colour | None
) -> tuple[Figure, tuple[float, float], tuple[float, float]]:
    """Body of a creature, where its head's centre is, and where its tail begins."""
    dark, a, b, c = shade(fur, 0.82), *rng.uniform(-1, 1, 3)
    main = fur if shirt is None else shirt

    def limbs(xs: tuple[float, ...], top: float, width: float) -> Figure:
        return [
            Shape(smooth([(x, top), (x + 0.06 * d, 0.03)]), dark if i % 2 else fur, width)
            for i, (x, d) in enumerate(zip(xs, rng.uniform(-1, 1, len(xs)), strict=True))
        ]

    if plan == "upright":
        arms = [
            Shape(
                smooth([(0.12 * s, 0.46), (0.25 * s, 0.36 + 0.1 * d), (0.3 * s, 0.36 + 0.2 * d)]), main, 0.06
            )
            for s, d in ((-1, a), (1, b))
        ]
        trunk, neck, back, centre = (
            ellipse(0, 0.36, 0.16 + 0.03 * c, 0.22),
            (0.02, 0.72),
            (-0.1, 0.22),
            (0.0, 0.36),
        )
        parts = [*limbs((-0.08, 0.08), 0.25, 0.08), *arms, Shape(trunk, main)]
    elif plan == "four-legged":
        trunk, neck, back, centre = (
            ellipse(0, 0.38, 0.36, 0.15 + 0.03 * c),
            (0.36, 0.6 + 0.06 * a),
            (-0.34, 0.42),
            (0.0, 0.38),
        )
        parts = [*limbs((-0.25, -0.17, 0.2, 0.28), 0.35, 0.08), Shape(trunk, main)]
    elif plan == "blob":
        trunk, neck, back, centre = (
            smooth(
                [(-0.3, 0.02), (-0.33, 0.3), (-0.15, 0.55), (0.15, 0.56), (0.34, 0.3), (0.3, 0.02)],
                closed=True,
            ),
            (0.0, 0.6),
            (-0.28, 0.15),
            (0.0, 0.25),
        )
        parts = [Shape(trunk, main)]
    elif plan == "bird":
        trunk, neck, back, centre = ellipse(0, 0.36, 0.26, 0.2, 0.4), (0.2, 0.66), (-0.24, 0.32), (0.0, 0.34)
        wing = smooth([(-0.22, 0.42), (-0.02 - 0.1 * a, 0.2 + 0.3 * b), (0.14, 0.42)], closed=True)
        parts = [
            Shape(np.array([(x, 0.22), (x, 0.0), (x + 0.07, 0.0)]), accent, 0.03) for x in (-0.05, 0.06)
        ] + [Shape(trunk, main), Shape(wing, dark)]
    elif plan == "fish":
        trunk, neck, back, centre = (
            smooth([(-0.4, 0.32), (0.0, 0.56), (0.38, 0.36), (0.0, 0.12)], closed=True),
            (0.26, 0.38),
            (-0.36, 0.32),
            (0.0, 0.34),
        )
        parts = [
            Shape(np.array([(-0.3, 0.33), (-0.55, 0.52), (-0.5, 0.12)]), accent),
            Shape(np.array([(-0.1, 0.5), (0.05, 0.7), (0.12, 0.5)]), dark),
            Shape(trunk, main),
        ]
    elif plan == "worm":
        curve = smooth([(-0.5, 0.08), (-0.25, 0.1 + 0.12 * abs(a)), (0.0, 0.09), (0.18, 0.12), (0.22, 0.5)])
        trunk, neck, back, centre = ellipse(0.0, 0.1, 0.1, 0.06), (0.22, 0.6), (-0.48, 0.08), (0.0, 0.1)
        parts = [Shape(curve, main, 0.15)]
    elif plan == "robot":
        trunk, neck, back, centre = box(-0.2, 0.18, 0.2, 0.55), (0.0, 0.74), (-0.18, 0.22), (0.0, 0.36)
        parts = [
            *(Shape(box(x - 0.05, 0.0, x + 0.05, 0.2), dark) for x in (-0.1, 0.1)),
            *(
                Shape(np.array([(0.2 * s, 0.48), (0.34 * s, 0.38 + 0.14 * d)]), dark, 0.06)
                for s, d in ((-1, a), (1, b))
            ),
            Shape(trunk, main),
        ]
    else:
        trunk, neck, back, centre = ellipse(-0.05, 0.32, 0.28, 0.14), (0.3, 0.88), (-0.3, 0.34), (-0.05, 0.32)
        parts = [
            *limbs((-0.22, -0.14, 0.08, 0.15), 0.3, 0.07),
            Shape(smooth([(0.12, 0.36), (0.24, 0.55), (0.28, 0.82)]), fur, 0.12),
            Shape(trunk, main),
        ]
    return parts + _markings(coat, rng, trunk, centre, accent), neck, back


def _markings(
    coat: str, rng: np.random.Generator, trunk: np.ndarray, centre: tuple[float, float], accent: Colour
) -> Figure:
    inner = (trunk - trunk.mean(0)) * 0.75 + trunk.mean(0)
    low, high = inner.min(0), inner.max(0)
    if coat == "striped":
        return [
            Shape(np.array([(x, low[1] + 0.02), (x + 0.02, high[1] - 0.02)]), accent, 0.03, False)
            for x in np.linspace(low[0], high[0], 5)[1:-1]
        ]
    if coat == "spotted":
        return [
            Shape(ellipse(x, y, 0.035, 0.03, corners=10), accent, inked=False)
            for x, y in rng.uniform(low * 0.8 + high * 0.2, high * 0.8 + low * 0.2, (6, 2))
        ]
    if coat == "bellied":
        return [Shape((trunk - trunk.mean(0)) * 0.6 + trunk.mean(0) + (0.03, -0.02), accent, inked=False)]
    return []


def _head(rng: np.random.Generator, fur: Colour, accent: Colour, ears: str, snout: str) -> Figure:
    rx, ry = rng.uniform(0.16, 0.24), rng.uniform(0.15, 0.2)
    figure: Figure = []
    for s in (-1, 1):
        x = 0.62 * rx * s
        if ears == "pointed":
            figure += [
                Shape(np.array([(x - 0.07, ry * 0.6), (x + 0.04 * s, ry + 0.15), (x + 0.08, ry * 0.5)]), fur),
                Shape(
                    np.array([(x - 0.03, ry * 0.7), (x + 0.03 * s, ry + 0.09), (x + 0.04, ry * 0.6)]),
                    accent,
                    inked=False,
                ),
            ]
        elif ears == "round":
            r = 0.5 * rx
            figure += [
                Shape(ellipse(x * 1.3, ry * 0.95, r, r), fur),
                Shape(ellipse(x * 1.3, ry * 0.95, r * 0.6, r * 0.6), accent, inked=False),
            ]
        elif ears == "long":
            figure += [
                Shape(ellipse(x, ry + 0.13, 0.055, 0.17, -0.25 * s), fur),
                Shape(ellipse(x, ry + 0.13, 0.028, 0.12, -0.25 * s), accent, inked=False),
            ]
        elif ears == "horns":
            figure.append(
                Shape(
                    smooth([(x, ry * 0.7), (x + 0.1 * s, ry + 0.06), (x + 0.06 * s, ry + 0.17)]), accent, 0.05
                )
            )
        elif ears == "antennae":
            figure += [
                Shape(np.array([(x, ry * 0.8), (x * 1.3, ry + 0.15)]), fur, 0.022),
                Shape(ellipse(x * 1.3, ry + 0.16, 0.035, 0.035), accent),
            ]
    shape = box(-rx, -ry, rx, ry) if rng.random() < 0.12 else ellipse(0, 0, rx, ry)
    figure.append(Shape(shape, fur))
    if ears == "floppy":
        figure += [
            Shape(ellipse(rx * 0.95 * s, -0.02, 0.06, 0.15, 0.25 * s), shade(fur, 0.75)) for s in (-1, 1)
        ]
    gap, r = rng.uniform(0.06, 0.1), rng.uniform(0.035, 0.065)
    for x in (0.04 - gap, 0.04 + gap):
        figure += [
            Shape(ellipse(x, 0.04, r, r * 1.2), _WHITE),
            Shape(ellipse(x + 0.01, 0.035, r * 0.5, r * 0.65, corners=12), _BLACK, inked=False),
        ]
    return figure + _snout(snout, fur, accent, rx)


def _snout(snout: str, fur: Colour, accent: Colour, rx: float) -> Figure:
    mouth = Shape(smooth([(-0.03, -0.1), (0.05, -0.12), (0.12, -0.09)]), _BLACK, 0.012, False)
    if snout == "muzzle":
        return [
            Shape(ellipse(0.05, -0.08, 0.1, 0.065), shade(fur, 1.25)),
            Shape(ellipse(0.05, -0.05, 0.035, 0.025, corners=12), _BLACK),
        ]
    if snout == "pointed":
        return [
            Shape(smooth([(0.02, -0.02), (rx + 0.15, -0.07), (0.02, -0.13)], closed=True), fur),
            Shape(ellipse(rx + 0.14, -0.07, 0.03, 0.03, corners=12), _BLACK),
        ]
    if snout == "beak":
        return [Shape(np.array([(0.02, 0.0), (rx + 0.13, -0.06), (0.02, -0.11)]), accent)]
    if snout == "trunk":
        return [Shape(smooth([(0.06, -0.03), (0.16, -0.14), (0.14, -0.28), (0.22, -0.32)]), fur, 0.075)]
    return [mouth]


def _worn(garment: str, cloth: Colour) -> Figure:
    if garment == "hat":
        return [
            Shape(box(-0.11, 0.15, 0.11, 0.34), cloth),
            Shape(box(-0.2, 0.13, 0.2, 0.18), shade(cloth, 0.85)),
        ]
    if garment == "glasses":
        rings = [
            np.vstack([ring, ring[:1]]) for ring in (ellipse(x, 0.04, 0.085, 0.085) for x in (-0.05, 0.13))
        ]
        return [Shape(ring, cloth, 0.028, False) for ring in rings]
    return []


def _tail(
    tail: str, rng: np.random.Generator, back: tuple[float, float], fur: Colour, accent: Colour
) -> Figure:
    x, y = back
    lift = rng.uniform(-0.05, 0.3)
    curve = smooth(
        [(x + 0.05, y), (x - 0.14, y + 0.3 * lift), (x - 0.22, y + lift), (x - 0.34, y + lift + 0.06)]
    )
    if tail == "thin":
        return [Shape(curve, fur, 0.03)]
    if tail == "bushy":
        return [
            Shape(ellipse(x - 0.16, y + 0.12, 0.22, 0.09, -0.8), fur),
            Shape(ellipse(x - 0.26, y + 0.23, 0.09, 0.06, -0.8), accent, inked=False),
        ]
    if tail == "curled":
        angle = np.linspace(0, 4 * np.pi, 24)
        return [
            Shape(
                np.column_stack(
                    [
                        x - 0.08 + (0.02 + 0.007 * angle) * np.cos(angle),
                        y + 0.06 + (0.02 + 0.007 * angle) * np.sin(angle),
                    ]
                ),
                fur,
                0.03,
            )
        ]
    if tail == "striped":
        return [
            Shape(curve, fur, 0.07),
            *(Shape(curve[i : i + 2], accent, 0.065, False) for i in range(3, len(curve) - 2, 4)),
        ]
    return []
