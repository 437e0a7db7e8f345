"""Where a command writes: counted from outside, and at a chosen one the command kills itself.

As a program it runs `screentime` so: ``python -m scripts.faults.killing_points LOG AT -- sync --workspace W``.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Points:
    """The writes of one process, each of which is noted just when it is reached.

    Parameters
    ----------
    log : Path
        Gets a line a write; what a killed process reached can be read there.
    at : int or None
        Kill the process, as ``kill -9`` does, at the write of this number; the first is 1.
    """

    def __init__(self, log: Path, at: int | None) -> None:
        self._log = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self._at, self._count, self._lock = at, 0, threading.Lock()

    def reach(self, what: str) -> None:
        """Note a write, and kill the process if it is the chosen one."""
        with self._lock:
            self._count += 1
            os.write(self._log, f"{what}\n".encode())
            if self._count == self._at:
                os.kill(os.getpid(), signal.SIGKILL)


def patch(points: Points) -> None:
    """Have all that writes in this process tell of it: files, folders, links, requests, started programs."""
    for module, name, before in (
        (os, "replace", True), (os, "rename", True), (os, "symlink", False), (os, "link", False),
        (os, "mkdir", False), (shutil, "rmtree", True), (tempfile, "mkstemp", False),
    ):
        setattr(module, name, _told(points, getattr(module, name), name, before))
    Path.write_bytes = _halved(points, Path.write_bytes)
    Path.write_text = _halved(points, Path.write_text)
    subprocess.Popen.__init__ = _told(points, subprocess.Popen.__init__, "started program", False)
    _patch_requests(points)


def _told(points: Points, write: Callable[..., Any], name: str, before: bool) -> Callable[..., Any]:
    """A write that is told of when it is done and, where that differs from what went before it, at its beginning."""

    @functools.wraps(write)
    def told(*args: Any, **named: Any) -> Any:
        target = next((str(one) for one in reversed(args) if isinstance(one, str | Path)), "")
        if before:
            points.reach(f"before {name} {target}")
        result = write(*args, **named)
        points.reach(f"after {name} {target}")
        return result

    return told


def _halved(points: Points, write: Callable[..., Any]) -> Callable[..., Any]:
    """A write of a whole file that can be met when half of it is there."""

    @functools.wraps(write)
    def told(path: Path, data: Any, *args: Any, **named: Any) -> Any:
        write(path, data[: len(data) // 2], *args, **named)
        points.reach(f"half of {path}")
        result = write(path, data, *args, **named)
        points.reach(f"after writing {path}")
        return result

    return told


def _patch_requests(points: Points) -> None:
    import httpx

    send = httpx.Client.send

    @functools.wraps(send)
    def told(self: httpx.Client, request: httpx.Request, **named: Any) -> httpx.Response:
        if request.method == "GET":
            return send(self, request, **named)
        what = f"{request.method} {request.url.path}"
        points.reach(f"before {what}")
        response = send(self, request, **named)
        # It was carried out, and nobody has looked at the answer.
        response.read()
        points.reach(f"after {what}")
        return response

    httpx.Client.send = told


def main() -> None:
    """Run the command line with its writes counted."""
    log, at, _, *arguments = sys.argv[1:]
    patch(Points(Path(log), int(at) or None))
    sys.argv = ["screentime", *arguments]
    from screentime.cli import main as screentime

    screentime()


if __name__ == "__main__":
    main()
