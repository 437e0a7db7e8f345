"""How good a version is, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from screentime.records import Frame
from screentime.timeline import Near, near
from screentime.validation import FOLDS, blocks, folds, wilson

if TYPE_CHECKING:
    import numpy as np

    from screentime.model.material import Material
    from screentime.model.training import Training


def judge(
    material: Material, training: Training, probabilities: np.ndarray, embeddings: np.ndarray | None
) -> tuple[dict[str, Any], np.ndarray]:
    """The accuracy with its interval, what other splits would claim, and who says what by block.

    Parameters
    ----------
    material : Material
    training : Training
    probabilities : ndarray, shape (n, k)
        What is told of all frames.
    embeddings : ndarray, shape (n, d), or None
        None where heads cannot be trained on them: then the other splits are not known.

    Returns
    -------
    accuracy : dict
        For the card: ``validation``, what the callback saw; ``value`` on the frames without a label,
        with its 95 % interval from ``low`` to ``high``; ``frames`` that judge and how they were chosen,
        ``judged_on``; what a ``random_split`` of all labels and ``whole_blocks`` would claim.
    by_block : ndarray, shape (m, k)
        Probabilities of the labelled frames by heads that learned nothing from their block; NaN where
        that is not known.
    """
    import numpy as np

    from screentime.estimation import accuracy as estimate
    from screentime.model.optimum import out_of_fold
    from screentime.model.span import coordinates

    schema, judges = material.schema, material.judges & ~np.isnan(training.crossfit[:, 0])
    if material.by_audit and judges.sum() > 1:
        unlabelled = material.own.copy()
        unlabelled[material.labelled] = False
        rest = probabilities[unlabelled]
        says, said = training.crossfit[judges], material.targets[judges]
        value, low, high = estimate(
            schema.right(said, schema.decide(says)), schema.expected_right(says), schema.expected_right(rest)
        )
    else:
        value = training.validation_accuracy
        low, high = wilson(value, int(judges.sum()))
    accuracy: dict[str, Any] = {
        "validation": round(training.validation_accuracy, 6), "value": round(value, 6), "low": round(low, 6),
        "high": round(high, 6), "frames": int(judges.sum()), "judged_on": material.split,
        "random_split": None, "whole_blocks": None,
    }
    by_block = np.full(material.targets.shape, np.nan)
    if embeddings is not None:
        points, neighbours = coordinates(embeddings, material.labelled), near_of(material.frames)
        rng = np.random.default_rng(material.config.model.seed)
        for name, block in (
            ("random_split", np.arange(len(material.labelled))), ("whole_blocks", material.block)
        ):
            by_block = out_of_fold(
                points, material.labelled, material.targets, folds(block, FOLDS, rng), neighbours, schema.mode
            )
            right = schema.right(material.targets, schema.decide(by_block))
            accuracy[name] = round(float(right.mean()), 6)
    return accuracy, by_block


def near_of(frames: Sequence[Frame]) -> Near:
    """Neighbours of frames, see `screentime.timeline.near`."""
    return near([frame.digest for frame in frames], [frame.shot for frame in frames])


def blocks_of(frames: Sequence[Frame]) -> np.ndarray:
    """Time blocks of frames, see `screentime.validation.blocks`."""
    return blocks(
        [frame.digest for frame in frames], [frame.second for frame in frames], [frame.shot for frame in frames]
    )
