"""One command at a time, and who it is: with real processes."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

from screentime import locks
from screentime.errors import Busy, ScreentimeError
from screentime.locks import AtWork, held, holder

HOLD = """
import sys, time
from pathlib import Path
from screentime.locks import held
with held(Path(sys.argv[1]), "server start", "here"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_lock_that_nobody_took_is_nobodys_and_asking_makes_none(tmp_path):
    assert holder(tmp_path / "lock") is None
    assert list(tmp_path.iterdir()) == []


def test_who_holds_it_is_told_until_it_is_given_back(tmp_path):
    file = tmp_path / "lock"
    with held(file, "sync", "here"):
        found = holder(file)
        assert (found.command, found.pid, found.since.tzinfo is None) == ("sync", os.getpid(), False)
        assert str(found) == f"`screentime sync` (process {os.getpid()}, since {found.since:%Y-%m-%d %H:%M:%S})"
    assert holder(file) is None
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_killed_process_blocks_nobody_and_is_not_told_of(tmp_path, other):
    file = tmp_path / "lock"
    assert holder(file).pid == other.pid
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (tmp_path / "lock.json").is_file()
    assert holder(file) is None
    with held(file, "sync", "here"):
        assert holder(file).command == "sync"


def test_whoever_waits_is_told_for_whom_and_at_last_refused(tmp_path, other, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE_SECONDS", 0.1)
    told = []
    with pytest.raises(Busy) as caught, held(tmp_path / "lock", "sync", "in x", patience=0.2, waiting=told.append):
        pytest.fail("two at work")
    [one] = told
    assert (one.command, one.pid) == ("server start", other.pid)
    assert caught.value.what == f"{one} is at work in x."
    assert caught.value.remedy == "Wait until it ends, or end it, and try again."


def test_only_where_it_is_said_a_lock_is_held_twice_and_the_inner_end_ends_nothing(tmp_path):
    file = tmp_path / "lock"
    with held(file, "server start", "here", nested=True):
        with held(file, "server prepare", "here", nested=True):
            assert holder(file).command == "server start"
        assert holder(file).command == "server start"
    assert holder(file) is None


@pytest.mark.parametrize("note", ["", "{", "[]", '{"command": "sync", "pid": "x", "since": "now"}'])
def test_a_note_that_cannot_be_read_is_as_none(tmp_path, other, note):
    (tmp_path / "lock.json").write_text(note)
    assert holder(tmp_path / "lock") == AtWork()
    assert str(AtWork()) == "Another screentime command"
    assert str(AtWork("sync", 7, datetime(2026, 1, 2, 3, 4, 5))) == "`screentime sync` (process 7, since 2026-01-02 03:04:05)"


AS_NOBODY = """
import os, sys
from pathlib import Path
import filelock
from screentime.errors import ScreentimeError
from screentime.locks import held, holder
file = Path(sys.argv[1])
os.setgid(65534), os.setuid(65534)
print(holder(file))
try:
    with held(file, "sync", "here"):
        print("held")
except ScreentimeError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
@pytest.mark.parametrize("kept", [False, True], ids=["folder", "lock"])
def test_a_folder_that_one_may_not_write_is_told(kept):
    """Neither a new lock can be made there, nor one that is there and another person's be opened."""
    # Not in a folder of the tests' own, which nobody else may see into.
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "lock"
        file.parent.chmod(0o755)
        if kept:
            file.touch(mode=0o600)
        ended = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(file)], cwd=Path(__file__).parents[1], capture_output=True, text=True
        )
    assert (ended.stdout, ended.stderr) == (
        f"None\n{file.parent} cannot be locked: Permission denied. See that you may write there.\n", ""
    )


def test_a_lock_that_is_a_folder_is_told(tmp_path):
    (tmp_path / "lock").mkdir()
    assert holder(tmp_path / "lock") is None
    with pytest.raises(ScreentimeError) as raised, held(tmp_path / "lock", "sync", "here", waiting=pytest.fail):
        pytest.fail("held")
    assert str(raised.value) == f"{tmp_path} cannot be locked: Is a directory. See that you may write there."


def test_a_disk_that_knows_no_locks_tells_of_nobody(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    (tmp_path / "lock").touch()
    monkeypatch.setattr(fcntl, "flock", unknown)
    assert holder(tmp_path / "lock") is None


def test_an_error_of_the_work_itself_is_not_taken_for_one_of_the_lock(tmp_path):
    with pytest.raises(PermissionError, match="mine"), held(tmp_path / "lock", "sync", "here"):
        raise PermissionError("mine")


def test_a_note_that_cannot_be_taken_back_spoils_no_work(tmp_path):
    with held(tmp_path / "lock", "sync", "here"):
        (tmp_path / "lock.json").unlink()
        (tmp_path / "lock.json").mkdir()
    assert holder(tmp_path / "lock") is None
