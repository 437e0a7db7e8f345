"""A line to the server that loses answers: the one fault that no server makes on demand."""

from __future__ import annotations

import re
import socket
import threading


class DroppingProxy:
    """Passes requests on and, of those whose first line matches, keeps the answer for itself.

    Parameters
    ----------
    port : int
        The server's port on this machine.
    pattern : str
        Of the first line, for example ``POST /api/projects/1/import ``.
    """

    def __init__(self, port: int, pattern: str) -> None:
        self.dropped = 0
        self._port, self._pattern = port, re.compile(pattern.encode())
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(line,), daemon=True).start()

    def _pass_on(self, line: socket.socket) -> None:
        with line:
            request = b""
            while b"\r\n\r\n" not in request:
                got = line.recv(65536)
                if not got:
                    return
                request += got
            head, body = request.split(b"\r\n\r\n", 1)
            length = re.search(rb"(?i)content-length: (\d+)", head)
            while length and len(body) < int(length[1]):
                body += line.recv(65536)
            head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head) + b"\r\nConnection: close"
            answer = b""
            with socket.create_connection(("127.0.0.1", self._port)) as upstream:
                upstream.sendall(head + b"\r\n\r\n" + body)
                while got := upstream.recv(65536):
                    answer += got
            if self._pattern.match(head):
                self.dropped += 1
            else:
                # Said to both sides: the next request must not meet a line that is just being closed.
                line.sendall(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
