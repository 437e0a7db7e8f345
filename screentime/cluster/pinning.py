"""A worker keeps to its own cores, so that several on a machine do not wait for one another."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

_held: list[IO[bytes]] = []  # for as long as the process lives


def pin(most: int, folder: Path) -> int:
    """Keep this thread, and those that it starts, to so many cores that no other worker keeps to.

    Where fewer are free, as where Ray was told of more cores than there are, all stay shared.

    Parameters
    ----------
    most : int
        How many cores.
    folder : Path
        On this machine, and the same for all its workers: locks lie there, which end with their process.

    Returns
    -------
    int
        How many cores it keeps to; 0 where they stay shared.
    """
    if not hasattr(os, "sched_setaffinity"):
        return 0  # a system where nobody keeps to cores
    folder.mkdir(parents=True, exist_ok=True)
    taken: dict[int, IO[bytes]] = {}
    for core in sorted(os.sched_getaffinity(0)):
        if len(taken) == most:
            break
        lock = (folder / f"core-{core}.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            taken[core] = lock
        except BlockingIOError:
            lock.close()
    if len(taken) < most:
        for lock in taken.values():
            lock.close()
        return 0
    os.sched_setaffinity(0, taken)
    _held.extend(taken.values())
    return most
