"""A film as browsers play it: itself where they can, else the same frames in a file that they can."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from screentime.errors import FilmError, ScreentimeError
from screentime.files import replacing, write_atomically
from screentime.records import Film
from screentime.talk import Talk
from screentime.video import remaking
from screentime.video.clock import ROUNDING_SECONDS
from screentime.video.grid import Grid, grid_rate
from screentime.video.source import checked, digest, shown_name
from screentime.video.timing import Timing, timing

LINKED, COPIED, CONVERTED = "linked", "copied", "converted"


@dataclass(frozen=True, slots=True)
class Playable:
    """A file that a browser plays, and what its frames are.

    Attributes
    ----------
    file : str
        Name in its folder.
    made : str
        ``linked`` (the film itself), ``copied`` (its pictures in another container) or ``converted``.
    rate : float
        Frames per second that a page counts.
    times : tuple of float
        Presentation times of the frames in seconds since the first one.
    seconds : float
        When the film ends.
    """

    file: str
    made: str
    rate: float
    times: tuple[float, ...]
    seconds: float

    def grid(self) -> Grid:
        """The page's frames and the film's seconds."""
        return Grid(self.times, self.seconds, self.rate)


def find_playable(folder: Path, content: str) -> Playable | None:
    """What `make_playable` made of a film before; None where it is missing or not whole.

    Parameters
    ----------
    folder : Path
    content : str
        The film's digest.
    """
    if not re.fullmatch("[0-9a-f]{16}", content):
        return None
    try:
        values = json.loads((folder / f"{content}.json").read_text("utf-8"))
        found = Playable(**values | {"times": tuple(map(float, values["times"]))})
    except (OSError, ValueError, TypeError, KeyError):
        return None  # damaged or not there: it is made again
    # It is uploaded and served under this name, so it can be no other file.
    return found if found.file in (f"{content}.mp4", f"{content}.webm") else None


def make_playable(film: Film, folder: Path, talk: Talk) -> Playable:
    """A film as a file that browsers play; made once.

    A film that they play is linked. Of one whose container they do not know or that does not begin at 0,
    the pictures are copied into an MP4 file; another one, and one whose container says that it ends before
    its last frame was seen, is converted (see `remaking`), with the same presentation times frame for frame.
    The list of the frames is written last, so that what a killed run left is never taken for whole.

    Parameters
    ----------
    film : Film
    folder : Path
        Made where it is missing.
    talk : Talk

    Returns
    -------
    Playable

    Raises
    ------
    FilmError
        If the film cannot be read, or is another one by now.
    ScreentimeError
        If the file cannot be written.
    """
    path = checked(film.path)
    found = find_playable(folder, film.digest)
    if found is not None and _serves(folder / found.file, found, path):
        return found
    if digest(path) != film.digest:
        raise FilmError(
            f"{shown_name(path)} is another film than when it was read.", "Run `screentime extract` again."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        source = timing(path, film.rate)
        made, file, known = _make(film, path, source, folder, talk)
        # By the film's own word: a copy's container rounds its rate.
        rate = grid_rate(known.times, source.claimed)
        playable = Playable(file, made, rate, known.times, film.seconds)
        write_atomically(folder / f"{film.digest}.json", json.dumps(asdict(playable)) + "\n")
    except OSError as error:
        raise ScreentimeError(
            f"A playable copy of {shown_name(path)} cannot be written to {folder}: {error.strerror or error}.",
            "See that you may write there, and that space is left.",
        ) from error
    return playable


def _serves(file: Path, found: Playable, path: Path) -> bool:
    if found.made == LINKED:
        return file.is_symlink() and Path(os.readlink(file)) == path and file.exists()
    return file.is_file() and not file.is_symlink()


def _make(film: Film, path: Path, known: Timing, folder: Path, talk: Talk) -> tuple[str, str, Timing]:
    """How the file came about, its name in the folder, and its timing."""
    name = shown_name(path)
    if known.plays:
        file = f"{film.digest}.{'webm' if known.container.endswith('webm') else 'mp4'}"
        fresh = folder / f".part-{file}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(path)
        os.replace(fresh, folder / file)
        return LINKED, file, known
    file = f"{film.digest}.mp4"
    if known.copies:
        talk.say(f"{name} is copied into a file that browsers play; its pictures stay as they are.")
        with replacing(folder / file) as part:
            remaking.copy(path, part, known, film.seconds, talk)
            copied = _same(part, known.times)
        if copied is not None:
            return COPIED, file, copied
        talk.say("Browsers do not play that file to its last frame; another one is made, with the same frames.")
    else:
        talk.say(f"Browsers do not play {name} ({known.codec}); a copy that they play is made, with the same frames.")
    with replacing(folder / file) as part:
        times = remaking.convert(path, part, known, film, talk)
        converted = _same(part, times)
        if converted is None:
            raise FilmError(
                f"The copy of {name} has not the same frames as the film.",
                "Convert it yourself and review that: ffmpeg -i FILM -pix_fmt yuv420p film.mp4.",
            )
    return CONVERTED, file, converted


def _same(part: Path, times: Sequence[float]) -> Timing | None:
    """The timing of a new file, if its frames come when they should and it begins with the first."""
    known = timing(part)
    alike = len(known.times) == len(times) and known.plays
    return known if alike and all(abs(a - b) <= ROUNDING_SECONDS for a, b in zip(known.times, times)) else None
