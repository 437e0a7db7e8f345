"""Processes in the place of containers: the accounts, paths, names and addresses of docker-compose.yml, with no Docker.

A network and a view of the file system of this process's own (Linux namespaces) hold them: nothing outside is
reached, and no port of this machine is taken.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ADDRESSES = {"db": "172.30.0.2", "label-studio": "172.30.0.3", "screentime": "172.30.0.4"}
# Whom the images know; Label Studio's does not know its own.
ACCOUNTS = (("root", 0, "/root"), ("postgres", 999, "/var/lib/postgresql"), ("screentime", 1000, "/tmp"))
# Where things lie in the containers; folders that are missing are made, and taken away at the end.
CODE, PROJECTS, DATA = Path("/opt/screentime"), Path("/projects"), Path("/label-studio/data")


def call(*command: str | Path) -> None:
    """Run a command of the system, which has to go well."""
    subprocess.run([str(word) for word in command], check=True)


def furnish(code: Path, projects: Path, data: Path, scratch: Path, names: Mapping[str, str]) -> list[Path]:
    """Put everything where the containers have it; to be called in namespaces of one's own.

    Parameters
    ----------
    code : Path
        The repository.
    projects, data, scratch : Path
        Folders for the projects, for Label Studio and for this.
    names : mapping of str to str
        Names of machines to their addresses.

    Returns
    -------
    list of Path
        Folders that were made for it.
    """
    call("ip", "link", "set", "lo", "up")
    for address in set(names.values()):
        call("ip", "addr", "add", f"{address}/32", "dev", "lo")
    hosts = scratch / "hosts"
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
    hosts.write_text("\n".join(lines) + "\n", "utf-8")
    call("mount", "--bind", hosts, "/etc/hosts")
    accounts = scratch / "passwd"
    accounts.write_text("".join(f"{name}:x:{number}:{number}::{home}:/bin/sh\n" for name, number, home in ACCOUNTS), "utf-8")
    call("mount", "--bind", accounts, "/etc/passwd")
    made: list[Path] = []
    for inside, outside in ((CODE, code), (PROJECTS, projects), (DATA, data)):
        missing = [one for one in (inside, *inside.parents) if not one.exists()]
        inside.mkdir(parents=True, exist_ok=True)
        made += missing
        call("mount", "--bind", outside, inside)
    _open(Path(sys.base_prefix), scratch / "base")
    return made


def _open(prefix: Path, held: Path) -> None:
    """Let other accounts into a folder of Python's that lies in one which is closed to them."""
    closed = [one for one in prefix.parents if not one.stat().st_mode & 0o001]
    if closed:
        held.mkdir()
        call("mount", "--bind", prefix, held)
        call("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", closed[-1])
        prefix.mkdir(parents=True)
        call("mount", "--bind", held, prefix)


def command(words: Sequence[str], service: Mapping[str, object], folder: str = "/") -> list[str]:
    """How a service's command is run: its account, no right beside it, a root that cannot be written where it says so.

    Parameters
    ----------
    words : sequence of str
    service : mapping
        Of docker-compose.yml, its variables filled in.
    folder : str
        Where it is run.
    """
    user, group = str(service["user"]).split(":")
    alone = [
        "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
        "--inh-caps=-all",
    ]
    before = ["set -e"]
    if service.get("read_only"):
        before += [
            "mount -o bind,remount,ro /", f"mount -o bind,remount,ro {CODE}",
            *(f"mount -t tmpfs -o mode=1777 tmpfs {place}" for place in service["tmpfs"]),
        ]
    before += [f"cd {shlex.quote(folder)}", f"exec {shlex.join([*alone, *words])}"]
    return ["unshare", "--mount", "sh", "-c", "\n".join(before)]


def bare(environment: Mapping[str, str], *programs: Path) -> dict[str, str]:
    """An environment of nothing but what a service gets, and where its programs are."""
    places = [*map(str, programs), "/usr/local/bin", "/usr/bin", "/bin"]
    return {"PATH": os.pathsep.join(places), "LANG": "C.UTF-8", **environment}
