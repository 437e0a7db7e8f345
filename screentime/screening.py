"""Films and a model in, screen times out."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.model.classifier import Classifier
from screentime.records import Appearance, Film, Review, frame_uid
from screentime.schema import BOTH, Schema
from screentime.talk import Talk
from screentime.timeline import appearances, near
from screentime.totals import Estimate, Evidence, durations, estimate, exact
from screentime.video.reader import Reader, digest
from screentime.video.shots import ShotCounter
from screentime.video.source import shown_name

if TYPE_CHECKING:
    import numpy as np

# Pictures that go through the network at once: more are not faster on two cores, and memory counts.
BATCH = 8
# Batches that may wait for the network while the film is read on.
AHEAD = 2
# A frame whose decision is less certain than this is one that the model does not know.
UNSURE = 0.75
# Shares of frames from which a film is far from what the model learned. Of a film like those it
# learned from 5 % look strange and, as drawn films and a real one went, up to 14 %; of films of another
# kind 25 % or more.
FAR_STRANGE, FAR_UNSURE = 0.2, 0.5


@dataclass(frozen=True, slots=True)
class Basis:
    """What people said, and what a model version made of it; see `screentime.totals.Evidence`.

    Attributes
    ----------
    labels : mapping of str to frozenset of str
        Frame uid to characters.
    audits : collection of str
        Uids of audit frames.
    learned : collection of str
        Uids of the labels that the model learned from.
    foretold : mapping of str to sequence of float
        Uid to probabilities by heads that did not learn from the frame.
    reviews : mapping of str to Review
        Digest to what a person made of a whole film; that goes before all else.
    """

    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    audits: Collection[str] = ()
    learned: Collection[str] = ()
    foretold: Mapping[str, Sequence[float]] = field(default_factory=dict)
    reviews: Mapping[str, Review] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScreenTime:
    """Screen times of one film.

    Attributes
    ----------
    film : Film
    estimates : dict of str to Estimate
        See `screentime.totals.estimate`.
    labelled : float
        Seconds whose label a person gave; the rest is estimated.
    labels, audited : int
        Labels of this film that the estimate rests on, and audit frames among them.
    version : str
        The model version.
    unsure : float
        Share of the frames of which the model is less than `UNSURE` certain.
    strange : float or None
        Share of the frames that look unlike those that the model learned from, see
        `screentime.model.shift`; None where the model cannot tell, and for its own film.
    appearances : tuple of Appearance
        Who is on screen when, as people or else the model say.
    reviewed : bool
        Whether a person reviewed the film's appearances: then its seconds are known, not estimated.
    """

    film: Film
    estimates: dict[str, Estimate]
    labelled: float
    labels: int
    audited: int
    version: str
    unsure: float
    strange: float | None = None
    appearances: tuple[Appearance, ...] = ()
    reviewed: bool = False

    @property
    def far(self) -> bool:
        """Whether the film is far from what the model learned; its seconds are not the model's once reviewed."""
        return not self.reviewed and (self.unsure >= FAR_UNSURE or (self.strange or 0.0) >= FAR_STRANGE)


def count(
    film: Film,
    seconds: Sequence[float],
    probabilities: np.ndarray,
    schema: Schema,
    version: str,
    basis: Basis,
    strange: float | None = None,
) -> ScreenTime:
    """Screen times from what a model says of a film's frames and what people said.

    Parameters
    ----------
    film : Film
    seconds : sequence of float, length n
        Presentation times of the sampled frames, ascending.
    probabilities : ndarray, shape (n, k)
    schema : Schema
    version : str
    basis : Basis
    strange : float, optional

    Returns
    -------
    ScreenTime
    """
    import numpy as np

    uids = [frame_uid(film.digest, second) for second in seconds]
    known = np.array([uid in basis.labels for uid in uids])
    said = np.full(probabilities.shape, np.nan)
    if known.any():
        said[known] = schema.encode([basis.labels[uid] for uid in uids if uid in basis.labels])
    # What learned from a frame cannot judge by it; where no other head's word was kept, nothing can.
    fair = [uid in basis.audits and (uid not in basis.learned or uid in basis.foretold) for uid in uids]
    audited = known & np.array(fair)
    # Of a frame that the model did not learn from, its own word is out of sample.
    foretold = np.array([basis.foretold.get(uid, row) for uid, row in zip(uids, probabilities)])
    learned = sum(uid in basis.learned for uid in uids)
    weights = durations(seconds, film.seconds)
    step = film.seconds / len(seconds)
    unsure = float((schema.certainty(probabilities) < UNSURE).mean())
    review = basis.reviews.get(film.digest)
    if review is not None:
        return ScreenTime(
            film, exact(review.appearances, film.seconds, schema), film.seconds, len(seconds),
            int(audited.sum()), version, unsure, strange, review.appearances, True,
        )
    evidence = Evidence(probabilities, said, audited, foretold, learned)
    decided = np.where(known[:, None], said, schema.decide(probabilities))
    found = appearances(
        schema.presence(decided) > 0, schema.presence(probabilities), known, seconds, film.seconds, schema.characters
    )
    return ScreenTime(
        film, estimate(evidence, weights, step, schema), float(weights[known].sum()),
        max(learned, int(audited.sum())), int(audited.sum()), version, unsure, strange, tuple(found),
    )


def screen(path: Path, classifier: Classifier, talk: Talk, basis: Basis | None = None) -> ScreenTime:
    """Screen time of each character in one film.

    The film is read once, a frame at a time, while the network looks at the frames before; nothing grows
    with its length but small rows of numbers, one a frame.

    Parameters
    ----------
    path : Path
    classifier : Classifier
    talk : Talk
    basis : Basis, optional
        Labels, where people labelled frames of this film: those count as they are.

    Returns
    -------
    ScreenTime

    Raises
    ------
    FilmError
        If the film cannot be read.
    """
    import numpy as np

    from screentime.model.dataset import to_input
    from screentime.model.shift import strange_share

    schema = classifier.schema
    content = digest(path)
    seconds: list[float] = []
    rows: list[np.ndarray] = []
    strange: list[float] = []
    shots: list[int] = []
    shot_of = ShotCounter()
    waiting: list[np.ndarray] = []
    known = classifier.reference
    if known is not None:
        known = replace(known, known=known.known.astype(np.float32))  # once, not for each batch

    looked: deque[Future] = deque()

    def flush(most: int = AHEAD) -> None:
        if waiting:
            looked.append(looking.submit(classifier.look, np.stack(waiting)))
            waiting.clear()
        while len(looked) > most:
            probabilities, embeddings = looked.popleft().result()
            rows.append(probabilities)
            if embeddings is not None and known is not None:
                strange.append(strange_share(known, embeddings) * len(embeddings))

    with (
        ThreadPoolExecutor(1) as looking,
        Reader(path, fps=classifier.card["fps"], size=classifier.size, known_digest=content) as reader,
        talk.progress(f"Reading {shown_name(path)}") as step,
    ):
        for sample in reader:
            picture = to_input(sample.image, sample.image.shape[1::-1])
            if waiting and waiting[0].shape != picture.shape:
                flush()  # a film may change its shape on the way
            waiting.append(picture)
            seconds.append(sample.second)
            shots.append(shot_of.next(sample.image))
            if len(waiting) == BATCH:
                flush()
                step(round(sample.second), round(reader.claimed_seconds))
        flush(most=0)
        film = reader.film
    for warning in reader.warnings:
        talk.say(warning)
    basis = basis or Basis()
    own = any(uid.startswith(f"{content}-") for uid in basis.learned)
    neighbours = near([content] * len(shots), shots, classifier.card.get("smoothing", 0.0))
    return count(
        film, seconds, neighbours.smooth(np.concatenate(rows)), schema, classifier.version, basis,
        sum(strange) / len(seconds) if strange and not own else None,
    )


def rows_of(results: Sequence[ScreenTime]) -> list[dict]:
    """Screen times as flat rows, one a film.

    Parameters
    ----------
    results : sequence of ScreenTime

    Returns
    -------
    list of dict
        ``film`` and ``length`` (seconds); for each character, ``both`` and ``neither`` a key with the
        seconds, and the same key with ``_low``, ``_high`` (95 % interval; None where the film is not
        audited) and ``_sampling`` (see `screentime.totals.Estimate`); ``labelled`` (seconds),
        ``labels`` and ``audited`` (frames), ``reviewed``, ``unsure`` and ``strange`` (shares), ``far``
        and ``model``. Exclusive mode cannot tell ``both`` but of a reviewed film: None.
    """
    def tidy(value: float | None) -> float | None:
        return None if value is None else round(value, 3)

    rows = []
    for result in results:
        row: dict = {"film": result.film.name, "length": tidy(result.film.seconds)}
        names = list(result.estimates)
        if BOTH not in names:
            names.insert(-1, BOTH)
        for name in names:
            one = result.estimates.get(name, Estimate(None, None, None, None))
            row |= {
                name: tidy(one.seconds), f"{name}_low": tidy(one.low), f"{name}_high": tidy(one.high),
                f"{name}_sampling": tidy(one.sampling),
            }
        rows.append(row | {
            "labelled": tidy(result.labelled), "labels": result.labels, "audited": result.audited,
            "reviewed": result.reviewed, "unsure": tidy(result.unsure), "strange": tidy(result.strange), "far": result.far,
            "model": result.version,
        })
    return rows
