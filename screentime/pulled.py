"""Copies of what people said: the labels and the reviews that were pulled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from screentime.errors import ConfigError, ScreentimeError
from screentime.extracted import Extracted
from screentime.files import write_atomically
from screentime.kept import Damaged, read_or_tell, read_text
from screentime.labels_table import damaged, from_table, to_table
from screentime.records import Label, Review
from screentime.standing import AskedReview, Reviews


class Pulled(Extracted):
    """The labels and reviews of a project, as they were in Label Studio when they were pulled last."""

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
        return read_or_tell(
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
