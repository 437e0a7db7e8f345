"""Appearances and totals as Parquet: typed columns that pandas and DuckDB read as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from screentime import __version__
from screentime.report.exports.rows import COLUMNS, What, rows

if TYPE_CHECKING:
    from screentime.screening import ScreenTime


def parquet(times: Sequence[ScreenTime], what: What, film_as: str = "film") -> bytes:
    """A table of `screentime.report.exports.rows.rows` as the bytes of a Parquet file.

    Parameters
    ----------
    times : sequence of ScreenTime
    what : {"appearances", "totals"}
    film_as : str, optional
        What the column of the film's name is called.

    Returns
    -------
    bytes
        Columns that count in a unit name it in their metadata; the file's metadata names screentime's
        version and the table.
    """
    import pyarrow as pa
    from pyarrow.parquet import write_table

    types = {"text": pa.string(), "number": pa.float64(), "count": pa.int64(), "truth": pa.bool_()}
    fields = [
        pa.field(film_as if name == "film" else name, types[kind], metadata={"unit": unit} if unit else None)
        for name, (kind, unit) in COLUMNS[what].items()
    ]
    schema = pa.schema(fields, metadata={"screentime": __version__, "table": what})
    sink = pa.BufferOutputStream()
    named = [{film_as: row["film"], **row} for row in rows(times, what)]
    write_table(pa.Table.from_pylist(named, schema=schema), sink)
    return sink.getvalue().to_pybytes()
