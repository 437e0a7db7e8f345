"""What this machine lends a process."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def cores(root: Path = Path("/")) -> int:
    """Processor cores that this process may use; a container's share counts, rounded up.

    Parameters
    ----------
    root : Path, optional
        Where the system's ``proc`` and ``sys`` are.
    """
    # Not every system can say which cores are a process's own.
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min([own, *(math.ceil(share) for share in _shares(root))]), 1)


def _shares(root: Path) -> Iterator[float]:
    """Of how many cores the process gets the time, by each control group (version 2) around it that limits that."""
    try:
        said = (root / "proc" / "self" / "cgroup").read_text("utf-8", "replace")
    except OSError:
        return
    for line in said.splitlines():
        number, _, group = line.partition("::")
        if number != "0":
            continue
        path = PurePosixPath(group)
        for folder in (path, *path.parents):
            try:
                most, period = (root / "sys" / "fs" / "cgroup" / str(folder).lstrip("/") / "cpu.max").read_text("utf-8").split()
                yield int(most) / int(period)
            except (OSError, ValueError, ZeroDivisionError):  # no limit: the first word is "max", or there is no file
                continue
