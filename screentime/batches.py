"""Asking for the next frames: what was said so far in, a batch on disk out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from screentime.config import Config
from screentime.config import Loop as Options
from screentime.records import Frame
from screentime.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np

# Fewer labels than this teach nothing.
FEWEST_LABELS = 8


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

    from screentime.selection import next_batch

    progress, labels, rounds = workspace.progress(), workspace.labels(), workspace.rounds()
    after = rounds[-1].version if rounds else ""
    if progress.batch_after == after and waiting(workspace):
        return
    position = {frame.uid: i for i, frame in enumerate(frames)}
    closed = np.zeros(len(frames), dtype=bool)
    for uid in [*(label.uid for label in labels), *progress.skipped]:
        if uid in position:
            closed[position[uid]] = True
    first = len(labels) < config.loop.first_batch
    wanted = config.loop.first_batch - len(labels) if first else config.loop.batch
    if most is not None and len(labels) < most:
        wanted = min(wanted, most - len(labels))
    drawn = [position[uid] for uid in progress.audit if uid in position]
    batch, audits = next_batch(
        embeddings(), closed, np.array([i for i in drawn if not closed[i]], dtype=int), wanted,
        probabilities, workspace.schema(), np.random.default_rng([config.model.seed, len(labels)]),
        drawn=None if first and drawn else len(drawn),
    )
    workspace.update_progress(
        batch=tuple(frames[i].uid for i in batch), batch_after=after,
        audit=tuple(sorted({*progress.audit, *(frames[i].uid for i in audits)})),
    )
