"""Films and a model in, screen times out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from screentime.model.classifier import Classifier
from screentime.records import Film, frame_uid
from screentime.talk import Talk
from screentime.totals import durations, expected_seconds
from screentime.video.reader import Reader, digest
from screentime.video.source import shown_name

# Pictures that go through the network at once: more are not faster on two cores, and memory counts.
BATCH = 8


@dataclass(frozen=True, slots=True)
class ScreenTime:
    """Screen times of one film.

    Attributes
    ----------
    film : Film
    seconds : dict of str to float or None
        Each character's, then ``both`` and ``neither``; see `screentime.totals.expected_seconds`.
    labelled : float
        Seconds whose label a person gave; the rest is the model's word.
    version : str
        The model version.
    """

    film: Film
    seconds: dict[str, float | None]
    labelled: float
    version: str


def screen(
    path: Path,
    classifier: Classifier,
    talk: Talk,
    labels: Mapping[str, frozenset[str]] | None = None,
) -> ScreenTime:
    """Screen time of each character in one film.

    The film is read once, a frame at a time; nothing grows with its length but one small row of
    probabilities a frame.

    Parameters
    ----------
    path : Path
    classifier : Classifier
    talk : Talk
    labels : mapping of str to frozenset of str, optional
        Frame uid to characters, where people labelled frames of this film: those count as they are.

    Returns
    -------
    ScreenTime

    Raises
    ------
    FilmError
        If the film cannot be read.
    """
    import numpy as np

    from screentime.model.dataset import input_size, to_input

    schema = classifier.schema
    labels = labels or {}
    content = digest(path)
    seconds: list[float] = []
    rows: list[np.ndarray] = []
    waiting: list[np.ndarray] = []

    def flush() -> None:
        if waiting:
            rows.append(classifier.probabilities(np.stack(waiting)))
            waiting.clear()

    with Reader(path, fps=classifier.card["fps"]) as reader, talk.progress(f"Reading {shown_name(path)}") as step:
        for sample in reader:
            height, width = sample.image.shape[:2]
            waiting.append(to_input(sample.image, input_size(width, height, classifier.card["short_side"])))
            seconds.append(sample.second)
            if len(waiting) == BATCH:
                flush()
                step(round(sample.second), round(reader.claimed_seconds))
        flush()
        film = reader.film
    for warning in reader.warnings:
        talk.say(warning)
    probabilities = np.concatenate(rows)
    weights = durations(seconds, film.seconds)
    known = np.array([frame_uid(content, second) in labels for second in seconds])
    if known.any():
        said = [labels[frame_uid(content, s)] for s, is_known in zip(seconds, known) if is_known]
        probabilities[known] = schema.encode(said)
    return ScreenTime(film, expected_seconds(probabilities, weights, schema), float(weights[known].sum()), classifier.version)


def rows_of(results: Sequence[ScreenTime]) -> list[dict]:
    """Screen times as flat rows, one a film.

    Parameters
    ----------
    results : sequence of ScreenTime

    Returns
    -------
    list of dict
        ``film``, ``length`` (seconds), then a key a character, ``both`` and ``neither``
        (seconds), ``labelled`` (seconds) and ``model``.
    """
    def tidy(value: float | None) -> float | None:
        return None if value is None else round(value, 3)

    return [
        {
            "film": result.film.name,
            "length": tidy(result.film.seconds),
            **{name: tidy(value) for name, value in result.seconds.items()},
            "labelled": tidy(result.labelled),
            "model": result.version,
        }
        for result in results
    ]
