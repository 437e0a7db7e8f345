"""Reviewing a film: its appearances on a timeline for a person to correct, and what then counts.

A review outranks the frame labels of its film, since the person has seen the whole film: totals are those
of its appearances, to the frame, and every sampled frame gets the label that the appearances give it. A
frame label that was given after the review and contradicts it counts for its own frame, not for the totals.
Nothing that people labelled in Label Studio is changed; a review that is deleted there is undone here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from screentime.errors import FilmError, NotReady, ScreentimeError
from screentime.ground import Ground
from screentime.records import Film, Frame, Label, Review, timecode
from screentime.refinding import find_again
from screentime.schema import Schema
from screentime.screening import ScreenTime
from screentime.standing import AskedReview
from screentime.workspace import Workspace

REVIEW = "review"
# Times of the film's reader and of its packets are rounded each in its own way.
SLACK = 0.002


@dataclass(frozen=True, slots=True)
class Asked:
    """What was put up for review.

    Attributes
    ----------
    film : Film
    url : str
        Page on which the film plays.
    version : str
        Model version whose appearances it shows.
    appearances : int
        How many there are.
    created : bool
        Whether the film is new in Label Studio.
    submitted : bool
        Whether somebody reviewed it already; the appearances on show are not touched then.
    rate : float
        Frames per second that the page counts.
    """

    film: Film
    url: str
    version: str
    appearances: int
    created: bool
    submitted: bool
    rate: float


def review_film(loop: Ground, named: str) -> Asked:
    """Let a film play in Label Studio with each character's appearances on its timeline.

    Parameters
    ----------
    loop : Ground
    named : str
        The film's path, or the name of a film of the project.

    Returns
    -------
    Asked

    Raises
    ------
    NotReady
        Without a model, or before it has seen the film.
    FilmError
        If the film cannot be read.
    ServerError
        If Label Studio cannot be spoken with.
    """
    from screentime.labelstudio.reviewed import submitted
    from screentime.labelstudio.reviewing import ensure_review, push_film, show_appearances
    from screentime.labelstudio.storing import clear_storages, film_address
    from screentime.video.proxy import make_playable

    workspace, link = loop.workspace, loop.link
    if not workspace.rounds():
        raise NotReady("There is no model yet, so nothing to review.", "Run `screentime sync` first.")
    path = find_film(workspace, named)
    time = _screened(loop, path)
    # A film that was moved is where the person says.
    film = replace(time.film, path=str(path.resolve()))
    playable = make_playable(film, workspace.review_folder, loop.talk)
    grid = playable.grid()
    before = _asked(loop)
    project = ensure_review(link.client, workspace_id=loop.config.project.id, film=film, schema=loop.schema)
    address = film_address(link, project, workspace.review_folder, playable.file, loop.config)
    task, created = push_film(link.client, project, film, address, grid)
    clear_storages(link, project, loop.config, {film.digest})
    done = submitted(link.client, task, film.digest)[1] is not None
    if not done:
        show_appearances(link.client, project, task, time.version, time.appearances, grid)
    url = f"{project.url}/data?task={task}"
    others = [one for one in before if one.film.digest != film.digest]
    shown = next(
        (one.version for one in before if done and one.film.digest == film.digest), time.version
    )
    workspace.write_reviews([*others, AskedReview(film, project.id, task, url, shown)], workspace.reviews())
    return Asked(film, url, shown, len(time.appearances), created, done, grid.rate)


def find_film(workspace: Workspace, named: str) -> Path:
    """The film that a person means: a file, or a project's film by its name.

    Raises
    ------
    FilmError
        If there is neither.
    """
    others = [*workspace.audited(), *workspace.asked_reviews()]
    known = [*workspace.films(), *(one.film for one in others)]
    path = Path(named).expanduser()
    if not path.exists():
        found = [Path(film.path) for film in known if film.name == named]
        if not found:
            names = ", ".join(sorted({film.name for film in known}))
            raise FilmError(f"There is no film {named}.", f"Name a file, or one of: {names}.")
        # One of them may have been moved, and reviewed where it is now.
        path = next((one for one in found if one.exists()), found[0])
    return path


def pull_reviews(loop: Ground) -> list[Review]:
    """Copy the submitted reviews out of Label Studio into ``reviews.json``; says what cannot count.

    Parameters
    ----------
    loop : Ground

    Returns
    -------
    list of Review
    """
    from screentime.labelstudio.reviewed import parse, submitted
    from screentime.video.proxy import find_playable

    workspace = loop.workspace
    asked, before = _asked(loop), {one.digest: one for one in workspace.reviews()}
    if not asked:
        return []
    reviews, left, lost = [], [], []
    for one in asked:
        there, annotation = submitted(loop.link.client, one.task, one.film.digest)
        if not there and _task_of(loop, one.film.digest) == one.task:
            # It is there: something on the way said otherwise, once.
            there, annotation = submitted(loop.link.client, one.task, one.film.digest)
        if not there:
            lost.append(one.film)
            continue
        left.append(one)
        if annotation is None:
            continue
        playable = find_playable(workspace.review_folder, one.film.digest)
        if playable is None:
            loop.talk.say(
                f"Which frames {one.film.name} has is not known in {workspace.review_folder} any more, so its review"
                f" is not read. Run `screentime review {one.film.path}`, then pull again."
            )
            reviews += [before[one.film.digest]] if one.film.digest in before else []
            continue
        review, problems = parse(annotation, one.film, one.task, loop.schema, playable.grid())
        for problem in problems:
            loop.talk.say(f"{problem} Correct it at {one.url} .")
        reviews.append(review)
    if lost:
        kept = f" {workspace.keep_reviews()} keeps it." if any(film.digest in before for film in lost) else ""
        loop.talk.say(f"The review of {', '.join(film.name for film in lost)} is not in Label Studio any more.{kept}")
    workspace.write_reviews(left, reviews)
    return reviews


def merge(
    labels: Sequence[Label], reviews: Sequence[Review], frames: Sequence[Frame], schema: Schema
) -> tuple[list[Label], list[str]]:
    """Frame labels together with those that reviews give.

    Parameters
    ----------
    labels : sequence of Label
        What people said of frames.
    reviews : sequence of Review
    frames : sequence of Frame
        All that the workspace knows.
    schema : Schema

    Returns
    -------
    labels : list of Label
        Those of a review have the origin ``review``, and its annotation. A frame label that says the same
        stays as it is, and so does one that was given after the review, unless it was confirmed together
        with many others: nobody looked at that one alone.
    notes : list of str
        What a person should know, a sentence each.
    """
    said = {label.uid: label for label in labels}
    notes: list[str] = []
    for review in reviews:
        mine = [frame for frame in frames if frame.digest == review.digest]
        given = datetime.fromisoformat(review.updated_at)
        overruled, taken, later, crowded = [], [], [], []
        for frame in mine:
            who = frozenset(
                one.character for one in review.appearances
                if one.start - SLACK <= frame.second < one.end - SLACK
            )
            own = said.get(frame.uid)
            if schema.mode == "exclusive" and len(who) > 1:
                crowded.append(frame)
            elif own is None or own.characters != who and (
                _unseen(own) or datetime.fromisoformat(own.updated_at) <= given
            ):
                if own is not None:
                    (taken if _unseen(own) else overruled).append(frame)
                said[frame.uid] = Label(
                    frame.uid, who, review.task, review.annotation, review.annotator, review.updated_at, REVIEW
                )
            elif own.characters != who:
                later.append(frame)
        notes += _notes(overruled, taken, later, crowded)
    return list(said.values()), notes


def _unseen(label: Label) -> bool:
    """Whether a label was taken from the model together with many others, none of them looked at alone."""
    return label.origin == "prediction" and label.lead_time is None


def _notes(
    overruled: Sequence[Frame], taken: Sequence[Frame], later: Sequence[Frame], crowded: Sequence[Frame]
) -> list[str]:
    def of(frames: Sequence[Frame], one: str, several: str) -> str:
        what, verb = (one if len(frames) == 1 else several).split("/")
        return f"{len(frames)} {what} of {frames[0].film} (the first at {timecode(frames[0].second)}) {verb}"

    notes = []
    if overruled:
        said = of(overruled, "frame label/says", "frame labels/say")
        notes.append(f"{said} otherwise than its review, which is newer and counts.")
    if taken:
        said = of(taken, "frame label/was", "frame labels/were")
        notes.append(
            f"{said} confirmed without being looked at one by one, and otherwise than its review, which counts."
        )
    if later:
        said = of(later, "frame label/contradicts", "frame labels/contradict")
        many = "was given after it: it counts for its frame" if len(later) == 1 else (
            "were given after it: they count for their frames"
        )
        notes.append(f"{said} its review and {many}, the review for the seconds.")
    if crowded:
        said = of(crowded, "frame/shows", "frames/show")
        many = "it keeps its" if len(crowded) == 1 else "they keep their"
        notes.append(
            f"{said} two characters in its review, for which an exclusive project has no label:"
            f" {many} own, and the seconds count both characters."
        )
    return notes


def _asked(loop: Ground) -> list[AskedReview]:
    """What was put up for review, though the file that keeps it be missing."""
    if loop.workspace.reviews_file.is_file():
        return loop.workspace.asked_reviews()
    try:
        labels = loop.workspace.labels_as_pulled()
    except ScreentimeError:  # damaged, which whoever copies the labels tells
        labels = []
    return find_again(loop, {label.uid.split("-")[0] for label in labels if label.origin == REVIEW})


def _task_of(loop: Ground, digest: str) -> int | None:
    """Number of the task of a film's review, as Label Studio lists it now."""
    from screentime.labelstudio.reviewing import find_reviews

    found = find_reviews(loop.link.client, loop.config.project.id)
    return next((one.task for one in found if one.digest == digest), None)


def _screened(loop: Ground, path: Path) -> ScreenTime:
    """What people and the latest model say of a film."""
    from screentime.projects import screen_films
    from screentime.summary import seconds_so_far
    from screentime.video.source import digest

    content = digest(path)
    if any(film.digest == content for film in loop.workspace.films()):
        for time in seconds_so_far(loop.workspace):
            if time.film.digest == content:
                return time
        raise NotReady(f"The latest model has not seen {path.name}.", "Run `screentime sync` first.")
    results, failures = screen_films([path], None, loop.workspace.root, loop.talk)
    if failures:
        raise FilmError(failures[0], "See that a player shows it.")
    return results[0]
