"""Results as CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from screentime.files import write_atomically

# A spreadsheet takes a cell that starts so for a formula; an apostrophe makes it text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t")


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
    import pandas as pd

    table = pd.DataFrame(list(rows))
    for column in table.columns:
        table[column] = table[column].map(_guard)
    table.columns = [_guard(name) for name in table.columns]
    write_atomically(path, table.to_csv(index=False, lineterminator="\n"))


def _guard(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # Spelled out, because Python's csv leaves it bare and readers then take it for the row's end.
    value = value.replace("\r", "\\r")
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
