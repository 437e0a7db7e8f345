"""Where results may be written: never over a film, a project's own files, or a file of another kind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from screentime import config as configuration
from screentime.errors import ScreentimeError, UserMistake

# What makes a folder a project's, and what in it belongs to the project.
OWN_FILES = {
    configuration.FILE, "frames.csv", "films.json", "labels.csv", "loop.json", "audited.json", "reviews.json", ".lock",
    ".lock.json", ".round-asked",
}
OWN_FOLDERS = {"frames", "models", "embeddings", "review"}
# Beginnings of the names of what was set aside: often the only copy of labels that are gone from Label Studio.
SET_ASIDE = ("labels-gone", "labels-before-", "reviews-before-")


def require_outlet(out: Path, suffixes: Sequence[str], what: str) -> Path:
    """See that a file which a person names can be written without harm.

    Parameters
    ----------
    out : Path
    suffixes : sequence of str
        Those that a file of this kind may have, in lower case, the usual one first. What carries one is taken
        for an earlier result and may be replaced; so no film is ever one.
    what : str
        Its kind, for the sentence: "a CSV file".

    Returns
    -------
    Path
        The file's absolute path.

    Raises
    ------
    UserMistake
        If it is none of these, belongs to a project, is a folder, or lies where there is no folder.
    """
    page = out.absolute()
    if page.is_dir():
        raise UserMistake(f"{out} is a folder.", f"Name a file in it that ends in {suffixes[0]}.")
    if page.suffix.lower() not in suffixes:
        raise UserMistake(f"{out} is not named like {what}.", f"Name a file that ends in {suffixes[0]}.")
    require_foreign(out)
    if not page.parent.is_dir():
        raise UserMistake(f"{out} cannot be written: its folder is missing.", "Make that folder first.")
    return page


@contextmanager
def writing(out: Path, command: str) -> Iterator[None]:
    """Keep a file that a person named to one command, so that no other one makes it meanwhile.

    The lock lies in the cache folder: nothing is left beside the file.

    Parameters
    ----------
    out : Path
    command : str
        Words of the command, for the others.

    Raises
    ------
    Busy
        If another command is making it.
    ScreentimeError
        If the cache folder cannot be written.
    """
    from screentime.locks import held
    from screentime.model.conversion import cache_folder

    folder = cache_folder() / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScreentimeError(
            f"{folder} cannot be made: {error.strerror or error}.", "Set SCREENTIME_CACHE to a folder that you may write."
        ) from None
    name = hashlib.sha256(os.fsencode(out.resolve())).hexdigest()[:16]
    with held(folder / f"{name}.lock", command, f"on {out}"):
        yield


def is_own(name: str) -> bool:
    """Whether a file of this name, in a project's folder itself, is one that the project keeps."""
    return name in OWN_FILES or name.startswith(SET_ASIDE)


def require_foreign(out: Path) -> None:
    """See that a file or folder which a person names is not one that a project keeps for itself.

    Raises
    ------
    UserMistake
        If it is.
    """
    page = out.resolve()
    root = next((folder for folder in page.parents if (folder / configuration.FILE).is_file()), None)
    if root is None:
        return
    inside = page.relative_to(root).parts
    own = len(inside) == 1 and is_own(inside[0])
    if own or inside[0] in OWN_FOLDERS:
        raise UserMistake(f"{out} belongs to the project in {root}.", "Name another place.")
