"""Says in one sentence what this machine lacks, before anything is started. Standard library only."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, TOO_NEW = (3, 11), (3, 14)
NEEDED_GB = 6


DEFAULT_PORT = 8080


def main(arguments: list[str]) -> int:
    """Check Python and, before the first installation, disk and venv; 0 when all is well, else 2.

    With ``demo`` as the first argument the demo's port too; the rest are the demo's flags.
    """
    checks = [python, disk, venv]
    if arguments[:1] == ["demo"]:
        checks.append(lambda: port(arguments[1:]))
    for check in checks:
        problem = check()
        if problem:
            print(problem, file=sys.stderr)
            return 2
    return 0


def python() -> str:
    if OLDEST <= sys.version_info[:2] < TOO_NEW:
        return ""
    return (
        f"Python {sys.version_info[0]}.{sys.version_info[1]} is not supported: TensorFlow 2.21 needs Python"
        " 3.11, 3.12 or 3.13. Install one and name it: PYTHON=python3.11 scripts/setup"
    )


def disk() -> str:
    if (ROOT / ".venv").is_dir() and (ROOT / ".venv-labelstudio").is_dir():
        return ""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free >= NEEDED_GB:
        return ""
    return f"{ROOT} has {free:.1f} GB free and the two environments need {NEEDED_GB} GB. Make room there."


def venv() -> str:
    try:
        import ensurepip  # noqa: F401 - Debian leaves it out of its python3
    except ImportError:
        if not shutil.which("uv"):
            return (
                "This Python cannot make virtual environments. Install that part: "
                f"apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
            )
    return ""


def port(flags: list[str]) -> str:
    if os.environ.get("LABEL_STUDIO_URL") or "--help" in flags:
        return ""
    wanted = str(DEFAULT_PORT)
    for flag, following in zip(flags, [*flags[1:], ""]):
        if flag == "--port":
            wanted = following
        elif flag.startswith("--port="):
            wanted = flag.removeprefix("--port=")
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        return f"{wanted} is no port. Use a number from 1 to 65535 with --port."
    if int(wanted) == noted_port():
        return ""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(wanted)))
        except OSError:
            return f"Port {wanted} is already in use. Choose another one, for example --port {int(wanted) + 1}"
    return ""


def noted_port() -> int | None:
    """Port of this user's own embedded server, as it noted it; whether it still runs is told later."""
    home = os.environ.get("SCREENTIME_HOME")
    if home:
        place = Path(home).expanduser()
    elif sys.platform == "darwin":
        place = Path.home() / "Library" / "Application Support" / "screentime"
    else:
        place = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "screentime"
    try:
        return json.loads((place / "labelstudio" / "server.json").read_text("utf-8"))["port"]
    except (OSError, ValueError, KeyError):
        return None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
