"""A project's films made into frames, and the frames into embeddings, by many workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from screentime.cluster.connecting import Spread, connected, require_ray
from screentime.cluster.crowd import Crowd, Job
from screentime.cluster.worker import Content, Extractor, Failed
from screentime.config import Config
from screentime.errors import FilmError
from screentime.records import Film, Frame
from screentime.talk import Step, Talk
from screentime.video.source import shown_name
from screentime.workspace import Workspace


class Extraction:
    """A project's films: what is to be done next of each, and what came of it.

    Parameters
    ----------
    workspace : Workspace
        In a folder that every machine sees at the same place.
    config : Config
    talk : Talk

    Attributes
    ----------
    films : dict of int to tuple
        By the film's place: its `Film`, and its frames as a list of `Frame`.
    failures : dict of int to Failed
        By the film's place.
    bare : dict of int to Failed
        Why frames were not embedded, by the film's place: nothing that the project's tables tell of.
    """

    def __init__(self, workspace: Workspace, config: Config, talk: Talk) -> None:
        self.films: dict[int, tuple[Film, list[Frame]]] = {}
        self.failures: dict[int, Failed] = {}
        self.bare: dict[int, Failed] = {}
        self._options, self._talk = config.frames, talk
        self._root, self._kept = workspace.root.absolute(), workspace.embeddings_folder.absolute()
        self._paths = [path.absolute() for path in workspace.film_paths()]
        self._contents: dict[int, Content] = {}
        self._finished = 0
        self.step: Step = lambda done, total: None

    def contents(self) -> Iterator[Job]:
        """The first job of each film."""
        for place, path in enumerate(self._paths):
            yield Job(shown_name(path), "content", (path,), place)

    def jobs(self) -> Iterator[Job]:
        """The second job of each film that can be read, when all contents are known."""
        options = self._options
        there: set[str] = set()
        for place, content in sorted(self._contents.items()):
            path = self._paths[place]
            # Twice at once, a film's folder would be filled by two.
            if content.digest in there:
                self._talk.say(f"{shown_name(path)} is the same film as one before it and is left out.")
                self._progress()
                continue
            there.add(content.digest)
            args = (path, content, self._root, options.fps, options.quality, options.max_height)
            yield Job(shown_name(path), "extract", args, place)

    def came(self, job: Job, answer: Any) -> Iterable[Job]:
        """Take what came of a job; gives the film's next one."""
        if isinstance(answer, Failed):
            (self.bare if job.method == "embed" else self.failures)[job.about] = answer
            self._progress()
        elif job.method == "content":
            self._contents[job.about] = answer
        elif job.method == "extract":
            film, frames, warnings = answer
            self.films[job.about] = film, frames
            for warning in warnings:
                self._talk.say(warning)
            return [Job(job.name, "embed", (frames, self._root, self._kept), job.about)]
        else:
            for note in answer:
                self._talk.say(note)
            self._progress()
        return []

    def _progress(self) -> None:
        self._finished += 1
        self.step(self._finished, len(self._paths))


def extract_films(
    workspace: Workspace, config: Config, spread: Spread, talk: Talk
) -> tuple[list[Film], list[Frame]]:
    """Sample all films of a project and embed their frames, by workers of a Ray cluster.

    What is there already is found again. A film that cannot be read does not stop the others; the project's
    tables are written when all can be read. Frames that cannot be embedded are told of, and no more: whatever
    needs their embeddings makes them.

    Parameters
    ----------
    workspace : Workspace
        In a folder that every machine sees at the same place, as are its films.
    config : Config
    spread : Spread
    talk : Talk

    Returns
    -------
    films : list of Film
    frames : list of Frame
        Film after film.

    Raises
    ------
    FilmError
        If films cannot be read; all of them are named.
    UserMistake
        If Ray is not installed, no cluster answers, or a machine has other versions.
    ScreentimeError
        If no worker starts.
    """
    require_ray()
    extraction = Extraction(workspace, config, talk)
    with (
        workspace.locked("extract"), connected(spread, talk) as (ray, workers),
        talk.progress("Reading films") as extraction.step,
    ):
        crowd = Crowd(ray, Extractor, (config.model.backbone, config.model.view), workers, talk)
        crowd.run(extraction.contents(), extraction.came)
        crowd.run(extraction.jobs(), extraction.came)
        failures = [extraction.failures[place] for place in sorted(extraction.failures)]
        for failure in failures[:-1]:
            talk.say(str(failure))
        if failures:
            raise FilmError(failures[-1].what, failures[-1].remedy)
        found = [extraction.films[place] for place in sorted(extraction.films)]
        films, frames = [film for film, _ in found], [frame for _, mine in found for frame in mine]
        workspace.write_frames(films, frames)
        for sentence in sorted({str(failure) for failure in extraction.bare.values()}):
            talk.say(f"Frames are not embedded yet. {sentence}")
    return films, frames
