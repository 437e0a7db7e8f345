"""Where a model is wrong, frame by frame: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from screentime.records import Label
from screentime.schema import Schema
from screentime.suspicion import suspicious

# A table of answers against answers with more of them than this cannot be read. Exclusive mode has one
# answer a class; multi mode one a set of characters.
MOST_ANSWERS = 21
# So many mistakes are shown at most.
WORST = 12


@dataclass(frozen=True, slots=True)
class Judged:
    """One character on the judged frames.

    Attributes
    ----------
    character : str
    found, missed, invented, absent : int
        Frames on which people and the model say that it is there, only people, only the model, nobody.
    """

    character: str
    found: int
    missed: int
    invented: int
    absent: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """Who people said and who the model said.

    Attributes
    ----------
    frames : int
        How many were judged.
    answers : tuple of str
        Those that people or the model gave, in words; empty where they are too many for a table.
    counts : tuple of tuple of int
        Frames: a row for each answer of people, a column for each of the model.
    characters : tuple of Judged
    """

    frames: int
    answers: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    characters: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A labelled frame that the model contradicts.

    Attributes
    ----------
    uid : str
    said, model : str
        Who is on screen, by people and by the model, in words.
    probability : float
        That the model gives to the label, see `screentime.suspicion.suspicious`.
    """

    uid: str
    said: str
    model: str
    probability: float


def confusion(labels: Sequence[Label], rows: Mapping[str, Sequence[float]], schema: Schema) -> Confusion | None:
    """Compare labels with what heads say that did not learn from them.

    Parameters
    ----------
    labels : sequence of Label
    rows : mapping of str to sequence of float
        Frame uid to probabilities; labels of other frames are passed over.
    schema : Schema

    Returns
    -------
    Confusion or None
        None where no frame can be judged.
    """
    import numpy as np

    judged = [label for label in labels if label.uid in rows]
    if not judged:
        return None
    decided = schema.decide(np.array([rows[label.uid] for label in judged]))
    pairs = [(label.characters, schema.decode(row)) for label, row in zip(judged, decided)]
    counted = Counter(pairs)

    def place(answer: frozenset[str]) -> tuple:
        return len(answer) > 0, len(answer), [schema.characters.index(name) for name in schema.choose(answer) if answer]

    answers = sorted({answer for pair in pairs for answer in pair}, key=place)
    fits = len(answers) <= MOST_ANSWERS
    return Confusion(
        len(judged),
        tuple(in_words(answer, schema) for answer in answers) if fits else (),
        tuple(tuple(counted[said, model] for model in answers) for said in answers) if fits else (),
        tuple(
            Judged(name, *(
                sum((name in said, name in model) == case for said, model in pairs)
                for case in ((True, True), (True, False), (False, True), (False, False))
            ))
            for name in schema.characters
        ),
    )


def worst(
    labels: Sequence[Label], rows: Mapping[str, Sequence[float]], schema: Schema, most: int = WORST
) -> tuple[Mistake, ...]:
    """Labels that the model contradicts, the least probable first.

    Parameters
    ----------
    labels : sequence of Label
    rows : mapping of str to sequence of float
        Frame uid to probabilities by heads that did not learn from the frame.
    schema : Schema
    most : int

    Returns
    -------
    tuple of Mistake
    """
    import numpy as np

    judged = [label for label in labels if label.uid in rows]
    if not judged:
        return ()
    says = np.array([rows[label.uid] for label in judged])
    which, own = suspicious(schema.encode([label.characters for label in judged]), says, schema)
    decided = schema.decide(says)
    return tuple(
        Mistake(
            judged[i].uid, in_words(judged[i].characters, schema), in_words(schema.decode(decided[i]), schema),
            float(probability),
        )
        for i, probability in zip(which[:most], own)
    )


def in_words(answer: frozenset[str], schema: Schema) -> str:
    """An answer as people read it: names in the order of the characters, or neither."""
    return " + ".join(schema.choose(answer))
