"""Workers of a real cluster: who is hired, who is not, and what they are asked."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.metadata import version

import pytest

from screentime.cluster import crowd as crowds
from screentime.cluster.connecting import Spread, connected
from screentime.cluster.crowd import TRIES, Crowd, Job
from screentime.cluster.worker import Failed, Worker, this_machine
from screentime.errors import ModelError, ScreentimeError, UserMistake
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


def mortal_kind():
    class Mortal:
        """Dies when told to; so many are born well, and the others not at all."""

        def __init__(self, cores, folder, lives):
            import os

            (folder / f"born-{os.getpid()}").touch()
            if len(list(folder.glob("born-*"))) > lives:
                raise OSError("no room here")

        def ready(self):
            from dataclasses import replace

            from screentime.cluster.worker import this_machine

            return replace(this_machine(), cores=1)

        def work(self, seconds):
            import time

            time.sleep(seconds)
            return "done"

        def die(self):
            import os

            os._exit(1)

    return Mortal


def test_where_nothing_is_left_nobody_is_hired(ray, tmp_path):
    heard, came = Heard(tmp_path), []
    jobs = [Job("one", "work", (0,)), Job("deadly", "die", ())]
    Crowd(ray, mortal_kind(), (tmp_path, TRIES), 1, heard).run(jobs, lambda job, answer: came.append(str(answer)) or [])
    assert came == ["done", f"deadly ended {TRIES} workers. See that the machines have memory left, or leave it out."]
    assert births(tmp_path) == TRIES and len(heard.sentences) == TRIES - 1


def test_that_no_core_is_free_is_said_however_long_work_lasted_before(ray, tmp_path, monkeypatch):
    monkeypatch.setattr(crowds, "PATIENCE_SECONDS", 0.5)
    heard = Heard(tmp_path)
    crowd = Crowd(ray, mortal_kind(), (tmp_path, 99), 1, heard)
    crowd.run([Job("warm", "work", (0,))], lambda *_: [])
    heard.sentences.clear()
    make, others = crowd._make, []

    class Taken:
        """Somebody else takes all cores before the next worker is hired, and lets go of them once that is said."""

        @staticmethod
        def remote(*args):
            if not others:
                others.extend(ray.remote(num_cpus=1)(mortal_kind()).remote(1, tmp_path, 99) for _ in range(2))
                ray.get([other.work.remote(0) for other in others], timeout=60)
            return make.remote(*args)

    def say(sentence):
        Heard.say(heard, sentence)
        if "no core" in sentence:
            for other in others:
                ray.kill(other)

    crowd._make = Taken
    monkeypatch.setattr(heard, "say", say)
    crowd.run([Job("long", "work", (2,)), Job("deadly", "die", ())], lambda *_: [])
    assert heard.sentences[:2] == [
        "A worker died at deadly; another one does it again.", "The cluster has no core free yet; waiting for one.",
    ]


def apart_kind():
    class Apart:
        """One of two, each on its machine: the first to be born lacks what the other one has."""

        def __init__(self, cores, folder, lacks):
            self.folder, self.lacks = folder, lacks
            try:
                (folder / "first").touch(exist_ok=False)
                self.poor = True
            except FileExistsError:
                self.poor = False

        def ready(self):
            from dataclasses import replace

            from screentime.cluster.worker import Failed, this_machine

            if self.poor and self.lacks == "model":
                return Failed("No model.", "Put it there.")
            return replace(this_machine(), cores=1)

        def see(self, name):
            import time

            from screentime.cluster.worker import Failed

            if name == "none" or (self.poor and self.lacks == "films"):
                (self.folder / "failed").touch()
                return Failed(f"The film {name} does not exist.", "See that its path is right.")
            while self.lacks == "films" and not (self.folder / "failed").exists():
                time.sleep(0.02)  # else this one may do it all
            return "seen"

    return Apart


def test_what_one_machine_cannot_see_another_one_does(ray, tmp_path):
    came = {}
    jobs = [Job(name, "see", (name,)) for name in ("a", "b", "none", "c", "d", "e")]
    Crowd(ray, apart_kind(), (tmp_path, "films"), 2, Talk()).run(
        jobs, lambda job, answer: came.update({job.name: answer}) or []
    )
    assert sorted(came) == ["a", "b", "c", "d", "e", "none"]
    # Both of these machines are this one, and so is their name.
    assert came.pop("none") == Failed(
        f"On {this_machine().node}: The film none does not exist.", "See that its path is right."
    )
    assert set(came.values()) == {"seen"}


def test_a_machine_without_the_model_is_left_out(ray, tmp_path):
    heard, came = Heard(tmp_path), []
    crowd = Crowd(ray, apart_kind(), (tmp_path, "model"), 2, heard)
    for _ in range(2):
        crowd.run([Job(name, "see", (name,)) for name in "abc"], lambda job, answer: came.append(answer) or [])
    assert came == ["seen"] * 6
    assert heard.sentences == [f"No worker on {this_machine().node} can be used: No model. Put it there."]


def test_where_no_machine_has_the_model_it_ends(ray, tmp_path):
    with pytest.raises(ModelError, match="^No model. Put it there.$"):
        Crowd(ray, apart_kind(), (tmp_path, "model"), 1, Talk()).run([Job("a", "see", ("a",))], lambda *_: [])


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
