"""Who listens on a port of this machine, and whether it is Label Studio."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import time
import urllib.request

from screentime.errors import ServerError, UserMistake
from screentime.labelstudio.refusals import NO_JSON

ANSWER_SECONDS = 5
RELEASE_SECONDS = 3


def require_free(host: str, port: int) -> None:
    """Refuse a port that somebody listens on or that may not be listened on.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        TCP port.

    Raises
    ------
    UserMistake
        With the name of who listens, where the system tells it.
    """
    remedy = f"Choose another one, for example --port {port + 1 if port < 65535 else 8080}."
    if not 0 < port < 65536:
        raise UserMistake(f"{port} is no port.", "Choose one from 1024 to 65535: --port 8080.")
    deadline = time.monotonic() + RELEASE_SECONDS
    while not _free(host, port):
        who = owner(port)
        # A killed program's port belongs to nobody for a moment, and is then free.
        if who or time.monotonic() > deadline:
            raise UserMistake(f"Port {port} is already in use{f' by {who}' if who else ''}.", remedy)
        time.sleep(0.1)


def listen(host: str, port: int) -> socket.socket:
    """Listen on a port that is free, see `require_free`.

    Parameters
    ----------
    host : str
        Name or address of this machine.
    port : int

    Returns
    -------
    socket

    Raises
    ------
    UserMistake
        If it is not free, or the host is none of this machine's.
    """
    require_free(host, port)
    family, address = _address(host, port)
    return socket.create_server(address, family=family)


def listens(pid: int, port: int) -> bool:
    """Whether a process, or a child of it, listens on a port."""
    return port in _ports(pid)


def require_own(pid: int, port: int) -> None:
    """Refuse a port on which the server's own process does not listen: whoever does would be sent its token.

    Parameters
    ----------
    pid : int
        The server's process.
    port : int
        TCP port that it was told.

    Raises
    ------
    ServerError
    """
    if not listens(pid, port):
        raise ServerError(
            f"Label Studio (process {pid}) does not listen on its port {port}, and its token is for nobody else there.",
            "Where it is just starting, try again in a minute; else `screentime server stop`, then `screentime server"
            " start`.",
        )


def elsewhere(pid: int, port: int) -> bool:
    """Whether a process listens, but not on the port that it was told."""
    ports = _ports(pid)
    return bool(ports) and port not in ports


def owner(port: int) -> str:
    """Name and pid of who listens; empty when only the system may know."""
    import psutil

    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                process = psutil.Process(connection.pid)
                # A killed process has lost its command line before it lets go of its port.
                if process.cmdline():
                    return f"{process.name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return ""


def answers(url: str) -> bool:
    """Whether a Label Studio at this address says that it is up."""
    return _get(f"{url}/health", {}).get("status") == "UP"


def knows(url: str, token: str) -> bool:
    """Whether the Label Studio at this address accepts a legacy token."""
    return "id" in _get(f"{url}/api/current-user/whoami", {"Authorization": f"Token {token}"})


def _get(url: str, headers: dict[str, str]) -> dict:
    # No proxy: this machine asks itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=ANSWER_SECONDS) as response:
            answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, *NO_JSON):
        return {}
    return answer if isinstance(answer, dict) else {}


def _free(host: str, port: int) -> bool:
    family, address = _address(host, port)
    try:
        with socket.create_server(address, family=family):
            pass
    except PermissionError:
        raise UserMistake(
            f"Port {port} is kept for the system.", "Choose one from 1024: --port 8080."
        ) from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise _not_ours(host) from None
        return False
    # Label Studio asks for the port on localhost, whatever address it was told.
    return not _taken("127.0.0.1", port)


def _address(host: str, port: int) -> tuple[socket.AddressFamily, tuple]:
    """What a name or an address is to a socket; of a name's the older kind, where it has both."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _not_ours(host) from None
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, address


def _not_ours(host: str) -> UserMistake:
    return UserMistake(f"{host} is no address of this machine.", "Use --host 127.0.0.1.")


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _ports(pid: int) -> set[int]:
    import psutil

    ports: set[int] = set()
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return ports
    for member in family:
        try:
            ports |= {one.laddr.port for one in member.net_connections(kind="tcp") if one.status == psutil.CONN_LISTEN}
        except psutil.Error:
            continue  # a child that ended meanwhile says nothing of the others
    return ports
