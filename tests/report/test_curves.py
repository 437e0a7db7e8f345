"""Learning curves as a picture that can be looked at."""

from __future__ import annotations

import sys

import cv2
import pytest

from screentime.report.curves import plot_curves

HISTORY = {
    "loss": [1.2, 0.7, 0.4], "accuracy": [0.4, 0.7, 0.9],
    "val_loss": [1.3, 0.9, 0.8], "val_accuracy": [0.3, 0.6, 0.82],
}


def drawn(path, history=HISTORY, target=0.8, title="v001: 60 labels, head"):
    plot_curves(path, history, target, title)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    return cv2.imread(str(path))


def test_a_png_is_written_and_no_window_is_opened(tmp_path):
    before = "matplotlib.pyplot" in sys.modules
    picture = drawn(tmp_path / "curves.png")
    assert picture.shape == (396, 990, 3)
    assert len(set(picture.reshape(-1, 3).sum(axis=1))) > 20
    assert ("matplotlib.pyplot" in sys.modules) == before


@pytest.mark.parametrize("title", ["costs $5 and $x_", "<script>alert(1)</script>", "{0} %s \\frac{", "Том и Джерри", ""])
def test_a_title_is_drawn_as_it_stands(tmp_path, title):
    assert (drawn(tmp_path / "titled.png", title=title) != drawn(tmp_path / "plain.png", title="x")).any()


def test_numbers_and_target_make_the_picture(tmp_path):
    plain = drawn(tmp_path / "plain.png")
    assert (drawn(tmp_path / "same.png") == plain).all()
    assert (drawn(tmp_path / "target.png", target=0.5) != plain).any()
    better = {**HISTORY, "val_accuracy": [0.3, 0.6, 0.95]}
    assert (drawn(tmp_path / "better.png", better) != plain).any()


def test_one_epoch_is_a_point_and_no_fault(tmp_path):
    drawn(tmp_path / "one.png", {name: values[:1] for name, values in HISTORY.items()})


def test_training_without_validation_numbers_is_no_fault(tmp_path):
    drawn(tmp_path / "nan.png", {**HISTORY, "val_loss": [float("nan")] * 3, "val_accuracy": [float("nan")] * 3})
