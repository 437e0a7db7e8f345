"""Auditing a film that is not one of the project's: a few of its frames, drawn at random, to label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from screentime.auditing import draw
from screentime.batches import draw_seed, mark
from screentime.config import MOST_ASKED
from screentime.errors import UserMistake
from screentime.pages import mark_audits, push_tasks
from screentime.records import Film
from screentime.rounds import Loop
from screentime.standing import Audited
from screentime.validation import FEWEST_AUDITED


@dataclass(frozen=True, slots=True)
class Audit:
    """What is asked of people about another film.

    Attributes
    ----------
    film : Film
    frames : int
        Audit frames drawn from it in all.
    created : int
        How many of them are new in Label Studio.
    waiting : int
        How many have no label in the pulled copy yet.
    url : str
        Page that hands them out.
    others : tuple of str
        Pages of the other people, where several label at the same time: no frame is on two of them.
    """

    film: Film
    frames: int
    created: int
    waiting: int
    url: str
    others: tuple[str, ...] = ()


def audit_film(loop: Loop, path: Path, how_many: int) -> Audit:
    """Draw frames of another film and put them into Label Studio, without pre-annotations.

    One frame is drawn in each of so many blocks of time. Asking again finds the same frames; asking
    for more draws the missing ones from the rest.

    Parameters
    ----------
    loop : Loop
        Of a project that was pushed.
    path : Path
        The film.
    how_many : int
        Audit frames in all.

    Returns
    -------
    Audit

    Raises
    ------
    UserMistake
        If the film is one of the project's, or has too few frames.
    FilmError
        If it cannot be read.
    NotReady
        If the project was not pushed.
    ServerError
        If Label Studio cannot be spoken with.
    """
    import numpy as np

    from screentime.labelstudio.queue import queue_frames
    from screentime.video.frames import extract
    from screentime.video.source import shown_name

    workspace, options = loop.workspace, loop.config.frames
    project = loop.project()
    with loop.talk.progress(f"Reading {shown_name(path)}") as step:
        film, frames = extract(
            path, workspace.root, fps=options.fps, quality=options.quality, max_height=options.max_height,
            warn=loop.talk.say, progress=lambda second, claimed: step(round(second), round(claimed)),
        )
    if film.digest in {own.digest for own in workspace.films()}:
        raise UserMistake(
            f"{film.name} is one of the project's films: audit frames of it are in every batch.",
            "Label what `screentime status` names next, then `screentime sync`.",
        )
    if len(frames) < FEWEST_AUDITED:
        raise UserMistake(
            f"{film.name} has {len(frames)} frames: too few to judge by some of them.",
            "Make a project of it with `screentime new` and label them all.",
        )
    if how_many > len(frames):
        raise UserMistake(
            f"{film.name} has {len(frames)} frames, so {how_many} cannot be drawn.", f"Use --frames {len(frames)} or less."
        )
    if how_many > MOST_ASKED:
        raise UserMistake(f"{how_many} frames are more than one page hands out.", f"Use --frames {MOST_ASKED} or less.")
    known = {one.film.digest: one for one in workspace.audited()}
    marks = known[film.digest].marks if film.digest in known else {}
    free = np.array([i for i, frame in enumerate(frames) if frame.uid not in marks], dtype=int)
    # Another seed for each film, the same one whenever it is asked for again.
    seed = draw_seed(loop.config.model.seed, len(marks)) + int(film.digest[:8], 16)
    draws = draw(free, how_many - len(marks), np.random.default_rng(seed))
    marks = marks | {frames[one.frame].uid: mark(one, frames, seed) for one in draws}
    # First on disk, in one write: killed from here on, the same command finds the same frames.
    known[film.digest] = Audited(film, [frame for frame in frames if frame.uid in marks], marks)
    workspace.write_audited(list(known.values()))
    workspace.update_progress(audits=workspace.progress().audits | marks)
    order = [frame.uid for frame in frames if frame.uid in marks]
    pushed = push_tasks(loop, project, frames, order)
    mark_audits(loop, project)
    queue = queue_frames(
        loop.link.client, project, {uid: pushed.ids[uid] for uid in order},
        title=_title(film, [one.film for one in known.values()]), people=loop.config.labelstudio.people,
    )
    said = {label.uid for label in workspace.labels()}
    return Audit(film, len(order), pushed.created, sum(uid not in said for uid in order), queue.url, queue.others)


def _title(film: Film, audited: Sequence[Film]) -> str:
    """Name of a film's tab: of films of one name, all but the one that was audited first say which they are."""
    first = next(one for one in audited if one.name == film.name)
    # In brackets, since digits alone at its end would be another person's number.
    return f"Audit: {film.name}" if first.digest == film.digest else f"Audit: {film.name} ({film.digest[:8]})"
