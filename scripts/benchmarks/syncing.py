"""From the 60th label to pre-annotations that can be read, against fine-tuning on the same labels."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.benchmarks import children, projects
from scripts.benchmarks.lab import REAL_FILM, Lab
from scripts.benchmarks.measuring import Failed, Result, alone, versus
from scripts.benchmarks.registry import BY_NAME

WARM, COLD, MANY = (name for name, row in BY_NAME.items() if row.family == "sync")
LABELS, ROUNDS, EPOCHS = 60, 3, 20
FRAMES, MANY_FRAMES = 298, 10_000
LIMIT, FINETUNE_LIMIT = 600, 420
# A round at each label, and no end: so that several rounds can be measured one after another.
OPTIONS = {"every": "1", "target": "1"}


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``sync``."""
    api = projects.Api(lab.server, lab.home)
    if {WARM, COLD} & set(wanted):
        yield from _small(lab, api, wanted)
    if MANY in wanted:
        folder, truth = many(lab, MANY_FRAMES)
        labeller = projects.Labeller(folder, truth)
        labeller.label(LABELS - 1)
        yield alone(MANY, warm(lab, api, folder, labeller, MANY_FRAMES, 2))


def many(lab: Lab, frames: int) -> tuple[Path, Path]:
    """A pushed project with so many frames, and the CSV of its labels; once a run.

    Of the drawn film at one frame a second; the embedding of a frame has 2,560 numbers.
    """
    folder = lab.scratch / f"frames-{frames}"
    film, truth = lab.drawn(frames)
    if not folder.is_dir():
        lab.say(f"Extracting and pushing {frames:,} frames.")
        projects.begin(folder, film, truth, backbone="builtin", view="tiles", **OPTIONS)
        children.screentime("push", "--workspace", str(folder), limit=LIMIT)
    return folder, truth


def _small(lab: Lab, api: projects.Api, wanted: Collection[str]) -> Iterator[Result]:
    film, truth = REAL_FILM / "episode.mp4", REAL_FILM / "labels_multi.csv"
    what = "A real cartoon"
    if not (film.is_file() and truth.is_file()):
        film, truth = lab.drawn(FRAMES)
        what = "A drawn film"
    backbone, weights = lab.backbone
    folder = lab.scratch / "sync"
    lab.say(f"Extracting and pushing {FRAMES} frames.")
    projects.begin(folder, film, truth, backbone=str(backbone), **OPTIONS)
    children.screentime("push", "--workspace", str(folder), limit=LIMIT)
    labeller = projects.Labeller(folder, truth)
    labeller.label(LABELS - 1)
    taken = warm(lab, api, folder, labeller, FRAMES, ROUNDS)
    finetune, how = _finetune(lab, folder)
    note = f"{what}, MobileNetV2 1.0/224 {weights}, view tiles. {how}"
    if WARM in wanted:
        yield versus(WARM, taken, [finetune] * len(taken), note)
    if COLD in wanted:
        taken = [cold(lab, api, folder, labeller, FRAMES, number + 1)[0] for number in range(ROUNDS)]
        yield versus(COLD, taken, [finetune] * len(taken))


def warm(
    lab: Lab, api: projects.Api, folder: Path, labeller: projects.Labeller, frames: int, rounds: int
) -> list[float]:
    """Seconds from a label to readable pre-annotations, `screentime sync --watch` at work and warm.

    It has done a round before; each time it is left alone for as long as its last round took, so that what it does
    after its pre-annotations are readable does not weigh on the next.
    """
    project, taken = projects.number_of(folder), []
    with children.background([children.SCREENTIME, "sync", "--watch", "--workspace", str(folder)]) as watching:
        began = time.monotonic()
        shown = _labels_learned(api, project, frames, "", LABELS - 1, LIMIT)
        rest = shown[1] - began
        for number in range(rounds):
            time.sleep(min(rest, 30))
            lab.say(f"sync, process warm, {frames:,} frames: round {number + 1} of {rounds}.")
            if watching.poll() is not None:
                raise Failed(f"`screentime sync --watch` ended before round {number + 1}.")
            began = time.monotonic()
            labeller.label(1)
            sent = time.monotonic()
            shown = _labels_learned(api, project, frames, shown[0], LABELS + number, LIMIT)
            taken.append(shown[1] - sent)
            rest = shown[1] - began
    return taken


def cold(
    lab: Lab, api: projects.Api, folder: Path, labeller: projects.Labeller, frames: int, number: int,
    memory: bool = False,
) -> tuple[float, float | None]:
    """A label, then seconds from the start of `screentime sync` to readable pre-annotations; and its peak memory.

    What it does afterwards, until it ends, does not count.
    """
    lab.say(f"sync, process cold, {frames:,} frames: round {number}.")
    project = projects.number_of(folder)
    before = projects.readable(api, project)[0]
    labeller.label(1)
    expected = frames - api("GET", f"api/projects/{project}/")["total_annotations_number"]
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        readable = pool.submit(projects.wait_for_version, api, project, before, expected, LIMIT, over.is_set)
        try:
            ended = children.screentime("sync", "--workspace", str(folder), "--json", limit=LIMIT, memory=memory)
        finally:
            over.set()  # by now they are there, or never will be
        return readable.result() - began, ended.megabytes


def _labels_learned(
    api: projects.Api, project: int, frames: int, before: str, labels: int, limit: float
) -> tuple[str, float]:
    at = projects.wait_for_version(api, project, before, frames - labels, limit)
    return projects.readable(api, project)[0], at


def _finetune(lab: Lab, folder: Path) -> tuple[float, str]:
    """Seconds that the recipe `finetune` trains on the labels of a project, and how that was found."""
    children.screentime("pull", "--workspace", str(folder), limit=LIMIT)
    copy = lab.scratch / "finetune"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("models", ".lock"))

    def train(epochs: int, limit: float) -> dict[str, Any]:
        lab.say(f"Fine-tuning for {epochs} epochs on the same labels.")
        ended = children.screentime(
            "train", "--workspace", str(copy), "--recipe", "finetune", "--epochs", str(epochs), "--json", limit=limit
        )
        return json.loads(ended.said)

    try:
        done = train(EPOCHS, FINETUNE_LIMIT)
        return done["seconds"], f"Fine-tuning: {done['epochs']} epochs on {done['labels']} labels."
    except Failed as error:
        one, two = train(1, FINETUNE_LIMIT), train(2, FINETUNE_LIMIT)
        epoch = two["seconds"] - one["seconds"]
        return epoch * EPOCHS, f"Fine-tuning: one epoch, {epoch:.1f} s, times {EPOCHS} ({error})"
