"""Workers on one machine keep to different cores, for as long as they live."""

from __future__ import annotations

import os
import subprocess
import sys

PIN = (
    "import os, sys; from pathlib import Path; from screentime.cluster.pinning import pin;"
    "print(pin(1, Path(sys.argv[1])), *sorted(os.sched_getaffinity(0)), flush=True); sys.stdin.read()"
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
