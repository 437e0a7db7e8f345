"""Films on a cluster: what a worker on one core gets through, and whether two get through twice as much."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

from scripts.benchmarks import children
from scripts.benchmarks.films import SEGMENT
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Result, alone, in_turn
from scripts.benchmarks.registry import BUILTIN, CLUSTER_ONE, CLUSTER_TWO

# Films of a measurement: a number that two can share.
FILMS, LIMIT = {"360p": 8, "1080p": 2}, 600
# Of a core, what each worker must have for its pace to say anything, and what it can have where it keeps to one.
LEAST_SHARE, MOST_SHARE = 0.9, 1.1


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``cluster``."""
    model, tiny = lab.model(BUILTIN), lab.moving("tiny", SEGMENT)
    for size, row, crowds in (("360p", CLUSTER_TWO, (2, 1)), ("1080p", CLUSTER_ONE, (1,))):
        if row not in wanted:
            continue
        film, seconds = lab.film(size), lab.film_seconds(size)
        names = {workers: f"{workers} workers" for workers in crowds}
        shares: list[float] = []
        taken = in_turn(
            {
                name: partial(rate_in_child, model, tiny, film, seconds, FILMS[size], workers, shares)
                for workers, name in names.items()
            },
            2, lab.round(f"cluster {size}"), lab.within(30),
        )
        said = f"{FILMS[size]} films of {seconds} s, workers ready; load {os.getloadavg()[0]:.1f} at the end."
        if not taken.failed and (wrong := unfair(row, shares)) is not None:
            yield wrong
        elif len(crowds) > 1:
            yield taken.versus(row, names[2], names[1], said)
        else:
            yield Result(row, None, note=taken.failed[names[1]], failed=True) if taken.failed else alone(
                row, taken.figures[names[1]], said
            )


def unfair(name: str, shares: Sequence[float]) -> Result | None:
    """A row's result where its figures mean nothing; None where they do.

    Two workers on a machine that others keep busy get through what one does, whatever the code is like.

    Parameters
    ----------
    name : str
    shares : sequence of float
        Of a core, what each worker had in each run.
    """
    if max(shares, default=0.0) > MOST_SHARE:
        return Result(name, None, note=f"A worker had {max(shares):.2f} cores: it does not keep to one.", failed=True)
    if min(shares, default=1.0) < LEAST_SHARE:
        return Result(name, None, note=f"left out: a worker had {min(shares):.2f} of a core; others kept the machine busy.")
    return None


def rate_in_child(
    model: Path, tiny: Path, film: Path, seconds: int, films: int, workers: int, shares: list[float]
) -> float:
    """Hours of film in an hour, see `rate`; adds each worker's share of a core to the others."""
    found = children.call(
        "clustering:rate", str(model), str(tiny), str(film), seconds, films, workers, limit=LIMIT
    )
    shares += found["shares"]
    return found["rate"]


def rate(model: str, tiny: str, film: str, seconds: int, films: int, workers: int) -> dict[str, object]:
    """Have workers look at films, once they are ready; in a child process.

    Returns
    -------
    dict
        ``rate``, hours of film in an hour; ``shares``, of a core, what each worker had meanwhile.
    """
    import psutil

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

    def cpu_seconds() -> dict[int, float]:
        mine = [one for one in psutil.Process().children(recursive=True) if "".join(one.cmdline()).startswith("ray::Looker")]
        return {one.pid: sum(one.cpu_times()[:2]) for one in mine}

    with connected(Spread(workers=2), Talk()) as (ray, _):
        args = (Path(model), model_key(Path(model)), this_machine().versions)
        crowd = Crowd(ray, Looker, args, workers, Talk())
        crowd.run([Job(path, "content", (Path(path),)) for path in (tiny, film)], heard)
        while crowd.idle < workers:  # each loads its model, and what it needs for the first picture
            crowd.run(looks(tiny, workers), heard)
        crowd.run(looks(tiny, 2 * workers), heard)
        before, begun = cpu_seconds(), time.perf_counter()
        crowd.run(looks(film, films), heard)
        took, after = time.perf_counter() - begun, cpu_seconds()
        if len(before) != workers or set(before) != set(after):
            raise RuntimeError(f"{len(before)} and then {len(after)} workers were there instead of {workers}")
        return {"rate": films * seconds / took, "shares": [(after[pid] - before[pid]) / took for pid in before]}
