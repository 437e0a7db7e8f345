"""Totals of classes that exclude one another add up, and are changed no more than that takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.reconciling import reconciled


def test_what_they_are_off_by_is_taken_by_variance():
    assert reconciled([30.0, 50.0, 26.0], [1.0, 2.0, 3.0], 100.0) == pytest.approx([29.0, 48.0, 23.0])
    assert reconciled([30.0, 50.0, 20.0], [1.0, 2.0, 3.0], 100.0) == pytest.approx([30.0, 50.0, 20.0])
    assert reconciled([30.0, 40.0, 20.0], [0.0, 0.0, 5.0], 100.0) == pytest.approx([30.0, 40.0, 30.0])


def test_none_falls_below_nothing_and_the_others_take_the_rest():
    assert reconciled([1.0, 60.0, 59.0], [100.0, 1.0, 1.0], 100.0) == pytest.approx([0.0, 50.5, 49.5])


def test_where_nothing_is_known_nothing_is_changed():
    assert reconciled([30.0, 50.0, 26.0], [np.inf] * 3, 100.0) == [30.0, 50.0, 26.0]


@given(
    st.lists(st.tuples(st.floats(-50, 150), st.floats(0, 1e6)), min_size=2, max_size=6), st.floats(0, 100),
)
def test_they_always_add_up(classes, whole):
    found = reconciled([total for total, _ in classes], [variance for _, variance in classes], whole)
    assert sum(found) == pytest.approx(whole, abs=1e-6)
    assert all(0 <= total <= whole for total in found)
