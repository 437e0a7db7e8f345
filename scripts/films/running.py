"""Work on one film in a process of its own: what hangs is ended, and what crashes takes nothing with it."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# A guard, not a measure: the longest film takes some seconds.
LIMIT = 120.0
MOST_BYTES = 12 << 30
CRASHED = 70
NOBODY = 65534


@dataclass(frozen=True)
class Run:
    """How a piece of work ended.

    Attributes
    ----------
    value : object
        What it gave; None where it gave nothing.
    trouble : str
        Why it gave nothing: a hang, a signal, a traceback's last line; empty where it ended well.
    output : str
        What it wrote to stdout and stderr.
    megabytes : float
        Memory that it took at most, beyond what it began with.
    seconds : float
    """

    value: Any
    trouble: str
    output: str
    megabytes: float
    seconds: float


def run(work: Callable[[], Any], limit: float = LIMIT, as_nobody: bool = False) -> Run:
    """Do a piece of work in a forked process.

    Parameters
    ----------
    work : callable
        Gives something that JSON can hold.
    limit : float
        Seconds after which it hangs.
    as_nobody : bool
        Whether to do it without the rights of root, where this is root.

    Returns
    -------
    Run
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as answer:
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _child(work, output.fileno(), answer.fileno(), as_nobody)
        status = None
        while status is None and time.monotonic() - began < limit:
            done, code = os.waitpid(pid, os.WNOHANG)
            status = code if done else None
            if status is None:
                time.sleep(0.002)
        if status is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for file in (output, answer):
            file.seek(0)
        text = output.read().decode("utf-8", "backslashreplace")
        said = answer.read()
    value, megabytes = json.loads(said) if said else (None, 0.0)
    return Run(value, _trouble(status, text), text, megabytes, time.monotonic() - began)


def _trouble(status: int | None, text: str) -> str:
    if status is None:
        return "it hangs"
    if os.WIFSIGNALED(status):
        return f"it was ended by signal {os.WTERMSIG(status)}"
    if os.WEXITSTATUS(status) == CRASHED:
        return f"a traceback: {text.strip().splitlines()[-1] if text.strip() else ''}"
    return ""


def _child(work: Callable[[], Any], output: int, answer: int, as_nobody: bool) -> None:
    """Never returns."""
    code = CRASHED
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        # Where somebody put others in their place.
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        if as_nobody and os.geteuid() == 0:
            os.seteuid(NOBODY)
        before = _resident()
        value = work()
        with os.fdopen(answer, "wb", closefd=False) as file:
            file.write(json.dumps([value, round(max(_peak() - before, 0) / 1024, 1)]).encode())
        code = 0
    except BaseException:  # whatever it is, it is what the check is for
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _peak() -> int:
    """Kilobytes at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _resident() -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
