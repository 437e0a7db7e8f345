"""Many workers say what one machine says: to the last digit, whoever dies, and however often it is broken off."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from screentime.cluster.connecting import Spread
from screentime.cluster.kept import Kept
from screentime.cluster.predicting import Prediction
from screentime.cluster.worker import Failed, Looker, model_key, this_machine
from screentime.errors import UserMistake
from screentime.model.card import read_card
from screentime.projects import screen_films
from screentime.screening import Basis
from screentime.talk import Talk
from screentime.video.decoding import Pictures
from tests.cluster.killing import Beside, Killer, working

CLI = Path(sys.executable).with_name("screentime")
HANG = 120
LOOK = "Looker.look"


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.fixture
def alone(films, model_folder, tmp_path):
    """What one process says of the films."""
    heard = Heard()
    results, failures = screen_films([films], model_folder, tmp_path, heard)
    assert len(results) == 5 and len(failures) == 1 and heard.sentences
    return results, failures, heard.sentences


def carry_out(prediction, worker, asked=None, stop=lambda job: False):
    """Do the jobs of a prediction here, one after the other."""
    jobs = deque(prediction.jobs())
    while jobs:
        job = jobs.popleft()
        if not prediction.wanted(job):
            continue
        if stop(job):
            return
        if asked is not None:
            asked.append((job.name, job.method))
        jobs.extendleft(reversed(list(prediction.came(job, getattr(worker, job.method)(*job.args)))))


@pytest.fixture
def looker(model_folder, monkeypatch):
    monkeypatch.setattr("screentime.cluster.worker.pin", lambda *_: 0)  # this process works on
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # and is given back what a worker sets
    worker = Looker(1, model_folder, model_key(model_folder), this_machine().versions)
    assert worker.ready() == this_machine()
    return worker


def prediction_of(paths, model_folder, cache, talk=None, segment=3.0):
    told = []
    kept = Kept(cache / "looked", model_key(model_folder))
    prediction = Prediction(
        paths, read_card(model_folder), Basis(), {}, kept, segment, talk or Talk(), told.append
    )
    return prediction, told


# -- without a cluster: what is done in which order ----------------------------------------------


def test_a_film_in_parts_is_the_film(films, model_folder, looker, cache, alone):
    heard = Heard()
    prediction, told = prediction_of(sorted(films.iterdir()), model_folder, cache, heard)
    steps, asked = [], []
    prediction.step = lambda done, total: steps.append((done, total))
    carry_out(prediction, looker, asked)
    assert [prediction.results[place] for place in sorted(prediction.results)] == alone[0] == told
    assert list(prediction.failures.values()) == alone[1]
    assert heard.sentences == alone[2]
    # Parts count as soon as they are known; a film that is looked at as a whole after all counts as one again.
    assert steps[:6] == [(done, 10) for done in range(6)]
    counts = {name: 1 for name in ("hole.mp4", "joined.avi", "none.mp4")} | {
        name: max(len([job for job in asked if job[0].startswith(f"{name}, part ")]), 1)
        for name in ("closed.mp4", "open groups.mkv", "vfr.mp4")
    }
    assert steps[-1] == (sum(counts.values()), sum(counts.values())), counts
    assert ("closed.mp4, part 2 of 5", "look") in asked and ("joined.avi", "look") in asked
    # Its hole is met in a part; then it is looked at as one machine does, and the other parts count no more.
    assert asked.count(("hole.mp4", "look")) == 1


@pytest.mark.parametrize("name", ["closed.mp4", "one key.mp4"])
def test_the_packets_of_a_film_that_is_not_parted_are_read_once(moving, model_folder, looker, cache, tmp_path, monkeypatch, name):
    expected, _ = screen_films([moving(name)], model_folder, tmp_path, Talk())
    planned, plan = [], Pictures.plan
    monkeypatch.setattr(Pictures, "plan", lambda self, fps: planned.append(fps) or plan(self, fps))
    prediction, told = prediction_of([moving(name)], model_folder, cache, segment=3.0 if name == "one key.mp4" else 600)
    asked = []
    carry_out(prediction, looker, asked)
    assert asked == [(name, "content"), (name, "survey"), (name, "look")]
    assert told == expected and planned == [5.0]


@pytest.fixture
def late(moving, tmp_path):
    """A film with a hole that its last parts alone meet."""
    import av

    content, path = bytearray(moving("closed.mp4").read_bytes()), tmp_path / "late.mp4"
    with av.open(str(moving("closed.mp4"))) as container:
        at = next(one.pos for one in container.demux(video=0) if one.is_keyframe and one.pts * one.time_base > 9.5)
    content[at + 200 : at + 2200] = bytes(2000)
    path.write_bytes(content)
    return path


def test_what_is_of_no_use_any_more_is_left_out_and_not_kept(late, model_folder, looker, cache, tmp_path):
    expected, _ = screen_films([late], model_folder, tmp_path, Talk())
    prediction, told = prediction_of([late], model_folder, cache)
    asked, kept = [], []

    def see(job):
        kept.append(len(list((cache / "looked").iterdir())))
        return False

    carry_out(prediction, looker, asked, see)
    assert told == expected
    looks = [name for name, method in asked if method == "look"]
    met = len(looks) - 1
    # Parts before the hole are there already; one meets it, then the film is looked at as a whole, and that is all.
    assert looks == [*(f"late.mp4, part {place} of 5" for place in range(1, met + 1)), "late.mp4"] and 2 <= met < 5
    assert kept[-1] == met - 1
    assert [file.name.rpartition("-")[2] for file in (cache / "looked").iterdir()] == ["whole.npz"]


def test_what_a_part_says_too_late_changes_nothing(late, model_folder, looker, cache):
    prediction, told = prediction_of([late], model_folder, cache)
    held = []
    carry_out(prediction, looker, stop=lambda job: job.name.endswith("part 3 of 5") or held.append(job))
    assert not told and held
    parts = [job for job in held if job.method == "look"]
    for job in prediction.came(parts[0], None):
        assert job.name == "late.mp4"
        prediction.came(job, looker.look(*job.args))
    for job in parts:
        assert not prediction.wanted(job)
        assert prediction.came(job, Failed("A worker failed.", "Report it.")) == []
    assert len(told) == 1 and not prediction.failures


def test_what_is_done_is_not_done_again(films, model_folder, looker, cache, alone):
    paths = sorted(films.iterdir())
    prediction, _ = prediction_of(paths, model_folder, cache)
    carry_out(prediction, looker, stop=lambda job: job.name == "closed.mp4, part 4 of 5")
    assert not prediction.results
    asked = []
    again, told = prediction_of(paths, model_folder, cache)
    carry_out(again, looker, asked)
    assert told == alone[0]
    assert [name for name, method in asked if method == "look"][:2] == ["closed.mp4, part 4 of 5", "closed.mp4, part 5 of 5"]
    once_more, told = prediction_of(paths, model_folder, cache)
    asked.clear()
    carry_out(once_more, looker, asked)
    assert told == alone[0] and {method for name, method in asked if name != "none.mp4"} == {"content"}
    # Of each film that could be read one file is left; parts are gone.
    assert len(list((cache / "looked").iterdir())) == 5


def test_another_model_is_asked_anew_and_damaged_files_are_made_again(films, model_folder, looker, cache):
    path = films / "closed.mp4"
    prediction, told = prediction_of([path], model_folder, cache, segment=600)
    carry_out(prediction, looker)
    [file] = (cache / "looked").iterdir()
    assert Kept(cache / "looked", "f" * 16).find(told[0].film.digest) is None
    file.write_bytes(file.read_bytes()[:-100])
    asked = []
    prediction, again = prediction_of([path], model_folder, cache, segment=600)
    carry_out(prediction, looker, asked)
    assert again == told and ("closed.mp4", "look") in asked


def test_a_film_that_was_renamed_is_warned_of_under_its_name(films, model_folder, looker, cache, tmp_path):
    for name in ("hole.mp4", "new name.mp4"):
        path = tmp_path / name
        path.write_bytes((films / "hole.mp4").read_bytes())
        expected, heard = Heard(), Heard()
        screen_films([path], model_folder, tmp_path, expected)
        prediction, _ = prediction_of([path], model_folder, cache, heard)
        carry_out(prediction, looker)
        assert heard.sentences == expected.sentences != []


def test_a_film_that_changes_on_the_way_is_refused(films, model_folder, looker, cache, tmp_path):
    path = tmp_path / "changing.mp4"
    path.write_bytes((films / "closed.mp4").read_bytes())
    prediction, _ = prediction_of([path], model_folder, cache)

    def change(job):
        if job.name.endswith("part 3 of 5"):
            os.utime(path, (1, 1))
        return False

    carry_out(prediction, looker, stop=change)
    assert list(prediction.failures.values()) == [
        "changing.mp4 was changed while it was read. Wait until it is copied or downloaded whole, then run this again."
    ] and not prediction.results


def test_a_worker_loads_its_model_once(films, model_folder, monkeypatch, tmp_path):
    import shutil

    monkeypatch.setattr("screentime.cluster.worker.pin", lambda *_: 0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    copy = tmp_path / "model"
    shutil.copytree(model_folder, copy)
    worker = Looker(1, copy, model_key(copy), this_machine().versions)
    worker.ready()
    shutil.rmtree(copy)
    path = films / "closed.mp4"
    for _ in range(2):
        assert len(worker.look(path, worker.content(path), None).seconds) == 66
    assert worker.ready().what.startswith(f"{copy} ")
    other = Looker(1, model_folder, "f" * 16, this_machine().versions).ready()
    assert other.what == f"{model_folder} is another model on {this_machine().node}."


# -- with one ------------------------------------------------------------------------------------


def test_two_workers_say_what_one_process_says(films, model_folder, cache, cluster, alone, tmp_path):
    heard, told = Heard(), []
    results, failures = screen_films(
        [films], model_folder, tmp_path, heard, told.append, Spread(cluster, segment=3.0)
    )
    # What fails is tried on both machines, which are both this one.
    assert (results, failures) == (alone[0], [f"On {this_machine().node}: {sentence}" for sentence in alone[1]])
    assert sorted(heard.sentences) == sorted(alone[2])
    assert sorted(told, key=lambda time: time.film.name) == results


class Watch(Beside):
    """Sees which workers look at films at the same time, and which cores each keeps to."""

    def __init__(self):
        super().__init__()
        self.crowds, self.cores = set(), {}

    def once(self):
        crowd = list(working(LOOK))
        self.crowds.add(frozenset(process.pid for process in crowd))
        for process in crowd:
            with contextlib.suppress(psutil.Error):
                self.cores[process.pid] = process.cpu_affinity()


def test_two_parts_are_looked_at_at_once(long_film, model_folder, cache, cluster, tmp_path):
    with Watch() as watch:
        results, failures = screen_films([long_film], model_folder, tmp_path, Talk(), spread=Spread(cluster, segment=45.0))
    assert len(results) == 1 and not failures
    assert max(map(len, watch.crowds)) == 2
    if len(os.sched_getaffinity(0)) > 1:
        one, other = watch.cores.values()
        assert len(one) == len(other) == 1 and one != other


def test_what_a_killed_worker_did_another_one_does_again(long_film, model_folder, cache, cluster, tmp_path):
    expected, _ = screen_films([long_film], model_folder, tmp_path, Talk())
    heard = Heard()
    with Killer(LOOK) as killer:
        results, failures = screen_films(
            [long_film], model_folder, tmp_path, heard, spread=Spread(cluster, segment=45.0)
        )
    assert len(killer.killed) == 1 and (results, failures) == (expected, [])
    [sentence] = heard.sentences
    assert sentence in [
        f"A worker died at long.mp4, part {part} of 2; another one does it again." for part in (1, 2)
    ]


def test_what_kills_every_worker_is_reported_and_the_rest_is_done(
    long_film, moving, model_folder, cache, cluster, tmp_path
):
    short = moving("closed.mp4")
    expected, _ = screen_films([short], model_folder, tmp_path, Talk())
    with Killer(LOOK, 3) as killer:
        results, failures = screen_films(
            [long_film, short], model_folder, tmp_path, Talk(), spread=Spread(cluster, workers=1, segment=600.0)
        )
    assert len(killer.killed) == 3 and results == expected
    assert failures == ["long.mp4 ended 3 workers. See that the machines have memory left, or leave it out."]


def test_a_dead_worker_says_nothing_among_the_results(long_film, model_folder, cache):
    command = [
        CLI, "predict", long_film, "--model", model_folder, "--engine", "ray", "--workers", "1", "--format", "json",
    ]
    with Killer(LOOK) as killer:
        done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert len(killer.killed) == 1 and done.returncode == 0, done.stderr
    assert "A worker died at long.mp4; another one does it again." in done.stderr
    assert {row["film"] for row in json.loads(done.stdout)} == {"long.mp4"}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_broken_off_goes_on_from_there(longer_film, model_folder, cache, tmp_path, how):
    results = tmp_path / "results"
    command = [
        CLI, "predict", longer_film, "--model", model_folder, "--engine", "ray", "--workers", "1", "--segment", "8",
        "--into", results, "--format", "json",
    ]
    (cache / "looked").mkdir(parents=True)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + HANG
    while not (kept := list((cache / "looked").glob("[!.]*-40-*.npz"))):
        assert running.poll() is None and time.monotonic() < until, running.communicate()
        time.sleep(0.02)
    command_itself = psutil.Process(running.pid)
    command_itself.suspend()  # else it may be done on a busy machine before it is signalled
    ours = {one: "".join(one.cmdline()) for one in command_itself.children(recursive=True)}
    [looker] = [one for one, name in ours.items() if "ray::Looker" in name]
    assert looker.nice() == command_itself.nice()
    running.send_signal(how)
    if how == signal.SIGINT:
        command_itself.resume()
    printed, said = running.communicate(timeout=HANG)
    if how == signal.SIGINT:
        assert running.returncode == 130, (printed, said)
        assert said.endswith("Stopped. What was done is kept; the same command goes on from here.\n")
    # Nobody of its cluster is left behind; what of Ray watches over it takes a minute to see that, and is idle.
    working = [one for one, name in ours.items() if not name.rstrip().endswith("Agent")]
    assert psutil.wait_procs(working, timeout=HANG)[1] == []
    for one in ours:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    assert not results.exists()
    # What is kept is taken as it is: here it says otherwise than the model.
    first = kept[0]
    arrays = dict(np.load(first))
    np.savez(first, **(arrays | {"probabilities": np.full_like(arrays["probabilities"], 0.5)}))
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 0, done.stderr
    assert f"{results} holds the appearances and totals of 1 film.\n" in done.stderr
    import pandas as pd

    [alone], _ = screen_films([longer_film], model_folder, tmp_path, Talk())
    totals = pd.read_parquet(results / "totals").set_index("character")["seconds"]
    assert totals["Tom"] != pytest.approx(alone.estimates["Tom"].seconds)


# -- what is missing -----------------------------------------------------------------------------


def test_without_ray_it_is_said_how_to_come_by_it(films, model_folder, cache, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserMistake, match=r'^Ray is not installed here\. Run `pip install "screentime\[ray\]"`\.$'):
        screen_films([films], model_folder, tmp_path, Talk(), spread=Spread())
    assert not cache.exists()


def test_an_endless_segment_parts_nothing(moving, model_folder, looker, cache):
    asked = []
    prediction, told = prediction_of([moving("closed.mp4")], model_folder, cache, segment=float("inf"))
    carry_out(prediction, looker, asked)
    assert [name for name, method in asked if method == "look"] == ["closed.mp4"] and len(told) == 1


def test_flags_of_a_cluster_want_one():
    from screentime.cli_common import spread_of

    assert spread_of("local", None, None) is None
    assert spread_of("ray", "auto", 3, 5.0) == Spread("auto", 3, 5.0) != replace(Spread(), address="auto")
    with pytest.raises(UserMistake, match="^--workers is for --engine ray. Add --engine ray, or leave it out.$"):
        spread_of("local", None, 2)
    with pytest.raises(UserMistake, match="^--segment nan is no time. Give seconds; inf for films that are never parted.$"):
        spread_of("ray", None, None, float("nan"))
