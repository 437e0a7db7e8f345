"""Workers of a real cluster: who is hired, who is not, and what they are asked."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.metadata import version

import pytest

from screentime.cluster.connecting import Spread, connected
from screentime.cluster.crowd import TRIES, Crowd, Job
from screentime.cluster.worker import Worker, this_machine
from screentime.errors import ScreentimeError, UserMistake
from screentime.talk import Talk


class Heard(Talk):
    """Leaves a mark in the folder when something is said."""

    def __init__(self, folder):
        self.sentences, self.folder = [], folder

    def say(self, sentence):
        self.sentences.append(sentence)
        (self.folder / "said").touch()


@pytest.fixture
def ray(cluster):
    """The cluster's, for a test that hires its own workers."""
    with connected(Spread(cluster), Talk()) as (ray, workers):
        assert workers == 2
        yield ray


def births(folder):
    return len(list(folder.glob("born-*")))


def weak_kind():
    # Made in a function, so that Ray sends the whole of it: its workers do not find the tests.
    class Weak:
        """Notes each birth; where the folder allows one, the first starts, and else nobody does."""

        def __init__(self, cores, folder):
            import os
            import time

            self.folder = folder
            (folder / f"born-{os.getpid()}").touch()
            if (folder / "one").exists():
                try:
                    (folder / "first").touch(exist_ok=False)
                    return
                except FileExistsError:
                    while not (folder / "fit").exists():
                        time.sleep(0.02)
            raise OSError("no room here")

        def ready(self):
            from dataclasses import replace

            from screentime.cluster.worker import this_machine

            (self.folder / "fit").touch()
            return replace(this_machine(), cores=1)

        def wait(self, name):
            import time

            while not (self.folder / name).exists():
                time.sleep(0.02)
            return "done"

    return Weak


def test_while_one_worker_is_left_it_goes_on(ray, tmp_path):
    (tmp_path / "one").touch()
    heard, came = Heard(tmp_path), []

    def done(job, answer):
        came.append((job.name, answer))
        return []

    crowd = Crowd(ray, weak_kind(), (tmp_path,), 2, heard)
    # The first job lasts until it is said that the other worker does not start.
    crowd.run([Job("one", "wait", ("said",)), Job("two", "wait", ("said",))], done)
    [sentence] = heard.sentences
    assert sentence.startswith("A worker does not start (") and sentence.endswith("no room here); going on with 1.")
    # Asked once more it hires nobody.
    crowd.run([Job("three", "wait", ("said",))], done)
    assert came == [("one", "done"), ("two", "done"), ("three", "done")] and len(heard.sentences) == 1
    assert births(tmp_path) == 1 + TRIES


def test_where_none_starts_it_ends(ray, tmp_path):
    with pytest.raises(ScreentimeError) as caught:
        Crowd(ray, weak_kind(), (tmp_path,), 2, Heard(tmp_path)).run([Job("one", "wait", ("said",))], lambda *_: [])
    assert str(caught.value).startswith("No worker starts (") and str(caught.value).endswith(
        "no room here). See that screentime is installed on each machine of the cluster."
    )
    assert births(tmp_path) == 2 * TRIES


def test_what_is_not_wanted_any_more_is_left_out(ray, tmp_path):
    (tmp_path / "one").touch()
    (tmp_path / "said").touch()
    came = []

    def done(job, answer):
        came.append(job.name)
        return [Job(name, "wait", ("said",)) for name in ("stale", "next")] if job.name == "one" else []

    jobs = [Job(name, "wait", ("said",)) for name in ("stale", "one", "stale", "two")]
    Crowd(ray, weak_kind(), (tmp_path,), 1, Talk()).run(jobs, done, lambda job: job.name != "stale")
    assert came == ["one", "next", "two"]


def at_home_kind(**changed):
    class AtHome(Worker):
        """Knows where it runs; says of its machine what it is told to."""

        def ready(self):
            return replace(super().machine(), **changed)

        def where(self):
            return os.getpid(), sorted(os.sched_getaffinity(0))

        def cards(self):
            import tensorflow as tf

            return os.environ["CUDA_VISIBLE_DEVICES"], len(tf.config.list_physical_devices("GPU"))

    return AtHome


def test_a_worker_without_a_core_of_its_own_is_told_of_once(ray, tmp_path):
    heard = Heard(tmp_path)
    came = []
    crowd = Crowd(ray, at_home_kind(cores=0, node="far"), (), 2, heard)
    while crowd.idle < 2:
        crowd.run([Job("one", "where", ()), Job("two", "where", ())], lambda job, answer: came.append(answer) or [])
    assert heard.sentences == [
        "A worker on far shares its core: none is free, or the system or its temporary folder lets nobody keep one."
        " It may be slower."
    ]


def test_each_worker_keeps_to_a_core(ray, tmp_path):
    heard, came = Heard(tmp_path), {}

    def done(job, answer):
        pid, cores = answer
        came[pid] = cores
        return []

    crowd = Crowd(ray, at_home_kind(), (), 2, heard)
    while crowd.idle < 2:
        crowd.run([Job("one", "where", ()), Job("two", "where", ())], done)
    crowd.run([Job("one", "where", ()), Job("two", "where", ())], done)
    if len(os.sched_getaffinity(0)) > 1:
        assert sorted(map(len, came.values())) == [1, 1] and not heard.sentences
        assert len({core for [core] in came.values()}) == 2


def test_a_worker_opens_no_graphics_card(ray):
    came = []
    Crowd(ray, at_home_kind(cores=1), (), 1, Talk()).run(
        [Job("one", "cards", ())], lambda job, answer: came.append(answer) or []
    )
    assert came == [("-1", 0)]


@pytest.mark.parametrize("package", ["av", "tensorflow"])
def test_another_version_of_a_package_is_refused(ray, package):
    here = this_machine().versions
    assert here[package] == version(package)
    crowd = Crowd(ray, at_home_kind(versions=here | {package: "0.1"}, node="far"), (), 2, Talk())
    with pytest.raises(UserMistake) as caught:
        crowd.run([Job("one", "where", ())], lambda job, answer: [])
    assert str(caught.value) == (
        f"{package} is 0.1 on far and {here[package]} here: numbers could differ. Install the same there and here."
    )
