"""Projects as the loop leaves them, made by hand in no time: for tests of the report."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path

from screentime.config import Config, Project
from screentime.records import Film, Frame, Label, Round, frame_uid
from screentime.schema import Schema
from screentime.workspace import Workspace, create

URL = "http://127.0.0.1:8080/projects/7/data?tab=3&labeling=1"
HISTORY = {"loss": [0.9, 0.4], "accuracy": [0.6, 0.9], "val_loss": [1.0, 0.6], "val_accuracy": [0.5, 0.75]}


def there(character: int, second: int, characters: int) -> bool:
    """Who is on screen: each for ten seconds, and the first three seconds of the next one's turn too."""
    return (second // 10) % (characters + 1) == character or (second % 10 < 3 and ((second // 10) - 1) % (characters + 1) == character)


def make(
    folder: Path, films: dict[str, int] | None = None, characters: tuple[str, ...] = ("tom", "jerry"),
    mode: str = "multi", title: str = "A film", versions: int = 2, pictures: bool = True, url: str = URL,
    audited: bool = True,
) -> Workspace:
    """A project with labels of every sixth frame, one in three of them an audit frame, and some versions.

    Parameters
    ----------
    folder : Path
        Made.
    films : dict of str to int
        Name to seconds.
    """
    schema = Schema(mode, characters)
    films = films or {"film.mp4": 60}
    project = Project(id="0123456789ab", title=title, characters=characters, films=tuple(films), mode=mode)
    place = create(folder, Config(project=project))
    known, frames = [], []
    for number, (name, seconds) in enumerate(films.items()):
        digest = f"{number + 1:x}" * 16
        known.append(Film(digest, name, f"/home/somebody/films/{number}", float(seconds), 25.0, 64, 36, seconds))
        frames += [
            Frame(frame_uid(digest, float(i)), f"frames/film-{number}/{i:09d}.jpg", i, float(i), name) for i in range(seconds)
        ]
    place.write_frames(known, frames)
    if pictures:
        draw(place, frames)
    said = {}
    for frame in frames:
        here = [name for k, name in enumerate(characters) if there(k, frame.index, len(characters))]
        said[frame.uid] = frozenset(here[:1] if mode == "exclusive" else here)
    labelled = [frame for frame in frames if frame.index % 6 == 0]
    audits = [frame.uid for frame in labelled if frame.index % 18 == 0] if audited else []
    place.update_progress(
        project=7 if url else None, url=url, tasks={frame.uid: 100 + i for i, frame in enumerate(frames)} if url else {},
        audits={uid: {"block": [0.0, 9.0], "seed": 1, "probability": 0.1} for uid in audits},
        skipped=(frames[1].uid,), batch=tuple(frame.uid for frame in labelled), batch_after="",
    )
    if not versions:
        return place
    origins = ("manual", "prediction", "prediction-changed", "prediction")
    place.write_labels([
        Label(
            frame.uid, said[frame.uid], 100 + i, i, str(i % 2), "2025-01-02T08:00:00.000000Z", origins[i % 4],
            None if i % 4 == 3 else 2.0 + i % 3,
        )
        for i, frame in enumerate(labelled)
    ])
    rows = {uid: [0.9 if on else 0.1 for on in schema.encode([who])[0]] for uid, who in said.items()}
    wrong = {frame.uid: [0.1] * len(schema.classes) for frame in labelled[2:4]}
    wrong |= {uid: [0.7, *[0.05] * (len(schema.classes) - 1)] for uid in list(wrong)[1:]}
    for number in range(1, versions + 1):
        name = f"v{number:03d}-0123456789ab"
        version = place.models_folder / name
        version.mkdir(parents=True)
        card = {
            "version": name, "mode": mode, "characters": list(characters), "recipe": "head", "seed": 5,
            "backbone": {"name": "/home/somebody/backbones/mobile", "digest": "abcd", "view": "tiles"},
            "label_uids": [frame.uid for frame in labelled], "held_out_uids": [], "history": HISTORY,
            "packages": {"screentime": "0.1.0", "numpy": "2.2.6"},
            "accuracy": {
                "validation": 0.75, "value": 0.7 + number / 100, "low": 0.5, "high": 0.9, "frames": len(audits),
                "judged_on": f"{len(audits)} audit frames, drawn at random one in each block of time",
                "random_split": 0.875, "whole_blocks": None,
            },
            "round": asdict(Round(name, 10 * number, 0.75, 2, 1.5, number == versions)),
        }
        (version / "card.json").write_text(json.dumps(card), "utf-8")
        write(version / "predictions.csv", schema, rows)
        if audits:
            write(version / "crossfit.csv", schema, {uid: rows[uid] for uid in audits} | {u: r for u, r in wrong.items() if u in audits})
        write(version / "by_block.csv", schema, {frame.uid: rows[frame.uid] for frame in labelled} | wrong)
    return place


def draw(place: Workspace, frames: list[Frame]) -> None:
    """Pictures of the frames."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(1)
    for frame in frames:
        path = place.root / frame.file
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), rng.integers(0, 255, (9, 16, 3), dtype=np.uint8).repeat(20, 0).repeat(20, 1))


def write(path: Path, schema: Schema, rows: dict[str, list[float]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["uid", *schema.classes])
        table.writerows([uid, *row] for uid, row in rows.items())
