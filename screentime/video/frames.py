"""Frames of films as JPEG files, whole films at a time, and the table that lists them."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from screentime.errors import ConfigError, FilmError, ScreentimeError
from screentime.files import write_atomically
from screentime.kept import Damaged, read_json
from screentime.records import Film, Frame, frame_uid, timecode
from screentime.video.pictures import Size
from screentime.video.reader import Reader, digest
from screentime.video.shots import ShotCounter
from screentime.video.source import checked, shown_name
from screentime.video.store import Recipe, Shelf, Stored, folder_name
from screentime.within import leads_out

FOLDER = "frames"
# Beside a film's frames: the number of each one's shot, in their order.
SHOTS = "shots.json"
COLUMNS = ("uid", "file", "index", "second", "film", "shot")
SUFFIXES = (
    ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv",
    ".ts", ".vob", ".webm", ".wmv",
)
# A spreadsheet takes a cell that starts so for a formula; an apostrophe makes it text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
# libjpeg makes no picture that is wider or higher.
MOST_JPEG_PIXELS = 65_500
# NumPy counts no further.
MOST = 2**63 - 1
_UID = re.compile(r"[0-9a-f]{16}-[0-9]{9,}")


def find_films(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Films that a person named, one by one or by their folder.

    Parameters
    ----------
    paths : iterable of path-like
        Files are taken whatever they are called; of a folder, what is visible and has a film's
        suffix, sorted by name. Folders inside are not searched.

    Returns
    -------
    list of Path
        Absolute, in the order named, each file once. Whether they can be read is not looked into here, so that
        one bad file does not hide the others.

    Raises
    ------
    FilmError
        If nothing is named, a path does not exist, or a folder has no film.
    """
    films: dict[Path, Path] = {}
    for path in map(Path, paths):
        for film in _films_of(path) if os.path.isdir(path) else [_there(path)]:
            films.setdefault(Path(os.path.realpath(film)), film)
    if not films:
        raise FilmError("No film is named.", "Name a film file, or a folder of films.")
    return list(films.values())


def extract(
    film_path: str | os.PathLike[str],
    root: str | os.PathLike[str],
    *,
    fps: float,
    quality: int = 90,
    max_height: int | None = 720,
    progress: Callable[[float, float], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> tuple[Film, list[Frame]]:
    """Write a film's sampled frames as JPEG files, or find them there.

    They lie in ``frames/<film's name in plain letters>-<start of its digest>/``. The folder
    appears only when it is whole; with another fps, quality or height it is replaced, and so is one
    that an older screentime made, which does not tell the shots.

    Parameters
    ----------
    film_path : path-like
        The film.
    root : path-like
        The workspace.
    fps : float
        Samples per second of film.
    quality : int, optional
        JPEG quality, 1 to 100.
    max_height : int or None, optional
        Taller pictures are shrunk to this height in pixels.
    progress : callable, optional
        Called after each file with the second reached and the seconds that the film claims
        (0.0 where it claims none). Not called when the frames are there already.
    warn : callable, optional
        Called with one sentence for each thing wrong with a film that could be read all the
        same; also when the frames are there already.

    Returns
    -------
    film : Film
    frames : list of Frame
        In their order.

    Raises
    ------
    FilmError
        If the film cannot be read.
    ConfigError
        If an option is out of range.
    ScreentimeError
        If the files cannot be written.
    """
    if max_height is not None and max_height < 1:
        raise ConfigError(f"A height of {max_height} pixels is none.", "Use a height above 0.")
    if not 1 <= quality <= 100:
        raise ConfigError(f"A JPEG quality of {quality} is not possible.", "Use 1 to 100.")
    path, known = checked(film_path), digest(film_path)
    name = folder_name(path.stem, known)
    shelf = Shelf(Path(root) / FOLDER / name)
    recipe = Recipe(known, float(fps), quality, max_height)
    try:
        stored = shelf.find(recipe)
        shots = _read_shots(shelf.folder, len(stored.seconds)) if stored else None
        if stored is None or shots is None:
            stored, shots = _decode(path, shelf, recipe, progress)
    except OSError as error:
        raise ScreentimeError(
            f"The frames of {shown_name(path)} cannot be written to {shelf.folder}:"
            f" {error.strerror or error}.",
            "See that you may write there, and that space is left.",
        ) from error
    for sentence in stored.warnings:
        if warn is not None:
            warn(sentence)
    # The same content may lie elsewhere now, under another name.
    film = replace(stored.film, name=path.name, path=str(path))
    files = [f"{FOLDER}/{name}/{_file_name(second)}" for second in stored.seconds]
    return film, [
        Frame(frame_uid(known, second), file, index, second, film.name, shot)
        for index, (second, file, shot) in enumerate(zip(stored.seconds, files, shots))
    ]


def write_table(path: str | os.PathLike[str], frames: Sequence[Frame]) -> None:
    """Write frames.csv at once; see `read_table`.

    A text that a spreadsheet would take for a formula (it starts with ``= + - @``, a tab or a
    carriage return) gets an apostrophe in front, and so does one that starts with an
    apostrophe, so that `read_table` can take exactly one away.

    Parameters
    ----------
    path : path-like
    frames : sequence of Frame

    Raises
    ------
    ScreentimeError
        If it cannot be written.
    """
    text = io.StringIO(newline="")
    text.write(",".join(COLUMNS) + "\n")
    # All texts in quotes: of itself this module leaves a carriage return bare, which ends a row.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    for frame in frames:
        row = frame.uid, frame.file, frame.index, float(frame.second), frame.film, frame.shot
        writer.writerow([_guard(value) if isinstance(value, str) else value for value in row])
    write_atomically(path, text.getvalue())


def read_table(path: str | os.PathLike[str]) -> list[Frame]:
    """Read frames.csv: UTF-8, columns uid, file, index, second, film, shot.

    An older table lacks the last column: its frames are all of shot 0 of their film, until
    `screentime extract` writes it again.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    list of Frame
        In the order of the rows; just what `write_table` was given.

    Raises
    ------
    ScreentimeError
        If it cannot be read, or a row is damaged; the sentence names the line.
    """
    path = Path(path)
    remedy = "Run `screentime extract`: it writes the table again."
    try:
        # A spreadsheet that saved the file may have put a byte order mark in front.
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScreentimeError(f"{path} cannot be read: {error}.", remedy) from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    frames, seen = [], set()
    try:
        columns = tuple(next(rows, ()))
        if columns not in (COLUMNS, COLUMNS[:-1]):
            raise ValueError(f"its columns should be {','.join(COLUMNS)}")
        for row in rows:
            if len(row) != len(columns):
                raise ValueError(f"it has {len(row)} columns instead of {len(columns)}")
            frame = _parse(row)
            if frame.uid in seen:
                raise ValueError(f"{frame.uid} stands there twice")
            seen.add(frame.uid)
            frames.append(frame)
    except (ValueError, csv.Error) as error:
        raise ScreentimeError(f"{path} is damaged at line {max(1, rows.line_num)}: {error}.", remedy) from None
    return frames


def require_sound(frame: Frame) -> None:
    """See that a frame that was read from a file can be one of this workspace.

    Raises
    ------
    ValueError
        If it is none, with the reason.
    """
    if not _UID.fullmatch(frame.uid):
        raise ValueError(f"{frame.uid!r} is no frame's uid")
    # Rows name files that are read and served: none outside of the workspace.
    if leads_out(frame.file) or not (frame.file.startswith(f"{FOLDER}/") and frame.file.endswith(".jpg")):
        raise ValueError(f"{frame.file!r} is no file of the workspace")
    if not 0 <= frame.second < math.inf:
        raise ValueError(f"the second {frame.second!r} is no time")


def _there(path: Path) -> Path:
    return path.absolute() if os.path.exists(path) else checked(path)


def _films_of(folder: Path) -> list[Path]:
    folder = folder.absolute()
    try:
        films = sorted(
            file
            for file in folder.iterdir()
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and not os.path.isdir(file)
        )
    except OSError as error:
        raise FilmError(f"{folder} cannot be read: {error.strerror}.", "See that you may read it.") from error
    if not films:
        raise FilmError(
            f"The folder {shown_name(folder)} has no film in it.",
            f"Name another folder, or a file; films end in {' '.join(SUFFIXES)}.",
        )
    return films


def _decode(
    path: Path, shelf: Shelf, recipe: Recipe, progress: Callable[[float, float], None] | None
) -> tuple[Stored, list[int]]:
    import cv2

    seconds, shots, counter = [], [], ShotCounter()
    reader = Reader(path, fps=recipe.fps, size=_no_higher(recipe.max_height), known_digest=recipe.digest)
    # The film is opened first: one that cannot be read leaves no folder behind.
    with reader, shelf.filling() as folder:
        for sample in reader:
            made, code = cv2.imencode(".jpg", sample.image, [cv2.IMWRITE_JPEG_QUALITY, recipe.quality])
            if not made:
                raise ScreentimeError(
                    f"The frame at {timecode(sample.second)} of {shown_name(path)} could not be made a JPEG file.",
                    "Leave the film out, and report it.",
                )
            (folder / _file_name(sample.second)).write_bytes(code)
            seconds.append(sample.second)
            shots.append(counter.next(sample.image))
            if progress is not None:
                progress(sample.second, reader.claimed_seconds)
        stored = Stored(recipe, reader.film, tuple(seconds), reader.warnings)
        (folder / SHOTS).write_text(json.dumps(shots) + "\n", "utf-8")
        shelf.describe(folder, stored)
    return stored, shots


def _no_higher(height: int | None) -> Size:
    """Sizes of pictures that are at most so high, and that a JPEG file holds; aspect kept."""
    highest = min(height or MOST_JPEG_PIXELS, MOST_JPEG_PIXELS)

    def fit(wide: int, high: int) -> tuple[int, int]:
        if high > highest:
            wide, high = max(1, round(wide * highest / high)), highest
        if wide > MOST_JPEG_PIXELS:
            wide, high = MOST_JPEG_PIXELS, max(1, round(high * MOST_JPEG_PIXELS / wide))
        return wide, high

    return fit


def _read_shots(folder: Path, frames: int) -> list[int] | None:
    """Number of the shot of each frame in a whole folder; None where it does not tell them."""
    try:
        shots = read_json(folder / SHOTS, list[int])
    except Damaged:
        return None
    return shots if len(shots) == frames and all(0 <= shot <= MOST for shot in shots) else None


def _file_name(second: float) -> str:
    # By time, not by index: sampled at another rate, a file that was pushed keeps its picture.
    return f"{round(second * 1000):09d}.jpg"


def _guard(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _parse(row: list[str]) -> Frame:
    uid, file, index, second, film, shot = row if len(row) == len(COLUMNS) else [*row, "0"]
    uid, file, film = (text.removeprefix("'") for text in (uid, file, film))
    for what, number in (("index", index), ("shot", shot)):
        if not number.isdecimal() or int(number) > MOST:
            raise ValueError(f"the {what} {number!r} is no whole number")
    try:
        time = float(second)
    except ValueError:
        time = math.nan
    if not 0 <= time < math.inf:
        raise ValueError(f"the second {second!r} is no time")
    frame = Frame(uid, file, int(index), time, film, int(shot))
    require_sound(frame)
    return frame
