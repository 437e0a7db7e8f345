"""The exact optimum: the one that Keras walks to, and never with a voice of what is held out."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from screentime.model.optimum import out_of_fold, solve
from screentime.model.span import coordinates
from screentime.model.training import train_head
from screentime.timeline import near


@pytest.fixture(autouse=True)
def one_thread():
    """As in joblib's workers: two threads wait for one another longer than they work."""
    with threadpool_limits(1):
        yield


# Shots of five frames.
NEAR = near(["film"] * 90, np.arange(90) // 5)


@pytest.fixture(scope="module")
def cloud():
    """Ninety embeddings, of which forty-five have a label that a straight line cannot tell in full."""
    random = np.random.default_rng(3)
    embeddings = random.normal(size=(90, 64)).astype(np.float32) + 7
    scores = (embeddings - 7) @ random.normal(size=(64, 3)) + 4 * random.normal(size=(90, 3))
    return embeddings, random.permutation(90)[:45], scores


def targets_of(scores, mode):
    if mode == "exclusive":
        return np.eye(3, dtype=np.float32)[scores.argmax(axis=1)]
    return (scores > [0.0, 3.0, -3.0]).astype(np.float32)


@pytest.mark.parametrize("mode", ["exclusive", "multi"])
def test_keras_comes_to_the_same_probabilities(cloud, mode):
    embeddings, labelled, scores = cloud
    targets = targets_of(scores[labelled], mode)
    fold = np.where(np.arange(45) % 3, np.arange(45) % 4, -1)
    training = train_head(embeddings, labelled, targets, fold, NEAR, mode, target=2.0, epochs=20)
    points = coordinates(embeddings, labelled)
    says = solve(points[labelled], targets, mode, points)
    assert says == pytest.approx(training.network(embeddings), abs=0.03)
    assert np.ptp(says, axis=0).min() > 0.8
    crossfit = out_of_fold(points, labelled, targets, fold, NEAR, mode)
    assert crossfit == pytest.approx(training.crossfit, abs=0.03, nan_ok=True)
    assert np.isnan(crossfit).all(axis=1).tolist() == (fold < 0).tolist()


@pytest.mark.parametrize("mode", ["exclusive", "multi"])
def test_probabilities_of_classes_add_up_and_those_of_characters_need_not(cloud, mode):
    embeddings, labelled, scores = cloud
    points = coordinates(embeddings, labelled)
    says = solve(points[labelled], targets_of(scores[labelled], mode), mode, points[:7])
    assert says.shape == (7, 3)
    assert (says.sum(axis=1) == pytest.approx(np.ones(7))) is (mode == "exclusive")


def flipped(targets, place, mode):
    """The targets with another label at one place."""
    other = targets.copy()
    other[place] = np.roll(other[place], 1) if mode == "exclusive" else 1 - other[place]
    return other


@pytest.mark.parametrize("mode", ["exclusive", "multi"])
def test_a_label_has_no_voice_in_its_own_fold_and_one_in_all_others(cloud, mode):
    embeddings, labelled, scores = cloud
    targets = targets_of(scores[labelled], mode)
    points, fold = coordinates(embeddings, labelled), np.arange(45) % 5
    before = out_of_fold(points, labelled, targets, fold, NEAR, mode)
    after = out_of_fold(points, labelled, flipped(targets, 7, mode), fold, NEAR, mode)
    mine = fold == fold[7]
    assert (before[mine] == after[mine]).all()
    assert (np.abs(before - after).max(axis=1)[~mine] > 1e-3).all()


def test_a_frame_that_only_teaches_has_a_voice_in_every_fold_and_gets_no_verdict(cloud):
    embeddings, labelled, scores = cloud
    targets = targets_of(scores[labelled], "multi")
    points, fold = coordinates(embeddings, labelled), np.where(np.arange(45) < 9, -1, np.arange(45) % 3)
    before = out_of_fold(points, labelled, targets, fold, NEAR, "multi")
    after = out_of_fold(points, labelled, flipped(targets, 7, "multi"), fold, NEAR, "multi")
    assert np.isnan(before[:9]).all() and np.isnan(after[:9]).all()
    assert (np.abs(before - after)[9:].max(axis=1) > 1e-3).all()
    nobody = out_of_fold(points, labelled, targets, np.full(45, -1), NEAR, "multi")
    assert np.isnan(nobody).all()


def test_a_verdict_is_the_mean_over_the_frame_and_its_neighbours_by_one_head(cloud):
    embeddings, labelled, scores = cloud
    targets = targets_of(scores[labelled], "multi")
    points, fold = coordinates(embeddings, labelled), np.arange(45) % 5
    found = out_of_fold(points, labelled, targets, fold, NEAR, "multi")
    for number in range(5):
        learned = labelled[fold != number]
        everything = NEAR.smooth(solve(points[learned], targets[fold != number], "multi", points))
        assert found[fold == number] == pytest.approx(everything[labelled[fold == number]])


@pytest.mark.parametrize(
    ("mode", "targets", "expected"),
    [
        # Four frames of one class teach: each class is given half a frame beforehand.
        ("exclusive", np.eye(3)[[1, 1, 1, 1, 0, 2]], [0.5 / 5.5, 4.5 / 5.5, 0.5 / 5.5]),
        # Of one character all frames say yes, of the other all say no.
        ("multi", np.array([[1, 0]] * 4 + [[0, 1], [1, 1]]), [4.5 / 5, 0.5 / 5]),
    ],
)
def test_where_all_that_teach_are_alike_the_verdict_is_their_share(mode, targets, expected):
    random = np.random.default_rng(2)
    points, fold = random.normal(size=(6, 4)), np.array([-1, -1, -1, -1, 0, 0])
    alone = near(["film"] * 6, range(6))
    found = out_of_fold(points, np.arange(6), targets, fold, alone, mode)
    assert found[4:] == pytest.approx(np.tile(expected, (2, 1)))


def test_one_character_that_all_show_leaves_the_other_to_be_learned(cloud):
    embeddings, labelled, scores = cloud
    points = coordinates(embeddings, labelled)
    targets = np.stack([np.ones(45), scores[labelled, 0] > 0], axis=1)
    says = solve(points[labelled], targets, "multi", points)
    assert says[:, 0] == pytest.approx(np.full(90, 45.5 / 46))
    assert ((says[labelled, 1] > 0.5) == targets[:, 1]).all()


def test_a_class_that_nobody_saw_is_impossible(cloud):
    embeddings, labelled, scores = cloud
    points = coordinates(embeddings, labelled)
    targets = np.eye(3)[np.where(scores[labelled, 0] > 0, 2, 0)]
    says = solve(points[labelled], targets, "exclusive", points)
    assert (says[:, 1] == 0).all() and says.sum(axis=1) == pytest.approx(np.ones(90))


def test_where_one_fold_holds_everything_nothing_is_known():
    points = np.random.default_rng(2).normal(size=(4, 3))
    for mode, expected in (("exclusive", 1 / 3), ("multi", 0.5)):
        found = out_of_fold(
            points, np.arange(4), np.eye(3)[[0, 1, 2, 0]], np.zeros(4, int), near(["f"] * 4, range(4)), mode
        )
        assert found == pytest.approx(np.full((4, 3), expected))


def test_pictures_that_are_all_the_same_are_no_fault():
    points = coordinates(np.ones((6, 4)), np.arange(4))
    says = solve(points[:4], np.eye(2)[[0, 0, 0, 1]], "exclusive", points)
    assert says == pytest.approx(np.tile([0.75, 0.25], (6, 1)), abs=0.01)
