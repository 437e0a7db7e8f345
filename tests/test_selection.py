import numpy as np
import pytest

from screentime.schema import Schema
from screentime.selection import audit, audit_share, cover, doubts, merge, next_batch, unit


@pytest.fixture
def film():
    """Twelve scenes of different lengths, each a cloud of its own: embeddings and scene numbers."""
    rng = np.random.default_rng(7)
    scene = np.repeat(np.arange(12), np.arange(4, 28, 2))
    centres = rng.normal(size=(12, 40))
    return centres[scene] + 0.1 * rng.normal(size=(len(scene), 40)), scene


def test_the_first_frames_come_from_different_scenes_the_longest_first(film):
    embeddings, scene = film
    chosen = cover(embeddings, np.zeros(len(scene), bool), 12)
    assert sorted(scene[chosen]) == list(range(12))
    assert scene[chosen[0]] == 11


def test_scenes_with_a_label_wait_until_the_others_have_one(film):
    embeddings, scene = film
    labelled = np.isin(np.arange(len(scene)), [np.flatnonzero(scene == s)[0] for s in range(6)])
    assert sorted(scene[cover(embeddings, labelled, 6)]) == [6, 7, 8, 9, 10, 11]


def test_the_choice_is_one_prefix_of_a_longer_one(film):
    embeddings, scene = film
    none = np.zeros(len(scene), bool)
    assert cover(embeddings, none, 20)[:8].tolist() == cover(embeddings, none, 8).tolist()


def test_with_doubt_the_frames_come_from_the_doubtful_scenes_one_each(film):
    embeddings, scene = film
    doubtful = np.isin(scene, [0, 3, 5, 7])
    chosen = cover(embeddings, np.zeros(len(scene), bool), 4, doubt=np.where(doubtful, 1.0, 0.0))
    longest_sure = 11
    assert set(scene[chosen]) - {longest_sure} <= {0, 3, 5, 7}
    assert len(set(scene[chosen])) == 4


def test_no_frame_is_chosen_twice_or_when_it_has_a_label(film):
    embeddings, scene = film
    labelled = np.arange(len(scene)) % 3 == 0
    for doubt in (None, np.linspace(0, 1, len(scene))):
        chosen = cover(embeddings, labelled, 50, doubt)
        assert len(set(chosen.tolist())) == 50
        assert not labelled[chosen].any()


def test_more_than_there_are_gives_all_there_are(film):
    embeddings, scene = film
    assert sorted(cover(embeddings, np.arange(len(scene)) >= 5, 99)) == [0, 1, 2, 3, 4]
    assert len(cover(embeddings, np.ones(len(scene), bool), 3)) == 0


def test_pictures_that_are_all_the_same_are_no_fault():
    assert len(set(cover(np.ones((10, 4)), np.zeros(10, bool), 6).tolist())) == 6
    assert cover(np.ones((1, 4)), np.zeros(1, bool), 6).tolist() == [0]


def test_audit_frames_come_one_from_each_block_of_time():
    free = np.arange(100, 160)
    drawn = audit(free, 6, np.random.default_rng(0))
    assert [(frame - 100) // 10 for frame in drawn] == [0, 1, 2, 3, 4, 5]


def test_every_free_frame_has_the_same_chance_to_be_audited():
    counts = np.zeros(30)
    for seed in range(3000):
        counts[audit(np.arange(30), 6, np.random.default_rng(seed))] += 1
    assert counts.min() > 480 and counts.max() < 720  # 600 expected, standard deviation 22


def test_fewer_free_frames_than_wanted_are_all_drawn_and_none_is_no_fault():
    assert audit(np.array([3, 9]), 5, np.random.default_rng(0)).tolist() == [3, 9]
    assert audit(np.array([], int), 5, np.random.default_rng(0)).tolist() == []
    assert audit(np.array([3, 9]), 0, np.random.default_rng(0)).tolist() == []


@pytest.mark.parametrize(
    ("batch", "drawn", "audits"),
    [(60, 0, 10), (30, 0, 8), (24, 0, 8), (15, 0, 5), (20, 10, 3), (20, 6, 3), (15, 2, 5), (1, 0, 0)],
)
def test_a_sixth_is_audited_and_up_to_a_third_until_there_are_eight(batch, drawn, audits):
    assert audit_share(batch, drawn) == audits


def test_audit_frames_lie_in_the_first_half_of_the_batch():
    assert merge(np.arange(1, 11), np.array([91, 92])) == [1, 2, 91, 3, 4, 92, 5, 6, 7, 8, 9, 10]
    assert merge(np.array([1]), np.array([91, 92])) == [1, 91, 92]
    assert merge(np.array([1, 2]), np.array([], int)) == [1, 2]
    first = merge(np.arange(50), np.arange(100, 110))[:30]
    assert set(range(100, 110)) <= set(first)


def test_doubt_is_one_minus_the_margin():
    assert doubts(np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]), "exclusive") == pytest.approx([0.8, 0.0])
    assert doubts(np.array([[0.9, 0.5], [1.0, 0.0]]), "multi") == pytest.approx([1.0, 0.0])


def test_unit_vectors_have_length_one_and_nought_stays_nought():
    lengths = np.linalg.norm(unit(np.array([[3.0, 4.0], [0.0, 0.0]])), axis=1)
    assert lengths.tolist() == pytest.approx([1.0, 0.0])


SCHEMA = Schema("multi", ("tom", "jerry"))
NONE = np.array([], dtype=int)


def test_the_first_batch_mixes_both_kinds_and_covers(film):
    embeddings, scene = film
    rng = np.random.default_rng(0)
    batch, audits = next_batch(embeddings, np.zeros(len(scene), bool), NONE, 24, None, SCHEMA, rng, drawn=0)
    assert len(batch) == len(set(batch)) == 24
    assert len(audits) == 8 and set(audits.tolist()) <= set(batch)
    assert sorted(set(scene[[i for i in batch if i not in audits]])) == list(range(12))


def test_open_audit_frames_stay_and_none_is_drawn_anew(film):
    embeddings, scene = film
    closed = np.zeros(len(scene), bool)
    closed[:50] = True
    probabilities = np.random.default_rng(1).random((len(scene), 2))
    batch, audits = next_batch(
        embeddings, closed, np.array([60, 90]), 12, probabilities, SCHEMA, np.random.default_rng(0), drawn=None
    )
    assert audits.tolist() == [60, 90]
    assert len(batch) == 12 and {60, 90} <= set(batch) and min(batch) >= 50


def test_after_the_first_model_the_least_certain_come_first(film):
    embeddings, scene = film
    probabilities = np.random.default_rng(1).random((len(scene), 2))
    batch, audits = next_batch(
        embeddings, np.zeros(len(scene), bool), NONE, 20, probabilities, SCHEMA, np.random.default_rng(0), drawn=10
    )
    assert len(audits) == 3
    assert (np.diff(SCHEMA.certainty(probabilities)[batch]) >= 0).all()


def test_nothing_is_wanted_when_the_budget_is_spent(film):
    embeddings, scene = film
    batch, audits = next_batch(
        embeddings, np.zeros(len(scene), bool), NONE, -3, None, SCHEMA, np.random.default_rng(0), drawn=0
    )
    assert batch == [] and len(audits) == 0
