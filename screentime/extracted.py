"""What `extract` and `audit` made in a project's folder, and by which options."""

from __future__ import annotations

import json
import shlex
import stat
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from screentime import config as configuration
from screentime.cards import state_of
from screentime.config import Config
from screentime.errors import ConfigError, NotReady, ScreentimeError
from screentime.files import write_atomically
from screentime.kept import Damaged, read_or_tell, read_text
from screentime.places import Places
from screentime.records import Film, Frame
from screentime.schema import Schema
from screentime.standing import Audited
from screentime.video.frames import read_table, require_sound, write_table
from screentime.within import require_inside

# Seconds, months of film; a page whose drawings are a thousand times as long is never done.
LONGEST = 1e7


class Extracted(Places):
    """A project's options, films and frames."""

    def config(self) -> Config:
        """The project's options, as its screentime.toml has them.

        Raises
        ------
        ConfigError
            If it cannot be read, holds what cannot be used, or holds a token that others can read.
        """
        try:
            config = configuration.parse(read_text(self.config_file), str(self.config_file))
        except Damaged as error:
            raise ConfigError(
                f"{self.config_file} cannot be read ({error}).", "Save it as a text file in UTF-8 that you may read."
            ) from None
        if config.labelstudio.token and self.config_file.stat().st_mode & 0o077:
            raise ConfigError(
                f"{self.config_file} holds a token, and other people of this machine may read it.",
                f"Take their right away: `chmod 600 {shlex.quote(str(self.config_file))}`; or put the token into the"
                " environment variable LABEL_STUDIO_API_KEY instead.",
            )
        return config

    def schema(self) -> Schema:
        """The project's classes."""
        project = self.config().project
        return Schema(project.mode, project.characters)

    def film_paths(self) -> list[Path]:
        """The project's films, as absolute paths."""
        return [(self.root / film).resolve() for film in self.config().project.films]

    def films(self) -> list[Film]:
        """Films that were extracted; empty before `extract`.

        Raises
        ------
        ScreentimeError
            If the file that keeps them is damaged.
        """
        if not self.films_file.exists():
            return []
        remedy = "Run `screentime extract`: it writes the file again."
        films = read_or_tell(self.films_file, list[Film], remedy)
        try:
            for film in films:
                _require_possible(film)
        except ValueError as error:
            raise ScreentimeError(f"{self.films_file} is damaged ({error}).", remedy) from None
        return films

    def frames(self) -> list[Frame]:
        """Frames of all films, film after film.

        Raises
        ------
        NotReady
            Before `extract`.
        ScreentimeError
            If the table is damaged.
        """
        try:
            there = self.frames_table.stat()
        except FileNotFoundError:
            raise NotReady("There are no frames yet.", "Run `screentime extract`.") from None
        if not stat.S_ISREG(there.st_mode):  # to open a pipe would wait for ever
            raise ScreentimeError(
                f"{self.frames_table} is no file.", "Delete it and run `screentime extract`: it writes the table again."
            )
        return list(_frames(self.frames_table, state_of(there)))

    def audited(self) -> list[Audited]:
        """Other films that are audited here.

        Raises
        ------
        ScreentimeError
            If the file that keeps them is damaged.
        """
        if not self.audited_file.exists():
            return []
        remedy = "Delete it and run `screentime audit FILM` again: labels are safe in Label Studio."
        audited = read_or_tell(self.audited_file, list[Audited], remedy)
        try:
            for one in audited:
                for frame in one.frames:
                    require_sound(frame)
        except ValueError as error:
            raise ScreentimeError(f"{self.audited_file} is damaged ({error}).", remedy) from None
        require_inside(self.root, (frame.file for one in audited for frame in one.frames))
        return audited

    def write_audited(self, audited: Sequence[Audited]) -> None:
        """Keep which other films are audited here."""
        write_atomically(
            self.audited_file, json.dumps([asdict(one) for one in audited], indent=2, ensure_ascii=False) + "\n"
        )

    def all_frames(self) -> list[Frame]:
        """Frames of the project's films, then the drawn ones of other films that are audited here."""
        return [*self.frames(), *(frame for one in self.audited() for frame in one.frames)]

    def write_frames(self, films: Sequence[Film], frames: Sequence[Frame]) -> None:
        """Keep what `extract` found."""
        text = json.dumps([asdict(film) for film in films], indent=2, ensure_ascii=False)
        write_atomically(self.films_file, text + "\n")
        write_table(self.frames_table, frames)


@lru_cache(maxsize=2)
def _frames(path: Path, state: tuple[int, ...]) -> tuple[Frame, ...]:
    """The frames of a table in this state of its file: a round asks for thousands of them a dozen times."""
    frames = tuple(read_table(path))
    require_inside(path.parent, (frame.file for frame in frames))
    return frames


def _require_possible(film: Film) -> None:
    """See that numbers of a film that were read from a file can be a film's; pages are drawn as long as it is."""
    if not 0 <= film.seconds <= LONGEST:
        raise ValueError(f"no film lasts {film.seconds} s")
    if film.rate < 0:
        raise ValueError(f"no film has {film.rate} frames a second")
    if film.frames < 0:
        raise ValueError(f"no film has {film.frames} frames")
