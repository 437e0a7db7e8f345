"""The command `review` as a person and a program meet it."""

import json
import os
import subprocess
import sys


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "screentime.cli", *map(str, arguments)], capture_output=True, text=True, env=os.environ)


def test_a_film_is_put_up_and_the_next_step_is_named(cartoon_loop, cartoon_annotator):
    place = cartoon_loop.workspace.root
    early = run("review", "cartoon.mp4", "--workspace", place)
    assert (early.returncode, early.stderr) == (
        2, f"There is no model yet, so nothing to review.\nRun `screentime sync --workspace {place}` first.\n"
    )
    cartoon_loop.push()
    cartoon_annotator(24)
    version = cartoon_loop.sync().round.version
    told = run("review", "cartoon.mp4", "--workspace", place)
    [asked] = cartoon_loop.workspace.asked_reviews()
    assert (told.returncode, told.stdout) == (0, "")
    lines = told.stderr.splitlines()
    assert lines[0] == "Browsers do not play cartoon.mp4 (mpeg4); a copy that they play is made, with the same frames."
    found = json.loads(run("review", "cartoon.mp4", "--workspace", place, "--json").stdout)
    assert lines[-2:] == [
        f"The timeline of cartoon.mp4 shows {found['appearances']} appearances by {version}; it counts 12 frames a second.",
        f"Next: review it at {asked.url} , then `screentime pull --workspace {place}`.",
    ]
    assert found == {
        "film": "cartoon.mp4", "url": asked.url, "version": version, "appearances": found["appearances"],
        "created": False, "submitted": False, "rate": 12.0,
    }
