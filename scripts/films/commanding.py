"""The command line on films with odd names: `new`, `extract` and `predict` as they are typed."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.films.entry import Entry
from scripts.films.running import Run, run

# What a name must not do to a terminal; line ends are ours. JSON keeps other letters as they are: it is data.
ORDERS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def command(folder: Path, *words: str) -> Run:
    """Run screentime in a folder; the value is its exit code."""

    def work() -> Any:
        from screentime.cli import main

        os.chdir(folder)
        sys.argv = ["screentime", *words]
        try:
            main()
        except SystemExit as end:
            sys.stdout.flush()
            return end.code or 0
        finally:
            sys.stdout.flush()
        return 0

    return run(work)


def try_commands(entry: Entry, path: Path, model: Path | None) -> list[str]:
    """What the commands do wrong with a film; empty where all is well."""
    faults = []
    before = set(os.listdir(path.parent))
    project = Path(tempfile.mkdtemp(prefix="project-", dir=path.parent.parent)) / "p"
    try:
        read = entry.outcome == "read"
        tries = [("new", str(project), "--film", path.name, "--characters", "A")]
        if read:
            tries.append(("extract", "--workspace", str(project), "--json"))
        if model is not None:
            tries.append(("predict", "--model", str(model), "--json", "--", path.name))
        for words in tries:
            done = command(path.parent, *words)
            wrong = _wrong(done, 0 if read else 2)
            faults += [f"{words[0]}: {wrong}: {done.output[-300:]!r}"] if wrong else []
        jpegs = len(list(project.glob("frames/*/*.jpg")))
        if read and jpegs != 2:
            faults.append(f"extract wrote {jpegs} frames instead of 2")
    finally:
        shutil.rmtree(project.parent)
    made = set(os.listdir(path.parent)) - before
    return faults + ([f"the folder now has {sorted(made)}"] if made else [])


def _wrong(done: Run, wanted: int) -> str:
    if done.trouble:
        return done.trouble
    if "failed in a way that it should not" in done.output or "Traceback" in done.output:
        return "it failed in a way that it should not"
    if done.value != wanted:
        return f"it ended with {done.value} instead of {wanted}"
    if ORDERS.search(done.output):
        return "it hands a terminal's orders on"
    return ""
