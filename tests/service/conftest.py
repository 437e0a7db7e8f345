"""A real `screentime serve`, and projects for it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANG_SECONDS = 180


class Service:
    """A running `screentime serve`."""

    def __init__(self, port: int, folders: list[Path], *options: str) -> None:
        self.port, self.at = port, "[::1]" if "::1" in options else "127.0.0.1"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "screentime", "serve", *map(str, folders), "--port", str(port), *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        self.until(lambda: self.get("/health"), "it never answered")

    def get(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> tuple[int, str]:
        request = urllib.request.Request(f"http://{self.at}:{self.port}{path}", method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def project(self, name: str) -> dict:
        return json.loads(self.get("/health")[1])["projects"][name]

    def metric(self, name: str, project: str = "project") -> float | None:
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(f'{name}{{project="{project}"}} '):
                return float(line.split()[-1])
        return None

    def until(self, true, otherwise: str):
        deadline = time.monotonic() + HANG_SECONDS
        while True:
            found = true()
            if found and found != (0, ""):
                return found
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, said = self.process.communicate(timeout=HANG_SECONDS)
        return self.process.returncode, out, said


@pytest.fixture
def serve(free_port):
    """Starts services; each has ended at the end."""
    running = []

    def start(folders: list[Path], *options: str, port: int = free_port) -> Service:
        running.append(Service(port, folders, *options))
        return running[-1]

    yield start
    for one in running:
        one.end(signal.SIGKILL)
