"""Parquet: types, units and what pandas makes of it."""

from __future__ import annotations

import io

import pyarrow.parquet as pq

from screentime import __version__
from screentime.report.exports.parquet import parquet
from screentime.report.exports.rows import rows


def read(data):
    return pq.read_table(io.BytesIO(data))


def test_types_units_and_values(two):
    table = read(parquet([two], "totals"))
    assert {field.name: str(field.type) for field in table.schema} == {
        "film": "string", "digest": "string", "length": "double", "character": "string", "seconds": "double",
        "low": "double", "high": "double", "sampling": "double", "share": "double", "labelled": "double",
        "labels": "int64", "audited": "int64", "reviewed": "bool", "unsure": "double", "strange": "double",
        "far": "bool", "model": "string",
    }
    assert {field.name for field in table.schema if (field.metadata or {}).get(b"unit") == b"s"} == {
        "length", "seconds", "low", "high", "sampling", "labelled",
    }
    assert {k: v for k, v in table.schema.metadata.items() if k != b"ARROW:schema"} == {
        b"screentime": __version__.encode(), b"table": b"totals",
    }
    assert table.to_pylist() == rows([two], "totals")


def test_names_stay_as_they_are(screen_time):
    time = screen_time(("=Tom", 0.0, 1.0, 1.0, "labelled"), name="=a\n.mp4", characters=("=Tom",))
    [row] = read(parquet([time], "appearances")).to_pylist()
    assert (row["film"], row["character"]) == ("=a\n.mp4", "=Tom")


def test_a_film_in_which_nobody_appears_is_a_table_without_rows(screen_time):
    table = read(parquet([screen_time()], "appearances"))
    assert (table.num_rows, str(table.schema.field("start").type)) == (0, "double")


def test_pandas_reads_it(two):
    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(parquet([two], "appearances")))
    assert frame.groupby("character")[["start", "end"]].sum().to_dict("index") == {
        "Tom": {"start": 10.0, "end": 16.0}, "Jerry": {"start": 2.0, "end": 6.5},
    }
