"""What is still to be made of a project's films, in bytes."""

from __future__ import annotations

from screentime.config import Config
from screentime.errors import FilmError
from screentime.records import Film
from screentime.workspace import Workspace

# A JPEG picture of 720 lines at quality 90, rounded up; smaller ones need less.
FRAME_BYTES, FRAME_HEIGHT = 120_000, 720
# Of the frame and of its tiles 1280 numbers each, in single precision.
EMBEDDING_BYTES = 2 * 1280 * 4


def needed(workspace: Workspace, config: Config) -> float:
    """Bytes that frames and embeddings of films that were not extracted yet need, about.

    Parameters
    ----------
    workspace : Workspace
    config : Config

    Returns
    -------
    float
        0 where all films are extracted; films that cannot be read count nothing.
    """
    known = {film.path for film in _extracted(workspace)}
    total = 0.0
    for path in workspace.film_paths():
        if str(path) not in known:
            seconds, height = _claimed(path)
            lines = min(height, config.frames.max_height) / FRAME_HEIGHT
            total += seconds * config.frames.fps * (FRAME_BYTES * lines**2 + EMBEDDING_BYTES)
    return total


def _extracted(workspace: Workspace) -> list[Film]:
    try:
        return workspace.films()
    except (OSError, ValueError, TypeError):
        return []


def _claimed(path) -> tuple[float, int]:
    """Seconds and height that a film claims, without reading it."""
    from screentime.video.source import checked
    from screentime.video.timing import reading

    try:
        with reading(checked(path)) as (container, pictures):
            return (container.duration or 0) / 1e6, pictures.height
    except FilmError:
        return 0.0, 0
