import numpy as np
import pytest

from screentime.validation import blocks, folds, held_out, labels_for_accuracy, plan, wilson


def test_a_block_ends_with_the_first_shot_that_makes_it_ten_seconds_long():
    films = ["a"] * 6 + ["b"] * 2
    seconds = [0.0, 4.0, 9.9, 10.0, 14.0, 30.0, 0.0, 40.0]
    assert blocks(films, seconds, [0, 1, 1, 2, 2, 3, 0, 0]).tolist() == [0, 0, 0, 1, 1, 2, 3, 3]


def test_a_long_shot_is_not_divided_and_none_is_no_fault():
    assert blocks(["a"] * 4, [0.0, 20.0, 40.0, 41.0], [0, 0, 0, 1]).tolist() == [0, 0, 0, 1]
    assert blocks([], [], []).tolist() == []


def test_a_block_is_never_split_between_folds():
    rng = np.random.default_rng(3)
    block = np.sort(rng.integers(0, 25, 80))
    fold = folds(block, 5, rng)
    assert sorted(set(fold.tolist())) == [0, 1, 2, 3, 4]
    for number in set(block.tolist()):
        assert len(set(fold[block == number].tolist())) == 1


def test_one_block_holds_nothing_out():
    assert folds(np.zeros(7, int), 5, np.random.default_rng(0)).tolist() == [0] * 7


def test_with_audit_frames_only_they_validate():
    audited = np.arange(30) % 3 == 0
    fold, by_audit = plan(np.arange(30), audited, np.random.default_rng(0))
    assert by_audit
    assert (fold[~audited] == -1).all()
    assert sorted(fold[audited].tolist()) == list(range(10))
    assert held_out(fold).tolist() == audited.tolist()


def test_without_enough_audit_frames_all_validate_in_whole_blocks():
    block = np.arange(40) // 2
    fold, by_audit = plan(block, np.arange(40) < 3, np.random.default_rng(0))
    assert not by_audit
    assert (fold >= 0).all()
    assert all(len(set(fold[block == b].tolist())) == 1 for b in range(20))
    kept_back = held_out(fold)
    assert 4 <= kept_back.sum() <= 10
    assert all(len(set(kept_back[block == b].tolist())) == 1 for b in range(20))


@pytest.mark.parametrize(
    ("right", "frames", "low", "high"),
    # Newcombe, Statistics in Medicine 1998, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_the_published_one(right, frames, low, high):
    assert wilson(right / frames, frames) == pytest.approx((low, high), abs=5e-5)


def test_all_right_or_nothing_drawn_still_leaves_doubt():
    assert wilson(1.0, 10) == pytest.approx((0.7225, 1.0), abs=5e-5)
    assert wilson(0.0, 0) == (0.0, 1.0)


def test_half_the_error_needs_four_times_the_labels():
    assert labels_for_accuracy(60, 0.6, 0.8) == 240
    assert labels_for_accuracy(60, 0.85, 0.8) == 60
    assert labels_for_accuracy(60, 0.85, 1.0) is None
