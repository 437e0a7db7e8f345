"""What the commands do with a project besides the loop: begin it, extract its films, sum it up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from screentime.batches import waiting
from screentime.config import Config, Project, override
from screentime.errors import ConfigError, FilmError, NotReady
from screentime.records import Film, Frame
from screentime.talk import Talk
from screentime.workspace import Workspace, create


def begin(folder: Path, films: Sequence[Path], characters: Sequence[str], **changes: Any) -> Workspace:
    """Make a project's folder.

    Parameters
    ----------
    folder : Path
    films : sequence of Path
        Films, or folders of films.
    characters : sequence of str
    **changes
        Other options by name; None means the default.

    Returns
    -------
    Workspace

    Raises
    ------
    UserMistake
        If a film is missing, an option cannot be used, or the folder holds another project.
    """
    from screentime.video.frames import find_films

    paths = find_films(films)
    inside = folder.resolve()
    named = tuple(
        str(path.relative_to(inside)) if path.is_relative_to(inside) else str(path)
        for path in (path.resolve() for path in paths)
    )
    backbone = changes.get("backbone")
    if backbone and "://" not in backbone and Path(backbone).is_dir():
        # Later commands may be run from another folder.
        changes["backbone"] = str(Path(backbone).resolve())
    elif backbone and "://" not in backbone and backbone != "builtin":
        raise ConfigError(
            f"The backbone {backbone} is no folder.",
            "Name a SavedModel folder, a TF-Hub address, or builtin.",
        )
    title = changes.pop("title", None) or ", ".join(path.stem for path in paths)
    project = Project(
        id=secrets.token_hex(8), title=title[:200], characters=tuple(characters), films=named
    )
    return create(folder, override(Config(project=project), changes))


def extract_films(workspace: Workspace, config: Config, talk: Talk) -> tuple[list[Film], list[Frame]]:
    """Sample all films of a project into JPEG files and ``frames.csv``.

    Parameters
    ----------
    workspace : Workspace
    config : Config
    talk : Talk

    Returns
    -------
    films : list of Film
    frames : list of Frame
        Film after film.

    Raises
    ------
    FilmError
        If a film cannot be read.
    """
    from screentime.video.frames import extract

    films: list[Film] = []
    frames: list[Frame] = []
    with workspace.locked():
        for path in workspace.film_paths():
            with talk.progress(f"Reading {path.name}") as step:
                film, sampled = extract(
                    path, workspace.root, fps=config.frames.fps, quality=config.frames.quality,
                    max_height=config.frames.max_height, warn=talk.say,
                    progress=lambda second, claimed, step=step: step(round(second), round(claimed)),
                )
            if film.digest in {other.digest for other in films}:
                talk.say(f"{film.name} is the same film as one before it and is left out.")
                continue
            films.append(film)
            frames += sampled
        workspace.write_frames(films, frames)
    return films, frames


def summary(workspace: Workspace) -> dict[str, Any]:
    """Where a project stands, from its own folder alone.

    Parameters
    ----------
    workspace : Workspace

    Returns
    -------
    dict
        ``title``, ``frames``, ``labels``, ``skipped``, ``waiting``, ``rounds``, ``screen_time`` (a
        row a film: seconds of each character, labelled frames as people said, the rest as the
        latest model says), ``url`` and ``next``.
    """
    config = workspace.config()
    progress, labels, cards = workspace.progress(), workspace.labels(), workspace.cards()
    frames = workspace.frames() if workspace.frames_table.is_file() else []
    left = waiting(workspace)
    rounds = [{**card["round"], "judged_on": card["split"]} for card in cards]
    return {
        "title": config.project.title, "mode": config.project.mode,
        "frames": len(frames), "labels": len(labels), "skipped": len(progress.skipped), "waiting": left,
        "rounds": rounds, "target": config.loop.target, "screen_time": seconds_so_far(workspace),
        "url": progress.url, "next": _next(frames, progress, rounds, left),
    }


def seconds_so_far(workspace: Workspace) -> list[dict[str, Any]]:
    """Screen time of the project's films: labels where there are some, else the latest model's word.

    Parameters
    ----------
    workspace : Workspace

    Returns
    -------
    list of dict
        A row a film as `screentime.screening.rows_of` makes them; empty before the first model.
    """
    import numpy as np

    from screentime.model.versions import read_predictions
    from screentime.screening import ScreenTime, rows_of
    from screentime.totals import expected_seconds, film_durations

    rounds = workspace.rounds()
    if not rounds:
        return []
    frames, films, schema = workspace.frames(), workspace.films(), workspace.schema()
    version = rounds[-1].version
    try:
        rows = read_predictions(workspace.models_folder / version, frames, schema)
    except NotReady:
        return []  # a film was added since; the next training brings its seconds
    said = {label.uid: label.characters for label in workspace.labels()}
    known = np.array([frame.uid in said for frame in frames])
    if known.any():
        rows[known] = schema.encode([said[f.uid] for f in frames if f.uid in said])
    weights = film_durations(frames, films)
    results = []
    for film in films:
        mine = np.array([frame.digest == film.digest for frame in frames])
        seconds = expected_seconds(rows[mine], weights[mine], schema)
        results.append(ScreenTime(film, seconds, float(weights[mine & known].sum()), version))
    return rows_of(results)


def screen_films(
    paths: Sequence[Path], model: Path | None, folder: Path, talk: Talk
) -> tuple[list[dict[str, Any]], list[str]]:
    """Screen times of films by a model; a film that cannot be read does not stop the others.

    Parameters
    ----------
    paths : sequence of Path
        Films, or folders of films.
    model : Path or None
        Model folder; None takes the latest of the workspace.
    folder : Path
        The workspace, if there is one.
    talk : Talk

    Returns
    -------
    rows : list of dict
        See `screentime.screening.rows_of`.
    failures : list of str
        A sentence for each film that could not be read.

    Raises
    ------
    FilmError
        If nothing is there to read.
    ModelError
        If the model cannot be used.
    NotReady
        If no model is named and the workspace has none.
    """
    from screentime.model.classifier import load
    from screentime.screening import rows_of, screen
    from screentime.video.frames import find_films

    films = find_films(paths)
    labels: dict[str, frozenset[str]] = {}
    if model is None:
        place = Workspace(folder)
        rounds = place.rounds()
        if not rounds:
            raise NotReady("There is no model yet.", "Run `screentime train`, or name one with --model FOLDER.")
        model = place.models_folder / rounds[-1].version
        # A person's word goes before the model's, where the film is one of the project's.
        labels = {label.uid: label.characters for label in place.labels()}
    classifier = load(model)
    results, failures = [], []
    for path in films:
        try:
            results.append(screen(path, classifier, talk, labels))
        except FilmError as error:
            failures.append(f"{error.what} {error.remedy}")
    return rows_of(results), failures


def _next(frames: Sequence[Frame], progress: Any, rounds: Sequence[dict], left: int) -> str:
    if not frames:
        return "`screentime extract`."
    if progress.project is None or any(frame.uid not in progress.tasks for frame in frames):
        return "`screentime push`."
    if rounds and rounds[-1]["target_reached"]:
        return f"the target is reached; `screentime predict FILM` for other films, or more labels at {progress.url}"
    if left:
        return f"label {left} frames at {progress.url} , then `screentime sync`."
    return "`screentime sync`."
