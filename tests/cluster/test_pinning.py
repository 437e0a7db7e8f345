"""Workers on one machine keep to different cores, for as long as they live."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from screentime.cluster.pinning import locks_folder, pin

PIN = (
    "import os, sys; from pathlib import Path; from screentime.cluster.pinning import pin;"
    "print(pin(1, Path(sys.argv[1]), 0), *sorted(os.sched_getaffinity(0)), flush=True); sys.stdin.read()"
)


def test_each_has_its_own_until_there_are_no_more(tmp_path):
    cores = sorted(os.sched_getaffinity(0))
    started = []

    def start():
        started.append(subprocess.Popen(
            [sys.executable, "-c", PIN, tmp_path / "locks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ))
        return [int(word) for word in started[-1].stdout.readline().split()]

    try:
        assert [start() for _ in cores] == [[1, core] for core in cores]
        assert start() == [0, *cores]
        started[0].kill()
        started[0].wait()
        assert start() == [1, cores[0]]
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_a_core_that_becomes_free_is_waited_for(tmp_path):
    cores = sorted(os.sched_getaffinity(0))
    holders = [
        subprocess.Popen([sys.executable, "-c", PIN, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in cores
    ]
    waiting = None
    try:
        for holder in holders:
            assert holder.stdout.readline().startswith("1 ")
        waiting = subprocess.Popen(
            [sys.executable, "-c", PIN.replace(", 0)", ", 60)"), tmp_path], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )
        holders[0].kill()
        assert waiting.stdout.readline().startswith("1 ")
    finally:
        for process in filter(None, [*holders, waiting]):
            process.kill()
            process.communicate()


def test_the_locks_are_this_machines_and_this_persons(monkeypatch):
    monkeypatch.setenv("SCREENTIME_CACHE", "/elsewhere")
    assert locks_folder() == Path(tempfile.gettempdir()) / f"screentime-cores-{os.getuid()}"


def open_to_others(folder):
    folder.mkdir()
    folder.chmod(0o777)


def led_elsewhere(folder):
    (folder.parent / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "elsewhere")


def with_a_link_in_it(folder):
    folder.mkdir(mode=0o700)
    for core in os.sched_getaffinity(0):
        (folder / f"core-{core}.lock").symlink_to(folder.parent / f"other-{core}")


def no_folder(folder):
    folder.touch()


def anothers(folder):
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)


@pytest.mark.parametrize("made", [
    open_to_others, led_elsewhere, with_a_link_in_it, no_folder,
    pytest.param(anothers, marks=pytest.mark.skipif(os.getuid() != 0, reason="root alone may give a folder away")),
])
def test_where_locks_cannot_be_had_cores_stay_shared(tmp_path, made):
    folder, before = tmp_path / "locks", os.sched_getaffinity(0)
    made(folder)
    there = sorted(tmp_path.rglob("*"))
    assert pin(1, folder) == 0
    assert os.sched_getaffinity(0) == before and sorted(tmp_path.rglob("*")) == there


def test_where_there_is_no_place_for_locks_cores_stay_shared(tmp_path):
    assert pin(1, tmp_path / "no such" / "locks") == 0
