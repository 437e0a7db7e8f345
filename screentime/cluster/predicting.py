"""Films looked at by many workers; what they say is joined, counted and told as on one machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.cluster.connecting import Spread, connected, require_ray
from screentime.cluster.crowd import Crowd, Job
from screentime.cluster.kept import Kept
from screentime.cluster.worker import Content, Failed, Looker, model_key, this_machine
from screentime.looking import BATCH, Looked, join, renamed
from screentime.screening import Basis, ScreenTime, conclude
from screentime.talk import Step, Talk
from screentime.video.clock import LONGEST_SECONDS
from screentime.video.source import shown_name

if TYPE_CHECKING:
    from screentime.video.skipping import Plan


@dataclass
class _Work:
    """A film on its way."""

    path: Path
    place: int
    content: Content | None = None
    parts: Sequence[Plan] = ()
    whole: bool = False  # whether it is looked at from start to end by now, for its parts do not do
    looked: dict[int, Looked] = field(default_factory=dict)


class Prediction:
    """All films of a command: what is to be done next of each, and what came of it.

    Parameters
    ----------
    films : sequence of Path
    card : mapping
        The model's.
    basis : Basis
    own : mapping of str to ScreenTime
        Digest to what is known of a film already.
    kept : Kept
    segment : float
        Seconds of film; a longer one is looked at in parts.
    talk : Talk
    done : callable
        Told each film's screen time as soon as it is known.

    Attributes
    ----------
    results : dict of int to ScreenTime
    failures : dict of int to str
        Both by the film's place.
    """

    def __init__(
        self, films: Sequence[Path], card: Mapping[str, Any], basis: Basis, own: Mapping[str, ScreenTime], kept: Kept,
        segment: float, talk: Talk, done: Callable[[ScreenTime], None],
    ) -> None:
        self.results: dict[int, ScreenTime] = {}
        self.failures: dict[int, str] = {}
        self._films, self._card, self._basis, self._own, self._kept = films, card, basis, own, kept
        self._talk, self._done = talk, done
        self._samples = max(math.ceil(min(segment, LONGEST_SECONDS) * card["fps"] / BATCH), 1) * BATCH
        self.step: Step = lambda done, total: None
        # What is done and what there is of each film, by its place, and of all: a film counts as one until its parts are known.
        self._counts: dict[int, tuple[int, int]] = {}
        self._count, self._total = 0, len(films)

    def jobs(self) -> Iterator[Job]:
        """The first job of each film."""
        for place, path in enumerate(self._films):
            yield Job(shown_name(path), "content", (path,), _Work(path, place))

    def came(self, job: Job, answer: Any) -> Iterable[Job]:
        """Take what came of a job; gives the film's next ones."""
        work: _Work = job.about
        if not self.wanted(job):
            return []
        if isinstance(answer, Failed):
            self.failures[work.place] = str(answer)
            self._progress(work, 1, 1)
            return []
        return {"content": self._named, "survey": self._parted, "look": self._looked}[job.method](job, work, answer)

    def wanted(self, job: Job) -> bool:
        """Whether a job is still of use: its film did not fail, and is not looked at as a whole by now."""
        work: _Work = job.about
        part = job.method == "look" and job.args[2] is not None
        return work.place not in self.failures and not (work.whole and part)

    def _named(self, job: Job, work: _Work, content: Content) -> Iterable[Job]:
        work.content = content
        if content.digest in self._own:
            self._told(work, self._own[content.digest])
            return []
        known = self._kept.find(content.digest)
        if known is not None:
            self._conclude(work, known)
            return []
        return [Job(job.name, "survey", (work.path, self._samples), work)]

    def _parted(self, job: Job, work: _Work, parts: Sequence[Plan]) -> Iterable[Job]:
        work.parts = parts
        if not parts:
            return [self._whole(work)]
        for part in parts:
            known = self._kept.find(work.content.digest, self._part(part))
            if known is not None:
                work.looked[part.first] = known
        if len(work.looked) == len(parts):
            return self._joined(work)
        self._progress(work, len(work.looked), len(parts))
        return [
            Job(
                f"{job.name}, part {place} of {len(parts)}" if len(parts) > 1 else job.name,
                "look", (work.path, work.content, part), work,
            )
            for place, part in enumerate(parts, 1) if part.first not in work.looked
        ]

    def _looked(self, job: Job, work: _Work, looked: Looked | None) -> Iterable[Job]:
        part: Plan | None = job.args[2]
        if part is None:
            self._keep_whole(work, looked)
            return []
        if looked is None:
            # Something is wrong with it that only shows when it is decoded: then it is read as one machine does.
            work.looked.clear()
            return [self._whole(work)]
        self._kept.keep(looked, self._part(part))
        work.looked[part.first] = looked
        if len(work.looked) == len(work.parts):
            return self._joined(work)
        self._progress(work, len(work.looked), len(work.parts))
        return []

    def _joined(self, work: _Work) -> Iterable[Job]:
        self._keep_whole(work, join([work.looked[part.first] for part in work.parts]))
        return []

    def _keep_whole(self, work: _Work, looked: Looked) -> None:
        self._kept.keep(looked)
        for part in work.parts:
            self._kept.drop(work.content.digest, self._part(part))
        self._conclude(work, looked)

    def _whole(self, work: _Work) -> Job:
        work.whole = True
        self._progress(work, 0, 1)
        return Job(shown_name(work.path), "look", (work.path, work.content, None), work)

    def _part(self, part: Plan) -> str:
        return f"{self._samples}-{part.first}"

    def _conclude(self, work: _Work, looked: Looked) -> None:
        # What is kept may be of a time when the film was called otherwise.
        for warning in renamed(looked, work.path.name).warnings:
            self._talk.say(warning)
        self._told(work, conclude(looked, self._card, self._basis))

    def _told(self, work: _Work, time: ScreenTime) -> None:
        # What is kept of a film may have been read elsewhere.
        film = replace(time.film, name=work.path.name, path=str(work.path.absolute()))
        self.results[work.place] = replace(time, film=film)
        self._done(self.results[work.place])
        count = 1 if work.whole else max(len(work.parts), 1)
        self._progress(work, count, count)

    def _progress(self, work: _Work, done: int, total: int) -> None:
        """Tell how much is done, when it is so much of a film."""
        before = self._counts.get(work.place, (0, 1))
        if (done, total) != before:
            self._counts[work.place] = done, total
            self._count, self._total = self._count + done - before[0], self._total + total - before[1]
            self.step(self._count, self._total)


def predict_films(
    films: Sequence[Path], model: Path, basis: Basis, own: Mapping[str, ScreenTime], spread: Spread, talk: Talk,
    done: Callable[[ScreenTime], None],
) -> tuple[list[ScreenTime], list[str]]:
    """Screen times of films by a model, looked at by workers of a Ray cluster.

    Parameters
    ----------
    films : sequence of Path
        At the same place on every machine.
    model : Path
        Its folder, also there.
    basis : Basis
    own : mapping of str to ScreenTime
        Digest to what is known of a film already.
    spread : Spread
    talk : Talk
    done : callable
        Told each film's screen time as soon as it is known.

    Returns
    -------
    results : list of ScreenTime
        In the order of the films.
    failures : list of str
        A sentence for each film of which nothing can be told.

    Raises
    ------
    ModelError
        If the model cannot be used.
    UserMistake
        If Ray is not installed, no cluster answers, or a machine has other versions.
    ScreentimeError
        If no worker starts, or what was looked at cannot be kept.
    """
    from screentime.model.card import read_card
    from screentime.model.conversion import cache_folder

    require_ray()  # what is missing is said before anything is read
    model = model.absolute()
    key = model_key(model)
    kept = Kept(cache_folder() / "looked", key)
    prediction = Prediction(films, read_card(model), basis, own, kept, spread.segment, talk, done)
    with connected(spread, talk) as (ray, workers), talk.progress("Looking at films and their parts") as prediction.step:
        crowd = Crowd(ray, Looker, (model, key, this_machine().versions), workers, talk)
        crowd.run(prediction.jobs(), prediction.came, prediction.wanted)
    return (
        [prediction.results[place] for place in sorted(prediction.results)],
        [prediction.failures[place] for place in sorted(prediction.failures)],
    )
