"""Charts take their colours from the page, names as they stand, and ids that no other chart has."""

from __future__ import annotations

import re
import sys
import warnings
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from screentime.report.figures import curves_chart, rounds_chart, seconds_chart, short

HISTORY = {"loss": [0.9, 0.4], "accuracy": [0.6, 0.9], "val_loss": [1.0, 0.6], "val_accuracy": [0.5, 0.75]}


def total(name, seconds=40.0, low=30.0, high=50.0):
    return SimpleNamespace(name=name, seconds=seconds, low=low, high=high)


def round_(value, low, high, labels=10):
    return {"labels": labels, "validation_accuracy": 0.8, "accuracy": {"value": value, "low": low, "high": high}}


def parts(svg, kind):
    return [one for one in ElementTree.fromstring(svg).iter() if one.tag.endswith(f"}}{kind}")]


def texts(svg):
    return [one.text for one in parts(svg, "text")]


def test_colours_are_the_page_s_and_no_font_or_size_is_set():
    for chart in (seconds_chart([total("tom"), total("neither")], 100, "s"), rounds_chart([round_(0.7, 0.5, 0.9)], 0.8, "r"),
                  curves_chart(HISTORY, 0.8, "e")):
        for svg in (chart.wide, chart.narrow):
            assert not re.search(r"#[0-9a-f]{6}\b", svg) and "var(--line)" in svg and "currentColor" in svg
            assert "<style" not in svg and "<metadata" not in svg and "DejaVu" not in svg
            assert not re.search(r"<svg[^>]*(width|height)=", svg)
            assert svg.startswith('<svg aria-hidden="true"')


def test_each_character_has_its_colour_and_what_is_no_character_has_none():
    svg = seconds_chart([total("tom"), total("jerry"), total("both"), total("neither")], 100, "s").wide
    assert all(f"var(--c{number})" in svg for number in (0, 1)) and "var(--c2)" not in svg and "var(--quiet)" in svg
    assert texts(svg)[-4:] == ["tom", "jerry", "both", "neither"] or texts(svg)[-5:-1] == ["tom", "jerry", "both", "neither"]


def test_a_bar_is_as_long_as_its_seconds_and_the_interval_lies_where_it_should():
    def bars(**values):
        svg = seconds_chart([total("tom", **values)], 100, "s").wide
        path = next(one for one in parts(svg, "path") if "var(--c0)" in one.get("style", ""))
        xs = [float(x) for x in re.findall(r"[ML] ([\d.]+) ", path.get("d"))]
        return max(xs) - min(xs)

    assert bars(seconds=80.0, high=90.0) == pytest.approx(2 * bars(seconds=40.0), rel=0.01)
    with_interval, without = (seconds_chart([total("tom", low=low, high=high)], 100, "s").wide for low, high in ((30, 50), (None, None)))
    assert len(parts(with_interval, "path")) > len(parts(without, "path"))


@pytest.mark.parametrize("name", ["costs $5 and $x_", "<b>&amp;", "{{7*7}}", "#010101", 'id="x" url(#a)'])
def test_a_name_is_drawn_as_it_stands(name):
    assert name in texts(seconds_chart([total(name)], 100, "s").wide)


def test_letters_that_matplotlib_lacks_are_left_to_the_browser_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        assert "汤姆" in texts(seconds_chart([total("汤姆")], 100, "s").wide)


def test_a_long_name_is_cut_and_stays_on_one_line():
    assert short("a\nb") == "a b" and short("x" * 22) == "x" * 22
    assert short("x" * 23) == "x" * 21 + "…"


def test_ids_are_those_of_the_chart_alone_and_refer_to_one_another():
    one, other = (seconds_chart([total("tom")], 100, name).wide for name in ("s0", "s1"))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (one, other)]
    assert not ids[0] & ids[1] and len(ids[0]) > 5
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', one)) <= ids[0]
    assert seconds_chart([total("tom")], 100, "s0").wide == one


def test_rounds_and_target_make_the_picture():
    base = rounds_chart([round_(0.7, 0.5, 0.9), round_(0.8, 0.6, 0.95, 20)], 0.8, "r").wide
    assert {"10", "20", "target", "validation accuracy"} <= set(texts(base))
    assert rounds_chart([round_(0.7, 0.5, 0.9), round_(0.8, 0.6, 0.95, 20)], 0.5, "r").wide != base
    assert rounds_chart([round_(0.7, 0.4, 0.9), round_(0.8, 0.6, 0.95, 20)], 0.8, "r").wide != base


def test_a_history_without_validation_numbers_or_with_one_epoch_is_no_fault():
    nan = [float("nan")] * 2
    assert "epoch" in texts(curves_chart({**HISTORY, "val_loss": nan, "val_accuracy": nan}, 0.8, "e").wide)
    assert "epoch" in texts(curves_chart({name: values[:1] for name, values in HISTORY.items()}, 0.8, "e").narrow)


def test_no_window_is_opened():
    before = "matplotlib.pyplot" in sys.modules
    seconds_chart([total("tom")], 100, "s")
    assert ("matplotlib.pyplot" in sys.modules) == before
