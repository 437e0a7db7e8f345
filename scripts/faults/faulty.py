"""A line to a Label Studio server that fails on demand, as no server does, and that writes down every kind of call.

Each kind of call is its method and its path with every number replaced, such as ``PATCH /api/tasks/N/``.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

REFUSED_SECONDS = 0.15
HELD_SECONDS = 60.0
# No fault, so long as who asks is patient.
LATE, LATE_SECONDS = "late", 3.0
_PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1>nginx</body></html>"


@dataclass(frozen=True)
class Answer:
    """A server's whole answer."""

    status: bytes
    body: bytes
    headers: bytes = b"Content-Type: application/json\r\n"

    def bytes(self, *, claimed: int | None = None) -> bytes:
        """As it goes over the line, with a length that need not be the true one."""
        length = len(self.body) if claimed is None else claimed
        return (
            b"HTTP/1.1 " + self.status + b"\r\n" + self.headers
            + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % length + self.body
        )


def _detail(text: str) -> bytes:
    return json.dumps({"detail": text}).encode()


# What the server is never asked for.
INSTEAD = {
    "401": Answer(b"401 Unauthorized", _detail("Invalid token.")),
    "403": Answer(b"403 Forbidden", _detail("You do not have permission to perform this action.")),
    "404": Answer(b"404 Not Found", _detail("Not found.")),
    "409": Answer(b"409 Conflict", _detail("Conflict.")),
    "429": Answer(
        b"429 Too Many Requests", _detail("Request was throttled."),
        b"Content-Type: application/json\r\nRetry-After: 1\r\n",
    ),
    "503": Answer(b"503 Service Unavailable", b"", b"Content-Type: text/html\r\nRetry-After: 1\r\n"),
}
# What comes although the server carried it out.
AFTERWARDS: dict[str, Callable[[bytes], Answer]] = {
    "500": lambda _: Answer(b"500 Internal Server Error", _detail("database is locked")),
    "502": lambda _: Answer(b"502 Bad Gateway", _PAGE, b"Content-Type: text/html\r\n"),
    "truncated": lambda body: Answer(b"200 OK", body[: len(body) // 2] or b"{"),
    "empty": lambda _: Answer(b"200 OK", b"{}"),
    "other kind": lambda body: Answer(b"200 OK", b'{"a": "b"}' if body.startswith(b"[") else b'[{"a": "b"}]'),
    "null": lambda _: Answer(b"200 OK", b"null"),
}
BROKEN = ("refused", "reset before", "answer lost", "cut off", "slow")
FAULTS = (*BROKEN, *INSTEAD, *AFTERWARDS)


@dataclass
class Plan:
    """Which fault comes at which calls.

    Attributes
    ----------
    kind : str
        Of the calls, as `kind_of` names them.
    fault : str
        One of `FAULTS`, or `LATE`.
    always : bool
        Whether it comes at each such call; otherwise at the first one alone.
    place : int
        For a refused connection, which nobody can tell by its kind: how many calls go before it.
    """

    kind: str
    fault: str
    always: bool = False
    place: int = 0


@dataclass
class FaultyProxy:
    """Passes requests on to a server of this machine, but for those that shall fail.

    Attributes
    ----------
    port : int
        The server's.
    seen : list of str
        Kind of each call since `listen`.
    hits : int
        How often the fault came since `listen`.
    """

    port: int
    seen: list[str] = field(default_factory=list)
    hits: int = 0
    _plan: Plan | None = None
    _listener: socket.socket | None = None
    _number: int = 0

    def __post_init__(self) -> None:
        self._open()
        self.url = f"http://127.0.0.1:{self._number}"

    def listen(self, plan: Plan | None = None) -> None:
        """Begin to write down calls anew, and let those of a plan fail."""
        self.seen, self.hits, self._plan = [], 0, plan
        if self._listener is None:
            self._open()
        if plan and plan.fault == "refused" and plan.place == 0:
            self._refuse()

    def close(self) -> None:
        """Listen no more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # It wakes the thread that waits for connections; closing alone does not.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self._number))
        self._number = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _refuse(self) -> None:
        self.hits += 1
        self.close()
        if not self._plan.always:
            threading.Timer(REFUSED_SECONDS, self._open).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line:
            try:
                self._carry(line)
            except OSError:
                return  # who asked is gone, or the server

    def _carry(self, line: socket.socket) -> None:
        head, body = _read_request(line)
        if not head:
            return
        kind = kind_of(head)
        self.seen.append(kind)
        plan = self._plan
        if plan is None or plan.fault == "refused":
            answer = _forward(self.port, head, body)
            if plan and plan.place == len(self.seen):
                self._refuse()  # before the answer, so that the next connection meets it
            line.sendall(answer.bytes())
            return
        if plan.kind != kind or (self.hits and not plan.always):
            line.sendall(_forward(self.port, head, body).bytes())
            return
        self.hits += 1
        self._fail(plan.fault, line, head, body)

    def _fail(self, fault: str, line: socket.socket, head: bytes, body: bytes) -> None:
        if fault == "reset before":
            _reset(line)
        elif fault in INSTEAD:
            line.sendall(INSTEAD[fault].bytes())
        else:
            answer = _forward(self.port, head, body)
            if fault == "answer lost":
                _reset(line)
            elif fault == "cut off":
                half = Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
                line.sendall(half.bytes(claimed=len(answer.body) + 1))
                _reset(line)
            elif fault == LATE:
                time.sleep(LATE_SECONDS)
                line.sendall(answer.bytes())
            elif fault == "slow":
                # Until who asked has given up.
                line.settimeout(HELD_SECONDS)
                line.recv(1)
            else:
                line.sendall(AFTERWARDS[fault](answer.body).bytes())


def kind_of(head: bytes) -> str:
    """Kind of a call, from the head of its request; actions of the Data Manager and uploads of files by their own."""
    method, target = head.split(b" ", 2)[:2]
    path, _, query = target.decode("latin-1").partition("?")
    kind = f"{method.decode()} {re.sub(r'[0-9]+', 'N', path)}"
    action = re.search(r"(?:^|&)id=([a-z_]+)", query)
    if action and path.endswith("/dm/actions"):
        return f"{kind}?id={action[1]}"
    return f"{kind} of files" if "commit_to_project=false" in query else kind




def _reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def _read_request(line: socket.socket) -> tuple[bytes, bytes]:
    request = b""
    while b"\r\n\r\n" not in request:
        got = line.recv(65536)
        if not got:
            return b"", b""
        request += got
    head, body = request.split(b"\r\n\r\n", 1)
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += line.recv(65536)
    return head, body


def _forward(port: int, head: bytes, body: bytes) -> Answer:
    head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head)
    head = re.sub(rb"(?i)\r\naccept-encoding: [^\r]*", b"", head) + b"\r\nConnection: close"
    got = b""
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        upstream.sendall(head + b"\r\n\r\n" + body)
        while more := upstream.recv(65536):
            got += more
    top, said = got.split(b"\r\n\r\n", 1)
    first, *headers = top.split(b"\r\n")
    kept = [one for one in headers if not re.match(rb"(?i)(content-length|connection|transfer-encoding):", one)]
    return Answer(first.split(b" ", 1)[1], said, b"".join(one + b"\r\n" for one in kept))
