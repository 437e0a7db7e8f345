"""Who is at work, and what happens when they die."""

from __future__ import annotations

import contextlib
import threading
import time

import psutil


def working(at):
    """Workers of this process's cluster that are at something right now, as ``Looker.look``."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[:1] == [f"ray::{at}"]:
                yield process


class Beside(threading.Thread):
    """Does something again and again beside the test."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over = False

    def run(self):
        while not self.over:
            self.once()
            time.sleep(0.02)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()


class Killer(Beside):
    """Kills workers while they are at something, so many of them."""

    def __init__(self, at, most=1):
        super().__init__()
        self.at, self.most, self.killed = at, most, []

    def once(self):
        for process in working(self.at):
            if process.pid not in self.killed and len(self.killed) < self.most:
                time.sleep(0.3)  # well within it
                process.kill()
                self.killed.append(process.pid)
