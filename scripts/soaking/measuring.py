"""What is looked at after each round: memory, open files, times, what lies on disk and on the server."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

MB = 2**20


@dataclass(frozen=True, slots=True)
class Point:
    """One round's measurements.

    Attributes
    ----------
    round, labels : int
    minutes : float
        Since the soak began.
    round_seconds : float
        From the label that was enough to the new version on the page.
    label_seconds : float
        The longest that a person waited for a frame or for their label to be taken.
    rss, own : float
        MB of the process that watches: resident, and of that what is not mapped from files. What is mapped,
        TensorFlow's code above all, is the same whatever the process does.
    files, sockets, threads : int
        Of that process. Files are all descriptors, sockets among them.
    server_rss, server_own : float
        MB, of the server and all its children.
    server_files, server_sockets, server_threads : int
    predictions, versions : int
        Pre-annotations on the server, and of how many model versions.
    folder : float
        MB on disk of the workspace; a file of several names counts once.
    database, log : float
        MB of the server's database and of its log.
    """

    round: int
    labels: int
    minutes: float
    round_seconds: float
    label_seconds: float
    rss: float
    own: float
    files: int
    sockets: int
    threads: int
    server_rss: float
    server_own: float
    server_files: int
    server_sockets: int
    server_threads: int
    predictions: int
    versions: int
    folder: float
    database: float
    log: float


@dataclass(frozen=True, slots=True)
class Load:
    """What some processes hold: MB of memory, and numbers."""

    rss: float
    own: float
    files: int
    sockets: int
    threads: int


def load(pid: int) -> Load:
    """What a process and its children hold.

    Parameters
    ----------
    pid : int

    Raises
    ------
    psutil.NoSuchProcess
        If it is gone.
    """
    import psutil

    parent = psutil.Process(pid)
    parts = [_one(parent)]
    for child in parent.children(recursive=True):
        try:
            parts.append(_one(child))
        except psutil.NoSuchProcess:
            continue  # it ended just now, and holds nothing
    return Load(*map(sum, zip(*parts)))


def _one(process: psutil.Process) -> tuple[float, float, int, int, int]:
    with process.oneshot():
        memory = process.memory_info()
        return (
            memory.rss / MB, (memory.rss - memory.shared) / MB, process.num_fds(), len(process.net_connections("all")),
            process.num_threads(),
        )


def on_disk(folder: Path) -> float:
    """MB that a folder takes; a file of several names counts once, one that is being replaced not at all."""
    seen: dict[tuple[int, int], int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                there = os.lstat(os.path.join(place, name))
            except FileNotFoundError:
                continue
            seen[there.st_dev, there.st_ino] = there.st_blocks * 512
    return sum(seen.values()) / MB


def database(home: Path) -> float:
    """MB of the embedded server's database with its journals."""
    return sum(file.stat().st_size for file in (home / "labelstudio" / "data").glob("*.sqlite3*")) / MB


def log(home: Path) -> float:
    """MB of the embedded server's log, with the part of it that was put aside."""
    return sum(file.stat().st_size for file in (home / "labelstudio").glob("server.log*")) / MB


def timed(function, *arguments):
    """What a function gives, and the seconds it took."""
    began = time.monotonic()
    given = function(*arguments)
    return given, time.monotonic() - began
