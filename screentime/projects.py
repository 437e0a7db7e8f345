"""What the commands do with a project besides the loop: begin it, extract its films, screen others."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.config import Config, Project, override
from screentime.errors import ConfigError, FilmError, NotReady, ScreentimeError
from screentime.records import Film, Frame
from screentime.talk import Talk
from screentime.workspace import Workspace, create

if TYPE_CHECKING:
    from screentime.cluster.connecting import Spread
    from screentime.screening import ScreenTime


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
        If a film is missing or is none, an option cannot be used, or the folder holds another project.
    """
    from screentime.video.frames import find_films
    from screentime.video.reader import require_film

    paths = find_films(films)
    for path in paths:
        require_film(path)
    inside = folder.resolve()
    named = tuple(
        str(path.relative_to(inside)) if path.is_relative_to(inside) else str(path)
        for path in (path.resolve() for path in paths)
    )
    backbone = changes.get("backbone")
    try:
        here = bool(backbone) and "://" not in backbone and Path(backbone).is_dir()
    except OSError:  # a name that no folder can have
        here = False
    if here:
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


def extract_films(
    workspace: Workspace, config: Config, talk: Talk, spread: Spread | None = None
) -> tuple[list[Film], list[Frame]]:
    """Sample all films of a project into JPEG files and ``frames.csv``.

    Parameters
    ----------
    workspace : Workspace
    config : Config
    talk : Talk
    spread : Spread, optional
        How the films are spread over a Ray cluster, which embeds their frames too.

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

    if spread is not None:
        from screentime.cluster.extracting import extract_films as extract_spread

        return extract_spread(workspace, config, spread, talk)
    films: list[Film] = []
    frames: list[Frame] = []
    with workspace.locked("extract"):
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


def screen_films(
    paths: Sequence[Path], model: Path | None, folder: Path, talk: Talk,
    done: Callable[[ScreenTime], None] = lambda time: None, spread: Spread | None = None,
) -> tuple[list[ScreenTime], list[str]]:
    """Screen times of films by a model; a film that cannot be read does not stop the others.

    Parameters
    ----------
    paths : sequence of Path
        Films, or folders of films.
    model : Path or None
        Model folder; None takes the latest of the workspace, which says of its own films what it says
        in `screentime status`.
    folder : Path
        The workspace, if there is one.
    talk : Talk
    done : callable, optional
        Told each film's screen time as soon as it is known.
    spread : Spread, optional
        How the films are spread over a Ray cluster; without it this process looks at one after the other.

    Returns
    -------
    results : list of ScreenTime
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
    from screentime.screening import Basis, screen
    from screentime.summary import basis_of, seconds_so_far
    from screentime.video.frames import find_films
    from screentime.video.source import digest, shown_name

    films = find_films(paths)
    basis, own = Basis(), {}
    if model is None:
        place = Workspace(folder)
        rounds = place.rounds()
        if not rounds:
            raise NotReady("There is no model yet.", "Run `screentime train`, or name one with --model FOLDER.")
        model = place.models_folder / rounds[-1].version
        # A person's word goes before the model's, where frames of the film have labels.
        basis = basis_of(place)
        # What it has told of its own films is not told otherwise here.
        own = {time.film.digest: time for time in seconds_so_far(place)}
    if spread is not None:
        from screentime.cluster.predicting import predict_films

        return predict_films(films, model, basis, own, spread, talk, done)
    with talk.progress("Loading the model"):
        classifier = load(model)
    results, failures = [], []
    for path in films:
        try:
            known = own.get(digest(path)) if own else None
            time = screen(path, classifier, talk, basis) if known is None else _named(known, path)
        except FilmError as error:
            failures.append(f"{error.what} {error.remedy}")
        except ScreentimeError:
            raise
        except Exception as error:  # whatever libraries make of one film's bytes: the others are still told
            failures.append(
                f"{shown_name(path)} could not be looked at: screentime failed in a way that it should not"
                f" ({type(error).__name__}: {error}). Report it."
            )
        else:
            results.append(time)
            done(time)
    return results, failures


def _named(time: ScreenTime, path: Path) -> ScreenTime:
    """Screen time of a film that lies, or is called, elsewhere too."""
    return replace(time, film=replace(time.film, name=path.name, path=str(path.absolute())))
