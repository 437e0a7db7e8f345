"""The soak's judgement on made-up series: a leak is found, noise is not taken for one."""

import math

import numpy as np
import pytest

from scripts.soaking.flatness import Rule, judge, line, rates
from scripts.soaking.telling import FLAT

MEMORY = Rule("own", "MB", rise=0.05, peak=0.15, slack=15)
FILES = Rule("files", "", slack=3)
ROUNDS = range(1, 201)


def noisy(seed, spread):
    return np.random.default_rng(seed).normal(0, spread, len(ROUNDS))


def test_a_flat_series_is_flat():
    verdict = judge(MEMORY, ROUNDS, [400.0] * 200)
    assert (verdict.flat, verdict.rise, verdict.median, verdict.largest) == (True, 0, 400, 400)
    assert line(verdict) == (
        "flat      own: median 400, largest 400, rise +0 MB; rule: rises by 5% at most and its largest is 15% above"
        " the median at most (or 15 MB) in the second half."
    )


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_flat_and_a_leak_under_it_is_not(seed):
    noise = 400 + noisy(seed, 12)
    assert judge(MEMORY, ROUNDS, noise).flat
    # A third of a megabyte a round: 33 over the second half, where 20 may be.
    leaking = judge(MEMORY, ROUNDS, noise + np.arange(200) / 3)
    assert not leaking.flat and leaking.rise == pytest.approx(33, abs=12)
    assert line(leaking).startswith("NOT FLAT  own: ")


def test_what_the_first_half_warms_up_is_no_leak():
    warming = [200 + 200 * min(one / 80, 1) for one in ROUNDS]
    assert judge(MEMORY, ROUNDS, warming).flat


def test_a_few_large_values_do_not_tilt_the_line_but_count_as_peaks():
    tall = np.full(200, 400.0)
    tall[190:] = 455
    assert judge(MEMORY, ROUNDS, tall).rise == 0
    assert judge(MEMORY, ROUNDS, tall).flat
    tall[199] = 461
    assert not judge(MEMORY, ROUNDS, tall).flat


def test_one_open_file_more_every_ten_rounds_is_found():
    assert not judge(FILES, ROUNDS, [8 + one // 10 for one in ROUNDS]).flat
    assert judge(FILES, ROUNDS, [8 + one % 4 for one in ROUNDS]).flat


def test_too_few_rounds_tell_nothing_and_are_not_flat():
    verdict = judge(MEMORY, range(14), [400.0] * 14)
    assert (verdict.told, verdict.flat) == (False, False) and math.isnan(verdict.rise)
    assert line(verdict) == "NOT TOLD  own: too few rounds."
    assert judge(MEMORY, range(16), [400.0] * 16).flat


def test_a_bound_holds_for_the_first_half_too():
    bound = Rule("predictions", "", most=1000)
    assert judge(bound, ROUNDS, [1000] + [10] * 199).flat
    broken = judge(bound, ROUNDS, [1001] + [10] * 199)
    assert line(broken) == "NOT BOUNDED  predictions: largest 1,001; rule: at most 1,000."
    assert not judge(bound, [], []).told


def test_what_may_grow_is_judged_by_how_fast():
    rule = Rule("folder", "MB a round", rise=0.25, peak=1.0, slack=0.05)
    assert rates([1, 2, 4, 5], [10, 11, 13, 15], 2) == ([4, 5], [1.0, 4 / 3])
    steady = [100 + 0.4 * one for one in ROUNDS]
    assert judge(rule, *rates(ROUNDS, steady, 10)).flat
    # Each version larger than the one before.
    assert not judge(rule, *rates(ROUNDS, [100 + 0.003 * one**2 for one in ROUNDS], 10)).flat


SLOW = {"own": (380, 0.2), "rss": (800, 0.35), "files": (8, 1 / 40), "sockets": (0, 1 / 40), "round_seconds": (15, 0.08)}


@pytest.mark.parametrize("name", SLOW)
def test_what_grows_slowly_is_told_by_the_rules_of_the_soak(name):
    [rule] = [one for one in FLAT if one.name == name]
    begin, a_round = SLOW[name]
    assert judge(rule, ROUNDS, [begin] * 200).flat
    assert not judge(rule, ROUNDS, [begin + a_round * one for one in ROUNDS]).flat


def test_a_step_by_design_is_no_leak_and_a_leak_between_steps_is_one():
    [rule] = [one for one in FLAT if one.name == "own"]
    sizes = [256] * 140 + [384] * 60
    stepped = [380] * 140 + [400] * 60
    assert judge(rule, ROUNDS, stepped, sizes).rise == 0
    assert judge(rule, ROUNDS, stepped, sizes).flat
    leaking = judge(rule, ROUNDS, [value + 0.2 * i for i, value in enumerate(stepped)], sizes)
    assert leaking.rise == pytest.approx(0.2 * 99) and not leaking.flat
