import numpy as np
import pytest

from screentime import selection
from screentime.schema import Schema
from screentime.selection import cover, doubts, merge, next_batch, unit


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


def likeness_of(embeddings):
    """What `cover` maximises, written down plainly: how like one another frames are."""
    points = unit(embeddings)
    distance = np.maximum(2 - 2 * points @ points.T, 0)
    width = np.median(np.sort(distance, axis=1)[:, 1:6])
    return np.exp(-distance / (selection.LIKENESS_WIDTH * width))


def worth(likeness, chosen, weights):
    return weights @ likeness[:, chosen].max(axis=1, initial=0)


@pytest.mark.parametrize("seed", range(4))
def test_each_frame_is_the_one_that_raises_the_sum_most(film, seed):
    embeddings, scene = film
    rng = np.random.default_rng(seed)
    labelled, doubt = rng.random(len(scene)) < 0.1, rng.random(len(scene))
    taken, likeness = np.flatnonzero(labelled).tolist(), likeness_of(embeddings)
    for frame in cover(embeddings, labelled, 15, doubt):
        free = [one for one in range(len(scene)) if one not in taken]
        gains = [worth(likeness, [*taken, one], selection.LEAST_DOUBT + doubt) for one in free]
        assert gains[free.index(frame)] == pytest.approx(max(gains), rel=1e-12)
        taken.append(int(frame))


@pytest.fixture
def small_pool(monkeypatch):
    monkeypatch.setattr(selection, "POOL", 60)


def test_of_a_long_film_a_pool_stands_for_nearly_as_much(film, monkeypatch):
    embeddings, scene = film
    none, alike, likeness = np.zeros(len(scene), bool), np.ones(len(scene)), likeness_of(embeddings)
    exact = worth(likeness, cover(embeddings, none, 12), alike)
    monkeypatch.setattr(selection, "POOL", 60)
    pooled = cover(embeddings, none, 12)
    assert len(set(pooled.tolist())) == 12
    assert 0.97 * exact < worth(likeness, pooled, alike) <= exact


def test_of_a_long_film_frames_with_a_label_and_sure_ones_stay_out(film, small_pool):
    embeddings, scene = film
    labelled = scene < 9
    chosen = cover(embeddings, labelled, 3)
    assert sorted(scene[chosen]) == [9, 10, 11]
    doubtful = np.isin(scene, [0, 3, 5, 7])
    chosen = cover(embeddings, np.zeros(len(scene), bool), 4, doubt=np.where(doubtful, 1.0, 0.0))
    assert len(set(scene[chosen])) == 4 and set(scene[chosen]) - {11} <= {0, 3, 5, 7}


def test_of_a_long_film_the_most_doubtful_frame_of_each_stretch_is_looked_at(film, small_pool):
    embeddings, scene = film
    doubt = np.zeros(len(scene))
    doubt[[17, 101]] = 1.0
    flat = np.ones_like(embeddings)
    assert set(cover(flat, np.zeros(len(scene), bool), 40, doubt).tolist()) >= {17, 101}


def test_of_a_long_film_as_many_are_chosen_as_are_wanted(film, small_pool):
    embeddings, scene = film
    everything = cover(embeddings, np.zeros(len(scene), bool), len(scene) + 5)
    assert sorted(everything.tolist()) == list(range(len(scene)))
    batch, draws = next_batch(
        embeddings, np.zeros(len(scene), bool), [(50, 10), (60, 10)], None, SCHEMA, np.random.default_rng(0)
    )
    assert len(batch) == len(set(batch)) == 130 and len(draws) == 20


def test_audit_frames_lie_in_the_second_half_of_their_part():
    assert merge(np.arange(1, 11), np.array([92, 91])) == [1, 2, 3, 4, 5, 6, 7, 8, 92, 9, 10, 91]
    assert merge(np.array([1]), np.array([91, 92])) == [1, 91, 92]
    assert merge(np.array([1, 2]), np.array([], int)) == [1, 2]
    assert merge(np.array([], int), np.array([7])) == [7]
    order = merge(np.arange(25), np.arange(100, 105))
    assert sorted(order) == [*range(25), *range(100, 105)]
    assert order[:15] == list(range(15))


def test_doubt_is_one_minus_the_margin():
    assert doubts(np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]), "exclusive") == pytest.approx([0.8, 0.0])
    assert doubts(np.array([[0.9, 0.5], [1.0, 0.0]]), "multi") == pytest.approx([1.0, 0.0])


def test_unit_vectors_have_length_one_and_nought_stays_nought():
    lengths = np.linalg.norm(unit(np.array([[3.0, 4.0], [0.0, 0.0]])), axis=1)
    assert lengths.tolist() == pytest.approx([1.0, 0.0])


SCHEMA = Schema("multi", ("tom", "jerry"))


def test_the_first_batch_mixes_both_kinds_and_covers(film):
    embeddings, scene = film
    batch, draws = next_batch(
        embeddings, np.zeros(len(scene), bool), [(12, 4), (6, 2)], None, SCHEMA, np.random.default_rng(0)
    )
    assert len(batch) == len(set(batch)) == 24
    audits = {one.frame for one in draws}
    assert len(audits) == 6 and audits <= set(batch)
    assert sorted(scene[[i for i in batch[:16] if i not in audits]]) == list(range(12))
    assert [sum(i in audits for i in part) for part in (batch[:8], batch[8:16], batch[16:20], batch[20:])] == [0, 4, 0, 2]


def test_after_the_first_model_the_least_certain_learning_frames_of_a_part_come_first(film):
    embeddings, scene = film
    probabilities = np.random.default_rng(1).random((len(scene), 2))
    closed = np.arange(len(scene)) < 50
    batch, draws = next_batch(embeddings, closed, [(17, 3)], probabilities, SCHEMA, np.random.default_rng(0))
    audits = {one.frame for one in draws}
    assert min(batch) >= 50 and len(audits) == 3
    learning = [i for i in batch if i not in audits]
    assert (np.diff(SCHEMA.certainty(probabilities)[learning]) >= 0).all()


def test_the_place_of_an_audit_frame_says_nothing_of_it(film):
    embeddings, scene = film
    later = 0
    for seed in range(200):
        batch, draws = next_batch(
            embeddings, np.zeros(len(scene), bool), [(2, 2)], None, SCHEMA, np.random.default_rng(seed)
        )
        order = [i for i in batch if i in {one.frame for one in draws}]
        later += order[0] > order[1]
    assert 70 < later < 130  # 100 expected, standard deviation 7


def test_nothing_is_wanted_when_the_budget_is_spent(film):
    embeddings, scene = film
    closed = np.zeros(len(scene), bool)
    assert next_batch(embeddings, closed, [], None, SCHEMA, np.random.default_rng(0)) == ([], [])
