"""The terminal's commands that need nobody: a simulation, and the whole job with a scripted annotator."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from screentime import options as o
from screentime.output import Result, results
from screentime.terminal import Terminal, print_table
from screentime.timeline import SMOOTHING


@results
def simulate(
    film: Annotated[Path | None, typer.Option("--film", help="A film whose labels are known.")] = None,
    labels: Annotated[Path | None, typer.Option("--labels", help="CSV of its labels: second,label or second,NAME,NAME with 0/1.")] = None,
    drawn: Annotated[int, typer.Option("--drawn", min=0, help="Instead of a film: so many different drawn ones.")] = 0,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each strategy.")] = 20,
    strategies: Annotated[str, typer.Option("--strategies", help="Ways to choose frames, separated by commas.")] = "loop,cover,centres,doubt,chance,blocks",
    budget: Annotated[int, typer.Option("--budget", min=20, help="Most labels that are given.")] = 60,
    smoothing: Annotated[float, typer.Option("--smoothing", min=0, help="How much the neighbours of a frame in its shot count; the product's own value when left out.")] = SMOOTHING,
    json: Annotated[Path | None, typer.Option("--json", help="Write the result to this file as one JSON object.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw the result into this file.")] = None,
    backbone: o.BackboneName = None, view: o.ViewName = None, recipe: o.RecipeName = None, target: o.Target = None,
    first_batch: o.FirstBatch = None, every: o.Every = None, batch: o.Batch = None, audit_every: o.AuditEvery = None,
) -> Result:
    """Replay labelled films without a server: how many labels, how far off, how often the interval holds."""
    from screentime.config import Config, Project, override
    from screentime.simulation.run import simulate as replay_films
    from screentime.telling import tell_simulation

    if drawn and backbone is None:
        backbone = "builtin"
    config = override(
        Config(project=Project(id="simulation", title="simulation", characters=("one",), films=("none",))),
        {"backbone": backbone, "view": view, "recipe": recipe, "target": target, "first_batch": first_batch, "every": every,
         "batch": batch, "audit_every": audit_every},
    )
    found = replay_films(
        film, labels, drawn, runs, [name.strip() for name in strategies.split(",")], budget, config, smoothing,
        json, plot, Terminal(),
    )
    rows = [
        {"strategy": name, "labels": count, "accuracy": mean, "sd": sd, "labels_to_target": one["labels_to_target"]}
        for name, one in found["strategies"].items()
        for count, mean, sd in zip(one["labels"], one["accuracy"], one["sd"])
    ]
    return Result(found, lambda: tell_simulation(found), rows)


@results
def demo(
    film: Annotated[Path | None, typer.Option("--film", help="A film of yours; without it a cartoon is drawn.")] = None,
    labels: Annotated[Path | None, typer.Option("--labels", help="CSV of its labels: second,label or second,NAME,NAME with 0/1.")] = None,
    backbone: o.BackboneName = None,
    mode: o.Mode = None,
    budget: Annotated[int | None, typer.Option("--budget", min=8, help="Give exactly so many labels, target or not.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the result to this file as one JSON object.")] = None,
    workspace: Annotated[Path | None, typer.Option("--workspace", help="Folder of the demo's project.")] = None,
    recipe: o.RecipeName = None,
    view: o.ViewName = None,
    epochs: o.Epochs = None,
    seed: o.Seed = None,
    target: o.Target = None,
    first_batch: o.FirstBatch = None,
    every: o.Every = None,
    batch: o.Batch = None,
    audit_every: o.AuditEvery = None,
    stop: o.StopName = None,
    half_width: o.HalfWidth = None,
    port: o.Port = None,
) -> Result:
    """The whole job unattended: a scripted annotator labels through the API as a person would."""
    from screentime.demo.run import run_demo

    terminal = Terminal()
    result, place = run_demo(
        film, labels, json, workspace, budget, terminal, backbone=backbone, mode=mode, recipe=recipe,
        view=view, epochs=epochs, seed=seed, target=target, first_batch=first_batch, every=every, batch=batch,
        audit_every=audit_every, stop=stop, half_width=half_width, port=port,
    )
    rows = [
        {"film": "this film", "character": name, "seconds": one["seconds"], "low": one["low"], "high": one["high"],
         "true_seconds": one["true_seconds"]}
        for name, one in result["screen_time"].items()
    ]
    rows += [
        {"film": "unseen film", "character": name, "seconds": one["seconds"], "low": None, "high": None,
         "true_seconds": one["true_seconds"]}
        for name, one in result.get("other_film", {}).items()
    ]
    notes = [
        f"{result['labels']} labels in {len(result['rounds'])} rounds ({result['confirmed']} pre-annotations"
        f" confirmed, {result['corrected']} corrected), target {'reached' if result['target_reached'] else 'not reached'};"
        f" right on the unlabelled frames: {_accuracy(result['accuracy_unlabelled'])}; {result['seconds']:.0f} s.",
        f"Open {place.progress().url}",
    ]
    if not os.environ.get("LABEL_STUDIO_URL"):
        from screentime.labelstudio import server

        account = server.credentials(server.home())
        notes.append(f"Log in as {account.username} ; the password is in"
                     f" {server.home() / 'labelstudio' / 'credentials.json'}")
    return Result(
        result, lambda: _tell_demo(rows), rows, notes=notes, piped=False,
        next=f"`screentime status --workspace {os.path.relpath(place.root)}`; `screentime server stop` when you are done.",
    )


def _tell_demo(rows: Sequence[dict[str, Any]]) -> None:
    print_table(
        ["film", "character", "seconds", "95 % interval", "true seconds"],
        [
            [one["film"], one["character"], one["seconds"],
             "not audited" if one["low"] is None else f"{one['low']:.1f}-{one['high']:.1f}", one["true_seconds"]]
            for one in rows
        ],
    )


def _accuracy(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {share:.3f}" for name, share in value.items())
    return "all frames have a label" if value is None else f"{value:.3f}"
