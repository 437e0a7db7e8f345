"""Training pictures of the `builtin` backbone: random creatures and things before random backgrounds.

The demo's cat and mouse, its props and its scenes are not among them: nothing is shared with the demo but
ink and paint. What is asked of a picture are parts, colours and *bound pairs* ("long ears on something
red"), because telling one drawn character from another takes exactly that.
"""

from __future__ import annotations

import numpy as np
from creatures import COATS, EARS, GARMENTS, HUES, PLANS, SNOUTS, TAILS, draw_creature
from grounds import GROUNDS, THINGS, draw_ground, draw_thing

from screentime.demo.drawing import Placement, paint, stamp

# What is asked of a picture: each block pairs a part with its colour, or two parts of one creature.
_PAIRS = {
    "plan-hue": (PLANS, HUES),
    "ears-hue": (EARS, HUES),
    "snout-hue": (SNOUTS, HUES),
    "tail-hue": (TAILS, HUES),
    "garment-cloth": (GARMENTS, HUES),
    "plan-ears": (PLANS, EARS),
    "ears-snout": (EARS, SNOUTS),
    "coat-accent": (COATS, HUES),
    "thing-paint": (THINGS, HUES),
    "ground-wall": (GROUNDS, HUES),
}
# What is asked of each cell of a picture: single parts and colours of what covers it.
_PARTS = {
    "plan": PLANS,
    "ears": EARS,
    "snout": SNOUTS,
    "tail": TAILS,
    "coat": COATS,
    "garment": GARMENTS,
    "thing": THINGS,
    "hue": HUES,
    "cloth": HUES,
    "paint": HUES,
}
_PAIR_AT = dict(zip(_PAIRS, np.cumsum([0, *(len(a) * len(b) for a, b in _PAIRS.values())]), strict=False))
_PART_AT = dict(zip(_PARTS, np.cumsum([0, *map(len, _PARTS.values())]), strict=False))
PAIRS = int(sum(len(a) * len(b) for a, b in _PAIRS.values()))
PARTS = int(sum(map(len, _PARTS.values())))
GRID = 6  # cells along each edge
_COVERED = 0.15  # share of a cell from which on something counts as in it


def draw_picture(rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One training picture, drawn larger and then reduced, which softens its edges.

    Parameters
    ----------
    rng : numpy.random.Generator
    side : int
        Pixels of the result's edge.

    Returns
    -------
    picture : ndarray, shape (side, side, 3), uint8
        Red, green, blue.
    cells : ndarray, shape (GRID, GRID, PARTS), bool
        Which parts and colours belong to what is seen in each cell.
    pairs : ndarray, shape (PAIRS,), bool
        Which bound pairs occur in the picture.
    """
    import cv2

    large = round(side * 1.25)
    picture, traits = draw_ground(rng, (large, large))
    pairs = _pairs_of(traits)
    cells = np.zeros((GRID, GRID, PARTS), bool)
    seen = np.zeros((large, large), np.uint8)
    creatures = rng.choice(4, p=[0.12, 0.4, 0.32, 0.16])
    items = []
    for what in rng.permutation(["creature"] * creatures + ["thing"] * rng.integers(0, 3)):
        tall = large * 0.3 * (4 if creatures < 2 else 2.5) ** rng.random() * (0.6 if what == "thing" else 1)
        # From standing high up to so low that the frame cuts off the lower half.
        y = rng.uniform(max(0.5 * large, 0.7 * tall), max(large, 0.5 * large + 0.7 * tall))
        x = rng.uniform(0.05, 0.95) * large
        where = Placement(x, y, tall, bool(rng.random() < 0.5), rng.normal(0, 0.1))
        figure, traits = (draw_creature if what == "creature" else draw_thing)(rng)
        items.append(traits)
        paint(picture, figure, where)
        stamp(seen, figure, where, len(items))
    for number, traits in enumerate(items, start=1):
        share = cv2.resize((seen == number).astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
        if share.max() > _COVERED:  # what cannot be seen is not asked for
            pairs |= _pairs_of(traits)
            cells |= (share > _COVERED)[:, :, None] & _parts_of(traits)
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2RGB), cells, pairs


def _pairs_of(traits: dict[str, int]) -> np.ndarray:
    pairs = np.zeros(PAIRS, bool)
    for name, (_, seconds) in _PAIRS.items():
        first, second = name.split("-")
        if first in traits and second in traits:
            pairs[_PAIR_AT[name] + traits[first] * len(seconds) + traits[second]] = True
    return pairs


def _parts_of(traits: dict[str, int]) -> np.ndarray:
    parts = np.zeros(PARTS, bool)
    parts[[_PART_AT[name] + value for name, value in traits.items() if name in _PARTS]] = True
    return parts
