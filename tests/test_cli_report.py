"""The terminal's `report`: says where the page is, in whatever state the project is."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("reported", Path(__file__).with_name("reported.py"))
reported = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reported)


def run(*arguments, cwd=None):
    environment = {name: value for name, value in os.environ.items() if name != "LABEL_STUDIO_URL"}
    return subprocess.run(
        [sys.executable, "-m", "screentime.cli", "report", *map(str, arguments)],
        capture_output=True, text=True, env=environment, cwd=cwd,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return reported.make(tmp_path_factory.mktemp("p") / "my project")


def test_the_page_lies_in_the_project_and_its_address_can_be_opened(place):
    done = run("--workspace", place.root)
    page = place.root / "report.html"
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{page} holds the report (0." in done.stderr
    assert f"Next: open {page.as_uri()} in a browser" in done.stderr and "my%20project" in done.stderr
    assert "<code class=\"command\">screentime report --workspace &#39;my project&#39;</code>" in page.read_text("utf-8")


def test_a_program_is_told_where_the_page_is(place):
    found = json.loads(run("--workspace", place.root, "--json").stdout)
    page = place.root / "report.html"
    assert found == {"report": str(page), "bytes": page.stat().st_size, "missing_pictures": 0, "left_out": 0}


def test_another_place_can_be_named(place, tmp_path):
    done = run("--out", "x.html", "--workspace", place.root, cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / "x.html").read_text("utf-8").startswith("<!doctype html>")
    assert "screentime report --out x.html --workspace" in (tmp_path / "x.html").read_text("utf-8")


def test_a_page_that_is_not_complete_says_so(tmp_path):
    place = reported.make(tmp_path / "p", versions=0, pictures=False)
    done = run("--workspace", place.root)
    assert done.returncode == 0 and "The page is not complete yet. There is no model yet:" in done.stderr


def test_missing_pictures_are_told(tmp_path):
    place = reported.make(tmp_path / "p", pictures=False)
    done = run(cwd=place.root)
    assert done.returncode == 0
    assert f"4 pictures are missing in {place.frames_folder}: `screentime extract` makes them again." in done.stderr


@pytest.mark.parametrize("out, sentence", [
    ("nowhere/report.html", "cannot be written: its folder is missing."), (".", " is a folder."),
])
def test_a_place_that_cannot_be_written_is_a_sentence(place, tmp_path, out, sentence):
    done = run("--out", tmp_path / out, "--workspace", place.root)
    assert done.returncode == 2 and sentence in done.stderr and "Traceback" not in done.stderr


def test_no_project_is_a_sentence(tmp_path):
    done = run("--workspace", tmp_path)
    assert done.returncode == 2 and "is no screentime project" in done.stderr
