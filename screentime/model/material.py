"""All that a model version is made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from screentime import __version__
from screentime.config import Config
from screentime.model.backbone import Backbone
from screentime.records import Frame
from screentime.schema import Schema

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Material:
    """All that a version is made from.

    Attributes
    ----------
    root : Path
        The workspace.
    frames : sequence of Frame, length n
    schema : Schema
    labelled : ndarray of int, shape (m,)
        Which frames have a label.
    targets : ndarray of float32, shape (m, k)
        Their labels as rows of zeros and ones.
    block : ndarray of int, shape (m,)
        The time block that each lies in, see `screentime.validation.blocks`.
    fold : ndarray of int, shape (m,)
        Which are held out together; -1 for those that only teach.
    judges : ndarray of bool, shape (m,)
        Which of those that are held out count for the validation accuracy.
    own : ndarray of bool, shape (n,)
        Frames of the project's films; the others belong to films that are audited beside them.
    by_audit : bool
        Whether the validation frames are audit frames.
    split : str
        How the folds were made, in words, for the card.
    config : Config
    backbone : Backbone
    target : float
        Validation accuracy that the callback looks for; above 1 when the validation frames are too
        few for a verdict.
    """

    root: Path
    frames: Sequence[Frame]
    schema: Schema
    labelled: np.ndarray
    targets: np.ndarray
    block: np.ndarray
    fold: np.ndarray
    judges: np.ndarray
    own: np.ndarray
    by_audit: bool
    split: str
    config: Config
    backbone: Backbone
    target: float

    @property
    def digest(self) -> str:
        """12 hexadecimal digits over labels and options: what a person can change."""
        uids = [self.frames[i].uid for i in self.labelled]
        values = [
            self.schema.mode, self.schema.characters, uids, self.targets.tolist(),
            self.backbone.digest, self.backbone.view.key, self.config.model.recipe,
            self.config.model.epochs, self.config.model.seed, self.config.loop.target,
            self.config.loop.stop, self.target, __version__,
            [frame.uid for frame in self.frames], self.fold.tolist(),
        ]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]
