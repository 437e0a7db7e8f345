"""A worker keeps to its own cores, so that several on a machine do not wait for one another."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

# Seconds that a worker waits for a core: whoever had it before may be about to end.
PATIENCE = 3.0

_held = ExitStack()  # locks, for as long as the process lives


def locks_folder() -> Path:
    """Where the locks of this machine's cores lie, for whatever commands this person runs.

    Not in the cache or the home folder: each command may have another cache, and machines may share a home.
    """
    return Path(tempfile.gettempdir()) / f"screentime-cores-{os.getuid()}"


def pin(most: int, folder: Path, patience: float = PATIENCE) -> int:
    """Keep this thread, and those that it starts, to so many cores that no other worker keeps to.

    Where fewer are free, as where Ray was told of more cores than there are, all stay shared.

    Parameters
    ----------
    most : int
        How many cores.
    folder : Path
        On this machine, and the same for all its workers: locks lie there, which end with their process.
    patience : float, optional
        Seconds to wait for cores to become free.

    Returns
    -------
    int
        How many cores it keeps to; 0 where they stay shared, also where locks cannot be had: the folder is not
        this person's alone, or the system has none.
    """
    if not hasattr(os, "sched_setaffinity"):
        return 0  # a system where nobody keeps to cores
    until = time.monotonic() + patience
    try:
        _require_own(folder)
        while True:
            with ExitStack() as locks:
                taken = _taken(most, folder, locks)
                if len(taken) == most:
                    os.sched_setaffinity(0, taken)
                    _held.push(locks.pop_all())
                    return most
            if time.monotonic() >= until:
                return 0
            time.sleep(0.1)
    except OSError:
        return 0


def _require_own(folder: Path) -> None:
    """See that nobody else can put anything into the folder, which lies where everybody may; else raise OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()  # and not what a link leads to
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not this person's own")


def _taken(most: int, folder: Path, locks: ExitStack) -> list[int]:
    """Cores whose locks are held by now, so many at most."""
    taken: list[int] = []
    for core in sorted(os.sched_getaffinity(0)):
        if len(taken) == most:
            break
        lock = os.open(folder / f"core-{core}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        except OSError:
            os.close(lock)
            raise
        else:
            taken.append(core)
            locks.callback(os.close, lock)
    return taken
