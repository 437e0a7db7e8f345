"""What the commands share: the loop on a workspace, and sentences that name the workspace."""

import math
import re
import shlex
from pathlib import Path
from typing import Any

from screentime.terminal import Terminal

HERE = Path(".")


def loop_of(workspace: Path, **changes: Any) -> Any:
    """The loop on a workspace, with the flags that were given."""
    from screentime.config import override
    from screentime.rounds import Loop
    from screentime.workspace import Workspace

    place = Workspace(workspace)
    return Loop(place, override(place.config(), changes), Terminal())


def spread_of(engine: str, address: str | None, workers: int | None, segment: float | None = None) -> Any:
    """How films are spread over a cluster; None where one process does it all."""
    from screentime.cluster.connecting import Spread
    from screentime.errors import UserMistake

    said = {"address": address, "workers": workers, "segment": segment}
    given = {name: value for name, value in said.items() if value is not None}
    if engine == "ray":
        if segment is not None and math.isnan(segment):
            raise UserMistake("--segment nan is no time.", "Give seconds; inf for films that are never parted.")
        return Spread(**given)
    if given:
        raise UserMistake(f"--{next(iter(given))} is for --engine ray.", "Add --engine ray, or leave it out.")
    return None


def at(workspace: Path) -> str:
    """The flag that names a workspace again, where it is not the current folder."""
    return "" if workspace == HERE else f" --workspace {shlex.quote(str(workspace))}"


def placed(sentence: str, workspace: Path) -> str:
    """A sentence whose commands name the workspace, so that they can be run where the person is."""
    return re.sub(
        r"`(screentime (?:extract|push|pull|train|preannotate|sync|status|predict|audit|review|report|export|doctor)(?: [^`]*)?)`",
        lambda found: f"`{found[1]}`" if "--workspace" in found[1] else f"`{found[1]}{at(workspace)}`", sentence,
    )


def workspace_of(arguments: list[str]) -> Path:
    """The workspace that a command line names."""
    for flag, following in zip(arguments, [*arguments[1:], ""]):
        if flag == "--workspace":
            return Path(following)
        if flag.startswith("--workspace="):
            return Path(flag.partition("=")[2])
    return HERE
