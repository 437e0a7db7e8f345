"""Watching commands and the embedded server from outside: what they call, run, say and leave."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import psutil

# Python reads it before anything else of a program whose PYTHONPATH names its folder.
HOOK = """
import json, os, sys
_log = os.open(os.environ["WATCHED_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def _note(event, given):
    if event in ("socket.connect", "socket.bind", "socket.sendto"):
        told = given[1]
    elif event == "socket.getaddrinfo":
        told = given[:2]
    elif event in ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn"):
        told = given[:2]
    elif event == "subprocess.Popen":
        told = given[1]
    else:
        return
    os.write(_log, (json.dumps([sys.argv[0] if hasattr(sys, "argv") else "", event, told], default=repr) + "\\n").encode())
sys.addaudithook(_note)
"""
HERE = {"127.0.0.1", "::1", "localhost", "", None, "0.0.0.0"}
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


class Watch:
    """Runs commands with everything noted that they say, run, listen on and connect to.

    Parameters
    ----------
    folder : Path
        Where notes are kept.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "hook").mkdir(parents=True)
        (folder / "hook" / "sitecustomize.py").write_text(HOOK, "utf-8")
        self.notes = folder / "events.jsonl"
        self.notes.touch()
        self.said: list[tuple[Sequence[object], int, str, str]] = []
        self.argvs: set[str] = set()
        self.far: set[str] = set()
        self.listening: set[str] = set()
        self._proxy = socket.create_server(("127.0.0.1", 0))
        self.proxied: list[str] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._answer, self._look)]
        for thread in self._threads:
            thread.start()
        self.roots = {os.getpid()}

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program's calls be noted, and go to a listener of ours where it uses proxies."""
        proxy = f"http://127.0.0.1:{self._proxy.getsockname()[1]}"
        return {
            "PYTHONPATH": os.pathsep.join([str(self.notes.parent / "hook"), str(Path(__file__).parents[1])]),
            "WATCHED_LOG": str(self.notes), **{name: proxy for one in PROXIES for name in (one, one.upper())},
        }

    def run(self, *arguments: object, **changes: str) -> str:
        """Run `screentime` with these arguments; what it wrote to stdout."""
        with self.running(*arguments, **changes):
            pass
        return self.said[-1][2]

    @contextmanager
    def running(self, *arguments: object, end: bool = False, **changes: str) -> Iterator[None]:
        """`screentime` runs with these arguments meanwhile; at the end it is waited for, or ended first."""
        command = [sys.executable, "-m", "screentime.cli", *map(str, arguments)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LABEL_STUDIO_")}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**environment, **self.environment, **changes},
        )
        try:
            yield
            if end:
                process.terminate()
            data, talk = process.communicate(timeout=200)
        finally:
            process.kill()
            process.wait()
        self.said.append((arguments, process.returncode, data, talk))

    def events(self, *kinds: str) -> list[tuple[str, object]]:
        """What programs were about to do, as Python's audit events: which, and what is told of it."""
        lines = [json.loads(line) for line in self.notes.read_text("utf-8").splitlines()]
        return [(kind, told) for _, kind, told in lines if kind in kinds]

    def close(self) -> None:
        self._ended.set()
        self._proxy.close()

    def _answer(self) -> None:
        while True:
            try:
                line, _ = self._proxy.accept()
            except OSError:
                return
            with line:
                self.proxied.append(line.recv(300).decode("latin-1"))

    def _look(self) -> None:
        """The process list and the sockets, as everybody on the machine sees them."""
        while not self._ended.wait(0.3):
            for root in list(self.roots):
                try:
                    family = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
                except psutil.Error:
                    continue
                for process in family:
                    try:
                        self.argvs.add(" ".join(process.cmdline()))
                        # What this process itself does is no program's of ours.
                        for one in () if process.pid == os.getpid() else process.net_connections("inet"):
                            if one.status == psutil.CONN_LISTEN:
                                self.listening.add(one.laddr.ip)
                            elif one.raddr and one.raddr.ip not in HERE:
                                self.far.add(f"{process.name()} {one.raddr.ip}")
                    except psutil.Error:
                        continue


class Echo(BaseHTTPRequestHandler):
    """Answers every request with what it was sent, headers too, in a way that the path's first part says."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
        sent = self.headers.get("Authorization", "") + body
        secret = sent.split()[-1].strip('"{}') if sent else ""
        told = {"detail": f"{sent} {quote(sent)} {base64.b64encode(sent.encode()).decode()}", "refresh": secret, "results": [secret]}
        if self.path.endswith("/api/token/refresh/") and kind != "renewal":
            told["access"] = self.server.access
            return self._send(200, json.dumps(told))
        if kind == "away":
            return self._send(302, "", Location=f"http://127.0.0.1:1/{secret}/?token={secret}")
        if kind == "html":
            return self._send(500, f"<html><h1>{sent}</h1><!-- {secret} --></html>", "text/html")
        return self._send(int(kind) if kind.isdecimal() else 200, json.dumps(told))

    do_POST = do_PATCH = do_DELETE = do_GET

    def _send(self, status: int, text: str, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


def echo(access: str) -> ThreadingHTTPServer:
    """A running server that answers as `Echo`; it gives out this access token."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads, server.access = True, access
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def forms(secret: str) -> dict[bytes, str]:
    """What a secret looks like where it was written somewhere, also in part: bytes to words for them."""
    # A part of it, long enough to be no chance; of a token in three parts the last is the secret one.
    part = secret.rsplit(".", 1)[-1]
    encoded = [base64.b64encode(f"{before}{secret}".encode()) for before in ("", "Token ", "Bearer ", "screentime@localhost:")]
    return {
        secret.encode(): "as it is", part[:20].encode(): "its beginning", part[-20:].encode(): "its end",
        quote(secret, safe="").encode(): "for an address", **{one.rstrip(b"="): "in base64" for one in encoded},
    }


def leaks(secrets: dict[str, str], pieces: Iterable[tuple[str, bytes]]) -> set[str]:
    """Where secrets stand: ``NAME in PLACE, HOW``."""
    wanted = {name: forms(secret) for name, secret in secrets.items()}
    return {
        f"{name} in {place}, {how}"
        for place, content in pieces for name, looks in wanted.items() for look, how in looks.items() if look in content
    }


def files_of(*folders: Path) -> Iterable[tuple[str, bytes]]:
    """Names and contents of all files below folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield str(path), path.read_bytes()
