from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.records import Film, Frame
from screentime.schema import Schema
from screentime.totals import (
    Estimate,
    Evidence,
    durations,
    estimate,
    event_names,
    events,
    film_durations,
    labels_for_half_width,
    sampling_error,
)


def test_each_frame_stands_until_the_next_and_the_last_until_the_end():
    assert durations([0.0, 1.0, 2.5], 4.0).tolist() == [1.0, 1.5, 1.5]


def test_a_gap_keeps_the_last_picture_on_screen():
    assert durations([0.0, 1.0, 8.0], 9.0).tolist() == [1.0, 7.0, 1.0]


def test_frames_of_two_films_end_with_their_own_film():
    films = [Film(d, f"{d}.mp4", "", s, 24, 8, 8, 2) for d, s in (("a" * 16, 2.4), ("b" * 16, 1.5))]
    frames = [Frame(f"{f.digest}-{i}", "", i, float(i), f.name) for f in films for i in range(2)]
    assert film_durations(frames, films).tolist() == pytest.approx([1.0, 1.4, 1.0, 0.5])


BOTH_ON_SCREEN = Schema("multi", ("tom", "jerry"))
ONE_AT_A_TIME = Schema("exclusive", ("jerry", "tom"))


def test_events_of_multi_mode_are_each_character_both_and_neither():
    assert event_names(BOTH_ON_SCREEN) == ("tom", "jerry", "both", "neither")
    rows = np.array([[1, 0], [1, 1], [0, 0], [0.5, 0.2]])
    assert np.allclose(events(rows, BOTH_ON_SCREEN), [[1, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0.5, 0.2, 0.1, 0.4]])


def test_exclusive_mode_cannot_tell_both():
    assert event_names(ONE_AT_A_TIME) == ("jerry", "tom", "neither")
    assert np.allclose(events(np.array([[0.2, 0.5, 0.3]]), ONE_AT_A_TIME), [[0.5, 0.3, 0.2]])


def test_both_means_two_or_more_of_any_number_of_characters():
    schema = Schema("multi", ("a", "b", "c"))
    rows = np.array([[1, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0], [0.5, 0.5, 0.5]])
    assert events(rows, schema)[:, 3].tolist() == [1, 1, 0, 0, 0.5]
    assert events(rows, schema)[:, 4].tolist() == [0, 0, 0, 1, 0.125]


def evidence(probabilities, said, audited=(), foretold=None, learned=0):
    probabilities, said = np.array(probabilities, dtype=float), np.array(said, dtype=float)
    mask = np.isin(np.arange(len(said)), list(audited))
    foretold = probabilities if foretold is None else np.array(foretold, dtype=float)
    return Evidence(probabilities, said, mask, foretold, learned)


NAN = [np.nan, np.nan]


def test_where_every_frame_has_its_label_the_interval_has_no_width():
    found = estimate(
        evidence([[0.3, 0.9]] * 3, [[1, 0], [1, 1], [0, 0]], learned=3), np.array([1.0, 2.0, 4.0]), 1.0, BOTH_ON_SCREEN
    )
    assert {name: (one.low, one.seconds, one.high) for name, one in found.items()} == {
        "tom": (3.0, 3.0, 3.0), "jerry": (2.0, 2.0, 2.0), "both": (2.0, 2.0, 2.0), "neither": (4.0, 4.0, 4.0)
    }


def test_without_any_label_there_is_no_interval():
    found = estimate(evidence([[0.25, 0.5]] * 4, [NAN] * 4), np.full(4, 2.0), 2.0, BOTH_ON_SCREEN)
    assert (found["tom"].seconds, found["tom"].low, found["tom"].high) == (2.0, None, None)
    assert found["neither"].seconds == pytest.approx(8 * 0.75 * 0.5)


def test_labelled_frames_count_as_they_are_and_the_interval_stays_possible():
    said = [[1, 0]] * 6 + [NAN] * 2
    found = estimate(evidence([[0.5, 0.5]] * 8, said, learned=6), np.ones(8), 1.0, BOTH_ON_SCREEN)
    assert found["tom"].seconds == 7.0
    assert found["tom"].low == 6.0 and found["tom"].high == 8.0
    assert found["jerry"].low == 0.0 and found["jerry"].high == 2.0


def test_audit_frames_correct_a_model_that_never_saw_the_film():
    rng = np.random.default_rng(0)
    truth = np.column_stack([rng.random(400) < 0.5, np.zeros(400)])
    wrong = np.full((400, 2), 0.1)  # says a tenth, half is true
    audited = range(0, 400, 10)
    said = np.where(np.isin(np.arange(400), list(audited))[:, None], truth, np.nan)
    found = estimate(evidence(wrong, said, audited), np.ones(400), 1.0, BOTH_ON_SCREEN)["tom"]
    assert found.low < truth[:, 0].sum() < found.high
    assert abs(found.seconds - 200) < 40
    assert 40 < found.high - found.low < 160


def test_seconds_weigh_by_what_each_frame_stands_for():
    said = [[1, 1], NAN, NAN]
    found = estimate(evidence([[0, 0], [0.5, 1.0], [0.5, 0.0]], said), np.array([1.0, 1.0, 8.0]), 1.0, BOTH_ON_SCREEN)
    assert (found["tom"].seconds, found["jerry"].seconds) == (5.5, 2.0)


def test_sampling_adds_by_the_number_of_appearances():
    present = np.array([1, 1, 0, 1, 0, 0, 1], dtype=bool)  # three appearances
    assert sampling_error(present, 1.0) == pytest.approx(1.959964 * 0.5**0.5)
    assert sampling_error(present, 0.5) == pytest.approx(1.959964 * 0.5**0.5 / 2)
    assert sampling_error(np.zeros(5, bool), 1.0) == 0.0


def test_the_sampling_error_is_that_of_appearances_begun_at_random():
    rng = np.random.default_rng(3)
    off = []
    for _ in range(4000):
        start, length = rng.random(6).cumsum() * 3 + np.arange(6) * 12, rng.uniform(1, 8, 6)
        looks = np.arange(0, 120)
        seen = ((looks[:, None] >= start) & (looks[:, None] < start + length)).any(axis=1)
        off.append(seen.sum() - length.sum())
    assert 1.959964 * np.std(off) == pytest.approx(sampling_error(np.arange(12) % 2 == 0, 1.0), rel=0.05)


def test_labels_for_a_narrower_interval():
    def wide(half):
        return [Estimate(100.0, 100 - half, 100 + half, 1.0), Estimate(50.0, 49.0, 51.0, 1.0)]

    assert labels_for_half_width(wide(10.0), 300, 60, 15.0) == 60
    # N (N - n) / n must fall to a quarter: (300 - n) / n = 4 / 4.
    assert labels_for_half_width(wide(30.0), 300, 60, 15.0) == 150
    assert labels_for_half_width(wide(30.0), 300, 60, 1e-9) == 300


def test_low_and_high_stay_around_the_seconds_whatever_the_audit_says():
    said = np.where((np.arange(300) % 15 == 0)[:, None], [[1.0, 0.0]], np.nan)
    probabilities = np.where((np.arange(300) % 15 == 0)[:, None], [[0.2, 0.0]], [[0.8, 0.0]])
    found = estimate(evidence(probabilities, said, range(0, 300, 15)), np.ones(300), 1.0, BOTH_ON_SCREEN)
    for one in found.values():
        assert 0 <= one.low <= one.seconds <= one.high <= 300


def test_a_character_whose_frames_stand_for_longer_is_counted_by_seconds():
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        shown = rng.random(300) < 0.4
        weights = np.where(shown, 3.0, 1.0)
        audited = [int(rng.choice(block)) for block in np.array_split(np.arange(300), 20)]
        said = np.where(np.isin(np.arange(300), audited)[:, None], np.column_stack([shown, shown * 0.0]), np.nan)
        one = estimate(evidence(np.full((300, 2), 0.4), said, audited), weights, 1.0, BOTH_ON_SCREEN)["tom"]
        held += one.low <= weights[shown].sum() <= one.high
    assert held >= 180


@st.composite
def films(draw):
    """Evidence of a drawn film in either mode, and its frames' weights; some, all or none of them labelled."""
    schema = draw(st.sampled_from([BOTH_ON_SCREEN, ONE_AT_A_TIME, Schema("multi", ("a",)), Schema("exclusive", ("a", "b", "c"))]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames = draw(st.integers(1, 60))
    shape = frames, len(schema.classes)
    sharp = draw(st.sampled_from([0.1, 1.0, 30.0, 1000.0]))

    def guessed():
        with np.errstate(over="ignore"):
            raw = np.exp(np.clip(rng.normal(size=shape) * sharp, -700, 300))
        return raw / raw.sum(axis=1, keepdims=True) if schema.mode == "exclusive" else raw / (1 + raw)

    probabilities = guessed()
    labelled = rng.random(frames) < draw(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))
    audited = labelled & (rng.random(frames) < draw(st.sampled_from([0.0, 0.3, 1.0])))
    said = schema.decide(guessed()).astype(float)
    said[~labelled] = np.nan
    learned = draw(st.sampled_from([0, int(labelled.sum())]))
    weights = np.where(rng.random(frames) < 0.1, 0.0, rng.exponential(size=frames))
    return Evidence(probabilities, said, audited, guessed(), learned), weights, schema


@given(films())
def test_totals_lie_within_the_film_and_inside_their_intervals_and_labels_count_as_they_are(film):
    evidence, weights, schema = film
    length = weights.sum()
    known = ~np.isnan(evidence.said[:, 0])
    firm = dict(zip(event_names(schema), weights[known] @ events(evidence.said[known], schema)))
    found = estimate(evidence, weights, 1.0, schema)
    slack = 1e-9 * (1 + length)
    for name, one in found.items():
        assert firm[name] - slack <= one.seconds <= firm[name] + weights[~known].sum() + slack
        assert 0 <= one.sampling < np.inf
        if one.low is not None:
            assert firm[name] - slack <= one.low <= one.seconds + slack and one.seconds - slack <= one.high <= length + slack
        if known.all():
            assert one.low == one.high == one.seconds == pytest.approx(firm[name])
        if not known.all() and not evidence.learned and not evidence.audited.any():
            assert one.low is None
    if schema.mode == "exclusive":
        assert sum(one.seconds for one in found.values()) == pytest.approx(length)


@given(films(), st.sampled_from([0.01, 3.0, 1000.0]))
def test_a_film_that_is_slower_has_as_many_times_the_seconds(film, times):
    evidence, weights, schema = film
    before, after = (estimate(evidence, weights * by, by, schema) for by in (1.0, times))
    for name, one in before.items():
        for value, scaled in zip(*((found.seconds, found.low, found.high) for found in (one, after[name]))):
            assert (value is None) == (scaled is None)
            if value is not None:
                assert scaled == pytest.approx(times * value, rel=1e-6, abs=1e-6 * times)


@given(films(), st.randoms(use_true_random=False))
def test_where_frames_stand_in_the_film_changes_no_total_but_by_the_order_of_the_audit_frames(film, random):
    evidence, weights, schema = film
    free = np.flatnonzero(~evidence.audited)
    order = np.arange(len(weights))
    order[free] = random.sample(list(free), len(free))
    moved = Evidence(*(part[order] for part in (
        evidence.probabilities, evidence.said, evidence.audited, evidence.foretold)), evidence.learned)
    before, after = estimate(evidence, weights, 1.0, schema), estimate(moved, weights[order], 1.0, schema)
    for name, one in before.items():
        assert after[name].seconds == pytest.approx(one.seconds, rel=1e-6, abs=1e-6)
        assert (after[name].low is None) == (one.low is None)
        assert after[name].low is None or after[name].low == pytest.approx(one.low, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.01, 1.01])
def test_what_are_no_probabilities_make_no_totals(wrong):
    film = evidence([[0.5, 0.5], [0.5, wrong]], [[1, 0], [np.nan, np.nan]], audited=[0], learned=1)
    with pytest.raises(ValueError, match="^what should be probabilities are none$"):
        estimate(film, np.ones(2), 1.0, BOTH_ON_SCREEN)
    film = replace(film, probabilities=np.full((2, 2), 0.5), foretold=np.array([[wrong, 0.5], [0, 0]]))
    with pytest.raises(ValueError, match="^what should be probabilities are none$"):
        estimate(film, np.ones(2), 1.0, BOTH_ON_SCREEN)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.floats(0, 1e6))
def test_frames_stand_for_the_time_from_the_first_to_the_end_and_none_for_less_than_nothing(seconds, more):
    seconds = sorted(seconds)
    lasts = durations(seconds, seconds[-1] + more)
    assert (lasts >= 0).all() and lasts.sum() == pytest.approx(seconds[-1] + more - seconds[0])
