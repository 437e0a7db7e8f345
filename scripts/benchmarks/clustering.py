"""Films on a cluster: what a worker on one core gets through, and whether two get through twice as much."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

from scripts.benchmarks import children
from scripts.benchmarks.films import SEGMENT
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Result, alone, in_turn
from scripts.benchmarks.registry import BUILTIN, CLUSTER_ONE, CLUSTER_TWO

# Films of a measurement: a number that two can share.
FILMS, LIMIT = {"360p": 8, "1080p": 2}, 600


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``cluster``."""
    model, tiny = lab.model(BUILTIN), lab.moving("tiny", SEGMENT)
    for size, row, crowds in (("360p", CLUSTER_TWO, (2, 1)), ("1080p", CLUSTER_ONE, (1,))):
        if row not in wanted:
            continue
        film, seconds = lab.film(size), lab.film_seconds(size)
        names = {workers: f"{workers} workers" for workers in crowds}
        taken = in_turn(
            {
                name: partial(rate_in_child, model, tiny, film, seconds, FILMS[size], workers)
                for workers, name in names.items()
            },
            2, lab.round(f"cluster {size}"), lab.within(30),
        )
        said = f"{FILMS[size]} films of {seconds} s, workers ready; load {os.getloadavg()[0]:.1f} at the end."
        if len(crowds) > 1:
            yield taken.versus(row, names[2], names[1], said)
        else:
            yield Result(row, None, note=taken.failed[names[1]], failed=True) if taken.failed else alone(
                row, taken.figures[names[1]], said
            )


def rate_in_child(model: Path, tiny: Path, film: Path, seconds: int, films: int, workers: int) -> float:
    """Hours of film in an hour, see `rate`."""
    return children.call("clustering:rate", str(model), str(tiny), str(film), seconds, films, workers, limit=LIMIT)


def rate(model: str, tiny: str, film: str, seconds: int, films: int, workers: int) -> float:
    """Hours of film that workers get through in an hour, once they are ready; in a child process."""
    from screentime.cluster.connecting import Spread, connected
    from screentime.cluster.crowd import Crowd, Job
    from screentime.cluster.worker import Looker, model_key, this_machine
    from screentime.talk import Talk

    contents: dict[str, object] = {}

    def heard(job: Job, answer: object) -> list[Job]:
        if job.method == "content":
            contents[job.name] = answer
        elif not hasattr(answer, "seconds"):
            raise RuntimeError(f"{job.name}: {answer}")
        return []

    def looks(path: str, times: int) -> list[Job]:
        return [Job(path, "look", (Path(path), contents[path], None)) for _ in range(times)]

    with connected(Spread(workers=2), Talk()) as (ray, _):
        args = (Path(model), model_key(Path(model)), this_machine().versions)
        crowd = Crowd(ray, Looker, args, workers, Talk())
        crowd.run([Job(path, "content", (Path(path),)) for path in (tiny, film)], heard)
        while crowd.idle < workers:  # each loads its model, and what it needs for the first picture
            crowd.run(looks(tiny, workers), heard)
        crowd.run(looks(tiny, 2 * workers), heard)
        begun = time.perf_counter()
        crowd.run(looks(film, films), heard)
        return films * seconds / (time.perf_counter() - begun)
