import numpy as np
import pytest

from screentime.auditing import Draw, draw, parts


def test_audit_frames_come_one_from_each_block_of_time():
    drawn = draw(np.arange(100, 160), 6, np.random.default_rng(0))
    assert [(one.frame - 100) // 10 for one in drawn] == [0, 1, 2, 3, 4, 5]
    assert [(one.first, one.last, one.probability) for one in drawn[:2]] == [(100, 109, 0.1), (110, 119, 0.1)]


def test_every_free_frame_is_drawn_with_the_chance_that_is_told():
    counts, told = np.zeros(31), np.zeros(31)
    for seed in range(3000):
        for one in draw(np.arange(31), 6, np.random.default_rng(seed)):
            counts[one.frame] += 1
            told[one.first : one.last + 1] = one.probability
    assert told.tolist() == [1 / 6] * 6 + [1 / 5] * 25
    assert np.abs(counts - 3000 * told).max() < 100  # standard deviation 22


def test_fewer_free_frames_than_wanted_are_all_drawn_and_none_is_no_fault():
    rng = np.random.default_rng(0)
    assert draw(np.array([3, 9]), 5, rng) == [Draw(3, 3, 3, 1.0), Draw(9, 9, 9, 1.0)]
    assert draw(np.array([], int), 5, rng) == []
    assert draw(np.array([3, 9]), 0, rng) == []
    assert draw(np.array([3, 9]), -1, rng) == []


@pytest.mark.parametrize(
    ("labels", "audited", "until", "wanted", "divided"),
    [
        (0, 0, 30, 60, [(25, 5), (25, 5)]),
        (30, 5, 40, 30, [(8, 2), (17, 3)]),
        (50, 8, 60, 10, [(8, 2)]),
        (60, 10, 70, 20, [(8, 2), (9, 1)]),
        (60, 0, 70, 20, [(5, 5), (5, 5)]),  # what is missing is made up for, by half of a part
        (60, 0, 30, 4, [(2, 2)]),  # the look is overdue
        (5, 1, 30, 0, []),
        (5, 1, 30, -3, []),
    ],
)
def test_a_batch_divides_at_the_next_look_and_one_in_six_labels_is_audited(labels, audited, until, wanted, divided):
    assert parts(labels, audited, until, wanted, 6) == divided
