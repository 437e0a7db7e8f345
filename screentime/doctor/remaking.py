"""Frames that are gone, made again beside their place: they take it only if they are the same ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from screentime.config import Config, Frames
from screentime.files import MAKING, sync_folder
from screentime.kept import Damaged, read_json
from screentime.records import Frame
from screentime.video.frames import extract
from screentime.video.source import digest
from screentime.video.store import MANIFEST, Stored
from screentime.workspace import Workspace


def remade(workspace: Workspace, config: Config, frames: Sequence[Frame]) -> bool:
    """Make pictures of a project's frames again, for each film of which some are gone.

    Parameters
    ----------
    workspace : Workspace
        Locked.
    config : Config
        Its options, by which the films are sampled.
    frames : sequence of Frame
        Those that it has, which people labelled.

    Returns
    -------
    bool
        False where the films give other frames by these options; then nothing is changed.

    Raises
    ------
    FilmError
        If a film cannot be read.
    ScreentimeError
        If the files cannot be written.
    """
    root, options = workspace.root, config.frames
    gone = {frame.digest for frame in frames if not has_content(root / frame.file)}
    wanted = {name: [frame for frame in frames if frame.digest == name] for name in sorted(gone)}
    if not all(_sampled_so(root / Path(frame.file).parent, options) for mine in wanted.values() for frame in mine[:1]):
        return False
    films = {digest(path): path for path in workspace.film_paths()}
    # Hidden, under a name that is cleared away where this is killed.
    with TemporaryDirectory(prefix=MAKING, dir=root) as aside:
        made = {}
        for name, mine in wanted.items():
            _, found = extract(
                films[name], aside, fps=options.fps, quality=options.quality, max_height=options.max_height
            )
            if [_named(frame) for frame in found] != [_named(frame) for frame in mine]:
                return False
            # A film that is called otherwise now has its frames where they were.
            made[Path(aside, found[0].file).parent] = (root / mine[0].file).parent
        for folder, place in made.items():
            _put(folder, place)
    return True


def _named(frame: Frame) -> tuple[str, str]:
    return frame.uid, Path(frame.file).name


def _sampled_so(folder: Path, options: Frames) -> bool:
    """Whether what is left of a folder of frames tells no other options."""
    try:
        recipe = read_json(folder / MANIFEST, Stored).recipe
    except Damaged:
        return True
    return (recipe.fps, recipe.max_height, recipe.quality) == (options.fps, options.max_height, options.quality)


def _put(folder: Path, place: Path) -> None:
    """Let a whole folder take another one's place."""
    place.parent.mkdir(exist_ok=True)
    old = place.with_name(f".old-{place.name}")
    if place.exists():
        os.replace(place, old)
    os.replace(folder, place)
    sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def has_content(path: Path) -> bool:
    """Whether a file is there and not empty."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
