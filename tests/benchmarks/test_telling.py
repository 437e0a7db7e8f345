"""The table, the JSON and the README's part."""

import json

import pytest

from scripts.benchmarks.measuring import Result
from scripts.benchmarks.telling import as_json, figure, markdown, put_between, table, verdict

RESULTS = [
    Result("decode 360p", 4.5, 5.0, 0.9, 0.85, 0.95, "300 s of film."),
    Result("extract 360p", 6.0, 5.0, 1.2, 1.2, 1.2, "300 s of film."),
    Result("push again", 3.5, 87.8, 0.0399, 0.0399, 0.0399),
    Result("--help", None, note="It ended with 1.", failed=True),
    Result("films a minute on an accelerator", None, note="left out: none is there."),
]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0.0, "0"), (0.14159, "0.142"), (4.5, "4.50"), (12.34, "12.3"), (1036.2, "1,036"), (60.0, "60"),
        (0.99987654, "0.999877"), (1.0, "1"),
    ],
)
def test_a_figure_has_three_digits_that_count(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(
    ("result", "text"), list(zip(RESULTS, ["met, and the aim", "met", "NOT MET", "failed", "left out"]))
)
def test_the_verdict_of_a_row(result, text):
    assert verdict(result) == text


def test_a_row_of_which_nothing_is_asked_has_no_verdict():
    assert verdict(Result("films a minute on an accelerator", 90.0, 9.0, 10.0)) == ""


def test_the_table_is_aligned_and_tells_each_note_once():
    assert table(RESULTS) == """\
row                               unit       ours  anchor  ratio                   must be   aim       met
decode 360p                       s          4.50  5       0.900 (0.850 to 0.950)  <= 1.1x   < 1x      met, and the aim
extract 360p                      s          6     5       1.20                    <= 1.25x  <= 1.15x  met
push again                        s          3.50  87.8    0.0399                  <= 3                NOT MET
--help                            s                                                <= 0.3    <= 0.15   failed
films a minute on an accelerator  films/min                                                            left out
decode 360p; extract 360p: 300 s of film.
--help: It ended with 1.
films a minute on an accelerator: left out: none is there.
"""


def test_the_json_has_just_these_keys_and_the_measured_rows():
    text = as_json([*RESULTS, Result("push again, tasks made", 0.0)])
    assert json.loads(text) == [
        {"name": "decode 360p", "ours": 4.5, "anchor": 5.0, "ratio": 0.9, "unit": "s"},
        {"name": "extract 360p", "ours": 6.0, "anchor": 5.0, "ratio": 1.2, "unit": "s"},
        {"name": "push again", "ours": 3.5, "anchor": 87.8, "ratio": 0.0399, "unit": "s"},
        {"name": "push again, tasks made", "ours": 0.0, "anchor": None, "ratio": None, "unit": "tasks"},
    ]
    assert text.endswith("\n")


def test_the_readme_gets_the_machine_the_rows_and_the_plot_and_none_of_the_growth():
    results = [*RESULTS[:2], Result("predict, 30 frames, time", 1.0)]
    assert markdown(results, "A machine.", "docs/growth.png") == """\
A machine.

| what | ours | against | ratio | must be | aim |  |
|---|---|---|---|---|---|---|
| decode 360p | 4.50 s | 5 s | 0.900 (0.850 to 0.950) | <= 1.1x | < 1x | met, and the aim |
| extract 360p | 6 s | 5 s | 1.20 | <= 1.25x | <= 1.15x | met |

- decode 360p; extract 360p: 300 s of film.

![Time and peak memory of predict, push and sync over the number of frames](docs/growth.png)
"""
    assert "growth.png" not in markdown(results, "A machine.", None)


def test_what_lies_between_the_marks_is_replaced_and_nothing_else():
    readme = "Before.\n<!-- bench begins -->\nold\n<!-- bench ends -->\nAfter.\n"
    once = put_between(readme, "new\n")
    assert once == "Before.\n<!-- bench begins -->\nnew\n<!-- bench ends -->\nAfter.\n"
    assert put_between(once, "new\n") == once


@pytest.mark.parametrize(
    "readme",
    [
        "No marks.\n",
        "<!-- bench begins -->\nno end\n",
        "<!-- bench ends -->\n<!-- bench begins -->\n",
        "<!-- bench begins -->\n<!-- bench ends -->\n<!-- bench begins -->\n<!-- bench ends -->\n",
    ],
)
def test_marks_that_are_not_there_once_each_are_told(readme):
    with pytest.raises(ValueError, match="README.md must hold the lines .* once each, in this order."):
        put_between(readme, "new\n")


def test_the_readme_of_this_project_has_the_marks():
    from pathlib import Path

    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert "\nnew\n" in put_between(readme, "new\n")
