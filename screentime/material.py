"""From labels to what a model version is made from; says what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from screentime.batches import FEWEST_LABELS
from screentime.config import Config
from screentime.errors import NotReady
from screentime.records import Frame
from screentime.talk import Talk
from screentime.validation import ENOUGH_FOR_VERDICT, plan
from screentime.workspace import Workspace

if TYPE_CHECKING:
    from screentime.model.backbone import Backbone
    from screentime.model.material import Material

# A target that no accuracy reaches.
NEVER = 2.0


def gather(
    workspace: Workspace, config: Config, frames: Sequence[Frame], backbone: Backbone, talk: Talk
) -> Material:
    """What the next version is made from.

    Parameters
    ----------
    workspace : Workspace
    config : Config
    frames : sequence of Frame
    backbone : Backbone
    talk : Talk
        Told when the accuracy will be judged by less than it should.

    Returns
    -------
    Material

    Raises
    ------
    NotReady
        If the labels are too few, say all the same, or lie all in one place.
    """
    import numpy as np

    from screentime.model.judging import blocks_of
    from screentime.model.material import Material

    progress, labels, schema = workspace.progress(), workspace.labels(), workspace.schema()
    if len(labels) < FEWEST_LABELS:
        raise NotReady(
            f"There are {len(labels)} labels and training needs {FEWEST_LABELS}.",
            f"Label the frames at {progress.url} , then run `screentime sync`."
            if progress.url else "Run `screentime push`.",
        )
    said = {label.uid: label.characters for label in labels}
    labelled = np.array([i for i, frame in enumerate(frames) if frame.uid in said])
    mine = [frames[i] for i in labelled]
    targets = schema.encode([said[frame.uid] for frame in mine])
    if len(np.unique(targets, axis=0)) < 2:
        raise NotReady("All labels say the same.", "Label frames that show something else too.")
    block = blocks_of(mine)
    if len(np.unique(block)) < 2:
        raise NotReady(
            "All labelled frames lie within one shot or ten seconds of one another.", "Label frames elsewhere too."
        )
    audited = np.array([frame.uid in progress.audits for frame in mine])
    fold, by_audit = plan(block, audited, np.random.default_rng(config.model.seed))
    # Audit frames of other films are held out in turn too, for those films' seconds, but say nothing of
    # the frames that this project is about.
    films = {film.digest for film in workspace.films()}
    own = np.array([frame.digest in films for frame in frames])
    judges = (fold >= 0) & own[labelled]
    validating = int(judges.sum())
    split = (
        f"{validating} audit frames, drawn at random one in each block of time"
        if by_audit
        else "all labels, in blocks of whole shots and ten seconds or more, for want of labelled audit frames"
    )
    if not by_audit:
        talk.say(
            f"The accuracy is judged on {split}: a rough figure"
            + (", which does not end the loop." if progress.audits else ".")
        )
    # Once there are audit frames, theirs is the verdict. They are few, so one look at the end of the
    # first batch is worth more than the best of several looks on the way.
    enough = validating >= ENOUGH_FOR_VERDICT and (by_audit or not progress.audits)
    answered = len(labels) + len(progress.skipped)
    if by_audit and not enough:
        talk.say(f"Only {validating} frames judge the accuracy: it ends the loop from {ENOUGH_FOR_VERDICT} on.")
    elif enough and answered < config.loop.first_batch:
        enough = False
        talk.say(f"The accuracy can end the loop when the first {config.loop.first_batch} frames are labelled.")
    if config.loop.stop == "seconds":
        enough = False  # the intervals end the loop, see `screentime.rounds`
    return Material(
        workspace.root, frames, schema, labelled, targets, block, fold, judges, own, by_audit, split, config, backbone,
        config.loop.target if enough else NEVER,
    )
