"""That what a project's own files name lies in the project's folder: those files may come from a stranger."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from screentime.errors import UserMistake


def leads_out(file: str) -> bool:
    """Whether a file that a table names, relative to its folder, could lie outside of it.

    Parameters
    ----------
    file : str
        Untrusted; a path with forward slashes.

    Returns
    -------
    bool
        Of the name alone; links are for `require_inside`.
    """
    return not file or file.startswith("/") or "\\" in file or "\0" in file or ".." in file.split("/")


def is_name(text: str) -> bool:
    """Whether a text can be the name of one file or folder in a known one, and nothing else."""
    return not leads_out(text) and "/" not in text and text != "."


def require_inside(root: Path, files: Iterable[str]) -> None:
    """Refuse files that links lead out of their project's folder: they would be shown or sent away.

    Parameters
    ----------
    root : Path
        The project's folder, resolved.
    files : iterable of str
        Relative to it. Missing ones are for those who read them.

    Raises
    ------
    UserMistake
        If a file, or a folder on the way to it, is a link that leads out.
    """
    names: dict[str, set[str]] = {}
    for file in files:
        folder, _, name = file.rpartition("/")
        names.setdefault(folder, set()).add(name)
    for folder, wanted in names.items():
        place = root / folder
        require_no_way_out(root, place)
        try:
            # The folder tells which are links; asking for each of thousands of files would take longer.
            with os.scandir(place) as entries:
                links = [entry.path for entry in entries if entry.is_symlink() and entry.name in wanted]
        except OSError:
            continue
        for link in links:
            require_no_way_out(root, Path(link))


def require_no_way_out(root: Path, place: Path) -> None:
    """Refuse a file or folder of a project that links lead out of the project's folder.

    Parameters
    ----------
    root : Path
        The project's folder, resolved.
    place : Path
        In it; need not exist.

    Raises
    ------
    UserMistake
    """
    if not place.resolve().is_relative_to(root):
        raise UserMistake(
            f"{place} is a link that leads out of the project's folder.",
            "Put what it leads to in its place, or move the whole project to where the room is.",
        )
