"""The commands that are killed: each on a project or a folder of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from screentime.labelstudio import server
from scripts.faults.killing_runs import Ended
from scripts.faults.killing_scenarios import Scenario, Stage
from scripts.faults.killing_state import in_folder, on_server, parquet_in, reviews_on_server
from scripts.faults.killing_world import OPTIONS, Project, World, free_port, keep, modelled, project, servers


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


def _staged(made: Project, command: str, state: Any = None, *flags: str | Path, cache: Path | None = None) -> Stage:
    folders = [made.folder, *([cache] if cache else [])]
    return Stage(
        [command, *flags, "--workspace", made.folder], folders, state or _both(made), made,
        {"SCREENTIME_CACHE": str(cache)} if cache else {}, keep(made.world, folders, made.identity),
    )


@contextmanager
def _train(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        made.do("push")
        made.label(8)
        made.do("pull")
        yield _staged(made, "train")


@contextmanager
def _review(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        made.do("push")
        made.label(8)
        made.do("sync")
        yield _staged(made, "review", None, world.film)


@contextmanager
def _audit(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        made.do("push")
        yield _staged(made, "audit", None, world.other, "--frames", "4")


@contextmanager
def _put_back(world: World, name: str) -> Iterator[Stage]:
    with project(world, name) as made:
        made.do("push")
        made.label(8)
        made.do("pull")
        client = world.client()
        for number in on_server(client, made.identity).numbers:
            client.request("DELETE", f"api/projects/{number}/")
        yield _staged(made, "push", None, "--labels", made.folder / "labels.csv")


@contextmanager
def _serve(world: World, name: str) -> Iterator[Stage]:
    """The service runs the round; what a `sync` after it leaves is that of one that nobody went before."""
    with _second_sync(world, name) as stage:
        stage.service = ["serve", stage.folders[0], "--port", str(free_port()), "--poll", "1"]
        yield stage


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
def _into(world: World, name: str) -> Iterator[Stage]:
    """Two films into a collection in which one of them lies under an older name."""
    [model] = modelled(world).glob("models/v*")
    folder, older = world.scratch / f"into-{name}", world.scratch / "older.mp4"
    shutil.copy(world.other, older)
    world.do("predict", older, "--model", model, "--into", folder)
    yield Stage(
        ["predict", world.other, world.film, "--model", model, "--into", folder], [folder],
        lambda _: parquet_in(folder), reset=keep(world, [folder]),
    )
    shutil.rmtree(folder)


@contextmanager
def _export(world: World, name: str) -> Iterator[Stage]:
    folder = world.scratch / f"export-{name}"
    shutil.copytree(modelled(world), folder)
    out = folder / "appearances.csv"
    yield Stage(
        ["export", "--format", "csv", "--out", out, "--workspace", folder], [folder],
        lambda _: out.read_text("utf-8"), reset=keep(world, [folder]),
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
    Scenario("train", "a model, and nothing of it shown", _train, share=0.5),
    Scenario("serve", "the service that runs the rounds", _serve, share=2),
    Scenario("review", "a film's timeline put up for a person", _review, share=0.5),
    Scenario("audit", "frames of another film", _audit, share=0.5),
    Scenario("put-back", "labels put back into a project that was deleted", _put_back, share=0.5),
    Scenario("predict", "another film by a model, into a CSV file", _predict, share=2),
    Scenario("into", "films by a model, into a folder of Parquet", _into, share=0.5),
    Scenario("export", "who appears when, as a file", _export, share=0.5),
    Scenario("report", "the page", _report, share=0.5),
    Scenario("demo", "the whole job, with a server that it starts itself", _demo, swept="started program|server.json", share=1),
)


def _both(made: Project) -> Callable[[Ended], Any]:
    def state(_: Ended) -> Any:
        found = on_server(made.world.client(), made.identity)
        return {
            "folder": in_folder(made.folder), "tasks": found.tasks, "predictions": found.predictions,
            "shown": found.shown, "tabs": found.tabs, "answers": sorted(found.answers.values()),
            "reviews": reviews_on_server(made.world.client(), made.identity),
        }

    return state


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(inner) for key, inner in value.items() if key not in ("seconds_a_label",)
                and not (key == "seconds" and "labels" in value)}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value
