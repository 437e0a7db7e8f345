"""Results as CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from screentime.cells import guarded
from screentime.files import write_atomically


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows of one shape as CSV, one line a row.

    Parameters
    ----------
    path : Path
        The file to write.
    rows : sequence of dict
        All with the same keys; None becomes an empty cell. Text that a spreadsheet would take for
        a formula gets an apostrophe in front.

    Raises
    ------
    ScreentimeError
        If the file cannot be written.
    """
    write_atomically(path, to_csv(rows))


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of one shape as CSV text, guarded as in `write_csv`; empty where there are none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if rows:
        writer.writerow(map(_guard, rows[0]))
    writer.writerows(map(_guard, row.values()) for row in rows)
    return text.getvalue()


def _guard(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # Spelled out, because Python's csv leaves it bare and readers then take it for the row's end.
    return guarded(value.replace("\r", "\\r"))
