"""Results of many films in one place: Parquet in folders by film, which pandas and DuckDB read as one table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from screentime.errors import ScreentimeError, UserMistake
from screentime.files import replacing
from screentime.outlet import require_foreign
from screentime.report.exports.parquet import parquet

if TYPE_CHECKING:
    from screentime.report.exports.rows import What
    from screentime.screening import ScreenTime

TABLES: Sequence[What] = ("appearances", "totals")
# Files that are not whole yet: beside the tables, since DuckDB reads hidden files too.
PARTS = ".parts"
# How often a file is tried where other commands remove the empty folder that it was to lie in.
TRIES = 5
# Most file systems end at 255 bytes for a name; the end is left for the digest.
MOST_BYTES = 200
# Readers take this for no name.
NOBODY = "__HIVE_DEFAULT_PARTITION__"


def folder_of(film: str, digest: str) -> str:
    """The name of a film's folder, from which readers make the column ``film``.

    Parameters
    ----------
    film : str
        Its name: untrusted text.
    digest : str
        Of its content; tells names apart that are cut, or mean nothing to readers.

    Returns
    -------
    str
        ``film=`` and the name, in which all but letters, digits, ``_``, ``-``, ``.`` and spaces is written as
        Hive, pandas and DuckDB read it: percent and two hexadecimal digits a byte.
    """
    letters = [c if c.isalnum() or c in "_-. " else quote(c, safe="") for c in film]
    if film == NOBODY or len("".join(letters).encode()) > MOST_BYTES:
        while len("".join(letters).encode()) > MOST_BYTES:
            letters.pop()
        letters.append(f"-{digest}")
    return f"film={''.join(letters)}"


class Collection:
    """A folder with a table of appearances and one of totals, a file a film in each.

    ``appearances/film=NAME/DIGEST.parquet`` and ``totals/film=NAME/DIGEST.parquet``, with the columns of
    `screentime.report.exports.rows.COLUMNS`, but that the film's name is called ``name``: ``film`` comes from
    the folder, and readers take names that are numbers for numbers there.

    A digest is there once: whoever adds seconds up counts no film twice that was renamed.

    Parameters
    ----------
    folder : Path
        Is made when the first film is put.

    Raises
    ------
    UserMistake
        If it is a file, or belongs to a project.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise UserMistake(f"{folder} is a file.", "Name a folder, which may be new.")
        require_foreign(folder / PARTS)
        self.folder = folder.absolute()
        # Read once: with thousands of films, looking for each one's other names would take longer than writing it.
        self._places: dict[str, set[Path]] = {}
        for what in TABLES:
            for file in (self.folder / what).glob("film=*/*.parquet"):
                self._places.setdefault(f"{what}/{file.stem}", set()).add(file)

    def put(self, time: ScreenTime) -> None:
        """Write a film's rows, in the place of what was said of the same film before, whatever it was called then.

        Each file is replaced at once; the totals come last and go first, so a film that has totals has its
        appearances. Other commands may write into the same folder, the same film too.

        Parameters
        ----------
        time : ScreenTime

        Raises
        ------
        ScreentimeError
            If they cannot be written.
        """
        digest = time.film.digest
        for what in TABLES:
            place = self.folder / what / folder_of(time.film.name, digest)
            try:
                _write(place / f"{digest}.parquet", self.folder / PARTS, parquet([time], what, film_as="name"))
            except OSError as error:
                raise ScreentimeError(
                    f"{place} cannot be written: {error.strerror or error}.",
                    "See that you may write there, and that space is left.",
                ) from None
        for what in reversed(TABLES):
            there = self.folder / what / folder_of(time.film.name, digest) / f"{digest}.parquet"
            for file in self._places.get(f"{what}/{digest}", set()) - {there}:
                _remove(file)
            self._places[f"{what}/{digest}"] = {there}


def _write(file: Path, parts: Path, content: bytes) -> None:
    """Write a file, whole at once; raises OSError."""
    for left in reversed(range(TRIES)):
        try:
            parts.mkdir(parents=True, exist_ok=True)
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file, within=parts) as part:
                part.write_bytes(content)
            return
        except (FileNotFoundError, FileExistsError):  # the second where it went while it was looked for
            if not left:
                raise


def _remove(file: Path) -> None:
    """Let go of what was said of a film under another name, and of that name's folder where nothing else is in it."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise ScreentimeError(
            f"{file} cannot be removed: {error.strerror or error}.",
            "Remove it yourself: the same film is there under another name by now.",
        ) from None
    with suppress(OSError):
        file.parent.rmdir()
