"""The terminal's command that exports appearances and totals."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from screentime import options as o
from screentime.cli_common import HERE, at
from screentime.errors import UserMistake
from screentime.exporting import format_of, is_folder, put, require_place, times_of
from screentime.report.exports.files import MIDNIGHT, Format, Order, pieces, remarks, the_one
from screentime.terminal import Terminal, harmless, say_next

if TYPE_CHECKING:
    from screentime.screening import ScreenTime

# So many files are named one by one.
MOST_NAMED = 12


def export(
    films: Annotated[list[str] | None, typer.Argument(
        metavar="FILM_OR_FOLDER", show_default=False,
        help="Films by path, the project's own by name too; all of the project's when left out.",
    )] = None,
    format: Annotated[Format | None, typer.Option(
        "--format", show_default=False,
        help="json, csv and parquet for programs, webvtt and srt for players, otio and edl for editors; what --out is named like, else json, when left out.",
    )] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    out: Annotated[str | None, typer.Option(
        "--out", help="A file, or a folder (one that is there, or a name without a suffix); stdout when left out.",
    )] = None,
    what: Annotated[Literal["appearances", "totals"], typer.Option("--what", help="The table in a csv or parquet file; a folder gets both.")] = "appearances",
    rate: Annotated[float | None, typer.Option("--rate", help="Frames a second in otio and edl; the film's own when left out.")] = None,
    start_timecode: Annotated[str, typer.Option("--start-timecode", help="Where the film begins in otio and edl.")] = MIDNIGHT,
    drop_frame: Annotated[bool | None, typer.Option(
        "--drop-frame/--non-drop-frame", show_default=False,
        help="How otio and edl count at 29.97 and 59.94; drop-frame when left out.",
    )] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of --format json, and nothing else.")] = False,
    model: Annotated[Path | None, typer.Option("--model", help="Model folder, for films that are named; the workspace's latest when left out.")] = None,
    workspace: o.Folder = HERE,
) -> None:
    """Who appears when, and the totals: for programs, players and editors."""
    if schema:
        from screentime.report.exports.document import json_schema

        _print(json_schema().encode())
        return
    if json and format not in (None, "json"):
        raise typer.BadParameter(f"--json and --format {format} contradict each other.")
    order = Order(format or ("json" if json else format_of(out)), what, rate, start_timecode, drop_frame)
    order.check()
    if out is not None:
        require_place(out, order.format)
    if out is None and order.format == "parquet" and sys.stdout.isatty():
        raise UserMistake("Parquet is nothing for a terminal.", "Name a file: --out appearances.parquet.")
    terminal = Terminal()
    times, failures = times_of(films or [], model, workspace, terminal)
    if times:
        found = pieces(times, order, apart=out is not None and is_folder(out))
        if out is None:
            _print(the_one(found, order).data)
        else:
            _tell_written(put(found, order, out), out, terminal)
    for sentence in [*remarks(times, order), *failures]:
        terminal.say(sentence)
    if failures:
        raise UserMistake(f"{len(failures)} of {len(times) + len(failures)} films could not be read.", "The rest is above.")
    say_next(_next(times, at(workspace)))


def _next(times: Sequence["ScreenTime"], place: str) -> str:
    bare = next((time.film.path for time in times if not time.labels), None)
    if bare is not None:
        return f"`screentime audit {shlex.quote(bare)}{place}`: about 20 labels make the seconds firm."
    guessed = next((time.film.path for time in times if not time.reviewed), None)
    if guessed is not None:
        return f"`screentime review {shlex.quote(guessed)}{place}` to set the appearances to the frame by hand."
    return f"`screentime status{place}` says how the project stands."


def _print(data: bytes) -> None:
    """Data on stdout, byte for byte except in a terminal; a reader that has seen enough may leave."""
    if sys.stdout.isatty():
        data = harmless(data.decode()).encode()
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Else Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell_written(files: list[Path], out: str, terminal: Terminal) -> None:
    if len(files) > MOST_NAMED:
        terminal.say(f"{len(files)} files are in {out}.")
        return
    for file in files:
        terminal.say(f"{file} is written.")
