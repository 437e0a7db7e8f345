"""Films a story: its pictures, its truth, and the video file.

The truth of second i is who can be seen in the first frame at or after i seconds. It is counted from
masks of the very shapes that are painted, so it needs no video file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from screentime.demo.cast import CHARACTERS, draw_character
from screentime.demo.drawing import Figure, Placement, paint, stamp
from screentime.demo.props import draw_prop
from screentime.demo.scenes import draw_scene, light_of
from screentime.demo.story import ENTRY_SECONDS, OVERSCAN, Presence, Prop, Shot, write_story
from screentime.errors import FilmError
from screentime.files import replacing, write_atomically
from screentime.video.source import opencv

FRAME_SHARE = 0.01  # a character is visible when it covers this share of the frame,
BODY_SHARE = 0.25  # or when this share of its body is inside the frame and not hidden

Layer = tuple[int, Figure, Placement]  # who it is: 0 a prop, 1 and up a place in CHARACTERS


def draw_film(
    path: str | Path, *, seconds: float, seed: int, fps: float = 12, size: tuple[int, int] = (640, 360)
) -> np.ndarray:
    """Draw a cartoon film into a video file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write, ending in .mp4.
    seconds : float
        Length of the film.
    seed : int
        Same arguments, same pictures.
    fps : float
        Frames per second.
    size : (width, height)
        Pixels.

    Returns
    -------
    ndarray, shape (sampled seconds, characters), bool
        See `film_truth`.
    """
    cv2 = opencv()
    path = Path(path)
    remedy = "Name an existing folder that you may write to, and see that space is left."
    try:
        with replacing(path) as part:
            writer = cv2.VideoWriter(str(part), cv2.VideoWriter_fourcc(*"mp4v"), fps, size)
            drawn = 0
            try:
                for picture in draw_frames(seconds=seconds, seed=seed, fps=fps, size=size):
                    writer.write(picture)
                    drawn += 1
            finally:
                writer.release()
            # The writer says nothing of a disk that is full.
            if cv2.VideoCapture(str(part)).get(cv2.CAP_PROP_FRAME_COUNT) != drawn:
                raise FilmError(f"{path} cannot be written.", remedy)
    except OSError as error:
        raise FilmError(f"{path} cannot be written: {error.strerror or error}.", remedy) from None
    return film_truth(seconds=seconds, seed=seed, fps=fps, size=size)


def draw_frames(*, seconds: float, seed: int, fps: float, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """Pictures of a film in order; arguments as for `draw_film`.

    Yields
    ------
    ndarray, shape (height, width, 3), uint8
        Blue, green, red.
    """
    times = np.arange(round(seconds * fps)) / fps
    for shot in write_story(seconds, seed):
        spare = shot.zoom * OVERSCAN
        scene = draw_scene(
            shot.scene, np.random.default_rng(shot.seed), (round(size[0] * spare), round(size[1] * spare))
        )
        light = light_of(shot.scene)
        figures = _prop_figures(shot)
        for time in times[(times >= shot.start) & (times < shot.end)]:
            x, y = _camera(shot, time, size)
            picture = scene[y : y + size[1], x : x + size[0]].copy()
            for _, figure, where in _layers(shot, figures, time, size):
                paint(picture, figure, where, light)
            yield picture


def film_truth(
    *, seconds: float, seed: int, fps: float = 12, size: tuple[int, int] = (640, 360)
) -> np.ndarray:
    """Who can be seen in each second of a film, without drawing it; arguments as for `draw_film`.

    Returns
    -------
    ndarray, shape (sampled seconds, characters), bool
        Row i for the first frame at or after i seconds, columns as in `CHARACTERS`.
    """
    first = np.ceil(np.arange(int(np.ceil(seconds))) * fps - 1e-9)
    times = first[first < round(seconds * fps)] / fps
    rows = []
    for shot in write_story(seconds, seed):
        figures = _prop_figures(shot)
        rows += [
            _visible(_layers(shot, figures, time, size), size)
            for time in times[(times >= shot.start) & (times < shot.end)]
        ]
    return np.array(rows, dtype=bool).reshape(-1, len(CHARACTERS))


def write_truth(path: str | Path, truth: np.ndarray) -> None:
    """Write the truth as CSV: ``second,cat,mouse`` with 0 or 1.

    Parameters
    ----------
    path : str or Path
    truth : ndarray, shape (seconds, characters), bool
        As `draw_film` returns it.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["second", *CHARACTERS])
    rows.writerows([second, *row] for second, row in enumerate(np.asarray(truth).astype(int).tolist()))
    write_atomically(path, text.getvalue())


def _visible(layers: list[Layer], size: tuple[int, int]) -> list[bool]:
    frame = np.zeros((size[1], size[0]), np.uint8)
    bodies = {}
    for who, figure, where in layers:
        stamp(frame, figure, where, who)
        if who:
            bodies[who] = _body_pixels(figure, where)
    seen = np.bincount(frame.ravel(), minlength=len(CHARACTERS) + 1)
    return [
        who in bodies and bool(seen[who] >= min(FRAME_SHARE * frame.size, BODY_SHARE * bodies[who]))
        for who in range(1, len(CHARACTERS) + 1)
    ]


def _body_pixels(figure: Figure, where: Placement) -> int:
    """Pixels of a whole figure, as if nothing hid it and the frame were large enough."""
    side = int(where.height * 2.4)
    alone = np.zeros((side, side), np.uint8)
    stamp(alone, figure, Placement(side / 2, side * 0.8, where.height, where.mirrored, where.lean), 1)
    return int(np.count_nonzero(alone))


def _layers(shot: Shot, figures: dict[Prop, Figure], time: float, size: tuple[int, int]) -> list[Layer]:
    """All that stands in the frame at a time, back to front."""
    middle = (shot.start + shot.end) / 2
    # Positions are those of the middle of the shot: the camera has moved on since.
    (now_x, now_y), (then_x, then_y) = _camera(shot, time, size), _camera(shot, middle, size)
    shift = np.array([then_x - now_x, then_y - now_y])

    def prop_layer(prop: Prop) -> Layer:
        x, y = np.array([prop.x + prop.speed * (time - middle), prop.y]) * size + shift
        return 0, figures[prop], Placement(x, y, prop.height * size[1], prop.mirrored)

    cast = [
        (CHARACTERS.index(p.character) + 1, *_act(p, time, size, shift))
        for p in shot.cast
        if p.start <= time < p.end
    ]
    return [*map(prop_layer, shot.behind), *cast, *map(prop_layer, shot.front)]


def _act(
    presence: Presence, time: float, size: tuple[int, int], shift: np.ndarray
) -> tuple[Figure, Placement]:
    """A character's figure and place at a time of its presence."""
    since, left = time - presence.start, presence.end - time
    x = presence.x0 + (presence.x1 - presence.x0) * since / (presence.end - presence.start)
    y, pose, mirrored = presence.y, presence.pose, presence.mirrored
    for way, passed, inwards in ((presence.arrives, since, True), (presence.leaves, left, False)):
        away = max(0.0, 1 - passed / ENTRY_SECONDS)
        if way == "side" and away:
            edge = -0.3 * presence.height if x < 0.5 else 1 + 0.3 * presence.height
            mirrored = (edge > x) == inwards
            x, pose = x + (edge - x) * away, "walk"
        elif way == "below" and away:
            y += presence.height * away
    if pose == "leap":
        y -= 0.12 * presence.height * abs(np.sin(2 * np.pi * since))
    phase = since * {"walk": 1.6, "leap": 1.0, "wave": 1.2}.get(pose, 0.45)
    lean = 0.04 * np.sin(2 * np.pi * phase) if pose in ("stand", "wave", "peek") else 0.0
    x, y = np.array([x, y]) * size + shift
    return draw_character(presence.character, pose, phase), Placement(
        x, y, presence.height * size[1], mirrored, lean
    )


def _camera(shot: Shot, time: float, size: tuple[int, int]) -> tuple[int, int]:
    """Upper left corner of the frame in the scene's picture, in whole pixels.

    A copy then takes a tenth of the time of a sub-pixel warp, and a slow drift looks the same.
    """
    (x0, y0), (x1, y1) = shot.camera
    share = (time - shot.start) / (shot.end - shot.start)
    spare = shot.zoom * OVERSCAN - 1
    return int((x0 + (x1 - x0) * share) * spare * size[0]), int((y0 + (y1 - y0) * share) * spare * size[1])


def _prop_figures(shot: Shot) -> dict[Prop, Figure]:
    return {
        prop: draw_prop(prop.kind, np.random.default_rng(prop.seed)) for prop in (*shot.behind, *shot.front)
    }
