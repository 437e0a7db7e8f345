"""Writing a file so that a reader, or a power cut, never meets half of it."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from screentime.errors import ScreentimeError

# Names of files that are being written. What was being written by a process that was killed is cleared
# away by whoever writes the same file next, see `clear_unfinished`.
UNFINISHED = ".writing-"
# Names of folders that are filled aside, and renamed when they are whole.
MAKING = ".making-"
# Of a name that is made up: a person's own hidden files are not taken for ours.
CHANCE = "[a-z0-9_]{8}"
LONGEST = 60
# What a disk says that takes nothing more.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


def write_atomically(path: str | os.PathLike[str], data: bytes | str, mode: int = 0o644) -> None:
    """Put a whole file in place at once: before the call the old one, after it the new one.

    Parameters
    ----------
    path : path-like
        The file. Its folder must exist.
    data : bytes or str
        The whole content; text is written as UTF-8, line ends as they stand.
    mode : int, optional
        Permissions of the file, whatever the umask; 0o600 for secrets.

    Raises
    ------
    ScreentimeError
        If it cannot be written: no such folder, no right, no space left.
    """
    content = data.encode("utf-8") if isinstance(data, str) else data
    try:
        with replacing(path, mode) as part, part.open("r+b") as file:
            file.write(content)
    except OSError as error:
        raise ScreentimeError(
            f"{path} cannot be written: {error.strerror or error}.",
            "See that its folder exists, that you may write there, and that space is left.",
        ) from error


@contextmanager
def replacing(path: str | os.PathLike[str], mode: int = 0o644, within: Path | None = None) -> Iterator[Path]:
    """An empty file beside a file, whose place it takes at the end of the ``with`` block.

    After an error it is removed, and what stood in its place stays.

    Parameters
    ----------
    path : path-like
        The file. Its folder must exist.
    mode : int, optional
        Permissions of the file, whatever the umask; only its owner may read it until it is whole.
    within : Path, optional
        An existing folder of the same file system for it until then, where it must not lie beside the file.

    Yields
    ------
    Path
        The empty file; its name ends as the file's does. It is to be written in place.

    Raises
    ------
    OSError
        If the disk refuses.
    """
    path = Path(path)
    folder = within or path.parent
    with suppress(PermissionError):  # a folder that may be written and not read
        clear_unfinished(folder, lambda name: name == _short(path.name))
    descriptor, part = _begin(folder, path.name)
    try:
        try:
            yield part
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def clear_unfinished(folder: str | os.PathLike[str], ours: Callable[[str], bool] = lambda name: True) -> None:
    """Remove what killed processes left half written in a folder; what is being written just now stays.

    Parameters
    ----------
    folder, ours : optional
        See `unfinished`.

    Raises
    ------
    OSError
        If the folder cannot be read.
    """
    for part in unfinished(folder, ours):
        remove_dead(part)


def unfinished(folder: str | os.PathLike[str], ours: Callable[[str], bool] = lambda name: True) -> list[Path]:
    """What is half written in a folder, by a killed process or just now.

    Parameters
    ----------
    folder : path-like
        An existing folder.
    ours : callable of str, optional
        Whether it was to become a file of this name; all when left out, for a folder in which all is ours.

    Returns
    -------
    list of Path

    Raises
    ------
    OSError
        If the folder cannot be read.
    """
    found = []
    for entry in os.scandir(folder):
        name = re.fullmatch(f"{re.escape(UNFINISHED)}{CHANCE}-(.+)", entry.name, re.DOTALL)
        if name and ours(name[1]) and entry.is_file(follow_symlinks=False):
            found.append(Path(folder) / entry.name)
    return sorted(found)


def aside(folder: Path) -> list[Path]:
    """Folders in a folder, if there is one, that are filled under a name of chance, by a killed process or just now."""
    return sorted(
        one for one in folder.glob(f"{MAKING}*")
        if re.fullmatch(re.escape(MAKING) + CHANCE, one.name) and one.is_dir() and not one.is_symlink()
    )


def remove_dead(part: Path) -> None:
    """Remove what was being written, unless somebody writes it just now."""
    with suppress(OSError):  # somebody else's, or gone by now
        _remove_dead(part)


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Have the disk keep what was created, renamed or removed in a folder.

    Parameters
    ----------
    folder : path-like
        An existing folder, or a file whose content is to be kept.

    Raises
    ------
    OSError
        If it cannot be opened or synced.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Have the disk keep a folder with all that is in it.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Raises
    ------
    OSError
        If something in it cannot be opened or synced.
    """
    for inside, _, files in os.walk(folder):
        for file in files:
            sync_folder(Path(inside) / file)
        sync_folder(inside)


def _begin(folder: Path, name: str) -> tuple[int, Path]:
    """An empty file that is to become another one, in the same file system: only there a rename is atomic.

    As long as its descriptor is open it is locked: so it is known not to be a dead process's.
    """
    while True:
        descriptor, part = tempfile.mkstemp(prefix=UNFINISHED, suffix=f"-{_short(name)}", dir=folder)
        with suppress(OSError):  # a file system without locks, on which nothing is cleared away either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, Path(part)
        # Taken for a dead process's between its making and its lock.
        os.close(descriptor)


def _remove_dead(part: Path) -> None:
    descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink()
    finally:
        os.close(descriptor)


def _short(name: str) -> str:
    """A name that leaves room for what goes before it; the end tells what kind of file it is."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}{name[-LONGEST // 2 :]}"


def share(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> bool:
    """Let two files of the same content be one on disk, under both names.

    That is safe where both are only ever replaced, as `write_atomically` does, and never changed in place.

    Parameters
    ----------
    first, second : path-like
        Files in one file system; either may be missing.

    Returns
    -------
    bool
        Whether they are one now. Where the file system has no links, both stay as they are.
    """
    first, second = Path(first), Path(second)
    try:
        if first.read_bytes() != second.read_bytes():
            return False
        with tempfile.TemporaryDirectory(prefix=MAKING, dir=second.parent) as part:
            os.link(first, Path(part) / second.name)
            os.replace(Path(part) / second.name, second)
    except OSError:
        return False
    return True
