"""Child processes: what they say, how much they take, and that none is left behind."""

import os
import sys
import time

import pytest

from scripts.benchmarks import children
from scripts.benchmarks.measuring import Failed


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_tells_what_a_process_said_and_the_memory_that_it_took():
    unseen = children.run(python("print('hello')"), limit=60)
    assert unseen.said == "hello\n" and unseen.megabytes is None
    # Not what this very process has, which the system counts of each child too.
    small = children.run(python("import time; time.sleep(0.5)"), limit=60, memory=True)
    assert 5 < small.megabytes < 40
    large = children.run(python("import time; b = bytearray(200_000_000); time.sleep(0.5)"), limit=60, memory=True)
    assert 195 < large.megabytes - small.megabytes < 215


def test_the_memory_of_children_is_seen_when_it_is_asked_for():
    inner = "b = bytearray(150_000_000); import time; time.sleep(1)"
    code = f"import subprocess, sys; b = bytearray(150_000_000); subprocess.run([sys.executable, '-c', {inner!r}])"
    assert children.run(python(code), limit=60, memory=True).megabytes > 300


def test_a_process_that_ends_badly_is_told_with_its_last_words():
    with pytest.raises(Failed, match=r"^`python.* -c raise SystemExit\('no film'\)` ended with 1: no film$"):
        children.run(python("raise SystemExit('no film')"), limit=60)


def test_a_program_that_is_not_there_is_told():
    with pytest.raises(Failed, match="`nowhere` cannot be started: No such file or directory."):
        children.run(["/nowhere"], limit=60)


def test_a_process_and_its_children_are_ended_at_the_limit(tmp_path):
    noted = tmp_path / "pid"
    inner = f"import os, pathlib, time; pathlib.Path({str(noted)!r}).write_text(str(os.getpid())); time.sleep(60)"
    with pytest.raises(Failed, match="`sleeper` was ended after 2 s."):
        children.run(
            python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"), limit=2, name="sleeper"
        )
    assert _gone(int(noted.read_text()))


def test_a_process_in_the_background_ends_with_what_it_runs_beside():
    with children.background(python("import time; time.sleep(60)")) as process:
        assert process.poll() is None
    assert _gone(process.pid)


def test_a_function_is_called_in_a_process_of_its_own():
    taken = children.call("choosing:total", [40], 2, limit=120)
    assert len(taken) == 1 and len(taken[0]) == 2


def test_a_process_that_answers_is_asked_again_and_told_when_it_fails(tmp_path):
    asked = children.Answering("runtimes:answering", "nobody", "", str(tmp_path), "", limit=60)
    try:
        with pytest.raises(Failed, match="KeyError: 'nobody'"):
            asked.ask({"batch": 1, "seconds": 0})
    finally:
        asked.close()


def _gone(pid: int) -> bool:
    """Whether a process is away; the system may need a moment."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{pid}/stat") as file:
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return True
        time.sleep(0.05)
    return False
