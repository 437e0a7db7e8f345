import numpy as np
import pytest

from screentime.auditing import Draw
from screentime.batches import (
    AT_ONCE,
    SURE,
    ask,
    deal,
    draw_seed,
    mark,
    next_look,
    scores,
    to_confirm,
    waiting,
)
from screentime.config import Config, Project, override
from screentime.config import Loop as Options
from screentime.records import Film, Frame, Label
from screentime.standing import Audited, Progress
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
    workspace.write_labels([Label(uid, frozenset(), 1, i, "1", "2026-01-02T03:04:05Z", "manual") for i, uid in enumerate(uids)])


def test_a_batch_is_dealt_evenly_in_its_order_and_what_somebody_has_stays():
    batch = [f"f{n}" for n in range(7)]
    dealt = deal(batch, 2, {})
    assert [dealt[uid] for uid in batch] == [0, 1, 0, 1, 0, 1, 0]
    assert deal(batch, 2, dealt) == dealt
    after = ["f6", "g1", "f4", "f1", "g2", "g3"]
    again = deal(after, 2, dealt)
    assert {uid: again[uid] for uid in ("f1", "f4", "f6")} == {uid: dealt[uid] for uid in ("f1", "f4", "f6")}
    assert sorted(again.values()) == [0, 0, 0, 1, 1, 1] and list(again) == after
    # Whoever has much open keeps the first of it, and no more than others get.
    assert deal(["a", "b", "c", "d"], 2, dict.fromkeys("dcba", 1)) == {"a": 0, "b": 0, "c": 1, "d": 1}
    assert set(deal(batch, 1, dealt).values()) == {0}
    assert deal([], 3, dealt) == {}


def test_looks_come_at_half_the_first_batch_and_then_every_so_many_labels():
    options = Options(first_batch=60, every=15)
    assert [next_look(learned, options) for learned in (0, 30, 45, 60)] == [30, 45, 60, 75]
    assert [next_look(learned, Options()) for learned in (0, 30, 40, 50)] == [30, 40, 50, 60]
    assert next_look(0, Options(first_batch=10)) == 8


def test_the_first_batch_is_chosen_once_with_its_audit_frames(place):
    ask(place, place.config(), place.frames(), embeddings, None)
    asked = place.progress()
    assert (len(asked.batch), len(asked.audits), asked.batch_after) == (24, 4, "")
    assert asked.audits.keys() <= set(asked.batch)
    assert asked.asked == dict.fromkeys(asked.batch, "")
    assert asked.blind == ()

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
    assert place.progress().audits.keys() != first.audits.keys()


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


def test_each_audit_frame_knows_its_block_its_seed_and_its_chance(place):
    ask(place, place.config(), place.frames(), embeddings, None)
    progress = place.progress()
    for uid, one in progress.audits.items():
        second = int(uid.split("-")[1])
        assert one["block"][0] <= second <= one["block"][1]
        assert one["seed"] == draw_seed(1, 0) == 1
        assert 0 < one["probability"] <= 1


def test_a_block_over_two_films_ends_with_its_own_film():
    frames = [Frame(f"{name * 16}-{i:09d}", "", i, float(i), f"{name}.mp4") for name in "ab" for i in range(4)]
    assert mark(Draw(5, 2, 6, 0.25), frames, 9) == {"block": [0.0, 2.0], "seed": 9, "probability": 0.25}


def test_unlabelled_audit_frames_are_drawn_anew_and_labelled_ones_stay(place):
    ask(place, place.config(), place.frames(), embeddings, None)
    before = place.progress()
    kept = next(iter(before.audits))
    say(place, [kept])
    place.update_progress(batch_after=None)
    ask(place, place.config(), place.frames(), embeddings, None)
    after = place.progress()
    assert after.audits[kept] == before.audits[kept]
    assert after.audits.keys() - {kept} <= set(after.batch)
    assert kept not in after.batch


def test_labels_of_other_films_do_not_count_for_this_films_batch(place):
    other = Frame(f"{'b' * 16}-000000000", "frames/y/0.jpg", 0, 0.0, "y.mp4")
    place.write_audited([Audited(Film("b" * 16, "y.mp4", "y.mp4", 60.0, 1.0, 8, 8, 60), [other], {})])
    place.update_progress(audits={other.uid: {"block": [0, 1], "seed": 1, "probability": 0.5}})
    say(place, [other.uid])
    ask(place, place.config(), place.frames(), embeddings, None)
    assert len(place.progress().batch) == 24
    assert len(place.progress().audits) == 1 + 4


def test_scores_keep_the_batch_in_its_order_and_a_blind_frame_in_its_place(place):
    frames = place.frames()
    uids = [frame.uid for frame in frames]
    certainty = np.linspace(0.5, 0.99, 60)
    progress = Progress(batch=(uids[3], uids[59], uids[10], uids[5]), blind=(uids[59],))
    score = scores(frames, progress, certainty)
    batch = [score[uid] for uid in progress.batch]
    assert batch == sorted(batch) and len(set(batch)) == 4
    assert batch[0] == certainty[3] and batch[1] == pytest.approx(certainty[3] + 1e-6)
    assert batch[2] == certainty[10]
    assert score[uids[20]] == certainty[20]


def test_the_sure_are_confirmed_most_sure_first_and_the_others_least_sure_first(place):
    frames = place.frames()[:6]
    uids = [frame.uid for frame in frames]
    certainty = np.array([0.9, SURE, 0.6, 0.99, SURE - 0.001, 0.9])
    assert to_confirm(frames, Progress(), set(), certainty) == (
        [uids[3], uids[0], uids[5], uids[1]], [uids[2], uids[4]],
    )


def test_what_is_answered_asked_for_blind_or_an_audit_frame_is_never_confirmed(place):
    frames = place.frames()[:7]
    uids = [frame.uid for frame in frames]
    progress = Progress(batch=(uids[0],), blind=(uids[1],), skipped=(uids[2],), audits={uids[3]: {}})
    certainty = np.array([0.99] * 6 + [0.5])
    assert to_confirm(frames, progress, {uids[4]}, certainty) == ([uids[5]], [uids[6]])
    assert to_confirm(frames, progress, {uids[4], uids[5], uids[6]}, certainty) == ([], [])


def test_no_more_are_put_up_at_once_than_a_tab_can_name():
    frames = [Frame(f"{DIGEST}-{i:09d}", "", i, float(i), "x.mp4") for i in range(3 * AT_ONCE)]
    certainty = np.r_[np.linspace(0.9, 1.0, 2 * AT_ONCE), np.linspace(0.5, 0.6, AT_ONCE)]
    sure, unsure = to_confirm(frames, Progress(), set(), certainty)
    assert sure == [frame.uid for frame in frames[2 * AT_ONCE - 1 : AT_ONCE - 1 : -1]]
    assert unsure == [frame.uid for frame in frames[2 * AT_ONCE :]]
