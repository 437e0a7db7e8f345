"""The callback that ends training, and with it the loop, at the target accuracy.

A Keras callback needs Keras's base class, so this module imports tf_keras at once; whoever uses it
imports it inside a function.
"""

from __future__ import annotations

import tf_keras


class TargetAccuracy(tf_keras.callbacks.Callback):
    """See when the validation accuracy reaches the target.

    Parameters
    ----------
    target : float
        Validation accuracy in (0, 1].
    stop : bool
        Whether to end the training at the first epoch that reaches it, as suits a training that goes on
        for minutes. Otherwise the last epoch has the say: the best of many looks would flatter.

    Attributes
    ----------
    reached : bool
        Whether the target was seen.
    """

    def __init__(self, target: float, *, stop: bool = True) -> None:
        super().__init__()
        self.target = target
        self.stop = stop
        self.reached = False

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare the epoch's ``val_accuracy`` with the target."""
        # Accuracies are shares of counted frames: half a millionth forgives float32's rounding.
        self.reached = (logs or {}).get("val_accuracy", 0.0) >= self.target - 5e-7
        if self.reached and self.stop:
            self.model.stop_training = True
