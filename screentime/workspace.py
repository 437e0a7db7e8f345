"""One folder per project: where its loop stands, its models, and who may write in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from screentime import config as configuration
from screentime import locks
from screentime.cards import card_of, round_of
from screentime.config import Config
from screentime.errors import ConfigError, ScreentimeError, UserMistake
from screentime.files import clear_unfinished, write_atomically
from screentime.kept import read_or_tell
from screentime.locks import AtWork
from screentime.numbering import versions
from screentime.outlet import is_own
from screentime.pulled import Pulled
from screentime.records import Round
from screentime.schema import Schema
from screentime.standing import Progress
from screentime.within import is_name, require_no_way_out


class Workspace(Pulled):
    """A project's folder: what its files hold, see `Places` for what it takes and refuses."""

    def require_folders(self) -> None:
        """See that nothing else lies where the folders are to be made.

        Raises
        ------
        UserMistake
            If something does.
        """
        for folder in (self.frames_folder, self.models_folder, self.embeddings_folder, self.review_folder):
            if os.path.lexists(folder) and not folder.is_dir():
                raise UserMistake(
                    f"{folder} is no folder, and one of that name is needed.",
                    "Move it elsewhere: the folder is made when it is needed.",
                )

    def progress(self) -> Progress:
        """Where the loop stands.

        Raises
        ------
        ScreentimeError
            If the file that keeps it is damaged.
        """
        if not self.loop_file.exists():
            return Progress()
        remedy = "Delete it and run `screentime push`: labels are safe in Label Studio."
        progress = read_or_tell(self.loop_file, Progress, remedy, needs=("batch", "blind", "skipped"))
        # They name folders.
        odd = [v for v in (progress.shown, *progress.asked.values()) if v and not is_name(v)]
        if odd:
            raise ScreentimeError(f"{self.loop_file} is damaged ({odd[0]!r} is no model version).", remedy)
        return progress

    def rounds(self) -> list[Round]:
        """The rounds so far, oldest first: what the cards of the models say."""
        return [round_of(file) for file in self._cards()]

    def cards(self) -> list[dict]:
        """Cards of the models, oldest first."""
        return [card_of(file) for file in self._cards()]

    def card(self) -> dict:
        """Card of the latest model; there must be one."""
        return card_of(self._cards()[-1])

    def _cards(self) -> list[Path]:
        files = [file for folder in versions(self.models_folder) if (file := folder / "card.json").is_file()]
        for file in files:
            require_no_way_out(self.root, file)
        return files

    def update_progress(self, **changes: object) -> Progress:
        """Replace some fields of `progress` on disk, and return the new whole."""
        progress = replace(self.progress(), **changes)
        write_atomically(self.loop_file, json.dumps(asdict(progress), ensure_ascii=False) + "\n")
        return progress

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Keep other screentime commands from writing here meanwhile; clears away what killed ones half wrote.

        Parameters
        ----------
        command : str
            Words of the command that is at work, for the others.

        Raises
        ------
        Busy
            If another one is at work.
        UserMistake
            If something else lies where a folder is needed.
        """
        self.require_folders()
        with locks.held(self.lock_file, command, f"in {self.root}"):
            # Beside the project's files may lie anybody's.
            clear_unfinished(self.root, is_own)
            for folder in (self.embeddings_folder, self.review_folder, *versions(self.models_folder)):
                if folder.is_dir():
                    clear_unfinished(folder)
            yield

    def at_work(self) -> AtWork | None:
        """The command that is at work here just now; None where none is."""
        return locks.holder(self.lock_file)


def create(root: Path, config: Config) -> Workspace:
    """Make a new project's folder, or find it there just as wanted.

    Parameters
    ----------
    root : Path
    config : Config
        What its screentime.toml shall say.

    Raises
    ------
    ConfigError
        If the folder holds a project already that differs.
    """
    path = root / configuration.FILE
    if path.is_file():
        there = Workspace(root).config()
        renamed = replace_id(config, there.project.id)
        if there != renamed:
            raise ConfigError(
                f"{root} holds a screentime project already, with other options.",
                f"Edit {path}, or choose another folder.",
            )
        return Workspace(root)
    # The classes are checked before anything is written.
    Schema(config.project.mode, config.project.characters)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{root} cannot be made a folder ({error.strerror}).", "Name another one, that you may write."
        ) from None
    # 0600: a person may put a token into it.
    write_atomically(path, configuration.render(config), mode=0o600)
    return Workspace(root)


def replace_id(config: Config, identity: str) -> Config:
    """The same configuration under another identity."""
    return configuration.override(config, {"id": identity})
