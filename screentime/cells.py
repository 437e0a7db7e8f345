"""Cells of a table that a spreadsheet may open, and that are read back as they were."""

from __future__ import annotations

# A spreadsheet takes a cell that starts so for a formula; an apostrophe in front makes it text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula (inverse of `bare`).

    Parameters
    ----------
    text : str
        Untrusted.

    Returns
    -------
    str
        With an apostrophe in front where what stands behind its apostrophes, if any, starts a formula.
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def bare(cell: str) -> str:
    """The text of a cell (inverse of `guarded`); one that was never guarded stays as it is."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS) else cell
