"""The rows as data: names, limits, and which of them a call asks for."""

import pytest

from scripts.benchmarks.__main__ import MODULES
from scripts.benchmarks.registry import ABOUT, FAMILIES, ROWS, Bound, chosen


def test_every_row_has_a_name_of_its_own_and_every_family_a_module_and_a_duration():
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert {row.family for row in ROWS} == set(FAMILIES) == set(MODULES) == set(ABOUT)


@pytest.mark.parametrize(
    ("bound", "ours", "ratio", "met"),
    [
        (Bound("ratio", "<=", 1.1), 5.0, 1.1, True),
        (Bound("ratio", "<=", 1.1), 5.0, 1.11, False),
        (Bound("ratio", "<", 1.0), 5.0, 1.0, False),
        (Bound("ratio", ">=", 0.9), 5.0, 0.9, True),
        (Bound("ratio", ">", 0.9), 5.0, 0.9, False),
        (Bound("ratio", "<=", 1.1), 5.0, None, False),
        (Bound("ours", "<=", 450), 450.0, None, True),
        (Bound("ours", "<=", 450), 451.0, 0.1, False),
    ],
)
def test_a_bound_is_of_the_ratio_or_of_ours(bound, ours, ratio, met):
    assert bound.met(ours, ratio) is met


def test_without_names_all_rows_but_growth_are_measured():
    assert {row.family for row in chosen([], False, False)} == set(FAMILIES) - {"growth"}
    assert chosen([], False, True) == list(ROWS)


def test_a_family_or_a_part_of_a_name_chooses_rows():
    assert {row.family for row in chosen(["push"], False, False)} == {"push"}
    assert [row.name for row in chosen(["by OpenCV", "--help"], False, False)] == [
        "decode 360p, by OpenCV", "decode 1080p, by OpenCV", "--help",
    ]
    assert {row.family for row in chosen(["growth"], False, False)} == {"growth"}


def test_quick_leaves_out_long_rows():
    names = [row.name for row in chosen(["predict"], True, False)]
    assert "predict 360p, builtin tiles" in names
    assert "predict 360p, 224 px tiles" not in names
    assert chosen(["sync"], True, False) == []


def test_a_name_that_fits_nothing_is_told():
    with pytest.raises(ValueError, match="No row and no family is called 'decoed'; `scripts/bench --list` lists them."):
        chosen(["decoed"], False, False)
