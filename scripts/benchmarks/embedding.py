"""Embeddings a second: the product's backbone against the runtimes of `runtimes`, on the same weights."""

from __future__ import annotations

import hashlib
import shutil
import statistics
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path

from scripts.benchmarks import children, runtimes
from scripts.benchmarks.lab import ROOT, Lab
from scripts.benchmarks.measuring import Failed, Result, in_turn

RATE, COSINE = "embeddings, 224 px", "embeddings, smallest cosine"
REQUIREMENTS = ROOT / "scripts" / "requirements-bench.txt"
# Below this a runtime computes something else, and its speed says nothing.
SAME = 0.999
LIMIT = 180


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``embed``."""
    folder, weights = lab.backbone
    packages, notes = _packages(lab)
    with ExitStack() as stack:
        running: dict[str, children.Answering] = {}
        for name in runtimes.RUNTIMES:
            if packages is None and name in runtimes.NEEDS:
                continue
            running[name] = children.Answering(
                "runtimes:answering", name, str(folder), str(lab.cache / "converted"), str(packages or ""), limit=LIMIT
            )
            stack.callback(running[name].close)
            lab.say(f"Starting {name}.")
            try:
                running[name].ask({"features": str(lab.scratch / f"{name}.npy")})
            except Failed as error:
                if name in ("ours", "TensorFlow"):
                    raise
                running.pop(name).close()
                notes.append(f"{name} is left out: {error}")
        cosine = {name: _smallest_cosine(lab.scratch, name) for name in running}
        for name in [name for name in running if name != "ours" and cosine[name] < SAME]:
            running.pop(name).close()
            notes.append(f"{name} is left out: it gave other features.")
        if COSINE in wanted:
            yield Result(COSINE, cosine["ours"], note=f"MobileNetV2 1.0/224 {weights}.")
        if RATE in wanted:
            yield _rates(lab, running, notes)


def _rates(lab: Lab, running: dict[str, children.Answering], notes: list[str]) -> Result:
    """Each at its best batch: found in a first round, then measured in turn."""
    seconds = 0.5 if lab.quick else 2.0
    best = {}
    for name, process in running.items():
        lab.say(f"Looking for the best batch of {name}.")
        trial = {b: process.ask({"batch": b, "seconds": seconds / 2}) for b in runtimes.BATCHES}
        best[name] = max(trial, key=trial.get)
    contestants = {
        name: lambda name=name: running[name].ask({"batch": best[name], "seconds": seconds}) for name in running
    }
    taken = in_turn(contestants, 2 if lab.quick else 7, lab.round("embeddings"))
    rate = {name: statistics.median(each) for name, each in taken.figures.items()}
    notes += [f"{name} failed: {why}" for name, why in taken.failed.items()]
    others = [name for name in rate if name != "ours"]
    fastest = max(others, key=rate.get)
    told = ", ".join(f"{name} {each:.0f} (batch {best[name]})" for name, each in rate.items())
    return taken.versus(RATE, "ours", fastest, " ".join([f"Images a second: {told}.", *notes]))


def _smallest_cosine(folder: Path, name: str) -> float:
    import numpy as np

    one, other = (np.load(folder / f"{each}.npy").astype(np.float64) for each in (name, "TensorFlow"))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).min())


def _packages(lab: Lab) -> tuple[Path | None, list[str]]:
    """Folder of what only the bench needs, installed beside .venv and never into it."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:8]
    folder = lab.cache / f"packages-{sys.version_info[0]}.{sys.version_info[1]}-{key}"
    if folder.is_dir():
        return folder, []
    uv = shutil.which("uv") or str(ROOT / ".venv-uv" / "bin" / "uv")
    part = lab.scratch / "packages"
    lab.say("Installing ONNX Runtime and OpenVINO beside .venv.")
    began = time.monotonic()
    try:
        children.run(
            [uv, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable, "--target", str(part),
             "-r", str(REQUIREMENTS)], limit=60 if lab.quick else 300,
        )
    except Failed as error:
        return None, [f"ONNX Runtime and OpenVINO are left out, since they could not be installed: {error}"]
    shutil.move(part, folder)
    lab.say(f"Installed in {time.monotonic() - began:.0f} s.")
    return folder, []
