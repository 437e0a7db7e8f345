"""Asking for the next frames: what was said so far in, a batch on disk out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from screentime.auditing import Draw
from screentime.config import Config
from screentime.config import Loop as Options
from screentime.records import Frame
from screentime.standing import Progress
from screentime.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np

# Fewer labels than this teach nothing.
FEWEST_LABELS = 8
# Share of the learning frames that are shown without their pre-annotation, to see what seeing it does
# to what people say. Audit frames always are.
BLIND_SHARE = 1 / 8
# Certainty from which a pre-annotation is put up to be confirmed with many others: about half the frames
# without a label, of which so few are wrong that it pays to look for those alone, and a person still meets
# one now and then and keeps looking.
SURE = 0.85
# So many are put up at once: enough that the clicks which confirming together costs are few a frame
# (`scripts/measure_actions`), and no more than one looks through in one go. Label Studio picks a tab's frames
# by a pattern that names each one and goes with every request of the page, too long for thousands.
AT_ONCE = 250


def next_look(learned: int, options: Options) -> int:
    """How many labels there shall be when the next round is run.

    Parameters
    ----------
    learned : int
        Labels that the latest version learned from; 0 before the first.
    options : screentime.config.Loop

    Returns
    -------
    int
        Half of the first batch at first, since a model of fewer labels would choose the rest of it
        badly; then ``every`` more each time.
    """
    return learned + options.every if learned else max(options.first_batch // 2, FEWEST_LABELS)


def waiting(workspace: Workspace) -> int:
    """How many of the frames that were asked for are neither labelled nor skipped."""
    progress = workspace.progress()
    done = {label.uid for label in workspace.labels()} | set(progress.skipped)
    return sum(uid not in done for uid in progress.batch)


def deal(batch: Sequence[str], people: int, before: Mapping[str, int]) -> dict[str, int]:
    """Whose page each frame of the batch goes to, so that every page gets as many as the others.

    Parameters
    ----------
    batch : sequence of str
        Uids in their order.
    people : int
    before : mapping of str to int
        Whose page frames were on, the first ones first. They stay there, since somebody may have one of
        them open, as far as nobody has more than an even share: who is away leaves some to the others.

    Returns
    -------
    dict of str to int
        Uid to person, from 0; in the order of the batch.
    """
    most, there = -(-len(batch) // people), set(batch)
    held, kept = [0] * people, {}
    for uid, person in before.items():
        if uid in there and person < people and held[person] < most:
            kept[uid] = person
            held[person] += 1
    for uid in batch:
        if uid not in kept:
            kept[uid] = held.index(min(held))
            held[kept[uid]] += 1
    return {uid: kept[uid] for uid in batch}


def somebody_waits(workspace: Workspace) -> bool:
    """Whether somebody has answered all frames of a page of their own, while another page still has some."""
    progress = workspace.progress()
    done = {label.uid for label in workspace.labels()} | set(progress.skipped)
    pages: dict[int, list[bool]] = {}
    for uid in progress.batch:
        if uid in progress.dealt:
            pages.setdefault(progress.dealt[uid], []).append(uid in done)
    return len(pages) > 1 and any(map(all, pages.values()))


def ask(
    workspace: Workspace,
    config: Config,
    frames: Sequence[Frame],
    embeddings: Callable[[], np.ndarray],
    probabilities: np.ndarray | None,
    most: int | None = None,
) -> None:
    """Choose the frames to label next and keep them as the batch.

    Nothing is chosen while frames chosen after the same model version still wait for their label.
    Frames of an earlier batch that nobody labelled are free again, audit frames too: they are drawn
    anew, which is fair since it is done whatever they show.

    Parameters
    ----------
    workspace : Workspace
    config : Config
    frames : sequence of Frame, length n
    embeddings : callable
        Gives the frames' embeddings, shape (n, d); called only when there is something to choose.
    probabilities : ndarray, shape (n, k), or None
        By the latest version; None before the first.
    most : int, optional
        Plan for so many labels in all: until there are so many, never ask for more.
    """
    import numpy as np

    from screentime.auditing import parts
    from screentime.selection import next_batch

    progress, rounds = workspace.progress(), workspace.rounds()
    after = rounds[-1].version if rounds else ""
    if progress.batch_after == after and waiting(workspace):
        return
    position = {frame.uid: i for i, frame in enumerate(frames)}
    labelled = {label.uid for label in workspace.labels()} & position.keys()
    closed = np.zeros(len(frames), dtype=bool)
    closed[[position[uid] for uid in labelled | (position.keys() & set(progress.skipped))]] = True
    options, said = config.loop, len(labelled)
    elsewhere = len(workspace.labels()) - said  # of other films that are audited here
    wanted = options.first_batch - said if said < options.first_batch else options.batch
    if most is not None and said < most:
        wanted = min(wanted, most - said)
    audits = {uid: one for uid, one in progress.audits.items() if uid in labelled or uid not in position}
    look = next_look(rounds[-1].labels if rounds else 0, options) - elsewhere
    divided = parts(said, len(audits.keys() & labelled), look, wanted, options.audit_every)
    seed = draw_seed(config.model.seed, said)
    rng = np.random.default_rng(seed)
    batch, draws = next_batch(embeddings(), closed, divided, probabilities, workspace.schema(), rng)
    audits |= {frames[one.frame].uid: mark(one, frames, seed) for one in draws}
    asked = [frames[i].uid for i in batch]
    blind = [
        uid for uid in asked if after and (uid in audits or rng.random() < BLIND_SHARE)
    ]
    workspace.update_progress(
        batch=tuple(asked), batch_after=after, audits=audits,
        asked=progress.asked | dict.fromkeys(asked, after),
        blind=tuple(sorted({*blind, *(uid for uid in progress.blind if uid in labelled)})),
    )


def to_confirm(
    frames: Sequence[Frame], progress: Progress, labelled: Collection[str], certainty: np.ndarray
) -> tuple[list[str], list[str]]:
    """Frames outside the batch whose pre-annotations a person may confirm, those sure and the others.

    Audit frames and blind ones are never among them: what people say of those must not begin with what
    the model says.

    Parameters
    ----------
    frames : sequence of Frame, length n
    progress : Progress
    labelled : collection of str
        Uids.
    certainty : ndarray, shape (n,)

    Returns
    -------
    sure : list of str
        Uids of at most `AT_ONCE` frames, the most certain first.
    unsure : list of str
        The same, the least certain first.
    """
    closed = {*labelled, *progress.skipped, *progress.batch, *progress.blind, *progress.audits}
    free = [(float(one), frame.uid) for frame, one in zip(frames, certainty) if frame.uid not in closed]
    # Of equally certain ones the earlier second first, whichever end they are taken from.
    sure = sorted((one for one in free if one[0] >= SURE), key=lambda one: (-one[0], one[1]))
    unsure = sorted(one for one in free if one[0] < SURE)
    return [uid for _, uid in sure[:AT_ONCE]], [uid for _, uid in unsure[:AT_ONCE]]


def draw_seed(seed: int, labels: int) -> int:
    """Seed of what is drawn at random when there are so many labels; another for each number."""
    return seed + 1_000_003 * labels


def mark(one: Draw, frames: Sequence[Frame], seed: int) -> dict[str, Any]:
    """What a drawn frame's task and ``loop.json`` say of the draw.

    Parameters
    ----------
    one : Draw
    frames : sequence of Frame
    seed : int
        Of the generator that drew it.

    Returns
    -------
    dict
        ``block``: first and last second of the block, as far as it lies in the frame's film;
        ``seed``; ``probability``.
    """
    mine = frames[one.frame].digest
    block = [frame.second for frame in frames[one.first : one.last + 1] if frame.digest == mine]
    return {"block": [block[0], block[-1]], "seed": seed, "probability": round(one.probability, 9)}


def scores(frames: Sequence[Frame], progress: Progress, certainty: np.ndarray) -> dict[str, float]:
    """Scores under which Label Studio lists the batch in its order.

    A frame's score is the certainty of its prediction. In the batch a later frame never has a smaller
    one: a blind frame takes that of the frame before it, so that its place does not depend on what it
    shows.

    Parameters
    ----------
    frames : sequence of Frame, length n
    progress : Progress
    certainty : ndarray, shape (n,)

    Returns
    -------
    dict of str to float
        Uid to score in [0, 1].
    """
    score = {frame.uid: float(one) for frame, one in zip(frames, certainty)}
    least = 0.0
    for uid in progress.batch:
        own = 0.0 if uid in progress.blind else score[uid]
        least = score[uid] = min(max(own, least + 1e-6), 1.0)
    return score
