"""The terminal's command that walks the whole set-up."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from screentime import options as o
from screentime.cli_common import HERE, placed
from screentime.output import Result, results
from screentime.terminal import Terminal, print_table

COLOURS = {"ok": "green", "warning": "yellow", "failed": "red", "left out": "dim"}
WIDTH = max(map(len, COLOURS)) + 2


@results
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended safely; labels are never touched.")] = False,
    workspace: o.Folder = HERE,
) -> Result:
    """Look whether all is in order, say what is not and what to do; changes nothing without --fix.

    Exit code 0: nothing failed; 2: all that failed is the set-up, for you to put right; 1: something else failed.
    """
    from screentime.doctor.place import Place
    from screentime.doctor.running import CHECKS, failure, summary, walk

    terminal = Terminal()

    def tell(finding) -> None:
        terminal.item(finding.state, COLOURS[finding.state], WIDTH, [
            f"{finding.name}: {finding.sentence}", *([f"Mended: {finding.fixed}"] if finding.fixed else []),
            *([f"What to do: {placed(finding.fix, workspace)}"] if finding.fix else []),
        ])

    found = walk(Place(workspace), CHECKS, tell, terminal, mend=fix)
    failed = failure(found)
    rows = [asdict(one) | {"fix": placed(one.fix, workspace)} for one in found]
    return Result(
        # In a terminal all has been said, line after line.
        rows, lambda: None if sys.stdout.isatty() else print_table(
            ["check", "state", "found", "what to do", "mended"],
            [[one["name"], one["state"], one["sentence"], one["fix"], one["fixed"]] for one in rows],
        ),
        rows, notes=[] if failed else [summary(found)], failure=failed,
    )
