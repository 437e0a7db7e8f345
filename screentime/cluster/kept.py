"""What was looked at is kept on disk until it is asked for again: a broken-off command goes on from there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from screentime.errors import ScreentimeError
from screentime.files import write_atomically
from screentime.looking import Looked, packed, unpacked


class Kept:
    """A folder of what a model says of films and parts of films.

    Parameters
    ----------
    folder : Path
        Is made.
    key : str
        See `screentime.cluster.worker.model_key`.

    Raises
    ------
    ScreentimeError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ScreentimeError(
                f"{folder} cannot be made: {error.strerror or error}.",
                "Set SCREENTIME_CACHE to a folder that you may write.",
            ) from None

    def find(self, digest: str, part: str = "whole") -> Looked | None:
        """What is kept of a film or its part; None where nothing is, or it is damaged."""
        try:
            looked = unpacked(self._path(digest, part).read_bytes())
        except Exception:  # of a damaged file NumPy, zipfile and json raise their own: it is made again
            return None
        return looked if looked.film.digest == digest else None

    def keep(self, looked: Looked, part: str = "whole") -> None:
        """Keep it; raises ScreentimeError where it cannot be written."""
        write_atomically(self._path(looked.film.digest, part), packed(looked))

    def drop(self, digest: str, part: str) -> None:
        """Let go of a part whose film is whole."""
        with suppress(OSError):
            self._path(digest, part).unlink()

    def _path(self, digest: str, part: str) -> Path:
        return self._folder / f"{digest}-{self._key}-{part}.npz"
