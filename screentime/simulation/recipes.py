"""Replaying the other recipe: the network fine-tuned on the pictures that the loop would ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from screentime.config import Config
from screentime.simulation.measures import right
from screentime.simulation.replay import Known, Look, replay
from screentime.validation import FOLDS, blocks, folds, held_out

if TYPE_CHECKING:
    import numpy as np

    from screentime.model.backbone import Backbone
    from screentime.simulation.replay import Strategy

# It takes minutes: more runs than these are not worth waiting for.
MOST_RUNS = 3


def finetuned(
    film: Known, pictures: np.ndarray, backbone: Backbone, strategy: Strategy, budget: int, config: Config, seed: int
) -> list[float]:
    """Accuracy of the fine-tuned network on the unlabelled frames.

    Parameters
    ----------
    film : Known
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB.
    backbone : Backbone
    strategy : callable
        One of `screentime.simulation.replay.STRATEGIES`: whose labels it learns from.
    budget : int
        How many labels.
    config : Config
    seed : int

    Returns
    -------
    list of float
        See `screentime.simulation.measures.right`.
    """
    import numpy as np

    from screentime.model.training import finetune

    [look] = replay(film, strategy, [budget], [budget], config.loop, seed)
    labelled = np.flatnonzero(look.labelled)
    validates = np.isin(labelled, look.audits)
    if not validates.any():
        # Too few audit frames: whole blocks of time validate, as in the loop.
        block = blocks(
            ["film"] * len(labelled), [film.seconds[i] for i in labelled], [film.shots[i] for i in labelled]
        )
        validates = held_out(folds(block, FOLDS, np.random.default_rng(seed)))
    training = finetune(
        backbone, pictures[labelled].astype(np.float32) / 255, film.targets[labelled], validates,
        film.schema.mode, target=config.loop.target, epochs=config.model.epochs, seed=seed,
    )
    says = np.concatenate([
        training.network.predict(part.astype(np.float32) / 255, verbose=0)
        for part in np.array_split(pictures, max(len(pictures) // 16, 1))
    ])
    return right(film, Look(look.labelled, look.audits, says, training.crossfit))


def summed_up(shares: Sequence[Sequence[float]], characters: Sequence[str]) -> dict[str, Any]:
    """What a recipe reached, over runs.

    Returns
    -------
    dict
        ``runs``; ``accuracy`` and ``sd``; ``accuracy_of`` each character.
    """
    import numpy as np

    mean, sd = np.mean(shares, axis=0), np.std(shares, axis=0)
    return {
        "runs": len(shares), "accuracy": round(float(mean[0]), 4), "sd": round(float(sd[0]), 4),
        "accuracy_of": {name: round(float(one), 4) for name, one in zip(characters, mean[1:])},
    }
