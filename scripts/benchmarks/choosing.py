"""Choosing frames and counting seconds of many frames, and how both grow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from scripts.benchmarks import children
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Failed, Result, alone, exponent

FEW, MANY = 2_000, 20_000
LABELS, AUDIT_EVERY = 60, 6
LIMIT = 180


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``choose``."""
    for row, growth, function, arguments in (
        ("choose 60 of 20,000 frames, 2,560 numbers each", "choose 2,560, growth from 2,000 frames", "choose", [2560]),
        ("choose 60 of 20,000 frames, 1,280 numbers each", "choose 1,280, growth from 2,000 frames", "choose", [1280]),
        ("totals of 20,000 frames", "totals, growth from 2,000 frames", "total", []),
    ):
        if not {row, growth} & set(wanted):
            continue
        lab.say(f"{row}; and of {FEW:,}.")
        try:
            taken = children.call(
                f"choosing:{function}", [FEW, MANY], *arguments, 1 if lab.quick else 3, limit=15 if lab.quick else LIMIT
            )
        except Failed as error:
            yield from (Result(name, None, note=str(error), failed=True) for name in (row, growth))
            continue
        few, many = (statistics.median(each) for each in taken)
        if row in wanted:
            yield alone(row, taken[1])
        if growth in wanted:
            yield Result(growth, exponent(few, many, MANY / FEW), note=f"{few:.3g} s and {many:.3g} s.")


# -- inside a child process ---------------------------------------------------------------------------


def choose(sizes: list[int], numbers: int, rounds: int) -> list[list[float]]:
    """Seconds in which the first batch of 60 is chosen, a list a size."""
    import numpy as np

    from screentime.auditing import parts
    from screentime.schema import Schema
    from screentime.selection import next_batch

    schema = Schema("multi", ("Tom", "Jerry"))
    divided = parts(0, 0, LABELS // 2, LABELS, AUDIT_EVERY)

    def once(embeddings: Any) -> None:
        closed = np.zeros(len(embeddings), dtype=bool)
        batch, _ = next_batch(embeddings, closed, divided, None, schema, np.random.default_rng(1))
        if len(set(batch)) != LABELS:
            raise ValueError(f"{len(set(batch))} frames were chosen instead of {LABELS}")

    _bound_memory()
    once(film_like(500, numbers))
    return [_timed(partial(once, film_like(size, numbers)), rounds) for size in sizes]


def total(sizes: list[int], rounds: int) -> list[list[float]]:
    """Seconds in which the seconds of two characters are counted, with intervals, a list a size."""
    import numpy as np

    from screentime.records import Film, frame_uid
    from screentime.schema import Schema
    from screentime.screening import Basis, count

    schema = Schema("multi", ("Tom", "Jerry"))

    def prepared(size: int) -> Callable[[], None]:
        random = np.random.default_rng(2)
        film = Film("0123456789abcdef", "film.mp4", "film.mp4", float(size), 25.0, 640, 360, size)
        seconds = [float(second) for second in range(size)]
        # A character stays for some seconds, as in films.
        hidden = np.repeat(random.random((size // 5, 2)), 5, axis=0)
        probabilities = np.clip(hidden + random.normal(0, 0.05, hidden.shape), 0.01, 0.99)
        uids = [frame_uid(film.digest, seconds[i]) for i in np.linspace(0, size - 1, LABELS).astype(int)]
        labels = {
            uid: frozenset(name for name in schema.characters if random.random() < 0.4) for uid in uids
        }
        audits = uids[::AUDIT_EVERY]
        basis = Basis(labels, audits, uids, {uid: random.random(2).tolist() for uid in audits})

        def once() -> None:
            found = count(film, seconds, probabilities, schema, "v001-000000000000", basis)
            if found.estimates["Tom"].low is None:
                raise ValueError("the totals have no interval")

        return once

    _bound_memory()
    prepared(500)()
    return [_timed(prepared(size), rounds) for size in sizes]


def film_like(size: int, numbers: int) -> Any:
    """Embeddings of length one that lie as those of a film do: shots of some seconds, some shots alike."""
    import numpy as np

    random = np.random.default_rng(size)
    scenes = random.normal(size=(size // 40 + 1, numbers)).astype(np.float32)
    shots = np.repeat(random.integers(0, len(scenes), size // 4 + 1), 4)[:size]
    rows = scenes[shots] + 0.5 * random.normal(size=(size, numbers)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _bound_memory() -> None:
    """Fail, rather than take the machine's last memory from what else runs on it."""
    import resource

    import psutil

    most = int(0.7 * psutil.virtual_memory().available)
    with suppress(ValueError, OSError):  # not every system lets a process bound itself
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _timed(work: Callable[[], None], rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds):
        began = time.monotonic()
        work()
        taken.append(time.monotonic() - began)
    return taken
