"""The terminal's commands for films: begin a project, extract frames, predict and audit other films."""

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from screentime import options as o
from screentime.cli_common import HERE, at, loop_of, spread_of
from screentime.doctor.finding import counted
from screentime.errors import UserMistake
from screentime.outlet import require_outlet, writing
from screentime.output import Result, results
from screentime.telling import tell_others, tell_seconds, unsure
from screentime.terminal import Terminal, print_table, say_next


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new project.")],
    film: Annotated[list[Path], typer.Option("--film", help="A film, or a folder of films; may be repeated.")],
    characters: Annotated[str, typer.Option("--characters", help="Names of the characters, separated by commas.")],
    mode: o.Mode = None,
    title: o.Title = None,
    fps: o.Fps = None,
    max_height: o.MaxHeight = None,
    quality: o.Quality = None,
    store: o.Store = None,
    base_url: o.BaseUrl = None,
    s3_endpoint: o.S3Endpoint = None,
    s3_bucket: o.S3Bucket = None,
    s3_prefix: o.S3Prefix = None,
    s3_region: o.S3Region = None,
    s3_presign: o.S3Presign = None,
    backbone: o.BackboneName = None,
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
    url: o.Url = None,
    public_url: o.PublicUrl = None,
    document_root: o.DocumentRoot = None,
    port: o.Port = None,
    people: o.People = None,
) -> None:
    """Begin a project: a folder with a screentime.toml."""
    from screentime.projects import begin

    place = begin(
        folder, film, [name.strip() for name in characters.split(",")], mode=mode, title=title, fps=fps,
        max_height=max_height, quality=quality, store=store, base_url=base_url, s3_endpoint=s3_endpoint,
        s3_bucket=s3_bucket, s3_prefix=s3_prefix, s3_region=s3_region, s3_presign=s3_presign,
        backbone=backbone, recipe=recipe, view=view,
        epochs=epochs, seed=seed, target=target, first_batch=first_batch, every=every, batch=batch,
        audit_every=audit_every, stop=stop, half_width=half_width, url=url, public_url=public_url,
        document_root=document_root, port=port, people=people,
    )
    Terminal().say(f"{place.config_file} holds the options; each is explained in it.")
    say_next(f"`screentime extract{at(folder)}`, or `cd {shlex.quote(str(folder))}` and then `screentime extract`.")


@results
def extract(
    workspace: o.Folder = HERE,
    fps: o.Fps = None, max_height: o.MaxHeight = None, quality: o.Quality = None,
    engine: o.Engine = "local", address: o.Address = None, workers: o.Workers = None,
) -> Result:
    """Turn the films into frames: JPEG files and frames.csv."""
    from screentime.projects import extract_films

    loop = loop_of(workspace, fps=fps, max_height=max_height, quality=quality)
    films, _ = extract_films(loop.workspace, loop.config, loop.talk, spread_of(engine, address, workers))
    rows = [{"film": f.name, "frames": f.frames, "seconds": round(f.seconds, 3)} for f in films]
    return Result(
        rows, lambda: print_table(["film", "frames", "seconds"], [[f.name, f.frames, f.seconds] for f in films]), rows,
        next=f"`screentime push{at(workspace)}` (with `screentime server start` before it, unless you use your own).",
    )


@results
def predict(
    films: Annotated[list[Path], typer.Argument(metavar="FILM_OR_FOLDER...", help="Films, or folders of films.")],
    model: Annotated[Path | None, typer.Option("--model", help="Model folder; the workspace's latest when left out.")] = None,
    workspace: o.Folder = HERE,
    csv: Annotated[Path | None, typer.Option("--csv", help="Also write the table to this CSV file.")] = None,
    into: Annotated[Path | None, typer.Option("--into", help="Also put each film, as soon as it is done, into this folder of Parquet files.")] = None,
    engine: o.Engine = "local", address: o.Address = None, workers: o.Workers = None, segment: o.Segment = None,
) -> Result:
    """Screen time of each character in films, by a trained model."""
    from screentime.projects import screen_films
    from screentime.report.exports.collection import Collection
    from screentime.screening import rows_of

    terminal = Terminal()
    spread = spread_of(engine, address, workers, segment)
    with ExitStack() as stack:
        if csv:
            require_outlet(csv, [".csv"], "a CSV file")
            stack.enter_context(writing(csv, "predict"))
        done = {"done": Collection(into).put} if into else {}
        times, failures = screen_films(films, model, workspace, terminal, **done, spread=spread)
        rows = rows_of(times)
        if into and times:
            terminal.say(f"{into} holds the appearances and totals of {counted(len(times), 'film')}.")
        if csv:
            from screentime.report.tables import write_csv

            write_csv(csv, rows)
            terminal.say(f"{csv} holds the table.")
    bare = next((one.film.path for one in times if not one.labels), None)
    return Result(
        rows, lambda: tell_seconds(rows) if rows else None, rows,
        notes=[*unsure(times, at(workspace)), *failures],
        next="" if bare is None else
        f"`screentime audit {shlex.quote(bare)}{at(workspace)}`: about 20 labels make the seconds firm.",
        failure=None if not failures else UserMistake(
            f"{len(failures)} of {counted(len(rows) + len(failures), 'film')} could not be read.", "The rest is above."
        ),
    )


@results
def audit(
    film: Annotated[Path, typer.Argument(metavar="FILM", help="A film that is not one of the project's.")],
    frames: Annotated[int, typer.Option("--frames", min=4, help="Frames to draw from it.")] = 20,
    workspace: o.Folder = HERE, store: o.Store = None, seed: o.Seed = None, url: o.Url = None,
) -> Result:
    """Ask for labels of a few random frames of another film, so that its seconds get an interval."""
    from dataclasses import asdict

    from screentime.otherfilms import audit_film

    loop = loop_of(workspace, store=store, seed=seed, url=url)
    with loop.workspace.locked("audit"):
        asked = audit_film(loop, film, frames)
    return Result(
        {**asdict(asked), "film": asked.film.name},
        lambda: (
            loop.talk.say(
                f"{asked.frames} audit frames of {asked.film.name} are in Label Studio, {asked.created} of them new."
            ),
            tell_others(asked.others, loop.talk.say),
        ),
        next=f"label {asked.waiting} frames at {asked.url} , then `screentime pull{at(workspace)}` and"
        f" `screentime predict {shlex.quote(str(film))}{at(workspace)}`; `screentime sync{at(workspace)}` learns from them too.",
    )
