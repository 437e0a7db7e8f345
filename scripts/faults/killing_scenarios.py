"""A command that is killed, and what has to be the same as if it had not been."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.faults.killing_runs import Ended
from scripts.faults.killing_state import differences, doubled, half_written, left_over, on_server
from scripts.faults.killing_world import Project, World


@dataclass
class Stage:
    """One project, or one folder, that a command is killed on.

    Attributes
    ----------
    arguments : list
        The command.
    folders : list of Path
        Where nothing half written may be taken for whole, and nothing may be left over.
    state : callable
        What came of it, to be compared; gets how the last run ended.
    project : Project or None
        Where Label Studio is looked at too.
    environment : dict of str to str
        More of the command's environment.
    reset : callable
        Puts everything back to how it was before the command.
    service : list
        What is killed in place of the command where that is one that goes on for ever and does the same on its way.
    """

    arguments: list[Any]
    folders: list[Path]
    state: Callable[[Ended], Any]
    project: Project | None = None
    environment: dict[str, str] = field(default_factory=dict)
    reset: Callable[[], None] = lambda: None
    service: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A command, and how its stage is set up.

    Attributes
    ----------
    name : str
    about : str
    set_up : callable
        World and a name to a context manager that gives a `Stage`.
    swept : str
        Pattern of the writes at which it is killed: every one, unless it says otherwise.
    share : float
        Its share of the random moments.
    """

    name: str
    about: str
    set_up: Callable[[World, str], Any]
    swept: str = ""
    share: float = 1.0


def problems_after_kill(stage: Stage, before: dict[int, tuple[str, str]]) -> list[str]:
    """What a kill must not have done."""
    problems = [f"half a file: {one}" for folder in stage.folders for one in half_written(folder)]
    return problems + _lost(stage, before)


def problems_after_next(
    stage: Stage, ended: Ended, before: dict[int, tuple[str, str]], wanted: Any
) -> list[str]:
    """What the next run must have mended; ``wanted`` is what an undisturbed one leaves, None where that is unknown."""
    if ended.code:
        return [f"the next run ended with {ended.code}: {ended.said.strip()[-300:]}"]
    problems = [f"half a file: {one}" for folder in stage.folders for one in half_written(folder)]
    served = [stage.project.world.home / "labelstudio" / "files"] if stage.project else []
    problems += [f"left over: {one}" for one in left_over(*stage.folders, *served)]
    problems += _lost(stage, before)
    if "Traceback" in ended.said:
        problems.append("the next run showed a traceback")
    if stage.project is not None:
        found = on_server(stage.project.world.client(), stage.project.identity)
        problems += [f"doubled: {one}" for one in doubled(found)]
    if wanted is not None:
        problems += [f"not the same: {one}" for one in differences(wanted, stage.state(ended))[:5]]
    return problems


def answers(stage: Stage) -> dict[int, tuple[str, str]]:
    """What people said so far."""
    if stage.project is None:
        return {}
    return on_server(stage.project.world.client(), stage.project.identity).answers


def _lost(stage: Stage, before: dict[int, tuple[str, str]]) -> list[str]:
    now = answers(stage)
    return [f"label lost or changed: {one}" for number, one in before.items() if now.get(number) != one]
