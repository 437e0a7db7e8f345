"""The entry: what is said before anything is measured, and one family measured whole."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bench(*flags: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [ROOT / "scripts" / "bench", *flags], capture_output=True, text=True, timeout=200, env=os.environ | env
    )


def test_lists_the_rows_with_what_they_are_compared_with():
    said = bench("--list")
    assert said.returncode == 0
    assert "start        --help: s, against `python -c pass`; whole processes, their start included\n" in said.stdout


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--only", "decoed"], "No row and no family is called 'decoed'"),
        (["--only", "sync", "--quick"], "None of these rows is measured by --quick."),
        (["--write-readme", "--quick"], "--write-readme is for a whole run: leave out --quick and --only."),
    ],
)
def test_what_cannot_be_done_is_said(flags, sentence):
    said = bench(*flags)
    assert said.returncode == 2
    assert sentence in said.stderr and "Traceback" not in said.stderr


def test_says_that_ffmpeg_is_missing(tmp_path):
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    (tmp_path / "env").symlink_to("/usr/bin/env")
    said = bench("--only", "decode 360p", "start", PATH=str(tmp_path))
    assert said.returncode == 2
    assert said.stderr == (
        "ffmpeg is not installed; films to measure with are made with it. For example: apt-get install ffmpeg."
        " Without it: `scripts/bench --only start choose embed accelerator push sync`.\n"
    )


def test_measures_a_row_and_writes_its_figures(tmp_path):
    out = tmp_path / "figures.json"
    said = bench("--only", "--help", "--quick", "--out", str(out), XDG_CACHE_HOME=str(tmp_path), TMPDIR=str(tmp_path))
    assert said.returncode == 2  # a flag is no name
    said = bench("--only=--help", "--quick", "--out", str(out), XDG_CACHE_HOME=str(tmp_path), TMPDIR=str(tmp_path))
    assert said.returncode == 0, said.stderr
    [row] = json.loads(out.read_text("utf-8"))
    assert list(row) == ["name", "ours", "anchor", "ratio", "unit"]
    assert (row["name"], row["unit"]) == ("--help", "s")
    assert row["ratio"] == pytest.approx(row["ours"] / row["anchor"], rel=1e-4)
    assert "must be" in said.stdout and "start, round 1: --help" in said.stderr
    assert not list(tmp_path.glob("screentime-bench-*"))


def test_ctrl_c_leaves_nothing_behind(tmp_path):
    process = subprocess.Popen(
        [ROOT / "scripts" / "bench", "--only", "status"], stderr=subprocess.PIPE, text=True,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(tmp_path)}, start_new_session=True,
    )
    for line in process.stderr:
        if "Drawing a cartoon" in line:
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert said.endswith("Ended; nothing of it is left running.\n") and "Traceback" not in said
    assert process.wait(60) == 130
    assert not list(tmp_path.glob("screentime-bench-*"))
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert str(tmp_path) not in command.read_text("utf-8", "replace")
        except OSError:
            continue
