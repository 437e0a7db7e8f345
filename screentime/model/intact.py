"""Whether the files of a model's folder are those that were saved: its card knows a digest of each."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# What the arrays of a model may take at most, in bytes: a thousand times what they do.
MOST_BYTES = 2**29


def digests(folder: Path, parts: Collection[str] | None = None) -> dict[str, str]:
    """What files of a folder are.

    Parameters
    ----------
    folder : Path
    parts : collection of str, optional
        Names of the files, or of folders of files, that count; all if it is left out.

    Returns
    -------
    dict of str to str
        Path in the folder, with forward slashes, to the SHA-256 of the content.
    """
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in found.items() if parts is None or name.partition("/")[0] in parts
    }


def require_intact(found: Mapping[str, str], saved: Mapping[str, str]) -> None:
    """See that files are those that were saved.

    Parameters
    ----------
    found, saved : mapping of str to str
        What they are and what they were, see `digests`.

    Raises
    ------
    ValueError
        If one is missing, is another one, or was not there.
    """
    for name in sorted({*found, *saved}):
        if name not in found:
            raise ValueError(f"{name} is missing")
        if found[name] != saved.get(name):
            raise ValueError(f"{name} is not the one that was saved")


def read_arrays(path: Path, names: Collection[str]) -> dict[str, np.ndarray]:
    """Arrays of an ``.npz`` file; nothing in it is unpickled.

    Parameters
    ----------
    path : Path
    names : collection of str
        Those that are wanted.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    OSError, ValueError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error
        If it cannot be read, is damaged or something else, or lacks one of them.
    """
    import numpy as np

    content = path.read_bytes()
    # NumPy would take anything else for a pickle, and advise to trust it.
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise ValueError("it is no archive")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
            raise ValueError(f"it would take more than {MOST_BYTES // 2**20} MB")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in names}
