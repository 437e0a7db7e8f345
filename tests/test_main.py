"""Ctrl+C before the command line is imported, as the installed command runs it."""

import json
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

NAMED = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
MODULE, FUNCTION = NAMED["screentime"].split(":")
# What pip writes, after something that presses Ctrl+C as soon as a module is looked for.
PROGRAM = f"""\
import os, signal, sys
class Pressing:
    def find_spec(self, name, path=None, target=None):
        if name == {{at!r}}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Pressing())
sys.argv = ["screentime", "server", "status", "--json"]
from {MODULE} import {FUNCTION}
sys.exit({FUNCTION}())
"""


def run(at, home, **how):
    # Tests that run in the background of a shell are deaf to it, and so would be what they start.
    how.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(at=at)], capture_output=True, text=True,
        env={"SCREENTIME_HOME": str(home), "PYTHONPATH": str(Path(__file__).parent.parent)}, **how,
    )


@pytest.mark.parametrize("at", ["screentime.cli", "typer", "rich.console"])
def test_ctrl_c_while_it_is_imported_shows_no_traceback(at, tmp_path):
    done = run(at, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_later_is_told(tmp_path):
    done = run("screentime.labelstudio.server", tmp_path)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Stopped. What was done is kept; the same command goes on from here.\n"


def test_ctrl_c_that_is_ignored_stays_so(tmp_path):
    """As in the background of a shell without job control."""
    done = run("typer", tmp_path, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert (done.returncode, json.loads(done.stdout)) == (0, {"running": False}), done.stderr
