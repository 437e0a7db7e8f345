"""Writing a file so that a reader, or a power cut, never meets half of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from screentime.errors import ScreentimeError


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
    path = Path(path)
    content = data.encode("utf-8") if isinstance(data, str) else data
    try:
        # In the same folder, since a rename is atomic only inside one file system.
        descriptor, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise ScreentimeError(
            f"{path} cannot be written: {error.strerror or error}.",
            "See that its folder exists, that you may write there, and that space is left.",
        ) from error


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Have the disk keep what was created, renamed or removed in a folder.

    Parameters
    ----------
    folder : path-like
        An existing folder.

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
