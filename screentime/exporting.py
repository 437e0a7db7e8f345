"""Which films are exported, and where to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.errors import NotReady, ScreentimeError, UserMistake
from screentime.files import write_atomically
from screentime.outlet import require_foreign, require_outlet
from screentime.report.exports.files import FORMATS, SUFFIXES, Format, Order, Piece, the_one
from screentime.talk import Talk

if TYPE_CHECKING:
    from screentime.screening import ScreenTime
    from screentime.workspace import Workspace


def times_of(
    films: Sequence[str], model: Path | None, folder: Path, talk: Talk
) -> tuple[list[ScreenTime], list[str]]:
    """Screen times of the films that are exported.

    Parameters
    ----------
    films : sequence of str
        The project's own by name or path, others by path, or folders of films; none for all of the
        project's.
    model : Path or None
        Model that looks at all of them; None for the project's, whose own films are not looked at again.
    folder : Path
        The workspace.
    talk : Talk

    Returns
    -------
    times : list of ScreenTime
        The project's own first.
    failures : list of str
        A sentence for each film that could not be read.

    Raises
    ------
    UserMistake
        If a model but no film is named, a film is missing, or there is no model yet.
    """
    from screentime.projects import screen_films
    from screentime.workspace import Workspace

    if model is not None:
        if not films:
            raise UserMistake(
                "--model is for films that are named.", "Name them, or leave --model out for the project's own."
            )
        return screen_films([Path(one) for one in films], model, folder, talk)
    place = Workspace(folder)
    if not films:
        return _own(place), []
    there = place.films()
    own: dict[str, None] = {}
    others = []
    for named in films:
        path = Path(named)
        known = [film.digest for film in there if Path(film.path).resolve() == path.resolve()]
        if not known and not path.exists():
            known = [film.digest for film in there if named == film.name]
        own |= dict.fromkeys(known)
        if not known:
            others.append(path)
    times = [time for time in _own(place) if time.film.digest in own] if own else []
    if not others:
        return times, []
    screened, failures = screen_films(others, None, folder, talk)
    return [*times, *(time for time in screened if time.film.digest not in own)], failures


def _own(place: Workspace) -> list[ScreenTime]:
    from screentime.model.tables import PREDICTIONS
    from screentime.summary import seconds_so_far, unlisted

    place.frames()
    times = seconds_so_far(place)
    if times:
        return times
    if missing := unlisted(place):
        raise NotReady(
            f"There are no frames of {', '.join(missing)} yet: `screentime extract` was broken off.",
            "Run `screentime extract`.",
        )
    if rounds := place.rounds():
        table = place.models_folder / rounds[-1].version / PREDICTIONS
        if not table.exists():
            raise ScreentimeError(
                f"{table} is missing.",
                f"Move {table.parent} away and run `screentime sync`: labels are safe in Label Studio.",
            )
        raise NotReady("A film was added since the latest model was trained.", "Run `screentime train`.")
    raise NotReady(
        "There is no model yet, so nobody knows who is in the frames without a label.",
        "Label frames, then run `screentime sync`.",
    )


def is_folder(out: str) -> bool:
    """Whether a place that a person named is a folder: one that is there, or a name without a suffix."""
    return os.path.isdir(out) or out.endswith(("/", os.sep)) or not Path(out).suffix


def format_of(out: str | None) -> Format:
    """The format that the name of a file asks for; JSON where it names none."""
    suffix = "" if out is None or is_folder(out) else Path(out).suffix.lower()
    return next((format for format in FORMATS if SUFFIXES[format] == suffix), "json")


def require_place(out: str, format: Format) -> None:
    """See that an export can be written to a place without harm.

    Raises
    ------
    UserMistake
        If nothing is named, a file has another format's name, or belongs to a project.
    """
    if not out:
        raise UserMistake("--out names nothing.", "Name a file or a folder, or leave --out out.")
    if is_folder(out):
        require_foreign(Path(out))
    else:
        require_outlet(Path(out), [SUFFIXES[format]], f"a file of {format}")


def put(found: Sequence[Piece], order: Order, out: str) -> list[Path]:
    """Write the files of an export.

    Parameters
    ----------
    found : sequence of Piece
    order : Order
    out : str
        A file, or a folder, see `is_folder`; a folder is made.

    Returns
    -------
    list of Path
        The files, each written whole.

    Raises
    ------
    UserMistake
        If there are several files and a single one is named.
    ScreentimeError
        If they cannot be written.
    """
    place = Path(out)
    if not is_folder(out):
        write_atomically(place, the_one(found, order).data)
        return [place]
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScreentimeError(
            f"{place} cannot be made a folder: {error.strerror or error}.", "Name another one, that you may write."
        ) from None
    for piece in found:
        write_atomically(place / piece.name, piece.data)
    return [place / piece.name for piece in found]
