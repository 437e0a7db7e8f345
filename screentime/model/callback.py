"""The callback that ends training, and with it the loop, at the target accuracy.

A Keras callback needs Keras's base class, so this module imports tf_keras at once; whoever uses it
imports it inside a function.
"""

from __future__ import annotations

import tf_keras


class TargetAccuracy(tf_keras.callbacks.Callback):
    """Stop training when the validation accuracy reaches the target.

    Parameters
    ----------
    target : float
        Validation accuracy in (0, 1].

    Attributes
    ----------
    reached : bool
        Whether the target was seen.
    """

    def __init__(self, target: float) -> None:
        super().__init__()
        self.target = target
        self.reached = False

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare the epoch's ``val_accuracy`` with the target."""
        # Accuracies are shares of counted frames: half a millionth forgives float32's rounding.
        if (logs or {}).get("val_accuracy", 0.0) >= self.target - 5e-7:
            self.reached = True
            self.model.stop_training = True
