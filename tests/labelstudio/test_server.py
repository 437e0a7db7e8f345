"""The embedded server: one process, ours, on the port that was asked for."""

import os
import shutil
import signal
import stat
import time
from pathlib import Path

import psutil
import pytest

from screentime.errors import ServerError
from screentime.labelstudio import server
from screentime.labelstudio.client import connect


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_life_of_a_server(make_home, free_port, monkeypatch, tmp_path):
    # All of these are settings to Label Studio when they reach it.
    for name, value in {"PORT": "1", "HOST": "http://x", "DEBUG": "true", "USERNAME": "u@x", "PYTHONPATH": "/x"}.items():
        monkeypatch.setenv(name, value)
    home = make_home()
    linked = tmp_path / "label-studio"
    linked.symlink_to(server.find_executable())
    monkeypatch.setenv("SCREENTIME_LABEL_STUDIO", str(linked))
    said = []
    running = server.start(home, port=free_port, progress=said.append)
    assert said == [f"Starting Label Studio on port {free_port}."]
    assert running == server.Running(f"http://127.0.0.1:{free_port}", free_port, running.pid)
    process = psutil.Process(running.pid)
    assert [c.laddr.ip for c in process.net_connections("tcp") if c.status == "LISTEN"] == ["127.0.0.1"]
    given = process.environ()
    assert not {"PORT", "HOST", "DEBUG", "USERNAME", "PYTHONPATH"} & given.keys()
    assert given["LABEL_STUDIO_COLLECT_ANALYTICS"] == "false"

    account = server.credentials(home)
    log = home / "labelstudio" / "server.log"
    for secret in (account.token, account.password):
        assert secret not in " ".join(process.cmdline())
        assert secret not in log.read_text()
        assert secret not in repr(account)
    for private in (log, home / "labelstudio" / "credentials.json", home / "labelstudio" / "server.json"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600

    assert server.start(home, port=free_port + 1) == running
    copied = tmp_path / "copied"
    shutil.copytree(home, copied)
    assert server.status(copied) is None and server.stop(copied) is False and server.status(home) == running

    # What started it was killed before it could note it.
    (home / "labelstudio" / "server.json").unlink()
    assert server.status(home) is None
    assert server.start(home, port=free_port + 1) == running and server.status(home) == running
    project = connect(running.url, account.token).request("POST", "api/projects/", json={"title": "Kept"})

    os.kill(running.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.status(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.status(home) is None
    again = server.start(home, port=free_port)
    assert again.pid != running.pid
    assert connect(again.url, account.token).request("GET", f"api/projects/{project['id']}/")["title"] == "Kept"

    # Its environment was removed (a new set-up made another): the server must be the present one's.
    linked.unlink()
    monkeypatch.delenv("SCREENTIME_LABEL_STUDIO")
    said.clear()
    present = server.start(home, port=free_port, progress=said.append)
    assert said[0] == "The running Label Studio was removed from this machine; starting the present one."
    assert present.pid != again.pid and server.status(home) == present
    assert not psutil.pid_exists(again.pid)

    (home / "labelstudio" / "server.json").unlink()
    assert server.stop(home) is True
    assert not psutil.pid_exists(present.pid)
    assert server.stop(home) is False
    assert server.status(home) is None


def test_death_at_start_shows_its_last_words(make_home, free_port, monkeypatch, tmp_path):
    home = make_home()
    monkeypatch.setenv("SCREENTIME_LABEL_STUDIO", str(program(tmp_path / "dies", "sleep 1; echo out of luck; exit 3")))
    with pytest.raises(ServerError) as raised:
        server.start(home, port=free_port)
    assert raised.value.what == "Label Studio ended while it was starting. Its last words: out of luck"
    assert raised.value.remedy == f"See {home / 'labelstudio' / 'server.log'}."
    assert server.status(home) is None


def test_a_database_without_credentials_never_gets_others(make_home, free_port):
    home = make_home()
    kept = home / "labelstudio" / "credentials.json"
    kept.unlink()
    with pytest.raises(ServerError) as raised:
        server.start(home, port=free_port)
    assert raised.value.what == f"{kept} is gone: it should hold a username, a password and a token."
    assert raised.value.remedy == (
        "Put credentials.json back from a backup, or let `screentime doctor --fix` give the account a new password;"
        " the labels stay where they are."
    )
    assert server.status(home) is None and not kept.exists()


@pytest.mark.parametrize(("damage", "why"), [
    (lambda path: path.unlink(), "it is gone"),
    (lambda path: path.write_bytes(b""), "it holds nothing of Label Studio"),
    (lambda path: path.write_bytes(b"no database" * 1000), "file is not a database"),
    (lambda path: path.write_bytes(path.read_bytes()[:50_000]), "database disk image is malformed"),
])
def test_no_empty_database_is_begun_in_place_of_a_damaged_one(make_home, free_port, damage, why):
    home = make_home()
    path = home / "labelstudio" / "data" / "label_studio.sqlite3"
    damage(path)
    left = path.read_bytes() if path.exists() else None
    with pytest.raises(ServerError) as raised:
        server.start(home, port=free_port)
    assert raised.value.what == f"Label Studio's database {path} cannot be used: {why}."
    assert (path.read_bytes() if path.exists() else None) == left
    assert server.status(home) is None


def test_failed_preparation_leaves_no_database(tmp_path):
    with pytest.raises(ServerError) as raised:
        server.prepare(tmp_path, program(tmp_path / "fails", "echo no space left; exit 1"))
    assert raised.value.what == "Label Studio could not build its database. Its last words: no space left"
    assert not (tmp_path / "labelstudio" / "data").exists()


def test_preparation_is_done_once(ls_template):
    assert server.prepare(ls_template) is False
    assert server.status(ls_template) is None


def test_the_version_flag_that_starts_a_server_is_never_used():
    for file in Path(server.__file__).parent.glob("*.py"):
        assert "--version" not in file.read_text(encoding="utf-8")
