"""Workers and what they are asked: one thing each at a time, and once more elsewhere where it does not go well."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
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
# So many times that long without any worker, and nobody waits any more for one on another machine.
PATIENCES = 10


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
    failures : dict of str to Failed
        By the machine where it failed.
    """

    name: str
    method: str
    args: tuple[Any, ...]
    about: Any = None
    deaths: int = 0
    failures: dict[str, Failed] = field(default_factory=dict)


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
        self._unfit: dict[str, list[Any]] = {}  # workers that cannot be used, by their machine
        self._free: list[Any] = []
        # What was asked of whom; where no job was, how many workers before this one did not start in its place.
        self._busy: dict[Any, tuple[Any, Job | int]] = {}
        self._nodes: dict[Any, str] = {}  # the machine of each worker that can be used, as Ray calls it
        self._elsewhere: list[Job] = []  # what failed on one machine and is to be tried on another

    @property
    def idle(self) -> int:
        """How many workers are ready and have nothing to do."""
        return len(self._free)

    def run(
        self, jobs: Iterable[Job], done: Callable[[Job, Any], Iterable[Job]],
        wanted: Callable[[Job], bool] = lambda job: True,
    ) -> None:
        """Have everything done.

        What fails on one machine is tried once more on another one, where there are workers on others: a machine
        may miss a folder that the others have.

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
            If no worker can be used, or one is of another version.
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
        in_vain = 0  # how often in a row nothing came, and nobody was at work

        def tell(job: Job, answer: Any) -> None:
            first.extendleft(reversed(list(done(job, answer))))

        def following() -> Job | None:
            return next(filter(wanted, chain(_taken(first), source)), None)

        def left() -> bool:
            if (job := following()) is not None:
                first.appendleft(job)
            return job is not None or bool(self._elsewhere)

        while True:
            require_none()
            self._elsewhere = list(filter(wanted, self._elsewhere))
            for job in self._stranded(in_vain):
                tell(job, self._failure(job))
            for actor in reversed(list(free)):
                if (job := self._returned(actor) or following()) is not None:
                    free.remove(actor)
                    busy[getattr(actor, job.method).remote(*job.args)] = actor, job
            if not self._at_work() and not left():
                return  # whoever is not ready yet is not needed any more
            missing = self._most - len(free) - len(busy)
            if missing > 0 and left():
                for _ in range(missing):
                    self._hire()
            ready, _ = self._ray.wait(list(busy), num_returns=1, timeout=PATIENCE_SECONDS)
            if not ready:
                in_vain = 0 if self._at_work() else in_vain + 1
                if in_vain == 1:
                    self._talk.say("The cluster has no core free yet; waiting for one.")
                continue
            in_vain = 0
            [ref] = ready
            actor, job = busy.pop(ref)
            answer, alive = self._answer(ref)
            if isinstance(job, int):
                self._welcome(actor, answer, alive, job)
            elif alive:
                free.append(actor)
                if isinstance(answer, Failed):
                    job.failures[self._nodes[actor]] = answer
                    if len(job.failures) == 1:
                        self._elsewhere.append(job)
                        continue
                    answer = self._failure(job)
                tell(job, answer)
            else:
                self._ray.kill(actor)
                del self._nodes[actor]
                job.deaths += 1
                if job.deaths < TRIES:
                    self._talk.say(f"A worker died at {job.name}; another one does it again.")
                    first.appendleft(job)
                else:
                    tell(job, Failed(
                        f"{job.name} ended {TRIES} workers.", "See that the machines have memory left, or leave it out."
                    ))

    def _hire(self, stillborn: int = 0) -> None:
        actor = self._make.remote(1, *self._args)
        self._busy[actor.__ray_call__.remote(_ready)] = actor, stillborn

    def _welcome(self, actor: Any, answer: Any, alive: bool, stillborn: int) -> None:
        """Take in a worker that started, or have another one start in its place."""
        if alive and isinstance(answer, Failed):
            self._give_up(answer)
        elif alive:
            node, machine = answer
            if isinstance(machine, Failed):
                self._leave_out(actor, node, machine)
            else:
                self._require_fit(machine)
                self._nodes[actor] = node
                self._free.append(actor)
        elif stillborn + 1 < TRIES:
            self._hire(stillborn + 1)
        else:
            self._give_up(answer)

    def _at_work(self) -> bool:
        return any(isinstance(job, Job) for _, job in self._busy.values())

    def _stranded(self, in_vain: int) -> list[Job]:
        """Take out the jobs that no worker on another machine can do, nor one that may be there soon."""
        if not self._elsewhere:
            return []
        there = set(self._nodes.values())
        if in_vain < PATIENCES and any(isinstance(job, int) for _, job in self._busy.values()):
            there |= set(self._names()) - set(self._unfit)
        stranded = [job for job in self._elsewhere if there <= set(job.failures)]
        self._elsewhere = [job for job in self._elsewhere if not there <= set(job.failures)]
        return stranded

    def _returned(self, actor: Any) -> Job | None:
        """A job that failed elsewhere than where a worker is."""
        job = next((job for job in self._elsewhere if self._nodes[actor] not in job.failures), None)
        if job is not None:
            self._elsewhere.remove(job)
        return job

    def _failure(self, job: Job) -> Failed:
        """Why a job failed in the end, and on which machines where there are several."""
        *_, last = job.failures.values()
        names = self._names()
        if len(names) < 2:
            return last
        alike = sorted({names.get(node, node) for node, why in job.failures.items() if why == last})
        return replace(last, what=f"On {' and '.join(alike)}: {last.what}")

    def _names(self) -> dict[str, str]:
        """What people call each machine of the cluster where workers can be."""
        return {
            node["NodeID"]: node["NodeManagerHostname"] for node in self._ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU")
        }

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

    def _leave_out(self, actor: Any, node: str, why: Failed) -> None:
        """Go on without a worker that cannot be used on its machine, as long as others may on other machines."""
        self._most -= 1
        names = self._names()
        if not self._most or len(names) < 2:
            raise ModelError(why.what, why.remedy)
        if node not in self._unfit:
            self._talk.say(f"No worker on {names.get(node, node)} can be used: {why}")
        # It stays, so that no other one is put on its core.
        self._unfit.setdefault(node, []).append(actor)

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


def _ready(worker: Any) -> tuple[str, Any]:
    """Run where a worker is: its machine, as Ray calls it, and what it says when it is ready."""
    import ray

    return ray.get_runtime_context().get_node_id(), worker.ready()
