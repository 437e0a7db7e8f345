"""What labels cost."""

import pytest

from screentime.effort import LIMIT, Kind, effort
from screentime.records import Label, Review
from screentime.validation import wilson


def label(origin, seconds, person="1"):
    return Label("u", frozenset(), 1, 1, person, "2025", origin, seconds)


def review(seconds, person="1"):
    return Review("d", (), 1, 1, person, "2025", seconds)


def test_the_time_of_people_is_the_sum_and_not_the_median_times_the_number():
    found = effort([label("prediction", 1.0)] * 60 + [label("manual", 7.0)] * 20, [])
    assert (found.median, found.total, found.open, found.capped) == (1.0, 200.0, 200.0, 0)
    assert found.kinds == (
        Kind("by hand", 20, 20, 7.0, 140.0), Kind("pre-annotation confirmed", 60, 60, 1.0, 60.0),
    )


def test_labels_by_the_way_they_came_about():
    found = effort([
        label("prediction", 1.0), label("manual", 4.0), label("manual", 600.0, "2"), label("manual", 5.0),
        label("prediction-changed", 3.0), label("prediction", 2.0), label("prediction", None), label("review", None),
        label("odd", 2.0),
    ], [review(90.0)])
    # One page was left open: of its 600 seconds 20 times the median, 3, count.
    assert (found.median, found.limit, found.capped, found.open) == (3.0, LIMIT * 3.0, 1, 617.0)
    assert found.kinds == (
        Kind("by hand", 3, 3, 5.0, 69.0), Kind("pre-annotation confirmed", 2, 2, 1.5, 3.0),
        Kind("pre-annotation corrected", 1, 1, 3.0, 3.0), Kind("pre-annotations confirmed many at once", 1, 0, None, None),
        Kind("by review of the timeline", 1, 0, None, 90.0, 1), Kind("odd", 1, 1, 2.0, 2.0),
    )
    assert (found.labels, found.people, found.timed, found.untimed) == (9, 2, 7, 1)
    assert found.total == 69 + 3 + 3 + 90 + 2
    assert (found.checked, found.corrected) == (3, pytest.approx(1 / 3))
    assert (found.low, found.high) == wilson(1 / 3, 3)


def test_a_page_open_for_just_the_limit_is_not_cut():
    times = [1.0, 1.0, 1.0, float(LIMIT), LIMIT + 0.5]
    found = effort([label("manual", time) for time in times], [])
    assert (found.limit, found.capped, found.total) == (LIMIT, 1, 3.0 + 2 * LIMIT)


def test_a_review_counts_once_however_many_frames_it_labelled_and_is_not_cut():
    found = effort([label("manual", 2.0)] + [label("review", None)] * 50, [review(1800.0), review(600.0, "2"), review(None)])
    assert found.kinds == (Kind("by hand", 1, 1, 2.0, 2.0), Kind("by review of the timeline", 50, 0, None, 2400.0, 3))
    assert (found.total, found.open, found.capped, found.untimed) == (2402.0, 2.0, 0, 0)
    assert (found.reviews, found.reviews_timed, found.people) == (3, 2, 2)


def test_a_review_that_said_what_all_labels_said_has_its_row():
    assert effort([label("manual", 2.0)], [review(30.0)]).kinds[-1] == Kind("by review of the timeline", 0, 0, None, 30.0, 1)
    assert (effort([], [review(30.0)]).total, effort([], [review(30.0)]).median) == (30.0, None)


def test_what_cannot_be_known_is_none():
    found = effort([label("prediction", None)], [review(None)])
    assert (found.checked, found.corrected, found.low, found.high) == (0, None, None, None)
    assert (found.median, found.limit, found.total, found.open, found.timed, found.untimed) == (None, None, None, None, 0, 1)
    assert found.kinds[-1].total is None
    assert effort([], []).kinds == ()
