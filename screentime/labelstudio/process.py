"""The server's process: what is noted of it, so that no other process is ever taken for it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.errors import ServerError
from screentime.files import write_atomically
from screentime.labelstudio.installation import folder

if TYPE_CHECKING:
    import psutil

STOP_SECONDS = 15
# Creation times shift by a little when the machine's clock is set.
CLOCK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is running.

    Attributes
    ----------
    url : str
        Address to open in a browser, without a slash at its end.
    port : int
        TCP port.
    pid : int
        Its process.
    """

    url: str
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Noted:
    """What is noted of a started server.

    Attributes
    ----------
    pid : int
        Its process.
    created : float
        When that process began, in seconds since 1970: a pid is used again, a pid and its time are not.
    host : str
        Address that it listens on.
    port : int
        TCP port.
    executable : str
        The program that was run.
    home : str
        Whose server it is: a copied home must not take the other one's for its own. Empty in the note of
        an older screentime.
    """

    pid: int
    created: float
    host: str
    port: int
    executable: str
    home: str = ""

    @property
    def running(self) -> Running:
        """What others need to know of it."""
        shown = "127.0.0.1" if self.host == "0.0.0.0" else self.host
        return Running(f"http://{shown}:{self.port}", self.port, self.pid)


def note(home: Path, pid: int, host: str, port: int, executable: Path) -> Noted:
    """Note a process that was just started.

    Raises
    ------
    psutil.Error
        If it has ended already.
    ScreentimeError
        If the note cannot be written.
    """
    import psutil

    noted = Noted(pid, psutil.Process(pid).create_time(), host, port, str(executable), str(Path(home).resolve()))
    write_atomically(folder(home) / "server.json", json.dumps(asdict(noted)) + "\n", mode=0o600)
    return noted


def alive(home: Path) -> Noted | None:
    """The noted server, if its process still runs."""
    try:
        noted = Noted(**json.loads((folder(home) / "server.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    ours = noted.home in ("", str(Path(home).resolve()))
    return noted if ours and of(noted) else None


def adopt(home: Path) -> Noted | None:
    """Note a running server of this home that nobody noted: what started it was killed just then.

    It is known by the folder of its database, in its environment, and runs as this user: it is sent the token.
    """
    import psutil

    data = (folder(home) / "data").resolve()
    found: dict[int, tuple[psutil.Process, list[str]]] = {}
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            mine = process.uids().real == os.getuid()
            if mine and "--internal-host" in words:
                theirs = process.environ().get("LABEL_STUDIO_BASE_DATA_DIR")
                # A home may be reached by more than one path.
                if theirs and Path(theirs).resolve() == data:
                    found[process.pid] = process, words
        except (psutil.Error, OSError):
            continue  # gone, or another person's
    for process, words in found.values():
        try:
            if process.ppid() in found:
                continue
            said = dict(zip(words, words[1:]))
            return note(
                home, process.pid, said["--internal-host"], int(said["--port"]), Path(words[words.index("start") - 1])
            )
        except (psutil.Error, KeyError, ValueError):
            continue
    return None


def of(noted: Noted) -> psutil.Process | None:
    """The noted process, or None when its pid is free or has become another program's."""
    import psutil

    try:
        process = psutil.Process(noted.pid)
        same = abs(process.create_time() - noted.created) < CLOCK_SECONDS
        if same and noted.executable in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.Error:
        pass
    return None


def end(home: Path, noted: Noted) -> None:
    """End the noted process and its children, politely and then not, and wait until they are gone.

    Raises
    ------
    ServerError
        If they stay.
    """
    process = of(noted)
    if process is not None:
        end_all([process, *process.children(recursive=True)])
    (folder(home) / "server.json").unlink(missing_ok=True)


def end_all(processes: Sequence[psutil.Process]) -> None:
    """End processes of Label Studio, politely and then not, and wait until they are gone.

    Raises
    ------
    ServerError
        If one stays.
    """
    import psutil

    left = list(processes)
    for how in (psutil.Process.terminate, psutil.Process.kill):
        for one in left:
            try:
                how(one)
            except psutil.NoSuchProcess:
                continue
        _, left = psutil.wait_procs(left, timeout=STOP_SECONDS)
    if left:
        raise ServerError(f"Label Studio (process {left[0].pid}) cannot be ended.", "End it by hand.")
