"""A film as a file: whether it is one, and what its content is called."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from screentime.errors import FilmError


def digest(path: str | os.PathLike[str]) -> str:
    """Name of a film's content.

    Parameters
    ----------
    path : path-like
        The film.

    Returns
    -------
    str
        First 16 hexadecimal digits of the SHA-256 of its bytes.

    Raises
    ------
    FilmError
        If it is no file, is empty, cannot be read or is changed meanwhile.
    """
    path = checked(path)
    try:
        known = mark(path)
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise _unreadable(path, error) from error
    require_unchanged(path, known)
    return content


def mark(path: Path) -> tuple[int, ...]:
    """What tells that a file is still the one it was: its size, its time of change and its place on the disk.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of int
        Empty where there is no such file.
    """
    try:
        known = path.stat()
    except OSError:
        return ()
    return known.st_size, known.st_mtime_ns, known.st_ino, known.st_dev


def require_unchanged(path: Path, known: tuple[int, ...]) -> None:
    """See that a film is still the one that it was when reading it began.

    Parameters
    ----------
    path : Path
    known : tuple of int
        Its `mark` then.

    Raises
    ------
    FilmError
        If it was written to, replaced or removed.
    """
    if mark(path) != known:
        raise FilmError(
            f"{shown_name(path)} was changed while it was read.",
            "Wait until it is copied or downloaded whole, then run this again.",
        )


def shown_name(path: str | os.PathLike[str]) -> str:
    """A file's name for messages: line breaks and control characters are spelled out."""
    name = Path(path).name or str(path)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def checked(path: str | os.PathLike[str]) -> Path:
    """The film's absolute path, once it is known for a file with bytes in it.

    Parameters
    ----------
    path : path-like
        The film.

    Returns
    -------
    Path

    Raises
    ------
    FilmError
        If it is missing, a folder, a device, empty, may not be read, or has a name that is not UTF-8.
    """
    # Absolute: FFmpeg takes a bare name such as "concat:a" for an order, not for a file.
    path = Path(path).absolute()
    name = shown_name(path)
    try:
        if path.is_dir():
            raise FilmError(f"{name} is a folder.", "Name a film file.")
        if not path.exists():
            raise FilmError(f"The film {name} does not exist.", "See that its path is right.")
        if not path.is_file():
            raise FilmError(f"{name} is no ordinary file.", "Name a film file.")
        if path.stat().st_size == 0:
            raise FilmError(f"{name} is empty (0 bytes).", "Copy or download it again.")
        str(path).encode("utf-8")
        with path.open("rb"):
            pass
    except UnicodeEncodeError:
        raise FilmError(f"The name {name} is not valid UTF-8.", "Rename it.") from None
    except OSError as error:
        raise _unreadable(path, error) from error
    return path


def _unreadable(path: Path, error: OSError) -> FilmError:
    return FilmError(
        f"{shown_name(path)} cannot be read: {error.strerror or error}.",
        "See that you may read it, and that its disk is in order.",
    )


def opencv() -> Any:
    """OpenCV, told not to talk of films; it listens only before the first film of a process."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    return cv2
