import numpy as np
import pytest

from screentime.batches import ask, next_look, waiting
from screentime.config import Config, Project, override
from screentime.config import Loop as Options
from screentime.records import Film, Frame, Label
from screentime.workspace import create

DIGEST = "a" * 16


@pytest.fixture
def place(tmp_path):
    project = Project(id="0123456789ab", title="t", characters=("cat",), films=("x.mp4",))
    workspace = create(tmp_path, override(Config(project=project), {"first_batch": 24, "batch": 6}))
    frames = [Frame(f"{DIGEST}-{i:09d}", f"frames/x/{i}.jpg", i, float(i), "x.mp4") for i in range(60)]
    workspace.write_frames([Film(DIGEST, "x.mp4", "x.mp4", 60.0, 1.0, 8, 8, 60)], frames)
    return workspace


def embeddings():
    return np.random.default_rng(0).normal(size=(60, 8))


def say(workspace, uids):
    workspace.write_labels([Label(uid, frozenset(), 1, i, "1", "", "manual") for i, uid in enumerate(uids)])


def test_looks_come_at_half_the_first_batch_and_then_every_so_many_labels():
    options = Options(first_batch=60, every=15)
    assert [next_look(learned, options) for learned in (0, 30, 45, 60)] == [30, 45, 60, 75]
    assert next_look(0, Options(first_batch=10)) == 8


def test_the_first_batch_is_chosen_once_with_its_audit_frames(place):
    ask(place, place.config(), place.frames(), embeddings, None)
    asked = place.progress()
    assert (len(asked.batch), len(asked.audit), asked.batch_after) == (24, 8, "")
    assert set(asked.audit) <= set(asked.batch)

    def never():
        raise AssertionError("nothing was to be chosen")

    ask(place, place.config(), place.frames(), never, None)
    assert place.progress() == asked


def test_the_same_seed_asks_for_the_same_frames_and_another_seed_audits_others(place, tmp_path):
    ask(place, place.config(), place.frames(), embeddings, None)
    first = place.progress()
    place.loop_file.unlink()
    ask(place, place.config(), place.frames(), embeddings, None)
    assert place.progress() == first
    place.loop_file.unlink()
    ask(place, override(place.config(), {"seed": 2}), place.frames(), embeddings, None)
    assert place.progress().audit != first.audit


def test_labelled_and_skipped_frames_do_not_wait(place):
    ask(place, place.config(), place.frames(), embeddings, None)
    batch = place.progress().batch
    assert waiting(place) == 24
    say(place, batch[:5])
    place.update_progress(skipped=batch[5:7])
    assert waiting(place) == 17


def test_a_budget_limits_what_is_asked_for_until_it_is_spent(place):
    ask(place, place.config(), place.frames(), embeddings, None, most=10)
    assert len(place.progress().batch) == 10
    say(place, place.progress().batch)
    place.update_progress(batch_after=None)
    ask(place, place.config(), place.frames(), embeddings, None, most=10)
    assert len(place.progress().batch) == 14  # the rest of the first batch
