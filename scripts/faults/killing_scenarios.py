"""What is killed, on what, and what has to be the same as if it had not been."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from screentime.labelstudio import server
from scripts.faults.killing_runs import Ended
from scripts.faults.killing_state import differences, doubled, half_written, in_folder, left_over, on_server
from scripts.faults.killing_world import OPTIONS, Project, World, free_port, keep, modelled, project, servers


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
    """

    arguments: list[Any]
    folders: list[Path]
    state: Callable[[Ended], Any]
    project: Project | None = None
    environment: dict[str, str] = field(default_factory=dict)
    reset: Callable[[], None] = lambda: None


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


@contextmanager
def _extract(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        shutil.rmtree(made.folder / "frames")
        yield _staged(made, "extract", lambda _: in_folder(made.folder))


@contextmanager
def _extract_again(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        yield _staged(made, "extract", lambda _: in_folder(made.folder), "--fps", "0.5")


@contextmanager
def _push(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        yield _staged(made, "push")


@contextmanager
def _convert(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        # A cache of its own: the backbone is converted on the way.
        yield _staged(made, "push", cache=world.scratch / f"cache-{name}")


@contextmanager
def _first_sync(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        made.do("push")
        made.label(8)
        yield _staged(made, "sync")


@contextmanager
def _second_sync(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        made.do("push")
        made.label(8)
        made.do("sync")
        made.label(4)
        yield _staged(made, "sync")


@contextmanager
def _pull(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        made.do("push")
        made.label(8)
        yield _staged(made, "pull")


@contextmanager
def _preannotate(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        made.do("push")
        made.label(8)
        made.do("pull")
        made.do("train")
        yield _staged(made, "preannotate")


def _staged(made: Project, command: str, state: Any = None, *flags: str, cache: Path | None = None) -> Stage:
    folders = [made.folder, *([cache] if cache else [])]
    return Stage(
        [command, *flags, "--workspace", made.folder], folders, state or _both(made), made,
        {"SCREENTIME_CACHE": str(cache)} if cache else {}, keep(made.world, folders, made.identity),
    )


@contextmanager
def _predict(world: World, name: str) -> Iterator[Stage]:
    [model] = modelled(world).glob("models/v*")
    folder = world.scratch / f"predict-{name}"
    folder.mkdir()
    table = folder / "out.csv"
    table.write_text("old\n", "utf-8")
    yield Stage(
        ["predict", world.other, "--model", model, "--json", "--csv", table], [folder],
        lambda ended: [json.loads(ended.printed), table.read_text("utf-8")], reset=keep(world, [folder]),
    )
    shutil.rmtree(folder)


@contextmanager
def _report(world: World, name: str) -> Iterator[Stage]:
    folder = world.scratch / f"report-{name}"
    shutil.copytree(modelled(world), folder)
    yield Stage(
        ["report", "--workspace", folder], [folder], lambda _: in_folder(folder), reset=keep(world, [folder])
    )
    shutil.rmtree(folder)


@contextmanager
def _demo(world: World, name: str) -> Iterator[Stage]:
    """The whole job with a server of its own, which the demo starts and a killed one leaves behind."""
    home, folder, port = world.scratch / f"home-{name}", world.scratch / f"demo-{name}", free_port()
    labels = world.scratch / "labels.csv"
    out = folder.with_suffix(".json")

    def reset() -> None:
        if home.exists():
            server.stop(home)
        for old in (home, folder):
            shutil.rmtree(old, ignore_errors=True)
        out.unlink(missing_ok=True)
        world.copy_home(home)

    def state(_: Ended) -> Any:
        result = json.loads(out.read_text("utf-8"))
        found = in_folder(folder)
        return {"result": _timeless(result), "servers": len(servers(home)), **found}

    reset()
    try:
        yield Stage(
            ["demo", "--film", world.film, "--labels", labels, "--budget", "12", "--workspace", folder, "--port",
             str(port), "--json", out, *OPTIONS],
            [folder], state, None, {"SCREENTIME_HOME": str(home)}, reset,
        )
    finally:
        server.stop(home)


SCENARIOS = (
    Scenario("extract", "a film into frames", _extract, share=0.5),
    Scenario("extract-again", "the frames replaced at another rate", _extract_again, share=0.5),
    Scenario("push", "frames into Label Studio", _push, share=3),
    Scenario("convert", "the backbone converted on the way of a push", _convert, swept="cache-convert", share=0.5),
    Scenario("pull", "labels out of Label Studio", _pull, share=0.5),
    Scenario("first-sync", "the first round", _first_sync, share=2),
    Scenario("second-sync", "a round that replaces pre-annotations", _second_sync, share=3),
    Scenario("preannotate", "a model's pre-annotations put up", _preannotate, share=0.5),
    Scenario("predict", "another film by a model, into a CSV file", _predict, share=2),
    Scenario("report", "the page", _report, share=0.5),
    Scenario("demo", "the whole job, with a server that it starts itself", _demo, swept="started program|server.json", share=1),
)


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


def _both(made: Project) -> Callable[[Ended], Any]:
    def state(_: Ended) -> Any:
        found = on_server(made.world.client(), made.identity)
        return {
            "folder": in_folder(made.folder), "tasks": found.tasks, "predictions": found.predictions,
            "shown": found.shown, "tabs": found.tabs, "answers": sorted(found.answers.values()),
        }

    return state


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(inner) for key, inner in value.items() if key not in ("seconds_a_label",)
                and not (key == "seconds" and "labels" in value)}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value
