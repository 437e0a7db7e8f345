"""Appearances and totals as flat rows: what CSV and Parquet hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from screentime.records import timecode
from screentime.report.tables import to_csv

if TYPE_CHECKING:
    from screentime.screening import ScreenTime

What = Literal["appearances", "totals"]

# Column to type and unit, in their order.
APPEARANCES = {
    "film": ("text", ""), "digest": ("text", ""), "character": ("text", ""),
    "start": ("number", "s"), "end": ("number", "s"), "start_timecode": ("text", ""), "end_timecode": ("text", ""),
    "probability": ("number", ""), "source": ("text", ""), "model": ("text", ""),
}
TOTALS = {
    "film": ("text", ""), "digest": ("text", ""), "length": ("number", "s"), "character": ("text", ""),
    "seconds": ("number", "s"), "low": ("number", "s"), "high": ("number", "s"), "sampling": ("number", "s"),
    "share": ("number", ""), "labelled": ("number", "s"), "labels": ("count", "frames"),
    "audited": ("count", "frames"), "reviewed": ("truth", ""), "unsure": ("number", ""), "strange": ("number", ""),
    "far": ("truth", ""), "model": ("text", ""),
}
COLUMNS: dict[What, dict[str, tuple[str, str]]] = {"appearances": APPEARANCES, "totals": TOTALS}


def rows(times: Sequence[ScreenTime], what: What) -> list[dict[str, Any]]:
    """Appearances or totals of films as rows.

    Parameters
    ----------
    times : sequence of ScreenTime
    what : {"appearances", "totals"}

    Returns
    -------
    list of dict
        Keys as in `COLUMNS`. Of the appearances one row each; of the totals one row a film and character,
        and one each for ``both`` and ``neither``. Times are seconds from the film's start.
    """
    return [row for time in times for row in (_appearances(time) if what == "appearances" else _totals(time))]


def csv_text(times: Sequence[ScreenTime], what: What) -> str:
    """`rows` as CSV; where there are none, the header alone."""
    return to_csv(rows(times, what)) or f"{','.join(COLUMNS[what])}\n"


def tidy(value: float | None) -> float | None:
    """A number with the digits that mean something: seconds to the microsecond."""
    return None if value is None else round(float(value), 6)


def _appearances(time: ScreenTime) -> list[dict[str, Any]]:
    return [
        {
            "film": time.film.name, "digest": time.film.digest, "character": one.character,
            "start": tidy(one.start), "end": tidy(one.end),
            "start_timecode": timecode(one.start), "end_timecode": timecode(one.end),
            "probability": tidy(one.probability), "source": one.source, "model": time.version,
        }
        for one in time.appearances
    ]


def _totals(time: ScreenTime) -> list[dict[str, Any]]:
    length = time.film.seconds
    return [
        {
            "film": time.film.name, "digest": time.film.digest, "length": tidy(length), "character": name,
            "seconds": tidy(one.seconds), "low": tidy(one.low), "high": tidy(one.high),
            "sampling": tidy(one.sampling), "share": tidy(one.seconds / length) if length else None,
            "labelled": tidy(time.labelled), "labels": int(time.labels), "audited": int(time.audited),
            "reviewed": bool(time.reviewed), "unsure": tidy(time.unsure), "strange": tidy(time.strange),
            "far": bool(time.far), "model": time.version,
        }
        for name, one in time.estimates.items()
    ]
