"""What the soak plays on: the film, a server of its own, a pushed project, and the process that watches."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from screentime.demo.annotator import Truth
from screentime.labelstudio import server
from screentime.labelstudio.process import Running
from screentime.workspace import Workspace

# Frames a second of the drawn film: a picture a second is looked at, so more of them only take time.
FPS = 4
SEED = 7
STOP_SECONDS = 60


def film(folder: Path, seconds: int, tell: Callable[[str], None]) -> tuple[Path, Truth]:
    """The drawn film, kept between runs, and who is in it second by second."""
    from screentime.demo.annotator import read_truth
    from screentime.demo.film import draw_film, write_truth

    folder.mkdir(parents=True, exist_ok=True)
    path, truth = folder / f"drawn-{seconds}s.mp4", folder / f"drawn-{seconds}s.csv"
    if not (path.is_file() and truth.is_file()):
        tell(f"Drawing {seconds} seconds of cartoon.")
        write_truth(truth, draw_film(path, seconds=seconds, seed=SEED, fps=FPS))
    return path, read_truth(truth)[2]


@contextmanager
def home(kept: Path, tell: Callable[[str], None]) -> Iterator[tuple[Path, Path]]:
    """A scratch folder with the home of an empty server, set as this process's; both go in the end.

    Parameters
    ----------
    kept : Path
        Where the empty server's database is kept between runs.
    tell : callable of str

    Yields
    ------
    scratch, home : Path
    """
    server.prepare(kept / "empty", progress=tell)
    scratch = Path(tempfile.mkdtemp(prefix="screentime-soak-"))
    own = scratch / "home"
    # Nothing of the soak meets the person's own server and caches.
    os.environ.update(SCREENTIME_HOME=str(own), SCREENTIME_CACHE=str(kept / "programs"))
    for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"):
        os.environ.pop(name, None)
    try:
        shutil.copytree(
            kept / "empty" / "labelstudio", own / "labelstudio", ignore=shutil.ignore_patterns("lock")
        )
        yield scratch, own
    finally:
        server.stop(own)
        shutil.rmtree(scratch, ignore_errors=True)


def serve(own: Path) -> Running:
    """Start the server on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return server.start(own, port=port)


class Watching:
    """`screentime sync --watch` as a process; to be used with ``with``, which ends it as Ctrl+C does.

    Parameters
    ----------
    workspace : Workspace
    log : Path
        Where what it says is kept.
    """

    def __init__(self, workspace: Workspace, log: Path) -> None:
        self.log = log
        with open(log, "ab") as said:
            self._process = subprocess.Popen(
                [Path(sys.prefix) / "bin" / "screentime", "sync", "--watch", "--workspace", workspace.root],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> str | None:
        """Its last words where it has ended; None while it runs."""
        if self._process.poll() is None:
            return None
        return f"it ended with {self._process.returncode}: {self.last_words()}"

    def last_words(self) -> str:
        """The last lines of its log."""
        said = [line for line in self.log.read_text("utf-8", "replace").splitlines() if line.strip()]
        return " / ".join(said[-3:])

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
