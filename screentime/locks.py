"""Who is at work on a folder: one command at a time, and the others can be told which."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.errors import Busy, ScreentimeError
from screentime.files import write_atomically

if TYPE_CHECKING:
    from filelock import FileLock

# A killed command's lock is free as soon as the system has cleared the process away.
PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class AtWork:
    """A command that holds a lock.

    Attributes
    ----------
    command : str
        Its words, as ``sync`` or ``server start``; empty where it has not said.
    pid : int or None
        Its process, as it counts itself: another container counts otherwise. None where it has not said.
    since : datetime or None
        When it took the lock, with its time zone. None where it has not said.
    """

    command: str = ""
    pid: int | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        if self.pid is None or self.since is None:
            return "Another screentime command"
        return f"`screentime {self.command}` (process {self.pid}, since {self.since:%Y-%m-%d %H:%M:%S})"


@contextmanager
def held(
    file: Path, command: str, work: str, *, nested: bool = False,
    patience: float = PATIENCE_SECONDS, waiting: Callable[[AtWork], None] | None = None,
) -> Iterator[None]:
    """Hold a lock, and let others know who does.

    The lock is the operating system's: it goes with the process that holds it, killed or not. The note of
    who holds it lies beside it (the file's name and ``.json``) and means nothing while the lock is free.

    Parameters
    ----------
    file : Path
        The lock. Its folder must exist.
    command : str
        Words of the command, for the others.
    work : str
        What is locked, to stand after "is at work".
    nested : bool, optional
        Whether what holds it already in this thread may hold it once more.
    patience : float, optional
        Seconds to wait for another one.
    waiting : callable, optional
        Told who holds it, where it has to be waited for.

    Raises
    ------
    Busy
        If another one holds it longer.
    ScreentimeError
        If its folder cannot be locked or written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(file, is_singleton=nested)
    within = lock.is_locked
    try:
        _acquire(lock, patience, waiting)
    except Timeout:
        raise Busy(
            f"{holder(file) or AtWork()} is at work {work}.", "Wait until it ends, or end it, and try again."
        ) from None
    try:
        if within:
            yield
            return
        said = {"command": command, "pid": os.getpid(), "since": datetime.now().astimezone().isoformat()}
        write_atomically(_note(file), json.dumps(said) + "\n")
        try:
            yield
        finally:
            with suppress(OSError):  # nobody heeds it from now on
                _note(file).unlink(missing_ok=True)
    finally:
        lock.release()


def _acquire(lock: FileLock, patience: float, waiting: Callable[[AtWork], None] | None) -> None:
    from filelock import Timeout

    if waiting is not None:
        try:
            _acquire_within(lock, min(patience, PATIENCE_SECONDS))
            return
        except Timeout:
            waiting(holder(Path(lock.lock_file)) or AtWork())
    _acquire_within(lock, patience)


def _acquire_within(lock: FileLock, seconds: float) -> None:
    from filelock import Timeout

    try:
        lock.acquire(timeout=seconds)
    except Timeout:  # it is an OSError itself
        raise
    except OSError as error:
        raise ScreentimeError(
            f"{Path(lock.lock_file).parent} cannot be locked: {error.strerror or error}.", "See that you may write there."
        ) from None


def holder(file: Path) -> AtWork | None:
    """Who holds a lock just now.

    Parameters
    ----------
    file : Path
        The lock; it need not exist.

    Returns
    -------
    AtWork or None
        None where nobody does, or where that cannot be seen. A lock whose process was killed is nobody's.
    """
    try:
        with file.open("rb") as opened:
            # Shared and given back at once: it is in nobody's way who waits for the lock itself.
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        pass
    except OSError:  # there is none, it may not be read, or it is no file
        return None
    try:
        said = json.loads(_note(file).read_text("utf-8"))
        return AtWork(str(said["command"]), int(said["pid"]), datetime.fromisoformat(said["since"]))
    except (OSError, ValueError, TypeError, KeyError):
        return AtWork()


def _note(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")
