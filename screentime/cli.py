"""The terminal: parses, calls, prints; computes nothing."""

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from screentime import options as o
from screentime.cli_server import server_app
from screentime.errors import ScreentimeError, UserMistake
from screentime.telling import goal, tell_seconds, tell_status, unsure
from screentime.terminal import Terminal, print_json, print_table, say_next
from screentime.timeline import SMOOTHING

app = typer.Typer(
    name="screentime",
    help="How many seconds each character of a film is on screen, with as few labels from people as possible.",
    no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None,
)
app.add_typer(server_app, name="server")

HERE = Path(".")


def main() -> None:
    """Run the command line; every failure ends in a sentence, never in a traceback."""
    terminal = Terminal()
    try:
        app()
    except ScreentimeError as error:
        terminal.say(f"{error.what}\n{_placed(error.remedy, _workspace_of(sys.argv))}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        terminal.say("Stopped. What was done is kept; the same command goes on from here.")
        sys.exit(130)
    except Exception as error:
        if os.environ.get("SCREENTIME_DEBUG"):
            raise
        terminal.say(
            f"screentime failed in a way that it should not ({type(error).__name__}: {error}).\n"
            "Labels are safe in Label Studio. Run it again with SCREENTIME_DEBUG=1 to see where, and report it."
        )
        sys.exit(1)


def _loop(workspace: Path, **changes: Any) -> Any:
    """The loop on a workspace, with the flags that were given."""
    from screentime.config import override
    from screentime.rounds import Loop
    from screentime.workspace import Workspace

    place = Workspace(workspace)
    return Loop(place, override(place.config(), changes), Terminal())


def _at(workspace: Path) -> str:
    """The flag that names a workspace again, where it is not the current folder."""
    return "" if workspace == HERE else f" --workspace {shlex.quote(str(workspace))}"


def _placed(sentence: str, workspace: Path) -> str:
    """A sentence whose commands name the workspace, so that they can be run where the person is."""
    return re.sub(r"`screentime (extract|push|pull|train|preannotate|sync|status|audit)`", rf"`screentime \1{_at(workspace)}`", sentence)


def _workspace_of(arguments: list[str]) -> Path:
    for flag, following in zip(arguments, [*arguments[1:], ""]):
        if flag == "--workspace":
            return Path(following)
        if flag.startswith("--workspace="):
            return Path(flag.partition("=")[2])
    return HERE


@app.command()
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
    document_root: o.DocumentRoot = None,
    port: o.Port = None,
) -> None:
    """Begin a project: a folder with a screentime.toml."""
    from screentime.projects import begin

    place = begin(
        folder, film, [name.strip() for name in characters.split(",")], mode=mode, title=title, fps=fps,
        max_height=max_height, quality=quality, store=store, backbone=backbone, recipe=recipe, view=view,
        epochs=epochs, seed=seed, target=target, first_batch=first_batch, every=every, batch=batch,
        audit_every=audit_every, stop=stop, half_width=half_width, url=url, document_root=document_root, port=port,
    )
    Terminal().say(f"{place.config_file} holds the options; each is explained in it.")
    say_next(f"`screentime extract{_at(folder)}`, or `cd {shlex.quote(str(folder))}` and then `screentime extract`.")


@app.command()
def extract(
    workspace: o.Folder = HERE, json: o.Json = False,
    fps: o.Fps = None, max_height: o.MaxHeight = None, quality: o.Quality = None,
) -> None:
    """Turn the films into frames: JPEG files and frames.csv."""
    from screentime.projects import extract_films

    loop = _loop(workspace, fps=fps, max_height=max_height, quality=quality)
    films, frames = extract_films(loop.workspace, loop.config, loop.talk)
    if json:
        print_json([{"film": f.name, "frames": f.frames, "seconds": round(f.seconds, 3)} for f in films])
    else:
        print_table(["film", "frames", "seconds"], [[f.name, f.frames, f.seconds] for f in films])
    say_next(f"`screentime push{_at(workspace)}` (with `screentime server start` before it, unless you use your own).")


@app.command()
def push(
    workspace: o.Folder = HERE, json: o.Json = False,
    store: o.Store = None, backbone: o.BackboneName = None, view: o.ViewName = None, seed: o.Seed = None,
    first_batch: o.FirstBatch = None, audit_every: o.AuditEvery = None, url: o.Url = None,
    document_root: o.DocumentRoot = None,
) -> None:
    """Put the frames into Label Studio and choose which ones to label first."""
    loop = _loop(
        workspace, store=store, backbone=backbone, view=view, seed=seed, first_batch=first_batch,
        audit_every=audit_every, url=url, document_root=document_root,
    )
    with loop.workspace.locked():
        created, found = loop.push()
    progress = loop.workspace.progress()
    if json:
        print_json({"created": created, "found": found, "asked": len(progress.batch), "url": progress.url})
    else:
        loop.talk.say(f"{created} frames are new in Label Studio, {found} were there.")
    say_next(f"label {len(progress.batch)} frames at {progress.url} , then `screentime sync{_at(workspace)}`"
          " (or `sync --watch` while you label).")


@app.command()
def pull(workspace: o.Folder = HERE, json: o.Json = False, url: o.Url = None) -> None:
    """Copy the labels out of Label Studio into labels.csv."""
    from screentime.batches import waiting

    loop = _loop(workspace, url=url)
    with loop.workspace.locked():
        labels = loop.pull()
    skipped = loop.workspace.progress().skipped
    if json:
        print_json({"labels": len(labels), "skipped": len(skipped), "waiting": waiting(loop.workspace)})
    else:
        loop.talk.say(f"{len(labels)} labels and {len(skipped)} skipped frames; {waiting(loop.workspace)} still wait.")
    say_next(f"`screentime train{_at(workspace)}`.")


@app.command()
def train(
    workspace: o.Folder = HERE, json: o.Json = False,
    backbone: o.BackboneName = None, recipe: o.RecipeName = None, view: o.ViewName = None,
    epochs: o.Epochs = None, seed: o.Seed = None, target: o.Target = None, stop: o.StopName = None,
    half_width: o.HalfWidth = None,
) -> None:
    """Train a model version on the pulled labels."""
    loop = _loop(
        workspace, backbone=backbone, recipe=recipe, view=view, epochs=epochs, seed=seed, target=target,
        stop=stop, half_width=half_width,
    )
    with loop.workspace.locked():
        round_, is_new = loop.train()
    _tell_round(loop, round_, is_new, json)
    say_next(f"`screentime preannotate{_at(workspace)}`.")


@app.command()
def preannotate(
    workspace: o.Folder = HERE, json: o.Json = False,
    backbone: o.BackboneName = None, view: o.ViewName = None, seed: o.Seed = None,
    first_batch: o.FirstBatch = None, batch: o.Batch = None, audit_every: o.AuditEvery = None, url: o.Url = None,
) -> None:
    """Show the latest model's predictions in Label Studio and choose what to label next."""
    loop = _loop(
        workspace, backbone=backbone, view=view, seed=seed, first_batch=first_batch, batch=batch,
        audit_every=audit_every, url=url,
    )
    with loop.workspace.locked():
        written = loop.preannotate()
    progress = loop.workspace.progress()
    if json:
        print_json({"preannotated": written, "version": progress.shown, "url": progress.url})
    else:
        loop.talk.say(f"{written} frames show what {progress.shown} predicts.")
    say_next(f"confirm or correct {len(progress.batch)} frames at {progress.url} , then `screentime sync{_at(workspace)}`.")


@app.command()
def sync(
    workspace: o.Folder = HERE, json: o.Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on whenever enough new labels came, until the target.")] = False,
    backbone: o.BackboneName = None, recipe: o.RecipeName = None, view: o.ViewName = None,
    epochs: o.Epochs = None, seed: o.Seed = None, target: o.Target = None, first_batch: o.FirstBatch = None,
    every: o.Every = None, batch: o.Batch = None, audit_every: o.AuditEvery = None,
    stop: o.StopName = None, half_width: o.HalfWidth = None, url: o.Url = None,
) -> None:
    """One round: pull, train, preannotate. With --watch, round after round until the target."""
    from screentime.batches import waiting

    loop = _loop(
        workspace, backbone=backbone, recipe=recipe, view=view, epochs=epochs, seed=seed, target=target,
        first_batch=first_batch, every=every, batch=batch, audit_every=audit_every, stop=stop,
        half_width=half_width, url=url,
    )
    with loop.workspace.locked():
        synced = loop.watch() if watch else loop.sync()
    _tell_round(loop, synced.round, synced.new, json)
    progress = loop.workspace.progress()
    if synced.round.target_reached:
        say_next(f"`screentime status{_at(workspace)}` for the seconds so far, or `screentime predict FILM{_at(workspace)}`"
              f" for another film. More labels make both better: {progress.url}")
    else:
        say_next(f"label the next {waiting(loop.workspace)} frames at {progress.url} , then"
              f" `screentime sync{_at(workspace)}`.")


@app.command()
def status(workspace: o.Folder = HERE, json: o.Json = False) -> None:
    """Where the project stands: labels, rounds, seconds so far. Asks no server."""
    from screentime.summary import summary

    loop = _loop(workspace)
    found = summary(loop.workspace)
    if json:
        print_json(found)
        return
    tell_status(found)
    say_next(_placed(found["next"], workspace))


@app.command()
def predict(
    films: Annotated[list[Path], typer.Argument(metavar="FILM_OR_FOLDER...", help="Films, or folders of films.")],
    model: Annotated[Path | None, typer.Option("--model", help="Model folder; the workspace's latest when left out.")] = None,
    workspace: o.Folder = HERE,
    csv: Annotated[Path | None, typer.Option("--csv", help="Also write the table to this CSV file.")] = None,
    json: o.Json = False,
) -> None:
    """Screen time of each character in films, by a trained model."""
    from screentime.projects import screen_films
    from screentime.screening import rows_of

    terminal = Terminal()
    if csv and not csv.resolve().parent.is_dir():
        raise UserMistake(f"{csv} cannot be written: its folder is missing.", "Make that folder first.")
    results, failures = screen_films(films, model, workspace, terminal)
    rows = rows_of(results)
    if csv:
        from screentime.report.tables import write_csv

        write_csv(csv, rows)
        terminal.say(f"{csv} holds the table.")
    if json:
        print_json(rows)
    elif results:
        tell_seconds(rows)
    for sentence in [*unsure(results, _at(workspace)), *failures]:
        terminal.say(sentence)
    if failures:
        raise UserMistake(f"{len(failures)} of {len(rows) + len(failures)} films could not be read.",
                          "The rest is above.")
    bare = next((one.film.path for one in results if not one.labels), None)
    if bare is not None:
        say_next(f"`screentime audit {shlex.quote(bare)}{_at(workspace)}`: about 20 labels make the seconds firm.")


@app.command()
def audit(
    film: Annotated[Path, typer.Argument(metavar="FILM", help="A film that is not one of the project's.")],
    frames: Annotated[int, typer.Option("--frames", min=4, help="Frames to draw from it.")] = 20,
    workspace: o.Folder = HERE, json: o.Json = False, store: o.Store = None, seed: o.Seed = None, url: o.Url = None,
) -> None:
    """Ask for labels of a few random frames of another film, so that its seconds get an interval."""
    from dataclasses import asdict

    from screentime.otherfilms import audit_film

    loop = _loop(workspace, store=store, seed=seed, url=url)
    with loop.workspace.locked():
        asked = audit_film(loop, film, frames)
    if json:
        print_json({**asdict(asked), "film": asked.film.name})
    else:
        loop.talk.say(f"{asked.frames} audit frames of {asked.film.name} are in Label Studio, {asked.created} of them new.")
    say_next(f"label {asked.waiting} frames at {asked.url} , then `screentime pull{_at(workspace)}` and"
             f" `screentime predict {shlex.quote(str(film))}{_at(workspace)}`; `screentime sync{_at(workspace)}` learns from them too.")


@app.command()
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
) -> None:
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
    tell_simulation(replay_films(
        film, labels, drawn, runs, [name.strip() for name in strategies.split(",")], budget, config, smoothing,
        json, plot, Terminal(),
    ))


@app.command()
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
) -> None:
    """The whole job unattended: a scripted annotator labels through the API as a person would."""
    from screentime.demo.run import run_demo

    terminal = Terminal()
    result, place = run_demo(
        film, labels, json, workspace, budget, terminal, backbone=backbone, mode=mode, recipe=recipe,
        view=view, epochs=epochs, seed=seed, target=target, first_batch=first_batch, every=every, batch=batch,
        audit_every=audit_every, stop=stop, half_width=half_width, port=port,
    )
    rows = [["this film", name, one["seconds"], f"{one['low']:.1f}-{one['high']:.1f}", one["true_seconds"]]
            for name, one in result["screen_time"].items()]
    rows += [["unseen film", name, one["seconds"], "not audited", one["true_seconds"]]
             for name, one in result.get("other_film", {}).items()]
    print_table(["film", "character", "seconds", "95 % interval", "true seconds"], rows)
    terminal.say(
        f"{result['labels']} labels in {len(result['rounds'])} rounds ({result['confirmed']} pre-annotations"
        f" confirmed, {result['corrected']} corrected), target {'reached' if result['target_reached'] else 'not reached'};"
        f" right on the unlabelled frames: {_accuracy(result['accuracy_unlabelled'])}; {result['seconds']:.0f} s."
    )
    page = place.progress().url
    terminal.say(f"Open {page}")
    if not os.environ.get("LABEL_STUDIO_URL"):
        from screentime.labelstudio import server

        account = server.credentials(server.home())
        terminal.say(f"Log in as {account.username} ; the password is in"
                     f" {server.home() / 'labelstudio' / 'credentials.json'}")
    say_next(f"`screentime status --workspace {os.path.relpath(place.root)}`; `screentime server stop` when you are done.")


def _tell_round(loop: Any, round_: Any, is_new: bool, json: bool) -> None:
    if json:
        from dataclasses import asdict

        print_json({**asdict(round_), "new": is_new})
        return
    if not is_new:
        loop.talk.say(f"Nothing is new: {round_.version} learned from just these {round_.labels} labels.")
    loop.talk.say(
        f"{round_.version}: {round_.labels} labels, validation accuracy {round_.validation_accuracy:.2f}"
        f", {goal(loop.config.loop)}"
        f" {'reached' if round_.target_reached else 'not reached'},"
        f" after {round_.epochs} epochs, {round_.seconds:.0f} s."
    )


def _accuracy(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {share:.3f}" for name, share in value.items())
    return "all frames have a label" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
