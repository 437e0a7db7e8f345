import numpy as np

from screentime.validation import blocks, folds, held_out, plan


def test_frames_of_ten_seconds_of_one_film_share_a_block():
    assert blocks(["a", "a", "a", "b"], [0.0, 9.9, 10.0, 0.0]).tolist() == [0, 0, 1, 2]


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
