"""Seconds and samples from bare numbers, without any film."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.video.clock import Clock, Picker, frame_seconds


def picked(seconds: list[float], fps: float, rate: float = 25.0) -> list[float]:
    picker = Picker(fps, rate)
    return [second for second in seconds if picker.wants(second)]


def test_a_rounded_time_counts_as_the_second_it_means():
    assert picked([0.0, 0.96, 0.9996, 1.04, 1.9999, 2.04], 1.0) == [0.0, 0.9996, 1.9999]


def test_the_slack_is_less_than_half_a_frame():
    # At 1000 frames a second 0.999 is a frame of its own, not a rounded 1.0.
    assert picked([0.0, 0.998, 0.999, 1.0, 1.001], 1.0, rate=1000.0) == [0.0, 1.0]


def test_a_gap_is_not_filled():
    assert picked([0.0, 1.0, 2.96, 8.4, 8.44, 9.0], 1.0) == [0.0, 1.0, 2.96, 8.4, 9.0]


@pytest.mark.parametrize("fps", [24.0, 25.0, 26.0, 1000.0])
def test_above_the_films_rate_every_frame_is_picked_once(fps):
    seconds = [round(k / 24, 3) for k in range(200)]
    assert picked(seconds, fps, 24.0) == seconds


@given(
    st.lists(st.floats(0.001, 3.0), min_size=1, max_size=80),
    st.floats(0.1, 30.0),
)
def test_each_pick_is_the_first_frame_at_or_after_a_multiple(steps, fps):
    seconds = [sum(steps[:k]) for k in range(len(steps))]
    slack = 0.002
    expected = []
    for k in range(math.ceil((seconds[-1] + slack) * fps) + 2):
        first = next((s for s in seconds if math.floor((s + slack) * fps) >= k), None)
        if first is not None and first not in expected:
            expected.append(first)
    assert picked(seconds, fps) == expected


def test_times_count_from_the_first_frame():
    clock = Clock(25.0)
    assert [clock.tick(t) for t in (0.08, 0.12, 0.2)] == [0.0, 0.04, 0.12]


def test_a_film_without_times_is_counted_by_its_rate():
    clock = Clock(50.0)
    assert [clock.tick(t) for t in (-3.7e17, 0.0, 0.0, math.nan)] == [0.0, 0.02, 0.04, 0.06]


def test_lost_frames_take_their_time_where_there_are_no_times():
    clock = Clock(25.0)
    clock.tick(0.0)
    assert clock.tick(0.0, lost=9) == 0.4


def test_a_damaged_beginning_keeps_its_place():
    assert Clock(25.0).tick(4.0, lost=100) == 4.0


def test_time_never_runs_back():
    clock = Clock(25.0)
    seconds = [clock.tick(t) for t in (0.0, 0.04, 0.08, 0.0, 0.04, 0.24)]
    assert seconds == sorted(set(seconds))


def test_a_gap_does_not_change_what_a_frame_usually_lasts():
    clock = Clock(14.6)
    for t in (0.0, 0.04, 0.08, 5.0, 5.04):
        clock.tick(t)
    assert clock.usual_step == pytest.approx(0.04)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf, 90000.0])
def test_an_impossible_rate_is_not_believed(rate):
    assert frame_seconds(rate) == 0.04


def test_times_that_begin_anew_go_on_from_where_the_film_before_ended():
    clock = Clock(25.0)
    before = [number / 25 for number in range(75)]
    behind = [number / 12 for number in range(75)]
    found = [clock.tick(time) for time in before + behind]
    assert found == pytest.approx([*before, *(3 + time for time in behind)], abs=1e-5)
    assert (clock.counted, clock.confirmed) == (0, 0)


def test_a_film_joined_to_one_of_its_own_pace_has_no_stray_frame():
    clock, times = Clock(25.0), [number / 25 for number in range(75)]
    found = [clock.tick(time) for time in times + times]
    assert found == pytest.approx([number / 25 for number in range(150)], abs=1e-5)
    assert (clock.counted, clock.confirmed) == (0, 0)


def test_a_single_frame_from_long_ago_does_not_move_the_others():
    clock = Clock(25.0)
    found = [clock.tick(time) for time in [*(number / 25 for number in range(60)), 0.5, 2.44, 2.48]]
    assert found == [round(number / 25, 6) for number in range(63)]


@pytest.mark.parametrize("stray", [3.22, 60.0])
def test_a_single_frame_from_far_ahead_does_not_move_the_others(stray):
    times = [number / 25 for number in range(100)]
    times[55] = stray
    clock = Clock(25.0)
    found = [clock.tick(time, 0, then) for time, then in zip(times, [*times[1:], math.nan])]
    assert found == [round(number / 25, 6) for number in range(100)]
    assert clock.counted == 1


def test_a_frame_whose_time_is_that_of_the_one_before_is_no_reason_to_doubt_the_one_between():
    unit, stamps = 1 / 90000, [*range(0, 72 * 3600, 3600), 70 * 3600, 73 * 3600]
    clock = Clock(25.0)
    found = [clock.tick(one * unit, 0, then * unit) for one, then in zip(stamps, [*stamps[1:], math.nan])]
    assert found == [round(number / 25, 6) for number in range(74)]
    assert (clock.counted, clock.confirmed) == (1, 1)


@pytest.mark.parametrize("behind", [2.44, 2.52, 2.7])
def test_what_was_counted_is_confirmed_only_by_a_time_that_fits(behind):
    clock = Clock(25.0)
    for time in [*(number / 25 for number in range(60)), 0.5, behind]:
        clock.tick(time)
    assert (clock.counted, clock.confirmed) == (1, behind == 2.44)


def test_no_two_frames_of_one_millisecond_are_picked():
    """They would have one uid and one file; 1.99799 lies just before the second sample's time, 1.99801 behind it."""
    picker = Picker(1.0, 25.0)
    assert [picker.wants(second) for second in (0.0, 0.5, 1.99799, 1.99801, 2.0, 3.0)] == [
        True, False, True, False, True, True,
    ]
