"""A film as a file: whether it is one, what its content is called, and its opened pictures."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.errors import FilmError

if TYPE_CHECKING:
    import cv2


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
        If it is no file, is empty or cannot be read.
    """
    path = checked(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise _unreadable(path, error) from error


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
        If it is missing, a folder, a device, empty, or has a name that is not UTF-8.
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
    """OpenCV, told how to handle films; it listens only before the first film of a process."""
    # Both libraries would print a line for every damaged packet; the warnings say it in one.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # By itself OpenCV calls 4096 packets of sound in a row (87 s without a new picture) a failure.
    os.environ.setdefault("OPENCV_FFMPEG_READ_ATTEMPTS", "1000000")
    import cv2

    return cv2


def open_pictures(path: Path) -> cv2.VideoCapture:
    """Open a film for decoding.

    Parameters
    ----------
    path : Path
        From `checked`.

    Returns
    -------
    cv2.VideoCapture
        Open; the caller releases it.

    Raises
    ------
    FilmError
        If there is no picture stream in it.
    """
    cv2 = opencv()
    talk = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    finally:
        cv2.setLogLevel(talk)
    if not capture.isOpened():
        raise FilmError(
            f"{shown_name(path)} holds no pictures that can be read: it is no film, has sound only,"
            " or lacks its index.",
            "See that a player shows it; copy it again, or convert it: ffmpeg -i FILM film.mp4.",
        )
    return capture
