"""What a simulation found, as a picture that can be looked at."""

from __future__ import annotations

import re
import sys

import cv2
import pytest

from screentime.errors import UserMistake
from screentime.report.efficiency import plot_efficiency, require_picture

CURVE = {
    "labels": [10, 30, 60], "accuracy": [0.6, 0.7, 0.82], "sd": [0.05, 0.03, 0.02], "labels_to_target": 55.0
}
TOTAL = {"error_s": 6.0, "error_sd_s": 8.0, "bias_s": -1.0, "coverage": 0.95, "half_width_s": 17.0}
RESULT = {
    "runs": 20, "mode": "multi", "target": 0.8, "budget": 60,
    "strategies": {"loop": CURVE, "chance": {**CURVE, "accuracy": [0.5, 0.6, 0.7], "labels_to_target": None}},
    "totals": {"composite": TOTAL, "blocks_labels": {**TOTAL, "error_s": 12.0}},
    "default": {"strategies": "loop", "totals": "composite"},
}


def words(tmp_path, **changes):
    """What is written in the picture, as a drawing of lines has it (SVG keeps text as comments)."""
    path = tmp_path / "r.svg"
    plot_efficiency(path, RESULT | changes)
    return re.findall(r"<!-- (.*?) -->", path.read_text("utf-8"))


def drawn(path, **changes):
    plot_efficiency(path, RESULT | changes)
    return cv2.imread(str(path))


def test_a_picture_is_written_and_no_window_is_opened(tmp_path):
    before = "matplotlib.pyplot" in sys.modules
    picture = drawn(tmp_path / "r.png")
    assert picture.shape == (484, 1210, 3)
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_it_names_what_is_drawn(tmp_path):
    found = words(tmp_path)
    for name in (
        "20 runs, multi mode", "labels", "right on the unlabelled frames", "loop", "chance", "target",
        "seconds, at 60 labels", "mean error", "half width of the 95 % interval",
        "composite", "blocks", "labels",
    ):
        assert name in found, name


@pytest.mark.parametrize(
    "changes",
    [
        {"strategies": {**RESULT["strategies"], "loop": {**CURVE, "accuracy": [0.6, 0.7, 0.9]}}},
        {"strategies": {**RESULT["strategies"], "loop": {**CURVE, "sd": [0.05, 0.03, 0.1]}}},
        {"strategies": {"loop": CURVE}},
        {"default": {"strategies": "chance", "totals": "composite"}},
        {"target": 0.7},
        {"totals": {**RESULT["totals"], "composite": {**TOTAL, "error_s": 7.0}}},
        {"totals": {**RESULT["totals"], "composite": {**TOTAL, "half_width_s": 20.0}}},
        {"totals": {**RESULT["totals"], "composite": {**TOTAL, "half_width_s": None}}},
        {"budget": 61}, {"runs": 21}, {"mode": "exclusive"},
    ],
)
def test_numbers_make_the_picture(tmp_path, changes):
    plain = drawn(tmp_path / "plain.png")
    assert (drawn(tmp_path / "same.png") == plain).all()
    other = drawn(tmp_path / "other.png", **changes)
    assert other.shape == plain.shape and (other != plain).any()


def test_strategies_of_which_no_totals_are_made_are_no_fault(tmp_path):
    assert drawn(tmp_path / "r.png", strategies={"chance": CURVE}, totals={}).shape == (484, 1210, 3)


@pytest.mark.parametrize("name", ["r.txt", "r", "r.", ".png"])
def test_a_file_that_is_no_picture_is_refused_and_nothing_is_written(tmp_path, name):
    for refuse in (require_picture, lambda path: plot_efficiency(path, RESULT)):
        with pytest.raises(UserMistake) as caught:
            refuse(tmp_path / name)
        assert str(caught.value) == (
            f"{tmp_path / name} is no picture that can be written. Name a file that ends in .png or .svg."
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["r.png", "R.SVG", "r.x.pdf"])
def test_the_suffix_says_which_kind_of_picture(tmp_path, name):
    require_picture(tmp_path / name)
    plot_efficiency(tmp_path / name, RESULT)
    kind = (tmp_path / name).read_bytes()[:5]
    assert kind == {"png": b"\x89PNG\r", "svg": b"<?xml", "pdf": b"%PDF-"}[name.rpartition(".")[2].lower()]
