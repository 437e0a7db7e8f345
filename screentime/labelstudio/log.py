"""The embedded server's log, kept short: Label Studio writes two lines a request and cannot be told not to."""

from __future__ import annotations

import os
from pathlib import Path

from screentime.files import write_atomically
from screentime.labelstudio.installation import folder

# A watching that nobody labels for asks twice a second: some 40 MB a day.
LONGEST = 20 * 2**20
KEPT = 2**20


def trim(home: Path) -> bool:
    """Cut the log where it has become long; its last part is kept beside it, as ``server.log.1``.

    The server goes on writing into the same file, at its new end. A line that it writes in this moment may
    be lost.

    Parameters
    ----------
    home : Path
        See `installation.home`.

    Returns
    -------
    bool
        Whether it was too long.
    """
    log = folder(home) / "server.log"
    try:
        if log.stat().st_size <= LONGEST:
            return False
        with open(log, "r+b") as file:
            file.seek(-KEPT, os.SEEK_END)
            write_atomically(log.with_suffix(".log.1"), file.read(), mode=0o600)
            file.truncate(0)
    except FileNotFoundError:
        return False  # a server that starts in this moment puts it aside itself
    return True
