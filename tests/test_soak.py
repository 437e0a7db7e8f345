"""The soak's judgement on made-up series: a leak is found, noise is not taken for one."""

import json
import math
import os
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from screentime.records import Label
from screentime.schema import Schema
from scripts.soaking.annotating import Person
from scripts.soaking.flatness import Rule, judge, line, rates
from scripts.soaking.telling import FLAT

ROOT = Path(__file__).parent.parent
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


# -- a few rounds for real ---------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_a_few_rounds_are_run_and_every_label_is_there_as_it_was_said(ls_template, tmp_path, capsys):
    cache, out = tmp_path / "cache", tmp_path / "soak.json"
    (cache / "empty").mkdir(parents=True)
    shutil.copytree(ls_template / "labelstudio", cache / "empty" / "labelstudio", ignore=shutil.ignore_patterns("lock"))
    words = ["--seconds-of-film", "60", "--fps", "1", "--rounds", "3", "--minutes", "9", "--out", out, "--cache", cache]
    done = subprocess.run(
        [ROOT / "scripts" / "soak", *map(str, words)], capture_output=True, text=True, timeout=570,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    found = json.loads(out.read_text("utf-8"))
    assert [point["round"] for point in found["points"]] == [1, 2, 3], done.stderr
    assert found["points"][-1]["labels"] == found["labels_there"] == found["labels_pulled"] and found["astray"] == []
    lines = done.stdout.splitlines()
    assert f"met       labels: {found['labels_there']} in Label Studio, {found['labels_pulled']} pulled, each as the person said." in lines
    assert "met       rounds: 3 of 3." in lines and "met       nothing broke." in lines
    # Three rounds tell nothing of what grows slowly, and that is no success.
    assert "NOT TOLD  own: too few rounds." in lines and done.returncode == 1
    assert not list(tmp_path.glob("screentime-soak-*"))


def test_a_label_that_was_lost_or_is_another_is_told(tmp_path):
    schema = Schema("multi", ("cat", "mouse"))
    person = Person(None, None, schema, None, {"a": frozenset(), "b": frozenset(), "c": frozenset()}, random.Random(1))
    person.said |= {"a": frozenset({"cat"}), "b": frozenset(), "c": None}
    labels = [Label(uid, frozenset(who), 1, 1, "1", "2026-01-01T00:00:00Z", "manual") for uid, who in [
        ("a", {"cat"}), ("b", ()), ("c", {"mouse"}),
    ]]
    assert person.astray(labels) == []
    assert person.astray(labels[1:]) == ["a is missing"]
    assert person.astray([*labels[:2], replace(labels[0], uid="d")]) == ["c is missing", "d is cat"]
    assert person.astray([replace(labels[0], characters=frozenset()), *labels[1:], labels[2]]) == ["a is neither", "1 are there twice"]
