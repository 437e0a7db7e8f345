"""Films and a model in, screen times out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.looking import Looked, look
from screentime.model.classifier import Classifier
from screentime.records import Appearance, Film, Review, frame_uid
from screentime.schema import BOTH, Schema
from screentime.talk import Talk
from screentime.timeline import appearances
from screentime.totals import Estimate, Evidence, durations, estimate, exact
from screentime.video.source import digest

if TYPE_CHECKING:
    import numpy as np

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
    looked = look(path, classifier, digest(path), talk)
    for warning in looked.warnings:
        talk.say(warning)
    return conclude(looked, classifier.card, basis)


def conclude(looked: Looked, card: Mapping[str, Any], basis: Basis | None = None) -> ScreenTime:
    """Screen times from what a model says of each frame of a film.

    Parameters
    ----------
    looked : Looked
        Of a whole film.
    card : mapping
        The model's.
    basis : Basis, optional
        As for `screen`.

    Returns
    -------
    ScreenTime
    """
    basis = basis or Basis()
    seconds = looked.seconds.tolist()
    own = any(uid.startswith(f"{looked.film.digest}-") for uid in basis.learned)
    return count(
        looked.film, seconds, looked.smooth(card.get("smoothing", 0.0)),
        Schema(card["mode"], tuple(card["characters"])), card["version"], basis,
        sum(looked.strange.tolist()) / len(seconds) if len(looked.strange) and not own else None,
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
