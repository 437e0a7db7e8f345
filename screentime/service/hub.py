"""The projects of the service, and whose turn it is."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from screentime.errors import ScreentimeError
from screentime.files import write_atomically
from screentime.labelstudio.installation import SECRET_FILE
from screentime.service.served import Served

SECRET_CHARACTERS = 20


class Hub:
    """All projects that one service keeps going.

    Parameters
    ----------
    served : sequence of Served
    secret : str
        The password of the model that the service is, from which come the secrets of hints; see `kept_secret`.

    Attributes
    ----------
    secret : str
    refused : int
        Hints that came without their project's secret, or with another one.
    """

    def __init__(self, served: Sequence[Served], secret: str) -> None:
        self.secret = secret
        self.refused = 0
        self._served = list(served)
        self._woken = threading.Event()
        for one in self._served:
            one.wake = self._woken.set

    def projects(self) -> list[Served]:
        """All of them, in the order in which they were named."""
        return list(self._served)

    def find(self, number: int) -> Served | None:
        """The project of this number in Label Studio; None too where several have it, on a server each."""
        found = [one for one in self._served if one.number == number]
        return found[0] if len(found) == 1 else None

    def known(self, identity: str) -> Served | None:
        """The project whose screentime.toml has this id."""
        return next((one for one in self._served if one.identity == identity), None)

    def next(self) -> Served:
        """Wait until a project is due; the one that is overdue longest, and of those that fail after the others."""
        while True:
            self._woken.clear()
            now = time.monotonic()
            first = min(self._served, key=lambda one: one.turn(now))
            if first.due() <= now:
                return first
            self._woken.wait(min(one.due() for one in self._served) - now)


def names_of(folders: Sequence[Path]) -> list[str]:
    """What projects are called: each folder's name, with as many of the folders above it as tell it from the others.

    Parameters
    ----------
    folders : sequence of Path
        Absolute, and each another one.

    Returns
    -------
    list of str
        In the same order.
    """
    def name(folder: Path) -> str:
        depth = 1
        while sum(folder.parts[-depth:] == other.parts[-depth:] for other in folders) > 1:
            depth += 1
        return Path(*folder.parts[-depth:]).as_posix()

    return [name(folder) for folder in folders]


def kept_secret(folder: Path) -> str:
    """The secret by which Label Studio is known to the service, made up once and kept for its owner alone.

    Parameters
    ----------
    folder : Path
        Where the file is kept; made where it is missing.

    Returns
    -------
    str

    Raises
    ------
    ScreentimeError
        If the file cannot be read or written, or others may read it.
    """
    file = folder / SECRET_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(folder):
            if not _is_secret(file):
                # None yet, too short, or seen by others: a new one, which serve brings to Label Studio.
                write_atomically(file, f"{secrets.token_urlsafe(32)}\n", mode=0o600)
            return file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ScreentimeError(
            f"{file} cannot be read or made: {why}.",
            "See that its folder may be written, or set SCREENTIME_HOME to one that may; a damaged file may be deleted.",
        ) from None


def _is_secret(file: Path) -> bool:
    """Whether a secret is kept there, long enough and for its owner alone."""
    if not file.exists():
        return False
    return len(file.read_text("ascii").strip()) >= SECRET_CHARACTERS and not file.stat().st_mode & 0o077


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of several services that begin at once one after the other makes and reads what is kept in the folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
