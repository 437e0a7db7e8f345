"""Child processes: each with a time limit, none left behind, their memory told."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.measuring import Failed

ROOT = Path(__file__).resolve().parents[2]
SCREENTIME = str(Path(sys.executable).parent / "screentime")
# When the whole bench has to be over, by time.monotonic(); no child runs longer.
deadline = float("inf")


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that ended well.

    Attributes
    ----------
    seconds : float
        Wall time.
    megabytes : float or None
        Most memory (10^6 bytes) that it and its children had resident together; None where nobody looked.
    said : str
        Its stdout.
    """

    seconds: float
    megabytes: float | None
    said: str


def run(
    command: Sequence[str], *, limit: float, env: Mapping[str, str] | None = None, cwd: Path | None = None,
    memory: bool = False, name: str = "",
) -> Ended:
    """Run a command to its end.

    Parameters
    ----------
    command : sequence of str
    limit : float
        Seconds after which it is ended.
    env : mapping of str to str, optional
        Beside the present environment.
    cwd : Path, optional
    memory : bool
        Look at its memory, twenty times a second; that takes some of the time that it needs.
    name : str
        What to call it in a sentence; the command itself where it is empty.

    Raises
    ------
    Failed
        If it cannot be started, does not end in time or ends badly; with its last words.
    """
    allowed, name = min(limit, deadline - time.monotonic()), name or _shown(command)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _started(command, out, err, env, cwd) as process:
            late = threading.Event()

            def end() -> None:
                late.set()
                _kill(process)

            timer = threading.Timer(max(allowed, 0.1), end)
            timer.daemon = True
            began = time.monotonic()
            timer.start()
            watched = _Watched(process.pid) if memory else None
            try:
                _, status, usage = os.wait4(process.pid, 0)
            finally:
                timer.cancel()
            seconds = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
        if late.is_set():
            raise Failed(f"`{name}` was ended after {allowed:.0f} s.")
        if process.returncode:
            raise Failed(f"`{name}` ended with {process.returncode}: {_last_words(err)}")
        out.seek(0)
        megabytes = max(watched.most(), _peak(usage)) / 1e6 if watched else None
        return Ended(seconds, megabytes, out.read().decode(errors="replace"))


def call(function: str, *arguments: Any, limit: float, env: Mapping[str, str] | None = None) -> Any:
    """Run one function in a process of its own, and give back what it returned.

    Parameters
    ----------
    function : str
        ``module:name``, the module one of this package.
    *arguments
        Of JSON.
    limit, env
        See `run`.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [
            sys.executable, "-P", "-m", "scripts.benchmarks.child", function, json.dumps(arguments), str(answer)
        ]
        run(command, limit=limit, env=env, name=function)
        return json.loads(answer.read_text("utf-8"))


def screentime(*arguments: str, limit: float, env: Mapping[str, str] | None = None, memory: bool = False) -> Ended:
    """Run the program as a person does."""
    return run([SCREENTIME, *arguments], limit=limit, env=env, memory=memory)


@contextmanager
def background(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen]:
    """A command that runs beside what is measured, and is ended with it; its stderr goes nowhere."""
    with _started(command, subprocess.DEVNULL, subprocess.DEVNULL, env, None) as process:
        yield process


class Answering:
    """A process that answers one line of JSON for each that it is sent, and sleeps between them.

    Parameters
    ----------
    function : str
        ``module:name``; called in the process with the arguments, gives the callable that answers.
    *arguments
        Of JSON.
    limit : float
        Seconds that any one answer may take.
    """

    def __init__(self, function: str, *arguments: Any, limit: float) -> None:
        self.limit = limit
        self._err = tempfile.TemporaryFile()
        command = [sys.executable, "-P", "-m", "scripts.benchmarks.child", function, json.dumps(arguments)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._err, text=True,
            start_new_session=True, env=_environment(None),
        )

    def ask(self, question: Any) -> Any:
        """Its answer to one question.

        Raises
        ------
        Failed
            If it ends instead, or takes too long.
        """
        allowed = max(min(self.limit, deadline - time.monotonic()), 0.1)
        timer = threading.Timer(allowed, _kill, [self._process])
        timer.daemon = True
        timer.start()
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise Failed(_last_words(self._err) or f"It gave no answer within {allowed:.0f} s.")
        return json.loads(line)

    def close(self) -> None:
        """End it."""
        _kill(self._process)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._err.close()


class _Watched:
    """Most memory that a process and its children have resident together."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most = pid, 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        import psutil

        try:
            root = psutil.Process(self._pid)
            while root.status() != psutil.STATUS_ZOMBIE:
                total = 0
                for one in [root, *root.children(recursive=True)]:
                    try:
                        total += one.memory_info().rss
                    except psutil.Error:
                        continue
                self._most = max(self._most, total)
                time.sleep(0.05)
        except psutil.Error:
            return

    def most(self) -> int:
        self._thread.join(1)
        return self._most


@contextmanager
def _started(
    command: Sequence[str], out: Any, err: Any, env: Mapping[str, str] | None, cwd: Path | None
) -> Iterator[subprocess.Popen]:
    try:
        # A session of its own, so that all of it can be ended at once.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
            env=_environment(env), cwd=cwd,
        )
    except OSError as error:
        raise Failed(f"`{_shown(command)}` cannot be started: {error.strerror}.") from None
    try:
        yield process
    finally:
        if process.returncode is None:
            _kill(process)
            process.wait()


def _peak(usage: Any) -> int:
    """Most bytes that an ended process had by the system's word, 0 where that says nothing of it.

    Between fork and exec a child is as large as this process, and the system counts that too.
    """
    if usage.ru_maxrss <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        return 0
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _environment(env: Mapping[str, str] | None) -> dict[str, str]:
    # Python looks first in this very project, whatever else is installed.
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, **(env or {})}


def _kill(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _shown(command: Sequence[str]) -> str:
    name = " ".join([Path(command[0]).name, *command[1:]])
    return name if len(name) <= 100 else f"{name[:99]}…"


def _last_words(err: Any) -> str:
    err.seek(0)
    lines = [line.strip() for line in err.read().decode(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-2:])[-300:]
