"""The terminal's command for the report."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from screentime import options as o
from screentime.cli_common import HERE
from screentime.outlet import require_outlet
from screentime.output import Result, results
from screentime.terminal import Terminal

FILE = "report.html"


@results
def report(
    out: Annotated[Path | None, typer.Option(
        "--out", help="The page to write; report.html in the project's folder when left out.",
    )] = None,
    workspace: o.Folder = HERE,
) -> Result:
    """One page of all that was found, to open, to print and to send. Asks no server."""
    from screentime.findings import gather
    from screentime.report.page import write_page
    from screentime.workspace import Workspace

    terminal, place = Terminal(), Workspace(workspace)
    page = require_outlet(out or place.root / FILE, [".html", ".htm"], "a page")
    found = gather(place, datetime.now().astimezone(), sys.argv)
    pictures = write_page(found, place.root, page, terminal)
    notes = [f"The page is not complete yet. {sentence}" for sentence in found.missing]
    if pictures.missing:
        notes.append(
            f"{pictures.missing} pictures are missing in {place.frames_folder}: `screentime extract` makes them again."
        )
    if pictures.left_out:
        notes.append(f"{pictures.left_out} pictures were left out to keep the page small.")
    size = page.stat().st_size
    return Result(
        {"report": str(page), "bytes": size, "missing_pictures": pictures.missing, "left_out": pictures.left_out},
        lambda: terminal.say(f"{page} holds the report ({size / 1e6:.1f} MB)."), notes=notes,
        next=f"open {page.as_uri()} in a browser; it needs nothing else, so it can be sent as it is.",
    )
