"""What labels cost."""

import pytest

from screentime.effort import Kind, effort
from screentime.records import Label
from screentime.validation import wilson


def label(origin, seconds, person="1"):
    return Label("u", frozenset(), 1, 1, person, "2025", origin, seconds)


def test_labels_by_the_way_they_came_about():
    found = effort([
        label("prediction", 1.0), label("manual", 4.0), label("manual", 600.0, "2"), label("manual", 5.0),
        label("prediction-changed", 3.0), label("prediction", 2.0), label("prediction", None), label("review", None),
        label("odd", 2.0),
    ])
    assert found.kinds == (
        Kind("by hand", 3, 3, 5.0), Kind("pre-annotation confirmed", 2, 2, 1.5), Kind("pre-annotation corrected", 1, 1, 3.0),
        Kind("pre-annotations confirmed many at once", 1, 0, None), Kind("by review of the timeline", 1, 0, None),
        Kind("odd", 1, 1, 2.0),
    )
    assert (found.labels, found.people, found.timed) == (9, 2, 7)
    # One page was left open: it is in what the pages were open, and not in what is typical.
    assert (found.median, found.typical, found.open) == (3.0, 21.0, 617.0)
    assert (found.checked, found.corrected) == (3, pytest.approx(1 / 3))
    assert (found.low, found.high) == wilson(1 / 3, 3)


def test_what_cannot_be_known_is_none():
    found = effort([label("prediction", None)])
    assert (found.checked, found.corrected, found.low, found.high) == (0, None, None, None)
    assert (found.median, found.typical, found.open, found.timed) == (None, None, None, 0)
    assert effort([]).kinds == ()
