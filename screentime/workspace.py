"""One folder per project: its files, who may write them, and what they mean."""

from __future__ import annotations

import json
import os
import shlex
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

from screentime import config as configuration
from screentime import locks
from screentime.cards import card_of, round_of, state_of
from screentime.config import Config
from screentime.errors import ConfigError, NotReady, ScreentimeError, UserMistake
from screentime.files import clear_unfinished, write_atomically
from screentime.kept import Damaged, Kept, read_json, read_text
from screentime.labels_table import damaged, from_table, to_table
from screentime.locks import AtWork
from screentime.numbering import versions
from screentime.places import Places
from screentime.records import Film, Frame, Label, Review, Round
from screentime.schema import Schema
from screentime.standing import AskedReview, Audited, Progress, Reviews
from screentime.video.frames import read_table, require_sound, write_table
from screentime.within import is_name, require_inside, require_no_way_out

# Seconds, months of film; a page whose drawings are a thousand times as long is never done.
LONGEST = 1e7


class Workspace(Places):
    """A project's folder: what its files hold, see `Places` for what it takes and refuses."""

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
        films = _kept(self.films_file, list[Film], remedy)
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
        audited = _kept(self.audited_file, list[Audited], remedy)
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

    def asked_reviews(self) -> list[AskedReview]:
        """Films whose timeline was put up for a person, in the order in which that was asked.

        Raises
        ------
        ScreentimeError
            If the file that keeps them is damaged.
        """
        return self._reviews().asked

    def reviews(self) -> list[Review]:
        """The pulled copy of the submitted reviews.

        Raises
        ------
        ScreentimeError
            If the file that keeps them is damaged.
        """
        return self._reviews().done

    def _reviews(self) -> Reviews:
        if not self.reviews_file.exists():
            return Reviews([], [])
        return _kept(
            self.reviews_file, Reviews, "Delete it and run `screentime pull`: reviews are safe in Label Studio."
        )

    def write_reviews(self, asked: Sequence[AskedReview], done: Sequence[Review]) -> None:
        """Keep which films are put up for review, and what came of it."""
        text = json.dumps(
            {"asked": [asdict(one) for one in asked], "done": [asdict(one) for one in done]},
            indent=1, ensure_ascii=False,
        )
        write_atomically(self.reviews_file, text + "\n")

    def keep_reviews(self) -> Path:
        """Set a copy of the pulled reviews aside under a name of its own, which is returned."""
        number = 1
        while (kept := self.root / f"reviews-before-{number}.json").exists():
            number += 1
        write_atomically(kept, self.reviews_file.read_bytes())
        return kept

    def all_frames(self) -> list[Frame]:
        """Frames of the project's films, then the drawn ones of other films that are audited here."""
        return [*self.frames(), *(frame for one in self.audited() for frame in one.frames)]

    def write_frames(self, films: Sequence[Film], frames: Sequence[Frame]) -> None:
        """Keep what `extract` found."""
        text = json.dumps([asdict(film) for film in films], indent=2, ensure_ascii=False)
        write_atomically(self.films_file, text + "\n")
        write_table(self.frames_table, frames)

    def labels(self) -> list[Label]:
        """The pulled copy of the labels; empty before the first pull.

        Raises
        ------
        ScreentimeError
            If the file is damaged.
        ConfigError
            If it names characters that the options do not, or several at once where these exclude one another.
        """
        labels = self.labels_as_pulled()
        strange = sorted(set().union(*(one.characters for one in labels)) - set(self.config().project.characters))
        if strange:
            raise ConfigError(
                f"{self.labels_table} has labels of {', '.join(strange)}, which {self.config_file} does not name.",
                "Name it under characters again, as the labels do, or change those labels in Label Studio and run"
                " `screentime pull`.",
            )
        double = sum(len(one.characters) > 1 for one in labels)
        if double and self.config().project.mode == "exclusive":
            raise ConfigError(
                f"{self.labels_table} has {double} labels of more than one character, and {self.config_file} says that"
                " they exclude one another.",
                'Write mode = "multi" again, as the labels were given, or change those labels in Label Studio and run'
                " `screentime pull`.",
            )
        return labels

    def labels_as_pulled(self) -> list[Label]:
        """The pulled copy of the labels, though it name characters that the options do not name any more."""
        if not self.labels_table.exists():
            return []
        try:
            text = read_text(self.labels_table)
        except Damaged as error:
            raise damaged(str(self.labels_table), error) from None
        return from_table(text, str(self.labels_table))

    def write_labels(self, labels: Sequence[Label]) -> None:
        """Keep a pulled copy of the labels, one row a frame in the order of the frames."""
        frames = {frame.uid: frame for frame in self.all_frames()}
        write_atomically(self.labels_table, to_table(labels, frames, self.schema()))

    def keep_labels(self) -> Path:
        """Set the pulled copy of the labels aside under a name of its own, which is returned."""
        number = 1
        while (kept := self.root / f"labels-before-{number}.csv").exists():
            number += 1
        self.labels_table.rename(kept)
        return kept

    def keep_gone(self, labels: Sequence[Label]) -> Path:
        """Keep labels that count in Label Studio no more, beside those kept before; returns the file."""
        file, number = self.gone_table, 1
        while True:
            try:
                before = from_table(read_text(file), str(file), once=False) if file.exists() else []
                break
            except (Damaged, ScreentimeError):  # what is left of it stays
                number += 1
                file = self.gone_table.with_stem(f"labels-gone-{number}")
        # Killed before labels.csv is written, the next pull finds the same ones again.
        kept = {(one.uid, one.annotation, one.updated_at): one for one in [*before, *labels]}
        frames = {frame.uid: frame for frame in self.all_frames()}
        write_atomically(file, to_table(list(kept.values()), frames, self.schema()))
        return file

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
        progress = _kept(self.loop_file, Progress, remedy, needs=("batch", "blind", "skipped"))
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
            for folder in (self.root, self.embeddings_folder, self.review_folder, *self.models_folder.glob("v*")):
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


def _kept(path: Path, kind: type[Kept], remedy: str, needs: Collection[str] = ()) -> Kept:
    try:
        return read_json(path, kind, needs)
    except Damaged as error:
        raise ScreentimeError(f"{path} is damaged ({error}).", remedy) from None
