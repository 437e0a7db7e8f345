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


ACCURACY = {"low": 0.66, "high": 0.92, "frames": 40, "random_split": 0.95}


def drawn(path, history=HISTORY, target=0.8, title="v001: 60 labels, head", **accuracy):
    plot_curves(path, history, target, title, ACCURACY | accuracy)
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


def shown(picture, of):
    """Which pixels, above the legend in the axes of accuracy, have such red, green and blue."""
    return of(*picture[:200, :495, ::-1].astype(int).transpose(2, 0, 1))


def pale_orange(red, green, blue):
    return (abs(red - 255) < 4) & (abs(green - 204) < 4) & (abs(blue - 158) < 4)


def crimson(red, green, blue):
    """Also where a thin line is mixed with white."""
    return (red - green > 60) & (abs(green - blue) < 12)


def test_the_interval_stands_at_the_last_epoch_from_its_low_to_its_high_end(tmp_path):
    def bar(**ends):
        pixels = shown(drawn(tmp_path / "bar.png", **ends), pale_orange)
        columns = (pixels.sum(axis=0) > 20).nonzero()[0]
        rows = pixels[:, columns].any(axis=1).nonzero()[0]
        return columns.tolist(), int(rows[0]), int(rows[-1])

    columns, top, bottom = bar(low=0.5, high=0.97)
    assert 465 < columns[0] <= columns[-1] < 477  # epochs 1, 2, 3 lie at columns 81, 276, 471
    _, lower_top, higher_bottom = bar(low=0.6, high=0.87)
    tenth = 30  # pixels; the axis goes from 0 to 1.02 in 306
    assert [lower_top - top, bottom - higher_bottom] == pytest.approx([tenth, tenth], abs=3)


def test_what_a_random_split_would_claim_is_a_line_where_it_is_known(tmp_path):
    def line(claim):
        pixels = shown(drawn(tmp_path / "line.png", random_split=claim), crimson)
        return pixels.any(axis=1).nonzero()[0].tolist(), int(pixels.any(axis=0).sum())

    (high, length), (low, _) = line(0.95), line(0.65)
    assert high[-1] < low[0]
    assert length > 150  # it is dotted, over the 428 pixels of the axes
    assert line(None) == ([], 0)


def test_one_epoch_is_a_point_and_no_fault(tmp_path):
    drawn(tmp_path / "one.png", {name: values[:1] for name, values in HISTORY.items()})


def test_training_without_validation_numbers_is_no_fault(tmp_path):
    drawn(tmp_path / "nan.png", {**HISTORY, "val_loss": [float("nan")] * 3, "val_accuracy": [float("nan")] * 3})
