"""The embedded Label Studio server: prepare, start, stop, status. One per user and machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from screentime.errors import ServerError
from screentime.files import sync_folder, sync_tree
from screentime.labelstudio import account, database, listener, process
from screentime.labelstudio.installation import (
    Credentials,
    credentials,
    environment,
    find_executable,
    folder,
    home,
    lock,
    serve_folder,
)
from screentime.labelstudio.process import Noted, Running
from screentime.locks import AtWork

__all__ = [
    "Credentials", "Running", "credentials", "find_executable", "home", "prepare", "serve_folder",
    "start", "status", "stop",
]

PREPARE_SECONDS = 900
READY_SECONDS = 300
# Of the umask: its database, its secret key and what is uploaded to it are for its owner alone.
PRIVATE = 0o077


def prepare(
    home: Path, executable: Path | None = None, *, progress: Callable[[str], None] | None = None
) -> bool:
    """Build the database and the account without leaving a server running.

    It takes about a minute the first time. An interrupted preparation is begun anew.

    Parameters
    ----------
    home : Path
        See `installation.home`.
    executable : Path, optional
        See `installation.find_executable`.
    progress : callable of str, optional
        Told what is being done.

    Returns
    -------
    bool
        Whether anything had to be done.

    Raises
    ------
    ServerError
        If Label Studio cannot build it.
    """
    executable = executable or find_executable()
    with lock(home, "server prepare", _telling(progress)):
        data = folder(home) / "data"
        for left in folder(home).glob("preparing-*"):
            shutil.rmtree(left, ignore_errors=True)
        if data.exists():
            return False
        if progress:
            progress("Building Label Studio's database; this takes about a minute, once.")
        # Built aside and renamed when whole: half a database never becomes the real one. Under a new
        # name each time, since a killed preparation's child may still be writing into the last one.
        part = Path(tempfile.mkdtemp(prefix="preparing-", dir=folder(home)))
        log = _new_log(home)
        with open(log, "ab") as output:
            try:
                code = subprocess.run(
                    [str(executable), "init"],
                    env=environment(home, part), cwd=folder(home), stdin=subprocess.DEVNULL,
                    stdout=output, stderr=output, timeout=PREPARE_SECONDS, umask=PRIVATE,
                ).returncode
            except subprocess.TimeoutExpired:
                code = -signal.SIGKILL
            except OSError as error:
                raise _not_runnable(executable, error) from None
        if code != 0 or not (part / "label_studio.sqlite3").exists():
            raise ServerError(
                f"Label Studio could not build its database. {_last_words(log)}", f"See {log}."
            )
        sync_tree(part)
        os.replace(part, data)
        sync_folder(folder(home))
        return True


def start(
    home: Path, *, port: int = 8080, host: str = "127.0.0.1", progress: Callable[[str], None] | None = None
) -> Running:
    """Start the server, or find it running.

    Parameters
    ----------
    home : Path
        See `installation.home`.
    port : int, optional
        TCP port of a server that must be started; one that runs keeps its own.
    host : str, optional
        Address to listen on.
    progress : callable of str, optional
        Told what is being done.

    Returns
    -------
    Running

    Raises
    ------
    UserMistake
        If the port is taken.
    ServerError
        If the server dies or does not answer in time, and is then ended unless it was there before; if its
        database is damaged; if it takes neither our token nor our password, and then it runs on.
    """
    tell = progress or (lambda _: None)
    executable = find_executable()
    with lock(home, "server start", _telling(progress)):
        noted = process.alive(home) or process.adopt(home)
        found = noted is not None
        if noted and not Path(noted.executable).exists():
            tell("The running Label Studio was removed from this machine; starting the present one.")
            process.end(home, noted)
            noted = None
            found = False
        if noted is None:
            listener.require_free(host, port)
            database.require_sound(home)
            prepare(home, executable, progress=progress)
            tell(f"Starting Label Studio on port {port}.")
            noted = _launch(home, executable, host, port)
        try:
            _wait_ready(home, noted, found=found)
        except BaseException:
            # Nobody would know of a server that never became ready; one that was there before may have
            # people at work on it.
            if not found:
                process.end(home, noted)
            raise
        # It is up: whatever becomes of its token, its page and the labels in it are there.
        if account.renew(home, noted.running.url):
            tell("Its token had been reset or switched off; credentials.json has the present one now.")
    return noted.running


def stop(home: Path) -> bool:
    """Stop the server and wait until it is gone.

    Returns
    -------
    bool
        Whether one was running.

    Raises
    ------
    ServerError
        If it cannot be ended.
    """
    with lock(home, "server stop"):
        noted = process.alive(home) or process.adopt(home)
        if noted is None:
            return False
        process.end(home, noted)
        return True


def status(home: Path) -> Running | None:
    """The server that `start` started, if its process still runs; it may not answer yet."""
    noted = process.alive(home)
    return noted.running if noted else None


def _telling(progress: Callable[[str], None] | None) -> Callable[[AtWork], None] | None:
    return progress and (lambda other: progress(f"{other} is at work on Label Studio; waiting for it to end."))


def _launch(home: Path, executable: Path, host: str, port: int) -> Noted:
    command = [str(executable), "start", "--no-browser", "--internal-host", host, "--port", str(port)]
    try:
        with open(_new_log(home), "ab") as output:
            child = subprocess.Popen(
                command, env=environment(home, folder(home) / "data"), cwd=folder(home),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, umask=PRIVATE,
            )
    except OSError as error:
        raise _not_runnable(executable, error) from None
    try:
        return process.note(home, child.pid, host, port, executable)
    except BaseException:
        child.kill()
        raise


def _wait_ready(home: Path, noted: Noted, *, found: bool) -> None:
    log = folder(home) / "server.log"
    deadline = time.monotonic() + READY_SECONDS
    while not listener.answers(noted.running.url):
        if process.of(noted) is None:
            raise ServerError(f"Label Studio ended while it was starting. {_last_words(log)}", f"See {log}.")
        if listener.elsewhere(noted.pid, noted.port):
            break
        if time.monotonic() > deadline:
            raise ServerError(
                f"Label Studio did not answer within {READY_SECONDS} s. {_last_words(log)}",
                f"{'`screentime server stop`, then `screentime server start`, or see' if found else 'See'} {log}.",
            )
        time.sleep(0.2)
    if not listener.listens(noted.pid, noted.port):
        # Label Studio takes the next port, unasked, when somebody was quicker than it.
        raise ServerError(
            f"Port {noted.port} was taken by another program while Label Studio was starting.",
            f"{'`screentime server stop`, then start' if found else 'Start'} it again with another one: --port.",
        )


def _new_log(home: Path) -> Path:
    """An empty log that only its owner may read; the one before is kept beside it."""
    log = folder(home) / "server.log"
    if log.exists():
        os.replace(log, log.with_suffix(".log.1"))
    os.close(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    return log


def _last_words(log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in said.splitlines() if line.strip()]
    return f"Its last words: {' / '.join(lines[-2:])[-400:]}" if lines else "It said nothing."


def _not_runnable(executable: Path, error: OSError) -> ServerError:
    return ServerError(f"{executable} cannot be run: {error.strerror or error}.", "Run scripts/setup again.")
