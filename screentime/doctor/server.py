"""The server: which one it is, its version, containers, leftover processes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.doctor.finding import MEND, Check, Finding, Missing, ok, warning
from screentime.doctor.place import LOOPBACK, Place
from screentime.doctor.token import look_token, mend_account, mend_token
from screentime.errors import NotReady, ScreentimeError, ServerError, UserMistake
from screentime.labelstudio import database, installation, listener, process

if TYPE_CHECKING:
    import psutil

TESTED = "1.23.2"
DATA = "LABEL_STUDIO_BASE_DATA_DIR"


def look_server(place: Place) -> Finding:
    """Whether a Label Studio answers, and whose it is."""
    if not place.embedded:
        place.front  # noqa: B018 - raises what is wrong with it
        opened = "" if place.page == place.url else f" People open it at {place.page} , which was not asked."
        return ok(f"{place.url} answers; it is not the embedded one.{opened}")
    noted = place.noted
    if noted is None:
        return _not_running(place)
    whose = f"embedded one of {place.home} (process {noted.pid})"
    if not listener.listens(noted.pid, noted.port):
        raise ServerError(
            f"The {whose} runs and does not listen on port {noted.port}.",
            "Where it is just starting, wait a minute; else `screentime server stop`, then `screentime server start`.",
        )
    place.front  # noqa: B018 - raises what is wrong with it
    return ok(f"{place.url}, the {whose}.")


def _not_running(place: Place) -> Finding:
    lost = list(_lost(place))
    if lost:
        raise ServerError(
            f"Label Studio of this home runs ({_numbers(lost)}), and its note server.json is gone or damaged.",
            f"{MEND} notes it again, or `screentime server start`.",
        )
    _require_home(place.home)
    if (place.home / "labelstudio" / "data").exists():
        installation.kept_credentials(place.home)
    database.require_sound(place.home)
    port = place.options.port
    other = _on_port(port)
    who = f" Port {port} is taken by {_named(other)}." if other else ""
    start = f"`screentime server start{f' --port {port + 1}' if other else ''}`"
    theirs = _home_of(other) if other else None
    if theirs is not None:
        start += f", or `export SCREENTIME_HOME={theirs}` to use that one"
    try:
        pushed = place.progress.project is not None
    except Missing:
        pushed = False
    if pushed or other:
        raise NotReady(f"Label Studio is not running.{who}", f"{start}.")
    return warning("Label Studio is not running.", f"{start} before `screentime push`.")


def _require_home(home: Path) -> None:
    """Refuse a home in which no server can be; makes nothing."""
    place = next(one for one in (home / "labelstudio", home, *home.parents) if os.path.exists(one))
    elsewhere = "Set SCREENTIME_HOME to a folder of your own"
    if not os.path.isdir(place):
        raise UserMistake(
            f"The embedded Label Studio cannot be in {home}: {place} is a file.", f"{elsewhere}, or give that file another name."
        )
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
        ours = f", or, if {place} is yours, `chmod u+rwx {place}`" if place not in home.parents else ""
        raise UserMistake(
            f"The embedded Label Studio cannot be in {home}: you may not write into {place}.", f"{elsewhere}{ours}."
        )


def mend_server(place: Place) -> str:
    """Note a running server of this home again, or give the account that nobody knows any more a new password."""
    if not place.embedded or place.noted is not None:
        return ""
    if (place.home / "labelstudio").is_dir():
        with installation.lock(place.home, "doctor --fix"):
            noted = process.adopt(place.home)
        if noted is not None:
            return f"process {noted.pid} is noted again; it was left running."
    return mend_account(place, None)


def look_version(place: Place) -> Finding:
    """Whether this project knows the server's version."""
    release = place_front(place).release
    if release != TESTED:
        return warning(
            f"Label Studio {release} answers; screentime is tested with {TESTED}.",
            f"Where something fails, try {TESTED}: `pip install label-studio=={TESTED}`.",
        )
    return ok(f"Label Studio {release}, with which screentime is tested.")


def look_containers(place: Place) -> Finding:
    """Whether an address means the container where another machine is meant."""
    if not _inside(place.root):
        return ok("this is no container.")
    if place.embedded or place.host not in LOOPBACK:
        return ok(f"this is a container; {'the embedded server is in it too' if place.embedded else place.url + ' is outside of it'}.")
    try:
        place.front  # noqa: B018
    except (ScreentimeError, Missing):
        raise UserMistake(
            f"This is a container, in which {place.url} means the container itself, and nothing answers there.",
            "Name the server as the container sees it: http://label-studio:8080 in docker-compose.yml,"
            " http://host.docker.internal:8080 on the host.",
        ) from None
    return ok(f"this is a container, and {place.url} answers in it.")


def look_leftovers(place: Place) -> Finding:
    """Servers of this home beside the noted one."""
    lost = list(_lost(place))
    if lost and place.noted is None:
        if place.embedded:
            raise Missing("a server of this home runs that is not noted")
        return warning(
            f"Label Studio of this home runs, though another one is used here ({_numbers(lost)}).",
            "`screentime server stop` ends it, if nobody else uses it.",
        )
    if lost:
        raise ScreentimeError(
            f"Another Label Studio of this home runs beside the noted one ({_numbers(lost)}): two servers work on one"
            " database.",
            f"{MEND} ends it, or `kill {' '.join(str(one.pid) for one in lost)}`.",
        )
    return ok("no server of this home is left over.")


def mend_leftovers(place: Place) -> str:
    """End servers of this home beside the noted one; never the only one."""
    # Held, nobody is starting one just now.
    with installation.lock(place.home, "doctor --fix"):
        place = place.afresh()
        lost = list(_lost(place)) if place.noted else []
        process.end_all(lost)
    return f"ended {_numbers(lost)}." if lost else ""


def _numbers(processes: Sequence[psutil.Process]) -> str:
    return ", ".join(f"process {one.pid}" for one in processes)


def place_front(place: Place) -> Any:
    """What the server says of itself; `Missing` where it does not answer, which another check tells."""
    try:
        return place.front
    except ScreentimeError:
        raise Missing("Label Studio is not reached") from None


def _inside(root: Path) -> bool:
    if (root / ".dockerenv").exists() or (root / "run" / ".containerenv").exists():
        return True
    try:
        said = (root / "proc" / "1" / "cgroup").read_text("utf-8", "replace")
    except OSError:
        return False
    return any(word in said for word in ("docker", "kubepods", "containerd", "libpod"))


def _on_port(port: int) -> psutil.Process | None:
    """Who listens on a port of this machine, as far as the system tells."""
    import psutil

    try:
        for one in psutil.net_connections(kind="tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr.port == port and one.pid:
                return psutil.Process(one.pid)
    except psutil.Error:
        pass
    return None


def _named(process: psutil.Process) -> str:
    import psutil

    home = _home_of(process)
    try:
        name = process.name()
    except psutil.Error:
        name = "a program"
    if home is not None:
        return f"Label Studio of another home, {home} (process {process.pid})"
    return f"{name} (process {process.pid})"


def _home_of(process: psutil.Process) -> Path | None:
    """The home of an embedded server's process; None of another process."""
    import psutil

    try:
        data = process.environ().get(DATA) if "start" in process.cmdline() else None
    except (psutil.Error, OSError):
        return None
    # A home may be reached by more than one path.
    return Path(data).resolve().parent.parent if data and data.endswith("/labelstudio/data") else None


def _lost(place: Place) -> Iterator[psutil.Process]:
    """Servers of this home that are neither the noted one nor its children."""
    import psutil

    known: set[int] = set()
    if place.noted:
        try:
            noted = psutil.Process(place.noted.pid)
            known = {noted.pid, *(one.pid for one in noted.children(recursive=True))}
        except psutil.Error:
            pass
    for one in psutil.process_iter():
        if one.pid not in known and _home_of(one) == place.home.resolve() and one.status() != psutil.STATUS_ZOMBIE:
            yield one


CHECKS = (
    Check("Server", look_server, mend_server), Check("Version", look_version), Check("Token", look_token, mend_token),
    Check("Containers", look_containers), Check("Leftover servers", look_leftovers, mend_leftovers),
)
