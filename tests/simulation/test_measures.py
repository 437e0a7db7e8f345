"""What replays come to, each figure by hand or by the estimators that the product uses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from screentime.estimation import accuracy, composite, direct, half_width, plug_in, residual_variance
from screentime.schema import Schema
from screentime.simulation.measures import (
    DEFAULT,
    ESTIMATORS,
    curve,
    errors,
    guesses,
    honesty,
    right,
    told,
)
from screentime.simulation.replay import STRATEGIES, Known, Look

MULTI, EXCLUSIVE = Schema("multi", ("tom", "jerry")), Schema("exclusive", ("tom", "jerry"))


def film_of(targets, schema=MULTI):
    frames = len(targets)
    return Known(np.zeros((frames, 2)), np.array(targets, np.float32), range(frames), range(frames), schema)


def look_of(labelled, probabilities, audits=(), crossfit=(), by_random_split=None, by_block=None):
    labelled = np.isin(np.arange(len(probabilities)), labelled)
    crossfit = np.array(crossfit, float).reshape(len(audits), -1 if len(audits) else len(probabilities[0]))
    splits = [None if one is None else np.array(one, float) for one in (by_random_split, by_block)]
    return Look(labelled, np.array(audits, int), np.array(probabilities, float), crossfit, *splits)


# Six frames of which the first, third and fifth are labelled; the third and fifth are audit frames.
FILM = film_of([[1, 0], [1, 0], [0, 0], [1, 1], [0, 1], [0, 0]])
LOOK = look_of(
    [0, 2, 4], [[0.9, 0.2], [0.75, 0.5], [0.1, 0.1], [0.25, 0.75], [0.1, 0.9], [0.5, 0.125]],
    audits=[2, 4], crossfit=[[0.25, 0.5], [0.5, 0.75]],
    by_random_split=[[0.9, 0.1], [0.2, 0.2], [0.3, 0.9]], by_block=[[0.4, 0.6], [0.2, 0.2], [0.3, 0.9]],
)


def test_the_product_s_own_way_is_one_of_those_that_are_measured():
    assert DEFAULT["strategies"] in STRATEGIES and DEFAULT["totals"] in ESTIMATORS
    assert set(ESTIMATORS.values()) <= set(STRATEGIES)


# -- right ----------------------------------------------------------------------------------------


def test_only_unlabelled_frames_count_and_each_character_on_its_own():
    # Unlabelled: tom and wrongly jerry; jerry but not tom; wrongly tom. Half is decided for.
    assert right(FILM, LOOK) == [0.5, 1 / 3, 2 / 3]


def test_in_exclusive_mode_a_frame_is_right_or_wrong_and_its_characters_one_by_one():
    film = film_of(np.eye(3)[[0, 1, 2, 2]], EXCLUSIVE)
    look = look_of([0], [[1, 0, 0], [0.2, 0.7, 0.1], [0.1, 0.6, 0.3], [0.6, 0.1, 0.3]])
    assert right(film, look) == [1 / 3, 2 / 3, 1 / 3]


def test_where_every_frame_has_a_label_nothing_is_wrong():
    assert right(FILM, replace(LOOK, labelled=np.ones(6, bool))) == [1.0, 1.0, 1.0]


# -- totals ---------------------------------------------------------------------------------------


def test_an_error_is_the_estimate_less_the_truth_of_the_unlabelled_frames():
    # Truth of the unlabelled: two of tom, one of jerry.
    assert guesses(FILM, LOOK, "count") == [(0.0, None), (1.0, None)]
    (tom, _), (jerry, _) = guesses(FILM, LOOK, "probabilities")
    assert (tom, jerry) == (1.5 - 2, 1.375 - 1)


def test_estimators_are_those_of_the_product_and_count_the_labels_that_they_rest_on():
    tom = np.array([0.0, 0.0]), np.array([0.25, 0.5]), np.array([0.75, 0.25, 0.5])
    jerry = np.array([0.0, 1.0]), np.array([0.5, 0.75]), np.array([0.5, 0.75, 0.125])
    for name, labels, of in (
        ("composite", 3, lambda *column: composite(*column, 3)),
        ("direct", 2, direct),
        ("blocks_direct", 2, direct),
        ("probabilities", 3, lambda *column: plug_in(column[2], residual_variance(*column), 3)),
    ):
        expected = [of(*tom), of(*jerry)]
        assert guesses(FILM, LOOK, name) == [
            (pytest.approx(one.total - truth), pytest.approx(half_width(one.variance, labels)))
            for one, truth in zip(expected, (2, 1))
        ]


def test_labels_of_blocks_alone_are_their_mean_times_the_frames():
    (tom, no_width), (jerry, half) = guesses(FILM, LOOK, "blocks_labels")
    assert (tom, jerry) == (pytest.approx(3 * 0 - 2), pytest.approx(3 * 0.5 - 1))
    # Neither label shows tom. Of jerry one of two does, which differ as much as two can.
    assert no_width == 0
    assert half == pytest.approx(half_width(3 * 5 / 2 * 0.5, 3))


def test_one_audit_frame_or_none_gives_no_interval():
    one = replace(LOOK, audits=np.array([2]), crossfit=np.array([[0.25, 0.5]]))
    assert [half for _, half in guesses(FILM, one, "direct")] == [None, None]
    none = replace(LOOK, audits=np.array([], int), crossfit=np.zeros((0, 2)))
    assert [half for _, half in guesses(FILM, none, "direct")] == [None, None]
    assert all(half > 0 for _, half in guesses(FILM, none, "composite"))  # the labels that it learned from


def test_totals_of_exclusive_classes_are_those_of_the_characters():
    film = film_of(np.eye(3)[[0, 1, 2, 2]], EXCLUSIVE)
    look = look_of([0], [[1, 0, 0], [0.25, 0.75, 0], [0, 0.25, 0.75], [0.5, 0, 0.5]])
    assert [error for error, _ in guesses(film, look, "probabilities")] == [0.0, -0.75]


# -- what is told ---------------------------------------------------------------------------------


def test_what_is_told_stands_beside_what_is_true():
    # Of the audit frames the first is right of tom alone, the second of jerry alone.
    share, low, high = accuracy(
        np.array([0.5, 0.5]), np.array([0.625, 0.625]), np.array([0.625, 0.75, 0.6875])
    )
    assert told(FILM, LOOK) == {
        "true": 0.5, "told": pytest.approx(share), "low": pytest.approx(low), "high": pytest.approx(high),
        "validation": 0.5, "random_split": 1.0, "whole_blocks": pytest.approx(2 / 3),
    }


def test_without_audit_frames_nothing_is_told():
    assert told(FILM, replace(LOOK, audits=np.array([], int), crossfit=np.zeros((0, 2)))) == {}


# -- over runs ------------------------------------------------------------------------------------


def test_a_learning_curve_is_the_mean_over_runs_and_ends_where_the_line_crosses_the_target():
    runs = [
        [[0.5, 0.4, 0.6], [0.7, 0.6, 0.8], [0.9, 0.9, 0.9]],
        [[0.6, 0.5, 0.7], [0.7, 0.7, 0.7], [0.8, 0.7, 0.9]],
    ]
    assert curve([10, 20, 40], runs, ("tom", "jerry"), 0.75) == {
        "labels": [10, 20, 40], "accuracy": [0.55, 0.7, 0.85], "sd": [0.05, 0.0, 0.05],
        "accuracy_of": {"tom": [0.45, 0.65, 0.8], "jerry": [0.65, 0.75, 0.9]},
        "labels_to_target": 26.7,  # a third of the way from 20 to 40
    }


@pytest.mark.parametrize(("target", "labels"), [(0.9, None), (0.5, 10.0), (0.7, 20.0), (0.6, 15.0)])
def test_the_target_is_reached_at_once_between_two_counts_or_never(target, labels):
    runs = [[[0.5, 0.5], [0.7, 0.7]]]
    assert curve([10, 20], runs, ("tom",), target)["labels_to_target"] == labels


def test_errors_are_summed_up_in_seconds_over_runs_and_characters():
    found = [[(2.0, 3.0), (-1.0, 0.5)], [(4.0, 4.0), (-3.0, 2.0)]]
    # Off by 1, -0.5, 2 and -1.5 s; two of the four intervals hold.
    assert errors(found, 0.5) == {
        "error_s": 1.25, "error_sd_s": 1.346, "bias_s": 0.25, "coverage": 0.5, "half_width_s": 1.188,
    }


def test_where_one_run_has_no_interval_none_is_told():
    found = [[(2.0, 3.0)], [(4.0, None)]]
    assert errors(found, 1.0) == {
        "error_s": 3.0, "error_sd_s": 1.0, "bias_s": 3.0, "coverage": None, "half_width_s": None,
    }


def test_honesty_is_how_often_the_interval_holds_and_the_target_is_seen():
    one = {
        "true": 0.8, "told": 0.7, "low": 0.6, "high": 0.8, "validation": 0.75, "random_split": 0.9,
        "whole_blocks": 0.5
    }
    other = {
        "true": 0.7, "told": 0.9, "low": 0.8, "high": 1.0, "validation": 0.85, "random_split": 1.0,
        "whole_blocks": 0.6
    }
    assert honesty([one, {}, other], 0.8) == {
        "true": 0.75, "told": 0.8, "validation": 0.8, "random_split": 0.95, "whole_blocks": 0.55,
        "coverage": 0.5,
        "target_seen": 0.5,
    }
    assert honesty([one, other], 0.75)["target_seen"] == 1.0
    assert honesty([{}, {}], 0.8) is None
