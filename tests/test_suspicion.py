"""Labels that the classifier contradicts: which ones, in which order, and how many."""

import numpy as np
import pytest

from screentime.schema import Schema
from screentime.suspicion import suspicious

MULTI, EXCLUSIVE = Schema("multi", ("tom", "jerry")), Schema("exclusive", ("tom", "jerry"))
NAN = [np.nan, np.nan]


def test_contradicted_labels_come_with_the_least_probable_first():
    targets = np.array([[1, 0], [1, 0], [0, 0], [1, 1], [0, 1]])
    says = np.array([[0.4, 0.1], [0.9, 0.2], [0.1, 0.95], [0.3, 0.2], [0.02, 0.9]])
    which, confidence = suspicious(targets, says, MULTI)
    # Of the fourth label both characters are contradicted: the less likely part counts, which is jerry's.
    assert which.tolist() == [2, 3, 0]
    assert confidence == pytest.approx([0.05, 0.2, 0.4])


def test_of_one_class_the_probability_of_the_class_counts():
    targets = np.eye(3)[[0, 1, 2, 1]]
    says = np.array([[0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1]])
    which, confidence = suspicious(targets, says, EXCLUSIVE)
    assert which.tolist() == [2, 0, 3]
    assert confidence == pytest.approx([0.1, 0.2, 0.4])


def test_a_doubtful_label_that_is_not_contradicted_is_none():
    # 0.5 is decided for the character.
    which, confidence = suspicious(np.array([[1, 0], [1, 0]]), np.array([[0.5, 0.49], [0.51, 0.0]]), MULTI)
    assert (which.tolist(), confidence.tolist()) == ([], [])


def test_labels_that_nobody_judged_are_passed_over():
    targets = np.array([[1, 0], [0, 1], [0, 0]])
    which, confidence = suspicious(targets, np.array([NAN, [0.9, 0.1], NAN]), MULTI)
    assert (which.tolist(), confidence.tolist()) == ([1], [pytest.approx(0.1)])
    which, confidence = suspicious(np.eye(3)[[1, 2]], np.full((2, 3), np.nan), EXCLUSIVE)
    assert (which.tolist(), confidence.tolist()) == ([], [])


@pytest.mark.parametrize(("labels", "offered"), [(3, 3), (20, 5), (40, 5), (64, 8), (80, 10)])
def test_an_eighth_of_the_labels_is_offered_but_five_if_there_are_so_many(labels, offered):
    says = np.linspace(0.4, 0.1, labels)[:, None].repeat(2, axis=1)
    which, _ = suspicious(np.ones((labels, 2)), says, MULTI)
    assert which.tolist() == list(range(labels))[::-1][:offered]


def test_equally_doubtful_labels_stay_in_their_order():
    which, _ = suspicious(np.ones((8, 1)), np.full((8, 1), 0.25), Schema("multi", ("tom",)))
    assert which.tolist() == [0, 1, 2, 3, 4]


def test_no_labels_are_no_fault():
    which, confidence = suspicious(np.zeros((0, 2)), np.zeros((0, 2)), MULTI)
    assert (which.tolist(), confidence.tolist()) == ([], [])
