import numpy as np
import pytest

from screentime.estimation import accuracy, composite, direct, half_width, plug_in, residual_variance


def film(rng, frames=300, skill=1.5):
    """A column of labels and probabilities of a classifier that is calibrated."""
    score = rng.normal(0, skill, frames)
    probability = 1 / (1 + np.exp(-score))
    return (rng.random(frames) < probability).astype(float), probability


def blocks(rng, frames, how_many):
    return np.array([int(rng.choice(block)) for block in np.array_split(np.arange(frames), how_many)])


def judged(rng, wrong=lambda p: p, how_many=20, learned=0, estimator=composite, frames=300):
    truth, probability = film(rng, frames)
    probability = wrong(probability)
    audits = blocks(rng, frames, how_many)
    rest = ~np.isin(np.arange(frames), audits)
    arguments = (truth[audits], probability[audits], probability[rest])
    guess = estimator(*arguments, learned) if estimator is composite else estimator(*arguments)
    return guess, truth[rest].sum()


def test_the_plug_in_total_is_the_sum_and_varies_as_a_random_sample_would():
    guess = plug_in(np.array([0.5, 0.25, 0.25, 1.0]), 0.08, 2)
    assert (guess.total, guess.variance) == (2.0, pytest.approx(6 * 4 / 2 * 0.08))
    assert plug_in(np.array([0.5]), 0.1, 0).variance == float("inf")


def test_the_residual_variance_begins_with_what_the_probabilities_say_of_themselves():
    rest = np.array([0.5, 0.5, 0.0, 1.0])  # p (1 - p) is 0.125 on average
    assert residual_variance(np.array([]), np.array([]), rest) == 0.125
    assert residual_variance(np.ones(10), np.full(10, 0.5), rest) == pytest.approx((0.125 + 0.25) / 2)
    assert residual_variance(np.array([]), np.array([]), np.array([])) == 0.0


def test_direct_is_the_ppi_estimate_of_a_hand_worked_case():
    # The classifier says a half everywhere, so power tuning has nothing to work with: the total is the
    # mean of the labels, the variance that of the three neighbouring pairs, being more than p (1 - p).
    guess = direct(np.array([1.0, 0.0, 1.0, 1.0]), np.full(4, 0.5), np.full(12, 0.5))
    assert guess.total == pytest.approx(12 * 0.75)
    spread = (0.5 + 0.5 + 0) / 3  # more than the prior of 0.25 has it
    assert guess.variance == pytest.approx(12 * 16 / 4 * spread)


def test_without_audit_frames_nothing_is_known_directly():
    guess = direct(np.array([]), np.array([]), np.array([0.5, 0.5]))
    assert (guess.total, guess.variance) == (1.0, float("inf"))


def test_when_nothing_is_left_nothing_is_uncertain():
    for learned in (0, 5):
        guess = composite(np.array([1.0, 0.0]), np.array([0.9, 0.2]), np.array([]), learned)
        assert (guess.total, guess.variance) == (0.0, 0.0)


@pytest.mark.parametrize(
    "wrong", [lambda p: p, lambda p: p**3, lambda p: np.full_like(p, 0.9), lambda p: 1 - p]
)
def test_direct_is_right_on_average_and_its_interval_holds_whatever_the_classifier_says(wrong):
    rng = np.random.default_rng(5)
    off, held = [], []
    for _ in range(600):
        guess, truth = judged(rng, wrong, 20, estimator=direct)
        off.append(guess.total - truth)
        held.append(abs(off[-1]) <= half_width(guess.variance, 20))
    assert abs(np.mean(off)) < 3 * np.std(off) / 600**0.5 + 1.0
    assert 0.93 <= np.mean(held) <= 0.99


def test_a_better_classifier_makes_a_narrower_interval_than_labels_alone():
    rng = np.random.default_rng(1)
    with_model = np.mean([judged(rng, estimator=direct)[0].variance for _ in range(100)])
    alone = np.mean(
        [judged(rng, lambda p: np.full_like(p, 0.5), estimator=direct)[0].variance for _ in range(100)]
    )
    assert with_model < 0.85 * alone


def test_audit_frames_that_all_happen_to_be_right_still_leave_doubt():
    guess = direct(np.ones(8), np.ones(8), np.full(100, 0.8))
    assert guess.variance > 0
    assert half_width(guess.variance, 8) > 5


def test_the_composite_lies_between_its_parts_and_is_the_direct_one_without_labels_that_taught():
    rng = np.random.default_rng(2)
    truth, probability = film(rng)
    audits = blocks(rng, 300, 10)
    rest = ~np.isin(np.arange(300), audits)
    arguments = (truth[audits], probability[audits], probability[rest])
    corrected, mixed = direct(*arguments), composite(*arguments, 60)
    low, high = sorted([corrected.total, probability[rest].sum()])
    assert low <= mixed.total <= high
    assert abs(mixed.total - probability[rest].sum()) < abs(mixed.total - corrected.total)
    assert mixed.variance < corrected.variance
    assert composite(*arguments, 0) == corrected


def test_the_interval_is_students():
    assert half_width(4.0, 2) == pytest.approx(2 * 12.7062, abs=1e-3)
    assert half_width(4.0, 60) == pytest.approx(2 * 2.0010, abs=1e-3)


# -- the accuracy on the unlabelled frames --------------------------------------------------------


def test_an_accuracy_is_the_direct_estimate_of_how_many_unlabelled_frames_are_right():
    right, sure = np.array([1.0, 0.0, 1.0, 1.0]), np.array([0.9, 0.6, 0.7, 0.8])
    rest = np.array([0.6, 0.9, 0.7])
    guess = direct(right, sure, rest)
    half = half_width(guess.variance, 4) / 3
    share = guess.total / 3
    assert accuracy(right, sure, rest) == (
        pytest.approx(share), max(share - half, 0.0), min(share + half, 1.0)
    )
    assert 0.6 < share < 0.8


def test_an_accuracy_lies_between_nothing_and_everything():
    share, low, high = accuracy(np.array([1.0, 1.0]), np.array([0.5, 0.5]), np.array([0.9, 0.9]))
    assert (share, high) == (1.0, 1.0) and low == 0.0
    assert accuracy(np.ones(2), np.ones(2), np.array([])) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "told", [lambda sure: sure, lambda sure: np.full_like(sure, 0.99), lambda sure: sure**3]
)
def test_the_accuracy_is_right_on_average_and_its_interval_holds_however_sure_the_classifier_is(told):
    rng = np.random.default_rng(7)
    off, held = [], []
    for _ in range(600):
        sure = rng.uniform(0.5, 1.0, 200)
        right = (rng.random(200) < sure).astype(float)
        audits = blocks(rng, 200, 16)
        rest = ~np.isin(np.arange(200), audits)
        share, low, high = accuracy(right[audits], told(sure)[audits], told(sure)[rest])
        off.append(share - right[rest].mean())
        held.append(low <= right[rest].mean() <= high)
    assert abs(np.mean(off)) < 0.02
    # Sixteen frames that are right or wrong are few for Student's interval: where all are said to be
    # right it holds in 92 %.
    assert 0.91 <= np.mean(held) <= 0.995


def test_few_audit_frames_that_are_all_right_prove_little():
    share, low, high = accuracy(np.ones(10), np.full(10, 0.6), np.full(238, 0.95))
    assert (share, high) == (1.0, 1.0)
    assert low == pytest.approx(0.7225, abs=5e-5)  # Wilson's of ten in ten


def test_estimates_that_contradict_each_other_leave_the_direct_one():
    # The classifier has never seen the character; thirty audit frames have, in one of three.
    said, foretold, rest = np.tile([1.0, 0.0, 0.0], 10), np.full(30, 0.02), np.full(600, 0.02)
    assert composite(said, foretold, rest, 90) == direct(said, foretold, rest)
