"""What the bench says: the table, the JSON and the README's part. Text in and out, no file."""

from __future__ import annotations

import json
from collections.abc import Sequence

from scripts.benchmarks.measuring import Result
from scripts.benchmarks.registry import BY_NAME, Bound

BEGINS, ENDS = "<!-- bench begins -->", "<!-- bench ends -->"
HEADER = ("row", "unit", "ours", "anchor", "ratio", "must be", "aim", "met")


def figure(value: float | None) -> str:
    """A number with three digits that count; empty for none."""
    if value is None:
        return ""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    if 0.99 < value < 1:
        return f"{value:.6f}"
    return f"{value:#.3g}"


def verdict(result: Result) -> str:
    """Whether the row is as it must be, and as is aimed for; empty where nothing is asked."""
    row = BY_NAME[result.name]
    if result.ours is None:
        return "failed" if result.failed else "left out"
    if row.must is None:
        return ""
    if not row.must.met(result.ours, result.ratio):
        return "NOT MET"
    return "met, and the aim" if row.aim and row.aim.met(result.ours, result.ratio) else "met"


def cells(result: Result) -> list[str]:
    """One line of the table, in the order of `HEADER`."""
    row = BY_NAME[result.name]
    ratio = figure(result.ratio)
    if result.low is not None and result.high is not None and figure(result.low) != figure(result.high):
        ratio += f" ({figure(result.low)} to {figure(result.high)})"
    return [
        row.name, row.unit, figure(result.ours), figure(result.anchor), ratio,
        _bound(row.must), _bound(row.aim), verdict(result),
    ]


def table(results: Sequence[Result]) -> str:
    """Aligned text for a terminal, the notes below it."""
    lines = [list(HEADER), *(cells(one) for one in results)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    text = [
        "  ".join(cell + " " * (wide - len(cell)) for cell, wide in zip(line, widths)).rstrip() for line in lines
    ]
    return "\n".join([*text, *_notes(results)]) + "\n"


def as_json(results: Sequence[Result]) -> str:
    """The measured rows as a JSON list of ``name``, ``ours``, ``anchor``, ``ratio``, ``unit``."""
    rows = [
        {
            "name": one.name, "ours": _short(one.ours), "anchor": _short(one.anchor), "ratio": _short(one.ratio),
            "unit": BY_NAME[one.name].unit,
        }
        for one in results if one.ours is not None
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def markdown(results: Sequence[Result], machine: str, growth: str | None) -> str:
    """The README's part.

    Parameters
    ----------
    results : sequence of Result
    machine : str
        One sentence.
    growth : str or None
        Path of the plot, relative to the README.
    """
    shown = [one for one in results if BY_NAME[one.name].family != "growth"]
    columns = ("what", "ours", "against", "ratio", "must be", "aim", "")
    lines = [machine, "", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for one in shown:
        name, unit, ours, anchor, ratio, must, aim, met = cells(one)
        with_unit = [f"{value} {unit}" if value and unit != "exponent" else value for value in (ours, anchor)]
        lines.append("| " + " | ".join([name, *with_unit, ratio, must, aim, met]).replace("  ", " ") + " |")
    notes = [f"- {note}" for note in _notes(shown)]
    if notes:
        lines += ["", *notes]
    if growth:
        lines += ["", f"![Time and peak memory of predict, push and sync over the number of frames]({growth})"]
    return "\n".join(lines) + "\n"


def put_between(readme: str, part: str) -> str:
    """A README with another text between the bench's two marks.

    Raises
    ------
    ValueError
        If the marks do not stand there once each, in their order; the text says so.
    """
    before, begins, rest = readme.partition(f"{BEGINS}\n")
    _, ends, after = rest.partition(f"{ENDS}\n")
    if not begins or not ends or BEGINS in after or ENDS in after or ENDS in before:
        raise ValueError(f"README.md must hold the lines {BEGINS} and {ENDS} once each, in this order.")
    return f"{before}{begins}{part}{ends}{after}"


def _notes(results: Sequence[Result]) -> list[str]:
    """Each note once, with the rows that it belongs to."""
    notes: dict[str, list[str]] = {}
    for one in results:
        if one.note:
            notes.setdefault(one.note, []).append(one.name)
    return [f"{'; '.join(names)}: {note}" for note, names in notes.items()]


def _bound(bound: Bound | None) -> str:
    if bound is None:
        return ""
    value = f"{bound.value:g}"
    return f"{bound.sign} {value}x" if bound.of == "ratio" else f"{bound.sign} {value}"


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")

