"""Workers and what they are asked: one thing each at a time, and once more elsewhere where a worker dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from screentime.cluster.stopping import heard
from screentime.cluster.worker import Failed, this_machine
from screentime.errors import ModelError, ScreentimeError, UserMistake
from screentime.talk import Talk

# What kills so many workers kills others too.
TRIES = 3
# Seconds without any worker after which that is said.
PATIENCE_SECONDS = 30.0


@dataclass
class Job:
    """Something that a worker is asked.

    Attributes
    ----------
    name : str
        What it is about, for people.
    method : str
        Of the worker.
    args : tuple
    about : object
        For whoever hears of the outcome.
    deaths : int
        How many workers died over it.
    """

    name: str
    method: str
    args: tuple[Any, ...]
    about: Any = None
    deaths: int = 0


class Crowd:
    """Workers of one kind.

    Each has at most one thing to do, so nothing piles up, and what is not asked yet costs nothing. They stay for
    as long as the crowd does.

    Parameters
    ----------
    ray : module
    kind : type
        A `screentime.cluster.worker.Worker`, whose first argument is its number of cores.
    args : tuple
        Its further arguments.
    most : int
        How many workers.
    talk : Talk
    """

    def __init__(self, ray: Any, kind: type, args: tuple[Any, ...], most: int, talk: Talk) -> None:
        self._ray = ray
        self._make = ray.remote(num_cpus=1, max_restarts=0)(kind)
        self._args = args
        self._most = most
        self._talk = talk
        self._here = this_machine()
        self._processors: set[str] = {self._here.processor}
        self._shared: set[str] = set()  # machines where workers share cores
        self._free: list[Any] = []
        # What was asked of whom; where no job was, how many workers before this one did not start in its place.
        self._busy: dict[Any, tuple[Any, Job | int]] = {}

    @property
    def idle(self) -> int:
        """How many workers are ready and have nothing to do."""
        return len(self._free)

    def run(
        self, jobs: Iterable[Job], done: Callable[[Job, Any], Iterable[Job]],
        wanted: Callable[[Job], bool] = lambda job: True,
    ) -> None:
        """Have everything done.

        Parameters
        ----------
        jobs : iterable of Job
            Read on only when a worker has nothing else to do.
        done : callable
            Told each job and what came of it, a `Failed` where nothing did; gives jobs that follow, which
            go before all others.
        wanted : callable, optional
            Asked just before a worker is; what is not wanted any more is left out, and nobody is told.

        Raises
        ------
        ModelError, UserMistake
            If a worker cannot be used.
        ScreentimeError
            If no worker starts, or none is left.
        KeyboardInterrupt
            At Ctrl+C.
        """
        with heard() as require_none:
            self._run(jobs, done, wanted, require_none)

    def _run(
        self, jobs: Iterable[Job], done: Callable[[Job, Any], Iterable[Job]], wanted: Callable[[Job], bool],
        require_none: Callable[[], None],
    ) -> None:
        source: Iterator[Job] = iter(jobs)
        first: deque[Job] = deque()
        free, busy = self._free, self._busy
        waited = 0.0

        def hire(stillborn: int = 0) -> None:
            actor = self._make.remote(1, *self._args)
            busy[actor.ready.remote()] = actor, stillborn

        def at_work() -> bool:
            return any(isinstance(job, Job) for _, job in busy.values())

        def following() -> Job | None:
            return next(filter(wanted, chain(_taken(first), source)), None)

        job = following()
        if job is None:
            return
        first.append(job)
        for _ in range(self._most - len(free) - len(busy)):
            hire()
        while True:
            require_none()
            while free and (job := following()) is not None:
                actor = free.pop()
                busy[getattr(actor, job.method).remote(*job.args)] = actor, job
            if free and not at_work():
                return  # whoever is not ready yet is not needed any more
            ready, _ = self._ray.wait(list(busy), num_returns=1, timeout=PATIENCE_SECONDS)
            if not ready:
                waited += PATIENCE_SECONDS
                if not free and not at_work() and waited == PATIENCE_SECONDS:
                    self._talk.say("The cluster has no core free yet; waiting for one.")
                continue
            [ref] = ready
            actor, job = busy.pop(ref)
            answer, alive = self._answer(ref)
            if isinstance(job, int):
                if alive:
                    self._require_fit(answer)
                    free.append(actor)
                elif job + 1 < TRIES:
                    hire(job + 1)
                else:
                    self._give_up(answer)
                continue
            if alive:
                free.append(actor)
                first.extendleft(reversed(list(done(job, answer))))
                continue
            self._ray.kill(actor)
            hire()
            job.deaths += 1
            if job.deaths < TRIES:
                self._talk.say(f"A worker died at {job.name}; another one does it again.")
                first.appendleft(job)
            else:
                first.extendleft(reversed(list(done(job, Failed(
                    f"{job.name} ended {TRIES} workers.", "See that the machines have memory left, or leave it out."
                )))))

    def _answer(self, ref: Any) -> tuple[Any, bool]:
        """What a worker says, and whether it lives; what killed it where it does not."""
        exceptions = self._ray.exceptions
        try:
            return self._ray.get(ref), True
        except exceptions.RayTaskError as error:
            cause = error.cause if isinstance(getattr(error, "cause", None), BaseException) else error
            last = (str(cause).strip().splitlines() or [""])[-1]
            return Failed(
                f"A worker failed in a way that it should not ({type(cause).__name__}: {last}).", "Report it."
            ), True
        except exceptions.RayError as error:
            return error, False

    def _require_fit(self, answer: Any) -> None:
        """See that a worker's numbers are those of this machine."""
        if isinstance(answer, Failed):
            raise ModelError(answer.what, answer.remedy)
        for name, there in answer.versions.items():
            if there != self._here.versions[name]:
                raise UserMistake(
                    f"{name} is {there} on {answer.node} and {self._here.versions[name]} here: numbers could differ.",
                    "Install the same there and here.",
                )
        if answer.processor not in self._processors:
            self._processors.add(answer.processor)
            self._talk.say(
                f"{answer.node} has another processor ({answer.processor}) than this machine"
                f" ({self._here.processor}): the last digits of its numbers may differ."
            )
        if not answer.cores and answer.node not in self._shared:
            self._shared.add(answer.node)
            self._talk.say(
                f"A worker on {answer.node} shares its core: none is free, or the system or its temporary folder lets"
                " nobody keep one. It may be slower."
            )

    def _give_up(self, error: Any) -> None:
        """Go on with one worker fewer, as long as there are others."""
        self._most -= 1
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        if not self._most:
            raise ScreentimeError(
                f"No worker starts ({reason}).", "See that screentime is installed on each machine of the cluster."
            )
        self._talk.say(f"A worker does not start ({reason}); going on with {self._most}.")


def _taken(jobs: deque[Job]) -> Iterator[Job]:
    while jobs:
        yield jobs.popleft()
