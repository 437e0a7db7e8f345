"""When answers are enough for a round, by how fast they come."""

import pytest

from screentime.service.settling import LONGEST_SECONDS, Settling


def rounds(counts: list[int], seconds: float = 1.0) -> list[int]:
    """How many answers there were at each look that found them settled, and new."""
    settling, found = Settling(), []
    for look, count in enumerate(counts):
        if settling.settled(count, 100 + look * seconds) and count != (found or [None])[-1]:
            found.append(count)
    return found


@pytest.mark.parametrize(("counts", "expected"), [
    ([7], [7]),  # when it begins, what is there is looked at
    ([7, 7, 7], [7]),
    ([0, 1, 1], [0, 1]),
    ([0, 1, 2, 3, 4, 5], [0, 2, 4]),  # a person: at every other look
    ([0, 3, 30, 300, 500, 500, 500, 500], [0, 500]),  # a burst: when it is over
    ([0, 500, 500], [0, 500]),  # all at once
    ([0, 3, 30, 30, 30, 60, 60, 60, 60], [0, 60]),  # that stops for a moment
    ([60, 40, 20, 20, 20, 20], [60, 20]),  # of labels taken back
])
def test_one_label_is_settled_soon_and_a_burst_when_it_is_over(counts, expected):
    assert rounds(counts) == expected


@pytest.mark.parametrize(("hints", "looked"), [
    ([0, 0, 0], [0, 1, 2]),
    ([0, 1, 1, 1], [0, 2, 3]),  # one label that was changed
    ([0, 30, 90, 150, 150, 150, 150, 150], [0, 6, 7]),  # a burst of changes: when it is over
])
def test_changed_labels_are_as_many_as_before_and_a_burst_of_them_is_one_all_the_same(hints, looked):
    settling = Settling()
    assert [look for look, came in enumerate(hints) if settling.settled(24, 100.0 + look, came)] == looked


def test_a_burst_that_does_not_end_is_settled_in_between():
    looks = 2 * int(LONGEST_SECONDS) + 10
    assert rounds([10 * look for look in range(looks)]) == [0, 1210, 2420]
