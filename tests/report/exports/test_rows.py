"""Appearances and totals as CSV: every column, every cell."""

from __future__ import annotations

import csv
import io

from screentime.report.exports.rows import COLUMNS, csv_text, rows


def test_appearances_one_a_row(two):
    assert csv_text([two], "appearances") == (
        "film,digest,character,start,end,start_timecode,end_timecode,probability,source,model\n"
        "film.mp4,0123456789abcdef,Tom,0.0,4.0,0:00:00.000,0:00:04.000,1.0,labelled,v003-abc\n"
        "film.mp4,0123456789abcdef,Jerry,2.0,6.5,0:00:02.000,0:00:06.500,0.75,mixed,v003-abc\n"
        "film.mp4,0123456789abcdef,Tom,10.0,12.0,0:00:10.000,0:00:12.000,0.625,predicted,v003-abc\n"
    )


def test_totals_one_a_film_and_character(two, screen_time):
    text = csv_text([two, screen_time(name="other.mp4", digest="f" * 16, characters=("Tom",), reviewed=True)], "totals")
    lines = text.splitlines()
    assert lines[0] == (
        "film,digest,length,character,seconds,low,high,sampling,share,labelled,labels,audited,reviewed,unsure,strange,far,model"
    )
    assert lines[1:] == [
        "film.mp4,0123456789abcdef,100.0,Tom,12.5,10.0,15.25,1.5,0.125,60.0,60,10,False,0.125,,False,v003-abc",
        "film.mp4,0123456789abcdef,100.0,Jerry,12.5,10.0,15.25,1.5,0.125,60.0,60,10,False,0.125,,False,v003-abc",
        "film.mp4,0123456789abcdef,100.0,both,2.0,,,0.5,0.02,60.0,60,10,False,0.125,,False,v003-abc",
        "film.mp4,0123456789abcdef,100.0,neither,77.0,70.0,80.0,2.0,0.77,60.0,60,10,False,0.125,,False,v003-abc",
        "other.mp4,ffffffffffffffff,100.0,Tom,12.5,10.0,15.25,1.5,0.125,60.0,60,10,True,0.125,,False,v003-abc",
        "other.mp4,ffffffffffffffff,100.0,both,2.0,,,0.5,0.02,60.0,60,10,True,0.125,,False,v003-abc",
        "other.mp4,ffffffffffffffff,100.0,neither,77.0,70.0,80.0,2.0,0.77,60.0,60,10,True,0.125,,False,v003-abc",
    ]


def test_rows_have_just_the_columns_that_are_named(two):
    for what, columns in COLUMNS.items():
        assert [list(row) for row in rows([two], what)] == [list(columns)] * len(rows([two], what))


def test_a_film_in_which_nobody_appears_leaves_the_header(screen_time):
    assert csv_text([screen_time()], "appearances") == ",".join(COLUMNS["appearances"]) + "\n"


def test_names_that_a_spreadsheet_would_run_are_text(screen_time):
    time = screen_time(("@Tom", 0.0, 1.0, 1.0, "labelled"), name="=HYPERLINK(\"x\")\r\n.mp4", characters=("@Tom",))
    row = next(csv.DictReader(io.StringIO(csv_text([time], "appearances"), newline="")))
    assert (row["film"], row["character"]) == ("'=HYPERLINK(\"x\")\\r\n.mp4", "'@Tom")


def test_thirds_of_a_second_keep_their_microseconds(screen_time):
    [row] = rows([screen_time(("Tom", 1 / 3, 1001 / 24000, 2 / 3, "mixed"))], "appearances")
    assert (row["start"], row["end"], row["probability"]) == (0.333333, 0.041708, 0.666667)
