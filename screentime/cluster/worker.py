"""What a worker does for the others, one thing at a time. Knows nothing of Ray, which starts it as an actor."""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime import __version__
from screentime.cluster.pinning import locks_folder, pin
from screentime.errors import FilmError, ModelError, ScreentimeError
from screentime.records import Film, Frame
from screentime.talk import Talk

if TYPE_CHECKING:
    from screentime.looking import Looked
    from screentime.video.skipping import Plan

# Packages whose version the numbers depend on.
PACKAGES = ("ai-edge-litert", "av", "numpy", "opencv-python-headless", "tensorflow")


@dataclass(frozen=True)
class Failed:
    """Why something could not be done: the sentences of a `ScreentimeError`."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


@dataclass(frozen=True)
class Machine:
    """What a worker's numbers depend on, and where it runs.

    Attributes
    ----------
    node : str
    pid : int
    versions : dict of str to str
        Of screentime and `PACKAGES`.
    processor : str
        Its kind.
    cores : int
        How many the worker keeps to; 0 where it shares them.
    """

    node: str
    pid: int
    versions: dict[str, str]
    processor: str
    cores: int = 0


@dataclass(frozen=True)
class Content:
    """A film's content: its digest, and what tells on every machine that the file is still the same."""

    digest: str
    mark: tuple[int, ...]


def this_machine() -> Machine:
    """What numbers depend on that are made here."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # another system
        lines = []
    kind = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    versions = {"screentime": __version__} | {name: version(name) for name in PACKAGES}
    return Machine(platform.node(), os.getpid(), versions, kind or platform.machine())


def model_key(folder: Path) -> str:
    """16 hexadecimal digits that change with whatever the numbers of a film's frames depend on but the film.

    Raises
    ------
    ModelError
        If the folder is no model.
    """
    import hashlib
    import json

    from screentime.model.card import read_card
    from screentime.model.classifier import PARTS
    from screentime.model.intact import digests

    card = read_card(folder)
    options = {name: card.get(name) for name in ("mode", "characters", "fps", "short_side", "network", "version")}
    try:
        files = digests(folder, PARTS)
    except OSError as error:
        raise ModelError(f"The model in {folder} cannot be read: {error}.", "Name another one.") from None
    said = json.dumps([options, files, this_machine().versions], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def told(method: Callable[..., Any]) -> Callable[..., Any]:
    """Give a failure back instead of raising it: exceptions with two sentences do not travel."""

    @functools.wraps(method)
    def asked(*args: Any) -> Any:
        try:
            return method(*args)
        except ScreentimeError as error:
            return Failed(error.what, error.remedy)

    return asked


class Worker:
    """What all workers can do, on processors alone.

    Parameters
    ----------
    cores : int
        How many it keeps to.
    """

    def __init__(self, cores: int) -> None:
        # A graphics card's numbers differ from a processor's, and TensorFlow would take all of its memory for one worker.
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        self.cores = pin(cores, locks_folder())

    @told
    def ready(self) -> Machine | Failed:
        """Prepare for work, once."""
        return self.machine()

    def machine(self) -> Machine:
        """What this worker's numbers depend on, and where it runs."""
        return replace(this_machine(), cores=self.cores)

    @told
    def content(self, path: Path) -> Content | Failed:
        """Read a film's digest."""
        from screentime.video.source import digest

        return Content(digest(path), _mark(path))


class Looker(Worker):
    """Looks at films; loads its model once.

    Parameters
    ----------
    cores : int
    model : Path
        Its folder, at the same place on every machine.
    key : str
        The `model_key` that it must have.
    versions : dict of str to str
        What that was made with; see `Machine`.
    """

    def __init__(self, cores: int, model: Path, key: str, versions: dict[str, str]) -> None:
        super().__init__(cores)
        self.model, self.key, self.versions = model, key, versions

    @told
    def ready(self) -> Machine | Failed:
        from screentime.model.classifier import load

        machine = self.machine()
        self.classifier = load(self.model)
        own = model_key(self.model)
        # Where versions differ the key does too, and the versions are what is to be told.
        if own != self.key and machine.versions == self.versions:
            raise ModelError(
                f"{self.model} is another model on {machine.node}.",
                "Put it where all machines see the same folder.",
            )
        return machine

    @told
    def survey(self, path: Path, samples: int) -> list[Plan] | Failed:
        """Part a film; see `screentime.video.reader.survey`."""
        from screentime.video.reader import survey

        return survey(path, self.classifier.card["fps"], samples)

    @told
    def look(self, path: Path, content: Content, part: Plan | None) -> Looked | Failed | None:
        """Look at a film, or a part of it; None where a part cannot be read by itself."""
        from screentime.looking import look
        from screentime.video.decoding import AstrayError

        _require_same(path, content)
        try:
            return look(path, self.classifier, content.digest, Talk(), part)
        except AstrayError:
            return None


class Extractor(Worker):
    """Takes frames from films and embeds them; loads its backbone once.

    Parameters
    ----------
    cores : int
    backbone, view : str
        See `screentime.model.backbone.open_backbone`.
    """

    def __init__(self, cores: int, backbone: str, view: str) -> None:
        super().__init__(cores)
        self.name, self.view, self.backbone, self.notes = backbone, view, None, _Notes()

    @told
    def extract(
        self, path: Path, content: Content, root: Path, fps: float, quality: int, max_height: int | None
    ) -> tuple[Film, list[Frame], list[str]] | Failed:
        """Write a film's frames into the project; see `screentime.video.frames.extract`."""
        from screentime.video.frames import extract

        _require_same(path, content)
        warnings: list[str] = []
        film, frames = extract(path, root, fps=fps, quality=quality, max_height=max_height, warn=warnings.append)
        return film, frames, warnings

    @told
    def embed(self, frames: list[Frame], root: Path, kept: Path) -> list[str] | Failed:
        """Keep the embeddings of a film's frames on disk; gives what is to be told of the backbone."""
        from screentime.model.backbone import open_backbone
        from screentime.model.embeddings import embed_frames

        if self.backbone is None:
            self.backbone = open_backbone(self.name, self.view, self.notes)
        embed_frames(frames, root, kept, self.backbone, Talk())
        said, self.notes.said = self.notes.said, []
        return said


class _Notes(Talk):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


def _mark(path: Path) -> tuple[int, ...]:
    from screentime.video.source import mark

    # Size and time of change: what else a file system says of a file is another on each machine.
    return mark(path)[:2]


def _require_same(path: Path, content: Content) -> None:
    from screentime.video.source import shown_name

    if _mark(path) != content.mark:
        raise FilmError(
            f"{shown_name(path)} was changed while it was read.",
            "Wait until it is copied or downloaded whole, then run this again.",
        )
