"""Film to screen time: `screentime predict` as a process against decoding alone, and what memory it takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

from scripts.benchmarks import children
from scripts.benchmarks.decoding import decode_alone
from scripts.benchmarks.films import SEGMENT
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Failed, Result, alone, in_turn, versus
from scripts.benchmarks.registry import BUILTIN, LOOKS, SIZES

LIMIT = 400
LONG, IMPORTS = "predict, peak memory over a film 10x as long", "predict imports TensorFlow"


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``predict``."""
    looks = [
        look for look in LOOKS
        if any(look in name for name in wanted) or (look == BUILTIN and {LONG, IMPORTS} & set(wanted))
    ]
    models: dict[str, Path] = {}
    tiny = lab.moving("tiny", SEGMENT)
    for look in looks:
        try:
            models[look] = lab.model(look)
            lab.say(f"Predicting a short film first, {look}: what is converted once is not counted.")
            predict(tiny, models[look])
        except Failed as error:
            models.pop(look, None)
            yield from (Result(name, None, note=str(error), failed=True) for name in wanted if look in name)
    for size in SIZES:
        yield from _speed(lab, size, {
            f"predict {size}, {look}": model for look, model in models.items() if f"predict {size}, {look}" in wanted
        })
    yield from _memory(lab, wanted, models)
    if IMPORTS in wanted and BUILTIN in models:
        lab.say("Asking predict whether it imports TensorFlow.")
        yield Result(IMPORTS, float(imports_tensorflow(tiny, models[BUILTIN], lab.scratch)))


def _speed(lab: Lab, size: str, models: dict[str, Path]) -> Iterator[Result]:
    if not models:
        return
    film, seconds = lab.film(size), lab.film_seconds(size)
    contestants = {"decoding alone": lambda: decode_alone(str(film))} | {
        name: partial(predict, film, model) for name, model in models.items()
    }
    taken = in_turn(
        contestants, 3 if size == "360p" and not lab.quick else 2, lab.round(f"predict {size}"), lab.within(8)
    )
    for name in models:
        yield taken.versus(name, name, "decoding alone", f"{seconds} s of film.")


def _memory(lab: Lab, wanted: Collection[str], models: dict[str, Path]) -> Iterator[Result]:
    peak: dict[str, float] = {}
    for look, model in models.items():
        name = f"predict 360p, {look}, peak memory"
        if name in wanted or (look == BUILTIN and LONG in wanted):
            lab.say(f"Peak memory of predict, {look}.")
            peak[look] = peak_memory(lab.film("360p"), model)
        if name in wanted:
            yield alone(name, [peak[look]])
    if LONG in wanted and BUILTIN in models:
        film = lab.moving("360p", 10 * lab.film_seconds("360p"))
        lab.say("Peak memory of predict over a film ten times as long.")
        yield versus(LONG, [peak_memory(film, models[BUILTIN])], [peak[BUILTIN]])


def predict(film: Path, model: Path) -> float:
    """Seconds of the process; the film's seconds on screen must come out of it."""
    return _checked(film, children.screentime("predict", str(film), "--model", str(model), "--json", limit=LIMIT)).seconds


def peak_memory(film: Path, model: Path) -> float:
    """Megabytes that the process and its children had at most."""
    return _checked(
        film, children.screentime("predict", str(film), "--model", str(model), "--json", limit=LIMIT, memory=True)
    ).megabytes


def imports_tensorflow(film: Path, model: Path, scratch: Path) -> bool:
    """Whether a process that predicts a film begins to import TensorFlow."""
    answer = scratch / "imported.json"
    answer.write_text("false", "utf-8")
    # Asked while it happens: a process may end without asking anybody.
    code = f"""
import pathlib, sys
class Asked:
    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow":
            pathlib.Path({str(answer)!r}).write_text("true")
sys.meta_path.insert(0, Asked())
from screentime.cli import main
main()
"""
    children.run(
        [sys.executable, "-P", "-c", code, "predict", str(film), "--model", str(model), "--json"], limit=LIMIT
    )
    return json.loads(answer.read_text("utf-8"))


def _checked(film: Path, ended: children.Ended) -> children.Ended:
    rows = json.loads(ended.said)
    if [row["film"] for row in rows] != [film.name] or not rows[0]["length"] > 0:
        raise Failed(f"predict said of {film.name}: {ended.said[:100]}")
    return ended
