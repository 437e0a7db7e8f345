"""Running a command of screentime and killing it: as a new process, or as a fork of one that has imported all."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Longer than any command here takes on a slow machine: a hang is a fault too.
LONGEST_SECONDS = 240.0
HEAVY = (
    "tensorflow", "tf_keras", "httpx", "label_studio_sdk.core.client_wrapper", "pandas", "cv2", "av", "msgspec",
    "sklearn.linear_model", "scipy.optimize", "scipy.special", "matplotlib.figure", "filelock", "psutil",
    "matplotlib.backends.backend_agg", "ai_edge_litert.interpreter", "screentime.cli", "rich.progress",
)


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes
    ----------
    code : int
        Its exit code; negative the signal that killed it.
    said, printed : str
        What it told on stderr and on stdout.
    points : tuple of str
        The writes that it reached, where they were counted.
    seconds : float
        How long it ran.
    """

    code: int
    said: str
    printed: str
    points: tuple[str, ...]
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether it was killed, before it ended by itself."""
        return self.code == -signal.SIGKILL


class Runner:
    """Runs commands in one environment.

    Parameters
    ----------
    environment : mapping of str to str
        What the commands get beside this process's environment.
    scratch : Path
        Folder for logs.
    fork : bool
        Whether a command is a fork of this process, which saves seconds of imports a run; this process
        must not have run TensorFlow then.
    """

    def __init__(self, environment: Mapping[str, str], scratch: Path, *, fork: bool) -> None:
        self.environment = {**environment, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self._scratch, self._fork = scratch, fork
        scratch.mkdir(parents=True, exist_ok=True)
        if fork:
            _import_all()

    def run(
        self, arguments: Sequence[str | Path], *, at: int | None = None, after: float | None = None,
        strike: Callable[[int], None] = _kill, count: bool = False,
        environment: Mapping[str, str] | None = None, limit: int | None = None,
    ) -> Ended:
        """Run a command to its end.

        Parameters
        ----------
        arguments : sequence of str or Path
            Without the program.
        at : int, optional
            Kill it at its write of this number, see `killing_points`.
        after : float, optional
            Strike after so many seconds.
        strike : callable of int, optional
            Gets its process; kills it unless told otherwise.
        count : bool, optional
            Whether its writes are counted although it is not killed at one.
        environment : mapping of str to str, optional
            More of the environment.
        limit : int, optional
            No file may grow beyond so many bytes, as on a disk that is full.

        Returns
        -------
        Ended

        Raises
        ------
        TimeoutError
            If it hangs.
        """
        log, out, err = (self._scratch / name for name in ("points", "out", "err"))
        for file in (log, out, err):
            file.write_bytes(b"")
        words = [str(one) for one in arguments]
        counted = at if at is not None else 0 if count else None
        began = time.monotonic()
        start = self._forked if self._fork else self._started
        pid = start(words, counted, log, out, err, {**self.environment, **(environment or {})}, limit)
        code = _wait(pid, began, after, strike)
        return Ended(
            code, err.read_text("utf-8", "replace"), out.read_text("utf-8", "replace"),
            tuple(log.read_text("utf-8").splitlines()), time.monotonic() - began,
        )

    def _started(
        self, words: list[str], counted: int | None, log: Path, out: Path, err: Path, environment: Mapping[str, str],
        limit: int | None,
    ) -> int:
        how = ["screentime.cli"] if counted is None else ["scripts.faults.killing_points", str(log), str(counted), "--"]
        environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        with out.open("wb") as output, err.open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", *how, *words], stdout=output, stderr=errors, stdin=subprocess.DEVNULL,
                env=environment, preexec_fn=lambda: _limit(limit),
            ).pid

    def _forked(
        self, words: list[str], counted: int | None, log: Path, out: Path, err: Path, environment: Mapping[str, str],
        limit: int | None,
    ) -> int:
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return pid
        code = 70
        try:
            for number, file in ((1, out), (2, err)):
                os.dup2(os.open(file, os.O_WRONLY | os.O_APPEND), number)
            os.environ.update(environment)
            _limit(limit)
            code = _as_program(words, counted, log)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _limit(size: int | None) -> None:
    if size is not None:
        # Else the process is killed for trying; so it is told, as by a full disk.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _as_program(words: list[str], counted: int | None, log: Path) -> int:
    from scripts.faults.killing_points import Points, patch

    if counted is not None:
        patch(Points(log, counted or None))
    sys.argv = ["screentime", *words]
    from screentime.cli import main

    try:
        main()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 0


def _wait(pid: int, began: float, after: float | None, strike: Callable[[int], None]) -> int:
    """The exit code of a child; what is to strike does so when its time has come."""
    struck = after is None
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        passed = time.monotonic() - began
        if not struck and passed > (after or 0):
            struck = True
            strike(pid)
        if passed > LONGEST_SECONDS:
            _kill(pid)
            os.waitpid(pid, 0)
            raise TimeoutError(f"a command did not end within {LONGEST_SECONDS:.0f} s")
        time.sleep(0.005)


def _import_all() -> None:
    from importlib import import_module

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    for name in HEAVY:
        import_module(name)
    for file in sorted((ROOT / "screentime").rglob("*.py")):
        if file.stem != "__main__":
            import_module(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
