"""What the killed commands work on: a server, drawn films, and a project that is made again for every kill."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from screentime.demo.annotator import Annotator
from screentime.demo.cast import CHARACTERS
from screentime.labelstudio import server
from screentime.labelstudio.client import Client, connect
from screentime.labelstudio.project import get_project
from screentime.labelstudio.reviewing import find_reviews
from screentime.workspace import Workspace
from scripts.faults.killing_runs import Runner
from scripts.faults.killing_state import on_server

SECONDS, OTHER_SECONDS, SEED, OTHER_SEED, SIZE = 24, 12, 5, 9, (320, 180)
OPTIONS = ("--backbone", "builtin", "--view", "whole", "--first-batch", "12", "--every", "4", "--batch", "4",
           "--audit-every", "3")


@dataclass(frozen=True)
class World:
    """All that lasts from kill to kill.

    Attributes
    ----------
    scratch : Path
    home : Path
        Of the server.
    port : int
        Of the server.
    runner, second : Runner
        For a command, and for another one while that is at work.
    film, other : Path
        A film with a project, and one without.
    truth : mapping of int to frozenset of str
        Who is on screen in each second of the film.
    """

    scratch: Path
    home: Path
    port: int
    runner: Runner
    second: Runner
    film: Path
    other: Path
    truth: Mapping[int, frozenset[str]]

    @property
    def template(self) -> Path:
        """A project whose frames are extracted."""
        return self.scratch / "template"

    def copy_home(self, to: Path) -> None:
        """A home with an empty Label Studio, in which no server runs."""
        shutil.copytree(self.scratch / "blank", to)

    def do(self, *words: str | Path) -> None:
        """Run a command that nobody disturbs."""
        ended = self.runner.run(words)
        if ended.code:
            raise RuntimeError(f"screentime {' '.join(map(str, words))} ended with {ended.code}: {ended.said}")

    def client(self) -> Client:
        """A line to the server, which is started where it was killed."""
        running = server.start(self.home, port=self.port)
        return connect(running.url, server.credentials(self.home).token)


def make_world(scratch: Path, home: Path, port: int, *, fork: bool) -> World:
    """Draw the films, begin the project and extract it.

    Parameters
    ----------
    scratch : Path
        An existing folder.
    home : Path
        Whose server is at work, or has its database built.
    port : int
        Of its server.
    fork : bool
        See `Runner`.
    """
    from screentime.demo.film import draw_film, write_truth

    if not (home / "labelstudio" / "server.json").exists():
        shutil.copytree(home, scratch / "blank", ignore=shutil.ignore_patterns("lock*"))
    environment = {"SCREENTIME_HOME": str(home), "SCREENTIME_CACHE": str(scratch / "cache")}
    film, other = scratch / "film.mp4", scratch / "other.mp4"
    rows = draw_film(film, seconds=SECONDS, seed=SEED, size=SIZE)
    write_truth(scratch / "labels.csv", rows)
    draw_film(other, seconds=OTHER_SECONDS, seed=OTHER_SEED, size=SIZE)
    os.environ.pop("LABEL_STUDIO_URL", None)
    truth = {second: frozenset(n for n, on in zip(CHARACTERS, row) if on) for second, row in enumerate(rows)}
    world = World(
        scratch, home, port, Runner(environment, scratch / "runs", fork=fork),
        Runner(environment, scratch / "seconds", fork=fork), film, other, truth,
    )
    world.do("new", world.template, "--film", film, "--characters", "cat,mouse", *OPTIONS)
    world.do("extract", "--workspace", world.template)
    world.client()
    return world


@contextmanager
def project(world: World, name: str) -> Iterator[Project]:
    """A copy of the template as a project of its own; all of it is gone at the end."""
    folder = world.scratch / f"project-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(world.template, folder)
    file = folder / "screentime.toml"
    old = Workspace(folder).config().project.id
    fresh = os.urandom(8).hex()
    file.write_text(file.read_text("utf-8").replace(old, fresh), "utf-8")
    made = Project(world, folder, fresh)
    try:
        yield made
    finally:
        made.remove()


@dataclass(frozen=True)
class Project:
    """A project that lives for one kill.

    Attributes
    ----------
    world : World
    folder : Path
    identity : str
    """

    world: World
    folder: Path
    identity: str

    def do(self, *words: str) -> None:
        """Run a command that nobody disturbs."""
        self.world.do(*words, "--workspace", self.folder)

    def label(self, how_many: int) -> int:
        """Label what the page hands out, as a person would; gives how many frames those were."""
        client, workspace = self.world.client(), Workspace(self.folder)
        progress = workspace.progress()
        if progress.tab is None or progress.project not in on_server(client, self.identity).numbers:
            return 0
        known = {frame.uid: self.world.truth[int(frame.second)] for frame in workspace.frames()}
        where = get_project(
            client, progress.project, workspace.schema(), workspace_id=workspace.config().project.id
        )
        return Annotator(client, where, workspace.schema(), known).label(progress.tab, how_many)

    def remove(self) -> None:
        """Delete the folder, and the projects in Label Studio."""
        client = self.world.client()
        reviews = [one.project.id for one in find_reviews(client, self.identity)]
        for number in [*on_server(client, self.identity).numbers, *reviews]:
            client.request("DELETE", f"api/projects/{number}/")
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.world.home / "labelstudio" / "files" / self.identity).unlink(missing_ok=True)


def modelled(world: World) -> Path:
    """A project with a model, made once."""
    folder = world.scratch / "modelled"
    if not folder.is_dir():
        with project(world, "modelled") as made:
            made.do("push")
            made.label(8)
            made.do("sync")
            shutil.copytree(made.folder, folder.with_name("modelled-part"))
        os.rename(folder.with_name("modelled-part"), folder)
    return folder


def keep(world: World, folders: Sequence[Path], identity: str | None = None) -> Callable[[], None]:
    """Remember how folders, and Label Studio with them, are now.

    Parameters
    ----------
    world : World
    folders : sequence of Path
        Each may be missing.
    identity : str, optional
        Of a project in Label Studio: then its whole database is kept.

    Returns
    -------
    callable
        Puts all of that back; the server may run.
    """
    kept = Path(tempfile.mkdtemp(prefix="kept-", dir=world.scratch))
    for number, folder in enumerate(folders):
        if folder.is_dir():
            shutil.copytree(folder, kept / str(number), symlinks=True)
    database = world.home / "labelstudio" / "data" / "label_studio.sqlite3"
    link = world.home / "labelstudio" / "files" / (identity or "none")
    linked = link.is_symlink()
    if identity:
        _copy_database(database, kept / "database")

    def reset() -> None:
        for number, folder in enumerate(folders):
            shutil.rmtree(folder, ignore_errors=True)
            if (kept / str(number)).is_dir():
                shutil.copytree(kept / str(number), folder, symlinks=True)
        if identity:
            _copy_database(kept / "database", database)
            if not linked:
                link.unlink(missing_ok=True)

    return reset


def servers(home: Path) -> list[int]:
    """Processes that serve a home, but for those that another one of them started."""
    found = {}
    for process in psutil.process_iter():
        try:
            if process.environ().get("LABEL_STUDIO_BASE_DATA_DIR", "").startswith(str(home)):
                found[process.pid] = process.ppid()
        except psutil.Error:
            continue
    return [pid for pid, parent in found.items() if parent not in found]


def _copy_database(one: Path, to: Path) -> None:
    with closing(sqlite3.connect(one)) as source, closing(sqlite3.connect(to, timeout=30)) as target:
        source.backup(target)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
