"""Label config to characters and mode, and back: the one source of truth for classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree

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

# Told apart by colour-blind people: eight of Okabe and Ito, the rest of Tol's muted and vibrant schemes.
COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#332288", "#999933", "#882255", "#44AA99",
    "#661100", "#DDCC77", "#117733", "#CC6677", "#6699CC", "#AA4499", "#88CCEE", "#AA4466", "#000000",
)

# One key a choice. Digits first: they are what people expect; then letters that Label Studio
# leaves free for choices.
NEITHER_KEY = "0"
CHARACTER_KEYS = "123456789qwertyuiop"


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
        if len(self.characters) > len(CHARACTER_KEYS):
            raise ConfigError(
                f"{len(self.characters)} characters are named.",
                f"Name at most {len(CHARACTER_KEYS)}: each one needs a key in Label Studio's page.",
            )
        for name in self.characters:
            _check_name(name)
        folded = [name.casefold() for name in self.characters]
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


def fill(template: str, schema: Schema) -> str:
    """Label config of a project: a template with one choice a character.

    Parameters
    ----------
    template : str
        Text of ``labelstudio_config/frames_<mode>.xml``.
    schema : Schema

    Returns
    -------
    str
        XML for Label Studio; each choice carries its key.
    """
    root = ElementTree.fromstring(template)
    control = root.find(f".//Choices[@name='{CONTROL}']")
    keys = dict(zip(schema.choices, NEITHER_KEY + CHARACTER_KEYS))
    for name in schema.choices:
        ElementTree.SubElement(control, "Choice", value=name, hotkey=keys[name])
    return ElementTree.tostring(root, encoding="unicode")


def fill_timeline(template: str, schema: Schema) -> str:
    """Label config of a film's timeline: a template with one label a character.

    Parameters
    ----------
    template : str
        Text of ``labelstudio_config/timeline.xml``.
    schema : Schema
        Its mode does not matter: on a timeline each character comes and goes on its own.

    Returns
    -------
    str
        XML for Label Studio; each label carries its colour and, as on the frames' page, its key.
    """
    root = ElementTree.fromstring(template)
    control = root.find(f".//TimelineLabels[@name='{TIMELINE}']")
    for name, key, colour in zip(schema.characters, CHARACTER_KEYS, COLOURS):
        ElementTree.SubElement(control, "Label", value=name, hotkey=key, background=colour)
    return ElementTree.tostring(root, encoding="unicode")


def read_timeline(label_config: str) -> tuple[str, ...]:
    """Characters of a timeline's label config (inverse of `fill_timeline`); none where it is not one."""
    try:
        control = _parsed(label_config).find(f".//TimelineLabels[@name='{TIMELINE}']")
    except ValueError:
        return ()
    return () if control is None else tuple(label.get("value", "") for label in control.iter("Label"))


def read(label_config: str) -> Schema:
    """Classes and mode of a label config (inverse of `fill`).

    Raises
    ------
    ConfigError
        If the XML is none of this project's: not XML, no control named ``characters``, no
        ``neither``.
    """
    remedy = "Set the project's labelling interface back to what `screentime push` wrote."
    try:
        root = _parsed(label_config)
    except ValueError as error:
        raise ConfigError(f"The label config is not XML ({error}).", remedy) from None
    control = root.find(f".//Choices[@name='{CONTROL}']")
    if control is None:
        raise ConfigError(f"The label config has no Choices named {CONTROL!r}.", remedy)
    names = [choice.get("value", "") for choice in control.iter("Choice")]
    if NEITHER not in names:
        raise ConfigError(f"The label config has no choice {NEITHER!r}.", remedy)
    mode: Mode = "multi" if control.get("choice") == "multiple" else "exclusive"
    return Schema(mode, tuple(name for name in names if name != NEITHER))


def _parsed(label_config: str) -> ElementTree.Element:
    """The XML that a server sent. Entities, which can grow without end or name files, are none of ours.

    Raises
    ------
    ValueError
        If it is not XML, or holds entities.
    """
    from defusedxml import ElementTree as guarded
    from defusedxml.common import DefusedXmlException

    try:
        return guarded.fromstring(label_config)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from None
    except DefusedXmlException:
        raise ValueError("it defines entities") from None


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
