"""All that a report shows, gathered from a project's own folder."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from screentime import __version__
from screentime.effort import Effort, effort
from screentime.errors import NotReady
from screentime.making import command_line, data_page, provenance
from screentime.mistakes import Confusion, Mistake, confusion, worst
from screentime.records import Appearance, Film, Frame, Label
from screentime.relations import Relations, relations
from screentime.schema import BOTH
from screentime.screening import ScreenTime
from screentime.strips import Strip, middle, strips
from screentime.summary import seconds_so_far, summary
from screentime.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Total:
    """Seconds of one character, of both or of neither, in one film.

    Attributes
    ----------
    name : str
    seconds : float
    low, high : float or None
        95 % interval; None where the film is not audited.
    sampling : float
        See `screentime.totals.Estimate`.
    share, share_low, share_high : float or None
        The same as shares of the film's length; None where that is not known.
    """

    name: str
    seconds: float
    low: float | None
    high: float | None
    sampling: float
    share: float | None
    share_low: float | None
    share_high: float | None


@dataclass(frozen=True, slots=True)
class Sight:
    """A frame to show: where it lies, its picture's file and its page in Label Studio.

    Attributes
    ----------
    uid, file, film : str
    second : float
    link : str
        Empty where it has no task.
    """

    uid: str
    file: str
    film: str
    second: float
    link: str


@dataclass(frozen=True, slots=True)
class FilmFindings:
    """One film of the project.

    Attributes
    ----------
    film : Film
    time : ScreenTime or None
        None before the first model.
    totals : tuple of Total
    appearances : tuple of (Appearance, Sight)
        Each with the frame in its middle.
    strips : tuple of Strip
    sights : tuple of Sight
        One a frame, by the frame's number.
    learning, audits : tuple of float
        Seconds of the labelled frames that were chosen, and of those that were drawn at random.
    relations : Relations or None
    review : str
        Page in Label Studio on which the film plays with its timeline; empty where it was not put up.
    """

    film: Film
    time: ScreenTime | None
    totals: tuple[Total, ...]
    appearances: tuple[tuple[Appearance, Sight], ...]
    strips: tuple[Strip, ...]
    sights: tuple[Sight, ...]
    learning: tuple[float, ...]
    audits: tuple[float, ...]
    relations: Relations | None
    review: str

    @property
    def both(self) -> Total | None:
        """Seconds of two characters or more; None where they are not told: see `screentime.totals.event_names`."""
        return next((total for total in self.totals if total.name == BOTH), None)

    def at(self, second: float) -> Sight:
        """The frame that stands for a time of the film."""
        return self.sights[max(bisect_right([sight.second for sight in self.sights], second) - 1, 0)]


@dataclass(frozen=True, slots=True)
class OtherFilm:
    """A film that is audited beside the project's.

    Attributes
    ----------
    film : Film
    drawn, labelled : int
        Audit frames, and how many of them have a label.
    """

    film: Film
    drawn: int
    labelled: int


@dataclass(frozen=True, slots=True)
class Findings:
    """A project as its report shows it.

    Attributes
    ----------
    stands : dict
        See `screentime.summary.summary`.
    characters : tuple of str
    films : tuple of FilmFindings
    others : tuple of OtherFilm
    relations : Relations or None
        Over all films, where there are several with appearances.
    rounds : tuple of dict
        See `screentime.summary.summary`.
    history : mapping of str to list of float
        Keras's record of the latest version; empty where there is none.
    confusion : Confusion or None
    mistakes : tuple of (Mistake, Sight)
    effort : Effort
    missing : tuple of str
        What the page cannot show yet, and why: sentences.
    provenance : tuple of (str, str)
    made : datetime
        When the report was made.
    command : str
        The command that made it.
    """

    stands: dict[str, Any]
    characters: tuple[str, ...]
    films: tuple[FilmFindings, ...]
    others: tuple[OtherFilm, ...]
    relations: Relations | None
    rounds: tuple[dict[str, Any], ...]
    history: Mapping[str, Sequence[float]]
    confusion: Confusion | None
    mistakes: tuple[tuple[Mistake, Sight], ...]
    effort: Effort
    missing: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    made: datetime
    command: str


def gather(workspace: Workspace, made: datetime, arguments: Sequence[str]) -> Findings:
    """Read a project's folder for its report; asks no server.

    Parameters
    ----------
    workspace : Workspace
    made : datetime
        Now.
    arguments : sequence of str
        The command line, with the program first.

    Returns
    -------
    Findings
    """
    config, progress, labels, cards = workspace.config(), workspace.progress(), workspace.labels(), workspace.cards()
    stands, schema = summary(workspace), workspace.schema()
    times = {time.film.digest: time for time in seconds_so_far(workspace)}
    everything = workspace.all_frames() if workspace.frames_table.is_file() else []
    page = data_page(progress.url, progress.project)
    sights = {frame.uid: _sight(frame, page, progress.tasks) for frame in everything}
    reviews = {one.film.digest: f"{data_page(one.url, one.project)}{one.task}" for one in workspace.asked_reviews()}
    films = tuple(
        _film(
            film, times.get(film.digest), [sights[frame.uid] for frame in everything if frame.digest == film.digest],
            [label for label in labels if label.uid.startswith(f"{film.digest}-")], progress.audits, schema.characters,
            reviews.get(film.digest, ""),
        )
        for film in workspace.films()
    )
    shown = [(one.time.appearances, one.film.seconds) for one in films if one.time]
    own = [label for label in labels if label.uid in {sight.uid for one in films for sight in one.sights}]
    crossfit, by_block = _judged(workspace, cards)
    said = {label.uid for label in labels}
    return Findings(
        stands, schema.characters, films,
        tuple(
            OtherFilm(other.film, len(other.marks), sum(uid in said for uid in other.marks))
            for other in workspace.audited()
        ),
        relations(shown, schema.characters) if len(shown) > 1 else None,
        tuple(stands["rounds"]), cards[-1].get("history", {}) if cards else {}, confusion(own, crossfit, schema),
        tuple(
            (one, sights[one.uid])
            for one in worst([label for label in labels if label.uid in sights], {**crossfit, **by_block}, schema)
        ),
        effort(labels, workspace.reviews()), _missing(films, cards, stands["next"]),
        provenance(cards[-1] if cards else None, config, __version__), made, command_line(arguments),
    )


def _sight(frame: Frame, page: str, tasks: Mapping[str, int]) -> Sight:
    link = f"{page}{tasks[frame.uid]}" if page and frame.uid in tasks else ""
    return Sight(frame.uid, frame.file, frame.film, frame.second, link)


def _film(
    film: Film, time: ScreenTime | None, sights: Sequence[Sight], labels: Sequence[Label],
    audits: Mapping[str, Any], characters: Sequence[str], review: str,
) -> FilmFindings:
    said = {label.uid for label in labels}
    learning = tuple(sight.second for sight in sights if sight.uid in said and sight.uid not in audits)
    drawn = tuple(sight.second for sight in sights if sight.uid in said and sight.uid in audits)
    if time is None:
        return FilmFindings(film, None, (), (), (), tuple(sights), learning, drawn, None, review)
    seconds = [sight.second for sight in sights]
    # A frame stands for the time until the next one; what is seen before the first one is the first one.
    edges = [0.0, *seconds[1:]]
    found = time.appearances
    return FilmFindings(
        film, time, _totals(time),
        tuple((one, sights[middle(edges, one.start, one.end)]) for one in found),
        strips(found, edges, film.seconds, characters), tuple(sights), learning, drawn,
        relations([(found, film.seconds)], characters), review,
    )


def _totals(time: ScreenTime) -> tuple[Total, ...]:
    def share(seconds: float | None) -> float | None:
        return None if seconds is None or time.film.seconds <= 0 else seconds / time.film.seconds

    return tuple(
        Total(
            name, one.seconds, one.low, one.high, one.sampling, share(one.seconds), share(one.low), share(one.high)
        )
        for name, one in time.estimates.items()
    )


def _judged(workspace: Workspace, cards: Sequence[Mapping[str, Any]]) -> tuple[dict, dict]:
    """Probabilities by heads that did not learn from the frame: audit frames, and all labels by block."""
    from screentime.model.tables import BY_BLOCK, CROSSFIT, read_rows

    if not cards:
        return {}, {}
    folder, schema = workspace.models_folder / cards[-1]["version"], workspace.schema()
    try:
        return read_rows(folder / CROSSFIT, schema), read_rows(folder / BY_BLOCK, schema)
    except NotReady:
        return {}, {}  # trained for other characters; `missing` says so


def _missing(films: Sequence[FilmFindings], cards: Sequence[Any], following: str) -> tuple[str, ...]:
    if not films:
        return (f"The film has not been read yet, so there is nothing to show. Next: {following}",)
    if not cards:
        return (
            "There is no model yet: seconds, timeline and accuracy come with the first training."
            f" Next: {following}",
        )
    if any(one.time is None for one in films):
        return (
            f"The model {cards[-1]['version']} does not fit the project any more: a film was added, or the characters"
            " were changed. Seconds and timeline come with the next training: `screentime train`.",
        )
    return ()

