"""One replay of a labelled film: which frames a strategy has labelled, and what is learned from them.

Frames are chosen by the very functions of the loop; heads are solved exactly instead of walked to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screentime.auditing import draw, parts
from screentime.batches import draw_seed, next_look
from screentime.config import Loop as Options
from screentime.model.optimum import out_of_fold, solve
from screentime.model.span import coordinates
from screentime.schema import Schema
from screentime.selection import cover, doubts, next_batch, unit
from screentime.timeline import SMOOTHING, Near, near
from screentime.validation import FOLDS, blocks, folds, plan

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Known:
    """A film of which every label is known.

    Attributes
    ----------
    embeddings : ndarray, shape (n, d)
    targets : ndarray, shape (n, k)
        Labels as rows of zeros and ones.
    shots : sequence of int, length n
    seconds : sequence of float, length n
    schema : Schema
    smoothing : float
        See `screentime.timeline.near`.
    """

    embeddings: np.ndarray
    targets: np.ndarray
    shots: Sequence[int]
    seconds: Sequence[float]
    schema: Schema
    smoothing: float = SMOOTHING

    @property
    def near(self) -> Near:
        """Neighbours of the frames."""
        return near(["film"] * len(self.shots), self.shots, self.smoothing)


@dataclass(frozen=True)
class Look:
    """What is known when so many labels are there.

    Attributes
    ----------
    labelled : ndarray of bool, shape (n,)
    audits : ndarray of int, shape (a,)
        Labelled audit frames that judge, ascending; none while they are too few.
    probabilities : ndarray, shape (n, k)
        By a head that learned from all labels.
    crossfit : ndarray, shape (a, k)
        Of the audit frames, by heads that did not learn from them.
    by_random_split, by_block : ndarray, shape (m, k), or None
        Of the labelled frames, ascending, by heads that did not learn from a random tenth of the labels
        that the frame was in, or from its block of time; None where nobody asked.
    """

    labelled: np.ndarray
    audits: np.ndarray
    probabilities: np.ndarray
    crossfit: np.ndarray
    by_random_split: np.ndarray | None = None
    by_block: np.ndarray | None = None


# Labelled frames in the order in which the labels came, and which of them are audit frames; once for
# each number of labels that is asked for.
Strategy = Callable[[Known, Sequence[int], Options, int], Iterator[tuple[list[int], set[int]]]]


def by_loop(film: Known, counts: Sequence[int], options: Options, seed: int) -> Iterator:
    """What `screentime.batches.ask` asks for, with a look whenever the loop takes one."""
    import numpy as np

    order: list[int] = []
    audits: set[int] = set()
    probabilities, learned, ahead = None, 0, []
    for count in counts:
        while len(order) < count:
            if not ahead:
                labelled = _mask(order, film)
                said = len(order)
                if learned != said:
                    probabilities, learned = judge(film, np.array(order)), said
                wanted = options.first_batch - said if said < options.first_batch else options.batch
                until = next_look(learned, options)
                divided = parts(said, len(audits), until, wanted, options.audit_every)
                rng = np.random.default_rng(draw_seed(seed, said))
                batch, draws = next_batch(film.embeddings, labelled, divided, probabilities, film.schema, rng)
                ahead = batch[: max(until - said, 1)]
                drawn = {one.frame for one in draws}
            frame = ahead.pop(0)
            order.append(frame)
            audits |= {frame} & drawn
        yield order[:count], {frame for frame in audits if frame in order[:count]}


def by_cover(film: Known, counts: Sequence[int], options: Options, seed: int) -> Iterator:
    """Facility location on the embeddings alone: no look at a model, no audit frames."""
    import numpy as np

    order = cover(film.embeddings, np.zeros(len(film.targets), dtype=bool), max(counts)).tolist()
    for count in counts:
        yield order[:count], set()


def by_centres(film: Known, counts: Sequence[int], options: Options, seed: int) -> Iterator:
    """The frames nearest to as many k-means centres, anew for each count (TypiClust's idea)."""
    from sklearn.cluster import KMeans

    points = unit(film.embeddings)
    for count in counts:
        found = KMeans(count, n_init=1, random_state=seed).fit(points)
        yield list(dict.fromkeys(found.transform(points).argmin(axis=0).tolist())), set()


def by_doubt(film: Known, counts: Sequence[int], options: Options, seed: int) -> Iterator:
    """Ten random frames, then always the ones of which the classifier is least sure."""
    import numpy as np

    rng = np.random.default_rng(seed)
    order = rng.permutation(len(film.targets))[:10].tolist()
    for count in counts:
        while len(order) < count:
            doubt = doubts(judge(film, np.array(order)), film.schema.mode)
            doubt[order] = -1
            order += np.argsort(-doubt, kind="stable")[: options.every].tolist()
        yield order[:count], set()


def by_chance(film: Known, counts: Sequence[int], options: Options, seed: int) -> Iterator:
    """Random frames."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(film.targets)).tolist()
    for count in counts:
        yield order[:count], set()


def by_blocks(film: Known, counts: Sequence[int], options: Options, seed: int) -> Iterator:
    """One random frame in each of as many blocks of time, anew for each count: all are audit frames."""
    import numpy as np

    for count in counts:
        drawn = draw(np.arange(len(film.targets)), count, np.random.default_rng([seed, count]))
        yield [one.frame for one in drawn], {one.frame for one in drawn}


STRATEGIES: dict[str, Strategy] = {
    "loop": by_loop, "cover": by_cover, "centres": by_centres, "doubt": by_doubt, "chance": by_chance,
    "blocks": by_blocks,
}


def replay(
    film: Known, strategy: Strategy, counts: Sequence[int], judged: Sequence[int], options: Options, seed: int
) -> Iterator[Look]:
    """Give labels as a strategy asks for them, and look at each of some counts.

    Parameters
    ----------
    film : Known
    strategy : callable
        One of `STRATEGIES`.
    counts : sequence of int
        Numbers of labels, ascending.
    judged : sequence of int
        Those of them at which the labels are judged by other splits too.
    options : screentime.config.Loop
    seed : int
        Of everything random.

    Yields
    ------
    Look
        One a count.
    """
    for count, (order, drawn) in zip(counts, strategy(film, counts, options, seed)):
        yield _look(film, order, drawn, seed, count in judged)


def _look(film: Known, order: Sequence[int], drawn: set[int], seed: int, judged: bool) -> Look:
    import numpy as np

    labelled = np.sort(np.array(order))
    points, neighbours = coordinates(film.embeddings, labelled), film.near
    targets, mode = film.targets[labelled], film.schema.mode
    probabilities = neighbours.smooth(solve(points[labelled], targets, mode, points))
    nobody = np.zeros((0, targets.shape[1]))
    if not judged:
        return Look(_mask(order, film), np.zeros(0, dtype=int), probabilities, nobody)

    def judged_by(fold: np.ndarray) -> np.ndarray:
        return out_of_fold(points, labelled, targets, fold, neighbours, mode)

    audited = np.isin(labelled, list(drawn))
    block = blocks(
        ["film"] * len(labelled), [film.seconds[i] for i in labelled], [film.shots[i] for i in labelled]
    )
    fold, by_audit = plan(block, audited, np.random.default_rng(seed))
    if not by_audit:
        audited[:] = False
    crossfit = judged_by(fold)[audited] if by_audit else nobody
    splits = [
        judged_by(folds(group, FOLDS, np.random.default_rng(seed))) for group in (np.arange(len(labelled)), block)
    ]
    return Look(_mask(order, film), labelled[audited], probabilities, crossfit, *splits)


def judge(film: Known, labelled: np.ndarray) -> np.ndarray:
    """Probabilities of all frames by a head that learned from some, unsmoothed as the loop chooses by.

    Parameters
    ----------
    film : Known
    labelled : ndarray of int, shape (m,)

    Returns
    -------
    ndarray, shape (n, k)
    """
    points = coordinates(film.embeddings, labelled)
    return solve(points[labelled], film.targets[labelled], film.schema.mode, points)


def _mask(order: Sequence[int], film: Known) -> np.ndarray:
    import numpy as np

    mask = np.zeros(len(film.targets), dtype=bool)
    mask[list(order)] = True
    return mask
