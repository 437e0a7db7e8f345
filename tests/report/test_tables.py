"""CSV files: exact text, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import stat

import pytest

from screentime.errors import ScreentimeError
from screentime.report.tables import write_csv


def written(tmp_path, rows):
    write_csv(tmp_path / "rows.csv", rows)
    return (tmp_path / "rows.csv").read_bytes().decode("utf-8")


def test_one_line_a_row_and_nothing_where_there_is_none(tmp_path):
    rows = [
        {"film": "one.mp4", "length": 10.5, "Tom": 4.25, "both": None, "labelled": 0.0, "model": "v001-a"},
        {"film": "zwölf, \"two\".mp4", "length": 3600.0, "Tom": 0.001, "both": 2.0, "labelled": 7.0, "model": None},
    ]
    assert written(tmp_path, rows) == (
        "film,length,Tom,both,labelled,model\n"
        "one.mp4,10.5,4.25,,0.0,v001-a\n"
        '"zwölf, ""two"".mp4",3600.0,0.001,2.0,7.0,\n'
    )


def test_a_column_without_any_value_is_empty(tmp_path):
    assert written(tmp_path, [{"film": "a", "both": None}, {"film": "b", "both": None}]) == "film,both\na,\nb,\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_looks_like_a_formula_becomes_text(tmp_path, start):
    text = written(tmp_path, [{f"{start}Tom": f"{start}1+1", "seconds": -1.5}])
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert header == [f"'{start}Tom", "seconds"]
    assert row == [f"'{start}1+1", "-1.5"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_line_end_inside_a_text_begins_no_row(tmp_path, end):
    text = written(tmp_path, [{"film": f"a{end}=1+1", "seconds": 1.5}])
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert row == [f"a{end}=1+1".replace("\r", "\\r"), "1.5"]


def test_a_sign_inside_a_text_stays(tmp_path):
    assert written(tmp_path, [{"film": "a=b-c.mp4"}]) == "film\na=b-c.mp4\n"


def test_no_rows_are_no_fault(tmp_path):
    assert written(tmp_path, []).strip() == ""


def test_everybody_may_read_it(tmp_path):
    written(tmp_path, [{"film": "a"}])
    assert stat.S_IMODE((tmp_path / "rows.csv").stat().st_mode) == 0o644


def test_a_folder_that_is_missing_is_told(tmp_path):
    with pytest.raises(ScreentimeError, match=r"rows\.csv cannot be written: No such file or directory\. See that"):
        write_csv(tmp_path / "nowhere" / "rows.csv", [{"film": "a"}])
