"""Page frames and film seconds: there and back at every rate, with rounded times and uneven frames."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screentime.video.grid import Grid, grid_rate

RATES = {"23.976": 24000 / 1001, "24": 24.0, "25": 25.0, "29.97": 30000 / 1001, "59.94": 60000 / 1001}
# What containers make of a time: as it is, microseconds, Matroska's milliseconds, QuickTime's 600ths.
ROUNDINGS = [lambda t: t, lambda t: round(t, 6), lambda t: round(t, 3), lambda t: round(t * 600) / 600]


def there_and_back(times, end, rate, first, last):
    grid = Grid(times, end, rate)
    edges = [*times, end]
    page = grid.to_page(edges[first], edges[last])
    assert 1 <= page[0] <= page[1] <= grid.length
    return grid.to_seconds(*page), (edges[first], edges[last])


@settings(max_examples=100, deadline=None)
@given(st.data())
@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("rounding", range(len(ROUNDINGS)))
def test_a_steady_film_gives_the_very_same_times_back(name, rounding, data):
    rate, shift = RATES[name], data.draw(st.integers(0, 170_000))
    count = data.draw(st.integers(1, 200))
    # Late in a long film, where rounding has had its time.
    times = [ROUNDINGS[rounding]((number + shift) / rate) for number in range(count)]
    times = [time - times[0] for time in times]
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first + 1, count))
    assert grid_rate(times, [rate]) == rate
    back, wanted = there_and_back(times, times[-1] + 1 / rate, rate, first, last)
    assert back == wanted


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(0.004, 3.0), min_size=1, max_size=60), st.data())
def test_an_uneven_film_gives_them_back_to_one_frame(gaps, data):
    times = [0.0, *accumulate(gaps)]
    end = times[-1] + gaps[-1]
    rate = grid_rate(times, [24.0])
    first = data.draw(st.integers(0, len(times) - 1))
    last = data.draw(st.integers(first + 1, len(times)))
    back, wanted = there_and_back(times, end, rate, first, last)
    edges = [*times, end]
    assert back[0] in edges and back[1] in edges and back[0] < back[1]
    if min(gaps) >= 1 / rate:
        assert back == pytest.approx(wanted, abs=1e-9)
    else:
        # Frames that come more quickly than the page counts are one to it; an interval that falls between two
        # of its frames becomes what it shows next, however long that lasts.
        slack = 1 / rate + max(0.002, 1e-6)
        assert abs(back[0] - wanted[0]) <= slack
        assert abs(back[1] - wanted[1]) <= slack or wanted[1] - wanted[0] < slack


def test_an_end_holds_its_frame_until_the_next_one_comes():
    grid = Grid([0.0, 0.04, 0.08, 0.12], 0.16, 25.0)
    assert (grid.to_page(0.04, 0.12), grid.to_seconds(2, 3)) == ((2, 3), (0.04, 0.12))
    assert (grid.to_page(0.0, 0.16), grid.to_seconds(1, 4)) == ((1, 4), (0.0, 0.16))
    # Of a picture that stays, every page frame on which it is to be seen means the same.
    still = Grid([0.0, 0.1, 2.0, 2.1], 2.2, 10.0)
    assert still.to_seconds(2, 2) == still.to_seconds(9, 15) == (0.1, 2.0)


def test_times_between_frames_and_outside_go_to_the_nearest_one():
    grid = Grid([0.0, 0.5, 1.0], 1.5, 2.0)
    assert grid.to_page(0.45, 1.1) == (2, 2)
    assert grid.to_page(-3, 99) == (1, 3)
    assert grid.to_page(1.5, 1.5) == (3, 3)
    assert grid.to_seconds(1, 400) == (0.0, 1.5)


def test_frames_behind_the_films_end_are_no_frames():
    assert Grid([0.0, 0.5, 1.0, 1.5], 1.2, 2.0).times == [0.0, 0.5, 1.0]


def test_a_page_counts_by_the_first_claim_that_the_frames_keep_to():
    film = [round(number / 24, 3) for number in range(100)]
    assert grid_rate(film, [0.0, 25.0, 24.0]) == 24.0
    # Frames left out of a steady film leave it steady.
    assert grid_rate([time for number, time in enumerate(film) if number % 7], [24.0]) == 24.0
    assert grid_rate(film, []) == pytest.approx(24, rel=1e-3)
    assert grid_rate([0.0], [24.0]) == 24.0 and grid_rate([], []) == 25.0


def test_of_an_uneven_film_it_counts_as_fast_as_its_frames_come():
    times = list(accumulate([0.0, *([0.05, 0.11] * 40)]))
    assert grid_rate(times, [12.5]) == pytest.approx(20)
    assert all(after - before > 0.049 for before, after in pairwise(times))
    burst = list(accumulate([0.0, *([0.004, 0.5] * 40)]))
    assert grid_rate(burst, [4.0]) == 60.0
