"""What this machine is, for the head of the table."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CORES = 2
PACKAGES = {
    "OpenCV": "opencv-python-headless", "PyAV": "av", "TensorFlow": "tensorflow", "LiteRT": "ai-edge-litert",
}


def keep_to_two_cores() -> int:
    """Let this process and all that it starts use two cores; how many there were.

    The figures are those of two cores, whatever machine they are taken on. Where a system cannot do
    that (macOS), threads are limited where a program can be told.
    """
    there = os.cpu_count() or 1
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, mine[:CORES])
        return len(mine)
    return there


def described(cores: int) -> str:
    """The machine in one sentence.

    Parameters
    ----------
    cores : int
        That there are, see `keep_to_two_cores`.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    used = f"{min(cores, CORES)} of {cores} cores" if cores > CORES else f"{cores} cores"
    parts = [
        f"{_processor()}, {used}", f"{memory:.0f} GiB", f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}", f"ffmpeg {ffmpeg_version()}",
    ]
    for name, package in PACKAGES.items():
        try:
            parts.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"no {name}")
    return "; ".join(parts) + "."


def ffmpeg_version() -> str:
    """What the ffmpeg on the path calls itself; empty where there is none."""
    try:
        said = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.match(r"ffmpeg version (\S+)", said)
    return found[1] if found else "of unknown version"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text("utf-8", "replace"), re.MULTILINE)
        if found:
            return " ".join(found[1].split())
    return platform.processor() or platform.machine()
