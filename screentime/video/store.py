"""One film's folder of frames: there whole or not at all, and found again by how it was made."""

from __future__ import annotations

import json
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from screentime.files import sync_folder, sync_tree
from screentime.kept import Damaged, read_json
from screentime.records import Film

MANIFEST = "film.json"
LONGEST_SLUG = 40
# Of a JPEG file; one that was cut off lacks the end, and decoders make grey of what is missing.
BEGIN, END = b"\xff\xd8", b"\xff\xd9"
# No film is as long, in seconds.
LONGEST = 1e9


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a folder of frames is made from; the same recipe gives the same files.

    Attributes
    ----------
    digest : str
        The film's content digest.
    fps : float
        Samples per second of film.
    quality : int
        JPEG quality, 1 to 100.
    max_height : int or None
        Largest height in pixels.
    """

    digest: str
    fps: float
    quality: int
    max_height: int | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What a whole folder says of itself.

    Attributes
    ----------
    recipe : Recipe
    film : Film
    seconds : tuple of float
        Presentation time of each frame in seconds, in the order of the files.
    warnings : tuple of str
        What of the film could not be read, in sentences.
    """

    recipe: Recipe
    film: Film
    seconds: tuple[float, ...]
    warnings: tuple[str, ...]


def folder_name(stem: str, digest: str) -> str:
    """A harmless name for a film's folder.

    Parameters
    ----------
    stem : str
        The film's file name without its suffix: untrusted text.
    digest : str
        The film's content digest.

    Returns
    -------
    str
        Lower-case ASCII letters, digits and single hyphens, beginning with a letter or digit;
        the end is the digest's first 8 digits.
    """
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower())[:LONGEST_SLUG].strip("-")
    return f"{slug or 'film'}-{digest[:8]}"


def is_folder_name(name: str) -> bool:
    """Whether `folder_name` may have given this name."""
    return re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{8}", name) is not None


class Shelf:
    """The place of one film's folder.

    Parameters
    ----------
    folder : Path
        Where the folder is, or shall be. Beside it, two hidden names are used on the way:
        ``.part-...`` while it is filled, ``.old-...`` while it is replaced.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._part = folder.with_name(f".part-{folder.name}")
        self._old = folder.with_name(f".old-{folder.name}")

    def find(self, recipe: Recipe) -> Stored | None:
        """The folder, if it is whole and made by this recipe.

        Parameters
        ----------
        recipe : Recipe

        Returns
        -------
        Stored or None
        """
        self._recover()
        try:
            stored = read_json(self.folder / MANIFEST, Stored)
        except Damaged:
            return None  # no folder, or a damaged one: it is made again
        if stored.film.digest != recipe.digest or not all(0 <= second < LONGEST for second in stored.seconds):
            return None
        if stored.recipe != recipe:
            return None
        pictures = [file for file in self.folder.glob("*.jpg") if _is_whole(file)]
        return stored if len(pictures) == len(stored.seconds) else None

    @contextmanager
    def filling(self) -> Iterator[Path]:
        """A folder to fill, which takes its place at the end of the ``with`` block.

        After an error it is removed, and what stood in its place stays.

        Yields
        ------
        Path
            The empty folder.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        self._recover()
        self._part.mkdir(parents=True)
        try:
            yield self._part
            sync_tree(self._part)
        except BaseException:
            shutil.rmtree(self._part, ignore_errors=True)
            raise
        # A folder cannot be renamed onto a full one. Between the two renames nothing stands
        # in the place; `_recover` puts the old one back if the power goes just there.
        if self.folder.exists():
            self.folder.rename(self._old)
        self._part.rename(self.folder)
        sync_folder(self.folder.parent)
        shutil.rmtree(self._old, ignore_errors=True)

    @staticmethod
    def describe(folder: Path, stored: Stored) -> None:
        """Write the manifest into a folder that is being filled.

        Parameters
        ----------
        folder : Path
            From `filling`.
        stored : Stored
            What it holds.
        """
        (folder / MANIFEST).write_text(json.dumps(asdict(stored), indent=1) + "\n", "utf-8")

    def _recover(self) -> None:
        """Clear away what a killed run left."""
        if self._old.exists() and not self.folder.exists():
            self._old.rename(self.folder)
        for left in (self._part, self._old):
            if left.exists():
                shutil.rmtree(left)


def _is_whole(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            begin = content.read(len(BEGIN))
            content.seek(-len(END), os.SEEK_END)
            return begin == BEGIN and content.read() == END
    except OSError:  # no file, or an empty one
        return False
