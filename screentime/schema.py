"""Characters and mode: the one source of truth for classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from unicodedata import normalize

from screentime.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

Mode = Literal["exclusive", "multi"]
MODES: tuple[Mode, ...] = ("exclusive", "multi")
NEITHER = "neither"
BOTH = "both"
# Columns of tables that have a column a character, and what follows a character's name in some of them.
RESERVED = {
    NEITHER, BOTH, "film", "second", "seconds", "length", "labelled", "labels", "audited", "reviewed",
    "unsure", "strange", "far", "model", "label", "uid",
}
ENDINGS = ("_low", "_high", "_sampling")

# Names of the one control and the one object in every template of labelstudio_config/.
CONTROL, OBJECT = "characters", "frame"

# The same of the template of a film's timeline.
TIMELINE, FILM = "appearances", "film"
TIMELINE_LABELS = "timelinelabels"

# As many as there are keys for them in Label Studio's page, see `screentime.label_config`.
MOST_CHARACTERS = 19


@dataclass(frozen=True, slots=True)
class Schema:
    """The classes of a project.

    Parameters
    ----------
    mode : {"exclusive", "multi"}
        ``exclusive``: a frame shows one character or neither. ``multi``: each character on its own.
    characters : tuple of str
        Names in the order in which the person gave them.

    Raises
    ------
    ConfigError
        If the mode is unknown, or a name is empty, doubled, reserved or too long.
    """

    mode: Mode
    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ConfigError(f"The mode {self.mode!r} is not known.", "Use exclusive or multi.")
        if not self.characters:
            raise ConfigError("No character is named.", "Name them: --characters Tom,Jerry.")
        if len(self.characters) > MOST_CHARACTERS:
            raise ConfigError(
                f"{len(self.characters)} characters are named.",
                f"Name at most {MOST_CHARACTERS}: each one needs a key in Label Studio's page.",
            )
        for name in self.characters:
            _check_name(name)
        # One letter may be written as two: é, or e and an accent.
        folded = [normalize("NFC", name.casefold()) for name in self.characters]
        doubled = next((n for n, f in zip(self.characters, folded) if folded.count(f) > 1), None)
        if doubled is not None:
            raise ConfigError(f"The character {doubled!r} is named twice.", "Name each one once.")

    @property
    def choices(self) -> tuple[str, ...]:
        """What a person can choose in the page, in the order shown."""
        return (NEITHER, *self.characters)

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classifier's outputs stand for, in their order."""
        return self.choices if self.mode == "exclusive" else self.characters

    def parse_choices(self, chosen: Sequence[str]) -> frozenset[str]:
        """Characters that a list of chosen values names.

        Parameters
        ----------
        chosen : sequence of str
            Values as they stand in an annotation.

        Returns
        -------
        frozenset of str
            Empty when the person said ``neither``.

        Raises
        ------
        ValueError
            With the reason, when the values cannot be a label of this project.
        """
        if not chosen:
            raise ValueError("nothing is chosen")
        unknown = sorted(set(chosen) - set(self.choices))
        if unknown:
            raise ValueError(f"{', '.join(map(repr, unknown))} is no choice of this project")
        named = frozenset(chosen)
        if NEITHER in named and len(named) > 1:
            raise ValueError(f"{NEITHER!r} is chosen together with a character")
        if self.mode == "exclusive" and len(named) > 1:
            raise ValueError("more than one character is chosen in an exclusive project")
        return named - {NEITHER}

    def choose(self, characters: Iterable[str]) -> list[str]:
        """Values to choose in the page for a set of characters (inverse of `parse_choices`)."""
        named = set(characters)
        return [name for name in self.characters if name in named] or [NEITHER]

    def encode(self, labels: Sequence[frozenset[str]]) -> np.ndarray:
        """Labels as rows of zeros and ones.

        Parameters
        ----------
        labels : sequence of frozenset of str
            Characters on screen, one set a frame.

        Returns
        -------
        ndarray of float32, shape (n, len(classes))
            One-hot in exclusive mode (column 0 is neither), any number of ones in multi mode.
        """
        import numpy as np

        rows = np.zeros((len(labels), len(self.classes)), dtype=np.float32)
        for row, characters in zip(rows, labels):
            for name in characters:
                row[self.classes.index(name)] = 1
            if self.mode == "exclusive" and not characters:
                row[0] = 1
        return rows

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Probabilities to the most likely label.

        Parameters
        ----------
        probabilities : ndarray, shape (n, len(classes))

        Returns
        -------
        ndarray of float32, shape (n, len(classes))
            Rows of zeros and ones, as `encode` makes them.
        """
        import numpy as np

        if self.mode == "multi":
            return (probabilities >= 0.5).astype(np.float32)
        return np.eye(len(self.classes), dtype=np.float32)[probabilities.argmax(axis=1)]

    def decode(self, row: np.ndarray) -> frozenset[str]:
        """Characters that one row of zeros and ones names (inverse of `encode`)."""
        return frozenset(n for n, on in zip(self.classes, row) if on and n != NEITHER)

    def presence(self, rows: np.ndarray) -> np.ndarray:
        """Columns of the characters alone, in the order of `characters`.

        Parameters
        ----------
        rows : ndarray, shape (n, len(classes))
            Labels or probabilities.

        Returns
        -------
        ndarray, shape (n, len(characters))
        """
        return rows[:, 1:] if self.mode == "exclusive" else rows

    def certainty(self, probabilities: np.ndarray) -> np.ndarray:
        """How sure the classifier is of its decision for each frame.

        The probability of the decided label: the largest class in exclusive mode, the least sure
        character in multi mode (a frame is as doubtful as its most doubtful character).

        Parameters
        ----------
        probabilities : ndarray, shape (n, len(classes))

        Returns
        -------
        ndarray, shape (n,)
            In [0.5, 1] in multi mode, in [1 / len(classes), 1] in exclusive mode.
        """
        import numpy as np

        if self.mode == "multi":
            return np.maximum(probabilities, 1 - probabilities).min(axis=1)
        return probabilities.max(axis=1)

    def expected_right(self, probabilities: np.ndarray) -> np.ndarray:
        """Part of each frame that the classifier expects to have decided rightly; see `right`.

        Parameters
        ----------
        probabilities : ndarray, shape (n, len(classes))

        Returns
        -------
        ndarray, shape (n,)
        """
        import numpy as np

        if self.mode == "multi":
            return np.maximum(probabilities, 1 - probabilities).mean(axis=1)
        return probabilities.max(axis=1)

    def right(self, truth: np.ndarray, decided: np.ndarray) -> np.ndarray:
        """Share of each frame that was decided rightly.

        Parameters
        ----------
        truth, decided : ndarray, shape (n, len(classes))
            Rows of zeros and ones.

        Returns
        -------
        ndarray, shape (n,)
            0 or 1 in exclusive mode; in multi mode the share of characters that are right.
        """
        if self.mode == "exclusive":
            return (truth.argmax(axis=1) == decided.argmax(axis=1)).astype(float)
        return (truth == decided).mean(axis=1)


def _check_name(name: str) -> None:
    remedy = "Give it another name."
    if not name.strip() or name != name.strip():
        raise ConfigError(f"The character name {name!r} is empty or has spaces around it.", remedy)
    if name.casefold() in RESERVED or name.casefold().endswith(ENDINGS):
        raise ConfigError(f"The character name {name!r} has a meaning of its own here.", remedy)
    if len(name) > 60 or any(c in name for c in "|,;=\"\n\r\t") or not name.isprintable():
        raise ConfigError(
            f"The character name {name!r} is over 60 characters long or holds one of | , ; = \" or a"
            " line break.",
            remedy,
        )
